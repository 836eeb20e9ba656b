//! The way to one client: what it carries, and what of that is given away.

use crate::allocation::Budget;
use crate::pacing::Pacer;
use crate::probing::Filling;
use crate::types::MediaKind;
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
/// An estimate so many times as high as when somebody had to go down is of another way: nothing is held any more.
const ANOTHER_WAY: u64 = 2;
/// Where nothing fits, the least is given all the same after this time, then after twice the time: of a way on which nothing is sent
/// nothing is heard.
const RETRY_MIN: Duration = Duration::from_secs(3);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// So long the least is sent before that is judged by the estimate again.
const TRIAL: Duration = Duration::from_millis(1500);
/// So long an estimate that is somewhat too low for what is given is borne with.
const PATIENCE: Duration = Duration::from_millis(1500);

const SOUND_WINDOW: Duration = Duration::from_millis(500);

/// What an allocation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Outcome {
    pub lowered: bool,
    pub raised: bool,
    /// What was given is somewhat more than there is.
    pub strained: bool,
    /// Nobody was given anything.
    pub barren: bool,
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
    /// Somebody is to be seen. Otherwise sound is sent whatever the way carries, and what is heard of it is for the first picture that
    /// comes: it shall not be in the way.
    has_pictures: bool,
    /// What fills a probe, while one is made.
    pub filling: Option<Filling>,
    pacer: Pacer,
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
    /// The estimate when somebody had to go down last.
    held_at: u64,
    strained: Option<Instant>,
    barren: Option<Instant>,
    retry: Duration,
    trial_ends: Option<Instant>,
}

impl Downlink {
    pub fn new(config: Config, now: Instant) -> Downlink {
        let mut estimator = Estimator::new(config, now);
        estimator.shows(false);
        let start = estimator.estimate().bitrate;
        Downlink {
            estimator,
            has_pictures: false,
            filling: None,
            pacer: Pacer::new(now),
            sound: Sound::new(now),
            limited: false,
            seen: start,
            allocated: start,
            due: None,
            raised: None,
            hold: HOLD_MIN,
            hold_ends: None,
            held_at: start,
            strained: None,
            barren: None,
            retry: RETRY_MIN,
            trial_ends: None,
        }
    }

    /// A packet leaves with this transport-wide number. None: of pictures, and no feedback will tell of it.
    pub fn sent(&mut self, number: Option<u16>, bytes: usize, now: Instant) {
        match number {
            Some(number) => self.estimator.sent(number, bytes, now),
            None => self.estimator.sent_unnumbered(bytes, now),
        }
        if let Some(filling) = &mut self.filling {
            filling.sent(bytes);
        }
        self.pacer.sent(bytes);
    }

    /// What pictures have to pass, where it is known how wide the way is, or something waits yet.
    pub fn pacer(&mut self, now: Instant) -> Option<&mut Pacer> {
        match self.estimator.is_limited() {
            true => self.pacer.fill(self.seen, now),
            false if self.pacer.is_busy() => self.pacer.open(),
            false => return None,
        }
        Some(&mut self.pacer)
    }

    /// Packets of a voice leave, of so many bytes together.
    pub fn sent_sound(&mut self, bytes: u64) {
        self.sound.bytes += bytes;
    }

    /// How much of what the way is held to carry voices take; nothing where it was not seen how wide it is, and nobody tries.
    pub fn sound_share(&self) -> f32 {
        match self.has_pictures || self.estimator.is_limited() {
            true => self.sound.rate as f32 / self.seen.max(1) as f32,
            false => 0.0,
        }
    }

    /// Bits a second that the way is held to carry. None: there is sound alone, which gets through, and that tells nothing.
    pub fn known(&self) -> Option<u64> {
        (self.has_pictures || self.limited).then_some(self.seen)
    }

    /// The receiver's reports on such streams count: on pictures, where there are any, for they fill the way.
    pub fn counts(&self, kind: MediaKind) -> bool {
        kind == MediaKind::Video || !self.has_pictures
    }

