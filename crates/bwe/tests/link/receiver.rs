//! A browser that answers with transport-wide feedback.

use std::collections::VecDeque;

use crate::link::MS;
use crate::random::Random;

/// Ticks of 250 µs, as on the wire.
const TICK: i64 = 250;

/// Numbers, and when they arrived.
pub type Feedback = Vec<(u16, Option<i64>)>;

#[derive(Debug)]
pub struct Receiver {
    random: Random,
    /// Microseconds that its clock gains a second.
    pub drift: i64,
    /// Its clock when ours is at 0.
    pub epoch: i64,
    /// On their way: number, arrival.
    coming: VecDeque<(u16, i64)>,
    reported: Option<u16>,
    due: i64,
    pub bytes: u64,
}

impl Receiver {
    pub fn new(seed: u64) -> Receiver {
        Receiver {
            random: Random(seed),
            drift: 0,
            epoch: 1_234_567_890,
            coming: VecDeque::new(),
            reported: None,
            due: 0,
            bytes: 0,
        }
    }

    pub fn arrive(&mut self, number: u16, bytes: usize, time: i64) {
        self.bytes += bytes as u64;
        self.coming.push_back((number, time));
    }

    /// What it says, each 50 to 100 ms: every number up to the last that arrived.
    pub fn poll(&mut self, time: i64) -> Option<Feedback> {
        if time < self.due {
            return None;
        }
        self.due = time + self.random.between(50.0, 100.0) as i64 * MS;
        let mut statuses = Vec::new();
        while let Some(&(number, arrival)) = self.coming.front().filter(|(_, arrival)| *arrival <= time) {
            self.coming.pop_front();
            let mut next = self.reported.map_or(number, |last| last.wrapping_add(1));
            while next != number {
                statuses.push((next, None));
                next = next.wrapping_add(1);
            }
            let clock = self.epoch + arrival + arrival / 1_000 * self.drift / 1_000;
            statuses.push((number, Some(clock.div_euclid(TICK) * TICK)));
            self.reported = Some(number);
        }
        (!statuses.is_empty()).then_some(statuses)
    }
}
