//! Sequence numbers without those that carried nothing.

use std::collections::VecDeque;

/// More padding than this among packets that may still be reordered is not worth remembering.
const REMEMBERED: usize = 128;

/// Senders probe for bandwidth with packets that are all padding, on the media's own SSRC. They are not forwarded, and
/// the sequence numbers after them move down, or each would look like a loss to every viewer.
#[derive(Debug, Default)]
pub(crate) struct Compaction {
    /// Left out, ascending.
    recent: VecDeque<u64>,
    /// How many were left out before those in `recent`.
    before: u64,
    /// What is below can no longer be mapped.
    floor: u64,
    /// Of all that was mapped or left out.
    highest: Option<u64>,
}

impl Compaction {
    /// Leaves out an index. False if it lies below one that was mapped: what followed it already has its number.
    pub fn leave_out(&mut self, index: u64) -> bool {
        if self.highest.is_some_and(|highest| index <= highest) {
            return false;
        }
        self.highest = Some(index);
        if self.recent.len() == REMEMBERED
            && let Some(oldest) = self.recent.pop_front()
        {
            self.before += 1;
            self.floor = oldest + 1;
        }
        self.recent.push_back(index);
        true
    }

    /// An index that was left out is not after all. False if another came since, which may have its number.
    pub fn take_back(&mut self, index: u64) -> bool {
        let is_last = self.highest == Some(index) && self.recent.back() == Some(&index);
        if is_last {
            self.recent.pop_back();
        }
        is_last
    }

    /// None for what was left out or is too old.
    pub fn map(&mut self, index: u64) -> Option<u64> {
        self.highest = self.highest.max(Some(index));
        if index < self.floor {
            return None;
        }
        let behind = self.recent.iter().rev().take_while(|&&left_out| left_out >= index);
        let mut later = 0;
        for &left_out in behind {
            if left_out == index {
                return None;
            }
            later += 1;
        }
        Some(index - self.before - (self.recent.len() - later) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_moves_down_and_what_precedes_stays() {
        let mut compaction = Compaction::default();
        assert_eq!(compaction.map(10), Some(10));
        assert!(compaction.leave_out(11));
        assert!(compaction.leave_out(13));
        let mapped = [10, 11, 12, 13, 14].map(|i| compaction.map(i));
        assert_eq!(mapped, [Some(10), None, Some(11), None, Some(12)]);
        assert!(!compaction.leave_out(12));
    }

    #[test]
    fn only_the_last_one_is_taken_back() {
        let mut compaction = Compaction::default();
        assert_eq!(compaction.map(10), Some(10));
        assert!(compaction.leave_out(11) && compaction.leave_out(12));
        assert!(!compaction.take_back(11));
        assert!(compaction.take_back(12) && !compaction.take_back(12));
        assert_eq!([12, 13].map(|i| compaction.map(i)), [Some(11), Some(12)]);
        assert!(compaction.leave_out(14));
        assert_eq!(compaction.map(15), Some(13));
        assert!(!compaction.take_back(14), "its number is another's");
    }

    #[test]
    fn memory_is_bounded_and_the_map_stays_one_to_one() {
        let mut compaction = Compaction::default();
        (0..1000).for_each(|i| assert!(compaction.leave_out(2 * i)));
        assert_eq!(compaction.map(1999), Some(999));
        assert_eq!(compaction.map(1997), Some(998));
        assert_eq!(compaction.map(3), None);
    }
}
