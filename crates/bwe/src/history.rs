//! The packets that were sent and of which feedback may still come.

use crate::{Micros, SECOND};

const RECORDS_MIN: usize = 64;
/// At 10 Mbit/s, four seconds.
const RECORDS_MAX: usize = 4096;
/// Feedback on older packets is of no use. Far less than the 71 minutes after which a record's time wraps.
const AGE_MAX: Micros = 5 * SECOND;
/// So long an answered packet stays: reported lost, it may be reported again as received (it was only late).
const ANSWERED_AGE_MAX: Micros = SECOND / 2;

/// What is known of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Flying,
    Lost,
    Arrived,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    /// Microseconds, the lower half.
    sent: u32,
    bytes: u16,
    fate: Fate,
}

/// A packet about which feedback says something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub sent: Micros,
    pub bytes: u32,
    /// What was known of it before this feedback.
    pub before: Fate,
    /// Bytes of the packets before it of which no feedback told: it must have been lost.
    pub skipped: u32,
}

/// A ring over sequence numbers that follow one another, modulo 2^16. Eight bytes a packet; it grows while packets are
/// in flight and gives its memory back when nothing was sent for some seconds.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// A power of two of them, or none. A packet's place is its number modulo that.
    records: Box<[Record]>,
    first: u16,
    len: u16,
    /// How many of them feedback has passed.
    passed: u16,
    newest: Micros,
}

impl History {
    pub fn push(&mut self, number: u16, bytes: usize, at: Micros) {
        let follows = number == self.first.wrapping_add(self.len) && at - self.newest < AGE_MAX;
        if self.len == 0 || !follows {
            (self.first, self.len, self.passed) = (number, 0, 0);
        }
        self.newest = at;
        if usize::from(self.len) == self.records.len() {
            self.make_room(at);
        }
        let place = self.place(number);
        self.records[place] = Record {
            sent: at as u32,
            bytes: bytes.min(usize::from(u16::MAX)) as u16,
            fate: Fate::Flying,
        };
        self.len += 1;
    }

    /// Feedback on packet `number`. `None` if it says nothing new, or of a packet that is not known.
    pub fn answer(&mut self, number: u16, arrived: bool, now: Micros) -> Option<Packet> {
        if number.wrapping_sub(self.first) >= self.len || now - self.newest > AGE_MAX {
            return None;
        }
        let skipped = self.skip_to(number);
        let place = self.place(number);
        let record = &mut self.records[place];
        let before = record.fate;
        record.fate = match (before, arrived) {
            (Fate::Flying, false) => Fate::Lost,
            (Fate::Flying | Fate::Lost, true) => Fate::Arrived,
            (Fate::Lost, false) | (Fate::Arrived, _) => return None,
        };
        Some(Packet {
            sent: now - age(record, now),
            bytes: u32::from(record.bytes),
            before,
            skipped,
        })
    }

    /// Forgets what no feedback will come about.
    pub fn prune(&mut self, now: Micros) {
        if now - self.newest > AGE_MAX {
            *self = History::default();
        }
        while self.len > 0 {
            let front = &self.records[self.place(self.first)];
            let age = age(front, now);
            if age <= ANSWERED_AGE_MAX || front.fate == Fate::Flying && age <= AGE_MAX {
                return;
            }
            self.drop_first();
        }
    }

    /// When all of it may be forgotten.
    pub fn ends(&self) -> Option<Micros> {
        (!self.records.is_empty()).then_some(self.newest + AGE_MAX + 1)
    }

    /// Feedback passes to `number`. What it passes over without a word counts as arrived; returns the bytes of it.
    fn skip_to(&mut self, number: u16) -> u32 {
        let mut skipped = 0;
        let offset = number.wrapping_sub(self.first);
        while self.passed < offset {
            let place = self.place(self.first.wrapping_add(self.passed));
            let record = &mut self.records[place];
            if record.fate == Fate::Flying {
                record.fate = Fate::Arrived;
                skipped += u32::from(record.bytes);
            }
            self.passed += 1;
        }
        self.passed = self.passed.max(offset + 1);
        skipped
    }

