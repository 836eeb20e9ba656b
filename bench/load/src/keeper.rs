//! Keeps sessions alive: pings, and reads what the server tells.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::signal::Signal;
use crate::socket;

/// Below the server's heartbeat of 15 s.
const PING_EVERY: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A thread that minds all signalling. Dropping it ends it.
pub struct Keeper {
    sessions: Sender<Signal>,
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

    pub fn sender(&self) -> Sender<Signal> {
        self.sessions.clone()
    }

    /// Ends all sessions; returns what went wrong in them.
    pub fn stop(self) -> Vec<String> {
        drop(self.sessions);
        self.thread.join().expect("the keeper does not panic")
    }
}

fn keep(sessions: &Receiver<Signal>) -> Vec<String> {
    let (mut signals, mut fds, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    let mut pinged = Instant::now();
    loop {
        match sessions.try_recv() {
            Ok(mut signal) => {
                faults.extend(signal.ping().err());
                signal.stop_waiting();
                fds.push(libc::pollfd {
                    fd: signal.fd(),
                    events: libc::POLLIN,
                    revents: libc::POLLIN,
                });
                signals.push(signal);
                continue;
            }
            Err(TryRecvError::Disconnected) => break,
            Err(TryRecvError::Empty) => thread::sleep(LOOK_EVERY),
        }
        socket::poll(&mut fds, 0);
        for (fd, signal) in fds.iter_mut().zip(&mut signals).filter(|(fd, _)| fd.revents != 0) {
            if let Err(fault) = listen(signal) {
                faults.push(fault);
                // A negative descriptor is passed over by poll.
                fd.fd = -1;
            }
        }
        if pinged.elapsed() > PING_EVERY {
            pinged = Instant::now();
            faults.extend(
                signals
                    .iter_mut()
                    .zip(&fds)
                    .filter(|(_, fd)| fd.fd >= 0)
                    .filter_map(|(signal, _)| signal.ping().err()),
            );
        }
    }
    faults
}

/// Reads what waits. Messages by which media would change are faults: no case has any.
fn listen(signal: &mut Signal) -> Result<(), String> {
    while let Some(message) = signal.read()? {
        if let Some(kind @ ("bye" | "error" | "media_lost" | "need_sections")) = message["type"].as_str() {
            return Err(format!("{kind}: {message}"));
        }
    }
    Ok(())
}
