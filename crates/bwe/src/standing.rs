//! A queue that neither grows nor drains.

use crate::{MILLISECOND, Micros, SECOND};

/// From here on a queue that stands is felt in a talk.
const STANDING_MIN: Micros = 80 * MILLISECOND;
/// After this time something is done about it, and so long is waited for the effect.
const PATIENCE: Micros = SECOND;
/// What the way needs without a queue is the least of the last one to two of these: a receiver's clock that is wrong by
/// 100 parts in a million is off by 3 ms then.
const MEMORY: Micros = 15 * SECOND;
/// When so many decreases did not help, it is no queue of ours: the way got longer, or somebody else fills it.
const TRIES_MAX: u8 = 6;

/// A trend is blind to a queue that is full: the delay does not rise any more. This compares with the least delay that
/// was ever seen of late.
#[derive(Debug, Default)]
pub(crate) struct StandingQueue {
    /// The least of the time before, and of this.
    least: Option<(Micros, Micros)>,
    turned: Micros,
    since: Option<Micros>,
    tries: u8,
}

impl StandingQueue {
    /// The queue is too long to add to it.
    pub fn is_long(&self) -> bool {
        self.since.is_some()
    }

    /// `delay` is the least of the last second. True: the queue is to be brought down now.
    pub fn update(&mut self, delay: Micros, at: Micros) -> bool {
        let (before, this) = self.least.get_or_insert((delay, delay));
        *this = delay.min(*this);
        if at - self.turned > MEMORY {
            (*before, *this, self.turned) = (*this, delay, at);
        }
        if delay - *before.min(this) < STANDING_MIN {
            (self.since, self.tries) = (None, 0);
            return false;
        }
        if at - *self.since.get_or_insert(at) < PATIENCE {
            return false;
        }
        (self.since, self.tries) = (Some(at), self.tries + 1);
        if self.tries > TRIES_MAX {
            *self = StandingQueue {
                turned: at,
                ..StandingQueue::default()
            };
            return false;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When it is to be brought down, and whether it is long in the end; two delays a second, in milliseconds.
    fn outcome(delays: impl Iterator<Item = i64>) -> (Vec<usize>, bool) {
        let mut queue = StandingQueue::default();
        let update = |(i, delay): (usize, i64)| queue.update(delay * MILLISECOND, i as i64 * SECOND / 2).then_some(i);
        let times = delays.enumerate().filter_map(update).collect();
        (times, queue.is_long())
    }

    #[test]
    fn a_queue_that_stands_is_to_be_brought_down() {
        assert_eq!(outcome([0, 0, 50, 100].into_iter()), (vec![], true));
        assert_eq!(
            outcome([0, 0, 50, 100, 100, 100, 100, 50].into_iter()),
            (vec![5], false)
        );
    }

    #[test]
    fn a_way_that_got_longer_is_believed_after_some_tries() {
        let longer = (0..100).map(|i| if i < 10 { 0 } else { 200 });
        assert_eq!(outcome(longer), (vec![12, 14, 16, 18, 20, 22], false));
    }

    #[test]
    fn a_clock_that_drifts_makes_no_queue() {
        let mut queue = StandingQueue::default();
        for i in 0..3600 {
            queue.update(i * 100, i * SECOND);
            assert!(!queue.is_long());
        }
    }
}
