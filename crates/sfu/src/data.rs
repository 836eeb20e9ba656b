//! Messages of people to each other on data channels: who may send, who hears it, and who is too slow for it.
//!
//! A message comes with the transport of its sender, waits in the outboxes of those who hear it, and leaves with the next
//! [`flush`](crate::sfu::Sfu::flush), each of them by itself: what goes wrong with one concerns no other.

mod budget;
pub mod message;

use crate::across;
use crate::connection::Connection;
use crate::data::budget::Budget;
use crate::data::message::{Fault, Message, Names};
use crate::egress::Egress;
use crate::sfu::Sfu;
use crate::table::Index;
use crate::transport::{Channel, Transport, Written};
use crate::types::{ConnectionId, RoomKey, WorkerId};
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Instant;

/// Why a channel is closed, as its end is told.
const TOO_MANY_MESSAGES: &str = "too_many_messages";
const TOO_SLOW: &str = "too_slow";
/// What a message that waits takes besides its octets.
const OVERHEAD: usize = 64;
/// Lossy messages that wait for the flush. More of them in one batch are more than anybody can follow.
const LOSSY_MAX: usize = 256;

/// Whose connection it is.
#[derive(Debug)]
struct Member {
    name: Box<[u8]>,
    sends: bool,
}

/// A connection's part in it.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    member: Option<Member>,
    budgets: [Budget; 2],
    outbox: Outbox,
    /// It is among those whose turn comes with the flush.
    is_listed: bool,
}

/// What waits to leave.
#[derive(Debug, Default)]
struct Outbox {
    reliable: VecDeque<Arc<[u8]>>,
    /// That it takes.
    octets: usize,
    lossy: Vec<Arc<[u8]>>,
    /// So much waited that the channel is closed.
    is_too_slow: bool,
}

/// What became of an outbox.
#[derive(Debug, Default)]
struct Left {
    sent: u64,
    dropped: u64,
}

impl Outbox {
    /// False: it is dropped.
    fn push(&mut self, channel: Channel, message: &Arc<[u8]>, octets_max: usize) -> bool {
        match channel {
            Channel::Lossy if self.lossy.len() < LOSSY_MAX => self.lossy.push(message.clone()),
            Channel::Lossy => return false,
            Channel::Reliable => {
                self.octets += message.len() + OVERHEAD;
                self.reliable.push_back(message.clone());
                if self.octets > octets_max {
                    self.forget_reliable();
                    self.is_too_slow = true;
                }
            }
        }
        true
    }

    fn forget_reliable(&mut self) {
        self.reliable = VecDeque::new();
        self.octets = 0;
    }

    fn write(&mut self, transport: &mut Transport) -> Left {
        let mut left = Left::default();
        for message in self.lossy.drain(..) {
            match transport.write(Channel::Lossy, &message) {
                Written::Done => left.sent += 1,
                Written::Full | Written::Closed => left.dropped += 1,
            }
        }
        while let Some(message) = self.reliable.front() {
            match transport.write(Channel::Reliable, message) {
                Written::Done => left.sent += 1,
                Written::Full => break,
                Written::Closed => {
                    self.forget_reliable();
                    break;
                }
            }
            self.octets -= message.len() + OVERHEAD;
            self.reliable.pop_front();
        }
        left
    }
}

impl Sfu {
    /// Whose connection it is, and whether he may send. None: that is no name, or there is no such connection.
    pub(crate) fn member(&mut self, id: ConnectionId, name: &str, sends: bool) -> Option<()> {
        let at = self.connections.find(id)?;
        let connection = self.connections.get_mut(at)?;
        if !(1..=255).contains(&name.len()) {
            return None;
        }
        let name = name.as_bytes().into();
        let is_new = connection.talk.member.replace(Member { name, sends }).is_none();
        if is_new {
            self.rooms.entry(connection.room).or_default().members.push(at);
        }
        Some(())
    }

    /// The other workers where connections of the room are.
    pub(crate) fn spread(&mut self, room: RoomKey, workers: Vec<WorkerId>) -> Option<()> {
        self.rooms.get_mut(&room)?.elsewhere = workers;
        Some(())
    }

    /// The connection is about to go.
    pub(crate) fn forget_member(&mut self, at: Index<Connection>, room: RoomKey) {
        self.talking.retain(|&other| other != at);
        if let Some(room) = self.rooms.get_mut(&room) {
            room.members.retain(|&other| other != at);
        }
    }

