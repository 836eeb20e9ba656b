//! What one client has (RFC 8656, section 7).

use std::net::SocketAddr;
use std::time::Instant;

use crate::authentication::Request;
use crate::bucket::Bucket;
use crate::channels::Channels;
use crate::client::Client;
use crate::outlet::Family;
use crate::permissions::Permissions;
use crate::refusal::Refusal;
use crate::stun::LongTermKey;

pub(crate) struct Allocation {
    pub client: Client,
    pub username: Box<[u8]>,
    /// Where in the user name the identity begins.
    identity_at: usize,
    /// Under the algorithm that was chosen with the first request; others are made anew.
    pub key: LongTermKey,
    pub granted: Granted,
    relayed: [Option<Relayed>; 2],
    pub permissions: Permissions,
    pub channels: Channels,
    pub from_client: Bucket,
    pub to_client: Bucket,
}

/// The answer to Allocate, kept for the request's retransmissions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Granted {
    pub transaction_id: [u8; 12],
    /// The first, and where ADDITIONAL-ADDRESS-FAMILY was granted the second address.
    pub relayed: (SocketAddr, Option<SocketAddr>),
    /// The family that was wanted as well, and why it is not there.
    pub failed: Option<(Family, Refusal)>,
    /// Seconds.
    pub lifetime: u32,
}

/// A relayed transport address. Each family has a time of its own (RFC 8656, section 8.2).
#[derive(Debug, Clone, Copy)]
struct Relayed {
    address: SocketAddr,
    expires: Instant,
}

impl Allocation {
    /// Everything lives until `expires`.
    pub fn new(client: Client, request: &Request<'_>, granted: Granted, expires: Instant) -> Allocation {
        let mut relayed = [None, None];
        for address in [Some(granted.relayed.0), granted.relayed.1].into_iter().flatten() {
            relayed[Family::of(address) as usize] = Some(Relayed { address, expires });
        }
        Allocation {
            client,
            username: request.username.into(),
            identity_at: request.username.len() - request.identity.len(),
            key: request.key.clone(),
            granted,
            relayed,
            permissions: Permissions::default(),
            channels: Channels::default(),
            from_client: Bucket::default(),
            to_client: Bucket::default(),
        }
    }

    pub fn identity(&self) -> &[u8] {
        &self.username[self.identity_at..]
    }

    /// The address of this family, if its time has not ended.
    pub fn relayed(&self, family: Family, now: Instant) -> Option<SocketAddr> {
        let relayed = self.relayed[family as usize]?;
        (now < relayed.expires).then_some(relayed.address)
    }

    /// Every address that was opened and not yet closed.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + use<> {
        self.relayed.into_iter().flatten().map(|relayed| relayed.address)
    }

    /// When the first of its addresses ends. None where none is left.
    pub fn next_end(&self) -> Option<Instant> {
        self.relayed.iter().flatten().map(|relayed| relayed.expires).min()
    }

    /// Lets the addresses of these families, as far as there are any, live until then.
    pub fn refresh(&mut self, family: Option<Family>, expires: Instant) {
        for relayed in self.relayed.iter_mut().flatten() {
            if family.is_none_or(|family| family == Family::of(relayed.address)) {
                relayed.expires = expires;
            }
        }
    }

    /// Takes out an address that has ended by now, with all that hangs on it. The caller closes it.
    pub fn take_ended(&mut self, now: Instant) -> Option<SocketAddr> {
        let ended = self
            .relayed
            .iter_mut()
            .find_map(|relayed| relayed.take_if(|relayed| relayed.expires <= now))?
            .address;
        self.permissions.forget(|peer| peer.is_ipv4() == ended.is_ipv4());
        self.channels.forget(|peer| peer.is_ipv4() == ended.is_ipv4());
        Some(ended)
    }
}
