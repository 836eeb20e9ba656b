//! AV1: the OBU elements of a payload (AV1 RTP §4.3 and §4.4), and the picture size of a sequence header (AV1 §5.5).

use super::bits::BitReader;

const SEQUENCE_HEADER: u8 = 1;

/// The aggregation header, in the payload's first octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Aggregation {
    /// Z: the first element goes on with an OBU of the packet before.
    pub continues: bool,
    /// N: the first packet of a coded video sequence.
    pub begins_sequence: bool,
    /// W: how many elements there are; 0 if it does not say, and then each has its length before it.
    elements: u8,
}

impl Aggregation {
    pub fn parse(payload: &[u8]) -> Option<Aggregation> {
        let octet = *payload.first()?;
        Some(Aggregation {
            continues: octet & 0x80 != 0,
            begins_sequence: octet & 0x08 != 0,
            elements: octet >> 4 & 0x03,
        })
    }

    /// A sequence begins with an OBU.
    pub fn begins_key_frame(&self) -> bool {
        self.begins_sequence && !self.continues
    }
}

/// Of the first sequence header in a payload: the largest that its frames may be.
pub(super) fn picture_size(payload: &[u8]) -> Option<(u16, u16)> {
    let aggregation = Aggregation::parse(payload)?;
    let elements = Elements {
        left: aggregation.elements,
        rest: &payload[1..],
    };
    elements
        .skip(usize::from(aggregation.continues))
        .find_map(sequence_header)
        .and_then(read_size)
}

/// OBUs and fragments of them. What is malformed ends the iteration.
struct Elements<'a> {
    /// Elements to come, if the payload says; the last of them has no length before it.
    left: u8,
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = std::mem::take(&mut self.rest);
        if rest.is_empty() || self.left == 1 {
            return (!rest.is_empty()).then_some(rest);
        }
        let (len, after) = read_leb128(rest)?;
        let (element, rest) = after.split_at_checked(len)?;
        self.rest = rest;
        self.left = self.left.saturating_sub(1);
        Some(element)
    }
}

/// `leb128()` (AV1 §4.10.5): the number, and what follows it.
fn read_leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    const LEN_MAX: usize = 8;
    let mut number = 0;
    for (i, byte) in bytes.iter().take(LEN_MAX).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(number).ok()?, &bytes[i + 1..]));
        }
    }
    None
}

/// What follows the OBU header (§5.3.1), if it is a sequence header's.
fn sequence_header(obu: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = obu.split_first()?;
    if header >> 3 & 0x0f != SEQUENCE_HEADER {
        return None;
    }
    let (has_extension, has_size) = (header & 0x04 != 0, header & 0x02 != 0);
    if has_extension {
        rest = rest.get(1..)?;
    }
    if has_size {
        let (len, after) = read_leb128(rest)?;
        rest = after.get(..len)?;
    }
    Some(rest)
}

/// `sequence_header_obu()`, up to the frame's size.
fn read_size(header: &[u8]) -> Option<(u16, u16)> {
    let mut bits = BitReader::new(header.iter().copied());
    // seq_profile, still_picture
    bits.skip(4)?;
    let reduced = bits.flag()?;
    if reduced {
        bits.skip(5)?;
    } else {
        skip_operating_points(&mut bits)?;
    }
    let (width_bits, height_bits) = (bits.number(4)? + 1, bits.number(4)? + 1);
    let (width, height) = (bits.number(width_bits)?, bits.number(height_bits)?);
    Some((u16::try_from(width + 1).ok()?, u16::try_from(height + 1).ok()?))
}

