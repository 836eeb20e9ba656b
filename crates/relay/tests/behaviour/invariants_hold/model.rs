//! Who is entitled to what.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// What the answers that a client got entitle it to. Deliberately simple: tables without an order, and every end looked at on use.
#[derive(Default)]
pub struct Model {
    /// By client: relayed address to its end.
    pub relayed: BTreeMap<u8, BTreeMap<SocketAddr, Instant>>,
    pub permissions: BTreeMap<(u8, IpAddr), Instant>,
    pub channels: BTreeMap<(u8, u16), (SocketAddr, Instant)>,
}

impl Model {
    pub fn relayed(&self, who: u8, like: SocketAddr, now: Instant) -> Option<SocketAddr> {
        let of_family = self
            .relayed
            .get(&who)?
            .iter()
            .find(|(relayed, _)| relayed.is_ipv4() == like.is_ipv4());
        of_family.filter(|(_, end)| now < **end).map(|(relayed, _)| *relayed)
    }

    pub fn owner(&self, relayed: SocketAddr, now: Instant) -> Option<u8> {
        let has = |addresses: &BTreeMap<SocketAddr, Instant>| addresses.get(&relayed).is_some_and(|end| now < *end);
        self.relayed
            .iter()
            .find(|(_, addresses)| has(addresses))
            .map(|(who, _)| *who)
    }

    pub fn permits(&self, who: u8, peer: SocketAddr, now: Instant) -> bool {
        self.permissions.get(&(who, peer.ip())).is_some_and(|end| now < *end)
    }

    /// What hangs on addresses that are no more goes with them.
    pub fn forget_ended(&mut self, now: Instant) {
        for addresses in self.relayed.values_mut() {
            addresses.retain(|_, end| now < *end);
        }
        let relayed = &self.relayed;
        let lives = |who: u8, v4: bool| {
            relayed
                .get(&who)
                .is_some_and(|addresses| addresses.keys().any(|relayed| relayed.is_ipv4() == v4))
        };
        self.permissions.retain(|(who, peer), _| lives(*who, peer.is_ipv4()));
        self.channels
            .retain(|(who, _), (peer, end)| lives(*who, peer.is_ipv4()) && now < *end);
    }
}
