//! The demand for a key frame of one encoding.

use std::time::{Duration, Instant};

/// Two requests to one publisher lie at least this far apart, ...
const INTERVAL_MIN: Duration = Duration::from_millis(200);
/// ... and so far where this many were not answered: he knows none, or makes none.
const INTERVAL_DEAF: Duration = Duration::from_secs(1);
const DEAF_AFTER: u8 = 8;
/// Unanswered, the first repeat comes after this time and each later one after twice the time before: a request may be
/// lost, and some publishers (FFmpeg) know none.
const RETRY_MIN: Duration = Duration::from_millis(400);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Many viewers ask at once, the publisher is asked once; a demand stays until a key frame is seen.
#[derive(Debug, Default)]
pub(crate) struct KeyFrameDemand {
    due: Option<Instant>,
    asked: Option<Instant>,
    retry: Duration,
    /// Requests since the last key frame.
    unanswered: u8,
}

impl KeyFrameDemand {
    pub fn raise(&mut self, now: Instant) {
        let is_deaf = self.unanswered >= DEAF_AFTER;
        let interval = if is_deaf { INTERVAL_DEAF } else { INTERVAL_MIN };
        let due = self.asked.map_or(now, |asked| (asked + interval).max(now));
        self.due = Some(self.due.map_or(due, |before| before.min(due)));
        if !is_deaf {
            self.retry = RETRY_MIN;
        }
    }

    /// True: ask the publisher now.
    pub fn take_due(&mut self, now: Instant) -> bool {
        if self.due.is_none_or(|due| now < due) {
            return false;
        }
        self.asked = Some(now);
        self.unanswered = self.unanswered.saturating_add(1);
        self.due = Some(now + self.retry);
        self.retry = (self.retry * 2).min(RETRY_MAX);
        true
    }

    /// A key frame came, or nobody waits for one.
    pub fn met(&mut self) {
        self.due = None;
        self.unanswered = 0;
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn many_demands_are_one_request() {
        let (mut demand, now) = (KeyFrameDemand::default(), Instant::now());
        demand.raise(now);
        demand.raise(now);
        assert!(demand.take_due(now));
        demand.raise(now + Duration::from_millis(50));
        assert!(!demand.take_due(now + Duration::from_millis(199)));
        assert!(demand.take_due(now + Duration::from_millis(200)));
    }

    #[test]
    fn an_unanswered_request_is_repeated_ever_more_slowly() {
        let (mut demand, now) = (KeyFrameDemand::default(), Instant::now());
        demand.raise(now);
        let asked: Vec<u32> = (0..4000)
            .filter(|&ms| demand.take_due(now + Duration::from_millis(u64::from(ms))))
            .collect();
        assert_eq!(asked, [0, 400, 1200, 2800]);
        demand.met();
        assert_eq!(demand.deadline(), None);
    }

    #[test]
    fn who_never_answers_is_asked_seldom_however_many_ask() {
        let (mut demand, now) = (KeyFrameDemand::default(), Instant::now());
        let at = |ms: u64| now + Duration::from_millis(ms);
        let mut asked = Vec::new();
        for ms in (0..20_000).step_by(10) {
            demand.raise(at(ms));
            asked.extend(demand.take_due(at(ms)).then_some(ms));
        }
        assert_eq!(asked[..8], [0, 200, 400, 600, 800, 1000, 1200, 1400]);
        assert_eq!(asked[8..11], [1800, 2600, 3600]);
        assert!(
            asked[10..].windows(2).all(|pair| pair[1] - pair[0] == 1000),
            "{asked:?}"
        );
        demand.met();
        demand.raise(at(20_000));
        assert!(demand.take_due(at(20_200)), "once he has answered, at once again");
    }
}
