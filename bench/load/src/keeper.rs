//! Keeps sessions alive: pings, and reads what the server tells.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::doors::Session;
use crate::socket;

/// Below the server's heartbeat of 15 s.
const PING_EVERY: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A thread that minds all signalling. Dropping it ends it.
pub struct Keeper {
    sessions: Sender<Box<dyn Session>>,
    thread: JoinHandle<Vec<String>>,
}

impl Keeper {
    pub fn start() -> Keeper {
        let (sessions, receiver) = channel();
        Keeper {
            sessions,
            thread: thread::spawn(move || keep(&receiver)),
        }
    }

    pub fn sender(&self) -> Sender<Box<dyn Session>> {
        self.sessions.clone()
    }

    /// Ends all sessions; returns what went wrong in them.
    pub fn stop(self) -> Vec<String> {
        drop(self.sessions);
        self.thread.join().expect("the keeper does not panic")
    }
}

fn keep(sessions: &Receiver<Box<dyn Session>>) -> Vec<String> {
    let (mut kept, mut fds, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    let mut pinged = Instant::now();
    loop {
        match sessions.try_recv() {
            Ok(mut session) => {
                faults.extend(session.ping().err());
                session.stop_waiting();
                fds.push(libc::pollfd {
                    fd: session.fd(),
                    events: libc::POLLIN,
                    revents: libc::POLLIN,
                });
                kept.push(session);
                continue;
            }
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => thread::sleep(LOOK_EVERY),
        }
        socket::poll(&mut fds, 0);
        for (fd, session) in fds.iter_mut().zip(&mut kept).filter(|(fd, _)| fd.revents != 0) {
            if let Err(fault) = session.listen() {
                faults.push(fault);
                // A negative descriptor is passed over by poll.
                fd.fd = -1;
            }
        }
        if pinged.elapsed() > PING_EVERY {
            pinged = Instant::now();
            faults.extend(
                kept.iter_mut()
                    .zip(&fds)
                    .filter(|(_, fd)| fd.fd >= 0)
                    .filter_map(|(session, _)| session.ping().err()),
            );
        }
    }
    faults
}
