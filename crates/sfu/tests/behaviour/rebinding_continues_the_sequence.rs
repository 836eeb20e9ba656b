//! Whatever is in a slot, its receiver sees one stream.

use crate::common::{FRAME, World};
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId, SourceId};

struct Meeting {
    world: World,
    alice: ConnectionId,
    bob: ConnectionId,
    viewer: ConnectionId,
    of_alice: SourceId,
    of_bob: SourceId,
    slot: SlotId,
}

impl Meeting {
    fn new() -> Meeting {
        let mut world = World::new();
        let (alice, bob, viewer) = (world.connect(1), world.connect(2), world.connect(3));
        let (of_alice, of_bob) = (world.publish_video(alice, 10), world.publish_video(bob, 11));
        world.skip(bob, 30_000);
        let slot = world.watch(viewer, 20, of_alice);
        Meeting {
            world,
            alice,
            bob,
            viewer,
            of_alice,
            of_bob,
            slot,
        }
    }

    fn frames(&mut self, count: usize) {
        for i in 0..count {
            let key = i == 2;
            self.world.send_frame(self.alice, self.of_alice, key, &[300, 200]);
            self.world.send_frame(self.bob, self.of_bob, key, &[300, 200]);
            self.world.run(FRAME);
        }
    }

    /// Numbers without a gap from 1000, and timestamps that never go back.
    fn assert_continuous(&mut self, packets: usize) {
        let numbers = self.world.numbers(self.viewer, self.slot);
        assert_eq!(numbers, (1000..1000 + packets as u64).collect::<Vec<_>>());
        let packets = self.world.packets(self.viewer, self.slot);
        let steps: Vec<i32> = packets
            .windows(2)
            .map(|pair| pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp) as i32)
            .collect();
        assert!(steps.iter().all(|&step| (0..VIDEO_SECOND).contains(&step)), "{steps:?}");
    }
}

const VIDEO_SECOND: i32 = 90_000;

#[test]
fn another_source_in_the_slot() {
    let mut meeting = Meeting::new();
    meeting.frames(6);
    meeting.world.bind(meeting.slot, meeting.of_bob, MediaKind::Video);
    meeting.frames(6);
    meeting.world.bind(meeting.slot, meeting.of_alice, MediaKind::Video);
    meeting.frames(6);
    // Of each six frames the first two precede the key frame.
    meeting.assert_continuous(3 * 4 * 2);
    assert!(meeting.world.counters().pli_out >= 3);
}

#[test]
fn a_pause_and_its_end() {
    let mut meeting = Meeting::new();
    meeting.frames(6);
    let slot = meeting.slot;
    meeting.world.command(Command::PauseSlot { slot, paused: true });
    meeting.frames(6);
    meeting.assert_continuous(8);
    meeting.world.command(Command::PauseSlot { slot, paused: false });
    meeting.frames(6);
    meeting.assert_continuous(16);
}

#[test]
fn the_publishers_sequence_number_rolls_over() {
    let mut meeting = Meeting::new();
    meeting.frames(3);
    for _ in 0..3 {
        meeting.world.skip(meeting.alice, 25_000);
        meeting.world.send_frame(meeting.alice, meeting.of_alice, true, &[100]);
        meeting.world.run(Duration::from_millis(10));
    }
    let numbers = meeting.world.numbers(meeting.viewer, meeting.slot);
    assert_eq!(numbers[numbers.len() - 1], 1000 + 1 + 3 * 25_001);
}

#[test]
fn the_publisher_takes_another_ssrc() {
    let mut meeting = Meeting::new();
    meeting.frames(6);
    let mid = format!("v{}", meeting.of_alice);
    let mut api = meeting.world.client(meeting.alice).rtc.direct_api();
    let changed = api.reset_stream_tx(mid.as_str().into(), None, 777_000.into(), Some(777_001.into()));
    assert!(changed.is_some());
    meeting.world.skip(meeting.alice, 40_000);
    meeting.frames(6);
    meeting.assert_continuous(16);
}
