//! One stream: what it carries, what it has proved, and until when it may stay.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::frames::Protocol;
use super::link::{Input, Link, Scratch};
use super::poller::{Interest, Poller};
use super::tunnel::Tunnel;
use crate::first_bytes::{FirstBytes, classify};

/// For the handshake of TLS, and again for the first message that makes sense.
const SILENT: Duration = Duration::from_secs(10);
/// From the first message to an allocation or an ICE connection. Both take a few round trips, also where each is repeated.
const UNUSED: Duration = Duration::from_secs(30);
/// An allocation ends after ten minutes and a permission after five unless refreshed (RFC 8656, sections 3.2 and 9); ICE checks consent
/// every five seconds (RFC 7675).
const IDLE: Duration = Duration::from_secs(600);
/// Half a second at 4 Mbit/s. Later than that a picture is frozen, and what is newer matters more.
pub(super) const QUEUE: usize = 256 << 10;
/// For answers to somebody who has proved nothing.
const QUEUE_UNPROVED: usize = 16 << 10;

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer said so.
    Peer,
    /// A reset, or another error.
    Socket,
    Tls,
    /// Neither TURN nor ICE nor HTTP inside of TLS.
    Unknown,
    Unframed,
    Silent,
    Unused,
    Idle,
    /// A tunnel whose peer does not end after HTTP has.
    Lingering,
    /// Both sides of a tunnel have ended.
    Done,
}

pub(super) enum Role {
    /// What is inside of TLS is not known yet.
    Undecided,
    Framed(Protocol),
    Tunnel(Box<Tunnel>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Handshaking,
    /// No message yet.
    Silent,
    /// Some messages, nothing proved.
    Unproved,
    /// It has an allocation or an ICE connection.
    Kept,
}

pub(super) enum Queued {
    /// So many bytes.
    Done(usize),
    Full,
    /// Not for this stream, or no message that fits into one frame.
    Refused,
}

pub(super) struct Stream {
    pub link: Link,
    pub remote: SocketAddr,
    pub local: SocketAddr,
    pub role: Role,
    phase: Phase,
    phase_began: Instant,
    /// When the last whole message came: beginnings of one prove nothing.
    heard: Instant,
    /// The beginning of a message.
    held: Vec<u8>,
    interest: Interest,
    /// In the list of those to be flushed.
    pub is_dirty: bool,
    /// Where it stands among the timers.
    pub armed: Option<Instant>,
}

impl Stream {
    pub fn new(link: Link, role: Role, now: Instant) -> io::Result<Stream> {
        let (remote, local) = link.addresses()?;
        let phase = if link.is_handshaking() {
            Phase::Handshaking
        } else {
            Phase::Silent
        };
        Ok(Stream {
            link,
            remote,
            local,
            role,
            phase,
            phase_began: now,
            heard: now,
            held: Vec::new(),
            interest: Interest::default(),
            is_dirty: false,
            armed: None,
        })
    }

    /// Reads once; `len` is that of everything that is not a whole message yet.
    pub fn read(&mut self, scratch: &mut Scratch, now: Instant) -> Result<Input, End> {
        let held = self.held.len();
        scratch.plain[..held].copy_from_slice(&self.held);
        let mut input = self.link.read(scratch, held)?;
        input.len += held;
        if self.phase == Phase::Handshaking && !self.link.is_handshaking() {
            self.begin(Phase::Silent, now);
        }
        Ok(input)
    }

    /// What is inside of TLS. For HTTP it becomes a tunnel, whose other end is given.
    pub fn decide(&mut self, plain: &[u8], ended: bool) -> Result<Option<OwnedFd>, End> {
        if !matches!(self.role, Role::Undecided) || self.link.is_handshaking() {
            return Ok(None);
        }
        match classify(plain) {
            FirstBytes::Turn => self.role = Role::Framed(Protocol::Turn),
            FirstBytes::Ice => self.role = Role::Framed(Protocol::Ice),
            FirstBytes::More => {}
            FirstBytes::Http => {
                let (mut tunnel, other_end) = Tunnel::new().map_err(|_| End::Socket)?;
                tunnel.take(plain, ended);
                self.role = Role::Tunnel(Box::new(tunnel));
                self.held = Vec::new();
                return Ok(Some(other_end));
            }
            // No TLS in TLS either.
            FirstBytes::Tls { .. } | FirstBytes::Unknown => return Err(End::Unknown),
        }
        Ok(None)
    }

