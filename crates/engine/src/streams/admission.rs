//! How many streams there may be, and from where.

use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};

use rustc_hash::FxHashMap;

/// Beyond the first two the newest stream is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub streams: usize,
    /// From one IPv4 address, or one IPv6 network of 64 bits: whoever has one address there has all of them.
    pub per_address: usize,
    /// Bytes of messages to all streams together; beyond it those that hold most lose some.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            streams: 4096,
            per_address: 256,
            waiting: 64 << 20,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Full,
    AddressFull,
}

pub(super) struct Admission {
    pub limits: Limits,
    inside: usize,
    by_network: FxHashMap<IpAddr, usize>,
}

impl Admission {
    pub fn new(limits: Limits) -> Admission {
        Admission {
            limits,
            inside: 0,
            by_network: FxHashMap::default(),
        }
    }

    /// To be followed by `leave` at its end.
    pub fn admit(&mut self, ip: IpAddr) -> Result<(), Refusal> {
        if self.inside >= self.limits.streams {
            return Err(Refusal::Full);
        }
        let from_there = self.by_network.entry(network(ip)).or_default();
        if *from_there >= self.limits.per_address {
            return Err(Refusal::AddressFull);
        }
        *from_there += 1;
        self.inside += 1;
        Ok(())
    }

    pub fn leave(&mut self, ip: IpAddr) {
        let Entry::Occupied(mut from_there) = self.by_network.entry(network(ip)) else {
            return;
        };
        self.inside -= 1;
        *from_there.get_mut() -= 1;
        if *from_there.get() == 0 {
            from_there.remove();
        }
    }
}

fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one_address() {
        let mut admission = Admission::new(Limits {
            streams: 9,
            per_address: 2,
            ..Limits::default()
        });
        assert_eq!(admission.admit(ip("2001:db8:1:2:3:4:5:6")), Ok(()));
        assert_eq!(admission.admit(ip("2001:db8:1:2::7")), Ok(()));
        assert_eq!(admission.admit(ip("2001:db8:1:2::8")), Err(Refusal::AddressFull));
        assert_eq!(admission.admit(ip("2001:db8:1:3::8")), Ok(()));
    }

    #[test]
    fn who_leaves_makes_room_and_is_forgotten() {
        let mut admission = Admission::new(Limits {
            streams: 2,
            per_address: 1,
            ..Limits::default()
        });
        assert_eq!(admission.admit(ip("192.0.2.1")), Ok(()));
        assert_eq!(admission.admit(ip("192.0.2.1")), Err(Refusal::AddressFull));
        assert_eq!(admission.admit(ip("192.0.2.2")), Ok(()));
        assert_eq!(admission.admit(ip("192.0.2.3")), Err(Refusal::Full));
        admission.leave(ip("192.0.2.1"));
        assert_eq!(admission.admit(ip("192.0.2.3")), Ok(()));
        assert_eq!(admission.by_network.len(), 2);
    }
}
