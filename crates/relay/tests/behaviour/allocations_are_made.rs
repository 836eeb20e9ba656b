//! Allocate (RFC 8656, section 7).

use std::net::SocketAddr;

use tertulia_relay::stun::{attribute, message_type};
use tertulia_relay::{Client, Family, OpenError};

use crate::common::{MEDIA, World, with_udp};

const ALLOCATE: u16 = message_type::ALLOCATE_REQUEST;

#[test]
fn whoever_has_credentials_gets_a_relayed_address() {
    let mut world = World::new();
    let person = world.person(1);
    let answer = world.ask(&person, ALLOCATE, with_udp);
    assert_eq!(answer.code(), 0);
    assert_eq!(answer.relayed(), ["198.51.100.1:49152".parse().unwrap()]);
    assert_eq!(answer.mapped(), "93.184.216.1:50000".parse().unwrap());
    assert_eq!(answer.lifetime(), 600);
    assert_eq!(world.relay.allocations(), 1);
    assert_eq!(world.network.open.get(&answer.relayed()[0]), Some(&person.client));
}

#[test]
fn an_ipv4_client_on_an_ipv6_socket_is_told_its_ipv4_address() {
    let mut world = World::new();
    let client = Client::Udp {
        remote: "[::ffff:93.184.216.1]:50000".parse().unwrap(),
        local: "::ffff:198.51.100.1".parse().unwrap(),
        socket: 1,
    };
    let person = world.person_at(client, "anna");
    let answer = world.ask(&person, ALLOCATE, with_udp);
    assert_eq!(answer.mapped(), "93.184.216.1:50000".parse().unwrap());
}

#[test]
fn a_retransmission_gets_the_same_answer_byte_for_byte() {
    let mut world = World::new();
    let person = world.person(1);
    let request = person.request(ALLOCATE, world.next_id(), with_udp);
    let first = world.exchange(person.client, &request).unwrap();
    assert_eq!(first.code(), 0);
    assert_eq!(world.refresh(&person, 3600), 0);
    let again = world.exchange(person.client, &request).unwrap();
    assert_eq!(first.0, again.0);
    assert_eq!(world.relay.allocations(), 1);
}

#[test]
fn another_wish_of_the_same_client_is_a_mismatch() {
    let mut world = World::new();
    let person = world.person(1);
    let id = world.next_id();
    let answer = world
        .exchange(person.client, &person.request(ALLOCATE, id, with_udp))
        .unwrap();
    assert_eq!(answer.code(), 0);
    assert_eq!(world.ask(&person, ALLOCATE, with_udp).code(), 437);

    let other = world.person_at(person.client, "somebody else");
    assert_eq!(world.ask(&other, ALLOCATE, with_udp).code(), 437);
    let stolen = other.request(ALLOCATE, id, with_udp);
    assert_eq!(
        world.exchange(other.client, &stolen).unwrap().code(),
        437,
        "the answer is another's"
    );
    assert_eq!(world.relay.allocations(), 1);
}

#[test]
fn a_five_tuple_is_all_five() {
    let mut world = World::new();
    let remote = "93.184.216.1:50000".parse().unwrap();
    let local = MEDIA.parse::<SocketAddr>().unwrap().ip();
    let clients = [
        Client::Udp {
            remote,
            local,
            socket: 0,
        },
        Client::Udp {
            remote,
            local,
            socket: 1,
        },
        Client::Udp {
            remote,
            local: "10.0.0.1".parse().unwrap(),
            socket: 0,
        },
        Client::Stream {
            stream: 1,
            remote,
            local,
        },
        Client::Stream {
            stream: 2,
            remote,
            local,
        },
    ];
    for client in clients {
        let person = world.person_at(client, "anna");
        world.allocate(&person);
    }
    assert_eq!(world.relay.allocations(), clients.len());
    assert_eq!(world.network.open.len(), clients.len());
}

