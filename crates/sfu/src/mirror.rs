//! Sources whose publisher is on another worker.

use crate::across::{Known, Message};
use crate::command::{Binding, SourceSpec};
use crate::egress::Egress;
use crate::encoding::{Encoding, EncodingId};
use crate::sfu::Sfu;
use crate::source::Source;
use crate::table::Index;
use crate::types::{RoomKey, SlotId, SourceId, WorkerId};
use crate::wanted::Wanted;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What nobody here calls for any more is told after this time, in which a page may be turned and turned back. The home waits for
/// longer yet before its publisher hears of it.
const CALLED_FOR_LINGERS: Duration = Duration::from_millis(500);
/// What nobody here gets or waits for any more comes so long all the same: who returns to it finds it flowing, and two who take
/// turns are no messages.
const WATCHED_LINGERS: Duration = Duration::from_secs(1);

/// Where the publisher of a mirrored source is.
#[derive(Debug)]
pub(crate) struct Home {
    pub worker: WorkerId,
    /// It told what it knows of the encodings. Before that nothing is asked of it: the wrong one might be.
    pub answered: bool,
    /// What our viewers call for.
    pub called_for: Wanted,
    /// What they get or wait for: only that is handed over.
    pub watched: Wanted,
}

impl Home {
    pub fn new(worker: WorkerId) -> Home {
        Home {
            worker,
            answered: false,
            called_for: Wanted::new(0, CALLED_FOR_LINGERS),
            watched: Wanted::new(0, WATCHED_LINGERS),
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        let due = [self.called_for.deadline(), self.watched.deadline()];
        due.into_iter().flatten().min()
    }
}

impl Sfu {
    /// As [`bind`](Sfu::bind), for a source of another worker: its mirror begins with its first slot here.
    pub(crate) fn bind_mirror(
        &mut self,
        slot: SlotId,
        to: Binding,
        home: WorkerId,
        spec: Arc<SourceSpec>,
        now: Instant,
        out: &mut impl Egress,
    ) -> Option<()> {
        let viewer = self.slots.get(self.slots.find(slot)?)?.connection;
        if !self.sources.contains(to.source) {
            let room = self.connections.get(viewer)?.room;
            self.make_mirror(to.source, home, room, Arc::unwrap_or_clone(spec));
        }
        let done = self.bind(slot, Some(to), now, out);
        self.release_mirror(to.source, now);
        done
    }

    fn make_mirror(&mut self, id: SourceId, home: WorkerId, room: RoomKey, spec: SourceSpec) {
        let (kind, encodings) = (spec.kind, spec.encodings.clone());
        let at = self.sources.insert(id, Source::mirror(id, home, room, spec));
        let mut indices = Vec::new();
        for (rank, spec) in (0u8..).zip(encodings) {
            let encoding = Encoding::new(at, None, rank, spec, kind, self.epochs.next());
            indices.push(self.encodings.insert(EncodingId { source: id, rank }, encoding));
        }
        if let Some(source) = self.sources.get_mut(at) {
            source.encodings = indices;
        }
        self.mail.push(home, Message::Join { source: id });
    }

    /// The home tells what it knows of the encodings, and which of them it hands over: in answer to a `Join`, and from time to time.
    pub(crate) fn take_known(
        &mut self,
        id: SourceId,
        watched: u8,
        known: &[Known],
        now: Instant,
        out: &mut impl Egress,
    ) {
        let Some(at) = self.mirror_of(id) else {
            return;
        };
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        let Some(home) = &mut source.home else {
            return;
        };
        let is_first = !std::mem::replace(&mut home.answered, true);
        home.watched.correct(watched);
        let mut is_other = std::mem::take(&mut source.resized);
        let encodings = source.encodings.clone();
        for (&at, known) in encodings.iter().zip(known) {
            if let Some(encoding) = self.encodings.get_mut(at) {
                is_other |= encoding.adopt(known);
            }
            if let Some(clock) = known.clock.filter(|_| is_first) {
                self.learn_clock(at, clock);
            }
        }
        if is_first || is_other {
            self.aim_viewers(at, now);
        }
        self.watch(at, now);
        if is_first || is_other {
            let all = encodings.into_iter();
            all.for_each(|encoding| self.send_demands(encoding, now, out));
        }
    }

