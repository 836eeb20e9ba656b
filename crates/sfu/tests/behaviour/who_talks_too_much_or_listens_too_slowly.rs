//! Who sends more than he may, or takes what comes too slowly, is alone with that.

use crate::common::{LOSSY, RELIABLE, World, written};
use std::time::Duration;
use tertulia_sfu::config::Config;
use tertulia_sfu::types::ConnectionId;

const SOON: Duration = Duration::from_millis(300);

fn three(change: impl FnOnce(&mut Config)) -> (World, [ConnectionId; 3]) {
    let mut config = Config::default();
    change(&mut config);
    let mut world = World::with(config);
    let (alice, bob, cy) = (
        world.join(1, "alice", true),
        world.join(2, "bob", true),
        world.join(3, "cy", true),
    );
    (world, [alice, bob, cy])
}

#[test]
fn lossy_messages_above_the_rate_are_dropped_until_there_are_fewer() {
    let (mut world, [alice, bob, _]) = three(|config| config.data_messages_per_second = 10);
    for _ in 0..100 {
        assert!(world.say(alice, LOSSY, &written(&[], b"x")));
    }
    world.run(SOON);
    assert_eq!(world.told(bob).len(), 40, "four seconds' worth");
    assert_eq!(world.counters().data_dropped_rate, 60);
    world.run(Duration::from_secs(1));
    for _ in 0..100 {
        world.say(alice, LOSSY, &written(&[], b"x"));
    }
    world.run(SOON);
    assert!((12..=14).contains(&world.told(bob).len()));
    assert_eq!(world.counters().data_closed_rate, 0);
    assert!(world.say(alice, RELIABLE, &written(&[], b"of another budget")));
    world.run(SOON);
    assert_eq!(world.told(bob).len(), 1);
}

#[test]
fn a_reliable_channel_above_the_rate_is_closed_with_the_reason_and_can_be_opened_again() {
    let (mut world, [alice, bob, cy]) = three(|config| config.data_bytes_per_second = 10_000);
    for _ in 0..50 {
        world.say(alice, RELIABLE, &written(&[], &[1; 1000]));
    }
    world.run(SOON);
    assert_eq!(world.told(bob).len(), 39, "40 kB with their headers");
    assert_eq!(world.told(alice), [(String::new(), b"too_many_messages".to_vec())]);
    assert_eq!(world.channel(alice, RELIABLE), None);
    assert_eq!(world.counters().data_closed_rate, 1);
    world.say(cy, RELIABLE, &written(&["bob"], b"undisturbed"));
    world.run(Duration::from_secs(4));
    assert_eq!(world.told(bob).len(), 1);
    world.open_channel(alice, RELIABLE);
    assert!(world.say(alice, RELIABLE, &written(&[], b"again")));
    world.run(SOON);
    assert_eq!(world.told(bob).len(), 1);
}

#[test]
fn who_is_too_slow_loses_his_reliable_channel_and_nobody_else_does() {
    let (mut world, [alice, bob, cy]) = three(|config| config.data_queue = 200_000);
    world.narrow(bob, 50_000);
    let mut said = 0;
    for _ in 0..60 {
        said += usize::from(world.say(alice, RELIABLE, &written(&[], &[7; 10_000])));
        world.run(Duration::from_millis(50));
    }
    assert!(said >= 55, "the sender is not held up: {said}");
    world.run(SOON);
    assert_eq!(world.told(cy).len(), said);
    assert_eq!(world.counters().data_closed_too_slow, 1);
    world.pipe.as_mut().expect("narrow").bitrate = 50_000_000;
    world.run(Duration::from_secs(30));
    assert_eq!(world.channel(bob, RELIABLE), None);
    let mut heard = world.told(bob);
    assert_eq!(heard.pop(), Some((String::new(), b"too_slow".to_vec())));
    assert!(heard.len() < said && heard.iter().all(|(_, payload)| payload.len() == 10_000));
    assert!(world.channel(bob, LOSSY).is_some());
    world.open_channel(bob, RELIABLE);
    world.say(alice, RELIABLE, &written(&[], b"welcome back"));
    world.run(SOON);
    assert_eq!(world.told(bob).len(), 1);
}

#[test]
fn what_waits_for_a_slow_way_arrives_whole_once_it_is_wider() {
    let (mut world, [alice, bob, _]) = three(|_| {});
    world.narrow(bob, 100_000);
    let mut said = 0u8;
    while said < 40 {
        said += u8::from(world.say(alice, RELIABLE, &written(&[], &[said; 16_000])));
        world.run(Duration::from_millis(30));
    }
    world.pipe.as_mut().expect("narrow").bitrate = 50_000_000;
    world.run(Duration::from_secs(30));
    let heard: Vec<u8> = world.told(bob).iter().map(|(_, payload)| payload[0]).collect();
    assert_eq!(heard, (0..40).collect::<Vec<u8>>());
    assert_eq!(world.counters().data_closed_too_slow, 0);
}

#[test]
fn lossy_messages_that_do_not_fit_are_left_out_and_newer_ones_come() {
    let (mut world, [alice, bob, cy]) = three(|_| {});
    world.narrow(bob, 200_000);
    for n in 0..100u8 {
        world.say(alice, LOSSY, &written(&[], &[n; 4000]));
        world.run(Duration::from_millis(20));
    }
    world.run(Duration::from_secs(10));
    assert_eq!(world.told(cy).len(), 100);
    let heard = world.told(bob);
    assert!((10..90).contains(&heard.len()), "{}", heard.len());
    assert!(world.counters().data_dropped_full as usize >= 100 - heard.len() - 30);
    world.say(alice, LOSSY, &written(&[], b"now"));
    world.run(SOON);
    assert_eq!(world.told(bob).len(), 1);
}
