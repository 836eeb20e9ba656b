//! Allocations, and two clients that meet on their relayed addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use tertulia_engine::EngineConfig;
use tertulia_relay::Family;

use crate::common::{counter_reaches, start, until};
use crate::turn::{Turn, relay_config, relay_engine};

#[test]
fn a_client_proves_who_it_is_and_has_an_address_until_it_gives_it_back() {
    for workers in [1, 3] {
        let engine = relay_engine(workers);
        let mut ana = Turn::udp(&engine, "ana");
        let relayed = ana.allocate(None).expect("allocated");
        assert_eq!(relayed.ip(), engine.addresses()[0].ip());
        assert_ne!(relayed.port(), engine.addresses()[0].port());
        counter_reaches(&engine, "relay_allocations", 1);
        assert_eq!(engine.counters()["relay_challenged"], 1);
        UdpSocket::bind(relayed).expect_err("the port is there");

        let mut eve = Turn::udp(&engine, "eve").with_password("a guess");
        assert_eq!(eve.allocate(None), Err(401));

        ana.refresh(0).expect("given back");
        until("free port", || UdpSocket::bind(relayed).ok());
        until("no allocation", || {
            (engine.counters()["relay_allocations"] == 0).then_some(())
        });
    }
}

/// The port decides: two relayed addresses, our media port, and everything else that is ours.
#[test]
fn clients_meet_inside_the_process_and_reach_nothing_else_of_ours() {
    let engine = relay_engine(1);
    let (mut ana, mut bob) = (Turn::udp(&engine, "ana"), Turn::udp(&engine, "bob"));
    let (at_ana, at_bob) = (ana.allocate(None).unwrap(), bob.allocate(None).unwrap());
    // One by channel, the other by indications.
    ana.bind(0x4000, at_bob).unwrap();
    bob.permit(at_ana.ip()).unwrap();
    for i in 0..100u8 {
        ana.send(at_bob, &[i; 700]);
        assert_eq!(bob.expect(), (at_ana, vec![i; 700]));
        bob.send(at_ana, &[i; 300]);
        assert_eq!(ana.expect(), (at_bob, vec![i; 300]));
    }
    counter_reaches(&engine, "relay_packets_between_clients", 200);

    let ours = UdpSocket::bind("127.0.0.1:0").unwrap();
    bob.send(ours.local_addr().unwrap(), b"a service of this machine");
    counter_reaches(&engine, "relay_dropped_forbidden_peer", 1);
    let counters = engine.counters();
    assert_eq!(
        counters["relay_ports_in"] + counters["relay_ports_out"],
        0,
        "nothing left the process"
    );
}

#[test]
fn a_burst_between_two_clients_arrives_whole_and_in_order() {
    let engine = relay_engine(1);
    let (mut ana, mut bob) = (Turn::udp(&engine, "ana"), Turn::tcp(&engine, "bob"));
    let (at_ana, at_bob) = (ana.allocate(None).unwrap(), bob.allocate(None).unwrap());
    ana.bind(0x4000, at_bob).unwrap();
    bob.bind(0x4001, at_ana).unwrap();
    for i in 0..64u8 {
        ana.send(at_bob, &[i; 1000]);
    }
    for i in 0..64u8 {
        assert_eq!(bob.expect(), (at_ana, vec![i; 1000]));
    }
    for i in 0..64u8 {
        bob.send(at_ana, &[i; 1000]);
    }
    for i in 0..64u8 {
        assert_eq!(ana.expect(), (at_bob, vec![i; 1000]));
    }
}

#[test]
fn each_family_has_its_own_address_and_meets_its_own() {
    let Ok(free) = UdpSocket::bind("[::1]:0") else { return };
    drop(free);
    let engine = start(EngineConfig {
        bind: vec!["[::1]:0".parse().unwrap(), "127.0.0.1:0".parse().unwrap()],
        relay: Some(relay_config()),
        ..EngineConfig::default()
    });
    let (mut ana, mut bob) = (Turn::udp(&engine, "ana"), Turn::udp(&engine, "bob"));
    let at_ana = ana.allocate(Some(Family::V6)).unwrap();
    assert_eq!(at_ana.ip(), IpAddr::V6(Ipv6Addr::LOCALHOST));
    // Without a word about the family it is IPv4 (RFC 8656, section 7.2), also for who came by IPv6.
    let at_bob = bob.allocate(None).unwrap();
    assert_eq!(at_bob.ip(), IpAddr::V4(Ipv4Addr::LOCALHOST));
    assert_eq!(bob.bind(0x4000, at_ana), Err(443));

    let mut cleo = Turn::udp(&engine, "cleo");
    let at_cleo = cleo.allocate(Some(Family::V6)).unwrap();
    cleo.bind(0x4000, at_ana).unwrap();
    ana.permit(at_cleo.ip()).unwrap();
    cleo.send(at_ana, b"six");
    assert_eq!(ana.expect(), (at_cleo, b"six".to_vec()));
}
