//! From an encoding's ring to those who listen to it, one viewer after another.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::encoding::Encoding;
use crate::event::Event;
use crate::ring::Packet;
use crate::rtp::{ExtensionValues, HEADER_LEN, OutgoingHeader};
use crate::sequence::{Shifts, Stream};
use crate::sfu::Sfu;
use crate::slot::{Repair, Slot};
use crate::srtp::SrtpSender;
use crate::table::Index;
use crate::types::{Extensions, MediaKind};
use std::time::{Duration, Instant};

/// A viewer's first report is due this long after its first packet, if the publisher's clock is not known at once.
const FIRST_REPORT: Duration = Duration::from_millis(500);

/// What one slot gets of one encoding in this flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Job {
    connection: Index<Connection>,
    slot: Index<Slot>,
    encoding: Index<Encoding>,
}

/// A packet with all that a receiver will see of it but its extensions.
pub(crate) struct Outgoing<'a> {
    pub packet: &'a Packet,
    pub payload_type: u8,
    pub ssrc: u32,
    pub index: u64,
    pub shifts: Shifts,
    /// Written in front of the payload of RTX (RFC 4588 §4).
    pub original: Option<u16>,
    /// Length of the whole packet before sealing that padding may bring it to.
    pub length: usize,
}

impl Sfu {
    /// Fans out what the last batch brought. All packets of a burst leave for one viewer before the next one's turn, so
    /// that they can share one GSO batch.
    pub fn flush(&mut self, now: Instant, out: &mut impl Egress) {
        if self.ready.is_empty() {
            return;
        }
        // An encoding whose outbox was cleared meanwhile may be listed twice, and must not be sent twice.
        self.ready.sort_unstable();
        self.ready.dedup();
        let mut jobs = std::mem::take(&mut self.jobs);
        for &at in &self.ready {
            let Some(encoding) = self.encodings.get(at) else {
                continue;
            };
            jobs.extend(encoding.listeners.iter().filter_map(|&slot| {
                Some(Job {
                    connection: self.slots.get(slot)?.connection,
                    slot,
                    encoding: at,
                })
            }));
        }
        if self.ready.len() > 1 {
            jobs.sort_unstable();
        }
        let micros = self.micros(now);
        for job in jobs.drain(..) {
            self.forward(job, micros, now, out);
        }
        self.jobs = jobs;
        for i in 0..self.ready.len() {
            if let Some(encoding) = self.encodings.get_mut(self.ready[i]) {
                encoding.outbox.discard_released();
                let publisher = encoding.connection;
                self.schedule(publisher);
            }
        }
        self.ready.clear();
    }

    fn forward(&mut self, job: Job, micros: i64, now: Instant, out: &mut impl Egress) {
        let (Some(connection), Some(slot), Some(encoding)) = (
            self.connections.get_mut(job.connection),
            self.slots.get_mut(job.slot),
            self.encodings.get(job.encoding),
        ) else {
            return;
        };
        let Some(source) = self.sources.get(encoding.source) else {
            return;
        };
        let (Some(sender), Some(&path)) = (&mut connection.sender, connection.paths.selected()) else {
            return;
        };
        // Within this flush it may have switched to another already.
        let Some(bound) = slot.binding.filter(|_| slot.listens(job.encoding)) else {
            return;
        };
        let mut stream = Stream {
            epoch: encoding.epoch,
            kind: source.spec.kind,
            clock_rate: source.spec.clock_rate,
            offset: None,
        };
        if !slot.sequence.runs(encoding.epoch) {
            let before = slot.current.filter(|&current| current != job.encoding);
            let clocks = before
                .and_then(|before| self.encodings.get(before)?.clock)
                .zip(encoding.clock);
            stream.offset = clocks.map(|(before, clock)| clock.offset_to(&before, stream.clock_rate));
        }
        let ids = slot.extensions();
        let mid = slot.writes_mid().then_some(slot.spec.mid.as_str());
        let released = encoding.outbox.released();
        let burst = released.iter().filter_map(|&index| encoding.ring.get(index));
        let pads = self.config.pad_max > 0 && slot.repair != Repair::Identical;
        let length = match pads && released.len() > 1 {
            true => burst.map(|packet| length(packet, &ids, mid)).max().unwrap_or(0),
            false => 0,
        };
        let mut started = false;
        let last = released.len().saturating_sub(1);
        for (i, &index) in released.iter().enumerate() {
            let Some(packet) = encoding.ring.get(index) else {
                continue;
            };
            let Some(place) = slot.sequence.place(index, packet, &stream, now) else {
                continue;
            };
            started |= place.starts;
            let values = values(packet, &ids, mid, &mut connection.transport_cc, micros);
            let number = values.transport_cc;
            let outgoing = Outgoing {
                packet,
                payload_type: bound.payload_type,
                ssrc: slot.spec.ssrc,
                index: place.index,
                shifts: place.shifts,
                original: None,
                // GSO bears a shorter packet at the end.
                length: if i < last { length } else { 0 },
            };
            let len = seal(outgoing, values, &ids, self.config.pad_max, sender, out.buffer());
            out.commit(&path, len);
            if let Some(downlink) = &mut connection.downlink {
                number.inspect(|&number| downlink.sent(number, len, now));
                if slot.spec.kind == MediaKind::Audio {
                    downlink.sent_sound(len);
                }
            }
            slot.packets += 1;
            slot.octets += packet.payload.len() as u64;
            self.counters.rtp_out += 1;
            self.counters.bytes_out += len as u64;
        }
        let awaits = source.has_key_frames() && slot.target == Some(job.encoding) && !slot.sequence.runs(stream.epoch);
        let arms_report = connection.report_due.is_none();
        if started && encoding.clock.is_some() {
            connection.report_by(now);
        } else if arms_report {
            connection.report_by(now + FIRST_REPORT);
        }
        if started {
            self.events.push_back(Event::Layer {
                slot: slot.id,
                source: source.id,
                encoding: encoding.rank,
            });
            if let Some(left) = slot.start(job.encoding) {
                self.leave(left, job.slot);
            }
        }
        if started || arms_report {
            self.schedule(job.connection);
        }
        if awaits
            && let Some(encoding) = self.encodings.get_mut(job.encoding)
            && encoding.demand.deadline().is_none()
        {
            encoding.demand.raise(now);
        }
    }
}

