//! What the delay allows: additive and multiplicative increase, multiplicative decrease.

use crate::config::Config;
use crate::overuse::State;
use crate::{MILLISECOND, Micros, SECOND, seconds};

/// draft-ietf-rmcat-gcc-02 section 5.5.
const DECREASE: f64 = 0.85;
const GROWTH_PER_SECOND: f64 = 1.08;
/// The estimate grows to that much of what is acknowledged.
const HEADROOM: f64 = 1.5;
/// The same where nobody has a use for more, or the limit was seen: more would be a guess without need, or against
/// better knowledge.
const HEADROOM_ENOUGH: f64 = 1.18;
/// A second decrease waits until the first can have had an effect: this and a round trip.
const REACTION: Micros = 100 * MILLISECOND;
const PACKET_BITS: f64 = 1200.0 * 8.0;
const FRAMES_PER_SECOND: f64 = 30.0;
/// If less than this part of what is sent arrives in the same time, a queue swallows the rest, and what arrives is what
/// the way carries.
const DELIVERED_MIN: f64 = 0.8;

/// What the way carried of late, in bits a second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delivery {
    /// Over half a second.
    pub acknowledged: Option<f64>,
    /// Over the last fifth of a second: while a queue stands, exactly what the way carries.
    pub recent: Option<f64>,
    /// Sent over half a second.
    pub sent: Option<f64>,
    /// What somebody has a use for.
    pub wanted: f64,
}

/// Where the limit was when it was met: a mean and how far it was off. Near it, growth is additive.
#[derive(Debug, Clone, Copy)]
struct Limit {
    mean: f64,
    deviation: f64,
}

impl Limit {
    const SMOOTHING: f64 = 0.05;
    const DEVIATION_START: f64 = 0.05;
    /// Of the mean.
    const DEVIATION_MIN: f64 = 0.02;
    const DEVIATION_MAX: f64 = 0.1;
    /// Of a limit that a probe met, so much is the estimate: what the probe left in the queue must drain.
    const USABLE: f64 = 0.95;

    fn new(measured: f64) -> Limit {
        Limit {
            mean: measured,
            deviation: measured * Limit::DEVIATION_START,
        }
    }

    fn is_below(&self, bitrate: f64) -> bool {
        bitrate > self.mean + 3.0 * self.deviation
    }

    fn is_near(&self, bitrate: f64) -> bool {
        bitrate > self.mean - 3.0 * self.deviation
    }

    fn learn(&mut self, measured: f64) {
        if !self.is_near(measured) || self.is_below(measured) {
            *self = Limit::new(measured);
            return;
        }
        let error = measured - self.mean;
        self.mean += Limit::SMOOTHING * error;
        self.deviation = (self.deviation + Limit::SMOOTHING * (error.abs() - self.deviation))
            .clamp(self.mean * Limit::DEVIATION_MIN, self.mean * Limit::DEVIATION_MAX);
    }
}

#[derive(Debug)]
pub(crate) struct RateControl {
    config: Config,
    bitrate: f64,
    limit: Option<Limit>,
    /// What is acknowledged, smoothed: a peak of half a second is no reason to grow.
    carried: Option<f64>,
    updated: Option<Micros>,
    decreased: Option<Micros>,
}

impl RateControl {
    pub fn new(config: Config) -> RateControl {
        RateControl {
            config,
            bitrate: config.bound(config.start as f64),
            limit: None,
            carried: None,
            updated: None,
            decreased: None,
        }
    }

    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    pub fn bitrate(&self) -> f64 {
        self.bitrate
    }

    /// True: the estimate was lowered.
    pub fn update(&mut self, state: State, delivery: Delivery, round_trip: Micros, now: Micros) -> bool {
        let step = (now - self.updated.replace(now).unwrap_or(now)).clamp(0, SECOND);
        match state {
            State::Normal => self.increase(delivery, round_trip, step),
            State::Underuse => {}
            State::Overuse => return self.decrease(delivery, round_trip, now),
        }
        false
    }

