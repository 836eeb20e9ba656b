//! The way to one client: what it carries, and what of that is given away.

use crate::allocation::Budget;
use crate::probing::Filling;
use std::time::{Duration, Instant};
use tertulia_bwe::{Config, Estimator};

/// Layers are chosen anew so often while somebody lacks something or the estimate moves, ...
const SOON: Duration = Duration::from_millis(200);
/// ... and so often otherwise: the rates of encodings change, too.
const LATER: Duration = Duration::from_secs(1);
/// A change of the estimate by less than this part is none.
const MOVED: f64 = 0.05;
/// No layer goes up for so long after one had to go down; for twice the time, and so on, where that was soon after it had
/// gone up.
const HOLD_MIN: Duration = Duration::from_secs(2);
const HOLD_MAX: Duration = Duration::from_secs(30);
const SOON_AFTER: Duration = Duration::from_secs(10);

const SOUND_WINDOW: Duration = Duration::from_millis(500);

/// What an allocation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub lowered: bool,
    pub raised: bool,
    /// Bits a second for pictures with which somebody would get a better layer; 0: nobody would.
    pub lacking: u64,
}

/// How much of the way voices take.
struct Sound {
    bytes: u64,
    since: Instant,
    /// Bits a second.
    rate: u64,
}

impl Sound {
    fn new(now: Instant) -> Sound {
        Sound {
            bytes: 0,
            since: now,
            rate: 0,
        }
    }

    /// More counts at once, less by and by: somebody who pauses will speak again.
    fn measure(&mut self, now: Instant) {
        let time = now.saturating_duration_since(self.since);
        if time >= SOUND_WINDOW {
            let measured = (self.bytes as f64 * 8.0 / time.as_secs_f64()) as u64;
            self.rate = measured.max((self.rate * 3 + measured) / 4);
            (self.bytes, self.since) = (0, now);
        }
    }
}

pub(crate) struct Downlink {
    pub estimator: Estimator,
    /// What fills a probe, while one is made.
    pub filling: Option<Filling>,
    sound: Sound,
    /// The estimate fell at some time. Until then it says how far the way was tried, and not how wide it is.
    limited: bool,
    /// The estimate when it was last looked at, and when layers were last chosen.
    seen: u64,
    allocated: u64,
    due: Option<Instant>,
    raised: Option<Instant>,
    hold: Duration,
    hold_ends: Option<Instant>,
}

impl Downlink {
    pub fn new(config: Config, now: Instant) -> Downlink {
        let estimator = Estimator::new(config, now);
        let start = estimator.estimate().bitrate;
        Downlink {
            estimator,
            filling: None,
            sound: Sound::new(now),
            limited: false,
            seen: start,
            allocated: start,
            due: None,
            raised: None,
            hold: HOLD_MIN,
            hold_ends: None,
        }
    }

    /// A packet leaves with this transport-wide number.
    pub fn sent(&mut self, number: u16, bytes: usize, now: Instant) {
        self.estimator.sent(number, bytes, now);
        if let Some(filling) = &mut self.filling {
            filling.sent(bytes);
        }
    }

    /// A voice's packet leaves, of so many bytes.
    pub fn sent_sound(&mut self, bytes: usize) {
        self.sound.bytes += bytes as u64;
    }

    /// The estimator heard something.
    pub fn heard(&mut self, now: Instant) {
        let bitrate = self.estimator.estimate().bitrate;
        self.limited |= bitrate < self.seen;
        self.seen = bitrate;
        let change = bitrate as f64 / self.allocated.max(1) as f64;
        if change < 1.0 - MOVED {
            self.due = Some(now);
        } else if change > 1.0 + MOVED {
            self.due_by(now + SOON);
        }
    }

    /// For pictures.
    pub fn budget(&mut self, now: Instant) -> Budget {
        self.sound.measure(now);
        Budget {
            bitrate: self.seen.saturating_sub(self.sound.rate),
            limited: self.limited,
            may_raise: self.hold_ends.is_none_or(|end| end <= now),
        }
    }

