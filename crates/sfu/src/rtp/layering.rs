//! What a packet says of its frame: which layers need it, where it begins and ends, and how its picture is numbered.

use super::{PictureNumbers, av1, h264, vp8, vp9};
use crate::types::Codec;

/// Read once from a packet that comes in, for all viewers: enough to leave frames out for one, and to give him more
/// again.
///
/// What a codec does not say is 0 or `false`: a packet of which nothing is known belongs to the base layer and is
/// needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Layering {
    /// Temporal layer: 0 is the base; no frame needs one of a higher layer.
    pub temporal: u8,
    /// Spatial layer, of several in one stream.
    pub spatial: u8,
    /// The first packet of a frame (in VP9 and with a dependency descriptor: of one spatial layer's).
    pub begins_frame: bool,
    /// The last packet of a frame, in the same sense.
    pub ends_frame: bool,
    /// No other frame needs this one.
    pub discardable: bool,
    /// No frame of a higher spatial layer needs this one, nor any that needs it: in pictures but key frames each size stands alone.
    pub own_size_only: bool,
    pub switch_up: SwitchUp,
    pub numbers: PictureNumbers,
}

/// Whether a viewer of fewer temporal layers can be given more, and which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SwitchUp {
    #[default]
    No,
    /// This frame's layer, from this frame on: of other layers, it needs the base layer's latest frame only (VP8's Y).
    ToLayer,
    /// Whoever gets this frame can have all layers after it: none of what follows needs, of a layer above this frame's,
    /// what went before (VP9's U, AV1's switch indication; every key frame).
    ToAll,
}

impl SwitchUp {
    pub(super) fn to_all_if(possible: bool) -> SwitchUp {
        if possible { SwitchUp::ToAll } else { SwitchUp::No }
    }
}

impl Layering {
    /// From the payload (padding stripped) and the RTP header's marker.
    ///
    /// * VP8 (RFC 7741 §4.2): TID, S and PID, N, Y. A frame ends with the marker.
    /// * VP9 (RFC 9628 §4.2), both modes: TID, SID, B, E, U, Z. No bit tells what is discardable.
    /// * H.264 (RFC 6184 §5.3): does not number its temporal layers; `nal_ref_idc` 0 in a slice says discardable, which
    ///   the highest of them is. It counts as layer 1, all others as the base. A frame begins with its first slice,
    ///   though parameters and SEI may go before; it ends with the marker.
    /// * AV1: the payload tells nothing of its layers, the dependency descriptor does: see
    ///   [`DependencyStructure`](super::DependencyStructure). Without it each packet that begins with an OBU counts as a
    ///   beginning, and the marker ends the picture.
    pub fn read(codec: Codec, payload: &[u8], marker: bool) -> Layering {
        let found = match codec {
            Codec::Vp8 => vp8::Descriptor::parse(payload).map(|descriptor| of_vp8(&descriptor, marker)),
            Codec::Vp9 => vp9::Descriptor::parse(payload).map(|descriptor| of_vp9(&descriptor)),
            Codec::H264 => Some(of_h264(h264::Units::of(payload), marker)),
            Codec::Av1 => av1::Aggregation::parse(payload).map(|header| of_av1(header, marker)),
            Codec::Opus | Codec::Other => None,
        };
        found.unwrap_or_default()
    }

    /// The first packet of all that is shown at one time.
    pub fn begins_picture(&self) -> bool {
        self.begins_frame && self.spatial == 0
    }

    /// The highest temporal layer that a viewer gets from this packet on, who got `current` and shall get `target`.
    /// It changes only where a picture begins: down at once, up where [`switch_up`](Layering::switch_up) allows.
    ///
    /// The packet itself is for him if its `temporal` is not above what is returned. With VP8 it goes up one layer at a
    /// time: a frame of layer 2 that needs the base layer alone says nothing of the next frame of layer 1.
    pub fn next_temporal(&self, current: u8, target: u8) -> u8 {
        if !self.begins_picture() {
            return current;
        }
        match self.switch_up {
            _ if target <= current => target,
            SwitchUp::ToLayer if self.temporal == current + 1 => self.temporal,
            SwitchUp::ToAll if self.temporal <= current => target,
            _ => current,
        }
    }
}

