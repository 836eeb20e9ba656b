//! One media thread: waits, feeds its `Sfu`, sends, reports. A panic costs the `Sfu`, not the thread.

use std::mem;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use rustc_hash::FxHashSet;
use tertulia_sfu::command::Command;
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event as SfuEvent;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::types::ConnectionId;

use crate::board::{Board, WorkerCounters};
use crate::control::{Control, Message};
use crate::crossing::Crossings;
use crate::event::{Event, Level, LogLimit};
use crate::front::{Front, Source};
use crate::isolation::{discard, isolate};
use crate::outlet::Outlet;
use crate::queue::{Heading, Inbox};
use crate::wait::{Waiter, Wake};

/// Batches taken from one socket, or parcels from the front, before timers and commands get their turn.
const BATCHES_PER_TURN: usize = 8;
/// Lists taken from other workers at a time.
const LISTS_PER_TURN: usize = 64;
/// Age of the connections' statistics while there is traffic. An idle worker does not wake for them.
const SHOW_EVERY: Duration = Duration::from_secs(1);
/// When a reader was at the board, the numbers are shown a little later.
const SHOW_AGAIN: Duration = Duration::from_millis(5);

/// Where a worker's datagrams come from.
pub(crate) enum Input {
    Front(Box<Front>),
    Inbox(Inbox<Heading>),
}

/// What a thread is started with.
pub(crate) struct Parts {
    pub index: usize,
    pub control: Arc<Control>,
    pub board: Arc<Board>,
    pub messages: Receiver<Message>,
    pub wake: Arc<Wake>,
    pub input: Input,
    pub crossings: Crossings,
    pub out: Outlet,
    pub config: Config,
}

pub(crate) struct Worker {
    parts: Parts,
    sfu: Sfu,
    connections: FxHashSet<ConnectionId>,
    counters: WorkerCounters,
    /// Of the lives of the `Sfu` that ended in a panic.
    past: tertulia_sfu::counters::Counters,
    events: Vec<Event>,
    log: LogLimit,
    /// When to show the connections' statistics; None while nothing happened since.
    show_connections: Option<Instant>,
    /// The counters could not be shown.
    show_counters: Option<Instant>,
}

/// What a thread waits on.
struct Watched {
    /// The wake-up call, then `sources`.
    waiter: Waiter,
    sources: Vec<Source>,
    streams_life: u32,
}

#[derive(PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

impl Worker {
    pub fn new(parts: Parts) -> Worker {
        Worker {
            sfu: Sfu::new(parts.config.clone()),
            parts,
            connections: FxHashSet::default(),
            counters: WorkerCounters::default(),
            past: tertulia_sfu::counters::Counters::default(),
            events: Vec::new(),
            log: LogLimit::new(),
            show_connections: None,
            show_counters: None,
        }
    }

    /// Until told to stop.
    pub fn run(mut self) {
        let mut watched = self.watch();
        loop {
            watched.waiter.wait(self.next_timeout());
            let now = Instant::now();
            match isolate(|| self.turn(&watched, now)) {
                Ok(Flow::Stop) => return self.report(now),
                Ok(Flow::Continue) => {}
                Err(message) => self.recover(&message),
            }
            self.report(now);
            if self.streams_life() != watched.streams_life {
                watched = self.watch();
            }
        }
    }

    fn watch(&self) -> Watched {
        let sources = match &self.parts.input {
            Input::Front(front) => front.sources(),
            Input::Inbox(_) => Vec::new(),
        };
        let descriptors = sources.iter().map(|(_, descriptor)| *descriptor);
        Watched {
            waiter: Waiter::new([self.parts.wake.as_raw_fd()].into_iter().chain(descriptors)),
            sources: sources.iter().map(|(source, _)| *source).collect(),
            streams_life: self.streams_life(),
        }
    }

    fn streams_life(&self) -> u32 {
        match &self.parts.input {
            Input::Front(front) => front.streaming.life(),
            Input::Inbox(_) => 0,
        }
    }

