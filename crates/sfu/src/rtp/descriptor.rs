//! A dependency descriptor on its way through: as its publisher wrote it, and as a viewer of some layers gets it.

use super::dependency::Structure;
use super::extensions::TWO_BYTE_ELEMENT_MAX;
use super::{Layers, be16};
use std::sync::Arc;

/// `mandatory_descriptor_fields()` (AV1 RTP §A.8.2), in bytes.
pub(super) const MANDATORY_LEN: usize = 3;
/// Behind them stand five flags, the second of which says that active decode targets are told.
const FLAGS_LEN: usize = 5;
const ACTIVE_TARGETS_AT: usize = 8 * MANDATORY_LEN + 1;

/// The extension's data of one packet; that of a packet without is empty.
///
/// A receiver expects frame numbers that rise over all that it gets, and wants to know which decode targets are left to it
/// (§A.4). Gaps where frames were left out it expects: frames say which others they need.
#[derive(Debug, Clone, Default)]
pub struct Descriptor {
    bytes: Bytes,
    targets: Option<Targets>,
}

/// All but those with a structure are short.
#[derive(Debug, Clone)]
enum Bytes {
    Short { len: u8, bytes: [u8; SHORT_MAX] },
    Long(Arc<[u8]>),
}

/// No larger than what the other form takes by itself.
const SHORT_MAX: usize = 22;

/// Which decode targets there are, and where a descriptor tells which of them are active.
#[derive(Debug, Clone)]
pub(super) struct Targets {
    structure: Arc<Structure>,
    /// Those that the publisher makes, one bit each.
    active: u32,
    /// Where their bits stand, or would stand if the descriptor had them.
    at: u16,
    are_told: bool,
}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes::Short {
            len: 0,
            bytes: [0; SHORT_MAX],
        }
    }
}

impl Bytes {
    fn new(data: &[u8]) -> Bytes {
        if data.len() > SHORT_MAX {
            return Bytes::Long(data.into());
        }
        let mut bytes = [0; SHORT_MAX];
        bytes[..data.len()].copy_from_slice(data);
        Bytes::Short {
            len: data.len() as u8,
            bytes,
        }
    }

    fn get(&self) -> &[u8] {
        match self {
            Bytes::Short { len, bytes } => &bytes[..usize::from(*len)],
            Bytes::Long(bytes) => bytes,
        }
    }
}

impl Descriptor {
    /// Room that [`write`](Descriptor::write) may need.
    pub const MAX: usize = TWO_BYTE_ELEMENT_MAX;

    /// `data` that is shorter or longer than any descriptor is passed over. `targets`: none where it could not be read.
    pub(super) fn new(data: &[u8], targets: Option<Targets>) -> Descriptor {
        match (MANDATORY_LEN..=Descriptor::MAX).contains(&data.len()) {
            true => Descriptor {
                bytes: Bytes::new(data),
                targets,
            },
            false => Descriptor::default(),
        }
    }

    /// `frame_number`, of the publisher's stream.
    pub fn frame_number(&self) -> Option<u16> {
        self.bytes.get().get(1..MANDATORY_LEN).map(be16)
    }

    /// What the layers of its frame are is known.
    pub fn is_understood(&self) -> bool {
        self.targets.is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.frame_number().is_none()
    }

    /// Length in bytes; `told`: with the layers that a viewer gets. 0: there is none.
    pub fn len(&self, told: bool) -> usize {
        let len = self.bytes.get().len();
        match &self.targets {
            Some(targets) if told => targets.told_len(len).unwrap_or(len),
            _ => len,
        }
    }

    /// Writes it for one viewer: with a frame number that is lower by `frame_shift`, and, where layers are `told`, with the decode
    /// targets that are active among these.
    pub fn write<'a>(&self, frame_shift: u16, told: Option<Layers>, buffer: &'a mut [u8; Descriptor::MAX]) -> &'a [u8] {
        let bytes = self.bytes.get();
        let Some(number) = self.frame_number() else {
            return &[];
        };
        buffer[..bytes.len()].copy_from_slice(bytes);
        buffer[1..MANDATORY_LEN].copy_from_slice(&number.wrapping_sub(frame_shift).to_be_bytes());
        let len = match told.zip(self.targets.as_ref()) {
            Some((layers, targets)) => targets.tell(layers, bytes.len(), buffer).unwrap_or(bytes.len()),
            None => bytes.len(),
        };
        &buffer[..len]
    }
}

