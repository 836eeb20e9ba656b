//! Which spatial layers an encoding has, by its latest pictures.

use crate::rtp::Layering;

/// A layer that is missing in so many pictures in a row has ended. An encoder that is short of bits leaves single ones out.
const MISSED_PICTURES: u8 = 8;

/// Rates tell it too, but only after seconds. Who is given a larger picture without the smaller ones would look at nothing meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Sizes {
    highest: u8,
    /// Pictures since there was one of the highest, and the highest in these.
    missed: u8,
    since: u8,
    apart: bool,
}

impl Sizes {
    /// Takes note of a packet that is new; `key_frame`: it begins one. True: what viewers can be given is another thing now.
    pub fn count(&mut self, packet: &Layering, key_frame: bool) -> bool {
        let before = (self.highest, self.apart);
        if packet.spatial >= self.highest {
            (self.highest, self.missed, self.since) = (packet.spatial, 0, 0);
        } else {
            self.since = self.since.max(packet.spatial);
            self.missed += u8::from(packet.begins_picture());
        }
        if self.missed > MISSED_PICTURES {
            (self.highest, self.missed, self.since) = (self.since, 0, 0);
        }
        if self.highest == 0 {
            self.apart = false;
        } else if packet.begins_picture() && !key_frame {
            self.apart = packet.own_size_only;
        }
        self.highest < before.0 || self.apart != before.1
    }

    pub fn highest(&self) -> u8 {
        self.highest
    }

    /// Larger pictures need smaller ones with key frames only, and go without them otherwise.
    pub fn are_apart(&self) -> bool {
        self.apart
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first packets of the layers of one picture. Returns whether any was news.
    fn picture(sizes: &mut Sizes, layers: &[u8], own_size_only: bool, key_frame: bool) -> bool {
        let mut news = false;
        for &spatial in layers {
            let packet = Layering {
                spatial,
                begins_frame: true,
                own_size_only,
                ..Layering::default()
            };
            news |= sizes.count(&packet, key_frame && spatial == 0);
        }
        news
    }

    fn after_a_key_frame(own_size_only: bool) -> Sizes {
        let mut sizes = Sizes::default();
        assert!(!picture(&mut sizes, &[0, 1, 2], false, true));
        picture(&mut sizes, &[0, 1, 2], own_size_only, false);
        sizes
    }

    #[test]
    fn sizes_that_need_each_other_only_in_key_frames_are_apart() {
        assert!(!after_a_key_frame(false).are_apart());
        let mut sizes = after_a_key_frame(true);
        assert!(sizes.are_apart() && sizes.highest() == 2);
        assert!(
            !picture(&mut sizes, &[0, 1, 2], false, true),
            "another key frame changes nothing"
        );
        assert!(sizes.are_apart());
        assert!(picture(&mut sizes, &[0, 1, 2], false, false) && !sizes.are_apart());
    }

    #[test]
    fn the_only_size_is_not_apart_from_anything() {
        let mut sizes = Sizes::default();
        (0..20).for_each(|_| assert!(!picture(&mut sizes, &[0], true, false)));
        assert!(!sizes.are_apart());
    }

    #[test]
    fn a_size_that_is_missing_for_long_has_ended() {
        let mut sizes = after_a_key_frame(true);
        for _ in 0..3 {
            (0..7).for_each(|_| assert!(!picture(&mut sizes, &[0, 1], true, false)));
            assert!(!picture(&mut sizes, &[0, 1, 2], true, false), "it came in time");
        }
        (0..8).for_each(|_| assert!(!picture(&mut sizes, &[0, 1], true, false)));
        assert!(picture(&mut sizes, &[0, 1], true, false));
        assert_eq!((sizes.highest(), sizes.are_apart()), (1, true));
        (0..8).for_each(|_| assert!(!picture(&mut sizes, &[0], true, false)));
        assert!(picture(&mut sizes, &[0], true, false));
        assert_eq!((sizes.highest(), sizes.are_apart()), (0, false));
        assert!(
            !picture(&mut sizes, &[0, 1, 2], false, true),
            "and it comes again at once"
        );
        assert_eq!(sizes.highest(), 2);
    }
}
