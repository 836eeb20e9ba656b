//! Where not everything fits a viewer loses temporal layers: half of the pictures before a size, and more of them before all. What
//! he gets is one stream still.

use crate::common::{ALL, Camera, Loss, Seen, World, assert_one_stream, is_media, last_encoding};
use tertulia_sfu::command::{Command, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, SlotId};

/// Pictures in a second.
const RATE: usize = 30;

struct Show {
    world: World,
    camera: Camera,
    viewer: ConnectionId,
    slot: SlotId,
}

impl Show {
    /// A viewer of a camera, to whom never more bits a second are held to come through. The encodings take some 50, 130 and 230 kbit/s, half
    /// of it for every second picture, which are those of layer 2.
    fn new(carries: u64) -> Show {
        let mut config = Config::default();
        config.estimate.start = 30_000;
        config.estimate.max = carries;
        let mut world = World::with(config);
        let (sender, viewer) = (world.connect(1), world.connect(2));
        let mut camera = world.publish_simulcast(sender, 10);
        camera.is_layered = true;
        let slot = world.watch(viewer, 20, camera.source);
        Show {
            world,
            camera,
            viewer,
            slot,
        }
    }

    fn film(&mut self, seconds: usize) {
        self.camera.film(&mut self.world, ALL, seconds * RATE);
    }

    /// So much is lost on the way to the viewer that the estimate falls.
    fn suffer(&mut self) {
        self.world.lose_downstream = one_in(2, self.viewer);
        self.film(4);
        self.world.lose_downstream = Box::new(|_, _| false);
    }

    fn seen(&mut self) -> Vec<Seen> {
        let mut seen = self.world.seen(self.viewer, self.slot);
        seen.sort_by_key(|packet| packet.number);
        seen
    }

    /// Of the last second's pictures: encoding and temporal layer.
    fn pictures(&mut self) -> Vec<(usize, u8)> {
        let seen = self.seen();
        let end = seen.last().map_or(0, |packet| packet.taken);
        let mut late: Vec<_> = seen.iter().filter(|packet| packet.taken + 90_000 > end).collect();
        late.dedup_by_key(|packet| packet.taken);
        late.iter().map(|packet| (packet.encoding, packet.temporal)).collect()
    }
}

/// Loses one in so many media datagrams of a client.
fn one_in(count: usize, client: ConnectionId) -> Loss {
    let mut passed = 0;
    Box::new(move |id, datagram| {
        passed += usize::from(id == client && is_media(datagram));
        id == client && is_media(datagram) && passed % count == 0
    })
}

#[test]
fn half_of_the_larger_pictures_are_better_than_all_of_the_smaller() {
    let mut show = Show::new(100_000);
    show.film(10);
    let pictures = show.pictures();
    assert!(
        pictures
            .iter()
            .all(|&(encoding, temporal)| encoding == 1 && temporal <= 1),
        "{pictures:?}"
    );
    assert!((14..=16).contains(&pictures.len()), "{pictures:?}");
    assert_one_stream(&show.seen());
    let told = { show.world.events.iter().rev() }.find_map(|event| match event {
        Event::Layer { encoding, layers, .. } => Some((*encoding, layers.temporal)),
        _ => None,
    });
    assert_eq!(told, Some((1, 1)));
}

#[test]
fn before_the_smallest_is_starved_it_moves_more_slowly_and_then_as_before() {
    let mut show = Show::new(58_000);
    show.film(4);
    assert!(show.pictures().len() >= RATE);
    show.suffer();
    let slower = |event: &Event| matches!(event, Event::Layer { encoding: 0, layers, .. } if layers.temporal <= 1);
    assert!(show.world.events.iter().any(slower), "{:?}", show.world.events);
    assert!(
        !show
            .world
            .events
            .iter()
            .any(|event| matches!(event, Event::Starved { .. }))
    );
    show.film(25);
    assert!(show.pictures().len() >= RATE);
}

#[test]
fn what_is_to_be_read_stays_sharp_and_moves_seldom() {
    let mut show = Show::new(100_000);
    let wish = Wish {
        detail: true,
        ..Wish::default()
    };
    show.world.command(Command::Wish { slot: show.slot, wish });
    show.film(10);
    let pictures = show.pictures();
    assert!(
        pictures
            .iter()
            .all(|&(encoding, temporal)| encoding == 2 && temporal == 0),
        "{pictures:?}"
    );
    assert!((7..=8).contains(&pictures.len()), "{pictures:?}");
    assert_one_stream(&show.seen());
}

#[test]
fn what_is_lost_where_others_are_left_out_comes_again() {
    let mut show = Show::new(100_000);
    show.film(8);
    assert_eq!(last_encoding(&mut show.world, show.viewer, show.slot), Some(1));
    show.world.lose_downstream = one_in(40, show.viewer);
    show.film(10);
    show.world.lose_downstream = Box::new(|_, _| false);
    show.film(2);
    assert_one_stream(&show.seen());
    assert!(show.pictures().iter().all(|&(_, temporal)| temporal <= 1));
    assert!(show.world.counters().rtx_out >= 5, "{:?}", show.world.counters());
    assert_eq!(show.world.counters().resend_unknown, 0);
}

#[test]
fn what_the_camera_lost_comes_again_and_what_is_left_out_of_it_is_not_missed() {
    let mut show = Show::new(100_000);
    show.film(8);
    show.world.lose_upstream = one_in(17, show.camera.connection);
    show.film(10);
    show.world.lose_upstream = Box::new(|_, _| false);
    show.film(2);
    let mut numbers = show.world.numbers(show.viewer, show.slot);
    numbers.sort_unstable();
    numbers.dedup();
    let last = *numbers.last().unwrap();
    assert_eq!(numbers, (1000..=last).collect::<Vec<_>>());
    assert!(show.world.counters().rtx_in >= 10, "{:?}", show.world.counters());
    assert!(
        show.pictures()
            .iter()
            .all(|&(encoding, temporal)| encoding == 1 && temporal <= 1)
    );
}
