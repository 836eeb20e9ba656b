//! Where key frames begin, told from the RTP payload descriptors and, in H.264, the first bits of a slice.

use super::{av1, h264, vp8, vp9};
use crate::types::Codec;

/// Whether `payload` (padding stripped) begins a key frame, so that a receiver can start here.
///
/// For H.264 a sequence parameter set counts as well as an IDR picture's first slice: senders put it first, and a
/// receiver that starts at the slice alone lacks the parameters. Audio has no key frames to wait for, and of an unknown
/// codec we cannot tell: both give `false`.
pub fn is_key_frame(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8::Descriptor::parse(payload).is_some_and(|descriptor| descriptor.begins_key_frame()),
        Codec::Vp9 => vp9::Descriptor::parse(payload).is_some_and(|descriptor| descriptor.begins_key_frame()),
        Codec::H264 => h264::Units::of(payload).any(|unit| unit.begins_key_frame()),
        Codec::Av1 => av1::Aggregation::parse(payload).is_some_and(|header| header.begins_key_frame()),
        Codec::Opus | Codec::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vp8_key_frames_are_told_behind_every_descriptor() {
        assert!(is_key_frame(Codec::Vp8, &[0x10, 0x00]));
        assert!(!is_key_frame(Codec::Vp8, &[0x10, 0x01]), "inter frame");
        assert!(!is_key_frame(Codec::Vp8, &[0x00, 0x00]), "not the start of a partition");
        assert!(!is_key_frame(Codec::Vp8, &[0x11, 0x00]), "second partition");
        assert!(is_key_frame(Codec::Vp8, &[0x90, 0x80, 0x01, 0x10]), "7-bit picture id");
        assert!(
            is_key_frame(Codec::Vp8, &[0x90, 0xf0, 0x81, 0x01, 0x55, 0x77, 0x10]),
            "15-bit id, TL0PICIDX, TID"
        );
        assert!(!is_key_frame(Codec::Vp8, &[0x90, 0x80]), "truncated");
    }

    #[test]
    fn vp9_key_frames_begin_in_the_lowest_spatial_layer() {
        assert!(is_key_frame(Codec::Vp9, &[0x08]));
        assert!(!is_key_frame(Codec::Vp9, &[0x48]), "predicted");
        assert!(!is_key_frame(Codec::Vp9, &[0x00]), "middle of a frame");
        assert!(is_key_frame(Codec::Vp9, &[0xa8, 0x81, 0x01, 0x00, 0x05]));
        assert!(
            !is_key_frame(Codec::Vp9, &[0xa8, 0x01, 0x02, 0x05]),
            "second spatial layer"
        );
        assert!(!is_key_frame(Codec::Vp9, &[0xa8, 0x01]), "truncated");
    }

    #[test]
    fn h264_key_frames_are_found_in_all_packings() {
        assert!(is_key_frame(Codec::H264, &[0x67, 0x42]));
        assert!(is_key_frame(Codec::H264, &[0x65, 0x88]));
        assert!(!is_key_frame(Codec::H264, &[0x41, 0x9a]));
        assert!(
            is_key_frame(Codec::H264, &[0x78, 0, 2, 0x68, 0xce, 0, 1, 0x67]),
            "STAP-A"
        );
        assert!(
            !is_key_frame(Codec::H264, &[0x78, 0, 9, 0x67]),
            "STAP-A that lies about its length"
        );
        assert!(is_key_frame(Codec::H264, &[0x7c, 0x85, 0x88]), "FU-A, start");
        assert!(!is_key_frame(Codec::H264, &[0x7c, 0x05, 0x88]), "FU-A, middle");
    }

    #[test]
    fn a_later_slice_of_an_h264_key_frame_does_not_begin_it() {
        assert!(!is_key_frame(Codec::H264, &[0x65, 0x04, 0x80]));
        assert!(!is_key_frame(Codec::H264, &[0x78, 0, 2, 0x65, 0x04, 0, 2, 0x65, 0x02]));
        assert!(!is_key_frame(Codec::H264, &[0x7c, 0x85, 0x04]));
    }

    #[test]
    fn av1_key_frames_begin_a_coded_sequence() {
        assert!(is_key_frame(Codec::Av1, &[0x18]));
        assert!(!is_key_frame(Codec::Av1, &[0x10]));
        assert!(!is_key_frame(Codec::Av1, &[]));
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..40)) {
            for codec in [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1, Codec::Other] {
                is_key_frame(codec, &payload);
            }
        }
    }
}
