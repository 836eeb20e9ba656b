//! What may wait in all streams together, and who gives way beyond it.

use super::stream::Stream;

/// Counts upwards only: what is written is not taken off. So it costs nothing with each message, and what really waits is looked at when
/// so much may.
pub(super) struct Crowding {
    max: usize,
    waiting_at_most: usize,
}

impl Crowding {
    pub fn new(max: usize) -> Crowding {
        Crowding {
            max,
            waiting_at_most: 0,
        }
    }

    /// So much was queued. True: it may be too much now, see `relieve`.
    pub fn add(&mut self, len: usize) -> bool {
        self.waiting_at_most += len;
        self.waiting_at_most > self.max
    }

    /// Where more waits than three quarters of what may, those that hold most lose their latest messages, all down to the same level.
    /// Gives how many messages.
    pub fn relieve<'a>(&mut self, streams: impl Iterator<Item = &'a mut Stream>) -> usize {
        let mut streams: Vec<_> = streams.filter(|stream| stream.waiting() > 0).collect();
        streams.sort_unstable_by_key(|stream| stream.waiting());
        let level = level(streams.iter().map(|stream| stream.waiting()), self.max / 4 * 3);
        let dropped = streams.iter_mut().map(|stream| stream.link.out.cut(level)).sum();
        self.waiting_at_most = streams.iter().map(|stream| stream.waiting()).sum();
        dropped
    }
}

/// Where `lengths`, which ascend, are to be cut so that their sum is at most `total`, and none for the sake of a longer one.
fn level(lengths: impl ExactSizeIterator<Item = usize>, total: usize) -> usize {
    let mut left = total;
    let count = lengths.len();
    for (index, len) in lengths.enumerate() {
        let share = left / (count - index);
        if len > share {
            return share;
        }
        left -= len;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_give_way_and_the_others_do_not() {
        assert_eq!(level([10, 20, 500, 600].into_iter(), 230), 100);
        assert_eq!(level([10, 20, 30].into_iter(), 60), usize::MAX);
        assert_eq!(level([100, 100, 100].into_iter(), 30), 10);
        assert_eq!(level([].into_iter(), 0), usize::MAX);
    }

    proptest! {
        #[test]
        fn what_is_left_fits_and_nobody_has_less_than_his_share(
            mut lengths in prop::collection::vec(1..300_000usize, 1..100),
            total in 0..10_000_000usize,
        ) {
            lengths.sort_unstable();
            let level = level(lengths.iter().copied(), total);
            prop_assert!(lengths.iter().map(|len| len.min(&level)).sum::<usize>() <= total);
            prop_assert!(level >= total / lengths.len());
        }
    }
}
