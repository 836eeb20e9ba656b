//! How an encoding's packets arrive, for receiver reports (RFC 3550 §6.4.1, appendix A).

use crate::clock::{SenderClock, ticks};
use crate::rtcp::ReportBlock;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Reception {
    first: Option<u64>,
    highest: u64,
    pub packets: u64,
    pub octets: u64,
    expected_before: u64,
    packets_before: u64,
    /// Times 16, as appendix A.8 keeps it.
    jitter: u32,
    transit: Option<u32>,
}

impl Reception {
    /// `arrival` is in ticks of the source's clock, from any zero.
    pub fn record(&mut self, index: u64, timestamp: u32, octets: usize, arrival: u32) {
        let first = *self.first.get_or_insert(index);
        self.first = Some(first.min(index));
        self.highest = self.highest.max(index);
        self.packets += 1;
        self.octets += octets as u64;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A jump of the timestamp is no jitter: after a pause or a new clock it would spoil the mean for minutes.
            if difference < 1 << 20 {
                self.jitter = (self.jitter + difference).saturating_sub((self.jitter + 8) >> 4);
            }
        }
    }

    pub fn highest(&self) -> Option<u64> {
        self.first.map(|_| self.highest)
    }

    /// In ticks of the source's clock.
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.packets)
    }

    /// The next report; what it says of losses covers the time since the last.
    pub fn report(&mut self, ssrc: u32, clock: Option<&SenderClock>, now: Instant) -> ReportBlock {
        let expected = self.expected();
        let interval = expected - self.expected_before;
        let lost = interval.saturating_sub(self.packets - self.packets_before);
        (self.expected_before, self.packets_before) = (expected, self.packets);
        let cumulative = expected as i64 - self.packets as i64;
        ReportBlock {
            ssrc,
            fraction_lost: (lost * 256).checked_div(interval).unwrap_or(0).min(255) as u8,
            cumulative_lost: cumulative.clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: self.highest as u32,
            jitter: self.jitter(),
            last_sr: clock.map_or(0, SenderClock::middle),
            delay_since_last_sr: clock.map_or(0, |clock| ticks(now.saturating_duration_since(clock.at), 1 << 16)),
        }
    }

    fn expected(&self) -> u64 {
        self.first.map_or(0, |first| self.highest - first + 1)
    }
}

/// Round trip from a report block about a stream whose sender report left at `sent` (RFC 3550 §6.4.1, figure 2).
pub(crate) fn round_trip(report: &ReportBlock, sent: (u32, Instant), now: Instant) -> Option<Duration> {
    let (middle, at) = sent;
    if report.last_sr != middle || report.last_sr == 0 {
        return None;
    }
    let held = Duration::from_nanos(u64::from(report.delay_since_last_sr) * 1_000_000_000 / 65_536);
    now.checked_duration_since(at)?.checked_sub(held)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    #[test]
    fn losses_are_counted_since_the_last_report() {
        let (mut reception, now) = (Reception::default(), Instant::now());
        [65_530, 65_531, 65_533, 65_534]
            .iter()
            .for_each(|&i| reception.record(i, 0, 1, 0));
        let report = reception.report(9, None, now);
        assert_eq!((report.fraction_lost, report.cumulative_lost), (51, 1));
        (65_535..65_545).for_each(|i| reception.record(i, 0, 1, 0));
        let report = reception.report(9, None, now);
        assert_eq!((report.fraction_lost, report.cumulative_lost), (0, 1));
        assert_eq!(report.highest_sequence, 65_544, "with its roll-overs");
    }

    #[test]
    fn an_even_stream_has_no_jitter_and_an_uneven_one_has() {
        let (mut even, mut uneven) = (Reception::default(), Reception::default());
        for i in 0..200u32 {
            even.record(u64::from(i), i * 3000, 1, 7 + i * 3000);
            uneven.record(u64::from(i), i * 3000, 1, i * 3000 + (i % 2) * 900);
        }
        assert_eq!(even.jitter(), 0);
        assert!((800..=900).contains(&uneven.jitter()), "{}", uneven.jitter());
    }

    #[test]
    fn round_trip_leaves_out_the_time_that_the_receiver_held_it() {
        let mut reception = Reception::default();
        let sent = Instant::now();
        let report = ReportBlock {
            last_sr: 42,
            delay_since_last_sr: 65_536,
            ..reception.report(1, None, sent)
        };
        let now = sent + Duration::from_millis(1080);
        assert_eq!(round_trip(&report, (42, sent), now), Some(Duration::from_millis(80)));
        assert_eq!(round_trip(&report, (43, sent), now), None);
    }
}