    /// A probe arrived at `bitrate`; `filled` if that was less than it was sent at: so much is the limit.
    pub fn probed(&mut self, bitrate: f64, filled: bool) {
        if filled {
            self.learn(bitrate);
            // One probe may have met somebody else's burst: it lowers the estimate by a step at most.
            self.bitrate = self
                .config
                .bound((bitrate * Limit::USABLE).max(self.bitrate * DECREASE));
        } else {
            self.forget_limit_below(bitrate);
            self.bitrate = self.config.bound(bitrate.max(self.bitrate));
        }
    }

    fn increase(&mut self, delivery: Delivery, round_trip: Micros, step: Micros) {
        let Some(acknowledged) = self.smooth(delivery.acknowledged, step) else {
            return;
        };
        self.forget_limit_below(acknowledged);
        let enough = self.limit.is_some() || delivery.wanted <= self.bitrate;
        let headroom = if enough { HEADROOM_ENOUGH } else { HEADROOM };
        let grown = if self.limit.is_some_and(|limit| limit.is_near(self.bitrate)) {
            self.bitrate + self.additive(round_trip, step)
        } else {
            self.bitrate * GROWTH_PER_SECOND.powf(seconds(step))
        };
        // While little is sent no mistake would be found out: where no limit was met, what was guessed at first is as good as ever.
        let guessed = self.limit.map_or(self.config.start as f64, |_| 0.0);
        let allowed = grown.min((acknowledged * headroom).max(guessed));
        // What arrives without a queue is carried, however it came to be sent.
        self.bitrate = self.config.bound(allowed.max(self.bitrate).max(acknowledged));
    }

    fn smooth(&mut self, acknowledged: Option<f64>, step: Micros) -> Option<f64> {
        let measured = acknowledged?;
        let carried = self.carried.get_or_insert(measured);
        *carried += (measured - *carried) * seconds(step);
        Some(carried.min(measured))
    }

    /// Half a packet for each response time.
    fn additive(&self, round_trip: Micros, step: Micros) -> f64 {
        let frame = self.bitrate / FRAMES_PER_SECOND;
        let packet = frame / (frame / PACKET_BITS).ceil().max(1.0);
        let response = round_trip + REACTION;
        0.5 * packet * (step as f64 / response as f64).min(1.0)
    }

    fn decrease(&mut self, delivery: Delivery, round_trip: Micros, now: Micros) -> bool {
        let waits = |decreased| now - decreased < round_trip + REACTION;
        let Some(recent) = delivery.recent.filter(|_| !self.decreased.is_some_and(waits)) else {
            return false;
        };
        let arrives = |sent: f64| delivery.acknowledged.is_some_and(|rate| rate >= sent * DELIVERED_MIN);
        let all_arrives = delivery.sent.is_some_and(arrives);
        let lowered = if all_arrives {
            // What arrives is what we send, and does not tell how much the way carries.
            DECREASE * recent.max(self.bitrate)
        } else {
            self.learn(recent);
            DECREASE * recent
        };
        self.decreased = Some(now);
        let before = self.bitrate;
        self.bitrate = self.config.bound(lowered.min(before));
        self.bitrate < before
    }

    fn learn(&mut self, measured: f64) {
        self.limit.get_or_insert(Limit::new(measured)).learn(measured);
    }

