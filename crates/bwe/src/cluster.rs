//! The packets of one probe.

use crate::{Micros, seconds};

/// Fewer packets measure nothing.
const PACKETS_MIN: u32 = 4;
/// Arrived at less than this part of the rate at which it was sent, a probe filled the way.
const FILLED: f64 = 0.9;

/// What a probe showed, in bits a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    pub bitrate: f64,
    /// It was sent at more: this is what the way carries.
    pub filled: bool,
}

/// Adds up what arrived of the packets that left during a probe.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    packets: u32,
    bytes: u64,
    first_bytes: u32,
    /// Of the packets that left last, together.
    last_bytes: u32,
    sent: (Micros, Micros),
    arrived: (Micros, Micros),
}

impl Cluster {
    pub fn push(&mut self, sent: Micros, arrived: Micros, bytes: u32) {
        if self.packets == 0 {
            self.first_bytes = bytes;
            (self.sent, self.arrived) = ((sent, sent), (arrived, arrived));
        }
        self.last_bytes = if sent == self.sent.1 {
            self.last_bytes + bytes
        } else {
            bytes
        };
        self.packets += 1;
        self.bytes += u64::from(bytes);
        self.sent.1 = self.sent.1.max(sent);
        self.arrived = (self.arrived.0.min(arrived), self.arrived.1.max(arrived));
    }

    /// The rates of sending and arriving. The last batch does not count for the first, since it took no time yet when it
    /// began; nor the first packet for the second, since its time lies before.
    pub fn outcome(&self) -> Option<Outcome> {
        let is_measured = self.packets >= PACKETS_MIN && self.sent.1 > self.sent.0 && self.arrived.1 > self.arrived.0;
        if !is_measured {
            return None;
        }
        let rate = |bytes: u64, (begin, end): (Micros, Micros)| bytes as f64 * 8.0 / seconds(end - begin);
        let sent = rate(self.bytes - u64::from(self.last_bytes), self.sent);
        let arrived = rate(self.bytes - u64::from(self.first_bytes), self.arrived);
        Some(Outcome {
            bitrate: sent.min(arrived),
            filled: arrived < FILLED * sent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MILLISECOND;

    /// Ten batches of two packets with 1250 bytes, 5 ms apart (4 Mbit/s), on a link that needs `link` for a packet.
    fn measured(link: Micros) -> Outcome {
        let (mut cluster, mut free) = (Cluster::default(), 0);
        for sent in (0..20).map(|i| i / 2 * 5 * MILLISECOND) {
            free = sent.max(free) + link;
            cluster.push(sent, free, 1250);
        }
        cluster.outcome().unwrap()
    }

    #[test]
    fn a_wide_way_shows_the_rate_of_sending_and_a_narrow_one_its_own() {
        assert_eq!((measured(10).bitrate, measured(10).filled), (4e6, false));
        assert_eq!(
            (measured(5 * MILLISECOND).bitrate, measured(5 * MILLISECOND).filled),
            (2e6, true)
        );
    }

    #[test]
    fn packets_that_left_at_once_or_are_few_measure_nothing() {
        let mut cluster = Cluster::default();
        (0..20).for_each(|i| cluster.push(0, i, 1000));
        assert_eq!(cluster.outcome(), None);
        let mut cluster = Cluster::default();
        (0..3).for_each(|i| cluster.push(i, i, 1000));
        assert_eq!(cluster.outcome(), None);
    }
}
