//! What an authenticated request wants, and what becomes of it.

mod allocate;
mod peers;

use std::time::{Duration, Instant};

use crate::allocation::Granted;
use crate::authentication::Request;
use crate::client::{Client, canonical};
use crate::outlet::Outlet;
use crate::refusal::Refusal;
use crate::relay::Relay;
use crate::stun::{Message, Writer, attribute, message_type};
use crate::table::Slot;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Allocate,
    Refresh,
    CreatePermission,
    ChannelBind,
}

impl Method {
    /// None for all that is not a request to a TURN server.
    pub fn of(message_type: u16) -> Option<Method> {
        match message_type {
            message_type::ALLOCATE_REQUEST => Some(Method::Allocate),
            message_type::REFRESH_REQUEST => Some(Method::Refresh),
            message_type::CREATE_PERMISSION_REQUEST => Some(Method::CreatePermission),
            message_type::CHANNEL_BIND_REQUEST => Some(Method::ChannelBind),
            _ => None,
        }
    }
}

/// What a success response says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Allocated(Granted),
    /// Seconds; 0 where it ended.
    Refreshed(u32),
    Done,
}

impl Outcome {
    pub fn write(&self, client: &Client, writer: &mut Writer<'_>) {
        match self {
            Outcome::Allocated(granted) => {
                let (first, second) = granted.relayed;
                writer.xor_address(attribute::XOR_RELAYED_ADDRESS, first);
                if let Some(second) = second {
                    writer.xor_address(attribute::XOR_RELAYED_ADDRESS, second);
                }
                if let Some((family, refusal)) = granted.failed {
                    let code = refusal.code();
                    let value = [family.to_wire(), 0, (code / 100) as u8, (code % 100) as u8];
                    writer.attribute(attribute::ADDRESS_ERROR_CODE, &value);
                }
                writer.number(attribute::LIFETIME, granted.lifetime);
                writer.xor_address(attribute::XOR_MAPPED_ADDRESS, canonical(client.remote()));
            }
            Outcome::Refreshed(lifetime) => writer.number(attribute::LIFETIME, *lifetime),
            Outcome::Done => {}
        }
    }
}

impl Relay {
    /// `slot`: the client's allocation, if it has one that lives.
    pub(crate) fn serve(
        &mut self,
        client: Client,
        method: Method,
        request: &Request<'_>,
        slot: Option<Slot>,
        now: Instant,
        out: &mut impl Outlet,
    ) -> Result<Outcome, Refusal> {
        if attribute::unknown(&request.message).next().is_some() {
            return Err(Refusal::UnknownAttribute);
        }
        if method == Method::Allocate {
            return self.allocate(client, request, slot, now, out);
        }
        let slot = slot.ok_or(Refusal::AllocationMismatch)?;
        // Nobody takes over what is another's (RFC 8656, section 5).
        if *self.table[slot].username != *request.username {
            return Err(Refusal::WrongUser);
        }
        match method {
            Method::Allocate => unreachable!("answered above"),
            Method::Refresh => self.refresh(slot, &request.message, now, out),
            Method::CreatePermission => self.create_permission(slot, &request.message, now, out),
            Method::ChannelBind => self.bind_channel(slot, &request.message, now, out),
        }
    }
}

/// Seconds that are granted for those that are wanted (RFC 8656, section 7.2).
fn lifetime(message: &Message<'_>) -> Result<u32, Refusal> {
    const DEFAULT: u32 = 600;
    const MAX: u32 = 3600;
    Ok(wanted_lifetime(message)?.unwrap_or(DEFAULT).clamp(DEFAULT, MAX))
}

fn wanted_lifetime(message: &Message<'_>) -> Result<Option<u32>, Refusal> {
    let Some(value) = message.attribute(attribute::LIFETIME) else {
        return Ok(None);
    };
    let value = value.try_into().map_err(|_| Refusal::BadRequest)?;
    Ok(Some(u32::from_be_bytes(value)))
}

fn seconds(lifetime: u32) -> Duration {
    Duration::from_secs(lifetime.into())
}
