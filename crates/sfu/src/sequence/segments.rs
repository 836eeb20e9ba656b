//! Stretches of a receiver's stream in which numbers are moved by the same.

use super::{Epoch, Shifts};
use crate::rtp::Layers;
use std::collections::VecDeque;

/// Segments that ended and are still looked up, so that what was lost in them can be sent again: of two seconds with sixty pictures, of
/// each of which something is left out.
const EARLIER_MAX: usize = 128;

#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub epoch: Epoch,
    /// The first source index that may appear, and where it comes to lie.
    pub source_base: u64,
    pub base: u64,
    pub shifts: Shifts,
    /// What the shift of timestamps would be if the first one had not been kept from going back. The next segment counts
    /// from it, or small steps forward would add up.
    pub exact: u32,
    /// What of the encoding has places in it.
    pub top: Layers,
    /// Something was left out since the encoding began: the receiver is told what is left.
    pub narrowed: bool,
}

impl Segment {
    /// What the receiver is told that he gets, if he is.
    pub fn told(&self) -> Option<Layers> {
        self.narrowed.then_some(self.top)
    }
}

/// The one that runs, and those before it as far as they may be sent again.
///
/// They lie one behind the other in the receiver's stream: where one begins the one before it ends.
#[derive(Debug, Default)]
pub(super) struct Segments {
    current: Option<Segment>,
    /// Oldest first.
    earlier: VecDeque<Segment>,
}

impl Segments {
    pub fn current(&self) -> Option<&Segment> {
        self.current.as_ref()
    }

    pub fn clear(&mut self) {
        self.current = None;
        self.earlier.clear();
    }

    /// Another one runs from now on. Where it takes all places of one before it, nothing ever was in that one.
    pub fn begin(&mut self, segment: Segment) {
        while self.earlier.back().is_some_and(|before| before.base >= segment.base) {
            self.earlier.pop_back();
        }
        let ended = self.current.replace(segment);
        if let Some(ended) = ended.filter(|ended| ended.base < segment.base) {
            if self.earlier.len() == EARLIER_MAX {
                self.earlier.pop_front();
            }
            self.earlier.push_back(ended);
        }
    }

    /// Where a receiver's index lies.
    pub fn of_index(&self, index: u64) -> Option<&Segment> {
        let all = self.current.iter().chain(self.earlier.iter().rev());
        { all }.find(|segment| segment.base <= index)
    }

    /// Where a source's index has a place, of the epoch that runs and without a break: none where it was left out or is too old.
    pub fn of_source(&self, source_index: u64) -> Option<&Segment> {
        let current = self.current.as_ref()?;
        if source_index >= current.source_base {
            return Some(current);
        }
        let mut end = current.base;
        for segment in self.earlier.iter().rev() {
            if segment.epoch != current.epoch {
                return None;
            }
            if let Some(ahead) = source_index.checked_sub(segment.source_base) {
                return (segment.base + ahead < end).then_some(segment);
            }
            end = segment.base;
        }
        None
    }
}
