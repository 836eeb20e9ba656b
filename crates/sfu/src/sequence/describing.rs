//! What the receiver sees of frames with dependency descriptors.
#![allow(clippy::disallowed_methods)]

use super::*;
use crate::rtp::{DependencyStructure, Layering, SwitchUp};

fn packet(timestamp: u32, key_frame: bool) -> Packet {
    Packet {
        timestamp,
        key_frame,
        ..Packet::empty(Instant::now())
    }
}

fn stream(epoch: u64) -> Stream {
    Stream {
        epoch: Epoch(epoch),
        kind: MediaKind::Video,
        clock_rate: 90_000,
        offset: None,
        top: Layers::ALL,
        counts_pictures: false,
    }
}

/// The only packet of a frame with a dependency descriptor that says no more than its number.
fn described(frame: u16, key_frame: bool) -> Packet {
    let [high, low] = frame.to_be_bytes();
    Packet {
        descriptor: DependencyStructure::new().read(&[0xc0, high, low]).1,
        ..packet(0, key_frame)
    }
}

#[test]
fn frame_numbers_go_on_over_a_switch() {
    let (mut space, now) = (SequenceSpace::default(), Instant::now());
    let mut sent = |index, frame, key_frame, epoch| {
        let place = space
            .place(index, &described(frame, key_frame), &stream(epoch), now)
            .unwrap();
        frame.wrapping_sub(place.shifts.frame_number)
    };
    assert_eq!(sent(10, 0xfffe, true, 0), 0xfffe, "the publisher's own");
    assert_eq!(sent(12, 1, false, 0), 1, "with a gap that is his");
    assert_eq!(sent(11, 0xffff, false, 0), 0xffff, "and what comes late");
    assert_eq!(sent(90, 0xfff0, true, 1), 2);
    assert_eq!(sent(91, 0xfff3, false, 1), 5);
    space.interrupt();
    let place = space.place(7, &described(40, true), &stream(2), now).unwrap();
    assert_eq!(40u16.wrapping_sub(place.shifts.frame_number), 6);
}

#[test]
fn a_receiver_is_told_of_his_layers_from_the_first_that_are_left_out_to_the_next_stream() {
    let (mut space, now) = (SequenceSpace::default(), Instant::now());
    let told = |space: &mut SequenceSpace, index, epoch, top| {
        let begins = Layering {
            begins_frame: true,
            switch_up: SwitchUp::ToAll,
            ..Layering::default()
        };
        let packet = Packet {
            layering: begins,
            ..packet(3000 * index as u32, index % 10 == 0)
        };
        let place = space
            .place(index, &packet, &Stream { top, ..stream(epoch) }, now)
            .unwrap();
        assert_eq!(
            space.sent(place.index as u16).unwrap().told,
            place.told,
            "sent again it is the same"
        );
        assert_eq!(space.tells_layers(), place.told.is_some());
        place.told
    };
    let base = Layers {
        temporal: 0,
        ..Layers::ALL
    };
    assert_eq!(told(&mut space, 10, 0, Layers::ALL), None);
    assert_eq!(told(&mut space, 11, 0, base), Some(base));
    assert_eq!(told(&mut space, 12, 0, base), Some(base));
    assert_eq!(
        told(&mut space, 13, 0, Layers::ALL),
        Some(Layers::ALL),
        "that they are back"
    );
    assert_eq!(told(&mut space, 20, 1, Layers::ALL), None);
    assert_eq!(told(&mut space, 30, 2, base), Some(base));
}
