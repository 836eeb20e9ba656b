//! HTTP that came out of TLS of ours: carried in the clear to the HTTP server of this process, through a pair of sockets.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::link::{Link, Scratch, is_transient};
use super::poller::{Interest, Poller};
use super::queue::Queue;
use super::stream::End;

/// What may wait in each direction before the side that it comes from has to wait. One read more may lie on top.
const WAITING_MAX: usize = 64 << 10;
/// For the peer to take the rest and to end, after HTTP has ended.
const LINGER: Duration = Duration::from_secs(30);

/// `outer` is the peer, behind TLS; `inner` the HTTP server.
pub(super) struct Tunnel {
    inner: UnixStream,
    /// For the inner side.
    waiting: Queue,
    outer_ended: bool,
    inner_ended: Option<Instant>,
    /// The inner side takes nothing more: what still comes is read and thrown away, for a reset would take the answer with it.
    inner_is_deaf: bool,
    outer_was_told: Told,
    inner_was_told: bool,
    interest: Interest,
    discarded: u64,
}

/// How far the peer knows that HTTP has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    No,
    ByTls,
    ByTcp,
}

/// What the poller says of both sides.
#[derive(Clone, Copy, Default)]
pub(super) struct Readable {
    pub outer: bool,
    pub inner: bool,
}

/// What a pump moved to and from the wire.
#[derive(Clone, Copy, Default)]
pub(super) struct Moved {
    pub read: usize,
    pub written: usize,
}

impl Tunnel {
    /// The tunnel, and the end for the HTTP server, non-blocking.
    pub fn new() -> io::Result<(Tunnel, OwnedFd)> {
        let (inner, handed_out) = UnixStream::pair()?;
        inner.set_nonblocking(true)?;
        handed_out.set_nonblocking(true)?;
        let tunnel = Tunnel {
            inner,
            waiting: Queue::default(),
            outer_ended: false,
            inner_ended: None,
            inner_is_deaf: false,
            outer_was_told: Told::No,
            inner_was_told: false,
            interest: Interest::default(),
            discarded: 0,
        };
        Ok((tunnel, handed_out.into()))
    }

    /// What came from the peer, and whether that was the last.
    pub fn take(&mut self, plain: &[u8], ended: bool) {
        self.outer_ended |= ended;
        if self.inner_is_deaf {
            self.discarded += plain.len() as u64;
        } else {
            self.waiting.tail().extend_from_slice(plain);
        }
    }

    /// Moves what can be moved; an error when it is over.
    pub fn pump(
        &mut self,
        link: &mut Link,
        readable: Readable,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Moved, End> {
        let mut moved = Moved::default();
        if readable.outer && self.wants_outer() {
            let input = link.read(scratch, 0)?;
            moved.read = input.wire;
            self.take(&scratch.plain[..input.len], input.ended);
        }
        self.write_inner();
        if readable.inner && self.wants_inner(link) {
            self.read_inner(link, scratch, now);
        }
        moved.written = link.write()?;
        moved.written += self.pass_ends_on(link)?;
        if self.outer_ended && self.inner_was_told && self.outer_was_told == Told::ByTcp {
            return Err(End::Done);
        }
        Ok(moved)
    }

    fn write_inner(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        match self.inner.write(self.waiting.as_slice()) {
            Ok(len) => self.waiting.consume(len),
            Err(error) if is_transient(&error) => {}
            Err(_) => {
                self.inner_is_deaf = true;
                self.discarded += self.waiting.len() as u64;
                self.waiting.clear();
            }
        }
    }

    fn read_inner(&mut self, link: &mut Link, scratch: &mut Scratch, now: Instant) {
        match self.inner.read(&mut scratch.plain[..WAITING_MAX]) {
            Ok(len) if len > 0 => link.out.tail().extend_from_slice(&scratch.plain[..len]),
            Err(error) if is_transient(&error) => {}
            _ => self.inner_ended = Some(now),
        }
    }

    /// An end is passed on when everything before it has been.
    fn pass_ends_on(&mut self, link: &mut Link) -> Result<usize, End> {
        let mut written = 0;
        if self.outer_ended && self.waiting.is_empty() && !self.inner_was_told {
            self.inner_was_told = true;
            // It fails where the inner side is gone, which reading tells.
            let _ = self.inner.shutdown(Shutdown::Write);
        }
        if self.inner_ended.is_some() && self.outer_was_told == Told::No && link.is_drained() {
            self.outer_was_told = Told::ByTls;
            link.say_end();
            written = link.write()?;
        }
        if self.outer_was_told == Told::ByTls && link.is_drained() {
            self.outer_was_told = Told::ByTcp;
            link.shut_write();
        }
        Ok(written)
    }

    pub fn wants_outer(&self) -> bool {
        !self.outer_ended && self.waiting.len() < WAITING_MAX
    }

    fn wants_inner(&self, link: &Link) -> bool {
        self.inner_ended.is_none() && link.out.len() < WAITING_MAX
    }

    /// The HTTP server decides how long a connection lives; after that the peer has its time to go.
    pub fn deadline(&self) -> Option<Instant> {
        self.inner_ended.map(|ended| ended + LINGER)
    }

    /// From the peer, and taken by nobody.
    pub fn discarded(&self) -> u64 {
        self.discarded + self.waiting.len() as u64
    }

    pub fn watch(&mut self, link: &Link, poller: &Poller, key: u64) -> io::Result<()> {
        let interest = Interest {
            read: self.wants_inner(link),
            write: !self.waiting.is_empty(),
        };
        poller.change(self.inner.as_raw_fd(), key, self.interest, interest)?;
        self.interest = interest;
        Ok(())
    }

    pub fn unwatch(&mut self, poller: &Poller, key: u64) {
        let _ = poller.change(self.inner.as_raw_fd(), key, self.interest, Interest::default());
        self.interest = Interest::default();
    }
}
