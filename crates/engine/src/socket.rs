//! UDP sockets as the engine wants them: large buffers, non-blocking, and knowing which of our addresses a datagram reached.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

use socket2::{Domain, Protocol, Type};

/// What we ask the kernel for, in bytes: 200 ms of 300 Mbit/s. A process without CAP_NET_ADMIN gets what `net.core.rmem_max` allows.
const RECEIVE_BUFFER: usize = 8 << 20;
const SEND_BUFFER: usize = 4 << 20;

pub(crate) struct Socket {
    socket: UdpSocket,
    address: SocketAddr,
    segmentation: bool,
}

impl Socket {
    /// A wildcard takes its own family only: a second socket on the other family may have the same port.
    pub fn bind(address: SocketAddr) -> io::Result<Socket> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_nonblocking(true)?;
        enlarge_buffers(&socket);
        if address.ip().is_unspecified() {
            sys::ask_for_local_address(&socket, address)?;
        }
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

/// As large as we may: a refusal costs throughput under load, not correctness.
fn enlarge_buffers(socket: &socket2::Socket) {
    if !sys::force_buffers(socket, RECEIVE_BUFFER, SEND_BUFFER) {
        let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        let _ = socket.set_send_buffer_size(SEND_BUFFER);
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

    pub fn force_buffers(socket: &socket2::Socket, receive: usize, send: usize) -> bool {
        set_option(socket, SOL_SOCKET, libc::SO_RCVBUFFORCE, receive as i32).is_ok()
            && set_option(socket, SOL_SOCKET, libc::SO_SNDBUFFORCE, send as i32).is_ok()
    }

    pub fn has_segmentation(socket: &socket2::Socket) -> bool {
        // Setting the default of "off" changes nothing, and fails where the option is unknown.
        set_option(socket, SOL_UDP, libc::UDP_SEGMENT, 0).is_ok()
    }

    fn set_option(socket: &socket2::Socket, level: i32, name: i32, value: i32) -> io::Result<()> {
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
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use super::*;

    /// Replies from a wildcard leave by the route's own address here.
    pub fn ask_for_local_address(_: &socket2::Socket, _: SocketAddr) -> io::Result<()> {
        Ok(())
    }

    pub fn force_buffers(_: &socket2::Socket, _: usize, _: usize) -> bool {
        false
    }

    pub fn has_segmentation(_: &socket2::Socket) -> bool {
        false
    }
}
