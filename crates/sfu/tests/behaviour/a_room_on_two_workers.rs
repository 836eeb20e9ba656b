//! A publisher on one worker, viewers on both: nobody can tell on which he is.

use crate::common::*;
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::*;

/// Alice and Bob are on the first worker, Carol and Dora on the second.
const ALICE: u64 = 1;
const BOB: u64 = 3;
const CAROL: u64 = 2;
const DORA: u64 = 4;

/// Alice's picture, which Bob and Carol watch.
struct Call {
    world: World,
    alice: ConnectionId,
    source: SourceId,
    bob: (ConnectionId, SlotId),
    carol: (ConnectionId, SlotId),
}

fn call() -> Call {
    let mut world = World::on_two();
    let alice = world.connect(ALICE);
    let source = world.publish_video(alice, 10);
    let (bob, carol) = (world.connect(BOB), world.connect(CAROL));
    let (for_bob, for_carol) = (world.watch(bob, 20, source), world.watch(carol, 30, source));
    Call {
        world,
        alice,
        source,
        bob: (bob, for_bob),
        carol: (carol, for_carol),
    }
}

impl Call {
    fn film(&mut self, frames: usize) {
        for _ in 0..frames {
            self.frame(false);
            self.world.run(FRAME);
        }
    }

    fn frame(&mut self, key: bool) {
        self.world.send_frame(self.alice, self.source, key, &[900, 900, 500]);
    }

    fn got(&mut self, (viewer, slot): (ConnectionId, SlotId)) -> Vec<(u64, Vec<u8>)> {
        let packets = self.world.packets(viewer, slot);
        let got = packets.iter().map(|packet| (*packet.seq_no, packet.payload.to_vec()));
        let mut got: Vec<_> = got.collect();
        got.sort();
        got
    }

    fn rejoin(&mut self, id: u64, slot: u64) -> (ConnectionId, SlotId) {
        let viewer = self.world.connect(id);
        (viewer, self.world.watch(viewer, slot, self.source))
    }
}

#[test]
fn viewers_on_both_get_the_same_packets() {
    let mut call = call();
    call.frame(true);
    call.film(30);
    let (bobs, carols) = (call.got(call.bob), call.got(call.carol));
    assert_eq!(bobs.len(), 93);
    assert_eq!(bobs, carols);
    let counters = call.world.counters();
    assert_eq!((counters.mirror_out, counters.mirror_in), (93, 93));
    assert_eq!(counters.key_frames, 1, "a mirror sees the same one");
    let (first, second) = (
        call.world.sfu.counters().clone(),
        call.world.second().sfu.counters().clone(),
    );
    assert_eq!((first.rtp_in, second.rtp_in), (93, 0), "one of them decrypts");
    assert_eq!((first.rtp_out, second.rtp_out), (93, 93));
}

#[test]
fn a_key_frame_is_asked_for_across_once_for_all() {
    let mut call = call();
    call.frame(true);
    call.film(10);
    call.world.client(call.alice).key_frames_asked = 0;
    let dora = call.world.connect(DORA);
    let for_dora = call.world.watch(dora, 40, call.source);
    call.world.run(Duration::from_millis(20));
    assert_eq!(call.world.client(call.alice).key_frames_asked, 1);
    call.film(3);
    assert_eq!(call.world.numbers(dora, for_dora), []);
    call.frame(true);
    assert_eq!(call.world.numbers(dora, for_dora), [1000, 1001, 1002]);

    // He is asked again while he does not answer, and no longer once he did.
    call.world.client(call.alice).key_frames_asked = 0;
    call.film(60);
    assert_eq!(call.world.client(call.alice).key_frames_asked, 0);
    call.world.ask_key_frame(call.carol.0, call.carol.1);
    call.film(60);
    let asked = call.world.client(call.alice).key_frames_asked;
    assert!((3..=6).contains(&asked), "{asked} times in two seconds");
}

