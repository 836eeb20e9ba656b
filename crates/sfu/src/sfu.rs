//! The tables, the dispatch of input, and the timers.

#[cfg(feature = "fuzzing")]
mod fuzzing;

use crate::across::Mail;
use crate::command::Command;
use crate::config::Config;
use crate::connection::Connection;
use crate::counters::Counters;
use crate::egress::Egress;
use crate::encoding::{Encoding, EncodingId};
use crate::event::Event;
use crate::fanout::Job;
use crate::fronts::Fronts;
use crate::loudest::Loudest;
use crate::rtp;
use crate::sequence::Epochs;
use crate::slot::Slot;
use crate::source::Source;
use crate::speakers::Speakers;
use crate::stats::{ConnectionStats, SlotStats, SourceStats};
use crate::stun;
use crate::table::{Index, Table};
use crate::transport::{TransportEvent, TransportOutput, TransportParams};
use crate::types::{CloseReason, ConnectionId, Path, RoomKey, SlotId, SourceId, WorkerId};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A transport that always wants to be called at once must not keep the worker from everything else.
const TRANSPORT_PACE: Duration = Duration::from_micros(500);

/// Everything that one worker owns: connections, their sources and slots, and what is due when.
///
/// Input goes in through `handle_*`; datagrams leave through the [`Egress`] given with it and events through
/// [`poll_event`](Sfu::poll_event). After each batch of datagrams call [`flush`](Sfu::flush), and at
/// [`poll_timeout`](Sfu::poll_timeout) call [`handle_timeout`](Sfu::handle_timeout).
pub struct Sfu {
    pub(crate) config: Config,
    pub(crate) counters: Counters,
    pub(crate) connections: Table<ConnectionId, Connection>,
    pub(crate) sources: Table<SourceId, Source>,
    pub(crate) encodings: Table<EncodingId, Encoding>,
    pub(crate) slots: Table<SlotId, Slot>,
    pub(crate) rooms: FxHashMap<RoomKey, Room>,
    pub(crate) by_address: FxHashMap<SocketAddr, Index<Connection>>,
    pub(crate) by_fragment: FxHashMap<String, Index<Connection>>,
    pub(crate) epochs: Epochs,
    /// Encodings whose outbox has something to fan out.
    pub(crate) ready: Vec<Index<Encoding>>,
    /// Encodings whose outbox holds part of a frame.
    pub(crate) holding: Vec<Index<Encoding>>,
    /// Connections for which messages wait.
    pub(crate) talking: Vec<Index<Connection>>,
    /// For other workers, until it is handed over.
    pub(crate) mail: Mail,
    /// Mirrors that other workers have of sources here.
    pub(crate) mirrored: usize,
    /// Room for the fan-out's work list, kept for its capacity.
    pub(crate) jobs: Vec<Job>,
    /// The same for what leaves in one piece.
    pub(crate) piece: Vec<u64>,
    /// What packets of sound repeat, for the viewers of one flush.
    pub(crate) fronts: Fronts,
    /// At least one entry per thing that is due, never later than it; an entry that came too early is put back.
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    pub(crate) events: VecDeque<Event>,
    /// Zero of the clocks that go over the wire.
    zero: Option<Instant>,
    jitter: u64,
}

/// Connections that are compared.
#[derive(Debug, Default)]
pub(crate) struct Room {
    pub connections: usize,
    /// Those who hear messages.
    pub members: Vec<Index<Connection>>,
    /// Other workers where connections of it are.
    pub elsewhere: Vec<WorkerId>,
    pub speakers: Speakers,
    pub loudest: Loudest,
    /// Where its voices are compared, if not here.
    pub host: Option<WorkerId>,
    /// Voices on other workers, which tell us of them.
    pub guests: FxHashMap<SourceId, WorkerId>,
    /// Where they are compared here: it had many voices when that was looked at last, ...
    pub was_large: bool,
    /// ... and what workers of guests were told of who is passed on is not so any more.
    pub is_news: bool,
    /// Where they are compared elsewhere: who is passed on. None: everybody.
    pub chosen: Option<Vec<SourceId>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    Connection(Index<Connection>),
    Source(Index<Source>),
    Room(RoomKey),
}

impl Sfu {
    pub fn new(config: Config) -> Sfu {
        Sfu {
            counters: Counters::default(),
            connections: Table::new(),
            sources: Table::new(),
            encodings: Table::new(),
            slots: Table::new(),
            rooms: FxHashMap::default(),
            by_address: FxHashMap::default(),
            by_fragment: FxHashMap::default(),
            epochs: Epochs::default(),
            ready: Vec::new(),
            holding: Vec::new(),
            mail: Mail::default(),
            mirrored: 0,
            jobs: Vec::new(),
            talking: Vec::new(),
            piece: Vec::new(),
            fronts: Fronts::default(),
            timers: BinaryHeap::new(),
            events: VecDeque::new(),
            zero: None,
            // The generator stands still at zero.
            jitter: config.seed | 1,
            config,
        }
    }

