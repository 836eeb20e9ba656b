//! CreatePermission and ChannelBind (RFC 8656, sections 10 and 12).

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::Outcome;
use crate::channels::{self, Conflict};
use crate::outlet::{Family, Outlet, Place};
use crate::policy::Reach;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::stun::{Message, attribute, xor_address};
use crate::table::Slot;

impl Relay {
    /// All of the addresses, or none.
    pub(super) fn create_permission(
        &mut self,
        slot: Slot,
        message: &Message<'_>,
        now: Instant,
        out: &mut impl Outlet,
    ) -> Result<Outcome, Refusal> {
        let mut peers: Vec<(IpAddr, Reach)> = vec![];
        for peer in message
            .attributes()
            .filter(|attribute| attribute.kind == attribute::XOR_PEER_ADDRESS)
        {
            let peer = xor_address(peer.value, message.transaction_id()).ok_or(Refusal::BadRequest)?;
            let reach = self.reach(slot, peer, now, out)?;
            peers.push((peer.ip(), reach));
        }
        if peers.is_empty() {
            return Err(Refusal::BadRequest);
        }
        let permissions = &mut self.table[slot].permissions;
        if !permissions.has_room(&peers, self.limits.permissions, now) {
            return Err(Refusal::InsufficientCapacity);
        }
        for (peer, reach) in peers {
            permissions.install(peer, reach, now);
        }
        Ok(Outcome::Done)
    }

    /// The channel, and a permission with it.
    pub(super) fn bind_channel(
        &mut self,
        slot: Slot,
        message: &Message<'_>,
        now: Instant,
        out: &mut impl Outlet,
    ) -> Result<Outcome, Refusal> {
        let Some([high, low, _, _]) = message.attribute(attribute::CHANNEL_NUMBER) else {
            return Err(Refusal::BadRequest);
        };
        let number = u16::from_be_bytes([*high, *low]);
        let peer = message
            .attribute(attribute::XOR_PEER_ADDRESS)
            .ok_or(Refusal::BadRequest)?;
        let peer = xor_address(peer, message.transaction_id()).ok_or(Refusal::BadRequest)?;
        if !channels::NUMBERS.contains(&number) || peer.port() == 0 {
            return Err(Refusal::BadRequest);
        }
        let reach = self.reach(slot, peer, now, out)?;
        if reach == Reach::Ours && !self.leads_somewhere(peer, out) {
            return Err(Refusal::Forbidden);
        }
        let allocation = &mut self.table[slot];
        match allocation.channels.check(number, peer, self.limits.channels, now) {
            Ok(()) => {}
            Err(Conflict::Taken) => return Err(Refusal::BadRequest),
            Err(Conflict::Full) => return Err(Refusal::InsufficientCapacity),
        }
        let permission = [(peer.ip(), reach)];
        if !allocation
            .permissions
            .has_room(&permission, self.limits.permissions, now)
        {
            return Err(Refusal::InsufficientCapacity);
        }
        allocation.permissions.install(peer.ip(), reach, now);
        allocation.channels.bind(number, peer, now);
        Ok(Outcome::Done)
    }

    /// Whether this allocation may talk with the peer's IP address: it needs a relayed address of the family, and the policy's consent.
    fn reach(&self, slot: Slot, peer: SocketAddr, now: Instant, out: &mut impl Outlet) -> Result<Reach, Refusal> {
        let relayed = self.table[slot].relayed(Family::of(peer), now);
        let relayed = relayed.ok_or(Refusal::PeerFamilyMismatch)?;
        self.policy.reach(relayed, peer.ip(), out)
    }

    /// Of an address of ours: whether something at this port may be talked with.
    fn leads_somewhere(&self, peer: SocketAddr, out: &mut impl Outlet) -> bool {
        self.table.by_relayed(peer).is_some() || out.place(peer) == Place::Media
    }
}