    /// A message came from a client.
    pub(crate) fn take_message(&mut self, at: Index<Connection>, channel: Channel, bytes: &[u8], now: Instant) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        self.counters.data_in += 1;
        let (messages, octets) = (self.config.data_messages_per_second, self.config.data_bytes_per_second);
        let talk = &mut connection.talk;
        if !talk.budgets[channel as usize].take(bytes.len(), messages, octets, now) {
            self.counters.data_dropped_rate += 1;
            if channel == Channel::Reliable {
                self.counters.data_closed_rate += 1;
                talk.outbox.forget_reliable();
                if let Some(transport) = &mut connection.transport {
                    transport.close_channel(channel, &message::notice(TOO_MANY_MESSAGES));
                }
            }
            return;
        }
        let Some(member) = talk.member.as_ref().filter(|member| member.sends) else {
            self.counters.data_dropped_not_allowed += 1;
            return;
        };
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(Fault::Version) => return self.counters.data_dropped_version += 1,
            Err(Fault::Malformed) => return self.counters.data_dropped_malformed += 1,
            Err(Fault::TooLarge) => return self.counters.data_dropped_too_large += 1,
        };
        let signed = message.signed(&member.name);
        let key = connection.room;
        let elsewhere = self.rooms.get(&key).map_or(&[][..], |room| &room.elsewhere);
        for &worker in elsewhere {
            let message = across::Message::Data {
                room: key,
                channel,
                to: message.to.as_bytes().into(),
                message: signed.clone(),
            };
            self.mail.push(worker, message);
        }
        self.pass_on(key, Some(at), channel, message.to, &signed);
    }

    /// Puts a message into the outboxes of those here who hear it; `from` is one of them who does not.
    pub(crate) fn pass_on(
        &mut self,
        room: RoomKey,
        from: Option<Index<Connection>>,
        channel: Channel,
        to: Names<'_>,
        message: &Arc<[u8]>,
    ) {
        let members = self.rooms.get(&room).map_or(&[][..], |room| &room.members);
        for &at in members.iter().filter(|&&at| from != Some(at)) {
            let Some(connection) = self.connections.get_mut(at) else {
                continue;
            };
            let Talk {
                member: Some(member),
                outbox,
                is_listed,
                ..
            } = &mut connection.talk
            else {
                continue;
            };
            let hears = { connection.transport.as_ref() }.is_some_and(|transport| transport.has_channel(channel));
            if !hears || !to.include(&member.name) {
                continue;
            }
            if !outbox.push(channel, message, self.config.data_queue) {
                self.counters.data_dropped_full += 1;
            }
            if !mem::replace(is_listed, true) {
                self.talking.push(at);
            }
        }
    }

    /// Something came from a client: what waits for it may fit now.
    pub(crate) fn wake_outbox(&mut self, at: Index<Connection>) {
        if let Some(connection) = self.connections.get_mut(at)
            && !connection.talk.outbox.reliable.is_empty()
            && !mem::replace(&mut connection.talk.is_listed, true)
        {
            self.talking.push(at);
        }
    }

    /// A client has closed its channel.
    pub(crate) fn forget_outbox(&mut self, at: Index<Connection>, channel: Channel) {
        if let Some(connection) = self.connections.get_mut(at)
            && channel == Channel::Reliable
        {
            connection.talk.outbox.forget_reliable();
        }
    }

    /// What waits leaves, as far as it fits.
    pub(crate) fn send_messages(&mut self, now: Instant, out: &mut impl Egress) {
        let mut talking = mem::take(&mut self.talking);
        for at in talking.drain(..) {
            self.isolate(at, now, |sfu| sfu.empty_outbox(at, now, out));
        }
        talking.append(&mut self.talking);
        self.talking = talking;
    }

    fn empty_outbox(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let (talk, Some(transport)) = (&mut connection.talk, &mut connection.transport) else {
            return;
        };
        talk.is_listed = false;
        transport.handle_timeout(now);
        if mem::take(&mut talk.outbox.is_too_slow) {
            self.counters.data_closed_too_slow += 1;
            transport.close_channel(Channel::Reliable, &message::notice(TOO_SLOW));
        }
        let left = talk.outbox.write(transport);
        self.counters.data_out += left.sent;
        self.counters.data_dropped_full += left.dropped;
        self.poll_transport(at, None, now, out);
    }
}
