//! What crosses from one worker's `Sfu` to another's, and what becomes of it there.
//!
//! A source has one home, the `Sfu` of its publisher. Where slots of other workers carry it there are *mirrors*: sources that
//! are fed by the home with what it decrypted, parsed and repaired. See `docs/design/cores.md`.

use crate::clock::SenderClock;
use crate::data::message::Names;
use crate::egress::Egress;
use crate::encoding::EncodingId;
use crate::layer_rates::LayerRates;
use crate::ring::Packet;
use crate::sequence::Epoch;
use crate::sfu::Sfu;
use crate::source::Source;
use crate::table::Index;
use crate::transport::Channel;
use crate::types::{RoomKey, SourceId, WorkerId};
use std::sync::Arc;
use std::time::Instant;

/// One message between two `Sfu`s of a process. Whoever carries it keeps the order of those from one to another, and may
/// leave out only what [`is_expendable`](Across::is_expendable).
#[derive(Debug)]
pub struct Across(pub(crate) Message);

#[derive(Debug)]
pub(crate) enum Message {
    // From the home of a source to a mirror.
    Packet {
        of: EncodingId,
        epoch: Epoch,
        index: u64,
        packet: Packet,
    },
    Clock {
        of: EncodingId,
        clock: SenderClock,
    },
    /// What is known of the encodings, by rank, and which of them are handed over, one bit for each. It is told when one begins,
    /// and while anything flows as often as the flows are looked at.
    Known {
        source: SourceId,
        watched: u8,
        encodings: Vec<Known>,
        /// To a `Join`: the mirror waits for it.
        answers: bool,
    },
    Gone {
        source: SourceId,
    },
    // From a mirror to the home of its source.
    Join {
        source: SourceId,
    },
    Leave {
        source: SourceId,
    },
    KeyFrame {
        of: EncodingId,
    },
    /// One bit for each encoding that the mirror's viewers call for.
    CalledFor {
        source: SourceId,
        mask: u8,
    },
    /// One bit for each encoding that they get or wait for: these are to be handed over.
    Watched {
        source: SourceId,
        mask: u8,
    },
    // To where the voices of a room are compared.
    Level {
        room: RoomKey,
        source: SourceId,
        level: u8,
        /// It is passed on anyhow, and takes no place.
        favoured: bool,
    },
    Hush {
        room: RoomKey,
        source: SourceId,
    },
    /// From there to where voices are: who of the room is passed on. None: everybody.
    Chosen {
        room: RoomKey,
        voices: Option<Vec<SourceId>>,
    },
    // From the worker of a sender to the others where his room is.
    Data {
        room: RoomKey,
        channel: Channel,
        to: Arc<[u8]>,
        message: Arc<[u8]>,
    },
    // From those who carry messages.
    Missed,
    Lost,
}

/// What the home knows of an encoding. A mirror measures nothing: what is not handed over it could not.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub flows: bool,
    pub bitrate: u64,
    pub layers: LayerRates,
    pub picture: Option<(u16, u16)>,
    pub clock: Option<SenderClock>,
}

impl Across {
    /// Expendable ones were left out before what follows.
    pub const MISSED: Across = Across(Message::Missed);
    /// The sender has lost all that it had, and begins anew.
    pub const LOST: Across = Across(Message::Lost);

    /// A later one makes up for it. May be left out where the receiver is behind; then it must hear of that.
    pub fn is_expendable(&self) -> bool {
        matches!(
            self.0,
            Message::Packet { .. }
                | Message::Clock { .. }
                | Message::Known { answers: false, .. }
                | Message::Level { .. }
                | Message::Data {
                    channel: Channel::Lossy,
                    ..
                }
        )
    }
}

/// Messages that wait for [`hand_over`](Sfu::hand_over), by whom they are for. There are few workers, so a scan beats a hash.
#[derive(Debug, Default)]
pub(crate) struct Mail(Vec<(WorkerId, Vec<Across>)>);

impl Mail {
    pub fn push(&mut self, to: WorkerId, message: Message) {
        match self.0.iter_mut().find(|(worker, _)| *worker == to) {
            Some((_, messages)) => messages.push(Across(message)),
            None => self.0.push((to, vec![Across(message)])),
        }
    }
}

