//! Datagrams from a socket, up to [`BATCH`] with one system call.

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use std::{io, mem, ptr};

use socket2::{SockAddr, SockAddrStorage};
use tertulia_sfu::egress::DATAGRAM_MAX;
use tertulia_sfu::types::Path;

use crate::ancillary::{self, CONTROL_LEN, Control};
use crate::queue::Heading;
use crate::socket::Socket;

/// Datagrams of one receive call.
pub(crate) const BATCH: usize = 64;

/// Buffers for one batch, made once per front.
pub(crate) struct ReceiveBatch {
    buffers: Box<[[u8; DATAGRAM_MAX]]>,
    names: Box<[SockAddrStorage]>,
    controls: Box<[Control]>,
    received: Vec<Received>,
    /// When the batch was taken.
    taken: Instant,
    truncated: u64,
}

struct Received {
    path: Path,
    /// How long it waited for us.
    waited: Duration,
    buffer: usize,
    len: usize,
}

/// What waits longer does so because our clock was set.
const WAITED_MAX: Duration = Duration::from_secs(1);

impl ReceiveBatch {
    pub fn new() -> ReceiveBatch {
        ReceiveBatch {
            buffers: vec![[0; DATAGRAM_MAX]; BATCH].into_boxed_slice(),
            names: (0..BATCH).map(|_| SockAddrStorage::zeroed()).collect(),
            controls: vec![Control::default(); BATCH].into_boxed_slice(),
            received: Vec::with_capacity(BATCH),
            taken: Instant::now(),
            truncated: 0,
        }
    }

    /// Replaces the batch by what waits in the socket. Gives whether more may wait.
    pub fn receive(&mut self, socket: &Socket, index: u8) -> io::Result<bool> {
        self.received.clear();
        // SAFETY: both are plain C structures for which all zeroes is a valid value.
        let (mut iovecs, mut headers): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) = unsafe { mem::zeroed() };
        for (i, header) in headers.iter_mut().enumerate() {
            iovecs[i] = libc::iovec {
                iov_base: self.buffers[i].as_mut_ptr().cast(),
                iov_len: DATAGRAM_MAX,
            };
            let header = &mut header.msg_hdr;
            header.msg_name = (&raw mut self.names[i]).cast();
            header.msg_namelen = self.names[i].size_of();
            header.msg_iov = &raw mut iovecs[i];
            header.msg_iovlen = 1;
            header.msg_control = (&raw mut self.controls[i]).cast();
            header.msg_controllen = CONTROL_LEN as _;
        }
        // SAFETY: every header points at a name, a buffer and a control buffer of its own with their true lengths, all alive
        // until the end of this function.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        if count < 0 {
            return match io::Error::last_os_error() {
                error if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(false),
                error => Err(error),
            };
        }
        self.taken = Instant::now();
        let now = ancillary::wall_clock();
        for (i, header) in headers.iter().take(count as usize).enumerate() {
            if header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 {
                self.truncated += 1;
                continue;
            }
            let name = mem::replace(&mut self.names[i], SockAddrStorage::zeroed());
            // SAFETY: the kernel wrote a name of this length.
            let name = unsafe { SockAddr::new(name, header.msg_hdr.msg_namelen) };
            // SAFETY: the receive call filled the header, and `controls` is alive.
            let told = unsafe { ancillary::read(&header.msg_hdr) };
            let local = socket.fixed_local().or(told.local);
            let waited = told.arrived.and_then(|arrived| now.checked_sub(arrived));
            if let (Some(remote), Some(local)) = (name.as_socket().map(without_flow), local) {
                let path = Path {
                    remote,
                    local,
                    socket: index,
                };
                self.received.push(Received {
                    path,
                    waited: waited.filter(|&waited| waited < WAITED_MAX).unwrap_or_default(),
                    buffer: i,
                    len: header.msg_len as usize,
                });
            }
        }
        Ok(count as usize == BATCH)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Heading, &mut [u8])> {
        let taken = self.taken;
        let mut buffers = self.buffers.iter_mut().enumerate();
        self.received.iter().map(move |received| {
            let (_, buffer) = buffers
                .find(|(i, _)| *i == received.buffer)
                .expect("buffers are in the order of arrival");
            let heading = Heading {
                path: received.path,
                at: taken.checked_sub(received.waited).unwrap_or(taken),
            };
            (heading, &mut buffer[..received.len])
        })
    }

    /// Datagrams longer than [`DATAGRAM_MAX`] since the last call.
    pub fn take_truncated(&mut self) -> u64 {
        mem::take(&mut self.truncated)
    }
}

/// A flow label is no part of who the peer is.
fn without_flow(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(mut v6) => {
            v6.set_flowinfo(0);
            SocketAddr::V6(v6)
        }
        v4 => v4,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    /// When two datagrams came to an address that were sent 30 ms apart and taken with one call, and where to.
    fn taken_together(bound: &str, reached: &str) -> Vec<Heading> {
        let socket = Socket::bind(bound.parse().expect("an address")).expect("a socket");
        let mut to: SocketAddr = reached.parse().expect("an address");
        to.set_port(socket.address().port());
        let sender = UdpSocket::bind(SocketAddr::new(to.ip(), 0)).expect("a sender");
        sender.send_to(b"first", to).expect("it is sent");
        std::thread::sleep(Duration::from_millis(30));
        sender.send_to(b"second", to).expect("it is sent");
        let mut batch = ReceiveBatch::new();
        batch.receive(&socket, 0).expect("it is received");
        batch.iter_mut().map(|(heading, _)| heading).collect()
    }

    #[test]
    fn what_waited_for_others_is_known_to_have_come_earlier() {
        for (bound, reached) in [
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("0.0.0.0:0", "127.0.0.2:0"),
            ("[::]:0", "[::1]:0"),
        ] {
            let taken = taken_together(bound, reached);
            let [first, second] = taken[..] else {
                panic!("two datagrams, not {taken:?}");
            };
            let apart = second.at - first.at;
            assert!(apart >= Duration::from_millis(30) && apart < WAITED_MAX, "{apart:?}");
            assert!(second.at <= Instant::now());
            assert_eq!(
                first.path.local.to_string(),
                reached.replace(['[', ']'], "").trim_end_matches(":0")
            );
        }
    }
}
