//! What a way is tried with after it was narrow, and how soon.

use crate::common::{ALL, Camera, FRAME, Loss, Voice, World, last_encoding};
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::config::Config;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId};

const WIDE: u64 = 3_000_000;
const PICTURES: usize = 30;

/// A camera of 150, 500 and 1500 kbit/s and a voice, and somebody far away who sees and hears them.
struct Call {
    world: World,
    camera: Camera,
    voice: Voice,
    viewer: ConnectionId,
    seen: SlotId,
    heard: SlotId,
}

impl Call {
    fn new() -> Call {
        Call::with(true)
    }

    /// `is_numbered`: the picture comes with transport-wide numbers.
    fn with(is_numbered: bool) -> Call {
        let mut world = World::with(Config::default());
        let (ana, ben, viewer) = (world.connect(1), world.connect(2), world.connect(3));
        let mut camera = world.publish_simulcast(ana, 10);
        camera.packets = [(1, 600), (2, 1000), (6, 1000)];
        camera.is_layered = true;
        let voice = world.publish_voice(ben, 11, 0);
        let seen = world.add_slot_as(viewer, 20, MediaKind::Video, true, is_numbered);
        world.bind(seen, camera.source, MediaKind::Video);
        let heard = world.hear(viewer, 21, &voice, true);
        world.lay(viewer, WIDE, Duration::from_millis(250), Duration::from_millis(20));
        Call {
            world,
            camera,
            voice,
            viewer,
            seen,
            heard,
        }
    }

    fn film(&mut self, pictures: usize) {
        for _ in 0..pictures {
            self.camera.shoot(&mut self.world, ALL);
            self.voice.say(&mut self.world);
            self.world.run(FRAME);
        }
    }

    fn best(&mut self) -> bool {
        last_encoding(&mut self.world, self.viewer, self.seen) == Some(2)
    }

    /// Pictures until the best comes, which may not be on its way yet.
    fn until_best(&mut self) -> Option<usize> {
        let before = self.world.packets(self.viewer, self.seen).len();
        (0..20 * PICTURES).find(|_| {
            self.film(1);
            self.world.packets(self.viewer, self.seen).len() > before && self.best()
        })
    }

    fn sent(&self, slot: SlotId) -> u64 {
        let stats = self.world.stats(self.viewer).expect("it is there");
        stats
            .slots
            .iter()
            .find(|stats| stats.slot == slot)
            .expect("it is there")
            .packets
    }
}

fn is_back_within_ten_seconds(narrow: u64) {
    let mut call = Call::new();
    call.film(8 * PICTURES);
    assert!(call.best(), "before");
    call.world.pipe.as_mut().expect("laid").bitrate = narrow;
    call.film(20 * PICTURES);
    assert!(!call.best(), "meanwhile");
    call.world.pipe.as_mut().expect("laid").bitrate = WIDE;
    let took = call.until_best();
    println!("{narrow} bit/s: {took:?} pictures until the best is back");
    assert!(
        took.is_some_and(|pictures| pictures <= 10 * PICTURES),
        "{took:?} pictures"
    );
}

#[test]
fn after_200_kbit_a_second() {
    is_back_within_ten_seconds(200_000);
}

#[test]
fn after_220_kbit_a_second() {
    is_back_within_ten_seconds(220_000);
}

#[test]
fn after_300_kbit_a_second() {
    is_back_within_ten_seconds(300_000);
}

#[test]
fn after_500_kbit_a_second() {
    is_back_within_ten_seconds(500_000);
}

#[test]
fn after_one_that_carried_a_voice_alone() {
    let mut call = Call::new();
    call.film(5 * PICTURES);
    call.world.pipe.as_mut().expect("laid").bitrate = 45_000;
    call.film(40 * PICTURES);
    call.world.pipe.as_mut().expect("laid").bitrate = WIDE;
    let took = call.until_best();
    assert!(
        took.is_some_and(|pictures| pictures <= 10 * PICTURES),
        "{took:?} pictures"
    );
}

/// Of each two packets one, both ways.
fn half_of(client: ConnectionId) -> Loss {
    let mut state = 99u64;
    Box::new(move |id, datagram| {
        let is_rtp_or_rtcp = (128..192).contains(&datagram[0]);
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        id == client && is_rtp_or_rtcp && state >> 63 == 0
    })
}

#[test]
fn where_half_is_lost_voices_are_sent_and_the_least_of_a_picture() {
    let mut call = Call::new();
    call.film(8 * PICTURES);
    assert!(call.best(), "before");
    (call.world.lose_downstream, call.world.lose_upstream) = (half_of(call.viewer), half_of(call.viewer));
    call.film(10 * PICTURES);
    let (heard, seen, red) = (
        call.sent(call.heard),
        call.sent(call.seen),
        call.world.counters().red_out,
    );
    call.film(20 * PICTURES);
    assert_eq!(
        call.sent(call.heard) - heard,
        20 * PICTURES as u64,
        "each packet of the voice"
    );
    assert!(
        call.world.counters().red_out - red > 15 * PICTURES as u64,
        "with what it said before"
    );
    let pictures = call.sent(call.seen) - seen;
    assert!(
        (100..40 * PICTURES as u64).contains(&pictures),
        "{pictures} packets of pictures"
    );
    call.world.lose_downstream = Box::new(|_, _| false);
    call.world.lose_upstream = Box::new(|_, _| false);
    let took = call.until_best();
    assert!(
        took.is_some_and(|pictures| pictures <= 15 * PICTURES),
        "{took:?} pictures"
    );
}

fn is_tried_by_reports(call: &mut Call) {
    let took = call.until_best();
    println!("{took:?} pictures until the best comes");
    assert!(
        took.is_some_and(|pictures| pictures <= 15 * PICTURES),
        "{took:?} pictures"
    );
    let estimate = call.world.stats(call.viewer).and_then(|stats| stats.estimate);
    assert!(estimate.is_some_and(|bitrate| bitrate < 2 * WIDE), "{estimate:?}");
}

#[test]
fn without_transport_wide_feedback_it_is_tried_as_well() {
    let mut call = Call::with(false);
    let slot = call.heard;
    call.world.command(Command::RemoveSlot { slot });
    is_tried_by_reports(&mut call);
    assert_eq!(call.world.counters().twcc_in, 0);
    assert!(call.world.counters().probes_out > 0);
}

#[test]
fn and_with_such_of_a_voice_alone() {
    let mut call = Call::with(false);
    is_tried_by_reports(&mut call);
    assert!(call.world.counters().twcc_in > 0);
}
