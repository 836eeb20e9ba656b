//! Who comes late is shown nothing until a key frame, and the publisher is asked for one.

use crate::common::{FRAME, World};
use std::time::Duration;
use tertulia_sfu::event::Event;
use tertulia_sfu::rtp::Layers;
use tertulia_sfu::stats::Reason;

#[test]
fn the_publisher_is_asked_and_the_picture_starts_with_the_key_frame() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.send_frame(alice, source, true, &[500]);
    for _ in 0..10 {
        world.send_frame(alice, source, false, &[400]);
        world.run(FRAME);
    }
    assert_eq!(world.client(alice).key_frames_asked, 0);

    let slot = world.watch(bob, 20, source);
    world.run(Duration::from_millis(20));
    assert_eq!(world.client(alice).key_frames_asked, 1);
    world.send_frame(alice, source, false, &[400]);
    assert_eq!(world.numbers(bob, slot), []);

    world.send_frame(alice, source, true, &[800, 700]);
    world.send_frame(alice, source, false, &[400]);
    assert_eq!(world.numbers(bob, slot), [1000, 1001, 1002]);
    assert_eq!(
        world.packets(bob, slot)[0].payload[..],
        crate::common::vp8(true, true, 800)[..]
    );
    assert!(world.events.contains(&Event::Layer {
        slot,
        source,
        encoding: 0,
        layers: Layers::ALL,
        reason: Reason::Best,
    }));
}

#[test]
fn a_request_that_is_not_answered_is_repeated_and_many_are_one() {
    let mut world = World::new();
    let alice = world.connect(1);
    let source = world.publish_video(alice, 10);
    world.send_frame(alice, source, true, &[500]);
    for id in 2..8 {
        let viewer = world.connect(id);
        world.watch(viewer, 20 + id, source);
    }
    world.run(Duration::from_millis(250));
    let asked = world.counters().pli_out;
    for id in 2..8 {
        world.ask_key_frame(
            tertulia_sfu::types::ConnectionId(id),
            tertulia_sfu::types::SlotId(20 + id),
        );
    }
    world.run(Duration::from_millis(190));
    assert!(world.counters().pli_out <= asked + 1);
    world.run(Duration::from_secs(3));
    assert!(world.counters().pli_out >= asked + 2, "repeated");
    world.send_frame(alice, source, true, &[500]);
    let asked = world.counters().pli_out;
    world.run(Duration::from_secs(8));
    assert_eq!(world.counters().pli_out, asked, "satisfied");
}