#[test]
fn loss_on_either_side_is_repaired_on_the_worker_that_it_concerns() {
    let mut call = call();
    call.frame(true);
    let (carol, alice) = (call.carol.0, call.alice);
    let mut count = 0;
    call.world.lose_downstream = Box::new(move |id, datagram| {
        count += usize::from(id == carol && is_media(datagram));
        id == carol && is_media(datagram) && count % 9 == 5
    });
    call.film(60);
    call.world.lose_downstream = Box::new(|_, _| false);
    call.world.run(Duration::from_millis(500));
    assert_eq!(call.got(call.carol), call.got(call.bob));
    assert_eq!(call.world.counters().nack_out, 0, "the publisher hears nothing of it");
    assert!(call.world.second().sfu.counters().rtx_out >= 15);

    let mut count = 0;
    call.world.lose_upstream = Box::new(move |id, datagram| {
        count += usize::from(id == alice && is_media(datagram));
        id == alice && is_media(datagram) && count % 9 == 5
    });
    call.film(60);
    call.world.lose_upstream = Box::new(|_, _| false);
    call.film(1);
    call.world.run(Duration::from_millis(500));
    let carols = call.got(call.carol);
    assert_eq!(carols, call.got(call.bob));
    assert_eq!(carols.len(), 3 * 122);
    assert!(call.world.sfu.counters().nack_out >= 15);
    assert_eq!(call.world.second().sfu.counters().nack_out, 0);
}

#[test]
fn each_viewer_gets_the_layer_of_his_tile_and_the_publisher_hears_of_all() {
    let mut world = World::on_two();
    let (alice, bob, carol) = (world.connect(ALICE), world.connect(BOB), world.connect(CAROL));
    let mut camera = world.publish_simulcast(alice, 10);
    let source = camera.source;
    camera.film(&mut world, ALL, 10);
    let (for_bob, for_carol) = (world.watch(bob, 20, source), world.watch(carol, 30, source));
    world.wish(for_bob, 320 * 180);
    world.wish(for_carol, 1280 * 720);
    camera.film(&mut world, ALL, 60);
    assert_eq!(last_encoding(&mut world, bob, for_bob), Some(0));
    assert_eq!(last_encoding(&mut world, carol, for_carol), Some(2));

    world.wish(for_carol, 640 * 360);
    camera.film(&mut world, ALL, 90);
    assert_eq!(last_encoding(&mut world, carol, for_carol), Some(1));
    let wanted = |world: &World| {
        world.events.iter().rev().find_map(|event| match event {
            Event::Encodings { wanted, .. } => Some(*wanted),
            _ => None,
        })
    };
    assert_eq!(wanted(&world), Some(0b011), "what is called for on either worker");
    let seen = world.seen(carol, for_carol);
    assert_one_stream(&seen);
    assert_eq!(encodings_of(&seen), [2, 1]);

    world.wish(for_carol, 1280 * 720);
    camera.film(&mut world, ALL, 30);
    assert_eq!(wanted(&world), Some(0b111));
    world.command(Command::RemoveSlot { slot: for_carol });
    camera.film(&mut world, ALL, 90);
    assert_eq!(wanted(&world), Some(0b001), "and nobody is left on the other");
}

/// Alice's camera with three encodings, and Carol on the other worker.
struct Show {
    world: World,
    camera: Camera,
    carol: ConnectionId,
    slot: SlotId,
}

impl Show {
    fn new() -> Show {
        let mut world = World::on_two();
        let (alice, carol) = (world.connect(ALICE), world.connect(CAROL));
        let camera = world.publish_simulcast(alice, 10);
        let slot = world.watch(carol, 30, camera.source);
        Show {
            world,
            camera,
            carol,
            slot,
        }
    }

    fn film(&mut self, encodings: &[usize], pictures: usize) {
        self.camera.film(&mut self.world, encodings, pictures);
    }

    /// Packets that cross for ten pictures.
    fn handed(&mut self) -> u64 {
        let before = self.world.counters().mirror_out;
        self.film(ALL, 10);
        self.world.counters().mirror_out - before
    }

    fn last(&mut self) -> Option<usize> {
        last_encoding(&mut self.world, self.carol, self.slot)
    }
}

#[test]
fn only_what_is_watched_there_is_handed_over() {
    let mut show = Show::new();
    let bob = show.world.connect(BOB);
    let for_bob = show.world.watch(bob, 20, show.camera.source);
    show.world.wish(show.slot, 320 * 180);
    show.film(ALL, 60);
    // A picture has one packet in the lowest encoding, and three in the highest.
    assert_eq!(show.handed(), 10);
    show.world.wish(show.slot, 1280 * 720);
    show.film(ALL, 3);
    assert_eq!(show.last(), Some(2), "at once, with a key frame");
    assert_eq!(show.handed(), 10 + 30, "for a second both");
    show.film(ALL, 30);
    assert_eq!(show.handed(), 30);
    show.world.wish(show.slot, 0);
    show.film(ALL, 40);
    assert_eq!(show.handed(), 0);
    show.world.wish(show.slot, 640 * 360);
    show.film(ALL, 3);
    assert_eq!((show.last(), show.handed()), (Some(1), 20));
    let seen = show.world.seen(show.carol, show.slot);
    assert_one_stream(&seen);
    assert!(encodings_of(&seen).ends_with(&[0, 2, 1]));
    assert_eq!(
        last_encoding(&mut show.world, bob, for_bob),
        Some(2),
        "he had it all the time"
    );
}

