//! Descriptors by the examples of the specification (§A.10).

use super::super::bits::pack;
use super::*;
use proptest::prelude::*;

/// A template: spatial and temporal layer, indications as in table A.1, differences of frames, and of chains.
type Row<'a> = (u8, u8, &'a str, &'a [u32], &'a [u32]);

/// §A.10.2.1, one chain.
const L1T3: [Row<'_>; 5] = [
    (0, 0, "SSS", &[], &[0]),
    (0, 0, "SSS", &[4], &[4]),
    (0, 1, "SD-", &[2], &[2]),
    (0, 2, "D--", &[1], &[1]),
    (0, 2, "D--", &[1], &[3]),
];
/// Two sizes that need each other in key frames only, with two temporal layers: as §A.10.2.3 has three, without the shift.
const L2T2_KEY: [Row<'_>; 6] = [
    (0, 0, "SSSS", &[], &[0, 0]),
    (0, 0, "--SS", &[4], &[4, 3]),
    (0, 1, "--D-", &[2], &[2, 1]),
    (1, 0, "SS--", &[1], &[1, 1]),
    (1, 0, "SS--", &[4], &[1, 4]),
    (1, 1, "D---", &[2], &[3, 2]),
];
/// The same where larger pictures always need smaller ones, as §A.10.2.2.
const L2T2: [Row<'_>; 6] = [
    (0, 0, "SSSS", &[], &[0, 0]),
    (0, 0, "RRSS", &[4], &[4, 3]),
    (0, 1, "R-D-", &[2], &[2, 1]),
    (1, 0, "SS--", &[1], &[1, 1]),
    (1, 0, "SS--", &[4, 1], &[1, 1]),
    (1, 1, "D---", &[2, 1], &[3, 2]),
];

/// The first and only packet of a frame.
fn head(template: u32, frame: u32) -> [(u32, u32); 4] {
    [(1, 1), (1, 1), (template, 6), (frame, 16)]
}

pub fn plain(template: u32, frame: u32) -> Vec<u8> {
    pack(&head(template, frame))
}

