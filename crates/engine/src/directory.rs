//! What lives on which worker. Kept where commands come in; media threads touch it only when a connection ends.

use rustc_hash::FxHashMap;
use tertulia_sfu::types::{ConnectionId, RoomKey, SlotId, SourceId};

/// A connection's fragments: the current one, and one before it, by which the old path serves until the new one is validated.
const FRAGMENTS_MAX: usize = 2;

pub(crate) struct Directory {
    /// Connections of each worker.
    loads: Vec<usize>,
    rooms: FxHashMap<RoomKey, Room>,
    connections: FxHashMap<ConnectionId, Connection>,
    sources: FxHashMap<SourceId, ConnectionId>,
    slots: FxHashMap<SlotId, ConnectionId>,
}

struct Room {
    worker: usize,
    connections: usize,
}

struct Connection {
    room: RoomKey,
    worker: usize,
    fragments: Vec<String>,
    sources: Vec<SourceId>,
    slots: Vec<SlotId>,
}

impl Directory {
    pub fn new(workers: usize) -> Directory {
        Directory {
            loads: vec![0; workers],
            rooms: FxHashMap::default(),
            connections: FxHashMap::default(),
            sources: FxHashMap::default(),
            slots: FxHashMap::default(),
        }
    }

    /// Places a connection with its room: on the room's worker, else on the one with the fewest connections, the lowest number on a tie.
    /// None when it is there already.
    pub fn open(&mut self, connection: ConnectionId, room: RoomKey, fragment: &str) -> Option<usize> {
        if self.connections.contains_key(&connection) {
            return None;
        }
        let idlest = (0..self.loads.len())
            .min_by_key(|&worker| self.loads[worker])
            .unwrap_or(0);
        let entry = self.rooms.entry(room).or_insert(Room {
            worker: idlest,
            connections: 0,
        });
        entry.connections += 1;
        let worker = entry.worker;
        self.loads[worker] += 1;
        let fragments = vec![fragment.to_owned()];
        self.connections.insert(
            connection,
            Connection {
                room,
                worker,
                fragments,
                sources: vec![],
                slots: vec![],
            },
        );
        Some(worker)
    }

    /// Forgets a connection with all that is its own; gives its worker and fragments.
    pub fn close(&mut self, connection: ConnectionId) -> Option<(usize, Vec<String>)> {
        let entry = self.connections.remove(&connection)?;
        for source in entry.sources {
            self.sources.remove(&source);
        }
        for slot in entry.slots {
            self.slots.remove(&slot);
        }
        self.loads[entry.worker] -= 1;
        if let Some(room) = self.rooms.get_mut(&entry.room) {
            room.connections -= 1;
            if room.connections == 0 {
                self.rooms.remove(&entry.room);
            }
        }
        Some((entry.worker, entry.fragments))
    }

    /// Adds a fragment; gives the worker and the fragment that is too old now.
    pub fn restart_ice(&mut self, connection: ConnectionId, fragment: &str) -> Option<(usize, Option<String>)> {
        let entry = self.connections.get_mut(&connection)?;
        entry.fragments.push(fragment.to_owned());
        let too_old = (entry.fragments.len() > FRAGMENTS_MAX).then(|| entry.fragments.remove(0));
        Some((entry.worker, too_old))
    }

    /// The worker, unless the connection is unknown or the source exists.
    pub fn add_source(&mut self, connection: ConnectionId, source: SourceId) -> Option<usize> {
        let entry = self.connections.get_mut(&connection)?;
        if self.sources.contains_key(&source) {
            return None;
        }
        self.sources.insert(source, connection);
        entry.sources.push(source);
        Some(entry.worker)
    }

    pub fn remove_source(&mut self, source: SourceId) -> Option<usize> {
        let entry = self.connections.get_mut(&self.sources.remove(&source)?)?;
        entry.sources.retain(|&other| other != source);
        Some(entry.worker)
    }

