//! ChannelBind (RFC 8656, section 12).

use std::time::Duration;

use tertulia_relay::stun::{attribute, message_type};

use crate::common::{PEER, PEER_V6, Sent, World};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_channel_brings_its_permission() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    assert!(world.send_channel_data(&person, 0x4000, b"out"));
    world.peer_sends(relayed, PEER, b"in");
    world.peer_sends(relayed, "8.8.8.8:1", b"another port");
    let sent = world.sent();
    assert_eq!(sent[0], Sent::to_peer(relayed, PEER, b"out"));
    assert_eq!(sent[1].channel_data(), Some((0x4000, &b"in"[..])));
    assert_eq!(
        sent[2].indication(),
        Some(("8.8.8.8:1".parse().unwrap(), &b"another port"[..]))
    );
}

#[test]
fn a_number_and_a_peer_are_bound_to_each_other() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0, "a refresh");
    assert_eq!(world.bind(&person, 0x4000, "8.8.8.8:1"), 400);
    assert_eq!(world.bind(&person, 0x4001, PEER), 400);
    assert_eq!(world.bind(&person, 0x4001, "8.8.8.8:1"), 0);
}

#[test]
fn a_channel_ends_after_ten_minutes_and_is_free_again() {
    let mut world = World::new();
    let (mut person, _) = world.person_with_allocation(1);
    assert_eq!(world.refresh(&person, 3600), 0);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    world.pass(9 * MINUTE);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    world.pass(MINUTE - Duration::from_nanos(1));
    assert!(world.send_channel_data(&person, 0x4000, b"x"));
    world.pass(Duration::from_nanos(1));
    assert!(!world.send_channel_data(&person, 0x4000, b"x"));
    assert_eq!(world.counter("dropped_no_channel"), 1);
    world.challenge(&mut person);
    assert_eq!(world.bind(&person, 0x4000, "8.8.8.8:1"), 0);
    assert_eq!(world.bind(&person, 0x4001, PEER), 0);
}

#[test]
fn a_channel_without_a_permission_relays_nothing() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    world.pass(5 * MINUTE);
    assert!(!world.send_channel_data(&person, 0x4000, b"x"));
    world.peer_sends(relayed, PEER, b"x");
    assert_eq!(world.sent(), []);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    assert!(world.send_channel_data(&person, 0x4000, b"x"));
}

#[test]
fn numbers_outside_the_range_are_bad() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    for number in [0x4000, 0x7FFF] {
        assert_eq!(world.bind(&person, number, &format!("8.8.8.8:{number}")), 0);
    }
    for number in [0, 0x3FFF, 0x8000, 0xFFFF] {
        assert_eq!(world.bind(&person, number, PEER), 400, "{number:#x}");
    }
}

#[test]
fn requests_that_lack_something_are_bad() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    let mut ask = |number: Option<&[u8]>, peer: Option<&[u8]>| {
        let answer = world.ask(&person, message_type::CHANNEL_BIND_REQUEST, |writer| {
            number.inspect(|value| writer.attribute(attribute::CHANNEL_NUMBER, value));
            peer.inspect(|value| writer.attribute(attribute::XOR_PEER_ADDRESS, value));
        });
        answer.code()
    };
    let (number, peer) = (&[0x40, 0, 0, 0][..], &[0, 1, 0, 0, 1, 1, 1, 1][..]);
    assert_eq!(ask(None, Some(peer)), 400);
    assert_eq!(ask(Some(number), None), 400);
    assert_eq!(ask(Some(&[0x40, 0]), Some(peer)), 400);
    assert_eq!(ask(Some(number), Some(&peer[..4])), 400);
    assert_eq!(
        world.bind(&person, 0x4000, "8.8.8.8:0"),
        400,
        "nothing can be sent to port 0"
    );
}

#[test]
fn families_and_forbidden_peers_are_refused_as_for_permissions() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER_V6), 443);
    assert_eq!(world.bind(&person, 0x4000, "10.9.9.9:1"), 403);
    assert!(!world.send_channel_data(&person, 0x4000, b"x"));
}

#[test]
fn an_allocation_has_so_many_channels_and_no_more() {
    let mut world = World::with(|config| config.limits.channels = 2);
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, "8.8.8.8:1"), 0);
    assert_eq!(world.bind(&person, 0x4001, "8.8.8.8:2"), 0);
    assert_eq!(world.bind(&person, 0x4002, "8.8.8.8:3"), 508);
    assert_eq!(world.bind(&person, 0x4001, "8.8.8.8:2"), 0);
}
