//! Who of a room speaks, and who is passed on. Where its connections are on several workers one of them, the host, compares all voices.

use crate::across::Message;
use crate::event::Event;
use crate::sfu::{Room, Sfu};
use crate::types::{RoomKey, SourceId, WorkerId};
use std::time::Instant;

impl Room {
    /// It has so many voices that only some are passed on.
    pub fn is_large(&self, places: usize) -> bool {
        places > 0 && self.speakers.voices() > 2 * places
    }

    /// Where voices are compared elsewhere: a voice is passed on, as far as was told from there.
    pub fn has_chosen(&self, source: SourceId) -> bool {
        { self.chosen.as_ref() }.is_none_or(|chosen| chosen.contains(&source))
    }

    /// Other workers have to be told who is passed on.
    pub fn has_news(&mut self, places: usize) -> bool {
        let is_large = self.is_large(places);
        let was_large = std::mem::replace(&mut self.was_large, is_large);
        self.is_news |= was_large != is_large;
        self.is_news |= self.loudest.take_changed();
        self.is_news && !self.guests.is_empty()
    }
}

impl Sfu {
    /// Whether a voice is among those that are passed on.
    pub(crate) fn hear(&mut self, key: RoomKey, source: SourceId, level: u8, favoured: bool, now: Instant) -> bool {
        let Some(room) = self.rooms.get_mut(&key) else {
            return true;
        };
        if let Some(host) = room.host {
            let is_heard = favoured || room.has_chosen(source);
            let message = Message::Level {
                room: key,
                source,
                level,
                favoured,
            };
            self.mail.push(host, message);
            return is_heard;
        }
        let level = room.speakers.observe(source, level, now);
        let places = self.config.loudest;
        let is_heard = favoured
            || !room.is_large(places)
            || room.loudest.admits(source, level.sample, level.loudness, places, now);
        let has_news = room.has_news(places);
        if let Some(due) = room.speakers.deadline().filter(|_| level.is_news) {
            self.schedule_room(key, due);
        }
        if has_news {
            self.tell_chosen(key);
        }
        is_heard
    }

    pub(crate) fn report_speakers(&mut self, key: RoomKey, now: Instant) {
        let Some(room) = self.rooms.get_mut(&key) else {
            return;
        };
        // Of two entries for one room the earlier does the work, and puts in the next.
        if room.speakers.deadline().is_none_or(|due| due > now) {
            return;
        }
        let change = room.speakers.take_change(now);
        let due = room.speakers.deadline();
        if let Some(due) = due {
            self.schedule_room(key, due);
        }
        if let Some(levels) = change {
            self.emit(Event::Speakers { room: key, levels });
        }
    }

    /// A source's voice is no longer heard.
    pub(crate) fn hush(&mut self, key: RoomKey, source: SourceId, now: Instant) {
        if let Some(room) = self.rooms.get_mut(&key) {
            if let Some(host) = room.host {
                let room = key;
                return self.mail.push(host, Message::Hush { room, source });
            }
            room.speakers.remove(source, now);
            room.loudest.remove(source);
            let has_news = room.has_news(self.config.loudest);
            if let Some(due) = room.speakers.deadline() {
                self.schedule_room(key, due);
            }
            if has_news {
                self.tell_chosen(key);
            }
        }
    }

    /// From now on the room's voices are compared on that worker; none: here. Ignored where nobody of the room is here.
    pub(crate) fn host(&mut self, key: RoomKey, host: Option<WorkerId>) -> Option<()> {
        let room = self.rooms.get_mut(&key)?;
        if room.host != host {
            *room = Room {
                connections: room.connections,
                members: std::mem::take(&mut room.members),
                elsewhere: std::mem::take(&mut room.elsewhere),
                host,
                ..Room::default()
            };
            if host.is_none() {
                // The one before may have told of speakers, and is no longer asked.
                self.emit(Event::Speakers {
                    room: key,
                    levels: Vec::new(),
                });
            }
        }
        Some(())
    }

    /// A voice on another worker.
    pub(crate) fn hear_guest(
        &mut self,
        from: WorkerId,
        key: RoomKey,
        source: SourceId,
        level: u8,
        favoured: bool,
        now: Instant,
    ) {
        let room = self.rooms.get_mut(&key).filter(|room| room.host.is_none());
        if let Some(room) = room {
            // Who has just come with it has heard of nothing yet.
            room.is_news |= room.guests.insert(source, from).is_none();
            // It is told who is passed on, and sees to it.
            let _ = self.hear(key, source, level, favoured, now);
        }
    }

    pub(crate) fn hush_guest(&mut self, key: RoomKey, source: SourceId, now: Instant) {
        let room = self.rooms.get_mut(&key);
        if room.is_some_and(|room| room.guests.remove(&source).is_some()) {
            self.hush(key, source, now);
        }
    }

    /// Tells all workers with voices of the room who is passed on.
    pub(crate) fn tell_chosen(&mut self, key: RoomKey) {
        let Some(room) = self.rooms.get_mut(&key) else {
            return;
        };
        room.is_news = false;
        let mut workers: Vec<WorkerId> = room.guests.values().copied().collect();
        workers.sort_unstable();
        workers.dedup();
        let is_large = room.is_large(self.config.loudest);
        for worker in workers {
            let voices = is_large.then(|| room.loudest.sources().collect());
            self.mail.push(worker, Message::Chosen { room: key, voices });
        }
    }

    /// The host of a room has chosen. One that is it no longer may not have heard of that.
    pub(crate) fn take_chosen(&mut self, from: WorkerId, key: RoomKey, voices: Option<Vec<SourceId>>, now: Instant) {
        let Some(room) = self.rooms.get_mut(&key).filter(|room| room.host == Some(from)) else {
            return;
        };
        room.chosen.clone_from(&voices);
        for voice in voices.unwrap_or_default() {
            self.pass_on_onset(voice, now);
        }
    }

    /// A worker began anew: the voices there are gone, and nobody chooses where it was the host, until another one is.
    pub(crate) fn forget_voices(&mut self, worker: WorkerId, now: Instant) {
        let hosted = self.rooms.values_mut().filter(|room| room.host == Some(worker));
        hosted.for_each(|room| room.chosen = None);
        let guests = self.rooms.iter().flat_map(|(&key, room)| {
            let of_worker = room.guests.iter().filter(|(_, from)| **from == worker);
            of_worker.map(move |(&source, _)| (key, source))
        });
        for (key, source) in guests.collect::<Vec<_>>() {
            self.hush_guest(key, source, now);
        }
    }
}
