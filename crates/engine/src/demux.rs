//! Which worker a datagram is for.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tertulia_relay::CHANNEL_DATA_FIRST_BYTES;

/// What a datagram is by its first byte (RFC 7983, section 7), and as [`CHANNEL_DATA_FIRST_BYTES`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Stun,
    Dtls,
    TurnChannel,
    /// SRTP or SRTCP.
    Rtp,
    Unknown,
}

pub(crate) fn classify(datagram: &[u8]) -> Kind {
    match datagram.first() {
        Some(0..=3) => Kind::Stun,
        Some(20..=63) => Kind::Dtls,
        Some(byte) if CHANNEL_DATA_FIRST_BYTES.contains(byte) => Kind::TurnChannel,
        Some(128..=191) => Kind::Rtp,
        _ => Kind::Unknown,
    }
}

/// Whether a datagram whose first byte says STUN is of a method that TURN adds, and asks or tells us something: answers do not,
/// for we ask nobody (RFC 8489, section 5, and RFC 8656, section 17).
pub(crate) fn is_turn_message(datagram: &[u8]) -> bool {
    const BINDING: u16 = 0x0001;
    /// Methods stand in the other twelve bits.
    const CLASS: u16 = 0x0110;
    /// Set in the classes of both answers.
    const ANSWER: u16 = 0x0100;
    let Some(bytes) = datagram.first_chunk() else {
        return false;
    };
    let message_type = u16::from_be_bytes(*bytes);
    message_type & ANSWER == 0 && message_type & !CLASS != BINDING
}

/// An address that nobody used for so long is forgotten; consent expires after 30 s (RFC 7675, section 5.1).
const ADDRESS_IDLE: Duration = Duration::from_secs(60);
/// How often idle addresses are looked for, at most.
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// Addresses known at once: some hundred bytes each. The next one has no road until others are forgotten.
const ADDRESSES_MAX: usize = 1 << 17;

/// What others tell the front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RouteChange {
    AddFragment {
        fragment: String,
        worker: usize,
    },
    RemoveFragment {
        fragment: String,
    },
    /// A STUN request from this address had valid integrity.
    AddAddress {
        address: SocketAddr,
        worker: usize,
    },
}

/// Where the front sends what is not its own. Hashing is not keyed: fragments are made by us, addresses have proved themselves.
#[derive(Default)]
pub(crate) struct Routes {
    fragments: FxHashMap<String, usize>,
    addresses: FxHashMap<SocketAddr, Address>,
    swept: Option<Instant>,
}

struct Address {
    worker: usize,
    used: Instant,
}

impl Routes {
    pub fn apply(&mut self, change: RouteChange, now: Instant) {
        match change {
            RouteChange::AddFragment { fragment, worker } => {
                self.fragments.insert(fragment, worker);
            }
            RouteChange::RemoveFragment { fragment } => {
                self.fragments.remove(&fragment);
            }
            RouteChange::AddAddress { address, worker } => self.add_address(address, worker, now),
        }
    }

    pub fn by_fragment(&self, fragment: &str) -> Option<usize> {
        self.fragments.get(fragment).copied()
    }

    pub fn by_address(&mut self, address: SocketAddr, now: Instant) -> Option<usize> {
        let entry = self.addresses.get_mut(&address)?;
        entry.used = now;
        Some(entry.worker)
    }

    /// The last proof counts: a port may be used anew, by a connection on another worker.
    fn add_address(&mut self, address: SocketAddr, worker: usize, now: Instant) {
        if self
            .swept
            .is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP_EVERY)
        {
            self.swept = Some(now);
            self.addresses
                .retain(|_, entry| now.saturating_duration_since(entry.used) < ADDRESS_IDLE);
        }
        if self.addresses.len() < ADDRESSES_MAX || self.addresses.contains_key(&address) {
            self.addresses.insert(address, Address { worker, used: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn the_first_byte_tells_the_kind() {
        let kinds = (0..=255u8).map(|byte| classify(&[byte, 0]));
        for (byte, kind) in kinds.enumerate() {
            let expected = match byte {
                0..=3 => Kind::Stun,
                20..=63 => Kind::Dtls,
                64..=127 => Kind::TurnChannel,
                128..=191 => Kind::Rtp,
                _ => Kind::Unknown,
            };
            assert_eq!(kind, expected, "first byte {byte}");
        }
        assert_eq!(classify(&[]), Kind::Unknown);
    }

    #[test]
    fn methods_of_turn_are_known_from_binding_and_from_answers() {
        // Allocate, Refresh, Send indication, CreatePermission, ChannelBind.
        for message_type in [0x0003u16, 0x0004, 0x0016, 0x0008, 0x0009] {
            assert!(is_turn_message(&message_type.to_be_bytes()), "{message_type:#06x}");
        }
        // Binding in all four classes, and answers to an Allocate request.
        for message_type in [0x0001u16, 0x0011, 0x0101, 0x0111, 0x0103, 0x0113] {
            assert!(!is_turn_message(&message_type.to_be_bytes()), "{message_type:#06x}");
        }
        assert!(!is_turn_message(&[0]));
    }

    #[test]
    fn a_fragment_is_known_until_it_is_removed() {
        let mut routes = Routes::default();
        let now = Instant::now();
        routes.apply(
            RouteChange::AddFragment {
                fragment: "abcd".into(),
                worker: 2,
            },
            now,
        );
        assert_eq!((routes.by_fragment("abcd"), routes.by_fragment("abc")), (Some(2), None));
        routes.apply(
            RouteChange::RemoveFragment {
                fragment: "abcd".into(),
            },
            now,
        );
        assert_eq!(routes.by_fragment("abcd"), None);
    }

    #[test]
    fn an_address_follows_its_last_proof() {
        let mut routes = Routes::default();
        let now = Instant::now();
        assert_eq!(routes.by_address(address(1), now), None);
        for worker in [1, 2] {
            routes.apply(
                RouteChange::AddAddress {
                    address: address(1),
                    worker,
                },
                now,
            );
            assert_eq!(routes.by_address(address(1), now), Some(worker));
        }
    }

    #[test]
    fn idle_addresses_are_forgotten_and_used_ones_kept() {
        let mut routes = Routes::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        for port in [1, 2] {
            routes.apply(
                RouteChange::AddAddress {
                    address: address(port),
                    worker: 1,
                },
                start,
            );
        }
        assert_eq!(routes.by_address(address(2), at(50)), Some(1));
        routes.apply(
            RouteChange::AddAddress {
                address: address(3),
                worker: 1,
            },
            at(70),
        );
        assert_eq!(routes.by_address(address(1), at(70)), None);
        assert_eq!(routes.by_address(address(2), at(70)), Some(1));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut routes = Routes::default();
        let now = Instant::now();
        for i in 0..ADDRESSES_MAX as u32 + 10 {
            let address = SocketAddr::from((std::net::Ipv4Addr::from(i), 9));
            routes.apply(RouteChange::AddAddress { address, worker: 1 }, now);
        }
        assert_eq!(routes.addresses.len(), ADDRESSES_MAX);
    }
}
