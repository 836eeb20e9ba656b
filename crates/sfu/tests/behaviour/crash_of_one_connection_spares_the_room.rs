//! A panic inside one connection ends that connection; everybody else goes on.

use crate::common::{FRAME, World};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{CloseReason, MediaKind};

#[test]
fn the_others_go_on_and_its_slots_elsewhere_are_empty() {
    let mut world = World::new();
    let (alice, bob, carol) = (world.connect(1), world.connect(2), world.connect(3));
    let (of_alice, of_bob) = (world.publish_video(alice, 10), world.publish_video(bob, 11));
    let first = world.watch(carol, 20, of_alice);
    let second = world.watch(carol, 21, of_bob);
    world.send_frame(alice, of_alice, true, &[100]);
    world.send_frame(bob, of_bob, true, &[100]);

    world.command(Command::Crash {
        connection: Some(alice),
    });
    let end = Event::Disconnected {
        connection: alice,
        reason: CloseReason::Crashed,
    };
    assert!(world.events.contains(&end));
    assert!(world.events.iter().any(|event| matches!(event, Event::Fault { .. })));
    assert!(world.stats(alice).is_none());

    world.send_frame(alice, of_alice, false, &[100]);
    assert!(world.counters().dropped_unknown_address > 0);
    for _ in 0..5 {
        world.send_frame(bob, of_bob, false, &[100]);
        world.run(FRAME);
    }
    assert_eq!(world.numbers(carol, first).len(), 1);
    assert_eq!(world.numbers(carol, second).len(), 6);
    world.bind(first, of_bob, MediaKind::Video);
    world.send_frame(bob, of_bob, true, &[100]);
    assert_eq!(world.numbers(carol, first), [1000, 1001]);
}

#[test]
fn a_viewer_that_crashes_leaves_no_trace() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.watch(bob, 20, source);
    world.send_frame(alice, source, true, &[100]);
    world.command(Command::Crash { connection: Some(bob) });
    let sent = world.counters().rtp_out;
    world.send_frame(alice, source, false, &[100]);
    world.run(Duration::from_millis(100));
    assert_eq!(world.counters().rtp_out, sent);
}

#[test]
fn a_crash_of_the_worker_is_for_its_owner_to_catch() {
    let mut world = World::new();
    world.connect(1);
    let crash = catch_unwind(AssertUnwindSafe(|| world.command(Command::Crash { connection: None })));
    assert!(crash.is_err());
}
