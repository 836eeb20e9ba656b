//! A camera whose pictures are described by dependency descriptors (AV1 RTP, appendix A), and what a viewer can decode of them.

use super::{EXTENSIONS, FRAME, VIDEO_CLOCK, VP8, VP8_RTX, World, slot_ssrc, ssrc_of};
use std::collections::HashSet;
use str0m::media::MediaKind as Kind;
use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues, RtpPacket, RtpWrite, Ssrc};
use tertulia_sfu::command::{Command, EncodingSpec, SourceSpec};
use tertulia_sfu::types::*;

/// The extension's data as it is in a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described(pub Vec<u8>);

#[derive(Debug)]
struct AsItIs;

impl Described {
    pub fn extension() -> Extension {
        let uri = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
        Extension::with_serializer(uri, AsItIs)
    }
}

impl ExtensionSerializer for AsItIs {
    fn write_to(&self, buffer: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(Described(bytes)) = values.user_values.get() else {
            return 0;
        };
        buffer[..bytes.len()].copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, bytes: &[u8], values: &mut ExtensionValues) -> bool {
        values.user_values.set(Described(bytes.to_vec()));
        true
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values
            .user_values
            .get()
            .is_some_and(|Described(bytes)| bytes.len() > 16)
    }
}

/// A template: spatial and temporal layer, indications as in table A.1, differences of frames, and of chains.
type Row = (u8, u8, &'static str, &'static [u32], &'static [u32]);

/// Which layers there are, and in which frames of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    rows: &'static [Row],
    /// The chain of each decode target.
    chains: &'static [u32],
    /// The templates of the frames of a picture, of all that there are till they repeat; those of a key frame first.
    pictures: &'static [&'static [u8]],
}

/// §A.10.2.1. Decode targets: all pictures, a half, a quarter.
pub const L1T3: Mode = Mode {
    rows: &[
        (0, 0, "SSS", &[], &[0]),
        (0, 0, "SSS", &[4], &[4]),
        (0, 1, "SD-", &[2], &[2]),
        (0, 2, "D--", &[1], &[1]),
        (0, 2, "D--", &[1], &[3]),
    ],
    chains: &[0, 0, 0],
    pictures: &[&[0], &[3], &[2], &[4], &[1]],
};

/// Two sizes, which need each other in key frames only. Decode targets: the larger with all pictures and a half, the smaller.
pub const L2T2_KEY: Mode = Mode {
    rows: &[
        (0, 0, "SSSS", &[], &[0, 0]),
        (0, 0, "--SS", &[4], &[4, 3]),
        (0, 1, "--D-", &[2], &[2, 1]),
        (1, 0, "SS--", &[1], &[1, 1]),
        (1, 0, "SS--", &[4], &[1, 4]),
        (1, 1, "D---", &[2], &[3, 2]),
    ],
    chains: &[1, 1, 0, 0],
    pictures: &[&[0, 3], &[2, 5], &[1, 4]],
};

pub struct DescribedCamera {
    pub connection: ConnectionId,
    pub source: SourceId,
    mode: Mode,
    /// Of the first template.
    offset: u8,
    numbers: u64,
    pictures: u32,
    frames: u16,
    /// Since the last key frame, none before the first.
    phase: Option<usize>,
}

/// A frame as a viewer got it whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GotFrame {
    pub source: u8,
    pub number: u16,
    pub timestamp: u32,
    pub spatial: u8,
    pub temporal: u8,
    pub is_key: bool,
    /// It ends with the marker.
    pub marker: bool,
    /// Active decode targets, where they are told.
    pub active: Option<u32>,
    refers_to: Vec<u16>,
}

