//! A relay is a door into the network that it stands in. Each of these has been open elsewhere (coturn CVE-2020-26262
//! and CVE-2026-27624, Slack 2020).

use tertulia_relay::stun::{attribute, message_type};

use crate::common::{MEDIA, PEER, PEER_V6, World};

/// Neither a permission nor a channel is given for these, and nothing leaves.
fn refused(peers: &[&str]) {
    refused_in(World::new(), peers);
}

fn refused_in(mut world: World, peers: &[&str]) {
    let (person, relayed) = world.person_with_both(1);
    for peer in peers {
        let peer: std::net::IpAddr = peer.parse().unwrap();
        let peer = std::net::SocketAddr::new(peer, 80).to_string();
        assert_eq!(world.permit(&person, &[&peer]), 403, "{peer}");
        assert_eq!(world.bind(&person, 0x4000, &peer), 403, "{peer}");
        assert!(!world.send_indication(&person, &peer, b"GET /"), "{peer}");
        assert!(!world.send_channel_data(&person, 0x4000, b"GET /"), "{peer}");
        for relayed in relayed {
            world.peer_sends(relayed, &peer, b"secret");
        }
    }
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("refused_forbidden_peer"), 2 * peers.len() as u64);
}

#[test]
fn loopback() {
    refused(&["127.0.0.1", "127.0.0.2", "127.255.255.255", "::1"]);
}

#[test]
fn the_unspecified_address_which_is_this_machine_for_many_systems() {
    refused(&["0.0.0.0", "0.0.0.1", "0.255.255.255", "::"]);
}

#[test]
fn private_networks_of_rfc_1918() {
    refused(&[
        "10.0.0.2",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
    ]);
}

#[test]
fn shared_addresses_of_carriers() {
    refused(&["100.64.0.1", "100.127.255.255"]);
}

#[test]
fn link_local_addresses_and_the_metadata_service_of_clouds() {
    refused(&[
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "fe80::1",
        "febf::1",
        "fd00:ec2::254",
    ]);
}

#[test]
fn unique_local_and_site_local_addresses() {
    refused(&["fc00::1", "fd12:3456::1", "fdff::1", "fec0::1"]);
}

#[test]
fn multicast() {
    refused(&["224.0.0.1", "239.255.255.250", "ff02::1", "ff05::2", "ff0e::1"]);
}

#[test]
fn broadcast_and_reserved_addresses() {
    refused(&[
        "255.255.255.255",
        "240.0.0.1",
        "192.0.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
    ]);
    refused(&[
        "192.0.2.1",
        "198.51.100.9",
        "203.0.113.1",
        "2001:db8::9",
        "3fff::1",
        "100::1",
        "4000::1",
        "5f00::1",
        "2001:2::1",
    ]);
}

#[test]
fn ipv4_mapped_addresses() {
    refused(&[
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.2",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::ffff:0:10.0.0.2",
    ]);
}

#[test]
fn ipv4_compatible_addresses() {
    refused(&["::127.0.0.1", "::10.0.0.2", "::8.8.8.8", "::2"]);
}

#[test]
fn six_to_four() {
    refused(&[
        "2002:7f00:1::1",
        "2002:a00:2::1",
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
    ]);
}

#[test]
fn nat64() {
    refused(&[
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.2",
        "64:ff9b::169.254.169.254",
        "64:ff9b::8.8.8.8",
    ]);
    refused(&[
        "64:ff9b:1::10.0.0.2",
        "64:ff9b:1:a00:0:200::",
        "64:ff9b:1:ffff:ffff:ffff:8.8.8.8",
    ]);
}

#[test]
fn teredo_and_isatap() {
    refused(&[
        "2001::1",
        "2001:0:a00:2::f7f7:f7f7",
        "2606:4700::5efe:a00:2",
        "2606:4700::200:5efe:a00:2",
    ]);
}

