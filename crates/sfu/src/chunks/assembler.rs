//! RTP becomes chunks again, for a viewer who gets them one by one: in order, whole or not at all.

use super::Chunk;
use crate::rtp::vp8;
use crate::types::{Codec, MediaKind};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// So long a picture waits for a packet of its own that was lost and may be sent again; and so long sound does.
const PICTURE_WAITS: Duration = Duration::from_millis(400);
const SOUND_WAITS: Duration = Duration::from_millis(100);
/// Packets that wait; above it what is missing is given up.
const PIECES_MAX: usize = 1024;

/// A packet of the viewer's stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Piece<'a> {
    /// Its place in the stream, without roll-over.
    pub index: u64,
    pub codec: Codec,
    pub clock_rate: u32,
    pub timestamp: u32,
    /// The last one of its picture.
    pub marker: bool,
    pub key_frame: bool,
    /// The first of a stream: what lies before it is not waited for.
    pub starts: bool,
    /// Empty: there is nothing in it but its number.
    pub payload: &'a [u8],
}

#[derive(Debug)]
struct Held {
    arrived: Instant,
    clock_rate: u32,
    timestamp: u32,
    marker: bool,
    key_frame: bool,
    /// Of a picture, its first packet.
    begins: bool,
    bytes: Vec<u8>,
}

/// What became of packets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Assembled {
    Chunk(Chunk),
    /// A picture does not come any more: what follows is left out up to the next key frame.
    Lost,
}

/// Of one slot. A bounded buffer that puts packets in order; pictures that refer to one that was lost are not given out.
#[derive(Debug)]
pub(crate) struct Assembler {
    kind: MediaKind,
    held: BTreeMap<u64, Held>,
    /// Index of the packet that the next chunk begins with.
    next: Option<u64>,
    awaits_key_frame: bool,
    /// Timestamp of the last chunk, and the same without wrapping.
    last: Option<(u32, u64)>,
}

impl Assembler {
    pub fn new(kind: MediaKind) -> Assembler {
        Assembler {
            kind,
            held: BTreeMap::new(),
            next: None,
            awaits_key_frame: kind == MediaKind::Video,
            last: None,
        }
    }

    pub fn push(&mut self, piece: Piece<'_>, now: Instant) {
        if piece.starts {
            self.held.clear();
            self.next = Some(piece.index);
            self.awaits_key_frame = self.kind == MediaKind::Video;
        }
        if self.next.is_none_or(|next| piece.index < next) {
            return;
        }
        let (begins, bytes) = match piece.codec {
            Codec::Vp8 if !piece.payload.is_empty() => match vp8::Descriptor::parse(piece.payload) {
                Some(descriptor) => (descriptor.begins_frame, descriptor.frame),
                // Its place stays empty, and the picture is given up.
                None => return,
            },
            Codec::Vp8 | Codec::Opus => (false, piece.payload),
            _ => return,
        };
        self.held.entry(piece.index).or_insert_with(|| Held {
            arrived: now,
            clock_rate: piece.clock_rate,
            timestamp: piece.timestamp,
            marker: piece.marker || self.kind == MediaKind::Audio,
            key_frame: piece.key_frame,
            begins,
            bytes: bytes.to_vec(),
        });
    }

    /// What is ready; none until more comes.
    pub fn pull(&mut self, now: Instant) -> Option<Assembled> {
        loop {
            let first = self.next?;
            let mut end = first;
            while self.held.get(&end).is_some_and(|held| !held.marker) {
                end += 1;
            }
            if !self.held.contains_key(&end) {
                // The next one has not come, or was lost: then there are later ones.
                if !self.is_given_up(end, now) {
                    return None;
                }
                if self.skip() {
                    return Some(Assembled::Lost);
                }
                continue;
            }
            self.next = Some(end + 1);
            let later = self.held.split_off(&(end + 1));
            let pieces = std::mem::replace(&mut self.held, later);
            match self.assemble(pieces.into_values()) {
                Ok(Some(chunk)) => return Some(Assembled::Chunk(chunk)),
                Ok(None) => {}
                Err(Broken) if self.awaits_key_frame => {}
                Err(Broken) => {
                    self.awaits_key_frame = true;
                    return Some(Assembled::Lost);
                }
            }
        }
    }

    fn is_given_up(&self, missing: u64, now: Instant) -> bool {
        let patience = match self.kind {
            MediaKind::Video => PICTURE_WAITS,
            MediaKind::Audio => SOUND_WAITS,
        };
        let waits = |held: &Held| now.saturating_duration_since(held.arrived) >= patience;
        let later = self.held.range(missing..).next();
        later.is_some_and(|(_, held)| waits(held) || self.held.len() > PIECES_MAX)
    }

