//! From an encoding's ring to those who listen to it, one viewer after another.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::encoding::Encoding;
use crate::event::Event;
use crate::ring::Packet;
use crate::rtp::{Descriptor, ExtensionValues, Form, HEADER_LEN, Layers, OutgoingHeader, block_len, red};
use crate::sequence::{Shifts, Stream};
use crate::sfu::Sfu;
use crate::slot::{Repair, Slot};
use crate::srtp::SrtpSender;
use crate::stats::Reason;
use crate::table::Index;
use crate::types::{Extensions, MediaKind};
use std::num::NonZeroU8;
use std::time::{Duration, Instant};

/// A viewer's first report is due this long after its first packet, if the publisher's clock is not known at once.
const FIRST_REPORT: Duration = Duration::from_millis(500);

/// What one slot gets of one encoding in this flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Job {
    pub connection: Index<Connection>,
    pub slot: Index<Slot>,
    pub encoding: Index<Encoding>,
}

/// A packet with all that a receiver will see of it but its extensions.
pub(crate) struct Outgoing<'a> {
    pub packet: &'a Packet,
    pub payload_type: u8,
    pub ssrc: u32,
    pub index: u64,
    pub shifts: Shifts,
    pub front: Front<'a>,
    pub form: Form,
    /// Length of the whole packet before sealing that padding may bring it to.
    pub length: usize,
}

/// What goes in front of a payload.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Front<'a> {
    Nothing,
    /// Of RTX, the original sequence number (RFC 4588 §4).
    Original(u16),
    /// Earlier frames, see [`Fronts`](crate::fronts::Fronts), and what the receiver calls their codec.
    Earlier {
        bytes: &'a [u8],
        payload_type: u8,
    },
}

impl Sfu {
    /// Fans out what the last batch brought. All packets of a burst leave for one viewer before the next one's turn, so
    /// that they can share one GSO batch.
    pub fn flush(&mut self, now: Instant, out: &mut impl Egress) {
        if !self.ready.is_empty() {
            self.fan_out(now, out);
        }
        self.send_messages(now, out);
    }

    fn fan_out(&mut self, now: Instant, out: &mut impl Egress) {
        self.fronts.clear();
        self.feed_mirrors();
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
            self.forward(job, None, micros, now, out);
        }
        self.jobs = jobs;
        for i in 0..self.ready.len() {
            if let Some(encoding) = self.encodings.get_mut(self.ready[i]) {
                encoding.outbox.discard_released();
                self.ask_publisher(self.ready[i], now);
            }
        }
        self.ready.clear();
    }

    /// Sends what an encoding released to one slot, or of that a piece whose turn it is.
    pub(crate) fn forward(
        &mut self,
        job: Job,
        piece: Option<&[u64]>,
        micros: i64,
        now: Instant,
        out: &mut impl Egress,
    ) {
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
        // Within this flush it may have switched to another already.
        let Some(bound) = slot.binding.filter(|_| slot.listens(job.encoding)) else {
            return;
        };
        if connection.transport.is_none() {
            return self.deliver(job, now);
        }
        let (Some(sender), Some(&path)) = (&mut connection.sender, connection.paths.selected()) else {
            return;
        };
        let released = piece.unwrap_or_else(|| encoding.outbox.released());
        if piece.is_none()
            && slot.spec.kind == MediaKind::Video
            && let Some(pacer) = connection.downlink.as_mut().and_then(|downlink| downlink.pacer(now))
            && pacer.holds_back(job.slot, (job.encoding, encoding.epoch), released, now)
        {
            return self.schedule(job.connection);
        }
        let stream = slot.stream_of(job.encoding, encoding, source, &self.encodings);
        let ids = slot.extensions();
        let mid = slot.writes_mid().then_some(slot.spec.mid.as_str());
        let burst = released.iter().filter_map(|&index| encoding.ring.get(index));
        let pads = self.config.pad_max > 0 && slot.repair != Repair::Identical;
        let tells = slot.sequence.tells_layers();
        let length = match pads && released.len() > 1 {
            true => burst.map(|packet| length(packet, &ids, mid, tells)).max().unwrap_or(0),
            false => 0,
        };
        let mut room = [0; Descriptor::MAX];
        // Of sound alone, where it is lost.
        let red = bound.red_payload_type.zip(NonZeroU8::new(connection.repeats.count()));
        let bytes_before = self.counters.bytes_out;
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
            let (mut payload_type, mut front) = (bound.payload_type, Front::Nothing);
            if let Some((red_payload_type, repeats)) = red {
                let bytes = self.fronts.before(job.encoding, index, repeats.get(), &encoding.ring);
                if !bytes.is_empty() {
                    slot.octets += bytes.len() as u64;
                    self.counters.red_out += 1;
                    front = Front::Earlier { bytes, payload_type };
                    payload_type = red_payload_type;
                }
            }
            let values = ExtensionValues {
                dependency_descriptor: descriptor(packet, &ids, (place.shifts, place.form, place.told), &mut room),
                ..values(packet, &ids, mid, &mut connection.transport_cc, micros)
            };
            let number = values.transport_cc;
            let outgoing = Outgoing {
                packet,
                payload_type,
                ssrc: slot.spec.ssrc,
                index: place.index,
                shifts: place.shifts,
                front,
                form: place.form,
                // GSO bears a shorter packet at the end.
                length: if i < last { length } else { 0 },
            };
            let len = seal(outgoing, values, &ids, self.config.pad_max, sender, out.buffer());
            out.commit(&path, len);
            if let Some(number) = number {
                connection.departures.note(number, job.slot, place.index as u16);
            }
            // Sound without numbers tells nothing of the way, and fills none.
            if let Some(downlink) = &mut connection.downlink
                && (number.is_some() || slot.spec.kind == MediaKind::Video)
            {
                downlink.sent(number, len, now);
            }
            slot.packets += 1;
            slot.octets += if place.form == Form::Empty {
                0
            } else {
                packet.payload.len() as u64
            };
            self.counters.rtp_out += 1;
            self.counters.bytes_out += len as u64;
        }
        if slot.spec.kind == MediaKind::Audio
            && let Some(downlink) = &mut connection.downlink
        {
            downlink.sent_sound(self.counters.bytes_out - bytes_before);
        }
        let arms_report = connection.report_due.is_none();
        if started && encoding.clock.is_some() {
            connection.report_by(now);
        } else if arms_report {
            connection.report_by(now + FIRST_REPORT);
        }
        self.settle(job, &stream, started, now);
        if started || arms_report {
            self.schedule(job.connection);
        }
    }

    /// After a slot got what was released of an encoding; `started`: with it a stream of its began.
    pub(crate) fn settle(&mut self, job: Job, stream: &Stream, started: bool, now: Instant) {
        let (Some(slot), Some(encoding)) = (self.slots.get_mut(job.slot), self.encodings.get(job.encoding)) else {
            return;
        };
        let Some(source) = self.sources.get(encoding.source) else {
            return;
        };
        let awaits = source.has_key_frames()
            && slot.target == Some(job.encoding)
            && !slot
                .sequence
                .has_begun(stream.epoch, stream.top, encoding.sizes.are_apart());
        let left = if started { slot.start(job.encoding) } else { None };
        if slot.current == Some(job.encoding)
            && let Some(layers) = slot.news(started)
        {
            self.events.push_back(Event::Layer {
                slot: slot.id,
                source: source.id,
                encoding: encoding.rank,
                layers,
                reason: slot.reason.unwrap_or(Reason::Best),
            });
        }
        if let Some(left) = left {
            self.leave(left, job.slot, now);
        }
        if awaits
            && let Some(encoding) = self.encodings.get_mut(job.encoding)
            && encoding.demand.deadline().is_none()
        {
            encoding.demand.raise(now);
        }
    }
}

