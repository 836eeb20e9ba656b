//! Clients without transport-wide feedback.

use crate::{Micros, SECOND, seconds};

const GROWTH_PER_SECOND: f64 = 1.08;
/// A receiver that sees little cannot say much: its estimate stays below some one and a half of what arrives. Beyond
/// that we try, up to this multiple of what it says, as long as it does not say less.
const TRUST: f64 = 2.5;
/// A receiver's estimate below this part of its last one is a decrease.
const DECREASE: f64 = 0.95;
/// No growth for so long after one.
const PATIENCE: Micros = 8 * SECOND;

/// An estimate from REMB (draft-alvestrand-rmcat-remb-03) and receiver reports, as aiortc and FFmpeg send them. It goes
/// only as far as somebody wants it to, since what was sent is not known to have arrived.
#[derive(Debug)]
pub(crate) struct Fallback {
    bitrate: f64,
    remb: Option<f64>,
    updated: Option<Micros>,
    lowered: Option<Micros>,
}

impl Fallback {
    pub fn new(start: f64) -> Fallback {
        Fallback {
            bitrate: start,
            remb: None,
            updated: None,
            lowered: None,
        }
    }

    pub fn bitrate(&self) -> f64 {
        self.bitrate
    }

    pub fn remb(&mut self, remb: f64, now: Micros) {
        if self.remb.replace(remb).is_some_and(|before| remb < before * DECREASE) {
            self.lowered = Some(now);
            self.bitrate = remb;
        }
        self.bitrate = self.bitrate.clamp(remb, remb * TRUST);
    }

    /// `lossless`: the last report told of next to no losses.
    pub fn update(&mut self, wanted: f64, lossless: bool, now: Micros) {
        let step = (now - self.updated.replace(now).unwrap_or(now)).clamp(0, SECOND);
        if !lossless || self.lowered.is_some_and(|lowered| now - lowered < PATIENCE) {
            return;
        }
        let most = self.remb.map_or(wanted, |remb| wanted.min(remb * TRUST));
        let grown = self.bitrate * GROWTH_PER_SECOND.powf(seconds(step));
        self.bitrate = grown.min(most).max(self.bitrate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds_pass(fallback: &mut Fallback, from: i64, count: i64, wanted: f64, lossless: bool) {
        (from..from + count).for_each(|i| fallback.update(wanted, lossless, i * SECOND));
    }

    #[test]
    fn reports_without_loss_let_it_grow_to_what_is_wanted() {
        let mut fallback = Fallback::new(300e3);
        seconds_pass(&mut fallback, 0, 60, 600e3, false);
        assert_eq!(fallback.bitrate(), 300e3);
        seconds_pass(&mut fallback, 60, 60, 600e3, true);
        assert_eq!(fallback.bitrate(), 600e3);
    }

    #[test]
    fn a_receivers_estimate_is_taken_and_tried_beyond() {
        let mut fallback = Fallback::new(300e3);
        fallback.remb(1e6, 0);
        assert_eq!(fallback.bitrate(), 1e6);
        seconds_pass(&mut fallback, 0, 60, 9e6, true);
        assert_eq!(fallback.bitrate(), 2.5e6);
    }

    #[test]
    fn when_it_says_less_that_counts_at_once_and_for_a_while() {
        let mut fallback = Fallback::new(300e3);
        fallback.remb(1e6, 0);
        seconds_pass(&mut fallback, 0, 60, 9e6, true);
        fallback.remb(800e3, 60 * SECOND);
        seconds_pass(&mut fallback, 60, 8, 9e6, true);
        assert_eq!(fallback.bitrate(), 800e3);
        seconds_pass(&mut fallback, 68, 2, 9e6, true);
        assert!(fallback.bitrate() > 800e3);
    }
}
