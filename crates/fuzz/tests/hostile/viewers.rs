//! What somebody says of what he gets.

use tertulia_fuzz::packet::{feedback, full_intra_request, nack, picture_loss};

use crate::world::{ANA, EVE, EVE_SEES, World, disturbs_nobody, slot_ssrc};

const SECONDS: usize = 12;

/// What Eve got, as a multiple of the same without abuse.
fn excess(world: &World) -> usize {
    world.people[EVE].datagrams.saturating_sub(SECONDS * 100)
}

#[test]
fn a_storm_of_nacks_is_answered_within_her_share_and_nobody_hears_of_it() {
    let world = disturbs_nobody(|world, _| {
        let latest = world.people[EVE].got.last().map_or(1000, |got| got.number);
        for _ in 0..20 {
            world.send_rtcp(EVE, &nack(slot_ssrc(EVE_SEES), latest.wrapping_sub(100), 6));
        }
    });
    let counters = world.sfu.counters();
    assert!(counters.nack_in > 1_000_000, "{counters:?}");
    assert!(counters.rtx_out <= 300 * (SECONDS as u64 + 2), "{counters:?}");
    assert!(counters.resend_limited > 0, "{counters:?}");
    assert_eq!(world.people[ANA].packets_asked, 0);
    assert!(excess(&world) <= 300 * (SECONDS + 2) + 100, "{}", excess(&world));
}

#[test]
fn numbers_that_never_were_are_not_found_and_cost_no_answer() {
    let world = disturbs_nobody(|world, tick| {
        for i in 0..20 {
            let first = (tick * 7_919 + i * 3_001 + 20_000) as u16;
            world.send_rtcp(EVE, &nack(slot_ssrc(EVE_SEES), first, 15));
            world.send_rtcp(EVE, &nack(0x0bad_0bad, first, 250));
        }
    });
    assert!(excess(&world) <= 300 * (SECONDS + 2) + 100, "{}", excess(&world));
    assert_eq!(world.people[ANA].packets_asked, 0);
}

#[test]
fn a_storm_of_requests_for_key_frames_makes_few_of_them() {
    let mut world = World::new();
    world.run(|world, tick| {
        for i in 0..50 {
            world.send_rtcp(EVE, &picture_loss(slot_ssrc(EVE_SEES)));
            world.send_rtcp(EVE, &full_intra_request(slot_ssrc(EVE_SEES), (tick + i) as u8));
        }
    });
    let counters = world.sfu.counters();
    assert_eq!(counters.pli_in, 600 * 100);
    assert!(counters.pli_out <= 5 * SECONDS as u64 + 2, "{counters:?}");
    assert!(
        (SECONDS as u64..=5 * SECONDS as u64 + 2).contains(&counters.key_frames),
        "{counters:?}"
    );
}

#[test]
fn reports_and_estimates_that_lie_are_hers_to_suffer() {
    let slot = slot_ssrc(EVE_SEES).to_be_bytes();
    let world = disturbs_nobody(|world, tick| {
        let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 7];
        report.extend(slot);
        report.extend([0xff; 20]);
        let mut estimate = b"REMB".to_vec();
        estimate.extend([1, 0, 0, 1]);
        estimate.extend(slot);
        // A base, a count, a time and then chunks that say more than there is.
        let mut arrivals = (tick as u16).to_be_bytes().to_vec();
        arrivals.extend([0xff, 0xff, 0x7f, 0xff, 0xff, tick as u8]);
        arrivals.extend([0xff; 64]);
        for _ in 0..10 {
            world.send_rtcp(EVE, &report);
            world.send_rtcp(EVE, &feedback(15, 206, 0, &estimate));
            world.send_rtcp(EVE, &feedback(15, 205, 0, &arrivals));
        }
    });
    assert_eq!(world.sfu.counters().rtcp_in, 600 * 30);
}

#[test]
fn a_flood_of_rtcp_of_all_kinds_and_lengths() {
    let mut seed = 0x1234_5678_u32;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        seed
    };
    let world = disturbs_nobody(|world, _| {
        for _ in 0..60 {
            let words = random() as usize % 60 + 1;
            let mut compound = vec![0x80 | random() as u8 & 0x3f, 192 + random() as u8 % 32];
            compound.extend((words as u16).to_be_bytes());
            compound.resize(4 + 4 * words, 0);
            compound[8..].iter_mut().for_each(|byte| *byte = random() as u8);
            world.send_rtcp(EVE, &compound);
        }
    });
    assert_eq!(world.sfu.counters().rtcp_in, 600 * 60);
    assert!(excess(&world) <= 100, "{}", excess(&world));
}

#[test]
fn who_is_dead_to_the_world_is_sent_to_and_holds_nobody_up() {
    // Eve says nothing at all: no report, no feedback.
    let world = disturbs_nobody(|_, _| {});
    assert!(world.people[EVE].got.len() >= SECONDS * 100);
}
