//! AV1, whose layers are told by dependency descriptors: each viewer gets those that fit, with descriptors that say so, and can decode
//! whatever he gets.

use crate::common::{
    Described, DescribedCamera, EXTENSIONS, GotFrame, L1T3, L2T2_KEY, Mode, World, assert_decodable, frames, is_media,
};
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, Extensions, MediaKind, SlotId};

/// Pictures in a second.
const RATE: usize = 30;
/// Bits a second, headers included: all pictures take some 62 kbit/s, half of them for every second one.
const NARROW: u64 = 45_000;

struct Show {
    world: World,
    camera: DescribedCamera,
    viewer: ConnectionId,
    slot: SlotId,
    mode: Mode,
}

impl Show {
    fn new(mode: Mode) -> Show {
        let mut world = World::new();
        let (sender, viewer) = (world.connect(1), world.connect(2));
        let camera = world.publish_described(sender, 10, mode, 65_500);
        let slot = world.watch(viewer, 20, camera.source);
        Show {
            world,
            camera,
            viewer,
            slot,
            mode,
        }
    }

    fn film(&mut self, pictures: usize) -> usize {
        self.camera.film(&mut self.world, pictures)
    }

    fn frames(&mut self) -> Vec<GotFrame> {
        frames(&mut self.world, self.viewer, self.slot, self.mode)
    }

    /// Those that were sent meanwhile.
    fn frames_of(&mut self, pictures: usize) -> Vec<GotFrame> {
        let before = self.frames().len();
        self.film(pictures);
        self.frames().split_off(before)
    }
}

#[test]
fn who_gets_everything_gets_descriptors_as_they_came() {
    let mut show = Show::new(L1T3);
    show.film(90);
    let got = show.frames();
    assert_decodable(&got);
    let numbers: Vec<u16> = got.iter().map(|frame| frame.number).collect();
    let expected: Vec<u16> = (0..90).map(|nth| 65_500u16.wrapping_add(nth)).collect();
    assert_eq!(numbers, expected);
    assert!(got.iter().all(|frame| frame.active.is_none()));
}

#[test]
fn under_pressure_pictures_leave_and_come_back() {
    let mut show = Show::new(L1T3);
    show.film(2 * RATE);
    show.world.narrow(show.viewer, NARROW);
    show.film(15 * RATE);
    let slower = |event: &Event| matches!(event, Event::Layer { layers, .. } if layers.temporal <= 1);
    assert!(show.world.events.iter().any(slower), "{:?}", show.world.events);
    let got = show.frames();
    assert_decodable(&got);
    // From the first that is left out on each tells which there are, and it is one of them.
    let (before, after) = got.split_at(got.iter().position(|frame| frame.active.is_some()).unwrap());
    assert!(
        before
            .windows(2)
            .all(|pair| pair[1].number == pair[0].number.wrapping_add(1))
    );
    let is_active = |frame: &GotFrame| {
        frame
            .active
            .is_some_and(|active| active >> (2 - frame.temporal) & 1 != 0)
    };
    assert!(after.iter().all(is_active), "{after:?}");
    assert!(
        after
            .iter()
            .any(|frame| frame.active == Some(0b110) || frame.active == Some(0b100))
    );
    show.world.narrow(show.viewer, 100 * NARROW);
    show.film(25 * RATE);
    let late = show.frames_of(RATE);
    assert!(
        late.len() + 1 >= RATE && late.iter().all(|frame| frame.active == Some(0b111)),
        "{late:?}"
    );
}

#[test]
fn sizes_that_stand_alone_are_sent_alone() {
    let mut show = Show::new(L2T2_KEY);
    assert_eq!(show.film(60), 1);
    let late = show.frames_of(20);
    assert!(
        late.iter()
            .all(|frame| frame.spatial == 1 && frame.active == Some(0b0011)),
        "{late:?}"
    );
    assert_eq!(late.len(), 20);
    for (spatial, active, pixels) in [(0, 0b1100, 640 * 360), (1, 0b0011, 1280 * 720)] {
        show.world.wish(show.slot, pixels);
        assert_eq!(show.film(10), 1, "from one size to another by a key frame");
        let late = show.frames_of(20);
        assert!(
            late.iter()
                .all(|frame| frame.spatial == spatial && frame.active == Some(active)),
            "{late:?}"
        );
        assert_eq!(late.len(), 20);
    }
    assert_decodable(&show.frames());
}

#[test]
fn frame_numbers_go_on_from_one_source_to_another() {
    let mut show = Show::new(L1T3);
    let sender = show.camera.connection;
    let mut other = show.world.publish_described(sender, 11, L1T3, 7);
    let film = |show: &mut Show, other: &mut DescribedCamera| {
        for _ in 0..30 {
            // The first asks for both: who is not watched is not asked.
            let asked = show.world.client(sender).key_frames_asked;
            show.camera.shoot(&mut show.world);
            show.world.client(sender).key_frames_asked += asked;
            other.film(&mut show.world, 1);
        }
    };
    film(&mut show, &mut other);
    for source in [other.source, show.camera.source, other.source] {
        show.world.bind(show.slot, source, MediaKind::Video);
        film(&mut show, &mut other);
    }
    let got = show.frames();
    assert_decodable(&got);
    let mut sources: Vec<u8> = got.iter().map(|frame| frame.source).collect();
    sources.dedup();
    assert_eq!(sources, [10, 11, 10, 11]);
}

#[test]
fn what_is_lost_comes_again_with_its_descriptor() {
    let mut show = Show::new(L1T3);
    show.film(8 * RATE);
    let (viewer, mut passed) = (show.viewer, 0);
    show.world.lose_downstream = Box::new(move |id, datagram| {
        passed += usize::from(id == viewer && is_media(datagram));
        id == viewer && is_media(datagram) && passed % 30 == 0
    });
    show.film(8 * RATE);
    show.world.lose_downstream = Box::new(|_, _| false);
    show.film(2 * RATE);
    assert!(show.world.counters().rtx_out >= 3, "{:?}", show.world.counters());
    assert_decodable(&show.frames());
}

#[test]
fn a_viewer_without_descriptors_gets_fewer_pictures_all_the_same() {
    let mut show = Show::new(L1T3);
    let viewer = show.world.connect(3);
    let plain = Extensions {
        dependency_descriptor: 0,
        ..EXTENSIONS
    };
    let slot = show.world.add_slot_of(viewer, 30, MediaKind::Video, true, plain);
    show.world.bind(slot, show.camera.source, MediaKind::Video);
    show.film(2 * RATE);
    show.world.narrow(viewer, NARROW);
    show.film(15 * RATE);
    let is_described = |packet: &&str0m::rtp::RtpPacket| {
        let values = &packet.header.ext_vals.user_values;
        values.get::<Described>().is_some()
    };
    assert!(!show.world.packets(viewer, slot).iter().any(is_described));
    let mut numbers = show.world.numbers(viewer, slot);
    numbers.sort_unstable();
    assert!(numbers.len() < show.frames().len() - RATE, "{}", numbers.len());
    assert!(
        numbers.iter().zip(1000..).all(|(number, expected)| *number == expected),
        "{numbers:?}"
    );
}