    /// All whole messages of what was read; the rest is kept for the next time.
    pub fn take_messages(
        &mut self,
        plain: &mut [u8],
        now: Instant,
        mut deliver: impl FnMut(Protocol, &mut [u8]),
    ) -> Result<(), End> {
        let mut at = 0;
        if let Role::Framed(protocol) = self.role {
            while let Some(message) = protocol.first_message(&plain[at..]).map_err(|_| End::Unframed)? {
                self.hear(now);
                deliver(protocol, &mut plain[at + message.start..at + message.end]);
                at += message.next;
            }
        }
        self.held.clear();
        self.held.extend_from_slice(&plain[at..]);
        Ok(())
    }

    fn hear(&mut self, now: Instant) {
        self.heard = now;
        if self.phase == Phase::Silent {
            self.begin(Phase::Unproved, now);
        }
    }

    pub fn holds_part_of_a_message(&self) -> bool {
        !self.held.is_empty()
    }

    /// Somebody knows of this stream.
    pub fn was_heard(&self) -> bool {
        matches!(self.phase, Phase::Unproved | Phase::Kept)
    }

    pub fn keep(&mut self) {
        if self.was_heard() {
            self.phase = Phase::Kept;
        }
    }

    pub fn release(&mut self) {
        if self.phase == Phase::Kept {
            self.begin(Phase::Unproved, self.heard);
        }
    }

    /// The whole message, or nothing of it.
    pub fn queue(&mut self, message: &[u8]) -> Queued {
        let Role::Framed(protocol) = self.role else {
            return Queued::Refused;
        };
        let Some(len) = protocol.framed_len(message) else {
            return Queued::Refused;
        };
        let max = if self.phase == Phase::Kept {
            QUEUE
        } else {
            QUEUE_UNPROVED
        };
        if self.link.out.len() + len > max {
            return Queued::Full;
        }
        self.link.out.push_frame(|out| protocol.write(message, out));
        Queued::Done(len)
    }

    /// What waits and could be dropped; HTTP is never: it waits until the peer reads.
    pub fn waiting(&self) -> usize {
        match self.role {
            Role::Framed(_) => self.link.out.len(),
            Role::Undecided | Role::Tunnel(_) => 0,
        }
    }

    /// Bytes that nobody will get any more.
    pub fn unsent(&self) -> u64 {
        let unsent = self.link.out.len() as u64;
        match &self.role {
            Role::Tunnel(tunnel) => unsent + tunnel.discarded(),
            _ => unsent,
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        if let Role::Tunnel(tunnel) = &self.role {
            return tunnel.deadline();
        }
        Some(match self.phase {
            Phase::Handshaking | Phase::Silent => self.phase_began + SILENT,
            Phase::Unproved => self.phase_began + UNUSED,
            Phase::Kept => self.heard + IDLE,
        })
    }

    /// What it means that the deadline has come.
    pub fn overdue(&self) -> End {
        match (&self.role, self.phase) {
            (Role::Tunnel(_), _) => End::Lingering,
            (_, Phase::Handshaking | Phase::Silent) => End::Silent,
            (_, Phase::Unproved) => End::Unused,
            (_, Phase::Kept) => End::Idle,
        }
    }

    /// Has the poller watch for what matters now; `key` is the socket's, `key + 1` the tunnel's inner one.
    pub fn watch(&mut self, poller: &Poller, key: u64) -> io::Result<()> {
        let write = self.link.is_blocked();
        let read = match &mut self.role {
            Role::Tunnel(tunnel) => {
                tunnel.watch(&self.link, poller, key + 1)?;
                tunnel.wants_outer()
            }
            _ => true,
        };
        self.set_interest(poller, key, Interest { read, write })
    }

    /// Before it is dropped: a copy of the descriptor in a forked process would keep the poller calling.
    pub fn unwatch(&mut self, poller: &Poller, key: u64) {
        // Nothing is lost when what is not watched cannot be unwatched.
        let _ = self.set_interest(poller, key, Interest::default());
        if let Role::Tunnel(tunnel) = &mut self.role {
            tunnel.unwatch(poller, key + 1);
        }
    }

    fn set_interest(&mut self, poller: &Poller, key: u64, interest: Interest) -> io::Result<()> {
        poller.change(self.link.as_raw_fd(), key, self.interest, interest)?;
        self.interest = interest;
        Ok(())
    }

    fn begin(&mut self, phase: Phase, at: Instant) {
        self.phase = phase;
        self.phase_began = at;
    }
}
