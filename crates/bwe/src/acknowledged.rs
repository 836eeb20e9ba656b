//! Bits a second over the last fraction of a second.

use crate::{MILLISECOND, Micros, seconds};

const BUCKET: Micros = 25 * MILLISECOND;
const BUCKETS: usize = 24;
/// Less than this says nothing of a rate: a frame may have arrived at once.
const SPAN_MIN: Micros = 100 * MILLISECOND;

/// Counts bytes by the time that belongs to them: of arrival, for what was acknowledged, or of departure.
#[derive(Debug, Default)]
pub(crate) struct Throughput {
    buckets: [u32; BUCKETS],
    /// When counting began after the last pause, and the latest time counted.
    span: Option<(Micros, Micros)>,
}

impl Throughput {
    pub fn add(&mut self, at: Micros, bytes: u32) {
        let (number, whole) = (at.div_euclid(BUCKET), BUCKETS as i64);
        let (since, latest) = match self.span {
            Some(span) if number < span.1.div_euclid(BUCKET) + whole => span,
            _ => {
                self.buckets = [0; BUCKETS];
                (at, at)
            }
        };
        let newest = latest.div_euclid(BUCKET);
        if number + whole <= newest {
            return;
        }
        for passed in newest + 1..=number {
            self.buckets[place(passed)] = 0;
        }
        let bucket = &mut self.buckets[place(number)];
        *bucket = bucket.saturating_add(bytes);
        self.span = Some((since, latest.max(at)));
    }

    /// The rate over `window` (at most 575 ms) before the latest time counted, in bits a second; `None` when too little
    /// was seen.
    pub fn rate(&self, window: Micros) -> Option<f64> {
        let (since, latest) = self.span?;
        let newest = latest.div_euclid(BUCKET);
        let count = (window / BUCKET).clamp(1, BUCKETS as i64 - 1);
        let begin = ((newest - count) * BUCKET).max(since);
        let span = latest - begin;
        if span < SPAN_MIN {
            return None;
        }
        let bytes: u64 = (newest - count..=newest)
            .map(|number| u64::from(self.buckets[place(number)]))
            .sum();
        Some(bytes as f64 * 8.0 / seconds(span))
    }
}

fn place(number: i64) -> usize {
    number.rem_euclid(BUCKETS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Micros = 500 * MILLISECOND;

    /// 1000 bytes each 10 ms: 800 kbit/s.
    fn steady(throughput: &mut Throughput, from: Micros, count: i64) {
        (0..count).for_each(|i| throughput.add(from + i * 10 * MILLISECOND, 1000));
    }

    fn is_near(rate: Option<f64>, wanted: f64) -> bool {
        rate.is_some_and(|rate| (rate / wanted - 1.0).abs() < 0.1)
    }

    #[test]
    fn a_steady_rate_is_measured_over_any_window() {
        let mut throughput = Throughput::default();
        steady(&mut throughput, -3, 200);
        assert!(is_near(throughput.rate(WINDOW), 800e3));
        assert!(is_near(throughput.rate(200 * MILLISECOND), 800e3));
    }

    #[test]
    fn nothing_is_said_before_a_tenth_of_a_second() {
        let mut throughput = Throughput::default();
        steady(&mut throughput, 0, 9);
        assert_eq!(throughput.rate(WINDOW), None);
        steady(&mut throughput, 90 * MILLISECOND, 10);
        assert!(is_near(throughput.rate(WINDOW), 800e3));
    }

    #[test]
    fn a_pause_is_not_counted_as_slowness() {
        let mut throughput = Throughput::default();
        steady(&mut throughput, 0, 100);
        steady(&mut throughput, 30_000 * MILLISECOND, 20);
        assert!(is_near(throughput.rate(WINDOW), 800e3));
    }

    #[test]
    fn what_is_older_than_the_window_is_ignored() {
        let mut throughput = Throughput::default();
        steady(&mut throughput, 0, 100);
        let before = throughput.rate(WINDOW);
        throughput.add(0, 1_000_000);
        assert_eq!(throughput.rate(WINDOW), before);
    }
}