    /// None: nothing to do until something arrives.
    fn next_timeout(&self) -> Option<Duration> {
        let front = match &self.parts.input {
            Input::Front(front) => front.poll_timeout(),
            Input::Inbox(_) => None,
        };
        let next = [
            self.sfu.poll_timeout(),
            front,
            self.show_connections,
            self.show_counters,
        ]
        .into_iter()
        .flatten()
        .min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    fn turn(&mut self, watched: &Watched, now: Instant) -> Flow {
        self.counters.turns += 1;
        if watched.waiter.is_ready(0) {
            self.parts.wake.clear();
            if self.handle_messages(now) == Flow::Stop {
                return Flow::Stop;
            }
            self.take_across(now);
        }
        if self.sfu.poll_timeout().is_some_and(|timeout| timeout <= now) {
            self.sfu.handle_timeout(now, &mut self.parts.out);
        }
        if let Input::Front(front) = &mut self.parts.input {
            front.handle_timeout(now, &mut self.parts.out);
        }
        self.unpack_for_front(now);
        // Commands and timers must not wait behind datagrams, nor must what they sent.
        self.finish_batch(now);
        match &self.parts.input {
            Input::Front(_) => {
                for (index, &source) in watched.sources.iter().enumerate() {
                    if watched.waiter.is_ready(index + 1) {
                        self.receive(source, now);
                    }
                }
            }
            Input::Inbox(_) => self.unpack(now),
        }
        Flow::Continue
    }

    fn handle_messages(&mut self, now: Instant) -> Flow {
        if let Input::Front(front) = &mut self.parts.input {
            front.sorter.apply_changes(now);
        }
        while let Ok(message) = self.parts.messages.try_recv() {
            match (message, &mut self.parts.input) {
                (Message::Command(command), _) => self.handle_command(command, now),
                (Message::Front(message), Input::Front(front)) => {
                    front.handle_message(message, now, &mut self.parts.out)
                }
                (Message::Front(_), Input::Inbox(_)) => unreachable!("these are sent to worker 0"),
                (Message::Stall(time), _) => std::thread::sleep(time),
                (Message::Stop, _) => {
                    self.say_goodbye(now);
                    return Flow::Stop;
                }
            }
        }
        Flow::Continue
    }

    fn handle_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Open { connection, .. } | Command::OpenChunked { connection, .. } => {
                _ = self.connections.insert(connection)
            }
            Command::Close { connection } => _ = self.connections.remove(&connection),
            _ => {}
        }
        self.show_connections.get_or_insert(now + SHOW_EVERY);
        self.sfu.handle_command(command, now, &mut self.parts.out);
    }

    /// Closes all connections, so that no client has to find out by a time-out.
    fn say_goodbye(&mut self, now: Instant) {
        for connection in self.connections.drain() {
            self.sfu
                .handle_command(Command::Close { connection }, now, &mut self.parts.out);
        }
        self.unpack_for_front(now);
        self.finish_batch(now);
    }

    /// Several batches from one source, each with its own time.
    fn receive(&mut self, source: Source, mut now: Instant) {
        for _ in 0..BATCHES_PER_TURN {
            let Input::Front(front) = &mut self.parts.input else {
                return;
            };
            let more = front.receive(
                source,
                now,
                &mut self.parts.out,
                |Heading { path, at }, datagram, out| {
                    self.sfu.handle_datagram(path, datagram, at, now, out);
                },
            );
            self.hand_over();
            self.sfu.flush(now, &mut self.parts.out);
            self.finish_batch(now);
            self.show_connections.get_or_insert(now + SHOW_EVERY);
            if !more {
                return;
            }
            now = Instant::now();
        }
    }

    fn unpack(&mut self, mut now: Instant) {
        for _ in 0..BATCHES_PER_TURN {
            let Input::Inbox(inbox) = &self.parts.input else { return };
            let Some(mut parcel) = inbox.next() else { return };
            for (Heading { path, at }, datagram) in parcel.iter_mut() {
                self.sfu.handle_datagram(path, datagram, at, now, &mut self.parts.out);
            }
            drop(parcel);
            self.hand_over();
            self.sfu.flush(now, &mut self.parts.out);
            self.finish_batch(now);
            self.show_connections.get_or_insert(now + SHOW_EVERY);
            now = Instant::now();
        }
        // More parcels may wait, and their call was answered already.
        self.parts.wake.wake();
    }

    /// What came from other workers. All of it leaves together: several lists wait only where this worker is behind.
    fn take_across(&mut self, now: Instant) {
        for taken in 0..=LISTS_PER_TURN {
            if taken == LISTS_PER_TURN {
                // More may wait, and their call was answered already.
                self.parts.wake.wake();
                break;
            }
            let Some(mut arrived) = self.parts.crossings.next() else {
                break;
            };
            self.sfu
                .handle_across(arrived.from, &mut arrived.messages, now, &mut self.parts.out);
            self.show_connections.get_or_insert(now + SHOW_EVERY);
        }
        self.sfu.flush(now, &mut self.parts.out);
    }

    /// To other workers, whose viewers need not wait for those here.
    fn hand_over(&mut self) {
        let crossings = &mut self.parts.crossings;
        self.sfu.hand_over(|to, messages| crossings.send(to, messages));
    }

    fn unpack_for_front(&mut self, now: Instant) {
        let Input::Front(front) = &mut self.parts.input else {
            return;
        };
        if front.unpack(now, &mut self.parts.out) {
            // More parcels may wait, and their call was answered already.
            self.parts.wake.wake();
        }
    }

    fn finish_batch(&mut self, now: Instant) {
        self.hand_over();
        if let Input::Front(front) = &mut self.parts.input {
            front.finish(now, &mut self.parts.out);
        }
        self.parts.out.flush();
        while let Some(event) = self.sfu.poll_event() {
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: SfuEvent) {
        let event = match event {
            SfuEvent::Connected { connection } => Event::Connected { connection },
            SfuEvent::Disconnected { connection, reason } => {
                self.connections.remove(&connection);
                self.parts.control.forget([connection]);
                Event::Disconnected { connection, reason }
            }
            SfuEvent::SourceStarted { source } => Event::SourceStarted { source },
            SfuEvent::SourcePayload { source, payload_type } => Event::SourcePayload { source, payload_type },
            SfuEvent::Layer {
                slot,
                source,
                encoding,
                layers,
                reason,
            } => Event::Layer {
                slot,
                source,
                encoding,
                layers,
                reason,
            },
            SfuEvent::Starved { slot, source } => Event::Starved { slot, source },
            SfuEvent::Encodings { source, wanted } => Event::Encodings { source, wanted },
            SfuEvent::Chunk { slot, source, chunk } => Event::Chunk { slot, source, chunk },
            SfuEvent::KeyFrameWanted { source } => Event::KeyFrameWanted { source },
            SfuEvent::Speakers { room, levels } => Event::Speakers { room, levels },
            SfuEvent::Fault { connection, message } => {
                let line = format!("connection {connection}: {message}");
                let Some(message) = self.log.admit(line, Instant::now()) else {
                    return;
                };
                Event::Log {
                    level: Level::Warning,
                    message,
                }
            }
        };
        self.events.push(event);
    }

    /// Begins anew after a panic outside of any one connection.
    fn recover(&mut self, message: &str) {
        let message = format!("worker {} panicked and begins anew: {message}", self.parts.index);
        self.past.add(self.sfu.counters());
        self.past.connections_closed += self.connections.len() as u64;
        discard(mem::replace(&mut self.sfu, Sfu::new(self.parts.config.clone())));
        self.parts.crossings.tell_lost();
        let connections: Vec<_> = self.connections.drain().collect();
        self.parts.control.forget(connections.iter().copied());
        self.counters.panics += 1;
        self.events.push(Event::Log {
            level: Level::Error,
            message,
        });
        self.events.push(Event::WorkerLost {
            worker: self.parts.index,
            connections,
        });
        // What the panic kept from being read is read in the next turn.
        self.parts.wake.wake();
    }

    /// Shows numbers and events to the outside, at the end of a turn.
    fn report(&mut self, now: Instant) {
        let relayed = match &mut self.parts.input {
            Input::Front(front) => front.take_notice(),
            Input::Inbox(_) => None,
        };
        for notice in self.parts.out.batch.take_notice().into_iter().chain(relayed) {
            let message = format!("worker {}: {notice}", self.parts.index);
            self.events.push(Event::Log {
                level: Level::Warning,
                message,
            });
        }
        self.counters.sfu.clone_from(&self.past);
        self.counters.sfu.add(self.sfu.counters());
        self.counters.send = *self.parts.out.batch.counters();
        self.counters.dropped_front_behind = self.parts.out.dropped_aside();
        self.counters.dropped_mirror_behind = self.parts.crossings.dropped();
        if let Input::Front(front) = &mut self.parts.input {
            front.take_events(&mut self.events);
            for fault in front.take_faults() {
                // A client may have found out how to cause it.
                let line = self.log.admit(fault, now);
                self.events.extend(line.map(|message| Event::Log {
                    level: Level::Error,
                    message,
                }));
            }
            self.counters.front = front.sorter.counters;
            self.counters.relaying = front.relaying_counters();
            self.counters.streaming = front.streaming.counters();
        }
        self.show_counters = (!self.parts.board.show_counters(&self.counters)).then(|| now + SHOW_AGAIN);
        if self.show_connections.is_some_and(|due| due <= now) {
            let stats = |&connection| Some((connection, self.sfu.connection_stats(connection)?));
            let is_shown = self
                .parts
                .board
                .show_connections(now, self.connections.iter().filter_map(stats));
            self.show_connections = (!is_shown).then(|| now + SHOW_AGAIN);
        }
        // After the numbers, so that who hears of an event finds it in them.
        self.counters.events_dropped += self.parts.control.events.push(&mut self.events);
    }
}
