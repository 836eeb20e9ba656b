//! Redundant audio (RFC 2198): a frame, and before it earlier ones once more, so that a lost packet is made good by the
//! next.

use super::be16;

/// How many earlier frames a packet of ours repeats. At 20 ms a frame, three packets in a row must be lost to be heard.
pub const EARLIER_MAX: usize = 2;

/// Bytes before a block that repeats an earlier frame: F, payload type, timestamp offset, length.
const EARLIER_HEADER_LEN: usize = 4;
/// Bytes before the primary block: F, which is clear, and the payload type.
const PRIMARY_HEADER_LEN: usize = 1;
const OFFSET_MAX: u16 = (1 << 14) - 1;
const LENGTH_MAX: usize = (1 << 10) - 1;

/// One frame in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// Of the frame's own codec, 0..=127.
    pub payload_type: u8,
    /// How much earlier than the packet's timestamp its own is: up to 16383; 0 for the primary block.
    pub timestamp_offset: u16,
    pub payload: &'a [u8],
}

/// The blocks of a packet, the earliest first as a rule, the primary one last.
#[derive(Debug, Clone)]
pub struct Blocks<'a> {
    /// Headers to come, the primary block's included; empty when all is told.
    headers: &'a [u8],
    bodies: &'a [u8],
}

/// The blocks of a payload (padding stripped); `None` if headers or bodies do not fit into it.
pub fn blocks(payload: &[u8]) -> Option<Blocks<'_>> {
    let mut headers_len = 0;
    let mut bodies_len = 0;
    loop {
        let rest = payload.get(headers_len..)?;
        if rest.first()? & 0x80 == 0 {
            headers_len += PRIMARY_HEADER_LEN;
            break;
        }
        bodies_len += block_len(rest.first_chunk()?);
        headers_len += EARLIER_HEADER_LEN;
    }
    let (headers, bodies) = payload.split_at(headers_len);
    (bodies_len <= bodies.len()).then_some(Blocks { headers, bodies })
}

