//! What comes by TCP: its first bytes, and messages in a stream.

use tertulia_engine::fuzzing::{Frame, Framing, Unframed};
use tertulia_engine::{FirstBytes, classify};

/// The largest frame of either protocol: see `docs/design/connectivity.md`.
const FRAME_MAX: usize = 4096;

/// An answer is the same however much more is there.
pub fn first_bytes(bytes: &[u8]) {
    let whole = classify(bytes);
    let cuts = [1, 2, 3, 4, 5, 9, 20, 43, bytes.len() / 2, bytes.len().saturating_sub(1)];
    for cut in cuts.into_iter().filter(|cut| *cut <= bytes.len()) {
        let part = classify(&bytes[..cut]);
        assert!(
            part == FirstBytes::More || part == whole,
            "{part:?} of {cut} bytes, then {whole:?}"
        );
    }
}

/// Frames are bounded, do not depend on how the stream was cut, and what is written is read.
pub fn frames(bytes: &[u8]) {
    let (Some(choice), stream) = (bytes.first(), bytes.get(1..).unwrap_or_default()) else {
        return;
    };
    let framing = if choice & 1 == 0 { Framing::Turn } else { Framing::Ice };
    let mut rest = stream;
    while let Ok(Some(frame)) = framing.first(rest) {
        assert!(frame.start <= frame.end && frame.end <= frame.next && frame.next > 0);
        assert!(frame.next <= rest.len().min(FRAME_MAX));
        for cut in [frame.next - 1, frame.next / 2, 1, 0] {
            assert_eq!(framing.first(&rest[..cut]), Ok(None));
        }
        rewrite(framing, frame, rest);
        rest = &rest[frame.next..];
    }
    if framing.first(rest) == Ok(None) {
        assert!(rest.len() < FRAME_MAX, "waits for ever");
    }
}

fn rewrite(framing: Framing, frame: Frame, bytes: &[u8]) {
    let message = &bytes[frame.start..frame.end];
    let written = framing.write(message).expect("what was read can be written");
    let Ok(Some(again)) = framing.first(&written) else {
        panic!("what is written can be read, and is not {Unframed:?}");
    };
    assert_eq!(&written[again.start..again.end], message);
    assert_eq!(again.next, written.len());
}