    pub fn handle_command(&mut self, command: Command, now: Instant, out: &mut impl Egress) {
        let done = match command {
            Command::Open {
                connection,
                room,
                local,
                remote,
                fingerprint,
                dtls_active,
            } => {
                let params = TransportParams {
                    local,
                    remote,
                    fingerprint,
                    dtls_active,
                };
                self.open(connection, room, params, now, out)
            }
            Command::OpenChunked { connection, room } => self.open_chunked(connection, room, now),
            Command::RestartIce {
                connection,
                local,
                remote,
            } => self.restart_ice(connection, local, remote, now, out),
            Command::Close { connection } => self.close(connection, now, out),
            Command::AddSource {
                connection,
                source,
                spec,
            } => self.add_source(connection, source, spec, now),
            Command::RemoveSource { source } => self.remove_source(source, now),
            Command::EnableSource { source, enabled } => self.enable_source(source, enabled, now),
            Command::Favour { source, favoured } => self.favour(source, favoured),
            Command::AddSlot { connection, slot, spec } => self.add_slot(connection, slot, spec, now),
            Command::RemoveSlot { slot } => self.remove_slot(slot, now),
            Command::Bind { slot, to } => self.bind(slot, to, now, out),
            Command::BindMirror { slot, to, home, spec } => self.bind_mirror(slot, to, home, spec, now, out),
            Command::Host { room, host } => self.host(room, host),
            Command::PauseSlot { slot, paused } => self.pause_slot(slot, paused, now, out),
            Command::Wish { slot, wish } => self.wish(slot, wish, now, out),
            Command::Chunk { source, chunk } => self.take_chunk(source, &chunk, now, out),
            Command::RefreshSlot { slot } => self.refresh_slot(slot, now),
            Command::Member {
                connection,
                name,
                sends,
            } => self.member(connection, &name, sends),
            Command::Spread { room, workers } => self.spread(room, workers),
            Command::RequestKeyFrame { source } => self.request_key_frame(source, now, out),
            Command::Crash { connection: None } => panic!("crash of the worker was commanded"),
            Command::Crash {
                connection: Some(connection),
            } => self.crash(connection, now),
        };
        if done.is_none() {
            self.counters.commands_ignored += 1;
        }
    }

    /// STUN with a live user-name fragment, DTLS, SRTP and SRTCP (told apart as RFC 7983 says). The buffer is decrypted
    /// in place. What comes in stays until [`flush`](Sfu::flush). `arrived`: when it reached this machine; publishers hear of that
    /// time, by which they judge how wide their way is.
    pub fn handle_datagram(
        &mut self,
        path: Path,
        datagram: &mut [u8],
        arrived: Instant,
        now: Instant,
        out: &mut impl Egress,
    ) {
        self.counters.bytes_in += datagram.len() as u64;
        match datagram.first() {
            Some(0..=3) => {
                let fragment = stun::local_fragment(datagram);
                let Some(&at) = fragment.and_then(|fragment| self.by_fragment.get(fragment)) else {
                    self.counters.dropped_bad_stun += 1;
                    return;
                };
                self.isolate(at, now, |sfu| sfu.handle_transport(at, &path, datagram, now, out));
            }
            Some(20..=63 | 128..=191) => {
                let Some(&at) = self.by_address.get(&path.remote) else {
                    self.counters.dropped_unknown_address += 1;
                    return;
                };
                self.isolate(at, now, |sfu| match datagram[0] {
                    20..=63 => sfu.handle_transport(at, &path, datagram, now, out),
                    _ if rtp::is_rtcp(datagram) => sfu.handle_rtcp(at, &path, datagram, now, out),
                    _ => sfu.handle_rtp(at, &path, datagram, arrived, now),
                });
            }
            _ => {
                self.counters.dropped_malformed += 1;
            }
        }
    }

    pub fn handle_timeout(&mut self, now: Instant, out: &mut impl Egress) {
        self.zero.get_or_insert(now);
        while let Some(&Reverse((at, timer))) = self.timers.peek() {
            if at > now {
                break;
            }
            self.timers.pop();
            match timer {
                // One that an earlier entry replaced is of no use, and would put itself in again for ever.
                Timer::Connection(index) => {
                    if let Some(connection) = self.connections.get_mut(index)
                        && connection.queued.take_if(|queued| *queued == at).is_some()
                    {
                        self.isolate(index, now, |sfu| sfu.handle_due(index, now, out));
                    }
                }
                Timer::Source(index) => {
                    if let Some(source) = self.sources.get_mut(index)
                        && source.queued.take_if(|queued| *queued == at).is_some()
                    {
                        match source.connection {
                            Some(publisher) => self.isolate(publisher, now, |sfu| sfu.handle_source_due(index, now)),
                            None => self.handle_mirror_due(index, now),
                        }
                    }
                }
                Timer::Room(room) => self.report_speakers(room, now),
            }
        }
        self.release_held(now);
        self.flush(now, out);
    }

