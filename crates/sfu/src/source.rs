//! One published track.

use crate::chunks::Packer;
use crate::command::SourceSpec;
use crate::config::Config;
use crate::connection::Connection;
use crate::encoding::Encoding;
use crate::home::Mirror;
use crate::mirror::Home;
use crate::slot::Slot;
use crate::table::Index;
use crate::types::{Codec, MediaKind, RoomKey, SourceId, WorkerId};
use crate::wanted::Wanted;
use std::time::{Duration, Instant};

/// Nobody's wish for so long is worth that the publisher stops and, later, begins again with a key frame.
const CALLED_FOR_LINGERS: Duration = Duration::from_secs(2);

pub(crate) struct Source {
    pub id: SourceId,
    /// None: its publisher is on another worker, and this is a mirror.
    pub connection: Option<Index<Connection>>,
    pub room: RoomKey,
    pub spec: SourceSpec,
    /// Of a connection without a transport.
    pub packer: Option<Packer>,
    pub enabled: bool,
    /// Heard however many speak.
    pub favoured: bool,
    pub started: bool,
    /// Payload types other than its own that were told of: one bit each.
    pub foreign: u128,
    /// By rank.
    pub encodings: Vec<Index<Encoding>>,
    /// Slots in which it is bound.
    pub viewers: Vec<Index<Slot>>,
    /// What its publisher was told of; not of a mirror.
    pub wanted: Wanted,
    /// Of a mirror.
    pub home: Option<Home>,
    /// Workers whose viewers get it, too.
    pub mirrors: Vec<Mirror>,
    /// Another size of a picture than before, or other sizes in one stream. It counts from the next tick on: a publisher that sent
    /// another with each packet would have all viewers switched as often.
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
            connection: Some(connection),
            ..Source::unpublished(id, room, spec)
        }
    }

    fn unpublished(id: SourceId, room: RoomKey, spec: SourceSpec) -> Source {
        Source {
            id,
            connection: None,
            room,
            packer: None,
            enabled: true,
            favoured: false,
            started: false,
            foreign: 0,
            encodings: Vec::new(),
            viewers: Vec::new(),
            // At first a publisher sends all of them without being told.
            wanted: Wanted::new(((1u16 << spec.encodings.len()) - 1) as u8, CALLED_FOR_LINGERS),
            home: None,
            mirrors: Vec::new(),
            resized: false,
            tick: None,
            queued: None,
            spec,
        }
    }

    /// Of one that is published on another worker, also without its encodings.
    pub fn mirror(id: SourceId, home: WorkerId, room: RoomKey, spec: SourceSpec) -> Source {
        Source {
            connection: None,
            home: Some(Home::new(home)),
            started: true,
            ..Source::unpublished(id, room, spec)
        }
    }

    pub fn home_is(&self, worker: WorkerId) -> bool {
        self.home.as_ref().is_some_and(|home| home.worker == worker)
    }

    /// Those that any viewer on another worker calls for, one bit for each encoding.
    pub fn called_for_elsewhere(&self) -> u8 {
        self.mirrors.iter().fold(0, |mask, mirror| mask | mirror.called_for)
    }

    /// An encoding is handed to another worker.
    pub fn is_watched_elsewhere(&self, rank: u8) -> bool {
        self.mirrors.iter().any(|mirror| mirror.watches(rank))
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
        let home = self.home.as_ref().and_then(Home::deadline);
        [self.tick, self.wanted.deadline(), home].into_iter().flatten().min()
    }
}
