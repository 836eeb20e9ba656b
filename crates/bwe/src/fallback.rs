//! Clients without transport-wide feedback.

use crate::probe::Probe;
use crate::trial::{Answer, Shown, Trials};
use crate::{Micros, SECOND, seconds};

const GROWTH_PER_SECOND: f64 = 1.08;
/// A receiver that sees little cannot say much: its estimate stays below some one and a half of what arrives. Beyond
/// that we try, up to this multiple of what it says, as long as it does not say less.
const TRUST: f64 = 2.5;
/// A receiver's estimate below this part of its last one is a decrease.
const DECREASE: f64 = 0.95;
/// Where more is sent than it says, a receiver that goes by what it sees says more within this time, by so much at least. One that does not
/// means what it says.
const INSISTS: Micros = 4 * SECOND;
const RISE: f64 = 1.01;
/// No growth for so long after the way was full; for twice the time, and so on, where that is soon so again.
const PATIENCE: Micros = 8 * SECOND;
const PATIENCE_MAX: Micros = 64 * SECOND;
const SOON: Micros = 60 * SECOND;
/// What comes so close together is one event.
const EVENT: Micros = 5 * SECOND;
/// Of a limit that a trial met, so much is the estimate; and one trial lowers it by a step at most.
const USABLE: f64 = 0.95;
const STEP_DOWN: f64 = 0.85;
/// What is sent is measured over this time at least.
const WINDOW: Micros = SECOND / 2;
/// Of what was sent so long ago no feedback will come any more.
const LATELY: Micros = 10 * SECOND;

/// An estimate from REMB (draft-alvestrand-rmcat-remb-03) and receiver reports, as aiortc and FFmpeg send them. It goes
/// only as far as somebody wants it to.
///
/// It rises by [`Trials`]; where these show nothing, as without anything to fill them with, slowly and by itself, after ever longer times.
#[derive(Debug)]
pub(crate) struct Fallback {
    bitrate: f64,
    remb: Option<f64>,
    /// REMB when it rose last, and when that was.
    rose: (f64, Micros),
    /// As far as trials showed the way to be since it was full; what was assumed at first, as long as nothing speaks against it.
    shown: f64,
    trials: Trials,
    /// Bytes sent since `counted`, and the rate before.
    bytes: u64,
    counted: Micros,
    sending: f64,
    sent: Option<Micros>,
    updated: Option<Micros>,
    lowered: Option<Micros>,
    patience: Micros,
}

impl Fallback {
    pub fn new(start: f64) -> Fallback {
        Fallback {
            bitrate: start,
            remb: None,
            rose: (0.0, 0),
            shown: start,
            trials: Trials::default(),
            bytes: 0,
            counted: 0,
            sending: 0.0,
            sent: None,
            updated: None,
            lowered: None,
            patience: PATIENCE,
        }
    }

    pub fn bitrate(&self) -> f64 {
        self.bitrate
    }

    /// Bits a second that were sent of late, as far as no feedback tells of them.
    pub fn sending(&self) -> f64 {
        self.sending
    }

    /// Something was sent of late of which no feedback will tell.
    pub fn is_used(&self, now: Micros) -> bool {
        self.sent.is_some_and(|at| now - at < LATELY)
    }

    pub fn awaits_answer(&self) -> bool {
        self.trials.awaits_answer()
    }

    pub fn sent(&mut self, bytes: usize, at: Micros) {
        self.bytes += bytes as u64;
        self.sent = Some(at);
        self.trials.sent(bytes, at);
    }

    pub fn remb(&mut self, remb: f64, now: Micros) {
        self.measure(now);
        let before = self.remb.replace(remb);
        if before.is_none() || remb > self.rose.0 * RISE {
            self.rose = (remb, now);
        }
        let falls = before.is_some_and(|before| remb < before * DECREASE);
        if falls {
            self.rose = (remb, now);
        }
        let insists = self.sending > remb && now - self.rose.1 > INSISTS;
        if falls || insists {
            self.lower(remb, now);
        }
        self.bitrate = self.bitrate.clamp(remb, (remb * TRUST).max(self.shown.max(remb)));
    }

    /// A report tells that this fraction of a stream was lost since the last one.
    pub fn report(&mut self, lost: f64, answer: Option<Answer>, now: Micros) {
        self.measure(now);
        match self.trials.reported(lost, answer, now) {
            Some(Shown::Carried(rate)) => self.raise(rate),
            Some(Shown::Limit(rate)) if rate * USABLE > self.bitrate => self.raise(rate * USABLE),
            Some(Shown::Limit(rate)) => self.bitrate = (rate * USABLE).max(self.bitrate * STEP_DOWN),
            Some(Shown::Nothing) | None => {}
        }
    }

    /// Grows by itself, where nothing better tells how far it may. `lossless`: the last report told of next to no losses.
    pub fn update(&mut self, wanted: f64, lossless: bool, now: Micros) {
        let step = (now - self.updated.replace(now).unwrap_or(now)).clamp(0, SECOND);
        if !lossless || self.waits(now) || self.trials.measures() {
            return;
        }
        let most = self
            .remb
            .map_or(wanted, |remb| wanted.min((remb * TRUST).max(self.shown)));
        let grown = self.bitrate * GROWTH_PER_SECOND.powf(seconds(step));
        self.bitrate = grown.min(most).max(self.bitrate);
    }

