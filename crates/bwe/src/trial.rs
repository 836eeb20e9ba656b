//! Trying whether the way carries more, where the client tells of no single packet.

use std::time::Duration;

use crate::probe::Probe;
use crate::{MILLISECOND, Micros, SECOND, seconds};

/// Beyond what is known to be carried a trial sends what that carries in this time. So of the packets of any second hardly a tenth is lost by
/// it, however short the queue is.
const BEYOND: Micros = 100 * MILLISECOND;
/// A trial is that short where in it something is sent by which anything can be measured, ...
const DURATION_MIN: Micros = 100 * MILLISECOND;
const BITS_MIN: f64 = 5_000.0 * 8.0;
/// ... and no longer than this.
const DURATION_MAX: Micros = 300 * MILLISECOND;
/// A trial asks for more than is wanted, since it measures a little less than it sends.
const MARGIN: f64 = 1.1;
/// Sent at less than this part of what was asked for, it shows nothing: there was nothing to fill it with.
const COMPLETE: f64 = 0.75;
/// Carried at less than this part of what was sent, it met the limit.
const FILLED: f64 = 0.9;
/// A round trip may be so much longer without a queue.
const RESTLESS: Micros = 10 * MILLISECOND;
/// A report that tells of so much more loss than there was before tells that the trial did not come through.
const LOSSES: f64 = 0.03;
/// The sender report behind a trial leaves within this time.
const BEHIND: Micros = 50 * MILLISECOND;
/// So long its answer is waited for.
const ANSWER_MAX: Micros = 8 * SECOND;
/// When so many in a row showed nothing, none will.
const MISSES_MAX: u8 = 3;
const RETRY_MIN: Micros = 2 * SECOND;
const RETRY_MAX: Micros = 16 * SECOND;
/// The round trip without a queue is the least of the last one to two of these.
const MEMORY: Micros = 30 * SECOND;

/// A report's answer to a sender report: when that left, and the round trip that follows (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub asked: Micros,
    pub round_trip: Micros,
}

/// What a trial showed, in bits a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown {
    /// So much is carried, and more was not tried.
    Carried(f64),
    /// So much is carried, and more is not.
    Limit(f64),
    Nothing,
}

#[derive(Debug)]
struct Running {
    asked: f64,
    begin: Micros,
    end: Micros,
    expires: Micros,
    bytes: u64,
    /// Fraction lost before, and the highest that was reported since it began.
    before: f64,
    lost: f64,
}

/// A burst for a tenth of a second, and behind it a sender report. What the way did not carry of the burst stands in a queue before the
/// report: by so much its round trip is longer. Or it was lost, which the receiver's next report tells.
#[derive(Debug)]
pub(crate) struct Trials {
    due: Micros,
    retry: Micros,
    running: Option<Running>,
    /// The least round trip of the time before, and of this.
    least: Option<(Micros, Micros)>,
    turned: Micros,
    /// How many in a row showed nothing, and whether one ever did.
    misses: u8,
    measured: bool,
}

impl Default for Trials {
    fn default() -> Trials {
        Trials {
            due: 0,
            retry: RETRY_MIN,
            running: None,
            least: None,
            turned: 0,
            misses: 0,
            measured: false,
        }
    }
}

impl Trials {
    /// Nothing else has to be guessed.
    pub fn measures(&self) -> bool {
        self.measured && self.misses < MISSES_MAX
    }

    /// It is over, and what it left in queues is not known yet.
    pub fn awaits_answer(&self) -> bool {
        self.running.is_some()
    }

    /// `carried` is what is known to be carried, `lost` the fraction of what is sent that is lost anyhow.
    pub fn poll(&mut self, carried: f64, wanted: f64, max: f64, lost: f64, now: Micros) -> Option<Probe> {
        if self.deadline(carried, wanted).is_none_or(|due| now < due) || self.running.is_some() {
            return None;
        }
        let duration = BITS_MIN / (2.0 * carried).max(1.0) * SECOND as f64;
        let duration = (duration as Micros).clamp(DURATION_MIN, DURATION_MAX);
        let furthest = carried * (1.0 + BEYOND as f64 / duration as f64);
        let asked = (wanted * MARGIN).min(furthest).min(max);
        self.running = Some(Running {
            asked,
            begin: now,
            end: now + duration,
            expires: now + duration + ANSWER_MAX,
            bytes: 0,
            before: lost,
            lost: 0.0,
        });
        Some(Probe {
            bitrate: asked as u64,
            duration: Duration::from_micros(duration as u64),
        })
    }

