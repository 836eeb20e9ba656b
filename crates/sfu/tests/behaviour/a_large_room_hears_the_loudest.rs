//! In a room with many voices only those who speak are passed on, a few at a time; nobody's stream shows a gap for it.

use crate::common::{OPUS, World};
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId, SourceId};

const PACKET: Duration = Duration::from_millis(20);
const SILENCE: u8 = 127;
const SPEECH: u8 = 30;

/// Many who may speak, and somebody who listens to all of them.
struct Crowd {
    world: World,
    voices: Vec<(ConnectionId, SourceId)>,
    listener: ConnectionId,
    slots: Vec<SlotId>,
}

impl Crowd {
    fn of(count: u64) -> Crowd {
        Crowd::in_world(World::new(), count)
    }

    /// Of two workers the first has every other one, from the first voice on, and the listener is on the second.
    fn on_two(count: u64) -> Crowd {
        Crowd::in_world(World::on_two(), count)
    }

    fn in_world(mut world: World, count: u64) -> Crowd {
        let listener = world.connect(200);
        let mut crowd = Crowd {
            voices: vec![],
            slots: vec![],
            listener,
            world,
        };
        for id in 1..=count {
            let connection = crowd.world.connect(id);
            let source = crowd.world.publish_audio(connection, 10 + id);
            let slot = crowd.world.add_slot(listener, 100 + id, MediaKind::Audio);
            crowd.world.bind(slot, source, MediaKind::Audio);
            crowd.voices.push((connection, source));
            crowd.slots.push(slot);
        }
        crowd
    }

    /// Lets these speak for a while, and all others be silent.
    fn speak(&mut self, who: &[usize], time: Duration) {
        for _ in 0..time.as_millis() / PACKET.as_millis() {
            for (at, &(connection, source)) in self.voices.iter().enumerate() {
                let level = if who.contains(&at) { SPEECH } else { SILENCE };
                self.world.send_audio(connection, source, level);
            }
            self.world.run(PACKET);
        }
    }

    /// How many packets of each voice the listener got.
    fn heard(&mut self) -> Vec<usize> {
        let slots = self.slots.clone();
        { slots.iter() }
            .map(|&slot| self.world.numbers(self.listener, slot).len())
            .collect()
    }
}

#[test]
fn those_who_speak_are_heard_and_the_silent_are_not_sent() {
    let mut crowd = Crowd::of(14);
    crowd.speak(&[0, 3, 13], Duration::from_secs(2));
    let heard = crowd.heard();
    for (voice, packets) in heard.into_iter().enumerate() {
        match voice {
            0 | 3 => assert!(packets >= 99, "{voice}: {packets}"),
            13 => assert_eq!(packets, 100, "with its first packet the room is large"),
            // Until the thirteenth was heard of the room was small.
            12 => assert_eq!(packets, 0),
            _ => assert!(packets <= 1, "{voice}: {packets}"),
        }
    }
    assert!(crowd.world.counters().dropped_unheard > 900);
}

#[test]
fn a_seventh_who_speaks_is_heard_as_soon_as_one_of_six_is_done() {
    let mut crowd = Crowd::of(14);
    crowd.speak(&[0, 1, 2, 3, 4, 5], Duration::from_secs(1));
    crowd.speak(&[0, 1, 2, 3, 4, 5, 6], Duration::from_secs(1));
    assert!(crowd.heard()[6] <= 1);
    crowd.speak(&[1, 2, 3, 4, 5, 6], Duration::from_millis(400));
    assert!(crowd.heard()[6] <= 1, "nobody is cut short between two words");
    let before = crowd.heard();
    crowd.speak(&[1, 2, 3, 4, 5, 6], Duration::from_secs(1));
    let heard = crowd.heard();
    assert!((43..=47).contains(&(heard[6] - before[6])), "{heard:?}");
    assert!(heard[0] - before[0] <= 7, "{heard:?}");
    (1..6).for_each(|voice| assert_eq!(heard[voice] - before[voice], 50));
}

