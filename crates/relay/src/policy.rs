//! Where clients may send: to public addresses, and to what the operator names. A relay is a door into the network that it stands in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::Cidr;
use crate::outlet::{Outlet, Place};
use crate::refusal::Refusal;

/// What lies behind an IP address that may be talked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The network.
    Outside,
    /// An address of ours: the media port and relayed addresses, so the port decides each time.
    Ours,
}

pub(crate) struct Policy {
    allowed: Vec<Cidr>,
}

impl Policy {
    pub fn new(allowed: Vec<Cidr>) -> Policy {
        Policy { allowed }
    }

    /// Whether an allocation at `relayed` may talk with this IP address, and how.
    pub fn reach(&self, relayed: SocketAddr, peer: IpAddr, out: &mut impl Outlet) -> Result<Reach, Refusal> {
        if is_never(peer) {
            return Err(Refusal::Forbidden);
        }
        // Whoever came by the network has no business on the loopback, even where it is ours.
        let may_be_ours = inner_v4(peer).is_none() && (!peer.is_loopback() || relayed.ip().is_loopback());
        if may_be_ours && out.place(SocketAddr::new(peer, 0)) != Place::Elsewhere {
            return Ok(Reach::Ours);
        }
        if self.allows(peer) {
            Ok(Reach::Outside)
        } else {
            Err(Refusal::Forbidden)
        }
    }

    fn allows(&self, peer: IpAddr) -> bool {
        if is_never(peer) {
            return false;
        }
        match inner_v4(peer) {
            // Two addresses in one: the outer must be named, the inner may be public or named.
            Some(inner) => self.names(peer) && self.allows(IpAddr::V4(inner)),
            None => is_public(peer) || self.names(peer),
        }
    }

    fn names(&self, peer: IpAddr) -> bool {
        self.allowed.iter().any(|cidr| cidr.contains(&peer))
    }
}

/// No host has such an address, or where its packets go cannot be told; named or not.
fn is_never(ip: IpAddr) -> bool {
    match ip {
        // 0.0.0.0 is this machine for many systems; 240/4 holds the broadcast address.
        IpAddr::V4(ip) => ip.octets()[0] == 0 || ip.octets()[0] >= 224,
        // 64:ff9b:1::/48, NAT64 for local use (RFC 8215): where the IPv4 address stands in it is the translator's choice.
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast() || within(ip, [0x64, 0xFF9B, 1], 48),
    }
}

/// The IPv4 address that a packet to this IPv6 address may end at.
fn inner_v4(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = ip else {
        return None;
    };
    let octets = ip.octets();
    let at = |start: usize| Ipv4Addr::from(std::array::from_fn::<u8, 4, _>(|i| octets[start + i]));
    if ip.is_loopback() || ip.is_unspecified() {
        None
    } else if octets[..10] == [0; 10] || octets[..12] == [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0] {
        // IPv4-compatible, IPv4-mapped (RFC 4291, section 2.5.5) and, in the second, IPv4-translated (RFC 2765).
        Some(at(12))
    } else if within(ip, [0x64, 0xFF9B, 0], 96) {
        // NAT64 (RFC 6052).
        Some(at(12))
    } else if within(ip, [0x2002, 0, 0], 16) {
        // 6to4 (RFC 3056).
        Some(at(2))
    } else if within(ip, [0x2001, 0, 0], 32) {
        // Teredo: the client's address, inverted (RFC 4380, section 4).
        Some(Ipv4Addr::from_bits(!at(12).to_bits()))
    } else if matches!(octets[8..12], [0 | 2, 0, 0x5E, 0xFE]) {
        // ISATAP, under any prefix (RFC 5214, section 6.1).
        Some(at(12))
    } else {
        None
    }
}