impl Sfu {
    /// Gives what is for other workers. Before a [`flush`](Sfu::flush) this is what the batch brought, so that their viewers
    /// need not wait for those here; after it there may be more. `carry` empties the list that it is given.
    pub fn hand_over(&mut self, mut carry: impl FnMut(WorkerId, &mut Vec<Across>)) {
        self.feed_mirrors();
        for (to, messages) in &mut self.mail.0 {
            if !messages.is_empty() {
                carry(*to, messages);
                messages.clear();
            }
        }
    }

    /// Takes what another worker's `Sfu` gave by [`hand_over`](Sfu::hand_over), and empties the list. Call
    /// [`flush`](Sfu::flush) when it is done.
    pub fn handle_across(&mut self, from: WorkerId, messages: &mut Vec<Across>, now: Instant, out: &mut impl Egress) {
        for Across(message) in messages.drain(..) {
            match message {
                Message::Packet {
                    of,
                    epoch,
                    index,
                    packet,
                } => self.take_handed(of, epoch, index, packet, now),
                Message::Clock { of, clock } => {
                    if let Some(at) = self.mirrored(of) {
                        self.learn_clock(at, clock);
                    }
                }
                Message::Known {
                    source,
                    watched,
                    encodings,
                    ..
                } => self.take_known(source, watched, &encodings, now, out),
                Message::Gone { source } => {
                    if self.mirror_of(source).is_some() {
                        self.remove_source(source, now);
                    }
                }
                Message::Join { source } => self.take_join(from, source),
                Message::Leave { source } => self.take_leave(from, source, now),
                Message::KeyFrame { of } => {
                    if let Some(at) = self.encodings.find(of) {
                        self.demand_key_frame(at, now);
                        self.send_demands(at, now, out);
                    }
                }
                Message::CalledFor { source, mask } => self.take_called_for(from, source, mask, now),
                Message::Watched { source, mask } => self.take_watched(from, source, mask),
                Message::Level {
                    room,
                    source,
                    level,
                    favoured,
                } => self.hear_guest(from, room, source, level, favoured, now),
                Message::Hush { room, source } => self.hush_guest(room, source, now),
                Message::Chosen { room, voices } => self.take_chosen(from, room, voices, now),
                Message::Data {
                    room,
                    channel,
                    to,
                    message,
                } => self.pass_on(room, None, channel, Names::written(&to), &message),
                Message::Missed => self.make_up(from, now),
                Message::Lost => self.forget_worker(from, now),
            }
        }
    }

    /// Sources here whose publishers are on other workers.
    pub fn mirrors(&self) -> usize {
        self.sources.iter().filter(|(_, source)| source.home.is_some()).count()
    }

    /// What that worker told is missing for good: pictures need a key frame, and what it knows of its sources is asked for again.
    fn make_up(&mut self, from: WorkerId, now: Instant) {
        for at in self.sources_where(|source| source.home_is(from)) {
            let Some(source) = self.sources.get(at) else {
                continue;
            };
            self.mail.push(from, Message::Join { source: source.id });
            for encoding in source.encodings.clone() {
                let has_viewers =
                    { self.encodings.get(encoding) }.is_some_and(|encoding| !encoding.listeners.is_empty());
                if has_viewers {
                    self.demand_key_frame(encoding, now);
                    self.ask_publisher(encoding, now);
                }
            }
        }
    }

    /// A worker began anew: it knows neither our mirrors nor its own.
    fn forget_worker(&mut self, worker: WorkerId, now: Instant) {
        for at in self.sources_where(|source| source.home_is(worker)) {
            if let Some(id) = self.sources.get(at).map(|source| source.id) {
                self.remove_source(id, now);
            }
        }
        for at in self.sources_where(|source| !source.mirrors.is_empty()) {
            self.drop_mirror(at, worker, now);
        }
        self.forget_voices(worker, now);
    }

    fn sources_where(&self, fits: impl Fn(&Source) -> bool) -> Vec<Index<Source>> {
        let all = self.sources.iter().filter(|(_, source)| fits(source));
        all.map(|(at, _)| at).collect()
    }

    /// A packet from the home of its source, which knew it for new.
    fn take_handed(&mut self, of: EncodingId, epoch: Epoch, index: u64, packet: Packet, now: Instant) {
        let Some(at) = self.mirrored(of) else {
            // The last viewer left while it was under way.
            self.counters.dropped_mirror_gone += 1;
            return;
        };
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        self.counters.mirror_in += 1;
        if encoding.home_epoch.replace(epoch).is_some_and(|before| before != epoch) {
            encoding.interrupt(self.epochs.next());
        }
        let is_late = encoding.ring.is_behind(index);
        self.keep(at, index, packet, &[], is_late, now);
    }
}