    /// When to call [`handle_timeout`](Sfu::handle_timeout); none while there is nothing to wait for.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let timer = self.timers.peek().map(|Reverse((at, _))| *at);
        let held = self.holding.iter().filter_map(|&index| self.encodings.get(index));
        held.filter_map(|encoding| encoding.outbox.deadline(&self.config))
            .chain(timer)
            .min()
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub fn connection_stats(&self, connection: ConnectionId) -> Option<ConnectionStats> {
        let connection = self.connections.get(self.connections.find(connection)?)?;
        let sources = connection.sources.iter().filter_map(|&index| self.sources.get(index));
        let slots = connection.slots.iter().filter_map(|&index| self.slots.get(index));
        Some(ConnectionStats {
            path: connection.paths.selected().copied(),
            round_trip: connection.round_trip,
            estimate: { connection.downlink.as_ref() }.and_then(|downlink| downlink.known()),
            acked: connection.acked,
            lost: connection.lost,
            sources: sources.map(|source| self.source_stats(source)).collect(),
            slots: slots.map(|slot| self.slot_stats(slot)).collect(),
        })
    }

    fn source_stats(&self, source: &Source) -> SourceStats {
        let encodings = source.encodings.iter().filter_map(|&index| self.encodings.get(index));
        SourceStats {
            source: source.id,
            encodings: encodings
                .map(|encoding| encoding.stats(source.spec.clock_rate))
                .collect(),
        }
    }

    fn slot_stats(&self, slot: &Slot) -> SlotStats {
        let encoding = slot.current.and_then(|current| self.encodings.get(current));
        let source = slot.binding.and_then(|bound| self.sources.get(bound.source));
        let clock_rate = source.map_or(0, |source| source.spec.clock_rate);
        slot.stats(encoding.map(|encoding| encoding.rank), clock_rate)
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// Microseconds on the clock that goes over the wire.
    pub(crate) fn micros(&mut self, now: Instant) -> i64 {
        let zero = *self.zero.get_or_insert(now);
        now.saturating_duration_since(zero).as_micros() as i64
    }

    /// A number below `range`; xorshift is random enough to keep reports from marching in step.
    pub(crate) fn jitter(&mut self, range: u64) -> u64 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        self.jitter % range
    }

