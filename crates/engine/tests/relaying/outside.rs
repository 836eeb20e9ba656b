//! Peers that are none of ours: in a network namespace where a whole network is on the loopback interface, but only one address of it its own.

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use tertulia_engine::{Engine, EngineConfig, StreamKind};
use tertulia_relay::Config;

use crate::alone::{Own, alone, run};
use crate::common::client::Client;
use crate::common::talk::{connect, is_heard, publish};
use crate::common::{counter_reaches, start};
use crate::turn::{Framed, Relayed, Turn, adopted, channel_data, relay_config};

const OURS: &str = "192.0.2.1";
const PEER: &str = "192.0.2.7";
const STRANGER: &str = "192.0.2.8";

/// The network, and an engine at its one address of ours.
fn engine(config: EngineConfig) -> Engine {
    run("ip link set lo mtu 1500 up");
    run(&format!("ip address add {OURS}/24 dev lo"));
    let bind = match config.bind.is_empty() {
        true => vec![format!("{OURS}:0").parse().unwrap()],
        false => config.bind,
    };
    start(EngineConfig {
        bind,
        relay: Some(Config {
            allow_peers: vec!["192.0.2.0/24".parse().unwrap()],
            ..relay_config()
        }),
        ..config
    })
}

fn socket(ip: &str) -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((ip, 0)).expect("bound");
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn receive(socket: &UdpSocket) -> (SocketAddr, Vec<u8>) {
    let mut buffer = [0; 4096];
    let (len, from) = socket.recv_from(&mut buffer).expect("arrived in time");
    (from, buffer[..len].to_vec())
}

#[test]
fn a_peer_outside_is_sent_to_and_heard_and_a_stranger_is_not() {
    if !alone(Own::Network) {
        return;
    }
    let engine = engine(EngineConfig::default());
    let (peer, at_peer) = socket(PEER);
    let (stranger, _) = socket(STRANGER);
    let mut ana = Turn::udp(&engine, "ana");
    let relayed = ana.allocate(None).unwrap();
    assert_eq!(relayed.ip().to_string(), OURS);
    ana.permit(at_peer.ip()).unwrap();
    stranger.send_to(b"without permission", relayed).unwrap();
    counter_reaches(&engine, "relay_dropped_peer_no_permission", 1);

    ana.send(at_peer, b"by an indication");
    assert_eq!(receive(&peer), (relayed, b"by an indication".to_vec()));
    peer.send_to(b"back", relayed).unwrap();
    assert_eq!(ana.expect(), (at_peer, b"back".to_vec()));
    ana.bind(0x4000, at_peer).unwrap();
    for i in 0..50u8 {
        ana.send(at_peer, &[i; 1200]);
        assert_eq!(receive(&peer), (relayed, vec![i; 1200]));
        peer.send_to(&[i; 1100], relayed).unwrap();
        assert_eq!(ana.expect(), (at_peer, vec![i; 1100]));
    }
    counter_reaches(&engine, "relay_ports_out", 51);
    counter_reaches(&engine, "relay_ports_in", 52);
}

#[test]
fn a_burst_to_a_peer_arrives_whole_and_leaves_in_few_messages() {
    if !alone(Own::Network) {
        return;
    }
    let engine = engine(EngineConfig::default());
    let (peer, at_peer) = socket(PEER);
    // By TCP, so that the whole burst is there at once.
    let stream = adopted(&engine, StreamKind::Turn);
    let mut raw = stream.try_clone().unwrap();
    let mut ana = Turn::by(Framed::new(stream), "ana");
    let relayed = ana.allocate(None).unwrap();
    ana.bind(0x4000, at_peer).unwrap();
    let burst: Vec<u8> = (0..24u8).flat_map(|i| channel_data(0x4000, &[i; 1000])).collect();
    raw.write_all(&burst).unwrap();
    for i in 0..24u8 {
        assert_eq!(receive(&peer), (relayed, vec![i; 1000]));
    }
    counter_reaches(&engine, "relay_ports_out", 24);
    let counters = engine.counters();
    assert!(
        counters["relay_ports_messages"] <= 4,
        "{}",
        counters["relay_ports_messages"]
    );

    for i in 0..24u8 {
        peer.send_to(&[i; 1000], relayed).unwrap();
    }
    for i in 0..24u8 {
        assert_eq!(ana.expect(), (at_peer, vec![i; 1000]));
    }
}

#[test]
fn what_must_not_be_cut_is_not_cut() {
    if !alone(Own::Network) {
        return;
    }
    let engine = engine(EngineConfig::default());
    let (peer, at_peer) = socket(PEER);
    let mut ana = Turn::udp(&engine, "ana");
    let relayed = ana.allocate(None).unwrap();
    ana.permit(at_peer.ip()).unwrap();
    ana.indicate(at_peer, &[1; 1600], false);
    assert_eq!(receive(&peer), (relayed, vec![1; 1600]), "cut, and put together again");
    ana.indicate(at_peer, &[2; 1600], true);
    counter_reaches(&engine, "relay_dropped_send_error", 1);
    ana.indicate(at_peer, &[3; 1200], true);
    ana.indicate(at_peer, &[4; 1600], false);
    assert_eq!(receive(&peer), (relayed, vec![3; 1200]));
    assert_eq!(
        receive(&peer),
        (relayed, vec![4; 1600]),
        "the prohibition ended with its packet"
    );
}

#[test]
fn a_server_for_this_machine_hears_no_other_on_its_relayed_ports() {
    if !alone(Own::Network) {
        return;
    }
    let engine = engine(EngineConfig {
        bind: vec!["127.0.0.1:0".parse().unwrap()],
        local_only: true,
        ..EngineConfig::default()
    });
    let (peer, at_peer) = socket(PEER);
    let mut ana = Turn::udp(&engine, "ana");
    let relayed = ana.allocate(None).unwrap();
    ana.permit(at_peer.ip()).unwrap();
    peer.send_to(b"from outside", relayed).unwrap();
    counter_reaches(&engine, "relay_dropped_foreign", 1);
    assert_eq!(engine.counters()["relay_packets_to_clients"], 0);
}

/// Behind a one-to-one NAT: people know us by an address that no interface has.
#[test]
fn the_public_address_is_told_and_leads_to_clients_and_media() {
    if !alone(Own::Network) {
        return;
    }
    let engine = engine(EngineConfig {
        public: vec!["198.51.100.5".parse().unwrap()],
        ..EngineConfig::default()
    });
    let media = SocketAddr::new("198.51.100.5".parse().unwrap(), engine.addresses()[0].port());
    let (mut ana, mut bob) = (Turn::udp(&engine, "ana"), Turn::udp(&engine, "bob"));
    let (at_ana, at_bob) = (ana.allocate(None).unwrap(), bob.allocate(None).unwrap());
    assert_eq!((at_ana.ip(), at_bob.ip()), (media.ip(), media.ip()));
    ana.bind(0x4000, at_bob).unwrap();
    bob.permit(at_ana.ip()).unwrap();
    ana.send(at_bob, b"hello");
    assert_eq!(bob.expect(), (at_ana, b"hello".to_vec()));

    let [mut a, mut b] = [1, 2].map(|connection| {
        let road = Relayed::to(media, Turn::udp(&engine, "cleo"));
        Client::join_at(media, road, &engine, connection, 1)
    });
    connect(&engine, &mut [&mut a, &mut b]);
    publish(&engine, (1, &mut a), (2, &mut b));
    is_heard((1, &mut a), &mut b, 100, 20);
    assert_eq!(engine.counters()["relay_ports_out"], 0);
}