    fn make_room(&mut self, now: Micros) {
        self.prune(now);
        let len = self.records.len();
        if usize::from(self.len) < len {
            return;
        }
        if len == RECORDS_MAX {
            return self.drop_first();
        }
        let empty = Record {
            sent: 0,
            bytes: 0,
            fate: Fate::Arrived,
        };
        let mut larger = vec![empty; (len * 2).max(RECORDS_MIN)].into_boxed_slice();
        for number in (0..self.len).map(|i| self.first.wrapping_add(i)) {
            larger[usize::from(number) & (larger.len() - 1)] = self.records[self.place(number)];
        }
        self.records = larger;
    }

    fn drop_first(&mut self) {
        self.first = self.first.wrapping_add(1);
        self.len -= 1;
        self.passed = self.passed.saturating_sub(1);
    }

    fn place(&self, number: u16) -> usize {
        usize::from(number) & (self.records.len() - 1)
    }
}

fn age(record: &Record, now: Micros) -> Micros {
    Micros::from((now as u32).wrapping_sub(record.sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(count: u16, first: u16) -> History {
        let mut history = History::default();
        for i in 0..count {
            history.push(first.wrapping_add(i), 1000, Micros::from(i));
        }
        history
    }

    #[test]
    fn a_record_is_eight_bytes() {
        assert_eq!(size_of::<Record>(), 8);
    }

    #[test]
    fn a_packet_is_answered_once_and_a_late_one_twice() {
        let mut history = sent(3, 65_534);
        assert_eq!(history.answer(65_534, false, 100).unwrap().before, Fate::Flying);
        assert_eq!(history.answer(65_534, false, 100), None);
        let packet = history.answer(65_535, true, 100).unwrap();
        assert_eq!((packet.sent, packet.bytes, packet.before), (1, 1000, Fate::Flying));
        assert_eq!(history.answer(65_535, true, 101), None);
        assert_eq!(history.answer(65_535, false, 101), None);
        assert_eq!(history.answer(65_534, true, 100).unwrap().before, Fate::Lost);
    }

    #[test]
    fn what_feedback_passes_over_counts_as_arrived() {
        let mut history = sent(20, 65_530);
        assert_eq!(history.answer(65_530, true, 100).unwrap().skipped, 0);
        assert_eq!(history.answer(5, true, 100).unwrap().skipped, 10_000);
        assert_eq!(history.answer(6, true, 100).unwrap().skipped, 0);
        assert_eq!(history.answer(1, true, 100), None);
    }

    #[test]
    fn numbers_never_sent_are_unknown() {
        let mut history = sent(10, 5);
        assert_eq!(
            [4, 15, 40_000].map(|number| history.answer(number, true, 100)),
            [None; 3]
        );
        assert_eq!(History::default().answer(0, true, 0), None);
    }

    #[test]
    fn it_grows_with_the_packets_in_flight_up_to_a_bound() {
        let mut history = sent(100, 65_500);
        assert_eq!(history.records.len(), 128);
        let packets = (0..100).map(|i| history.answer(65_500u16.wrapping_add(i), true, 200).unwrap());
        assert!({ packets }.all(|packet| (packet.bytes, packet.skipped) == (1000, 0)));
        let mut history = sent(10_000, 0);
        assert_eq!(history.records.len(), RECORDS_MAX);
        assert_eq!(history.answer(9_999 - RECORDS_MAX as u16, true, 10_000), None);
        assert!(history.answer(9_999, true, 10_000).is_some());
    }

    #[test]
    fn answered_packets_make_room_so_a_steady_stream_stays_small() {
        let mut history = History::default();
        for i in 0..100_000u32 {
            let now = Micros::from(i) * 10_000;
            history.push(i as u16, 1000, now);
            history.answer(i as u16, true, now);
        }
        assert_eq!(history.records.len(), RECORDS_MIN);
    }

    #[test]
    fn after_a_pause_the_memory_is_given_back_and_the_numbers_go_on() {
        let mut history = sent(200, 0);
        history.prune(history.ends().unwrap());
        assert!(history.records.is_empty());
        assert_eq!(history.answer(199, true, 10 * SECOND), None);
        history.push(200, 1000, 5000 * SECOND);
        let packet = history.answer(200, true, 5001 * SECOND).unwrap();
        assert_eq!(packet.sent, 5000 * SECOND);
    }

    #[test]
    fn a_jump_of_the_numbers_begins_anew() {
        let mut history = sent(10, 0);
        history.push(500, 1000, 20);
        assert_eq!(history.answer(5, true, 30), None);
        assert!(history.answer(500, true, 30).is_some());
    }
}
