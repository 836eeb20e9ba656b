//! Trying whether the way carries more than is sent.

use std::time::Duration;

use crate::cluster::{Cluster, Outcome};
use crate::{MILLISECOND, Micros, SECOND};

/// A request to send more than there is, for a short time. All that leaves meanwhile counts, media too: fill up to
/// `bitrate` with what does no harm, a batch every 5 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Bits a second.
    pub bitrate: u64,
    pub duration: Duration,
}

/// A probe asks for more than is wanted, since it measures a little less than it sends.
const MARGIN: f64 = 1.1;
/// No probe goes further beyond what is known than this: at first, and once a limit was met.
const STEP_START: f64 = 3.0;
const STEP: f64 = 2.0;
/// So long a probe lasts at least, and so much it sends at least.
const DURATION_MIN: Micros = 50 * MILLISECOND;
const DURATION_MAX: Micros = 200 * MILLISECOND;
const BITS_MIN: f64 = 10_000.0 * 8.0;
/// A probe that brought nothing is repeated after this time, then after twice the time, up to so much that a way which got wide again
/// is found to be so within three tries and fifteen seconds.
const RETRY_MIN: Micros = SECOND;
const RETRY_MAX: Micros = 5 * SECOND;
/// So long after a probe its feedback is waited for, and a round trip.
const ANSWER_MAX: Micros = SECOND;
/// Overuse within this time after a probe is put down to it.
const AFTERMATH: Micros = SECOND;
/// Sent at less than this part of what was asked for, a probe cannot show what it should.
const COMPLETE: f64 = 0.75;

/// A probe that was begun and of which feedback is to come.
#[derive(Debug)]
struct Running {
    asked: f64,
    begin: Micros,
    end: Micros,
    /// So long feedback is waited for.
    expires: Micros,
    cluster: Cluster,
}

/// Decides when to probe, and for what: at once after the first feedback, again and further after each success, ever
/// more seldom without; and only while somebody would get a better layer by it.
#[derive(Debug)]
pub(crate) struct Prober {
    wanted: f64,
    due: Micros,
    retry: Micros,
    step: f64,
    running: Option<Running>,
    /// When the last probe ended.
    probed: Option<Micros>,
}

impl Default for Prober {
    fn default() -> Prober {
        Prober {
            wanted: 0.0,
            due: 0,
            retry: RETRY_MIN,
            step: STEP_START,
            running: None,
            probed: None,
        }
    }
}

impl Prober {
    pub fn wants(&mut self, bitrate: f64) {
        self.wanted = bitrate;
    }

    pub fn wanted(&self) -> f64 {
        self.wanted
    }

    /// `estimate` is what is known to be carried.
    pub fn poll(&mut self, estimate: f64, max: f64, round_trip: Micros, now: Micros) -> Option<Probe> {
        if self.deadline(estimate).is_none_or(|due| now < due) || self.running.is_some() {
            return None;
        }
        let bitrate = (self.wanted * MARGIN).min(estimate * self.step).min(max);
        let duration = BITS_MIN / bitrate.max(1.0) * SECOND as f64;
        let duration = (duration as Micros).clamp(DURATION_MIN, DURATION_MAX);
        let end = now + duration;
        self.running = Some(Running {
            asked: bitrate,
            begin: now,
            end,
            expires: end + round_trip + ANSWER_MAX,
            cluster: Cluster::default(),
        });
        self.probed = Some(end);
        Some(Probe {
            bitrate: bitrate as u64,
            duration: Duration::from_micros(duration as u64),
        })
    }

    /// When [`poll`](Prober::poll) may have something, or [`expire`](Prober::expire).
    pub fn deadline(&self, estimate: f64) -> Option<Micros> {
        match &self.running {
            Some(running) => Some(running.expires),
            None => (self.wanted > estimate).then_some(self.due),
        }
    }

    pub fn arrived(&mut self, sent: Micros, arrived: Micros, bytes: u32) {
        if let Some(running) = &mut self.running
            && (running.begin..=running.end).contains(&sent)
        {
            running.cluster.push(sent, arrived, bytes);
        }
    }

    /// Feedback reached packets sent at `sent`: the end of a probe, maybe. Returns what it showed.
    pub fn finish(&mut self, sent: Micros, now: Micros) -> Option<Outcome> {
        let running = self.running.take_if(|running| running.end < sent)?;
        let outcome = running.cluster.outcome();
        let complete = |outcome: &Outcome| !outcome.filled && outcome.bitrate >= COMPLETE * running.asked;
        if outcome.as_ref().is_some_and(complete) {
            self.retry = RETRY_MIN;
            self.due = now;
        } else {
            self.postpone(now);
        }
        outcome
    }

