//! What the way to a viewer carries decides what he is sent: the most important first, and sound always.

use crate::common::{ALL, Camera, World, assert_one_stream, is_media, last_encoding};
use std::time::Duration;
use tertulia_sfu::command::{Command, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId};

/// Pictures in a second.
const RATE: usize = 30;

struct Show {
    world: World,
    cameras: Vec<Camera>,
    viewer: ConnectionId,
    slots: Vec<SlotId>,
}

impl Show {
    /// A viewer of so many cameras, to whom never more bits a second are held to come through. The encodings take some 50,
    /// 130 and 230 kbit/s.
    fn new(cameras: usize, carries: u64) -> Show {
        let mut config = Config::default();
        config.estimate.start = 40_000;
        config.estimate.max = carries;
        let mut world = World::with(config);
        let viewer = world.connect(100);
        let mut show = Show {
            viewer,
            slots: Vec::new(),
            cameras: Vec::new(),
            world,
        };
        for id in 0..cameras as u64 {
            let sender = show.world.connect(id);
            let camera = show.world.publish_simulcast(sender, 10 + id);
            let slot = show.world.watch(viewer, 20 + id, camera.source);
            show.cameras.push(camera);
            show.slots.push(slot);
        }
        show
    }

    fn film(&mut self, seconds: usize) {
        for _ in 0..seconds * RATE {
            let (last, others) = self.cameras.split_last_mut().expect("a camera");
            others.iter_mut().for_each(|camera| camera.shoot(&mut self.world, ALL));
            last.film(&mut self.world, ALL, 1);
        }
    }

    fn encodings(&mut self) -> Vec<Option<usize>> {
        let slots = self.slots.iter();
        slots
            .map(|&slot| last_encoding(&mut self.world, self.viewer, slot))
            .collect()
    }

    fn wish(&mut self, camera: usize, priority: u8) {
        self.world.command(Command::Wish {
            slot: self.slots[camera],
            wish: Wish {
                priority,
                ..Wish::default()
            },
        });
    }
}

#[test]
fn a_way_that_carries_everything_is_soon_found_to() {
    let mut show = Show::new(1, 10_000_000);
    show.film(6);
    assert_eq!(show.encodings(), [Some(2)]);
    assert!(show.world.counters().probes_out > 0);
    let (viewer, slot) = (show.viewer, show.slots[0]);
    let seen = show.world.seen(viewer, slot);
    assert_one_stream(&seen);
    assert_eq!(seen[0].encoding, 0, "nothing better before it was tried");
}

#[test]
fn the_best_that_fits_is_sent_and_no_more() {
    let mut show = Show::new(1, 180_000);
    show.film(10);
    assert_eq!(show.encodings(), [Some(1)]);
}

#[test]
fn who_matters_more_is_seen_better() {
    let mut show = Show::new(3, 260_000);
    show.wish(1, 3);
    show.film(10);
    assert_eq!(show.encodings(), [Some(0), Some(1), Some(0)]);
    show.wish(1, 0);
    show.wish(2, 1);
    show.film(10);
    assert_eq!(show.encodings(), [Some(0), Some(0), Some(1)]);
}

#[test]
fn where_nothing_fits_the_picture_rests_and_sound_goes_on() {
    let mut show = Show::new(1, 300_000);
    let voice = show.world.connect(50);
    let sound = show.world.publish_audio(voice, 60);
    let ear = show.world.add_slot(show.viewer, 70, MediaKind::Audio);
    show.world.bind(ear, sound, MediaKind::Audio);
    show.film(6);
    let starved = |event: &Event| matches!(event, Event::Starved { .. });
    assert!(!show.world.events.iter().any(starved));

    show.world.lose_downstream = Box::new(|_, datagram| is_media(datagram));
    show.film(6);
    assert!(show.world.events.iter().any(starved));
    show.world.lose_downstream = Box::new(|_, _| false);
    show.world.events.clear();
    let before = show.world.packets(show.viewer, ear).len();
    for _ in 0..20 {
        show.world.send_audio(voice, sound, 30);
        show.world.run(Duration::from_millis(20));
    }
    assert_eq!(show.world.packets(show.viewer, ear).len(), before + 20);
    show.film(30);
    let picture = show.slots[0];
    assert!({ show.world.events.iter() }.any(|event| matches!(event, Event::Layer { slot, .. } if *slot == picture)));
}
