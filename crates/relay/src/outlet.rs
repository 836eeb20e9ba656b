//! What the relay asks of whoever drives it.

use std::net::SocketAddr;

use crate::client::Client;

/// What [`Outlet::buffer`] holds at least: a datagram of an Ethernet with all that a Data indication adds. What does
/// not fit is dropped and counted.
pub const BUFFER_MIN: usize = 2048;

/// The relay's effects. Each is carried out in the order of the calls; nothing here is called again before it returns.
pub trait Outlet {
    /// At least [`BUFFER_MIN`] bytes for the next message to a client. One that is not committed may be handed out again.
    fn buffer(&mut self) -> &mut [u8];

    /// Sends the first `len` bytes of the last [`buffer`](Outlet::buffer).
    fn commit(&mut self, client: &Client, len: usize);

    /// A datagram from a relayed address that [`open`](Outlet::open) gave. `dont_fragment`: with the DF bit, for IPv4
    /// (RFC 8656, section 15).
    fn send_to_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, payload: &[u8], dont_fragment: bool);

    /// To our own media port, as if it had come from `relayed`. What comes back is for
    /// [`handle_peer`](crate::Relay::handle_peer), with `media` as the peer.
    fn send_to_media(&mut self, relayed: SocketAddr, media: SocketAddr, payload: &[u8]);

    /// A new relayed transport address of this family, told as peers will see it. It is this client's until [`close`](Outlet::close).
    /// `even`: its port is to be even (RFC 8656, section 18.7).
    fn open(&mut self, client: &Client, family: Family, even: bool) -> Result<SocketAddr, OpenError>;

    /// Called once for every address that was opened.
    fn close(&mut self, relayed: SocketAddr);

    /// What a peer's address is to us. Port 0 asks for the IP address alone: [`Place::Own`] if it is one of ours.
    fn place(&mut self, peer: SocketAddr) -> Place;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn of(address: SocketAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// From REQUESTED-ADDRESS-FAMILY and its relatives (RFC 8656, section 18.6).
    pub(crate) fn from_wire(value: &[u8]) -> Option<Family> {
        match value {
            [0x01, _, _, _] => Some(Family::V4),
            [0x02, _, _, _] => Some(Family::V6),
            _ => None,
        }
    }

    pub(crate) fn to_wire(self) -> u8 {
        match self {
            Family::V4 => 0x01,
            Family::V6 => 0x02,
        }
    }
}

/// Why there is no relayed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// This server has no address of the family: 440 (Address Family not Supported).
    FamilyUnsupported,
    /// No port, or no descriptor, is left: 508 (Insufficient Capacity).
    Exhausted,
}

/// What an address is to this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Our UDP port on an address of ours.
    Media,
    /// Anything else on an address of ours, one before a one-to-one NAT included.
    Own,
    Elsewhere,
}
