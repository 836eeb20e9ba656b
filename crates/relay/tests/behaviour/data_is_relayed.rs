//! Send and Data indications and ChannelData (RFC 8656, sections 11 and 12).

use tertulia_relay::stun::{attribute, message_type};
use tertulia_relay::{BUFFER_MIN, Client};

use crate::common::{MEDIA, PEER, PEER_V6, Person, Sent, World, channel_data, message};

#[test]
fn a_payload_is_relayed_whatever_its_length() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    for len in [0, 1, 2, 3, 4, 1200] {
        let payload = vec![7; len];
        assert!(world.send_channel_data(&person, 0x4000, &payload));
        assert!(world.send_indication(&person, "8.8.8.8:1", &payload));
        world.peer_sends(relayed, PEER, &payload);
        world.peer_sends(relayed, "8.8.8.8:1", &payload);
        let sent = world.sent();
        assert_eq!(sent[0], Sent::to_peer(relayed, PEER, &payload));
        assert_eq!(sent[1], Sent::to_peer(relayed, "8.8.8.8:1", &payload));
        assert_eq!(sent[2].channel_data(), Some((0x4000, &payload[..])));
        assert_eq!(sent[3].indication(), Some(("8.8.8.8:1".parse().unwrap(), &payload[..])));
    }
    assert_eq!(world.counter("packets_to_peers"), 12);
    assert_eq!(world.counter("bytes_to_peers"), 2 * 1210);
    assert_eq!(world.counter("packets_to_clients"), 12);
    assert_eq!(world.counter("bytes_to_clients"), 2 * 1210);
}

#[test]
fn both_families_are_relayed() {
    let mut world = World::new();
    let (person, [_, v6]) = world.person_with_both(1);
    assert_eq!(world.permit(&person, &[PEER_V6]), 0);
    world.peer_sends(v6, PEER_V6, b"in");
    assert_eq!(
        world.sent()[0].indication(),
        Some((PEER_V6.parse().unwrap(), &b"in"[..]))
    );
    assert_eq!(world.bind(&person, 0x4000, PEER_V6), 0);
    assert!(world.send_channel_data(&person, 0x4000, b"out"));
    assert_eq!(world.sent(), [Sent::to_peer(v6, PEER_V6, b"out")]);
}

/// A client on a stream with a channel to [`PEER`].
fn on_a_stream(world: &mut World) -> (Person, std::net::SocketAddr) {
    let client = Client::Stream {
        stream: 1,
        remote: "93.184.216.1:50000".parse().unwrap(),
        local: "198.51.100.1".parse().unwrap(),
    };
    let person = world.person_at(client, "anna");
    let relayed = world.allocate(&person);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    (person, relayed)
}

#[test]
fn what_goes_to_a_stream_is_padded_to_four_bytes_and_a_datagram_is_not() {
    for (len, on_stream) in [(0, 4), (1, 8), (2, 8), (3, 8), (4, 8), (5, 12)] {
        let payload = vec![0xFF; len];
        let mut world = World::new();
        let (_, relayed) = on_a_stream(&mut world);
        let (person, relayed_udp) = world.person_with_allocation(2);
        assert_eq!(world.bind(&person, 0x4000, PEER), 0);
        world.peer_sends(relayed, PEER, &payload);
        world.peer_sends(relayed_udp, PEER, &payload);
        let [Sent::Message(_, padded), Sent::Message(_, plain)] = &world.sent()[..] else {
            panic!("two messages to clients");
        };
        assert_eq!((padded.len(), plain.len()), (on_stream, 4 + len));
        assert!(
            padded[4 + len..].iter().all(|byte| *byte == 0),
            "no old bytes in the padding"
        );
    }
}

#[test]
fn padding_is_taken_off_wherever_it_is() {
    let mut world = World::new();
    let (person, relayed) = on_a_stream(&mut world);
    let mut padded = channel_data(0x4000, b"out");
    padded.push(0);
    assert!(world.send(person.client, &padded));
    assert_eq!(world.sent(), [Sent::to_peer(relayed, PEER, b"out")]);
    padded.extend([0; 4]);
    assert!(!world.send(person.client, &padded), "more than padding");
}

