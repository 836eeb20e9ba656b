//! Tracks that come and go for as long as a call lasts.

use tertulia_fuzz::call::EXTENSIONS;
use tertulia_fuzz::packet::{RTX, Rtp, VP8, vp8};
use tertulia_sfu::command::{Command, EncodingSpec, SourceSpec};
use tertulia_sfu::types::{Codec, MediaKind, SlotId, SourceId};

use crate::memory::held;
use crate::world::{ANA, BEN, EVE, World, slot_ssrc, video_of};

const CYCLES: u64 = 200;

/// One track of Eve's, which Ben gets in a section of its own; each time with other SSRCs, as browsers make them.
fn come_and_go(world: &mut World, cycle: u64) {
    let (source, slot, ssrc) = (SourceId(1_000 + cycle), 1_000 + cycle, 0x1000_0000 + 2 * cycle as u32);
    world.command(Command::AddSource {
        connection: world.people[EVE].id,
        source,
        spec: SourceSpec {
            kind: MediaKind::Video,
            codec: Codec::Vp8,
            mid: format!("again{}", cycle % 2),
            clock_rate: 90_000,
            payload_type: VP8,
            rtx_payload_type: Some(RTX),
            red_payload_type: None,
            encodings: vec![EncodingSpec {
                rid: None,
                ssrc: Some(ssrc),
                rtx_ssrc: Some(ssrc + 1),
            }],
            nack: true,
            extensions: EXTENSIONS,
        },
    });
    world.watch_source(BEN, slot, source, MediaKind::Video);
    for first in [true, false] {
        let mut rtp = Rtp::new(ssrc, VP8, vp8(true, first, 600));
        rtp.marker = !first;
        world.send(EVE, &rtp);
    }
    world.pass_tick();
    assert_eq!(world.people[BEN].got_on(slot_ssrc(slot)).len(), 2, "of cycle {cycle}");
    world.people[BEN].got.clear();
    world.events.clear();
    world.command(Command::RemoveSource { source });
    world.command(Command::RemoveSlot { slot: SlotId(slot) });
}

#[test]
fn two_hundred_tracks_that_came_and_went_leave_nothing_behind() {
    let mut world = World::new();
    let mut halfway = 0;
    for cycle in 0..CYCLES {
        come_and_go(&mut world, cycle);
        if cycle == CYCLES / 2 {
            halfway = held();
        }
    }
    let grown = held() - halfway;
    assert!(grown < 64 * 1024, "{grown} bytes more after a hundred cycles");
    let stats = world.sfu.connection_stats(world.people[EVE].id).expect("still here");
    assert_eq!(stats.sources.len(), 2);
    let stats = world.sfu.connection_stats(world.people[BEN].id).expect("still here");
    assert_eq!(stats.slots.len(), 2);
    assert_eq!(world.sfu.counters().commands_ignored, 0);
    // And what was there before goes on.
    world.send(EVE, &Rtp::new(video_of(EVE), VP8, vp8(true, true, 600)));
    world.pass_tick();
    assert_eq!(world.sfu.counters().dropped_unknown_ssrc, 0);
}

#[test]
fn a_subscription_weighs_less_than_sixty_kilobytes() {
    const SUBSCRIPTIONS: u64 = 100;
    let weigh = |paused: bool| {
        let mut world = World::new();
        let before = held();
        for slot in 100..100 + SUBSCRIPTIONS {
            world.watch(BEN, slot, ANA, MediaKind::Video);
            let slot = SlotId(slot);
            world.command(Command::PauseSlot { slot, paused });
        }
        let added = held() - before;
        world.send(ANA, &Rtp::new(video_of(ANA), VP8, vp8(true, true, 600)));
        world.pass_tick();
        world.people.clear();
        (added, held() - before)
    };
    let (idle, _) = weigh(true);
    assert!(
        idle / SUBSCRIPTIONS as isize <= 2 * 1024,
        "{idle} bytes while nobody looks"
    );
    let (_, busy) = weigh(false);
    assert!(
        busy / SUBSCRIPTIONS as isize <= 60 * 1024,
        "{busy} bytes with a picture under way"
    );
}

#[test]
fn a_browser_that_sends_again_on_a_stream_need_not_name_it_again() {
    const RIDS: [&str; 2] = ["h", "f"];
    let mut world = World::new();
    let send = |world: &mut World, ssrc: u32, payload_type: u8, element: u8, rid: Option<&str>| {
        let mut rtp = Rtp::new(ssrc, payload_type, vp8(true, true, 300));
        // MID 1, RID 6 and that of repairs 7, of one byte each.
        let names = |rid: &str| vec![0x10, b's', element << 4, rid.as_bytes()[0]];
        rtp.extension = rid.map(|rid| (0xBEDE, names(rid)));
        world.send(EVE, &rtp);
    };
    for (turn, source) in [SourceId(700), SourceId(701)].into_iter().enumerate() {
        world.command(Command::AddSource {
            connection: world.people[EVE].id,
            source,
            spec: SourceSpec {
                kind: MediaKind::Video,
                codec: Codec::Vp8,
                mid: "s".into(),
                clock_rate: 90_000,
                payload_type: VP8,
                rtx_payload_type: Some(RTX),
                red_payload_type: None,
                encodings: RIDS
                    .map(|rid| EncodingSpec {
                        rid: Some(rid.into()),
                        ..EncodingSpec::default()
                    })
                    .into(),
                nack: true,
                extensions: EXTENSIONS,
            },
        });
        for (rank, rid) in RIDS.into_iter().enumerate() {
            let (ssrc, named) = (7_000 + rank as u32, (turn == 0).then_some(rid));
            send(&mut world, ssrc, VP8, 6, named);
            send(&mut world, ssrc + 10, RTX, 7, named);
        }
        world.pass_tick();
        let stats = world.sfu.connection_stats(world.people[EVE].id).expect("still here");
        let packets: Vec<u64> = { stats.sources.iter() }
            .find(|stats| stats.source == source)
            .map(|stats| stats.encodings.iter().map(|encoding| encoding.packets).collect())
            .expect("added");
        assert_eq!(packets, [1, 1], "turn {turn}");
        assert_eq!(world.sfu.counters().rtx_in, 2 * (turn as u64 + 1));
        world.command(Command::RemoveSource { source });
    }
    assert_eq!(world.sfu.counters().dropped_unknown_ssrc, 0);
    send(&mut world, 7_000, VP8, 6, None);
    assert_eq!(
        world.sfu.counters().dropped_unknown_ssrc,
        1,
        "but not while there is no such track"
    );
}
