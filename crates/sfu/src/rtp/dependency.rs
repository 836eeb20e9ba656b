//! The dependency descriptor, a header extension that tells a frame's layers whatever the codec (AV1 RTP, appendix A).

use super::bits::BitReader;
use super::{Layering, PictureNumbers, SequenceUnwrapper, SwitchUp};

/// Limits of AV1's layers; there is no larger scalability mode.
const TEMPORAL_LAYERS_MAX: u8 = 8;
const SPATIAL_LAYERS_MAX: u8 = 4;
/// `frame_dependency_template_id` has six bits.
const TEMPLATES_MAX: usize = 64;

/// How the frames of one stream depend on each other, as its latest key frame told, by which the other descriptors are
/// read. Each encoding has its own; one that begins anew (another SSRC) gets a new one.
#[derive(Debug, Clone, Default)]
pub struct DependencyStructure {
    frames: SequenceUnwrapper,
    latest: Option<Structure>,
}

/// A `template_dependency_structure()` (§A.8.2): what is needed to leave out temporal layers.
#[derive(Debug, Clone)]
struct Structure {
    /// The frame that brought it.
    frame: u64,
    template_id_offset: u8,
    templates: Vec<Template>,
    /// Spatial and temporal layer of each decode target.
    targets: Vec<(u8, u8)>,
}

#[derive(Debug, Clone, Copy)]
struct Template {
    spatial: u8,
    temporal: u8,
    indications: Indications,
}

/// Decode target indications: two bits for each of up to 32 decode targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Indications(u64);

/// Table A.1.
mod indication {
    pub const NOT_PRESENT: u64 = 0;
    pub const DISCARDABLE: u64 = 1;
    pub const SWITCH: u64 = 2;
}

impl Indications {
    fn read(bits: &mut BitReader<impl Iterator<Item = u8>>, targets: usize) -> Option<Indications> {
        let mut indications = 0;
        for target in 0..targets {
            indications |= u64::from(bits.number(2)?) << (2 * target);
        }
        Some(Indications(indications))
    }

    fn of(self, target: usize) -> u64 {
        self.0 >> (2 * target) & 0x03
    }
}

impl DependencyStructure {
    pub fn new() -> DependencyStructure {
        DependencyStructure::default()
    }

    /// Reads the extension's data from one packet, and keeps a structure that it brings. The first packet of each key
    /// frame brings one; nothing is allocated for the others.
    ///
    /// `None` if it is malformed, or refers to a structure that did not come yet or is no longer kept.
    pub fn read(&mut self, descriptor: &[u8]) -> Option<Layering> {
        const MANDATORY_LEN: usize = 3;
        let mut bits = BitReader::new(descriptor.iter().copied());
        let (begins_frame, ends_frame) = (bits.flag()?, bits.flag()?);
        let template_id = bits.number(6)? as u8;
        let frame = self.frames.unwrap(bits.number(16)? as u16);
        let (mut brings_structure, mut has_active_targets, mut has_indications) = (false, false, false);
        if descriptor.len() > MANDATORY_LEN {
            (brings_structure, has_active_targets, has_indications) = (bits.flag()?, bits.flag()?, bits.flag()?);
            // custom_fdiffs_flag, custom_chains_flag: what they bring comes last and is not needed.
            bits.skip(2)?;
        }
        let brought = match brings_structure {
            true => Some(Structure::read(&mut bits, frame)?),
            false => None,
        };
        let structure = match (&brought, &self.latest) {
            (Some(brought), _) => brought,
            // A frame from before the structure was made for another one.
            (None, Some(latest)) if frame >= latest.frame => latest,
            _ => return None,
        };
        let template = structure.template(template_id)?;
        if has_active_targets {
            bits.skip(structure.targets.len() as u32)?;
        }
        let indications = match has_indications {
            true => Indications::read(&mut bits, structure.targets.len())?,
            false => template.indications,
        };
        let layering = Layering {
            temporal: template.temporal,
            spatial: template.spatial,
            begins_frame,
            ends_frame,
            discardable: structure.is_discardable(indications),
            switch_up: SwitchUp::to_all_if(structure.allows_all(&template, indications)),
            numbers: PictureNumbers::default(),
        };
        // Sent again, an earlier key frame must not bring its structure back.
        if let Some(brought) = brought
            && self.latest.as_ref().is_none_or(|latest| brought.frame >= latest.frame)
        {
            self.latest = Some(brought);
        }
        Some(layering)
    }
}

