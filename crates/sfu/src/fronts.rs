//! What packets of sound repeat of earlier ones (RFC 2198), made for the first viewer who needs it and copied to all.

use crate::encoding::Encoding;
use crate::ring::Ring;
use crate::rtp::red::{Block, EARLIER_MAX, write_front};
use crate::table::Index;

/// Bytes of a payload with all that it repeats: with headers, seals and a relay's wrapping below every usual MTU.
const PAYLOAD_MAX: usize = 1000;
/// A worker's batch has seldom more packets of sound; the room for others is given back.
const KEPT: usize = 128;

/// Fronts of packets, as [`write_front`] makes them. They are good for one flush: in the next one, packets that were late
/// may be there.
#[derive(Debug, Default)]
pub(crate) struct Fronts {
    /// The first `used` of them hold something; the others are kept for their buffers.
    made: Vec<Front>,
    used: usize,
}

#[derive(Debug)]
struct Front {
    encoding: Index<Encoding>,
    index: u64,
    repeats: u8,
    bytes: Vec<u8>,
}

impl Fronts {
    /// The rings have changed.
    pub fn clear(&mut self) {
        self.used = 0;
        self.made.truncate(KEPT);
    }

    /// For a packet of a ring, with so many earlier frames if they are there and there is room for them. Where there is
    /// nothing to repeat it is empty.
    ///
    /// Its blocks have payload type 0: a receiver's own is set in the copy.
    pub fn before(&mut self, encoding: Index<Encoding>, index: u64, repeats: u8, ring: &Ring) -> &[u8] {
        let is_it = |front: &Front| (front.encoding, front.index, front.repeats) == (encoding, index, repeats);
        let known = self.made[..self.used].iter().rposition(is_it);
        let at = known.unwrap_or_else(|| self.make(encoding, index, repeats, ring));
        &self.made[at].bytes
    }

    fn make(&mut self, encoding: Index<Encoding>, index: u64, repeats: u8, ring: &Ring) -> usize {
        let at = self.used;
        self.used += 1;
        if at == self.made.len() {
            self.made.push(Front {
                encoding,
                index,
                repeats,
                bytes: Vec::new(),
            });
        }
        let front = &mut self.made[at];
        (front.encoding, front.index, front.repeats) = (encoding, index, repeats);
        write(index, repeats, ring, &mut front.bytes);
        at
    }
}

fn write(index: u64, repeats: u8, ring: &Ring, bytes: &mut Vec<u8>) {
    let mut earlier = [Block {
        payload_type: 0,
        timestamp_offset: 0,
        payload: &[],
    }; EARLIER_MAX];
    let Some(packet) = ring.get(index) else {
        bytes.clear();
        return;
    };
    let mut count = 0;
    for back in (1..=u64::from(repeats).min(EARLIER_MAX as u64)).rev() {
        let Some(before) = index.checked_sub(back).and_then(|index| ring.get(index)) else {
            continue;
        };
        // After a silence an earlier frame may be further away than can be told: nobody waits for it any more.
        let Ok(timestamp_offset) = u16::try_from(packet.timestamp.wrapping_sub(before.timestamp)) else {
            continue;
        };
        if before.payload.is_empty() {
            continue;
        }
        earlier[count] = Block {
            payload_type: 0,
            timestamp_offset,
            payload: &before.payload,
        };
        count += 1;
    }
    let room = PAYLOAD_MAX.saturating_sub(packet.payload.len());
    write_front(&earlier[..count], 0, room, bytes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use crate::ring::{AUDIO_DEPTH, Packet};
    use crate::rtp::red::blocks;
    use std::time::Instant;

    /// How much earlier the frames are that the last of these packets repeats, and how long.
    fn repeated(packets: &[(u64, u32, usize)], repeats: u8) -> Vec<(u16, usize)> {
        let mut ring = Ring::new(AUDIO_DEPTH);
        for &(index, timestamp, len) in packets {
            let packet = Packet {
                timestamp,
                ..Packet::empty(Instant::now())
            };
            ring.insert(index, packet, &vec![7; len]);
        }
        let mut bytes = Vec::new();
        write(packets.last().unwrap().0, repeats, &ring, &mut bytes);
        let blocks = blocks(&bytes).into_iter().flatten();
        let mut told: Vec<_> = blocks
            .map(|block| (block.timestamp_offset, block.payload.len()))
            .collect();
        assert!(told.pop().is_none_or(|primary| primary == (0, 0)));
        told
    }

    #[test]
    fn a_packet_repeats_as_many_frames_as_it_shall() {
        let packets = [(10, 0, 30), (11, 960, 40), (12, 1920, 50), (13, 2880, 60)];
        assert_eq!(repeated(&packets, 1), [(960, 50)]);
        assert_eq!(repeated(&packets, 2), [(1920, 40), (960, 50)]);
        assert_eq!(repeated(&packets[..1], 2), []);
    }

    #[test]
    fn what_is_not_there_is_not_repeated_and_what_lies_before_it_is() {
        assert_eq!(repeated(&[(10, 0, 30), (12, 1920, 50)], 1), []);
        assert_eq!(repeated(&[(10, 0, 30), (12, 1920, 50)], 2), [(1920, 30)]);
        assert_eq!(repeated(&[(10, 0, 30), (11, 960, 0), (12, 1920, 50)], 2), [(1920, 30)]);
    }

    #[test]
    fn nothing_is_repeated_from_before_a_silence() {
        assert_eq!(repeated(&[(10, 0, 30), (11, 16_384, 40)], 1), []);
        assert_eq!(repeated(&[(10, 0, 30), (11, 70_000, 40)], 1), []);
        assert_eq!(repeated(&[(10, u32::MAX, 30), (11, 16_382, 40)], 1), [(16_383, 30)]);
    }

    #[test]
    fn a_packet_stays_below_the_mtu() {
        assert_eq!(repeated(&[(10, 0, 500), (11, 960, 500)], 1), []);
        assert_eq!(
            repeated(&[(10, 0, 300), (11, 960, 300), (12, 1920, 500)], 2),
            [(960, 300)]
        );
        assert_eq!(repeated(&[(10, 0, 3), (11, 960, 1200)], 1), []);
    }
}
