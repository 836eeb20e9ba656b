//! RTP clocks: time in ticks, and how a publisher's timestamps lie on its wall clock.

use std::time::{Duration, Instant};

/// A time in ticks of an RTP clock; RTP timestamps wrap, so does this.
pub(crate) fn ticks(time: Duration, clock_rate: u32) -> u32 {
    let rate = u64::from(clock_rate);
    let whole = time.as_secs().wrapping_mul(rate);
    whole.wrapping_add(u64::from(time.subsec_nanos()) * rate / 1_000_000_000) as u32
}

/// A publisher's last sender report: how its RTP timestamps lie on its wall clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SenderClock {
    /// Seconds since 1900 in 32.32 fixed point, on the publisher's clock.
    pub ntp: u64,
    pub timestamp: u32,
    pub at: Instant,
}

impl SenderClock {
    /// The middle 32 bits, by which reports refer to each other.
    pub fn middle(&self) -> u32 {
        (self.ntp >> 16) as u32
    }

    /// The same line, later: wall clock and timestamp both moved on. Sound and picture of one publisher stay
    /// comparable, because both stay on its own clock.
    pub fn at(&self, now: Instant, clock_rate: u32) -> SenderClock {
        let elapsed = now.saturating_duration_since(self.at);
        let fraction = (u64::from(elapsed.subsec_nanos()) << 32) / 1_000_000_000;
        SenderClock {
            ntp: self.ntp.wrapping_add((elapsed.as_secs() << 32) | fraction),
            timestamp: self.timestamp.wrapping_add(ticks(elapsed, clock_rate)),
            at: now,
        }
    }

    /// What to add to a timestamp of this stream to get the one that `other`, a stream of the same publisher and rate,
    /// had at the same moment.
    pub fn offset_to(&self, other: &SenderClock, clock_rate: u32) -> u32 {
        let later = i128::from(self.ntp.wrapping_sub(other.ntp) as i64) * i128::from(clock_rate);
        // Rounded: two reports of one moment may give it with some nanoseconds between them.
        let later = (later + (1 << 31)) >> 32;
        other.timestamp.wrapping_add(later as u32).wrapping_sub(self.timestamp)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn a_sender_clock_moves_on_at_its_rate() {
        let clock = SenderClock {
            ntp: 5 << 32,
            timestamp: u32::MAX,
            at: Instant::now(),
        };
        let later = clock.at(clock.at + Duration::from_millis(2500), 48_000);
        assert_eq!(later.ntp, (7 << 32) | (1 << 31));
        assert_eq!(later.timestamp, 119_999);
    }

    #[test]
    fn two_streams_of_one_publisher_are_comparable() {
        let at = Instant::now();
        let clock = |ntp: u64, timestamp: u32| SenderClock { ntp, timestamp, at };
        // At second 10 the one is at 1000; at second 12 the other was at 500.
        let (one, other) = (clock(10 << 32, 1000), clock(12 << 32, 500));
        assert_eq!(
            1000u32.wrapping_add(one.offset_to(&other, 90_000)),
            500u32.wrapping_sub(180_000)
        );
        assert_eq!(500u32.wrapping_add(other.offset_to(&one, 90_000)), 181_000);
    }
}
