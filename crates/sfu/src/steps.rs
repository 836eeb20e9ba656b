//! What a viewer can be given of a source, from the least that there is to what his tile has use for.

use crate::rtp::Layers;

/// One size of a source's picture: an encoding of its, or a spatial layer of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Of the encoding, among those of the source.
    pub rank: u8,
    /// The highest of an encoding is [`Layers::EVERY`].
    pub spatial: u8,
    /// Of its picture, known or assumed.
    pub pixels: u32,
    /// Its publisher sends it.
    pub flows: bool,
    /// Bits a second that it takes, measured or assumed.
    pub bitrate: u64,
    /// The same without upper temporal layers, the fewest pictures first.
    pub slower: Vec<Slower>,
}

/// A picture with some of its temporal layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slower {
    /// The highest that is sent.
    pub temporal: u8,
    /// Bits a second that it takes.
    pub bitrate: u64,
    /// Pictures a second.
    pub frame_rate: u32,
}

/// One thing that a viewer can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Of the encoding.
    pub rank: u8,
    pub layers: Layers,
    /// Bits a second.
    pub bitrate: u64,
}

impl Step {
    /// It has all pictures of its size.
    pub fn is_whole(&self) -> bool {
        self.layers.temporal == Layers::EVERY
    }
}

/// So many pictures a second are motion still, and lips that fit to words: half of a camera's thirty, with room for what is measured.
/// With as many a picture of four times the pixels is worth more than the smaller one that moves smoothly; with fewer it is not.
const MOTION: u32 = 12;

/// What of the offers that flow a viewer can be given to whom `best` is enough, the least first, and how many of these steps are of the
/// smallest picture. Each takes more than the one before it, as far as that was measured.
///
/// Pictures go before pixels where few are left, for anything that moves now and then is better than nothing: the smallest one is offered
/// with all its temporal layers one after another, and larger ones without their highest at most, if enough is left for motion. Where
/// `detail` counts pixels go before pictures: what is to be read must be sharp, and moves seldom.
pub(crate) fn steps(offers: &[Offer], best: usize, detail: bool) -> (Vec<Step>, usize) {
    let fits = |(at, offer): &(usize, &Offer)| offer.flows && (*at == best || offer.pixels < offers[best].pixels);
    let mut fitting: Vec<_> = offers.iter().enumerate().filter(fits).collect();
    fitting.sort_by_key(|(_, offer)| offer.pixels);
    let (mut steps, mut of_smallest) = (Vec::new(), 0);
    for (nth, (at, offer)) in fitting.into_iter().enumerate() {
        let (is_smallest, is_best) = (nth == 0, at == best);
        let highest = offer.slower.len().saturating_sub(1);
        for (below, slower) in offer.slower.iter().enumerate() {
            let serves = match detail {
                true => is_best || below == 0,
                false => is_smallest || (below == highest && slower.frame_rate >= MOTION),
            };
            let takes_more = { steps.last() }.is_none_or(|before: &Step| before.bitrate < slower.bitrate);
            if serves && takes_more && slower.bitrate < offer.bitrate {
                steps.push(offer.step(slower.temporal, slower.bitrate));
            }
        }
        if !detail || is_best || offer.slower.is_empty() {
            steps.push(offer.step(Layers::EVERY, offer.bitrate));
        }
        if is_smallest {
            of_smallest = steps.len();
        }
    }
    (steps, of_smallest)
}

impl Offer {
    fn step(&self, temporal: u8, bitrate: u64) -> Step {
        Step {
            rank: self.rank,
            layers: Layers {
                spatial: self.spatial,
                temporal,
            },
            bitrate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 320, 640 and 1280 pixels of width, 200, 700 and 2500 kbit/s; three temporal layers, as libwebrtc shares them out, of so many
    /// pictures a second.
    fn offers(frame_rate: u32) -> Vec<Offer> {
        let offer = |(rank, bitrate): (u8, u64)| Offer {
            rank,
            spatial: Layers::EVERY,
            pixels: (320 * 180) << (2 * rank),
            flows: true,
            bitrate,
            slower: vec![
                Slower {
                    temporal: 0,
                    bitrate: bitrate * 4 / 10,
                    frame_rate: frame_rate / 4,
                },
                Slower {
                    temporal: 1,
                    bitrate: bitrate * 6 / 10,
                    frame_rate: frame_rate / 2,
                },
            ],
        };
        (0u8..).zip([200, 700, 2500]).map(offer).collect()
    }

    /// As rank and highest temporal layer, none for all.
    fn named(steps: &[Step]) -> Vec<(u8, Option<u8>)> {
        let temporal = |step: &Step| Some(step.layers.temporal).filter(|_| !step.is_whole());
        steps.iter().map(|step| (step.rank, temporal(step))).collect()
    }

    #[test]
    fn a_face_loses_every_second_picture_before_pixels_and_more_of_them_before_all() {
        let (steps, of_smallest) = steps(&offers(30), 2, false);
        let expected = [
            (0, Some(0)),
            (0, Some(1)),
            (0, None),
            (1, Some(1)),
            (1, None),
            (2, Some(1)),
            (2, None),
        ];
        assert_eq!(named(&steps), expected);
        assert_eq!(of_smallest, 3);
        assert!(steps.is_sorted_by(|one, other| one.bitrate < other.bitrate));
    }

    #[test]
    fn a_slow_camera_loses_pixels_first() {
        let (steps, _) = steps(&offers(15), 2, false);
        assert_eq!(
            named(&steps),
            [(0, Some(0)), (0, Some(1)), (0, None), (1, None), (2, None)]
        );
    }

    #[test]
    fn a_screen_loses_pictures_first() {
        let (several, of_smallest) = steps(&offers(15), 2, true);
        assert_eq!(
            named(&several),
            [(0, Some(0)), (1, Some(0)), (2, Some(0)), (2, Some(1)), (2, None)]
        );
        assert_eq!(of_smallest, 1);
        let (one, of_smallest) = steps(&offers(15)[2..], 0, true);
        assert_eq!(named(&one), [(2, Some(0)), (2, Some(1)), (2, None)]);
        assert_eq!(of_smallest, 3);
    }

    #[test]
    fn a_small_tile_gets_no_large_picture() {
        let (steps, of_smallest) = steps(&offers(30), 0, false);
        assert_eq!(named(&steps), [(0, Some(0)), (0, Some(1)), (0, None)]);
        assert_eq!(of_smallest, 3);
    }

    #[test]
    fn what_does_not_flow_is_no_step() {
        let mut offers = offers(30);
        offers[0].flows = false;
        let (steps, _) = steps(&offers, 1, false);
        assert_eq!(named(&steps), [(1, Some(0)), (1, Some(1)), (1, None)]);
    }

    #[test]
    fn a_step_that_takes_no_more_than_the_one_before_is_left_out() {
        let mut offers = offers(30);
        offers[0].bitrate = 500;
        let (steps, _) = steps(&offers, 1, false);
        assert_eq!(named(&steps), [(0, Some(0)), (0, Some(1)), (0, None), (1, None)]);
    }

    #[test]
    fn without_temporal_layers_there_is_one_step_for_each_size() {
        let mut offers = offers(30);
        offers.iter_mut().for_each(|offer| offer.slower.clear());
        for detail in [false, true] {
            let (steps, of_smallest) = steps(&offers, 2, detail);
            assert_eq!((named(&steps), of_smallest), (vec![(0, None), (1, None), (2, None)], 1));
        }
    }
}
