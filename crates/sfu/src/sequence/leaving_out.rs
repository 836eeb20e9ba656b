//! What the receiver sees where layers are left out.
#![allow(clippy::disallowed_methods)]

use super::*;
use crate::rtp::Layering;
use crate::types::Codec;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// Temporal layers of VP8's pictures with three of them, over and over. All but the last of four are points of synchronisation.
const PATTERN: [u8; 4] = [0, 2, 1, 2];

/// A VP8 packet of the picture with this number, in a stream that has three temporal layers.
fn packet(picture: u64, first: bool, marker: bool) -> Packet {
    let temporal = PATTERN[picture as usize % 4];
    let syncs = picture % 4 != 3;
    let [high, low] = (picture as u16 & 0x7fff).to_be_bytes();
    let begins = if first { 0x90 } else { 0x80 };
    let layers = temporal << 6 | u8::from(syncs && temporal > 0) << 5;
    let payload = [begins, 0xe0, 0x80 | high, low, (picture / 4) as u8, layers, 1];
    Packet {
        timestamp: 3000 * picture as u32,
        marker,
        key_frame: first && picture == 0,
        layering: Layering::read(Codec::Vp8, &payload, marker),
        ..Packet::empty(Instant::now())
    }
}

/// The stream as a source: of each packet its picture, whether it is the first of it, and whether the last. Pictures have one to three.
fn source(pictures: u64) -> Vec<(u64, bool, bool)> {
    let packets_of = |picture: u64| 1 + (picture * 7 / 3) % 3;
    { 0..pictures }
        .flat_map(|picture| {
            let last = packets_of(picture) - 1;
            (0..=last).map(move |at| (picture, at == 0, at == last))
        })
        .collect()
}

