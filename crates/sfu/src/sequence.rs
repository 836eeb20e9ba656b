//! A receiver's stream: the numbers under which it gets the packets of changing encodings.

mod segments;

use crate::clock::ticks;
use crate::ring::Packet;
use crate::rtp::{Form, Layers};
use crate::types::MediaKind;
use segments::{Segment, Segments};
use std::time::{Duration, Instant};

/// A receiver that joins late assumes that the roll-over counter is 0, so every stream starts there; 1000 leaves room for
/// packets that come in before the first.
pub(crate) const FIRST_INDEX: u64 = 1000;
/// Numbers that are kept for what was lost where nothing is sent. A receiver that gets nothing cannot follow the roll-over counter, and a
/// publisher could run away with it.
const MISSING_MAX: u64 = 1024;
/// A timestamp carried over by sender reports may lie so far from what the time of arrival says. Beyond, the reports are
/// wrong, or the publisher's clock was set.
const CARRY_TOLERANCE: Duration = Duration::from_secs(1);

/// One stretch of an encoding's stream in which its indices and timestamps go on; unique in an `Sfu`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

/// Where epochs come from.
#[derive(Debug, Default)]
pub(crate) struct Epochs(u64);

impl Epochs {
    pub fn next(&mut self) -> Epoch {
        self.0 += 1;
        Epoch(self.0)
    }
}

/// What a packet is of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream {
    pub epoch: Epoch,
    pub kind: MediaKind,
    pub clock_rate: u32,
    /// What to add to its timestamps to get those that the stream before it has at the same moment, where that is known.
    pub offset: Option<u32>,
    /// What the receiver shall get of it.
    pub top: Layers,
    /// A gap in its PictureIDs is taken for loss, see [`PictureNumbers`](crate::rtp::PictureNumbers).
    pub counts_pictures: bool,
}

/// What a packet's own numbers are moved by on their way to one receiver; constant within a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shifts {
    /// Added to the timestamp.
    pub timestamp: u32,
    /// Taken from the PictureID and TL0PICIDX, see [`PictureNumbers::patch`](crate::rtp::PictureNumbers::patch).
    pub picture_id: u16,
    pub tl0_pic_idx: u8,
    /// Taken from the frame number of a dependency descriptor.
    pub frame_number: u16,
}

/// A packet's place in the receiver's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// SRTP packet index: roll-over counter and sequence number.
    pub index: u64,
    pub shifts: Shifts,
    pub form: Form,
    /// The layers that its dependency descriptor names as those that there are: others are left out of the stream, or were.
    pub told: Option<Layers>,
    /// It is the first of its encoding.
    pub starts: bool,
}

/// What the receiver knows by a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub epoch: Epoch,
    pub source_index: u64,
    pub index: u64,
    pub shifts: Shifts,
    /// Of which the packet's [`Form`] follows.
    pub top: Layers,
    /// As in its [`Place`].
    pub told: Option<Layers>,
}

/// Maps the sequence numbers, timestamps and picture numbers of changing streams to one.
///
/// Between two changes the map is a constant difference (a *segment*), so gaps and reordering pass through and come out the
/// same when a packet is sent again. Segments do not overlap: each begins above all that went before. Therefore no index ever
/// names two packets.
///
/// A change is the key frame of another stream, before which nothing of it is taken; other layers; or a packet that is left out, behind
/// which the next one takes its number. What was lost before that keeps its number, for what it was is not known: the receiver
/// asks for it, and where it turns out to be of a layer that he does not get it comes without a payload.
#[derive(Debug, Default)]
pub(crate) struct SequenceSpace {
    segments: Segments,
    last: Option<Last>,
    /// Timestamp of the picture that was left out last.
    left_out: Option<u32>,
}

/// Of the highest index, as the receiver got it.
#[derive(Debug, Clone, Copy)]
struct Last {
    index: u64,
    timestamp: u32,
    at: Instant,
    picture_id: u16,
    tl0_pic_idx: u8,
    frame_number: u16,
}

impl SequenceSpace {
    /// The next packet begins a segment, and what went before is not sent again: it may not be of what is bound then.
    pub fn interrupt(&mut self) {
        self.segments.clear();
    }

