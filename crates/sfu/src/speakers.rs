//! Who speaks in a room, from the audio levels that clients send (RFC 6464).

use crate::types::SourceId;
use rustc_hash::FxHashMap;
use std::time::{Duration, Instant};

/// At most one report in this time.
pub(crate) const INTERVAL: Duration = Duration::from_millis(200);
/// Time constant of the mean: shorter than a syllable would flicker, longer would lag behind a change of turn.
const SMOOTHING: Duration = Duration::from_millis(250);
/// Mean levels in dB above the floor of -127 dBov: one begins to speak above the first and stops below the second.
const ENTER: f32 = 127.0 - 50.0;
const LEAVE: f32 = 127.0 - 60.0;
/// Who is behind must be louder by this much to go ahead.
const OVERTAKE: f32 = 6.0;
/// Without a packet for this long one is silent: a client may stop sending altogether (DTX, mute).
const SILENCE: Duration = Duration::from_millis(600);

#[derive(Debug, Clone, Copy)]
struct Voice {
    /// Smoothed, in dB above -127 dBov.
    loudness: f32,
    at: Instant,
}

/// What one packet made of a voice, in dB above -127 dBov.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub sample: f32,
    pub loudness: f32,
    /// [`deadline`](Speakers::deadline) is new.
    pub is_news: bool,
}

/// The voices of one room.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    voices: FxHashMap<SourceId, Voice>,
    /// Loudest first, as reported last.
    active: Vec<SourceId>,
    due: Option<Instant>,
    last: Option<Instant>,
}

impl Speakers {
    /// `level` is the extension's octet without its voice flag, in -dBov.
    pub fn observe(&mut self, source: SourceId, level: u8, now: Instant) -> Level {
        let sample = 127.0 - f32::from(level.min(127));
        let voice = self.voices.entry(source).or_insert(Voice {
            loudness: 0.0,
            at: now - Duration::from_millis(20),
        });
        let gap = now.saturating_duration_since(voice.at);
        let weight = 1.0 - (-gap.as_secs_f32() / SMOOTHING.as_secs_f32()).exp();
        voice.loudness += (sample - voice.loudness) * weight;
        voice.at = now;
        let loudness = voice.loudness;
        let busy = loudness >= ENTER || !self.active.is_empty();
        let is_news = busy && self.due.is_none();
        if is_news {
            self.due = Some(self.last.map_or(now, |last| (last + INTERVAL).max(now)));
        }
        Level {
            sample,
            loudness,
            is_news,
        }
    }

    /// How many were heard of, whether they speak or not.
    pub fn voices(&self) -> usize {
        self.voices.len()
    }

    pub fn remove(&mut self, source: SourceId, now: Instant) {
        if self.voices.remove(&source).is_some() && self.active.contains(&source) {
            self.due.get_or_insert(now);
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// The speakers with their levels in -dBov, if they or their order changed since the last time.
    pub fn take_change(&mut self, now: Instant) -> Option<Vec<(SourceId, u8)>> {
        if self.due.is_none_or(|due| now < due) {
            return None;
        }
        self.last = Some(now);
        let mut active: Vec<SourceId> = self
            .active
            .iter()
            .copied()
            .filter(|id| self.level(id, now) >= LEAVE)
            .collect();
        let mut entering: Vec<SourceId> = self.voices.keys().copied().collect();
        entering.retain(|id| !active.contains(id) && self.level(id, now) >= ENTER);
        entering.sort_by(|a, b| self.level(b, now).total_cmp(&self.level(a, now)).then(a.cmp(b)));
        active.extend(entering);
        for end in 1..active.len() {
            let mut at = end;
            while at > 0 && self.level(&active[at], now) > self.level(&active[at - 1], now) + OVERTAKE {
                active.swap(at, at - 1);
                at -= 1;
            }
        }
        self.due = (!active.is_empty()).then_some(now + INTERVAL);
        if active == self.active {
            return None;
        }
        self.active = active;
        let level = |&id: &SourceId| (id, 127 - self.level(&id, now).round().clamp(0.0, 127.0) as u8);
        Some(self.active.iter().map(level).collect())
    }

    fn level(&self, source: &SourceId, now: Instant) -> f32 {
        match self.voices.get(source) {
            Some(voice) if now.saturating_duration_since(voice.at) < SILENCE => voice.loudness,
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    const A: SourceId = SourceId(1);
    const B: SourceId = SourceId(2);

    /// Feeds 20 ms packets with fixed levels for a while; returns the changes as lists of sources.
    fn feed(speakers: &mut Speakers, now: &mut Instant, millis: u64, levels: &[(SourceId, u8)]) -> Vec<Vec<SourceId>> {
        let mut changes = Vec::new();
        for _ in 0..millis / 20 {
            for &(source, level) in levels {
                speakers.observe(source, level, *now);
            }
            changes.extend(
                speakers
                    .take_change(*now)
                    .map(|levels| levels.iter().map(|l| l.0).collect()),
            );
            *now += Duration::from_millis(20);
        }
        changes
    }

    #[test]
    fn the_loudest_comes_first_and_the_silent_drop_out() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        assert_eq!(feed(&mut speakers, &mut now, 2000, &[(A, 30), (B, 127)]), [[A]]);
        assert_eq!(
            feed(&mut speakers, &mut now, 2000, &[(A, 127), (B, 20)]).last(),
            Some(&vec![B])
        );
        let silence = feed(&mut speakers, &mut now, 3000, &[(A, 127), (B, 127)]);
        assert_eq!(silence, [Vec::<SourceId>::new()]);
        assert_eq!(speakers.deadline(), None, "a silent room costs no timer");
    }

    #[test]
    fn a_slightly_louder_voice_does_not_overtake() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        feed(&mut speakers, &mut now, 2000, &[(A, 30)]);
        assert_eq!(feed(&mut speakers, &mut now, 2000, &[(A, 30), (B, 27)]), [[A, B]]);
    }

    #[test]
    fn a_source_that_stops_sending_stops_speaking() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        feed(&mut speakers, &mut now, 1000, &[(A, 30)]);
        let due = speakers.deadline();
        assert!(due.is_some());
        assert_eq!(speakers.take_change(now + Duration::from_secs(1)), Some(vec![]));
    }

    #[test]
    fn one_word_is_reported_at_once_and_changes_not_more_often_than_every_200_ms() {
        let (mut speakers, mut now) = (Speakers::default(), Instant::now());
        let start = now;
        let mut at = Vec::new();
        for i in 0..200 {
            speakers.observe(A, if i / 8 % 2 == 0 { 10 } else { 127 }, now);
            at.extend(speakers.take_change(now).map(|_| now - start));
            now += Duration::from_millis(20);
        }
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= INTERVAL), "{at:?}");
    }
}
