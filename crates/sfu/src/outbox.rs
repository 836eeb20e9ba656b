//! Packets of an encoding on their way to all viewers.

use crate::config::Config;
use std::time::Instant;

/// Indices in order of arrival: a released front, and behind it what is held until its frame is complete.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Vec<u64>,
    released: usize,
    /// Of the released ones, those that other workers got.
    handed: usize,
    held_since: Option<Instant>,
}

impl Outbox {
    /// Takes a packet that leaves with the next flush, and all that was held before it.
    pub fn push(&mut self, index: u64) {
        self.queue.push(index);
        self.release();
    }

    /// Takes a packet of a frame. It is held until the frame's last, the marker, is there or `config` says it is enough.
    pub fn hold(&mut self, index: u64, marker: bool, config: &Config, now: Instant) {
        self.queue.push(index);
        if marker || self.queue.len() - self.released >= config.hold_packets {
            self.release();
        } else {
            self.held_since.get_or_insert(now);
        }
    }

    pub fn release(&mut self) {
        self.released = self.queue.len();
        self.held_since = None;
    }

    pub fn is_holding(&self) -> bool {
        self.held_since.is_some()
    }

    /// When to call [`release`](Outbox::release) at the latest.
    pub fn deadline(&self, config: &Config) -> Option<Instant> {
        self.held_since.map(|since| since + config.hold_time)
    }

    pub fn released(&self) -> &[u64] {
        &self.queue[..self.released]
    }

    /// The released ones that other workers did not get yet; from now on they did.
    pub fn take_unhanded(&mut self) -> &[u64] {
        let from = std::mem::replace(&mut self.handed, self.released);
        &self.queue[from..self.released]
    }

    /// The released ones left.
    pub fn discard_released(&mut self) {
        self.queue.drain(..self.released);
        (self.released, self.handed) = (0, 0);
    }

    pub fn clear(&mut self) {
        self.queue.clear();
        (self.released, self.handed) = (0, 0);
        self.held_since = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;
    use std::time::Duration;

    #[test]
    fn a_frame_leaves_whole_and_the_next_waits() {
        let (mut outbox, config, now) = (Outbox::default(), Config::default(), Instant::now());
        outbox.hold(1, false, &config, now);
        assert_eq!(outbox.released(), []);
        assert_eq!(outbox.deadline(&config), Some(now + config.hold_time));
        outbox.hold(2, true, &config, now);
        outbox.hold(3, false, &config, now + Duration::from_millis(1));
        assert_eq!(outbox.released(), [1, 2]);
        outbox.discard_released();
        assert_eq!(outbox.released(), []);
        assert!(outbox.is_holding());
        outbox.release();
        assert_eq!(outbox.released(), [3]);
    }

    #[test]
    fn sixteen_packets_are_enough() {
        let (mut outbox, config, now) = (Outbox::default(), Config::default(), Instant::now());
        (0..16).for_each(|i| outbox.hold(i, false, &config, now));
        assert_eq!(outbox.released().len(), 16);
        assert!(!outbox.is_holding());
    }
}
