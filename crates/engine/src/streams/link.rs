//! A TCP socket, with TLS or without, and what waits to be written to it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::queue::Queue;
use super::stream::End;
use super::tls::Session;

/// What is read from a socket before others have their turn.
const READ: usize = 32 << 10;
/// Beside what one read gives: the beginning of a message (at most 16 KiB while it is not known of what), and a TLS record.
const PLAIN: usize = READ + (16 << 10) + (32 << 10);

/// Where bytes lie between the socket and whoever they are for: one for all links.
pub(super) struct Scratch {
    pub plain: Box<[u8]>,
    cipher: Box<[u8]>,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch {
            plain: vec![0; PLAIN].into_boxed_slice(),
            cipher: vec![0; READ].into_boxed_slice(),
        }
    }
}

/// What a read gave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Input {
    /// Plaintext.
    pub len: usize,
    /// From the socket.
    pub wire: usize,
    /// Nothing more will come.
    pub ended: bool,
}

pub(super) struct Link {
    socket: TcpStream,
    session: Option<Box<Session>>,
    /// Plaintext.
    pub out: Queue,
    is_blocked: bool,
}

impl Link {
    /// A connected socket; without TLS where there is no session.
    pub fn new(socket: OwnedFd, session: Option<Session>) -> io::Result<Link> {
        let socket = TcpStream::from(socket);
        socket.set_nonblocking(true)?;
        // Late is worse than large: refusing costs delay, not correctness.
        let _ = socket.set_nodelay(true);
        sys::keep_little_unsent(&socket);
        Ok(Link {
            socket,
            session: session.map(Box::new),
            out: Queue::default(),
            is_blocked: false,
        })
    }

    /// Remote and local. Fails where the peer is gone already, and where this is no TCP.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((
            plain_address(self.socket.peer_addr()?),
            plain_address(self.socket.local_addr()?),
        ))
    }

    pub fn is_handshaking(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.is_handshaking())
    }

    /// Reads once, and leaves plaintext in `scratch` from `at` on.
    pub fn read(&mut self, scratch: &mut Scratch, at: usize) -> Result<Input, End> {
        let Scratch { plain, cipher } = scratch;
        let Some(session) = &mut self.session else {
            let (wire, ended) = read_once(&self.socket, &mut plain[at..][..READ])?;
            return Ok(Input { len: wire, wire, ended });
        };
        let (wire, ended) = read_once(&self.socket, cipher)?;
        let opened = session.open(&cipher[..wire], &mut plain[at..]);
        let ended = ended || session.peer_has_ended();
        match opened {
            Ok(len) => Ok(Input { len, wire, ended }),
            Err(_) => {
                // The alert, where the socket takes it.
                let _ = session.write_to(&mut &self.socket);
                Err(End::Tls)
            }
        }
    }

    /// Writes until nothing waits or the socket takes no more. Gives the bytes of the wire.
    pub fn write(&mut self) -> Result<usize, End> {
        let mut written = 0;
        self.is_blocked = false;
        while !self.is_drained() && !self.is_blocked {
            let result = match &mut self.session {
                Some(session) => {
                    if !session.wants_write() {
                        let sealed = session.seal(self.out.as_slice());
                        self.out.consume(sealed);
                    }
                    session.write_to(&mut &self.socket)
                }
                None => (&self.socket).write(self.out.as_slice()),
            };
            let len = match result {
                Ok(len) => len,
                Err(error) if is_transient(&error) => 0,
                Err(_) => return Err(End::Socket),
            };
            written += len;
            // What is left tells that the socket is full; asking once more would only cost a call.
            let is_short = match &self.session {
                Some(session) => session.wants_write(),
                None => {
                    self.out.consume(len);
                    !self.out.is_empty()
                }
            };
            self.is_blocked = is_short || len == 0;
        }
        Ok(written)
    }

    /// Ends as politely as goes without waiting. Gives the bytes of the wire.
    pub fn part(&mut self) -> usize {
        let mut written = self.write().unwrap_or(0);
        if self.is_drained() {
            self.say_end();
            written += self.write().unwrap_or(0);
        }
        written
    }

    /// Nothing waits that could be written now or later.
    pub fn is_drained(&self) -> bool {
        match &self.session {
            Some(session) => !session.wants_write() && (self.out.is_empty() || session.is_handshaking()),
            None => self.out.is_empty(),
        }
    }

    /// To be written when the socket is writable again.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// Queues TLS's word that nothing more comes from us.
    pub fn say_end(&mut self) {
        if let Some(session) = &mut self.session {
            session.say_end();
        }
    }

    pub fn shut_write(&self) {
        // It fails only where the connection is gone, which reading will tell.
        let _ = self.socket.shutdown(Shutdown::Write);
    }
}

impl AsRawFd for Link {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

pub(super) fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Length, and whether it has ended.
fn read_once(mut socket: &TcpStream, buffer: &mut [u8]) -> Result<(usize, bool), End> {
    match socket.read(buffer) {
        Ok(0) => Ok((0, true)),
        Ok(len) => Ok((len, false)),
        Err(error) if is_transient(&error) => Ok((0, false)),
        Err(_) => Err(End::Socket),
    }
}

/// IPv4 in its own dress, and without a flow label, so that an address is the same on every road.
fn plain_address(address: SocketAddr) -> SocketAddr {
    match (address, address.ip().to_canonical()) {
        (SocketAddr::V6(v6), ip) if ip.is_ipv6() => SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into(),
        (_, ip) => SocketAddr::new(ip, address.port()),
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use super::*;

    /// What the kernel may hold beyond what the network takes now: 30 ms at 4 Mbit/s, so that newer media does not queue behind
    /// older. It calls for more when half of it is left, and then there is time: 8 KiB last 100 µs at 600 Mbit/s.
    const UNSENT: i32 = 16 << 10;

    pub fn keep_little_unsent(socket: &TcpStream) {
        let unsent = UNSENT;
        // Refused: more delay where the network is slow.
        // SAFETY: the descriptor is open, and the value lives across the call with the length given.
        let _ = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_NOTSENT_LOWAT,
                (&raw const unsent).cast(),
                size_of::<i32>() as libc::socklen_t,
            )
        };
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use super::*;

    pub fn keep_little_unsent(_: &TcpStream) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_link_does_not_wait_to_fill_segments_and_leaves_little_in_the_kernel() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let link = Link::new(client.into(), None).unwrap();
        let (mut unsent, mut len) = (0i32, size_of::<i32>() as libc::socklen_t);
        // SAFETY: the descriptor is open; both values live across the call, and the length is that of the first.
        let result = unsafe {
            libc::getsockopt(
                link.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_NOTSENT_LOWAT,
                (&raw mut unsent).cast(),
                &raw mut len,
            )
        };
        assert_eq!((result, unsent), (0, 16 << 10));
        assert!(link.socket.nodelay().unwrap());
    }

    #[test]
    fn an_address_is_the_same_in_every_dress() {
        for (dressed, plain) in [
            ("[::ffff:192.0.2.1]:7", "192.0.2.1:7"),
            ("192.0.2.1:7", "192.0.2.1:7"),
            ("[2001:db8::1]:7", "[2001:db8::1]:7"),
        ] {
            assert_eq!(plain_address(dressed.parse().unwrap()), plain.parse().unwrap());
        }
        let mut labelled = SocketAddrV6::new("fe80::1".parse().unwrap(), 7, 3, 2);
        let plain = plain_address(labelled.into());
        labelled.set_flowinfo(0);
        assert_eq!(plain, labelled.into(), "the scope stays");
    }
}
