//! Redundant audio (RFC 2198): what was lost on the publisher's way is put in its place for everybody, and what a listener
//! loses is repeated to him where he understands it, whatever the publisher sends.

use crate::common::{Heard, Loss, OPUS, RED, SOUND_TICKS, Voice, World, counts, is_media};
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, SlotId};

/// Alice speaks; Bob hears her by redundant audio, Carol by plain Opus.
struct Talk {
    world: World,
    voice: Voice,
    bob: ConnectionId,
    for_bob: SlotId,
    carol: ConnectionId,
    for_carol: SlotId,
}

impl Talk {
    fn new(repeats: usize) -> Talk {
        let mut world = World::new();
        let (alice, bob, carol) = (world.connect(1), world.connect(2), world.connect(3));
        let voice = world.publish_voice(alice, 10, repeats);
        let for_bob = world.hear(bob, 20, &voice, true);
        let for_carol = world.hear(carol, 30, &voice, false);
        Talk {
            world,
            voice,
            bob,
            for_bob,
            carol,
            for_carol,
        }
    }

    fn speak(&mut self, frames: usize) {
        self.voice.speak(&mut self.world, frames);
    }

    fn lose(&mut self) {
        self.voice.lose(&mut self.world);
    }

    /// Bob loses so many of a hundred packets, spread evenly.
    fn lose_for_bob(&mut self, percent: usize) {
        self.world.lose_downstream = some_of(self.bob, percent);
    }

    fn bob(&mut self) -> Vec<Heard> {
        self.world.heard(self.bob, self.for_bob)
    }

    fn carol(&mut self) -> Vec<Heard> {
        self.world.heard(self.carol, self.for_carol)
    }
}

fn some_of(client: ConnectionId, percent: usize) -> Loss {
    let mut count = 0;
    Box::new(move |id, datagram| {
        if id != client || !is_media(datagram) {
            return false;
        }
        count += 1;
        count * percent / 100 != (count - 1) * percent / 100
    })
}

/// Frames of the voice, each once, at its own time and under a number that counts on.
fn assert_whole(heard: &[Heard], numbers: impl Iterator<Item = u32>) {
    let first = heard[0];
    for (one, number) in heard.iter().zip(numbers) {
        let (later, behind) = (number.wrapping_sub(first.number), one.index - first.index);
        assert_eq!(
            (one.number, behind, one.again),
            (number, u64::from(later), false),
            "{heard:?}"
        );
        assert_eq!(one.timestamp.wrapping_sub(first.timestamp), later * SOUND_TICKS);
    }
}

#[test]
fn on_a_good_line_nobody_gets_a_frame_twice() {
    for repeats in [0, 1, 2] {
        let mut talk = Talk::new(repeats);
        talk.speak(300);
        for heard in [talk.bob(), talk.carol()] {
            assert_eq!(heard.len(), 300);
            assert_whole(&heard, 0..300);
        }
        let counters = talk.world.counters();
        assert_eq!((counters.red_out, counters.red_recovered), (0, 0));
        assert_eq!(counters.red_in, if repeats > 0 { 299 } else { 0 });
    }
}

#[test]
fn what_is_lost_on_the_publishers_way_reaches_everybody_from_the_next_packet() {
    let mut talk = Talk::new(1);
    talk.speak(5);
    for _ in 0..20 {
        talk.lose();
        talk.speak(3);
    }
    for heard in [talk.bob(), talk.carol()] {
        assert_eq!(heard.len(), 85);
        assert_whole(&heard, 0..85);
    }
    assert_eq!(talk.world.counters().red_recovered, 20);
}

