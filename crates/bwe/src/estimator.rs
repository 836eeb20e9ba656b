//! The estimator of one client.

use std::time::{Duration, Instant};

use crate::acknowledged::Throughput;
use crate::arrival::ReceiverClock;
use crate::config::Config;
use crate::fallback::Fallback;
use crate::groups::{Groups, Sample};
use crate::history::{Fate, History, Packet};
use crate::loss::LossControl;
use crate::overuse::{Detector, State};
use crate::own_queue::OwnQueue;
use crate::probe::{Probe, Prober};
use crate::rate_control::{Delivery, RateControl};
use crate::standing::StandingQueue;
use crate::trend::Trend;
use crate::trial::Answer;
use crate::{MILLISECOND, Micros, SECOND, seconds};

const ROUND_TRIP_GUESS: Micros = 100 * MILLISECOND;
const ROUND_TRIP_SMOOTHING: Micros = 8;
const WINDOW: Micros = 500 * MILLISECOND;
const WINDOW_RECENT: Micros = 200 * MILLISECOND;
/// Over which the rate of sending is averaged that a burst is compared with.
const SENDING_AVERAGE: f64 = 2.0;
/// No feedback for this time and a round trip, although packets were sent: the way is cut, or so full that nothing comes
/// through.
const SILENCE: Micros = 500 * MILLISECOND;
/// No transport-wide feedback for so long: what other messages say counts again.
const FEEDBACK_AGE_MAX: Micros = 10 * SECOND;

/// What the way to a client is held to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Bits a second that may be sent, between the bounds of the [`Config`].
    pub bitrate: u64,
    pub state: State,
    /// Between 0 and 1, smoothed over some intervals of half a second.
    pub loss: f32,
    /// As the last report told it, or from feedback; `None` before either.
    pub round_trip: Option<Duration>,
    /// Bits a second that arrived of late; 0 before feedback.
    pub acknowledged: u64,
}

/// What a receiver report says of a sender report: when that left, and the round trip that follows (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo {
    pub asked: Instant,
    pub round_trip: Duration,
}

/// Estimates what the way to one client carries. Bytes are those of whole packets, in whatever count the caller keeps
/// to; the estimate is in the same.
///
/// After any call, [`poll_probe`](Estimator::poll_probe) may have something and
/// [`poll_timeout`](Estimator::poll_timeout) may have changed.
#[derive(Debug)]
#[repr(C)]
pub struct Estimator {
    // What `sent` touches comes first: with hundreds of estimators, every cache line is one that is not there.
    epoch: Instant,
    /// When the first packet since the last feedback left.
    unanswered: Option<Micros>,
    history: History,

    /// Pictures leave without numbers.
    is_unnumbered: bool,
    /// How often the estimate was halved because nothing is heard.
    silences: u8,
    config: Config,
    clock: ReceiverClock,
    own_queue: OwnQueue,
    groups: Groups,
    trend: Trend,
    detector: Detector,
    standing: StandingQueue,
    departed: Throughput,
    acknowledged: Throughput,
    /// Average rate of sending over some seconds.
    sending: Option<f64>,
    rate: RateControl,
    loss: LossControl,
    prober: Prober,
    fallback: Fallback,
    feedback_at: Option<Micros>,
    round_trip: Option<Micros>,
    /// From a receiver report: better than our own, which has the receiver's waiting time in it.
    reported_round_trip: Option<Micros>,
}

impl Estimator {
    pub fn new(config: Config, now: Instant) -> Estimator {
        Estimator {
            epoch: now,
            unanswered: None,
            history: History::default(),
            is_unnumbered: false,
            silences: 0,
            config,
            clock: ReceiverClock::default(),
            own_queue: OwnQueue::default(),
            groups: Groups::default(),
            trend: Trend::default(),
            detector: Detector::default(),
            standing: StandingQueue::default(),
            departed: Throughput::default(),
            acknowledged: Throughput::default(),
            sending: None,
            rate: RateControl::new(config),
            loss: LossControl::default(),
            prober: Prober::default(),
            fallback: Fallback::new(config.bound(config.start as f64)),
            feedback_at: None,
            round_trip: None,
            reported_round_trip: None,
        }
    }

    /// A packet leaves with this transport-wide number, one more than the last (modulo 2^16): media, repairs and probes.
    pub fn sent(&mut self, number: u16, bytes: usize, now: Instant) {
        let at = self.micros(now);
        self.unanswered.get_or_insert(at);
        self.history.push(number, bytes, at);
    }

    /// A packet of pictures leaves without such a number. While there are any, the estimate goes by REMB and reports.
    pub fn sent_unnumbered(&mut self, bytes: usize, now: Instant) {
        let at = self.micros(now);
        self.is_unnumbered = true;
        self.fallback.sent(bytes, at);
    }

