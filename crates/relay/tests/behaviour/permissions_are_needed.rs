//! CreatePermission (RFC 8656, sections 9 and 10).

use std::time::Duration;

use tertulia_relay::stun::{attribute, message_type};

use crate::common::{PEER, PEER_V6, Sent, World};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn without_a_permission_nothing_passes_either_way() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert!(!world.send_indication(&person, PEER, b"x"));
    world.peer_sends(relayed, PEER, b"x");
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("dropped_no_permission"), 1);
    assert_eq!(world.counter("dropped_peer_no_permission"), 1);
}

#[test]
fn a_permission_is_for_an_ip_address_whatever_the_port() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &["8.8.8.8:1"]), 0);
    assert!(world.send_indication(&person, "8.8.8.8:2", b"out"));
    world.peer_sends(relayed, "8.8.8.8:3", b"in");
    assert!(!world.send_indication(&person, "8.8.8.9:1", b"x"));
    let sent = world.sent();
    assert_eq!(sent[0], Sent::to_peer(relayed, "8.8.8.8:2", b"out"));
    assert_eq!(sent[1].indication(), Some(("8.8.8.8:3".parse().unwrap(), &b"in"[..])));
    assert_eq!(sent.len(), 2);
}

#[test]
fn a_permission_ends_after_five_minutes_exactly_and_a_new_one_prolongs_it() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    world.pass(5 * MINUTE - Duration::from_nanos(1));
    assert!(world.send_indication(&person, PEER, b"x"));
    world.pass(Duration::from_nanos(1));
    assert!(!world.send_indication(&person, PEER, b"x"));
    world.sent();
    world.peer_sends(relayed, PEER, b"x");
    assert_eq!(world.sent(), []);

    assert_eq!(world.permit(&person, &[PEER]), 0);
    world.pass(4 * MINUTE);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    world.pass(59 * MINUTE / 60);
    assert!(world.send_indication(&person, PEER, b"x"));
}

#[test]
fn data_does_not_prolong_a_permission() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    for _ in 0..5 {
        assert!(world.send_indication(&person, PEER, b"x"));
        world.peer_sends(relayed, PEER, b"x");
        world.pass(MINUTE);
    }
    assert!(!world.send_indication(&person, PEER, b"x"));
}

#[test]
fn several_peers_are_permitted_together_or_none() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER, "127.0.0.1:1", "1.1.1.1:1"]), 403);
    assert_eq!(world.permit(&person, &[PEER, PEER_V6]), 443);
    assert!(
        !world.send_indication(&person, PEER, b"x"),
        "what stood before the wrong one, too"
    );
    assert_eq!(world.permit(&person, &[PEER, "1.1.1.1:1", PEER]), 0);
    assert!(world.send_indication(&person, PEER, b"x") && world.send_indication(&person, "1.1.1.1:5", b"x"));
}

#[test]
fn a_request_without_a_peer_or_with_a_broken_one_is_bad() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[]), 400);
    for broken in [
        &[][..],
        &[0, 1],
        &[0, 1, 0, 0, 1, 2, 3],
        &[0, 2, 0, 0, 1, 2, 3, 4],
        &[0, 3, 0, 0, 1, 2, 3, 4],
    ] {
        let answer = world.ask(&person, message_type::CREATE_PERMISSION_REQUEST, |writer| {
            writer.xor_address(attribute::XOR_PEER_ADDRESS, PEER.parse().unwrap());
            writer.attribute(attribute::XOR_PEER_ADDRESS, broken);
        });
        assert_eq!(answer.code(), 400, "{broken:?}");
    }
    assert!(!world.send_indication(&person, PEER, b"x"));
}

#[test]
fn each_family_needs_an_address_of_its_own() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER_V6]), 443);
    let (person, [v4, v6]) = world.person_with_both(2);
    assert_eq!(world.permit(&person, &[PEER, PEER_V6]), 0);
    assert!(world.send_indication(&person, PEER, b"4") && world.send_indication(&person, PEER_V6, b"6"));
    assert_eq!(
        world.sent(),
        [Sent::to_peer(v4, PEER, b"4"), Sent::to_peer(v6, PEER_V6, b"6")]
    );
}

#[test]
fn an_allocation_has_so_many_permissions_and_no_more() {
    let mut world = World::with(|config| config.limits.permissions = 3);
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &["1.1.1.1:1", "1.1.1.2:1"]), 0);
    assert_eq!(world.permit(&person, &["1.1.1.3:1", "1.1.1.4:1"]), 508);
    assert!(!world.send_indication(&person, "1.1.1.3:1", b"x"));
    assert_eq!(world.permit(&person, &["1.1.1.3:1", "1.1.1.1:9"]), 0);
    assert_eq!(world.permit(&person, &["1.1.1.4:1"]), 508);
    assert_eq!(
        world.bind(&person, 0x4000, "1.1.1.4:1"),
        508,
        "a channel brings one as well"
    );
    assert_eq!(world.counter("refused_capacity"), 3);
    world.pass(5 * MINUTE);
    assert_eq!(
        world.permit(&person, &["1.1.1.4:1"]),
        0,
        "those that ended do not count"
    );
}
