//! Probes: copies of late packets on the RTX stream (RFC 4588), which every receiver that knows it takes for repairs; or padding.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::fanout::stamps;
use crate::resend::Why;
use crate::rtp::OutgoingHeader;
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
/// Bytes of a packet that has no payload; its last byte counts them (RFC 3550 §5.1).
const PADDING: usize = 255;

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
        if downlink.filling.take_if(|filling| filling.end <= now).is_some() && downlink.estimator.awaits_echo() {
            // How long this report is under way tells what the probe left in queues.
            connection.report_due = Some(now);
        }
        if downlink.filling.is_none() {
            let probe = downlink.estimator.poll_probe(now);
            downlink.filling = probe.map(|probe| Filling::new(probe, now));
        }
        let lacking = downlink.filling.as_mut().map_or(0, |filling| filling.lacking(now));
        if lacking > 0 {
            self.fill(at, lacking, now, out);
        }
    }

    /// Sends at least so many bytes on the RTX stream of a slot, if there is one: copies, or padding where nothing that was sent is
    /// kept any more, as for somebody who gets no picture at present.
    fn fill(&mut self, at: Index<Connection>, bytes: u64, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get(at) else {
            return;
        };
        let with_rtx = |&at: &Index<Slot>| {
            let slot = self.slots.get(at)?;
            matches!(slot.repair, Repair::Rtx { .. }).then(|| (at, slot.sequence.latest()))
        };
        let mut slots = connection.slots.iter().filter_map(with_rtx);
        let used = slots.clone().find(|(_, latest)| latest.is_some());
        let Some((slot, latest)) = used.or_else(|| slots.next()) else {
            return;
        };
        let mut left = bytes;
        let numbers = latest
            .into_iter()
            .flat_map(|latest| (0..LATEST).map(move |back| latest.wrapping_sub(back)).cycle());
        // Where most of them are not kept any more there is little to copy.
        for number in numbers.take(BATCH_MAX) {
            if left == 0 {
                return;
            }
            let len = self.send_again(at, slot, number, Why::Probe, now, out);
            left = left.saturating_sub(len.unwrap_or(0) as u64);
        }
        if left < bytes {
            return;
        }
        for _ in 0..BATCH_MAX {
            match self.send_padding(at, slot, now, out) {
                Some(len) if left > len as u64 => left -= len as u64,
                _ => return,
            }
        }
    }

    /// Sends a packet that is nothing but padding, which receivers acknowledge and throw away; gives the length of the datagram.
    fn send_padding(
        &mut self,
        at: Index<Connection>,
        slot: Index<Slot>,
        now: Instant,
        out: &mut impl Egress,
    ) -> Option<usize> {
        let micros = self.micros(now);
        let (connection, slot) = (self.connections.get_mut(at)?, self.slots.get_mut(slot)?);
        let (sender, &path) = (connection.sender.as_mut()?, connection.paths.selected()?);
        let Repair::Rtx { payload_type } = slot.repair else {
            return None;
        };
        slot.rtx_index += 1;
        let ids = slot.extensions();
        let mid = slot.writes_mid().then_some(slot.spec.mid.as_str());
        let values = stamps(&ids, mid, &mut connection.transport_cc, micros);
        let header = OutgoingHeader {
            marker: false,
            payload_type,
            sequence_number: slot.rtx_index as u16,
            timestamp: 0,
            ssrc: slot.spec.rtx_ssrc,
            padding: true,
            values,
        };
        let buffer = out.buffer();
        let header_len = header.write(&ids, buffer);
        let padding = &mut buffer[header_len..header_len + PADDING];
        padding.fill(0);
        padding[PADDING - 1] = PADDING as u8;
        let len = sender.seal_rtp(buffer, header_len, PADDING, slot.spec.rtx_ssrc, slot.rtx_index);
        out.commit(&path, len);
        if let Some(downlink) = &mut connection.downlink {
            downlink.sent(values.transport_cc, len, now);
        }
        self.counters.probes_out += 1;
        self.counters.bytes_out += len as u64;
        Some(len)
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
