//! The numbers that VP8 and VP9 give their pictures in every packet, and how they are rewritten for a viewer.

use super::be16;

/// PictureID and TL0PICIDX of a payload descriptor (RFC 7741 §4.2, RFC 9628 §4.2), and where they stand in it.
///
/// A decoder's jitter buffer takes a gap in them for loss. In VP8, therefore, whoever leaves pictures out closes the
/// PictureIDs up. In VP9 that would be wrong: pictures are referred to by differences of PictureIDs, and a gap where
/// upper temporal layers were is expected. Between one stream and the next both go on where they were, in both codecs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PictureNumbers {
    picture_id: u16,
    tl0_pic_idx: u8,
    /// 15 bits, not 7.
    wide: bool,
    /// Offsets in the payload. The first octet has flags, so 0 says that there is no such number.
    picture_id_at: u8,
    tl0_pic_idx_at: u8,
}

/// M: the PictureID has 15 bits.
const WIDE: u16 = 0x8000;

impl PictureNumbers {
    /// Of the picture in its stream, modulo 2^[`picture_id_bits`](PictureNumbers::picture_id_bits).
    pub fn picture_id(&self) -> Option<u16> {
        (self.picture_id_at != 0).then_some(self.picture_id)
    }

    /// 7 or 15; 0 if there is no PictureID. A stream may change from one to the other.
    pub fn picture_id_bits(&self) -> u32 {
        match (self.picture_id_at, self.wide) {
            (0, _) => 0,
            (_, false) => 7,
            (_, true) => 15,
        }
    }

    /// Of the latest picture of the base layer, this one included, modulo 256.
    pub fn tl0_pic_idx(&self) -> Option<u8> {
        (self.tl0_pic_idx_at != 0).then_some(self.tl0_pic_idx)
    }

    /// Takes the shifts from the numbers in a copy of the payload that they were read from. The PictureID stays as wide
    /// as it is; a number that is not there is not added.
    pub fn patch(&self, payload: &mut [u8], picture_shift: u16, tl0_shift: u8) {
        if let Some(id) = self.picture_id() {
            let id = id.wrapping_sub(picture_shift);
            let at = usize::from(self.picture_id_at);
            if self.wide {
                if let Some(bytes) = payload.get_mut(at..at + 2) {
                    bytes.copy_from_slice(&(WIDE | id).to_be_bytes());
                }
            } else if let Some(byte) = payload.get_mut(at) {
                *byte = id as u8 & 0x7f;
            }
        }
        if let Some(index) = self.tl0_pic_idx()
            && let Some(byte) = payload.get_mut(usize::from(self.tl0_pic_idx_at))
        {
            *byte = index.wrapping_sub(tl0_shift);
        }
    }

    /// Reads the PictureID at an offset; returns where it ends.
    pub(super) fn read_picture_id(&mut self, payload: &[u8], at: usize) -> Option<usize> {
        let first = *payload.get(at)?;
        self.wide = first & 0x80 != 0;
        self.picture_id_at = at as u8;
        if !self.wide {
            self.picture_id = u16::from(first);
            return Some(at + 1);
        }
        self.picture_id = be16(payload.get(at..at + 2)?) & !WIDE;
        Some(at + 2)
    }

    /// Reads the TL0PICIDX at an offset; returns where it ends.
    pub(super) fn read_tl0_pic_idx(&mut self, payload: &[u8], at: usize) -> Option<usize> {
        self.tl0_pic_idx = *payload.get(at)?;
        self.tl0_pic_idx_at = at as u8;
        Some(at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::Layering;
    use crate::types::Codec;
    use proptest::prelude::*;

    fn read(codec: Codec, payload: &[u8]) -> PictureNumbers {
        Layering::read(codec, payload, false).numbers
    }

    fn patched(codec: Codec, payload: &[u8], picture_shift: u16, tl0_shift: u8) -> Vec<u8> {
        let mut copy = payload.to_vec();
        read(codec, payload).patch(&mut copy, picture_shift, tl0_shift);
        copy
    }

    #[test]
    fn numbers_go_round_within_their_width() {
        let narrow = [0x90, 0xe0, 0x02, 0x01, 0x20, 0x01];
        assert_eq!(patched(Codec::Vp8, &narrow, 5, 2), [0x90, 0xe0, 0x7d, 0xff, 0x20, 0x01]);
        let wide = [0x90, 0xe0, 0x80, 0x02, 0x01, 0x20, 0x01];
        assert_eq!(
            patched(Codec::Vp8, &wide, 5, 0),
            [0x90, 0xe0, 0xff, 0xfd, 0x01, 0x20, 0x01]
        );
        let vp9 = [0xac, 0x80, 0x02, 0x00, 0x05, 0x00];
        assert_eq!(
            patched(Codec::Vp9, &vp9, 0x8001, 6),
            [0xac, 0x80, 0x01, 0x00, 0xff, 0x00]
        );
    }

    #[test]
    fn numbers_that_are_not_there_are_not_written() {
        for payload in [&[0x10, 0x01, 0x02][..], &[0x90, 0x00, 0x01], &[0x90, 0x20, 0x40, 0x01]] {
            assert_eq!(patched(Codec::Vp8, payload, 7, 7), payload);
            assert_eq!(read(Codec::Vp8, payload).picture_id_bits(), 0);
        }
        assert_eq!(patched(Codec::H264, &[0x41, 0x9a, 0x00], 7, 7), [0x41, 0x9a, 0x00]);
    }

    #[test]
    fn a_payload_that_is_too_short_is_left_alone() {
        let numbers = read(Codec::Vp8, &[0x90, 0xe0, 0x80, 0x02, 0x01, 0x20, 0x01]);
        let mut short = [0x90, 0xe0, 0x80];
        numbers.patch(&mut short, 1, 1);
        assert_eq!(short, [0x90, 0xe0, 0x80]);
    }

    proptest! {
        #[test]
        fn what_was_patched_reads_as_shifted_and_nothing_else_changed(
            is_vp9 in any::<bool>(), payload in prop::collection::vec(any::<u8>(), 0..40),
            picture_shift in any::<u16>(), tl0_shift in any::<u8>(),
        ) {
            let codec = if is_vp9 { Codec::Vp9 } else { Codec::Vp8 };
            prop_assert_eq!(&patched(codec, &payload, 0, 0), &payload);

            let before = Layering::read(codec, &payload, false);
            let after = patched(codec, &payload, picture_shift, tl0_shift);
            let again = Layering::read(codec, &after, false);
            let bits = before.numbers.picture_id_bits();
            prop_assert_eq!(again.numbers.picture_id_bits(), bits);
            let expected = before.numbers.picture_id().map(|id| id.wrapping_sub(picture_shift) & ((1 << bits) - 1));
            prop_assert_eq!(again.numbers.picture_id(), expected);
            let expected = before.numbers.tl0_pic_idx().map(|index| index.wrapping_sub(tl0_shift));
            prop_assert_eq!(again.numbers.tl0_pic_idx(), expected);
            prop_assert_eq!(Layering { numbers: before.numbers, ..again }, before);

            prop_assert_eq!(after.len(), payload.len());
            let changed = payload.iter().zip(&after).filter(|(before, after)| before != after).count();
            prop_assert!(changed <= 3);
            let back = patched(codec, &after, picture_shift.wrapping_neg(), tl0_shift.wrapping_neg());
            prop_assert_eq!(back, payload);
        }
    }
}
