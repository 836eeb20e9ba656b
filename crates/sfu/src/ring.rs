//! The last packets of an encoding: what viewers get now, and again when they lost it.

use crate::payload::Payload;
use crate::rtp::{Descriptor, Layering};
use std::time::{Duration, Instant};

/// A packet as its publisher sent it, without header and padding.
#[derive(Debug, Clone)]
pub(crate) struct Packet {
    pub arrived: Instant,
    pub timestamp: u32,
    pub marker: bool,
    /// It begins a key frame: a receiver may start here.
    pub key_frame: bool,
    pub audio_level: Option<u8>,
    pub video_orientation: Option<u8>,
    pub layering: Layering,
    pub descriptor: Descriptor,
    pub payload: Payload,
}

/// What became of a packet offered to a [`Ring`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insertion {
    New,
    Duplicate,
    TooOld,
}

/// How much a [`Ring`] keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Depth {
    /// Packets younger than this are kept while `packets_max` allows.
    pub time: Duration,
    /// Powers of two, both.
    pub packets_min: usize,
    pub packets_max: usize,
}

/// Long enough for a viewer with a second of round trip to miss a packet, ask and be answered.
pub(crate) const VIDEO_DEPTH: Depth = Depth {
    time: Duration::from_millis(1200),
    packets_min: 32,
    packets_max: 2048,
};

pub(crate) const AUDIO_DEPTH: Depth = Depth {
    time: Duration::from_millis(500),
    packets_min: 8,
    packets_max: 64,
};

struct Entry {
    index: u64,
    live: bool,
    packet: Packet,
}

/// Packets by index, the newest `entries.len()` of them. It doubles when it would otherwise overwrite a packet that is
/// still young, so its size follows the source's bit rate. Buffers are used again: once warm, nothing is allocated.
pub(crate) struct Ring {
    entries: Vec<Entry>,
    depth: Depth,
    highest: Option<u64>,
    /// Below this an index may have been here and been overwritten: it is never taken for new.
    floor: u64,
}

impl Ring {
    pub fn new(depth: Depth) -> Ring {
        Ring {
            entries: Vec::new(),
            depth,
            highest: None,
            floor: 0,
        }
    }

    /// The stream began anew: no index means what it meant.
    pub fn clear(&mut self) {
        self.highest = None;
        self.floor = 0;
        self.entries.iter_mut().for_each(|entry| entry.live = false);
    }

    pub fn get(&self, index: u64) -> Option<&Packet> {
        let entry = self.entries.get(self.position(index))?;
        (entry.live && entry.index == index).then_some(&entry.packet)
    }

    /// The packet with that index, whose payload may be shared with other rings from now on.
    pub fn share(&mut self, index: u64) -> Option<&Packet> {
        let at = self.position(index);
        let entry = self
            .entries
            .get_mut(at)
            .filter(|entry| entry.live && entry.index == index)?;
        entry.packet.payload.share();
        Some(&entry.packet)
    }

    /// An index below one that was here.
    pub fn is_behind(&self, index: u64) -> bool {
        self.highest.is_some_and(|highest| index < highest)
    }

    /// An index is new once. What is older than the ring remembers is refused, for it may have been here before. `payload` is
    /// copied, unless the packet has one that is shared.
    pub fn insert(&mut self, index: u64, packet: Packet, payload: &[u8]) -> Insertion {
        if self.entries.is_empty() {
            self.grow(self.depth.packets_min, packet.arrived);
        }
        if index < self.floor {
            return Insertion::TooOld;
        }
        if self.get(index).is_some() {
            return Insertion::Duplicate;
        }
        let there = &self.entries[self.position(index)];
        let young = there.live && packet.arrived.saturating_duration_since(there.packet.arrived) < self.depth.time;
        if young && self.entries.len() < self.depth.packets_max {
            self.grow(self.entries.len() * 2, packet.arrived);
        }
        let at = self.position(index);
        let entry = &mut self.entries[at];
        let payload = match packet.payload {
            Payload::Own(_) => {
                let mut buffer = std::mem::take(&mut entry.packet.payload).into_buffer();
                buffer.clear();
                buffer.extend_from_slice(payload);
                Payload::Own(buffer)
            }
            shared => shared,
        };
        *entry = Entry {
            index,
            live: true,
            packet: Packet { payload, ..packet },
        };
        let highest = self.highest.map_or(index, |highest| highest.max(index));
        self.highest = Some(highest);
        self.floor = self.floor.max((highest + 1).saturating_sub(self.entries.len() as u64));
        Insertion::New
    }