/// The extensions of one packet towards one viewer; takes a transport-wide number where the section has them.
pub(crate) fn values<'a>(
    packet: &Packet,
    ids: &Extensions,
    mid: Option<&'a str>,
    transport_cc: &mut u16,
    micros: i64,
) -> ExtensionValues<'a> {
    let number = (ids.transport_cc != 0).then(|| {
        let number = *transport_cc;
        *transport_cc = number.wrapping_add(1);
        number
    });
    ExtensionValues {
        mid,
        transport_cc: number,
        audio_level: packet.audio_level,
        video_orientation: packet.video_orientation,
        // Seconds with 18 fractional bits, modulo 64.
        abs_send_time: Some(((micros << 18) / 1_000_000) as u32 & 0xff_ffff),
        rid: None,
        repaired_rid: None,
    }
}

/// Writes and seals a packet into `buffer`; returns the length to send.
pub(crate) fn seal(
    outgoing: Outgoing<'_>,
    values: ExtensionValues<'_>,
    ids: &Extensions,
    pad_max: usize,
    sender: &mut SrtpSender,
    buffer: &mut [u8],
) -> usize {
    let header = OutgoingHeader {
        marker: outgoing.packet.marker,
        payload_type: outgoing.payload_type,
        sequence_number: outgoing.index as u16,
        timestamp: outgoing.packet.timestamp.wrapping_add(outgoing.shifts.timestamp),
        ssrc: outgoing.ssrc,
        padding: false,
        values,
    };
    let header_len = header.write(ids, buffer);
    let mut end = header_len;
    if let Some(original) = outgoing.original {
        buffer[end..end + 2].copy_from_slice(&original.to_be_bytes());
        end += 2;
    }
    let payload = &outgoing.packet.payload;
    let copy = &mut buffer[end..end + payload.len()];
    copy.copy_from_slice(payload);
    let (picture_id, tl0_pic_idx) = (outgoing.shifts.picture_id, outgoing.shifts.tl0_pic_idx);
    outgoing.packet.layering.numbers.patch(copy, picture_id, tl0_pic_idx);
    end += payload.len();
    let padding = outgoing.length.saturating_sub(end);
    if (1..=pad_max.min(255)).contains(&padding) {
        buffer[0] |= 0x20;
        buffer[end..end + padding - 1].fill(0);
        buffer[end + padding - 1] = padding as u8;
        end += padding;
    }
    sender.seal_rtp(buffer, header_len, end - header_len, outgoing.ssrc, outgoing.index)
}

/// Length of a packet before padding and sealing. The header is computed, not written: all packets of a burst are
/// measured before the first is sent.
fn length(packet: &Packet, ids: &Extensions, mid: Option<&str>) -> usize {
    let element = |id: u8, len: usize| if id == 0 { 0 } else { 1 + len };
    let elements = mid.map_or(0, |mid| element(ids.mid, mid.len()))
        + element(ids.transport_cc, 2)
        + element(ids.abs_send_time, 3)
        + packet.audio_level.map_or(0, |_| element(ids.audio_level, 1))
        + packet
            .video_orientation
            .map_or(0, |_| element(ids.video_orientation, 1));
    let block = if elements == 0 {
        0
    } else {
        4 + elements.next_multiple_of(4)
    };
    HEADER_LEN + block + packet.payload.len()
}
