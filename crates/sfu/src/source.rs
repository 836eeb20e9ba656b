//! One published track.

use crate::command::SourceSpec;
use crate::config::Config;
use crate::connection::Connection;
use crate::encoding::Encoding;
use crate::slot::Slot;
use crate::table::Index;
use crate::types::{Codec, MediaKind, RoomKey, SourceId};
use crate::wanted::Wanted;
use std::time::Instant;

pub(crate) struct Source {
    pub id: SourceId,
    pub connection: Index<Connection>,
    pub room: RoomKey,
    pub spec: SourceSpec,
    pub enabled: bool,
    pub started: bool,
    /// Payload types other than its own that were told of: one bit each.
    pub foreign: u128,
    /// By rank.
    pub encodings: Vec<Index<Encoding>>,
    /// Slots in which it is bound.
    pub viewers: Vec<Index<Slot>>,
    pub wanted: Wanted,
    /// Another size of a picture than before, which counts from the next tick on: a publisher that sent another with
    /// each packet would have all viewers switched as often.
    pub resized: bool,
    /// When the flows of its encodings are looked at next; none while nothing comes.
    pub tick: Option<Instant>,
    /// The earliest entry of it in the timer heap.
    pub queued: Option<Instant>,
}

impl Source {
    /// Without its encodings, which need to know where it is.
    pub fn new(id: SourceId, connection: Index<Connection>, room: RoomKey, spec: SourceSpec) -> Source {
        Source {
            id,
            connection,
            room,
            enabled: true,
            started: false,
            foreign: 0,
            encodings: Vec::new(),
            viewers: Vec::new(),
            wanted: Wanted::new(spec.encodings.len()),
            resized: false,
            tick: None,
            queued: None,
            spec,
        }
    }

    /// Can a viewer start only at certain packets, and do we know them?
    pub fn has_key_frames(&self) -> bool {
        self.spec.kind == MediaKind::Video && self.spec.codec != Codec::Other
    }

    /// Notes a payload type that is not the source's own; true the first time.
    pub fn meets_foreign(&mut self, payload_type: u8) -> bool {
        let bit = 1 << (payload_type & 0x7f);
        let new = self.foreign & bit == 0;
        self.foreign |= bit;
        new
    }

    /// Frames are held where many share the cost of a wake-up and GSO pays.
    pub fn holds_frames(&self, listeners: usize, config: &Config) -> bool {
        self.spec.kind == MediaKind::Video && listeners >= config.hold_min_viewers
    }

    /// When something is due that is not a matter of its connection.
    pub fn deadline(&self) -> Option<Instant> {
        self.tick.into_iter().chain(self.wanted.deadline()).min()
    }
}