#[test]
fn only_udp_is_relayed() {
    let mut world = World::new();
    let person = world.person(1);
    let mut ask = |transport: Option<&[u8]>| {
        let answer = world.ask(&person, ALLOCATE, |writer| {
            if let Some(transport) = transport {
                writer.attribute(attribute::REQUESTED_TRANSPORT, transport);
            }
        });
        answer.code()
    };
    assert_eq!(ask(None), 400);
    assert_eq!(ask(Some(&[17])), 400);
    assert_eq!(ask(Some(&[6, 0, 0, 0])), 442);
    assert_eq!(ask(Some(&[0, 0, 0, 0])), 442);
    assert_eq!(ask(Some(&[17, 1, 2, 3])), 0, "what is reserved is ignored");
    assert_eq!(world.counter("refused_transport"), 2);
}

#[test]
fn a_lifetime_is_between_ten_minutes_and_an_hour() {
    for (wanted, granted) in [
        (None, 600),
        (Some(0), 600),
        (Some(1), 600),
        (Some(601), 601),
        (Some(3600), 3600),
        (Some(u32::MAX), 3600),
    ] {
        let mut world = World::new();
        let person = world.person(1);
        let answer = world.ask(&person, ALLOCATE, |writer| {
            with_udp(writer);
            if let Some(wanted) = wanted {
                writer.number(attribute::LIFETIME, wanted);
            }
        });
        assert_eq!(answer.lifetime(), granted, "{wanted:?}");
    }
    let mut world = World::new();
    let person = world.person(1);
    let answer = world.ask(&person, ALLOCATE, |writer| {
        with_udp(writer);
        writer.attribute(attribute::LIFETIME, &[0, 0]);
    });
    assert_eq!(answer.code(), 400);
}

/// Asks with these family attributes; gives the answer's code and addresses.
fn ask_for(world: &mut World, number: u8, attributes: &[(u16, &[u8])]) -> (u16, Vec<SocketAddr>, Option<Vec<u8>>) {
    let person = world.person(number);
    let answer = world.ask(&person, ALLOCATE, |writer| {
        with_udp(writer);
        attributes
            .iter()
            .for_each(|(kind, value)| writer.attribute(*kind, value));
    });
    let failed = answer
        .message()
        .attribute(attribute::ADDRESS_ERROR_CODE)
        .map(<[u8]>::to_vec);
    (answer.code(), answer.relayed(), failed)
}

const REQUESTED: u16 = attribute::REQUESTED_ADDRESS_FAMILY;
const ADDITIONAL: u16 = attribute::ADDITIONAL_ADDRESS_FAMILY;
const V4: &[u8] = &[1, 0, 0, 0];
const V6: &[u8] = &[2, 0, 0, 0];

#[test]
fn the_family_is_the_clients_choice() {
    let mut world = World::new();
    let (code, relayed, _) = ask_for(&mut world, 1, &[(REQUESTED, V4)]);
    assert!(code == 0 && relayed.len() == 1 && relayed[0].is_ipv4());
    let (code, relayed, _) = ask_for(&mut world, 2, &[(REQUESTED, V6)]);
    assert!(code == 0 && relayed.len() == 1 && relayed[0].is_ipv6());
    let (code, relayed, failed) = ask_for(&mut world, 3, &[(ADDITIONAL, V6)]);
    assert!(code == 0 && relayed.len() == 2 && relayed[0].is_ipv4() && relayed[1].is_ipv6());
    assert_eq!(failed, None);
    assert_eq!(world.relay.allocations(), 3);
}

#[test]
fn families_that_make_no_sense_are_refused() {
    let mut world = World::new();
    assert_eq!(ask_for(&mut world, 1, &[(REQUESTED, &[3, 0, 0, 0])]).0, 440);
    assert_eq!(ask_for(&mut world, 1, &[(REQUESTED, &[1])]).0, 400);
    assert_eq!(ask_for(&mut world, 1, &[(REQUESTED, V4), (ADDITIONAL, V6)]).0, 400);
    assert_eq!(ask_for(&mut world, 1, &[(ADDITIONAL, V4)]).0, 400);
    assert_eq!(ask_for(&mut world, 1, &[(ADDITIONAL, &[])]).0, 400);
    assert_eq!(world.relay.allocations(), 0);
}

