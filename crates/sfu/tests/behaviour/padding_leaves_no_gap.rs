//! Probes for bandwidth reach nobody, and nobody takes them for losses.

use crate::common::{FRAME, VP8, World};

#[test]
fn padding_on_the_media_stream_is_dropped_and_the_numbers_close_up() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.watch(bob, 20, source);
    for i in 0..30 {
        world.send_frame(alice, source, i == 0, &[500, 400]);
        for _ in 0..i % 4 {
            world.write(alice, source, VP8, 0, false, Vec::new(), None);
            world.settle();
        }
        world.run(FRAME);
    }
    assert_eq!(world.numbers(bob, slot), (1000..1060).collect::<Vec<_>>());
    assert!(world.counters().dropped_padding >= 40);
    assert_eq!(world.counters().nack_in, 0);
}

#[test]
fn duplicates_are_forwarded_once() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    let slot = world.watch(bob, 20, source);
    world.copies = 3;
    for i in 0..10 {
        world.send_frame(alice, source, i == 0, &[500]);
        world.run(FRAME);
    }
    assert_eq!(world.numbers(bob, slot), (1000..1010).collect::<Vec<_>>());
    assert_eq!(world.counters().rtp_out, 10);
    assert!(world.counters().dropped_replayed >= 20);
}
