//! Quotas: in all, for a user, for an address, and for what flows.

use std::net::SocketAddr;
use std::time::Duration;

use tertulia_relay::stun::message_type;
use tertulia_relay::{Client, Limits};

use crate::common::{PEER, World, with_udp};

/// The code of an Allocate by this identity from this address.
fn allocate(world: &mut World, remote: &str, identity: &str) -> u16 {
    let remote: SocketAddr = remote.parse().unwrap();
    let client = Client::Udp {
        remote,
        local: "198.51.100.1".parse().unwrap(),
        socket: 0,
    };
    let person = world.person_at(client, identity);
    world.ask(&person, message_type::ALLOCATE_REQUEST, with_udp).code()
}

#[test]
fn there_are_so_many_allocations_in_all() {
    let mut world = World::with(|config| config.limits.allocations = 2);
    let (anna, _) = world.person_with_allocation(1);
    world.person_with_allocation(2);
    let late = world.person(3);
    assert_eq!(world.ask(&late, message_type::ALLOCATE_REQUEST, with_udp).code(), 486);
    assert_eq!(world.network.open.len(), 2, "no port was opened for nothing");
    assert_eq!(world.refresh(&anna, 0), 0);
    assert_eq!(world.ask(&late, message_type::ALLOCATE_REQUEST, with_udp).code(), 0);
    assert_eq!(world.counter("refused_quota"), 1);
}

#[test]
fn a_user_has_so_many_whatever_the_time_in_the_name() {
    let mut world = World::with(|config| config.limits.per_user = 2);
    assert_eq!(allocate(&mut world, "93.184.216.1:1", "anna"), 0);
    world.pass(Duration::from_secs(1));
    assert_eq!(
        allocate(&mut world, "93.184.216.2:1", "anna"),
        0,
        "another name, the same identity"
    );
    assert_eq!(allocate(&mut world, "93.184.216.3:1", "anna"), 486);
    assert_eq!(allocate(&mut world, "93.184.216.3:1", "boris"), 0);
    world.pass(Duration::from_secs(599));
    world.sweep();
    assert_eq!(allocate(&mut world, "93.184.216.3:2", "anna"), 0, "the first has ended");
    assert_eq!(allocate(&mut world, "93.184.216.3:3", "anna"), 486);
}

#[test]
fn an_address_has_so_many_whoever_asks() {
    let mut world = World::with(|config| config.limits.per_address = 2);
    for (remote, identity, code) in [
        ("93.184.216.1:1", "anna", 0),
        ("93.184.216.1:2", "boris", 0),
        ("93.184.216.1:3", "clara", 486),
        ("[::ffff:93.184.216.1]:4", "clara", 486),
        ("93.184.216.2:1", "clara", 0),
        ("[2606:4700::1]:1", "anna", 0),
        ("[2606:4700::2]:1", "boris", 0),
        ("[2606:4700::3]:1", "clara", 486),
        ("[2606:4700:0:1::1]:1", "clara", 0),
    ] {
        assert_eq!(allocate(&mut world, remote, identity), code, "{remote} {identity}");
    }
}

#[test]
fn what_ended_in_whatever_way_does_not_count() {
    let mut world = World::with(|config| {
        config.limits.allocations = 1;
        config.limits.per_user = 1;
        config.limits.per_address = 1;
    });
    for round in 0..4u32 {
        let client = Client::Stream {
            stream: round,
            remote: "93.184.216.1:1".parse().unwrap(),
            local: "198.51.100.1".parse().unwrap(),
        };
        let person = world.person_at(client, "anna");
        world.allocate(&person);
        match round {
            0 => assert_eq!(world.refresh(&person, 0), 0),
            1 => world.relay.handle_gone(&client, &mut world.network),
            _ => {
                world.pass(Duration::from_secs(600));
                world.sweep();
            }
        }
        assert_eq!(world.relay.allocations(), 0, "round {round}");
    }
    assert_eq!(world.counter("allocations_closed"), 4);
}

#[test]
fn so_many_bytes_flow_in_a_second_each_way() {
    let mut world = World::with(|config| config.limits.bytes_per_second = 10_000);
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    let payload = [0; 1000];
    let out = |world: &mut World| {
        (0..50)
            .filter(|_| world.send_channel_data(&person, 0x4000, &payload))
            .count()
    };
    let back = |world: &mut World| {
        world.sent();
        (0..50).for_each(|_| world.peer_sends(relayed, PEER, &payload));
        world.sent().len()
    };
    assert_eq!((out(&mut world), back(&mut world)), (10, 10));
    world.pass(Duration::from_millis(500));
    assert_eq!((out(&mut world), back(&mut world)), (5, 5));
    world.pass(Duration::from_secs(60));
    assert_eq!((out(&mut world), back(&mut world)), (10, 10));
    assert_eq!(world.counter("dropped_rate_to_peer"), 40 + 45 + 40);
    assert_eq!(world.counter("dropped_rate_to_client"), 40 + 45 + 40);
}

#[test]
fn the_rate_is_each_allocations_own_also_where_two_meet() {
    let mut world = World::with(|config| config.limits.bytes_per_second = 10_000);
    let (anna, annas) = world.person_with_allocation(1);
    let (boris, boriss) = world.person_with_allocation(2);
    assert_eq!(world.bind(&anna, 0x4000, &boriss.to_string()), 0);
    assert_eq!(world.bind(&boris, 0x4000, &annas.to_string()), 0);
    let send = |world: &mut World, from| {
        (0..50)
            .filter(|_| world.send_channel_data(from, 0x4000, &[0; 1000]))
            .count()
    };
    assert_eq!(send(&mut world, &anna), 10);
    assert_eq!(send(&mut world, &boris), 10);
    assert_eq!(send(&mut world, &anna), 0);
}

#[test]
fn the_defaults_let_a_browser_and_an_office_in() {
    let limits = Limits::default();
    // Three ways, two networks, two connections, twice while ICE restarts.
    assert!(limits.per_user >= 3 * 2 * 2 * 2);
    assert!(limits.per_address >= 300 * 3 && limits.per_address < limits.allocations);
    assert!(limits.bytes_per_second >= 16 * 1_500_000 / 8, "a grid of sixteen");
}
