//! The relay, under whatever clients, peers and time do in whatever order.

mod network;
mod person;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tertulia_relay::stun::{Message, PasswordAlgorithm, attribute, message_type, xor_address};
use tertulia_relay::{Client, Config, Limits, Now, Relay, Secret};

use crate::input::Input;
use network::{Network, Sent, is_ours, media};
use person::{Person, REALM, SECRET};

/// Allocations at once.
const LIMIT: usize = 3;
/// How long a permission lasts (RFC 8656, section 9).
const PERMISSION: Duration = Duration::from_secs(300);
/// The longest answer to somebody who has not proved who they are: realm, nonce and algorithms of a challenge, and some room.
const CHALLENGE_MAX: usize = 256;

/// Four people's messages, what peers send, and steps in time; each step's effects must be ones that somebody is entitled to.
pub fn relay(bytes: &[u8]) {
    let mut run = Run::new();
    let mut input = Input::new(bytes);
    while !input.is_empty() {
        run.step(&mut input);
        assert!(run.relay.allocations() <= LIMIT);
        assert!(run.network.open.len() <= 2 * LIMIT);
    }
    run.end();
}

struct Run {
    relay: Relay,
    network: Network,
    people: Vec<Person>,
    now: Now,
    ids: u64,
    /// Whom each client was told that it may exchange data with, and until when.
    permitted: BTreeMap<(usize, IpAddr), Instant>,
}

impl Run {
    fn new() -> Run {
        let limits = Limits {
            allocations: LIMIT,
            permissions: 4,
            channels: 3,
            ..Limits::default()
        };
        let config = Config {
            realm: REALM.to_owned(),
            secret: Secret::new(SECRET),
            nonce_key: [7; 32],
            allow_peers: vec![],
            limits,
        };
        let mut run = Run {
            relay: Relay::new(config),
            network: Network::new(),
            people: people(),
            now: Now {
                instant: Instant::now(),
                unix: 1_800_000_000,
            },
            ids: 0,
            permitted: BTreeMap::new(),
        };
        for who in 0..run.people.len() {
            run.greet(who);
        }
        run
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let step = input.byte();
        let who = usize::from(step >> 4) % self.people.len();
        match step & 0x0F {
            0 => self.client_sends(who, input.bytes()),
            1 | 2 => self.request(who, input, false),
            3..=6 => self.request(who, input, true),
            7 | 8 => {
                let mut message = person::channel(input).to_be_bytes().to_vec();
                let payload = input.bytes();
                message.extend((payload.len() as u16).to_be_bytes());
                message.extend(payload);
                self.client_sends(who, &message);
            }
            9 | 10 => self.peer_sends(input),
            11 => self.pass(input.pick(&[1, 59, 299, 300, 301, 600, 3601])),
            12 => self.relay.handle_timeout(self.now, &mut self.network),
            13 => self.relay.handle_gone(&self.people[who].client, &mut self.network),
            14 => self.greet(who),
            _ => self.network.exhausted = input.flag(),
        }
        self.network.sent.clear();
    }

    fn pass(&mut self, seconds: u64) {
        self.now.instant += Duration::from_secs(seconds);
        self.now.unix += seconds;
    }

    fn next_id(&mut self) -> [u8; 12] {
        self.ids += 1;
        let mut id = *b"fuzz00000000";
        id[4..].copy_from_slice(&self.ids.to_be_bytes());
        id
    }

    /// A challenge gives a nonce, unless there were too many of them.
    fn greet(&mut self, who: usize) {
        let id = self.next_id();
        let greeting = self.people[who].greeting(id);
        self.client_sends(who, &greeting);
        let Some(Sent::Stun { bytes, .. }) = self.network.sent.pop() else {
            return;
        };
        let answer = Message::parse(&bytes).expect("well-framed");
        if let Some(nonce) = answer.attribute(attribute::NONCE) {
            self.people[who].nonce = nonce.to_vec();
        }
    }

    fn request(&mut self, who: usize, input: &mut Input<'_>, with_credentials: bool) {
        let id = self.next_id();
        let request = self.people[who].message(input, &self.network, id, with_credentials);
        self.client_sends(who, &request);
    }

    fn client_sends(&mut self, who: usize, message: &[u8]) {
        let client = self.people[who].client;
        let open = self.network.open.len();
        self.relay.handle_client(client, message, self.now, &mut self.network);
        let sent = std::mem::take(&mut self.network.sent);
        assert!(sent.len() <= 1, "one message has one effect");
        match sent.first() {
            Some(Sent::Stun { client: to, bytes }) if *to == client && is_answer(bytes) => {
                self.judge_answer(who, message, bytes);
            }
            // To another client's relayed address, without leaving the process.
            Some(Sent::Stun { client: to, .. } | Sent::ChannelData { client: to }) => self.judge_meeting(who, *to),
            Some(Sent::ToPeer { relayed, peer }) => self.judge_relayed(who, *relayed, *peer),
            Some(Sent::ToMedia { relayed, media }) => self.judge_relayed(who, *relayed, *media),
            None => assert!(self.network.open.len() <= open, "opened without a word"),
        }
        self.network.sent = sent;
    }