    /// The worker, unless the connection is unknown or the slot exists.
    pub fn add_slot(&mut self, connection: ConnectionId, slot: SlotId) -> Option<usize> {
        let entry = self.connections.get_mut(&connection)?;
        if self.slots.contains_key(&slot) {
            return None;
        }
        self.slots.insert(slot, connection);
        entry.slots.push(slot);
        Some(entry.worker)
    }

    pub fn remove_slot(&mut self, slot: SlotId) -> Option<usize> {
        let entry = self.connections.get_mut(&self.slots.remove(&slot)?)?;
        entry.slots.retain(|&other| other != slot);
        Some(entry.worker)
    }

    pub fn of_connection(&self, connection: ConnectionId) -> Option<usize> {
        Some(self.connections.get(&connection)?.worker)
    }

    pub fn of_source(&self, source: SourceId) -> Option<usize> {
        self.of_connection(*self.sources.get(&source)?)
    }

    pub fn of_slot(&self, slot: SlotId) -> Option<usize> {
        self.of_connection(*self.slots.get(&slot)?)
    }

    pub fn connections(&self) -> usize {
        self.connections.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(directory: &mut Directory, connection: u64, room: u64) -> Option<usize> {
        directory.open(
            ConnectionId(connection),
            RoomKey(room),
            &format!("fragment{connection}"),
        )
    }

    #[test]
    fn a_room_goes_to_the_idlest_worker_and_stays_there() {
        let mut directory = Directory::new(3);
        assert_eq!(open(&mut directory, 1, 1), Some(0), "the lowest number on a tie");
        assert_eq!(open(&mut directory, 2, 1), Some(0));
        assert_eq!(open(&mut directory, 3, 2), Some(1));
        assert_eq!(open(&mut directory, 4, 3), Some(2));
        assert_eq!(open(&mut directory, 5, 4), Some(1));
        assert_eq!(open(&mut directory, 6, 1), Some(0));
        assert_eq!(open(&mut directory, 6, 4), None, "a connection is opened once");
    }

    #[test]
    fn closing_leaves_nothing_behind() {
        let mut directory = Directory::new(2);
        for connection in 0..10 {
            open(&mut directory, connection, connection % 3);
            assert!(
                directory
                    .add_source(ConnectionId(connection), SourceId(connection))
                    .is_some()
            );
            assert!(
                directory
                    .add_slot(ConnectionId(connection), SlotId(connection))
                    .is_some()
            );
        }
        for connection in 0..10 {
            let (_, fragments) = directory.close(ConnectionId(connection)).expect("known");
            assert_eq!(fragments, [format!("fragment{connection}")]);
            assert_eq!(directory.close(ConnectionId(connection)), None);
        }
        assert_eq!(directory.loads, [0, 0]);
        assert!(directory.rooms.is_empty() && directory.sources.is_empty() && directory.slots.is_empty());
    }

    #[test]
    fn sources_and_slots_are_found_on_their_connections_worker() {
        let mut directory = Directory::new(2);
        open(&mut directory, 1, 1);
        open(&mut directory, 2, 2);
        assert_eq!(directory.add_source(ConnectionId(2), SourceId(7)), Some(1));
        assert_eq!(
            directory.add_source(ConnectionId(1), SourceId(7)),
            None,
            "ids are unique"
        );
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
    fn a_restart_keeps_the_fragment_before_it() {
        let mut directory = Directory::new(1);
        open(&mut directory, 1, 1);
        assert_eq!(directory.restart_ice(ConnectionId(1), "second"), Some((0, None)));
        assert_eq!(
            directory.restart_ice(ConnectionId(1), "third"),
            Some((0, Some("fragment1".into())))
        );
        assert_eq!(directory.restart_ice(ConnectionId(2), "x"), None);
        assert_eq!(
            directory.close(ConnectionId(1)),
            Some((0, vec!["second".into(), "third".into()]))
        );
    }
}