    /// Drops a mirror that is in no slot any more.
    pub(crate) fn release_mirror(&mut self, id: SourceId, now: Instant) {
        let source = self.mirror_of(id).and_then(|at| self.sources.get(at));
        let Some(source) = source.filter(|source| source.viewers.is_empty()) else {
            return;
        };
        if let Some(home) = &source.home {
            self.mail.push(home.worker, Message::Leave { source: id });
        }
        self.remove_source(id, now);
    }

    /// Has the publisher of an encoding asked for what is due: with its next feedback, or at its home.
    pub(crate) fn ask_publisher(&mut self, at: Index<Encoding>, now: Instant) {
        let Some(encoding) = self.encodings.get_mut(at) else {
            return;
        };
        if let Some(publisher) = encoding.connection {
            return self.schedule(publisher);
        }
        let source_at = encoding.source;
        let Some(source) = self.sources.get(source_at) else {
            return;
        };
        if let Some(home) = source.home.as_ref().filter(|home| home.answered)
            && encoding.demand.take_due(now)
        {
            let of = EncodingId {
                source: source.id,
                rank: encoding.rank,
            };
            self.mail.push(home.worker, Message::KeyFrame { of });
        }
        self.schedule_source(source_at);
    }

    /// Tells the home of a mirror what its viewers call for, if that changed.
    pub(crate) fn tell_home(&mut self, at: Index<Source>, called_for: u8, now: Instant) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        if let Some(home) = &mut source.home
            && let Some(mask) = home.called_for.update(called_for, now)
        {
            let source = source.id;
            self.mail.push(home.worker, Message::CalledFor { source, mask });
        }
        self.schedule_source(at);
    }

    /// Tells the home of a mirror what somebody here gets or waits for, if that changed: only that is handed over.
    pub(crate) fn watch(&mut self, at: Index<Source>, now: Instant) {
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        let Some(home) = source.home.as_mut().filter(|home| home.answered) else {
            return;
        };
        let encodings = source.encodings.iter().filter_map(|&at| self.encodings.get(at));
        let watched = encodings.filter(|encoding| !encoding.listeners.is_empty());
        let watched = watched.fold(0, |mask, encoding| mask | 1 << encoding.rank);
        if let Some(mask) = home.watched.update(watched, now) {
            let source = source.id;
            self.mail.push(home.worker, Message::Watched { source, mask });
        }
        self.schedule_source(at);
    }

    /// What is due to a mirror: what nobody has use for any more, and demands that nobody answered.
    pub(crate) fn handle_mirror_due(&mut self, at: Index<Source>, now: Instant) {
        self.want(at, now);
        self.watch(at, now);
        let encodings = self.sources.get(at).map(|source| source.encodings.clone());
        for encoding in encodings.unwrap_or_default() {
            self.ask_publisher(encoding, now);
        }
    }

    /// When a demand of a mirror's viewers is to be repeated.
    pub(crate) fn mirror_deadline(&self, source: &Source) -> Option<Instant> {
        source.home.as_ref().filter(|home| home.answered)?;
        let encodings = source.encodings.iter().filter_map(|&at| self.encodings.get(at));
        encodings.filter_map(|encoding| encoding.demand.deadline()).min()
    }

    pub(crate) fn mirror_of(&self, id: SourceId) -> Option<Index<Source>> {
        let at = self.sources.find(id)?;
        self.sources.get(at)?.home.as_ref().map(|_| at)
    }

    /// The encoding, if it is a mirror's.
    pub(crate) fn mirrored(&self, of: EncodingId) -> Option<Index<Encoding>> {
        let at = self.encodings.find(of)?;
        self.encodings.get(at)?.connection.is_none().then_some(at)
    }
}
