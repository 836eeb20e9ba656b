//! Which encodings of a source its viewers call for.

use std::time::{Duration, Instant};

/// Nobody's wish for so long is worth that the publisher stops and, later, begins again with a key frame.
const LINGER: Duration = Duration::from_secs(2);

/// One bit for each encoding, the lowest for the first that was signalled.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// As told last. At first a publisher sends all of them without being told.
    told: u8,
    /// Since when the bits of `told` that nobody calls for are so.
    unwanted_since: [Option<Instant>; 8],
}

impl Wanted {
    pub fn new(encodings: usize) -> Wanted {
        Wanted {
            told: ((1u16 << encodings) - 1) as u8,
            unwanted_since: [None; 8],
        }
    }

    /// Takes what is called for now; gives what is to be told, if that changed. It rises at once and falls late.
    pub fn update(&mut self, called_for: u8, now: Instant) -> Option<u8> {
        let mut next = called_for;
        for (rank, since) in self.unwanted_since.iter_mut().enumerate() {
            let bit = 1 << rank;
            if called_for & bit != 0 || self.told & bit == 0 {
                *since = None;
            } else if now.saturating_duration_since(*since.get_or_insert(now)) < LINGER {
                next |= bit;
            } else {
                *since = None;
            }
        }
        let changed = next != self.told;
        self.told = next;
        changed.then_some(next)
    }

    /// When to [`update`](Wanted::update) though nothing changed.
    pub fn deadline(&self) -> Option<Instant> {
        let since = self.unwanted_since.iter().flatten().min();
        since.map(|&since| since + LINGER)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn it_rises_at_once_and_falls_after_two_seconds() {
        let (mut wanted, start) = (Wanted::new(3), Instant::now());
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
        let (mut wanted, start) = (Wanted::new(1), Instant::now());
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
}
