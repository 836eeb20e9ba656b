//! A room that is spread over two workers, with real clients (str0m).

mod common;

use common::client::{Client, turn_until};
use common::talk::{binding, connect, listen, publish_for_all};
use common::*;
use std::time::{Duration, Instant};
use tertulia_engine::{Engine, EngineConfig, Event};
use tertulia_sfu::types::{ConnectionId, SlotId};

/// A room takes the other worker with its second client.
fn spread() -> Engine {
    start(EngineConfig {
        workers: 2,
        room_share: 1,
        ..EngineConfig::default()
    })
}

/// The first of them speaks, the others listen: 1 and 4 are on worker 0, 2 and 3 on worker 1.
fn lecture(engine: &Engine) -> Vec<Client> {
    let mut clients: Vec<Client> = (1..=4).map(|id| Client::join(engine, id, 1)).collect();
    connect(engine, &mut clients.iter_mut().collect::<Vec<_>>());
    publish_for_all(engine, 1, &mut clients[0]);
    for (id, client) in (1..).zip(&mut clients).skip(1) {
        listen(engine, (id, client), 1);
    }
    tune_in(&mut clients, &[1, 2, 3], 1);
    clients
}

/// The first says something until all of `hearers` hear it: it takes a moment until a slot on another worker is fed. What was said by
/// then has arrived.
fn tune_in(clients: &mut [Client], hearers: &[usize], first: u64) {
    for sequence in first..first + 20 {
        let text = format!("tuning in {sequence}").into_bytes();
        clients[0].write(1001, sequence, &text);
        let until = Instant::now() + Duration::from_millis(200);
        let all_hear = turn_until("time", &mut clients.iter_mut().collect::<Vec<_>>(), |clients| {
            let hears = |&hearer: &usize| {
                clients[hearer]
                    .received
                    .last()
                    .is_some_and(|p| p.payload[..] == text[..])
            };
            let all_hear = hearers.iter().all(hears);
            (all_hear || Instant::now() > until).then_some(all_hear)
        });
        if all_hear {
            return;
        }
    }
    panic!("not all hear");
}

/// The first says so many numbered packets, and all of `hearers` hear each of them, in order.
fn say(clients: &mut [Client], hearers: &[usize], first: u64, count: u64) {
    let before: Vec<usize> = hearers.iter().map(|&hearer| clients[hearer].received.len()).collect();
    for sequence in first..first + count {
        clients[0].write(1001, sequence, format!("packet {sequence}").as_bytes());
        turn_until("packet", &mut clients.iter_mut().collect::<Vec<_>>(), |clients| {
            let said = (sequence - first) as usize;
            let mut heard = hearers.iter().zip(&before);
            heard
                .all(|(&hearer, before)| clients[hearer].received.len() > before + said)
                .then_some(())
        });
    }
    let said: Vec<_> = (first..first + count)
        .map(|n| format!("packet {n}").into_bytes())
        .collect();
    for (&hearer, &before) in hearers.iter().zip(&before) {
        let heard: Vec<_> = clients[hearer].received[before..]
            .iter()
            .map(|p| p.payload.to_vec())
            .collect();
        assert_eq!(heard, said, "client {}", hearer + 1);
    }
}

#[test]
fn all_hear_the_same_wherever_they_are() {
    let engine = spread();
    let mut clients = lecture(&engine);
    say(&mut clients, &[1, 2, 3], 100, 50);
    counter_reaches(&engine, "rtp_out", 150);
    counter_reaches(&engine, "mirror_in", 50);
    let counters = engine.counters();
    assert!(counters["mirror_out"] <= counters["rtp_in"], "once for two viewers");
    assert_eq!(counters["dropped_mirror_behind"], 0);
    engine.close(ConnectionId(1));
    counter_reaches(&engine, "connections_closed", 1);
    engine.bind(SlotId(2), None);
    assert_eq!(engine.counters()["connections"], 3);
}