    /// When [`poll`](Trials::poll) may have something, or [`expire`](Trials::expire). None is made before a report told the round trip.
    pub fn deadline(&self, carried: f64, wanted: f64) -> Option<Micros> {
        match &self.running {
            Some(running) => Some(running.expires),
            None => (wanted > carried && self.least.is_some()).then_some(self.due),
        }
    }

    pub fn sent(&mut self, bytes: usize, at: Micros) {
        if let Some(running) = &mut self.running
            && at <= running.end
        {
            running.bytes += bytes as u64;
        }
    }

    /// A report tells that this fraction of a stream was lost since the last one.
    pub fn reported(&mut self, lost: f64, answer: Option<Answer>, now: Micros) -> Option<Shown> {
        let least = self.least_round_trip(answer, now);
        let running = self.running.as_mut()?;
        if now > running.begin {
            running.lost = running.lost.max(lost);
        }
        let (answer, least) = answer.zip(least)?;
        if answer.asked < running.end {
            return None;
        }
        let running = self.running.take()?;
        let in_time = answer.asked <= running.end + BEHIND;
        let shown = running.shows(in_time.then_some(answer.round_trip - least));
        match shown {
            Shown::Carried(_) => (self.due, self.retry) = (now, RETRY_MIN),
            Shown::Limit(_) => self.postpone(now),
            Shown::Nothing => self.miss(now),
        }
        if shown != Shown::Nothing {
            (self.misses, self.measured) = (0, true);
        }
        Some(shown)
    }

    /// Gives up a trial of which nothing is heard.
    pub fn expire(&mut self, now: Micros) {
        if self.running.take_if(|running| running.expires <= now).is_some() {
            self.miss(now);
        }
    }

    /// The way is full, whatever it would show.
    pub fn give_up(&mut self) {
        self.running = None;
    }

    fn miss(&mut self, now: Micros) {
        self.misses = self.misses.saturating_add(1);
        self.postpone(now);
    }

    fn postpone(&mut self, now: Micros) {
        self.due = now + self.retry;
        self.retry = (self.retry * 2).min(RETRY_MAX);
    }

    fn least_round_trip(&mut self, answer: Option<Answer>, now: Micros) -> Option<Micros> {
        if let Some(Answer { round_trip, .. }) = answer {
            let (before, this) = self.least.get_or_insert((round_trip, round_trip));
            *this = round_trip.min(*this);
            if now - self.turned > MEMORY {
                (*before, *this, self.turned) = (*this, round_trip, now);
            }
        }
        self.least.map(|(before, this)| before.min(this))
    }
}

