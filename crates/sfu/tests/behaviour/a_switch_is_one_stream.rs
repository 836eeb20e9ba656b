//! A viewer who is switched to another encoding sees one stream: it begins with a key frame, numbers and times go on,
//! and what was lost around it comes again.

use crate::common::{ALL, Camera, FRAME, Seen, VP8, World, assert_one_stream, encodings_of, is_media, last_encoding};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tertulia_sfu::command::{Binding, Command};
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId};

struct Show {
    world: World,
    camera: Camera,
    viewer: ConnectionId,
    slot: SlotId,
}

impl Show {
    /// With a viewer who has the lowest, long enough that the publisher may be asked for any key frame again.
    fn new() -> Show {
        let mut world = World::new();
        let (alice, viewer) = (world.connect(1), world.connect(2));
        let mut camera = world.publish_simulcast(alice, 10);
        let slot = world.watch(viewer, 20, camera.source);
        world.wish(slot, 1);
        camera.film(&mut world, ALL, 8);
        Show {
            world,
            camera,
            viewer,
            slot,
        }
    }

    fn film(&mut self, pictures: usize) {
        self.camera.film(&mut self.world, ALL, pictures);
    }

    fn seen(&mut self) -> Vec<Seen> {
        self.world.seen(self.viewer, self.slot)
    }
}

#[test]
fn the_old_encoding_goes_on_until_the_key_frame_of_the_new_one() {
    let mut show = Show::new();
    show.world.wish(show.slot, u32::MAX);
    show.world.run(Duration::from_millis(20));
    assert_eq!(
        show.world.client(show.camera.connection).rids_asked,
        ["f"],
        "the publisher of it is asked"
    );
    for _ in 0..20 {
        show.camera.take(&mut show.world, ALL, &[]);
        show.world.run(FRAME);
    }
    assert_eq!(encodings_of(&show.seen()), [0]);
    show.camera.take(&mut show.world, ALL, &[0, 1]);
    show.world.run(FRAME);
    assert_eq!(encodings_of(&show.seen()), [0], "key frames of others do not count");
    show.camera.take(&mut show.world, ALL, &[2]);
    show.world.run(FRAME);
    let seen = show.seen();
    assert_eq!(encodings_of(&seen), [0, 2]);
    assert_one_stream(&seen);
}

#[test]
fn many_viewers_that_go_up_ask_once() {
    let mut show = Show::new();
    let slots: Vec<SlotId> = (3..9)
        .map(|id| {
            let viewer = show.world.connect(id);
            let slot = show.world.watch(viewer, 20 + id, show.camera.source);
            show.world.wish(slot, 1);
            slot
        })
        .collect();
    show.film(10);
    show.world.client(show.camera.connection).rids_asked.clear();
    slots.iter().for_each(|&slot| show.world.wish(slot, u32::MAX));
    show.world.run(Duration::from_millis(100));
    assert_eq!(show.world.client(show.camera.connection).rids_asked, ["f"]);
}

#[test]
fn a_change_of_mind_before_the_key_frame_changes_nothing() {
    let mut show = Show::new();
    show.world.wish(show.slot, u32::MAX);
    show.world.wish(show.slot, 1);
    show.camera.take(&mut show.world, ALL, &[2]);
    show.world.run(FRAME);
    show.film(5);
    let seen = show.seen();
    assert_eq!(encodings_of(&seen), [0]);
    assert_one_stream(&seen);
}

#[test]
fn a_picture_keeps_its_time() {
    let mut show = Show::new();
    // Until there are sender reports of all encodings.
    show.film(200);
    let steady = show.seen().len();
    for pixels in [u32::MAX, 1, 640 * 360, 1, u32::MAX, 1] {
        show.world.wish(show.slot, pixels);
        show.film(20);
    }
    let seen = show.seen();
    assert_eq!(encodings_of(&seen[steady..]).len(), 7);
    assert_one_stream(&seen);
    let offsets = seen.iter().map(|packet| packet.timestamp.wrapping_sub(packet.taken));
    let expected = seen[steady - 1].timestamp.wrapping_sub(seen[steady - 1].taken);
    let worst = offsets.map(|offset| (offset.wrapping_sub(expected) as i32).abs()).max();
    assert!(
        worst.is_some_and(|ticks| ticks <= 90),
        "within a millisecond: {worst:?} ticks"
    );
}

