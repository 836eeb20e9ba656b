//! The data path. Nothing here allocates, and a packet costs one look-up by its sender, and a second one only where it
//! is for another allocation.

use std::net::SocketAddr;
use std::time::Instant;

use crate::channel_data;
use crate::client::Client;
use crate::outlet::{Family, Outlet, Place};
use crate::policy::Reach;
use crate::relay::Relay;
use crate::stun::{HEADER_LEN, Message, Writer, attribute, message_type, xor_address};
use crate::table::Slot;

impl Relay {
    /// ChannelData from a client (RFC 8656, section 12.6).
    pub(crate) fn forward_channel_data(
        &mut self,
        client: &Client,
        message: &[u8],
        now: Instant,
        out: &mut impl Outlet,
    ) -> bool {
        let Some((number, payload)) = channel_data::parse(message) else {
            self.counters.dropped_malformed += 1;
            return false;
        };
        let Some(slot) = self.table.by_client(client) else {
            self.counters.dropped_no_allocation += 1;
            return false;
        };
        let Some(peer) = self.table[slot].channels.peer(number, now) else {
            self.counters.dropped_no_channel += 1;
            return false;
        };
        self.forward(slot, peer, payload, false, now, out)
    }

    /// A Send indication (RFC 8656, section 11.2).
    pub(crate) fn forward_indication(
        &mut self,
        client: &Client,
        message: &Message<'_>,
        now: Instant,
        out: &mut impl Outlet,
    ) -> bool {
        let peer = message
            .attribute(attribute::XOR_PEER_ADDRESS)
            .and_then(|value| xor_address(value, message.transaction_id()))
            .filter(|peer| peer.port() != 0);
        let payload = message.attribute(attribute::DATA);
        let (Some(peer), Some(payload), None) = (peer, payload, attribute::unknown(message).next()) else {
            self.counters.dropped_malformed += 1;
            return false;
        };
        let Some(slot) = self.table.by_client(client) else {
            self.counters.dropped_no_allocation += 1;
            return false;
        };
        let dont_fragment = message.attribute(attribute::DONT_FRAGMENT).is_some();
        self.forward(slot, peer, payload, dont_fragment, now, out)
    }

    /// From an allocation's client to a peer.
    fn forward(
        &mut self,
        slot: Slot,
        peer: SocketAddr,
        payload: &[u8],
        dont_fragment: bool,
        now: Instant,
        out: &mut impl Outlet,
    ) -> bool {
        let allocation = &mut self.table[slot];
        let Some(relayed) = allocation.relayed(Family::of(peer), now) else {
            self.counters.dropped_no_allocation += 1;
            return false;
        };
        let Some(reach) = allocation.permissions.reach(peer.ip(), now) else {
            self.counters.dropped_no_permission += 1;
            return false;
        };
        if !allocation
            .from_client
            .take(payload.len(), self.limits.bytes_per_second, now)
        {
            self.counters.dropped_rate_to_peer += 1;
            return false;
        }
        if reach == Reach::Outside {
            out.send_to_peer(relayed, peer, payload, dont_fragment);
            self.counters.packets_to_peers += 1;
            self.counters.bytes_to_peers += payload.len() as u64;
            return true;
        }
        if let Some(other) = self.table.by_relayed(peer) {
            let delivered = self.deliver(other, relayed, payload, now, out);
            self.counters.packets_between_clients += u64::from(delivered);
            return delivered;
        }
        if out.place(peer) != Place::Media {
            self.counters.dropped_forbidden_peer += 1;
            return false;
        }
        out.send_to_media(relayed, peer, payload);
        self.counters.packets_to_media += 1;
        self.counters.bytes_to_media += payload.len() as u64;
        true
    }

    /// From a peer to an allocation's client: as ChannelData where the peer has a channel, else as a Data indication
    /// (RFC 8656, sections 11.3 and 12.7).
    pub(crate) fn deliver(
        &mut self,
        slot: Slot,
        peer: SocketAddr,
        payload: &[u8],
        now: Instant,
        out: &mut impl Outlet,
    ) -> bool {
        let allocation = &mut self.table[slot];
        if allocation.relayed(Family::of(peer), now).is_none() {
            self.counters.dropped_peer_no_allocation += 1;
            return false;
        }
        if allocation.permissions.reach(peer.ip(), now).is_none() {
            self.counters.dropped_peer_no_permission += 1;
            return false;
        }
        if !allocation
            .to_client
            .take(payload.len(), self.limits.bytes_per_second, now)
        {
            self.counters.dropped_rate_to_client += 1;
            return false;
        }
        let buffer = out.buffer();
        let written = match allocation.channels.number(peer, now) {
            Some(number) => write_channel_data(number, payload, allocation.client.is_stream(), buffer),
            None => write_indication(self.indications, peer, payload, buffer),
        };
        let Some(len) = written else {
            self.counters.dropped_too_large += 1;
            return false;
        };
        out.commit(&allocation.client, len);
        self.indications += 1;
        self.counters.packets_to_clients += 1;
        self.counters.bytes_to_clients += payload.len() as u64;
        true
    }
}

/// None where it does not fit.
fn write_channel_data(number: u16, payload: &[u8], padded: bool, buffer: &mut [u8]) -> Option<usize> {
    let len = channel_data::encoded_len(payload, padded)?;
    channel_data::write(number, payload, buffer.get_mut(..len)?);
    Some(len)
}

/// None where it does not fit. Nobody answers an indication, so all that its id must be is another one each time.
fn write_indication(id: u64, peer: SocketAddr, payload: &[u8], buffer: &mut [u8]) -> Option<usize> {
    /// An attribute's head, the family and the port, an IPv6 address; another attribute's head.
    const OVERHEAD: usize = HEADER_LEN + 4 + 20 + 4;
    u16::try_from(OVERHEAD - HEADER_LEN + payload.len().next_multiple_of(4)).ok()?;
    let buffer = buffer.get_mut(..OVERHEAD + payload.len().next_multiple_of(4))?;
    let mut transaction_id = [0; 12];
    transaction_id[4..].copy_from_slice(&id.to_be_bytes());
    let mut writer = Writer::new(buffer, message_type::DATA_INDICATION, &transaction_id);
    writer.xor_address(attribute::XOR_PEER_ADDRESS, peer);
    writer.attribute(attribute::DATA, payload);
    Some(writer.finish(false))
}
