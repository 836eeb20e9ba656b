//! Why a viewer gets the encoding that he gets, and what was lost and repaired on the way: what statistics say.

use crate::common::{ALL, Camera, FRAME, Loss, World, is_media};
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event;
use tertulia_sfu::stats::{EncodingStats, Reason, SlotStats};
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId};

struct Show {
    world: World,
    camera: Camera,
    viewer: ConnectionId,
    slot: SlotId,
}

impl Show {
    fn new(config: Config) -> Show {
        let mut world = World::with(config);
        let (alice, viewer) = (world.connect(1), world.connect(2));
        let camera = world.publish_simulcast(alice, 10);
        let slot = world.watch(viewer, 20, camera.source);
        Show {
            world,
            camera,
            viewer,
            slot,
        }
    }

    /// To whom never more bits a second are held to come through.
    fn narrow(carries: u64) -> Show {
        let mut config = Config::default();
        config.estimate.start = 40_000;
        config.estimate.max = carries;
        Show::new(config)
    }

    /// Why he gets what he gets, after the camera filmed so much in these encodings.
    fn reason(&mut self, pixels: u32, encodings: &[usize], pictures: usize) -> Option<Reason> {
        self.world.wish(self.slot, pixels);
        self.camera.film(&mut self.world, encodings, pictures);
        slot_of(&self.world, self.viewer)?.reason
    }
}

fn slot_of(world: &World, viewer: ConnectionId) -> Option<SlotStats> {
    world.sfu.connection_stats(viewer)?.slots.into_iter().next()
}

fn encoding_of(world: &World, publisher: ConnectionId) -> EncodingStats {
    let stats = world.sfu.connection_stats(publisher).expect("it is there");
    stats.sources[0].encodings[0].clone()
}

/// Loses every tenth media datagram of a client.
fn a_tenth_of(client: ConnectionId) -> Loss {
    let mut count = 0;
    Box::new(move |id, datagram| {
        count += u32::from(id == client && is_media(datagram));
        id == client && is_media(datagram) && count % 10 == 5
    })
}

#[test]
fn the_tile_and_the_publisher_are_reasons() {
    let mut show = Show::new(Config::default());
    assert_eq!(
        show.reason(u32::MAX, &[], 0),
        Some(Reason::Publisher),
        "nothing came yet"
    );
    assert_eq!(show.reason(u32::MAX, ALL, 90), Some(Reason::Best));
    assert_eq!(show.reason(640 * 360, ALL, 10), Some(Reason::Size));
    assert_eq!(show.reason(u32::MAX, &[0, 1], 60), Some(Reason::Publisher));
    let slot = slot_of(&show.world, show.viewer).unwrap();
    assert_eq!((slot.encoding, slot.best), (Some(1), Some(1)));
    assert_eq!(show.reason(0, ALL, 5), Some(Reason::Hidden));
    show.world.command(Command::Bind {
        slot: show.slot,
        to: None,
    });
    assert_eq!(show.reason(u32::MAX, ALL, 1), None, "nothing is in it");
}

#[test]
fn the_way_to_the_viewer_is_a_reason_and_the_layer_tells_it() {
    let mut show = Show::narrow(180_000);
    assert_eq!(show.reason(u32::MAX, ALL, 300), Some(Reason::Bandwidth));
    let slot = slot_of(&show.world, show.viewer).unwrap();
    assert_eq!((slot.encoding, slot.best), (Some(1), Some(2)));
    let told = { show.world.events.iter() }.rev().find_map(|event| match event {
        Event::Layer { reason, .. } => Some(*reason),
        _ => None,
    });
    assert_eq!(told, Some(Reason::Bandwidth));

    show.world.lose_downstream = Box::new(|_, datagram| is_media(datagram));
    assert_eq!(show.reason(u32::MAX, ALL, 120), Some(Reason::Starved));
}

#[test]
fn sound_that_is_paused_is_hidden() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_audio(alice, 10);
    let slot = world.add_slot(bob, 20, MediaKind::Audio);
    world.bind(slot, source, MediaKind::Audio);
    assert_eq!(slot_of(&world, bob).unwrap().reason, Some(Reason::Best));
    world.command(Command::PauseSlot { slot, paused: true });
    assert_eq!(slot_of(&world, bob).unwrap().reason, Some(Reason::Hidden));
}

#[test]
fn what_a_publisher_lost_and_what_of_it_came_again_is_counted() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.watch(bob, 20, source);
    world.send_frame(alice, source, true, &[900]);
    world.lose_upstream = a_tenth_of(alice);
    for _ in 0..90 {
        world.send_frame(alice, source, false, &[900, 900, 500]);
        world.run(FRAME);
    }
    world.lose_upstream = Box::new(|_, _| false);
    for _ in 0..60 {
        world.send_frame(alice, source, false, &[900]);
        world.run(FRAME);
    }
    world.run(Duration::from_secs(2));
    let sent = encoding_of(&world, alice);
    assert!((20..35).contains(&sent.lost), "{sent:?}");
    assert_eq!(sent.repaired, sent.lost, "all of it came again");
}

#[test]
fn what_a_viewer_says_that_he_lost_is_kept() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_audio(alice, 10);
    let slot = world.add_slot(bob, 20, MediaKind::Audio);
    world.bind(slot, source, MediaKind::Audio);
    world.lose_downstream = a_tenth_of(bob);
    for _ in 0..700 {
        world.send_audio(alice, source, 30);
        world.run(Duration::from_millis(20));
    }
    let slot = slot_of(&world, bob).unwrap();
    assert!((30..=70).contains(&slot.lost), "{slot:?}");
    assert!(
        (0.05..0.15).contains(&slot.fraction_lost) && slot.jitter > 0.0,
        "{slot:?}"
    );
}
