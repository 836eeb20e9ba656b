//! UDP sockets as the engine wants them: large buffers, non-blocking, and knowing which of our addresses a datagram reached.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use socket2::{Domain, Protocol, Type};

/// A port that is free on one address may be taken on the next.
const FREE_PORT_TRIES: usize = 16;
/// What we ask the kernel for, in bytes: 200 ms of 300 Mbit/s. A process without CAP_NET_ADMIN gets what `net.core.rmem_max` allows.
const RECEIVE_BUFFER: usize = 8 << 20;
const SEND_BUFFER: usize = 4 << 20;

/// The same for one client of the relay: a second of 8 Mbit/s.
const RELAYED_BUFFER: usize = 1 << 20;

pub(crate) struct Socket {
    socket: UdpSocket,
    address: SocketAddr,
    segmentation: bool,
}

impl Socket {
    /// A wildcard takes its own family only: a second socket on the other family may have the same port.
    pub fn bind(address: SocketAddr) -> io::Result<Socket> {
        Socket::with_buffers(address, RECEIVE_BUFFER, SEND_BUFFER)
    }

    /// A free port for one client of the relay.
    pub fn bind_relayed(ip: IpAddr) -> io::Result<Socket> {
        let socket = Socket::with_buffers(SocketAddr::new(ip, 0), RELAYED_BUFFER, RELAYED_BUFFER)?;
        // Most systems cut what is too long where nobody forbids it; some tell no better.
        let _ = socket.set_dont_fragment(false);
        Ok(socket)
    }

    fn with_buffers(address: SocketAddr, receive: usize, send: usize) -> io::Result<Socket> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        enlarge_buffers(&socket, receive, send);
        if address.ip().is_unspecified() {
            sys::ask_for_local_address(&socket, address)?;
        }
        sys::ask_for_time(&socket);
        socket.bind(&address.into())?;
        let segmentation = sys::has_segmentation(&socket);
        let socket = UdpSocket::from(socket);
        let address = socket.local_addr()?;
        Ok(Socket {
            socket,
            address,
            segmentation,
        })
    }

    /// The bound address, its port filled in.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The local address of every datagram; None on a wildcard, where each datagram tells its own.
    pub fn fixed_local(&self) -> Option<IpAddr> {
        Some(self.address.ip()).filter(|ip| !ip.is_unspecified())
    }

    /// The kernel knows UDP_SEGMENT.
    pub fn has_segmentation(&self) -> bool {
        self.segmentation
    }

    /// From now on datagrams leave with, or without, a prohibition to cut them (RFC 8656, section 18.9).
    pub fn set_dont_fragment(&self, on: bool) -> io::Result<()> {
        sys::set_dont_fragment(&self.socket, self.address, on)
    }

    #[cfg(not(target_os = "linux"))]
    pub fn as_std(&self) -> &UdpSocket {
        &self.socket
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Clients, firewalls and people are told of one UDP port: a port 0 is one free port, the same on every address that leaves it open.
pub(crate) fn bind_all(addresses: &[SocketAddr]) -> io::Result<Vec<Socket>> {
    for _ in 1..FREE_PORT_TRIES {
        match bind_on_one_port(addresses) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && addresses[0].port() == 0 => continue,
            done => return done,
        }
    }
    bind_on_one_port(addresses)
}

fn bind_on_one_port(addresses: &[SocketAddr]) -> io::Result<Vec<Socket>> {
    let first = bind(addresses[0])?;
    let port = first.address().port();
    let mut sockets = vec![first];
    for &(mut address) in &addresses[1..] {
        if address.port() == 0 {
            address.set_port(port);
        }
        sockets.push(bind(address)?);
    }
    Ok(sockets)
}

/// The plain error does not say which of the addresses it is about.
fn bind(address: SocketAddr) -> io::Result<Socket> {
    Socket::bind(address).map_err(|error| io::Error::new(error.kind(), format!("cannot bind UDP {address}: {error}")))
}

/// As large as we may: a refusal costs throughput under load, not correctness.
fn enlarge_buffers(socket: &socket2::Socket, receive: usize, send: usize) {
    if !sys::force_buffers(socket, receive, send) {
        let _ = socket.set_recv_buffer_size(receive);
        let _ = socket.set_send_buffer_size(send);
    }
}

fn set_option(socket: &impl AsRawFd, level: i32, name: i32, value: i32) -> io::Result<()> {
    // SAFETY: the descriptor is open, and `value` lives across the call with the length given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<i32>() as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(target_os = "linux")]
mod sys {
    use super::*;
    use libc::{IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET, SOL_UDP};

    pub fn ask_for_local_address(socket: &socket2::Socket, address: SocketAddr) -> io::Result<()> {
        match address {
            SocketAddr::V4(_) => set_option(socket, IPPROTO_IP, libc::IP_PKTINFO, 1),
            SocketAddr::V6(_) => set_option(socket, IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1),
        }
    }

    /// Without it, what waited for us counts as having come when we took it.
    pub fn ask_for_time(socket: &socket2::Socket) {
        let _ = set_option(socket, SOL_SOCKET, libc::SO_TIMESTAMPNS, 1);
    }

    pub fn force_buffers(socket: &socket2::Socket, receive: usize, send: usize) -> bool {
        set_option(socket, SOL_SOCKET, libc::SO_RCVBUFFORCE, receive as i32).is_ok()
            && set_option(socket, SOL_SOCKET, libc::SO_SNDBUFFORCE, send as i32).is_ok()
    }

    pub fn has_segmentation(socket: &socket2::Socket) -> bool {
        // Setting the default of "off" changes nothing, and fails where the option is unknown.
        set_option(socket, SOL_UDP, libc::UDP_SEGMENT, 0).is_ok()
    }

    pub fn set_dont_fragment(socket: &UdpSocket, address: SocketAddr, on: bool) -> io::Result<()> {
        match address {
            SocketAddr::V4(_) => {
                let mode = if on {
                    libc::IP_PMTUDISC_DO
                } else {
                    libc::IP_PMTUDISC_DONT
                };
                set_option(socket, IPPROTO_IP, libc::IP_MTU_DISCOVER, mode)
            }
            SocketAddr::V6(_) => {
                let mode = if on {
                    libc::IPV6_PMTUDISC_DO
                } else {
                    libc::IPV6_PMTUDISC_DONT
                };
                set_option(socket, IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER, mode)
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use super::*;

    /// Replies from a wildcard leave by the route's own address here.
    pub fn ask_for_local_address(_: &socket2::Socket, _: SocketAddr) -> io::Result<()> {
        Ok(())
    }

    pub fn ask_for_time(_: &socket2::Socket) {}

    pub fn force_buffers(_: &socket2::Socket, _: usize, _: usize) -> bool {
        false
    }

    pub fn has_segmentation(_: &socket2::Socket) -> bool {
        false
    }

    pub fn set_dont_fragment(socket: &UdpSocket, address: SocketAddr, on: bool) -> io::Result<()> {
        let (level, name) = match address {
            SocketAddr::V4(_) => (libc::IPPROTO_IP, libc::IP_DONTFRAG),
            SocketAddr::V6(_) => (libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG),
        };
        set_option(socket, level, name, i32::from(on))
    }
}
