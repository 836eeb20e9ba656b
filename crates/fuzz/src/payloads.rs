//! What payloads tell of the frames in them. The first byte says the codec.

use tertulia_sfu::rtp::{self, DependencyStructure, Descriptor, Form, Layering, Layers, is_key_frame};
use tertulia_sfu::types::Codec;

use crate::input::Input;

const CODECS: [Codec; 6] = [
    Codec::Opus,
    Codec::Vp8,
    Codec::Vp9,
    Codec::H264,
    Codec::Av1,
    Codec::Other,
];

fn of_some_codec(bytes: &[u8]) -> Option<(Codec, &[u8])> {
    let (choice, payload) = bytes.split_first()?;
    Some((CODECS[usize::from(*choice) % CODECS.len()], payload))
}

fn has_frames(codec: Codec) -> bool {
    !matches!(codec, Codec::Opus | Codec::Other)
}

/// Nothing but video has key frames.
pub fn key_frame(bytes: &[u8]) {
    let Some((codec, payload)) = of_some_codec(bytes) else {
        return;
    };
    let found = is_key_frame(codec, payload);
    assert!(!found || !payload.is_empty());
    assert!(!found || has_frames(codec));
}

/// A size is one, and is told by the packets with which a receiver may start, or by VP9's structures, which others may
/// carry, and AV1's headers.
pub fn picture_size(bytes: &[u8]) {
    let Some((codec, payload)) = of_some_codec(bytes) else {
        return;
    };
    if let Some((width, height)) = rtp::picture_size(codec, payload) {
        assert!(width > 0 && height > 0);
        assert!(has_frames(codec));
        assert!(is_key_frame(codec, payload) || matches!(codec, Codec::Vp9 | Codec::Av1));
    }
}

/// Layers are within bounds, and patching changes the numbers alone. With its highest bit set the first byte says that
/// dependency descriptors follow, each after its length.
pub fn layering(bytes: &[u8]) {
    let Some((codec, payload)) = of_some_codec(bytes) else {
        return;
    };
    if bytes[0] & 0x80 != 0 {
        return descriptors(payload);
    }
    let layering = Layering::read(codec, payload, false);
    judge(&layering);
    assert!(has_frames(codec) || layering == Layering::default());
    for (picture_shift, tl0_shift) in [(0, 0), (1, 0), (0, 1), (0x1234, 0x56), (0x8000, 0x80)] {
        patch(codec, &layering, payload, picture_shift, tl0_shift);
    }
}

fn descriptors(bytes: &[u8]) {
    let mut structure = DependencyStructure::new();
    let mut input = Input::new(bytes);
    while !input.is_empty() {
        let bytes = input.bytes();
        let (layering, descriptor) = structure.read(bytes);
        if let Some(layering) = layering {
            judge(&layering);
            assert_eq!(
                (layering.numbers.picture_id(), layering.numbers.tl0_pic_idx()),
                (None, None)
            );
        }
        pass_on(&structure, layering, &descriptor, bytes);
    }
}

/// Telling of other layers, and another frame number, change nothing else.
fn pass_on(structure: &DependencyStructure, layering: Option<Layering>, descriptor: &Descriptor, bytes: &[u8]) {
    let mut room = [0xEE; Descriptor::MAX];
    let whole: &[u8] = if descriptor.is_empty() { &[] } else { bytes };
    assert_eq!(descriptor.write(0, None, &mut room), whole);
    assert_eq!(descriptor.len(false), whole.len());
    for (spatial, temporal) in [
        (0, 0),
        (1, Layers::EVERY),
        (Layers::EVERY, 1),
        (Layers::EVERY, Layers::EVERY),
    ] {
        let told = Some(Layers { spatial, temporal });
        let written = descriptor.write(0, told, &mut room).to_vec();
        assert!(written.len() <= descriptor.len(true));
        assert_eq!(structure.clone().read(&written).0, layering);
        let moved = descriptor.write(0x1234, told, &mut room);
        let number = descriptor
            .frame_number()
            .map(|number| number.wrapping_sub(0x1234).to_be_bytes());
        assert_eq!(moved.get(1..3), number.as_ref().map(|number| &number[..]));
        assert_eq!(moved.get(3..), written.get(3..));
    }
}

fn judge(layering: &Layering) {
    assert!(layering.temporal < 8 && layering.spatial < 8);
    for (current, target) in [(0, 0), (0, 2), (1, 2), (2, 0), (2, 1), (7, 7)] {
        let next = layering.next_temporal(current, target);
        assert!(current.min(target) <= next && next <= current.max(target));
        assert!(next == current || layering.begins_picture());
    }
    for (spatial, temporal) in [(0, 0), (1, 0), (0, 2), (2, Layers::EVERY), (Layers::EVERY, 1)] {
        choose(layering, Layers { spatial, temporal });
    }
    assert_eq!(Layers::ALL.form(layering), Form::Whole);
}

/// Nobody comes to more than he shall get, or to larger pictures without a key frame, and what he does not get has no payload.
fn choose(layering: &Layering, layers: Layers) {
    assert_eq!(layers.form(layering) == Form::Empty, !layers.have(layering));
    for key_frame in [false, true] {
        let fewer = Layers::ALL.next(layers, layering, key_frame);
        let more = layers.next(Layers::ALL, layering, key_frame);
        assert!(fewer.cover(layers) && more.cover(layers));
        assert!(fewer == if layering.begins_picture() { layers } else { Layers::ALL });
        assert!(key_frame || more.spatial == layers.spatial);
    }
}

fn patch(codec: Codec, layering: &Layering, payload: &[u8], picture_shift: u16, tl0_shift: u8) {
    let numbers = layering.numbers;
    let mut patched = payload.to_vec();
    numbers.patch(&mut patched, picture_shift, tl0_shift);
    let again = Layering::read(codec, &patched, false);
    assert_eq!(Layering { numbers, ..again }, *layering);

    let bits = numbers.picture_id_bits();
    assert_eq!(again.numbers.picture_id_bits(), bits);
    let shifted = numbers.picture_id().map(|id| id.wrapping_sub(picture_shift));
    assert_eq!(again.numbers.picture_id(), shifted.map(|id| id & ((1 << bits) - 1)));
    let shifted = numbers.tl0_pic_idx().map(|index| index.wrapping_sub(tl0_shift));
    assert_eq!(again.numbers.tl0_pic_idx(), shifted);

    again
        .numbers
        .patch(&mut patched, picture_shift.wrapping_neg(), tl0_shift.wrapping_neg());
    assert_eq!(patched, payload);
}
