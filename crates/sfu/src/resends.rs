//! How often lost packets are sent again.

use crate::slot::Slot;
use crate::table::Index;
use std::time::{Duration, Instant};

/// A second request within this time crossed the answer to the first.
const AGAIN_MIN: Duration = Duration::from_millis(20);
const REMEMBERED: usize = 64;

/// The share of one connection: a bucket that fills at a steady rate, and a memory of what was just sent.
#[derive(Debug)]
pub(crate) struct Resends {
    tokens: f32,
    filled: Instant,
    /// Grows with the first loss only: most viewers lose nothing.
    recent: Vec<(Index<Slot>, u64, Instant)>,
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

    /// Takes one resend of the packet at `index` of a slot, if it is not too soon and within the share.
    pub fn take(
        &mut self,
        slot: Index<Slot>,
        index: u64,
        per_second: u32,
        round_trip: Option<Duration>,
        now: Instant,
    ) -> bool {
        let rate = per_second as f32;
        self.tokens += now.saturating_duration_since(self.filled).as_secs_f32() * rate;
        self.tokens = self.tokens.min(rate);
        self.filled = now;
        let again = round_trip.unwrap_or(AGAIN_MIN).max(AGAIN_MIN);
        let known = self
            .recent
            .iter()
            .position(|(of, number, _)| *of == slot && *number == index);
        if known.is_some_and(|at| now.saturating_duration_since(self.recent[at].2) < again) || self.tokens < 1.0 {
            return false;
        }
        match known {
            Some(at) => self.recent[at].2 = now,
            None if self.recent.len() < REMEMBERED => self.recent.push((slot, index, now)),
            None => {
                self.recent[self.oldest] = (slot, index, now);
                self.oldest = (self.oldest + 1) % REMEMBERED;
            }
        }
        self.tokens -= 1.0;
        true
    }
}
