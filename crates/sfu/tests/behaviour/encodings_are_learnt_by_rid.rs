//! Whose packets are whose: by MID and RID, where no SSRC was told. And what is refused.

use crate::common::{ALL, RIDS, World, assert_one_stream, encodings_of, last_encoding, named, simulcast_spec};
use std::time::Duration;
use str0m::media::MediaKind as Kind;
use str0m::rtp::RtpWrite;
use tertulia_sfu::command::{Command, EncodingSpec};
use tertulia_sfu::types::{ConnectionId, SourceId};

fn declare(world: &mut World, connection: ConnectionId, mid: &str, ssrc: u32, rid: Option<&str>) {
    let mut api = world.client(connection).rtc.direct_api();
    let rtx = Some((ssrc + 100_000).into());
    api.declare_stream_tx(ssrc.into(), rtx, mid.into(), rid.map(Into::into));
}

/// One key frame, the same in every respect but who sends it.
fn send(world: &mut World, connection: ConnectionId, ssrc: u32, number: u64) {
    let payload = vec![
        0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00, 0, 0, 0, 0, 0,
    ];
    let timestamp = number as u32 * 3000;
    let packet = RtpWrite::new(crate::common::VP8.into(), number.into(), timestamp, world.now, payload);
    world.write_on(connection, ssrc, packet.marker(true));
    world.run(Duration::from_millis(20));
}

fn packets(world: &World, connection: ConnectionId) -> Vec<u64> {
    let stats = world.stats(connection).expect("it is there");
    let encodings = stats.sources.iter().flat_map(|source| &source.encodings);
    encodings.map(|encoding| encoding.packets).collect()
}

#[test]
fn three_encodings_that_nobody_announced_find_their_places() {
    let mut world = World::new();
    let alice = world.connect(1);
    let mut camera = world.publish_simulcast(alice, 10);
    camera.film(&mut world, ALL, 10);
    assert_eq!(packets(&world, alice), [10, 20, 30]);
    let stats = world.stats(alice).unwrap();
    let pictures: Vec<_> = stats.sources[0]
        .encodings
        .iter()
        .map(|encoding| encoding.picture)
        .collect();
    assert_eq!(pictures, crate::common::SIZES.map(Some));
    assert_eq!(world.counters().dropped_unknown_ssrc, 0);
}

#[test]
fn their_repairs_find_them_too() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let mut camera = world.publish_simulcast(alice, 10);
    let slot = world.watch(bob, 20, camera.source);
    camera.film(&mut world, ALL, 3);
    let mut count = 0;
    world.lose_upstream = Box::new(move |client, datagram| {
        count += u32::from(client == alice && crate::common::is_media(datagram));
        client == alice && crate::common::is_media(datagram) && count % 9 == 5
    });
    camera.film(&mut world, ALL, 60);
    world.lose_upstream = Box::new(|_, _| false);
    camera.film(&mut world, ALL, 10);
    assert_eq!(last_encoding(&mut world, bob, slot), Some(2));
    let mut seen = world.seen(bob, slot);
    seen.sort_by_key(|packet| packet.number);
    assert_one_stream(&seen);
    assert!(world.counters().rtx_in >= 15 && world.counters().nack_out >= 15);
    assert_eq!(world.counters().dropped_unknown_ssrc, 0);
}

#[test]
fn who_names_an_unknown_encoding_is_nobody() {
    let mut world = World::new();
    let alice = world.connect(1);
    let camera = world.publish_simulcast(alice, 10);
    let mid = format!("v{}", camera.source);
    for (i, rid) in ["x", "qq", "qqqqqqqq", "Q"].into_iter().enumerate() {
        let ssrc = 900 + i as u32;
        declare(&mut world, alice, &mid, ssrc, Some(rid));
        send(&mut world, alice, ssrc, 100);
        assert_eq!(world.counters().dropped_unknown_ssrc, i as u64 + 1, "{rid:?}");
    }
    assert_eq!(packets(&world, alice), [0, 0, 0]);
}

#[test]
fn who_names_none_is_nobody_where_there_are_several() {
    let mut world = World::new();
    let alice = world.connect(1);
    let source = SourceId(10);
    let mut spec = simulcast_spec(source, named(&RIDS));
    // No such extension was negotiated, so there are no names.
    spec.extensions.rid = 0;
    let mid = spec.mid.clone();
    world.command(Command::AddSource {
        connection: alice,
        source,
        spec,
    });
    let mut api = world.client(alice).rtc.direct_api();
    api.declare_media(mid.as_str().into(), Kind::Video);
    declare(&mut world, alice, &mid, 900, Some(RIDS[0]));
    send(&mut world, alice, 900, 100);
    assert_eq!(world.counters().dropped_unknown_ssrc, 1);
    assert_eq!(packets(&world, alice), [0, 0, 0]);
}

