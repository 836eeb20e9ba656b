//! A client may change to another codec that was agreed upon: its stream then comes with a payload type that its source does not have.

use crate::common::{FRAME, VIDEO_CLOCK, VP8, World};
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, MediaKind, SourceId};

const OTHER: u8 = 98;
const ANOTHER: u8 = 100;

fn send(world: &mut World, connection: ConnectionId, source: SourceId, payload_type: u8) {
    // As a VP8 key frame begins (RFC 7741, section 4.2): of the other codec nobody reads it.
    let payload = vec![0x10, 0, 0, 0, 0x9d, 0x01, 0x2a, 0, 0, 0];
    world.write(connection, source, payload_type, VIDEO_CLOCK, true, payload, None);
    world.settle();
}

fn told(world: &World) -> Vec<(SourceId, u8)> {
    let told = world.events.iter().filter_map(|event| match *event {
        Event::SourcePayload { source, payload_type } => Some((source, payload_type)),
        _ => None,
    });
    told.collect()
}

#[test]
fn once_for_each_and_its_packets_reach_nobody() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.watch(bob, 20, source);
    world.send_frame(alice, source, true, &[500]);
    assert_eq!(told(&world), []);
    for payload_type in [OTHER, OTHER, ANOTHER, OTHER, ANOTHER] {
        send(&mut world, alice, source, payload_type);
    }
    world.run(FRAME);
    assert_eq!(told(&world), [(source, OTHER), (source, ANOTHER)]);
    assert_eq!(world.counters().dropped_payload_type, 5);
    assert!(
        world
            .packets(bob, slot)
            .iter()
            .all(|packet| *packet.header.payload_type == VP8)
    );
}

#[test]
fn a_source_that_takes_its_place_goes_on_with_the_same_stream() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.watch(bob, 20, source);
    world.send_frame(alice, source, true, &[500]);
    send(&mut world, alice, source, OTHER);
    let before = world.numbers(bob, slot).len();
    let successor = world.succeed(alice, source, 11, OTHER);
    world.bind(slot, successor, MediaKind::Video);
    world.settle();
    for _ in 0..3 {
        send(&mut world, alice, source, OTHER);
        world.run(FRAME);
    }
    assert_eq!(told(&world), [(source, OTHER)]);
    assert!(world.numbers(bob, slot).len() > before);
}
