//! Who sent something, and when.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// The 5-tuple that an allocation belongs to (RFC 8656, section 3.2). The same client must always be told with the same values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    Udp {
        remote: SocketAddr,
        /// The address of ours that the datagram reached.
        local: IpAddr,
        /// Which of our sockets; the relay only hands it back.
        socket: u8,
    },
    /// TCP or TLS. What is written to it is padded to four bytes (RFC 8656, section 12.5).
    Stream {
        /// Not used again while an allocation of this number lives: see [`handle_gone`](crate::Relay::handle_gone).
        stream: u32,
        remote: SocketAddr,
        local: IpAddr,
    },
}

impl Client {
    pub fn remote(&self) -> SocketAddr {
        match self {
            Client::Udp { remote, .. } | Client::Stream { remote, .. } => *remote,
        }
    }

    pub fn local(&self) -> IpAddr {
        match self {
            Client::Udp { local, .. } | Client::Stream { local, .. } => *local,
        }
    }

    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Client::Stream { .. })
    }
}

/// The time of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Never goes backwards from call to call.
    pub instant: Instant,
    /// Seconds since 1970, in which credentials and nonces are dated.
    pub unix: u64,
}

/// Without what differs between two ways to say one address: an IPv4 address in an IPv6 socket's dress, a flow label, a scope.
pub(crate) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whom a limit for one address counts: an IPv4 address, or the /64 that a host of IPv6 has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Neighbourhood(u64);

impl Neighbourhood {
    pub fn of(address: SocketAddr) -> Neighbourhood {
        match address.ip().to_canonical() {
            // In ::/64, where no client can be.
            IpAddr::V4(ip) => Neighbourhood(u64::from(ip.to_bits())),
            IpAddr::V6(ip) => Neighbourhood((ip.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Neighbourhood {
        Neighbourhood::of(address.parse().unwrap())
    }

    #[test]
    fn a_neighbourhood_is_an_ipv4_address_or_an_ipv6_network_of_64_bits() {
        assert_eq!(of("192.0.2.1:1"), of("192.0.2.1:2"));
        assert_eq!(of("192.0.2.1:1"), of("[::ffff:192.0.2.1]:1"));
        assert_ne!(of("192.0.2.1:1"), of("192.0.2.2:1"));
        assert_eq!(of("[2001:db8:0:7::1]:1"), of("[2001:db8:0:7:ffff::2]:2"));
        assert_ne!(of("[2001:db8:0:7::1]:1"), of("[2001:db8:0:8::1]:1"));
    }
}
