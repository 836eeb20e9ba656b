//! The machine: what comes in, and the timers.

use std::net::SocketAddr;
use std::time::Instant;

use aws_lc_rs::hmac;

use crate::authentication::{Authenticator, Request, Stranger};
use crate::binding::answer_binding;
use crate::channel_data::CHANNEL_DATA_FIRST_BYTES;
use crate::client::{Client, Now, canonical};
use crate::config::{Config, Limits};
use crate::counters::Counters;
use crate::outlet::Outlet;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::requests::{Method, Outcome};
use crate::strangers::Strangers;
use crate::stun::{Message, PASSWORD_ALGORITHMS, Writer, attribute, message_type};
use crate::table::{Slot, Table};

/// A STUN and TURN server. It owns allocations, permissions, channels and quotas; sockets and time are the caller's.
pub struct Relay {
    pub(crate) table: Table,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
    /// Data indications written so far.
    pub(crate) indications: u64,
    authenticator: Authenticator,
    strangers: Strangers,
}

impl Relay {
    /// Panics where the realm is too long.
    pub fn new(config: Config) -> Relay {
        config.check();
        let seed = |purpose: &[u8]| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &config.nonce_key);
            let tag = hmac::sign(&key, purpose);
            u64::from_be_bytes(*tag.as_ref().first_chunk().expect("a tag of 32 bytes"))
        };
        Relay {
            table: Table::new(seed(b"table")),
            strangers: Strangers::new(seed(b"strangers"), config.limits.unauthenticated_per_second),
            authenticator: Authenticator::new(&config),
            policy: Policy::new(config.allow_peers),
            limits: config.limits,
            counters: Counters::default(),
            indications: 0,
        }
    }

    /// One STUN message (never ICE's) or one ChannelData, whole: a stream's caller has cut it. False: neither, or
    /// nothing to be done with it; counted.
    pub fn handle_client(&mut self, client: Client, message: &[u8], now: Now, out: &mut impl Outlet) -> bool {
        match message.first() {
            // Nothing can be sent to port 0; only a forger is there.
            _ if client.remote().port() == 0 => self.dropped_malformed(),
            Some(0..=3) => self.handle_stun(client, message, now, out),
            Some(byte) if CHANNEL_DATA_FIRST_BYTES.contains(byte) => {
                self.forward_channel_data(&client, message, now.instant, out)
            }
            _ => self.dropped_malformed(),
        }
    }

    /// Something that reached a relayed transport address.
    pub fn handle_peer(
        &mut self,
        relayed: SocketAddr,
        peer: SocketAddr,
        payload: &[u8],
        now: Now,
        out: &mut impl Outlet,
    ) {
        let Some(slot) = self.table.by_relayed(relayed) else {
            self.counters.dropped_peer_no_allocation += 1;
            return;
        };
        self.deliver(slot, canonical(peer), payload, now.instant, out);
    }

    /// The client's TCP connection ended, and with it its allocation.
    pub fn handle_gone(&mut self, client: &Client, out: &mut impl Outlet) {
        if let Some(slot) = self.table.by_client(client) {
            self.table.remove(slot, out);
            self.counters.allocations_closed += 1;
        }
    }

    /// Closes what has ended. To be called at [`poll_timeout`](Relay::poll_timeout); earlier does no harm, and later neither:
    /// what has ended relays nothing.
    pub fn handle_timeout(&mut self, now: Now, out: &mut impl Outlet) {
        self.counters.allocations_closed += self.table.sweep(now.instant, out) as u64;
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.table.next_sweep()
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many live, or have ended and wait for their sweep.
    pub fn allocations(&self) -> usize {
        self.table.len()
    }

    fn handle_stun(&mut self, client: Client, bytes: &[u8], now: Now, out: &mut impl Outlet) -> bool {
        let message = Message::parse(bytes).filter(|message| message.fingerprint_holds() != Some(false));
        let Some(message) = message else {
            return self.dropped_malformed();
        };
        if let Some(method) = Method::of(message.message_type()) {
            return self.handle_request(client, method, message, now, out);
        }
        match message.message_type() {
            message_type::SEND_INDICATION => self.forward_indication(&client, &message, now.instant, out),
            message_type::BINDING_REQUEST => self.handle_binding(&client, bytes, out),
            // It keeps a NAT's mapping open, and wants nothing.
            message_type::BINDING_INDICATION => true,
            _ => {
                self.counters.dropped_method += 1;
                false
            }
        }
    }

    fn dropped_malformed(&mut self) -> bool {
        self.counters.dropped_malformed += 1;
        false
    }

    fn handle_binding(&mut self, client: &Client, request: &[u8], out: &mut impl Outlet) -> bool {
        let Some(len) = answer_binding(request, client.remote(), out.buffer()) else {
            self.counters.dropped_method += 1;
            return false;
        };
        out.commit(client, len);
        self.counters.binding_answered += 1;
        true
    }

    fn handle_request(
        &mut self,
        client: Client,
        method: Method,
        message: Message<'_>,
        now: Now,
        out: &mut impl Outlet,
    ) -> bool {
        let slot = self.living(&client, now.instant, out);
        let allocation = slot.map(|slot| &self.table[slot]);
        match self.authenticator.check(message, &client, allocation, now) {
            Ok(request) => {
                let outcome = self.serve(client, method, &request, slot, now.instant, out);
                self.answer(&client, &message, &request, outcome, out);
                true
            }
            Err(stranger) => self.answer_stranger(&client, &message, stranger, now, out),
        }
    }

    /// The client's allocation. One that has ended is closed first, for the client may want another.
    fn living(&mut self, client: &Client, now: Instant, out: &mut impl Outlet) -> Option<Slot> {
        let slot = self.table.by_client(client)?;
        if self.table.close_ended(slot, now, out) {
            self.counters.allocations_closed += 1;
            return None;
        }
        Some(slot)
    }

    fn answer(
        &mut self,
        client: &Client,
        message: &Message<'_>,
        request: &Request<'_>,
        outcome: Result<Outcome, Refusal>,
        out: &mut impl Outlet,
    ) {
        let class = match outcome {
            Ok(_) => message_type::SUCCESS,
            Err(_) => message_type::ERROR,
        };
        let mut writer = Writer::new(out.buffer(), message.message_type() | class, message.transaction_id());
        match outcome {
            Ok(outcome) => outcome.write(client, &mut writer),
            Err(refusal) => {
                refusal.count(&mut self.counters);
                writer.error_code(refusal.code());
                if refusal == Refusal::UnknownAttribute {
                    writer.unknown_attributes(attribute::unknown(&request.message));
                }
            }
        }
        writer.integrity(request.integrity, request.key.as_bytes());
        let len = writer.finish(message.fingerprint_holds().is_some());
        out.commit(client, len);
    }

    /// The one answer that somebody gets who has not proved who it is. False where it gets none.
    fn answer_stranger(
        &mut self,
        client: &Client,
        message: &Message<'_>,
        stranger: Stranger,
        now: Now,
        out: &mut impl Outlet,
    ) -> bool {
        if !self.strangers.may_answer(client.remote(), now.instant) {
            self.counters.dropped_unauthenticated += 1;
            return false;
        }
        let refusal = match stranger {
            Stranger::NoCredentials => {
                self.counters.challenged += 1;
                Refusal::Unauthorized
            }
            Stranger::Refused(refusal) => {
                refusal.count(&mut self.counters);
                refusal
            }
        };
        let kind = message.message_type() | message_type::ERROR;
        let mut writer = Writer::new(out.buffer(), kind, message.transaction_id());
        writer.error_code(refusal.code());
        // With a 400 there is nothing to try again (RFC 8489, section 9.2.4).
        if refusal != Refusal::BadRequest {
            writer.attribute(attribute::REALM, self.authenticator.realm.as_bytes());
            let nonce = self.authenticator.nonces.issue(client.remote(), now.unix);
            writer.attribute(attribute::NONCE, &nonce);
            writer.attribute(attribute::PASSWORD_ALGORITHMS, &PASSWORD_ALGORITHMS);
        }
        let len = writer.finish(message.fingerprint_holds().is_some());
        out.commit(client, len);
        true
    }
}
