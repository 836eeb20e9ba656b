//! What lives on which worker. Kept where commands come in; media threads touch it only when a connection ends.

use std::mem;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tertulia_sfu::command::{Binding, Command, SourceSpec};
use tertulia_sfu::types::{ConnectionId, RoomKey, SlotId, SourceId, WorkerId};

/// A connection's fragments: the current one, and one before it, by which the old path serves until the new one is validated.
const FRAGMENTS_MAX: usize = 2;

pub(crate) struct Directory {
    /// Of each worker: connections, and slots in which something is bound. It is these that cost, and unlike packets they are counted
    /// before they flow, so that a crowd that comes at once is spread.
    loads: Vec<usize>,
    /// A room with so much load on each of its workers takes another one.
    room_share: usize,
    rooms: FxHashMap<RoomKey, Room>,
    connections: FxHashMap<ConnectionId, Connection>,
    sources: FxHashMap<SourceId, Source>,
    slots: FxHashMap<SlotId, Slot>,
}

struct Room {
    /// Where its speakers are compared: one of `shares`.
    host: usize,
    /// By worker, of those where it is.
    shares: Vec<Share>,
}

struct Share {
    worker: usize,
    connections: usize,
    load: usize,
}

struct Connection {
    room: RoomKey,
    worker: usize,
    fragments: Vec<String>,
    sources: Vec<SourceId>,
    slots: Vec<SlotId>,
}

struct Source {
    connection: ConnectionId,
    spec: Arc<SourceSpec>,
}

struct Slot {
    connection: ConnectionId,
    is_bound: bool,
}

/// Where a connection goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opened {
    pub worker: usize,
    /// Where the speakers of its room are compared, if not there.
    pub host: Option<WorkerId>,
    pub spread: Vec<Spread>,
}

/// A worker where a room is, and what it has to know: the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spread {
    pub worker: usize,
    pub others: Vec<WorkerId>,
}

/// What was known of a connection that is gone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub worker: usize,
    pub fragments: Vec<String>,
    pub rehosted: Option<Rehosted>,
    pub room: RoomKey,
    pub spread: Vec<Spread>,
}

/// The speakers of a room are compared elsewhere from now on, and all workers where it is have to know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rehosted {
    pub room: RoomKey,
    pub host: usize,
    pub workers: Vec<usize>,
}

impl Room {
    fn around(&self, worker: usize) -> Spread {
        let others = self
            .shares
            .iter()
            .map(|share| share.worker)
            .filter(|&other| other != worker);
        Spread {
            worker,
            others: others.map(WorkerId).collect(),
        }
    }

    /// What all of its workers have to know of each other.
    fn all_around(&self) -> Vec<Spread> {
        self.shares.iter().map(|share| self.around(share.worker)).collect()
    }
}

impl Directory {
    pub fn new(workers: usize, room_share: usize) -> Directory {
        Directory {
            loads: vec![0; workers],
            room_share,
            rooms: FxHashMap::default(),
            connections: FxHashMap::default(),
            sources: FxHashMap::default(),
            slots: FxHashMap::default(),
        }
    }

    /// None when it is there already. `fragment`: by which datagrams find it; none where none come.
    pub fn open(&mut self, connection: ConnectionId, key: RoomKey, fragment: Option<&str>) -> Option<Opened> {
        if self.connections.contains_key(&connection) {
            return None;
        }
        let worker = self.place(key);
        let room = self.rooms.entry(key).or_insert(Room {
            host: worker,
            shares: vec![],
        });
        let spread = match room.shares.iter_mut().find(|share| share.worker == worker) {
            Some(share) => {
                share.connections += 1;
                // It may have begun anew.
                let is_alone = room.shares.len() == 1;
                if is_alone { vec![] } else { vec![room.around(worker)] }
            }
            None => {
                room.shares.push(Share {
                    worker,
                    connections: 1,
                    load: 0,
                });
                // Of a new room there is nothing to say.
                if room.shares.len() == 1 {
                    vec![]
                } else {
                    room.all_around()
                }
            }
        };
        let host = (room.host != worker).then_some(WorkerId(room.host));
        self.connections.insert(
            connection,
            Connection {
                room: key,
                worker,
                fragments: fragment.into_iter().map(str::to_owned).collect(),
                sources: vec![],
                slots: vec![],
            },
        );
        self.weigh(key, worker, 1);
        Some(Opened { worker, host, spread })
    }