    pub fn runs(&self, epoch: Epoch) -> bool {
        self.segments.current().is_some_and(|segment| segment.epoch == epoch)
    }

    /// It runs, and needs no key frame to go on with the spatial layers that it shall have: it has them or, where they are not `apart`,
    /// more of them. Temporal ones are joined without.
    pub fn has_begun(&self, epoch: Epoch, top: Layers, apart: bool) -> bool {
        let serves = |spatial: u8| match apart {
            true => spatial == top.spatial || spatial == Layers::EVERY,
            false => spatial >= top.spatial,
        };
        let current = self.segments.current();
        current.is_some_and(|segment| segment.epoch == epoch && serves(segment.top.spatial))
    }

    /// What the receiver gets of the stream that runs.
    pub fn top(&self) -> Option<Layers> {
        self.segments.current().map(|segment| segment.top)
    }

    /// Dependency descriptors tell the receiver which layers he gets.
    pub fn tells_layers(&self) -> bool {
        self.segments.current().is_some_and(|segment| segment.narrowed)
    }

    /// A place for a packet of a stream, none if it may not be forwarded.
    pub fn place(&mut self, source_index: u64, packet: &Packet, stream: &Stream, now: Instant) -> Option<Place> {
        let starts = !self.runs(stream.epoch);
        if starts {
            let may_start = packet.key_frame && stream.top.have(&packet.layering);
            if stream.kind == MediaKind::Video && !may_start {
                return None;
            }
            self.begin(source_index, packet, stream, now);
        }
        let current = self.segments.current()?;
        if !current.top.are_all(stream.top) && self.leaves_out(source_index, packet, stream) {
            return None;
        }
        let segment = self.segments.of_source(source_index)?;
        let index = segment.base + (source_index - segment.source_base);
        let (shifts, form, told) = (segment.shifts, segment.top.form(&packet.layering), segment.told());
        if self.last.is_none_or(|last| index > last.index) {
            let before = self
                .last
                .map_or((0, 0, 0), |last| (last.picture_id, last.tl0_pic_idx, last.frame_number));
            let numbers = Some(&packet.layering.numbers).filter(|_| form != Form::Empty);
            let (picture_id, tl0_pic_idx) = numbers.map_or((None, None), |n| (n.picture_id(), n.tl0_pic_idx()));
            let frame_number = numbers.and_then(|_| packet.descriptor.frame_number());
            self.last = Some(Last {
                index,
                timestamp: packet.timestamp.wrapping_add(shifts.timestamp),
                at: now,
                picture_id: picture_id.map_or(before.0, |id| id.wrapping_sub(shifts.picture_id)),
                tl0_pic_idx: tl0_pic_idx.map_or(before.1, |index| index.wrapping_sub(shifts.tl0_pic_idx)),
                frame_number: frame_number.map_or(before.2, |number| number.wrapping_sub(shifts.frame_number)),
            });
        }
        Some(Place {
            index,
            shifts,
            form,
            told,
            starts,
        })
    }

    /// The highest sequence number that was given away.
    pub fn latest(&self) -> Option<u16> {
        self.last.map(|last| last.index as u16)
    }

    /// What the receiver means by a sequence number; none if it is not known any more or was never given away.
    pub fn sent(&self, sequence_number: u16) -> Option<Sent> {
        let last = self.last?;
        let behind = (last.index as u16).wrapping_sub(sequence_number);
        let index = last.index.checked_sub(u64::from(behind))?;
        let segment = self.segments.of_index(index)?;
        Some(Sent {
            epoch: segment.epoch,
            source_index: segment.source_base + (index - segment.base),
            index,
            shifts: segment.shifts,
            top: segment.top,
            told: segment.told(),
        })
    }

    /// Translates a timestamp of the stream that runs.
    pub fn translate(&self, timestamp: u32, epoch: Epoch) -> Option<u32> {
        let segment = self.segments.current().filter(|segment| segment.epoch == epoch)?;
        Some(timestamp.wrapping_add(segment.shifts.timestamp))
    }