fn stream(temporal: u8) -> Stream {
    Stream {
        epoch: Epoch(1),
        kind: MediaKind::Video,
        clock_rate: 90_000,
        offset: None,
        top: Layers {
            spatial: Layers::EVERY,
            temporal,
        },
        counts_pictures: true,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Got {
    index: u64,
    source: u64,
    picture: u64,
    picture_id: u16,
    form: Form,
}

/// Sends these packets of a source, by their numbers, to a receiver of so many layers at each; the source's first has number 100.
fn send(space: &mut SequenceSpace, source: &[(u64, bool, bool)], order: &[(u64, u8)]) -> Vec<Got> {
    let now = Instant::now();
    let place = |&(at, temporal): &(u64, u8)| {
        let (picture, first, marker) = source[at as usize];
        let packet = packet(picture, first, marker);
        let place = space.place(100 + at, &packet, &stream(temporal), now)?;
        let id = packet.layering.numbers.picture_id().expect("VP8 has them");
        Some(Got {
            index: place.index,
            source: at,
            picture,
            picture_id: id.wrapping_sub(place.shifts.picture_id) & 0x7fff,
            form: place.form,
        })
    };
    order.iter().filter_map(place).collect()
}

fn in_order(source: &[(u64, bool, bool)], temporal: u8) -> Vec<(u64, u8)> {
    (0..source.len() as u64).map(|at| (at, temporal)).collect()
}

#[test]
fn what_is_left_out_leaves_no_gap_in_any_number() {
    let source = source(400);
    for temporal in 0..3 {
        let mut space = SequenceSpace::default();
        let got = send(&mut space, &source, &in_order(&source, temporal));
        assert!(
            got.iter()
                .zip(1000..)
                .all(|(got, index)| got.index == index && got.form == Form::Whole)
        );
        assert!(got.iter().all(|got| PATTERN[got.picture as usize % 4] <= temporal));
        let mut ids: Vec<u16> = got.iter().map(|got| got.picture_id).collect();
        ids.dedup();
        assert!(
            ids.iter().zip(0..).all(|(&id, expected)| id == expected),
            "{temporal}: {ids:?}"
        );
        assert_eq!(ids.len(), [100, 200, 400][usize::from(temporal)]);
    }
}

#[test]
fn fewer_layers_begin_with_the_next_picture_and_more_where_a_layer_may_be_joined() {
    let source = source(40);
    // From the middle of the fifth group's last picture on the base alone, and from that of the sixth's everything.
    let turn = |group: u64| {
        source
            .iter()
            .position(|&(picture, first, _)| picture == 4 * group + 3 && !first)
            .unwrap()
    };
    let (down, up) = (turn(4) as u64, turn(5) as u64);
    let order: Vec<_> = (0..source.len() as u64)
        .map(|at| (at, if (down..up).contains(&at) { 0 } else { Layers::EVERY }))
        .collect();
    let mut pictures: Vec<u64> = send(&mut SequenceSpace::default(), &source, &order)
        .iter()
        .map(|got| got.picture)
        .collect();
    pictures.dedup();
    // 24 is of the base, 25 needs layer 1 to be there, 26 is of it, and with 29 layer 2 is joined. 27 is no point to join.
    let expected: Vec<u64> = (0..=20).chain([24, 26, 28]).chain(29..40).collect();
    assert_eq!(pictures, expected);
}

#[test]
fn a_packet_that_was_left_out_has_no_number_and_what_was_lost_keeps_its_own() {
    let source = source(12);
    let lost = |at: u64| source[at as usize].0 == 4;
    let (came, late): (Vec<_>, Vec<_>) = in_order(&source, 1).into_iter().partition(|&(at, _)| !lost(at));
    let mut space = SequenceSpace::default();
    let mut got = send(&mut space, &source, &came);
    let numbers: Vec<u64> = got.iter().map(|got| got.index).collect();
    assert!(
        numbers
            .windows(2)
            .any(|pair| pair[1] - pair[0] == 1 + late.len() as u64),
        "{numbers:?}"
    );
    got.extend(send(&mut space, &source, &late));
    got.sort_unstable_by_key(|got| got.index);
    assert!(
        got.iter()
            .zip(1000..)
            .all(|(got, index)| got.index == index && got.form == Form::Whole)
    );
}

#[test]
fn what_was_lost_of_a_picture_that_is_left_out_is_not_missed() {
    // The middle one of a picture of three, of layer 2.
    let source = source(12);
    let middle = (1..source.len()).find(|&at| {
        let (picture, first, last) = source[at];
        PATTERN[picture as usize % 4] == 2 && !first && !last
    });
    let middle = middle.expect("a picture of three packets") as u64;
    let order: Vec<_> = in_order(&source, 1)
        .into_iter()
        .filter(|&(at, _)| at != middle)
        .collect();
    let mut space = SequenceSpace::default();
    let got = send(&mut space, &source, &order);
    assert!(got.iter().zip(1000..).all(|(got, index)| got.index == index));
    assert_eq!(
        send(&mut space, &source, &[(middle, 1)]),
        [],
        "and it has no number when it comes late"
    );
}

#[test]
fn of_a_picture_that_is_left_out_what_comes_late_is_sent_empty() {
    // The first of a picture of layer 2, and then the last: neither is known to be of it before it comes.
    let source = source(24);
    let of_layer_2 = |at: &usize| PATTERN[source[*at].0 as usize % 4] == 2;
    let first = (8..source.len())
        .filter(of_layer_2)
        .find(|&at| source[at].1 && !source[at].2)
        .unwrap() as u64;
    let last = (first as usize + 3..source.len())
        .filter(of_layer_2)
        .find(|&at| source[at].2 && !source[at].1)
        .unwrap() as u64;
    let order: Vec<_> = in_order(&source, 1)
        .into_iter()
        .filter(|&(at, _)| at != first && at != last)
        .collect();
    let mut space = SequenceSpace::default();
    let mut got = send(&mut space, &source, &order);
    let late = send(&mut space, &source, &[(last, 1), (first, 1)]);
    assert!(late.iter().all(|got| got.form == Form::Empty), "{late:?}");
    got.extend(&late);
    got.sort_unstable_by_key(|got| got.index);
    assert!(
        got.iter().zip(1000..).all(|(got, index)| got.index == index),
        "nothing is missing any more"
    );
    let sent = space.sent(late[0].index as u16).unwrap();
    assert_eq!((sent.source_index, sent.index), (100 + last, late[0].index));
    let (picture, begins, marker) = source[last as usize];
    let again = sent.top.form(&packet(picture, begins, marker).layering);
    assert_eq!(again, Form::Empty, "sent again it is the same");
}

#[test]
fn the_memory_of_what_was_left_out_is_bounded() {
    let source = source(4000);
    let mut space = SequenceSpace::default();
    let got = send(&mut space, &source, &in_order(&source, 1));
    let known = got.iter().filter(|got| {
        space
            .sent(got.index as u16)
            .is_some_and(|sent| sent.source_index == 100 + got.source)
    });
    // Between two pictures that are left out there is one that is sent.
    assert!((120..=130).contains(&known.filter(|got| source[got.source as usize].1).count()));
}

#[test]
fn numbers_do_not_run_away_while_nothing_is_sent() {
    let (mut space, now) = (SequenceSpace::default(), Instant::now());
    let mut send = |index, picture| space.place(index, &packet(picture, true, true), &stream(0), now);
    assert_eq!(send(100, 0).map(|place| place.index), Some(1000));
    // Each jump of a publisher is one that a receiver would follow, if he got anything.
    let pictures = (1..400).filter(|picture| picture % 4 != 0);
    let left_out: Vec<_> = pictures.map(|picture| send(100 + 20_000 * picture, picture)).collect();
    assert!(left_out.iter().all(Option::is_none));
    let next = send(101 + 20_000 * 399, 400).unwrap().index;
    assert!((1001..1001 + MISSING_MAX).contains(&next), "{next}");
}

/// Two spatial layers in each picture, of one and two packets.
#[test]
fn of_a_picture_without_its_upper_layer_the_lower_one_ends_it() {
    let mut space = SequenceSpace::default();
    let lower = Stream {
        top: Layers {
            spatial: 0,
            temporal: Layers::EVERY,
        },
        counts_pictures: false,
        ..stream(0)
    };
    let mut got = vec![];
    for picture in 0..50u64 {
        for (at, spatial, ends_frame) in [(0, 0, true), (1, 1, false), (2, 1, true)] {
            let packet = Packet {
                timestamp: 3000 * picture as u32,
                key_frame: picture == 0 && at == 0,
                layering: Layering {
                    spatial,
                    begins_frame: at < 2,
                    ends_frame,
                    ..Layering::default()
                },
                ..Packet::empty(Instant::now())
            };
            let place = space.place(3 * picture + at, &packet, &lower, Instant::now());
            got.extend(place.map(|place| (place.index, place.form, place.shifts)));
        }
    }
    let expected: Vec<_> = (1000..1050)
        .map(|index| (index, Form::Last, Shifts::default()))
        .collect();
    assert_eq!(got, expected);
}

proptest! {
    /// Packets come in any order within a distance, some never, and what the receiver shall get changes.
    #[test]
    fn each_number_means_one_packet_and_what_is_sent_is_what_may_be(
        delays in prop::collection::vec(0u64..12, 240), lost in prop::collection::vec(prop::bool::weighted(0.1), 240),
        tops in prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, Layers::EVERY]), 8),
    ) {
        let source = source(120);
        let count = source.len().min(delays.len());
        let mut order: Vec<_> = (1..count).filter(|&at| !lost[at]).map(|at| (at as u64 + delays[at], at as u64)).collect();
        order.sort_unstable();
        // The key frame comes first: before it nothing is taken.
        let order: Vec<(u64, u8)> = std::iter::once(0)
            .chain(order.into_iter().map(|(_, at)| at))
            .enumerate()
            .map(|(step, at)| (at, tops[step * tops.len() / count]))
            .collect();
        let mut space = SequenceSpace::default();
        let got = send(&mut space, &source, &order);
        let by_index: HashMap<u64, Got> = got.iter().map(|got| (got.index, *got)).collect();
        prop_assert_eq!(by_index.len(), got.len(), "a number was given away twice");

        // Numbers are in the order of the source, and pictures keep theirs whole.
        let mut sorted = got.clone();
        sorted.sort_unstable_by_key(|got| got.index);
        prop_assert!(sorted.windows(2).all(|pair| pair[0].source < pair[1].source));
        let whole = sorted.iter().filter(|got| got.form == Form::Whole);
        let mut ids: HashMap<u64, HashSet<u16>> = HashMap::new();
        whole.clone().for_each(|got| { ids.entry(got.picture).or_default().insert(got.picture_id); });
        prop_assert!(ids.values().all(|of_one| of_one.len() == 1), "{:?}", ids);
        let pairs: Vec<_> = whole.collect();
        prop_assert!(pairs.windows(2).all(|pair| {
            (pair[0].picture == pair[1].picture) == (pair[0].picture_id == pair[1].picture_id)
        }), "{:?}", pairs);

        // What is looked up is what was sent.
        for got in &got {
            let sent = space.sent(got.index as u16).unwrap();
            let (picture, first, marker) = source[got.source as usize];
            prop_assert_eq!((sent.source_index, sent.index), (100 + got.source, got.index));
            prop_assert_eq!(sent.top.form(&packet(picture, first, marker).layering), got.form);
        }

        // Nothing is missing but what was lost: the numbers in between belong to packets that never came.
        let came: HashSet<u64> = order.iter().map(|&(at, _)| at).collect();
        for index in 1000..=sorted.last().unwrap().index {
            if !by_index.contains_key(&index) {
                let sent = space.sent(index as u16).unwrap();
                prop_assert!(!came.contains(&(sent.source_index - 100)), "{} came and was not sent", sent.source_index);
            }
        }
    }
}