    /// Gives up a probe of which nothing is heard.
    pub fn expire(&mut self, now: Micros) {
        if self.running.take_if(|running| running.expires <= now).is_some() {
            self.postpone(now);
        }
    }

    /// The way is full. If no probe did that, it is another way than before, and soon worth a try.
    pub fn overused(&mut self, now: Micros) {
        self.step = STEP;
        let probed = self.probed.is_some_and(|end| now - end < AFTERMATH);
        if self.running.take().is_some() || probed {
            self.postpone(now);
        } else {
            self.retry = RETRY_MIN;
            self.due = now + RETRY_MIN;
        }
    }

    fn postpone(&mut self, now: Micros) {
        self.step = STEP;
        self.due = now + self.retry;
        self.retry = (self.retry * 2).min(RETRY_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: f64 = 50e6;
    const ROUND_TRIP: Micros = 50 * MILLISECOND;

    /// Answers a probe with packets that leave at its rate and arrive at `carried` at most.
    fn answer(prober: &mut Prober, probe: Probe, carried: f64, now: Micros) -> Option<Outcome> {
        let bytes = 1000;
        let interval = |bitrate: f64| (f64::from(bytes) * 8e6 / bitrate) as Micros;
        let (step, link) = (interval(probe.bitrate as f64), interval(carried));
        let end = now + probe.duration.as_micros() as Micros;
        let mut arrived = now;
        for sent in (now..=end).step_by(step as usize) {
            arrived = sent.max(arrived + link);
            prober.arrived(sent, arrived, bytes);
        }
        prober.finish(end + 1, end + 100 * MILLISECOND)
    }

    #[test]
    fn it_probes_ever_further_until_what_is_wanted_is_shown() {
        let mut prober = Prober::default();
        prober.wants(2e6);
        let (mut estimate, mut asked) = (300e3, Vec::new());
        for now in (0..5).map(|i| i * SECOND) {
            let Some(probe) = prober.poll(estimate, MAX, ROUND_TRIP, now) else {
                break;
            };
            asked.push(probe.bitrate / 1000);
            estimate = answer(&mut prober, probe, 10e6, now).unwrap().bitrate;
        }
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert_eq!(asked[0], 900);
        assert!((2000.0..=2210.0).contains(&(estimate / 1e3)), "{estimate}");
    }

    #[test]
    fn a_probe_that_fills_the_way_measures_it_and_is_repeated_ever_more_seldom() {
        let mut prober = Prober::default();
        prober.wants(3e6);
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..6 {
            let begin = now;
            let probe = loop {
                match prober.poll(900e3, MAX, ROUND_TRIP, now) {
                    Some(probe) => break probe,
                    None => now += 100 * MILLISECOND,
                }
            };
            waits.push((now - begin) / SECOND);
            let outcome = answer(&mut prober, probe, 1e6, now).unwrap();
            assert!(
                outcome.filled && (outcome.bitrate / 1e6 - 1.0).abs() < 0.02,
                "{outcome:?}"
            );
        }
        assert_eq!(waits, [0, 1, 2, 4, 5, 5]);
    }

    #[test]
    fn nobody_wants_more_so_nothing_is_sent() {
        let mut prober = Prober::default();
        assert_eq!(prober.poll(300e3, MAX, ROUND_TRIP, SECOND), None);
        prober.wants(200e3);
        assert_eq!(prober.poll(300e3, MAX, ROUND_TRIP, SECOND), None);
    }

    #[test]
    fn overuse_ends_a_probe_and_puts_off_the_next() {
        let mut prober = Prober::default();
        prober.wants(1e6);
        prober.poll(300e3, MAX, ROUND_TRIP, 0).unwrap();
        prober.overused(10 * MILLISECOND);
        assert_eq!(prober.poll(300e3, MAX, ROUND_TRIP, SECOND), None);
        assert_eq!(
            prober.poll(300e3, MAX, ROUND_TRIP, 2 * SECOND).unwrap().bitrate,
            600_000
        );
    }

    #[test]
    fn a_probe_without_an_answer_is_given_up() {
        let mut prober = Prober::default();
        prober.wants(1e6);
        prober.poll(300e3, MAX, ROUND_TRIP, 0).unwrap();
        let due = prober.deadline(300e3).unwrap();
        prober.expire(due);
        assert!(prober.deadline(300e3).unwrap() > due);
        assert!(prober.poll(300e3, MAX, ROUND_TRIP, 12 * SECOND).is_some());
    }
}
