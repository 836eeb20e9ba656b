//! Messages on data channels go to those for whom they are, and carry the name of their sender.

use crate::common::{LOSSY, RELIABLE, World, written};
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::ConnectionId;

const SOON: Duration = Duration::from_millis(300);

struct Three {
    world: World,
    alice: ConnectionId,
    bob: ConnectionId,
    cy: ConnectionId,
}

fn three() -> Three {
    let mut world = World::new();
    let (alice, bob, cy) = (
        world.join(1, "alice", true),
        world.join(2, "bob", true),
        world.join(3, "cy", true),
    );
    Three { world, alice, bob, cy }
}

fn from_alice(text: &str) -> (String, Vec<u8>) {
    ("alice".into(), text.into())
}

#[test]
fn all_others_hear_it_and_the_sender_does_not() {
    let Three {
        mut world,
        alice,
        bob,
        cy,
    } = three();
    for label in [RELIABLE, LOSSY] {
        assert!(world.say(alice, label, &written(&[], b"hello")));
        world.run(SOON);
        assert_eq!(world.told(bob), [from_alice("hello")], "{label}");
        assert_eq!(world.told(cy), [from_alice("hello")], "{label}");
        assert_eq!(world.told(alice), [], "{label}");
    }
    assert_eq!((world.counters().data_in, world.counters().data_out), (2, 4));
}

#[test]
fn those_who_are_named_hear_it_alone() {
    let Three {
        mut world,
        alice,
        bob,
        cy,
    } = three();
    world.say(alice, RELIABLE, &written(&["cy", "nobody"], b"psst"));
    world.run(SOON);
    assert_eq!(world.told(bob), []);
    assert_eq!(world.told(cy), [from_alice("psst")]);
    world.say(alice, LOSSY, &written(&["bob", "cy"], b"both"));
    world.say(alice, RELIABLE, &written(&["alice"], b"oneself"));
    world.run(SOON);
    assert_eq!(world.told(bob), [from_alice("both")]);
    assert_eq!(world.told(cy), [from_alice("both")]);
    assert_eq!(world.told(alice), []);
}

#[test]
fn who_has_no_channel_or_no_name_hears_nothing() {
    let Three {
        mut world, alice, bob, ..
    } = three();
    let dora = world.connect(4);
    world.open_channel(dora, RELIABLE);
    let emil = world.connect(5);
    world.introduce(emil, "emil", true);
    world.say(alice, RELIABLE, &written(&[], b"hello"));
    world.run(SOON);
    assert_eq!(world.told(bob), [from_alice("hello")]);
    assert_eq!((world.told(dora), world.told(emil)), (vec![], vec![]));
    world.say(dora, RELIABLE, &written(&[], b"I am nobody"));
    world.run(SOON);
    assert_eq!(world.told(bob), []);
    assert_eq!(world.counters().data_dropped_not_allowed, 1);
}

#[test]
fn the_right_to_send_comes_and_goes() {
    let Three {
        mut world, alice, bob, ..
    } = three();
    world.introduce(alice, "alice", false);
    for label in [RELIABLE, LOSSY] {
        world.say(alice, label, &written(&[], b"unheard"));
    }
    world.run(SOON);
    assert_eq!(world.told(bob), []);
    assert_eq!(world.counters().data_dropped_not_allowed, 2);
    world.say(bob, RELIABLE, &written(&[], b"to you"));
    world.run(SOON);
    assert_eq!(
        world.told(alice),
        [("bob".to_owned(), b"to you".to_vec())],
        "who may not speak hears"
    );
    world.introduce(alice, "alice", true);
    world.say(alice, RELIABLE, &written(&[], b"heard"));
    world.run(SOON);
    assert_eq!(world.told(bob), [from_alice("heard")]);
}