impl Structure {
    fn read(bits: &mut BitReader<impl Iterator<Item = u8>>, frame: u64) -> Option<Structure> {
        let template_id_offset = bits.number(6)? as u8;
        let targets = bits.number(5)? as usize + 1;
        let mut templates = read_layers(bits)?;
        for template in &mut templates {
            template.indications = Indications::read(bits, targets)?;
        }
        for _ in &templates {
            // template_fdiffs()
            while bits.flag()? {
                bits.skip(4)?;
            }
        }
        skip_chains(bits, targets, templates.len())?;
        let resolutions_present = bits.flag()?;
        if resolutions_present {
            let spatial_layers = templates.last()?.spatial + 1;
            bits.skip(32 * u32::from(spatial_layers))?;
        }
        Some(Structure {
            frame,
            template_id_offset,
            targets: (0..targets).map(|target| layers_of(target, &templates)).collect(),
            templates,
        })
    }

    fn template(&self, id: u8) -> Option<Template> {
        let index = id.wrapping_sub(self.template_id_offset) & 0x3f;
        self.templates.get(usize::from(index)).copied()
    }

    /// For every decode target that has the frame at all.
    fn is_discardable(&self, indications: Indications) -> bool {
        let mut present = (0..self.targets.len())
            .map(|target| indications.of(target))
            .filter(|indication| *indication != indication::NOT_PRESENT)
            .peekable();
        present.peek().is_some() && present.all(|indication| indication == indication::DISCARDABLE)
    }

    /// Behind the frame, more of its spatial layer can be decoded (§A.7): all that there is.
    fn allows_all(&self, template: &Template, indications: Indications) -> bool {
        let is_above = |(spatial, temporal): (u8, u8)| spatial == template.spatial && temporal > template.temporal;
        let mut above = (0..self.targets.len())
            .filter(|target| is_above(self.targets[*target]))
            .peekable();
        above.peek().is_some() && above.all(|target| indications.of(target) == indication::SWITCH)
    }
}

/// `template_layers()`: the indications are empty still.
fn read_layers(bits: &mut BitReader<impl Iterator<Item = u8>>) -> Option<Vec<Template>> {
    const SAME: u32 = 0;
    const NEXT_TEMPORAL: u32 = 1;
    const NEXT_SPATIAL: u32 = 2;
    let mut templates = Vec::new();
    let (mut spatial, mut temporal) = (0, 0);
    loop {
        if templates.len() == TEMPLATES_MAX || spatial == SPATIAL_LAYERS_MAX || temporal == TEMPORAL_LAYERS_MAX {
            return None;
        }
        templates.push(Template {
            spatial,
            temporal,
            indications: Indications::default(),
        });
        match bits.number(2)? {
            SAME => {}
            NEXT_TEMPORAL => temporal += 1,
            NEXT_SPATIAL => (spatial, temporal) = (spatial + 1, 0),
            _ => return Some(templates),
        }
    }
}

/// `template_chains()`
fn skip_chains(bits: &mut BitReader<impl Iterator<Item = u8>>, targets: usize, templates: usize) -> Option<()> {
    let chains = bits.non_symmetric(targets as u32 + 1)?;
    if chains == 0 {
        return Some(());
    }
    for _ in 0..targets {
        bits.non_symmetric(chains)?;
    }
    bits.skip(4 * chains * templates as u32)
}

/// `decode_target_layers()`: the highest layers of what a decode target has.
fn layers_of(target: usize, templates: &[Template]) -> (u8, u8) {
    let has = templates
        .iter()
        .filter(|template| template.indications.of(target) != indication::NOT_PRESENT);
    has.fold((0, 0), |(spatial, temporal), template| {
        (spatial.max(template.spatial), temporal.max(template.temporal))
    })
}

#[cfg(test)]
mod tests {
    use super::super::bits::pack;
    use super::*;
    use proptest::prelude::*;

    /// The first and only packet of a frame.
    fn head(template: u32, frame: u32) -> [(u32, u32); 4] {
        [(1, 1), (1, 1), (template, 6), (frame, 16)]
    }

    fn plain(template: u32, frame: u32) -> Vec<u8> {
        pack(&head(template, frame))
    }