/// Writes what goes before a primary frame: all headers, and as many of the `earlier` frames, the latest of which is
/// their last, as may be: two, none whose offset or length is too large for a header, and all within `room` bytes, which
/// are without the primary frame's own. What is too much is left out from the earliest on; where none is left, `front`
/// is empty, and the frame goes as it is.
///
/// All blocks get `payload_type`; for another receiver it may be changed, see [`set_payload_type`].
pub fn write_front(earlier: &[Block<'_>], payload_type: u8, room: usize, front: &mut Vec<u8>) {
    front.clear();
    let mut len = PRIMARY_HEADER_LEN;
    let mut kept = [None; EARLIER_MAX];
    let writable =
        |block: &&Block<'_>| (1..=OFFSET_MAX).contains(&block.timestamp_offset) && block.payload.len() <= LENGTH_MAX;
    for (place, block) in kept.iter_mut().rev().zip(earlier.iter().rev().filter(writable)) {
        len += EARLIER_HEADER_LEN + block.payload.len();
        if len > room {
            break;
        }
        *place = Some(*block);
    }
    for block in kept.iter().flatten() {
        let offset_and_len = u32::from(block.timestamp_offset) << 10 | block.payload.len() as u32;
        let [_, tail @ ..] = offset_and_len.to_be_bytes();
        front.push(0x80 | payload_type & 0x7f);
        front.extend_from_slice(&tail);
    }
    if front.is_empty() {
        return;
    }
    front.push(payload_type & 0x7f);
    kept.iter()
        .flatten()
        .for_each(|block| front.extend_from_slice(block.payload));
}

/// Changes the payload type of all blocks of a payload, or of what goes before its primary frame.
pub fn set_payload_type(payload: &mut [u8], payload_type: u8) {
    let mut at = 0;
    while let Some(first) = payload.get_mut(at) {
        *first = *first & 0x80 | payload_type & 0x7f;
        if *first & 0x80 == 0 {
            return;
        }
        at += EARLIER_HEADER_LEN;
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let payload_type = self.headers.first()? & 0x7f;
        let Some((header, headers)) = self.headers.split_first_chunk::<EARLIER_HEADER_LEN>() else {
            self.headers = &[];
            return Some(Block {
                payload_type,
                timestamp_offset: 0,
                payload: self.bodies,
            });
        };
        let (payload, bodies) = self.bodies.split_at_checked(block_len(header))?;
        (self.headers, self.bodies) = (headers, bodies);
        Some(Block {
            payload_type,
            timestamp_offset: be16(&header[1..]) >> 2,
            payload,
        })
    }
}

fn block_len(header: &[u8; EARLIER_HEADER_LEN]) -> usize {
    usize::from(be16(&header[2..])) & LENGTH_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(timestamp_offset: u16, payload: &[u8]) -> Block<'_> {
        Block {
            payload_type: 111,
            timestamp_offset,
            payload,
        }
    }

    /// A whole payload; `room` is for what goes before the primary frame.
    fn written(primary: &[u8], earlier: &[Block<'_>], room: usize) -> Vec<u8> {
        let mut payload = vec![0xee; 3];
        write_front(earlier, 111, room, &mut payload);
        if !payload.is_empty() {
            payload.extend_from_slice(primary);
        }
        payload
    }

    /// The layout of RFC 2198 §3: 960 is 0b00001111000000, 3 is 0b0000000011.
    #[test]
    fn a_packet_has_headers_and_then_bodies() {
        let mut packet = written(b"now", &[block(1920, b"before"), block(960, b"old")], 100);
        let expected = b"\xef\x1e\x00\x06\xef\x0f\x00\x03\x6fbeforeoldnow";
        assert_eq!(packet, expected);
        let read: Vec<_> = blocks(&packet).unwrap().collect();
        assert_eq!(read, [block(1920, b"before"), block(960, b"old"), block(0, b"now")]);
        set_payload_type(&mut packet, 96);
        assert_eq!(packet, b"\xe0\x1e\x00\x06\xe0\x0f\x00\x03\x60beforeoldnow");
    }

    #[test]
    fn what_is_too_much_is_left_out_from_the_earliest_on() {
        let earlier = [block(2880, b"third"), block(1920, b"other"), block(960, b"last")];
        let kept = |room: usize| {
            let packet = written(b"now", &earlier, room);
            let blocks = blocks(&packet).into_iter().flatten();
            blocks.map(|block| block.timestamp_offset).collect::<Vec<_>>()
        };
        assert_eq!(kept(18), [1920, 960, 0]);
        assert_eq!(kept(17), [960, 0]);
        assert_eq!(kept(9), [960, 0]);
        assert!(kept(8).is_empty());
        assert_eq!(kept(1200), [1920, 960, 0], "two at most");
    }

    #[test]
    fn a_block_that_a_header_has_no_room_for_is_left_out() {
        let long = [0; 1024];
        let earlier = [
            block(16_384, b"early"),
            block(16_383, b"kept"),
            block(960, &long),
            block(0, b"same"),
        ];
        let packet = written(&long, &earlier, 2000);
        let read: Vec<_> = blocks(&packet).unwrap().collect();
        assert_eq!(read, [block(16_383, b"kept"), block(0, &long)]);
        assert!(written(b"now", &earlier[2..], 2000).is_empty());
    }

    #[test]
    fn what_does_not_fit_into_the_payload_is_refused() {
        let packet = written(b"", &[block(960, b"old")], 100);
        assert_eq!(blocks(&packet).unwrap().last(), Some(block(0, b"")));
        (0..packet.len()).for_each(|len| assert!(blocks(&packet[..len]).is_none(), "{len} bytes"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            primary in prop::collection::vec(any::<u8>(), 0..1300),
            earlier in prop::collection::vec((1u16..1 << 14, prop::collection::vec(any::<u8>(), 0..1024)), 0..5),
            room in 0usize..4000,
        ) {
            let earlier: Vec<_> = earlier.iter().map(|(offset, payload)| block(*offset, payload)).collect();
            let packet = written(&primary, &earlier, room);
            let last = earlier.last().filter(|last| last.payload.len() + 5 <= room);
            prop_assert_eq!(packet.is_empty(), last.is_none());
            if !packet.is_empty() {
                prop_assert!(packet.len() - primary.len() <= room);
                let read: Vec<_> = blocks(&packet).unwrap().collect();
                let (now, repeated) = read.split_last().unwrap();
                prop_assert_eq!(*now, block(0, &primary));
                prop_assert!(repeated.len() <= EARLIER_MAX && earlier.ends_with(repeated));
            }
        }

        #[test]
        fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..200), payload_type in 0u8..128) {
            let mut changed = payload.clone();
            set_payload_type(&mut changed, payload_type);
            prop_assert_eq!(blocks(&changed).is_some(), blocks(&payload).is_some());
            if let (Some(blocks), Some(changed)) = (blocks(&payload), blocks(&changed)) {
                let blocks: Vec<_> = blocks.collect();
                let bodies: usize = blocks.iter().map(|block| block.payload.len()).sum();
                prop_assert_eq!(bodies + EARLIER_HEADER_LEN * (blocks.len() - 1) + PRIMARY_HEADER_LEN, payload.len());
                let named = |block: &Block<'_>| block.payload_type == payload_type;
                prop_assert!(changed.clone().all(|block| named(&block)));
                prop_assert!(changed.zip(&blocks).all(|(after, before)| after.payload == before.payload));
            }
        }
    }
}
