//! VP8: the payload descriptor (RFC 7741 §4.2) and the head of a key frame (RFC 6386 §9.1).

use super::PictureNumbers;

/// A PictureID of ours has 15 bits.
pub(crate) const PICTURE_ID_MASK: u16 = 0x7fff;
/// Bytes of a descriptor of ours.
pub(crate) const WRITTEN_LEN: usize = 4;

/// The descriptor of a packet of a picture that is all of one partition, as far as it tells: X and I, and S in the first packet.
pub(crate) fn write_descriptor(begins: bool, picture_id: u16) -> [u8; WRITTEN_LEN] {
    let [high, low] = (picture_id & PICTURE_ID_MASK | 0x8000).to_be_bytes();
    [if begins { 0x90 } else { 0x80 }, 0x80, high, low]
}

/// The descriptor of one packet. KEYIDX is read over: nothing depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptor<'a> {
    /// N: nothing is predicted from this frame.
    pub non_reference: bool,
    /// S and PID: the first packet of the first partition.
    pub begins_frame: bool,
    /// TID, 0 where T is clear.
    pub temporal: u8,
    /// Y: of other layers, the frame needs the latest one of the base layer only.
    pub layer_sync: bool,
    pub numbers: PictureNumbers,
    /// What the descriptor stands before.
    pub frame: &'a [u8],
}

impl<'a> Descriptor<'a> {
    pub fn parse(payload: &'a [u8]) -> Option<Descriptor<'a>> {
        let first = *payload.first()?;
        let mut descriptor = Descriptor {
            non_reference: first & 0x20 != 0,
            begins_frame: first & 0x10 != 0 && first & 0x07 == 0,
            temporal: 0,
            layer_sync: false,
            numbers: PictureNumbers::default(),
            frame: &[],
        };
        let mut at = 1;
        if first & 0x80 != 0 {
            let flags = *payload.get(at)?;
            at += 1;
            if flags & 0x80 != 0 {
                at = descriptor.numbers.read_picture_id(payload, at)?;
            }
            if flags & 0x40 != 0 {
                at = descriptor.numbers.read_tl0_pic_idx(payload, at)?;
            }
            let (has_temporal, has_key_index) = (flags & 0x20 != 0, flags & 0x10 != 0);
            if has_temporal || has_key_index {
                let layer = *payload.get(at)?;
                at += 1;
                if has_temporal {
                    descriptor.temporal = layer >> 6;
                    descriptor.layer_sync = layer & 0x20 != 0;
                }
            }
        }
        descriptor.frame = payload.get(at..)?;
        Some(descriptor)
    }

    /// The frame's first packet, and its tag says that nothing went before.
    pub fn begins_key_frame(&self) -> bool {
        self.begins_frame && self.frame.first().is_some_and(|tag| tag & 0x01 == 0)
    }

    /// Width and height, without the scaling that is asked of whoever shows it.
    pub fn picture_size(&self) -> Option<(u16, u16)> {
        const START_CODE: [u8; 3] = [0x9d, 0x01, 0x2a];
        let head: &[u8; 10] = self.frame.first_chunk()?;
        if !self.begins_key_frame() || head[3..6] != START_CODE {
            return None;
        }
        let size = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]) & 0x3fff;
        Some((size(6), size(8)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read() {
        let payload = [0xb0, 0xf0, 0x92, 0x34, 0x56, 0xa7, 0x01, 0x02];
        let descriptor = Descriptor::parse(&payload).unwrap();
        assert!(descriptor.non_reference && descriptor.begins_frame && descriptor.layer_sync);
        assert_eq!(descriptor.temporal, 2);
        assert_eq!(descriptor.numbers.picture_id(), Some(0x1234));
        assert_eq!(descriptor.numbers.tl0_pic_idx(), Some(0x56));
        assert_eq!(descriptor.frame, [0x01, 0x02]);
    }

    #[test]
    fn without_t_there_is_no_temporal_layer() {
        let descriptor = Descriptor::parse(&[0x90, 0x10, 0xff, 0x01]).unwrap();
        assert_eq!((descriptor.temporal, descriptor.layer_sync), (0, false));
        assert_eq!(descriptor.frame, [0x01]);
    }

    #[test]
    fn a_frame_begins_with_its_first_partition() {
        assert!(Descriptor::parse(&[0x10]).unwrap().begins_frame);
        assert!(!Descriptor::parse(&[0x12]).unwrap().begins_frame, "third partition");
        assert!(!Descriptor::parse(&[0x00]).unwrap().begins_frame, "goes on");
    }

    #[test]
    fn a_truncated_descriptor_is_refused() {
        let whole = [0x90, 0xf0, 0x92, 0x34, 0x56, 0xa7];
        assert!(Descriptor::parse(&whole).is_some());
        (0..whole.len()).for_each(|len| assert_eq!(Descriptor::parse(&whole[..len]), None, "{len} bytes"));
    }
}