    /// Transport-wide feedback: what became of each packet, in the order of their numbers; the arrival is in
    /// microseconds on the receiver's clock, `None` for a packet that did not arrive.
    pub fn feedback(&mut self, statuses: impl Iterator<Item = (u16, Option<i64>)>, now: Instant) {
        let now = self.micros(now);
        let drains = self.bitrate().max(self.sending.unwrap_or(0.0));
        let (mut newest, mut newest_arrived, mut overused) = (None, None, false);
        // No feedback speaks of more packets than there are numbers.
        for (number, receiver) in statuses.take(usize::from(u16::MAX) + 1) {
            let Some(packet) = self.history.answer(number, receiver.is_some(), now) else {
                continue;
            };
            newest = newest.max(Some(packet.sent));
            let own = self.departed(&packet, drains);
            match receiver {
                None => self.loss.lost(),
                Some(receiver) => {
                    newest_arrived = newest_arrived.max(Some(packet.sent));
                    if let Some(group) = self.arrived(&packet, receiver, own) {
                        overused |= self.judge(group);
                    }
                }
            }
        }
        let Some(newest) = newest else {
            return;
        };
        if let Some(sent) = newest_arrived {
            self.measure_round_trip((now - sent).max(0));
        }
        self.average_sending(now);
        self.feedback_at = Some(now);
        self.is_unnumbered &= self.fallback.is_used(now);
        (self.unanswered, self.silences) = (None, 0);
        self.history.prune(now);

        let state = match self.detector.state() {
            _ if overused => State::Overuse,
            // The queue is not to become longer; that is what underuse calls for, too.
            State::Normal if self.standing.is_long() => State::Underuse,
            state => state,
        };
        let delivery = self.delivery();
        if self.rate.update(state, delivery, self.round_trip_or_guess(), now) {
            self.prober.overused(now);
        }
        if self.falls_back() {
            return;
        }
        self.loss.update(self.rate.bitrate(), delivery.acknowledged, now);
        if let Some(outcome) = self.prober.finish(newest, now) {
            self.rate.probed(outcome.bitrate, outcome.filled);
            self.loss.probed(self.rate.bitrate().min(outcome.bitrate));
        }
    }

    /// The receiver's own estimate (REMB). It counts where there is no transport-wide feedback.
    pub fn remb(&mut self, bitrate: u64, now: Instant) {
        let now = self.micros(now);
        self.forget_feedback(now);
        if self.falls_back() {
            self.fallback.remb(self.config.bound(bitrate as f64), now);
        }
    }

    /// A receiver report (RFC 3550 section 6.4.1) on one stream, and the sender report that it answers, if that is the last one. Its
    /// losses count where there is no transport-wide feedback.
    pub fn report(&mut self, fraction_lost: f32, echo: Option<Echo>, now: Instant) {
        let answer = echo.map(|echo| Answer {
            asked: self.micros(echo.asked),
            round_trip: echo.round_trip.as_micros().min(10 * SECOND as u128) as Micros,
        });
        let now = self.micros(now);
        self.reported_round_trip = answer.map(|answer| answer.round_trip).or(self.reported_round_trip);
        self.forget_feedback(now);
        if !self.falls_back() {
            return;
        }
        let fraction = f64::from(fraction_lost);
        let fraction = if fraction.is_nan() {
            0.0
        } else {
            fraction.clamp(0.0, 1.0)
        };
        self.fallback.report(fraction, answer, now);
        let bitrate = self.fallback.bitrate();
        self.loss.report(fraction, bitrate, self.fallback.sending(), now);
        if self.loss.limit() < bitrate {
            self.fallback.lower(self.loss.limit(), now);
        }
        self.fallback.update(self.prober.wanted(), self.loss.is_low(), now);
    }

    /// A probe is over, and what it did is told by the answer to a sender report that leaves behind it, and before another.
    pub fn awaits_echo(&self) -> bool {
        self.falls_back() && self.fallback.awaits_answer()
    }

    /// Pictures are sent from now on, or none are: where voices alone are lost, it is not for the estimate to send less. At first there are
    /// pictures.
    pub fn shows(&mut self, pictures: bool) {
        self.loss.shows(pictures);
    }

    /// Somebody would get a better layer if the estimate were `bitrate`; 0 if nobody would. It holds until the next
    /// call. While it is above the estimate, probes are made.
    pub fn wants(&mut self, bitrate: u64, _now: Instant) {
        self.prober.wants(bitrate.min(self.config.max) as f64);
    }

