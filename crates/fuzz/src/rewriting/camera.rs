//! A camera that numbers its pictures as browsers do, and can tell each of its packets again.

use std::collections::BTreeMap;
use std::ops::Range;

use tertulia_sfu::rtp::HEADER_LEN;
use tertulia_sfu::types::Codec;

use crate::packet::Rtp;

/// Of the encodings, the lower one first.
pub const SSRCS: [u32; 2] = [1001, 1002];
pub const PAYLOAD_TYPE: u8 = 96;
const SIZES: [(u16, u16); 2] = [(320, 240), (640, 480)];
/// Temporal layers of the pictures from a key frame on, over and over; all but the last of four may be joined.
const PATTERN: [u8; 4] = [0, 2, 1, 2];
/// Bytes at the end of a payload that say what it is of.
const LABEL_LEN: usize = 6;
/// Of each packet.
const PAYLOAD_LEN: usize = 200;
/// Ticks between two pictures.
const STEP: u32 = 900;

/// What a packet is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    pub encoding: u8,
    pub picture: u32,
    pub at: u8,
}

/// A packet before it is sealed.
pub struct Taken {
    pub packet: Vec<u8>,
    pub header_len: usize,
    pub index: u64,
}

/// As it was sent.
pub struct Original {
    pub payload: Vec<u8>,
    pub marker: bool,
    /// The first packet of a key frame.
    pub starts: bool,
}

pub struct Camera {
    codec: Codec,
    encodings: [Encoding; 2],
    sent: BTreeMap<Label, Original>,
}

/// What its next picture has.
struct Encoding {
    index: u64,
    timestamp: u32,
    picture: u32,
    picture_id: u16,
    tl0_pic_idx: u8,
    phase: usize,
}

impl Camera {
    /// Every number of the lower encoding is about to go round.
    pub fn new(codec: Codec) -> Camera {
        let encoding = |index, timestamp, picture_id, tl0_pic_idx| Encoding {
            index,
            timestamp,
            picture: 0,
            picture_id,
            tl0_pic_idx,
            phase: 0,
        };
        Camera {
            codec,
            encodings: [
                encoding(65_500, u32::MAX - 5 * STEP, 0x7FF0, 250),
                encoding(3_000, 77, 3, 9),
            ],
            sent: BTreeMap::new(),
        }
    }

    /// The next picture of an encoding, in so many packets.
    pub fn take(&mut self, encoding: usize, key: bool, count: u8) -> Vec<Taken> {
        let now = &mut self.encodings[encoding];
        let key = key || now.picture == 0;
        if key {
            now.phase = 0;
        }
        let (temporal, syncs) = (PATTERN[now.phase], now.phase != 3);
        now.phase = (now.phase + 1) % PATTERN.len();
        now.picture += 1;
        now.timestamp = now.timestamp.wrapping_add(STEP);
        now.picture_id = (now.picture_id + 1) & 0x7FFF;
        now.tl0_pic_idx = now.tl0_pic_idx.wrapping_add(u8::from(temporal == 0));
        let mut taken = vec![];
        for at in 0..count {
            let last = at + 1 == count;
            let label = Label {
                encoding: encoding as u8,
                picture: now.picture,
                at,
            };
            let layers = Layers { temporal, syncs, key };
            let mut payload = match self.codec {
                Codec::Vp9 => vp9(now, layers, at == 0, last),
                _ => vp8(now, layers, at == 0, SIZES[encoding]),
            };
            payload.resize(PAYLOAD_LEN - LABEL_LEN, 0x5A);
            payload.extend(label.bytes());
            now.index += 1;
            let rtp = Rtp {
                marker: last,
                timestamp: now.timestamp,
                ..Rtp::new(SSRCS[encoding], PAYLOAD_TYPE, payload.clone())
            };
            let (packet, header_len) = rtp.write(now.index as u16);
            debug_assert_eq!(header_len, HEADER_LEN);
            let original = Original {
                payload,
                marker: last,
                starts: key && at == 0,
            };
            self.sent.insert(label, original);
            taken.push(Taken {
                packet,
                header_len,
                index: now.index,
            });
        }
        taken
    }

    /// Leaves out sequence numbers.
    pub fn skip(&mut self, encoding: usize, count: u16) {
        self.encodings[encoding].index += u64::from(count % 0x4000);
    }

    /// Which packet this was, whatever numbers it has now. Panics where it was none.
    pub fn recognise(&self, payload: &[u8]) -> (Label, &Original) {
        let label = Label::of(payload).expect("a payload that is whole");
        let original = self.sent.get(&label).expect("a packet that was sent");
        let mut renumbered = original.payload.clone();
        for numbers in [self.picture_id_at(), self.tl0_pic_idx_at()] {
            renumbered[numbers.clone()].copy_from_slice(&payload[numbers]);
        }
        assert_eq!(renumbered, payload, "nothing but numbers changes");
        (label, original)
    }

    /// PictureID and TL0PICIDX.
    pub fn numbers(&self, payload: &[u8]) -> (u16, u8) {
        let id = &payload[self.picture_id_at()];
        assert!(id[0] & 0x80 != 0, "it stays as wide as it was");
        (
            u16::from_be_bytes([id[0] & 0x7F, id[1]]),
            payload[self.tl0_pic_idx_at()][0],
        )
    }

    pub fn closes_up(&self) -> bool {
        self.codec == Codec::Vp8
    }

    fn picture_id_at(&self) -> Range<usize> {
        if self.codec == Codec::Vp9 { 1..3 } else { 2..4 }
    }

    fn tl0_pic_idx_at(&self) -> Range<usize> {
        4..5
    }
}

impl Label {
    fn bytes(self) -> [u8; LABEL_LEN] {
        let [a, b, c, d] = self.picture.to_be_bytes();
        [self.encoding, a, b, c, d, self.at]
    }

    fn of(payload: &[u8]) -> Option<Label> {
        let &[encoding, a, b, c, d, at] = payload.last_chunk::<LABEL_LEN>()?;
        Some(Label {
            encoding,
            picture: u32::from_be_bytes([a, b, c, d]),
            at,
        })
    }
}

#[derive(Clone, Copy)]
struct Layers {
    temporal: u8,
    syncs: bool,
    key: bool,
}

/// RFC 7741 §4.2 and §4.3, with a PictureID of 15 bits.
fn vp8(encoding: &Encoding, layers: Layers, first: bool, (width, height): (u16, u16)) -> Vec<u8> {
    let [high, low] = encoding.picture_id.to_be_bytes();
    let mut payload = vec![
        0x80 | u8::from(first) << 4,
        0xE0,
        0x80 | high,
        low,
        encoding.tl0_pic_idx,
        layers.temporal << 6 | u8::from(layers.syncs && layers.temporal > 0) << 5,
    ];
    match (first, layers.key) {
        (true, true) => {
            payload.extend([0x10, 0, 0, 0x9D, 0x01, 0x2A]);
            payload.extend(width.to_le_bytes());
            payload.extend(height.to_le_bytes());
        }
        (true, false) => payload.extend([0x11, 0, 0]),
        (false, _) => {}
    }
    payload
}

/// RFC 9628 §4.2, in its non-flexible mode.
fn vp9(encoding: &Encoding, layers: Layers, first: bool, last: bool) -> Vec<u8> {
    let [high, low] = encoding.picture_id.to_be_bytes();
    vec![
        0xA0 | u8::from(!layers.key) << 6 | u8::from(first) << 3 | u8::from(last) << 2,
        0x80 | high,
        low,
        layers.temporal << 5 | u8::from(layers.syncs) << 4,
        encoding.tl0_pic_idx,
    ]
}
