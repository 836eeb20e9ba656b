//! Two workers, and who of a [`World`] is on which.

use super::{ROOM, Wire, World};
use std::collections::HashMap;
use std::mem;
use std::sync::Arc;
use std::time::Instant;
use tertulia_sfu::across::Across;
use tertulia_sfu::command::{Command, SourceSpec};
use tertulia_sfu::config::Config;
use tertulia_sfu::counters::Counters;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::stats::ConnectionStats;
use tertulia_sfu::types::*;

/// The second worker, and what is known of both.
pub struct Second {
    pub sfu: Sfu,
    slots: HashMap<SlotId, usize>,
    sources: HashMap<SourceId, (usize, SourceSpec)>,
    /// The second one takes nothing from the first, which drops what it may.
    pub is_stalled: bool,
    pub dropped: usize,
    /// Messages of the second to the first.
    pub said: usize,
}

impl Second {
    pub fn new(config: Config) -> Second {
        Second {
            sfu: Sfu::new(config),
            slots: HashMap::new(),
            sources: HashMap::new(),
            is_stalled: false,
            dropped: 0,
            said: 0,
        }
    }

    /// As the engine's directory does it.
    fn route(&mut self, command: &mut Command) -> usize {
        match command {
            Command::Open { connection, .. }
            | Command::OpenChunked { connection, .. }
            | Command::RestartIce { connection, .. }
            | Command::Close { connection }
            | Command::Member { connection, .. }
            | Command::Crash {
                connection: Some(connection),
            } => worker_of(*connection),
            Command::AddSource {
                connection,
                source,
                spec,
            } => {
                let worker = worker_of(*connection);
                self.sources.insert(*source, (worker, spec.clone()));
                worker
            }
            Command::AddSlot { connection, slot, .. } => {
                self.slots.insert(*slot, worker_of(*connection));
                worker_of(*connection)
            }
            Command::RemoveSource { source }
            | Command::EnableSource { source, .. }
            | Command::Favour { source, .. }
            | Command::Chunk { source, .. }
            | Command::RequestKeyFrame { source } => self.sources.get(source).map_or(0, |(worker, _)| *worker),
            Command::Bind { slot, to } => {
                let (slot, worker) = (*slot, self.slots.get(slot).copied().unwrap_or(0));
                let source = to.and_then(|to| Some((to, self.sources.get(&to.source)?)));
                if let Some((to, (home, spec))) = source
                    && *home != worker
                {
                    *command = Command::BindMirror {
                        slot,
                        to,
                        home: WorkerId(*home),
                        spec: Arc::new(spec.clone()),
                    };
                }
                worker
            }
            Command::RemoveSlot { slot }
            | Command::PauseSlot { slot, .. }
            | Command::RefreshSlot { slot }
            | Command::Wish { slot, .. } => self.slots.get(slot).copied().unwrap_or(0),
            Command::BindMirror { .. }
            | Command::Host { .. }
            | Command::Spread { .. }
            | Command::Crash { connection: None } => 0,
        }
    }
}

/// Odd ones are on the first, where there are two.
pub fn worker_of(connection: ConnectionId) -> usize {
    (connection.0 as usize + 1) % 2
}

impl World {
    /// With two workers: connections with an even number are on the second.
    pub fn on_two() -> World {
        let mut world = World::new();
        world.second = Some(Second::new(world.config.clone()));
        world
    }

    pub fn stats(&self, connection: ConnectionId) -> Option<ConnectionStats> {
        let second = self.second.as_ref().filter(|_| worker_of(connection) == 1);
        let sfu = second.map_or(&self.sfu, |second| &second.sfu);
        sfu.connection_stats(connection)
    }

    /// Totals of all workers.
    pub fn counters(&self) -> Counters {
        let mut counters = self.sfu.counters().clone();
        if let Some(second) = &self.second {
            counters.add(second.sfu.counters());
        }
        counters
    }

    pub fn second(&mut self) -> &mut Second {
        self.second.as_mut().expect("there are two")
    }

    /// A worker begins anew, without what it had.
    pub fn lose_worker(&mut self, worker: usize) {
        let fresh = Sfu::new(self.config.clone());
        *self.worker(worker) = fresh;
        let (now, mut wire) = (self.now, Wire::default());
        let from = WorkerId(worker);
        self.worker(1 - worker)
            .handle_across(from, &mut vec![Across::LOST], now, &mut wire);
        self.deliver(wire);
        self.settle();
    }

    pub(super) fn carry_out(&mut self, mut command: Command) {
        let worker = self.second.as_mut().map_or(0, |second| second.route(&mut command));
        let hosted = match &command {
            Command::Open { room, .. } if worker == 1 => Some(*room),
            _ => None,
        };
        let (now, mut wire) = (self.now, Wire::default());
        self.worker(worker).handle_command(command, now, &mut wire);
        if let Some(room) = hosted {
            let host = Some(WorkerId(0));
            let command = Command::Host { room, host };
            self.worker(worker).handle_command(command, now, &mut wire);
        }
        self.deliver(wire);
    }

    /// Each worker knows that the room is on the other one, too.
    pub fn spread(&mut self) {
        let now = self.now;
        for worker in 0..self.workers() {
            let workers = vec![WorkerId(1 - worker)];
            if self.second.is_some() {
                let command = Command::Spread { room: ROOM, workers };
                self.worker(worker).handle_command(command, now, &mut Wire::default());
            }
        }
    }

    pub(super) fn worker(&mut self, worker: usize) -> &mut Sfu {
        match worker {
            0 => &mut self.sfu,
            _ => &mut self.second().sfu,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let second = self.second.as_ref().and_then(|second| second.sfu.poll_timeout());
        self.sfu.poll_timeout().into_iter().chain(second).min()
    }

    pub(super) fn workers(&self) -> usize {
        1 + usize::from(self.second.is_some())
    }

    /// What the workers have for each other, until they have nothing more. False: there was nothing.
    pub(super) fn cross(&mut self) -> bool {
        if self.second.is_none() {
            return false;
        }
        let mut crossed = false;
        loop {
            let mut lists = Vec::new();
            for from in 0..2 {
                self.worker(from)
                    .hand_over(|to, messages| lists.push((from, to, mem::take(messages))));
            }
            if lists.is_empty() {
                return crossed;
            }
            crossed = true;
            for (from, to, mut messages) in lists {
                let second = self.second();
                second.said += if from == 1 { messages.len() } else { 0 };
                if to == WorkerId(1) && second.is_stalled {
                    let before = messages.len();
                    messages.retain(|message| !message.is_expendable());
                    second.dropped += before - messages.len();
                } else if to == WorkerId(1) && mem::take(&mut second.dropped) > 0 {
                    messages.insert(0, Across::MISSED);
                }
                let (now, mut wire) = (self.now, Wire::default());
                let sfu = self.worker(to.0);
                sfu.handle_across(WorkerId(from), &mut messages, now, &mut wire);
                sfu.flush(now, &mut wire);
                self.deliver(wire);
            }
        }
    }
}