    /// Goes on behind what is missing. True: a picture that others refer to was lost, and no key frame is there yet.
    fn skip(&mut self) -> bool {
        let begins = |held: &Held| self.kind == MediaKind::Audio || (held.begins && held.key_frame);
        let from = self.next.unwrap_or(0);
        // The first of them is the chunk that is not whole.
        let later = self.held.range(from + 1..).find(|(_, held)| begins(held));
        if let Some((&index, _)) = later {
            self.held = self.held.split_off(&index);
            self.next = Some(index);
            self.awaits_key_frame = self.kind == MediaKind::Video;
            return false;
        }
        self.next = self.held.last_key_value().map(|(&index, _)| index + 1);
        self.held.clear();
        !std::mem::replace(&mut self.awaits_key_frame, true)
    }

    /// One chunk of all its packets; none where they are empty or must be left out.
    fn assemble(&mut self, pieces: impl Iterator<Item = Held>) -> Result<Option<Chunk>, Broken> {
        let mut pieces = pieces.filter(|held| !held.bytes.is_empty());
        let Some(mut chunk) = pieces.next() else {
            return Ok(None);
        };
        let is_video = self.kind == MediaKind::Video;
        if is_video && !chunk.begins {
            return Err(Broken);
        }
        for piece in pieces {
            if piece.timestamp != chunk.timestamp {
                return Err(Broken);
            }
            chunk.bytes.extend_from_slice(&piece.bytes);
        }
        if self.awaits_key_frame && is_video && !chunk.key_frame {
            return Ok(None);
        }
        self.awaits_key_frame = false;
        Ok(Some(Chunk {
            key: chunk.key_frame,
            time: self.time(chunk.timestamp, chunk.clock_rate),
            level: None,
            bytes: chunk.bytes,
        }))
    }

    /// In microseconds, which do not wrap.
    fn time(&mut self, timestamp: u32, clock_rate: u32) -> u64 {
        let ticks = match self.last {
            Some((before, ticks)) => ticks.saturating_add_signed(i64::from(timestamp.wrapping_sub(before) as i32)),
            // With room for what comes before it.
            None => u64::from(timestamp) + (1 << 32),
        };
        self.last = Some((timestamp, ticks));
        (u128::from(ticks) * 1_000_000 / u128::from(clock_rate.max(1))) as u64
    }
}

