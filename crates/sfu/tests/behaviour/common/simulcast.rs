//! A camera whose pictures go out in three encodings, and what viewers see of them.

use super::{EXTENSIONS, FRAME, VIDEO_CLOCK, VP8, VP8_RTX, World, slot_ssrc};
use std::time::Instant;
use str0m::Input;
use str0m::media::MediaKind as Kind;
use str0m::rtp::{RtpWrite, Ssrc};
use tertulia_sfu::command::{Command, EncodingSpec, SourceSpec, Wish};
use tertulia_sfu::types::*;

/// As Chromium calls them, the lowest first.
pub const RIDS: [&str; 3] = ["q", "h", "f"];
pub const SIZES: [(u16, u16); 3] = [(320, 180), (640, 360), (1280, 720)];
pub const ALL: &[usize] = &[0, 1, 2];
/// Where the RTP timestamps of the encodings begin: nowhere near each other, and one about to wrap.
const CLOCKS: [u32; 3] = [1_000_000, 77, 4_294_900_000];

pub struct Camera {
    pub connection: ConnectionId,
    pub source: SourceId,
    pub ssrcs: [u32; 3],
    /// Its encodings have three temporal layers.
    pub is_layered: bool,
    /// Of its pictures, as their key frames tell.
    pub sizes: [(u16, u16); 3],
    /// Packets of a picture, and bytes of each.
    pub packets: [(usize, usize); 3],
    began: Instant,
    numbers: [u64; 3],
    /// Pictures so far, of each encoding; since its last key frame; and of its base layer.
    sent: [u16; 3],
    phases: [usize; 3],
    bases: [u8; 3],
    /// The last picture was sent in this encoding, so the next need not be a key frame.
    running: [bool; 3],
}

/// A packet as a viewer got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub number: u64,
    pub timestamp: u32,
    pub encoding: usize,
    pub picture_id: u16,
    pub tl0_pic_idx: u8,
    pub temporal: u8,
    /// Of the layers, it needs the base only.
    pub syncs: bool,
    pub begins_key_frame: bool,
    /// When the camera took the picture, in ticks since it began.
    pub taken: u32,
}

pub fn simulcast_spec(source: SourceId, encodings: Vec<EncodingSpec>) -> SourceSpec {
    SourceSpec {
        kind: MediaKind::Video,
        codec: Codec::Vp8,
        mid: format!("v{source}"),
        clock_rate: VIDEO_CLOCK,
        payload_type: VP8,
        rtx_payload_type: Some(VP8_RTX),
        red_payload_type: None,
        encodings,
        nack: true,
        extensions: EXTENSIONS,
    }
}

pub fn named(rids: &[&str]) -> Vec<EncodingSpec> {
    let spec = |rid: &&str| EncodingSpec {
        rid: Some(rid.to_string()),
        ..EncodingSpec::default()
    };
    rids.iter().map(spec).collect()
}

impl World {
    /// Three encodings that name themselves: no SSRC is told.
    pub fn publish_simulcast(&mut self, connection: ConnectionId, source: u64) -> Camera {
        let source = SourceId(source);
        let mid = format!("v{source}");
        let ssrcs = [0, 1, 2].map(|rank| 10_000 + 10 * source.0 as u32 + rank);
        let began = self.now;
        let mut api = self.client(connection).rtc.direct_api();
        api.declare_media(mid.as_str().into(), Kind::Video);
        for (&ssrc, rid) in ssrcs.iter().zip(RIDS) {
            let rtx = Some((ssrc + 100_000).into());
            api.declare_stream_tx(ssrc.into(), rtx, mid.as_str().into(), Some(rid.into()));
        }
        self.command(Command::AddSource {
            connection,
            source,
            spec: simulcast_spec(source, named(&RIDS)),
        });
        Camera {
            connection,
            source,
            ssrcs,
            is_layered: false,
            sizes: SIZES,
            packets: [(1, 205), (2, 255), (3, 305)],
            began,
            numbers: [5000, 60_000, 30_000],
            sent: [0; 3],
            phases: [0; 3],
            bases: [0; 3],
            running: [false; 3],
        }
    }

