//! One section in which a client receives: our own sequence space over whatever is bound.

use crate::chunks::Assembler;
use crate::command::{SlotSpec, Wish};
use crate::connection::Connection;
use crate::encoding::{Encoding, EncodingId};
use crate::rtp::Layers;
use crate::sequence::{FIRST_INDEX, SequenceSpace, Stream};
use crate::source::Source;
use crate::stats::{Reason, SlotStats};
use crate::table::{Index, Table};
use crate::types::{Codec, Extensions, MediaKind, SlotId, SourceId};
use std::time::Instant;

pub(crate) struct Slot {
    pub id: SlotId,
    pub connection: Index<Connection>,
    pub spec: SlotSpec,
    pub binding: Option<Bound>,
    pub paused: bool,
    pub wish: Wish,
    /// What it gets, from the first packet on.
    pub current: Option<Index<Encoding>>,
    /// What it shall get, from the next key frame on where that is another.
    pub target: Option<Index<Encoding>>,
    /// What it shall get of the target.
    pub layers: Layers,
    /// The way does not carry what it gets: until the target begins, its base layer has to do.
    pub is_relieved: bool,
    /// What its owner was told last that it gets of it.
    pub told: Option<Layers>,
    /// It gets nothing, for nothing fits on the way to its viewer.
    pub starved: bool,
    /// Why it shall get its target and no better one; none while nothing is in it.
    pub reason: Option<Reason>,
    /// The rank of the one that its wish calls for.
    pub best: Option<u8>,
    pub sequence: SequenceSpace,
    /// Of a connection without a transport.
    pub assembler: Option<Box<Assembler>>,
    pub repair: Repair,
    /// Next index of the RTX stream.
    pub rtx_index: u64,
    /// A receiver report named our SSRC: the receiver has matched it to the section and needs no MID any more.
    pub acknowledged: bool,
    pub packets: u64,
    pub octets: u64,
    pub resent: u64,
    /// Cumulative number of packets lost, interarrival jitter in ticks of the clock, and share lost in 1/256: of the last report.
    pub lost: i32,
    pub jitter: u32,
    pub fraction_lost: u8,
    /// The middle 32 bits of the last sender report's NTP time, and when it left.
    pub last_report: Option<(u32, Instant)>,
}

/// What is in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub source: Index<Source>,
    pub source_id: SourceId,
    pub payload_type: u8,
    pub rtx_payload_type: Option<u8>,
    pub red_payload_type: Option<u8>,
}

/// How a packet reported lost is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repair {
    /// On a stream of its own (RFC 4588).
    Rtx { payload_type: u8 },
    /// The very same bytes. An SRTP index may be sealed twice only with identical content, so in this mode nothing that
    /// changes with time goes into a packet: no transport-wide number, no send time, no padding of bursts.
    Identical,
    /// Audio without RTX: too late is lost.
    Never,
}

impl Slot {
    pub fn new(id: SlotId, connection: Index<Connection>, mut spec: SlotSpec) -> Slot {
        if !spec.transport_cc {
            spec.extensions.transport_cc = 0;
        }
        Slot {
            id,
            connection,
            spec,
            binding: None,
            paused: false,
            wish: Wish::default(),
            current: None,
            target: None,
            layers: Layers::ALL,
            is_relieved: false,
            told: None,
            starved: false,
            reason: None,
            best: None,
            sequence: SequenceSpace::default(),
            assembler: None,
            repair: Repair::Never,
            rtx_index: FIRST_INDEX,
            acknowledged: false,
            packets: 0,
            octets: 0,
            resent: 0,
            lost: 0,
            jitter: 0,
            fraction_lost: 0,
            last_report: None,
        }
    }

    /// It gets nothing until it is aimed anew.
    pub fn bind(&mut self, binding: Option<Bound>) {
        self.binding = binding;
        self.starved = false;
        (self.reason, self.best) = (None, None);
        self.rest();
        self.repair = match binding.and_then(|bound| bound.rtx_payload_type) {
            Some(payload_type) if self.spec.rtx_ssrc != 0 => Repair::Rtx { payload_type },
            _ if self.spec.kind == MediaKind::Video => Repair::Identical,
            _ => Repair::Never,
        };
    }

    /// It gets nothing any more.
    pub fn rest(&mut self) {
        (self.current, self.target, self.told) = (None, None, None);
        (self.layers, self.is_relieved) = (Layers::ALL, false);
        self.sequence.interrupt();
    }

    /// Nobody looks at what it carries.
    pub fn is_unseen(&self) -> bool {
        self.paused || (self.spec.kind == MediaKind::Video && self.wish.pixels == 0)
    }

    /// It gets the encoding, or waits for its key frame.
    pub fn listens(&self, encoding: Index<Encoding>) -> bool {
        self.current == Some(encoding) || self.target == Some(encoding)
    }

    /// What it shall get of an encoding that it listens to.
    pub fn top_of(&self, encoding: Index<Encoding>) -> Layers {
        match self.target == Some(encoding) {
            true => self.layers,
            false if self.is_relieved => Layers {
                temporal: 0,
                ..Layers::ALL
            },
            false => Layers::ALL,
        }
    }

    /// What is to be known of the stream of an encoding that it listens to.
    pub fn stream_of(
        &self,
        at: Index<Encoding>,
        encoding: &Encoding,
        source: &Source,
        encodings: &Table<EncodingId, Encoding>,
    ) -> Stream {
        let clock_rate = source.spec.clock_rate;
        let mut offset = None;
        if !self.sequence.runs(encoding.epoch) {
            let before = self.current.filter(|&current| current != at);
            let clocks = before
                .and_then(|before| encodings.get(before)?.clock)
                .zip(encoding.clock);
            offset = clocks.map(|(before, clock)| clock.offset_to(&before, clock_rate));
        }
        Stream {
            epoch: encoding.epoch,
            kind: source.spec.kind,
            clock_rate,
            offset,
            top: self.top_of(at),
            counts_pictures: source.spec.codec == Codec::Vp8,
        }
    }

    /// What it gets, where its owner is to be told: an encoding begins, or goes on in other layers.
    pub fn news(&mut self, begins: bool) -> Option<Layers> {
        let top = self.sequence.top();
        let before = std::mem::replace(&mut self.told, top);
        top.filter(|_| begins || before != top)
    }

    /// A segment of the encoding began; gives the one that it listens to no longer, if any.
    pub fn start(&mut self, encoding: Index<Encoding>) -> Option<Index<Encoding>> {
        let before = self.current.replace(encoding);
        before.filter(|&before| before != encoding && self.target != Some(before))
    }

    /// The extensions that go into this slot's packets.
    pub fn extensions(&self) -> Extensions {
        match self.repair {
            Repair::Identical => Extensions {
                transport_cc: 0,
                abs_send_time: 0,
                ..self.spec.extensions
            },
            _ => self.spec.extensions,
        }
    }

    pub fn writes_mid(&self) -> bool {
        !self.acknowledged || self.repair == Repair::Identical
    }

    /// `encoding`: the rank of the current one; `clock_rate`: that of what is in it.
    pub fn stats(&self, encoding: Option<u8>, clock_rate: u32) -> SlotStats {
        SlotStats {
            slot: self.id,
            source: self.binding.map(|bound| bound.source_id),
            encoding,
            layers: self.current.and(self.sequence.top()),
            best: self.best,
            reason: self.reason,
            packets: self.packets,
            octets: self.octets,
            resent: self.resent,
            lost: self.lost,
            fraction_lost: f64::from(self.fraction_lost) / 256.0,
            jitter: f64::from(self.jitter) / f64::from(clock_rate.max(1)),
        }
    }
}
