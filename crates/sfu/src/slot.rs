//! One section in which a client receives: our own sequence space over whatever is bound.

use crate::command::SlotSpec;
use crate::connection::Connection;
use crate::ring::Packet;
use crate::source::Source;
use crate::stats::SlotStats;
use crate::table::Index;
use crate::types::{Extensions, MediaKind, SlotId, SourceId};
use std::time::{Duration, Instant};

/// A receiver that joins late assumes that the roll-over counter is 0, so every slot starts there; 1000 leaves room for
/// packets that come in before the first.
const FIRST_INDEX: u64 = 1000;

pub(crate) struct Slot {
    pub id: SlotId,
    pub connection: Index<Connection>,
    pub spec: SlotSpec,
    pub binding: Option<Bound>,
    pub paused: bool,
    pub sequence: SequenceSpace,
    pub repair: Repair,
    /// Next index of the RTX stream.
    pub rtx_index: u64,
    /// A receiver report named our SSRC: the receiver has matched it to the section and needs no MID any more.
    pub acknowledged: bool,
    pub packets: u64,
    pub octets: u64,
    pub resent: u64,
    /// In 1/256.
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
            sequence: SequenceSpace::default(),
            repair: Repair::Never,
            rtx_index: FIRST_INDEX,
            acknowledged: false,
            packets: 0,
            octets: 0,
            resent: 0,
            fraction_lost: 0,
            last_report: None,
        }
    }

    pub fn bind(&mut self, binding: Option<Bound>) {
        if self.binding == binding {
            return;
        }
        self.binding = binding;
        self.sequence.interrupt();
        self.repair = match binding.and_then(|bound| bound.rtx_payload_type) {
            Some(payload_type) if self.spec.rtx_ssrc != 0 => Repair::Rtx { payload_type },
            _ if self.spec.kind == MediaKind::Video => Repair::Identical,
            _ => Repair::Never,
        };
    }

    pub fn set_paused(&mut self, paused: bool) {
        if paused && !self.paused {
            self.sequence.interrupt();
        }
        self.paused = paused;
    }

    /// It carries something but has not begun to: the next key frame counts.
    pub fn awaits_start(&self, epoch: u32) -> bool {
        self.binding.is_some() && !self.paused && !self.sequence.runs(epoch)
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

    pub fn stats(&self) -> SlotStats {
        SlotStats {
            slot: self.id,
            source: self.binding.map(|bound| bound.source_id),
            packets: self.packets,
            octets: self.octets,
            resent: self.resent,
            fraction_lost: f64::from(self.fraction_lost) / 256.0,
        }
    }
}

/// A packet's place in the receiver's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// SRTP packet index: roll-over counter and sequence number.
    pub index: u64,
    pub timestamp: u32,
    /// It is the first of its segment.
    pub starts: bool,
}

/// Maps the sequence numbers and timestamps of changing sources to one stream.
///
/// Between two interruptions the map is a constant difference (a *segment*), so gaps and reordering pass through and
/// come out the same when a packet is sent again. Segments do not overlap: each begins above all that went before, and
/// what precedes its first packet is refused. Therefore no index ever names two packets.
#[derive(Debug, Default)]
pub(crate) struct SequenceSpace {
    segment: Option<Segment>,
    last: Option<Last>,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    epoch: u32,
    /// The first source index that may appear, and where it comes to lie.
    source_base: u64,
    base: u64,
    /// Added to the source's timestamps.
    shift: u32,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    index: u64,
    timestamp: u32,
    at: Instant,
}

impl SequenceSpace {
    /// The next packet begins a segment.
    pub fn interrupt(&mut self) {
        self.segment = None;
    }

    /// `epoch` is the source's: with a new one its indices begin anew.
    pub fn runs(&self, epoch: u32) -> bool {
        self.segment.is_some_and(|segment| segment.epoch == epoch)
    }

    /// A place for a packet of a source, none if it may not be forwarded. `kind` and `clock_rate` are the source's.
    pub fn place(
        &mut self,
        source_index: u64,
        packet: &Packet,
        epoch: u32,
        kind: MediaKind,
        clock_rate: u32,
        now: Instant,
    ) -> Option<Place> {
        let starts = !self.runs(epoch);
        if starts {
            if kind == MediaKind::Video && !packet.key_frame {
                return None;
            }
            self.segment = Some(self.begin(source_index, packet.timestamp, epoch, kind, clock_rate, now));
        }
        let segment = self.segment?;
        let index = segment.base + source_index.checked_sub(segment.source_base)?;
        let timestamp = packet.timestamp.wrapping_add(segment.shift);
        if self.last.is_none_or(|last| index > last.index) {
            self.last = Some(Last {
                index,
                timestamp,
                at: now,
            });
        }
        Some(Place {
            index,
            timestamp,
            starts,
        })
    }

    /// The index in the source, and in the receiver's stream, of what the receiver knows by a sequence number; none if
    /// it belongs to an earlier segment or was never sent.
    pub fn source_index(&self, sequence_number: u16, epoch: u32) -> Option<(u64, u64)> {
        let segment = self.segment.filter(|segment| segment.epoch == epoch)?;
        let last = self.last?;
        let behind = (last.index as u16).wrapping_sub(sequence_number);
        let index = last.index.checked_sub(u64::from(behind))?;
        Some((segment.source_base + index.checked_sub(segment.base)?, index))
    }

