//! Whether the delay rises.

use crate::groups::Sample;
use crate::{MILLISECOND, Micros, SECOND};

const SLOTS: usize = 25;
/// Groups closer than this share a slot, so that the window is no shorter where packets leave one by one.
const SLOT: Micros = 20 * MILLISECOND;
const WINDOW: Micros = SECOND;
/// Fewer say nothing.
const SLOTS_MIN: usize = 4;

/// What the window shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    /// How much the delay rose over the window, by the straight line that fits it best, in milliseconds.
    pub rise: f64,
    /// The newest group fared better than the one before it.
    pub falls: bool,
    /// The least delay in the window.
    pub least: Micros,
}

/// A line through the delays of the last half to one second (least squares). The delay is counted less what our own
/// bursts explain, but never as less than the smallest in the window: that a burst did not hurt is no news.
#[derive(Debug)]
pub(crate) struct Trend {
    slots: [Sample; SLOTS],
    len: usize,
    next: usize,
}

impl Default for Trend {
    fn default() -> Trend {
        let nothing = Sample {
            at: 0,
            delay: 0,
            residual: 0,
        };
        Trend {
            slots: [nothing; SLOTS],
            len: 0,
            next: 0,
        }
    }
}

impl Trend {
    pub fn push(&mut self, sample: Sample) -> Option<Reading> {
        let newest = (self.next + SLOTS - 1) % SLOTS;
        let slot = &mut self.slots[newest];
        if self.len > 0 && sample.at - slot.at < SLOT {
            slot.delay = slot.delay.min(sample.delay);
            slot.residual = slot.residual.min(sample.residual);
        } else {
            self.slots[self.next] = sample;
            self.next = (self.next + 1) % SLOTS;
            self.len = (self.len + 1).min(SLOTS);
        }
        self.read()
    }

    /// The newest last.
    fn window(&self) -> impl Iterator<Item = &Sample> {
        let since = self.slots[(self.next + SLOTS - 1) % SLOTS].at - WINDOW;
        let (newer, older) = self.slots[..self.len].split_at(self.next.min(self.len));
        older.iter().chain(newer).filter(move |slot| slot.at >= since)
    }

    fn read(&self) -> Option<Reading> {
        let (count, base) = self.window().fold((0usize, Micros::MAX), |(count, base), slot| {
            (count + 1, base.min(slot.delay))
        });
        if count < SLOTS_MIN {
            return None;
        }
        let begin = self.window().next()?.at;
        let points = self.window().map(|slot| {
            let x = (slot.at - begin) as f64 / MILLISECOND as f64;
            (x, (slot.residual - base).max(0) as f64 / MILLISECOND as f64)
        });
        let (mut sum_x, mut sum_y, mut sum_xx, mut sum_xy) = (0.0, 0.0, 0.0, 0.0);
        let (mut last, mut before) = ((0.0, 0.0), 0.0);
        for (x, y) in points {
            sum_x += x;
            sum_y += y;
            sum_xx += x * x;
            sum_xy += x * y;
            (before, last) = (last.1, (x, y));
        }
        let n = count as f64;
        let spread = n * sum_xx - sum_x * sum_x;
        (spread > 0.0).then(|| Reading {
            rise: (n * sum_xy - sum_x * sum_y) / spread * last.0,
            falls: last.1 < before,
            least: base,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(samples: impl Iterator<Item = (i64, i64, i64)>) -> Option<Reading> {
        let mut trend = Trend::default();
        let push = |(at, delay, own): (i64, i64, i64)| {
            trend.push(Sample {
                at: at * MILLISECOND,
                delay: delay * MILLISECOND,
                residual: (delay - own) * MILLISECOND,
            })
        };
        samples.map(push).last().flatten()
    }

    #[test]
    fn a_rising_delay_is_measured_over_the_window() {
        let reading = last((0..100).map(|i| (i * 33, i * 2, 0))).unwrap();
        assert!((reading.rise - 48.0).abs() < 0.1, "{reading:?}");
        assert!(!reading.falls);
    }

    #[test]
    fn a_constant_delay_does_not_rise_and_a_falling_one_falls() {
        assert_eq!(last((0..100).map(|i| (i * 33, 300, 0))).unwrap().rise, 0.0);
        let reading = last((0..100).map(|i| (i * 33, 300 - i, 0))).unwrap();
        assert!(reading.rise < -20.0 && reading.falls, "{reading:?}");
    }

    #[test]
    fn what_a_burst_of_ours_explains_is_no_rise_even_when_it_did_no_harm() {
        let burst = |i: i64| (150 - i * 15).max(0);
        assert_eq!(
            last((0..20).map(|i| (i * 33, 40 + burst(i - 10), burst(i - 10))))
                .unwrap()
                .rise,
            0.0
        );
        assert_eq!(last((0..20).map(|i| (i * 33, 40, burst(i)))).unwrap().rise, 0.0);
    }

    #[test]
    fn few_samples_and_old_ones_say_nothing() {
        assert_eq!(last((0..3).map(|i| (i * 33, i * 50, 0))), None);
        assert_eq!(last((0..20).map(|i| (i * 600, i * 50, 0))), None);
    }

    #[test]
    fn packets_one_by_one_do_not_shorten_the_window() {
        let reading = last((0..200).map(|i| (i * 6, i, 0))).unwrap();
        assert!(reading.rise > 60.0, "{reading:?}");
    }
}
