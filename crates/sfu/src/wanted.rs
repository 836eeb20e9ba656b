//! Which encodings of a source anybody has use for: it rises at once and falls late.

use crate::encoding::ENCODINGS_MAX;
use std::time::{Duration, Instant};

/// One bit for each encoding, the lowest for the first that was signalled.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// As told last.
    told: u8,
    /// Since when the bits of `told` that nobody has use for are so.
    unwanted_since: [Option<Instant>; ENCODINGS_MAX],
    linger: Duration,
}

impl Wanted {
    /// `told`: what counts as told at first; `linger`: how long nobody must have use for one until that is told.
    pub fn new(told: u8, linger: Duration) -> Wanted {
        Wanted {
            told,
            unwanted_since: [None; ENCODINGS_MAX],
            linger,
        }
    }

    /// Takes what there is use for now; gives what is to be told, if that changed.
    pub fn update(&mut self, wanted: u8, now: Instant) -> Option<u8> {
        let mut next = wanted;
        for (rank, since) in self.unwanted_since.iter_mut().enumerate() {
            let bit = 1 << rank;
            if wanted & bit != 0 || self.told & bit == 0 {
                *since = None;
            } else if now.saturating_duration_since(*since.get_or_insert(now)) < self.linger {
                next |= bit;
            } else {
                *since = None;
            }
        }
        let changed = next != self.told;
        self.told = next;
        changed.then_some(next)
    }

    /// Whoever is told knows it so, whatever was told last.
    pub fn correct(&mut self, told: u8) {
        self.told = told;
    }

    /// When to [`update`](Wanted::update) though nothing changed.
    pub fn deadline(&self) -> Option<Instant> {
        let since = self.unwanted_since.iter().flatten().min();
        since.map(|&since| since + self.linger)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    const LINGER: Duration = Duration::from_secs(2);

    #[test]
    fn it_rises_at_once_and_falls_after_two_seconds() {
        let (mut wanted, start) = (Wanted::new(0b111, LINGER), Instant::now());
        assert_eq!(wanted.update(0b001, start), None);
        assert_eq!(wanted.deadline(), Some(start + LINGER));
        assert_eq!(wanted.update(0b001, start + LINGER), Some(0b001));
        assert_eq!(wanted.deadline(), None);
        let later = start + LINGER * 2;
        assert_eq!(wanted.update(0b101, later), Some(0b101));
        assert_eq!(wanted.update(0b001, later), None);
        assert_eq!(wanted.update(0b001, later + LINGER - Duration::from_millis(1)), None);
        assert_eq!(wanted.update(0b001, later + LINGER), Some(0b001));
    }

    #[test]
    fn a_wish_that_comes_back_in_time_is_not_noticed() {
        let (mut wanted, start) = (Wanted::new(0b1, LINGER), Instant::now());
        for second in 0..10 {
            assert_eq!(
                wanted.update(second % 2, start + Duration::from_secs(second.into())),
                None
            );
        }
        assert_eq!(wanted.update(0, start + Duration::from_secs(10)), None);
        assert_eq!(wanted.update(0, start + Duration::from_secs(12)), Some(0));
        assert_eq!(wanted.deadline(), None, "nothing is left to tell");
    }

    #[test]
    fn who_knows_it_otherwise_is_told_again() {
        let (mut wanted, start) = (Wanted::new(0, LINGER), Instant::now());
        assert_eq!(wanted.update(0b001, start), Some(0b001));
        wanted.correct(0b110);
        assert_eq!(wanted.update(0b001, start), Some(0b111), "more at once");
        assert_eq!(
            wanted.update(0b001, start + LINGER),
            Some(0b001),
            "and less when it lingered"
        );
    }
}