#[test]
fn of_a_wider_gap_comes_back_what_is_repeated() {
    let mut talk = Talk::new(1);
    talk.speak(5);
    (0..3).for_each(|_| talk.lose());
    talk.speak(5);
    let numbers: Vec<_> = talk.carol().iter().map(|one| one.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12]);
    let last = *talk.carol().last().unwrap();
    let first = talk.carol()[0];
    assert_eq!(
        (last.index - first.index, last.timestamp - first.timestamp),
        (12, 12 * SOUND_TICKS)
    );

    let mut talk = Talk::new(2);
    talk.speak(5);
    (0..2).for_each(|_| talk.lose());
    talk.speak(5);
    assert_whole(&talk.carol(), 0..12);
    assert_eq!(talk.carol().len(), 12);
}

#[test]
fn one_that_is_late_after_all_is_not_sent_again() {
    let mut talk = Talk::new(1);
    talk.speak(5);
    talk.world.reversed = true;
    for _ in 0..10 {
        // Both before the world moves: they arrive the wrong way round.
        for _ in 0..2 {
            let frame = talk.voice.frame();
            talk.voice.send(&mut talk.world, frame);
        }
        talk.world.settle();
        talk.speak(1);
    }
    for heard in [talk.bob(), talk.carol()] {
        assert_eq!(heard.len(), 35);
        assert!((0..35).all(|number| counts(&heard, number) == (1, 0)), "{heard:?}");
    }
    let counters = talk.world.counters();
    assert_eq!((counters.red_recovered, counters.dropped_duplicate), (10, 10));
}

#[test]
fn numbers_and_times_may_wrap_around() {
    let mut talk = Talk::new(1);
    talk.voice.index = 65_526;
    talk.voice.timestamp = 0u32.wrapping_sub(10 * SOUND_TICKS);
    talk.speak(4);
    for _ in 0..6 {
        talk.lose();
        talk.speak(2);
    }
    assert_eq!(talk.carol().len(), 22);
    assert_whole(&talk.carol(), 0..22);
}

#[test]
fn silence_is_no_loss_and_what_is_lost_at_its_end_comes_back() {
    let mut talk = Talk::new(1);
    talk.speak(5);
    talk.voice.pause(&mut talk.world, 20);
    talk.speak(5);
    talk.voice.pause(&mut talk.world, 400);
    talk.lose();
    talk.speak(5);
    let heard = talk.carol();
    let numbers: Vec<_> = heard.iter().map(|one| one.number).collect();
    assert_eq!(numbers, (0..16).collect::<Vec<_>>());
    assert_eq!(heard[10].timestamp - heard[9].timestamp, 401 * SOUND_TICKS);
    assert_eq!(heard[11].timestamp - heard[10].timestamp, SOUND_TICKS);
}

#[test]
fn what_a_listener_loses_is_repeated_to_him_alone() {
    for repeats in [0, 1] {
        let mut talk = Talk::new(repeats);
        talk.speak(50);
        talk.lose_for_bob(5);
        talk.speak(400);
        let heard = talk.bob();
        let settled = 250..449;
        let missing: Vec<_> = { settled.clone() }
            .filter(|&number| counts(&heard, number) == (0, 0))
            .collect();
        let lost = settled.clone().filter(|&number| counts(&heard, number).0 == 0).count();
        assert_eq!(missing, [], "with {repeats} at the publisher");
        assert!(lost >= 9, "{lost}");
        assert!(settled.clone().any(|number| counts(&heard, number) == (1, 1)));
        assert_eq!(talk.carol().len(), 450);
        assert_whole(&talk.carol(), 0..450);
    }
}

#[test]
fn where_much_is_lost_each_frame_comes_three_times() {
    let mut talk = Talk::new(0);
    talk.speak(50);
    talk.lose_for_bob(20);
    talk.speak(400);
    let heard = talk.bob();
    assert!((300..448).any(|number| counts(&heard, number) == (1, 2)));
    assert!((300..448).all(|number| counts(&heard, number) != (0, 0)));
}

