//! VP9: the payload descriptor (RFC 9628 §4.2) and the uncompressed header of a key frame (VP9 bitstream §6.2).

use super::bits::BitReader;
use super::{PictureNumbers, be16};

/// The descriptor of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Descriptor<'a> {
    /// P: predicted from earlier pictures.
    pub predicted: bool,
    /// B and E, of the frame of one spatial layer.
    pub begins_frame: bool,
    pub ends_frame: bool,
    /// TID and SID, 0 where L is clear.
    pub temporal: u8,
    pub spatial: u8,
    /// Z: no frame of a higher spatial layer is predicted from this one. libwebrtc sets it where none can be indirectly, either.
    pub not_referred_above: bool,
    /// U: after this picture none of a higher temporal layer needs an earlier one of such a layer.
    pub switching_up: bool,
    pub numbers: PictureNumbers,
    /// Of the highest spatial layer, where the scalability structure tells.
    structure_size: Option<(u16, u16)>,
    /// What the descriptor stands before.
    frame: &'a [u8],
}

impl<'a> Descriptor<'a> {
    pub fn parse(payload: &'a [u8]) -> Option<Descriptor<'a>> {
        let first = *payload.first()?;
        let flag = |mask: u8| first & mask != 0;
        let flexible = flag(0x10);
        let mut descriptor = Descriptor {
            predicted: flag(0x40),
            begins_frame: flag(0x08),
            ends_frame: flag(0x04),
            temporal: 0,
            spatial: 0,
            not_referred_above: flag(0x01),
            switching_up: false,
            numbers: PictureNumbers::default(),
            structure_size: None,
            frame: &[],
        };
        let mut at = 1;
        if flag(0x80) {
            at = descriptor.numbers.read_picture_id(payload, at)?;
        }
        if flag(0x20) {
            let layers = *payload.get(at)?;
            at += 1;
            descriptor.temporal = layers >> 5;
            descriptor.switching_up = layers & 0x10 != 0;
            descriptor.spatial = layers >> 1 & 0x07;
            if !flexible {
                at = descriptor.numbers.read_tl0_pic_idx(payload, at)?;
            }
        }
        if flexible && descriptor.predicted {
            at = after_references(payload, at)?;
        }
        if flag(0x02) {
            (descriptor.structure_size, at) = read_structure(payload, at)?;
        }
        descriptor.frame = payload.get(at..)?;
        Some(descriptor)
    }

    /// The first packet of a picture that needs no other: in its lowest spatial layer.
    pub fn begins_key_frame(&self) -> bool {
        !self.predicted && self.begins_frame && self.spatial == 0
    }

    /// Of the highest spatial layer if the packet has a scalability structure with sizes, else of the key frame that it
    /// begins.
    pub fn picture_size(&self) -> Option<(u16, u16)> {
        if self.structure_size.is_some() || !self.begins_key_frame() {
            return self.structure_size;
        }
        uncompressed_size(self.frame)
    }
}

/// P_DIFF, up to three of them, each but the last with N set.
fn after_references(payload: &[u8], at: usize) -> Option<usize> {
    let last = payload.get(at..)?.iter().take(3).position(|octet| octet & 0x01 == 0)?;
    Some(at + last + 1)
}

/// The scalability structure (§4.2.1): the size of the highest spatial layer, and where the structure ends.
fn read_structure(payload: &[u8], at: usize) -> Option<(Option<(u16, u16)>, usize)> {
    let flags = *payload.get(at)?;
    let mut at = at + 1;
    let mut size = None;
    if flags & 0x10 != 0 {
        let layers = usize::from(flags >> 5) + 1;
        let sizes = payload.get(at..at + 4 * layers)?;
        let highest = &sizes[4 * (layers - 1)..];
        size = Some((be16(highest), be16(&highest[2..])));
        at += sizes.len();
    }
    if flags & 0x08 != 0 {
        let pictures = *payload.get(at)?;
        at += 1;
        for _ in 0..pictures {
            let references = *payload.get(at)? >> 2 & 0x03;
            at += 1 + usize::from(references);
        }
    }
    Some((size, at))
}

/// `uncompressed_header()` up to `frame_size()`, of a key frame.
fn uncompressed_size(frame: &[u8]) -> Option<(u16, u16)> {
    const FRAME_MARKER: u32 = 2;
    const SYNC_CODE: u32 = 0x49_83_42;
    const CS_RGB: u32 = 7;
    let mut bits = BitReader::new(frame.iter().copied());
    if bits.number(2)? != FRAME_MARKER {
        return None;
    }
    let profile = bits.number(1)? | bits.number(1)? << 1;
    if profile == 3 {
        bits.skip(1)?;
    }
    let (shows_existing, not_key) = (bits.flag()?, bits.flag()?);
    if shows_existing || not_key {
        return None;
    }
    // show_frame, error_resilient_mode
    bits.skip(2)?;
    if bits.number(24)? != SYNC_CODE {
        return None;
    }
    if profile >= 2 {
        bits.skip(1)?;
    }
    let subsampled_as_told = profile == 1 || profile == 3;
    match bits.number(3)? {
        CS_RGB if subsampled_as_told => bits.skip(1)?,
        CS_RGB => return None,
        _ if subsampled_as_told => bits.skip(4)?,
        _ => bits.skip(1)?,
    }
    let (width, height) = (bits.number(16)?, bits.number(16)?);
    Some((u16::try_from(width + 1).ok()?, u16::try_from(height + 1).ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::bits::pack;
    use super::*;

    #[test]
    fn every_field_of_the_non_flexible_mode_is_read() {
        let payload = [0xec, 0x92, 0x34, 0x5b, 0x56, 0x01];
        let descriptor = Descriptor::parse(&payload).unwrap();
        assert!(descriptor.predicted && descriptor.begins_frame && descriptor.ends_frame && descriptor.switching_up);
        assert_eq!((descriptor.temporal, descriptor.spatial), (2, 5));
        assert_eq!(descriptor.numbers.picture_id(), Some(0x1234));
        assert_eq!(descriptor.numbers.tl0_pic_idx(), Some(0x56));
        assert_eq!(descriptor.frame, [0x01]);
    }

    #[test]
    fn the_flexible_mode_has_references_and_no_tl0picidx() {
        let payload = [0xf8, 0x12, 0x20, 0x03, 0x05, 0x06, 0x77];
        let descriptor = Descriptor::parse(&payload).unwrap();
        assert_eq!((descriptor.temporal, descriptor.spatial), (1, 0));
        assert_eq!(
            (descriptor.numbers.picture_id(), descriptor.numbers.picture_id_bits()),
            (Some(0x12), 7)
        );
        assert_eq!(descriptor.numbers.tl0_pic_idx(), None);
        assert_eq!(descriptor.frame, [0x77]);
        assert_eq!(
            Descriptor::parse(&[0xf8, 0x12, 0x20, 0x03, 0x05, 0x07, 0x77]),
            None,
            "four references"
        );
    }

    /// Two spatial layers with their sizes, and a group of two pictures, the second with two references.
    const STRUCTURED: [u8; 18] = [
        0x8a, 0x01, 0x38, 0x01, 0x40, 0x00, 0xb4, 0x02, 0x80, 0x01, 0x68, 2, 0x10, 0x38, 1, 2, 0x82, 0x49,
    ];

    #[test]
    fn the_structure_tells_the_size_of_the_highest_layer() {
        let descriptor = Descriptor::parse(&STRUCTURED).unwrap();
        assert_eq!(descriptor.picture_size(), Some((640, 360)));
        assert_eq!(descriptor.frame, [0x82, 0x49]);
    }

    #[test]
    fn a_truncated_descriptor_is_refused() {
        (0..STRUCTURED.len() - 2).for_each(|len| {
            assert_eq!(Descriptor::parse(&STRUCTURED[..len]), None, "{len} bytes");
        });
    }

    /// Profile bits as they are written (the lower first; profile 3 has a reserved one), and the colours' configuration.
    fn key_frame(profile: &[(u32, u32)], colours: &[(u32, u32)]) -> Vec<u8> {
        let flags = [(0, 1), (0, 1), (1, 1), (0, 1), (0x49_83_42, 24)];
        pack(&[&[(2, 2)], profile, &flags, colours, &[(639, 16), (359, 16)]].concat())
    }

    #[test]
    fn every_profile_has_its_way_to_the_size() {
        let (depth, bt709, rgb, range, subsampling) = ((0, 1), (2, 3), (7, 3), (0, 1), (0, 3));
        for (profile, colours) in [
            (&[(0, 1), (0, 1)][..], &[bt709, range][..]),
            (&[(1, 1), (0, 1)], &[bt709, range, subsampling]),
            (&[(1, 1), (0, 1)], &[rgb, (0, 1)]),
            (&[(0, 1), (1, 1)], &[depth, bt709, range]),
            (&[(1, 1), (1, 1), (0, 1)], &[depth, bt709, range, subsampling]),
            (&[(1, 1), (1, 1), (0, 1)], &[depth, rgb, (0, 1)]),
        ] {
            let frame = key_frame(profile, colours);
            assert_eq!(uncompressed_size(&frame), Some((640, 360)), "{profile:?} {colours:?}");
        }
        assert_eq!(
            uncompressed_size(&key_frame(&[(0, 1), (0, 1)], &[rgb, range])),
            None,
            "4:2:0 is not for RGB"
        );
    }
}
