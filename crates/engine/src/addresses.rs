//! Which addresses are this machine's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

/// A stranger makes us look again, but not more often than this.
const LOOK_AGAIN: Duration = Duration::from_secs(3);
/// An address that went away is believed to be ours for so long.
const BELIEVE: Duration = Duration::from_secs(30);

pub(crate) struct OwnAddresses {
    known: Vec<IpAddr>,
    read: Option<Instant>,
}

impl OwnAddresses {
    pub fn new() -> OwnAddresses {
        OwnAddresses {
            known: Vec::new(),
            read: None,
        }
    }

    /// Loopback always is; the rest as the interfaces have it.
    pub fn contains(&mut self, ip: IpAddr, now: Instant) -> bool {
        let ip = ip.to_canonical();
        if ip.is_loopback() {
            return true;
        }
        let age = self.age(now);
        let is_known = self.known.contains(&ip);
        if age < LOOK_AGAIN || is_known && age < BELIEVE {
            return is_known;
        }
        self.look(now);
        self.known.contains(&ip)
    }

    /// Those of all interfaces, in the kernel's order.
    pub fn all(&mut self, now: Instant) -> &[IpAddr] {
        if self.age(now) >= LOOK_AGAIN {
            self.look(now);
        }
        &self.known
    }

    fn age(&self, now: Instant) -> Duration {
        self.read
            .map_or(Duration::MAX, |read| now.saturating_duration_since(read))
    }

    fn look(&mut self, now: Instant) {
        self.known = interface_addresses();
        self.read = Some(now);
    }
}

/// Of all interfaces, in the kernel's order; empty when it does not tell.
fn interface_addresses() -> Vec<IpAddr> {
    let mut list = std::ptr::null_mut();
    // SAFETY: `list` receives a pointer to a list that we free below.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return Vec::new();
    }
    let mut addresses = Vec::new();
    let mut next = list;
    // SAFETY: the list is the kernel's, null-terminated, and not freed yet.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: an address is null or points at a structure of the size that its family says.
        addresses.extend(unsafe { ip_of(entry.ifa_addr) });
        next = entry.ifa_next;
    }
    // SAFETY: `list` came from getifaddrs and nothing refers to it any more.
    unsafe { libc::freeifaddrs(list) };
    addresses
}

/// # Safety
/// `address` is null or points at a socket address of the size that its family says.
unsafe fn ip_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: promised by the caller; the larger structures are read unaligned.
    unsafe {
        match i32::from(address.as_ref()?.sa_family) {
            libc::AF_INET => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes()).into())
            }
            libc::AF_INET6 => {
                let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(Ipv6Addr::from(v6.sin6_addr.s6_addr).into())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_interfaces_are_ours_and_documentation_addresses_are_not() {
        let mut own = OwnAddresses::new();
        let now = Instant::now();
        for ip in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(own.contains(ip.parse().unwrap(), now), "{ip}");
        }
        for ip in interface_addresses() {
            assert!(own.contains(ip, now), "{ip}");
        }
        assert!(!own.contains("203.0.113.7".parse().unwrap(), now));
    }

    #[test]
    fn strangers_do_not_make_us_read_the_interfaces_each_time() {
        let mut own = OwnAddresses::new();
        let start = Instant::now();
        let stranger = "203.0.113.7".parse().unwrap();
        assert!(!own.contains(stranger, start));
        assert!(!own.contains(stranger, start + LOOK_AGAIN / 2));
        assert_eq!(own.read, Some(start));
        assert!(!own.contains(stranger, start + LOOK_AGAIN));
        assert_eq!(own.read, Some(start + LOOK_AGAIN));
    }
}
