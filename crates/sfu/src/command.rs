//! What the owner of a worker may ask of its [`Sfu`](crate::sfu::Sfu).

use crate::chunks::Chunk;
use crate::types::{
    Codec, ConnectionId, Extensions, Fingerprint, IceCredentials, MediaKind, RoomKey, SlotId, SourceId, WorkerId,
};
use std::sync::Arc;

/// Ids are chosen by the caller. A command that names something unknown or already gone is ignored and counted: it
/// lost a race against a disconnection.
#[derive(Debug, Clone)]
pub enum Command {
    Open {
        connection: ConnectionId,
        room: RoomKey,
        local: IceCredentials,
        remote: IceCredentials,
        fingerprint: Fingerprint,
        /// We are the DTLS client: the answer says `a=setup:active`.
        dtls_active: bool,
    },
    /// A connection without a transport: its client sends and gets encoded chunks, which its owner carries. It is connected from the start.
    /// Its sources have one encoding each, and VP8 or Opus in it.
    OpenChunked {
        connection: ConnectionId,
        room: RoomKey,
    },
    RestartIce {
        connection: ConnectionId,
        local: IceCredentials,
        remote: IceCredentials,
    },
    Close {
        connection: ConnectionId,
    },
    AddSource {
        connection: ConnectionId,
        source: SourceId,
        spec: SourceSpec,
    },
    RemoveSource {
        source: SourceId,
    },
    /// Moderated mute: a disabled source is dropped on arrival, whatever its client does.
    EnableSource {
        source: SourceId,
        enabled: bool,
    },
    /// Heard however many speak; see [`Config::loudest`](crate::config::Config::loudest).
    Favour {
        source: SourceId,
        favoured: bool,
    },
    AddSlot {
        connection: ConnectionId,
        slot: SlotId,
        spec: SlotSpec,
    },
    RemoveSlot {
        slot: SlotId,
    },
    /// What the slot carries from now on. The receiver sees one RTP stream that goes on.
    Bind {
        slot: SlotId,
        to: Option<Binding>,
    },
    /// As `Bind`, for a source whose publisher is on another worker.
    BindMirror {
        slot: SlotId,
        to: Binding,
        home: WorkerId,
        /// As the home has it.
        spec: Arc<SourceSpec>,
    },
    /// Where the speakers of a room are compared whose connections are on several workers. None: here, as at first.
    Host {
        room: RoomKey,
        host: Option<WorkerId>,
    },
    PauseSlot {
        slot: SlotId,
        paused: bool,
    },
    /// What the viewer's tile calls for; it lasts over whatever is bound.
    Wish {
        slot: SlotId,
        wish: Wish,
    },
    RequestKeyFrame {
        source: SourceId,
    },
    /// What a source of such a connection sends next.
    Chunk {
        source: SourceId,
        chunk: Chunk,
    },
    /// Who gets chunks in this slot needs a key frame to go on.
    RefreshSlot {
        slot: SlotId,
    },
    /// Whose connection it is, for messages on data channels, and whether he may send any. Who is none hears nothing of them. With a name
    /// that is empty or has more than 255 octets the command is ignored.
    Member {
        connection: ConnectionId,
        name: String,
        sends: bool,
    },
    /// On which other workers there are connections of a room, to which messages have to go as well. None at first.
    Spread {
        room: RoomKey,
        workers: Vec<WorkerId>,
    },
    /// For tests of the isolation: panics inside that connection, or in the worker.
    Crash {
        connection: Option<ConnectionId>,
    },
}

/// One section in which a client sends.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    pub kind: MediaKind,
    pub codec: Codec,
    pub mid: String,
    /// Ticks of the RTP timestamp per second.
    pub clock_rate: u32,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
    /// Of redundant audio (RFC 2198), all blocks of which have `payload_type`; such a packet is taken apart when it comes.
    pub red_payload_type: Option<u8>,
    /// One to three, the lowest first. With any other number, or with two of one name or SSRC, the command is ignored.
    pub encodings: Vec<EncodingSpec>,
    /// The client resends what we report lost (RFC 4585 §6.2.1).
    pub nack: bool,
    pub extensions: Extensions,
}

impl SourceSpec {
    /// It stands for what the source sends first hand.
    pub(crate) fn has_payload_type(&self, payload_type: u8) -> bool {
        self.payload_type == payload_type || self.red_payload_type == Some(payload_type)
    }
}

/// One RTP stream of a source (W3C: `RTCRtpEncodingParameters`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncodingSpec {
    /// Its name (RFC 8851), where there are several.
    pub rid: Option<String>,
    /// As signalled; otherwise learnt from the MID and RID extensions (RFC 8852), or the payload type of an only one.
    pub ssrc: Option<u32>,
    pub rtx_ssrc: Option<u32>,
}

/// What a tile calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Who goes before whom where not everybody's wish can be met: more is sooner.
    pub priority: u8,
    /// Of the tile, as it is on the screen. 0: nothing is shown, and nothing is sent.
    pub pixels: u32,
    /// It is there to be read: where not everything fits, it rather moves seldom than is blurred.
    pub detail: bool,
}

impl Default for Wish {
    /// The best there is.
    fn default() -> Wish {
        Wish {
            priority: 0,
            pixels: u32::MAX,
            detail: false,
        }
    }
}

/// One section in which a client receives. Its CNAME is `slot-<id>`.
#[derive(Debug, Clone)]
pub struct SlotSpec {
    pub kind: MediaKind,
    pub mid: String,
    pub ssrc: u32,
    /// Used where the binding has a payload type for RTX; 0 = none.
    pub rtx_ssrc: u32,
    pub extensions: Extensions,
    /// The section negotiated transport-wide feedback; without it the extension is not written either.
    pub transport_cc: bool,
}

/// What is in a slot, with the payload types that the receiver negotiated for the source's codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    pub source: SourceId,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
    /// Of redundant audio (RFC 2198): what the receiver loses may be repeated in the packets after it.
    pub red_payload_type: Option<u8>,
}