    /// The structure of §A.10.2.1, L1T3: templates 60, 61 (base), 62 (layer 1), 63 and 0 (layer 2); 640 x 360.
    fn with_structure(template: u32, frame: u32) -> Vec<u8> {
        const N: u32 = 0;
        const D: u32 = 1;
        const S: u32 = 2;
        let mut bits = head(template, frame).to_vec();
        bits.extend([(1, 1), (0, 4), (60, 6), (2, 5)]);
        bits.extend([(0, 2), (1, 2), (1, 2), (0, 2), (3, 2)]);
        for indications in [[S, S, S], [S, S, S], [S, D, N], [D, N, N], [D, N, N]] {
            bits.extend(indications.map(|indication| (indication, 2)));
        }
        for differences in [&[][..], &[4], &[2], &[1], &[1]] {
            for difference in differences {
                bits.extend([(1, 1), (difference - 1, 4)]);
            }
            bits.push((0, 1));
        }
        // One chain of four takes two bits; which chain of one takes none.
        bits.push((1, 2));
        bits.extend([0, 4, 2, 1, 3].map(|difference| (difference, 4)));
        bits.extend([(1, 1), (639, 16), (359, 16)]);
        pack(&bits)
    }

    fn started() -> DependencyStructure {
        let mut structure = DependencyStructure::new();
        assert!(structure.read(&with_structure(60, 100)).is_some());
        structure
    }

    #[test]
    fn a_key_frame_explains_those_after_it() {
        let mut structure = DependencyStructure::new();
        let key = structure.read(&with_structure(60, 0xffff)).unwrap();
        assert_eq!((key.temporal, key.spatial, key.switch_up), (0, 0, SwitchUp::ToAll));
        assert!(key.begins_frame && key.ends_frame && !key.discardable);
        let layers = [(0, 0, 2), (62, 1, 1), (63, 2, 2), (61, 3, 0)].map(|(template, frame, temporal)| {
            let layering = structure.read(&plain(template, frame)).unwrap();
            assert_eq!(layering.temporal, temporal, "template {template}");
            (layering.discardable, layering.switch_up)
        });
        let (top, middle, base) = ((true, SwitchUp::No), (false, SwitchUp::ToAll), (false, SwitchUp::ToAll));
        assert_eq!(layers, [top, middle, top, base]);
    }

    #[test]
    fn a_frame_may_have_indications_of_its_own() {
        let mut structure = started();
        let mut bits = head(61, 101).to_vec();
        // Active decode targets, and own indications: more than the base layer cannot be decoded from here on.
        bits.extend([(0, 1), (1, 1), (1, 1), (0, 2), (0b111, 3), (3, 2), (3, 2), (2, 2)]);
        assert_eq!(structure.read(&pack(&bits)).unwrap().switch_up, SwitchUp::No);
        assert_eq!(structure.read(&pack(&bits)[..4]), None, "truncated");
    }

    #[test]
    fn without_its_structure_nothing_is_told() {
        assert_eq!(DependencyStructure::new().read(&plain(60, 100)), None);
        let mut structure = started();
        assert_eq!(structure.read(&plain(1, 101)), None, "a template that there is not");
        assert_eq!(structure.read(&plain(61, 99)), None, "a frame from before");
        assert!(structure.read(&plain(61, 101)).is_some());
    }

    #[test]
    fn a_structure_that_comes_late_does_not_replace_a_newer_one() {
        let mut structure = started();
        let mut late = DependencyStructure::new();
        assert!(late.read(&with_structure(60, 40)).is_some());
        assert!(
            structure.read(&with_structure(60, 40)).is_some(),
            "it explains its own frame"
        );
        assert_eq!(structure.read(&plain(61, 41)), None);
        // Half of the numbers later, told apart from half of them before.
        (1..5).for_each(|i| assert!(structure.read(&plain(61, 100 + i * 10_000)).is_some()));
        assert!(structure.read(&with_structure(60, 40_101)).is_some());
        assert_eq!(structure.read(&plain(61, 40_100)), None);
    }

    #[test]
    fn a_truncated_structure_is_refused() {
        let whole = with_structure(60, 100);
        for len in 0..whole.len() {
            assert_eq!(DependencyStructure::new().read(&whole[..len]), None, "{len} bytes");
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
            assert_eq!(DependencyStructure::new().read(&pack(&bits)), None);
            bits.remove(8);
            assert!(
                DependencyStructure::new().read(&pack(&bits)).is_some(),
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
                if let Some(layering) = structure.read(&descriptor) {
                    prop_assert!(layering.temporal < TEMPORAL_LAYERS_MAX && layering.spatial < SPATIAL_LAYERS_MAX);
                }
            }
        }
    }
}