/// From `timing_info_present_flag` to the last operating point.
fn skip_operating_points(bits: &mut BitReader<impl Iterator<Item = u8>>) -> Option<()> {
    /// Below it there is no `seq_tier`.
    const TIERS_ABOVE_LEVEL: u32 = 7;
    let mut delay_bits = None;
    if bits.flag()? {
        // num_units_in_display_tick, time_scale
        bits.skip(64)?;
        let equal_picture_interval = bits.flag()?;
        if equal_picture_interval {
            bits.exp_golomb()?;
        }
        let has_decoder_model = bits.flag()?;
        if has_decoder_model {
            delay_bits = Some(bits.number(5)? + 1);
            // num_units_in_decoding_tick, the lengths of two times
            bits.skip(32 + 5 + 5)?;
        }
    }
    let has_display_delay = bits.flag()?;
    let points = bits.number(5)? + 1;
    for _ in 0..points {
        // operating_point_idc
        bits.skip(12)?;
        if bits.number(5)? > TIERS_ABOVE_LEVEL {
            bits.skip(1)?;
        }
        if let Some(delay_bits) = delay_bits
            && bits.flag()?
        {
            // decoder_buffer_delay, encoder_buffer_delay, low_delay_mode_flag
            bits.skip(2 * delay_bits + 1)?;
        }
        if has_display_delay && bits.flag()? {
            bits.skip(4)?;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::bits::pack;
    use super::*;

    fn elements(payload: &[u8]) -> Vec<&[u8]> {
        let left = Aggregation::parse(payload).unwrap().elements;
        Elements {
            left,
            rest: &payload[1..],
        }
        .collect()
    }

    #[test]
    fn elements_have_a_length_except_for_a_counted_last_one() {
        assert_eq!(elements(&[0x10, 1, 2, 3]), [&[1, 2, 3][..]]);
        assert_eq!(elements(&[0x20, 1, 9, 2, 3]), [&[9][..], &[2, 3]]);
        assert_eq!(elements(&[0x00, 1, 9, 2, 3, 4]), [&[9][..], &[3, 4]]);
        assert_eq!(elements(&[0x00, 0x81, 0x00, 9]), [&[9][..]], "a length in two bytes");
    }

    #[test]
    fn elements_end_where_a_length_lies() {
        assert_eq!(elements(&[0x30, 1, 9, 5, 1]), [&[9][..]]);
        assert_eq!(
            elements(&[0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]),
            [&[][..]; 0]
        );
        assert_eq!(elements(&[0x20, 0x80]), [&[][..]; 0]);
        assert_eq!(elements(&[0x00]), [&[][..]; 0]);
    }

    /// 640 x 360, in ten bits each.
    const SIZE: [(u32, u32); 4] = [(9, 4), (9, 4), (639, 10), (359, 10)];

    #[test]
    fn a_reduced_header_has_a_level_before_the_size() {
        let header = [&[(0, 3), (1, 1), (1, 1), (8, 5)], &SIZE[..]].concat();
        assert_eq!(read_size(&pack(&header)), Some((640, 360)));
    }

    #[test]
    fn everything_that_may_be_told_before_the_size_is_read_over() {
        let timing = [(1, 1), (1, 32), (30, 32), (1, 1), (0b00101, 5)];
        let decoder_model = [(1, 1), (9, 5), (1, 32), (5, 5), (6, 5)];
        // The first has a tier, a decoder model and a display delay; the second has none of them.
        let points = [
            [(1, 1), (1, 5)].to_vec(),
            [
                (0x103, 12),
                (8, 5),
                (1, 1),
                (1, 1),
                (0, 10),
                (0, 10),
                (1, 1),
                (1, 1),
                (3, 4),
            ]
            .to_vec(),
            [(0x101, 12), (7, 5), (0, 1), (0, 1)].to_vec(),
        ]
        .concat();
        let header = [&[(0, 3), (0, 1), (0, 1)], &timing[..], &decoder_model, &points, &SIZE].concat();
        let header = pack(&header);
        assert_eq!(read_size(&header), Some((640, 360)));
        (0..header.len()).for_each(|len| assert_eq!(read_size(&header[..len]), None, "{len} bytes"));
    }

    #[test]
    fn a_size_of_more_than_16_bits_is_refused() {
        let header = |width: u32| {
            pack(&[
                (0, 3),
                (1, 1),
                (1, 1),
                (8, 5),
                (15, 4),
                (9, 4),
                (width - 1, 16),
                (359, 10),
            ])
        };
        assert_eq!(read_size(&header(65_535)), Some((65_535, 360)));
        assert_eq!(read_size(&header(65_536)), None);
    }
}