#[test]
fn a_tile_that_comes_and_goes_is_no_flood_of_messages() {
    let mut show = Show::new();
    show.film(ALL, 60);
    let before = show.world.second().said;
    for i in 0..90 {
        show.world.wish(show.slot, if i % 2 == 0 { 0 } else { 1280 * 720 });
        show.film(ALL, 1);
    }
    let said = show.world.second().said - before;
    assert!(
        said <= 30,
        "{said} messages in three seconds, key frames that are asked for among them"
    );
    show.film(ALL, 10);
    assert_eq!(show.last(), Some(2));
    assert_one_stream(&show.world.seen(show.carol, show.slot));
}

#[test]
fn an_encoding_that_begins_is_seen_from_its_first_key_frame_on() {
    let mut show = Show::new();
    show.film(&[0], 90);
    assert_eq!(show.last(), Some(0));
    show.film(ALL, 1);
    assert_eq!(show.last(), Some(2));
    show.film(&[0, 1], 60);
    assert_eq!(show.last(), Some(1), "that one has stopped is told");
    assert_one_stream(&show.world.seen(show.carol, show.slot));
}

#[test]
fn what_was_told_while_one_was_stalled_is_told_again() {
    let mut show = Show::new();
    show.film(&[0], 60);
    show.world.second().is_stalled = true;
    show.film(ALL, 10);
    show.world.second().is_stalled = false;
    show.film(ALL, 5);
    assert_eq!(show.last(), Some(2));
}

#[test]
fn sender_reports_cross_so_that_sound_and_picture_stay_together() {
    let mut call = call();
    call.frame(true);
    call.film(90);
    let stats = call.world.stats(call.carol.0).expect("connected");
    assert!(stats.round_trip.is_some(), "of a sender report that was answered");
}

