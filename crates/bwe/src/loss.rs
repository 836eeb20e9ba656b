//! What the losses allow.

use crate::{MILLISECOND, Micros, SECOND, seconds};

/// draft-ietf-rmcat-gcc-02 section 6: below the first, losses say nothing; above the second, the way is too narrow.
const LOW: f64 = 0.02;
const HIGH: f64 = 0.1;
/// Losses are judged over this time and this many packets at least.
const INTERVAL: Micros = 500 * MILLISECOND;
const PACKETS_MIN: u32 = 20;
/// Weight of the newest interval.
const SMOOTHING: f64 = 0.4;
const GROWTH_PER_SECOND: f64 = 1.08;
/// The same between the two, where losses neither forbid growth nor call for it.
const GROWTH_PER_SECOND_LOSSY: f64 = 1.02;
/// From the onset of losses until what is acknowledged shows what comes through.
const SETTLING: Micros = 600 * MILLISECOND;
/// Where so much is lost hardly a large picture comes through whole, however much of it is sent again.
const HEAVY: f64 = 0.3;
/// Bits a second: voices that are repeated, and the least picture. Further down losses alone do not bring the estimate where that does not
/// help.
const LEAST: f64 = 250_000.0;
/// When so long no pictures were sent and so much of the losses is left, they come from something else.
const PATIENCE: Micros = 2 * SECOND;
const LEFT: f64 = 0.7;

/// Holds the estimate down while more than a tenth is lost. It does not go below what was seen to come through since
/// the losses began: on a radio link that loses whatever is sent, sending less helps nobody. Where a third and more is lost it does,
/// down to what voices and the least picture need.
#[derive(Debug)]
pub(crate) struct LossControl {
    lost: u32,
    total: u32,
    since: Option<Micros>,
    fraction: f64,
    limit: f64,
    onset: Option<Micros>,
    /// The highest rate acknowledged since the onset.
    carried: f64,
    /// Pictures are sent. Of voices nothing can be left out.
    pictures: bool,
    /// The highest fraction lost since the onset while there were pictures, and since when there are none.
    with_pictures: f64,
    without: Option<Micros>,
    /// To send less did not help.
    in_vain: bool,
}

impl Default for LossControl {
    fn default() -> LossControl {
        LossControl {
            lost: 0,
            total: 0,
            since: None,
            fraction: 0.0,
            limit: f64::INFINITY,
            onset: None,
            carried: 0.0,
            pictures: true,
            with_pictures: 0.0,
            without: None,
            in_vain: false,
        }
    }
}

impl LossControl {
    /// Of what was sent, between 0 and 1, smoothed.
    pub fn fraction(&self) -> f64 {
        self.fraction
    }

    pub fn is_high(&self) -> bool {
        self.fraction > HIGH
    }

    pub fn is_low(&self) -> bool {
        self.fraction < LOW
    }

    /// Bits a second; infinite while losses set no limit.
    pub fn limit(&self) -> f64 {
        self.limit
    }

    pub fn arrived(&mut self) {
        self.total += 1;
    }

    pub fn lost(&mut self) {
        self.total += 1;
        self.lost += 1;
    }

    /// A packet that had been counted as lost was only late.
    pub fn recovered(&mut self) {
        self.lost = self.lost.saturating_sub(1);
    }

    /// From now on pictures are sent, or none are.
    pub fn shows(&mut self, pictures: bool) {
        self.pictures = pictures;
    }

    /// `bitrate` is what the delay allows.
    pub fn update(&mut self, bitrate: f64, acknowledged: Option<f64>, now: Micros) {
        let span = now - *self.since.get_or_insert(now);
        if span < INTERVAL || self.total < PACKETS_MIN {
            return;
        }
        let fraction = f64::from(self.lost) / f64::from(self.total);
        (self.lost, self.total, self.since) = (0, 0, Some(now));
        self.judge(fraction, bitrate, acknowledged, span.min(SECOND), now);
    }

    /// The fraction lost of a receiver report (RFC 3550 section 6.4.1), where that is all there is. `sent`: bits a second.
    pub fn report(&mut self, fraction: f64, bitrate: f64, sent: f64, now: Micros) {
        let span = now - self.since.unwrap_or(now - INTERVAL);
        if span < INTERVAL {
            return;
        }
        self.since = Some(now);
        let acknowledged = Some(sent * (1.0 - fraction));
        self.judge(fraction, bitrate, acknowledged, span.min(SECOND), now);
    }

    /// A probe came through at `bitrate`.
    pub fn probed(&mut self, bitrate: f64) {
        self.limit = self.limit.max(bitrate);
    }

