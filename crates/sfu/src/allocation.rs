//! Which encoding for whom.

use crate::stats::Reason;
use crate::steps::{Offer, Step};
use std::cmp::Reverse;

/// What there is to give away on the way to one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    /// Bits a second.
    pub bitrate: u64,
    /// So much is all that the way carries. Otherwise more was not tried yet.
    pub limited: bool,
    /// Nobody had to go down of late.
    pub may_raise: bool,
    /// Somewhat too little is borne for the time being.
    pub patient: bool,
}

impl Budget {
    /// Of a way that is not estimated here: who carries it leaves out what does not fit.
    pub const UNLIMITED: Budget = Budget {
        bitrate: u64::MAX,
        limited: false,
        may_raise: true,
        patient: true,
    };
}

/// What one viewer wishes to see in one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    /// More goes before less.
    pub priority: u8,
    /// What he can be given, the least first; nothing larger than the wish calls for.
    pub steps: Vec<Step>,
    /// So many of them are of the smallest picture.
    pub of_smallest: usize,
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
    /// Somebody has what he has by patience only.
    pub strained: bool,
}

/// More than it costs has to be there for a step up, in percent: rates vary, and to go up and down is worse than to stay.
const MARGIN: u64 = 110;
/// So much of what it costs is enough for what somebody has and below which there is nothing, ...
const TOLERANCE: u64 = 90;
/// ... and for what he has while there is patience: an estimate that dips once comes back, and to go down is seen.
const PATIENCE: u64 = 80;

/// Everybody gets the least there is of what he wishes before anybody gets better, then all pictures of the smallest size before
/// anybody gets a larger one, and those of more priority come before the others, in all.
pub(crate) fn allocate(budget: Budget, wants: &[Want]) -> Allocation {
    let mut round = Round {
        budget,
        wants,
        chosen: vec![None; wants.len()],
        spent: 0,
        strained: false,
    };
    let mut order: Vec<usize> = (0..wants.len()).filter(|&at| !wants[at].steps.is_empty()).collect();
    order.sort_by_key(|&at| Reverse(wants[at].priority));
    for &at in &order {
        round.step_up(at);
    }
    for is_for_all in [true, false] {
        for equals in order.chunk_by(|&one, &other| wants[one].priority == wants[other].priority) {
            let mut climb = |at: usize| (!is_for_all || round.next(at) < wants[at].of_smallest) && round.step_up(at);
            // Each of them a step at a time.
            while equals.iter().filter(|&&at| climb(at)).count() > 0 {}
        }
    }
    let lacking = { order.iter() }.find_map(|&at| Some(round.lacking(at)? * MARGIN / 100 + round.spent));
    Allocation {
        chosen: round.chosen,
        lacking: lacking.unwrap_or(0),
        strained: round.strained,
    }
}

struct Round<'a> {
    budget: Budget,
    wants: &'a [Want],
    chosen: Vec<Option<usize>>,
    spent: u64,
    strained: bool,
}

