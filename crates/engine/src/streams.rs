//! TCP and TLS connections that carry TURN or ICE, and HTTP that came in TLS of ours: bytes in, messages out, and back.
//!
//! ```text
//!             adopt                                           ┌─ TURN, ICE: messages ──▶ deliver        send ──▶ queue ─ flush ─▶
//!   socket ───────────▶ link (TLS or none) ── what is it? ────┤
//!                                                             └─ HTTP: a tunnel ──▶ one end of a socket pair, as an event
//! ```

mod admission;
mod counters;
mod crowding;
mod frames;
mod link;
pub(crate) mod poller;
mod queue;
mod stream;
#[cfg(test)]
mod tests;
mod timers;
mod tls;
mod tunnel;

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;
use std::{io, mem};

use rustc_hash::FxHashMap;
use rustls::ServerConfig;

pub(crate) use admission::Limits;
pub(crate) use counters::StreamCounters;
pub(crate) use frames::Protocol;
pub use tls::CertificateError;
pub(crate) use tls::server_config;

use admission::{Admission, Refusal};
use crowding::Crowding;
use link::{Link, Scratch};
use poller::{Poller, READY_MAX, Ready};
use stream::{End, Queued, Role, Stream};
use timers::Timers;
use tls::{Session, TlsConfigs};
use tunnel::Readable;

/// A signature with a key of RSA takes most of a millisecond, which media must not wait for many times over.
const HANDSHAKES_PER_TURN: usize = 8;

/// What the first bytes of a connection were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    Turn,
    Ice,
    /// Whatever is inside.
    Tls,
}

/// One message. What was around it on the wire is gone; the bytes may be changed.
pub(crate) struct Frame<'a> {
    pub stream: u32,
    pub remote: SocketAddr,
    pub local: SocketAddr,
    pub protocol: Protocol,
    pub bytes: &'a mut [u8],
}

#[derive(Debug)]
pub(crate) enum StreamEvent {
    /// A stream of which a message was delivered has ended, whoever ended it. Its number does not come again.
    Gone {
        stream: u32,
        remote: SocketAddr,
        local: SocketAddr,
        protocol: Protocol,
    },
    /// Inside of TLS was HTTP: the end of a pair that carries it in the clear, non-blocking, nothing of it read yet.
    Http {
        socket: OwnedFd,
        remote: SocketAddr,
        local: SocketAddr,
    },
}

/// All streams, on one thread. Its descriptor is readable while [`Streams::receive`] has something to do.
pub(crate) struct Streams {
    poller: Poller,
    admission: Admission,
    crowding: Crowding,
    table: FxHashMap<u32, Stream>,
    next_number: u32,
    tls: Option<Arc<TlsConfigs>>,
    timers: Timers,
    dirty: Vec<u32>,
    events: Vec<StreamEvent>,
    counters: StreamCounters,
    /// None while it is in use.
    scratch: Option<Scratch>,
    ready: Vec<Ready>,
}

impl AsRawFd for Streams {
    fn as_raw_fd(&self) -> RawFd {
        self.poller.as_raw_fd()
    }
}

