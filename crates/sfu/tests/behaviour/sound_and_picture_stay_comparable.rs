//! Lip-sync: a slot's sender reports put its timestamps on the publisher's clock, whatever was in the slot before.

use crate::common::{FRAME, World};
use std::time::{Duration, SystemTime};
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId};

/// When the last packet of a slot was captured, on the publisher's clock.
fn captured(world: &mut World, viewer: ConnectionId, slot: SlotId, rate: f64) -> SystemTime {
    let packets = world.packets(viewer, slot);
    let packet = packets.last().expect("something arrived");
    let info = packet.last_sender_info.expect("a sender report arrived");
    let ticks = packet.header.timestamp.wrapping_sub(info.rtp_time.numer() as u32) as i32;
    let seconds = f64::from(ticks) / rate;
    match seconds < 0.0 {
        true => info.ntp_time - Duration::from_secs_f64(-seconds),
        false => info.ntp_time + Duration::from_secs_f64(seconds),
    }
}

#[test]
fn after_a_change_of_source_too() {
    let mut world = World::new();
    let (alice, bob, viewer) = (world.connect(1), world.connect(2), world.connect(3));
    let picture = world.publish_video(alice, 10);
    let other = world.publish_video(bob, 11);
    let again = world.publish_video(alice, 12);
    let first = world.watch(viewer, 20, other);
    let second = world.watch(viewer, 21, picture);
    world.skip(bob, 9_999);
    for i in 0..300 {
        if i == 90 {
            world.bind(first, again, MediaKind::Video);
        }
        world.send_frame(bob, other, i % 30 == 0, &[200]);
        // Two tracks of one client at one moment; their timestamps differ by one frame.
        world.send_frame(alice, picture, i % 30 == 0, &[200]);
        world.send_frame(alice, again, i % 30 == 0, &[200]);
        world.run(FRAME);
    }
    let (one, two) = (
        captured(&mut world, viewer, first, 90_000.0),
        captured(&mut world, viewer, second, 90_000.0),
    );
    let apart = one.duration_since(two).unwrap_or_else(|error| error.duration());
    assert!(apart < Duration::from_millis(80), "{apart:?}");
    assert!(world.stats(viewer).unwrap().round_trip.is_some());
}