    /// Runs what concerns one connection, then sets its timer. A panic ends that connection and nothing else: what it
    /// may have left half done is its own, and goes with it.
    pub(crate) fn isolate(&mut self, at: Index<Connection>, now: Instant, run: impl FnOnce(&mut Sfu)) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(self))) else {
            self.schedule(at);
            return;
        };
        let Some(connection) = self.connections.get(at).map(|connection| connection.id) else {
            return;
        };
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or(panic.downcast_ref::<String>().map(String::as_str));
        self.emit(Event::Fault {
            connection,
            message: format!("panic: {}", text.unwrap_or("without a message")),
        });
        self.disconnect(connection, Some(CloseReason::Crashed), now);
    }

    /// Puts the connection's earliest deadline into the heap, unless an entry as early is there.
    pub(crate) fn schedule(&mut self, at: Index<Connection>) {
        let Some(due) = self.deadline(at) else {
            return;
        };
        if let Some(connection) = self.connections.get_mut(at)
            && connection.queued.is_none_or(|queued| due < queued)
        {
            connection.queued = Some(due);
            self.timers.push(Reverse((due, Timer::Connection(at))));
        }
    }

    /// As [`schedule`](Sfu::schedule), for what is due to a source.
    pub(crate) fn schedule_source(&mut self, at: Index<Source>) {
        let repeats = self.sources.get(at).and_then(|source| self.mirror_deadline(source));
        let Some(source) = self.sources.get_mut(at) else {
            return;
        };
        if let Some(due) = source.deadline().into_iter().chain(repeats).min()
            && source.queued.is_none_or(|queued| due < queued)
        {
            source.queued = Some(due);
            self.timers.push(Reverse((due, Timer::Source(at))));
        }
    }

    pub(crate) fn schedule_room(&mut self, room: RoomKey, due: Instant) {
        self.timers.push(Reverse((due, Timer::Room(room))));
    }

    fn deadline(&self, at: Index<Connection>) -> Option<Instant> {
        let connection = self.connections.get(at)?;
        let mut due = connection.transport_due;
        let mut consider = |at: Option<Instant>| due = at.into_iter().chain(due).min();
        if connection.connected {
            consider(connection.report_due);
            consider(connection.arrivals.deadline());
            consider(connection.downlink.as_ref().and_then(|downlink| downlink.deadline()));
            for encoding in connection
                .encodings
                .iter()
                .filter_map(|&index| self.encodings.get(index))
            {
                if encoding.ssrc.is_some() || connection.transport.is_none() {
                    consider(encoding.demand.deadline());
                    consider(encoding.losses.deadline());
                }
            }
        }
        due
    }

    fn handle_due(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        if connection.transport_due.is_some_and(|due| due <= now)
            && let Some(transport) = &mut connection.transport
        {
            transport.handle_timeout(now);
            self.poll_transport(at, None, now, out);
            self.wake_outbox(at);
        }
        self.handle_downlink(at, now, out);
        self.send_feedback(at, now, out);
    }

    fn handle_transport(
        &mut self,
        at: Index<Connection>,
        path: &Path,
        datagram: &[u8],
        now: Instant,
        out: &mut impl Egress,
    ) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let id = connection.id;
        let is_stun = datagram[0] <= 3;
        let Some(transport) = &mut connection.transport else {
            return;
        };
        let answered = transport.answered();
        let handled = transport.handle_datagram(path.remote, datagram, now);
        if let Err(error) = handled
            && !is_stun
        {
            self.counters.dropped_bad_dtls += 1;
            self.emit(Event::Fault {
                connection: id,
                message: error.to_string(),
            });
        }
        self.poll_transport(at, Some(path), now, out);
        self.wake_outbox(at);
        // A check whose integrity does not hold is no error to `str0m`: it is just not answered. Whoever saw a user-name
        // fragment can send such: it must not fill the log.
        let transport = { self.connections.get(at) }.and_then(|connection| connection.transport.as_ref());
        if is_stun && transport.is_some_and(|transport| transport.answered() == answered) {
            self.counters.dropped_bad_stun += 1;
        }
    }

    /// Carries out all that the transport wants; `arriving` is the path of the datagram that it has just handled.
    pub(crate) fn poll_transport(
        &mut self,
        at: Index<Connection>,
        arriving: Option<&Path>,
        now: Instant,
        out: &mut impl Egress,
    ) {
        let path_to = |connection: &Connection, remote: SocketAddr| {
            let arriving = arriving.filter(|path| path.remote == remote);
            arriving.or(connection.paths.find(remote)).copied()
        };
        while let Some(connection) = self.connections.get_mut(at) {
            let Some(transport) = &mut connection.transport else {
                return;
            };
            match transport.poll_output() {
                TransportOutput::Timeout(due) => {
                    connection.transport_due = Some(due.max(now + TRANSPORT_PACE));
                    return;
                }
                TransportOutput::Transmit { to, contents } => {
                    if let Some(path) = path_to(connection, to) {
                        let buffer = out.buffer();
                        let len = contents.len().min(buffer.len());
                        buffer[..len].copy_from_slice(&contents[..len]);
                        out.commit(&path, len);
                        self.counters.bytes_out += len as u64;
                    }
                }
                TransportOutput::Event(TransportEvent::PathValidated(remote)) => {
                    let Some(path) = path_to(connection, remote) else {
                        continue;
                    };
                    let gone = connection.paths.validate(path);
                    // The newest proof wins: a client that reconnects from its old port takes the address along.
                    self.by_address.insert(remote, at);
                    if let Some(gone) = gone
                        && self.by_address.get(&gone) == Some(&at)
                    {
                        self.by_address.remove(&gone);
                    }
                }
                TransportOutput::Event(TransportEvent::PathSelected(remote)) => {
                    let changed = path_to(connection, remote).is_some_and(|path| connection.paths.select(path));
                    self.counters.path_changes += u64::from(changed);
                    self.announce(at, now);
                }
                TransportOutput::Event(TransportEvent::Secured(session)) => {
                    let (sender, receiver) = session.split();
                    connection.sender = Some(sender);
                    connection.receiver = Some(receiver);
                    self.announce(at, now);
                }
                TransportOutput::Event(TransportEvent::Message { channel, bytes }) => {
                    self.take_message(at, channel, &bytes, now);
                }
                TransportOutput::Event(TransportEvent::ChannelClosed(channel)) => self.forget_outbox(at, channel),
                TransportOutput::Event(TransportEvent::Closed(reason)) => {
                    let id = connection.id;
                    self.disconnect(id, Some(reason), now);
                    return;
                }
            }
        }
    }

    /// Once there are both keys and a path, media flows.
    fn announce(&mut self, at: Index<Connection>, now: Instant) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        if connection.connected || connection.sender.is_none() || connection.paths.selected().is_none() {
            return;
        }
        connection.connected = true;
        let event = Event::Connected {
            connection: connection.id,
        };
        let slots = connection.slots.clone();
        self.emit(event);
        for slot in slots {
            self.demand_start(slot, now);
        }
    }
}
