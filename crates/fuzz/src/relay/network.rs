//! Where the relay's effects end: checked as far as they can be without knowing what led to them.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use tertulia_relay::stun::Message;
use tertulia_relay::{BUFFER_MIN, CHANNEL_DATA_FIRST_BYTES, Client, Family, OpenError, Outlet, Place};

pub const MEDIA: &str = "198.51.100.1:3478";
const LOCAL_V6: &str = "2001:db8::1";

/// What left.
pub enum Sent {
    Stun { client: Client, bytes: Vec<u8> },
    ChannelData { client: Client },
    ToPeer { relayed: SocketAddr, peer: SocketAddr },
    ToMedia { relayed: SocketAddr, media: SocketAddr },
}

pub struct Network {
    buffer: Vec<u8>,
    pub sent: Vec<Sent>,
    /// Relayed addresses that are open, and whose they are.
    pub open: BTreeMap<SocketAddr, Client>,
    /// All that were ever opened, in order.
    pub opened: Vec<SocketAddr>,
    pub exhausted: bool,
}

impl Network {
    pub fn new() -> Network {
        Network {
            buffer: vec![0xEE; BUFFER_MIN],
            sent: vec![],
            open: BTreeMap::new(),
            opened: vec![],
            exhausted: false,
        }
    }
}

pub fn media() -> SocketAddr {
    MEDIA.parse().expect("an address")
}

pub fn is_ours(ip: IpAddr) -> bool {
    ip == media().ip() || LOCAL_V6.parse() == Ok(ip)
}

impl Outlet for Network {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn commit(&mut self, client: &Client, len: usize) {
        let bytes = &self.buffer[..len];
        let client = *client;
        if bytes[0] & 0xC0 == 0x40 {
            let payload = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
            let whole = match client {
                Client::Stream { .. } => (4 + payload).next_multiple_of(4),
                Client::Udp { .. } => 4 + payload,
            };
            assert!(
                CHANNEL_DATA_FIRST_BYTES.contains(&bytes[0]) && len == whole,
                "ChannelData that is none"
            );
            self.sent.push(Sent::ChannelData { client });
        } else {
            let message = Message::parse(bytes).expect("well-framed");
            assert_ne!(message.fingerprint_holds(), Some(false));
            let bytes = bytes.to_vec();
            self.sent.push(Sent::Stun { client, bytes });
        }
        self.buffer.fill(0xEE);
    }

    fn send_to_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, _: &[u8], _: bool) {
        assert!(self.open.contains_key(&relayed), "from {relayed}, which is not open");
        assert!(is_public(peer.ip()), "to {peer}");
        self.sent.push(Sent::ToPeer { relayed, peer });
    }

    fn send_to_media(&mut self, relayed: SocketAddr, media: SocketAddr, _: &[u8]) {
        assert!(self.open.contains_key(&relayed), "from {relayed}, which is not open");
        assert_eq!(self.place(media), Place::Media);
        self.sent.push(Sent::ToMedia { relayed, media });
    }

    fn open(&mut self, client: &Client, family: Family, _even: bool) -> Result<SocketAddr, OpenError> {
        if self.exhausted {
            return Err(OpenError::Exhausted);
        }
        let ip = match family {
            Family::V4 => media().ip(),
            Family::V6 => LOCAL_V6.parse().expect("an address"),
        };
        let relayed = SocketAddr::new(ip, 49_152 + self.opened.len() as u16);
        self.opened.push(relayed);
        self.open.insert(relayed, *client);
        Ok(relayed)
    }

    fn close(&mut self, relayed: SocketAddr) {
        assert!(self.open.remove(&relayed).is_some(), "{relayed} is not open");
    }

    fn place(&mut self, peer: SocketAddr) -> Place {
        if !is_ours(peer.ip()) {
            Place::Elsewhere
        } else if peer.port() == media().port() {
            Place::Media
        } else {
            Place::Own
        }
    }
}

/// By the standard library's own words, not the relay's: what nobody may reach through us.
fn is_public(ip: IpAddr) -> bool {
    let v4 = match ip.to_canonical() {
        IpAddr::V4(v4) => v4,
        IpAddr::V6(v6) => {
            return !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || is_ours(ip));
        }
    };
    !(v4.is_loopback()
        || v4.is_unspecified()
        || v4.is_multicast()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_broadcast()
        || is_ours(ip))
}
