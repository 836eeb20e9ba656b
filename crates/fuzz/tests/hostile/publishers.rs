//! What somebody sends as media.

use tertulia_fuzz::packet::{OPUS, RTX, Rtp, VP8, full_intra_request, picture_loss, vp8};
use tertulia_sfu::event::Event;
use tertulia_sfu::types::MediaKind;

use crate::world::{ANA, BEN, BEN_SEES, BEN_SEES_EVE, EVE, World, audio_of, disturbs_nobody, slot_ssrc, video_of};

/// A picture of Eve's.
fn picture(tick: usize, key: bool) -> Rtp {
    let mut rtp = Rtp::new(video_of(EVE), VP8, vp8(key, true, 500));
    rtp.timestamp = tick as u32 * 1800;
    rtp
}

#[test]
fn extensions_that_lie_about_their_length_and_meaning() {
    let elements: [(u16, &[u8]); 9] = [
        (0xBEDE, &[0x1f, b'x']),                   // MID of 16 bytes, of which one is there
        (0xBEDE, &[0xf3, 1, 2, 3, 4]),             // 15: reserved
        (0xBEDE, &[0, 0, 0, 0]),                   // nothing but padding
        (0xBEDE, &[0x10, b'?']),                   // MID of no section
        (0xBEDE, &[0x60, b'z', 0x70, b'y']),       // RIDs of no encoding
        (0xBEDE, &[0x2f; 40]),                     // a transport-wide number of 16 bytes
        (0x1000, &[2, 200, 1]),                    // two-byte form, longer than the packet
        (0x1000, &[1, 0, 2, 0, 3, 0, 3, 1, 0xff]), // empty elements, and a level
        (0x5555, &[1, 2, 3, 4, 5, 6, 7, 8]),       // of a profile that nobody knows
    ];
    let world = disturbs_nobody(|world, tick| {
        for (i, (profile, elements)) in elements.into_iter().enumerate() {
            let mut rtp = picture(tick, tick == 0);
            rtp.extension = Some((profile, elements.to_vec()));
            if i % 2 == 0 {
                (rtp.ssrc, rtp.payload_type) = (audio_of(EVE), OPUS);
            }
            world.send(EVE, &rtp);
        }
    });
    assert_eq!(world.sfu.counters().rtp_in, 600 * (3 + 9));
}

#[test]
fn an_extension_longer_than_the_packet_is_malformed() {
    let world = disturbs_nobody(|world, tick| {
        let datagram = world.people[EVE].seal(&picture(tick, true), 1);
        let mut cut = datagram[..16].to_vec();
        cut[0] |= 0x10;
        cut.extend([0xBE, 0xDE, 0xff, 0xff]);
        world.arrive(EVE, cut);
    });
    assert_eq!(world.sfu.counters().dropped_malformed, 600);
}

#[test]
fn unknown_payload_types_are_told_once_each_and_dropped() {
    let world = disturbs_nobody(|world, tick| {
        for payload_type in 0..=127 {
            // What looks like RTCP (RFC 5761 §4) is none of Eve's.
            if ![VP8, RTX, OPUS].contains(&payload_type) && !(64..96).contains(&payload_type) {
                let mut rtp = picture(tick, true);
                rtp.payload_type = payload_type;
                world.send(EVE, &rtp);
            }
        }
    });
    let told = { world.events.iter() }.filter(|event| matches!(event, Event::SourcePayload { .. }));
    assert_eq!(told.count(), 128 - 32 - 3);
    assert_eq!(world.sfu.counters().dropped_payload_type, 600 * (128 - 32 - 3));
}

#[test]
fn a_forged_ssrc_is_nobodys_but_the_senders() {
    let world = disturbs_nobody(|world, tick| {
        for (ssrc, payload_type) in [
            (video_of(ANA), VP8),
            (video_of(ANA) + 5_000, RTX),
            (audio_of(ANA), OPUS),
        ] {
            let mut rtp = picture(tick, true);
            (rtp.ssrc, rtp.payload_type) = (ssrc, payload_type);
            world.send_ahead(EVE, &rtp, 3);
        }
        // As if it were hers to end, to time and to ask for.
        let mut sender_report = vec![0x80, 200, 0, 6];
        sender_report.extend(video_of(ANA).to_be_bytes());
        sender_report.extend([0xff; 20]);
        world.send_rtcp(EVE, &sender_report);
        let mut goodbye = vec![0x81, 203, 0, 1];
        goodbye.extend(video_of(ANA).to_be_bytes());
        world.send_rtcp(EVE, &goodbye);
        world.send_rtcp(EVE, &picture_loss(slot_ssrc(BEN_SEES)));
        world.send_rtcp(EVE, &full_intra_request(video_of(ANA), tick as u8));
    });
    assert_eq!(
        world.sfu.counters().pli_in,
        0,
        "of slots that are not hers she may ask nothing"
    );
}

