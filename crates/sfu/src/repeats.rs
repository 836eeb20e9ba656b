//! How often sound is repeated to one client: as often as his losses are worth it.

use std::time::{Duration, Instant};

/// Share of packets lost from which on each frame is sent twice, ...
const LOSSY: f32 = 0.01;
/// ... and three times, until it is less than [`HEAVY_UNTIL`].
const HEAVY: f32 = 0.05;
const HEAVY_UNTIL: f32 = 0.03;
/// Losses come in heaps: repeating goes on for so long after there were enough.
const LASTING: Duration = Duration::from_secs(10);
/// Feedback is put together until it is of so many packets and of so long a time: less would make one loss a tide.
const PACKETS_MIN: u64 = 100;
const TIME_MIN: Duration = Duration::from_secs(1);
/// Share of what the way carries that sound may take with its repeats: on a narrow way they would make the losses that
/// they are against.
const SHARE_MAX: f32 = 0.5;

/// The losses on the way to one client, and what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Repeats {
    /// Of packets, in feedback since `since`.
    acked: u64,
    lost: u64,
    since: Option<Instant>,
    /// Of packets lost, smoothed, by either kind of feedback. Transport-wide feedback comes sooner, but some receivers leave
    /// out in it what they lost.
    by_transport: f32,
    by_reports: f32,
    /// When the larger one was last enough.
    lossy: Option<Instant>,
    count: u8,
}

impl Repeats {
    /// How many earlier frames a packet of sound repeats, where the receiver understands it.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// Transport-wide feedback tells of so many packets. `sound`: the share of what the way carries that sound takes now.
    pub fn acknowledged(&mut self, acked: u64, lost: u64, sound: f32, now: Instant) {
        let since = *self.since.get_or_insert(now);
        self.acked += acked;
        self.lost += lost;
        let packets = self.acked + self.lost;
        if packets < PACKETS_MIN || now.saturating_duration_since(since) < TIME_MIN {
            return;
        }
        let share = self.lost as f32 / packets as f32;
        (self.acked, self.lost, self.since) = (0, 0, Some(now));
        self.by_transport = smoothed(self.by_transport, share);
        self.judge(sound, now);
    }

    /// A receiver report tells of a stream of sound; `share` of its packets were lost since the last one.
    pub fn reported(&mut self, share: f32, sound: f32, now: Instant) {
        self.by_reports = smoothed(self.by_reports, share);
        self.judge(sound, now);
    }

    fn judge(&mut self, sound: f32, now: Instant) {
        let share = self.by_transport.max(self.by_reports);
        if share >= LOSSY {
            self.lossy = Some(now);
        }
        let lasts = self.lossy.is_some_and(|at| now.saturating_duration_since(at) < LASTING);
        let once = sound / f32::from(1 + self.count);
        let worth = match share {
            share if share >= HEAVY => 2,
            share if share >= HEAVY_UNTIL && self.count == 2 => 2,
            _ => u8::from(lasts),
        };
        let fits = |&count: &u8| once * f32::from(1 + count) <= SHARE_MAX;
        self.count = (1..=worth).rev().find(fits).unwrap_or(0);
    }
}

/// A single loss among few packets is none yet.
fn smoothed(before: f32, share: f32) -> f32 {
    before + (share - before) * 0.5
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    /// A way over which a hundred packets a second go, and sound takes a tenth of it.
    struct Way {
        repeats: Repeats,
        now: Instant,
    }

    impl Way {
        fn new() -> Way {
            Way {
                repeats: Repeats::default(),
                now: Instant::now(),
            }
        }

        /// So many packets of each hundred are lost; gives what is repeated after each second.
        fn lose(&mut self, lost: u64, seconds: usize) -> Vec<u8> {
            (0..seconds)
                .map(|_| {
                    for part in 0..10 {
                        let lost = (lost * (part + 1) / 10) - lost * part / 10;
                        self.now += Duration::from_millis(100);
                        self.repeats.acknowledged(10 - lost, lost, 0.1, self.now);
                    }
                    self.repeats.count()
                })
                .collect()
        }
    }

    #[test]
    fn nothing_is_repeated_on_a_good_line_nor_for_a_single_loss() {
        let mut way = Way::new();
        assert_eq!(way.lose(0, 5), [0; 5]);
        assert_eq!(way.lose(1, 1), [0]);
        assert_eq!(way.lose(0, 5), [0; 5]);
    }

    #[test]
    fn losses_are_answered_within_two_seconds_and_heavy_ones_twice() {
        assert_eq!(Way::new().lose(3, 4)[1..], [1; 3]);
        let heavy = Way::new().lose(10, 4);
        assert_eq!(heavy[2..], [2; 2], "{heavy:?}");
    }

    #[test]
    fn repeating_lasts_a_while_and_ends() {
        let mut way = Way::new();
        way.lose(10, 5);
        let after = way.lose(0, 30);
        assert_eq!(after[4], 1, "{after:?}");
        assert!(after[..12].iter().all(|&count| count > 0), "{after:?}");
        assert_eq!(after[20..], [0; 10], "{after:?}");
    }

    #[test]
    fn sound_does_not_crowd_itself_out() {
        let mut repeats = Repeats::default();
        let now = Instant::now();
        let mut reported = |sound| {
            repeats.reported(0.1, sound, now);
            repeats.count()
        };
        assert_eq!(reported(0.3), 0);
        assert_eq!(reported(0.2), 1);
        assert_eq!(reported(0.3), 2, "0.15 of it is the sound itself");
        assert_eq!(reported(0.9), 0);
    }

    #[test]
    fn receiver_reports_count_where_transport_wide_feedback_tells_of_no_loss() {
        let mut way = Way::new();
        way.lose(0, 5);
        way.repeats.reported(0.2, 0.1, way.now);
        assert_eq!(way.repeats.count(), 2);
        assert_eq!(way.lose(0, 2), [2; 2]);
        (0..5).for_each(|_| way.repeats.reported(0.0, 0.1, way.now));
        assert_eq!(*way.lose(0, 15).last().unwrap(), 0);
    }
}
