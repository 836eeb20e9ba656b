//! Sources whose publisher is here, and the workers that have a mirror of one.

use crate::across::Message;
use crate::encoding::{Encoding, EncodingId};
use crate::sfu::Sfu;
use crate::source::Source;
use crate::table::Index;
use crate::types::{SourceId, WorkerId};
use std::time::Instant;

/// A worker that has a mirror of a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mirror {
    pub worker: WorkerId,
    /// One bit for each encoding that its viewers call for.
    pub called_for: u8,
    /// One bit for each encoding that is handed to it.
    pub watched: u8,
}

impl Mirror {
    pub fn new(worker: WorkerId) -> Mirror {
        Mirror {
            worker,
            called_for: 0,
            watched: 0,
        }
    }

    pub fn watches(&self, rank: u8) -> bool {
        self.watched >> rank & 1 != 0
    }
}

impl Sfu {
    /// What is released and was not handed over yet goes to the mirrors in which it is watched: the packet itself, not a copy.
    pub(crate) fn feed_mirrors(&mut self) {
        if self.mirrored == 0 {
            return;
        }
        for i in 0..self.ready.len() {
            let at = self.ready[i];
            let Some(encoding) = self.encodings.get_mut(at) else {
                continue;
            };
            let Some(source) = self.sources.get(encoding.source) else {
                continue;
            };
            if !source.is_watched_elsewhere(encoding.rank) {
                continue;
            }
            let of = EncodingId {
                source: source.id,
                rank: encoding.rank,
            };
            for &index in encoding.outbox.take_unhanded() {
                let Some(packet) = encoding.ring.share(index) else {
                    continue;
                };
                for mirror in source.mirrors.iter().filter(|mirror| mirror.watches(of.rank)) {
                    let message = Message::Packet {
                        of,
                        epoch: encoding.epoch,
                        index,
                        packet: packet.clone(),
                    };
                    self.counters.mirror_out += 1;
                    self.mail.push(mirror.worker, message);
                }
            }
        }
    }

    /// Tells the mirrors of a source what is known of it.
    pub(crate) fn tell_mirrors(&mut self, at: Index<Source>) {
        let Some(source) = self.sources.get(at) else {
            return;
        };
        for mirror in &source.mirrors {
            let encodings = source.encodings.iter().filter_map(|&at| self.encodings.get(at));
            let message = Message::Known {
                source: source.id,
                watched: mirror.watched,
                encodings: encodings.map(Encoding::known).collect(),
                answers: false,
            };
            self.mail.push(mirror.worker, message);
        }
    }

    /// An encoding begins to flow, often with a key frame. Where viewers call for it they get it from its first packet on: until they
    /// have asked for it that is over.
    pub(crate) fn feed_from_the_start(&mut self, at: Index<Source>, rank: u8) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        for mirror in &mut source.mirrors {
            mirror.watched |= mirror.called_for & 1 << rank;
        }
        self.tell_mirrors(at);
    }

    pub(crate) fn take_join(&mut self, from: WorkerId, id: SourceId) {
        let source = self.sources.find(id).and_then(|at| self.sources.get_mut(at));
        let Some(source) = source.filter(|source| source.home.is_none()) else {
            // Its publisher left while the message was under way.
            return self.mail.push(from, Message::Gone { source: id });
        };
        let known = source.mirrors.iter().find(|mirror| mirror.worker == from).copied();
        let mirror = known.unwrap_or_else(|| {
            let mirror = Mirror::new(from);
            source.mirrors.push(mirror);
            self.mirrored += 1;
            mirror
        });
        let encodings = source.encodings.iter().filter_map(|&at| self.encodings.get(at));
        let message = Message::Known {
            source: id,
            watched: mirror.watched,
            encodings: encodings.map(Encoding::known).collect(),
            answers: true,
        };
        self.mail.push(from, message);
    }

    pub(crate) fn take_leave(&mut self, from: WorkerId, id: SourceId, now: Instant) {
        if let Some(at) = self.sources.find(id) {
            self.drop_mirror(at, from, now);
        }
    }

    pub(crate) fn drop_mirror(&mut self, at: Index<Source>, worker: WorkerId, now: Instant) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        let before = source.mirrors.len();
        source.mirrors.retain(|mirror| mirror.worker != worker);
        if source.mirrors.len() < before {
            self.mirrored -= 1;
            self.want(at, now);
            self.drop_demands(at);
        }
    }

    pub(crate) fn take_called_for(&mut self, from: WorkerId, id: SourceId, mask: u8, now: Instant) {
        if let Some(at) = self.sources.find(id)
            && let Some(mirror) = self.mirror_on(at, from)
        {
            mirror.called_for = mask;
            self.want(at, now);
        }
    }

    pub(crate) fn take_watched(&mut self, from: WorkerId, id: SourceId, mask: u8) {
        if let Some(at) = self.sources.find(id)
            && let Some(mirror) = self.mirror_on(at, from)
        {
            mirror.watched = mask;
            self.drop_demands(at);
        }
    }

    fn mirror_on(&mut self, at: Index<Source>, worker: WorkerId) -> Option<&mut Mirror> {
        let mut mirrors = self.sources.get_mut(at)?.mirrors.iter_mut();
        mirrors.find(|mirror| mirror.worker == worker)
    }

    /// For what nobody gets or waits for any more no key frame is asked.
    fn drop_demands(&mut self, at: Index<Source>) {
        let Some(source) = self.sources.get(at) else {
            return;
        };
        for &at in &source.encodings {
            if let Some(encoding) = self.encodings.get_mut(at)
                && encoding.listeners.is_empty()
                && !source.is_watched_elsewhere(encoding.rank)
            {
                encoding.demand.met();
            }
        }
    }
}