/// Also where the operator has allowed all that is private.
#[test]
fn our_own_listen_addresses_on_every_port_but_the_media_port() {
    let mut world =
        World::with(|config| config.allow_peers = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]);
    let (person, _) = world.person_with_both(1);
    for own in [
        "198.51.100.1:22",
        "198.51.100.1:3479",
        "10.0.0.1:80",
        "[2001:db8::1]:443",
    ] {
        assert_eq!(world.bind(&person, 0x4000, own), 403, "{own}");
        // A permission is for all ports: the port tells when something is sent.
        assert_eq!(world.permit(&person, &[own]), 0, "{own}");
        assert!(!world.send_indication(&person, own, b"x"), "{own}");
    }
    assert_eq!(world.sent(), []);
    assert_eq!(world.counter("dropped_forbidden_peer"), 4);
    for media in [MEDIA, "10.0.0.1:3478", "[2001:db8::1]:3478"] {
        assert!(world.send_indication(&person, media, b"x"), "{media}");
    }
    assert_eq!(
        world.counter("packets_to_peers"),
        0,
        "nothing of it touched the network"
    );
}

#[test]
fn our_own_address_in_another_dress() {
    refused(&[
        "::ffff:198.51.100.1",
        "::198.51.100.1",
        "64:ff9b::198.51.100.1",
        "2002:c633:6401::1",
    ]);
}

/// A server that also listens on the loopback knows it as its own; who came by the network has no business there.
#[test]
fn our_own_loopback_is_for_those_who_are_on_it() {
    let mut world = World::new();
    world
        .network
        .own
        .extend(["127.0.0.1".parse::<std::net::IpAddr>().unwrap(), "::1".parse().unwrap()]);
    refused_in(world, &["127.0.0.1", "::1"]);
}

#[test]
fn one_forbidden_peer_among_allowed_ones_spoils_the_request() {
    let mut world = World::new();
    let (person, _) = world.person_with_both(1);
    assert_eq!(world.permit(&person, &[PEER, PEER_V6, "192.168.1.1:1"]), 403);
    assert!(!world.send_indication(&person, PEER, b"x"));
}

#[test]
fn what_the_operator_names_is_allowed() {
    let mut world = World::with(|config| {
        config.allow_peers = vec!["10.9.0.0/16".parse().unwrap(), "fd00:9::/32".parse().unwrap()];
    });
    let (person, _) = world.person_with_both(1);
    assert_eq!(world.permit(&person, &["10.9.1.2:5", "[fd00:9::1]:5"]), 0);
    assert!(
        world.send_indication(&person, "10.9.1.2:5", b"x") && world.send_indication(&person, "[fd00:9::1]:5", b"x")
    );
    assert_eq!(world.permit(&person, &["10.8.1.2:5"]), 403);
    assert_eq!(
        world.permit(&person, &["[::ffff:10.9.1.2]:5"]),
        403,
        "in another dress it was not named"
    );
    assert_eq!(world.permit(&person, &["[64:ff9b::10.9.1.2]:5"]), 403);
}

#[test]
fn a_translated_address_is_judged_by_what_is_inside_as_well() {
    let mut world = World::with(|config| config.allow_peers = vec!["64:ff9b::/96".parse().unwrap()]);
    let (person, _) = world.person_with_both(1);
    assert_eq!(world.permit(&person, &["[64:ff9b::8.8.8.8]:5"]), 0);
    assert_eq!(world.permit(&person, &["[64:ff9b::10.0.0.2]:5"]), 403);
    assert_eq!(world.permit(&person, &["[64:ff9b::169.254.169.254]:5"]), 403);
}

#[test]
fn a_forbidden_address_in_a_later_attribute_is_not_overlooked() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    let answer = world.ask(&person, message_type::CHANNEL_BIND_REQUEST, |writer| {
        writer.number(attribute::CHANNEL_NUMBER, 0x4000 << 16);
        writer.xor_address(attribute::XOR_PEER_ADDRESS, PEER.parse().unwrap());
        writer.xor_address(attribute::XOR_PEER_ADDRESS, "127.0.0.1:80".parse().unwrap());
    });
    assert_eq!(answer.code(), 0, "the first of one type counts");
    assert!(world.send_channel_data(&person, 0x4000, b"x"));
    assert!(!world.send_indication(&person, "127.0.0.1:80", b"x"));
    assert_eq!(world.sent().len(), 1);
}
