//! Clients that share a thread: sleep until something is due, send, receive, answer.

use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::clock;
use crate::flow::Flows;
use crate::peer::{Counts, Peer};
use crate::probe::Probe;
use crate::socket::{self, Batch};

/// Between two looks at the sockets, in µs. Arrival times are the kernel's, so a look that comes later measures the same;
/// and a thread that sleeps instead of waiting in the sockets is not woken at the server's expense.
const TICK: u64 = 1_000;
/// The same from [`MANY`] clients on, ...
const TICK_MANY: u64 = 2_000;
const MANY: usize = 150;
/// ... and from [`CROWD`] on: each of them has several packets of sound at each look, and one call takes them all.
const TICK_CROWD: u64 = 8_000;
const CROWD: usize = 500;

pub enum Client {
    Peer(Box<Peer>),
    Probe(Box<Probe>),
}

impl Client {
    fn fd(&self) -> i32 {
        match self {
            Client::Peer(peer) => peer.link.socket.as_raw_fd(),
            Client::Probe(probe) => probe.socket.as_raw_fd(),
        }
    }

    fn handle(&mut self, datagram: &mut [u8], arrived: u64) {
        match self {
            Client::Peer(peer) => peer.handle(datagram, arrived),
            Client::Probe(probe) => probe.handle(datagram, arrived),
        }
    }

    fn tick(&mut self, now: u64) {
        match self {
            Client::Peer(peer) => peer.tick(now),
            Client::Probe(probe) => probe.tick(),
        }
    }

    fn is_connected(&self) -> bool {
        match self {
            Client::Peer(peer) => peer.is_connected(),
            Client::Probe(probe) => probe.connected,
        }
    }

    fn publish_due(&self) -> Option<u64> {
        match self {
            Client::Peer(peer) => peer.publish_due(),
            Client::Probe(_) => None,
        }
    }

    pub fn close(&mut self) {
        match self {
            Client::Peer(peer) => peer.link.close(),
            Client::Probe(probe) => probe.close(),
        }
    }

    fn finish(self) -> Client {
        match self {
            Client::Peer(peer) => Client::Peer(Box::new(peer.finish())),
            Client::Probe(probe) => Client::Probe(Box::new(probe.finish())),
        }
    }

    pub fn flows(&self) -> &Flows {
        match self {
            Client::Peer(peer) => &peer.flows,
            Client::Probe(probe) => &probe.flows,
        }
    }

    pub fn counts(&self) -> &Counts {
        match self {
            Client::Peer(peer) => &peer.counts,
            Client::Probe(probe) => &probe.counts,
        }
    }

    pub fn is_lost(&self) -> bool {
        match self {
            Client::Peer(peer) => peer.link.lost,
            Client::Probe(probe) => probe.lost,
        }
    }
}

enum Command {
    Add(u32, Client),
    Remove(u32),
    /// Tell how many tracks are shown in all, and the thread's CPU time.
    Ask(Sender<(usize, Duration)>),
}

/// A thread of clients. Dropping it ends it.
pub struct Group {
    commands: Sender<Command>,
    thread: JoinHandle<Vec<(u32, Client)>>,
}

impl Group {
    /// `urgent`: it goes before other groups, since its clients send by a schedule. `eager`: it waits in its sockets, and
    /// so is woken by every packet, as separate clients on this machine would be.
    pub fn start(urgent: bool, eager: bool) -> Group {
        let (commands, receiver) = channel();
        let thread = thread::spawn(move || Worker::new(receiver).run(urgent, eager));
        Group { commands, thread }
    }

    /// For a joiner's thread.
    pub fn handle(&self) -> Handle {
        Handle(self.commands.clone())
    }

    /// Tracks that its clients show, and CPU time of its thread.
    pub fn ask(&self) -> (usize, Duration) {
        let (sender, receiver) = channel();
        let _ = self.commands.send(Command::Ask(sender));
        receiver.recv().unwrap_or_default()
    }

    /// Ends the thread and gives back its clients, who are still connected.
    pub fn stop(self) -> Vec<(u32, Client)> {
        drop(self.commands);
        self.thread.join().expect("a group's thread does not panic")
    }
}

#[derive(Clone)]
pub struct Handle(Sender<Command>);

impl Handle {
    pub fn add(&self, number: u32, client: Client) {
        let _ = self.0.send(Command::Add(number, client));
    }

    /// Says goodbye and forgets the client.
    pub fn remove(&self, number: u32) {
        let _ = self.0.send(Command::Remove(number));
    }
}

struct Worker {
    commands: Receiver<Command>,
    clients: Vec<(u32, Client)>,
    fds: Vec<libc::pollfd>,
    batch: Batch,
    connecting: bool,
}

impl Worker {
    fn new(commands: Receiver<Command>) -> Worker {
        Worker {
            commands,
            clients: Vec::new(),
            fds: Vec::new(),
            batch: Batch::new(),
            connecting: false,
        }
    }

    fn run(mut self, urgent: bool, eager: bool) -> Vec<(u32, Client)> {
        clock::be_punctual(urgent);
        let mut next_tick = clock::now_us();
        while self.obey() {
            let due = self.clients.iter().filter_map(|(_, client)| client.publish_due()).min();
            let until = next_tick.min(due.unwrap_or(u64::MAX));
            if self.connecting || eager {
                // While somebody joins, answers must not wait for a tick.
                socket::poll(&mut self.fds, 1);
            } else {
                clock::sleep_until(until);
                if clock::now_us() >= next_tick {
                    socket::poll(&mut self.fds, 0);
                }
            }
            self.publish();
            if self.connecting || eager || clock::now_us() >= next_tick {
                self.receive();
                let tick = match self.clients.len() {
                    CROWD.. => TICK_CROWD,
                    MANY.. => TICK_MANY,
                    _ => TICK,
                };
                next_tick = (next_tick + tick).max(clock::now_us());
            }
        }
        self.clients
            .into_iter()
            .map(|(number, client)| (number, client.finish()))
            .collect()
    }

    /// False when the group is to end.
    fn obey(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Add(number, client)) => {
                    self.fds.push(libc::pollfd {
                        fd: client.fd(),
                        events: libc::POLLIN,
                        revents: 0,
                    });
                    self.clients.push((number, client));
                    self.connecting = true;
                }
                Ok(Command::Remove(number)) => {
                    while let Some(at) = self.clients.iter().position(|(known, _)| *known == number) {
                        self.fds.swap_remove(at);
                        let (_, mut client) = self.clients.swap_remove(at);
                        client.close();
                    }
                }
                Ok(Command::Ask(reply)) => {
                    let started = self.clients.iter().map(|(_, client)| client.flows().started()).sum();
                    let _ = reply.send((started, clock::thread_cpu()));
                }
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn publish(&mut self) {
        let now = clock::now_us();
        for (_, client) in &mut self.clients {
            if let Client::Peer(peer) = client
                && peer.publish_due().is_some_and(|due| due <= now)
            {
                peer.publish(now);
            }
        }
    }

    fn receive(&mut self) {
        for (fd, (_, client)) in self.fds.iter().zip(&mut self.clients) {
            if fd.revents == 0 {
                continue;
            }
            loop {
                let count = self.batch.receive(fd.fd);
                for i in 0..count {
                    let (datagram, arrived) = self.batch.datagram(i);
                    client.handle(datagram, arrived);
                }
                if !Batch::was_full(count) {
                    break;
                }
            }
        }
        let now = clock::now_us();
        self.clients.iter_mut().for_each(|(_, client)| client.tick(now));
        self.connecting = self.clients.iter().any(|(_, client)| !client.is_connected());
    }
}
