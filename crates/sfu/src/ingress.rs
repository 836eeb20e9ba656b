//! RTP from publishers: opened, matched to an encoding, stored once.

use crate::clock::ticks;
use crate::connection::{Connection, Role, StreamsFull};
use crate::egress::DATAGRAM_MAX;
use crate::encoding::Encoding;
use crate::event::Event;
use crate::onset::Onset;
use crate::payload::Payload;
use crate::ring::{Insertion, Packet};
use crate::rtp::{
    Descriptor, ExtensionValues, HEADER_MAX, Layering, RtpHeader, be16, is_key_frame, picture_size, strip_padding,
};
use crate::sfu::Sfu;
use crate::srtp::{SrtpError, TAG_MAX};
use crate::table::Index;
use crate::types::{Codec, MediaKind, Path};
use std::time::{Duration, Instant};

/// The original sequence number in front of an RTX payload (RFC 4588 §4), in bytes.
const ORIGINAL_LEN: usize = 2;
/// What is longer would not fit into a datagram with our headers before it.
const PAYLOAD_MAX: usize = DATAGRAM_MAX - HEADER_MAX - ORIGINAL_LEN - TAG_MAX;
/// A client's first report is due this long after its first packet.
const FIRST_REPORT: Duration = Duration::from_millis(500);

/// One packet after decryption, as all kinds of streams see it.
#[derive(Clone, Copy)]
pub(crate) struct Arrival<'a> {
    pub header: &'a RtpHeader,
    pub values: &'a ExtensionValues<'a>,
    pub payload: &'a [u8],
    pub now: Instant,
}

/// Who an SSRC belongs to, or why it belongs to nobody.
enum Learnt {
    Role(Role),
    Unknown,
    Full,
}

impl Sfu {
    pub(crate) fn handle_rtp(
        &mut self,
        at: Index<Connection>,
        path: &Path,
        datagram: &mut [u8],
        arrived: Instant,
        now: Instant,
    ) {
        let micros = self.micros(arrived);
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let Some(receiver) = &mut connection.receiver else {
            self.counters.dropped_before_keys += 1;
            return;
        };
        let Ok(header) = RtpHeader::parse(datagram) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        let opened = match receiver.open_rtp(datagram, &header) {
            Ok(opened) => opened,
            Err(error) => return self.count_srtp_error(error),
        };
        self.counters.rtp_in += 1;
        self.counters.path_changes += u64::from(connection.paths.follow(path));
        let values = header.values(datagram, &connection.extensions);
        if let Some(number) = values.transport_cc {
            connection.arrivals.record(number, micros, now);
        }
        if connection.report_due.is_none() {
            connection.report_due = Some(now + FIRST_REPORT);
        }
        let role = match connection.streams.role(header.ssrc) {
            None | Some(Role::Orphan) => self.learn(at, &header, &values),
            Some(role) => Learnt::Role(role),
        };
        let payload = match header.padding {
            true => strip_padding(&datagram[opened.payload]),
            false => Ok(&datagram[opened.payload]),
        };
        let Some(payload) = payload.ok().filter(|payload| payload.len() <= PAYLOAD_MAX) else {
            self.counters.dropped_malformed += 1;
            return;
        };
        let arrival = Arrival {
            header: &header,
            values: &values,
            payload,
            now,
        };
        match role {
            Learnt::Role(Role::Primary(encoding)) => self.handle_primary(encoding, opened.index, micros, &arrival),
            Learnt::Role(Role::Rtx(encoding)) => self.handle_rtx(encoding, &arrival),
            Learnt::Full => self.counters.dropped_too_many_ssrcs += 1,
            Learnt::Role(Role::Retired(_) | Role::Orphan) | Learnt::Unknown => self.counters.dropped_unknown_ssrc += 1,
        }
    }

