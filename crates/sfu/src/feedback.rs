//! RTCP both ways: what viewers say of what they got, and what publishers hear of theirs.

use crate::across::Message;
use crate::clock::SenderClock;
use crate::connection::{Connection, Role};
use crate::egress::Egress;
use crate::encoding::{Encoding, EncodingId};
use crate::reception::round_trip;
use crate::resend::Why;
use crate::rtcp::{self, CompoundWriter, ReportBlock, Rtcp, SenderInfo};
use crate::sfu::Sfu;
use crate::slot::Slot;
use crate::srtp::RTCP_OVERHEAD_MAX;
use crate::table::Index;
use crate::types::{MediaKind, Path};
use std::time::{Duration, Instant};
use tertulia_bwe::Echo;

/// Reports go out about once a second (RFC 3550 §6.2 allows more seldom, lip-sync and senders want no less), with a
/// random part of this many milliseconds.
const REPORT_MIN_MS: u64 = 800;
const REPORT_JITTER_MS: u64 = 400;
/// After the one that is sent behind a probe: receivers answer within one and a half seconds, mostly.
const REPORT_AFTER_PROBE: Duration = Duration::from_millis(2500);
/// A compound stays below every usual MTU.
const COMPOUND_MAX: usize = 1200;
/// Sender of our reports where no slot lends its SSRC.
const OUR_SSRC: u32 = 1;
/// To a publisher whose round trip is not known.
const ROUND_TRIP_GUESS: Duration = Duration::from_millis(100);
/// Sequence numbers in one NACK, and of one request of a viewer that are answered.
const NACK_MAX: usize = 256;

