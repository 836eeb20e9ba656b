//! A fault of the relay costs the relay.

use tertulia_engine::{Event, Level};

use crate::common::client::Client;
use crate::common::talk::{connect, is_heard, publish};
use crate::common::{counter_reaches, events_until};
use crate::turn::{Turn, relay_engine};

#[test]
fn a_relay_that_panics_costs_no_media_and_its_clients_allocate_anew() {
    let engine = relay_engine(1);
    let (mut a, mut b) = (Client::join(&engine, 1, 1), Client::join(&engine, 2, 1));
    connect(&engine, &mut [&mut a, &mut b]);
    publish(&engine, (1, &mut a), (2, &mut b));
    is_heard((1, &mut a), &mut b, 100, 10);
    let (mut ana, mut bob) = (Turn::udp(&engine, "ana"), Turn::tcp(&engine, "bob"));
    let relayed = ana.allocate(None).unwrap();
    bob.allocate(None).unwrap();
    counter_reaches(&engine, "relay_allocations", 2);

    engine.crash_relay();
    events_until(
        &engine,
        "line in the log",
        |event| matches!(event, Event::Log { level: Level::Error, message } if message.contains("relay")),
    );
    let counters = engine.counters();
    assert_eq!((counters["relay_panics"], counters["worker_panics"]), (1, 0));
    assert_eq!(counters["relay_allocations"], 0);
    assert_eq!(counters["relay_allocations_opened"], 2, "totals outlive the relay");
    is_heard((1, &mut a), &mut b, 110, 10);

    assert_eq!(ana.refresh(600), Err(437), "the new relay knows of nothing");
    let again = ana.allocate(None).unwrap();
    assert_ne!(again, relayed);
    let again = bob.allocate(None).unwrap();
    ana.bind(0x4000, again).unwrap();
    counter_reaches(&engine, "relay_allocations", 2);
    assert_eq!(engine.counters()["connections"], 2);
}
