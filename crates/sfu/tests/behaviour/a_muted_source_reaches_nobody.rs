//! Moderated mute holds whatever the client does, and who speaks is known meanwhile.

use crate::common::World;
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{MediaKind, SourceId};

fn last_speakers(world: &World) -> Option<Vec<SourceId>> {
    world.events.iter().rev().find_map(|event| match event {
        Event::Speakers { levels, .. } => Some(levels.iter().map(|(source, _)| *source).collect()),
        _ => None,
    })
}

#[test]
fn its_packets_are_dropped_and_the_stream_goes_on_after() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_audio(alice, 10);
    let slot = world.add_slot(bob, 20, MediaKind::Audio);
    world.bind(slot, source, MediaKind::Audio);
    for enabled in [true, false, true] {
        world.command(Command::EnableSource { source, enabled });
        for _ in 0..25 {
            world.send_audio(alice, source, 20);
            world.run(Duration::from_millis(20));
        }
        let speakers = last_speakers(&world).unwrap();
        assert_eq!(speakers, if enabled { vec![source] } else { vec![] });
    }
    assert_eq!(world.numbers(bob, slot), (1000..1050).collect::<Vec<_>>());
    assert_eq!(world.counters().dropped_disabled, 25);
    assert_eq!(world.packets(bob, slot)[0].header.ext_vals.audio_level, Some(-20));
}

#[test]
fn the_loudest_speaker_comes_first() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let (of_alice, of_bob) = (world.publish_audio(alice, 10), world.publish_audio(bob, 11));
    for _ in 0..50 {
        world.send_audio(alice, of_alice, 40);
        world.send_audio(bob, of_bob, 15);
        world.run(Duration::from_millis(20));
    }
    assert_eq!(last_speakers(&world), Some(vec![of_bob, of_alice]));
    for _ in 0..150 {
        world.send_audio(alice, of_alice, 40);
        world.send_audio(bob, of_bob, 127);
        world.run(Duration::from_millis(20));
    }
    assert_eq!(last_speakers(&world), Some(vec![of_alice]));
}