impl Sfu {
    pub(crate) fn handle_rtcp(
        &mut self,
        at: Index<Connection>,
        path: &Path,
        datagram: &mut [u8],
        now: Instant,
        out: &mut impl Egress,
    ) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let Some(receiver) = &mut connection.receiver else {
            self.counters.dropped_before_keys += 1;
            return;
        };
        let len = match receiver.open_rtcp(datagram) {
            Ok(len) => len,
            Err(error) => return self.count_srtp_error(error),
        };
        self.counters.rtcp_in += 1;
        self.counters.path_changes += u64::from(connection.paths.follow(path));
        for packet in rtcp::packets(&datagram[..len]) {
            match packet {
                Ok(packet) => self.handle_rtcp_packet(at, &packet, now, out),
                Err(_) => self.counters.dropped_malformed += 1,
            }
        }
    }

    fn handle_rtcp_packet(&mut self, at: Index<Connection>, packet: &Rtcp<'_>, now: Instant, out: &mut impl Egress) {
        match packet {
            Rtcp::SenderReport(report) => {
                self.handle_sender_info(at, report.ssrc, &report.info, now);
                report.reports.for_each(|block| self.handle_report(at, &block, now));
            }
            Rtcp::ReceiverReport(report) => report.reports.for_each(|block| self.handle_report(at, &block, now)),
            Rtcp::Nack(nack) => {
                if let Some(slot) = self.slot_by_ssrc(at, nack.media_ssrc) {
                    nack.sequence_numbers().take(NACK_MAX).for_each(|number| {
                        self.counters.nack_in += 1;
                        let _ = self.send_again(at, slot, number, Why::Asked, now, out);
                    });
                }
            }
            Rtcp::PictureLoss { media_ssrc, .. } => self.handle_picture_loss(at, *media_ssrc, now, out),
            Rtcp::FullIntraRequest(request) => request
                .entries()
                .for_each(|(ssrc, _)| self.handle_picture_loss(at, ssrc, now, out)),
            Rtcp::TransportFeedback(feedback) => {
                let (mut acked, mut lost, mut missing) = (0, 0, Vec::new());
                let Some(connection) = self.connections.get_mut(at) else {
                    return;
                };
                let departures = &mut connection.departures;
                let statuses = feedback.statuses().inspect(|(number, arrival)| match arrival {
                    Some(_) => acked += 1,
                    None => {
                        lost += 1;
                        missing.extend(
                            departures
                                .take(*number)
                                .map(|(slot, known_by)| (slot, known_by, *number)),
                        );
                    }
                });
                match &mut connection.downlink {
                    Some(downlink) => {
                        downlink.estimator.feedback(statuses, now);
                        downlink.heard(now);
                    }
                    None => statuses.for_each(drop),
                }
                let sound = connection.sound_share();
                connection.repeats.acknowledged(acked, lost, sound, now);
                connection.acked += acked;
                connection.lost += lost;
                self.counters.twcc_in += 1;
                self.counters.twcc_acked += acked;
                self.counters.twcc_lost += lost;
                if lost > 0 {
                    connection.departures.begin();
                }
                missing.truncate(NACK_MAX);
                self.send_missing(at, &missing, now, out);
            }
            Rtcp::Estimate(estimate) => {
                let connection = self.connections.get_mut(at);
                if let Some(downlink) = connection.and_then(|connection| connection.downlink.as_mut()) {
                    downlink.estimator.remb(estimate.bitrate, now);
                    downlink.heard(now);
                }
            }
            // A source ends by command.
            Rtcp::Goodbye(_) | Rtcp::SourceDescription(_) | Rtcp::Unknown { .. } => {}
        }
    }

    /// Sends again what transport-wide feedback tells to be lost: it is not waited for until its viewer asks. Each is told by its slot, the
    /// number by which its viewer knows it, and the transport-wide one under which it did not arrive.
    fn send_missing(
        &mut self,
        at: Index<Connection>,
        missing: &[(Index<Slot>, u16, u16)],
        now: Instant,
        out: &mut impl Egress,
    ) {
        for &(slot, number, under) in missing {
            // Another's slot may be in its place by now.
            if self.slots.get(slot).is_some_and(|slot| slot.connection == at) {
                let _ = self.send_again(at, slot, number, Why::Missing(under), now, out);
            }
        }
    }

    /// Keeps how an encoding's timestamps lie on its publisher's clock; viewers hear the first at once, for lip-sync.
    fn handle_sender_info(&mut self, at: Index<Connection>, ssrc: u32, info: &SenderInfo, now: Instant) {
        let Some(connection) = self.connections.get(at) else {
            return;
        };
        let Some(Role::Primary(encoding)) = connection.streams.role(ssrc) else {
            return;
        };
        let clock = SenderClock {
            ntp: info.ntp,
            timestamp: info.rtp_timestamp,
            at: now,
        };
        self.learn_clock(encoding, clock);
    }

    pub(crate) fn learn_clock(&mut self, at: Index<Encoding>, clock: SenderClock) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        if let Some(source) = self.sources.get(encoding.source) {
            let of = EncodingId {
                source: source.id,
                rank: encoding.rank,
            };
            for mirror in &source.mirrors {
                self.mail.push(mirror.worker, Message::Clock { of, clock });
            }
        }
        if encoding.clock.replace(clock).is_some() {
            return;
        }
        for slot in encoding.listeners.clone() {
            let Some(viewer) = self.slots.get(slot).map(|slot| slot.connection) else {
                continue;
            };
            if let Some(connection) = self.connections.get_mut(viewer) {
                connection.report_by(clock.at);
                self.schedule(viewer);
            }
        }
    }

    fn handle_report(&mut self, at: Index<Connection>, block: &ReportBlock, now: Instant) {
        let Some(slot) = self.slot_by_ssrc(at, block.ssrc) else {
            return;
        };
        let (Some(slot), Some(connection)) = (self.slots.get_mut(slot), self.connections.get_mut(at)) else {
            return;
        };
        slot.acknowledged = true;
        slot.fraction_lost = block.fraction_lost;
        (slot.lost, slot.jitter) = (block.cumulative_lost, block.jitter);
        let lost = f32::from(block.fraction_lost) / 256.0;
        if slot.spec.kind == MediaKind::Audio {
            let sound = connection.sound_share();
            connection.repeats.reported(lost, sound, now);
        }
        let echo = slot.last_report.and_then(|sent| {
            let round_trip = round_trip(block, sent, now)?;
            Some(Echo {
                asked: sent.1,
                round_trip,
            })
        });
        if let Some(echo) = echo {
            connection.round_trip = Some(echo.round_trip);
        }
        if let Some(downlink) = &mut connection.downlink
            && downlink.counts(slot.spec.kind)
        {
            downlink.estimator.report(lost, echo, now);
            downlink.heard(now);
        }
    }

    fn handle_picture_loss(&mut self, at: Index<Connection>, ssrc: u32, now: Instant, out: &mut impl Egress) {
        let slot = self.slot_by_ssrc(at, ssrc).and_then(|slot| self.slots.get(slot));
        let Some(encoding) = slot.and_then(|slot| slot.current.or(slot.target)) else {
            return;
        };
        self.counters.pli_in += 1;
        self.demand_key_frame(encoding, now);
        self.send_demands(encoding, now, out);
    }

    fn slot_by_ssrc(&self, at: Index<Connection>, ssrc: u32) -> Option<Index<Slot>> {
        let slots = &self.connections.get(at)?.slots;
        slots
            .iter()
            .copied()
            .find(|&slot| self.slots.get(slot).is_some_and(|slot| slot.spec.ssrc == ssrc))
    }

    /// Sends all that is due to one client: transport-wide feedback, NACKs, key-frame requests, reports.
    pub(crate) fn send_feedback(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get(at) else {
            return;
        };
        if !connection.connected {
            return;
        }
        let round_trip = connection.round_trip.unwrap_or(ROUND_TRIP_GUESS);
        if connection.arrivals.deadline().is_some_and(|due| due <= now) {
            self.send_transport_feedback(at, out);
        }
        let encodings = self
            .connections
            .get(at)
            .map_or(0, |connection| connection.encodings.len());
        for i in 0..encodings {
            let encoding = self
                .connections
                .get(at)
                .and_then(|connection| connection.encodings.get(i).copied());
            if let Some(encoding) = encoding {
                self.send_requests(at, encoding, round_trip, now, out);
            }
        }
        if self
            .connections
            .get(at)
            .is_some_and(|c| c.report_due.is_some_and(|due| due <= now))
        {
            self.send_reports(at, now, out);
        }
    }

    fn send_transport_feedback(&mut self, at: Index<Connection>, out: &mut impl Egress) {
        let media_ssrc = self.connections.get(at).and_then(|connection| {
            let ssrcs = connection
                .encodings
                .iter()
                .filter_map(|&encoding| self.encodings.get(encoding)?.ssrc);
            { ssrcs }.next()
        });
        let mut more = true;
        while more {
            self.send_rtcp(at, out, |connection, writer| {
                more = connection.arrivals.write(OUR_SSRC, media_ssrc.unwrap_or(0), writer);
            });
            self.counters.twcc_out += u64::from(more);
        }
    }

    fn send_requests(
        &mut self,
        at: Index<Connection>,
        encoding: Index<Encoding>,
        round_trip: Duration,
        now: Instant,
        out: &mut impl Egress,
    ) {
        if self
            .connections
            .get(at)
            .is_some_and(|publisher| publisher.transport.is_none())
        {
            return self.ask_for_key_frame(encoding, now);
        }
        let Some(encoding) = self.encodings.get_mut(encoding) else {
            return;
        };
        let Some(ssrc) = encoding.ssrc else {
            return;
        };
        if encoding.losses.deadline().is_some_and(|due| due <= now) {
            let mut wanted = Vec::new();
            encoding.losses.take_due(now, round_trip, &mut wanted);
            wanted.truncate(NACK_MAX);
            let asks_key_frame = encoding.demand.take_due(now);
            self.counters.nack_out += wanted.len() as u64;
            self.counters.pli_out += u64::from(asks_key_frame);
            self.send_rtcp(at, out, |_, writer| {
                // Both fit: 256 numbers are at most 1 kB.
                if !wanted.is_empty() {
                    let _ = writer.nack(OUR_SSRC, ssrc, &wanted);
                }
                if asks_key_frame {
                    let _ = writer.picture_loss(OUR_SSRC, ssrc);
                }
            });
        } else if encoding.demand.take_due(now) {
            self.counters.pli_out += 1;
            self.send_rtcp(at, out, |_, writer| {
                let _ = writer.picture_loss(OUR_SSRC, ssrc);
            });
        }
    }

    /// Reports on what the client sends and on what it is sent. Where there is nothing to say, the next packet in
    /// either direction sets the timer again.
    fn send_reports(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let (encodings, slots) = match self.connections.get_mut(at) {
            Some(connection) => {
                connection.report_due = None;
                (connection.encodings.clone(), connection.slots.clone())
            }
            None => return,
        };
        let mut blocks = Vec::new();
        for &encoding in &encodings {
            if let Some(encoding) = self.encodings.get_mut(encoding)
                && let Some(ssrc) = encoding.ssrc
                && encoding.reception.packets > 0
            {
                blocks.push(encoding.reception.report(ssrc, encoding.clock.as_ref(), now));
            }
        }
        let mut senders: Vec<(Index<Slot>, u32, SenderInfo, String)> = Vec::new();
        for &index in &slots {
            let Some(slot) = self.slots.get(index) else {
                continue;
            };
            let encoding = slot.current.and_then(|current| self.encodings.get(current));
            let Some((encoding, clock)) = encoding.and_then(|encoding| Some((encoding, encoding.clock?))) else {
                continue;
            };
            let rate = self
                .sources
                .get(encoding.source)
                .map_or(0, |source| source.spec.clock_rate);
            let clock = clock.at(now, rate);
            let Some(rtp_timestamp) = slot.sequence.translate(clock.timestamp, encoding.epoch) else {
                continue;
            };
            let info = SenderInfo {
                ntp: clock.ntp,
                rtp_timestamp,
                packets: slot.packets as u32,
                octets: slot.octets as u32,
            };
            senders.push((index, slot.spec.ssrc, info, format!("slot-{}", slot.id)));
        }
        for chunk in blocks.chunks(31) {
            self.send_rtcp(at, out, |_, writer| {
                let _ = writer.receiver_report(OUR_SSRC, chunk);
            });
        }
        // A sender report with its SDES takes some 60 bytes.
        for chunk in senders.chunks(16) {
            self.send_rtcp(at, out, |_, writer| {
                for (_, ssrc, info, cname) in chunk {
                    let _ = writer.sender_report(*ssrc, info, &[]);
                    let _ = writer.source_description(*ssrc, cname);
                }
            });
        }
        for (index, _, info, _) in &senders {
            if let Some(slot) = self.slots.get_mut(*index) {
                slot.last_report = Some(((info.ntp >> 16) as u32, now));
            }
        }
        if blocks.is_empty() && senders.is_empty() {
            return;
        }
        let wait = Duration::from_millis(REPORT_MIN_MS + self.jitter(REPORT_JITTER_MS));
        if let Some(connection) = self.connections.get_mut(at) {
            // The answer to a report behind a probe tells what it did: another report may not come between.
            let awaits = { connection.downlink.as_ref() }.is_some_and(|downlink| downlink.estimator.awaits_echo());
            connection.report_by(now + if awaits { wait.max(REPORT_AFTER_PROBE) } else { wait });
        }
    }

    /// Sends what `write` puts into a compound, if anything.
    fn send_rtcp(
        &mut self,
        at: Index<Connection>,
        out: &mut impl Egress,
        write: impl FnOnce(&mut Connection, &mut CompoundWriter<'_>),
    ) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let buffer = &mut out.buffer()[..COMPOUND_MAX + RTCP_OVERHEAD_MAX];
        let mut writer = CompoundWriter::new(&mut buffer[..COMPOUND_MAX]);
        write(connection, &mut writer);
        let len = writer.len();
        let (Some(sender), Some(&path)) = (&mut connection.sender, connection.paths.selected()) else {
            return;
        };
        if len == 0 {
            return;
        }
        let len = sender.seal_rtcp(buffer, len);
        out.commit(&path, len);
        self.counters.rtcp_out += 1;
        self.counters.bytes_out += len as u64;
    }
}
