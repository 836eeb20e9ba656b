//! A relay, the network around it, and people who use it.

mod network;
mod person;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tertulia_relay::stun::{Message, Writer, attribute, message_type, xor_address};
use tertulia_relay::{Client, Config, Limits, Now, Relay, Secret};

pub use network::{Network, Sent};
pub use person::Person;

pub const REALM: &str = "tertulia";
pub const SECRET: &[u8] = b"a secret that only the server has";
/// Our UDP port; relayed addresses are on the same IP address.
pub const MEDIA: &str = "198.51.100.1:3478";
/// Somebody on the Internet.
pub const PEER: &str = "8.8.8.8:9000";
pub const PEER_V6: &str = "[2606:4700::9]:9000";

pub struct World {
    pub relay: Relay,
    pub network: Network,
    pub now: Now,
    ids: u64,
}

impl World {
    pub fn new() -> World {
        World::with(|_| {})
    }

    /// Limits are the default's, but for the answers to strangers: every test has its own number of them.
    pub fn with(change: impl FnOnce(&mut Config)) -> World {
        let mut config = Config {
            realm: REALM.to_owned(),
            secret: Secret::new(SECRET),
            nonce_key: [7; 32],
            allow_peers: vec![],
            limits: Limits {
                unauthenticated_per_second: 1000,
                ..Limits::default()
            },
        };
        change(&mut config);
        World {
            relay: Relay::new(config),
            network: Network::new(),
            now: Now {
                instant: Instant::now(),
                unix: 1_800_000_000,
            },
            ids: 0,
        }
    }

    /// Time passes, and nobody looks at the timers.
    pub fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.unix += time.as_secs();
    }

    pub fn sweep(&mut self) {
        self.relay.handle_timeout(self.now, &mut self.network);
    }

    pub fn send(&mut self, client: Client, message: &[u8]) -> bool {
        self.relay.handle_client(client, message, self.now, &mut self.network)
    }

    pub fn peer_sends(&mut self, relayed: SocketAddr, peer: &str, payload: &[u8]) {
        let peer = peer.parse().unwrap();
        self.relay
            .handle_peer(relayed, peer, payload, self.now, &mut self.network);
    }

    pub fn counter(&self, name: &str) -> u64 {
        let found = self
            .relay
            .counters()
            .entries()
            .find(|(counter, _)| counter.strip_prefix("relay_") == Some(name));
        found.unwrap_or_else(|| panic!("no counter {name}")).1
    }

    /// A request without credentials.
    pub fn ask_unsigned(&mut self, client: Client, kind: u16, fill: impl FnOnce(&mut Writer<'_>)) -> Option<Answer> {
        let request = message(kind, self.next_id(), fill);
        self.exchange(client, &request)
    }

    /// A request with them. Every answer to it that needs a proof must have one.
    pub fn ask(&mut self, person: &Person, kind: u16, fill: impl FnOnce(&mut Writer<'_>)) -> Answer {
        let request = person.request(kind, self.next_id(), fill);
        let answer = self.exchange(person.client, &request).expect("an answer");
        assert_eq!(answer.message().fingerprint_holds(), Some(true));
        if !matches!(answer.code(), 400 | 401 | 438) {
            assert!(
                person.trusts(&answer.message()),
                "an answer without a proof: {}",
                answer.code()
            );
        }
        answer
    }

    /// The one answer to a message, if there is one.
    pub fn exchange(&mut self, client: Client, request: &[u8]) -> Option<Answer> {
        let before = self.network.sent.len();
        self.send(client, request);
        let mut sent = self.network.sent.drain(before..);
        let first = sent.next()?;
        assert_eq!(sent.next(), None, "more than one answer");
        let Sent::Message(to, bytes) = first else {
            panic!("{first:?} is no answer");
        };
        assert_eq!(to, client);
        let message = Message::parse(&bytes).expect("well-framed");
        assert_eq!(message.transaction_id(), &request[8..20]);
        Some(Answer(bytes))
    }

    /// Somebody who was challenged, and knows the realm and a nonce.
    pub fn person(&mut self, number: u8) -> Person {
        let client = Client::Udp {
            remote: SocketAddr::from(([93, 184, 216, number], 50_000)),
            local: MEDIA.parse::<SocketAddr>().unwrap().ip(),
            socket: 0,
        };
        self.person_at(client, &format!("person-{number}"))
    }

    pub fn person_at(&mut self, client: Client, identity: &str) -> Person {
        let username = format!("{}:{identity}", self.now.unix + 3600);
        let mut person = Person::new(client, username);
        self.challenge(&mut person);
        person
    }

    /// Gets a nonce.
    pub fn challenge(&mut self, person: &mut Person) {
        let answer = self
            .ask_unsigned(person.client, message_type::ALLOCATE_REQUEST, with_udp)
            .expect("a challenge");
        assert_eq!(answer.code(), 401);
        person.nonce = answer.message().attribute(attribute::NONCE).expect("a nonce").to_vec();
    }

    /// Somebody with an IPv4 allocation, and its address.
    pub fn person_with_allocation(&mut self, number: u8) -> (Person, SocketAddr) {
        let person = self.person(number);
        let relayed = self.allocate(&person);
        (person, relayed)
    }

    pub fn allocate(&mut self, person: &Person) -> SocketAddr {
        let answer = self.ask(person, message_type::ALLOCATE_REQUEST, with_udp);
        assert_eq!(answer.code(), 0);
        answer.relayed()[0]
    }

    /// Somebody with an address of each family.
    pub fn person_with_both(&mut self, number: u8) -> (Person, [SocketAddr; 2]) {
        let person = self.person(number);
        let answer = self.ask(&person, message_type::ALLOCATE_REQUEST, |writer| {
            with_udp(writer);
            writer.attribute(attribute::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]);
        });
        let relayed = answer.relayed().try_into().expect("two addresses");
        (person, relayed)
    }

    /// The error code; 0 where it went well.
    pub fn permit(&mut self, person: &Person, peers: &[&str]) -> u16 {
        self.ask(person, message_type::CREATE_PERMISSION_REQUEST, |writer| {
            for peer in peers {
                writer.xor_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap());
            }
        })
        .code()
    }

    /// The error code; 0 where it went well.
    pub fn bind(&mut self, person: &Person, number: u16, peer: &str) -> u16 {
        self.ask(person, message_type::CHANNEL_BIND_REQUEST, |writer| {
            writer.number(attribute::CHANNEL_NUMBER, u32::from(number) << 16);
            writer.xor_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap());
        })
        .code()
    }

    /// The error code; 0 where it went well.
    pub fn refresh(&mut self, person: &Person, lifetime: u32) -> u16 {
        self.ask(person, message_type::REFRESH_REQUEST, |writer| {
            writer.number(attribute::LIFETIME, lifetime);
        })
        .code()
    }

    pub fn send_indication(&mut self, person: &Person, peer: &str, payload: &[u8]) -> bool {
        let indication = message(message_type::SEND_INDICATION, self.next_id(), |writer| {
            writer.xor_address(attribute::XOR_PEER_ADDRESS, peer.parse().unwrap());
            writer.attribute(attribute::DATA, payload);
        });
        self.send(person.client, &indication)
    }

    pub fn send_channel_data(&mut self, person: &Person, number: u16, payload: &[u8]) -> bool {
        self.send(person.client, &channel_data(number, payload))
    }

    /// What went out since it was last asked for.
    pub fn sent(&mut self) -> Vec<Sent> {
        std::mem::take(&mut self.network.sent)
    }

    pub fn next_id(&mut self) -> [u8; 12] {
        self.ids += 1;
        let mut id = *b"test00000000";
        id[4..].copy_from_slice(&self.ids.to_be_bytes());
        id
    }
}

