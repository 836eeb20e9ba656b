//! Probes: copies of late packets on the RTX stream (RFC 4588), which every receiver that knows it takes for repairs.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::resend::Why;
use crate::sfu::Sfu;
use crate::slot::{Repair, Slot};
use crate::table::Index;
use std::time::{Duration, Instant};
use tertulia_bwe::Probe;

/// A batch leaves so often.
const STEP: Duration = Duration::from_millis(5);
/// Packets in one batch; beyond it a probe would be a burst.
const BATCH_MAX: usize = 64;
/// Of the latest packets these are looked at for copies.
const LATEST: u16 = 64;

/// A probe while it is made: what leaves anyhow, and copies in its gaps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling {
    bitrate: u64,
    begin: Instant,
    end: Instant,
    next: Instant,
    /// Bytes since it began.
    sent: u64,
}

impl Filling {
    pub fn new(probe: Probe, now: Instant) -> Filling {
        Filling {
            bitrate: probe.bitrate,
            begin: now,
            end: now + probe.duration,
            next: now,
            sent: 0,
        }
    }

    pub fn sent(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }

    pub fn deadline(&self) -> Instant {
        self.next.min(self.end)
    }

    /// How many bytes are lacking, if it is time for a batch. It has to have left when the step is over, so that the last one
    /// ends with the probe.
    fn lacking(&mut self, now: Instant) -> u64 {
        if now < self.next {
            return 0;
        }
        self.next = now + STEP;
        let time = (self.next.min(self.end)).saturating_duration_since(self.begin);
        let planned = u128::from(self.bitrate) * time.as_micros() / 8_000_000;
        (planned as u64).saturating_sub(self.sent)
    }
}

impl Sfu {
    /// Begins a probe, or goes on with it, or ends it.
    pub(crate) fn probe(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let Some(downlink) = &mut connection.downlink else {
            return;
        };
        downlink.filling = downlink.filling.filter(|filling| now < filling.end);
        if downlink.filling.is_none() {
            let probe = downlink.estimator.poll_probe(now);
            downlink.filling = probe.map(|probe| Filling::new(probe, now));
        }
        let lacking = downlink.filling.as_mut().map_or(0, |filling| filling.lacking(now));
        if lacking > 0 {
            self.send_copies(at, lacking, now, out);
        }
    }

    /// Sends at least so many bytes again, if a slot has something to copy.
    fn send_copies(&mut self, at: Index<Connection>, bytes: u64, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get(at) else {
            return;
        };
        let repairs = |&slot: &Index<Slot>| {
            let slot = self.slots.get(slot);
            slot.is_some_and(|slot| matches!(slot.repair, Repair::Rtx { .. }) && slot.sequence.latest().is_some())
        };
        let Some(slot) = connection.slots.iter().copied().find(repairs) else {
            return;
        };
        let Some(latest) = self.slots.get(slot).and_then(|slot| slot.sequence.latest()) else {
            return;
        };
        let mut left = bytes;
        let numbers = (0..LATEST).map(|back| latest.wrapping_sub(back)).cycle();
        // Where most of them are not kept any more there is little to copy.
        for number in numbers.take(BATCH_MAX) {
            if left == 0 {
                return;
            }
            let len = self.send_again(at, slot, number, Why::Probe, now, out);
            left = left.saturating_sub(len.unwrap_or(0) as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn what_leaves_anyhow_and_copies_make_up_the_rate() {
        let begin = Instant::now();
        let probe = Probe {
            bitrate: 800_000,
            duration: Duration::from_millis(20),
        };
        let mut filling = Filling::new(probe, begin);
        let mut copied = Vec::new();
        for millis in [0, 2, 5, 10, 15] {
            let lacking = filling.lacking(begin + Duration::from_millis(millis));
            filling.sent(lacking as usize);
            copied.push(lacking);
            if millis == 5 {
                filling.sent(300);
            }
        }
        assert_eq!(copied, [500, 0, 500, 200, 500]);
        assert_eq!(filling.sent, 2000);
    }

    #[test]
    fn a_late_batch_makes_up_for_it() {
        let begin = Instant::now();
        let probe = Probe {
            bitrate: 800_000,
            duration: Duration::from_millis(20),
        };
        let mut filling = Filling::new(probe, begin);
        assert_eq!(filling.lacking(begin + Duration::from_millis(12)), 1700);
    }
}
