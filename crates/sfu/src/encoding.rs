//! One RTP stream of a source, with its RTX stream.

use crate::across::Known;
use crate::clock::SenderClock;
use crate::command::EncodingSpec;
use crate::compaction::Compaction;
use crate::connection::Connection;
use crate::demand::KeyFrameDemand;
use crate::flow::Flow;
use crate::layer_rates::LayerRates;
use crate::losses::Losses;
use crate::onset::Onset;
use crate::outbox::Outbox;
use crate::reception::Reception;
use crate::ring::{AUDIO_DEPTH, Ring, VIDEO_DEPTH};
use crate::rtp::DependencyStructure;
use crate::sequence::Epoch;
use crate::sizes::Sizes;
use crate::slot::Slot;
use crate::source::Source;
use crate::stats::EncodingStats;
use crate::table::Index;
use crate::types::{MediaKind, SourceId};

/// Of one source. Their bits go into one octet, and nobody sends more.
pub(crate) const ENCODINGS_MAX: usize = 3;

/// An encoding has no name outside of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct EncodingId {
    pub source: SourceId,
    pub rank: u8,
}

pub(crate) struct Encoding {
    pub source: Index<Source>,
    /// None: it is mirrored.
    pub connection: Option<Index<Connection>>,
    /// Its place among those of its source, as they were signalled: the lowest first.
    pub rank: u8,
    pub rid: Option<String>,
    pub ssrc: Option<u32>,
    pub rtx_ssrc: Option<u32>,
    /// After a new SSRC or a moderated mute, indices and timestamps begin anew.
    pub epoch: Epoch,
    /// Of a mirrored one: what its home calls the epoch.
    pub home_epoch: Option<Epoch>,
    pub ring: Ring,
    pub compaction: Compaction,
    /// Of a voice that asks another worker for a place.
    pub onset: Option<Box<Onset>>,
    pub outbox: Outbox,
    /// Slots that get it or wait for its key frame.
    pub listeners: Vec<Index<Slot>>,
    pub reception: Reception,
    pub losses: Losses,
    pub demand: KeyFrameDemand,
    pub clock: Option<SenderClock>,
    pub flow: Flow,
    pub layers: LayerRates,
    pub sizes: Sizes,
    /// By which its dependency descriptors are read.
    pub dependencies: DependencyStructure,
    /// Packets that came as RTX alone.
    pub repaired: u64,
    pub key_frames: u64,
    /// Width and height, as the last key frame told.
    pub picture: Option<(u16, u16)>,
}

impl Encoding {
    pub fn new(
        source: Index<Source>,
        connection: Option<Index<Connection>>,
        rank: u8,
        spec: EncodingSpec,
        kind: MediaKind,
        epoch: Epoch,
    ) -> Encoding {
        Encoding {
            source,
            connection,
            rank,
            rid: spec.rid,
            ssrc: spec.ssrc,
            rtx_ssrc: spec.rtx_ssrc,
            epoch,
            home_epoch: None,
            ring: Ring::new(match kind {
                MediaKind::Audio => AUDIO_DEPTH,
                MediaKind::Video => VIDEO_DEPTH,
            }),
            compaction: Compaction::default(),
            onset: None,
            outbox: Outbox::default(),
            listeners: Vec::new(),
            reception: Reception::default(),
            losses: Losses::default(),
            demand: KeyFrameDemand::default(),
            clock: None,
            flow: Flow::default(),
            layers: LayerRates::default(),
            sizes: Sizes::default(),
            dependencies: DependencyStructure::new(),
            repaired: 0,
            key_frames: 0,
            picture: None,
        }
    }

    /// The publisher took another SSRC: everything that counts begins anew.
    pub fn change_ssrc(&mut self, ssrc: u32, epoch: Epoch) {
        self.ssrc = Some(ssrc);
        self.compaction = Compaction::default();
        self.reception = Reception::default();
        self.losses.clear();
        self.clock = None;
        self.layers = LayerRates::default();
        self.sizes = Sizes::default();
        self.dependencies = DependencyStructure::new();
        self.begin_epoch(epoch);
    }

    /// Its source was muted, or is not any more.
    pub fn interrupt(&mut self, epoch: Epoch) {
        self.losses.clear();
        self.demand.met();
        self.begin_epoch(epoch);
    }

    /// Whether packets that name this RID are its own. Where it is the only one of its source they need not name any.
    pub fn is_named(&self, rid: Option<&str>, is_only: bool) -> bool {
        match (&self.rid, rid) {
            (Some(own), Some(rid)) => own == rid,
            (None, _) | (_, None) => is_only,
        }
    }

    /// Of its picture, once a key frame told the size.
    pub fn pixels(&self) -> Option<u32> {
        self.picture.map(|(width, height)| u32::from(width) * u32::from(height))
    }

    /// For those that mirror it.
    pub fn known(&self) -> Known {
        Known {
            flows: self.flow.flows(),
            bitrate: self.flow.bitrate(),
            layers: self.layers.clone(),
            picture: self.picture,
            clock: self.clock,
        }
    }

    /// Of a mirrored one: what its home knows. True: that changes what there is to choose from.
    pub fn adopt(&mut self, known: &Known) -> bool {
        let before = (self.flow.flows(), self.picture);
        self.flow.adopt(known.flows, known.bitrate);
        self.layers.clone_from(&known.layers);
        self.picture = known.picture;
        if before.0 && !known.flows {
            self.demand.met();
        }
        before != (known.flows, known.picture)
    }

    pub fn stats(&self, clock_rate: u32) -> EncodingStats {
        EncodingStats {
            packets: self.reception.packets,
            octets: self.reception.octets,
            lost: self.reception.lost(),
            repaired: self.repaired,
            jitter: f64::from(self.reception.jitter()) / f64::from(clock_rate.max(1)),
            key_frames: self.key_frames,
            bitrate: self.flow.bitrate(),
            frame_rate: self.flow.frame_rate(),
            picture: self.picture,
        }
    }

    /// What waits in the outbox goes with the old epoch: its indices may mean other packets in the new one.
    fn begin_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.ring.clear();
        self.outbox.clear();
    }
}
