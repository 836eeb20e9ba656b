//! The engine as a whole, without a client: STUN, isolation of workers, life and death.

mod common;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use common::*;
use tertulia_engine::{Engine, EngineConfig, Event, Level};
use tertulia_relay::stun::{Message, message_type, xor_mapped_address};
use tertulia_sfu::types::{ConnectionId, RoomKey};

/// A Binding request without attributes.
const BINDING: &[u8] = b"\x00\x01\x00\x00\x21\x12\xa4\x42transaction!";

fn open(engine: &Engine, connection: u64, room: u64) {
    let credentials = engine.open(ConnectionId(connection), RoomKey(room), absent_peer());
    assert!(credentials.ufrag.len() >= 4 && credentials.pwd.len() >= 22);
}

#[test]
fn tells_a_stun_client_its_address() {
    for workers in [1, 2] {
        let engine = engine(workers);
        let client = client_socket();
        let response = exchange(&client, engine.addresses()[0], BINDING);
        let message = Message::parse(&response).expect("well-framed");
        assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
        assert_eq!(xor_mapped_address(&message), Some(client.local_addr().unwrap()));
        counter_reaches(&engine, "stun_answered", 1);
    }
}

#[test]
fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
    let engine = start(EngineConfig {
        bind: vec!["0.0.0.0:0".parse().unwrap()],
        ..EngineConfig::default()
    });
    let port = engine.addresses()[0].port();
    // `exchange` compares the sender with whom it asked.
    exchange(&client_socket(), ([127, 0, 0, 1], port).into(), BINDING);
    if cfg!(target_os = "linux") {
        exchange(&client_socket(), ([127, 0, 0, 2], port).into(), BINDING);
    }
}

#[test]
fn serves_ipv6_beside_ipv4_on_one_port() {
    let Ok(free) = UdpSocket::bind("[::1]:0") else { return };
    drop(free);
    let v4 = start(EngineConfig {
        bind: vec!["0.0.0.0:0".parse().unwrap(), "[::]:0".parse().unwrap()],
        ..EngineConfig::default()
    });
    assert_eq!(v4.addresses()[0].port(), v4.addresses()[1].port());
    let client = UdpSocket::bind("[::1]:0").expect("bound");
    client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let to = (std::net::Ipv6Addr::LOCALHOST, v4.addresses()[1].port()).into();
    let response = exchange(&client, to, BINDING);
    assert_eq!(
        xor_mapped_address(&Message::parse(&response).unwrap()),
        Some(client.local_addr().unwrap())
    );
    exchange(
        &client_socket(),
        ([127, 0, 0, 1], v4.addresses()[0].port()).into(),
        BINDING,
    );
}

#[test]
fn serves_this_machine_where_it_serves_nobody_else() {
    let engine = start(EngineConfig {
        local_only: true,
        ..EngineConfig::default()
    });
    exchange(&client_socket(), engine.addresses()[0], BINDING);
    assert_eq!(engine.counters()["dropped_foreign"], 0);
}

#[test]
fn everything_dropped_is_counted() {
    let engine = engine(2);
    let client = client_socket();
    // With USERNAME nobody:me.
    let stranger = b"\x00\x01\x00\x10\x21\x12\xa4\x42transaction!\x00\x06\x00\x09nobody:me\0\0\0";
    for (datagram, counter) in [
        (&stranger[..], "dropped_unknown_fragment"),
        (&BINDING[..19], "dropped_stun"),
        (&[0x80; 100], "dropped_unknown_address"),
        (&[0x16; 100], "dropped_unknown_address"),
        (&[0x40; 8], "dropped_turn"),
        (&[0xff; 8], "dropped_unknown_kind"),
    ] {
        let before = engine.counters()[counter];
        client.send_to(datagram, engine.addresses()[0]).unwrap();
        counter_reaches(&engine, counter, before + 1);
    }
    if cfg!(target_os = "linux") {
        client.send_to(&[0x80; 3000], engine.addresses()[0]).unwrap();
        counter_reaches(&engine, "dropped_truncated", 1);
    }
}

