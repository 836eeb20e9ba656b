//! What an address is to us, and where a relayed port may stand.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use tertulia_relay::{Family, Place};

use crate::addresses::OwnAddresses;

pub(crate) struct Places {
    interfaces: OwnAddresses,
    /// Ours besides the interfaces'.
    own: Vec<IpAddr>,
    /// Told in place of a local address of their family.
    public: Vec<IpAddr>,
    /// Where our UDP sockets are bound; never empty.
    media: Vec<SocketAddr>,
}

impl Places {
    pub fn new(own: Vec<IpAddr>, public: Vec<IpAddr>, media: Vec<SocketAddr>) -> Places {
        Places {
            interfaces: OwnAddresses::new(),
            own,
            public,
            media,
        }
    }

    /// Whether an interface of this machine has the address.
    pub fn is_local(&mut self, ip: IpAddr, now: Instant) -> bool {
        self.interfaces.contains(ip, now)
    }

    pub fn of(&mut self, peer: SocketAddr, now: Instant) -> Place {
        let ip = peer.ip().to_canonical();
        let is_ours = ip.is_unspecified()
            || self.own.contains(&ip)
            || self.public.contains(&ip)
            || self.interfaces.contains(ip, now);
        if !is_ours {
            return Place::Elsewhere;
        }
        // Written as what it is: an IPv4 address in the dress of IPv6 is a detour around somebody's filter.
        if peer.ip() == ip && !ip.is_unspecified() && peer.port() == self.media_port(ip) {
            Place::Media
        } else {
            Place::Own
        }
    }

    /// The UDP port of ours that people know with this address.
    pub fn media_port(&self, ip: IpAddr) -> u16 {
        let by = |fits: &dyn Fn(&SocketAddr) -> bool| self.media.iter().find(|&socket| fits(socket));
        by(&|socket| socket.ip() == ip)
            .or_else(|| by(&|socket| socket.ip().is_unspecified() && socket.is_ipv4() == ip.is_ipv4()))
            .or_else(|| by(&|socket| socket.is_ipv4() == ip.is_ipv4()))
            .unwrap_or(&self.media[0])
            .port()
    }

    /// Whether a port of ours has this number, on any address.
    pub fn is_media_port(&self, port: u16) -> bool {
        self.media.iter().any(|socket| socket.port() == port)
    }

    /// Addresses for a relayed port of a client that reached us at `reached`, the best first: that one itself, then those of our sockets,
    /// then others of ours. One may turn out not to be an interface's.
    pub fn homes(&mut self, reached: IpAddr, family: Family, now: Instant) -> Vec<IpAddr> {
        let sockets = self.media.iter().map(SocketAddr::ip);
        let interfaces = self.interfaces.all(now).iter().copied();
        let mut homes = Vec::new();
        for ip in [reached]
            .into_iter()
            .chain(sockets)
            .chain(self.own.iter().copied())
            .chain(interfaces)
        {
            let is_fit = is_of(ip, family)
                && !ip.is_unspecified()
                && !is_link_local(ip)
                // A port on the loopback interface reaches nobody outside, and one outside nobody who came to it.
                && ip.is_loopback() == reached.is_loopback();
            if is_fit && !homes.contains(&ip) {
                homes.push(ip);
            }
        }
        homes
    }

    /// How peers see a port on this address.
    pub fn told(&self, home: IpAddr) -> IpAddr {
        let public = self.public.iter().find(|public| public.is_ipv4() == home.is_ipv4());
        match public {
            // Nobody outside reaches the loopback interface, whatever we tell.
            Some(&public) if !home.is_loopback() && !self.public.contains(&home) => public,
            _ => home,
        }
    }
}

fn is_of(ip: IpAddr, family: Family) -> bool {
    match family {
        Family::V4 => ip.is_ipv4(),
        Family::V6 => ip.is_ipv6(),
    }
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        let ip = |text: &str| text.parse().unwrap();
        Places::new(
            vec![ip("198.51.100.1")],
            vec![ip("203.0.113.1"), ip("2001:db8::1")],
            vec!["127.0.0.1:7000".parse().unwrap(), "[::]:7001".parse().unwrap()],
        )
    }

    fn place(peer: &str) -> Place {
        places().of(peer.parse().unwrap(), Instant::now())
    }

    #[test]
    fn our_port_on_an_address_of_ours_is_media_and_everything_else_there_is_our_own() {
        for peer in [
            "127.0.0.1:7000",
            "198.51.100.1:7000",
            "203.0.113.1:7000",
            "[2001:db8::1]:7001",
            "[::1]:7001",
        ] {
            assert_eq!(place(peer), Place::Media, "{peer}");
        }
        for peer in [
            "127.0.0.1:7001",
            "127.0.0.1:22",
            "203.0.113.1:443",
            "[::1]:7000",
            "0.0.0.0:7000",
            "[::]:7001",
            "[::ffff:127.0.0.1]:7000",
            "[::ffff:203.0.113.1]:7000",
        ] {
            assert_eq!(place(peer), Place::Own, "{peer}");
        }
        for peer in ["203.0.113.2:7000", "[2001:db8::2]:7001"] {
            assert_eq!(place(peer), Place::Elsewhere, "{peer}");
        }
    }

    #[test]
    fn a_relayed_port_stands_on_the_address_that_the_client_reached() {
        let reached = "127.0.0.3".parse().unwrap();
        let homes = places().homes(reached, Family::V4, Instant::now());
        assert_eq!(homes[0], reached);
        assert!(homes.iter().all(IpAddr::is_loopback), "{homes:?}");
        let homes = places().homes(reached, Family::V6, Instant::now());
        assert!(homes.iter().all(|ip| ip.is_ipv6() && ip.is_loopback()), "{homes:?}");
        let homes = places().homes("198.51.100.1".parse().unwrap(), Family::V4, Instant::now());
        assert!(!homes.iter().any(IpAddr::is_loopback), "{homes:?}");
    }

    #[test]
    fn peers_are_told_the_public_address_unless_nobody_could_reach_it() {
        let told = |home: &str| places().told(home.parse().unwrap()).to_string();
        assert_eq!(told("10.0.0.5"), "203.0.113.1");
        assert_eq!(told("203.0.113.1"), "203.0.113.1");
        assert_eq!(told("fd00::5"), "2001:db8::1");
        assert_eq!(told("127.0.0.1"), "127.0.0.1");
        assert_eq!(
            Places::new(vec![], vec![], vec![])
                .told("10.0.0.5".parse().unwrap())
                .to_string(),
            "10.0.0.5"
        );
    }
}
