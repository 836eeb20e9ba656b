//! Which encoding for whom.

/// What a viewer can be given of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Of its picture, known or assumed.
    pub pixels: u32,
    /// Its publisher sends it.
    pub flows: bool,
}

/// Which of the encodings that flow a tile of so many pixels gets: the lowest whose picture is at least as large, else
/// the highest. None flows: none.
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

/// What the pictures of a source's encodings, in the order in which they were signalled, measure as far as key frames
/// told. The others are taken for a quarter of the next one or four times the one before, as browsers make them.
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
        let offer = |(&pixels, flows)| Offer { pixels, flows };
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
}