    /// With its room while that is small on one of its workers, for there nothing has to be handed over; else on the idlest worker, the
    /// lowest number on a tie.
    fn place(&self, room: RoomKey) -> usize {
        let shares = self.rooms.get(&room).map(|room| &room.shares);
        let smallest = shares.and_then(|shares| shares.iter().min_by_key(|share| (share.load, share.worker)));
        if let Some(share) = smallest.filter(|share| share.load < self.room_share) {
            return share.worker;
        }
        // Measured: to receive what a connection sends takes worker 0 half as long as it takes any to serve a slot.
        let receiving = |worker| if worker == 0 { self.connections.len() / 2 } else { 0 };
        let idlest = (0..self.loads.len()).min_by_key(|&worker| self.loads[worker] + receiving(worker));
        idlest.unwrap_or(0)
    }

    /// Forgets a connection with all that is its own.
    pub fn close(&mut self, connection: ConnectionId) -> Option<Closed> {
        let entry = self.connections.remove(&connection)?;
        for source in entry.sources {
            self.sources.remove(&source);
        }
        let slots = entry.slots.iter().filter_map(|slot| self.slots.remove(slot));
        let bound = slots.filter(|slot| slot.is_bound).count();
        self.weigh(entry.room, entry.worker, -1 - bound as isize);
        let (rehosted, spread) = self.leave(entry.room, entry.worker);
        Some(Closed {
            worker: entry.worker,
            fragments: entry.fragments,
            rehosted,
            room: entry.room,
            spread,
        })
    }

    /// A connection of the room is gone from that worker.
    fn leave(&mut self, key: RoomKey, worker: usize) -> (Option<Rehosted>, Vec<Spread>) {
        let nothing = (None, vec![]);
        let Some(room) = self.rooms.get_mut(&key) else {
            return nothing;
        };
        let Some(at) = room.shares.iter().position(|share| share.worker == worker) else {
            return nothing;
        };
        room.shares[at].connections -= 1;
        if room.shares[at].connections > 0 {
            return nothing;
        }
        room.shares.remove(at);
        let Some(next) = room.shares.iter().max_by_key(|share| share.connections) else {
            self.rooms.remove(&key);
            return nothing;
        };
        let next = next.worker;
        if room.host != worker {
            return (None, room.all_around());
        }
        room.host = next;
        let rehosted = Rehosted {
            room: key,
            host: room.host,
            workers: room.shares.iter().map(|share| share.worker).collect(),
        };
        (Some(rehosted), room.all_around())
    }

    fn weigh(&mut self, room: RoomKey, worker: usize, change: isize) {
        let room = self.rooms.get_mut(&room);
        let share = room.and_then(|room| room.shares.iter_mut().find(|share| share.worker == worker));
        let of_room = share.map(|share| &mut share.load);
        for load in of_room.into_iter().chain(self.loads.get_mut(worker)) {
            *load = load.saturating_add_signed(change);
        }
    }

    /// Adds a fragment; gives the worker and the fragment that is too old now.
    pub fn restart_ice(&mut self, connection: ConnectionId, fragment: &str) -> Option<(usize, Option<String>)> {
        let entry = self.connections.get_mut(&connection)?;
        entry.fragments.push(fragment.to_owned());
        let too_old = (entry.fragments.len() > FRAGMENTS_MAX).then(|| entry.fragments.remove(0));
        Some((entry.worker, too_old))
    }

    /// The worker, unless the connection is unknown or the source exists.
    pub fn add_source(&mut self, connection: ConnectionId, source: SourceId, spec: &SourceSpec) -> Option<usize> {
        let entry = self.connections.get_mut(&connection)?;
        if self.sources.contains_key(&source) {
            return None;
        }
        let spec = Arc::new(spec.clone());
        self.sources.insert(source, Source { connection, spec });
        entry.sources.push(source);
        Some(entry.worker)
    }

    pub fn remove_source(&mut self, source: SourceId) -> Option<usize> {
        let owner = self.sources.remove(&source)?.connection;
        let entry = self.connections.get_mut(&owner)?;
        entry.sources.retain(|&other| other != source);
        Some(entry.worker)
    }

    /// The worker, unless the connection is unknown or the slot exists.
    pub fn add_slot(&mut self, connection: ConnectionId, slot: SlotId) -> Option<usize> {
        let entry = self.connections.get_mut(&connection)?;
        if self.slots.contains_key(&slot) {
            return None;
        }
        let is_bound = false;
        self.slots.insert(slot, Slot { connection, is_bound });
        entry.slots.push(slot);
        Some(entry.worker)
    }

    pub fn remove_slot(&mut self, id: SlotId) -> Option<usize> {
        let slot = self.slots.remove(&id)?;
        let entry = self.connections.get_mut(&slot.connection)?;
        entry.slots.retain(|&other| other != id);
        let (room, worker) = (entry.room, entry.worker);
        self.weigh(room, worker, -isize::from(slot.is_bound));
        Some(worker)
    }

