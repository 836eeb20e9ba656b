//! Real clients (str0m) through a running engine, with rooms on both workers.

mod common;

use common::client::{Client, OPUS, turn_until};
use common::*;
use tertulia_engine::{Engine, Event};
use tertulia_sfu::command::{Binding, SlotSpec, SourceSpec};
use tertulia_sfu::types::{CloseReason, Codec, ConnectionId, Extensions, MediaKind, SlotId, SourceId};

fn connect(engine: &Engine, clients: &mut [&mut Client]) {
    turn_until("connection", clients, |clients| {
        clients.iter().all(|client| client.is_connected).then_some(())
    });
    let mut connected = 0;
    turn_until("event", clients, |clients| {
        connected += engine
            .poll_events()
            .iter()
            .filter(|event| matches!(event, Event::Connected { .. }))
            .count();
        (connected == clients.len()).then_some(())
    });
}

/// Connects `speaker` and `listener`; source and slot get the numbers of their connections.
fn publish(engine: &Engine, speaker: (u64, &mut Client), listener: (u64, &mut Client)) {
    let source = SourceSpec {
        kind: MediaKind::Audio,
        codec: Codec::Opus,
        mid: "0".into(),
        clock_rate: 48_000,
        payload_type: OPUS,
        rtx_payload_type: None,
        ssrc: Some(1000 + speaker.0 as u32),
        rtx_ssrc: None,
        nack: false,
        extensions: Extensions::default(),
    };
    let slot = SlotSpec {
        kind: MediaKind::Audio,
        mid: "0".into(),
        ssrc: 2000 + listener.0 as u32,
        rtx_ssrc: 0,
        extensions: Extensions::default(),
        transport_cc: false,
    };
    speaker.1.send_audio("0", 1000 + speaker.0 as u32);
    listener.1.receive_audio("0", slot.ssrc);
    engine.add_source(ConnectionId(speaker.0), SourceId(speaker.0), source);
    engine.add_slot(ConnectionId(listener.0), SlotId(listener.0), slot);
    let binding = Binding {
        source: SourceId(speaker.0),
        payload_type: OPUS,
        rtx_payload_type: None,
    };
    engine.bind(SlotId(listener.0), Some(binding));
}

/// `speaker` says `count` numbered packets, and `listener` hears them all in order.
fn is_heard(speaker: (u64, &mut Client), listener: &mut Client, first: u64, count: u64) {
    let ssrc = 1000 + speaker.0 as u32;
    let client = speaker.1;
    let from = listener.received.len();
    for sequence in first..first + count {
        client.write(ssrc, sequence, format!("packet {sequence}").as_bytes());
        turn_until("packet", &mut [&mut *client, &mut *listener], |clients| {
            (clients[1].received.len() > from + (sequence - first) as usize).then_some(())
        });
    }
    let heard: Vec<_> = listener.received[from..]
        .iter()
        .map(|packet| packet.payload.to_vec())
        .collect();
    let said: Vec<_> = (first..first + count)
        .map(|sequence| format!("packet {sequence}").into_bytes())
        .collect();
    assert_eq!(heard, said);
}

#[test]
fn media_flows_on_every_worker_and_a_lost_one_leaves_the_other_alone() {
    let engine = engine(2);
    let (mut a, mut b) = (Client::join(&engine, 1, 1), Client::join(&engine, 2, 1));
    // Room 2 goes to worker 1, which has nothing yet: its datagrams are handed over.
    let (mut c, mut d) = (Client::join(&engine, 3, 2), Client::join(&engine, 4, 2));
    connect(&engine, &mut [&mut a, &mut b, &mut c, &mut d]);
    publish(&engine, (1, &mut a), (2, &mut b));
    publish(&engine, (3, &mut c), (4, &mut d));
    is_heard((1, &mut a), &mut b, 100, 50);
    is_heard((3, &mut c), &mut d, 100, 50);
    counter_reaches(&engine, "rtp_out", 100);
    let counters = engine.counters();
    assert!(counters["datagrams_handed_over"] >= 50, "{counters:?}");
    assert_eq!(counters["rtp_out"], 100);
    assert_eq!(
        counters["dropped_worker_behind"] + counters["dropped_send_error"] + counters["dropped_send_full"],
        0
    );

    engine.crash_worker(1);
    let events = events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { .. })
    });
    let Some(Event::WorkerLost { worker: 1, connections }) = events.last() else {
        panic!("{events:?}")
    };
    let mut lost = connections.clone();
    lost.sort();
    assert_eq!(lost, [ConnectionId(3), ConnectionId(4)]);
    is_heard((1, &mut a), &mut b, 150, 50);

    // The worker serves the next ones, from the same process and port.
    let (mut e, mut f) = (Client::join(&engine, 5, 3), Client::join(&engine, 6, 3));
    connect(&engine, &mut [&mut e, &mut f]);
    publish(&engine, (5, &mut e), (6, &mut f));
    is_heard((5, &mut e), &mut f, 7, 20);
    let stats = turn_until("statistics", &mut [&mut e, &mut f], |_| {
        engine.connection_stats(ConnectionId(6))
    });
    assert!(stats.path.is_some());
}

#[test]
fn one_who_was_called_connects_and_is_heard() {
    let engine = engine(2);
    let (mut a, mut b) = (Client::join_called(&engine, 1, 1), Client::join(&engine, 2, 1));
    connect(&engine, &mut [&mut a, &mut b]);
    publish(&engine, (1, &mut a), (2, &mut b));
    is_heard((1, &mut a), &mut b, 100, 10);
}

#[test]
fn a_connection_that_panics_takes_nobody_with_it() {
    let engine = engine(1);
    let (mut a, mut b, mut c) = (
        Client::join(&engine, 1, 1),
        Client::join(&engine, 2, 1),
        Client::join(&engine, 3, 1),
    );
    connect(&engine, &mut [&mut a, &mut b, &mut c]);
    publish(&engine, (1, &mut a), (2, &mut b));
    is_heard((1, &mut a), &mut b, 100, 10);
    engine.crash_connection(ConnectionId(3));
    let events = events_until(&engine, "disconnection", |event| {
        matches!(event, Event::Disconnected { .. })
    });
    let gone = Event::Disconnected {
        connection: ConnectionId(3),
        reason: CloseReason::Crashed,
    };
    assert_eq!(events.last(), Some(&gone));
    assert_eq!(
        (engine.counters()["connections"], engine.counters()["worker_panics"]),
        (2, 0)
    );
    is_heard((1, &mut a), &mut b, 110, 10);
}

#[test]
fn closing_ends_the_flow() {
    let engine = engine(1);
    let (mut a, mut b) = (Client::join(&engine, 1, 1), Client::join(&engine, 2, 1));
    connect(&engine, &mut [&mut a, &mut b]);
    publish(&engine, (1, &mut a), (2, &mut b));
    is_heard((1, &mut a), &mut b, 100, 5);
    engine.close(ConnectionId(2));
    counter_reaches(&engine, "connections_closed", 1);
    let sent = engine.counters()["rtp_out"];
    a.write(1001, 105, b"unheard");
    a.turn();
    counter_reaches(&engine, "rtp_in", 6);
    assert_eq!(engine.counters()["rtp_out"], sent);
}