    /// Turns to other layers where a picture begins, and tells whether the packet is left out. One that is late changes nothing: its
    /// number is the receiver's, or taken.
    fn leaves_out(&mut self, source_index: u64, packet: &Packet, stream: &Stream) -> bool {
        let Some(&current) = self.segments.current() else {
            return false;
        };
        let placed = self.last.and_then(|last| last.index.checked_sub(current.base));
        let next = current.source_base + placed.map_or(0, |index| index + 1);
        if source_index < next {
            return false;
        }
        let top = current.top.next(stream.top, &packet.layering, packet.key_frame);
        let ahead = source_index - current.source_base;
        if !top.have(&packet.layering) {
            // What is missing between two packets of a picture that is left out is of it, too.
            let is_same = self.left_out == Some(packet.timestamp);
            let closes_gap = is_same && placed.is_none();
            let mut shifts = current.shifts;
            // A picture some layers of which are sent keeps its number.
            if stream.counts_pictures && !is_same {
                shifts.picture_id = shifts.picture_id.wrapping_add(1);
            }
            self.left_out = Some(packet.timestamp);
            let furthest = self.last.map_or(FIRST_INDEX, |last| last.index) + MISSING_MAX;
            self.segments.begin(Segment {
                source_base: source_index + 1,
                base: match closes_gap {
                    true => current.base,
                    false => (current.base + ahead).min(furthest).max(current.base),
                },
                shifts,
                top,
                narrowed: true,
                ..current
            });
            return true;
        }
        if top != current.top {
            self.segments.begin(Segment {
                source_base: source_index,
                base: current.base + ahead,
                top,
                narrowed: current.narrowed || top != Layers::ALL,
                ..current
            });
        }
        false
    }

    fn begin(&mut self, source_index: u64, packet: &Packet, stream: &Stream, now: Instant) {
        let segment = match self.last {
            None => first_segment(source_index, stream),
            Some(last) => {
                let (timestamp, exact) = self.carry(&last, packet.timestamp, stream, now);
                Segment {
                    epoch: stream.epoch,
                    source_base: source_index,
                    base: last.index + 1,
                    shifts: Shifts {
                        timestamp,
                        ..picture_shifts(&last, packet)
                    },
                    exact,
                    top: stream.top,
                    narrowed: stream.top != Layers::ALL,
                }
            }
        };
        self.left_out = None;
        self.segments.begin(segment);
    }

    /// The shift of timestamps for a segment that begins with this one, at least a tick after the last, and what it would be
    /// without that.
    fn carry(&self, last: &Last, timestamp: u32, stream: &Stream, now: Instant) -> (u32, u32) {
        let elapsed = ticks(now.saturating_duration_since(last.at), stream.clock_rate).max(1);
        let by_arrival = last.timestamp.wrapping_add(elapsed);
        let exact = self.segments.current().zip(stream.offset);
        let exact = exact.map(|(segment, offset)| segment.exact.wrapping_add(offset));
        // How much later than its arrival says the picture comes to lie.
        let later = exact.map(|exact| timestamp.wrapping_add(exact).wrapping_sub(by_arrival) as i32);
        let tolerance = ticks(CARRY_TOLERANCE, stream.clock_rate);
        let Some((exact, later)) = exact.zip(later.filter(|later| later.unsigned_abs() <= tolerance)) else {
            let shift = by_arrival.wrapping_sub(timestamp);
            return (shift, shift);
        };
        let ahead = (i64::from(elapsed) + i64::from(later)).max(1) as u32;
        (last.timestamp.wrapping_add(ahead).wrapping_sub(timestamp), exact)
    }
}

/// Of a stream in which nothing was sent before: the publisher's numbers but for the sequence.
fn first_segment(source_index: u64, stream: &Stream) -> Segment {
    let room = match stream.kind {
        MediaKind::Audio => source_index.min(FIRST_INDEX - 1),
        MediaKind::Video => 0,
    };
    Segment {
        epoch: stream.epoch,
        source_base: source_index - room,
        base: FIRST_INDEX - room,
        shifts: Shifts::default(),
        exact: 0,
        top: stream.top,
        narrowed: stream.top != Layers::ALL,
    }
}

