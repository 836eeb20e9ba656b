//! What the engine's handle and its threads share: where things live, how to reach the workers, and the events.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;
use tertulia_sfu::command::Command;
use tertulia_sfu::types::ConnectionId;

use crate::board::Board;
use crate::demux::RouteChange;
use crate::directory::Directory;
use crate::event::EventQueue;
use crate::streams::StreamKind;
use crate::wait::Wake;

pub(crate) enum Message {
    Command(Command),
    /// Only to worker 0.
    Front(FrontMessage),
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
    pub fn new(workers: Vec<WorkerHandle>, changes: Option<Sender<RouteChange>>, events: EventQueue) -> Control {
        Control {
            directory: Mutex::new(Directory::new(workers.len())),
            workers,
            changes,
            events,
        }
    }

    /// Looks a worker up and sends it a command, both under the lock: commands leave in the order in which the directory changed.
    pub fn command(&self, locate: impl FnOnce(&mut Directory) -> Option<usize>, command: Command) {
        let mut directory = self.directory();
        if let Some(worker) = locate(&mut directory) {
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
            if let Some((_, fragments)) = directory.close(connection) {
                self.remove_fragments(fragments);
            }
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