    /// The way is full: it carries this at most.
    pub fn lower(&mut self, bitrate: f64, now: Micros) {
        self.bitrate = self.bitrate.min(bitrate);
        self.shown = 0.0;
        self.trials.give_up();
        let since = self.lowered.replace(now).map(|before| now - before);
        self.patience = match since {
            Some(since) if since < EVENT => self.patience,
            Some(since) if since < SOON.max(2 * self.patience) => (self.patience * 2).min(PATIENCE_MAX),
            _ => PATIENCE,
        };
    }

    pub fn poll(&mut self, wanted: f64, max: f64, lost: f64, now: Micros) -> Option<Probe> {
        if self.waits(now) {
            return None;
        }
        self.trials.poll(self.bitrate, wanted, max, lost, now)
    }

    pub fn deadline(&self, wanted: f64) -> Option<Micros> {
        let due = self.trials.deadline(self.bitrate, wanted)?;
        Some(match self.lowered {
            Some(lowered) => due.max(lowered + self.patience),
            None => due,
        })
    }

    pub fn expire(&mut self, now: Micros) {
        self.trials.expire(now);
    }

    fn raise(&mut self, rate: f64) {
        self.bitrate = self.bitrate.max(rate);
        self.shown = self.shown.max(rate);
    }

    fn waits(&self, now: Micros) -> bool {
        self.lowered.is_some_and(|lowered| now - lowered < self.patience)
    }

    fn measure(&mut self, now: Micros) {
        let time = now - self.counted;
        if time >= WINDOW {
            self.sending = self.bytes as f64 * 8.0 / seconds(time);
            (self.bytes, self.counted) = (0, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MILLISECOND;

    fn seconds_pass(fallback: &mut Fallback, from: i64, count: i64, wanted: f64, lossless: bool) {
        (from..from + count).for_each(|i| fallback.update(wanted, lossless, i * SECOND));
    }

    /// Whether a trial is made at this second that is filled and answered; `queue`: by how much later.
    fn tries(fallback: &mut Fallback, second: i64, queue: Micros) -> bool {
        let (now, round_trip) = (second * SECOND, 50 * MILLISECOND);
        let answer = |asked, round_trip| Some(Answer { asked, round_trip });
        fallback.report(0.0, answer(now, round_trip), now);
        let Some(probe) = fallback.poll(9e6, 50e6, 0.0, now) else {
            return false;
        };
        let end = now + probe.duration.as_micros() as Micros;
        fallback.sent(
            (probe.bitrate as f64 * probe.duration.as_secs_f64() / 8.0) as usize,
            end,
        );
        fallback.report(0.0, answer(end, round_trip + queue), end + SECOND / 2);
        true
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

    #[test]
    fn a_trial_that_comes_through_doubles_it_and_goes_beyond_what_the_receiver_saw() {
        let mut fallback = Fallback::new(300e3);
        fallback.remb(300e3, 0);
        for second in 1..=4 {
            assert!(tries(&mut fallback, second, 0));
            fallback.remb(300e3 * 1.08f64.powi(second as i32), second * SECOND + SECOND / 2);
        }
        assert!((fallback.bitrate() / 4.8e6 - 1.0).abs() < 0.01, "{fallback:?}");
        seconds_pass(&mut fallback, 5, 60, 50e6, true);
        assert!(fallback.bitrate() < 5e6, "nothing is guessed where it can be shown");
    }

    #[test]
    fn one_that_stands_in_a_queue_tells_how_wide_the_way_is_and_the_next_waits() {
        let mut fallback = Fallback::new(1e6);
        assert!(tries(&mut fallback, 1, 60 * MILLISECOND));
        assert!(
            (fallback.bitrate() / (1.33e6 * USABLE) - 1.0).abs() < 0.01,
            "{fallback:?}"
        );
        assert!(!tries(&mut fallback, 2, 0) && tries(&mut fallback, 4, 0));
    }

    #[test]
    fn a_receiver_that_insists_is_believed() {
        let mut fallback = Fallback::new(300e3);
        let send = |fallback: &mut Fallback, second: i64| {
            (0..10).for_each(|i| fallback.sent(12_500, second * SECOND + i * SECOND / 10));
            fallback.remb(500e3, (second + 1) * SECOND);
            fallback.bitrate()
        };
        seconds_pass(&mut fallback, 0, 30, 9e6, true);
        let bitrates: Vec<_> = (30..40).map(|second| send(&mut fallback, second)).collect();
        assert_eq!(
            (bitrates[0], *bitrates.last().unwrap()),
            (1.25e6, 500e3),
            "{bitrates:?}"
        );
    }

    #[test]
    fn where_the_way_is_full_again_and_again_it_is_left_alone_ever_longer() {
        let (mut fallback, mut now, mut waits) = (Fallback::new(300e3), 0, Vec::new());
        for _ in 0..6 {
            fallback.lower(300e3, now);
            fallback.lower(290e3, now + SECOND);
            let since = now + SECOND;
            now = since;
            while fallback.waits(now) {
                now += SECOND;
            }
            waits.push((now - since) / SECOND);
        }
        assert_eq!(waits, [8, 16, 32, 64, 64, 64]);
    }
}
