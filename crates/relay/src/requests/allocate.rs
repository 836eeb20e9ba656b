//! Allocate and Refresh (RFC 8656, sections 7 and 8).

use std::net::SocketAddr;
use std::time::Instant;

use super::{Outcome, lifetime, seconds, wanted_lifetime};
use crate::allocation::{Allocation, Granted};
use crate::authentication::Request;
use crate::client::Client;
use crate::outlet::{Family, OpenError, Outlet};
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::stun::{Message, attribute};
use crate::table::Slot;

/// REQUESTED-TRANSPORT's number of UDP.
const UDP: u8 = 17;

impl Relay {
    pub(super) fn allocate(
        &mut self,
        client: Client,
        request: &Request<'_>,
        slot: Option<Slot>,
        now: Instant,
        out: &mut impl Outlet,
    ) -> Result<Outcome, Refusal> {
        if let Some(slot) = slot {
            return self.allocated_before(slot, request);
        }
        let wish = Wish::parse(&request.message)?;
        if !self.table.has_room(request.identity, &client, &self.limits) {
            return Err(Refusal::QuotaReached);
        }
        let (relayed, failed) = open(&client, &wish, out)?;
        let granted = Granted {
            transaction_id: *request.message.transaction_id(),
            relayed,
            failed,
            lifetime: wish.lifetime,
        };
        let expires = now + seconds(wish.lifetime);
        self.table.insert(Allocation::new(client, request, granted, expires));
        self.counters.allocations_opened += 1;
        Ok(Outcome::Allocated(granted))
    }

    /// A retransmission gets the answer that was lost; another wish of the same client has no place.
    fn allocated_before(&self, slot: Slot, request: &Request<'_>) -> Result<Outcome, Refusal> {
        let allocation = &self.table[slot];
        let is_retransmission = allocation.granted.transaction_id == *request.message.transaction_id()
            && *allocation.username == *request.username;
        if is_retransmission {
            Ok(Outcome::Allocated(allocation.granted))
        } else {
            Err(Refusal::AllocationMismatch)
        }
    }

    pub(super) fn refresh(
        &mut self,
        slot: Slot,
        message: &Message<'_>,
        now: Instant,
        out: &mut impl Outlet,
    ) -> Result<Outcome, Refusal> {
        let family = match message.attribute(attribute::REQUESTED_ADDRESS_FAMILY) {
            Some(value) => {
                let family = Family::from_wire(value).ok_or(Refusal::PeerFamilyMismatch)?;
                let relayed = self.table[slot].relayed(family, now);
                relayed.ok_or(Refusal::PeerFamilyMismatch)?;
                Some(family)
            }
            None => None,
        };
        let lifetime = match wanted_lifetime(message)? {
            Some(0) => 0,
            _ => lifetime(message)?,
        };
        self.table[slot].refresh(family, now + seconds(lifetime));
        if lifetime > 0 {
            self.table.ends_changed(slot);
        } else if self.table.close_ended(slot, now, out) {
            self.counters.allocations_closed += 1;
        }
        Ok(Outcome::Refreshed(lifetime))
    }
}

struct Wish {
    /// The second one is granted if it can be.
    families: (Family, Option<Family>),
    even_port: bool,
    lifetime: u32,
}

impl Wish {
    fn parse(message: &Message<'_>) -> Result<Wish, Refusal> {
        let transport = message
            .attribute(attribute::REQUESTED_TRANSPORT)
            .ok_or(Refusal::BadRequest)?;
        match transport {
            [UDP, _, _, _] => {}
            [_, _, _, _] => return Err(Refusal::TransportUnsupported),
            _ => return Err(Refusal::BadRequest),
        }
        let families = Self::families(message)?;
        // Pairs of ports are for RTP and RTCP apart, which no browser does.
        if message.attribute(attribute::RESERVATION_TOKEN).is_some() || wants_pair(message) {
            return Err(Refusal::InsufficientCapacity);
        }
        Ok(Wish {
            families,
            even_port: message.attribute(attribute::EVEN_PORT).is_some(),
            lifetime: lifetime(message)?,
        })
    }

    fn families(message: &Message<'_>) -> Result<(Family, Option<Family>), Refusal> {
        let requested = message.attribute(attribute::REQUESTED_ADDRESS_FAMILY);
        let additional = message.attribute(attribute::ADDITIONAL_ADDRESS_FAMILY);
        let token = message.attribute(attribute::RESERVATION_TOKEN);
        let even_port = message.attribute(attribute::EVEN_PORT);
        if token.is_some() && (even_port.is_some() || requested.is_some() || additional.is_some()) {
            return Err(Refusal::BadRequest);
        }
        match (requested, additional) {
            (None, None) => Ok((Family::V4, None)),
            (Some(value), None) if value.len() == 4 => {
                let family = Family::from_wire(value).ok_or(Refusal::FamilyUnsupported)?;
                Ok((family, None))
            }
            (None, Some(value)) if Family::from_wire(value) == Some(Family::V6) => {
                if wants_pair(message) {
                    return Err(Refusal::BadRequest);
                }
                Ok((Family::V4, Some(Family::V6)))
            }
            _ => Err(Refusal::BadRequest),
        }
    }
}

/// The next port is to be kept for a later allocation (RFC 8656, section 18.7).
fn wants_pair(message: &Message<'_>) -> bool {
    let value = message.attribute(attribute::EVEN_PORT);
    value.is_some_and(|value| value.first().is_some_and(|bits| bits & 0x80 != 0))
}

type Opened = ((SocketAddr, Option<SocketAddr>), Option<(Family, Refusal)>);

/// One of two is enough (RFC 8656, section 7.2).
fn open(client: &Client, wish: &Wish, out: &mut impl Outlet) -> Result<Opened, Refusal> {
    let (family, additional) = wish.families;
    let first = out.open(client, family, wish.even_port).map_err(refusal);
    let Some(additional) = additional else {
        return Ok(((first?, None), None));
    };
    let second = out.open(client, additional, wish.even_port).map_err(refusal);
    match (first, second) {
        (Ok(first), Ok(second)) => Ok(((first, Some(second)), None)),
        (Ok(first), Err(refusal)) => Ok(((first, None), Some((additional, refusal)))),
        (Err(refusal), Ok(second)) => Ok(((second, None), Some((family, refusal)))),
        (Err(refusal), Err(_)) => Err(refusal),
    }
}

fn refusal(error: OpenError) -> Refusal {
    match error {
        OpenError::FamilyUnsupported => Refusal::FamilyUnsupported,
        OpenError::Exhausted => Refusal::InsufficientCapacity,
    }
}
