//! With many viewers a frame's packets leave together; with few, each at once.

use crate::common::World;
use std::time::Duration;
use tertulia_sfu::config::Config;
use tertulia_sfu::types::{ConnectionId, SourceId};

fn lecture(viewers: u64) -> (World, ConnectionId, SourceId) {
    let mut world = World::with(Config {
        hold_min_viewers: 3,
        ..Config::default()
    });
    let alice = world.connect(1);
    let source = world.publish_video(alice, 10);
    for id in 2..2 + viewers {
        let viewer = world.connect(id);
        world.watch(viewer, 20 + id, source);
    }
    world.send_frame(alice, source, true, &[100]);
    world.run(Duration::from_millis(600));
    world.media_sent.clear();
    (world, alice, source)
}

#[test]
fn the_whole_frame_leaves_viewer_by_viewer_in_equal_lengths() {
    let (mut world, alice, source) = lecture(3);
    world.write_frame(alice, source, false, &[900, 880, 890], false);
    world.settle();
    assert_eq!(world.media_sent, []);
    world.write_frame(alice, source, false, &[700], true);
    world.settle();
    let order: Vec<u64> = world.media_sent.iter().map(|(id, _)| id.0).collect();
    assert!(
        order.chunks(4).all(|chunk| chunk.iter().all(|id| *id == chunk[0])),
        "{order:?}"
    );
    assert_eq!(order.len(), 12);
    for viewer in world.media_sent.chunks(4) {
        assert!(viewer[..3].iter().all(|(_, len)| *len == viewer[0].1), "{viewer:?}");
        assert!(viewer[3].1 < viewer[0].1);
    }
}

#[test]
fn padding_is_not_part_of_what_arrives() {
    let (mut world, alice, source) = lecture(3);
    world.send_frame(alice, source, false, &[900, 880, 890, 100]);
    let slot = tertulia_sfu::types::SlotId(22);
    let packets = world.packets(ConnectionId(2), slot);
    let lengths: Vec<usize> = packets[packets.len() - 4..].iter().map(|p| p.payload.len()).collect();
    assert_eq!(lengths, [900, 880, 890, 100]);
}

#[test]
fn a_frame_that_is_not_completed_leaves_after_12_ms() {
    let (mut world, alice, source) = lecture(3);
    world.write_frame(alice, source, false, &[900, 900], false);
    world.settle();
    world.run(Duration::from_millis(11));
    assert_eq!(world.media_sent, []);
    world.run(Duration::from_millis(2));
    assert_eq!(world.media_sent.len(), 6);
}

#[test]
fn sixteen_packets_do_not_wait_for_the_rest() {
    let (mut world, alice, source) = lecture(3);
    world.write_frame(alice, source, false, &[900; 17], false);
    world.settle();
    assert_eq!(world.media_sent.len(), 3 * 16);
}

#[test]
fn with_few_viewers_nothing_waits() {
    let (mut world, alice, source) = lecture(2);
    world.write_frame(alice, source, false, &[900], false);
    world.settle();
    assert_eq!(world.media_sent.len(), 2);
}
