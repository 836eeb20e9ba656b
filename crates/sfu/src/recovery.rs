//! Frames of sound that were lost on their publisher's way, and that a later packet repeats (RFC 2198).
//!
//! It is done once, for all viewers: behind here there are plain packets, each in its place, as if none had been lost.

use crate::compaction::Compaction;
use crate::encoding::Encoding;
use crate::ingress::Arrival;
use crate::ring::Ring;
use crate::rtp::ExtensionValues;
use crate::rtp::red::{self, Block};
use crate::sfu::Sfu;
use crate::table::Index;

/// Repeated frames of one packet that are looked at, the latest ones: what one packet may bring is bounded.
const REPEATED_MAX: usize = 4;
/// How far before a packet the one is looked for that it repeats: as many frames of 10 ms as an offset can tell.
const SEARCHED: usize = 32;

impl Sfu {
    /// A packet of redundant audio: what it repeats and what has not come, and then its own frame, go the way of plain
    /// packets.
    pub(crate) fn handle_redundant(&mut self, at: Index<Encoding>, index: u64, arrival: &Arrival<'_>) {
        self.counters.red_in += 1;
        let Some(blocks) = red::blocks(arrival.payload) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        let mut latest = [None; REPEATED_MAX + 1];
        for block in blocks {
            latest.rotate_left(1);
            latest[REPEATED_MAX] = Some(block);
        }
        let [repeated @ .., Some(primary)] = latest else {
            return;
        };
        let own = self
            .encodings
            .get(at)
            .and_then(|encoding| self.sources.get(encoding.source));
        let own = own.map(|source| source.spec.payload_type);
        // Where the packet itself may be left out of the numbers, nothing is to be fixed before it.
        if own == Some(primary.payload_type) && !primary.payload.is_empty() {
            let is_of_use = |block: &Block<'_>| {
                block.payload_type == primary.payload_type && block.timestamp_offset > 0 && !block.payload.is_empty()
            };
            for block in repeated.into_iter().flatten().filter(is_of_use) {
                self.recover(at, index, &block, arrival);
            }
        }
        let mut header = *arrival.header;
        header.payload_type = primary.payload_type;
        let frame = Arrival {
            header: &header,
            payload: primary.payload,
            ..*arrival
        };
        self.take(at, index, &frame);
    }

    /// Puts a repeated frame into the place of the packet that it was in, if that is known and empty.
    fn recover(&mut self, at: Index<Encoding>, index: u64, block: &Block<'_>, arrival: &Arrival<'_>) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        let now = arrival.header.timestamp;
        let then = now.wrapping_sub(u32::from(block.timestamp_offset));
        let Some(place) = empty_place(&encoding.ring, &mut encoding.compaction, (index, now), then) else {
            return;
        };
        let mut header = *arrival.header;
        (header.timestamp, header.marker) = (then, false);
        let frame = Arrival {
            header: &header,
            values: &ExtensionValues::default(),
            payload: block.payload,
            now: arrival.now,
        };
        self.counters.red_recovered += 1;
        self.admit(at, place, &frame, true);
    }
}

/// The index, before the one of a packet with its timestamp, at which the packet with the timestamp `then` is missing.
///
/// Packets say no more of what they repeat than its time, and after a silence times leap. So between two packets that are
/// there one missing packet must be the one, and of several that lie at even distances the one whose turn it is.
fn empty_place(ring: &Ring, compaction: &mut Compaction, packet: (u64, u32), then: u32) -> Option<u64> {
    let (index, mut above) = packet;
    let mut missing = [0; SEARCHED];
    let mut count = 0;
    for index in (index.saturating_sub(SEARCHED as u64)..index).rev() {
        // One that was left out has no number: it carried nothing, or nobody was to hear it, and so what is next to it.
        let number = compaction.map(index)?;
        let Some(there) = ring.get(number) else {
            missing[count] = index;
            count += 1;
            continue;
        };
        let later = then.wrapping_sub(there.timestamp) as i32;
        if later < 0 {
            (above, count) = (there.timestamp, 0);
            continue;
        }
        let (later, gap) = (u64::from(later as u32), u64::from(above.wrapping_sub(there.timestamp)));
        let steps = count as u64 + 1;
        return match count {
            _ if later == 0 => None,
            0 => None,
            1 => Some(missing[0]),
            _ if (later * steps).is_multiple_of(gap) => Some(missing[count - (later * steps / gap) as usize]),
            _ => None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use crate::ring::{AUDIO_DEPTH, Packet};
    use std::time::Instant;

    /// With packets of these indices and timestamps, the index of one that has come, and the time of one that it repeats.
    fn place(there: &[(u64, u32)], packet: (u64, u32), then: u32) -> Option<u64> {
        let mut ring = Ring::new(AUDIO_DEPTH);
        for &(index, timestamp) in there {
            let packet = Packet {
                timestamp,
                ..Packet::empty(Instant::now())
            };
            ring.insert(index, packet, b"frame");
        }
        empty_place(&ring, &mut Compaction::default(), packet, then)
    }

    #[test]
    fn one_that_is_there_has_no_empty_place() {
        assert_eq!(place(&[(10, 0), (11, 960)], (12, 1920), 960), None);
        assert_eq!(place(&[(10, 0), (11, 960)], (12, 1920), 0), None);
    }

    #[test]
    fn a_single_gap_is_its_place_whatever_the_times_are() {
        assert_eq!(place(&[(10, 0)], (12, 1920), 960), Some(11));
        assert_eq!(place(&[(10, 0)], (12, 20_000), 19_040), Some(11));
        assert_eq!(place(&[(10, 0), (12, 1920)], (13, 2880), 960), Some(11));
    }

    #[test]
    fn in_a_wider_gap_its_time_tells_the_place() {
        assert_eq!(place(&[(10, 0)], (14, 3840), 2880), Some(13));
        assert_eq!(place(&[(10, 0)], (14, 3840), 960), Some(11));
        assert_eq!(place(&[(10, 0), (13, 2880)], (14, 3840), 1920), Some(12));
        assert_eq!(place(&[(10, 0)], (14, 3840), 1000), None, "no packet has this time");
        assert_eq!(
            place(&[(10, 0)], (13, 20_000), 19_040),
            None,
            "after a silence it may be either"
        );
    }

    #[test]
    fn what_lies_before_all_that_is_known_has_no_place() {
        assert_eq!(place(&[], (12, 1920), 960), None);
        assert_eq!(place(&[(11, 960)], (12, 1920), 0), None);
    }

    #[test]
    fn nothing_comes_back_of_a_voice_that_is_not_passed_on() {
        let mut ring = Ring::new(AUDIO_DEPTH);
        let mut compaction = Compaction::default();
        let number = compaction.map(10).unwrap();
        ring.insert(number, Packet::empty(Instant::now()), b"frame");
        assert!(compaction.leave_out(11));
        assert_eq!(empty_place(&ring, &mut compaction, (13, 2880), 1920), None);
    }

    #[test]
    fn times_and_indices_may_wrap() {
        let before = 0u32.wrapping_sub(960);
        assert_eq!(place(&[(65_535, before)], (65_537, 960), 0), Some(65_536));
        assert_eq!(place(&[(0, before)], (2, 960), 0), Some(1));
    }
}