#[test]
fn without_reports_the_time_goes_on_as_the_packets_come() {
    let mut show = Show::new();
    // Reports are the only RTCP of a publisher that begins so.
    show.world.lose_upstream = Box::new(|_, datagram| (128..192).contains(&datagram[0]) && datagram[1] == 200);
    for pixels in [u32::MAX, 1, u32::MAX] {
        show.film(15);
        show.world.wish(show.slot, pixels);
    }
    show.film(15);
    let seen = show.seen();
    assert_one_stream(&seen);
    let pace: Vec<i32> = { seen.windows(2) }
        .map(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32)
        .collect();
    assert!(pace.iter().all(|&ticks| ticks <= 3500), "no picture is late: {pace:?}");
}

/// Loses a third of what goes to the viewer, for a while around each switch.
fn switch_with_losses(show: &mut Show) {
    let viewer = show.viewer;
    for pixels in [u32::MAX, 1, 640 * 360] {
        let mut count = 0;
        show.world.lose_downstream = Box::new(move |client, datagram| {
            count += u32::from(client == viewer && is_media(datagram));
            client == viewer && is_media(datagram) && count % 3 == 1
        });
        show.world.wish(show.slot, pixels);
        show.film(8);
        show.world.lose_downstream = Box::new(|_, _| false);
        show.film(12);
    }
}

#[test]
fn what_was_lost_around_a_switch_comes_again() {
    let mut show = Show::new();
    switch_with_losses(&mut show);
    let mut seen = show.seen();
    seen.sort_by_key(|packet| packet.number);
    assert_eq!(encodings_of(&seen), [0, 2, 0, 1]);
    assert_one_stream(&seen);
    assert!(show.world.counters().rtx_out >= 15, "{:?}", show.world.counters());
    assert_eq!(show.world.counters().resend_unknown, 0);
}

#[test]
fn without_rtx_the_very_same_bytes_come_again() {
    let mut show = Show::new();
    let (viewer, source) = (show.world.connect(3), show.camera.source);
    let slot = show.world.add_slot_with(viewer, 30, MediaKind::Video, false);
    show.world.wish(slot, 1);
    let to = Some(Binding {
        source,
        payload_type: VP8,
        rtx_payload_type: None,
        red_payload_type: None,
    });
    show.world.command(Command::Bind { slot, to });
    show.film(5);
    (show.viewer, show.slot) = (viewer, slot);
    let copies = Rc::new(RefCell::new(BTreeMap::<Vec<u8>, Vec<Vec<u8>>>::new()));
    for pixels in [u32::MAX, 1, 640 * 360] {
        let (log, mut count) = (copies.clone(), 0);
        show.world.lose_downstream = Box::new(move |client, datagram| {
            if client != viewer || !is_media(datagram) {
                return false;
            }
            count += 1;
            let mut log = log.borrow_mut();
            let same = log.entry(datagram[2..4].to_vec()).or_default();
            same.push(datagram.to_vec());
            same.len() == 1 && count % 3 == 1
        });
        show.world.wish(slot, pixels);
        show.film(20);
    }
    let mut seen = show.seen();
    seen.sort_by_key(|packet| packet.number);
    assert_one_stream(&seen);
    assert_eq!(last_encoding(&mut show.world, viewer, slot), Some(1));
    let copies = copies.borrow();
    assert!(copies.values().filter(|same| same.len() > 1).count() >= 20);
    assert!(
        copies
            .values()
            .all(|same| same.iter().all(|datagram| *datagram == same[0]))
    );
}

#[test]
fn what_precedes_the_key_frame_is_refused_though_it_comes_later() {
    let mut show = Show::new();
    show.world.wish(show.slot, u32::MAX);
    show.world.reversed = true;
    // The camera's picture before the key frame arrives after it.
    show.camera.write(&mut show.world, 2, false, 2);
    show.camera.write(&mut show.world, 2, true, 1);
    show.world.settle();
    show.world.reversed = false;
    show.world.run(FRAME);
    show.film(3);
    let seen = show.seen();
    assert_eq!(encodings_of(&seen), [0, 2]);
    assert_one_stream(&seen);
}