    pub(crate) fn count_srtp_error(&mut self, error: SrtpError) {
        let counter = match error {
            SrtpError::Authentication => &mut self.counters.dropped_bad_auth,
            SrtpError::Replayed => &mut self.counters.dropped_replayed,
            SrtpError::TooOld => &mut self.counters.dropped_too_old,
            SrtpError::TooManySsrcs => &mut self.counters.dropped_too_many_ssrcs,
            SrtpError::TooShort | SrtpError::KeyLength => &mut self.counters.dropped_malformed,
        };
        *counter += 1;
    }

    /// Matches an unknown SSRC by MID (RFC 8843 §9.2) and RID (RFC 8852), else by a payload type that only one has.
    fn learn(&mut self, at: Index<Connection>, header: &RtpHeader, values: &ExtensionValues<'_>) -> Learnt {
        let Some(connection) = self.connections.get_mut(at) else {
            return Learnt::Unknown;
        };
        let before = connection.streams.name(header.ssrc);
        let mid = values.mid.or(before.map(|name| name.mid.as_str()));
        let named = |repairs| before.filter(|name| name.repairs == repairs)?.rid.as_deref();
        let (rid, repaired_rid) = (values.rid.or(named(false)), values.repaired_rid.or(named(true)));
        let role = |index: Index<Encoding>| {
            let encoding = self.encodings.get(index)?;
            let source = self.sources.get(encoding.source)?;
            if mid.is_some_and(|mid| mid != source.spec.mid) {
                return None;
            }
            let is_only = source.encodings.len() == 1;
            if source.spec.has_payload_type(header.payload_type) {
                return encoding.is_named(rid, is_only).then_some(Role::Primary(index));
            }
            let repairs = source.spec.rtx_payload_type == Some(header.payload_type);
            (repairs && encoding.is_named(repaired_rid, is_only)).then_some(Role::Rtx(index))
        };
        let mut candidates = connection.encodings.iter().filter_map(|&index| role(index));
        let (Some(role), None) = (candidates.next(), candidates.next()) else {
            return Learnt::Unknown;
        };
        match connection.streams.assign(header.ssrc, role) {
            Ok(None) => {}
            Ok(Some(forgotten)) => {
                if let Some(receiver) = &mut connection.receiver {
                    receiver.forget(forgotten);
                }
            }
            Err(StreamsFull) => return Learnt::Full,
        }
        match role {
            Role::Primary(index) => {
                if let Some(encoding) = self.encodings.get_mut(index) {
                    if let Some(before) = encoding.ssrc {
                        // There is room: this SSRC has a place already.
                        let _ = connection.streams.assign(before, Role::Retired(index));
                        encoding.change_ssrc(header.ssrc, self.epochs.next());
                    }
                    encoding.ssrc = Some(header.ssrc);
                }
            }
            Role::Rtx(index) => {
                if let Some(encoding) = self.encodings.get_mut(index) {
                    let before = encoding.rtx_ssrc.replace(header.ssrc);
                    let _ = before.map(|before| connection.streams.assign(before, Role::Retired(index)));
                }
            }
            Role::Retired(_) | Role::Orphan => {}
        }
        Learnt::Role(role)
    }