#[test]
fn a_lost_worker_takes_only_its_own() {
    let engine = spread();
    let mut clients = lecture(&engine);
    say(&mut clients, &[1, 2, 3], 100, 10);
    engine.crash_worker(1);
    let events = events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { .. })
    });
    let Some(Event::WorkerLost { worker: 1, connections }) = events.last() else {
        panic!("{events:?}")
    };
    let mut lost = connections.clone();
    lost.sort();
    assert_eq!(lost, [ConnectionId(2), ConnectionId(3)]);
    say(&mut clients, &[3], 110, 10);
    // One who comes back is heard to again, on the same worker.
    let mut again = Client::join(&engine, 6, 1);
    turn_until("connection", &mut [&mut again], |clients| {
        clients[0].is_connected.then_some(())
    });
    listen(&engine, (6, &mut again), 1);
    clients.push(again);
    tune_in(&mut clients, &[3, 4], 120);
    let before = engine.counters()["mirror_in"];
    say(&mut clients, &[3, 4], 150, 10);
    counter_reaches(&engine, "mirror_in", before + 10);
}

#[test]
fn the_loss_of_the_speakers_worker_leaves_the_listeners_connected() {
    let engine = spread();
    let mut clients = lecture(&engine);
    say(&mut clients, &[1, 2, 3], 100, 10);
    engine.crash_worker(0);
    events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { worker: 0, .. })
    });
    assert_eq!(engine.counters()["connections"], 2);
    // Client 2 speaks, and 3, on the same worker, hears it.
    publish_for_all(&engine, 2, &mut clients[1]);
    engine.bind(SlotId(3), Some(binding(2)));
    let before = clients[2].received.len();
    clients[1].write(1002, 7, b"still here");
    turn_until("packet", &mut clients.iter_mut().collect::<Vec<_>>(), |clients| {
        (clients[2].received.len() > before).then_some(())
    });
    assert_eq!(clients[2].received[before].payload[..], b"still here"[..]);
}

#[test]
fn a_stalled_worker_delays_its_own_alone_and_what_it_missed_is_counted() {
    let engine = spread();
    let mut clients = lecture(&engine);
    say(&mut clients, &[1, 2, 3], 100, 10);
    engine.stall_worker(1, Duration::from_millis(1500));
    // A list each: more of them than there may be on the way.
    say(&mut clients, &[3], 110, 400);
    let counters = engine.counters();
    assert!(counters["dropped_mirror_behind"] >= 100, "{counters:?}");
    let last = |clients: &mut [&mut Client], hearer: usize| {
        clients[hearer].received.last().map(|packet| packet.payload.to_vec())
    };
    turn_until(
        "what was on the way",
        &mut clients.iter_mut().collect::<Vec<_>>(),
        |clients| (last(clients, 1) > Some(b"packet 300".to_vec())).then_some(()),
    );
    let sent = 510;
    for sequence in sent..sent + 20 {
        clients[0].write(1001, sequence, format!("packet {sequence}").as_bytes());
        turn_until("packet", &mut clients.iter_mut().collect::<Vec<_>>(), |clients| {
            (1..4)
                .all(|hearer| last(clients, hearer) == Some(format!("packet {sequence}").into_bytes()))
                .then_some(())
        });
    }
}

#[test]
fn a_thousand_times_bound_and_unbound_leaves_nothing() {
    let engine = spread();
    let mut clients = lecture(&engine);
    for _ in 0..1000 {
        engine.bind(SlotId(2), None);
        engine.bind(SlotId(3), None);
        engine.bind(SlotId(2), Some(binding(1)));
        engine.bind(SlotId(3), Some(binding(1)));
    }
    tune_in(&mut clients, &[1, 2, 3], 50);
    say(&mut clients, &[1, 2, 3], 100, 5);
    engine.bind(SlotId(2), None);
    say(&mut clients, &[2, 3], 105, 5);
    engine.bind(SlotId(3), None);
    // A command to the first worker is carried out after what the second said to it before.
    say(&mut clients, &[3], 110, 5);
    let fed = engine.counters()["mirror_out"];
    say(&mut clients, &[3], 115, 20);
    assert_eq!(engine.counters()["mirror_out"], fed, "nobody watches there");
}
