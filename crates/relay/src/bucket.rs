//! A token bucket in one field.

use std::time::{Duration, Instant};

/// How much may come at once: what flows in this time.
const BURST: Duration = Duration::from_secs(1);
const NANOSECONDS: u64 = 1_000_000_000;

/// Lets `per_second` pass, after a rest a second's worth at once. What is more than that by itself never passes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket {
    /// When it is full again; it is full where that is past.
    full: Option<Instant>,
}

impl Bucket {
    pub fn take(&mut self, amount: usize, per_second: u64, now: Instant) -> bool {
        let Some(cost) = (amount as u64).saturating_mul(NANOSECONDS).checked_div(per_second) else {
            return false;
        };
        let full = self.full.map_or(now, |full| full.max(now)) + Duration::from_nanos(cost);
        let passes = full - now <= BURST;
        if passes {
            self.full = Some(full);
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    #[test]
    fn a_second_of_it_passes_at_once_and_then_as_much_as_flows() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        let passed =
            |bucket: &mut Bucket, at: Duration| (0..100).filter(|_| bucket.take(100, 1000, start + at)).count();
        assert_eq!(passed(&mut bucket, Duration::ZERO), 10);
        assert_eq!(passed(&mut bucket, Duration::from_millis(99)), 0);
        assert_eq!(passed(&mut bucket, Duration::from_millis(100)), 1);
        assert_eq!(passed(&mut bucket, Duration::from_millis(400)), 3);
        assert_eq!(
            passed(&mut bucket, Duration::from_secs(3600)),
            10,
            "a rest saves no more than a second's worth"
        );
    }

    #[test]
    fn small_amounts_are_not_rounded_away() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        let passed = (0..3000u64)
            .filter(|ms| bucket.take(1, 100, start + Duration::from_millis(*ms)))
            .count();
        assert!(
            (399..=400).contains(&passed),
            "100 at once and 100 a second for three: {passed}"
        );
    }

    #[test]
    fn a_rate_of_zero_lets_nothing_pass() {
        assert!(!Bucket::default().take(0, 0, Instant::now()));
    }

    #[test]
    fn more_than_a_second_of_it_never_passes_and_costs_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::default();
        assert!(!bucket.take(1001, 1000, start));
        assert!(!bucket.take(usize::MAX, 1, start));
        assert!(bucket.take(1000, 1000, start));
    }
}