    pub(crate) fn handle_primary(&mut self, at: Index<Encoding>, index: u64, micros: i64, arrival: &Arrival<'_>) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        let Some(source) = self.sources.get_mut(encoding.source) else {
            return;
        };
        let Arrival {
            header, payload, now, ..
        } = *arrival;
        let clock = ticks(Duration::from_micros(micros as u64), source.spec.clock_rate);
        encoding.reception.record(index, header.timestamp, payload.len(), clock);
        if source.spec.nack && source.enabled {
            encoding.losses.arrived(index, now);
        }
        if !source.enabled {
            self.counters.dropped_disabled += 1;
            return;
        }
        let foreign = header.payload_type != source.spec.payload_type;
        if foreign && source.spec.red_payload_type == Some(header.payload_type) {
            return self.handle_redundant(at, index, arrival);
        }
        self.take(at, index, arrival);
    }

    /// A packet with one frame of sound, or with a part of a picture.
    pub(crate) fn take(&mut self, at: Index<Encoding>, index: u64, arrival: &Arrival<'_>) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        let Some(source) = self.sources.get_mut(encoding.source) else {
            return;
        };
        let Arrival {
            header, payload, now, ..
        } = *arrival;
        let foreign = header.payload_type != source.spec.payload_type;
        if foreign && source.meets_foreign(header.payload_type) {
            self.events.push_back(Event::SourcePayload {
                source: source.id,
                payload_type: header.payload_type,
            });
        }
        if foreign || payload.is_empty() {
            if encoding.compaction.leave_out(index) {
                match foreign {
                    true => self.counters.dropped_payload_type += 1,
                    false => self.counters.dropped_padding += 1,
                }
                return;
            }
            // Its number is taken already: an empty packet in its place tells viewers that nothing is missing.
            return self.admit(
                at,
                index,
                &Arrival {
                    payload: &[],
                    ..*arrival
                },
                false,
            );
        }
        let is_video = source.spec.kind == MediaKind::Video;
        let begins = is_video && encoding.flow.arrived(header.marker, payload.len());
        let (room, id, favoured) = (source.room, source.id, source.favoured);
        // Before it is admitted: it may begin the very key frame that viewers would ask for.
        if begins || (is_video && source.tick.is_none()) {
            self.flow_begins(at, begins, now);
        }
        if !is_video
            && let Some(level) = arrival.values.audio_level
            && !self.hear(room, id, level & 0x7f, favoured, now)
            && let Some(encoding) = self.encodings.get_mut(at)
            && encoding.compaction.leave_out(index)
        {
            self.counters.dropped_unheard += 1;
            if self.rooms.get(&room).is_some_and(|room| room.host.is_some()) {
                Onset::keep(&mut encoding.onset, index, arrival);
            }
            return;
        }
        self.admit(at, index, arrival, false);
    }

    /// A packet on the RTX stream: a repair, a probe that repeats what came before, or padding alone.
    fn handle_rtx(&mut self, at: Index<Encoding>, arrival: &Arrival<'_>) {
        self.counters.rtx_in += 1;
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        let Some(source) = self.sources.get(encoding.source) else {
            return;
        };
        if !source.enabled {
            self.counters.dropped_disabled += 1;
            return;
        }
        if Some(arrival.header.payload_type) != source.spec.rtx_payload_type {
            self.counters.dropped_payload_type += 1;
            return;
        }
        let Some(payload) = arrival.payload.get(ORIGINAL_LEN..).filter(|rest| !rest.is_empty()) else {
            self.counters.dropped_padding += 1;
            return;
        };
        let Some(highest) = encoding.reception.highest() else {
            self.counters.dropped_too_old += 1;
            return;
        };
        let ahead = be16(arrival.payload).wrapping_sub(highest as u16) as i16;
        let Some(index) = highest.checked_add_signed(i64::from(ahead)) else {
            self.counters.dropped_too_old += 1;
            return;
        };
        if source.spec.nack {
            encoding.losses.arrived(index, arrival.now);
        }
        self.admit(at, index, &Arrival { payload, ..*arrival }, true);
    }

    /// Stores a packet that is new and puts it on its way to the viewers.
    pub(crate) fn admit(&mut self, at: Index<Encoding>, index: u64, arrival: &Arrival<'_>, repaired: bool) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        let Some(source) = self.sources.get_mut(encoding.source) else {
            return;
        };
        let Arrival {
            header,
            values,
            payload,
            now,
        } = *arrival;
        let Some(index) = encoding.compaction.map(index) else {
            self.counters.dropped_too_old += 1;
            return;
        };
        let seeks = source.has_key_frames();
        let key_frame = !seeks || is_key_frame(source.spec.codec, payload);
        let described = values
            .dependency_descriptor
            .filter(|_| source.spec.codec == Codec::Av1 && !payload.is_empty());
        let (told, descriptor) = match described {
            Some(descriptor) => encoding.dependencies.read(descriptor),
            None => (None, Descriptor::default()),
        };
        let layering = told.unwrap_or_else(|| Layering::read(source.spec.codec, payload, header.marker));
        let packet = Packet {
            timestamp: header.timestamp,
            marker: header.marker,
            key_frame,
            audio_level: values.audio_level,
            video_orientation: values.video_orientation,
            layering,
            descriptor,
            payload: match source.is_watched_elsewhere(encoding.rank) {
                true => Payload::shared(payload),
                false => Payload::default(),
            },
            ..Packet::empty(now)
        };
        if self.keep(at, index, packet, payload, repaired, now) {
            self.counters.key_frames += u64::from(seeks && key_frame);
            if let Some(encoding) = self.encodings.get_mut(at) {
                encoding.repaired += u64::from(repaired);
            }
        }
    }

    /// Puts a packet into the ring and on its way to the viewers, if it is new. One that is not held leaves with the next flush.
    pub(crate) fn keep(
        &mut self,
        at: Index<Encoding>,
        index: u64,
        packet: Packet,
        payload: &[u8],
        at_once: bool,
        now: Instant,
    ) -> bool {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return false;
        };
        let Some(source) = self.sources.get_mut(encoding.source) else {
            return false;
        };
        let (marker, key_frame, layering) = (packet.marker, packet.key_frame, packet.layering);
        let octets = packet.payload.len().max(payload.len());
        // Of the frame of a descriptor that is not understood nothing is known.
        let is_known = packet.descriptor.is_understood() || packet.descriptor.is_empty();
        match encoding.ring.insert(index, packet, payload) {
            Insertion::New => {
                // A mirror is told.
                if encoding.connection.is_some() {
                    encoding.layers.count(&layering, octets);
                }
                source.resized |= is_known && encoding.sizes.count(&layering, key_frame);
            }
            Insertion::Duplicate => {
                self.counters.dropped_duplicate += 1;
                return false;
            }
            Insertion::TooOld => {
                self.counters.dropped_too_old += 1;
                return false;
            }
        }
        let (was_ready, was_holding) = (!encoding.outbox.released().is_empty(), encoding.outbox.is_holding());
        match source.holds_frames(encoding.listeners.len(), &self.config) && !at_once {
            true => encoding.outbox.hold(index, marker, &self.config, now),
            false => encoding.outbox.push(index),
        }
        if !was_ready && !encoding.outbox.released().is_empty() {
            self.ready.push(at);
        }
        match (was_holding, encoding.outbox.is_holding()) {
            (false, true) => self.holding.push(at),
            (true, false) => self.holding.retain(|&index| index != at),
            _ => {}
        }
        if !source.started {
            source.started = true;
            self.events.push_back(Event::SourceStarted { source: source.id });
        }
        if key_frame && source.has_key_frames() {
            self.take_key_frame(at, index, now);
        }
        true
    }

    /// A key frame begins with this packet, and leaves with the next flush.
    fn take_key_frame(&mut self, at: Index<Encoding>, index: u64, now: Instant) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        encoding.key_frames += 1;
        let source_at = encoding.source;
        let Some(source) = self.sources.get_mut(source_at) else {
            return;
        };
        let packet = encoding.ring.get(index);
        if let Some(picture) = packet.and_then(|packet| picture_size(source.spec.codec, &packet.payload)) {
            let before = encoding.picture.replace(picture);
            source.resized |= before.is_some_and(|before| before != picture);
            if before.is_none() {
                self.aim_viewers(source_at, now);
                self.tell_mirrors(source_at);
            }
        }
        if let Some(encoding) = self.encodings.get_mut(at) {
            encoding.demand.met();
        }
    }

    pub(crate) fn release_held(&mut self, now: Instant) {
        let (encodings, ready, config) = (&mut self.encodings, &mut self.ready, &self.config);
        self.holding.retain(|&at| {
            let Some(encoding) = encodings.get_mut(at) else {
                return false;
            };
            match encoding.outbox.deadline(config) {
                Some(due) if due > now => true,
                Some(_) => {
                    if encoding.outbox.released().is_empty() {
                        ready.push(at);
                    }
                    encoding.outbox.release();
                    false
                }
                None => false,
            }
        });
    }
}
