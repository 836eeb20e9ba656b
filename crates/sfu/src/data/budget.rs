//! How much one member may send on one channel.

use std::time::{Duration, Instant};

/// What the network holds back arrives at once; who kept to the rate all the time has done nothing wrong.
const BURST: Duration = Duration::from_secs(4);
const NANOSECONDS: u64 = 1_000_000_000;

/// Messages and octets, each so many a second.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    messages: Bucket,
    octets: Bucket,
}

impl Budget {
    /// Whether one more message is within it.
    pub fn take(&mut self, octets: usize, messages_per_second: u32, octets_per_second: u32, now: Instant) -> bool {
        self.messages.take(1, messages_per_second, now) && self.octets.take(octets as u64, octets_per_second, now)
    }
}

#[derive(Debug, Default)]
struct Bucket {
    /// When it is full again.
    full: Option<Instant>,
}

impl Bucket {
    fn take(&mut self, amount: u64, per_second: u32, now: Instant) -> bool {
        let Some(cost) = amount.saturating_mul(NANOSECONDS).checked_div(u64::from(per_second)) else {
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
    fn four_seconds_worth_may_come_at_once_and_then_as_much_as_flows() {
        let start = Instant::now();
        let mut budget = Budget::default();
        let mut passed = |octets, at| {
            let passes = |_: &usize| budget.take(octets, 100, 10_000, start + Duration::from_millis(at));
            (0..1000).filter(passes).count()
        };
        assert_eq!(passed(10, 0), 400);
        assert_eq!(passed(10, 9), 0);
        assert_eq!(passed(10, 100), 10);
        assert_eq!(passed(1000, 60_000), 40, "large ones cost more");
    }
}