fn of_vp8(descriptor: &vp8::Descriptor<'_>, marker: bool) -> Layering {
    Layering {
        temporal: descriptor.temporal,
        spatial: 0,
        begins_frame: descriptor.begins_frame,
        ends_frame: marker,
        discardable: descriptor.non_reference,
        own_size_only: false,
        switch_up: if descriptor.begins_key_frame() {
            SwitchUp::ToAll
        } else if descriptor.layer_sync {
            SwitchUp::ToLayer
        } else {
            SwitchUp::No
        },
        numbers: descriptor.numbers,
    }
}

fn of_vp9(descriptor: &vp9::Descriptor<'_>) -> Layering {
    Layering {
        temporal: descriptor.temporal,
        spatial: descriptor.spatial,
        begins_frame: descriptor.begins_frame,
        ends_frame: descriptor.ends_frame,
        discardable: false,
        own_size_only: descriptor.predicted && descriptor.not_referred_above,
        switch_up: SwitchUp::to_all_if(descriptor.switching_up || descriptor.begins_key_frame()),
        numbers: descriptor.numbers,
    }
}

fn of_h264(units: h264::Units<'_>, marker: bool) -> Layering {
    let mut layering = Layering {
        ends_frame: marker,
        ..Layering::default()
    };
    for unit in units {
        layering.begins_frame |= unit.begins_picture();
        layering.discardable |= unit.is_discardable();
    }
    layering.temporal = u8::from(layering.discardable);
    // Nothing needs what can be discarded, so it can be had again at any time.
    layering.switch_up = SwitchUp::to_all_if(layering.begins_frame);
    layering
}