#[test]
fn a_family_or_a_port_that_is_not_there_is_told_apart() {
    let mut world = World::new();
    world.network.failures = vec![
        (Family::V6, OpenError::FamilyUnsupported),
        (Family::V4, OpenError::Exhausted),
    ];
    assert_eq!(ask_for(&mut world, 1, &[(REQUESTED, V6)]).0, 440);
    assert_eq!(ask_for(&mut world, 1, &[]).0, 508);
    assert_eq!(ask_for(&mut world, 1, &[(ADDITIONAL, V6)]).0, 508, "neither");
    assert_eq!((world.relay.allocations(), world.network.open.len()), (0, 0));
}

#[test]
fn one_of_two_families_is_better_than_none() {
    for (failing, error, value) in [
        (Family::V6, OpenError::FamilyUnsupported, [2, 0, 4, 40]),
        (Family::V6, OpenError::Exhausted, [2, 0, 5, 8]),
        (Family::V4, OpenError::FamilyUnsupported, [1, 0, 4, 40]),
    ] {
        let mut world = World::new();
        world.network.failures = vec![(failing, error)];
        let (code, relayed, failed) = ask_for(&mut world, 1, &[(ADDITIONAL, V6)]);
        assert_eq!((code, relayed.len()), (0, 1));
        assert_eq!(relayed[0].is_ipv4(), failing == Family::V6);
        assert_eq!(failed.as_deref(), Some(&value[..]));
    }
}

#[test]
fn pairs_of_ports_are_not_to_be_had() {
    let mut world = World::new();
    let token: &[u8] = &[0; 8];
    assert_eq!(ask_for(&mut world, 1, &[(attribute::EVEN_PORT, &[0x80])]).0, 508);
    assert_eq!(ask_for(&mut world, 1, &[(attribute::RESERVATION_TOKEN, token)]).0, 508);
    for wrong in [(attribute::EVEN_PORT, &[0][..]), (REQUESTED, V4), (ADDITIONAL, V6)] {
        assert_eq!(
            ask_for(&mut world, 1, &[(attribute::RESERVATION_TOKEN, token), wrong]).0,
            400
        );
    }
    assert_eq!(
        ask_for(&mut world, 1, &[(attribute::EVEN_PORT, &[0x80]), (ADDITIONAL, V6)]).0,
        400
    );
    assert_eq!(world.network.open.len(), 0);
}

#[test]
fn a_port_may_be_asked_to_be_even() {
    let mut world = World::new();
    for client in 1..6 {
        let (code, relayed, _) = ask_for(&mut world, client, &[(attribute::EVEN_PORT, &[0])]);
        assert_eq!((code, relayed[0].port() % 2), (0, 0));
    }
}

#[test]
fn dont_fragment_is_understood() {
    let mut world = World::new();
    assert_eq!(ask_for(&mut world, 1, &[(attribute::DONT_FRAGMENT, &[])]).0, 0);
}

#[test]
fn what_must_be_understood_and_is_not_is_named() {
    let mut world = World::new();
    let person = world.person(1);
    let answer = world.ask(&person, ALLOCATE, |writer| {
        with_udp(writer);
        writer.attribute(0x0003, &[1, 2, 3, 4]);
        writer.attribute(0x8055, b"optional");
        writer.attribute(0x7FFF, &[]);
    });
    assert_eq!(answer.code(), 420);
    assert_eq!(
        answer.message().attribute(attribute::UNKNOWN_ATTRIBUTES),
        Some(&[0, 3, 0x7F, 0xFF][..])
    );
    assert_eq!(world.relay.allocations(), 0);
}