#[test]
fn a_thousand_ssrcs_take_a_bounded_table_and_no_more() {
    let world = disturbs_nobody(|world, tick| {
        for i in 0..20 {
            let mut rtp = picture(tick, true);
            rtp.ssrc = 0x4000_0000 + ((tick * 20 + i) % 1_000) as u32;
            world.send(EVE, &rtp);
        }
    });
    let counters = world.sfu.counters();
    assert_eq!(counters.rtp_in + counters.dropped_too_many_ssrcs, 600 * 3 + 600 * 20);
}

#[test]
fn sequence_jumps_reach_her_own_viewers_at_most() {
    let mut world = World::new();
    world.watch(BEN, BEN_SEES_EVE, EVE, MediaKind::Video);
    let mut calm = World::new();
    calm.watch(BEN, BEN_SEES_EVE, EVE, MediaKind::Video);
    calm.run(|_, _| {});
    world.run(|world, tick| {
        let steps = [1, 2, 200, 3_000, 30_000, 1, 17];
        for (i, step) in steps.into_iter().enumerate() {
            let mut rtp = picture(tick, i == 0);
            rtp.timestamp = rtp.timestamp.wrapping_mul(977_777);
            world.send_ahead(EVE, &rtp, step);
        }
    });
    assert_eq!(world.call(), calm.call());
    let asked = world.people[EVE].packets_asked;
    assert!(asked < 600 * 7 * 20, "what was skipped is not all asked for: {asked}");
}

#[test]
fn ten_times_the_bitrate_is_the_senders_own_matter() {
    let world = disturbs_nobody(|world, tick| {
        // 20 Mbit/s, which nobody watches.
        for i in 0..45 {
            let mut rtp = Rtp::new(video_of(EVE), VP8, vp8(tick % 50 == 0, i == 0, 1_150));
            (rtp.timestamp, rtp.marker) = (tick as u32 * 1800, i == 44);
            world.send(EVE, &rtp);
        }
    });
    let eve = world.sfu.connection_stats(world.people[EVE].id).expect("still here");
    assert!(eve.sources[0].encodings[0].bitrate > 15_000_000);
}

#[test]
fn padding_alone_and_empty_packets_leave_no_gap_and_no_trace() {
    let mut world = World::new();
    world.watch(BEN, BEN_SEES_EVE, EVE, MediaKind::Video);
    world.run(|world, tick| {
        let mut pads = picture(tick, false);
        (pads.payload, pads.padding) = (vec![], 255);
        let mut empty = picture(tick, false);
        empty.payload = vec![];
        let mut whole = picture(tick, tick == 0);
        whole.padding = 3;
        let mut nothing_again = Rtp::new(video_of(EVE) + 5_000, RTX, vec![0, 1]);
        nothing_again.padding = 200;
        for rtp in [&pads, &empty, &whole, &pads, &nothing_again] {
            world.send(EVE, rtp);
        }
        // Nothing at all, not even a header.
        world.arrive(EVE, vec![]);
        world.arrive(EVE, vec![0x80]);
    });
    let counters = world.sfu.counters();
    assert_eq!(counters.dropped_padding, 4 * 600);
    let got = world.people[BEN].got_on(slot_ssrc(BEN_SEES_EVE));
    assert_eq!(got.len(), 600);
    assert!(got.windows(2).all(|pair| pair[1].number == pair[0].number + 1));
}

#[test]
fn what_is_too_long_to_leave_again_is_malformed() {
    let world = disturbs_nobody(|world, tick| {
        let mut rtp = picture(tick, true);
        rtp.payload.resize(1_800, 0);
        world.send(EVE, &rtp);
    });
    assert_eq!(world.sfu.counters().dropped_malformed, 600);
}

#[test]
fn padding_that_counts_more_than_there_is_is_malformed() {
    let world = disturbs_nobody(|world, tick| {
        let mut rtp = picture(tick, true);
        rtp.payload = vec![1, 2, 200];
        let datagram = world.people[EVE].seal_padded(&rtp);
        world.arrive(EVE, datagram);
    });
    assert_eq!(world.sfu.counters().dropped_malformed, 600);
}

#[test]
fn who_makes_no_key_frames_is_asked_seldom_and_the_others_see_each_other() {
    let mut calm = World::new();
    calm.run(|_, _| {});
    let mut world = World::new();
    world.watch(BEN, BEN_SEES_EVE, EVE, MediaKind::Video);
    world.run(|world, tick| {
        world.send(EVE, &picture(tick, false));
        world.send_rtcp(BEN, &picture_loss(slot_ssrc(BEN_SEES_EVE)));
    });
    assert_eq!(world.call(), calm.call());
    assert_eq!(world.people[BEN].got_on(slot_ssrc(BEN_SEES_EVE)), []);
    let asked = world.people[EVE].key_frames_asked;
    assert!(
        (10..=22).contains(&asked),
        "600 requests of her viewer's, and {asked} to her"
    );
}