/// With a structure whose first template is 60, and of all sizes 640 x 360.
fn with_structure(rows: &[Row<'_>], protected_by: &[u32], frame: u32) -> Vec<u8> {
    let mut bits = head(60, frame).to_vec();
    let targets = rows[0].2.len() as u32;
    bits.extend([(1, 1), (0, 4), (60, 6), (targets - 1, 5)]);
    for pair in rows.windows(2) {
        let [before, after] = [pair[0], pair[1]];
        let next = if after.0 > before.0 {
            2
        } else {
            u32::from(after.1 > before.1)
        };
        bits.push((next, 2));
    }
    bits.push((3, 2));
    let indications = rows.iter().flat_map(|row| row.2.chars());
    bits.extend(indications.map(|symbol| ("-DSR".find(symbol).unwrap() as u32, 2)));
    for row in rows {
        bits.extend(row.3.iter().flat_map(|difference| [(1, 1), (difference - 1, 4)]));
        bits.push((0, 1));
    }
    // ns(): of four numbers and of five the lower three take two bits; of two one, of one none.
    let chains = protected_by.iter().max().unwrap() + 1;
    bits.push((chains, 2));
    bits.extend(protected_by.iter().map(|chain| (*chain, chains - 1)));
    bits.extend(rows.iter().flat_map(|row| row.4).map(|difference| (*difference, 4)));
    bits.push((1, 1));
    let sizes = rows.last().unwrap().0 + 1;
    (0..sizes).for_each(|_| bits.extend([(639, 16), (359, 16)]));
    pack(&bits)
}

pub fn three_rates(frame: u32) -> Vec<u8> {
    with_structure(&L1T3, &[0, 0, 0], frame)
}

pub fn two_sizes(frame: u32) -> Vec<u8> {
    with_structure(&L2T2_KEY, &[1, 1, 0, 0], frame)
}

pub fn told(structure: &mut DependencyStructure, descriptor: &[u8]) -> Option<Layering> {
    structure.read(descriptor).0
}

fn started() -> DependencyStructure {
    let mut structure = DependencyStructure::new();
    assert!(told(&mut structure, &three_rates(100)).is_some());
    structure
}

#[test]
fn a_key_frame_explains_those_after_it() {
    let mut structure = DependencyStructure::new();
    let key = told(&mut structure, &three_rates(0xffff)).unwrap();
    assert_eq!((key.temporal, key.spatial, key.switch_up), (0, 0, SwitchUp::ToAll));
    assert!(key.begins_frame && key.ends_frame && !key.discardable);
    let layers = [(0, 0, 2), (62, 1, 1), (63, 2, 2), (61, 3, 0)].map(|(template, frame, temporal)| {
        let layering = told(&mut structure, &plain(template, frame)).unwrap();
        assert_eq!(layering.temporal, temporal, "template {template}");
        assert!(!layering.own_size_only, "there is no larger one");
        (layering.discardable, layering.switch_up)
    });
    let (top, middle, base) = ((true, SwitchUp::No), (false, SwitchUp::ToAll), (false, SwitchUp::ToAll));
    assert_eq!(layers, [top, middle, top, base]);
}

#[test]
fn a_smaller_picture_is_for_its_size_only_where_larger_ones_do_without() {
    // Of a key frame its first packet, one behind it, and the larger picture; of the next pictures both sizes.
    let frames = [(60, 7), (63, 8), (62, 9), (1, 10), (61, 11), (0, 12)];
    for (rows, expected) in [
        (&L2T2_KEY, [false, false, true, false, true, false]),
        (&L2T2, [false; 6]),
    ] {
        let mut structure = DependencyStructure::new();
        assert!(
            !told(&mut structure, &with_structure(rows, &[1, 1, 0, 0], 7))
                .unwrap()
                .own_size_only
        );
        let own = frames.map(|(template, frame)| {
            let layering = told(&mut structure, &plain(template, frame)).unwrap();
            assert_eq!(layering.spatial, u8::from(frame % 2 == 0));
            layering.own_size_only
        });
        assert_eq!(own, expected);
    }
}

#[test]
fn decode_targets_are_those_that_a_viewer_can_decode() {
    let targets = |descriptor: &[u8], spatial, temporal| {
        let mut structure = DependencyStructure::new();
        assert!(told(&mut structure, descriptor).is_some());
        let latest = structure.latest.unwrap();
        latest.structure.targets_of(Layers { spatial, temporal })
    };
    let every = Layers::EVERY;
    let rates = [0, 1, 2, every].map(|temporal| targets(&three_rates(1), every, temporal));
    assert_eq!(rates, [0b100, 0b110, 0b111, 0b111]);
    let apart = [(0, 0), (0, every), (1, 0), (1, every), (2, every), (every, every)];
    let apart = apart.map(|(spatial, temporal)| targets(&two_sizes(1), spatial, temporal));
    assert_eq!(apart, [0b1000, 0b1100, 0b0010, 0b0011, 0b0011, 0b1111]);
    let whole = targets(&with_structure(&L2T2, &[1, 1, 0, 0], 1), 1, every);
    assert_eq!(whole, 0b1111, "who gets the larger gets the smaller");
}

#[test]
fn a_frame_may_have_indications_of_its_own() {
    let mut structure = started();
    let mut bits = head(61, 101).to_vec();
    // Active decode targets, and own indications: more than the base layer cannot be decoded from here on.
    bits.extend([(0, 1), (1, 1), (1, 1), (0, 2), (0b111, 3), (3, 2), (3, 2), (2, 2)]);
    assert_eq!(told(&mut structure, &pack(&bits)).unwrap().switch_up, SwitchUp::No);
    assert_eq!(told(&mut structure, &pack(&bits)[..4]), None, "truncated");
}

#[test]
fn without_its_structure_nothing_is_told() {
    assert_eq!(told(&mut DependencyStructure::new(), &plain(60, 100)), None);
    let mut structure = started();
    assert_eq!(
        told(&mut structure, &plain(1, 101)),
        None,
        "a template that there is not"
    );
    assert_eq!(told(&mut structure, &plain(61, 99)), None, "a frame from before");
    assert!(told(&mut structure, &plain(61, 101)).is_some());
}

#[test]
fn a_structure_that_comes_late_does_not_replace_a_newer_one() {
    let mut structure = started();
    let mut late = DependencyStructure::new();
    assert!(told(&mut late, &three_rates(40)).is_some());
    assert!(
        told(&mut structure, &three_rates(40)).is_some(),
        "it explains its own frame"
    );
    assert_eq!(told(&mut structure, &plain(61, 41)), None);
    // Half of the numbers later, told apart from half of them before.
    (1..5).for_each(|i| assert!(told(&mut structure, &plain(61, 100 + i * 10_000)).is_some()));
    assert!(told(&mut structure, &three_rates(40_101)).is_some());
    assert_eq!(told(&mut structure, &plain(61, 40_100)), None);
}

#[test]
fn a_truncated_structure_is_refused() {
    for whole in [three_rates(100), two_sizes(100)] {
        for len in 0..whole.len() {
            assert_eq!(
                told(&mut DependencyStructure::new(), &whole[..len]),
                None,
                "{len} bytes"
            );
        }
    }
}

#[test]
fn more_layers_than_there_can_be_are_refused() {
    for (next, count) in [(1, 8), (2, 4), (0, 64)] {
        let mut bits = head(0, 0).to_vec();
        bits.extend([(1, 1), (0, 4), (0, 6), (0, 5)]);
        bits.extend(std::iter::repeat_n((next, 2), count));
        bits.push((3, 2));
        bits.extend([(0, 32); 9]);
        assert_eq!(told(&mut DependencyStructure::new(), &pack(&bits)), None);
        bits.remove(8);
        assert!(
            told(&mut DependencyStructure::new(), &pack(&bits)).is_some(),
            "one less of {next}"
        );
    }
}

proptest! {
    #[test]
    fn no_descriptors_make_it_panic(
        descriptors in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8),
    ) {
        let mut structure = started();
        for descriptor in descriptors {
            if let Some(layering) = told(&mut structure, &descriptor) {
                prop_assert!(layering.temporal < TEMPORAL_LAYERS_MAX && layering.spatial < SPATIAL_LAYERS_MAX);
            }
        }
    }
}
