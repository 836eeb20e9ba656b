//! Whether an encoding flows, and how fast.

use std::time::{Duration, Instant};

/// How often flows are looked at.
pub(crate) const TICK: Duration = Duration::from_millis(500);
/// An encoding has stopped when it brought nothing in this many ticks ...
const SILENT_TICKS: u8 = 2;
/// ... and another one of the same source as many frames. Silence alone says nothing: of a screen on which nothing
/// moves come one frame a second and fewer, but then in all encodings alike.
const MISSED_FRAMES: u32 = 8;

/// The state of one encoding. It flows from its first packet on.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    flows: bool,
    packets: u32,
    frames: u32,
    octets: u64,
    silent_ticks: u8,
    missed: u32,
    bitrate: u64,
    frame_rate: f32,
    ticked: Option<Instant>,
}

impl Flow {
    pub fn flows(&self) -> bool {
        self.flows
    }

    /// Bits of payload a second, over the last ticks.
    pub fn bitrate(&self) -> u64 {
        self.bitrate
    }

    /// Frames a second, over the last ticks.
    pub fn frame_rate(&self) -> f32 {
        self.frame_rate
    }

    /// Frames since the last tick.
    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// A packet came first hand; `marker`: the last of its frame. True: it has begun to flow.
    pub fn arrived(&mut self, marker: bool, octets: usize) -> bool {
        self.packets += 1;
        self.frames += u32::from(marker);
        self.octets += octets as u64;
        !std::mem::replace(&mut self.flows, true)
    }

    /// As another one that is the same stream has it.
    pub fn adopt(&mut self, flows: bool, bitrate: u64) {
        (self.flows, self.bitrate) = (flows, bitrate);
    }

    /// Ends a tick, in which `others` is the number of frames that the liveliest of the other encodings brought. True:
    /// it has stopped to flow.
    pub fn tick(&mut self, others: u32, now: Instant) -> bool {
        let since = self.ticked.replace(now).map(|at| now.saturating_duration_since(at));
        let seconds = since.filter(|since| *since >= TICK / 2).unwrap_or(TICK).as_secs_f64();
        let measured = (self.octets as f64 * 8.0 / seconds) as u64;
        self.bitrate = match self.bitrate {
            0 => measured,
            before => (before * 3 + measured) / 4,
        };
        let frames = self.frames as f32 / seconds as f32;
        self.frame_rate = match self.frame_rate {
            0.0 => frames,
            before => (before * 3.0 + frames) / 4.0,
        };
        if self.packets > 0 {
            (self.silent_ticks, self.missed) = (0, 0);
        } else {
            self.silent_ticks = self.silent_ticks.saturating_add(1);
            self.missed = self.missed.saturating_add(others);
        }
        (self.packets, self.frames, self.octets) = (0, 0, 0);
        let stopped = self.flows && self.silent_ticks >= SILENT_TICKS && self.missed >= MISSED_FRAMES;
        if stopped {
            (self.flows, self.bitrate, self.frame_rate) = (false, 0, 0.0);
        }
        stopped
    }

    /// Nobody will call [`tick`](Flow::tick) for a while.
    pub fn rest(&mut self) {
        (self.ticked, self.bitrate, self.frame_rate) = (None, 0, 0.0);
    }

    /// Something came since the last tick.
    pub fn is_lively(&self) -> bool {
        self.packets > 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    /// Ticks until it stops, where it brings nothing and another one so many frames in each.
    fn ticks_until_stopped(others: u32) -> Option<u32> {
        let (mut flow, start) = (Flow::default(), Instant::now());
        assert!(flow.arrived(true, 1000));
        flow.tick(others, start);
        (1..100).find(|&tick| flow.tick(others, start + TICK * tick))
    }

    #[test]
    fn it_stops_when_another_one_goes_on_without_it() {
        assert_eq!(ticks_until_stopped(15), Some(2), "a camera");
        assert_eq!(ticks_until_stopped(2), Some(4), "a screen with five frames a second");
        assert_eq!(ticks_until_stopped(0), None, "all are silent");
    }

    #[test]
    fn a_packet_now_and_then_keeps_it_going() {
        let (mut flow, start) = (Flow::default(), Instant::now());
        for tick in 0..20 {
            assert_eq!(flow.arrived(false, 100), tick == 0);
            assert!(!flow.tick(15, start + TICK * (2 * tick)));
            assert!(!flow.tick(15, start + TICK * (2 * tick + 1)));
        }
    }

    #[test]
    fn it_begins_again_with_its_next_packet() {
        let (mut flow, start) = (Flow::default(), Instant::now());
        flow.arrived(true, 100);
        (0..4).for_each(|tick| {
            flow.tick(15, start + TICK * tick);
        });
        assert!(!flow.flows());
        assert!(flow.arrived(false, 100) && flow.flows());
    }

    #[test]
    fn its_rates_are_measured() {
        let (mut flow, start) = (Flow::default(), Instant::now());
        for tick in 0..20 {
            (0..10).for_each(|_| {
                flow.arrived(true, 1250);
            });
            flow.tick(0, start + TICK * tick);
        }
        assert_eq!(flow.bitrate(), 200_000);
        assert_eq!(flow.frame_rate(), 20.0);
    }
}
