//! Packets before they are sealed, and what is said of them.

pub const VP8: u8 = 96;
pub const RTX: u8 = 97;
pub const OPUS: u8 = 111;

/// RTP with whatever one likes in it.
#[derive(Clone)]
pub struct Rtp {
    pub ssrc: u32,
    pub payload_type: u8,
    pub marker: bool,
    pub timestamp: u32,
    /// Profile and elements (RFC 8285), padded to words when written.
    pub extension: Option<(u16, Vec<u8>)>,
    pub payload: Vec<u8>,
    /// Bytes of padding at the end, the count among them.
    pub padding: u8,
}

impl Rtp {
    pub fn new(ssrc: u32, payload_type: u8, payload: Vec<u8>) -> Rtp {
        Rtp {
            ssrc,
            payload_type,
            marker: true,
            timestamp: 0,
            extension: None,
            payload,
            padding: 0,
        }
    }

    /// Header and extension, and what follows.
    pub fn write(&self, number: u16) -> (Vec<u8>, usize) {
        let (padded, extended) = (u8::from(self.padding > 0), u8::from(self.extension.is_some()));
        let mut packet = vec![
            0x80 | padded << 5 | extended << 4,
            self.payload_type | u8::from(self.marker) << 7,
        ];
        packet.extend(number.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        if let Some((profile, elements)) = &self.extension {
            packet.extend(profile.to_be_bytes());
            packet.extend((elements.len().div_ceil(4) as u16).to_be_bytes());
            packet.extend(elements);
            packet.resize(packet.len().next_multiple_of(4), 0);
        }
        let header = packet.len();
        packet.extend(&self.payload);
        if self.padding > 0 {
            packet.resize(packet.len() + usize::from(self.padding) - 1, 0);
            packet.push(self.padding);
        }
        (packet, header)
    }
}

/// One packet of a picture (RFC 7741 §4.2, §4.3), 320 by 240 where it begins a key frame.
pub fn vp8(key: bool, first: bool, len: usize) -> Vec<u8> {
    let mut payload = vec![0x5a; len.max(12)];
    let start = match (first, key) {
        (true, true) => &[0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00][..],
        (true, false) => &[0x10, 0x11, 0, 0],
        (false, _) => &[0x00],
    };
    payload[..start.len()].copy_from_slice(start);
    payload
}

/// A feedback message (RFC 4585 §6.1) from nobody in particular.
pub fn feedback(format: u8, kind: u8, media_ssrc: u32, control: &[u8]) -> Vec<u8> {
    let words = 2 + control.len().div_ceil(4);
    let mut packet = vec![0x80 | format, kind];
    packet.extend((words as u16).to_be_bytes());
    packet.extend(7u32.to_be_bytes());
    packet.extend(media_ssrc.to_be_bytes());
    packet.extend(control);
    packet.resize(4 + 4 * words, 0);
    packet
}

/// All numbers from `first` on, 17 in each of so many entries.
pub fn nack(media_ssrc: u32, first: u16, entries: u16) -> Vec<u8> {
    let entry = |i: u16| {
        let [high, low] = first.wrapping_add(17 * i).to_be_bytes();
        [high, low, 0xff, 0xff]
    };
    let entries: Vec<u8> = (0..entries).flat_map(entry).collect();
    feedback(1, 205, media_ssrc, &entries)
}

pub fn picture_loss(media_ssrc: u32) -> Vec<u8> {
    feedback(1, 206, media_ssrc, &[])
}

/// RFC 5104 §4.3.1.
pub fn full_intra_request(media_ssrc: u32, serial: u8) -> Vec<u8> {
    let mut entry = media_ssrc.to_be_bytes().to_vec();
    entry.extend([serial, 0, 0, 0]);
    feedback(4, 206, 0, &entry)
}

/// What the way is held to carry, in bits a second (REMB): 18 bits of it, and how far they are moved.
pub fn estimate(media_ssrc: u32, bitrate: u32) -> Vec<u8> {
    let exponent = (32 - bitrate.leading_zeros()).saturating_sub(18);
    let mut control = b"REMB".to_vec();
    control.extend((1 << 24 | exponent << 18 | bitrate >> exponent).to_be_bytes());
    control.extend(media_ssrc.to_be_bytes());
    feedback(15, 206, 0, &control)
}
