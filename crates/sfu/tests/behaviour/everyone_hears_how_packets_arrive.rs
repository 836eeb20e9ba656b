//! Feedback both ways: publishers hear how their packets arrive, and what viewers say is understood.

use crate::common::{FRAME, World};
use std::time::Duration;

#[test]
fn reports_and_transport_wide_feedback_flow_both_ways() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let source = world.publish_video(alice, 10);
    world.watch(bob, 20, source);
    for i in 0..150 {
        world.send_frame(alice, source, i == 0, &[800, 600]);
        world.run(FRAME);
    }
    let counters = world.counters();
    assert!((40..200).contains(&counters.twcc_out), "{counters:?}");
    assert!(counters.twcc_in >= 20, "{counters:?}");
    assert_eq!(counters.twcc_lost, 0);
    assert!(
        counters.rtcp_out >= counters.twcc_out + 8,
        "and reports about once a second: {counters:?}"
    );

    let viewer = world.stats(bob).unwrap();
    assert!(viewer.acked >= 250 && viewer.lost == 0, "{viewer:?}");
    assert!(
        viewer.round_trip.is_some_and(|time| time < Duration::from_millis(20)),
        "{viewer:?}"
    );
    assert_eq!(viewer.slots[0].packets, 300);
    let publisher = world.stats(alice).unwrap();
    let encoding = &publisher.sources[0].encodings[0];
    assert_eq!((encoding.packets, encoding.lost), (300, 0));
    assert_eq!(encoding.picture, Some((320, 240)));
    assert!((300_000..400_000).contains(&encoding.bitrate), "{encoding:?}");
    assert!((28.0..32.0).contains(&encoding.frame_rate), "{encoding:?}");
}

#[test]
fn a_connection_without_media_is_left_alone() {
    let mut world = World::new();
    world.connect(1);
    world.run(Duration::from_secs(3));
    let before = world.counters().rtcp_out;
    world.run(Duration::from_secs(60));
    assert_eq!(world.counters().rtcp_out, before);
}
