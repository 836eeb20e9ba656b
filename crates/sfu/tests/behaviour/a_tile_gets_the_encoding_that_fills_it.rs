//! Of three encodings each viewer gets the lowest that fills his tile, of those that the publisher sends.

use crate::common::{ALL, Camera, FRAME, World, assert_one_stream, encodings_of, last_encoding};
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, SlotId};

struct Show {
    world: World,
    camera: Camera,
    viewer: ConnectionId,
    slot: SlotId,
}

impl Show {
    fn new() -> Show {
        let mut world = World::new();
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

    fn film(&mut self, encodings: &[usize], pictures: usize) {
        self.camera.film(&mut self.world, encodings, pictures);
    }

    fn last(&mut self) -> Option<usize> {
        last_encoding(&mut self.world, self.viewer, self.slot)
    }
}

#[test]
fn the_best_at_first_and_then_by_the_size_of_the_tile() {
    let mut show = Show::new();
    show.film(ALL, 10);
    assert_eq!(show.last(), Some(2));
    for (pixels, encoding) in [
        (320 * 180, 0),
        (320 * 180 + 1, 1),
        (1920 * 1080, 2),
        (640 * 360, 1),
        (1, 0),
    ] {
        show.world.wish(show.slot, pixels);
        show.film(ALL, 10);
        assert_eq!(show.last(), Some(encoding), "{pixels} pixels");
    }
    let seen = show.world.seen(show.viewer, show.slot);
    assert_one_stream(&seen);
    let layers: Vec<usize> = { show.world.events.iter() }
        .filter_map(|event| match *event {
            Event::Layer { slot, encoding, .. } if slot == show.slot => Some(usize::from(encoding)),
            _ => None,
        })
        .collect();
    assert_eq!(layers, encodings_of(&seen), "each change is told");
    let stats = show.world.stats(show.viewer).unwrap();
    assert_eq!(stats.slots[0].encoding, Some(0));
}

#[test]
fn viewers_of_one_source_do_not_mind_each_other() {
    let mut show = Show::new();
    let sizes = [1, 640 * 360, u32::MAX];
    let slots: Vec<(ConnectionId, SlotId)> = (0..3)
        .map(|i| {
            let viewer = show.world.connect(3 + i);
            let slot = show.world.watch(viewer, 30 + i, show.camera.source);
            show.world.wish(slot, sizes[i as usize]);
            (viewer, slot)
        })
        .collect();
    show.film(ALL, 60);
    for (encoding, (viewer, slot)) in slots.into_iter().enumerate() {
        assert_eq!(last_encoding(&mut show.world, viewer, slot), Some(encoding));
        assert_one_stream(&show.world.seen(viewer, slot));
    }
}

#[test]
fn an_encoding_that_stops_is_left_and_one_that_comes_back_is_taken() {
    let mut show = Show::new();
    show.film(ALL, 40);
    assert_eq!(show.last(), Some(2));
    show.film(&[0, 1], 60);
    assert_eq!(show.last(), Some(1), "within two seconds");
    show.film(&[0], 60);
    assert_eq!(show.last(), Some(0));
    show.film(ALL, 5);
    assert_eq!(show.last(), Some(2), "at once");
    assert_one_stream(&show.world.seen(show.viewer, show.slot));
}

#[test]
fn pictures_may_grow_and_shrink() {
    let mut show = Show::new();
    show.world.wish(show.slot, 640 * 360);
    show.film(ALL, 10);
    assert_eq!(show.last(), Some(1));
    show.camera.sizes[1] = (480, 270);
    show.camera.take(&mut show.world, ALL, ALL);
    show.world.run(FRAME);
    show.film(ALL, 20);
    assert_eq!(show.last(), Some(2), "the one that filled it does no longer");
    show.camera.sizes[0] = (640, 360);
    show.camera.take(&mut show.world, ALL, ALL);
    show.world.run(FRAME);
    show.film(ALL, 20);
    assert_eq!(show.last(), Some(0), "whatever was signalled as the lowest");
    assert_one_stream(&show.world.seen(show.viewer, show.slot));
}

#[test]
fn a_publisher_whose_pictures_never_have_one_size_does_not_drive_viewers_to_and_fro() {
    let mut show = Show::new();
    show.world.wish(show.slot, 640 * 360);
    show.film(ALL, 10);
    show.world.events.clear();
    for i in 0..90 {
        show.camera.sizes[1] = [(640, 360), (480, 270)][i % 2];
        show.camera.take(&mut show.world, ALL, ALL);
        show.world.run(FRAME);
    }
    let layers = show
        .world
        .events
        .iter()
        .filter(|event| matches!(event, Event::Layer { .. }));
    assert!(layers.count() <= 7, "in three seconds");
    assert_one_stream(&show.world.seen(show.viewer, show.slot));
}

#[test]
fn a_screen_on_which_nothing_moves_has_not_stopped() {
    let mut show = Show::new();
    show.film(ALL, 40);
    let before = show.world.counters().pli_out;
    for _ in 0..8 {
        show.film(ALL, 1);
        show.world.run(FRAME * 45);
    }
    show.film(ALL, 5);
    let seen = show.world.seen(show.viewer, show.slot);
    let last = &seen[seen.len() - 13 * 3..];
    assert_eq!(encodings_of(last), [2]);
    assert_eq!(show.world.counters().pli_out, before);
    assert_one_stream(&seen);
}

#[test]
fn a_tile_that_shows_nothing_gets_nothing() {
    let mut show = Show::new();
    show.film(ALL, 10);
    show.world.wish(show.slot, 0);
    let before = show.world.counters().rtp_out;
    show.film(ALL, 10);
    assert_eq!(show.world.counters().rtp_out, before);
    show.world.wish(show.slot, 1);
    show.film(ALL, 10);
    assert_eq!(show.last(), Some(0));
    assert_one_stream(&show.world.seen(show.viewer, show.slot));
}

#[test]
fn after_a_moderated_mute_the_picture_goes_on() {
    let mut show = Show::new();
    show.film(ALL, 10);
    let source = show.camera.source;
    for enabled in [false, true] {
        show.world.command(Command::EnableSource { source, enabled });
        show.film(ALL, 60);
    }
    let seen = show.world.seen(show.viewer, show.slot);
    assert_eq!(seen.last().map(|packet| packet.encoding), Some(2));
    assert!(show.world.counters().dropped_disabled >= 60 * 6);
    assert_one_stream(&seen);
}

#[test]
fn another_source_may_take_the_place_of_one_that_is_removed() {
    let mut show = Show::new();
    show.film(ALL, 10);
    let source = show.camera.source;
    show.world.command(Command::RemoveSource { source });
    show.film(ALL, 3);
    let bob = show.world.connect(5);
    let mut other = show.world.publish_simulcast(bob, 11);
    let kind = tertulia_sfu::types::MediaKind::Video;
    show.world.bind(show.slot, other.source, kind);
    for _ in 0..10 {
        show.film(ALL, 1);
        other.film(&mut show.world, &[0, 1], 1);
    }
    assert_eq!(show.last(), Some(1), "of the other source");
    assert_one_stream(&show.world.seen(show.viewer, show.slot));
}