impl Targets {
    pub fn new(structure: Arc<Structure>, active: u32, at: usize, are_told: bool) -> Targets {
        let at = match at {
            // Without flags it says no more than what is mandatory.
            0..=ACTIVE_TARGETS_AT => 8 * MANDATORY_LEN + FLAGS_LEN,
            behind_flags => behind_flags,
        };
        Targets {
            structure,
            active,
            at: at as u16,
            are_told,
        }
    }

    /// Of a descriptor of `len` bytes, with the active targets in it. None: it would be too long.
    fn told_len(&self, len: usize) -> Option<usize> {
        let more = match (self.are_told, len) {
            (true, _) => 0,
            (false, MANDATORY_LEN) => FLAGS_LEN + self.structure.count(),
            (false, _) => self.structure.count(),
        };
        Some((8 * len + more).div_ceil(8)).filter(|len| *len <= Descriptor::MAX)
    }

    /// Has the descriptor of `len` bytes in a buffer tell that these layers are left. None: it stays as it is.
    fn tell(&self, layers: Layers, len: usize, buffer: &mut [u8; Descriptor::MAX]) -> Option<usize> {
        let active = self.active & self.structure.targets_of(layers);
        // Of frames in no decode target nothing can be told.
        let told_len = self.told_len(len).filter(|_| active != 0)?;
        let (at, count) = (usize::from(self.at), self.structure.count());
        if !self.are_told {
            buffer[len..told_len].fill(0);
            // What stands behind makes room.
            for bit in (at..8 * len).rev() {
                let value = get(buffer, bit);
                set(buffer, bit + count, value);
            }
            set(buffer, ACTIVE_TARGETS_AT, true);
        }
        for target in 0..count {
            set(buffer, at + count - 1 - target, active >> target & 1 != 0);
        }
        Some(told_len)
    }
}

fn get(bytes: &[u8], bit: usize) -> bool {
    bytes[bit / 8] >> (7 - bit % 8) & 1 != 0
}

fn set(bytes: &mut [u8], bit: usize, value: bool) {
    let mask = 1 << (7 - bit % 8);
    match value {
        true => bytes[bit / 8] |= mask,
        false => bytes[bit / 8] &= !mask,
    }
}

#[cfg(test)]
mod tests {
    use super::super::DependencyStructure;
    use super::super::bits::pack;
    use super::super::dependency::tests::{plain, three_rates, told, two_sizes};
    use super::*;
    use proptest::prelude::*;

    const EVERY: u8 = Layers::EVERY;

    fn after(key_frame: &[u8]) -> DependencyStructure {
        let mut structure = DependencyStructure::new();
        assert!(told(&mut structure, key_frame).is_some());
        structure
    }

    fn write(descriptor: &Descriptor, frame_shift: u16, told: Option<(u8, u8)>) -> Vec<u8> {
        let mut buffer = [0xee; Descriptor::MAX];
        let told = told.map(|(spatial, temporal)| Layers { spatial, temporal });
        let written = descriptor.write(frame_shift, told, &mut buffer).to_vec();
        assert!(written.len() <= descriptor.len(told.is_some()));
        written
    }

    #[test]
    fn frames_are_numbered_anew_and_nothing_else_is_changed() {
        let mut structure = DependencyStructure::new();
        let key = three_rates(0x0102);
        let descriptor = structure.read(&key).1;
        let written = write(&descriptor, 0x0103, None);
        assert_eq!(
            (written[0], &written[1..3], &written[3..]),
            (key[0], &[0xff, 0xff][..], &key[3..])
        );
        assert_eq!(descriptor.frame_number(), Some(0x0102));
    }

    #[test]
    fn active_targets_are_added_to_the_shortest_descriptor() {
        let mut structure = after(&three_rates(1));
        let descriptor = structure.read(&plain(62, 2)).1;
        // Flags of which the second is set, and three targets, the last of them first.
        let written = write(&descriptor, 0, Some((EVERY, 1)));
        assert_eq!(written, [plain(62, 2), vec![0b0100_0110]].concat());
        assert_eq!(write(&descriptor, 0, Some((EVERY, EVERY)))[3], 0b0100_0111);
    }

