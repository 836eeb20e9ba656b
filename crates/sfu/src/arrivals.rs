//! When a client's packets arrived, for transport-wide feedback.

use crate::rtcp::CompoundWriter;
use crate::rtp::SequenceUnwrapper;
use std::time::{Duration, Instant};

/// Feedback covers about this much time: often enough for the sender's estimator, rare enough to cost little.
const INTERVAL: Duration = Duration::from_millis(60);
/// Arrivals kept between two reports; beyond it feedback leaves early.
const ARRIVALS_MAX: usize = 512;
/// A gap wider than this is not reported number by number.
const GAP_MAX: u64 = 1024;

/// Transport-wide sequence numbers (draft-holmer-rmcat-transport-wide-cc-extensions-01) and their arrival times.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    unwrapper: SequenceUnwrapper,
    /// (number, µs since any zero).
    received: Vec<(u64, i64)>,
    /// The first number that no feedback covered.
    next: Option<u64>,
    since: Option<Instant>,
    feedback_count: u8,
}

impl Arrivals {
    pub fn record(&mut self, sequence_number: u16, micros: i64, now: Instant) {
        let number = self.unwrapper.unwrap(sequence_number);
        if self.received.len() < ARRIVALS_MAX * 2 {
            self.received.push((number, micros));
            self.since.get_or_insert(now);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        let since = self.since?;
        Some(match self.received.len() < ARRIVALS_MAX {
            true => since + INTERVAL,
            false => since,
        })
    }

    /// Writes one packet of feedback; false when there is nothing (more) to report.
    pub fn write(&mut self, sender_ssrc: u32, media_ssrc: u32, writer: &mut CompoundWriter<'_>) -> bool {
        self.since = None;
        self.received.sort_unstable();
        self.received.dedup_by_key(|&mut (number, _)| number);
        let Some(&(first, _)) = self.received.first() else {
            return false;
        };
        let base = match self.next {
            Some(next) if next <= first && first - next <= GAP_MAX => next,
            _ => first,
        };
        let count = writer
            .transport_feedback(sender_ssrc, media_ssrc, self.feedback_count, base, &self.received)
            .unwrap_or(0);
        if count == 0 {
            self.received.clear();
            return false;
        }
        self.next = self
            .received
            .get(count - 1)
            .map(|&(number, _)| number + 1)
            .max(self.next);
        self.received.drain(..count);
        self.feedback_count = self.feedback_count.wrapping_add(1);
        true
    }
}
