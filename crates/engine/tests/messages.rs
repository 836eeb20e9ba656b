//! Messages on data channels in a room that is spread over two workers, with real clients (str0m).

mod common;

use common::client::Client;
use common::talk::connect;
use common::*;
use str0m::channel::ChannelId;
use tertulia_engine::{Engine, EngineConfig, Event};
use tertulia_sfu::types::ConnectionId;

struct Person {
    client: Client,
    channel: ChannelId,
}

/// About no topic, to everybody.
fn written(text: &str) -> Vec<u8> {
    [&[1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1], text.as_bytes()].concat()
}

fn signed(from: u64, text: &str) -> Vec<u8> {
    let name = format!("person {from}");
    [&[1, 1, name.len() as u8], name.as_bytes(), &written(text)[2..]].concat()
}

/// They come to the room 1, and are connected.
fn join(engine: &Engine, ids: &[u64]) -> Vec<Person> {
    let mut clients: Vec<Client> = ids.iter().map(|&id| Client::join(engine, id, 1)).collect();
    for &id in ids {
        engine.member(ConnectionId(id), format!("person {id}"), true);
    }
    connect(engine, &mut clients.iter_mut().collect::<Vec<_>>());
    let mut people: Vec<Person> = clients
        .into_iter()
        .map(|mut client| Person {
            channel: client.open_channel("reliable"),
            client,
        })
        .collect();
    until(&mut people, "channels", |people| {
        people.iter().all(|person| person.client.open.contains(&person.channel))
    });
    people
}

fn until(people: &mut [Person], what: &str, holds: impl Fn(&[Person]) -> bool) {
    for _ in 0..100_000 {
        people.iter_mut().for_each(|person| person.client.turn());
        if holds(people) {
            return;
        }
        std::thread::yield_now();
    }
    panic!("no {what} in time");
}

#[test]
fn all_hear_it_on_whatever_worker_they_are_and_in_order() {
    let engine = start(EngineConfig {
        workers: 2,
        room_share: 1,
        ..EngineConfig::default()
    });
    // 1 and 4 are on worker 0, 2 and 3 on worker 1.
    let mut people = join(&engine, &[1, 2, 3, 4]);
    let said: Vec<Vec<u8>> = (0..100).map(|n| signed(1, &format!("message {n}"))).collect();
    for n in 0..100 {
        let channel = people[0].channel;
        people[0].client.say(channel, &written(&format!("message {n}")));
        people[0].client.turn();
    }
    until(&mut people, "messages", |people| {
        people[1..]
            .iter()
            .all(|person| person.client.messages.len() >= said.len())
    });
    for person in &people[1..] {
        assert_eq!(person.client.messages, said);
    }
    assert!(people[0].client.messages.is_empty());
    counter_reaches(&engine, "data_out", 300);
    assert_eq!(engine.counters()["data_in"], 100);
}

#[test]
fn who_comes_back_after_a_worker_was_lost_is_heard_and_hears() {
    let engine = start(EngineConfig {
        workers: 2,
        room_share: 1,
        ..EngineConfig::default()
    });
    let mut people = join(&engine, &[1, 2, 3, 4]);
    engine.crash_worker(1);
    events_until(&engine, "lost worker", |event| {
        matches!(event, Event::WorkerLost { worker: 1, .. })
    });
    people.remove(2);
    people.remove(1);
    people.extend(join(&engine, &[5, 6]));
    for speaker in [0, 2] {
        let channel = people[speaker].channel;
        people[speaker].client.say(channel, &written("hello"));
    }
    let heard = |person: &Person, from: u64| person.client.messages.contains(&signed(from, "hello"));
    until(&mut people, "messages", |people| {
        let hear_first = people[1..].iter().all(|person| heard(person, 1));
        let others = [0, 1, 3];
        hear_first && others.iter().all(|&other| heard(&people[other], 5))
    });
}