    fn judge(&mut self, fraction: f64, bitrate: f64, acknowledged: Option<f64>, span: Micros, now: Micros) {
        self.fraction += SMOOTHING * (fraction - self.fraction);
        if self.is_high() {
            let onset = *self.onset.get_or_insert(now);
            if now - onset >= SETTLING {
                self.carried = self.carried.max(acknowledged.unwrap_or(0.0));
            }
            self.look_for_the_cause(now);
            let before = self.limit.min(bitrate);
            let lowered = before * (1.0 - self.fraction / 2.0);
            self.limit = lowered.max(self.floor()).min(before);
            if self.in_vain {
                self.limit = self.limit.max(LEAST.min(bitrate));
            }
            return;
        }
        let growth = if self.is_low() {
            (self.onset, self.carried) = (None, 0.0);
            (self.with_pictures, self.without, self.in_vain) = (0.0, None, false);
            GROWTH_PER_SECOND
        } else {
            GROWTH_PER_SECOND_LOSSY
        };
        self.limit *= growth.powf(seconds(span));
        if self.limit > bitrate {
            self.limit = f64::INFINITY;
        }
    }

    fn floor(&self) -> f64 {
        let carried = match self.fraction >= HEAVY {
            true => self.carried.min(LEAST),
            false => self.carried * (1.0 - self.fraction),
        };
        match self.pictures {
            true => carried,
            false => carried.max(LEAST),
        }
    }

    /// Whether less is lost without pictures than with them.
    fn look_for_the_cause(&mut self, now: Micros) {
        if self.pictures {
            (self.with_pictures, self.without) = (self.with_pictures.max(self.fraction), None);
            return;
        }
        let since = *self.without.get_or_insert(now);
        let is_left = self.with_pictures > 0.0 && self.fraction >= LEFT * self.with_pictures;
        self.in_vain |= now - since >= PATIENCE && is_left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many intervals with `lost` of a hundred packets lost, of a way that may carry 1 Mbit/s.
    fn intervals(control: &mut LossControl, from: i64, count: i64, lost: u32, acknowledged: f64) {
        for i in from..from + count {
            (0..lost).for_each(|_| control.lost());
            (lost..100).for_each(|_| control.arrived());
            control.update(1e6, Some(acknowledged), i * INTERVAL);
        }
    }

    #[test]
    fn some_losses_change_nothing() {
        let mut control = LossControl::default();
        intervals(&mut control, 0, 100, 8, 1e6);
        assert_eq!(control.limit(), f64::INFINITY);
        assert!((control.fraction() - 0.08).abs() < 0.001);
    }

    #[test]
    fn many_lower_it_and_it_comes_back() {
        let mut control = LossControl::default();
        intervals(&mut control, 0, 10, 40, 300e3);
        assert!(control.limit() < 350e3, "{control:?}");
        intervals(&mut control, 10, 60, 0, 300e3);
        assert_eq!(control.limit(), f64::INFINITY);
    }

    #[test]
    fn it_does_not_fall_far_below_what_comes_through() {
        let mut control = LossControl::default();
        intervals(&mut control, 0, 500, 15, 800e3);
        intervals(&mut control, 500, 500, 15, 100e3);
        assert!((control.limit() / (800e3 * 0.85) - 1.0).abs() < 0.01, "{control:?}");
    }

    #[test]
    fn a_late_packet_was_not_lost() {
        let mut control = LossControl::default();
        (0..100).for_each(|_| control.lost());
        (0..200).for_each(|_| control.recovered());
        control.update(1e6, None, 0);
        control.update(1e6, None, INTERVAL);
        assert_eq!(control.fraction(), 0.0);
    }

    #[test]
    fn reports_alone_do_as_well() {
        let mut control = LossControl::default();
        (0..20).for_each(|i| control.report(0.3, 1e6, 300e3, i * SECOND));
        assert!(control.limit() < 260e3, "{control:?}");
        (20..80).for_each(|i| control.report(0.0, 1e6, 300e3, i * SECOND));
        assert_eq!(control.limit(), f64::INFINITY);
    }

    #[test]
    fn where_half_is_lost_the_least_is_left_and_no_more() {
        let mut control = LossControl::default();
        intervals(&mut control, 0, 40, 50, 800e3);
        assert_eq!(control.limit(), LEAST);
        intervals(&mut control, 40, 200, 50, 120e3);
        assert_eq!(control.limit(), LEAST);
    }

    #[test]
    fn voices_alone_are_not_held_against_the_pictures_that_may_come() {
        let mut control = LossControl::default();
        control.shows(false);
        intervals(&mut control, 0, 400, 20, 32e3);
        assert_eq!(control.limit(), LEAST);
    }

    #[test]
    fn a_narrow_way_that_queues_nothing_gets_no_more_than_it_carries() {
        let mut control = LossControl::default();
        intervals(&mut control, 0, 40, 47, 100e3);
        assert!(control.limit() <= 100e3, "{control:?}");
        control.shows(false);
        intervals(&mut control, 40, 20, 0, 40e3);
        assert!(
            control.limit() < LEAST && !control.in_vain,
            "losses ended with the pictures: {control:?}"
        );
    }

    #[test]
    fn where_losses_stay_without_pictures_the_least_of_these_comes_back() {
        let mut control = LossControl::default();
        intervals(&mut control, 0, 40, 50, 95e3);
        assert!(control.limit() < 100e3, "{control:?}");
        control.shows(false);
        intervals(&mut control, 40, 20, 50, 20e3);
        assert_eq!(control.limit(), LEAST);
        control.shows(true);
        intervals(&mut control, 60, 100, 50, 110e3);
        assert_eq!(control.limit(), LEAST);
    }
}
