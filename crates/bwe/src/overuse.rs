//! Whether the way is used beyond what it carries.

use crate::trend::Reading;
use crate::{MILLISECOND, Micros};

/// draft-ietf-rmcat-gcc-02 section 5.4, table 1 (there on the filtered change of delay, here on the rise over the window; both in milliseconds).
const THRESHOLD_START: f64 = 12.5;
const THRESHOLD_MIN: f64 = 6.0;
const THRESHOLD_MAX: f64 = 600.0;
const GAIN_UP: f64 = 0.01;
const GAIN_DOWN: f64 = 0.00018;
/// A reading this far beyond the threshold is an event, no property of the way.
const OUTLIER: f64 = 15.0;
const STEP_MAX: Micros = 100 * MILLISECOND;
/// A rise must last that long.
const PATIENCE: Micros = 10 * MILLISECOND;

/// How the way is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Normal,
    /// A queue grows.
    Overuse,
    /// A queue drains.
    Underuse,
}

/// Compares the trend with a threshold that follows it slowly: up, so that a flow which fills the queue by itself (TCP)
/// does not starve us; down, so that a quiet way is watched closely.
#[derive(Debug)]
pub(crate) struct Detector {
    threshold: f64,
    updated: Option<Micros>,
    rising_since: Option<Micros>,
    state: State,
}

impl Default for Detector {
    fn default() -> Detector {
        Detector {
            threshold: THRESHOLD_START,
            updated: None,
            rising_since: None,
            state: State::Normal,
        }
    }
}

impl Detector {
    pub fn state(&self) -> State {
        self.state
    }

    /// `at` is when the newest group left.
    pub fn update(&mut self, reading: Reading, at: Micros) -> State {
        let rises = reading.rise > self.threshold;
        if !rises {
            self.rising_since = None;
        }
        self.state = if reading.rise < -self.threshold {
            State::Underuse
        } else if !rises {
            State::Normal
        } else if reading.falls {
            // The window still remembers the rise, and the queue is draining.
            State::Underuse
        } else if at - *self.rising_since.get_or_insert(at) > PATIENCE {
            State::Overuse
        } else {
            self.state
        };
        self.adapt(reading.rise.abs(), at);
        self.state
    }

    fn adapt(&mut self, rise: f64, at: Micros) {
        let step = (at - self.updated.replace(at).unwrap_or(at)).clamp(0, STEP_MAX);
        if rise > self.threshold + OUTLIER {
            return;
        }
        let gain = if rise > self.threshold { GAIN_UP } else { GAIN_DOWN };
        let step = step as f64 / MILLISECOND as f64;
        self.threshold = (self.threshold + step * gain * (rise - self.threshold)).clamp(THRESHOLD_MIN, THRESHOLD_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(detector: &mut Detector, readings: &[(f64, bool)]) -> Vec<State> {
        let reading = |(i, &(rise, falls)): (usize, &(f64, bool))| {
            let reading = Reading { rise, falls, least: 0 };
            detector.update(reading, i as i64 * 33 * MILLISECOND)
        };
        readings.iter().enumerate().map(reading).collect()
    }

    #[test]
    fn overuse_needs_a_second_look() {
        let states = states(&mut Detector::default(), &[(40.0, false), (41.0, false), (0.0, false)]);
        assert_eq!(states, [State::Normal, State::Overuse, State::Normal]);
    }

    #[test]
    fn a_queue_that_drains_is_no_overuse() {
        let states = states(&mut Detector::default(), &[(40.0, false), (60.0, true), (-40.0, true)]);
        assert_eq!(states, [State::Normal, State::Underuse, State::Underuse]);
    }

    #[test]
    fn the_threshold_follows_a_restless_way_and_comes_back() {
        let mut detector = Detector::default();
        states(&mut detector, &[(20.0, false); 300]);
        assert!(detector.threshold > 19.0);
        let mut quiet = Detector::default();
        states(&mut quiet, &[(0.0, false); 3000]);
        assert!(quiet.threshold < 7.0);
    }

    #[test]
    fn a_spike_does_not_raise_the_threshold() {
        let mut detector = Detector::default();
        states(&mut detector, &[(500.0, false); 100]);
        assert_eq!(detector.threshold, THRESHOLD_START);
    }
}