    /// A probe to be made now. It was begun with this call: all that leaves for its duration is part of it.
    pub fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        let now = self.micros(now);
        if !self.may_probe() {
            return None;
        }
        let max = self.config.max as f64;
        if self.falls_back() {
            return self.fallback.poll(self.prober.wanted(), max, self.loss.fraction(), now);
        }
        let round_trip = self.round_trip_or_guess();
        self.prober.poll(self.bitrate(), max, round_trip, now)
    }

    /// How wide the way is was seen: the estimate is near what it carries, and not only what was tried.
    pub fn is_limited(&self) -> bool {
        !self.falls_back() && self.rate.is_limited()
    }

    /// The estimate was lowered by a rise of the delay alone, while all that was sent arrived: that may have been anything.
    pub fn may_be_mistaken(&self) -> bool {
        !self.falls_back() && !self.rate.is_limited() && self.loss.limit() == f64::INFINITY && self.silences == 0
    }

    pub fn estimate(&self) -> Estimate {
        let micros = |time: Micros| Duration::from_micros(time as u64);
        Estimate {
            bitrate: self.bitrate() as u64,
            state: self.detector.state(),
            loss: self.loss.fraction() as f32,
            round_trip: self.reported_round_trip.or(self.round_trip).map(micros),
            acknowledged: self.acknowledged.rate(WINDOW).unwrap_or(0.0) as u64,
        }
    }

    /// When to call [`handle_timeout`](Estimator::handle_timeout) and [`poll_probe`](Estimator::poll_probe) at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let probe = match self.falls_back() {
            true => self.fallback.deadline(self.prober.wanted()),
            false => self.prober.deadline(self.bitrate()),
        };
        let probe = probe.filter(|_| self.may_probe());
        let earliest = [probe, self.silence_ends(), self.history.ends()]
            .into_iter()
            .flatten()
            .min()?;
        Some(self.epoch + Duration::from_micros(earliest.max(0) as u64))
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        let now = self.micros(now);
        if self.silence_ends().is_some_and(|end| end <= now) {
            self.unanswered = Some(now);
            self.silences = self.silences.saturating_add(1);
        }
        self.prober.expire(now);
        self.fallback.expire(now);
        self.history.prune(now);
        if self.history.ends().is_none() {
            (self.unanswered, self.silences) = (None, 0);
        }
    }

    fn micros(&self, now: Instant) -> Micros {
        let time = now.saturating_duration_since(self.epoch);
        time.as_secs() as Micros * SECOND + Micros::from(time.subsec_micros())
    }

    fn bitrate(&self) -> f64 {
        let by_delay = match self.falls_back() {
            true => self.fallback.bitrate(),
            false => self.rate.bitrate(),
        };
        let halved = 0.5f64.powi(self.silences.into());
        self.config.bound(by_delay.min(self.loss.limit()) * halved)
    }

    /// Takes up that a packet was sent, the first time that feedback tells of it. Returns how long our own packets
    /// before it still needed.
    fn departed(&mut self, packet: &Packet, drains: f64) -> Micros {
        if packet.before != Fate::Flying {
            return 0;
        }
        self.departed.add(packet.sent, packet.bytes + packet.skipped);
        self.own_queue.push(packet.sent, packet.bytes, drains)
    }

    fn arrived(&mut self, packet: &Packet, receiver: i64, own: Micros) -> Option<Sample> {
        let arrival = self.clock.arrival(packet.sent, receiver);
        if arrival.jumped {
            self.groups = Groups::default();
            self.trend = Trend::default();
            self.standing = StandingQueue::default();
            self.acknowledged = Throughput::default();
        }
        self.acknowledged.add(arrival.at, packet.bytes + packet.skipped);
        self.prober.arrived(packet.sent, arrival.at, packet.bytes);
        if packet.before == Fate::Lost {
            self.loss.recovered();
            return None;
        }
        self.loss.arrived();
        self.groups.push(packet.sent, arrival.delay, own)
    }

    /// True: the way is overused.
    fn judge(&mut self, group: Sample) -> bool {
        let Some(reading) = self.trend.push(group) else {
            return false;
        };
        let stands = self.standing.update(reading.least, group.at);
        self.detector.update(reading, group.at) == State::Overuse || stands
    }

    fn delivery(&self) -> Delivery {
        Delivery {
            acknowledged: self.acknowledged.rate(WINDOW),
            recent: self.acknowledged.rate(WINDOW_RECENT),
            sent: self.departed.rate(WINDOW),
            wanted: self.prober.wanted(),
        }
    }

    fn average_sending(&mut self, now: Micros) {
        let Some(rate) = self.departed.rate(WINDOW) else {
            return;
        };
        let average = self.sending.get_or_insert(rate);
        let step = seconds(now - self.feedback_at.unwrap_or(now));
        *average += (step / SENDING_AVERAGE).min(1.0) * (rate - *average);
    }

    fn measure_round_trip(&mut self, measured: Micros) {
        let round_trip = self.round_trip.get_or_insert(measured);
        *round_trip += (measured - *round_trip) / ROUND_TRIP_SMOOTHING;
    }

    fn round_trip_or_guess(&self) -> Micros {
        self.reported_round_trip.or(self.round_trip).unwrap_or(ROUND_TRIP_GUESS)
    }

    fn may_probe(&self) -> bool {
        let is_full = self.detector.state() == State::Overuse || self.standing.is_long();
        self.silences == 0 && !is_full && !self.loss.is_high()
    }

    fn silence_ends(&self) -> Option<Micros> {
        self.feedback_at?;
        Some(self.unanswered? + SILENCE + self.round_trip_or_guess())
    }

    /// There is no transport-wide feedback, or of sound alone.
    fn falls_back(&self) -> bool {
        self.feedback_at.is_none() || self.is_unnumbered
    }

    /// There may be none any more.
    fn forget_feedback(&mut self, now: Micros) {
        if self.feedback_at.is_some_and(|at| now - at > FEEDBACK_AGE_MAX) && self.unanswered.is_some() {
            self.fallback = Fallback::new(self.bitrate());
            self.feedback_at = None;
        }
    }
}