/// The first picture of a segment is the next one to the receiver's decoder.
fn picture_shifts(last: &Last, packet: &Packet) -> Shifts {
    let numbers = &packet.layering.numbers;
    let shift = |id: u16| id.wrapping_sub(last.picture_id.wrapping_add(1));
    let tl0_shift = |index: u8| index.wrapping_sub(last.tl0_pic_idx.wrapping_add(1));
    let frame_shift = |number: u16| number.wrapping_sub(last.frame_number.wrapping_add(1));
    Shifts {
        timestamp: 0,
        picture_id: numbers.picture_id().map_or(0, shift),
        tl0_pic_idx: numbers.tl0_pic_idx().map_or(0, tl0_shift),
        frame_number: packet.descriptor.frame_number().map_or(0, frame_shift),
    }
}

#[cfg(test)]
mod describing;
#[cfg(test)]
mod leaving_out;

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use crate::rtp::Layering;
    use crate::types::Codec;

    fn packet(timestamp: u32, key_frame: bool) -> Packet {
        Packet {
            timestamp,
            key_frame,
            ..Packet::empty(Instant::now())
        }
    }

    fn stream(epoch: u64) -> Stream {
        Stream {
            epoch: Epoch(epoch),
            kind: MediaKind::Video,
            clock_rate: 90_000,
            offset: None,
            top: Layers::ALL,
            counts_pictures: true,
        }
    }

    /// Index and timestamp as the receiver gets them.
    fn place(space: &mut SequenceSpace, index: u64, packet: &Packet, epoch: u64, now: Instant) -> Option<(u64, u32)> {
        let place = space.place(index, packet, &stream(epoch), now)?;
        Some((place.index, packet.timestamp.wrapping_add(place.shifts.timestamp)))
    }

    fn sent(space: &SequenceSpace, number: u16) -> Option<(u64, u64, u64)> {
        let sent = space.sent(number)?;
        Some((sent.epoch.0, sent.source_index, sent.index))
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
        assert_eq!(sent(&space, 1003), Some((0, 13, 1003)));
        assert_eq!(sent(&space, 1005), None);
        assert_eq!(sent(&space, 999), None);
    }

    #[test]
    fn another_source_goes_on_one_above_and_later() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(4_000_000_000, true), 0, now);
        space.interrupt();
        let later = now + Duration::from_millis(100);
        let first = place(&mut space, 60_000, &packet(17, true), 3, later);
        assert_eq!(first, Some((1001, 4_000_000_000 + 9000)));
        assert_eq!(sent(&space, 1000), None, "what went before is not sent again");
    }

    #[test]
    fn a_new_epoch_of_the_same_encoding_waits_for_its_key_frame() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(100, true), 0, now);
        assert_eq!(place(&mut space, 11, &packet(100, false), 1, now), None);
        assert_eq!(place(&mut space, 12, &packet(100, true), 1, now), Some((1001, 101)));
    }

    #[test]
    fn after_a_switch_each_number_means_what_it_meant() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(100, true), 0, now);
        place(&mut space, 12, &packet(100, false), 0, now);
        place(&mut space, 500, &packet(100, true), 1, now);
        place(&mut space, 501, &packet(100, false), 1, now);
        let known: Vec<_> = (999..1006).map(|number| sent(&space, number)).collect();
        let expected = [
            None,
            Some((0, 10, 1000)),
            Some((0, 11, 1001)),
            Some((0, 12, 1002)),
            Some((1, 500, 1003)),
            Some((1, 501, 1004)),
            None,
        ];
        assert_eq!(known, expected);
        assert_eq!((space.translate(100, Epoch(0)), space.runs(Epoch(1))), (None, true));
        (2..=130).for_each(|epoch| {
            place(&mut space, 7, &packet(100, true), epoch, now);
        });
        assert_eq!(sent(&space, 1002), None, "too many segments ago");
        assert_eq!(sent(&space, 1005), Some((2, 7, 1005)));
    }

    #[test]
    fn a_picture_keeps_its_time_where_reports_tell_it() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(9000, true), 0, now);
        // What the new stream calls 100 was captured when the old one said 12000, and came late.
        let offset = Some(12_000u32.wrapping_sub(100));
        let late = now + Duration::from_millis(100);
        let carried = Stream { offset, ..stream(1) };
        let first = space.place(70, &packet(100, true), &carried, late).unwrap();
        assert_eq!(first.shifts.timestamp.wrapping_add(100), 12_000);
    }

    #[test]
    fn a_timestamp_never_goes_back_and_small_steps_do_not_add_up() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(9000, true), 0, now);
        // Both streams have one clock, and each switch is to a picture of the same moment.
        for epoch in 1..20 {
            let same = Stream {
                offset: Some(0),
                ..stream(epoch)
            };
            let place = space.place(10, &packet(9000, true), &same, now).unwrap();
            assert_eq!(place.shifts.timestamp, epoch as u32, "a tick ahead of the last");
        }
        let later = Stream {
            offset: Some(0),
            ..stream(20)
        };
        let second = now + Duration::from_secs(1);
        let place = space.place(10, &packet(99_000, true), &later, second).unwrap();
        assert_eq!(place.shifts.timestamp, 0, "and then in step again");
    }

    #[test]
    fn reports_that_cannot_be_true_are_not_believed() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        place(&mut space, 10, &packet(9000, true), 0, now);
        let wrong = Stream {
            offset: Some(1 << 30),
            ..stream(1)
        };
        let later = now + Duration::from_millis(100);
        let first = space.place(70, &packet(100, true), &wrong, later).unwrap();
        assert_eq!(
            first.shifts.timestamp.wrapping_add(100),
            18_000,
            "by the time of arrival"
        );
    }

    /// A VP8 packet with a PictureID of 15 bits and a TL0PICIDX (RFC 7741 §4.2).
    fn numbered(picture_id: u16, tl0_pic_idx: u8, key_frame: bool) -> Packet {
        let [high, low] = picture_id.to_be_bytes();
        let payload = [0x90, 0xe0, 0x80 | high, low, tl0_pic_idx, 0, 0];
        Packet {
            layering: Layering::read(Codec::Vp8, &payload, true),
            ..packet(0, key_frame)
        }
    }

    #[test]
    fn picture_numbers_go_on_over_a_switch() {
        let (mut space, now) = (SequenceSpace::default(), Instant::now());
        let mut sent = |index, packet: &Packet, epoch| {
            let shifts = space.place(index, packet, &stream(epoch), now).unwrap().shifts;
            let id = packet
                .layering
                .numbers
                .picture_id()
                .unwrap()
                .wrapping_sub(shifts.picture_id)
                & 0x7fff;
            (
                id,
                packet
                    .layering
                    .numbers
                    .tl0_pic_idx()
                    .unwrap()
                    .wrapping_sub(shifts.tl0_pic_idx),
            )
        };
        assert_eq!(
            sent(10, &numbered(0x7ffe, 255, true), 0),
            (0x7ffe, 255),
            "the publisher's own"
        );
        assert_eq!(sent(11, &numbered(0x7fff, 255, false), 0), (0x7fff, 255));
        assert_eq!(sent(90, &numbered(77, 3, true), 1), (0, 0));
        assert_eq!(sent(91, &numbered(78, 4, false), 1), (1, 1));
    }

    proptest::proptest! {
        /// Steps: (encoding and epoch, index in it, key frame, interruption).
        #[test]
        fn no_two_packets_share_a_place(
            steps in proptest::collection::vec((0u64..3, 0u64..40, proptest::bool::ANY, 0u8..10), 1..200),
        ) {
            let (mut space, now) = (SequenceSpace::default(), Instant::now());
            let mut taken = std::collections::HashMap::new();
            let mut passed = std::collections::HashSet::new();
            for (epoch, index, key_frame, interruption) in steps {
                if interruption == 0 {
                    space.interrupt();
                    taken.values_mut().for_each(|(_, known)| *known = false);
                }
                // The ring lets each packet of an encoding through once.
                if !passed.insert((epoch, index)) {
                    continue;
                }
                if let Some((place, _)) = place(&mut space, index, &packet(0, key_frame), epoch, now) {
                    assert_eq!(taken.insert(place, ((epoch, index), true)), None, "{place} was taken");
                }
                // Whatever can be looked up is what was sent, over all switches.
                for (&place, &(packet, known)) in &taken {
                    let found = sent(&space, place as u16);
                    assert!(found.is_none_or(|found| known && found == (packet.0, packet.1, place)), "{found:?}");
                }
            }
        }
    }
}
