//! What comes from somebody who has not proved who he is: broken packets, and forged senders who want answers sent to somebody else.

use std::time::Duration;

use tertulia_relay::stun::{Integrity, attribute, message_type};
use tertulia_relay::{Client, Counters};

use crate::common::{PEER, World, channel_data, message, with_udp};

fn client(address: &str) -> Client {
    Client::Udp {
        remote: address.parse().unwrap(),
        local: "198.51.100.1".parse().unwrap(),
        socket: 0,
    }
}

/// The counters that are not 0, by their names without `relay_`.
fn counted(counters: &Counters) -> Vec<(&'static str, u64)> {
    let counted = counters.entries().filter(|(_, value)| *value > 0);
    counted
        .map(|(name, value)| (name.trim_start_matches("relay_"), value))
        .collect()
}

/// Sends one packet to a new relay; gives the length of what it answers, and what it counts.
fn one_packet(packet: &[u8]) -> (Option<usize>, Vec<(&'static str, u64)>) {
    let mut world = World::new();
    let sender = client("93.184.216.1:50000");
    let handled = world.send(sender, packet);
    let sent = world.sent();
    assert_eq!(handled, !sent.is_empty(), "what is handled is answered");
    assert!(sent.len() <= 1);
    let len = sent.first().map(|sent| match sent {
        crate::common::Sent::Message(to, bytes) if *to == sender => bytes.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(world.relay.allocations(), 0);
    (len, counted(world.relay.counters()))
}

#[test]
fn a_challenge_is_no_larger_than_it_must_be() {
    // A code, a realm, a nonce and the algorithms; a request has 28 bytes and the 28 of IP and UDP.
    let (len, counters) = one_packet(&message(message_type::ALLOCATE_REQUEST, [1; 12], with_udp));
    assert_eq!(len, Some(20 + 8 + 12 + 44 + 12));
    assert_eq!(counters, [("challenged", 1)]);
}

#[test]
fn an_address_is_answered_only_so_often_before_it_proves_itself() {
    let mut world = World::with(|config| config.limits.unauthenticated_per_second = 20);
    let flood = |world: &mut World, address: &str| {
        let before = world.network.sent.len();
        for port in 1..=200u16 {
            let mut sender = client(address);
            if let Client::Udp { remote, .. } = &mut sender {
                remote.set_port(port);
            }
            let request = message(message_type::ALLOCATE_REQUEST, world.next_id(), with_udp);
            world.send(sender, &request);
        }
        world.network.sent.len() - before
    };
    assert_eq!(flood(&mut world, "93.184.216.1:1"), 20);
    assert_eq!(flood(&mut world, "93.184.216.2:1"), 20, "each address by itself");
    assert_eq!(flood(&mut world, "[2606:4700::1]:1"), 20);
    assert_eq!(
        flood(&mut world, "[2606:4700::2]:1"),
        0,
        "a host of IPv6 has a whole network"
    );
    world.pass(Duration::from_millis(500));
    assert_eq!(flood(&mut world, "93.184.216.1:1"), 10);
    assert_eq!(world.counter("dropped_unauthenticated"), 180 * 3 + 200 + 190);
}

#[test]
fn every_answer_before_authentication_is_limited() {
    let mut world = World::with(|config| config.limits.unauthenticated_per_second = 10);
    let mut person = world.person(1);
    person.password = "wrong".to_owned();
    let mut answers = 1;
    for round in 0..100 {
        let request = match round % 3 {
            0 => person.request(message_type::ALLOCATE_REQUEST, world.next_id(), with_udp),
            1 => message(message_type::REFRESH_REQUEST, world.next_id(), |writer| {
                writer.integrity(Integrity::Sha1, b"no credentials at all");
            }),
            _ => message(message_type::CHANNEL_BIND_REQUEST, world.next_id(), |_| {}),
        };
        answers += usize::from(world.send(person.client, &request));
    }
    assert_eq!(answers, 10);
}

#[test]
fn whoever_has_proved_himself_is_not_limited_by_strangers_at_his_address() {
    let mut world = World::with(|config| config.limits.unauthenticated_per_second = 5);
    let (person, _) = world.person_with_allocation(1);
    for _ in 0..100 {
        let request = message(message_type::ALLOCATE_REQUEST, world.next_id(), with_udp);
        world.send(client("93.184.216.1:7"), &request);
    }
    world.sent();
    for _ in 0..100 {
        assert_eq!(world.permit(&person, &[PEER]), 0);
    }
}

#[test]
fn a_forged_sender_gets_no_data_relayed() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    for stranger in ["93.184.216.1:50001", "93.184.216.2:50000", "[2606:4700::1]:50000"] {
        assert!(!world.send(client(stranger), &channel_data(0x4000, b"x")), "{stranger}");
    }
    assert_eq!(world.sent(), []);
}

#[test]
fn one_broken_packet_of_each_kind_is_dropped_and_counted() {
    let allocate = message(message_type::ALLOCATE_REQUEST, [1; 12], with_udp);
    let with_len = |len: u16| {
        let mut packet = allocate.clone();
        packet[2..4].copy_from_slice(&len.to_be_bytes());
        packet
    };
    let attribute_len = |len: u16| {
        let mut packet = allocate.clone();
        packet[22..24].copy_from_slice(&len.to_be_bytes());
        packet
    };
    let mut other_cookie = allocate.clone();
    other_cookie[4] ^= 1;
    let mut broken_fingerprint = message(message_type::ALLOCATE_REQUEST, [1; 12], with_udp);
    broken_fingerprint.extend([0x80, 0x28, 0, 4, 1, 2, 3, 4]);
    broken_fingerprint[3] += 8;
    let malformed: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![0; 19],
        vec![0; 20],
        vec![0xFF; 1500],
        vec![0x16, 0xFE, 0xFD],
        vec![0x80; 12],
        allocate[..20].to_vec(),
        allocate[..27].to_vec(),
        with_len(0),
        with_len(4),
        with_len(7),
        with_len(0xFFFC),
        attribute_len(5),
        attribute_len(0xFFFF),
        other_cookie,
        broken_fingerprint,
        vec![0x40],
        vec![0x40, 0, 0],
        channel_data(0x4000, b"abc")[..6].to_vec(),
        vec![0x40, 0, 0xFF, 0xFF],
        vec![0x4F, 0xFF, 0, 0, 0, 0, 0, 0],
        message(message_type::SEND_INDICATION, [1; 12], |_| {}),
        message(message_type::SEND_INDICATION, [1; 12], |writer| {
            writer.attribute(attribute::XOR_PEER_ADDRESS, &[]);
            writer.attribute(attribute::DATA, &[]);
        }),
    ];
    for packet in malformed {
        assert_eq!(
            one_packet(&packet),
            (None, vec![("dropped_malformed", 1)]),
            "{packet:02x?}"
        );
    }
}

#[test]
fn nobody_is_at_port_0() {
    let mut world = World::new();
    let request = message(message_type::ALLOCATE_REQUEST, [1; 12], with_udp);
    assert!(!world.send(client("93.184.216.1:0"), &request));
    assert_eq!(counted(world.relay.counters()), [("dropped_malformed", 1)]);
}

#[test]
fn what_is_not_for_a_relay_is_dropped_and_counted() {
    let request = message_type::ALLOCATE_REQUEST;
    for kind in [
        request | message_type::SUCCESS,
        request | message_type::ERROR,
        message_type::DATA_INDICATION,
        message_type::BINDING_SUCCESS,
        message_type::BINDING_ERROR,
        // Connect and ConnectionBind of RFC 6062, and a method that nobody has.
        0x000A,
        0x000B,
        0x02EF,
        // An indication of a method that has none.
        request | 0x0010,
    ] {
        let packet = message(kind, [1; 12], |_| {});
        let (len, counters) = one_packet(&packet);
        assert_eq!(len, None, "{kind:#06x}");
        assert!(counters == [("dropped_method", 1)], "{kind:#06x}: {counters:?}");
    }
    let ice = message(message_type::BINDING_REQUEST, [1; 12], |writer| {
        writer.attribute(attribute::USERNAME, b"a:b");
    });
    assert_eq!(one_packet(&ice), (None, vec![("dropped_method", 1)]));
}

#[test]
fn bindings_are_answered_and_their_indications_kept_quiet() {
    let request = message(message_type::BINDING_REQUEST, [1; 12], |_| {});
    assert_eq!(one_packet(&request), (Some(32), vec![("binding_answered", 1)]));
    let mut world = World::new();
    let indication = message(message_type::BINDING_INDICATION, [1; 12], |_| {});
    assert!(world.send(client("93.184.216.1:1"), &indication));
    assert_eq!((world.sent(), counted(world.relay.counters())), (vec![], vec![]));
}

#[test]
fn broken_credentials_of_each_kind_crash_nothing() {
    let values: [&[u8]; 6] = [b"", b"\0", b"\xFF\xFE", b":", b"1800003600:\xFF\xFF", &[b'9'; 700]];
    for username in values {
        for nonce in values {
            let packet = message(message_type::ALLOCATE_REQUEST, [1; 12], |writer| {
                with_udp(writer);
                writer.attribute(attribute::USERNAME, username);
                writer.attribute(attribute::REALM, nonce);
                writer.attribute(attribute::NONCE, nonce);
                writer.integrity(Integrity::Sha1, b"x");
            });
            assert_eq!(one_packet(&packet), (Some(96), vec![("refused_unauthorized", 1)]));
        }
    }
    for kind in [attribute::MESSAGE_INTEGRITY, attribute::MESSAGE_INTEGRITY_SHA256] {
        for len in [0, 1, 16, 19, 20, 21, 32, 33] {
            let packet = message(message_type::ALLOCATE_REQUEST, [1; 12], |writer| {
                writer.attribute(attribute::USERNAME, b"1800003600:anna");
                writer.attribute(attribute::REALM, b"tertulia");
                writer.attribute(attribute::NONCE, b"nonce");
                writer.attribute(kind, &vec![0; len]);
            });
            assert_eq!(one_packet(&packet).1, [("refused_unauthorized", 1)], "{kind:#x} {len}");
        }
    }
}