impl Streams {
    pub fn new() -> io::Result<Streams> {
        Streams::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> io::Result<Streams> {
        Ok(Streams {
            poller: Poller::new()?,
            admission: Admission::new(limits),
            crowding: Crowding::new(limits.waiting),
            table: FxHashMap::default(),
            next_number: 0,
            tls: None,
            timers: Timers::default(),
            dirty: Vec::new(),
            events: Vec::new(),
            counters: StreamCounters::default(),
            scratch: None,
            ready: Vec::with_capacity(READY_MAX),
        })
    }

    pub fn counters(&self) -> &StreamCounters {
        &self.counters
    }

    /// In the order in which they happened.
    pub fn take_events(&mut self) -> Vec<StreamEvent> {
        mem::take(&mut self.events)
    }

    /// From now on; whoever is connected keeps what its handshake was made with.
    pub fn set_tls(&mut self, config: Arc<ServerConfig>) {
        self.tls = Some(Arc::new(TlsConfigs::new(config)));
    }

    /// Takes a connected TCP socket of which nothing was read. Closed and counted where it cannot be served.
    pub fn adopt(&mut self, socket: OwnedFd, kind: StreamKind, now: Instant) {
        let (role, session) = match (kind, &self.tls) {
            (StreamKind::Turn, _) => (Role::Framed(Protocol::Turn), None),
            (StreamKind::Ice, _) => (Role::Framed(Protocol::Ice), None),
            (StreamKind::Tls, Some(configs)) => (Role::Undecided, Some(Session::new(Arc::clone(configs)))),
            (StreamKind::Tls, None) => {
                self.counters.dropped_stream_no_certificate += 1;
                return;
            }
        };
        let Ok(stream) = Link::new(socket, session).and_then(|link| Stream::new(link, role, now)) else {
            self.counters.dropped_stream_socket += 1;
            return;
        };
        if let Err(refusal) = self.admission.admit(stream.remote.ip()) {
            *match refusal {
                Refusal::Full => &mut self.counters.dropped_stream_limit,
                Refusal::AddressFull => &mut self.counters.dropped_stream_address_limit,
            } += 1;
            return;
        }
        self.counters.streams_opened += 1;
        let number = self.take_number();
        self.table.insert(number, stream);
        self.settle(number);
    }

    /// Takes what there is, a bounded part of it. Call [`Streams::flush`] afterwards for what was sent meanwhile.
    pub fn receive(&mut self, now: Instant, mut deliver: impl FnMut(Frame<'_>)) {
        let mut ready = mem::take(&mut self.ready);
        self.poller.poll(&mut ready);
        let mut scratch = self.scratch.take().unwrap_or_default();
        let mut handshakes = HANDSHAKES_PER_TURN;
        for ready in &ready {
            let number = (ready.key >> 1) as u32;
            let Some(stream) = self.table.get(&number) else {
                continue;
            };
            if stream.link.is_handshaking() {
                // It stays readable.
                let Some(left) = handshakes.checked_sub(1) else {
                    continue;
                };
                handshakes = left;
            }
            match self.handle_ready(number, *ready, &mut scratch, now, &mut deliver) {
                Ok(()) => self.settle(number),
                Err(why) => self.end(number, why),
            }
        }
        self.scratch = Some(scratch);
        self.ready = ready;
    }

    /// Queues a message, whole or not at all: false where it was dropped, and counted. Nothing leaves before [`Streams::flush`].
    pub fn send(&mut self, stream: u32, message: &[u8]) -> bool {
        let number = stream;
        let Some(stream) = self.table.get_mut(&number) else {
            self.counters.dropped_stream_send += 1;
            return false;
        };
        let len = match stream.queue(message) {
            Queued::Done(len) => len,
            Queued::Full => {
                self.counters.dropped_stream_full += 1;
                return false;
            }
            Queued::Refused => {
                self.counters.dropped_stream_send += 1;
                return false;
            }
        };
        self.counters.stream_frames_out += 1;
        if !stream.is_dirty && !stream.link.is_blocked() {
            stream.is_dirty = true;
            self.dirty.push(number);
        }
        if self.crowding.add(len) {
            let dropped = self.crowding.relieve(self.table.values_mut());
            self.counters.dropped_stream_crowded += dropped as u64;
        }
        true
    }

    /// Writes what was queued: one system call a stream, but for what TLS cuts into records of 16 KiB.
    pub fn flush(&mut self) {
        let mut dirty = mem::take(&mut self.dirty);
        for number in dirty.drain(..) {
            let Some(stream) = self.table.get_mut(&number) else {
                continue;
            };
            stream.is_dirty = false;
            match stream.link.write() {
                Ok(written) => {
                    self.counters.stream_bytes_out += written as u64;
                    if stream.link.is_blocked() {
                        self.settle(number);
                    }
                }
                Err(why) => self.end(number, why),
            }
        }
        self.dirty = dirty;
    }

    /// It has an allocation or an ICE connection, and may stay while it says something.
    pub fn keep(&mut self, stream: u32) {
        if let Some(stream) = self.table.get_mut(&stream) {
            stream.keep();
        }
    }

    /// It has neither any more, and its time runs.
    pub fn release(&mut self, stream: u32) {
        if let Some(kept) = self.table.get_mut(&stream) {
            kept.release();
            self.settle(stream);
        }
    }

    /// When to call [`Streams::handle_timeout`]; perhaps earlier than there is something to be done.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(number) = self.timers.pop_due(now) {
            let Some(stream) = self.table.get_mut(&number) else {
                continue;
            };
            stream.armed = None;
            if stream.deadline().is_some_and(|deadline| deadline <= now) {
                let why = stream.overdue();
                self.end(number, why);
            } else {
                self.settle(number);
            }
        }
    }