    #[test]
    fn what_follows_active_targets_is_kept() {
        for key in [three_rates(1), two_sizes(1)] {
            let mut structure = DependencyStructure::new();
            let (layering, descriptor) = structure.read(&key);
            let written = write(&descriptor, 0, Some((0, 0)));
            let (again, told) = DependencyStructure::new().read(&written);
            assert_eq!(again, layering, "and the structure before them");
            assert_eq!(write(&told, 0, Some((0, 0))), written, "they are told already");
        }
        let mut structure = after(&three_rates(1));
        // Own indications, differences and chains.
        let tail = [(0b10_01_00, 6), (1, 2), (3, 4), (0, 2), (0x5a, 8)];
        let custom = |flags: &[(u32, u32)]| {
            let head = [(1, 1), (1, 1), (62, 6), (2, 16)];
            pack(&[&head[..], flags, &tail].concat())
        };
        let descriptor = structure.read(&custom(&[(0b00111, 5)])).1;
        let expected = custom(&[(0b01111, 5), (0b110, 3)]);
        assert_eq!(write(&descriptor, 0, Some((0, 1)))[..expected.len()], expected);
    }

    #[test]
    fn what_the_publisher_does_not_make_is_not_active() {
        let mut structure = after(&three_rates(1));
        let descriptor = |structure: &mut DependencyStructure, frame, targets| {
            let bits = [(1, 1), (1, 1), (61, 6), (frame, 16), (0b01000, 5), (targets, 3)];
            structure.read(&pack(&bits)).1
        };
        let told = descriptor(&mut structure, 5, 0b110);
        assert_eq!(write(&told, 0, None)[3], 0b0100_0110);
        assert_eq!(write(&told, 0, Some((EVERY, EVERY)))[3], 0b0100_0110);
        assert_eq!(write(&told, 0, Some((EVERY, 0)))[3], 0b0100_0100);
        let later = structure.read(&plain(61, 9)).1;
        assert_eq!(
            write(&later, 0, Some((EVERY, EVERY)))[3],
            0b0100_0110,
            "until it tells another thing"
        );
        descriptor(&mut structure, 3, 0b001);
        let later = structure.read(&plain(61, 13)).1;
        assert_eq!(
            write(&later, 0, Some((EVERY, EVERY)))[3],
            0b0100_0110,
            "not by one that comes late"
        );
        structure.read(&three_rates(14));
        let later = structure.read(&plain(61, 18)).1;
        assert_eq!(
            write(&later, 0, Some((EVERY, EVERY)))[3],
            0b0100_0111,
            "a key frame makes all"
        );
    }

    #[test]
    fn what_is_not_understood_is_passed_on() {
        let (layering, descriptor) = DependencyStructure::new().read(&plain(62, 0x0102));
        assert!(layering.is_none() && !descriptor.is_understood());
        assert_eq!(write(&descriptor, 2, Some((0, 0))), plain(62, 0x0100));
        let (_, short) = DependencyStructure::new().read(&[1, 2]);
        assert!(short.is_empty() && write(&short, 0, None).is_empty());
    }

    #[test]
    fn one_that_would_be_too_long_stays_as_it_is() {
        let mut structure = DependencyStructure::new();
        let mut key = three_rates(1);
        key.resize(Descriptor::MAX, 0);
        let (layering, descriptor) = structure.read(&key);
        assert!(layering.is_some());
        assert_eq!(write(&descriptor, 0, Some((0, 0))), key);
    }

    proptest! {
        #[test]
        fn telling_of_layers_changes_nothing_else(
            descriptors in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..8),
            spatial in 0u8..4, temporal in 0u8..8, frame_shift in any::<u16>(),
        ) {
            let mut structure = after(&two_sizes(1));
            for bytes in descriptors {
                let (layering, descriptor) = structure.read(&bytes);
                let whole = if bytes.len() < MANDATORY_LEN { vec![] } else { bytes };
                prop_assert_eq!(&write(&descriptor, 0, None), &whole);
                let written = write(&descriptor, 0, Some((spatial, temporal)));
                prop_assert_eq!(structure.clone().read(&written).0, layering);
                let moved = write(&descriptor, frame_shift, Some((spatial, temporal)));
                prop_assert_eq!(moved.len(), written.len());
            }
        }
    }
}