impl Running {
    /// `queue`: by how much the round trip behind it was longer than without one, if the report that left behind it was answered.
    fn shows(&self, queue: Option<Micros>) -> Shown {
        let time = seconds(self.end - self.begin);
        let sent = self.bytes as f64 * 8.0 / time;
        if sent < COMPLETE * self.asked {
            return Shown::Nothing;
        }
        if self.lost > self.before + LOSSES {
            return Shown::Limit(sent * (1.0 - self.lost));
        }
        let Some(queue) = queue else {
            return Shown::Nothing;
        };
        let carried = sent * time / (time + seconds((queue - RESTLESS).max(0)));
        match carried < FILLED * sent {
            true => Shown::Limit(carried),
            false => Shown::Carried(sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND_TRIP: Micros = 50 * MILLISECOND;
    const MAX: f64 = 50e6;

    fn answer(asked: Micros, round_trip: Micros) -> Option<Answer> {
        Some(Answer { asked, round_trip })
    }

    fn trials() -> Trials {
        let mut trials = Trials::default();
        assert_eq!(trials.reported(0.0, answer(0, ROUND_TRIP), SECOND), None);
        trials
    }

    /// Makes the trial that is due at `now` and fills it; its end.
    fn filled(trials: &mut Trials, carried: f64, now: Micros) -> Micros {
        let probe = trials.poll(carried, 9e6, MAX, 0.0, now).unwrap();
        let time = probe.duration.as_micros() as Micros;
        let bytes = probe.bitrate as f64 / 8.0 * seconds(time);
        trials.sent(bytes as usize, now + time);
        trials.sent(1_000_000, now + time + 1);
        now + time
    }

    #[test]
    fn a_trial_that_comes_through_shows_what_was_sent_and_the_next_is_due_at_once() {
        let mut trials = trials();
        let end = filled(&mut trials, 1e6, SECOND);
        assert_eq!(
            trials.reported(0.0, answer(SECOND - 1, ROUND_TRIP), end),
            None,
            "asked before it"
        );
        let shown = trials
            .reported(0.0, answer(end, ROUND_TRIP + RESTLESS), end + SECOND)
            .unwrap();
        assert!(
            matches!(shown, Shown::Carried(rate) if (rate / 2e6 - 1.0).abs() < 0.01),
            "{shown:?}"
        );
        assert!(trials.measures());
        assert!(trials.poll(2e6, 9e6, MAX, 0.0, end + SECOND).is_some());
    }

    #[test]
    fn what_it_leaves_in_a_queue_tells_how_wide_the_way_is() {
        let mut trials = trials();
        let end = filled(&mut trials, 1e6, SECOND);
        let queue = 60 * MILLISECOND;
        let shown = trials
            .reported(0.0, answer(end, ROUND_TRIP + queue), end + SECOND)
            .unwrap();
        assert!(
            matches!(shown, Shown::Limit(rate) if (rate / 1.33e6 - 1.0).abs() < 0.01),
            "{shown:?}"
        );
    }

    #[test]
    fn losses_tell_that_it_went_too_far_but_not_those_that_there_were_before() {
        let mut trials = trials();
        let end = filled(&mut trials, 1e6, SECOND);
        assert_eq!(trials.reported(0.2, None, end), None);
        let shown = trials.reported(0.0, answer(end, ROUND_TRIP), end + SECOND).unwrap();
        assert!(
            matches!(shown, Shown::Limit(rate) if (rate / 1.6e6 - 1.0).abs() < 0.01),
            "{shown:?}"
        );
        let due = trials.deadline(1e6, 9e6).unwrap();
        assert_eq!(due, end + SECOND + RETRY_MIN);
        let probe = trials.poll(1e6, 9e6, MAX, 0.05, due).unwrap();
        trials.sent(probe.bitrate as usize / 80, due);
        let shown = trials.reported(0.06, answer(due + 100 * MILLISECOND, ROUND_TRIP), due + SECOND);
        assert!(matches!(shown, Some(Shown::Carried(_))), "{shown:?}");
    }

    #[test]
    fn what_cannot_be_filled_or_is_answered_too_late_shows_nothing_and_is_tried_ever_more_seldom() {
        let (mut trials, mut now, mut waits) = (trials(), SECOND, Vec::new());
        for _ in 0..5 {
            let due = trials.deadline(1e6, 9e6).unwrap().max(now);
            waits.push((due - now) / SECOND);
            trials.poll(1e6, 9e6, MAX, 0.0, due).unwrap();
            now = due + SECOND;
            assert_eq!(trials.reported(0.0, answer(now, ROUND_TRIP), now), Some(Shown::Nothing));
        }
        assert_eq!(waits, [0, 2, 4, 8, 16]);
        let due = trials.deadline(1e6, 9e6).unwrap();
        filled(&mut trials, 1e6, due);
        trials.expire(due + ANSWER_MAX);
        assert!(trials.awaits_answer());
        trials.expire(due + 2 * ANSWER_MAX);
        assert!(!trials.awaits_answer() && !trials.measures());
    }

    #[test]
    fn when_some_in_a_row_show_nothing_none_will_until_one_does() {
        let (mut trials, mut now) = (trials(), SECOND);
        let mut measures = Vec::new();
        for comes_through in [false, true, false, false, false, true] {
            now = trials.deadline(1e6, 9e6).unwrap().max(now);
            let end = filled(&mut trials, 1e6, now);
            let asked = if comes_through { end } else { end + SECOND };
            now = end + 2 * SECOND;
            trials.reported(0.0, answer(asked, ROUND_TRIP), now).unwrap();
            measures.push(trials.measures());
        }
        assert_eq!(measures, [false, true, true, true, false, true]);
    }

    #[test]
    fn it_goes_a_tenth_of_a_second_beyond_what_is_known_and_no_further_than_is_wanted() {
        for carried in [30e3, 100e3, 300e3, 3e6] {
            let mut trials = trials();
            let probe = trials.poll(carried, 50e6, MAX, 0.0, SECOND).unwrap();
            let beyond = (probe.bitrate as f64 - carried) * probe.duration.as_secs_f64();
            assert!((beyond / (carried * 0.1) - 1.0).abs() < 0.01, "{probe:?}");
        }
        let probe = trials().poll(1e6, 1.2e6, MAX, 0.0, SECOND).unwrap();
        assert_eq!(probe.bitrate, 1_320_000);
    }

    #[test]
    fn before_the_round_trip_is_known_nothing_is_tried() {
        let mut trials = Trials::default();
        assert_eq!(trials.reported(0.0, None, SECOND), None);
        assert_eq!(trials.poll(1e6, 9e6, MAX, 0.0, SECOND), None);
        assert_eq!(trials.deadline(1e6, 9e6), None);
    }
}
