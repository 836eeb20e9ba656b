//! ChannelData: four bytes in front of a payload (RFC 8656, section 12.4).

use std::ops::RangeInclusive;

pub(crate) const HEADER_LEN: usize = 4;

/// First bytes of ChannelData. RFC 8656, section 12, ends at 0x4F, to leave room for other protocols on the port; clients of
/// RFC 5766, section 11, go on to 0x7F, and nothing else of ours begins with that (RFC 7983, section 7).
pub const CHANNEL_DATA_FIRST_BYTES: RangeInclusive<u8> = 0x40..=0x7F;

/// A number and its payload. What may follow the payload is padding to four bytes. None for anything else.
pub(crate) fn parse(message: &[u8]) -> Option<(u16, &[u8])> {
    let (header, rest) = message.split_first_chunk::<HEADER_LEN>()?;
    let number = u16::from_be_bytes([header[0], header[1]]);
    let len = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let payload = rest.get(..len)?;
    let padding = rest.len() - len;
    (padding < 4).then_some((number, payload))
}

/// How long [`write`] makes it; None where a length of 16 bits cannot say it.
pub(crate) fn encoded_len(payload: &[u8], padded: bool) -> Option<usize> {
    u16::try_from(payload.len()).ok()?;
    let len = HEADER_LEN + payload.len();
    Some(if padded { len.next_multiple_of(4) } else { len })
}

/// Fills all of `buffer`, which is [`encoded_len`] long.
pub(crate) fn write(number: u16, payload: &[u8], buffer: &mut [u8]) {
    let (header, rest) = buffer.split_at_mut(HEADER_LEN);
    header[..2].copy_from_slice(&number.to_be_bytes());
    header[2..].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    let (place, padding) = rest.split_at_mut(payload.len());
    place.copy_from_slice(payload);
    padding.fill(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_payload_may_be_empty_and_padding_may_be_missing() {
        assert_eq!(parse(&[0x40, 0, 0, 0]), Some((0x4000, &[][..])));
        assert_eq!(parse(&[0x40, 1, 0, 3, 1, 2, 3]), Some((0x4001, &[1, 2, 3][..])));
        assert_eq!(parse(&[0x40, 1, 0, 3, 1, 2, 3, 0]), Some((0x4001, &[1, 2, 3][..])));
    }

    #[test]
    fn a_length_beyond_the_end_or_far_before_it_is_refused() {
        for broken in [
            &[][..],
            &[0x40, 0, 0],
            &[0x40, 0, 0, 1],
            &[0x40, 0, 0xFF, 0xFF, 1],
            &[0x40, 0, 0, 1, 1, 0, 0, 0, 0],
        ] {
            assert_eq!(parse(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn a_payload_beyond_16_bits_has_no_length() {
        assert_eq!(encoded_len(&vec![0; 0xFFFF], true), Some(0x10004));
        assert_eq!(encoded_len(&vec![0; 0x10000], false), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u16, payload in proptest::collection::vec(any::<u8>(), 0..64), padded: bool) {
            let mut buffer = vec![0xFF; encoded_len(&payload, padded).unwrap()];
            write(number, &payload, &mut buffer);
            prop_assert_eq!(parse(&buffer), Some((number, &payload[..])));
            prop_assert!(!padded || buffer.len().is_multiple_of(4));
            prop_assert!(buffer[HEADER_LEN + payload.len()..].iter().all(|byte| *byte == 0));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes);
        }
    }
}