/// The dependency descriptor of a packet as it comes to lie in a viewer's stream, if it has one and the section takes it.
pub(crate) fn descriptor<'a>(
    packet: &Packet,
    ids: &Extensions,
    (shifts, form, told): (Shifts, Form, Option<Layers>),
    room: &'a mut [u8; Descriptor::MAX],
) -> Option<&'a [u8]> {
    if ids.dependency_descriptor == 0 || form == Form::Empty || packet.descriptor.is_empty() {
        return None;
    }
    Some(packet.descriptor.write(shifts.frame_number, told, room))
}

/// The other extensions of one packet towards one viewer; takes a transport-wide number where the section has them.
pub(crate) fn values<'a>(
    packet: &Packet,
    ids: &Extensions,
    mid: Option<&'a str>,
    transport_cc: &mut u16,
    micros: i64,
) -> ExtensionValues<'a> {
    ExtensionValues {
        audio_level: packet.audio_level,
        video_orientation: packet.video_orientation,
        ..stamps(ids, mid, transport_cc, micros)
    }
}

/// As [`values`], of a packet that has no media in it.
pub(crate) fn stamps<'a>(
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
        // Seconds with 18 fractional bits, modulo 64.
        abs_send_time: Some(((micros << 18) / 1_000_000) as u32 & 0xff_ffff),
        ..ExtensionValues::default()
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
        marker: outgoing.packet.marker || outgoing.form == Form::Last,
        payload_type: outgoing.payload_type,
        sequence_number: outgoing.index as u16,
        timestamp: outgoing.packet.timestamp.wrapping_add(outgoing.shifts.timestamp),
        ssrc: outgoing.ssrc,
        padding: false,
        values,
    };
    let header_len = header.write(ids, buffer);
    let mut end = header_len;
    match outgoing.front {
        Front::Nothing => {}
        Front::Original(number) => {
            buffer[end..end + 2].copy_from_slice(&number.to_be_bytes());
            end += 2;
        }
        Front::Earlier { bytes, payload_type } => {
            let copy = &mut buffer[end..end + bytes.len()];
            copy.copy_from_slice(bytes);
            red::set_payload_type(copy, payload_type);
            end += bytes.len();
        }
    }
    let payload: &[u8] = match outgoing.form {
        Form::Empty => &[],
        _ => &outgoing.packet.payload,
    };
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
/// measured before the first is sent. `tells`: the viewer's descriptors tell which layers he gets.
fn length(packet: &Packet, ids: &Extensions, mid: Option<&str>, tells: bool) -> usize {
    let block = block_len(&[
        (ids.mid, mid.map_or(0, str::len)),
        (ids.transport_cc, 2),
        (ids.abs_send_time, 3),
        (ids.audio_level, usize::from(packet.audio_level.is_some())),
        (ids.video_orientation, usize::from(packet.video_orientation.is_some())),
        (ids.dependency_descriptor, packet.descriptor.len(tells)),
    ]);
    HEADER_LEN + block + packet.payload.len()
}