    fn handle_ready(
        &mut self,
        number: u32,
        ready: Ready,
        scratch: &mut Scratch,
        now: Instant,
        deliver: &mut impl FnMut(Frame<'_>),
    ) -> Result<(), End> {
        let Streams {
            table,
            counters,
            events,
            ..
        } = self;
        let Some(stream) = table.get_mut(&number) else {
            return Ok(());
        };
        if let Role::Tunnel(tunnel) = &mut stream.role {
            let is_inner = ready.key & 1 == 1;
            let readable = Readable {
                outer: ready.read && !is_inner,
                inner: ready.read && is_inner,
            };
            let moved = tunnel.pump(&mut stream.link, readable, scratch, now)?;
            counters.stream_bytes_in += moved.read as u64;
            counters.stream_bytes_out += moved.written as u64;
            return Ok(());
        }
        if ready.write {
            counters.stream_bytes_out += stream.link.write()? as u64;
        }
        if !ready.read {
            return Ok(());
        }
        let was_handshaking = stream.link.is_handshaking();
        let input = stream.read(scratch, now)?;
        counters.stream_bytes_in += input.wire as u64;
        if was_handshaking {
            counters.stream_tls_handshakes += u64::from(!stream.link.is_handshaking());
            counters.stream_bytes_out += stream.link.write()? as u64;
        }
        let plain = &mut scratch.plain[..input.len];
        if let Some(socket) = stream.decide(plain, input.ended)? {
            counters.stream_http_tunnels += 1;
            events.push(StreamEvent::Http {
                socket,
                remote: stream.remote,
                local: stream.local,
            });
            return Ok(());
        }
        let (remote, local) = (stream.remote, stream.local);
        stream.take_messages(plain, now, |protocol, bytes| {
            counters.stream_frames_in += 1;
            deliver(Frame {
                stream: number,
                remote,
                local,
                protocol,
                bytes,
            });
        })?;
        if input.ended { Err(End::Peer) } else { Ok(()) }
    }

    /// After anything that may have changed what a stream waits for.
    fn settle(&mut self, number: u32) {
        let Some(stream) = self.table.get_mut(&number) else {
            return;
        };
        if stream.watch(&self.poller, key(number)).is_err() {
            return self.end(number, End::Socket);
        }
        let deadline = stream.deadline();
        self.timers.arm(number, &mut stream.armed, deadline);
    }

    fn end(&mut self, number: u32, why: End) {
        let Some(mut stream) = self.table.remove(&number) else {
            return;
        };
        self.timers.disarm(number, &mut stream.armed);
        stream.unwatch(&self.poller, key(number));
        self.admission.leave(stream.remote.ip());
        // What the socket takes at once; nobody waits for the rest.
        if !matches!(why, End::Socket | End::Tls) {
            self.counters.stream_bytes_out += stream.link.part() as u64;
        }
        self.count_end(&stream, why);
        if let (true, Role::Framed(protocol)) = (stream.was_heard(), &stream.role) {
            self.events.push(StreamEvent::Gone {
                stream: number,
                remote: stream.remote,
                local: stream.local,
                protocol: *protocol,
            });
        }
    }

    fn count_end(&mut self, stream: &Stream, why: End) {
        let counters = &mut self.counters;
        counters.streams_closed += 1;
        counters.dropped_stream_bytes += stream.unsent();
        let reason = match why {
            End::Peer | End::Socket if stream.holds_part_of_a_message() => &mut counters.dropped_stream_cut,
            End::Peer | End::Socket | End::Done => return,
            End::Tls => &mut counters.dropped_stream_tls,
            End::Unknown => &mut counters.dropped_stream_unknown,
            End::Unframed => &mut counters.dropped_stream_unframed,
            End::Silent => &mut counters.dropped_stream_silent,
            End::Unused => &mut counters.dropped_stream_unused,
            End::Idle | End::Lingering => &mut counters.dropped_stream_idle,
        };
        *reason += 1;
    }

    /// The next that nobody has: it comes again only after all others have.
    fn take_number(&mut self) -> u32 {
        loop {
            let number = self.next_number;
            self.next_number = number.wrapping_add(1);
            if !self.table.contains_key(&number) {
                return number;
            }
        }
    }
}

/// The poller's name for a stream's socket; a tunnel's inner one is the next.
fn key(number: u32) -> u64 {
    u64::from(number) << 1
}