#[test]
fn what_is_no_message_goes_nowhere_and_is_counted() {
    let Three {
        mut world, alice, bob, ..
    } = three();
    let hostile: [&[u8]; 7] = [
        &[2, 0, 3],
        &[1],
        &[1, 255, 1, 1],
        &[1, 1, 0],
        &[1, 0, 200],
        &[1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1],
        &[1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 17],
    ];
    for bytes in hostile {
        assert!(world.say(alice, RELIABLE, bytes));
        assert!(world.say(alice, LOSSY, bytes));
    }
    assert!(world.say(alice, RELIABLE, &written(&[], &[7; 16 * 1024 + 1])));
    world.run(SOON);
    assert!(world.say(alice, RELIABLE, &written(&[], &[7; 16 * 1024])));
    world.run(SOON);
    let heard = world.told(bob);
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].1, [7; 16 * 1024]);
    let counters = world.counters();
    assert_eq!(counters.data_dropped_version, 2);
    assert_eq!(counters.data_dropped_malformed, 12);
    assert_eq!(counters.data_dropped_too_large, 1);
}

#[test]
fn a_channel_of_another_label_is_left_alone() {
    let Three {
        mut world, alice, bob, ..
    } = three();
    for label in ["Reliable", "tertulia"] {
        world.open_channel(alice, label);
        world.run(SOON);
    }
    for label in ["Reliable", "tertulia"] {
        assert!(
            world.channel(alice, label).is_some(),
            "a page may have channels of its own"
        );
    }
    world.say(alice, RELIABLE, &written(&[], b"still here"));
    world.run(SOON);
    assert_eq!(world.told(bob), [from_alice("still here")]);
}

#[test]
fn of_two_channels_with_one_label_the_newer_counts() {
    let Three {
        mut world, alice, bob, ..
    } = three();
    let old = world.channel(bob, RELIABLE);
    world.open_channel(bob, RELIABLE);
    world.run(SOON);
    let new = world.channel(bob, RELIABLE);
    assert!(new.is_some() && new != old);
    world.say(alice, RELIABLE, &written(&[], b"once"));
    world.run(SOON);
    assert_eq!(world.told(bob), [from_alice("once")]);
}

#[test]
fn everything_arrives_in_order_by_a_way_that_loses_a_fifth() {
    let Three {
        mut world,
        alice,
        bob,
        cy,
    } = three();
    let mut count = 0u32;
    world.lose_downstream = Box::new(move |id, datagram| {
        count += 1;
        id == bob && datagram[0] >= 20 && count.wrapping_mul(2_654_435_761).is_multiple_of(5)
    });
    let texts: Vec<String> = (0..200).map(|n| format!("message {n}")).collect();
    for text in &texts {
        assert!(world.say(alice, RELIABLE, &written(&[], text.as_bytes())));
        world.say(alice, LOSSY, &written(&["bob"], b"x"));
        world.run(Duration::from_millis(20));
    }
    world.run(Duration::from_secs(20));
    let expected: Vec<_> = texts.iter().map(|text| from_alice(text)).collect();
    assert_eq!(world.told(cy), expected);
    let heard = world.told(bob);
    let (lossy, reliable): (Vec<_>, Vec<_>) = heard.into_iter().partition(|(_, payload)| payload == b"x");
    assert_eq!(reliable, expected);
    assert!((100..195).contains(&lossy.len()), "{} of 200", lossy.len());
}

#[test]
fn who_crashes_is_gone_and_the_others_go_on() {
    let Three {
        mut world,
        alice,
        bob,
        cy,
    } = three();
    world.say(alice, RELIABLE, &written(&[], b"before"));
    world.command(Command::Crash { connection: Some(bob) });
    assert!(
        world
            .events
            .iter()
            .any(|event| matches!(event, Event::Disconnected { connection, .. } if *connection == bob))
    );
    world.say(alice, RELIABLE, &written(&[], b"after"));
    world.run(SOON);
    assert_eq!(world.told(cy), [from_alice("before"), from_alice("after")]);
    world.say(cy, LOSSY, &written(&[], b"and back"));
    world.run(SOON);
    assert_eq!(world.told(alice), [("cy".to_owned(), b"and back".to_vec())]);
    assert_eq!(world.counters().data_dropped_full, 0);
}
