//! Which encoding for whom.

use std::cmp::Reverse;

/// What a viewer can be given of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Of its picture, known or assumed.
    pub pixels: u32,
    /// Its publisher sends it.
    pub flows: bool,
    /// Bits a second that it takes, measured or assumed.
    pub bitrate: u64,
}

/// What there is to give away on the way to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Bits a second.
    pub bitrate: u64,
    /// So much is all that the way carries. Otherwise more was not tried yet.
    pub limited: bool,
    /// Nobody had to go down of late.
    pub may_raise: bool,
}

/// What one viewer wishes to see in one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    /// More goes before less.
    pub priority: u8,
    /// Ranks and bitrates of what he can be given, the smallest picture first; none larger than the wish calls for.
    pub steps: Vec<(usize, u64)>,
    /// Which of the steps he has.
    pub now: Option<usize>,
    /// He has none because nothing fitted.
    pub starved: bool,
}

/// Who gets what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allocation {
    /// Steps, in the order of the wants; none: nothing fits.
    pub chosen: Vec<Option<usize>>,
    /// Bits a second with which the next one in turn would get more; 0: everybody has what he wishes.
    pub lacking: u64,
}

/// More than it costs has to be there for a step up, in percent: rates vary, and to go up and down is worse than to stay.
const MARGIN: u64 = 110;
/// So much less than it costs may be there for what somebody has and below which there is nothing.
const TOLERANCE: u64 = 90;

/// Everybody gets the least there is of what he wishes before anybody gets better, and those of more priority come before
/// the others, in both.
pub(crate) fn allocate(budget: Budget, wants: &[Want]) -> Allocation {
    let mut round = Round {
        budget,
        wants,
        chosen: vec![None; wants.len()],
        spent: 0,
    };
    let mut order: Vec<usize> = (0..wants.len()).filter(|&at| !wants[at].steps.is_empty()).collect();
    order.sort_by_key(|&at| Reverse(wants[at].priority));
    for &at in &order {
        round.step_up(at);
    }
    for equals in order.chunk_by(|&one, &other| wants[one].priority == wants[other].priority) {
        // Each of them a step at a time.
        while equals.iter().filter(|&&at| round.step_up(at)).count() > 0 {}
    }
    let lacking = { order.iter() }.find_map(|&at| Some(round.cost(at)? * MARGIN / 100 + round.spent));
    Allocation {
        chosen: round.chosen,
        lacking: lacking.unwrap_or(0),
    }
}

struct Round<'a> {
    budget: Budget,
    wants: &'a [Want],
    chosen: Vec<Option<usize>>,
    spent: u64,
}

impl Round<'_> {
    /// What the next step costs beyond the present one; none where there is no next.
    fn cost(&self, at: usize) -> Option<u64> {
        let steps = &self.wants[at].steps;
        let (_, next) = steps.get(self.chosen[at].map_or(0, |chosen| chosen + 1))?;
        let present = self.chosen[at].map_or(0, |chosen| steps[chosen].1);
        Some(next.saturating_sub(present))
    }

    /// True: it was affordable, and taken.
    fn step_up(&mut self, at: usize) -> bool {
        let Some(cost) = self.cost(at) else {
            return false;
        };
        let want = &self.wants[at];
        let next = self.chosen[at].map_or(0, |chosen| chosen + 1);
        let left = self.budget.bitrate.saturating_sub(self.spent);
        let fits = if next == 0 && !self.budget.limited {
            true
        } else if want.now.is_some_and(|now| next <= now) {
            cost * if next == 0 { TOLERANCE } else { 100 } / 100 <= left
        } else if next == 0 && !want.starved {
            cost <= left
        } else {
            self.budget.may_raise && cost * MARGIN / 100 <= left
        };
        if fits {
            self.chosen[at] = Some(next);
            self.spent += cost;
        }
        fits
    }
}

/// Which of the encodings that flow a tile of so many pixels gets: the lowest whose picture is at least as large, else the
/// highest. None flows: none.
pub(crate) fn choose(pixels: u32, offers: &[Offer]) -> Option<usize> {
    let flowing = || offers.iter().enumerate().filter(|(_, offer)| offer.flows);
    let enough = flowing().filter(|(_, offer)| offer.pixels >= pixels);
    let chosen = enough.min_by_key(|(_, offer)| offer.pixels);
    // Of two that are equal the one that was signalled as the lower.
    let highest = || flowing().rev().max_by_key(|(_, offer)| offer.pixels);
    chosen.or_else(highest).map(|(rank, _)| rank)
}

