//! One published track.

use crate::command::SourceSpec;
use crate::compaction::Compaction;
use crate::config::Config;
use crate::connection::Connection;
use crate::demand::KeyFrameDemand;
use crate::losses::Losses;
use crate::outbox::Outbox;
use crate::reception::{Reception, SenderClock};
use crate::ring::{AUDIO_DEPTH, Ring, VIDEO_DEPTH};
use crate::slot::Slot;
use crate::stats::SourceStats;
use crate::table::Index;
use crate::types::{Codec, MediaKind, RoomKey, SourceId};

pub(crate) struct Source {
    pub id: SourceId,
    pub connection: Index<Connection>,
    pub room: RoomKey,
    pub spec: SourceSpec,
    pub enabled: bool,
    pub started: bool,
    /// Payload types other than its own that were told of: one bit each.
    pub foreign: u128,
    /// Counts the publisher's streams: after a new SSRC or a moderated mute, indices and timestamps begin anew.
    pub epoch: u32,
    pub ssrc: Option<u32>,
    pub rtx_ssrc: Option<u32>,
    pub ring: Ring,
    pub compaction: Compaction,
    pub outbox: Outbox,
    /// Slots in which it is bound.
    pub viewers: Vec<Index<Slot>>,
    pub reception: Reception,
    pub losses: Losses,
    pub demand: KeyFrameDemand,
    pub clock: Option<SenderClock>,
    pub key_frames: u64,
}

impl Source {
    pub fn new(id: SourceId, connection: Index<Connection>, room: RoomKey, spec: SourceSpec) -> Source {
        Source {
            id,
            connection,
            room,
            enabled: true,
            started: false,
            foreign: 0,
            epoch: 0,
            ssrc: spec.ssrc,
            rtx_ssrc: spec.rtx_ssrc,
            ring: Ring::new(match spec.kind {
                MediaKind::Audio => AUDIO_DEPTH,
                MediaKind::Video => VIDEO_DEPTH,
            }),
            compaction: Compaction::default(),
            outbox: Outbox::default(),
            viewers: Vec::new(),
            reception: Reception::default(),
            losses: Losses::default(),
            demand: KeyFrameDemand::default(),
            clock: None,
            key_frames: 0,
            spec,
        }
    }

    /// Can a viewer start only at certain packets, and do we know them?
    pub fn has_key_frames(&self) -> bool {
        self.spec.kind == MediaKind::Video && self.spec.codec != Codec::Other
    }

    /// The publisher took another SSRC: everything that counts begins anew.
    pub fn change_ssrc(&mut self, ssrc: u32) {
        self.ssrc = Some(ssrc);
        self.compaction = Compaction::default();
        self.reception = Reception::default();
        self.losses.clear();
        self.clock = None;
        self.begin_epoch();
    }

    /// Notes a payload type that is not the source's own; true the first time.
    pub fn meets_foreign(&mut self, payload_type: u8) -> bool {
        let bit = 1 << (payload_type & 0x7f);
        let new = self.foreign & bit == 0;
        self.foreign |= bit;
        new
    }

    pub fn set_enabled(&mut self, enabled: bool) {
        if self.enabled != enabled {
            self.enabled = enabled;
            self.losses.clear();
            self.demand.met();
            self.begin_epoch();
        }
    }

    /// Frames are held where many viewers share the cost of a wake-up and GSO pays.
    pub fn holds_frames(&self, config: &Config) -> bool {
        self.spec.kind == MediaKind::Video && self.viewers.len() >= config.hold_min_viewers
    }

    pub fn stats(&self) -> SourceStats {
        SourceStats {
            source: self.id,
            packets: self.reception.packets,
            octets: self.reception.octets,
            lost: self.reception.lost(),
            jitter: f64::from(self.reception.jitter()) / f64::from(self.spec.clock_rate.max(1)),
            key_frames: self.key_frames,
        }
    }

    /// What waits in the outbox goes with the old epoch: its indices may mean other packets in the new one.
    fn begin_epoch(&mut self) {
        self.epoch += 1;
        self.ring.clear();
        self.outbox.clear();
    }
}