    /// Translates a timestamp of the source, if it runs.
    pub fn translate(&self, timestamp: u32, epoch: u32) -> Option<u32> {
        let segment = self.segment.filter(|segment| segment.epoch == epoch)?;
        Some(timestamp.wrapping_add(segment.shift))
    }

    fn begin(
        &self,
        source_index: u64,
        timestamp: u32,
        epoch: u32,
        kind: MediaKind,
        clock_rate: u32,
        now: Instant,
    ) -> Segment {
        let Some(last) = self.last else {
            let room = match kind {
                MediaKind::Audio => source_index.min(FIRST_INDEX - 1),
                MediaKind::Video => 0,
            };
            return Segment {
                epoch,
                source_base: source_index - room,
                base: FIRST_INDEX - room,
                shift: 0,
            };
        };
        let elapsed = ticks(now.saturating_duration_since(last.at), clock_rate).max(1);
        Segment {
            epoch,
            source_base: source_index,
            base: last.index + 1,
            shift: last.timestamp.wrapping_add(elapsed).wrapping_sub(timestamp),
        }
    }
}

/// A time in ticks of an RTP clock; RTP timestamps wrap, so does this.
pub(crate) fn ticks(time: Duration, clock_rate: u32) -> u32 {
    let rate = u64::from(clock_rate);
    let whole = time.as_secs().wrapping_mul(rate);
    whole.wrapping_add(u64::from(time.subsec_nanos()) * rate / 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    fn packet(timestamp: u32, key_frame: bool) -> Packet {
        Packet {
            timestamp,
            key_frame,
            ..Packet::empty(Instant::now())
        }
    }

    fn place(space: &mut SequenceSpace, index: u64, packet: &Packet, epoch: u32, now: Instant) -> Option<(u64, u32)> {
        space
            .place(index, packet, epoch, MediaKind::Video, 90_000, now)
            .map(|place| (place.index, place.timestamp))
    }

    #[test]
    fn video_starts_at_1000_with_a_key_frame() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        assert_eq!(place(&mut space, 77, &packet(5, false), 0, now), None);
        assert_eq!(place(&mut space, 78, &packet(6, true), 0, now), Some((1000, 6)));
        assert_eq!(place(&mut space, 77, &packet(5, false), 0, now), None);
    }

    #[test]
    fn reordering_and_gaps_pass_through() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(0, true), 0, now);
        let places: Vec<_> = [14, 12, 11]
            .iter()
            .map(|&i| place(&mut space, i, &packet(0, false), 0, now).map(|p| p.0))
            .collect();
        assert_eq!(places, [Some(1004), Some(1002), Some(1001)]);
        assert_eq!(space.source_index(1003, 0), Some((13, 1003)));
        assert_eq!(space.source_index(1005, 0), None);
        assert_eq!(space.source_index(999, 0), None);
    }

    #[test]
    fn another_source_goes_on_one_above_and_later() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(4_000_000_000, true), 0, now);
        space.interrupt();
        let later = now + Duration::from_millis(100);
        let first = place(&mut space, 60_000, &packet(17, true), 3, later);
        assert_eq!(first, Some((1001, 4_000_000_000 + 9000)));
        assert_eq!(
            space.source_index(1000, 3),
            None,
            "the segment before cannot be repaired any more"
        );
    }

    #[test]
    fn a_new_epoch_of_the_same_source_waits_for_its_key_frame() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(100, true), 0, now);
        assert_eq!(place(&mut space, 11, &packet(100, false), 1, now), None);
        assert_eq!(place(&mut space, 12, &packet(100, true), 1, now), Some((1001, 101)));
    }

    #[test]
    fn what_was_sent_of_an_ended_epoch_is_not_looked_up_in_the_next() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(100, true), 0, now);
        assert_eq!(space.source_index(1000, 1), None);
        assert_eq!(space.translate(100, 1), None);
        assert_eq!(space.translate(100, 0), Some(100));
    }

    proptest::proptest! {
        /// Steps: (source and epoch, index in it, key frame, interruption).
        #[test]
        fn no_two_packets_share_a_place(
            steps in proptest::collection::vec((0u32..3, 0u64..40, proptest::bool::ANY, 0u8..10), 1..200),
        ) {
            let (mut space, now) = (SequenceSpace::default(), Instant::now());
            let mut taken = std::collections::HashMap::new();
            let mut sent = std::collections::HashSet::new();
            for (epoch, index, key_frame, interruption) in steps {
                if interruption == 0 {
                    space.interrupt();
                }
                // The ring lets each packet of a source through once.
                if !sent.insert((epoch, index)) {
                    continue;
                }
                if let Some((place, _)) = place(&mut space, index, &packet(0, key_frame), epoch, now) {
                    assert_eq!(taken.insert(place, (epoch, index)), None, "{place} was taken");
                    assert_eq!(space.source_index(place as u16, epoch), Some((index, place)));
                }
            }
        }
    }
}
