//! Two relayed addresses of ours: a packet goes from one client to the other without the network.

use std::time::Duration;

use crate::common::{Sent, World};

#[test]
fn two_clients_meet_inside_the_process() {
    let mut world = World::new();
    let (anna, annas) = world.person_with_allocation(1);
    let (boris, boriss) = world.person_with_allocation(2);
    assert_eq!(world.permit(&anna, &[&boriss.to_string()]), 0);
    assert_eq!(world.permit(&boris, &[&annas.to_string()]), 0);
    assert!(world.send_indication(&anna, &boriss.to_string(), b"hello"));
    let sent = world.sent();
    assert_eq!(sent.len(), 1);
    assert!(matches!(&sent[0], Sent::Message(to, _) if *to == boris.client));
    assert_eq!(sent[0].indication(), Some((annas, &b"hello"[..])));

    // Each side has its own channel for the other.
    assert_eq!(world.bind(&anna, 0x4001, &boriss.to_string()), 0);
    assert_eq!(world.bind(&boris, 0x4002, &annas.to_string()), 0);
    assert!(world.send_channel_data(&anna, 0x4001, b"hello"));
    assert!(world.send_channel_data(&boris, 0x4002, b"hi"));
    let sent = world.sent();
    assert_eq!(sent[0].channel_data(), Some((0x4002, &b"hello"[..])));
    assert_eq!(sent[1].channel_data(), Some((0x4001, &b"hi"[..])));
    assert_eq!(world.counter("packets_between_clients"), 3);
    assert_eq!(world.counter("packets_to_clients"), 3);
    assert_eq!(world.counter("packets_to_peers"), 0);
}

#[test]
fn both_sides_must_have_permitted_each_other() {
    let mut world = World::new();
    let (anna, annas) = world.person_with_allocation(1);
    let (boris, boriss) = world.person_with_allocation(2);
    assert_eq!(world.permit(&anna, &[&boriss.to_string()]), 0);
    assert_eq!(world.permit(&boris, &["8.8.8.8:1"]), 0);
    assert!(!world.send_indication(&anna, &boriss.to_string(), b"x"));
    assert!(!world.send_indication(&boris, &annas.to_string(), b"x"));
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("dropped_peer_no_permission"), 1);
    assert_eq!(world.counter("dropped_no_permission"), 1);
}

#[test]
fn families_do_not_mix() {
    let mut world = World::new();
    let (anna, _) = world.person_with_allocation(1);
    let (_, [_, boriss_v6]) = world.person_with_both(2);
    assert_eq!(world.permit(&anna, &[&boriss_v6.to_string()]), 443);
}

#[test]
fn an_allocation_that_has_ended_is_not_met() {
    let mut world = World::new();
    let (anna, annas) = world.person_with_allocation(1);
    let (boris, boriss) = world.person_with_allocation(2);
    assert_eq!(world.permit(&boris, &[&annas.to_string()]), 0);
    assert_eq!(world.bind(&anna, 0x4000, &boriss.to_string()), 0);
    assert_eq!(world.refresh(&anna, 3600), 0);
    assert_eq!(world.refresh(&boris, 0), 0);
    assert!(!world.send_channel_data(&anna, 0x4000, b"x"));
    assert_eq!(
        world.counter("dropped_forbidden_peer"),
        1,
        "it is a port of ours like any other now"
    );

    let (boris, boriss) = world.person_with_allocation(2);
    world.pass(Duration::from_secs(400));
    assert_eq!(world.permit(&boris, &[&annas.to_string()]), 0);
    assert_eq!(world.bind(&anna, 0x4001, &boriss.to_string()), 0);
    world.pass(Duration::from_secs(200));
    assert!(
        !world.send_channel_data(&anna, 0x4001, b"x"),
        "ended, and not yet swept"
    );
    assert_eq!(world.sent(), []);
}

#[test]
fn somebody_may_talk_with_himself() {
    let mut world = World::new();
    let (anna, annas) = world.person_with_allocation(1);
    assert_eq!(world.permit(&anna, &[&annas.to_string()]), 0);
    assert!(world.send_indication(&anna, &annas.to_string(), b"echo"));
    assert_eq!(world.sent()[0].indication(), Some((annas, &b"echo"[..])));
}

#[test]
fn a_client_on_a_stream_gets_what_it_is_sent_padded() {
    let mut world = World::new();
    let client = tertulia_relay::Client::Stream {
        stream: 1,
        remote: "93.184.216.9:50000".parse().unwrap(),
        local: "198.51.100.1".parse().unwrap(),
    };
    let boris = world.person_at(client, "boris");
    let boriss = world.allocate(&boris);
    let (anna, annas) = world.person_with_allocation(1);
    assert_eq!(world.bind(&boris, 0x4000, &annas.to_string()), 0);
    assert_eq!(world.permit(&anna, &[&boriss.to_string()]), 0);
    assert!(world.send_indication(&anna, &boriss.to_string(), b"hello"));
    assert_eq!(
        world.sent(),
        [Sent::Message(client, b"\x40\0\0\x05hello\0\0\0".to_vec())]
    );
}
