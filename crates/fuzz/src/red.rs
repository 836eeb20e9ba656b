//! Redundant audio.

use tertulia_sfu::rtp::red::{Block, EARLIER_MAX, blocks, set_payload_type, write_front};

/// Headers and bodies account for every byte, the primary block is the last, another payload type leaves the frames as
/// they are, and what was read can be written again, into whatever room there is.
pub fn red(bytes: &[u8]) {
    let Some(found) = blocks(bytes) else {
        return;
    };
    let found: Vec<_> = found.collect();
    let (last, earlier) = found.split_last().expect("there is a primary block");
    assert_eq!(last.timestamp_offset, 0);
    let bodies: usize = found.iter().map(|block| block.payload.len()).sum();
    assert_eq!(bodies + 4 * earlier.len() + 1, bytes.len());
    rename(bytes, &found);
    let before = bytes.len() - last.payload.len();
    for room in [before, before / 2, 5, 4] {
        rewrite(*last, earlier, room);
    }
}

fn rename(bytes: &[u8], found: &[Block<'_>]) {
    let mut bytes = bytes.to_vec();
    set_payload_type(&mut bytes, 96);
    let named = |block: &Block<'_>| (block.timestamp_offset, block.payload.to_vec());
    let again: Vec<_> = blocks(&bytes).expect("headers are where they were").collect();
    assert!(again.iter().all(|block| block.payload_type == 96));
    assert!(again.iter().map(named).eq(found.iter().map(named)));
}

fn rewrite(last: Block<'_>, earlier: &[Block<'_>], room: usize) {
    let mut payload = vec![0xEE; 3];
    write_front(earlier, last.payload_type, room, &mut payload);
    assert!(payload.len() <= room);
    if payload.is_empty() {
        return;
    }
    payload.extend_from_slice(last.payload);
    let again: Vec<_> = blocks(&payload).expect("what is written can be read").collect();
    let (primary, repeated) = again.split_last().expect("there is a primary block");
    assert_eq!(*primary, last);
    // An earlier frame of the same time says nothing.
    let said: Vec<_> = earlier
        .iter()
        .filter(|block| block.timestamp_offset > 0)
        .map(|block| Block {
            payload_type: last.payload_type,
            ..*block
        })
        .collect();
    assert!((1..=EARLIER_MAX).contains(&repeated.len()) && said.ends_with(repeated));
}
