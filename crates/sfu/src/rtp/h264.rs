//! H.264: the NAL units of a payload (RFC 6184 §5), and the picture size of a sequence parameter set (H.264
//! §7.3.2.1.1).

use super::be16;
use super::bits::BitReader;

const SLICE: u8 = 1;
const IDR_SLICE: u8 = 5;
const SEQUENCE_PARAMETERS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// A NAL unit, or the fragment of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    /// `nal_unit_type`.
    kind: u8,
    /// `nal_ref_idc` is not 0.
    is_reference: bool,
    /// It is not the later fragment of a unit.
    starts: bool,
    /// What follows the unit's header, or the fragment's.
    body: &'a [u8],
}

/// The units that are told of in one payload, in their order. What is malformed ends the iteration.
#[derive(Debug, Clone)]
pub(super) struct Units<'a> {
    aggregated: bool,
    rest: &'a [u8],
}

impl<'a> Units<'a> {
    pub fn of(payload: &'a [u8]) -> Units<'a> {
        let aggregated = payload.first().is_some_and(|header| header & 0x1f == STAP_A);
        Units {
            aggregated,
            rest: if aggregated { &payload[1..] } else { payload },
        }
    }
}

impl<'a> Iterator for Units<'a> {
    type Item = Unit<'a>;

    fn next(&mut self) -> Option<Unit<'a>> {
        if !self.aggregated {
            return Unit::read(std::mem::take(&mut self.rest));
        }
        let rest = std::mem::take(&mut self.rest);
        let (len, units) = rest.split_first_chunk::<2>()?;
        let (unit, rest) = units.split_at_checked(usize::from(be16(len)))?;
        self.rest = rest;
        Unit::read(unit)
    }
}