#[test]
fn a_mute_crosses_and_ends() {
    let mut call = call();
    call.frame(true);
    call.film(5);
    let source = call.source;
    call.world.command(Command::EnableSource { source, enabled: false });
    let before = call.got(call.carol).len();
    call.film(10);
    assert_eq!(call.got(call.carol).len(), before);
    call.world.command(Command::EnableSource { source, enabled: true });
    call.film(3);
    assert_eq!(call.got(call.carol).len(), before, "not before a key frame");
    call.frame(true);
    call.film(5);
    assert_eq!(call.got(call.carol).len(), before + 18);
    let numbers: Vec<u64> = call.got(call.carol).iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1000..1000 + numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_publisher_who_leaves_is_gone_on_both() {
    let mut call = call();
    call.frame(true);
    call.film(5);
    let connection = call.alice;
    call.world.command(Command::Close { connection });
    for viewer in [call.bob.0, call.carol.0] {
        let stats = call.world.stats(viewer).expect("still there");
        assert_eq!(stats.slots[0].source, None);
    }
    // Another one in the same slot begins where that one ended.
    let dora = call.world.connect(DORA);
    let next = call.world.publish_video(dora, 11);
    for (slot, _) in [(call.bob.1, 0), (call.carol.1, 1)] {
        call.world.bind(slot, next, MediaKind::Video);
    }
    call.world.send_frame(dora, next, true, &[500]);
    assert_eq!(call.world.numbers(call.bob.0, call.bob.1).last(), Some(&1018));
    assert_eq!(call.world.numbers(call.carol.0, call.carol.1).last(), Some(&1018));
}

#[test]
fn the_loss_of_the_viewers_worker_leaves_the_publishers_alone() {
    let mut call = call();
    call.frame(true);
    call.film(5);
    call.world.lose_worker(1);
    call.film(5);
    assert_eq!(call.got(call.bob).len(), 33);
    let before = call.world.counters().mirror_out;
    call.film(5);
    assert_eq!(
        call.world.counters().mirror_out,
        before,
        "nothing is handed to who has nobody"
    );
    let dora = call.rejoin(DORA, 40);
    call.world.run(Duration::from_millis(20));
    call.frame(true);
    call.film(5);
    assert_eq!(call.got(dora).len(), 18);
}

#[test]
fn the_loss_of_the_publishers_worker_empties_slots_of_the_other() {
    let mut call = call();
    call.frame(true);
    call.film(5);
    call.world.lose_worker(0);
    let stats = call.world.stats(call.carol.0).expect("still there");
    assert_eq!(stats.slots[0].source, None);
    // A command that crossed the loss on its way finds nobody there, and leaves nothing.
    call.world.bind(call.carol.1, call.source, MediaKind::Video);
    let stats = call.world.stats(call.carol.0).expect("still there");
    assert_eq!(stats.slots[0].source, None);
}

#[test]
fn one_that_was_stalled_asks_for_a_key_frame_and_nobody_waited_for_it() {
    let mut call = call();
    call.frame(true);
    call.film(5);
    call.world.client(call.alice).key_frames_asked = 0;
    call.world.second().is_stalled = true;
    call.film(20);
    assert_eq!(call.got(call.bob).len(), 3 * 26);
    assert_eq!(call.got(call.carol).len(), 3 * 6);
    assert_eq!(call.world.client(call.alice).key_frames_asked, 0);
    call.world.second().is_stalled = false;
    call.film(1);
    assert!(call.world.client(call.alice).key_frames_asked >= 1);
    call.frame(true);
    call.film(5);
    let (bobs, carols) = (call.got(call.bob), call.got(call.carol));
    assert_eq!(carols[carols.len() - 18..], bobs[bobs.len() - 18..]);
}

#[test]
fn who_speaks_is_compared_over_both() {
    let mut world = World::on_two();
    let (alice, carol) = (world.connect(ALICE), world.connect(CAROL));
    let (hers, carols) = (world.publish_audio(alice, 10), world.publish_audio(carol, 11));
    let speak = |world: &mut World, levels: [u8; 2]| {
        world.events.clear();
        for _ in 0..100 {
            world.send_audio(alice, hers, levels[0]);
            world.send_audio(carol, carols, levels[1]);
            world.run(Duration::from_millis(20));
        }
        let mut speakers = world.events.iter().filter_map(|event| match event {
            Event::Speakers { levels, .. } => Some(levels.iter().map(|(source, _)| *source).collect()),
            _ => None,
        });
        speakers.next_back()
    };
    assert_eq!(speak(&mut world, [127, 30]), Some(vec![carols]));
    assert_eq!(speak(&mut world, [20, 40]), Some(vec![hers, carols]));
    world.events.clear();
    world.command(Command::RemoveSource { source: carols });
    world.send_audio(alice, hers, 20);
    world.run(Duration::from_millis(400));
    let last = world.events.iter().rev().find_map(|event| match event {
        Event::Speakers { levels, .. } => Some(levels.len()),
        _ => None,
    });
    assert_eq!(last, Some(1));
}

#[test]
fn a_thousand_times_bound_and_unbound_leaves_nothing() {
    let mut call = call();
    let (dora, bound) = (call.world.connect(DORA), call.carol.1);
    let other = call.world.publish_video(dora, 11);
    for i in 0..1000 {
        call.world.command(Command::Bind { slot: bound, to: None });
        let source = if i % 3 == 0 { other } else { call.source };
        call.world.bind(bound, source, MediaKind::Video);
    }
    call.world.command(Command::Bind { slot: bound, to: None });
    call.frame(true);
    call.film(3);
    assert_eq!(call.world.counters().mirror_out, 0, "no worker is fed for nobody");
    assert_eq!(call.world.second().sfu.mirrors(), 0);
    assert_eq!(call.world.sfu.mirrors(), 0);
    call.world.bind(bound, call.source, MediaKind::Video);
    assert_eq!(call.world.second().sfu.mirrors(), 1);
    call.frame(true);
    assert_eq!(call.got(call.carol).len(), 3);
    // A slot of the wrong kind takes nothing, and keeps no mirror.
    let wrong = call.world.add_slot(dora, 41, MediaKind::Audio);
    call.world.command(Command::Bind { slot: bound, to: None });
    call.world.bind(wrong, call.source, MediaKind::Video);
    assert_eq!(call.world.second().sfu.mirrors(), 0);
}