#[test]
fn a_worker_that_panics_begins_anew_and_names_its_connections() {
    let engine = engine(2);
    for connection in 0..4 {
        open(&engine, connection, connection);
    }
    engine.crash_worker(1);
    let events = events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { .. })
    });
    let Some(Event::WorkerLost { worker: 1, connections }) = events.last() else {
        panic!("{events:?}")
    };
    let mut connections = connections.clone();
    connections.sort();
    assert_eq!(
        connections,
        [ConnectionId(1), ConnectionId(2)],
        "rooms are shared out between the workers"
    );
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Log { level: Level::Error, message } if message.contains("worker 1")))
    );
    counter_reaches(&engine, "worker_panics", 1);
    assert_eq!(engine.counters()["connections"], 2);
    // It serves again: the emptied worker is the idlest.
    open(&engine, 10, 10);
    counter_reaches(&engine, "connections_opened", 5);
    engine.crash_worker(1);
    let events = events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { .. })
    });
    let Some(Event::WorkerLost { worker: 1, connections }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(*connections, [ConnectionId(10)]);
    exchange(&client_socket(), engine.addresses()[0], BINDING);
}

#[test]
fn a_front_that_panics_goes_on_receiving() {
    let engine = engine(1);
    open(&engine, 1, 1);
    engine.crash_worker(0);
    events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { worker: 0, .. })
    });
    exchange(&client_socket(), engine.addresses()[0], BINDING);
}

#[test]
fn opening_and_closing_leaves_nothing_behind() {
    let engine = engine(2);
    for i in 0..1000 {
        open(&engine, i, i % 7);
        engine.restart_ice(ConnectionId(i), absent_peer().credentials);
        engine.close(ConnectionId(i));
    }
    counter_reaches(&engine, "connections_opened", 1000);
    counter_reaches(&engine, "connections_closed", 1000);
    assert_eq!(engine.counters()["connections"], 0);
    engine.crash_worker(1);
    let events = events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { .. })
    });
    let Some(Event::WorkerLost { worker: 1, connections }) = events.last() else {
        panic!("{events:?}")
    };
    assert_eq!(*connections, []);
}

#[test]
fn unknown_and_repeated_names_do_no_harm() {
    let engine = engine(1);
    engine.close(ConnectionId(9));
    engine.crash_connection(ConnectionId(9));
    engine.restart_ice(ConnectionId(9), absent_peer().credentials);
    open(&engine, 1, 1);
    open(&engine, 1, 2);
    counter_reaches(&engine, "connections_opened", 1);
    assert_eq!(engine.counters()["connections"], 1);
    assert_eq!(engine.connection_stats(ConnectionId(9)), None);
}

#[test]
fn stops_at_once_and_frees_the_port() {
    let engine = engine(3);
    let address = engine.addresses()[0];
    open(&engine, 1, 1);
    let start = Instant::now();
    engine.stop();
    engine.stop();
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
    drop(UdpSocket::bind(address).expect("the port is free again"));
    open(&engine, 2, 2);
    engine.close(ConnectionId(1));
    assert!(engine.counters().contains_key("rtp_in"), "numbers outlive the threads");
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = Engine::start(EngineConfig {
        bind: vec![address],
        ..EngineConfig::default()
    })
    .err()
    .expect("refused");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&address.to_string()));
}

#[test]
fn the_event_descriptor_is_readable_while_events_wait() {
    let engine = engine(1);
    let is_readable = || {
        let mut fd = libc::pollfd {
            fd: engine.event_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one live structure.
        unsafe { libc::poll(&raw mut fd, 1, 0) == 1 }
    };
    assert!(!is_readable());
    engine.crash_worker(0);
    until("readable descriptor", || is_readable().then_some(()));
    events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { .. })
    });
    assert!(!is_readable());
}

#[test]
fn an_idle_engine_does_not_turn() {
    let engine = engine(2);
    exchange(&client_socket(), engine.addresses()[0], BINDING);
    // The connections' statistics are shown once more within a second; after that nothing happens.
    let (mut turns, mut since) = (engine.counters()["loop_turns"], Instant::now());
    let idle = UdpSocket::bind("127.0.0.1:0").unwrap();
    idle.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    until("idle engine", || {
        // Nobody sends here: a wait that is not a bare sleep ends by its time-out.
        let _ = idle.recv(&mut [0; 1]);
        let now = engine.counters()["loop_turns"];
        if now != turns {
            (turns, since) = (now, Instant::now());
        }
        (since.elapsed() > Duration::from_millis(1500)).then_some(())
    });
}