    /// Lengths are powers of two.
    fn position(&self, index: u64) -> usize {
        index as usize & self.entries.len().wrapping_sub(1)
    }

    fn grow(&mut self, len: usize, now: Instant) {
        debug_assert!(len.is_power_of_two());
        let empty = || Entry {
            index: 0,
            live: false,
            packet: Packet::empty(now),
        };
        let old = std::mem::replace(&mut self.entries, std::iter::repeat_with(empty).take(len).collect());
        for entry in old.into_iter().filter(|entry| entry.live) {
            let at = self.position(entry.index);
            self.entries[at] = entry;
        }
    }
}

impl Packet {
    /// No payload, no extensions.
    pub fn empty(arrived: Instant) -> Packet {
        Packet {
            arrived,
            timestamp: 0,
            marker: false,
            key_frame: false,
            audio_level: None,
            video_orientation: None,
            layering: Layering::default(),
            descriptor: Descriptor::default(),
            payload: Payload::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    const DEPTH: Depth = Depth {
        time: Duration::from_secs(1),
        packets_min: 4,
        packets_max: 16,
    };

    fn insert(ring: &mut Ring, index: u64, at: Instant) -> Insertion {
        ring.insert(index, Packet::empty(at), &index.to_be_bytes())
    }

    #[test]
    fn it_grows_while_its_packets_are_young_and_only_then() {
        let start = Instant::now();
        let mut slow = Ring::new(DEPTH);
        let mut fast = Ring::new(DEPTH);
        for i in 0..100 {
            insert(&mut slow, i, start + Duration::from_millis(300) * i as u32);
            insert(&mut fast, i, start + Duration::from_millis(10) * i as u32);
        }
        assert_eq!(slow.entries.len(), 4);
        assert_eq!(fast.entries.len(), 16);
        assert!(fast.get(84).is_some() && fast.get(83).is_none());
    }

    #[test]
    fn growth_keeps_what_was_there() {
        let now = Instant::now();
        let mut ring = Ring::new(DEPTH);
        (1_000_000..1_000_007).for_each(|i| assert_eq!(insert(&mut ring, i, now), Insertion::New));
        for i in 1_000_000u64..1_000_007 {
            assert_eq!(ring.get(i).map(|p| &p.payload[..]), Some(&i.to_be_bytes()[..]));
            assert_eq!(insert(&mut ring, i, now), Insertion::Duplicate);
        }
    }

    #[test]
    fn an_index_from_before_its_memory_is_refused() {
        let start = Instant::now();
        let mut ring = Ring::new(DEPTH);
        insert(&mut ring, 100, start);
        insert(&mut ring, 200, start + Duration::from_secs(5));
        assert_eq!(
            insert(&mut ring, 100, start + Duration::from_secs(6)),
            Insertion::TooOld
        );
        assert_eq!(insert(&mut ring, 199, start + Duration::from_secs(6)), Insertion::New);
    }

    #[test]
    fn an_index_overwritten_before_growth_is_not_new_after_it() {
        let start = Instant::now();
        let mut ring = Ring::new(DEPTH);
        for i in 0..6 {
            insert(&mut ring, i, start + Duration::from_secs(2 * i));
        }
        for i in 6..20 {
            insert(&mut ring, i, start + Duration::from_secs(11));
        }
        assert_eq!(ring.entries.len(), 16);
        (0..4).for_each(|i| assert_eq!(insert(&mut ring, i, start + Duration::from_secs(12)), Insertion::TooOld));
    }

    #[test]
    fn after_clear_old_indices_are_new() {
        let now = Instant::now();
        let mut ring = Ring::new(DEPTH);
        insert(&mut ring, 7, now);
        ring.clear();
        assert!(ring.get(7).is_none());
        assert_eq!(insert(&mut ring, 7, now), Insertion::New);
    }

    proptest::proptest! {
        #[test]
        fn an_index_is_new_once(steps in proptest::collection::vec((0u64..60, 0u64..400), 1..300)) {
            let mut now = Instant::now();
            let mut ring = Ring::new(DEPTH);
            let mut seen = std::collections::HashSet::new();
            for (i, (back, millis)) in steps.into_iter().enumerate() {
                now += Duration::from_millis(millis);
                let index = (100 + i as u64).saturating_sub(back);
                if insert(&mut ring, index, now) == Insertion::New {
                    assert!(seen.insert(index), "{index} was new twice");
                    assert!(ring.get(index).is_some());
                }
            }
        }
    }
}