impl<'a> Unit<'a> {
    fn read(bytes: &'a [u8]) -> Option<Unit<'a>> {
        let (header, body) = bytes.split_first()?;
        let mut unit = Unit {
            kind: header & 0x1f,
            is_reference: header & 0x60 != 0,
            starts: true,
            body,
        };
        if unit.kind == FU_A {
            let (fragment, body) = body.split_first()?;
            unit.kind = fragment & 0x1f;
            unit.starts = fragment & 0x80 != 0;
            unit.body = body;
        }
        Some(unit)
    }

    /// A receiver may start here: with the parameters, which senders put first, or with the first slice of a picture that
    /// needs no other.
    pub fn begins_key_frame(&self) -> bool {
        match self.kind {
            SEQUENCE_PARAMETERS => self.starts,
            IDR_SLICE => self.begins_picture(),
            _ => false,
        }
    }

    /// The start of a picture's first slice: `first_mb_in_slice` is 0, which `ue(v)` writes as a single bit that is set.
    pub fn begins_picture(&self) -> bool {
        matches!(self.kind, SLICE | IDR_SLICE) && self.starts && self.body.first().is_some_and(|byte| byte & 0x80 != 0)
    }

    /// Part of a picture from which no other is predicted.
    pub fn is_discardable(&self) -> bool {
        self.kind == SLICE && !self.is_reference
    }

    /// Of a sequence parameter set, as it is shown: cropped.
    pub fn picture_size(&self) -> Option<(u16, u16)> {
        match self.kind {
            SEQUENCE_PARAMETERS if self.starts => read_size(self.body),
            _ => None,
        }
    }
}

/// `seq_parameter_set_data()`, up to the cropping.
fn read_size(parameters: &[u8]) -> Option<(u16, u16)> {
    let mut bits = BitReader::new(Unescaped::new(parameters));
    let profile = bits.number(8)?;
    // Constraints, the level; then seq_parameter_set_id.
    bits.skip(16)?;
    bits.exp_golomb()?;
    // 4:2:0 where nothing is told.
    let (mut subsampled_x, mut subsampled_y) = (true, true);
    if has_chroma_format(profile) {
        (subsampled_x, subsampled_y) = read_chroma_format(&mut bits)?;
    }
    // log2_max_frame_num_minus4
    bits.exp_golomb()?;
    skip_picture_order(&mut bits)?;
    // max_num_ref_frames, gaps_in_frame_num_value_allowed_flag
    bits.exp_golomb()?;
    bits.skip(1)?;
    let width = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
    let height = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
    let only_frames = bits.flag()?;
    let fields = if only_frames { 1 } else { 2 };
    // mb_adaptive_frame_field_flag, direct_8x8_inference_flag
    bits.skip(if only_frames { 1 } else { 2 })?;
    let mut cropped = [0; 4];
    if bits.flag()? {
        for side in &mut cropped {
            *side = bits.exp_golomb()?;
        }
    }
    let [left, right, top, bottom] = cropped;
    let crop = |size: u32, one: u32, other: u32, unit: u32| {
        let cropped = one.checked_add(other)?.checked_mul(unit)?;
        u16::try_from(size.checked_sub(cropped)?).ok()
    };
    let (unit_x, unit_y) = (1 + u32::from(subsampled_x), fields * (1 + u32::from(subsampled_y)));
    Some((
        crop(width, left, right, unit_x)?,
        crop(height.checked_mul(fields)?, top, bottom, unit_y)?,
    ))
}

/// The profiles that tell it: High and what was derived of it.
fn has_chroma_format(profile: u32) -> bool {
    matches!(
        profile,
        44 | 83 | 86 | 100 | 110 | 118 | 122 | 128 | 134 | 135 | 138 | 139 | 244
    )
}

/// From `chroma_format_idc` to the scaling lists: whether chroma has half the columns, and half the rows (table 6-1).
fn read_chroma_format(bits: &mut BitReader<Unescaped<'_>>) -> Option<(bool, bool)> {
    const YUV_420: u32 = 1;
    const YUV_422: u32 = 2;
    const YUV_444: u32 = 3;
    let format = bits.exp_golomb()?;
    if format == YUV_444 {
        bits.skip(1)?;
    }
    // Bit depths, qpprime_y_zero_transform_bypass_flag
    bits.exp_golomb()?;
    bits.exp_golomb()?;
    bits.skip(1)?;
    if bits.flag()? {
        for list in 0..if format == YUV_444 { 12 } else { 8 } {
            if bits.flag()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some((format == YUV_420 || format == YUV_422, format == YUV_420))
}

fn skip_scaling_list(bits: &mut BitReader<Unescaped<'_>>, len: usize) -> Option<()> {
    let mut scale = 8;
    for _ in 0..len {
        let next = bits.signed_exp_golomb()?.wrapping_add(scale) & 0xff;
        if next == 0 {
            break;
        }
        scale = next;
    }
    Some(())
}

/// `pic_order_cnt_type` and what it brings.
fn skip_picture_order(bits: &mut BitReader<Unescaped<'_>>) -> Option<()> {
    const CYCLE_MAX: u32 = 255;
    match bits.exp_golomb()? {
        0 => bits.exp_golomb().map(drop),
        1 => {
            bits.skip(1)?;
            bits.signed_exp_golomb()?;
            bits.signed_exp_golomb()?;
            let cycle = bits.exp_golomb().filter(|len| *len <= CYCLE_MAX)?;
            (0..cycle).try_for_each(|_| bits.signed_exp_golomb().map(drop))
        }
        _ => Some(()),
    }
}

/// A unit's bytes without `emulation_prevention_three_byte` (H.264 §7.3.1).
struct Unescaped<'a> {
    bytes: std::slice::Iter<'a, u8>,
    zeros: u8,
}

impl<'a> Unescaped<'a> {
    fn new(bytes: &'a [u8]) -> Unescaped<'a> {
        Unescaped {
            bytes: bytes.iter(),
            zeros: 0,
        }
    }
}

impl Iterator for Unescaped<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let mut byte = *self.bytes.next()?;
        if self.zeros == 2 && byte == 3 {
            self.zeros = 0;
            byte = *self.bytes.next()?;
        }
        self.zeros = if byte == 0 { (self.zeros + 1).min(2) } else { 0 };
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::pack;
    use super::*;

    fn kinds(payload: &[u8]) -> Vec<(u8, &[u8])> {
        Units::of(payload).map(|unit| (unit.kind, unit.body)).collect()
    }

    #[test]
    fn units_are_found_in_all_packings() {
        assert_eq!(kinds(&[0x67, 0x42, 0x00]), [(7, &[0x42, 0x00][..])]);
        let aggregate = [0x78, 0, 2, 0x67, 0x42, 0, 1, 0x68, 0, 3, 0x65, 0x88, 0x84];
        assert_eq!(kinds(&aggregate), [(7, &[0x42][..]), (8, &[]), (5, &[0x88, 0x84])]);
        assert_eq!(kinds(&[0x7c, 0x85, 0x88]), [(5, &[0x88][..])]);
        assert!(Units::of(&[0x7c, 0x85]).next().unwrap().starts);
        assert!(!Units::of(&[0x7c, 0x45]).next().unwrap().starts);
    }

    #[test]
    fn units_end_where_a_length_lies() {
        assert_eq!(kinds(&[0x78, 0, 1, 0x67, 0, 9, 0x65]), [(7, &[][..])]);
        assert_eq!(kinds(&[0x78, 0, 0, 0, 1, 0x67]), []);
        assert_eq!(kinds(&[0x78, 0]), []);
        assert_eq!(kinds(&[0x7c]), []);
        assert_eq!(kinds(&[]), []);
    }

    #[test]
    fn escapes_are_taken_out() {
        let bytes = [0, 0, 3, 1, 3, 0, 0, 3, 0, 0, 3, 3, 0, 3, 0, 0, 3];
        let unescaped: Vec<u8> = Unescaped::new(&bytes).collect();
        assert_eq!(unescaped, [0, 0, 1, 3, 0, 0, 0, 0, 3, 0, 3, 0, 0]);
    }

    #[test]
    fn a_scaling_list_ends_early_at_a_zero() {
        // A delta of -8 makes 0; then one flag that is set.
        let mut bits = BitReader::new(Unescaped::new(&[0b0000_1000, 0b1100_0000]));
        skip_scaling_list(&mut bits, 16).unwrap();
        assert_eq!(bits.flag(), Some(true));
    }

    /// `ue(v)`
    fn ue(number: u32) -> (u32, u32) {
        let code = number + 1;
        (code, 2 * (u32::BITS - code.leading_zeros()) - 1)
    }

    /// Of High profile, with a chroma format and what follows it up to the picture order: 40 x 23 macroblocks, cropped
    /// by one unit on each side.
    fn size(chroma: &[(u32, u32)], picture_order: &[(u32, u32)]) -> Option<(u16, u16)> {
        let size = [
            ue(1),
            (0, 1),
            ue(39),
            ue(22),
            (1, 1),
            (1, 1),
            (1, 1),
            ue(1),
            ue(1),
            ue(1),
            ue(1),
        ];
        let head = [(100, 8), (0, 8), (30, 8), ue(0)];
        read_size(&pack(&[&head, chroma, &[ue(0)], picture_order, &size].concat()))
    }

    /// Bit depths, no bypass, no scaling lists.
    const PLAIN: [(u32, u32); 4] = [(1, 1), (1, 1), (0, 1), (0, 1)];
    /// Type 0, with 4 bits.
    const ORDER: [(u32, u32); 2] = [(1, 1), (1, 1)];

    #[test]
    fn the_unit_of_cropping_follows_the_chroma_format() {
        let with_format = |format: u32| size(&[&[ue(format)], &PLAIN[..]].concat(), &ORDER);
        assert_eq!(with_format(0), Some((638, 366)), "monochrome");
        assert_eq!(with_format(1), Some((636, 364)), "4:2:0");
        assert_eq!(with_format(2), Some((636, 366)), "4:2:2");
        assert_eq!(
            size(&[&[ue(3), (0, 1)], &PLAIN[..]].concat(), &ORDER),
            Some((638, 366)),
            "4:4:4"
        );
    }

    #[test]
    fn scaling_lists_are_read_over() {
        // 4:4:4 has twelve: the first is told in full, the second ends at once, and of the others the seventh is told.
        let flat = |len: usize| vec![ue(0); len];
        let lists = [
            vec![(1, 1)],
            flat(16),
            vec![(1, 1), ue(16)],
            vec![(0, 4), (1, 1)],
            flat(64),
            vec![(0, 5)],
        ];
        let chroma = [&[ue(3), (0, 1), (1, 1), (1, 1), (0, 1), (1, 1)], &lists.concat()[..]].concat();
        assert_eq!(size(&chroma, &ORDER), Some((638, 366)));
    }

    #[test]
    fn every_kind_of_picture_order_is_read_over() {
        let chroma = [&[ue(1)], &PLAIN[..]].concat();
        let cycle = [ue(1), (0, 1), ue(3), ue(4), ue(2), ue(5), ue(6)];
        assert_eq!(size(&chroma, &cycle), Some((636, 364)));
        assert_eq!(size(&chroma, &[ue(2)]), Some((636, 364)));
        let endless = [ue(1), (0, 1), ue(3), ue(4), ue(256)];
        assert_eq!(size(&chroma, &[&endless[..], &[(1, 1); 256]].concat()), None);
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        let baseline = |width: u32, left: u32| {
            let head = [(66, 8), (0, 8), (30, 8), ue(0), ue(0), ue(2), ue(1), (0, 1)];
            let size = [
                ue(width - 1),
                ue(22),
                (1, 1),
                (1, 1),
                (1, 1),
                ue(left),
                ue(0),
                ue(0),
                ue(0),
            ];
            read_size(&pack(&[head.as_slice(), &size].concat()))
        };
        assert_eq!(baseline(40, 319), Some((2, 368)));
        assert_eq!(baseline(40, 321), None, "more is cropped than there is");
        assert_eq!(baseline(4096, 0), None);
        assert_eq!(baseline(1 << 29, 0), None);
        assert_eq!(baseline(40, 1 << 31), None);
    }
}
