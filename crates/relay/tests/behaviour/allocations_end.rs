//! Refresh (RFC 8656, section 8), and every way in which an allocation ends.

use std::time::Duration;

use tertulia_relay::Client;
use tertulia_relay::stun::{attribute, message_type};

use crate::common::{PEER, PEER_V6, Person, World, with_udp};

const SECOND: Duration = Duration::from_secs(1);

fn refresh_family(world: &mut World, person: &Person, family: u8, lifetime: u32) -> u16 {
    world
        .ask(person, message_type::REFRESH_REQUEST, |writer| {
            writer.number(attribute::LIFETIME, lifetime);
            writer.attribute(attribute::REQUESTED_ADDRESS_FAMILY, &[family, 0, 0, 0]);
        })
        .code()
}

#[test]
fn an_allocation_ends_with_its_time_and_its_port_is_closed_once() {
    let mut world = World::new();
    let (_, relayed) = world.person_with_allocation(1);
    let start = world.now.instant;
    assert_eq!(world.relay.poll_timeout(), Some(start + 600 * SECOND));
    world.pass(600 * SECOND - Duration::from_nanos(1));
    world.sweep();
    assert_eq!(world.relay.allocations(), 1);
    world.pass(Duration::from_nanos(1));
    world.sweep();
    assert_eq!((world.relay.allocations(), world.relay.poll_timeout()), (0, None));
    assert_eq!(world.network.closed, [relayed]);
    world.sweep();
    assert_eq!(
        (world.counter("allocations_opened"), world.counter("allocations_closed")),
        (1, 1)
    );
}

#[test]
fn refresh_moves_the_end() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    world.pass(500 * SECOND);
    let answer = world.ask(&person, message_type::REFRESH_REQUEST, |_| {});
    assert_eq!((answer.code(), answer.lifetime()), (0, 600));
    world.pass(599 * SECOND);
    world.sweep();
    assert_eq!(world.relay.allocations(), 1);
    world.pass(SECOND);
    world.sweep();
    assert_eq!(world.relay.allocations(), 0);
}

#[test]
fn refresh_can_bring_the_end_nearer() {
    let mut world = World::new();
    let person = world.person(1);
    world.ask(&person, message_type::ALLOCATE_REQUEST, |writer| {
        with_udp(writer);
        writer.number(attribute::LIFETIME, 3600);
    });
    assert_eq!(world.refresh(&person, 700), 0);
    assert_eq!(world.relay.poll_timeout(), Some(world.now.instant + 700 * SECOND));
}

#[test]
fn a_lifetime_of_zero_ends_it_at_once() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    let answer = world.ask(&person, message_type::REFRESH_REQUEST, |writer| {
        writer.number(attribute::LIFETIME, 0);
    });
    assert_eq!((answer.code(), answer.lifetime()), (0, 0));
    assert_eq!(world.network.closed, [relayed]);
    assert_eq!(world.refresh(&person, 0), 437, "it is no more");
    world.allocate(&person);
    assert_eq!(world.counter("allocations_closed"), 1);
}

#[test]
fn each_family_ends_by_itself_and_takes_its_permissions_along() {
    let mut world = World::new();
    let (person, [v4, v6]) = world.person_with_both(1);
    assert_eq!(world.permit(&person, &[PEER, PEER_V6]), 0);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    assert_eq!(refresh_family(&mut world, &person, 1, 0), 0);
    assert_eq!(world.network.closed, [v4]);
    assert_eq!(refresh_family(&mut world, &person, 1, 600), 443);
    assert_eq!(refresh_family(&mut world, &person, 9, 600), 443);
    assert_eq!(world.permit(&person, &[PEER]), 443);
    assert!(!world.send_channel_data(&person, 0x4000, b"x") && !world.send_indication(&person, PEER, b"x"));
    assert!(
        world.send_indication(&person, PEER_V6, b"x"),
        "the other family goes on"
    );

    assert_eq!(refresh_family(&mut world, &person, 2, 0), 0);
    assert_eq!(world.network.closed, [v4, v6]);
    assert_eq!(world.relay.allocations(), 0);
    assert_eq!(world.refresh(&person, 600), 437);
}