#[test]
fn a_send_indication_may_ask_for_no_fragments() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    let indication = message(message_type::SEND_INDICATION, world.next_id(), |writer| {
        writer.xor_address(attribute::XOR_PEER_ADDRESS, PEER.parse().unwrap());
        writer.attribute(attribute::DONT_FRAGMENT, &[]);
        writer.attribute(attribute::DATA, b"whole");
    });
    assert!(world.send(person.client, &indication));
    let expected = Sent::Datagram {
        relayed,
        peer: PEER.parse().unwrap(),
        payload: b"whole".to_vec(),
        dont_fragment: true,
    };
    assert_eq!(world.sent(), [expected]);
}

#[test]
fn indications_that_lack_something_are_dropped_in_silence() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    let mut send = |peer: Option<&str>, data: bool, unknown: bool| {
        let indication = message(message_type::SEND_INDICATION, world.next_id(), |writer| {
            peer.inspect(|peer| writer.xor_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap()));
            if data {
                writer.attribute(attribute::DATA, b"x");
            }
            if unknown {
                writer.attribute(0x0003, &[0; 4]);
            }
        });
        world.send(person.client, &indication)
    };
    assert!(send(Some(PEER), true, false));
    assert!(!send(None, true, false));
    assert!(!send(Some(PEER), false, false));
    assert!(!send(Some("8.8.8.8:0"), true, false));
    assert!(!send(Some(PEER), true, true));
    assert_eq!(world.sent().len(), 1);
    assert_eq!(world.counter("dropped_malformed"), 4);
}

#[test]
fn data_of_somebody_without_an_allocation_goes_nowhere() {
    let mut world = World::new();
    let person = world.person(1);
    assert!(!world.send_indication(&person, PEER, b"x"));
    assert!(!world.send_channel_data(&person, 0x4000, b"x"));
    world.peer_sends("198.51.100.1:49152".parse().unwrap(), PEER, b"x");
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("dropped_no_allocation"), 2);
    assert_eq!(world.counter("dropped_peer_no_allocation"), 1);
}

#[test]
fn what_does_not_fit_into_a_buffer_is_dropped_and_counted() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.bind(&person, 0x4000, PEER), 0);
    world.peer_sends(relayed, PEER, &vec![0; BUFFER_MIN - 4]);
    assert_eq!(world.sent().len(), 1);
    world.peer_sends(relayed, PEER, &vec![0; BUFFER_MIN - 3]);
    world.peer_sends(relayed, "8.8.8.8:1", &vec![0; BUFFER_MIN]);
    world.peer_sends(relayed, PEER, &vec![0; 65_536]);
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("dropped_too_large"), 3);
}

#[test]
fn each_indication_has_an_id_of_its_own() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    world.peer_sends(relayed, PEER, b"x");
    world.peer_sends(relayed, PEER, b"x");
    let [Sent::Message(_, first), Sent::Message(_, second)] = &world.sent()[..] else {
        panic!("two indications");
    };
    assert_ne!(first[8..20], second[8..20]);
}

#[test]
fn our_media_port_is_reached_without_the_network_and_answers_through_the_relayed_address() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[MEDIA]), 0);
    assert!(world.send_indication(&person, MEDIA, b"to the SFU"));
    let expected = Sent::Media {
        relayed,
        media: MEDIA.parse().unwrap(),
        payload: b"to the SFU".to_vec(),
    };
    assert_eq!(world.sent(), [expected]);
    world.peer_sends(relayed, MEDIA, b"from the SFU");
    assert_eq!(
        world.sent()[0].indication(),
        Some((MEDIA.parse().unwrap(), &b"from the SFU"[..]))
    );

    assert_eq!(world.bind(&person, 0x4000, MEDIA), 0);
    assert!(world.send_channel_data(&person, 0x4000, b"again"));
    world.peer_sends(relayed, MEDIA, b"back");
    assert_eq!(world.sent()[1].channel_data(), Some((0x4000, &b"back"[..])));
    assert_eq!(world.counter("packets_to_media"), 2);
}

#[test]
fn a_peer_on_an_ipv6_socket_is_the_ipv4_peer_that_it_is() {
    let mut world = World::new();
    let (person, relayed) = world.person_with_allocation(1);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    world.peer_sends(relayed, "[::ffff:8.8.8.8]:9000", b"in");
    assert_eq!(world.sent()[0].indication(), Some((PEER.parse().unwrap(), &b"in"[..])));
}
