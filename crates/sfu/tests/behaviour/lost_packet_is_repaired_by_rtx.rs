//! Loss on either side of the SFU is repaired, and viewers that lost nothing are not bothered.

use crate::common::{FRAME, Loss, World, is_media};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use tertulia_sfu::command::{Binding, Command};
use tertulia_sfu::types::{ConnectionId, MediaKind};

/// Loses every ninth media datagram of a client.
fn some_of(client: ConnectionId) -> Loss {
    let mut count = 0;
    Box::new(move |id, datagram| {
        if id != client || !is_media(datagram) {
            return false;
        }
        count += 1;
        count % 9 == 5
    })
}

#[test]
fn what_a_viewer_lost_comes_again_from_the_ring() {
    let mut world = World::new();
    let (alice, bob, carol) = (world.connect(1), world.connect(2), world.connect(3));
    let source = world.publish_video(alice, 10);
    let (for_bob, for_carol) = (world.watch(bob, 20, source), world.watch(carol, 30, source));
    world.lose_downstream = some_of(bob);
    for i in 0..60 {
        world.send_frame(alice, source, i == 0, &[900, 900, 500]);
        world.run(FRAME);
    }
    world.run(Duration::from_millis(500));
    let mut numbers = world.numbers(bob, for_bob);
    numbers.sort_unstable();
    assert_eq!(numbers, (1000..1180).collect::<Vec<_>>());
    assert_eq!(world.numbers(carol, for_carol).len(), 180);
    assert!(world.counters().rtx_out >= 15, "{:?}", world.counters());
    assert_eq!(world.counters().nack_out, 0, "the publisher hears nothing of it");
}

#[test]
fn what_the_publisher_lost_is_asked_for_and_reaches_every_viewer() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.watch(bob, 20, source);
    world.send_frame(alice, source, true, &[900]);
    world.lose_upstream = some_of(alice);
    for _ in 0..60 {
        world.send_frame(alice, source, false, &[900, 900, 500]);
        world.run(FRAME);
    }
    world.lose_upstream = Box::new(|_, _| false);
    world.send_frame(alice, source, false, &[900]);
    world.run(Duration::from_millis(500));
    let mut numbers = world.numbers(bob, slot);
    numbers.sort_unstable();
    assert_eq!(numbers, (1000..1182).collect::<Vec<_>>());
    assert!(world.counters().nack_out >= 15);
    assert!(world.counters().rtx_in >= 15);
}

#[test]
fn without_rtx_the_very_same_bytes_come_again() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.add_slot_with(bob, 20, MediaKind::Video, false);
    world.command(Command::Bind {
        slot,
        to: Some(Binding {
            source,
            payload_type: crate::common::VP8,
            rtx_payload_type: None,
            red_payload_type: None,
        }),
    });
    let copies = Rc::new(RefCell::new(HashMap::<Vec<u8>, Vec<Vec<u8>>>::new()));
    let (log, mut lose) = (copies.clone(), some_of(bob));
    world.lose_downstream = Box::new(move |client, datagram| {
        if client == bob && is_media(datagram) {
            let key = datagram[2..4].to_vec();
            log.borrow_mut().entry(key).or_default().push(datagram.to_vec());
        }
        lose(client, datagram)
    });
    for i in 0..40 {
        world.send_frame(alice, source, i == 0, &[900, 880, 500]);
        world.run(FRAME);
    }
    world.run(Duration::from_millis(500));
    let mut numbers = world.numbers(bob, slot);
    numbers.sort_unstable();
    assert_eq!(numbers, (1000..1120).collect::<Vec<_>>());
    let copies = copies.borrow();
    assert!(copies.values().filter(|same| same.len() > 1).count() >= 10);
    assert!(
        copies
            .values()
            .all(|same| same.iter().all(|datagram| *datagram == same[0]))
    );
}

/// The last packet of a picture is lost, and nothing follows in which a gap would show but another's voice.
#[test]
fn what_transport_wide_feedback_tells_to_be_lost_comes_again_unasked() {
    let mut world = World::new();
    let (alice, bob, carol) = (world.connect(1), world.connect(2), world.connect(3));
    let (picture, voice) = (world.publish_video(alice, 10), world.publish_audio(carol, 11));
    let slot = world.watch(bob, 20, picture);
    let heard = world.add_slot(bob, 21, MediaKind::Audio);
    world.bind(heard, voice, MediaKind::Audio);
    let speak = |world: &mut World, times: usize| {
        for _ in 0..times {
            world.send_audio(carol, voice, 30);
            world.run(Duration::from_millis(20));
        }
    };
    let lost = Rc::new(RefCell::new(0));
    let count = lost.clone();
    world.lose_downstream = Box::new(move |client, datagram| {
        let is_picture = is_media(datagram) && datagram.len() > 400;
        let mut count = count.borrow_mut();
        // What is lost first tells that it is worth while to remember.
        let next = [1004u16, 1008].get(*count).map(|number| number.to_be_bytes());
        let loses = client == bob && is_picture && next.is_some_and(|next| datagram[2..4] == next);
        *count += usize::from(loses);
        loses
    });
    // Of what the viewer says, transport-wide feedback alone comes through.
    world.lose_upstream = Box::new(move |client, datagram| {
        let is_rtcp = (128..192).contains(&datagram[0]) && !is_media(datagram);
        client == bob && is_rtcp && (datagram[0] & 0x1f, datagram[1]) != (15, 205)
    });
    for i in 0..3 {
        world.send_frame(alice, picture, i == 0, &[900, 900, 500]);
        speak(&mut world, 10);
    }
    speak(&mut world, 40);
    assert_eq!(*lost.borrow(), 2);
    assert_eq!(world.counters().nack_in, 0);
    let mut numbers = world.numbers(bob, slot);
    numbers.sort_unstable();
    assert_eq!(numbers, [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008]);
}
