//! What an [`Sfu`](crate::sfu::Sfu) reports.

use crate::chunks::Chunk;
use crate::rtp::Layers;
use crate::stats::Reason;
use crate::types::{CloseReason, ConnectionId, RoomKey, SlotId, SourceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// ICE and DTLS are up, SRTP keys exist.
    Connected { connection: ConnectionId },
    /// The connection is gone, with its sources and slots; slots elsewhere that carried its sources are empty.
    Disconnected {
        connection: ConnectionId,
        reason: CloseReason,
    },
    /// The first packet arrived.
    SourceStarted { source: SourceId },
    /// The source's stream came with a payload type that is not its own; told once for each. Such packets are dropped.
    SourcePayload { source: SourceId, payload_type: u8 },
    /// A slot gets this encoding (its rank) from now on: the first packet left for the viewer, and of video it begins a key
    /// frame. So after it was bound, switched or paused, and where the publisher's stream began anew. Also when it gets more or
    /// fewer layers of it, up to these.
    Layer {
        slot: SlotId,
        source: SourceId,
        encoding: u8,
        layers: Layers,
        /// Why that one, and no better.
        reason: Reason,
    },
    /// A slot gets nothing for the time being: the way to its viewer does not carry even the least. A `Layer` follows when it
    /// does.
    Starved { slot: SlotId, source: SourceId },
    /// What a slot of a connection without a transport gets next. Chunks of a slot come in order, and those of pictures can be decoded one
    /// after another: what was lost is followed by a key frame.
    Chunk {
        slot: SlotId,
        source: SourceId,
        chunk: Chunk,
    },
    /// The client of a connection without a transport shall make the next picture of this source a key frame.
    KeyFrameWanted { source: SourceId },
    /// Which encodings of a video source anybody's wish calls for, whatever his way carries: bit 0 for the first. On change
    /// only, at first all count as told. It rises at once and falls after two seconds.
    Encodings { source: SourceId, wanted: u8 },
    /// Who speaks, loudest first, with the level in -dBov. On change only, at most every 200 ms.
    Speakers { room: RoomKey, levels: Vec<(SourceId, u8)> },
    /// For the log: an error of a transport, or the message of a panic. A `Disconnected` follows where it was fatal.
    Fault { connection: ConnectionId, message: String },
}