    pub fn wish(&mut self, slot: SlotId, pixels: u32) {
        let wish = Wish {
            pixels,
            ..Wish::default()
        };
        self.command(Command::Wish { slot, wish });
    }

    /// What came in on a slot, in order of arrival.
    pub fn seen(&mut self, viewer: ConnectionId, slot: SlotId) -> Vec<Seen> {
        let read = |packet: &&str0m::rtp::RtpPacket| {
            let payload = &packet.payload;
            let tail = &payload[payload.len() - 5..];
            Seen {
                number: *packet.seq_no,
                timestamp: packet.header.timestamp,
                encoding: usize::from(tail[0]),
                picture_id: u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff,
                tl0_pic_idx: payload[4],
                temporal: payload[5] >> 6,
                syncs: payload[5] & 0x20 != 0,
                begins_key_frame: payload[0] == 0x90 && payload[6] & 1 == 0,
                taken: u32::from_be_bytes(tail[1..].try_into().unwrap()),
            }
        };
        let packets = self.packets(viewer, slot);
        { packets.iter() }
            .filter(|packet| !packet.payload.is_empty())
            .map(read)
            .collect()
    }

    /// Writes one packet on a stream of the client's.
    pub fn write_on(&mut self, connection: ConnectionId, ssrc: u32, packet: RtpWrite) {
        let now = self.now;
        let client = self.client(connection);
        let ssrc: Ssrc = ssrc.into();
        let mut api = client.rtc.direct_api();
        api.stream_tx(&ssrc).expect("declared").write_rtp(packet);
        let _ = client.rtc.handle_input(Input::Timeout(now));
    }
}

impl Camera {
    /// Takes so many pictures and sends each in these encodings, with a key frame where one was asked for or the
    /// encoding begins anew.
    pub fn film(&mut self, world: &mut World, encodings: &[usize], pictures: usize) {
        for _ in 0..pictures {
            self.shoot(world, encodings);
            world.run(FRAME);
        }
    }

    /// One of them, without waiting for the next.
    pub fn shoot(&mut self, world: &mut World, encodings: &[usize]) {
        let asked = std::mem::take(&mut world.client(self.connection).rids_asked);
        let is_asked = |encoding: &usize| asked.iter().any(|rid| rid == RIDS[*encoding]);
        let keys: Vec<usize> = { encodings.iter() }
            .filter(|encoding| !self.running[**encoding] || is_asked(encoding))
            .copied()
            .collect();
        self.take(world, encodings, &keys);
    }

    /// Takes one picture and sends it in these encodings, in `keys` as a key frame.
    pub fn take(&mut self, world: &mut World, encodings: &[usize], keys: &[usize]) {
        self.running = [0, 1, 2].map(|encoding| encodings.contains(&encoding));
        for &encoding in encodings {
            self.write(world, encoding, keys.contains(&encoding), self.packets[encoding].0);
        }
        world.settle();
    }

    /// One picture of so many packets.
    pub fn write(&mut self, world: &mut World, encoding: usize, key: bool, packets: usize) {
        let elapsed = world.now.duration_since(self.began).as_micros() as u64;
        let taken = (elapsed * u64::from(VIDEO_CLOCK) / 1_000_000) as u32;
        self.sent[encoding] += 1;
        self.phases[encoding] = if key { 0 } else { self.phases[encoding] + 1 };
        self.bases[encoding] = self.bases[encoding].wrapping_add(u8::from(self.temporal(encoding) == 0));
        for i in 0..packets {
            let payload = self.payload(encoding, key, i == 0, taken);
            let number = self.numbers[encoding];
            self.numbers[encoding] += 1;
            let timestamp = CLOCKS[encoding].wrapping_add(taken);
            let packet = RtpWrite::new(VP8.into(), number.into(), timestamp, world.now, payload)
                .marker(i + 1 == packets)
                .nackable(true);
            world.write_on(self.connection, self.ssrcs[encoding], packet);
        }
    }

