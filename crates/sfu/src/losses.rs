//! Packets of an encoding that have not come: what to ask its publisher for.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A gap this wide is not repaired packet by packet.
const GAP_MAX: u64 = 128;
const MISSING_MAX: usize = 256;
/// Reordering on the way mends itself within this time.
const TOLERANCE: Duration = Duration::from_millis(10);
const TRIES_MAX: u8 = 10;
/// Too late for any viewer's jitter buffer.
const AGE_MAX: Duration = Duration::from_millis(1000);
const RETRY_MIN: Duration = Duration::from_millis(30);

#[derive(Debug, Clone, Copy)]
struct Missing {
    index: u64,
    noticed: Instant,
    due: Instant,
    tries: u8,
}

/// Generates negative acknowledgements (RFC 4585 §6.2.1): after a tolerance for reordering, again after each round trip,
/// up to ten times or one second.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    /// Ascending.
    missing: VecDeque<Missing>,
    next: Option<u64>,
}

impl Losses {
    /// A packet is there, first hand or repaired.
    pub fn arrived(&mut self, index: u64, now: Instant) {
        let next = *self.next.get_or_insert(index);
        if index < next {
            if let Ok(at) = self.missing.binary_search_by_key(&index, |missing| missing.index) {
                self.missing.remove(at);
            }
            return;
        }
        self.next = Some(index + 1);
        if index - next > GAP_MAX {
            self.missing.clear();
            return;
        }
        self.missing.extend((next..index).map(|index| Missing {
            index,
            noticed: now,
            due: now + TOLERANCE,
            tries: 0,
        }));
        let excess = self.missing.len().saturating_sub(MISSING_MAX);
        self.missing.drain(..excess);
    }

    /// Puts the sequence numbers to ask for now into `wanted`, ascending.
    pub fn take_due(&mut self, now: Instant, round_trip: Duration, wanted: &mut Vec<u16>) {
        self.missing
            .retain(|missing| missing.tries < TRIES_MAX && now.saturating_duration_since(missing.noticed) < AGE_MAX);
        for missing in self.missing.iter_mut().filter(|missing| missing.due <= now) {
            missing.tries += 1;
            missing.due = now + round_trip.mul_f32(1.2).max(RETRY_MIN);
            wanted.push(missing.index as u16);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.missing.iter().map(|missing| missing.due).min()
    }

    pub fn clear(&mut self) {
        self.missing.clear();
        self.next = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    fn due(losses: &mut Losses, now: Instant) -> Vec<u16> {
        let mut wanted = Vec::new();
        losses.take_due(now, RTT, &mut wanted);
        wanted
    }

    #[test]
    fn reordering_is_tolerated_and_loss_is_reported_once_a_round_trip() {
        let (mut losses, start) = (Losses::default(), Instant::now());
        [10, 13, 11].iter().for_each(|&i| losses.arrived(i, start));
        assert_eq!(due(&mut losses, start), []);
        assert_eq!(losses.deadline(), Some(start + TOLERANCE));
        assert_eq!(due(&mut losses, start + TOLERANCE), [12]);
        assert_eq!(due(&mut losses, start + TOLERANCE + RTT), []);
        assert_eq!(due(&mut losses, start + TOLERANCE + RTT * 2), [12]);
        losses.arrived(12, start + RTT * 3);
        assert_eq!(losses.deadline(), None);
    }

    #[test]
    fn it_gives_up_after_ten_tries() {
        let (mut losses, start) = (Losses::default(), Instant::now());
        [1, 3].iter().for_each(|&i| losses.arrived(i, start));
        let asked: usize = (0..200)
            .map(|i| due(&mut losses, start + Duration::from_millis(10) * i).len())
            .sum();
        assert_eq!(asked, 10);
        assert_eq!(losses.deadline(), None);
    }

    #[test]
    fn a_wide_gap_is_left_to_the_next_key_frame() {
        let (mut losses, start) = (Losses::default(), Instant::now());
        [1, 1000].iter().for_each(|&i| losses.arrived(i, start));
        assert_eq!(losses.deadline(), None);
    }
}