/// A response.
pub struct Answer(pub Vec<u8>);

impl Answer {
    pub fn message(&self) -> Message<'_> {
        Message::parse(&self.0).unwrap()
    }

    /// 0 for a success.
    pub fn code(&self) -> u16 {
        match self.message().attribute(attribute::ERROR_CODE) {
            Some(value) => {
                assert_eq!(self.message().message_type() & 0x0110, message_type::ERROR);
                u16::from(value[2]) * 100 + u16::from(value[3])
            }
            None => {
                assert_eq!(self.message().message_type() & 0x0110, message_type::SUCCESS);
                0
            }
        }
    }

    pub fn relayed(&self) -> Vec<SocketAddr> {
        self.addresses(attribute::XOR_RELAYED_ADDRESS)
    }

    pub fn mapped(&self) -> SocketAddr {
        self.addresses(attribute::XOR_MAPPED_ADDRESS)[0]
    }

    pub fn lifetime(&self) -> u32 {
        let value = self.message().attribute(attribute::LIFETIME).expect("a lifetime");
        u32::from_be_bytes(value.try_into().unwrap())
    }

    fn addresses(&self, kind: u16) -> Vec<SocketAddr> {
        let message = self.message();
        message
            .attributes()
            .filter(|attribute| attribute.kind == kind)
            .map(|attribute| xor_address(attribute.value, message.transaction_id()).unwrap())
            .collect()
    }
}

/// Without credentials.
pub fn message(kind: u16, id: [u8; 12], fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut buffer = vec![0; 0x10000];
    let mut writer = Writer::new(&mut buffer, kind, &id);
    fill(&mut writer);
    let len = writer.finish(false);
    buffer.truncate(len);
    buffer
}

pub fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend((payload.len() as u16).to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// What every Allocate has.
pub fn with_udp(writer: &mut Writer<'_>) {
    writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
}
