//! One track as one viewer receives it: what arrived, how late, and which frames are whole.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::stamp::Stamp;

/// Frames that may be under way at once.
const OPEN_FRAMES: usize = 64;

/// The time in which packets count, by the moment they were sent; µs since 1970. Empty until it is set.
#[derive(Debug, Default)]
pub struct Window {
    start: AtomicU64,
    end: AtomicU64,
}

impl Window {
    pub fn set(&self, range: Range<u64>) {
        self.end.store(range.end, Ordering::Relaxed);
        self.start.store(range.start, Ordering::Release);
    }

    pub fn range(&self) -> Range<u64> {
        self.start.load(Ordering::Acquire)..self.end.load(Ordering::Relaxed)
    }

    pub fn contains(&self, us: u64) -> bool {
        self.range().contains(&us)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    number: u32,
    /// One bit for each packet that is there.
    places: u32,
    last_sent: u64,
    last_arrived: u64,
}

/// Packets of one track at one viewer.
#[derive(Debug)]
pub struct Flow {
    pub track: u32,
    /// One bit for each packet by its sequence number: each counts once.
    seen: Vec<u64>,
    frames: Vec<Frame>,
    /// From send to arrival, of the packets of the window, in µs.
    pub packet_delays: Vec<u32>,
    /// From the send of a frame's last packet to the arrival of all, in µs.
    pub frame_delays: Vec<u32>,
    pub duplicates: u64,
    /// Arrival of the packet that completed the first key frame; of the first packet of a sound. 0: not yet.
    pub started: u64,
}

impl Flow {
    pub fn new(track: u32) -> Flow {
        Flow {
            track,
            seen: Vec::new(),
            frames: Vec::new(),
            packet_delays: Vec::new(),
            frame_delays: Vec::new(),
            duplicates: 0,
            started: 0,
        }
    }

    pub fn take(&mut self, stamp: &Stamp, arrived: u64, window: &Window) {
        let (word, bit) = (stamp.sequence as usize / 64, 1u64 << (stamp.sequence % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 16, 0);
        }
        if self.seen[word] & bit != 0 {
            self.duplicates += 1;
            return;
        }
        self.seen[word] |= bit;
        if window.contains(stamp.sent) {
            self.packet_delays.push(arrived.saturating_sub(stamp.sent) as u32);
        }
        if stamp.video {
            self.take_frame(stamp, arrived, window);
        } else if self.started == 0 {
            self.started = arrived;
        }
    }

    fn take_frame(&mut self, stamp: &Stamp, arrived: u64, window: &Window) {
        if self.frames.is_empty() {
            self.frames.resize(OPEN_FRAMES, Frame::default());
        }
        let frame = &mut self.frames[stamp.frame as usize % OPEN_FRAMES];
        if frame.number != stamp.frame || frame.places == 0 {
            *frame = Frame {
                number: stamp.frame,
                ..Frame::default()
            };
        }
        frame.places |= 1 << stamp.place;
        frame.last_arrived = frame.last_arrived.max(arrived);
        if stamp.place + 1 == stamp.places {
            frame.last_sent = stamp.sent;
        }
        if frame.places + 1 == 1 << stamp.places {
            if window.contains(frame.last_sent) {
                self.frame_delays
                    .push(frame.last_arrived.saturating_sub(frame.last_sent) as u32);
            }
            if stamp.key_frame && self.started == 0 {
                self.started = frame.last_arrived;
            }
        }
    }

    /// How many of the packets with these numbers arrived.
    pub fn received(&self, sequences: Range<u32>) -> u64 {
        let seen = |sequence: &u32| {
            let word = self.seen.get(*sequence as usize / 64).copied().unwrap_or(0);
            word >> (sequence % 64) & 1 != 0
        };
        sequences.filter(seen).count() as u64
    }
}

/// All flows of one viewer.
#[derive(Debug, Default)]
pub struct Flows {
    pub flows: Vec<Flow>,
    /// Payloads that were not ours.
    pub strange: u64,
}

impl Flows {
    /// Takes a payload. True where it is the first media that can be shown.
    pub fn take(&mut self, payload: &[u8], arrived: u64, window: &Window) -> bool {
        let Some(stamp) = Stamp::read(payload) else {
            self.strange += 1;
            return false;
        };
        let at = match self.flows.iter().position(|flow| flow.track == stamp.track) {
            Some(at) => at,
            None => {
                self.flows.push(Flow::new(stamp.track));
                self.flows.len() - 1
            }
        };
        let flow = &mut self.flows[at];
        let before = flow.started;
        flow.take(&stamp, arrived, window);
        before == 0 && flow.started != 0
    }

    pub fn of(&self, track: u32) -> Option<&Flow> {
        self.flows.iter().find(|flow| flow.track == track)
    }

    /// How many tracks can be shown.
    pub fn started(&self) -> usize {
        self.flows.iter().filter(|flow| flow.started != 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(sequence: u32) -> Stamp {
        let (frame, place) = (sequence / 5, (sequence % 5) as u8);
        Stamp {
            track: 1,
            sequence,
            sent: 1000 + u64::from(sequence),
            frame,
            place,
            places: 5,
            key_frame: true,
            video: true,
        }
    }

    #[test]
    fn a_frame_counts_when_its_last_missing_packet_is_there() {
        let (mut flow, window) = (Flow::new(1), Window::default());
        window.set(0..u64::MAX);
        for sequence in [0, 1, 3, 4] {
            flow.take(&stamp(sequence), 2000, &window);
        }
        assert!(flow.frame_delays.is_empty());
        flow.take(&stamp(2), 5004, &window);
        assert_eq!((flow.frame_delays.as_slice(), flow.started), (&[4000][..], 5004));
        flow.take(&stamp(2), 6000, &window);
        assert_eq!(
            (flow.duplicates, flow.received(0..6), flow.packet_delays.len()),
            (1, 5, 5)
        );
    }
}