    fn judge_answer(&mut self, who: usize, request: &[u8], answer: &[u8]) {
        let request = Message::parse(request).expect("only what is well-framed is answered");
        let answer = Message::parse(answer).expect("well-framed");
        assert_eq!(answer.transaction_id(), request.transaction_id());
        let is_success = answer.message_type() & message_type::ERROR == message_type::SUCCESS;
        if is_success && request.message_type() != message_type::BINDING_REQUEST {
            assert!(self.people[who].trusts(&answer), "a success without a proof");
            self.learn(who, &request);
        } else if !self.people[who].trusts(&answer) {
            let len = answer
                .attributes()
                .fold(20, |len, attribute| len + 4 + attribute.value.len());
            assert!(len <= CHALLENGE_MAX, "{len} bytes for anybody who asks");
        }
    }

    fn learn(&mut self, who: usize, request: &Message<'_>) {
        let count = match request.message_type() {
            message_type::CREATE_PERMISSION_REQUEST => usize::MAX,
            message_type::CHANNEL_BIND_REQUEST => 1,
            message_type::ALLOCATE_REQUEST => {
                self.permitted.retain(|(of, _), _| *of != who);
                return;
            }
            _ => return,
        };
        let peers = request.protected().attributes();
        let peers = peers.filter(|attribute| attribute.kind == attribute::XOR_PEER_ADDRESS);
        for peer in peers.take(count) {
            let peer = xor_address(peer.value, request.transaction_id()).expect("else it was no success");
            let end = self.now.instant + PERMISSION;
            self.permitted.insert((who, peer.ip().to_canonical()), end);
        }
    }

    fn judge_relayed(&self, who: usize, relayed: SocketAddr, peer: SocketAddr) {
        assert_eq!(self.network.open.get(&relayed), Some(&self.people[who].client));
        assert_eq!(relayed.is_ipv4(), peer.ip().to_canonical().is_ipv4());
        assert!(self.permits(who, peer.ip()), "to {peer} without a permission");
    }

    fn judge_meeting(&self, who: usize, to: Client) {
        let to = self.number(&to);
        let owns = |who: usize| {
            self.network
                .open
                .values()
                .any(|owner| *owner == self.people[who].client)
        };
        assert!(owns(who) && owns(to));
        let ours = |who: usize| {
            self.permitted
                .iter()
                .any(|((of, ip), end)| *of == who && is_ours(*ip) && self.now.instant < *end)
        };
        assert!(ours(who) && ours(to), "both must have permitted it");
    }

    fn peer_sends(&mut self, input: &mut Input<'_>) {
        let relayed = person::address(input, &self.network);
        let peer = person::address(input, &self.network);
        let payload = input.bytes();
        self.relay
            .handle_peer(relayed, peer, payload, self.now, &mut self.network);
        let sent = std::mem::take(&mut self.network.sent);
        assert!(sent.len() <= 1);
        if let Some(sent) = sent.first() {
            let (Sent::Stun { client, .. } | Sent::ChannelData { client }) = sent else {
                panic!("what a peer sends goes to a client");
            };
            assert_eq!(self.network.open.get(&relayed), Some(client));
            assert!(
                self.permits(self.number(client), peer.ip()),
                "from {peer} without a permission"
            );
        }
    }

    fn permits(&self, who: usize, peer: IpAddr) -> bool {
        let end = self.permitted.get(&(who, peer.to_canonical()));
        end.is_some_and(|end| self.now.instant < *end)
    }

    fn number(&self, client: &Client) -> usize {
        let number = self.people.iter().position(|person| person.client == *client);
        number.expect("somebody we know")
    }

    /// Time passes until nothing is left to wait for; then all that was opened is closed.
    fn end(mut self) {
        for _ in 0..200 {
            let Some(due) = self.relay.poll_timeout() else {
                break;
            };
            let seconds = due.saturating_duration_since(self.now.instant).as_secs();
            self.pass(seconds + 1);
            self.relay.handle_timeout(self.now, &mut self.network);
        }
        assert_eq!(self.relay.poll_timeout(), None);
        assert_eq!(self.relay.allocations(), 0);
        assert!(self.network.open.is_empty());
        let counters = self.relay.counters();
        assert_eq!(counters.allocations_opened, counters.allocations_closed);
    }
}

/// A response, not a Data indication.
fn is_answer(message: &[u8]) -> bool {
    message[0] & 1 != 0
}

/// By UDP of both families and by TCP; one is a program that knows SHA-256.
fn people() -> Vec<Person> {
    let local = media().ip();
    let udp = |remote: &str| Client::Udp {
        remote: remote.parse().expect("an address"),
        local,
        socket: 0,
    };
    let stream = Client::Stream {
        stream: 1,
        remote: SocketAddr::from(([93, 184, 216, 3], 50_000)),
        local,
    };
    vec![
        Person::new(udp("93.184.216.1:50000"), 0, None),
        Person::new(udp("93.184.216.2:50000"), 1, Some(PasswordAlgorithm::Sha256)),
        Person::new(stream, 2, None),
        Person::new(udp("[2606:4700::1]:50000"), 3, Some(PasswordAlgorithm::Md5)),
    ]
}
