//! Whose voices are passed on in a room with many.

use crate::types::SourceId;
use std::time::{Duration, Instant};

/// In dB above the floor of -127 dBov: whoever sends more than this in one packet speaks.
const SPEAKS: f32 = 127.0 - 50.0;
/// Who says nothing for so long gives his place to whoever speaks: no word has a pause like this in it.
const PAUSE: Duration = Duration::from_millis(500);
/// Nobody speaks for so long without a pause: it is a fan, or a street. It gives way to a voice that is louder by so many dB.
const MONOTONE: Duration = Duration::from_secs(10);
const LOUDER: f32 = 6.0;

/// A packet of this level, in -dBov, is loud enough to be a voice.
pub(crate) fn speaks(level: u8) -> bool {
    127.0 - f32::from(level) >= SPEAKS
}

#[derive(Debug, Clone, Copy)]
struct Place {
    source: SourceId,
    /// When it was last loud enough to be a voice, and since when without a pause.
    spoke: Instant,
    since: Instant,
    loudness: f32,
}

/// A few places for voices. Whoever has one keeps it while nobody else needs it, so that where few speak nothing changes
/// hands; whoever speaks gets one at once, and loses it in a pause of his.
#[derive(Debug, Default)]
pub(crate) struct Loudest {
    places: Vec<Place>,
    /// Other voices have them than before.
    is_changed: bool,
}

impl Loudest {
    /// Whether a voice's packet is passed on. `sample`: how loud it is, and `loudness`: how loud the voice is in the mean, both in
    /// dB above -127 dBov.
    pub fn admits(&mut self, source: SourceId, sample: f32, loudness: f32, places: usize, now: Instant) -> bool {
        let speaks = sample >= SPEAKS;
        if let Some(place) = self.places.iter_mut().find(|place| place.source == source) {
            if speaks {
                if place.silence(now) >= PAUSE {
                    place.since = now;
                }
                (place.spoke, place.loudness) = (now, loudness);
            }
            return true;
        }
        if !speaks {
            return false;
        }
        let place = Place {
            source,
            spoke: now,
            since: now,
            loudness,
        };
        if self.places.len() < places {
            self.places.push(place);
            self.is_changed = true;
            return true;
        }
        let idle = self.places.iter_mut().filter(|held| held.yields_to(loudness, now));
        let idlest = idle.max_by_key(|held| held.silence(now));
        let is_there = idlest.map(|held| *held = place).is_some();
        self.is_changed |= is_there;
        is_there
    }

    pub fn remove(&mut self, source: SourceId) {
        let before = self.places.len();
        self.places.retain(|place| place.source != source);
        self.is_changed |= self.places.len() < before;
    }

    /// Who has a place.
    pub fn sources(&self) -> impl Iterator<Item = SourceId> {
        self.places.iter().map(|place| place.source)
    }

    /// Whether that is different from what it was at the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }
}

impl Place {
    fn silence(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.spoke)
    }

    fn yields_to(&self, loudness: f32, now: Instant) -> bool {
        let is_noise = now.saturating_duration_since(self.since) >= MONOTONE;
        self.silence(now) >= PAUSE || (is_noise && loudness > self.loudness + LOUDER)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]

    use super::*;

    const PACKET: Duration = Duration::from_millis(20);
    const QUIET: f32 = 20.0;
    const SPEECH: f32 = 95.0;

    /// A room with two places, into which everybody sends a packet each 20 ms.
    struct Room {
        loudest: Loudest,
        now: Instant,
    }

    impl Room {
        fn new() -> Room {
            let (loudest, now) = (Loudest::default(), Instant::now());
            Room { loudest, now }
        }

        /// Who was passed on in each packet of this time, by the levels of voices 1, 2, 3 …
        fn sounds(&mut self, time: Duration, levels: &[f32]) -> Vec<Vec<usize>> {
            let packets = time.as_millis() / PACKET.as_millis();
            (0..packets).map(|_| self.packet(levels)).collect()
        }

        fn packet(&mut self, levels: &[f32]) -> Vec<usize> {
            self.now += PACKET;
            let passed = (1..=levels.len()).filter(|&voice| {
                let level = levels[voice - 1];
                self.loudest.admits(SourceId(voice as u64), level, level, 2, self.now)
            });
            passed.collect()
        }
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn nobody_is_heard_who_says_nothing_and_the_first_word_is() {
        let mut room = Room::new();
        assert!(room.sounds(seconds(5), &[QUIET; 5]).iter().all(Vec::is_empty));
        assert_eq!(room.packet(&[QUIET, QUIET, SPEECH]), [3], "its first packet");
    }

    #[test]
    fn a_place_is_kept_through_any_silence_until_somebody_needs_it() {
        let mut room = Room::new();
        room.packet(&[SPEECH, SPEECH, QUIET]);
        let silence = room.sounds(seconds(60), &[QUIET; 3]);
        assert!(silence.iter().all(|passed| passed == &[1, 2]));
        assert_eq!(room.packet(&[SPEECH, QUIET, QUIET]), [1, 2]);
        assert!(room.packet(&[QUIET, QUIET, SPEECH]).contains(&3), "at once");
        assert_eq!(room.packet(&[QUIET; 3]), [1, 3], "who was silent the longest has gone");
        assert_eq!(room.packet(&[QUIET, SPEECH, QUIET]), [1, 3], "and waits like everybody");
    }

    #[test]
    fn nobody_loses_his_place_while_he_speaks_however_loud_the_others_are() {
        let mut room = Room::new();
        room.packet(&[SPEECH, SPEECH, QUIET]);
        let shouting = room.sounds(seconds(9), &[SPEECH, SPEECH, 127.0]);
        assert!(shouting.iter().all(|passed| passed == &[1, 2]));
    }

    #[test]
    fn who_pauses_makes_room_for_whoever_speaks() {
        let mut room = Room::new();
        room.packet(&[SPEECH, SPEECH, QUIET]);
        let pause = room.sounds(seconds(1), &[SPEECH, QUIET, SPEECH]);
        let came = pause.iter().position(|passed| passed.contains(&3));
        assert_eq!(came, Some(24), "500 ms after the last packet that was loud");
    }

    #[test]
    fn a_noise_that_never_pauses_holds_no_place_for_ever() {
        let mut room = Room::new();
        let noise = SPEAKS + 2.0;
        room.sounds(seconds(10), &[noise, noise, QUIET, QUIET]);
        room.packet(&[noise, noise, SPEECH, SPEECH]);
        assert_eq!(room.packet(&[noise, noise, SPEECH, SPEECH]), [3, 4]);
    }

    #[test]
    fn who_goes_leaves_a_place() {
        let mut room = Room::new();
        room.packet(&[SPEECH, SPEECH, QUIET]);
        room.loudest.remove(SourceId(1));
        assert_eq!(room.packet(&[QUIET, SPEECH, SPEECH]), [2, 3]);
    }
}