#[test]
fn an_ssrc_that_claims_two_encodings_stays_what_it_was() {
    let mut world = World::new();
    let alice = world.connect(1);
    let camera = world.publish_simulcast(alice, 10);
    let mid = format!("v{}", camera.source);
    let ssrc = camera.ssrcs[0];
    send(&mut world, alice, ssrc, 100);
    // `str0m` sends one stream by a name.
    for known in [ssrc, camera.ssrcs[2]] {
        world.client(alice).rtc.direct_api().remove_stream_tx(known.into());
    }
    declare(&mut world, alice, &mid, ssrc, Some(RIDS[2]));
    send(&mut world, alice, ssrc, 101);
    assert_eq!(packets(&world, alice), [2, 0, 0]);
}

#[test]
fn an_encoding_that_takes_another_ssrc_goes_on() {
    let mut world = World::new();
    let (alice, bob) = (world.connect(1), world.connect(2));
    let mut camera = world.publish_simulcast(alice, 10);
    let slot = world.watch(bob, 20, camera.source);
    camera.film(&mut world, ALL, 10);
    let mid = format!("v{}", camera.source);
    let before = camera.ssrcs[2];
    camera.ssrcs[2] = 777_000;
    world.client(alice).rtc.direct_api().remove_stream_tx(before.into());
    declare(&mut world, alice, &mid, camera.ssrcs[2], Some(RIDS[2]));
    camera.skip(2, 20_000);
    camera.film(&mut world, ALL, 30);
    let seen = world.seen(bob, slot);
    assert_eq!(encodings_of(&seen).last(), Some(&2));
    assert_one_stream(&seen);

    world
        .client(alice)
        .rtc
        .direct_api()
        .remove_stream_tx(camera.ssrcs[2].into());
    declare(&mut world, alice, &mid, before, Some(RIDS[2]));
    let dropped = world.counters().dropped_unknown_ssrc;
    send(&mut world, alice, before, 60_000);
    assert_eq!(
        world.counters().dropped_unknown_ssrc,
        dropped + 1,
        "the old one never comes back"
    );
}

#[test]
fn an_only_encoding_is_found_with_its_name_and_without() {
    let mut world = World::new();
    let alice = world.connect(1);
    for (source, rid, claimed, arrives) in [
        (20, Some("q"), Some("q"), 1),
        (21, Some("q"), None, 1),
        (22, None, Some("q"), 1),
        (23, Some("q"), Some("h"), 0),
    ] {
        let source = SourceId(source);
        let encoding = EncodingSpec {
            rid: rid.map(str::to_owned),
            ..EncodingSpec::default()
        };
        let spec = simulcast_spec(source, vec![encoding]);
        let mid = spec.mid.clone();
        world.command(Command::AddSource {
            connection: alice,
            source,
            spec,
        });
        let mut api = world.client(alice).rtc.direct_api();
        api.declare_media(mid.as_str().into(), Kind::Video);
        let ssrc = 5000 + source.0 as u32;
        declare(&mut world, alice, &mid, ssrc, claimed);
        send(&mut world, alice, ssrc, 100);
        assert_eq!(packets(&world, alice).last(), Some(&arrives), "{rid:?} {claimed:?}");
    }
}

#[test]
fn a_source_with_too_many_encodings_none_or_twins_is_not_taken() {
    let mut world = World::new();
    let alice = world.connect(1);
    let twins = |ssrc, rtx_ssrc| EncodingSpec {
        rid: None,
        ssrc: Some(ssrc),
        rtx_ssrc,
    };
    let refused = [
        vec![],
        named(&["a", "b", "c", "d"]),
        named(&["a", "a"]),
        vec![twins(1, None), twins(1, None)],
        vec![twins(1, Some(1))],
        vec![twins(1, Some(2)), twins(2, None)],
    ];
    let count = refused.len() as u64;
    for (i, encodings) in refused.into_iter().enumerate() {
        let source = SourceId(i as u64);
        world.command(Command::AddSource {
            connection: alice,
            source,
            spec: simulcast_spec(source, encodings),
        });
    }
    assert_eq!(world.counters().commands_ignored, count);
    assert!(world.stats(alice).unwrap().sources.is_empty());
}