fn of_av1(header: av1::Aggregation, marker: bool) -> Layering {
    Layering {
        begins_frame: !header.continues,
        ends_frame: marker,
        switch_up: SwitchUp::to_all_if(header.begins_key_frame()),
        ..Layering::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vp8(payload: &[u8]) -> Layering {
        Layering::read(Codec::Vp8, payload, false)
    }

    fn vp9(payload: &[u8]) -> Layering {
        Layering::read(Codec::Vp9, payload, false)
    }

    #[test]
    fn it_is_small_enough_to_lie_beside_every_packet() {
        assert!(size_of::<Layering>() <= 16);
    }

    #[test]
    fn vp8_tells_its_temporal_layers() {
        let base = vp8(&[0x90, 0xe0, 0x80, 0x07, 0x03, 0x00, 0x01]);
        assert_eq!(
            (base.temporal, base.begins_frame, base.switch_up),
            (0, true, SwitchUp::No)
        );
        let synced = vp8(&[0xb0, 0xe0, 0x80, 0x08, 0x03, 0xa0, 0x01]);
        assert_eq!((synced.temporal, synced.discardable), (2, true));
        assert_eq!(synced.switch_up, SwitchUp::ToLayer);
        assert_eq!(
            (synced.numbers.picture_id(), synced.numbers.tl0_pic_idx()),
            (Some(8), Some(3))
        );
        assert_eq!(vp8(&[0x10, 0x00]).switch_up, SwitchUp::ToAll, "a key frame");
        assert!(Layering::read(Codec::Vp8, &[0x00, 0x01], true).ends_frame);
    }

    #[test]
    fn vp9_tells_both_kinds_of_layers() {
        let base = vp9(&[0xe8, 0x81, 0x00, 0x10, 0x07, 0x01]);
        assert_eq!((base.temporal, base.spatial, base.switch_up), (0, 0, SwitchUp::ToAll));
        assert!(base.begins_picture() && !base.ends_frame);
        let upper = vp9(&[0xec, 0x81, 0x00, 0x43, 0x07, 0x01]);
        assert_eq!((upper.temporal, upper.spatial, upper.switch_up), (2, 1, SwitchUp::No));
        assert!(upper.begins_frame && upper.ends_frame && !upper.begins_picture());
        assert_eq!(
            vp9(&[0xa8, 0x01, 0x00, 0x07, 0x01]).switch_up,
            SwitchUp::ToAll,
            "a key frame"
        );
        assert_eq!(
            vp9(&[0xa8, 0x01, 0x02, 0x07, 0x01]).switch_up,
            SwitchUp::No,
            "the upper spatial layer alone begins anew"
        );
    }

    #[test]
    fn vp9_tells_which_pictures_are_for_their_size_only() {
        let own = |flags| vp9(&[flags, 0x81, 0x00, 0x10, 0x07, 0x01]).own_size_only;
        assert!(own(0xe9) && !own(0xe8));
        assert!(!own(0xa9), "of a key frame all are sent");
    }

    #[test]
    fn h264_says_what_is_discardable_in_slices_only() {
        let read = |payload: &[u8]| Layering::read(Codec::H264, payload, true);
        assert!(read(&[0x01, 0x9a]).discardable && read(&[0x01, 0x9a]).begins_frame);
        assert!(!read(&[0x41, 0x9a]).discardable);
        assert_eq!((read(&[0x01, 0x9a]).temporal, read(&[0x41, 0x9a]).temporal), (1, 0));
        assert_eq!(read(&[0x41, 0x9a]).next_temporal(0, 1), 1);
        assert_eq!(
            read(&[0x01, 0x9a]).next_temporal(0, 1),
            0,
            "behind the next of the base"
        );
        assert!(!read(&[0x06, 0x05]).discardable, "SEI");
        assert!(read(&[0x1c, 0x81, 0x9a]).discardable, "FU-A");
        assert!(!read(&[0x1c, 0x01, 0x9a]).begins_frame, "FU-A, middle");
        assert!(read(&[0x18, 0, 2, 0x06, 0x05, 0, 2, 0x01, 0x9a]).discardable, "STAP-A");
    }

    #[test]
    fn what_cannot_be_read_belongs_to_the_base_layer() {
        assert_eq!(vp8(&[0x90, 0xe0, 0x80]), Layering::default());
        assert_eq!(vp9(&[]), Layering::default());
        assert_eq!(Layering::read(Codec::Opus, &[0xff; 9], true), Layering::default());
    }

    fn frame(temporal: u8, switch_up: SwitchUp) -> Layering {
        Layering {
            temporal,
            switch_up,
            begins_frame: true,
            ..Layering::default()
        }
    }

    #[test]
    fn a_viewer_goes_down_at_the_next_picture() {
        let upper = frame(2, SwitchUp::No);
        assert_eq!(upper.next_temporal(2, 0), 0);
        assert_eq!(
            Layering {
                begins_frame: false,
                ..upper
            }
            .next_temporal(2, 0),
            2
        );
        assert_eq!(Layering { spatial: 1, ..upper }.next_temporal(2, 0), 2);
    }

    #[test]
    fn a_viewer_goes_up_by_a_vp8_frame_of_the_next_layer() {
        assert_eq!(frame(1, SwitchUp::ToLayer).next_temporal(0, 2), 1);
        assert_eq!(frame(2, SwitchUp::ToLayer).next_temporal(1, 2), 2);
        assert_eq!(
            frame(2, SwitchUp::ToLayer).next_temporal(0, 2),
            0,
            "it would miss layer 1"
        );
        assert_eq!(frame(2, SwitchUp::ToLayer).next_temporal(0, 1), 0, "it is not wanted");
        assert_eq!(frame(1, SwitchUp::No).next_temporal(0, 2), 0);
    }

    #[test]
    fn a_viewer_goes_up_behind_a_frame_that_he_gets() {
        assert_eq!(frame(0, SwitchUp::ToAll).next_temporal(0, 2), 2);
        assert_eq!(frame(1, SwitchUp::ToAll).next_temporal(1, 2), 2);
        assert_eq!(frame(1, SwitchUp::ToAll).next_temporal(0, 2), 0, "he does not get it");
    }

    proptest! {
        #[test]
        fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..40), marker in any::<bool>()) {
            for codec in [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1, Codec::Other] {
                let layering = Layering::read(codec, &payload, marker);
                prop_assert!(layering.temporal < 8 && layering.spatial < 8);
            }
        }
    }
}
