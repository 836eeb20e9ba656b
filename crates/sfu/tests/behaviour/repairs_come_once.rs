//! What was lost comes again once, though its viewer and transport-wide feedback both tell of it, and the answers are lost as well.

use crate::common::{FRAME, World, is_media};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tertulia_sfu::types::ConnectionId;

/// Splits a percentage of what it is asked for off, at random but always the same.
fn chance(percent: u64, seed: u64) -> impl FnMut() -> bool {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 100 < percent
    }
}

/// A minute of pictures, six packets each, over a way that loses so much in both directions. More than one in twenty may not be sent
/// again without need, and next to nothing may be missing in the end.
fn sends_again_what_was_lost(percent: u64, delay: u64, missing_max: usize) {
    const PICTURES: usize = 1800;
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.watch(bob, 20, source);
    let film = |world: &mut World, pictures: usize| {
        for _ in 0..pictures {
            world.send_frame(alice, source, false, &[900; 6]);
            world.run(FRAME);
        }
    };
    world.lay(bob, 100_000_000, Duration::MAX, Duration::from_millis(delay));
    world.send_frame(alice, source, true, &[900; 6]);
    film(&mut world, 10);
    let lost = Rc::new(Cell::new(0));
    let (count, mut loses) = (lost.clone(), chance(percent, 7));
    let is_hers = move |client: ConnectionId, datagram: &[u8]| client == bob && (128..192).contains(&datagram[0]);
    world.lose_downstream = Box::new(move |client, datagram| {
        let is_lost = is_hers(client, datagram) && is_media(datagram) && loses();
        count.set(count.get() + u64::from(is_lost));
        is_lost
    });
    let mut loses = chance(percent, 8);
    world.lose_upstream = Box::new(move |client, datagram| is_hers(client, datagram) && !is_media(datagram) && loses());
    film(&mut world, PICTURES);
    world.lose_downstream = Box::new(|_, _| false);
    world.lose_upstream = Box::new(|_, _| false);
    film(&mut world, 30);
    let (lost, again) = (lost.get(), world.counters().rtx_out);
    let mut numbers = world.numbers(bob, slot);
    numbers.sort_unstable();
    numbers.dedup();
    let missing = 6 * (11 + PICTURES + 30) - numbers.len();
    println!("{percent} % and {delay} ms each way: {lost} lost, {again} sent again, {missing} missing");
    assert!(lost > PICTURES as u64 * 6 * percent / 125, "{lost} lost");
    assert!(again * 100 <= lost * 110, "{again} sent again of {lost}");
    assert!(missing <= missing_max, "{missing} missing");
}

#[test]
fn of_one_percent() {
    sends_again_what_was_lost(1, 20, 0);
}

#[test]
fn of_five_percent() {
    sends_again_what_was_lost(5, 20, 0);
}

#[test]
fn of_ten_percent() {
    sends_again_what_was_lost(10, 20, 2);
}

#[test]
fn on_a_short_way_whose_feedback_takes_longer_than_the_round_trip() {
    sends_again_what_was_lost(5, 5, 0);
}

/// The client looks back for half a second only: two requests in the time of one round trip are what it has.
#[test]
fn on_a_long_way() {
    sends_again_what_was_lost(5, 100, 30);
}
