//! The receiver's clock.

use crate::{Micros, SECOND};

/// No queue is that long: the clock was set, or its number wrapped.
const JUMP_MIN: u64 = 10 * SECOND as u64;

/// When a packet arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// By our clock, had the first packet needed no time.
    pub at: Micros,
    /// Time on the way, less that of the first packet.
    pub delay: Micros,
    /// Not to be compared with arrivals before.
    pub jumped: bool,
}

/// Brings arrival times to our clock. Both clocks run at nearly the same speed; what they differ by is only known up to
/// the time that the first packet needed, and does not matter.
#[derive(Debug, Default)]
pub(crate) struct ReceiverClock {
    offset: Option<i64>,
}

impl ReceiverClock {
    pub fn arrival(&mut self, sent: Micros, receiver: i64) -> Arrival {
        let difference = receiver.wrapping_sub(sent);
        let delay = difference.wrapping_sub(*self.offset.get_or_insert(difference));
        let jumped = delay.unsigned_abs() > JUMP_MIN;
        if jumped {
            self.offset = Some(difference);
        }
        let delay = if jumped { 0 } else { delay };
        Arrival {
            at: sent + delay,
            delay,
            jumped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_relative_to_the_first_packet() {
        let mut clock = ReceiverClock::default();
        let delays = [(0, -500), (1000, 501), (2000, 1490)].map(|(sent, receiver)| clock.arrival(sent, receiver).delay);
        assert_eq!(delays, [0, 1, -10]);
    }

    #[test]
    fn a_clock_that_jumps_is_followed_whatever_it_says() {
        for receiver in [i64::MIN, i64::MAX, 20 * SECOND, -20 * SECOND] {
            let mut clock = ReceiverClock::default();
            clock.arrival(0, 0);
            let arrival = clock.arrival(1, receiver);
            assert_eq!((arrival.jumped, arrival.delay), (true, 0));
            assert_eq!(clock.arrival(1, receiver.wrapping_add(7)).delay, 7);
        }
    }
}