impl World {
    /// A source of AV1, whose frames are numbered from `frames` on.
    pub fn publish_described(
        &mut self,
        connection: ConnectionId,
        source: u64,
        mode: Mode,
        frames: u16,
    ) -> DescribedCamera {
        let source = SourceId(source);
        let (ssrc, rtx) = (ssrc_of(source), ssrc_of(source) + 100_000);
        let mid = format!("v{source}");
        let mut api = self.client(connection).rtc.direct_api();
        api.declare_media(mid.as_str().into(), Kind::Video);
        api.declare_stream_tx(ssrc.into(), Some(rtx.into()), mid.as_str().into(), None);
        self.command(Command::AddSource {
            connection,
            source,
            spec: SourceSpec {
                kind: MediaKind::Video,
                codec: Codec::Av1,
                mid,
                clock_rate: VIDEO_CLOCK,
                payload_type: VP8,
                rtx_payload_type: Some(VP8_RTX),
                red_payload_type: None,
                encodings: vec![EncodingSpec {
                    rid: None,
                    ssrc: Some(ssrc),
                    rtx_ssrc: Some(rtx),
                }],
                nack: true,
                extensions: EXTENSIONS,
            },
        });
        DescribedCamera {
            connection,
            source,
            mode,
            offset: 60 + source.0 as u8 % 4,
            numbers: 5000,
            pictures: 0,
            frames,
            phase: None,
        }
    }
}

impl DescribedCamera {
    /// Takes so many pictures, key frames where asked for; returns how many of these there were.
    pub fn film(&mut self, world: &mut World, pictures: usize) -> usize {
        (0..pictures)
            .map(|_| {
                let is_key = self.shoot(world);
                world.run(FRAME);
                usize::from(is_key)
            })
            .sum()
    }

    /// One picture. Of each frame the first packet is small, and others follow in those of larger sizes.
    pub fn shoot(&mut self, world: &mut World) -> bool {
        let asked = std::mem::take(&mut world.client(self.connection).key_frames_asked) > 0;
        let phase = self.phase.filter(|_| !asked).map_or(0, |phase| phase + 1);
        self.phase = Some(phase);
        let pictures = self.mode.pictures;
        let templates = match phase {
            0 => pictures[0],
            later => pictures[1 + (later - 1) % (pictures.len() - 1)],
        };
        self.pictures += 1;
        let timestamp = 3000 * self.pictures;
        for (nth, &template) in templates.iter().enumerate() {
            let packets = 1 + 2 * self.mode.rows[usize::from(template)].0;
            for at in 0..packets {
                let (first, last) = (at == 0, at + 1 == packets);
                let begins_key = phase == 0 && nth == 0 && first;
                let mut values = ExtensionValues::default();
                values
                    .user_values
                    .set(Described(self.describe(template, first, last, begins_key)));
                let packet = RtpWrite::new(
                    VP8.into(),
                    self.numbers.into(),
                    timestamp,
                    world.now,
                    self.payload(template, first, begins_key),
                );
                let is_end = last && nth + 1 == templates.len();
                let packet = packet.marker(is_end).nackable(true).ext_vals(values);
                world.write_on(self.connection, ssrc_of(self.source), packet);
                self.numbers += 1;
            }
            self.frames = self.frames.wrapping_add(1);
        }
        world.settle();
        phase == 0
    }

    /// An aggregation header, and with a key frame the sequence header of 1280 by 720; at the end what no decoder would understand.
    fn payload(&self, template: u8, first: bool, begins_key: bool) -> Vec<u8> {
        let mut payload = match (begins_key, first) {
            (true, _) => vec![
                0x08, 13, 0x0a, 11, 0, 0, 0, 0x2d, 0x4c, 0xff, 0xb3, 0xc4, 0xaf, 0x90, 0x04,
            ],
            (false, true) => vec![0x10],
            (false, false) => vec![0x90],
        };
        payload.resize(203, 0x5a);
        payload.extend([self.source.0 as u8, template]);
        payload
    }

    fn describe(&self, template: u8, first: bool, last: bool, begins_key: bool) -> Vec<u8> {
        let mut bits = Bits::default();
        bits.push(u32::from(first), 1);
        bits.push(u32::from(last), 1);
        bits.push(u32::from(self.offset + template) & 0x3f, 6);
        bits.push(self.frames.into(), 16);
        if begins_key {
            bits.push(0b10000, 5);
            bits.structure(&self.mode, self.offset);
        }
        bits.bytes
    }
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    fn push(&mut self, number: u32, count: usize) {
        for bit in (0..count).rev() {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((number >> bit & 1) as u8) << (7 - self.len % 8);
            self.len += 1;
        }
    }

