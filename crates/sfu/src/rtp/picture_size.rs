//! How large the pictures of a stream are, told by its key frames.

use super::{av1, h264, vp8, vp9};
use crate::types::Codec;

/// Width and height in pixels, if `payload` (padding stripped) tells them; neither is 0.
///
/// * VP8: the first packet of a key frame (RFC 6386 §9.1).
/// * VP9: a scalability structure with sizes (RFC 9628 §4.2.1), of which the highest layer's counts; else the first
///   packet of a key frame.
/// * H.264: a sequence parameter set, alone or in a STAP-A; nobody sends one in fragments.
/// * AV1: a sequence header. Frames may be smaller than it says.
///
/// It is made for the packets that [`is_key_frame`](super::is_key_frame) names. With one of those a publisher tells his
/// size, though in H.264 not with each: where the parameters go in a packet of their own, the slice has none.
pub fn picture_size(codec: Codec, payload: &[u8]) -> Option<(u16, u16)> {
    let size = match codec {
        Codec::Vp8 => vp8::Descriptor::parse(payload)?.picture_size(),
        Codec::Vp9 => vp9::Descriptor::parse(payload)?.picture_size(),
        Codec::H264 => h264::Units::of(payload).find_map(|unit| unit.picture_size()),
        Codec::Av1 => av1::picture_size(payload),
        Codec::Opus | Codec::Other => None,
    };
    size.filter(|&(width, height)| width > 0 && height > 0)
}

#[cfg(test)]
mod tests {
    //! What encoders made, by PyAV 18.1: the heads of key frames and the parameters that these begin with, behind
    //! descriptors as RTP has them.

    use super::*;
    use proptest::prelude::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .map(|digit| digit as u8)
            .collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn size(codec: Codec, hex: &str) -> Option<(u16, u16)> {
        picture_size(codec, &bytes(hex))
    }

    /// libvpx, deadline realtime.
    #[test]
    fn vp8_key_frames_of_libvpx() {
        assert_eq!(size(Codec::Vp8, "10 50b3009d012a4201b600"), Some((322, 182)));
        assert_eq!(size(Codec::Vp8, "9080 9234 d0d0019d012a0005d002"), Some((1280, 720)));
        assert_eq!(size(Codec::Vp8, "10 f120001511fc00000000"), None, "an inter frame");
        assert_eq!(size(Codec::Vp8, "11 50b3009d012a4201b600"), None, "another partition");
        assert_eq!(size(Codec::Vp8, "10 50b3009d012b4201b600"), None, "another start code");
        assert_eq!(size(Codec::Vp8, "10 50b3009d012a4201b6"), None, "truncated");
    }

    /// The upper two bits ask for scaling (RFC 6386 §9.1).
    #[test]
    fn vp8_scaling_is_no_part_of_the_size() {
        assert_eq!(size(Codec::Vp8, "10 50b3009d012a42c1b640"), Some((322, 182)));
        assert_eq!(size(Codec::Vp8, "10 50b3009d012a4201b6c0"), Some((322, 182)));
        assert_eq!(size(Codec::Vp8, "10 50b3009d012a00c0b600"), None, "no columns");
    }

    /// libvpx-vp9, deadline realtime, of yuv420p, yuv444p and gbrp.
    #[test]
    fn vp9_key_frames_of_libvpx() {
        assert_eq!(size(Codec::Vp9, "88 01 824983420014100b56"), Some((322, 182)));
        assert_eq!(size(Codec::Vp9, "a8 9234 00 00 a2498342000282016ac0"), Some((322, 182)));
        assert_eq!(size(Codec::Vp9, "88 01 a2498342e014100b56"), Some((322, 182)));
        assert_eq!(size(Codec::Vp9, "c8 01 86004092f101"), None, "an inter frame");
        assert_eq!(size(Codec::Vp9, "80 01 824983420014100b56"), None, "not its beginning");
        assert_eq!(size(Codec::Vp9, "88 01 824983420014100b"), None, "truncated");
    }

    /// A structure without sizes before the frame, and one with them that the frame has smaller.
    #[test]
    fn vp9_structures_go_before_the_frame() {
        assert_eq!(size(Codec::Vp9, "8a 01 00 824983420014100b56"), Some((322, 182)));
        assert_eq!(
            size(Codec::Vp9, "8a 01 10 050002d0 824983420014100b56"),
            Some((1280, 720))
        );
        assert_eq!(
            size(Codec::Vp9, "8a 01 10 00000000 824983420014100b56"),
            None,
            "nothing"
        );
    }

    /// libx264, tune zerolatency: preset ultrafast, 322 x 182 cropped from 336 x 192; preset veryfast (High), 1920 x 1080
    /// from 1088 rows; interlaced, 322 x 184; yuv422p, 322 x 182; yuv444p, 323 x 181; lossless, 322 x 182.
    #[test]
    fn h264_parameters_of_libx264() {
        for (parameters, expected) in [
            ("6742c00dda05467889a10000030001000003003c8f142aa0", (322, 182)),
            ("67640028acb403c0113f2c20000003002000000791e30654", (1920, 1080)),
            ("674d4015f40a99e22e10000003001000000303c9f142aa", (322, 184)),
            ("677a000dbcb40a8cf1117080000003008000001e478a1550", (322, 182)),
            ("67f4000d919681519e3a3210000003001000000303c8f142aa", (323, 181)),
            ("67f4000daeb40a8cf11342000003000200000300791e285540", (322, 182)),
        ] {
            assert_eq!(size(Codec::H264, parameters), Some(expected), "{parameters}");
            let aggregate = format!(
                "78 0004 68ce0fc8 {:04x} {parameters} 0004 6588843a",
                parameters.len() / 2
            );
            assert_eq!(size(Codec::H264, &aggregate), Some(expected), "{aggregate}");
            assert_eq!(size(Codec::H264, &parameters[..14]), None, "truncated");
        }
        assert_eq!(size(Codec::H264, "6588843a"), None, "a slice");
    }

    /// libsvtav1, preset 11: 322 x 182, 320 x 184 (low delay), 1280 x 720. In RTP an OBU has its size field or not.
    #[test]
    fn av1_sequence_headers_of_libsvtav1() {
        assert_eq!(size(Codec::Av1, "18 0a0b 000000043d06d44af90040"), Some((322, 182)));
        assert_eq!(
            size(Codec::Av1, "28 0c 08 000000043cfedc4af90040 32c9a8"),
            Some((320, 184))
        );
        assert_eq!(
            size(Codec::Av1, "08 0d 0a0b 0000002d4cffb3c4af9004 0332da91"),
            Some((1280, 720))
        );
        assert_eq!(size(Codec::Av1, "10 32da912310"), None, "a frame");
        assert_eq!(
            size(Codec::Av1, "90 08 000000043d06d44af90040"),
            None,
            "goes on with something else"
        );
        assert_eq!(size(Codec::Av1, "18 08 000000043d06"), None, "truncated");
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..60)) {
            for codec in [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1, Codec::Other] {
                picture_size(codec, &payload);
            }
            // Further than random bytes come.
            for head in [&[0x67, 0x64, 0, 0x28][..], &[0x67, 0x42, 0, 0x0d]] {
                picture_size(Codec::H264, &[head, &payload[..]].concat());
            }
            picture_size(Codec::Av1, &[&[0x18, 0x08][..], &payload].concat());
            picture_size(Codec::Vp9, &[&[0x0a][..], &payload].concat());
        }
    }
}