    /// The estimator heard something.
    pub fn heard(&mut self, now: Instant) {
        self.sound.measure(now);
        let bitrate = self.estimator.estimate().bitrate;
        self.limited |= bitrate < self.seen && !self.estimator.may_be_mistaken();
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
        if self.barren.is_some_and(|since| now >= since + self.retry) {
            self.barren = None;
            self.trial_ends = Some(now + TRIAL);
            self.retry = (self.retry * 2).min(RETRY_MAX);
        }
        Budget {
            bitrate: self.seen.saturating_sub(self.sound.rate),
            limited: self.limited && self.trial_ends.is_none_or(|end| end <= now),
            may_raise: self.hold_ends.is_none_or(|end| end <= now) || self.seen >= ANOTHER_WAY * self.held_at,
            patient: self.strained.is_none_or(|since| now < since + PATIENCE),
        }
    }

    /// Layers were chosen.
    pub fn allocated(&mut self, outcome: Outcome, now: Instant) {
        self.has_pictures = true;
        self.estimator.shows(!outcome.barren);
        if outcome.lowered {
            let soon = self
                .raised
                .is_some_and(|at| now.saturating_duration_since(at) < SOON_AFTER);
            self.hold = if soon { (self.hold * 2).min(HOLD_MAX) } else { HOLD_MIN };
            self.hold_ends = Some(now + self.hold);
            self.held_at = self.seen;
        }
        if outcome.raised {
            self.raised = Some(now);
        }
        match outcome.strained {
            true => _ = self.strained.get_or_insert(now),
            false => self.strained = None,
        }
        match outcome.barren {
            true => _ = self.barren.get_or_insert(now),
            false => self.barren = None,
        }
        if outcome.lacking == 0 && self.trial_ends.is_none_or(|end| end <= now) {
            self.retry = RETRY_MIN;
        }
        self.allocated = self.seen;
        let lacking = match outcome.lacking {
            0 => 0,
            lacking => lacking + self.sound.rate,
        };
        self.estimator.wants(lacking, now);
        let soon = outcome.lacking > 0 || outcome.strained;
        self.due = Some(now + if soon { SOON } else { LATER });
    }

    /// Layers are to be chosen anew.
    pub fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Nothing is given away: there is nothing to choose until that changes.
    pub fn rest(&mut self, now: Instant) {
        self.estimator.wants(0, now);
        self.estimator.shows(false);
        (self.has_pictures, self.due) = (false, None);
    }

    pub fn deadline(&self) -> Option<Instant> {
        let filling = self.filling.as_ref().map(Filling::deadline);
        [self.due, self.estimator.poll_timeout(), filling, self.pacer.deadline()]
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
        strained: false,
        barren: false,
        lacking: 1,
    };
    const RAISED: Outcome = Outcome {
        lowered: false,
        raised: true,
        strained: false,
        barren: false,
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
    fn nothing_waits_where_the_way_became_another() {
        let now = Instant::now();
        let mut downlink = downlink(now);
        downlink.allocated(LOWERED, now);
        let mut may_raise = |bitrate| {
            downlink.seen = bitrate;
            downlink.budget(now).may_raise
        };
        assert_eq!([300_000, 599_999, 600_000].map(&mut may_raise), [false, false, true]);
    }

    #[test]
    fn an_estimate_somewhat_too_low_is_borne_for_a_while() {
        let now = Instant::now();
        let mut downlink = downlink(now);
        let strained = Outcome {
            strained: true,
            ..Outcome::default()
        };
        assert!(downlink.budget(now).patient);
        downlink.allocated(strained, now);
        downlink.allocated(strained, now + SOON);
        assert!(downlink.is_due(now + SOON * 2));
        assert!(downlink.budget(now + PATIENCE - SOON).patient && !downlink.budget(now + PATIENCE).patient);
        downlink.allocated(Outcome::default(), now + PATIENCE);
        assert!(downlink.budget(now + PATIENCE).patient);
    }

    #[test]
    fn where_nothing_fits_the_least_is_tried_ever_more_seldom() {
        let mut now = Instant::now();
        let mut downlink = downlink(now);
        let barren = Outcome {
            barren: true,
            ..LOWERED
        };
        let mut waited = Vec::new();
        for _ in 0..6 {
            downlink.limited = true;
            downlink.allocated(barren, now);
            let since = now;
            while downlink.budget(now).limited {
                now += Duration::from_secs(1);
            }
            waited.push((now - since).as_secs());
            assert!(downlink.budget(now + TRIAL).limited);
            now += TRIAL;
        }
        assert_eq!(waited, [3, 6, 12, 24, 30, 30]);
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