/// Globally reachable by IANA's registries of special-purpose addresses; std has no stable name for it yet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let octets = ip.octets();
            !(is_never(ip.into())
                || ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_documentation()
                // Shared address space behind carriers' NAT (RFC 6598).
                || octets[0] == 100 && octets[1] & 0xC0 == 64
                // Protocol assignments (RFC 6890), 6to4 relays (RFC 7526), benchmarks (RFC 2544).
                || octets[..3] == [192, 0, 0]
                || octets[..3] == [192, 88, 99]
                || octets[0] == 198 && octets[1] & 0xFE == 18)
        }
        // All global unicast addresses are in 2000::/3; the rest are unique local, link-local, segment identifiers, or not given out.
        IpAddr::V6(ip) => {
            within(ip, [0x2000, 0, 0], 3)
                && inner_v4(ip.into()).is_none()
                // Protocol assignments (RFC 2928), documentation (RFC 3849, RFC 9637).
                && !within(ip, [0x2001, 0, 0], 23)
                && !within(ip, [0x2001, 0xDB8, 0], 32)
                && !within(ip, [0x3FFF, 0, 0], 20)
        }
    }
}

fn within(ip: Ipv6Addr, prefix: [u16; 3], len: u32) -> bool {
    let [a, b, c] = prefix;
    let prefix = Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
    (ip.to_bits() ^ prefix.to_bits()) >> (128 - len) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(allowed: &[&str], peer: &str) -> bool {
        Policy::new(allowed.iter().map(|cidr| cidr.parse().unwrap()).collect()).allows(peer.parse().unwrap())
    }

    #[test]
    fn public_addresses_need_no_permission_of_the_operator() {
        for peer in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.32.0.0",
            "198.20.0.1",
            "223.255.255.255",
        ] {
            assert!(allows(&[], peer), "{peer}");
        }
        for peer in [
            "2606:4700:4700::1111",
            "2a00:1450::1",
            "2400::1",
            "2001:4860:4860::8888",
            "2003::1",
        ] {
            assert!(allows(&[], peer), "{peer}");
        }
    }

    #[test]
    fn what_is_named_is_allowed_and_no_more() {
        assert!(allows(&["10.0.0.0/8"], "10.255.0.1"));
        assert!(!allows(&["10.0.0.0/24"], "10.0.1.1"));
        assert!(allows(&["10.9.8.7/8"], "10.1.1.1"), "host bits do not count");
        assert!(allows(&["fd00::/8"], "fd12::1"));
        assert!(!allows(&["fd00::/8"], "fc00::1"));
    }

    #[test]
    fn an_address_inside_another_must_be_allowed_as_well() {
        for outer in ["::ffff:", "64:ff9b::", "::"] {
            let cidr = format!("{outer}0.0.0.0/96");
            let (private, public) = (format!("{outer}10.0.0.1"), format!("{outer}8.8.8.8"));
            assert!(!allows(&[], &public), "{public}: not named");
            assert!(allows(&[&cidr], &public), "{public}");
            assert!(!allows(&[&cidr], &private), "{private}: only the outer one is named");
            assert!(
                !allows(&["10.0.0.0/8"], &private),
                "{private}: only the inner one is named"
            );
            assert!(allows(&[&cidr, "10.0.0.0/8"], &private), "{private}");
        }
        assert!(!allows(&["2002::/16"], "2002:a00:1::1"));
        assert!(allows(&["2002::/16"], "2002:808:808::1"));
        // Teredo inverts the client's address: 10.0.0.1 and 8.8.8.8.
        assert!(!allows(&["2001::/32"], "2001:0:808:808::f5ff:fffe"));
        assert!(allows(&["2001::/32"], "2001:0:a00:1::f7f7:f7f7"));
        assert!(!allows(&["2a00::/16"], "2a00::5efe:a00:1"), "ISATAP");
        assert!(!allows(&["2a00::/16"], "2a00::200:5efe:a00:1"), "ISATAP");
    }

    #[test]
    fn some_addresses_are_never_allowed() {
        let everything = ["0.0.0.0/0", "::/0"];
        for peer in [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "ff02::1",
            "64:ff9b:1::808:808",
            "64:ff9b:1:a00:0:100::",
            "::ffff:0.0.0.0",
            "64:ff9b::224.0.0.1",
        ] {
            assert!(!allows(&everything, peer), "{peer}");
        }
        assert!(allows(&everything, "127.0.0.1"), "named is named");
        assert!(allows(&everything, "::1"));
    }
}
