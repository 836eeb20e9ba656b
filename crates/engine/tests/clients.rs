//! Real clients (str0m) through a running engine, with rooms on both workers.

mod common;

use common::client::{Client, turn_until};
use common::talk::{connect, is_heard, publish};
use common::*;
use tertulia_engine::Event;
use tertulia_sfu::types::{CloseReason, ConnectionId};

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
    assert!(
        matches!(
            events.last(),
            Some(Event::Disconnected {
                connection: ConnectionId(3),
                reason: CloseReason::Crashed,
            })
        ),
        "{events:?}"
    );
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
