//! Which encodings anybody's wish calls for is told: more at once, less after two seconds.

use crate::common::World;
use std::time::Duration;
use tertulia_sfu::command::Command;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId, SourceId};

const SECOND: Duration = Duration::from_secs(1);

struct Show {
    world: World,
    source: SourceId,
    viewer: ConnectionId,
}

impl Show {
    fn new() -> Show {
        let mut world = World::new();
        let (alice, viewer) = (world.connect(1), world.connect(2));
        let source = world.publish_simulcast(alice, 10).source;
        Show { world, source, viewer }
    }

    /// What was told since the last time.
    fn told(&mut self) -> Vec<u8> {
        let events = std::mem::take(&mut self.world.events);
        let masks = events.iter().filter_map(|event| match *event {
            Event::Encodings { source, wanted } if source == self.source => Some(wanted),
            _ => None,
        });
        masks.collect()
    }

    fn told_after(&mut self, time: Duration) -> Vec<u8> {
        self.world.run(time);
        self.told()
    }

    fn watch(&mut self, slot: u64, pixels: u32) -> SlotId {
        let slot = self.world.add_slot(self.viewer, slot, MediaKind::Video);
        self.world.wish(slot, pixels);
        self.world.bind(slot, self.source, MediaKind::Video);
        slot
    }
}

#[test]
fn of_a_source_that_nobody_watches_nothing_is_wanted_after_a_while() {
    let mut show = Show::new();
    assert_eq!(show.told_after(SECOND * 19 / 10), [0; 0]);
    assert_eq!(show.told_after(SECOND), [0]);
    assert_eq!(show.told_after(SECOND * 10), [0; 0], "once");
}

#[test]
fn it_rises_at_once_and_falls_after_two_seconds() {
    let mut show = Show::new();
    show.told_after(SECOND * 3);
    let slot = show.watch(20, 1);
    assert_eq!(show.told(), [0b001]);
    show.world.wish(slot, u32::MAX);
    assert_eq!(show.told(), [0b111], "and those below, to which he may have to go down");
    show.world.wish(slot, 640 * 360);
    assert_eq!(show.told(), [0; 0]);
    assert_eq!(show.told_after(SECOND * 19 / 10), [0; 0]);
    assert_eq!(show.told_after(SECOND), [0b011]);
}

#[test]
fn the_wishes_of_all_count_together() {
    let mut show = Show::new();
    let slots = [show.watch(20, 1), show.watch(21, 640 * 360), show.watch(22, u32::MAX)];
    assert_eq!(show.told_after(SECOND * 5), [0; 0], "all three, as at first");
    show.world.command(Command::RemoveSlot { slot: slots[1] });
    show.world.command(Command::Bind {
        slot: slots[2],
        to: None,
    });
    assert_eq!(show.told_after(SECOND * 3), [0b001]);
    show.world.command(Command::Close {
        connection: show.viewer,
    });
    assert_eq!(show.told_after(SECOND * 3), [0]);
}

#[test]
fn who_is_paused_or_shows_nothing_counts_as_nobody() {
    let mut show = Show::new();
    let slot = show.watch(20, u32::MAX);
    show.told_after(SECOND * 3);
    for paused in [true, false] {
        show.world.command(Command::PauseSlot { slot, paused });
        assert_eq!(show.told_after(SECOND * 3), [if paused { 0 } else { 0b111 }]);
    }
    for pixels in [0, u32::MAX] {
        show.world.wish(slot, pixels);
        assert_eq!(show.told_after(SECOND * 3), [if pixels == 0 { 0 } else { 0b111 }]);
    }
    show.world.command(Command::PauseSlot { slot, paused: true });
    show.world.run(SECOND);
    show.world.command(Command::PauseSlot { slot, paused: false });
    assert_eq!(show.told_after(SECOND * 3), [0; 0], "not for so short a time");
}

#[test]
fn a_rebound_slot_does_not_flicker() {
    let mut show = Show::new();
    let slot = show.watch(20, u32::MAX);
    show.told_after(SECOND * 3);
    show.world.command(Command::Bind { slot, to: None });
    show.world.bind(slot, show.source, MediaKind::Video);
    assert_eq!(show.told_after(SECOND * 3), [0; 0]);
}

#[test]
fn sound_is_always_wanted() {
    let mut show = Show::new();
    let speaker = show.world.connect(3);
    show.source = show.world.publish_audio(speaker, 30);
    assert_eq!(show.told_after(SECOND * 5), [0; 0]);
}