/// Packets that do not make one picture.
struct Broken;

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    /// Of a picture at 90 kHz: its index, its timestamp, whether it is the first and the last of it, and of a key frame.
    #[derive(Clone, Copy)]
    struct Packet {
        index: u64,
        timestamp: u32,
        begins: bool,
        ends: bool,
        key: bool,
    }

    /// Pictures of two packets each, the first a key frame.
    fn pictures(count: u64, from: u64, timestamp: u32) -> Vec<Packet> {
        let packet = |at: u64| Packet {
            index: from + at,
            timestamp: timestamp.wrapping_add(3000 * (at / 2) as u32),
            begins: at.is_multiple_of(2),
            ends: !at.is_multiple_of(2),
            key: at < 2,
        };
        (0..2 * count).map(packet).collect()
    }

    struct Viewer {
        assembler: Assembler,
        started: bool,
        start: Instant,
    }

    impl Viewer {
        fn new() -> Viewer {
            Viewer {
                assembler: Assembler::new(MediaKind::Video),
                started: false,
                start: Instant::now(),
            }
        }

        /// At that many milliseconds; gives the indices of the packets in each chunk, or none for a loss.
        fn gets(&mut self, packet: Packet, at: u64) -> Vec<Option<Vec<u8>>> {
            let now = self.start + Duration::from_millis(at);
            let mut payload = vp8::write_descriptor(packet.begins, 0).to_vec();
            payload.push(packet.index as u8);
            let piece = Piece {
                index: packet.index,
                codec: Codec::Vp8,
                clock_rate: 90_000,
                timestamp: packet.timestamp,
                marker: packet.ends,
                key_frame: packet.key && packet.begins,
                starts: !std::mem::replace(&mut self.started, true),
                payload: &payload,
            };
            self.assembler.push(piece, now);
            std::iter::from_fn(|| self.assembler.pull(now))
                .map(|assembled| match assembled {
                    Assembled::Chunk(chunk) => Some(chunk.bytes),
                    Assembled::Lost => None,
                })
                .collect()
        }
    }

    #[test]
    fn pictures_come_out_whole_and_in_order() {
        let mut viewer = Viewer::new();
        let packets = pictures(3, 10, 0);
        let order = [0, 2, 1, 5, 4, 3];
        let chunks: Vec<_> = order.iter().flat_map(|&at| viewer.gets(packets[at], 0)).collect();
        assert_eq!(chunks, [Some(vec![10, 11]), Some(vec![12, 13]), Some(vec![14, 15])]);
    }

    #[test]
    fn a_repair_within_patience_loses_nothing() {
        let mut viewer = Viewer::new();
        let packets = pictures(3, 10, 0);
        for at in [0, 1, 3, 4, 5] {
            viewer.gets(packets[at], 33 * at as u64);
        }
        assert_eq!(viewer.gets(packets[2], 300), [Some(vec![12, 13]), Some(vec![14, 15])]);
    }

    #[test]
    fn behind_a_loss_everything_waits_for_a_key_frame_and_it_is_told_once() {
        let mut viewer = Viewer::new();
        let packets = pictures(40, 10, 0);
        let mut told = Vec::new();
        for (at, &packet) in packets.iter().enumerate() {
            if at != 4 {
                told.extend(viewer.gets(packet, 33 * at as u64));
            }
        }
        assert_eq!(told, [Some(vec![10, 11]), Some(vec![12, 13]), None]);
        let anew = pictures(2, 90, 33 * 9000);
        let chunks: Vec<_> = anew.iter().flat_map(|&packet| viewer.gets(packet, 3000)).collect();
        assert_eq!(chunks, [Some(vec![90, 91]), Some(vec![92, 93])]);
    }

    #[test]
    fn a_key_frame_that_waits_behind_a_loss_is_the_next() {
        let mut viewer = Viewer::new();
        let mut packets = pictures(2, 10, 0);
        packets.extend(pictures(2, 14, 9000));
        packets.remove(2);
        let mut told: Vec<_> = packets.iter().flat_map(|&packet| viewer.gets(packet, 0)).collect();
        told.extend(viewer.gets(pictures(1, 18, 18_000)[0], 400));
        assert_eq!(told, [Some(vec![10, 11]), Some(vec![14, 15]), Some(vec![16, 17])]);
    }

    #[test]
    fn what_comes_late_or_twice_changes_nothing() {
        let mut viewer = Viewer::new();
        let packets = pictures(2, 10, 0);
        packets.iter().for_each(|&packet| _ = viewer.gets(packet, 0));
        assert!(packets.iter().all(|&packet| viewer.gets(packet, 1).is_empty()));
        assert!(viewer.assembler.held.is_empty());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut viewer = Viewer::new();
        viewer.gets(pictures(1, 0, 0)[0], 0);
        for packet in pictures(2000, 2, 0) {
            viewer.gets(packet, 0);
            assert!(viewer.assembler.held.len() <= PIECES_MAX + 1);
        }
    }

    #[test]
    fn times_go_on_where_timestamps_wrap() {
        let mut assembler = Assembler::new(MediaKind::Audio);
        let now = Instant::now();
        let times: Vec<u64> = (0..3u32)
            .filter_map(|at| {
                let piece = Piece {
                    index: u64::from(at),
                    codec: Codec::Opus,
                    clock_rate: 48_000,
                    timestamp: 0u32.wrapping_sub(960).wrapping_add(960 * at),
                    marker: false,
                    key_frame: true,
                    starts: at == 0,
                    payload: &[1],
                };
                assembler.push(piece, now);
                match assembler.pull(now) {
                    Some(Assembled::Chunk(chunk)) => Some(chunk.time),
                    _ => None,
                }
            })
            .collect();
        assert_eq!([times[1] - times[0], times[2] - times[1]], [20_000, 20_000]);
    }

    #[test]
    fn lost_sound_is_not_waited_for_for_long() {
        let mut assembler = Assembler::new(MediaKind::Audio);
        let start = Instant::now();
        let mut heard = Vec::new();
        for at in [0u64, 1, 3, 4, 5, 6, 7, 8] {
            let now = start + Duration::from_millis(20 * at);
            let piece = Piece {
                index: at,
                codec: Codec::Opus,
                clock_rate: 48_000,
                timestamp: 960 * at as u32,
                marker: false,
                key_frame: true,
                starts: at == 0,
                payload: &[at as u8],
            };
            assembler.push(piece, now);
            while let Some(assembled) = assembler.pull(now) {
                match assembled {
                    Assembled::Chunk(chunk) => heard.push((at, chunk.bytes[0])),
                    Assembled::Lost => panic!("sound needs no key frame"),
                }
            }
        }
        assert_eq!(heard, [(0, 0), (1, 1), (8, 3), (8, 4), (8, 5), (8, 6), (8, 7), (8, 8)]);
    }
}