    /// To whom to say that a slot is bound, and how: a source of another worker is mirrored.
    pub fn bind(&mut self, id: SlotId, to: Option<Binding>) -> Option<(usize, Command)> {
        let slot = self.slots.get_mut(&id)?;
        let entry = self.connections.get(&slot.connection)?;
        let (room, worker) = (entry.room, entry.worker);
        let was_bound = mem::replace(&mut slot.is_bound, to.is_some());
        self.weigh(room, worker, isize::from(to.is_some()) - isize::from(was_bound));
        let source = to.and_then(|to| self.sources.get(&to.source));
        let home = source.and_then(|source| self.connections.get(&source.connection));
        let command = match (to, source, home.filter(|home| home.worker != worker)) {
            (Some(to), Some(source), Some(home)) => Command::BindMirror {
                slot: id,
                to,
                home: WorkerId(home.worker),
                spec: source.spec.clone(),
            },
            _ => Command::Bind { slot: id, to },
        };
        Some((worker, command))
    }

    pub fn of_connection(&self, connection: ConnectionId) -> Option<usize> {
        Some(self.connections.get(&connection)?.worker)
    }

    pub fn of_source(&self, source: SourceId) -> Option<usize> {
        self.of_connection(self.sources.get(&source)?.connection)
    }

    pub fn of_slot(&self, slot: SlotId) -> Option<usize> {
        self.of_connection(self.slots.get(&slot)?.connection)
    }