/// The lowest of all, whether or not it flows.
pub(crate) fn lowest(offers: &[Offer]) -> Option<usize> {
    let all = offers.iter().enumerate();
    all.min_by_key(|(_, offer)| offer.pixels).map(|(rank, _)| rank)
}

/// What pictures of a size take where it was not measured yet, in bits a second.
pub(crate) fn assume_bitrate(pixels: u32) -> u64 {
    2 * u64::from(pixels)
}

/// What the pictures of a source's encodings, in the order in which they were signalled, measure as far as key frames told.
/// The others are taken for a quarter of the next one or four times the one before, as browsers make them.
pub(crate) fn assume_pixels(known: &[Option<u32>]) -> Vec<u32> {
    const TOP: u32 = 1280 * 720;
    let last = known.len().saturating_sub(1);
    let assumed = |rank: usize| {
        let of = |other: usize| known[other].map(|pixels| (other, pixels));
        let nearest = (0..known.len())
            .filter_map(of)
            .min_by_key(|(other, _)| other.abs_diff(rank));
        let (from, pixels) = nearest.unwrap_or((last, TOP));
        match rank < from {
            true => pixels >> (2 * (from - rank)),
            false => pixels.saturating_mul(1 << (2 * (rank - from))),
        }
    };
    (0..known.len()).map(assumed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u32; 3] = [320 * 180, 640 * 360, 1280 * 720];

    fn offers(flows: [bool; 3]) -> Vec<Offer> {
        let offer = |(&pixels, flows)| Offer {
            pixels,
            flows,
            bitrate: 0,
        };
        SIZES.iter().zip(flows).map(offer).collect()
    }

    #[test]
    fn a_tile_gets_the_lowest_that_fills_it_and_the_highest_where_none_does() {
        let offers = offers([true; 3]);
        let chosen =
            [1, SIZES[0], SIZES[0] + 1, SIZES[1], SIZES[2] - 1, SIZES[2], u32::MAX].map(|p| choose(p, &offers));
        assert_eq!(chosen.map(Option::unwrap), [0, 0, 1, 1, 2, 2, 2]);
    }

    #[test]
    fn what_does_not_flow_is_not_chosen() {
        assert_eq!(choose(u32::MAX, &offers([true, true, false])), Some(1));
        assert_eq!(choose(1, &offers([false, false, true])), Some(2));
        assert_eq!(choose(1, &offers([false; 3])), None);
        assert_eq!(lowest(&offers([false; 3])), Some(0));
    }

    #[test]
    fn sizes_decide_and_not_the_order_of_signalling() {
        let reversed: Vec<Offer> = offers([true; 3]).into_iter().rev().collect();
        assert_eq!(choose(1, &reversed), Some(2));
        assert_eq!(choose(u32::MAX, &reversed), Some(0));
        assert_eq!(lowest(&reversed), Some(2));
    }

    #[test]
    fn of_equal_pictures_the_first_is_taken() {
        let equal = [Offer {
            pixels: 100,
            flows: true,
            bitrate: 0,
        }; 2];
        assert_eq!((choose(1, &equal), choose(u32::MAX, &equal)), (Some(0), Some(0)));
    }

    #[test]
    fn unknown_pictures_are_assumed_from_the_nearest_known() {
        assert_eq!(assume_pixels(&[None; 3]), SIZES);
        assert_eq!(assume_pixels(&[Some(100), None, None]), [100, 400, 1600]);
        assert_eq!(assume_pixels(&[None, None, Some(1600)]), [100, 400, 1600]);
        assert_eq!(assume_pixels(&[None, Some(u32::MAX), None])[2], u32::MAX);
        assert_eq!(assume_pixels(&[]), [0; 0]);
    }

    const WIDE: Budget = Budget {
        bitrate: 100_000,
        limited: true,
        may_raise: true,
    };

    fn budget(bitrate: u64) -> Budget {
        Budget { bitrate, ..WIDE }
    }

    /// Three encodings of 100, 400 and 1600 (kbit/s, say).
    fn want(priority: u8, now: Option<usize>) -> Want {
        Want {
            priority,
            steps: vec![(0, 100), (1, 400), (2, 1600)],
            now,
            starved: false,
        }
    }

    fn starved(priority: u8) -> Want {
        Want {
            starved: true,
            ..want(priority, None)
        }
    }

    #[test]
    fn everybody_gets_something_before_anybody_gets_better() {
        let three = [want(0, None), want(3, None), want(1, None)];
        let chosen = |bitrate| allocate(budget(bitrate), &three).chosen;
        assert_eq!(chosen(99), [None; 3]);
        assert_eq!(chosen(250), [None, Some(0), Some(0)]);
        assert_eq!(chosen(300), [Some(0); 3]);
        assert_eq!(chosen(630), [Some(0), Some(1), Some(0)]);
        assert_eq!(
            chosen(2000),
            [Some(0), Some(2), Some(0)],
            "and the first of them gets it all"
        );
        assert_eq!(chosen(100_000), [Some(2); 3]);
    }

    #[test]
    fn equals_go_up_together() {
        let two = [want(0, None), want(0, None)];
        assert_eq!(allocate(budget(900), &two).chosen, [Some(1), Some(1)]);
        assert_eq!(allocate(budget(2200), &two).chosen, [Some(2), Some(1)]);
    }

    #[test]
    fn a_step_up_needs_more_than_it_costs_and_to_stay_does_not() {
        let of = |bitrate, now| allocate(budget(bitrate), &[want(0, now)]).chosen[0];
        assert_eq!((of(429, Some(0)), of(430, Some(0))), (Some(0), Some(1)));
        assert_eq!((of(399, Some(1)), of(400, Some(1))), (Some(0), Some(1)));
        assert_eq!((of(90, Some(0)), of(89, Some(0))), (Some(0), None));
        let hungry = |bitrate| allocate(budget(bitrate), &[starved(0)]).chosen[0];
        assert_eq!((hungry(109), hungry(110)), (None, Some(0)));
    }

    #[test]
    fn nobody_goes_up_while_that_is_held() {
        let held = Budget {
            may_raise: false,
            ..WIDE
        };
        let wants = [want(0, Some(1)), want(0, Some(0)), starved(0), want(0, None)];
        assert_eq!(allocate(held, &wants).chosen, [Some(1), Some(0), None, Some(0)]);
    }

    #[test]
    fn before_a_limit_was_met_the_least_is_given_whatever_the_estimate() {
        let untried = Budget {
            limited: false,
            ..budget(50)
        };
        assert_eq!(allocate(untried, &[want(0, None)]).chosen, [Some(0)]);
    }

    #[test]
    fn what_lacks_is_told() {
        let lacking = |bitrate, wants: &[Want]| allocate(budget(bitrate), wants).lacking;
        assert_eq!(lacking(10_000, &[want(0, None)]), 0);
        assert_eq!(lacking(100, &[want(0, Some(0))]), 100 + 330);
        assert_eq!(lacking(50, &[starved(0)]), 110);
        assert_eq!(lacking(500, &[want(0, None), want(1, None)]), 200 + 330);
        assert_eq!(lacking(0, &[]), 0);
    }

    proptest::proptest! {
        #[test]
        fn no_more_is_given_away_than_there_is(
            bitrate in 0u64..5_000,
            wants in proptest::collection::vec(
                (0u8..3, proptest::collection::vec(1u64..2_000, 0..4), proptest::option::of(0usize..3), proptest::bool::ANY),
                0..8,
            ),
        ) {
            let wants: Vec<Want> = { wants.into_iter() }
                .map(|(priority, mut bitrates, now, starved)| {
                    bitrates.sort_unstable();
                    let now = now.filter(|&now| now < bitrates.len());
                    Want { priority, steps: bitrates.into_iter().enumerate().collect(), now, starved }
                })
                .collect();
            let allocation = allocate(budget(bitrate), &wants);
            let given = wants.iter().zip(&allocation.chosen).filter_map(|(want, chosen)| Some(want.steps[(*chosen)?].1));
            // What somebody has already is tolerated to cost a ninth more.
            assert!(given.sum::<u64>() <= bitrate * 10 / 9 + wants.len() as u64);
            let all: u64 = wants.iter().filter_map(|want| want.steps.last()).map(|(_, bitrate)| bitrate).sum();
            if all * MARGIN / 100 < bitrate {
                assert_eq!(allocation.lacking, 0);
            }
        }
    }
}