    fn forget_limit_below(&mut self, bitrate: f64) {
        self.limit = self.limit.filter(|limit| !limit.is_below(bitrate));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Micros = 50 * MILLISECOND;

    fn delivery(acknowledged: f64, sent: f64) -> Delivery {
        Delivery {
            acknowledged: Some(acknowledged),
            recent: Some(acknowledged),
            sent: Some(sent),
            wanted: 9e6,
        }
    }

    fn control() -> RateControl {
        RateControl::new(Config {
            start: 1_000_000,
            ..Config::default()
        })
    }

    /// `count` updates, ten a second.
    fn updates(control: &mut RateControl, state: State, delivery: Delivery, count: i64) {
        let begin = control.updated.unwrap_or(0);
        (1..=count).for_each(|i| {
            control.update(state, delivery, ROUND_TRIP, begin + i * 100 * MILLISECOND);
        });
    }

    #[test]
    fn it_grows_by_eight_percent_a_second_to_one_and_a_half_of_what_arrives() {
        let mut control = control();
        updates(&mut control, State::Normal, delivery(1e6, 1e6), 11);
        assert!((control.bitrate() / 1.08e6 - 1.0).abs() < 0.001);
        updates(&mut control, State::Normal, delivery(1e6, 1e6), 1000);
        assert_eq!(control.bitrate(), 1.5e6);
    }

    #[test]
    fn it_grows_less_where_nobody_wants_more() {
        let (mut control, wanted) = (control(), 0.0);
        let delivery = Delivery {
            wanted,
            ..delivery(1e6, 1e6)
        };
        updates(&mut control, State::Normal, delivery, 1000);
        assert_eq!(control.bitrate(), 1.18e6);
    }

    #[test]
    fn it_is_no_less_than_what_arrives() {
        let mut control = control();
        updates(&mut control, State::Normal, delivery(2e6, 2e6), 1);
        assert_eq!(control.bitrate(), 2e6);
    }

    #[test]
    fn it_is_not_lowered_because_little_is_sent() {
        let mut control = control();
        updates(&mut control, State::Normal, delivery(50e3, 50e3), 100);
        assert_eq!(control.bitrate(), 1e6);
        control.update(State::Normal, Delivery::default(), ROUND_TRIP, 100 * SECOND);
        assert_eq!(control.bitrate(), 1e6);
    }

    #[test]
    fn overuse_lowers_it_to_less_than_what_arrives_but_not_again_before_that_showed() {
        let mut control = control();
        assert!(control.update(State::Overuse, delivery(500e3, 1e6), ROUND_TRIP, 0));
        assert_eq!(control.bitrate(), 425e3);
        assert!(!control.update(State::Overuse, delivery(300e3, 1e6), ROUND_TRIP, 140 * MILLISECOND));
        assert!(control.update(State::Overuse, delivery(300e3, 1e6), ROUND_TRIP, 150 * MILLISECOND));
        assert_eq!(control.bitrate(), 255e3);
    }

    #[test]
    fn where_all_arrives_overuse_takes_a_part_only() {
        let mut control = control();
        assert!(control.update(State::Overuse, delivery(200e3, 200e3), ROUND_TRIP, 0));
        assert_eq!(control.bitrate(), 850e3);
    }

    #[test]
    fn a_mistake_while_little_is_sent_is_forgotten_and_a_limit_is_not() {
        let mut mistaken = control();
        mistaken.update(State::Overuse, delivery(32e3, 32e3), ROUND_TRIP, 0);
        updates(&mut mistaken, State::Normal, delivery(32e3, 32e3), 1000);
        assert_eq!(mistaken.bitrate(), 1e6);
        let mut limited = control();
        limited.update(State::Overuse, delivery(32e3, 64e3), ROUND_TRIP, 0);
        updates(&mut limited, State::Normal, delivery(32e3, 32e3), 1000);
        assert!(limited.bitrate() < 40e3, "{}", limited.bitrate());
    }

    #[test]
    fn near_the_limit_it_grows_by_half_a_packet_a_response() {
        let mut control = control();
        control.update(State::Overuse, delivery(1e6, 1.3e6), ROUND_TRIP, 0);
        let before = control.bitrate();
        updates(&mut control, State::Normal, delivery(850e3, 850e3), 11);
        let grown = control.bitrate() - before;
        assert!((20e3..40e3).contains(&grown), "grew by {grown}");
        updates(&mut control, State::Normal, delivery(850e3, 850e3), 1000);
        assert!(control.bitrate() < 1.01e6);
    }

    #[test]
    fn a_probe_lifts_it_and_one_that_filled_the_way_sets_it() {
        let mut control = control();
        control.probed(3e6, false);
        control.probed(2e6, false);
        assert_eq!(control.bitrate(), 3e6);
        control.probed(2.8e6, true);
        assert_eq!(control.bitrate(), 2.66e6);
        control.probed(1e6, true);
        assert_eq!(control.bitrate(), 2.66e6 * 0.85);
        control.probed(f64::INFINITY, false);
        assert_eq!(control.bitrate(), 50e6);
    }
}
