//! Encoded chunks (W3C WebCodecs) in place of RTP: a connection without a transport, whose owner brings what its client sends frame by
//! frame and gets what it receives the same way.
//!
//! What comes is packed into RTP at once, and is from there on the packets of a source like any other. What goes is put together where
//! others are sealed.

mod assembler;
mod packer;

pub(crate) use assembler::Assembler;
use assembler::{Assembled, Piece};
pub(crate) use packer::Packer;
use packer::timestamp_of;

use crate::connection::Connection;
use crate::egress::Egress;
use crate::encoding::Encoding;
use crate::event::Event;
use crate::fanout::Job;
use crate::ingress::Arrival;
use crate::rtp::{ExtensionValues, Form};
use crate::sfu::Sfu;
use crate::table::Index;
use crate::types::{ConnectionId, RoomKey, SlotId, SourceId};
use std::time::Instant;

/// One encoded frame, of a picture or of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// It can be decoded without those before it; of sound each can.
    pub key: bool,
    /// When it was captured, in microseconds on the publisher's clock. It rises.
    pub time: u64,
    /// How loud it is, where its publisher says so: an octet as in RFC 6464 §3. Not told to viewers.
    pub level: Option<u8>,
    pub bytes: Vec<u8>,
}

impl Sfu {
    /// A connection that needs no transport: it is connected from the start.
    pub(crate) fn open_chunked(&mut self, id: ConnectionId, room: RoomKey, now: Instant) -> Option<()> {
        if self.connections.contains(id) {
            return None;
        }
        self.counters.connections_opened += 1;
        let connection = Connection::chunked(id, room, &self.config, now);
        self.connections.insert(id, connection);
        self.rooms.entry(room).or_default().connections += 1;
        self.emit(Event::Connected { connection: id });
        Some(())
    }

    /// A source of a connection without a transport brings a chunk.
    pub(crate) fn take_chunk(
        &mut self,
        id: SourceId,
        chunk: &Chunk,
        now: Instant,
        out: &mut impl Egress,
    ) -> Option<()> {
        let at = self.sources.find(id)?;
        let source = self.sources.get(at)?;
        let publisher = source.connection.filter(|_| source.packer.is_some())?;
        self.isolate(publisher, now, |sfu| {
            sfu.pack(id, chunk, now);
        });
        self.flush(now, out);
        Some(())
    }

    fn pack(&mut self, id: SourceId, chunk: &Chunk, now: Instant) -> Option<()> {
        let micros = self.micros(now);
        let at = self.sources.find(id)?;
        let source = self.sources.get_mut(at)?;
        let encoding = *source.encodings.first()?;
        let mut packer = source.packer.take()?;
        let (codec, payload_type) = (source.spec.codec, source.spec.payload_type);
        let timestamp = timestamp_of(chunk.time, source.spec.clock_rate);
        let values = ExtensionValues {
            audio_level: chunk.level,
            ..ExtensionValues::default()
        };
        self.counters.chunks_in += 1;
        if let Some(clock) = packer.clock(chunk.time, timestamp, now) {
            self.learn_clock(encoding, clock);
        }
        packer.pack(
            codec,
            (timestamp, payload_type),
            &chunk.bytes,
            |index, header, payload| {
                let arrival = Arrival {
                    header,
                    values: &values,
                    payload,
                    now,
                };
                self.handle_primary(encoding, index, micros, &arrival);
            },
        );
        self.sources.get_mut(at)?.packer = Some(packer);
        Some(())
    }

    /// As [`forward`](Sfu::forward), for a viewer who gets chunks.
    pub(crate) fn deliver(&mut self, job: Job, now: Instant) {
        let (Some(slot), Some(encoding)) = (self.slots.get_mut(job.slot), self.encodings.get(job.encoding)) else {
            return;
        };
        let Some(source) = self.sources.get(encoding.source) else {
            return;
        };
        let Some(mut assembler) = slot.assembler.take() else {
            return;
        };
        let stream = slot.stream_of(job.encoding, encoding, source, &self.encodings);
        let (mut started, mut lost) = (false, false);
        for &index in encoding.outbox.released() {
            let Some(packet) = encoding.ring.get(index) else {
                continue;
            };
            let Some(place) = slot.sequence.place(index, packet, &stream, now) else {
                continue;
            };
            started |= place.starts;
            let piece = Piece {
                index: place.index,
                codec: source.spec.codec,
                clock_rate: source.spec.clock_rate,
                timestamp: packet.timestamp.wrapping_add(place.shifts.timestamp),
                marker: packet.marker || place.form == Form::Last,
                key_frame: packet.key_frame,
                starts: place.starts,
                payload: match place.form {
                    Form::Empty => &[],
                    _ => &packet.payload,
                },
            };
            slot.packets += 1;
            slot.octets += piece.payload.len() as u64;
            assembler.push(piece, now);
            while let Some(assembled) = assembler.pull(now) {
                match assembled {
                    Assembled::Chunk(chunk) => {
                        self.counters.chunks_out += 1;
                        self.events.push_back(Event::Chunk {
                            slot: slot.id,
                            source: source.id,
                            chunk,
                        });
                    }
                    Assembled::Lost => lost = true,
                }
            }
        }
        slot.assembler = Some(assembler);
        self.settle(job, &stream, started, now);
        if lost {
            self.counters.chunks_lost += 1;
            self.demand_key_frame(job.encoding, now);
            self.ask_publisher(job.encoding, now);
        }
    }

    /// A viewer who gets chunks has left some out, and can go on at a key frame only.
    pub(crate) fn refresh_slot(&mut self, id: SlotId, now: Instant) -> Option<()> {
        let slot = self.slots.get(self.slots.find(id)?)?;
        let encoding = slot.current.or(slot.target)?;
        self.demand_key_frame(encoding, now);
        self.ask_publisher(encoding, now);
        Some(())
    }

    /// Tells the owner of a connection without a transport that its client shall make a key frame, where one is due.
    pub(crate) fn ask_for_key_frame(&mut self, at: Index<Encoding>, now: Instant) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        if encoding.demand.take_due(now)
            && let Some(source) = self.sources.get(encoding.source)
        {
            self.counters.pli_out += 1;
            self.events.push_back(Event::KeyFrameWanted { source: source.id });
        }
    }
}