#[test]
fn a_listener_without_redundant_audio_gets_plain_packets_however_much_he_loses() {
    let mut talk = Talk::new(1);
    talk.world.lose_downstream = some_of(talk.carol, 10);
    talk.speak(500);
    assert_eq!(talk.carol().len(), 450);
    assert!(talk.carol().iter().all(|one| !one.again));
    assert_eq!(talk.world.counters().red_out, 0);
}

#[test]
fn repeating_ends_a_while_after_the_losses() {
    let mut talk = Talk::new(0);
    talk.lose_for_bob(10);
    talk.speak(400);
    assert!(talk.world.counters().red_out > 0);
    talk.lose_for_bob(0);
    talk.speak(2500);
    let before = talk.world.counters().red_out;
    talk.speak(200);
    assert_eq!(talk.world.counters().red_out, before);
}

#[test]
fn listeners_who_lose_share_what_is_repeated() {
    let mut world = World::new();
    let alice = world.connect(1);
    let mut voice = world.publish_voice(alice, 10, 0);
    let listeners: Vec<_> = (2..6)
        .map(|id| {
            let listener = world.connect(id);
            (listener, world.hear(listener, 20 + id, &voice, true))
        })
        .collect();
    let mut count = 0;
    world.lose_downstream = Box::new(move |_, datagram| {
        count += usize::from(is_media(datagram));
        is_media(datagram) && count % 17 == 0
    });
    voice.speak(&mut world, 400);
    for (listener, slot) in listeners {
        let heard = world.heard(listener, slot);
        assert!((250..398).all(|number| counts(&heard, number) != (0, 0)), "{listener}");
        assert!(heard.iter().any(|one| one.again), "{listener}");
    }
}

#[test]
fn what_is_no_redundant_audio_is_dropped_and_hurts_nobody() {
    let mut talk = Talk::new(1);
    talk.speak(5);
    let hostile: [&[u8]; 8] = [
        b"",
        b"\xef",
        b"\xef\x0f\x00\x03",
        b"\xef\x0f\xff\xff\x6f",
        b"\x6f",
        // Redundant audio within redundant audio, and a codec that is not the source's.
        b"\x3f\x3f\x3f\x3f",
        b"\xe0\x0f\x00\x03\x6foldnew",
        // Of its own time.
        b"\xef\x00\x00\x03\x6foldnew",
    ];
    for payload in hostile {
        talk.voice.write(&mut talk.world, RED, payload.to_vec());
        talk.world.settle();
    }
    talk.speak(5);
    let packets = talk.world.packets(talk.carol, talk.for_carol);
    let plain: Vec<_> = { packets.iter() }
        .filter(|packet| packet.payload.len() > 5)
        .map(|packet| *packet.header.payload_type)
        .collect();
    assert_eq!(plain, [OPUS; 10]);
    let faults: Vec<_> = { talk.world.events.iter() }
        .filter(|event| matches!(event, Event::Fault { .. }))
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(talk.world.counters().red_recovered, 0);
    assert_eq!(talk.world.counters().dropped_malformed, 4);
}

#[test]
fn one_packet_brings_back_no_more_than_four() {
    let mut talk = Talk::new(0);
    talk.speak(3);
    let (index, timestamp) = (talk.voice.index, talk.voice.timestamp);
    (talk.voice.index, talk.voice.timestamp) = (index + 10, timestamp + 10 * SOUND_TICKS);
    let mut payload = Vec::new();
    for back in (1..=10u32).rev() {
        payload.push(0x80 | OPUS);
        payload.extend(&((SOUND_TICKS * back) << 10 | 5).to_be_bytes()[1..]);
    }
    payload.push(OPUS);
    for number in 3..14u32 {
        payload.push(0x78);
        payload.extend(number.to_be_bytes());
    }
    talk.voice.write(&mut talk.world, RED, payload);
    talk.world.settle();
    let numbers: Vec<_> = talk.carol().iter().map(|one| one.number).collect();
    assert_eq!(numbers, [0, 1, 2, 9, 10, 11, 12, 13]);
}
