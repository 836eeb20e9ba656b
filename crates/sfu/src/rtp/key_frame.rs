//! Where key frames begin, told from the RTP payload descriptors alone.

use super::be16;
use crate::types::Codec;

/// Whether `payload` (padding stripped) begins a key frame, so that a receiver can start here.
///
/// For H.264 a sequence parameter set counts as well as an IDR slice: senders put it first, and a receiver that starts
/// at the slice alone lacks the parameters. Audio has no key frames to wait for, and of an unknown codec we cannot tell:
/// both give `false`.
pub fn is_key_frame(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8(payload).unwrap_or(false),
        Codec::Vp9 => vp9(payload).unwrap_or(false),
        Codec::H264 => h264(payload).unwrap_or(false),
        Codec::Av1 => av1(payload).unwrap_or(false),
        Codec::Opus | Codec::Other => false,
    }
}

/// RFC 7741 §4.2 and §4.3: the first packet of the first partition, whose frame header has the P bit clear.
fn vp8(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let starts_frame = first & 0x10 != 0 && first & 0x07 == 0;
    let mut at = 1;
    if first & 0x80 != 0 {
        let flags = *payload.get(at)?;
        at += 1;
        if flags & 0x80 != 0 {
            at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
        }
        at += usize::from(flags & 0x40 != 0);
        at += usize::from(flags & 0x30 != 0);
    }
    Some(starts_frame && payload.get(at)? & 0x01 == 0)
}

/// RFC 9628 §4.2: not inter-picture predicted, begins a frame, in the lowest spatial layer.
fn vp9(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let (has_id, predicted, has_layers, begins) = (
        first & 0x80 != 0,
        first & 0x40 != 0,
        first & 0x20 != 0,
        first & 0x08 != 0,
    );
    if predicted || !begins {
        return Some(false);
    }
    let mut at = 1;
    if has_id {
        at += if payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    Some(!has_layers || (payload.get(at)? >> 1) & 0x07 == 0)
}

/// RFC 6184 §5: alone, in an aggregation (STAP-A), or at the start of a fragmented unit (FU-A).
fn h264(payload: &[u8]) -> Option<bool> {
    const STAP_A: u8 = 24;
    const FU_A: u8 = 28;
    let first = *payload.first()?;
    match first & 0x1f {
        STAP_A => {
            let mut rest = &payload[1..];
            while rest.len() > 2 {
                let len = usize::from(be16(rest));
                let unit = rest.get(2..2 + len)?;
                if unit.first().is_some_and(|header| starts_h264_key_frame(header & 0x1f)) {
                    return Some(true);
                }
                rest = &rest[2 + len..];
            }
            Some(false)
        }
        FU_A => {
            let fragment = *payload.get(1)?;
            Some(fragment & 0x80 != 0 && starts_h264_key_frame(fragment & 0x1f))
        }
        kind => Some(starts_h264_key_frame(kind)),
    }
}

fn starts_h264_key_frame(unit_type: u8) -> bool {
    const IDR: u8 = 5;
    const SEQUENCE_PARAMETERS: u8 = 7;
    matches!(unit_type, IDR | SEQUENCE_PARAMETERS)
}

/// AV1 RTP payload §4.4: N, the first packet of a coded video sequence; it never continues an OBU (Z).
fn av1(payload: &[u8]) -> Option<bool> {
    let aggregation = *payload.first()?;
    Some(aggregation & 0x08 != 0 && aggregation & 0x80 == 0)
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
        assert!(is_key_frame(Codec::Vp9, &[0xa8, 0x81, 0x01, 0x00]));
        assert!(!is_key_frame(Codec::Vp9, &[0xa8, 0x01, 0x02]), "second spatial layer");
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
        assert!(is_key_frame(Codec::H264, &[0x7c, 0x85, 0]), "FU-A, start");
        assert!(!is_key_frame(Codec::H264, &[0x7c, 0x05, 0]), "FU-A, middle");
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
