//! Where effects end: written down, and checked as far as a network can.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use tertulia_relay::stun::{Message, attribute, message_type, xor_address};
use tertulia_relay::{BUFFER_MIN, Client, Family, OpenError, Outlet, Place};

use super::MEDIA;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    Message(Client, Vec<u8>),
    Datagram {
        relayed: SocketAddr,
        peer: SocketAddr,
        payload: Vec<u8>,
        dont_fragment: bool,
    },
    Media {
        relayed: SocketAddr,
        media: SocketAddr,
        payload: Vec<u8>,
    },
}

impl Sent {
    pub fn to_peer(relayed: SocketAddr, peer: &str, payload: &[u8]) -> Sent {
        Sent::Datagram {
            relayed,
            peer: peer.parse().unwrap(),
            payload: payload.to_vec(),
            dont_fragment: false,
        }
    }

    /// Channel and payload of ChannelData to a client.
    pub fn channel_data(&self) -> Option<(u16, &[u8])> {
        let Sent::Message(_, bytes) = self else {
            return None;
        };
        let number = u16::from_be_bytes([bytes[0], bytes[1]]);
        let len = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        (number >= 0x4000).then(|| (number, &bytes[4..4 + len]))
    }

    /// Peer and payload of a Data indication to a client.
    pub fn indication(&self) -> Option<(SocketAddr, &[u8])> {
        let Sent::Message(_, bytes) = self else {
            return None;
        };
        let message = Message::parse(bytes)?;
        (message.message_type() == message_type::DATA_INDICATION).then_some(())?;
        let peer = xor_address(
            message.attribute(attribute::XOR_PEER_ADDRESS)?,
            message.transaction_id(),
        )?;
        Some((peer, message.attribute(attribute::DATA)?))
    }
}

pub struct Network {
    buffer: Vec<u8>,
    pub sent: Vec<Sent>,
    /// Relayed addresses that are open, and whose they are.
    pub open: BTreeMap<SocketAddr, Client>,
    pub closed: Vec<SocketAddr>,
    /// Addresses of this server, beside the one that has the media port.
    pub own: Vec<IpAddr>,
    /// What `open` answers in place of an address.
    pub failures: Vec<(Family, OpenError)>,
    next_port: u16,
}

impl Network {
    pub fn new() -> Network {
        Network {
            buffer: vec![0xEE; BUFFER_MIN],
            sent: vec![],
            open: BTreeMap::new(),
            closed: vec![],
            own: vec!["2001:db8::1".parse().unwrap(), "10.0.0.1".parse().unwrap()],
            failures: vec![],
            next_port: 49_152,
        }
    }
}

impl Outlet for Network {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn commit(&mut self, client: &Client, len: usize) {
        self.sent.push(Sent::Message(*client, self.buffer[..len].to_vec()));
        self.buffer.fill(0xEE);
    }

    fn send_to_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, payload: &[u8], dont_fragment: bool) {
        assert!(
            self.open.contains_key(&relayed),
            "sent from {relayed}, which is not open"
        );
        self.sent.push(Sent::Datagram {
            relayed,
            peer,
            payload: payload.to_vec(),
            dont_fragment,
        });
    }

    fn send_to_media(&mut self, relayed: SocketAddr, media: SocketAddr, payload: &[u8]) {
        assert!(
            self.open.contains_key(&relayed),
            "sent from {relayed}, which is not open"
        );
        assert_eq!(self.place(media), Place::Media);
        self.sent.push(Sent::Media {
            relayed,
            media,
            payload: payload.to_vec(),
        });
    }

    fn open(&mut self, client: &Client, family: Family, even: bool) -> Result<SocketAddr, OpenError> {
        if let Some((_, error)) = self.failures.iter().find(|(failing, _)| *failing == family) {
            return Err(*error);
        }
        let ip: IpAddr = match family {
            Family::V4 => MEDIA.parse::<SocketAddr>().unwrap().ip(),
            Family::V6 => "2001:db8::1".parse().unwrap(),
        };
        self.next_port += u16::from(even && self.next_port % 2 == 1);
        let relayed = SocketAddr::new(ip, self.next_port);
        self.next_port += 1;
        self.open.insert(relayed, *client);
        Ok(relayed)
    }

    fn close(&mut self, relayed: SocketAddr) {
        assert!(
            self.open.remove(&relayed).is_some(),
            "closed {relayed}, which is not open"
        );
        self.closed.push(relayed);
    }

    fn place(&mut self, peer: SocketAddr) -> Place {
        let media: SocketAddr = MEDIA.parse().unwrap();
        if peer.ip() != media.ip() && !self.own.contains(&peer.ip()) {
            Place::Elsewhere
        } else if peer.port() == media.port() {
            Place::Media
        } else {
            Place::Own
        }
    }
}
