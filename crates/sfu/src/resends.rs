//! How often lost packets are sent again.

use crate::slot::Slot;
use crate::table::Index;
use std::time::{Duration, Instant};

/// A second request within a round trip crossed the answer to the first. The round trip was measured at another moment, and a receiver
/// asks a little after it saw the gap: a quarter more is waited for, and so long at least.
const AGAIN_MIN: Duration = Duration::from_millis(20);
/// Where the round trip is not known: receivers that do not know it either ask again after a tenth of a second.
const AGAIN_GUESS: Duration = Duration::from_millis(80);
const REMEMBERED: usize = 64;

/// A packet that is reported lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lost {
    pub slot: Index<Slot>,
    pub index: u64,
    /// The transport-wide number of which feedback tells that it did not arrive; none where the viewer asks for the packet.
    pub under: Option<u16>,
    /// The transport-wide number under which it would leave now.
    pub next: Option<u16>,
}

/// What was just sent again.
#[derive(Debug)]
struct Recent {
    slot: Index<Slot>,
    index: u64,
    at: Instant,
    number: Option<u16>,
}

/// The share of one connection: a bucket that fills at a steady rate, and a memory of what was just sent.
#[derive(Debug)]
pub(crate) struct Resends {
    tokens: f32,
    filled: Instant,
    /// Grows with the first loss only: most viewers lose nothing.
    recent: Vec<Recent>,
    oldest: usize,
}

impl Resends {
    pub fn new(per_second: u32, now: Instant) -> Resends {
        Resends {
            tokens: per_second as f32,
            filled: now,
            recent: Vec::new(),
            oldest: 0,
        }
    }

    /// Takes one resend, if that does not repeat an answer which may be on its way yet, and is within the share.
    pub fn take(&mut self, lost: Lost, per_second: u32, round_trip: Option<Duration>, now: Instant) -> bool {
        let rate = per_second as f32;
        self.tokens += now.saturating_duration_since(self.filled).as_secs_f32() * rate;
        self.tokens = self.tokens.min(rate);
        self.filled = now;
        let is_it = |recent: &Recent| (recent.slot, recent.index) == (lost.slot, lost.index);
        let known = self.recent.iter().position(is_it);
        let is_answered = known.is_some_and(|at| {
            let last = &self.recent[at];
            match lost.under {
                // Feedback tells of one of its departures. If that was not the last, a request that came sooner was answered meanwhile.
                Some(_) => last.number != lost.under,
                None => now.saturating_duration_since(last.at) < patience(round_trip),
            }
        });
        if is_answered || self.tokens < 1.0 {
            return false;
        }
        let recent = Recent {
            slot: lost.slot,
            index: lost.index,
            at: now,
            number: lost.next,
        };
        match known {
            Some(at) => self.recent[at] = recent,
            None if self.recent.len() < REMEMBERED => self.recent.push(recent),
            None => {
                self.recent[self.oldest] = recent;
                self.oldest = (self.oldest + 1) % REMEMBERED;
            }
        }
        self.tokens -= 1.0;
        true
    }
}

/// So long an answer is under way at most.
fn patience(round_trip: Option<Duration>) -> Duration {
    round_trip.map_or(AGAIN_GUESS, |time| (time + time / 4).max(AGAIN_MIN))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    const ROUND_TRIP: Option<Duration> = Some(Duration::from_millis(100));

    fn lost(index: u64, under: Option<u16>, next: u16) -> Lost {
        Lost {
            slot: Index::any(),
            index,
            under,
            next: Some(next),
        }
    }

    /// Whether each of them is sent again, with the milliseconds at which it is reported.
    fn taken(reports: &[(u64, Lost)]) -> Vec<bool> {
        let begin = Instant::now();
        let mut resends = Resends::new(100, begin);
        let mut take = |&(at, lost): &(u64, Lost)| {
            let now = begin + Duration::from_millis(at);
            resends.take(lost, 100, ROUND_TRIP, now)
        };
        reports.iter().map(&mut take).collect()
    }

    #[test]
    fn feedback_on_a_departure_before_the_last_is_no_news() {
        let reports = [
            (0, lost(7, None, 50)),
            (130, lost(7, Some(40), 60)),
            (140, lost(7, Some(50), 61)),
            (141, lost(7, Some(61), 62)),
            (142, lost(7, Some(50), 63)),
        ];
        assert_eq!(taken(&reports), [true, false, true, true, false]);
    }

    #[test]
    fn a_request_that_crossed_the_answer_is_not_answered_again() {
        let reports = [
            (0, lost(7, Some(40), 50)),
            (124, lost(7, None, 51)),
            (125, lost(7, None, 52)),
            (126, lost(8, None, 53)),
            (249, lost(7, None, 54)),
        ];
        assert_eq!(taken(&reports), [true, false, true, true, false]);
    }

    #[test]
    fn no_more_than_the_share_is_sent() {
        let reports: Vec<_> = (0..150).map(|index| (0, lost(index, None, index as u16))).collect();
        assert_eq!(taken(&reports).iter().filter(|taken| **taken).count(), 100);
    }
}