#[test]
fn both_families_end_together() {
    let mut world = World::new();
    let (person, [v4, v6]) = world.person_with_both(1);
    assert_eq!(world.refresh(&person, 0), 0);
    assert_eq!(world.network.closed, [v4, v6]);
    assert_eq!(world.relay.allocations(), 0);

    let (_, [v4, v6]) = world.person_with_both(1);
    world.pass(600 * SECOND);
    world.sweep();
    assert_eq!(world.network.closed[2..], [v4, v6]);
}

#[test]
fn what_hung_on_a_family_that_ended_does_not_count() {
    let mut world = World::with(|config| {
        config.limits.permissions = 1;
        config.limits.channels = 1;
    });
    let (person, _) = world.person_with_both(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    assert_eq!(world.bind(&person, 0x4001, PEER_V6), 508);
    assert_eq!(refresh_family(&mut world, &person, 1, 0), 0);
    assert_eq!(world.bind(&person, 0x4001, PEER_V6), 0);
}

#[test]
fn one_family_may_outlive_the_other() {
    let mut world = World::new();
    let (person, [v4, v6]) = world.person_with_both(1);
    assert_eq!(refresh_family(&mut world, &person, 2, 3600), 0);
    world.pass(600 * SECOND);
    world.sweep();
    assert_eq!(world.network.closed, [v4]);
    assert_eq!(world.relay.allocations(), 1);
    world.pass(3000 * SECOND);
    world.sweep();
    assert_eq!(world.network.closed, [v4, v6]);
}

#[test]
fn what_has_ended_relays_nothing_before_it_is_swept() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    world.pass(400 * SECOND);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    world.pass(200 * SECOND);
    assert!(!world.send_channel_data(&person, 0x4000, b"x"));
    assert!(!world.send_indication(&person, PEER, b"x"));
    world.peer_sends(relayed, PEER, b"x");
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("dropped_no_allocation"), 2);
    assert_eq!(world.counter("dropped_peer_no_allocation"), 1);
}

#[test]
fn a_client_whose_time_has_ended_may_come_again_before_the_sweep() {
    let mut world = World::new();
    let (mut person, relayed) = world.person_with_allocation(1);
    world.pass(600 * SECOND);
    world.challenge(&mut person);
    assert_eq!(world.refresh(&person, 600), 437);
    assert_eq!(world.network.closed, [relayed]);
    let another = world.allocate(&person);
    assert_ne!(another, relayed);
    assert_eq!(world.relay.allocations(), 1);
    world.sweep();
    assert_eq!(world.network.open.len(), 1);
}

#[test]
fn a_connection_that_ends_takes_its_allocation_along() {
    let mut world = World::new();
    let client = Client::Stream {
        stream: 7,
        remote: "93.184.216.1:50000".parse().unwrap(),
        local: "198.51.100.1".parse().unwrap(),
    };
    let person = world.person_at(client, "anna");
    let relayed = world.allocate(&person);
    for _ in 0..2 {
        world.relay.handle_gone(&client, &mut world.network);
    }
    assert_eq!(world.network.closed, [relayed]);
    assert_eq!((world.relay.allocations(), world.counter("allocations_closed")), (0, 1));
    assert!(!world.send_indication(&person, PEER, b"x"));
}

#[test]
fn many_ends_cost_few_sweeps() {
    let mut world = World::new();
    for number in 0..20 {
        world.person_with_allocation(number);
        world.pass(Duration::from_millis(100));
    }
    let mut sweeps = 0;
    while let Some(at) = world.relay.poll_timeout() {
        world.pass(at - world.now.instant);
        world.sweep();
        sweeps += 1;
    }
    assert_eq!(world.network.closed.len(), 20);
    assert!(sweeps <= 3, "{sweeps}");
}

#[test]
fn nobody_ends_what_is_anothers() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    let other = world.person_at(person.client, "somebody else");
    assert_eq!(world.refresh(&other, 0), 441);
    assert_eq!(world.permit(&other, &[PEER]), 441);
    assert_eq!(world.bind(&other, 0x4000, PEER), 441);
    assert_eq!(world.relay.allocations(), 1);
    assert_eq!(world.counter("refused_wrong_user"), 3);
}

#[test]
fn without_an_allocation_there_is_nothing_to_refresh_or_to_bind() {
    let mut world = World::new();
    let person = world.person(1);
    assert_eq!(world.refresh(&person, 600), 437);
    assert_eq!(world.permit(&person, &[PEER]), 437);
    assert_eq!(world.bind(&person, 0x4000, PEER), 437);
}