    fn structure(&mut self, mode: &Mode, offset: u8) {
        self.push(offset.into(), 6);
        self.push(mode.chains.len() as u32 - 1, 5);
        for pair in mode.rows.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            self.push(
                if after.0 > before.0 {
                    2
                } else {
                    u32::from(after.1 > before.1)
                },
                2,
            );
        }
        self.push(3, 2);
        for symbol in mode.rows.iter().flat_map(|row| row.2.chars()) {
            self.push("-DSR".find(symbol).unwrap() as u32, 2);
        }
        for row in mode.rows {
            for difference in row.3 {
                self.push(1, 1);
                self.push(difference - 1, 4);
            }
            self.push(0, 1);
        }
        // ns(): of four numbers and of five the lower three take two bits; of two one, of one none.
        let chains = mode.chains.iter().max().unwrap() + 1;
        self.push(chains, 2);
        mode.chains
            .iter()
            .for_each(|chain| self.push(*chain, chains as usize - 1));
        mode.rows
            .iter()
            .flat_map(|row| row.4)
            .for_each(|difference| self.push(*difference, 4));
        self.push(0, 1);
    }
}

/// The frames that came whole on a slot, in the order of their numbers. Sequence numbers have no gap.
pub fn frames(world: &mut World, viewer: ConnectionId, slot: SlotId, mode: Mode) -> Vec<GotFrame> {
    let ssrc: Ssrc = slot_ssrc(slot).into();
    let received = &world.client(viewer).received;
    let mut packets: Vec<&RtpPacket> = received.iter().filter(|packet| packet.header.ssrc == ssrc).collect();
    packets.sort_by_key(|packet| *packet.seq_no);
    assert!(
        packets
            .iter()
            .zip(1000..)
            .all(|(packet, number)| *packet.seq_no == number),
        "a gap"
    );
    packets.retain(|packet| !packet.payload.is_empty());
    let frames = packets.chunk_by(|one, other| number(one) == number(other));
    let frames = frames.map(|packets| {
        let (first, last) = (packets[0], packets[packets.len() - 1]);
        let descriptor = descriptor(first);
        let is_whole = descriptor[0] & 0x80 != 0 && self::descriptor(last)[0] & 0x40 != 0;
        assert!(is_whole, "{descriptor:?}");
        let flags = descriptor.get(3).copied().unwrap_or(0);
        let is_key = flags & 0x80 != 0;
        let template = usize::from(first.payload[first.payload.len() - 1]);
        let row = mode.rows[template];
        let targets = mode.chains.len();
        GotFrame {
            source: first.payload[first.payload.len() - 2],
            number: number(first),
            timestamp: first.header.timestamp,
            spatial: row.0,
            temporal: row.1,
            is_key,
            marker: last.header.marker,
            active: (!is_key && flags & 0x40 != 0).then(|| active(descriptor, targets)),
            refers_to: row
                .3
                .iter()
                .map(|&difference| number(first).wrapping_sub(difference as u16))
                .collect(),
        }
    });
    frames.collect()
}

fn descriptor(packet: &RtpPacket) -> &[u8] {
    let described = packet.header.ext_vals.user_values.get::<Described>();
    &described.expect("it is described").0
}

fn number(packet: &RtpPacket) -> u16 {
    u16::from_be_bytes(descriptor(packet)[1..3].try_into().unwrap())
}

/// The targets behind five flags.
fn active(descriptor: &[u8], targets: usize) -> u32 {
    let bits = u32::from_be_bytes([descriptor[3], descriptor.get(4).copied().unwrap_or(0), 0, 0]);
    bits << 5 >> (32 - targets)
}

/// As a browser's receiver sees it: frame numbers rise, a picture ends with the marker, and what a frame needs was there.
pub fn assert_decodable(frames: &[GotFrame]) {
    assert!(frames.first().is_some_and(|frame| frame.is_key));
    let mut decoded = HashSet::new();
    for (at, frame) in frames.iter().enumerate() {
        if let Some(before) = at.checked_sub(1).map(|at| &frames[at]) {
            let ahead = frame.number.wrapping_sub(before.number);
            assert!((1..0x8000).contains(&ahead), "{before:?} {frame:?}");
            assert_eq!(
                before.marker,
                before.timestamp != frame.timestamp,
                "{before:?} {frame:?}"
            );
            assert!(before.source == frame.source || frame.is_key, "{frame:?}");
        }
        assert!(
            frame.refers_to.iter().all(|number| decoded.contains(number)),
            "{frame:?}"
        );
        decoded.insert(frame.number);
    }
}