#[test]
fn who_comes_back_goes_on_where_he_was_and_at_his_time() {
    let mut crowd = Crowd::of(14);
    crowd.speak(&[0], Duration::from_secs(1));
    crowd.speak(&[1, 2, 3, 4, 5, 6], Duration::from_secs(5));
    let silent_since = crowd.heard()[0];
    crowd.speak(&[0], Duration::from_millis(400));
    assert_eq!(crowd.heard()[0], silent_since, "six have just spoken");
    crowd.speak(&[0], Duration::from_secs(3));
    let (listener, slot) = (crowd.listener, crowd.slots[0]);
    let packets = crowd.world.packets(listener, slot);
    assert!(packets.len() > silent_since + 140, "{} {silent_since}", packets.len());
    let numbers: Vec<u64> = packets.iter().map(|packet| *packet.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no loss is seen");
    // The world's clients count 3000 ticks from packet to packet, whatever is sent in it.
    let steps = packets
        .windows(2)
        .map(|pair| pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp) / 3000);
    let pause = steps.max().expect("packets");
    assert!(pause > 100, "what was not sent has taken its time: {pause}");
}

#[test]
fn in_a_smaller_room_everybody_is_heard_all_the_time() {
    let mut crowd = Crowd::of(12);
    crowd.speak(&[0], Duration::from_secs(1));
    assert!(crowd.heard().iter().all(|&packets| packets == 50));
    assert_eq!(crowd.world.counters().dropped_unheard, 0);
}

#[test]
fn a_room_that_gets_small_again_hears_everybody_again() {
    let mut crowd = Crowd::of(13);
    crowd.speak(&[0], Duration::from_secs(1));
    let (_, source) = crowd.voices.pop().expect("thirteen");
    crowd.world.command(Command::RemoveSource { source });
    let before = crowd.heard();
    crowd.speak(&[0], Duration::from_secs(1));
    let heard = crowd.heard();
    (0..12).for_each(|voice| assert_eq!(heard[voice] - before[voice], 50, "{voice}"));
}

#[test]
fn a_favoured_voice_and_one_without_levels_are_always_heard() {
    let mut crowd = Crowd::of(15);
    let favoured = crowd.voices[7].1;
    crowd.world.command(Command::Favour {
        source: favoured,
        favoured: true,
    });
    let (unmeasured, source) = crowd.voices.pop().expect("fifteen");
    for _ in 0..50 {
        crowd.speak(&[0, 1, 2, 3, 4, 5], PACKET);
        crowd
            .world
            .write(unmeasured, source, OPUS, 48_000, false, vec![0x78; 80], None);
        crowd.world.settle();
    }
    let heard = crowd.heard();
    assert_eq!((heard[7], heard[14]), (50, 50));
    (0..6).for_each(|voice| assert!(heard[voice] >= 49, "it takes no place from others: {heard:?}"));
    crowd.world.command(Command::Favour {
        source: favoured,
        favoured: false,
    });
    crowd.speak(&[0, 1, 2, 3, 4, 5], Duration::from_secs(1));
    assert_eq!(crowd.heard()[7], 50);
}

#[test]
fn a_room_on_two_workers_hears_no_more_at_a_time() {
    let mut crowd = Crowd::on_two(14);
    let everybody: Vec<usize> = (0..14).collect();
    crowd.speak(&everybody, Duration::from_secs(1));
    let before = crowd.heard();
    crowd.speak(&everybody, Duration::from_secs(1));
    let after = crowd.heard();
    let mut heard: Vec<usize> = after
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    heard.sort_unstable();
    assert_eq!(heard, [[0; 8].as_slice(), &[50; 6]].concat());
}