impl Round<'_> {
    fn next(&self, at: usize) -> usize {
        self.chosen[at].map_or(0, |chosen| chosen + 1)
    }

    /// What a step costs beyond the present one.
    fn cost(&self, at: usize, step: &Step) -> u64 {
        let present = self.chosen[at].map_or(0, |chosen| self.wants[at].steps[chosen].bitrate);
        step.bitrate.saturating_sub(present)
    }

    /// What has to be found for somebody who has not all: something where he has nothing, else all pictures of the next size, or of the
    /// largest. To try the way for less takes as long, and shows less.
    fn lacking(&self, at: usize) -> Option<u64> {
        let above = &self.wants[at].steps[self.next(at)..];
        let Some(chosen) = self.chosen[at] else {
            return above.first().map(|step| self.cost(at, step));
        };
        let chosen = self.wants[at].steps[chosen];
        let is_larger = |step: &&Step| (step.rank, step.layers.spatial) != (chosen.rank, chosen.layers.spatial);
        let mut whole = above.iter().filter(|step| step.is_whole());
        let step = { whole.clone() }.find(is_larger).or_else(|| whole.next())?;
        Some(self.cost(at, step))
    }

    /// True: it was affordable, and taken.
    fn step_up(&mut self, at: usize) -> bool {
        let (want, next) = (&self.wants[at], self.next(at));
        let Some(step) = want.steps.get(next) else {
            return false;
        };
        let cost = self.cost(at, step);
        let left = self.budget.bitrate.saturating_sub(self.spent);
        let is_smallest = next < want.of_smallest;
        let fits = if is_smallest && !self.budget.limited {
            true
        } else if want.now.is_some_and(|now| next <= now) {
            let strains = cost > left;
            let borne = self.budget.patient && (self.spent + cost) * PATIENCE / 100 <= self.budget.bitrate;
            self.strained |= strains && borne;
            !strains || borne || next == 0 && cost * TOLERANCE / 100 <= left
        } else if is_smallest && want.now.is_none() && !want.starved {
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

/// Why a tile of so many pixels gets no better one than the best that flows for it, which is `best`.
pub(crate) fn limit(pixels: u32, offers: &[Offer], best: Option<usize>) -> Reason {
    let Some(best) = best.map(|rank| offers[rank].pixels) else {
        return Reason::Publisher;
    };
    match offers.iter().all(|offer| offer.pixels <= best) {
        true => Reason::Best,
        false if best >= pixels => Reason::Size,
        false => Reason::Publisher,
    }
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
    use crate::rtp::Layers;

    const SIZES: [u32; 3] = [320 * 180, 640 * 360, 1280 * 720];

    fn offer(pixels: u32, flows: bool) -> Offer {
        Offer {
            rank: 0,
            spatial: Layers::EVERY,
            pixels,
            flows,
            bitrate: 0,
            slower: vec![],
        }
    }

    fn offers(flows: [bool; 3]) -> Vec<Offer> {
        SIZES
            .iter()
            .zip(flows)
            .map(|(&pixels, flows)| offer(pixels, flows))
            .collect()
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
    fn a_better_one_is_not_there_or_of_no_use_or_not_sent() {
        let limit_of = |pixels, flows| {
            let offers = offers(flows);
            limit(pixels, &offers, choose(pixels, &offers))
        };
        assert_eq!(limit_of(u32::MAX, [true; 3]), Reason::Best);
        assert_eq!(limit_of(SIZES[2], [true; 3]), Reason::Best);
        assert_eq!(limit_of(SIZES[1], [true; 3]), Reason::Size);
        assert_eq!(
            limit_of(SIZES[1], [true, true, false]),
            Reason::Size,
            "of no use, sent or not"
        );
        assert_eq!(limit_of(SIZES[2], [true, true, false]), Reason::Publisher);
        assert_eq!(limit_of(1, [false; 3]), Reason::Publisher, "nothing is");
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
        let equal = [offer(100, true), offer(100, true)];
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
        patient: false,
    };

    fn budget(bitrate: u64) -> Budget {
        Budget { bitrate, ..WIDE }
    }

    fn step(rank: u8, temporal: u8, bitrate: u64) -> Step {
        Step {
            rank,
            layers: Layers {
                temporal,
                ..Layers::ALL
            },
            bitrate,
        }
    }

    fn whole(bitrates: &[u64]) -> Vec<Step> {
        let steps = (0u8..).zip(bitrates);
        steps
            .map(|(rank, &bitrate)| step(rank, Layers::EVERY, bitrate))
            .collect()
    }

    /// Three encodings of 100, 400 and 1600 (kbit/s, say).
    fn want(priority: u8, now: Option<usize>) -> Want {
        Want {
            priority,
            steps: whole(&[100, 400, 1600]),
            of_smallest: 1,
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
    fn with_patience_what_somebody_has_may_cost_a_quarter_more_and_nobody_gets_better_by_it() {
        let wants = [want(1, Some(2)), want(0, Some(0))];
        let allocation = |bitrate, patient| {
            let budget = Budget {
                patient,
                ..budget(bitrate)
            };
            allocate(budget, &wants)
        };
        let (borne, not) = (allocation(1360, true), allocation(1360, false));
        assert_eq!((borne.chosen, borne.strained), (vec![Some(2), Some(0)], true));
        assert_eq!((not.chosen, not.strained), (vec![Some(1), Some(1)], false));
        assert_eq!(allocation(1359, true).chosen, [Some(1), Some(1)]);
        assert!(!allocation(1700, true).strained);
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

    /// As `want`, and of each encoding 40 % take a quarter of the pictures, and 60 % a half.
    fn layered(priority: u8, now: Option<usize>) -> Want {
        Want {
            steps: vec![
                step(0, 0, 40),
                step(0, 1, 60),
                step(0, Layers::EVERY, 100),
                step(1, 1, 240),
                step(1, Layers::EVERY, 400),
            ],
            of_smallest: 3,
            ..want(priority, now)
        }
    }

    #[test]
    fn a_narrow_way_costs_pictures_before_it_costs_all() {
        let of = |bitrate| allocate(budget(bitrate), &[layered(0, Some(4))]).chosen[0];
        let chosen = [400, 399, 239, 99, 59, 35].map(of);
        assert_eq!(chosen, [Some(4), Some(3), Some(2), Some(1), Some(0), None]);
    }

    #[test]
    fn nobody_gets_larger_pictures_before_all_have_all_of_the_smallest() {
        let wants = [layered(0, None), layered(3, None)];
        let chosen = |bitrate| allocate(budget(bitrate), &wants).chosen;
        assert_eq!(chosen(119), [Some(0), Some(1)]);
        assert_eq!(chosen(230), [Some(2), Some(2)]);
        assert_eq!(chosen(360), [Some(2), Some(3)]);
    }

    #[test]
    fn a_way_is_tried_for_the_next_size_and_not_for_each_layer() {
        let lacking = |bitrate, want| allocate(budget(bitrate), &[want]).lacking;
        assert_eq!(lacking(120, layered(0, Some(2))), 100 + 330);
        assert_eq!(lacking(70, layered(0, Some(1))), 60 + 374);
        assert_eq!(lacking(250, layered(0, Some(3))), 240 + 176);
        let starved = Want {
            starved: true,
            ..layered(0, None)
        };
        assert_eq!(lacking(30, starved), 44, "anything");
    }

    #[test]
    fn before_a_limit_was_met_all_pictures_of_the_smallest_are_given() {
        let untried = Budget {
            limited: false,
            ..budget(50)
        };
        assert_eq!(allocate(untried, &[layered(0, None)]).chosen, [Some(2)]);
    }

    proptest::proptest! {
        #[test]
        fn no_more_is_given_away_than_there_is(
            bitrate in 0u64..5_000,
            wants in proptest::collection::vec(
                (0u8..3, proptest::collection::vec(1u64..2_000, 0..4), 0usize..4, proptest::option::of(0usize..3), proptest::bool::ANY),
                0..8,
            ),
        ) {
            let wants: Vec<Want> = { wants.into_iter() }
                .map(|(priority, mut bitrates, of_smallest, now, starved)| {
                    bitrates.sort_unstable();
                    let now = now.filter(|&now| now < bitrates.len());
                    let of_smallest = of_smallest.min(bitrates.len());
                    Want { priority, steps: whole(&bitrates), of_smallest, now, starved }
                })
                .collect();
            let allocation = allocate(budget(bitrate), &wants);
            let given = wants.iter().zip(&allocation.chosen).filter_map(|(want, chosen)| Some(want.steps[(*chosen)?].bitrate));
            // What somebody has already is tolerated to cost a ninth more.
            assert!(given.sum::<u64>() <= bitrate * 10 / 9 + wants.len() as u64);
            let all: u64 = wants.iter().filter_map(|want| want.steps.last()).map(|step| step.bitrate).sum();
            if all * MARGIN / 100 < bitrate {
                assert_eq!(allocation.lacking, 0);
            }
        }
    }
}