    pub fn connections(&self) -> usize {
        self.connections.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_sfu::command::EncodingSpec;
    use tertulia_sfu::types::{Codec, Extensions, MediaKind};

    fn open(directory: &mut Directory, connection: u64, room: u64) -> Option<usize> {
        let fragment = format!("fragment{connection}");
        let opened = directory.open(ConnectionId(connection), RoomKey(room), Some(&fragment));
        opened.map(|opened| opened.worker)
    }

    fn spec() -> SourceSpec {
        SourceSpec {
            kind: MediaKind::Audio,
            codec: Codec::Opus,
            mid: "0".into(),
            clock_rate: 48_000,
            payload_type: 111,
            rtx_payload_type: None,
            red_payload_type: None,
            encodings: vec![EncodingSpec::default()],
            nack: false,
            extensions: Extensions::default(),
        }
    }

    fn binding(source: u64) -> Option<Binding> {
        Some(Binding {
            source: SourceId(source),
            payload_type: 111,
            rtx_payload_type: None,
            red_payload_type: None,
        })
    }

    #[test]
    fn a_small_room_goes_to_the_idlest_worker_and_stays_there() {
        let mut directory = Directory::new(3, 100);
        assert_eq!(open(&mut directory, 1, 1), Some(0), "the lowest number on a tie");
        assert_eq!(open(&mut directory, 2, 1), Some(0));
        assert_eq!(open(&mut directory, 3, 2), Some(1));
        assert_eq!(open(&mut directory, 4, 3), Some(2));
        assert_eq!(open(&mut directory, 5, 4), Some(1));
        assert_eq!(open(&mut directory, 6, 1), Some(0));
        assert_eq!(open(&mut directory, 6, 4), None, "a connection is opened once");
    }

    #[test]
    fn a_room_that_grows_takes_one_worker_after_another() {
        let mut directory = Directory::new(3, 4);
        // Each of them is a connection and a slot.
        let mut join = |connection: u64, room: u64| {
            let worker = open(&mut directory, connection, room);
            directory.add_slot(ConnectionId(connection), SlotId(connection));
            directory.bind(SlotId(connection), binding(1));
            worker.expect("new")
        };
        assert_eq!(join(100, 2), 0);
        let workers: Vec<usize> = (0..9).map(|connection| join(connection, 1)).collect();
        assert_eq!(workers, [1, 1, 2, 2, 0, 0, 1, 2, 1]);
    }

    #[test]
    fn a_crowd_that_does_not_watch_yet_is_spread_too() {
        let mut directory = Directory::new(2, 10);
        let workers: Vec<_> = (0..100)
            .filter_map(|connection| open(&mut directory, connection, 1))
            .collect();
        assert_eq!(workers[..20], [[0; 10], [1; 10]].concat());
        assert_eq!(directory.loads, [26, 74], "worker 0 receives for all");
    }

    #[test]
    fn speakers_are_compared_where_somebody_of_the_room_is() {
        let mut directory = Directory::new(3, 1);
        let host = |directory: &mut Directory, connection| {
            directory
                .open(ConnectionId(connection), RoomKey(1), Some("x"))
                .expect("new")
                .host
        };
        assert_eq!(host(&mut directory, 1), None);
        assert_eq!(host(&mut directory, 2), Some(WorkerId(0)));
        assert_eq!(host(&mut directory, 3), Some(WorkerId(0)));
        assert_eq!(directory.close(ConnectionId(3)).expect("known").rehosted, None);
        assert_eq!(host(&mut directory, 4), Some(WorkerId(0)));
        let rehosted = directory
            .close(ConnectionId(1))
            .expect("known")
            .rehosted
            .expect("another host");
        assert_eq!(rehosted.workers, [1, 2]);
        assert!(rehosted.workers.contains(&rehosted.host));
        assert_eq!(
            host(&mut directory, 5),
            Some(WorkerId(rehosted.host)),
            "back on worker 0"
        );
    }

    #[test]
    fn workers_of_a_room_know_of_each_other() {
        let mut directory = Directory::new(3, 1);
        let mut open = |connection| {
            let opened = directory
                .open(ConnectionId(connection), RoomKey(1), Some("x"))
                .expect("new");
            opened.spread
        };
        let spread = |worker, others: &[usize]| Spread {
            worker,
            others: others.iter().copied().map(WorkerId).collect(),
        };
        assert_eq!(open(1), []);
        assert_eq!(open(2), [spread(0, &[1]), spread(1, &[0])]);
        assert_eq!(open(3), [spread(0, &[1, 2]), spread(1, &[0, 2]), spread(2, &[0, 1])]);
        assert_eq!(open(4), [spread(1, &[0, 2])], "the others know");
        let mut close = |connection| directory.close(ConnectionId(connection)).expect("known").spread;
        assert_eq!(close(4), []);
        assert_eq!(close(2), [spread(0, &[2]), spread(2, &[0])]);
        assert_eq!(close(1), [spread(2, &[])]);
        assert_eq!(close(3), []);
    }

    #[test]
    fn closing_leaves_nothing_behind() {
        let mut directory = Directory::new(2, 3);
        for connection in 0..10 {
            open(&mut directory, connection, connection % 3);
            let (id, source, slot) = (ConnectionId(connection), SourceId(connection), SlotId(connection));
            assert!(directory.add_source(id, source, &spec()).is_some());
            assert!(directory.add_slot(id, slot).is_some());
            assert!(directory.bind(slot, binding(connection / 2)).is_some());
        }
        directory.remove_slot(SlotId(3));
        directory.bind(SlotId(4), None);
        for connection in 0..10 {
            let closed = directory.close(ConnectionId(connection)).expect("known");
            assert_eq!(closed.fragments, [format!("fragment{connection}")]);
            assert_eq!(directory.close(ConnectionId(connection)), None);
        }
        assert_eq!(directory.loads, [0, 0]);
        assert!(directory.rooms.is_empty() && directory.sources.is_empty() && directory.slots.is_empty());
    }

    #[test]
    fn sources_and_slots_are_found_on_their_connections_worker() {
        let mut directory = Directory::new(2, 100);
        open(&mut directory, 1, 1);
        open(&mut directory, 2, 2);
        let add = |directory: &mut Directory, connection| {
            directory.add_source(ConnectionId(connection), SourceId(7), &spec())
        };
        assert_eq!(add(&mut directory, 2), Some(1));
        assert_eq!(add(&mut directory, 1), None, "ids are unique");
        assert_eq!(
            directory.add_slot(ConnectionId(9), SlotId(7)),
            None,
            "no such connection"
        );
        assert_eq!(directory.of_source(SourceId(7)), Some(1));
        assert_eq!(directory.remove_source(SourceId(7)), Some(1));
        assert_eq!(
            (directory.of_source(SourceId(7)), directory.remove_source(SourceId(7))),
            (None, None)
        );
    }

    #[test]
    fn a_source_is_mirrored_where_its_publisher_is_not() {
        let mut directory = Directory::new(2, 1);
        open(&mut directory, 1, 1);
        open(&mut directory, 2, 1);
        directory.add_source(ConnectionId(1), SourceId(1), &spec());
        directory.add_slot(ConnectionId(1), SlotId(1));
        directory.add_slot(ConnectionId(2), SlotId(2));
        let mut bind = |slot: u64, source: u64| directory.bind(SlotId(slot), binding(source)).expect("a slot");
        assert!(matches!(bind(1, 1), (0, Command::Bind { .. })));
        let mirrored = bind(2, 1);
        assert!(matches!(mirrored, (1, Command::BindMirror { home: WorkerId(0), .. })));
        assert!(matches!(bind(2, 9), (1, Command::Bind { .. })), "it is ignored there");
    }

    #[test]
    fn a_restart_keeps_the_fragment_before_it() {
        let mut directory = Directory::new(1, 100);
        open(&mut directory, 1, 1);
        assert_eq!(directory.restart_ice(ConnectionId(1), "second"), Some((0, None)));
        assert_eq!(
            directory.restart_ice(ConnectionId(1), "third"),
            Some((0, Some("fragment1".into())))
        );
        assert_eq!(directory.restart_ice(ConnectionId(2), "x"), None);
        let closed = directory.close(ConnectionId(1)).expect("known");
        assert_eq!(closed.fragments, ["second", "third"]);
    }
}
