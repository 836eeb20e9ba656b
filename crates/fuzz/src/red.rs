//! Redundant audio.

use tertulia_sfu::rtp::red::{Block, EARLIER_MAX, blocks, primary, write};

/// Headers and bodies account for every byte, the primary block is the last, and what was read can be written again,
/// into whatever room there is.
pub fn red(bytes: &[u8]) {
    let Some(found) = blocks(bytes) else {
        assert_eq!(primary(bytes), None);
        return;
    };
    let found: Vec<_> = found.collect();
    let (last, earlier) = found.split_last().expect("there is a primary block");
    assert_eq!(primary(bytes), Some(*last));
    assert_eq!(last.timestamp_offset, 0);
    let bodies: usize = found.iter().map(|block| block.payload.len()).sum();
    assert_eq!(bodies + 4 * earlier.len() + 1, bytes.len());
    for room in [bytes.len(), bytes.len() / 2, 1 + last.payload.len(), last.payload.len()] {
        rewrite(*last, earlier, room);
    }
}

fn rewrite(last: Block<'_>, earlier: &[Block<'_>], room: usize) {
    let mut buffer = vec![0xEE; room];
    let Some(len) = write(last, earlier, &mut buffer) else {
        assert!(room <= last.payload.len());
        return;
    };
    let again: Vec<_> = blocks(&buffer[..len]).expect("what is written can be read").collect();
    let (primary, repeated) = again.split_last().expect("there is a primary block");
    assert_eq!(*primary, last);
    // An earlier frame of the same time says nothing.
    let said: Vec<_> = earlier
        .iter()
        .filter(|block| block.timestamp_offset > 0)
        .copied()
        .collect();
    assert!(repeated.len() <= EARLIER_MAX && said.ends_with(repeated));
}
