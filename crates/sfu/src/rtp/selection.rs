//! The layers of one stream that a viewer gets, and what becomes of a packet by them.

use super::Layering;

/// The highest layers that a viewer gets of a stream: what is above either is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// The highest number is above every layer that there can be: nothing is left out.
    pub spatial: u8,
    pub temporal: u8,
}

/// How a packet leaves that has a place in a viewer's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it came.
    Whole,
    /// As the last of its picture: those that followed in it are left out.
    Last,
    /// Without its payload. It came late and is of a layer that is left out, but the viewer waits for its number.
    Empty,
}

impl Layers {
    /// A single layer may be given as this: more of it than there is there is not.
    pub const EVERY: u8 = u8::MAX;
    pub const ALL: Layers = Layers {
        spatial: Layers::EVERY,
        temporal: Layers::EVERY,
    };

    /// Nothing is left out under either. One comparison, for it is made for every packet.
    pub fn are_all(self, other: Layers) -> bool {
        self.spatial & self.temporal & other.spatial & other.temporal == Layers::EVERY
    }

    /// Who gets these gets the others, too.
    pub fn cover(self, others: Layers) -> bool {
        others.spatial <= self.spatial && others.temporal <= self.temporal
    }

    /// A packet is for him who gets these.
    pub fn have(self, packet: &Layering) -> bool {
        packet.temporal <= self.temporal && packet.spatial <= self.spatial && !self.pass_over(packet)
    }

    /// It is of a smaller picture, which larger ones do without. With [`EVERY`](Layers::EVERY) nobody chose a size: it may be the largest
    /// that comes.
    fn pass_over(self, packet: &Layering) -> bool {
        packet.own_size_only && packet.spatial < self.spatial && self.spatial != Layers::EVERY
    }

    /// What a viewer gets from this packet on, who got `self` and shall get `target`. It changes only where a picture begins: down at
    /// once, up to a spatial layer with a key frame, up to a temporal one as [`Layering::next_temporal`] says. Where smaller pictures
    /// are passed over, it takes a key frame to go down to one, too.
    pub fn next(self, target: Layers, packet: &Layering, key_frame: bool) -> Layers {
        if !packet.begins_picture() {
            return self;
        }
        let may_turn = key_frame || (target.spatial <= self.spatial && !self.pass_over(packet));
        Layers {
            spatial: if may_turn { target.spatial } else { self.spatial },
            temporal: packet.next_temporal(self.temporal, target.temporal),
        }
    }

    /// How a packet leaves whose place is among those of a viewer who gets these.
    pub fn form(self, packet: &Layering) -> Form {
        if !self.have(packet) {
            return Form::Empty;
        }
        match packet.ends_frame && packet.spatial == self.spatial {
            true => Form::Last,
            false => Form::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::SwitchUp;

    fn first_of(spatial: u8, temporal: u8) -> Layering {
        Layering {
            spatial,
            temporal,
            begins_frame: true,
            ..Layering::default()
        }
    }

    const fn layers(spatial: u8, temporal: u8) -> Layers {
        Layers { spatial, temporal }
    }

    #[test]
    fn both_kinds_of_layers_count() {
        let lower = layers(1, 0);
        assert!(lower.have(&first_of(0, 0)) && lower.have(&first_of(1, 0)));
        assert!(!lower.have(&first_of(2, 0)) && !lower.have(&first_of(0, 1)));
        assert!(Layers::ALL.have(&first_of(7, 7)));
        assert!(Layers::ALL.are_all(Layers::ALL));
        assert!(!Layers::ALL.are_all(lower) && !layers(Layers::EVERY, 2).are_all(Layers::ALL));
    }

    #[test]
    fn larger_pictures_begin_with_a_key_frame_and_smaller_ones_with_any() {
        let base = first_of(0, 0);
        assert_eq!(layers(0, 0).next(layers(2, 0), &base, false), layers(0, 0));
        assert_eq!(layers(0, 0).next(layers(2, 0), &base, true), layers(2, 0));
        assert_eq!(layers(2, 0).next(layers(1, 0), &base, false), layers(1, 0));
        assert_eq!(layers(2, 0).next(layers(1, 0), &first_of(1, 0), false), layers(2, 0));
    }

    #[test]
    fn fewer_pictures_and_larger_ones_are_told_apart() {
        let key = Layering {
            switch_up: SwitchUp::ToAll,
            ..first_of(0, 0)
        };
        assert_eq!(layers(0, 0).next(Layers::ALL, &key, true), Layers::ALL);
        assert_eq!(
            layers(0, 0).next(Layers::ALL, &key, false),
            layers(0, Layers::EVERY),
            "the rate is raised without a key frame"
        );
    }

    #[test]
    fn what_is_for_its_size_only_is_not_for_larger_ones() {
        let own = |spatial| Layering {
            own_size_only: true,
            ends_frame: true,
            ..first_of(spatial, 0)
        };
        let has = |layers: Layers| [0, 1, 2].map(|spatial| layers.have(&own(spatial)));
        assert_eq!(has(layers(1, 0)), [false, true, false]);
        assert_eq!(has(layers(2, 0)), [false, false, true]);
        assert_eq!(has(Layers::ALL), [true; 3], "whatever comes may be the largest");
        assert_eq!(layers(2, 0).form(&own(0)), Form::Empty);
        assert_eq!(layers(2, 0).form(&own(2)), Form::Last);
    }

    #[test]
    fn sizes_that_stand_alone_are_changed_with_a_key_frame_only() {
        let own = Layering {
            own_size_only: true,
            ..first_of(0, 0)
        };
        assert_eq!(layers(2, 0).next(layers(0, 0), &own, false), layers(2, 0));
        assert_eq!(layers(2, 0).next(layers(0, 0), &first_of(0, 0), true), layers(0, 0));
        assert_eq!(
            Layers::ALL.next(layers(0, 0), &own, false),
            layers(0, 0),
            "all were sent"
        );
        assert_eq!(Layers::ALL.next(layers(2, 0), &own, false), layers(2, 0));
    }

    #[test]
    fn the_highest_layer_ends_the_picture() {
        let last = |spatial| Layering {
            ends_frame: true,
            ..first_of(spatial, 0)
        };
        let forms = [0, 1, 2].map(|spatial| layers(1, Layers::EVERY).form(&last(spatial)));
        assert_eq!(forms, [Form::Whole, Form::Last, Form::Empty]);
        assert_eq!(layers(1, 0).form(&first_of(1, 0)), Form::Whole, "not its last packet");
        assert_eq!(Layers::ALL.form(&last(2)), Form::Whole);
    }
}
