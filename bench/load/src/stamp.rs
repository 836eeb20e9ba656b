//! What every payload carries, so that a viewer can tell which packet it is and how long it took.
//!
//! To the server a payload looks like VP8 (RFC 7741): a descriptor with a 15-bit picture id, the frame header whose
//! first bit says "key frame", and the start code of a key frame. The stamp follows; the rest is filling. Audio has a
//! table-of-contents byte of Opus in front.

/// Bytes of a video payload.
pub const VIDEO_PAYLOAD: usize = 1130;
/// Bytes of an audio payload.
pub const AUDIO_PAYLOAD: usize = 100;
/// Packets of a video frame.
pub const FRAME_PACKETS: u8 = 5;

/// Small numbers would fit into one byte, and some servers make the descriptor shorter then.
const FIRST_PICTURE: u16 = 1000;
const VP8_LEN: usize = 14;
const OPUS_LEN: usize = 1;
const STAMP_LEN: usize = 28;
const MAGIC: u32 = 0x7e57_5f1e;

/// One packet of one track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The track's number, chosen by the generator.
    pub track: u32,
    /// Counts the track's packets from 0.
    pub sequence: u32,
    /// When it was sent, in µs since 1970.
    pub sent: u64,
    /// Counts the track's frames from 0.
    pub frame: u32,
    /// Place in the frame, from 0.
    pub place: u8,
    /// Packets of the frame.
    pub places: u8,
    pub key_frame: bool,
    pub video: bool,
}

impl Stamp {
    /// Writes a whole payload and returns its length.
    pub fn write(&self, buffer: &mut [u8]) -> usize {
        let (head, len) = match self.video {
            true => (VP8_LEN, VIDEO_PAYLOAD),
            false => (OPUS_LEN, AUDIO_PAYLOAD),
        };
        buffer[..len].fill(0x5a);
        if self.video {
            let picture = 0x8000 | (self.frame as u16).wrapping_add(FIRST_PICTURE) & 0x7fff;
            buffer[0] = 0x80 | u8::from(self.place == 0) << 4;
            buffer[1] = 0x80;
            buffer[2..4].copy_from_slice(&picture.to_be_bytes());
            // Frame header: shown, size 0, P bit clear in a key frame; start code, 640 by 360.
            let frame_header = [
                0x10 | u8::from(!self.key_frame),
                0,
                0,
                0x9d,
                0x01,
                0x2a,
                0x80,
                0x02,
                0x68,
                0x01,
            ];
            buffer[4..VP8_LEN].copy_from_slice(&frame_header);
        } else {
            buffer[0] = 0x78;
        }
        let stamp = &mut buffer[head..head + STAMP_LEN];
        stamp[..4].copy_from_slice(&MAGIC.to_be_bytes());
        stamp[4..8].copy_from_slice(&self.track.to_be_bytes());
        stamp[8..12].copy_from_slice(&self.sequence.to_be_bytes());
        stamp[12..20].copy_from_slice(&self.sent.to_be_bytes());
        stamp[20..24].copy_from_slice(&self.frame.to_be_bytes());
        stamp[24..28].copy_from_slice(&[self.place, self.places, self.key_frame.into(), self.video.into()]);
        len
    }

    /// `None` where the payload is not one of ours, byte for byte in length and filling's ends.
    pub fn read(payload: &[u8]) -> Option<Stamp> {
        let (head, video) = match payload.len() {
            VIDEO_PAYLOAD => (VP8_LEN, true),
            AUDIO_PAYLOAD => (OPUS_LEN, false),
            _ => return None,
        };
        let stamp = &payload[head..head + STAMP_LEN];
        let word = |at: usize| u32::from_be_bytes(stamp[at..at + 4].try_into().expect("four bytes"));
        let filled = payload[head + STAMP_LEN] == 0x5a && payload.last() == Some(&0x5a);
        (word(0) == MAGIC && filled && stamp[27] == u8::from(video)).then(|| Stamp {
            track: word(4),
            sequence: word(8),
            sent: u64::from(word(12)) << 32 | u64::from(word(16)),
            frame: word(20),
            place: stamp[24],
            places: stamp[25],
            key_frame: stamp[26] != 0,
            video,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_sfu::rtp::is_key_frame;
    use tertulia_sfu::types::Codec;

    #[test]
    fn a_stamp_survives_the_round_trip_and_looks_like_vp8() {
        let mut buffer = [0; 1500];
        for (place, key_frame) in [(0, true), (0, false), (3, true)] {
            let stamp = Stamp {
                track: 7,
                sequence: 70_000,
                sent: 1 << 50,
                frame: 9,
                place,
                places: 5,
                key_frame,
                video: true,
            };
            let len = stamp.write(&mut buffer);
            assert_eq!(Stamp::read(&buffer[..len]), Some(stamp));
            assert_eq!(is_key_frame(Codec::Vp8, &buffer[..len]), key_frame && place == 0);
            assert_eq!(Stamp::read(&buffer[..len - 1]), None);
        }
        let audio = Stamp {
            track: 1,
            sequence: 2,
            sent: 3,
            frame: 2,
            place: 0,
            places: 1,
            key_frame: true,
            video: false,
        };
        let len = audio.write(&mut buffer);
        assert_eq!(Stamp::read(&buffer[..len]), Some(audio));
    }
}