    /// Layers were chosen.
    pub fn allocated(&mut self, outcome: Outcome, now: Instant) {
        if outcome.lowered {
            let soon = self
                .raised
                .is_some_and(|at| now.saturating_duration_since(at) < SOON_AFTER);
            self.hold = if soon { (self.hold * 2).min(HOLD_MAX) } else { HOLD_MIN };
            self.hold_ends = Some(now + self.hold);
        }
        if outcome.raised {
            self.raised = Some(now);
        }
        self.allocated = self.seen;
        let lacking = match outcome.lacking {
            0 => 0,
            lacking => lacking + self.sound.rate,
        };
        self.estimator.wants(lacking, now);
        self.due = Some(now + if outcome.lacking > 0 { SOON } else { LATER });
    }

    /// Layers are to be chosen anew.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Nothing is given away: there is nothing to choose until that changes.
    pub fn rest(&mut self, now: Instant) {
        self.estimator.wants(0, now);
        self.due = None;
    }

    pub fn deadline(&self) -> Option<Instant> {
        let filling = self.filling.as_ref().map(Filling::deadline);
        [self.due, self.estimator.poll_timeout(), filling]
            .into_iter()
            .flatten()
            .min()
    }

    fn due_by(&mut self, at: Instant) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    const LOWERED: Outcome = Outcome {
        lowered: true,
        raised: false,
        lacking: 1,
    };
    const RAISED: Outcome = Outcome {
        lowered: false,
        raised: true,
        lacking: 0,
    };

    fn downlink(now: Instant) -> Downlink {
        Downlink::new(Config::default(), now)
    }

    #[test]
    fn what_had_to_go_down_soon_after_it_went_up_waits_ever_longer() {
        let mut now = Instant::now();
        let mut downlink = downlink(now);
        let mut waited = Vec::new();
        for _ in 0..6 {
            downlink.allocated(RAISED, now);
            downlink.allocated(LOWERED, now + Duration::from_secs(1));
            let end = downlink.hold_ends.unwrap();
            waited.push((end - now).as_secs() - 1);
            assert!(!downlink.budget(end - Duration::from_millis(1)).may_raise);
            assert!(downlink.budget(end).may_raise);
            now = end;
        }
        assert_eq!(waited, [4, 8, 16, 30, 30, 30]);
        downlink.allocated(LOWERED, now + SOON_AFTER * 2);
        assert_eq!(downlink.hold_ends, Some(now + SOON_AFTER * 2 + HOLD_MIN));
    }

    #[test]
    fn an_estimate_that_falls_is_a_limit_and_acted_on_at_once() {
        let now = Instant::now();
        let mut downlink = downlink(now);
        downlink.allocated(Outcome::default(), now);
        assert!(!downlink.budget(now).limited && !downlink.is_due(now));
        downlink.estimator.remb(100_000, now);
        downlink.estimator.remb(50_000, now);
        downlink.heard(now);
        assert!(downlink.budget(now).limited && downlink.is_due(now));
    }

    #[test]
    fn layers_are_chosen_anew_by_and_by_and_sooner_where_something_lacks() {
        let now = Instant::now();
        let mut downlink = downlink(now);
        assert!(!downlink.is_due(now + LATER));
        downlink.allocated(Outcome::default(), now);
        assert!(!downlink.is_due(now + SOON) && downlink.is_due(now + LATER));
        downlink.allocated(LOWERED, now);
        assert!(downlink.is_due(now + SOON));
        downlink.rest(now);
        assert!(!downlink.is_due(now + LATER));
    }

    #[test]
    fn voices_come_first() {
        let now = Instant::now();
        let mut downlink = downlink(now);
        let start = downlink.seen;
        assert_eq!(downlink.budget(now).bitrate, start);
        (0..25).for_each(|_| downlink.sent_sound(100));
        let budget = downlink.budget(now + SOUND_WINDOW);
        assert_eq!(budget.bitrate, start - 40_000);
        assert_eq!(
            downlink.budget(now + SOUND_WINDOW * 2).bitrate,
            start - 30_000,
            "and are not forgotten at once"
        );
    }
}