#[test]
fn who_is_done_on_one_worker_makes_room_for_somebody_on_the_other() {
    let mut crowd = Crowd::on_two(14);
    let on_first = [0, 2, 4, 6, 8, 10];
    crowd.speak(&on_first, Duration::from_secs(1));
    let before = crowd.heard();
    crowd.speak(&[0, 2, 4, 6, 8, 10, 1], Duration::from_secs(1));
    let heard = crowd.heard();
    assert_eq!(heard[1], before[1], "six speak");
    on_first
        .iter()
        .for_each(|&voice| assert_eq!(heard[voice] - before[voice], 50, "{voice}"));
    crowd.speak(&[2, 4, 6, 8, 10, 1], Duration::from_millis(400));
    let before = crowd.heard();
    assert_eq!(before[1], heard[1], "nobody is cut short between two words");
    crowd.speak(&[2, 4, 6, 8, 10, 1], Duration::from_secs(1));
    let heard = crowd.heard();
    assert!((43..=47).contains(&(heard[1] - before[1])), "{heard:?}");
    assert!(heard[0] - before[0] <= 7, "{heard:?}");
    // And back: who speaks on the first takes the place of the one who is done on the second.
    crowd.speak(&[2, 4, 6, 8, 10, 0], Duration::from_secs(1));
    let before = crowd.heard();
    crowd.speak(&[2, 4, 6, 8, 10, 0], Duration::from_secs(1));
    let heard = crowd.heard();
    assert_eq!((heard[0] - before[0], heard[1] - before[1]), (50, 0));
}

#[test]
fn a_favoured_voice_on_another_worker_takes_no_place_there_either() {
    let mut crowd = Crowd::on_two(15);
    let source = crowd.voices[1].1;
    crowd.world.command(Command::Favour { source, favoured: true });
    let speakers = [0, 1, 2, 4, 6, 8, 10];
    crowd.speak(&speakers, Duration::from_secs(1));
    let before = crowd.heard();
    crowd.speak(&speakers, Duration::from_secs(1));
    let heard = crowd.heard();
    speakers
        .iter()
        .for_each(|&voice| assert_eq!(heard[voice] - before[voice], 50, "{voice}"));
}

#[test]
fn a_room_that_gets_small_again_hears_everybody_on_both_workers() {
    let mut crowd = Crowd::on_two(13);
    crowd.speak(&[0], Duration::from_secs(1));
    assert!(crowd.heard()[1] <= 2);
    let (_, source) = crowd.voices.pop().expect("thirteen");
    crowd.world.command(Command::RemoveSource { source });
    let before = crowd.heard();
    crowd.speak(&[0], Duration::from_secs(1));
    let heard = crowd.heard();
    (0..12).for_each(|voice| assert_eq!(heard[voice] - before[voice], 50, "{voice}"));
}

#[test]
fn where_nobody_chooses_any_more_everybody_is_heard() {
    let mut crowd = Crowd::on_two(14);
    crowd.speak(&[0], Duration::from_secs(1));
    crowd.world.lose_worker(0);
    let before = crowd.heard();
    crowd.speak(&[], Duration::from_secs(1));
    let heard = crowd.heard();
    (0..14).for_each(|voice| {
        let of_second = voice % 2 == 1;
        assert_eq!(heard[voice] - before[voice], if of_second { 50 } else { 0 }, "{voice}");
    });
}

#[test]
fn a_word_is_heard_from_its_first_packet_on_whichever_worker_it_is_said() {
    let mut crowd = Crowd::on_two(14);
    crowd.speak(&[], Duration::from_secs(1));
    let before = crowd.heard();
    crowd.speak(&[0, 1], Duration::from_millis(200));
    let heard = crowd.heard();
    assert_eq!([heard[0] - before[0], heard[1] - before[1]], [10, 10]);
    // Also where it takes the place of somebody, and he had none before.
    crowd.speak(&[0, 1, 2, 3, 4, 5], Duration::from_secs(1));
    crowd.speak(&[], Duration::from_secs(1));
    let before = crowd.heard();
    crowd.speak(&[7], Duration::from_millis(200));
    assert_eq!(crowd.heard()[7] - before[7], 10);
    let (listener, slot) = (crowd.listener, crowd.slots[7]);
    let packets = crowd.world.packets(listener, slot);
    let numbers: Vec<u64> = packets.iter().map(|packet| *packet.seq_no).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "no loss is seen");
}
