//! The queue that our own bursts make.

use crate::{MILLISECOND, Micros, SECOND};

/// A key frame, or a probe, may make that much of a queue without being held against the way. What is larger goes in
/// pieces.
const EXPLAINED_MAX: Micros = 300 * MILLISECOND;

/// It drains somewhat faster than we think the way is wide: where just that is sent, it would never end otherwise.
const DRAIN: f64 = 1.05;

/// An SFU has no pacer: a frame leaves at once, and a key frame is a queue at the narrowest link until it has drained.
/// This is how long that queue is, if the way is as wide as we think. Only what is delayed more than that tells that it
/// is narrower.
#[derive(Debug, Default)]
pub(crate) struct OwnQueue {
    delay: Micros,
    at: Micros,
}

impl OwnQueue {
    /// Takes up a packet sent at `at`; `bitrate` is what drains. Returns how long the packets before it still need.
    pub fn push(&mut self, at: Micros, bytes: u32, bitrate: f64) -> Micros {
        let before = (self.delay - (at - self.at).max(0)).max(0);
        let own = f64::from(bytes) * 8.0 * SECOND as f64 / (bitrate * DRAIN).max(1.0);
        self.delay = (before + own as Micros).min(EXPLAINED_MAX);
        self.at = self.at.max(at);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_drains_at_the_rate_of_the_way() {
        let mut queue = OwnQueue::default();
        // Each packet takes 10 ms.
        let mut push = |at| (queue.push(at * MILLISECOND, 1250, 1e6 / DRAIN) + 500) / MILLISECOND;
        assert_eq!([0, 0, 0, 0, 0].map(&mut push), [0, 10, 20, 30, 40]);
        assert_eq!(push(20), 30);
        assert_eq!(push(1000), 0);
    }

    #[test]
    fn what_it_explains_is_bounded() {
        let mut queue = OwnQueue::default();
        (0..1000).for_each(|_| {
            queue.push(0, 1250, 0.0);
        });
        assert_eq!(queue.push(0, 0, 1e6), EXPLAINED_MAX);
    }
}
