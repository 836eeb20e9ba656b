//! What an [`Sfu`](crate::sfu::Sfu) reports.

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
    /// The first packet of this binding left for the viewer; of video it begins a key frame.
    SlotStarted { slot: SlotId, source: SourceId },
    /// Who speaks, loudest first, with the level in -dBov. On change only, at most every 200 ms.
    Speakers { room: RoomKey, levels: Vec<(SourceId, u8)> },
    /// For the log: an error of a transport, or the message of a panic. A `Disconnected` follows where it was fatal.
    Fault { connection: ConnectionId, message: String },
}
