//! The dependency descriptor, a header extension that tells a frame's layers whatever the codec (AV1 RTP, appendix A).

use super::bits::BitReader;
use super::descriptor::{Descriptor, MANDATORY_LEN, Targets};
use super::{Layering, Layers, PictureNumbers, SequenceUnwrapper, SwitchUp};
use std::sync::Arc;

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
    latest: Option<Latest>,
}

#[derive(Debug, Clone)]
struct Latest {
    /// The frame that brought the structure.
    frame: u64,
    structure: Arc<Structure>,
    /// Decode targets that the publisher makes, one bit each, and the frame that told so.
    active: u32,
    told_by: u64,
}

/// A `template_dependency_structure()` (§A.8.2): what is needed to leave layers out.
#[derive(Debug)]
pub(super) struct Structure {
    template_id_offset: u8,
    templates: Vec<Template>,
    /// Spatial and temporal layer of each decode target.
    targets: Vec<(u8, u8)>,
    /// Larger pictures need smaller ones with key frames only.
    is_apart: bool,
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
    /// frame brings one; nothing is allocated for the others, if they are short.
    ///
    /// What it tells is `None` if it is malformed, or refers to a structure that did not come yet or is no longer kept. It can be
    /// passed on nevertheless.
    pub fn read(&mut self, descriptor: &[u8]) -> (Option<Layering>, Descriptor) {
        let (layering, targets) = self.tell(descriptor).unzip();
        (layering, Descriptor::new(descriptor, targets))
    }

    fn tell(&mut self, descriptor: &[u8]) -> Option<(Layering, Targets)> {
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
            true => Some(Arc::new(Structure::read(&mut bits)?)),
            false => None,
        };
        let (structure, since, known) = match (&brought, &self.latest) {
            (Some(brought), _) => (brought, frame, brought.all_targets()),
            // A frame from before the structure was made for another one.
            (None, Some(latest)) if frame >= latest.frame => (&latest.structure, latest.frame, latest.active),
            _ => return None,
        };
        let template = structure.template(template_id)?;
        let at = bits.position();
        let active = match has_active_targets {
            true => bits.number(structure.targets.len() as u32)?,
            false => known,
        };
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
            own_size_only: frame != since && structure.is_for_own_size(&template, indications),
            switch_up: SwitchUp::to_all_if(structure.allows_all(&template, indications)),
            numbers: PictureNumbers::default(),
        };
        let targets = Targets::new(Arc::clone(structure), active, at, has_active_targets);
        // Sent again, an earlier key frame must not bring its structure back.
        if let Some(structure) = brought
            && self.latest.as_ref().is_none_or(|latest| frame >= latest.frame)
        {
            self.latest = Some(Latest {
                frame,
                structure,
                active,
                told_by: frame,
            });
        } else if let Some(latest) = &mut self.latest
            && has_active_targets
            && frame >= latest.told_by
        {
            (latest.active, latest.told_by) = (active, frame);
        }
        Some((layering, targets))
    }
}

impl Structure {
    fn read(bits: &mut BitReader<impl Iterator<Item = u8>>) -> Option<Structure> {
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
        let mut structure = Structure {
            template_id_offset,
            targets: (0..targets).map(|target| layers_of(target, &templates)).collect(),
            templates,
            is_apart: false,
        };
        let mut templates = structure.templates.iter();
        structure.is_apart = templates.any(|template| structure.is_for_own_size(template, template.indications));
        Some(structure)
    }

    fn template(&self, id: u8) -> Option<Template> {
        let index = id.wrapping_sub(self.template_id_offset) & 0x3f;
        self.templates.get(usize::from(index)).copied()
    }

    /// At most 32.
    pub fn count(&self) -> usize {
        self.targets.len()
    }

    fn all_targets(&self) -> u32 {
        u32::MAX >> (u32::BITS as usize - self.count())
    }

    /// Those that can be decoded by who gets these layers, one bit each.
    pub fn targets_of(&self, layers: Layers) -> u32 {
        let highest = self.templates.last().map_or(0, |template| template.spatial);
        let lowest = match self.is_apart && layers.spatial != Layers::EVERY {
            true => layers.spatial.min(highest),
            false => 0,
        };
        let is_there =
            |(spatial, temporal): (u8, u8)| (lowest..=layers.spatial).contains(&spatial) && temporal <= layers.temporal;
        let targets = self.targets.iter().enumerate();
        targets.fold(0, |mask, (at, layers)| mask | u32::from(is_there(*layers)) << at)
    }

    /// For every decode target that has the frame at all.
    fn is_discardable(&self, indications: Indications) -> bool {
        let mut present = (0..self.targets.len())
            .map(|target| indications.of(target))
            .filter(|indication| *indication != indication::NOT_PRESENT)
            .peekable();
        present.peek().is_some() && present.all(|indication| indication == indication::DISCARDABLE)
    }

    /// There are decode targets of larger pictures, and none of them has the frame.
    fn is_for_own_size(&self, template: &Template, indications: Indications) -> bool {
        let mut larger = (0..self.targets.len())
            .filter(|target| self.targets[*target].0 > template.spatial)
            .peekable();
        larger.peek().is_some() && larger.all(|target| indications.of(target) == indication::NOT_PRESENT)
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
pub(super) mod tests;
