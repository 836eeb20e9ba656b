//! What the engine's handle and its threads share: where things live, how to reach the workers, and the events.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossbeam_channel::Sender;
use tertulia_sfu::command::Command;
use tertulia_sfu::types::{ConnectionId, RoomKey, WorkerId};

use crate::board::Board;
use crate::demux::RouteChange;
use crate::directory::{Closed, Directory, Spread};
use crate::event::EventQueue;
use crate::streams::StreamKind;
use crate::wait::Wake;

pub(crate) enum Message {
    Command(Command),
    /// Only to worker 0.
    Front(FrontMessage),
    /// For tests of the isolation: does nothing else for so long.
    Stall(Duration),
    Stop,
}

pub(crate) enum FrontMessage {
    Adopt(OwnedFd, StreamKind),
    Certificate(Arc<rustls::ServerConfig>),
    /// For tests of the isolation.
    CrashRelay,
}

pub(crate) struct WorkerHandle {
    pub messages: Sender<Message>,
    pub wake: Arc<Wake>,
    pub board: Arc<Board>,
}

pub(crate) struct Control {
    directory: Mutex<Directory>,
    pub workers: Vec<WorkerHandle>,
    /// To the front; only where there are several workers.
    pub changes: Option<Sender<RouteChange>>,
    pub events: EventQueue,
}

impl Control {
    pub fn new(
        workers: Vec<WorkerHandle>,
        room_share: usize,
        changes: Option<Sender<RouteChange>>,
        events: EventQueue,
    ) -> Control {
        Control {
            directory: Mutex::new(Directory::new(workers.len(), room_share)),
            workers,
            changes,
            events,
        }
    }

    /// Looks a worker up and sends it a command, both under the lock: commands leave in the order in which the directory changed.
    pub fn command(&self, locate: impl FnOnce(&mut Directory) -> Option<usize>, command: Command) {
        self.command_with(|directory| Some((locate(directory)?, command)));
    }

    /// The same where the directory has a say in the command.
    pub fn command_with(&self, decide: impl FnOnce(&mut Directory) -> Option<(usize, Command)>) {
        let mut directory = self.directory();
        if let Some((worker, command)) = decide(&mut directory) {
            self.send(worker, Message::Command(command));
        }
    }

    pub fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn send(&self, worker: usize, message: Message) {
        let handle = &self.workers[worker];
        // Disconnected: the engine has stopped.
        let _ = handle.messages.send(message);
        handle.wake.wake();
    }

    pub fn add_fragment(&self, fragment: &str, worker: usize) {
        self.change_routes([RouteChange::AddFragment {
            fragment: fragment.to_owned(),
            worker,
        }]);
    }

    pub fn remove_fragments(&self, fragments: impl IntoIterator<Item = String>) {
        self.change_routes(
            fragments
                .into_iter()
                .map(|fragment| RouteChange::RemoveFragment { fragment }),
        );
    }

    /// A worker says that these connections are gone.
    pub fn forget(&self, connections: impl IntoIterator<Item = ConnectionId>) {
        let mut directory = self.directory();
        for connection in connections {
            if let Some(closed) = directory.close(connection) {
                self.clear_up(closed);
            }
        }
    }

    /// After a connection left the directory, whose lock is held.
    pub fn clear_up(&self, closed: Closed) {
        self.remove_fragments(closed.fragments);
        self.spread(closed.room, closed.spread);
        let Some(rehosted) = closed.rehosted else { return };
        for worker in rehosted.workers {
            let host = (worker != rehosted.host).then_some(WorkerId(rehosted.host));
            let room = rehosted.room;
            self.send(worker, Message::Command(Command::Host { room, host }));
        }
    }

    /// Tells workers where else a room is. The directory's lock is held.
    pub fn spread(&self, room: RoomKey, spread: Vec<Spread>) {
        for Spread { worker, others } in spread {
            let workers = others;
            self.send(worker, Message::Command(Command::Spread { room, workers }));
        }
    }

    fn change_routes(&self, changes: impl IntoIterator<Item = RouteChange>) {
        let Some(sender) = &self.changes else { return };
        for change in changes {
            let _ = sender.send(change);
        }
        // The front looks before it sorts a batch; this is so that changes do not pile up while nothing arrives.
        self.workers[0].wake.wake();
    }
}