    /// Numbers that do not come: to the others they look lost.
    pub fn skip(&mut self, encoding: usize, count: u64) {
        self.numbers[encoding] += count;
    }

    /// Of the present picture. Only the last of four needs more than the base layer: the one before it.
    fn temporal(&self, encoding: usize) -> u8 {
        match self.is_layered {
            true => [0, 2, 1, 2][self.phases[encoding] % 4],
            false => 0,
        }
    }

    /// RFC 7741 §4.2 with all fields but KEYIDX, and a frame header; at the end what no decoder would understand.
    fn payload(&self, encoding: usize, key: bool, first: bool, taken: u32) -> Vec<u8> {
        let picture_id = (encoding as u16 * 9000 + 32_700 + self.sent[encoding]) & 0x7fff;
        let [high, low] = picture_id.to_be_bytes();
        let tl0_pic_idx = (encoding as u8 * 50).wrapping_add(self.bases[encoding]);
        let syncs = u8::from(self.phases[encoding] % 4 != 3) << 5;
        let begins = if first { 0x90 } else { 0x80 };
        let mut payload = vec![
            begins,
            0xe0,
            0x80 | high,
            low,
            tl0_pic_idx,
            self.temporal(encoding) << 6 | syncs,
        ];
        let (width, height) = self.sizes[encoding];
        payload.extend([u8::from(!(first && key)), 0, 0, 0x9d, 0x01, 0x2a]);
        payload.extend(width.to_le_bytes());
        payload.extend(height.to_le_bytes());
        payload.resize(self.packets[encoding].1 - 5, 0x5a);
        payload.push(encoding as u8);
        payload.extend(taken.to_be_bytes());
        payload
    }
}

/// One stream without a gap from 1000, in which each picture has the next number and a later time. Packets of one
/// picture lie together.
pub fn assert_one_stream(seen: &[Seen]) {
    assert!(!seen.is_empty());
    for (i, packet) in seen.iter().enumerate() {
        assert_eq!(packet.number, 1000 + i as u64);
    }
    for pair in seen.windows(2) {
        let [before, after] = [pair[0], pair[1]];
        let later = after.timestamp.wrapping_sub(before.timestamp) as i32;
        let (next, tl0_step) = (
            after.picture_id.wrapping_sub(before.picture_id) & 0x7fff,
            after.tl0_pic_idx.wrapping_sub(before.tl0_pic_idx),
        );
        let same = before.encoding == after.encoding && before.taken == after.taken;
        match same {
            true => assert_eq!((later, next, tl0_step), (0, 0, 0), "{before:?} {after:?}"),
            false => {
                let step = u8::from(after.temporal == 0);
                assert!(later > 0 && (next, tl0_step) == (1, step), "{before:?} {after:?}");
                let needs_another = after.temporal == 2 && !after.syncs;
                let has_it = before.temporal == 1 && before.encoding == after.encoding;
                assert!(!needs_another || has_it, "{before:?} {after:?}");
            }
        }
        assert!(before.encoding == after.encoding || after.begins_key_frame, "{after:?}");
    }
}

/// The encodings that a viewer got, one after another.
pub fn encodings_of(seen: &[Seen]) -> Vec<usize> {
    let mut encodings: Vec<usize> = seen.iter().map(|packet| packet.encoding).collect();
    encodings.dedup();
    encodings
}

/// The one that a viewer got last.
pub fn last_encoding(world: &mut World, viewer: ConnectionId, slot: SlotId) -> Option<usize> {
    let ssrc: Ssrc = slot_ssrc(slot).into();
    let received = &world.client(viewer).received;
    let last = received.iter().rev().find(|packet| packet.header.ssrc == ssrc)?;
    Some(usize::from(last.payload[last.payload.len() - 5]))
}
