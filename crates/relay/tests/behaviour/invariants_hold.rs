//! Whatever clients, peers and time do, in whatever order: what must always hold, held against a plain model.

mod model;
mod step;

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tertulia_relay::stun::{Message, attribute, message_type, xor_address};

use crate::common::{MEDIA, PEER, PEER_V6, Person, Sent, World, with_udp};
use model::Model;
use step::{Step, Target, steps};

const PEOPLE: u8 = 4;
const LIMIT: usize = 3;

/// Peers as strings, the forbidden ones last; relayed addresses come on top.
const PEERS: [&str; 10] = [
    PEER,
    "8.8.4.4:1",
    PEER_V6,
    MEDIA,
    "10.0.0.1:3478",
    "198.51.100.1:22",
    "127.0.0.1:80",
    "192.168.1.1:80",
    "[::ffff:10.0.0.2]:80",
    "[64:ff9b::10.0.0.2]:80",
];

struct Run {
    world: World,
    people: Vec<Person>,
    model: Model,
    opened: Vec<SocketAddr>,
}

impl Run {
    fn new() -> Run {
        let mut world = World::with(|config| {
            config.limits.allocations = LIMIT;
            config.limits.permissions = 4;
            config.limits.channels = 3;
        });
        let people = (0..PEOPLE)
            .map(|number| {
                // Credentials that outlive the test.
                let mut person = Person::new(world.person(number).client, format!("4000000000:person-{number}"));
                world.challenge(&mut person);
                person
            })
            .collect();
        Run {
            world,
            people,
            model: Model::default(),
            opened: vec![],
        }
    }

    fn now(&self) -> Instant {
        self.world.now.instant
    }

    fn address(&self, target: &Target) -> SocketAddr {
        match target {
            Target::Fixed(at) => PEERS[*at].parse().unwrap(),
            Target::Relayed(at) => match self.opened.iter().rev().nth(*at) {
                Some(relayed) => *relayed,
                None => "198.51.100.1:49999".parse().unwrap(),
            },
        }
    }

    fn step(&mut self, step: &Step) {
        self.model.forget_ended(self.now());
        match step {
            Step::Allocate { who, both } => self.allocate(*who, *both),
            Step::Refresh { who, family, lifetime } => self.refresh(*who, *family, *lifetime),
            Step::Permit { who, peers } => self.permit(*who, peers),
            Step::Bind { who, number, peer } => self.bind(*who, *number, self.address(peer)),
            Step::Send { who, peer } => self.send(*who, self.address(peer)),
            Step::SendOnChannel { who, number } => self.send_on_channel(*who, *number),
            Step::PeerSends { to, peer } => self.peer_sends(*to, self.address(peer)),
            Step::Gone { who } => {
                let client = self.people[usize::from(*who)].client;
                self.world.relay.handle_gone(&client, &mut self.world.network);
                self.model.relayed.remove(who);
            }
            Step::Pass { seconds } => {
                self.world.pass(Duration::from_secs(*seconds));
                for person in &mut self.people {
                    // A challenge may close what has ended; that is what is wanted of it.
                    self.world.challenge(person);
                }
            }
            Step::Sweep => self.world.sweep(),
            Step::Bytes { who, bytes } => {
                let client = self.people[usize::from(*who)].client;
                self.world.send(client, bytes);
            }
            Step::Odd { who, kind, attributes } => self.odd(*who, *kind, attributes),
        }
        self.check();
    }

    fn allocate(&mut self, who: u8, both: bool) {
        let person = &self.people[usize::from(who)];
        let live = self
            .model
            .relayed
            .get(&who)
            .is_some_and(|addresses| !addresses.is_empty());
        let answer = self.world.ask(person, message_type::ALLOCATE_REQUEST, |writer| {
            with_udp(writer);
            if both {
                writer.attribute(attribute::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]);
            }
        });
        if live {
            assert_eq!(answer.code(), 437);
        } else {
            assert!(matches!(answer.code(), 0 | 486), "{}", answer.code());
        }
        if answer.code() == 0 {
            let end = self.now() + Duration::from_secs(answer.lifetime().into());
            assert_eq!(answer.relayed().len(), 1 + usize::from(both));
            self.opened.extend(answer.relayed());
            self.model.relayed.insert(
                who,
                answer.relayed().into_iter().map(|relayed| (relayed, end)).collect(),
            );
        }
    }

    fn refresh(&mut self, who: u8, family: Option<u8>, lifetime: u32) {
        let person = &self.people[usize::from(who)];
        let answer = self.world.ask(person, message_type::REFRESH_REQUEST, |writer| {
            writer.number(attribute::LIFETIME, lifetime);
            if let Some(family) = family {
                writer.attribute(attribute::REQUESTED_ADDRESS_FAMILY, &[family, 0, 0, 0]);
            }
        });
        if answer.code() != 0 {
            return;
        }
        assert_eq!(
            answer.lifetime(),
            if lifetime == 0 { 0 } else { lifetime.clamp(600, 3600) }
        );
        let end = self.world.now.instant + Duration::from_secs(answer.lifetime().into());
        for (relayed, old) in self.model.relayed.get_mut(&who).expect("only what lives is refreshed") {
            if family.is_none_or(|family| (family == 1) == relayed.is_ipv4()) {
                *old = end;
            }
        }
    }

    fn permit(&mut self, who: u8, peers: &[Target]) {
        let peers: Vec<SocketAddr> = peers.iter().map(|peer| self.address(peer)).collect();
        let names: Vec<String> = peers.iter().map(SocketAddr::to_string).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let code = self.world.permit(&self.people[usize::from(who)], &names);
        if code == 0 {
            let end = self.now() + Duration::from_secs(300);
            for peer in peers {
                assert!(!is_forbidden(peer.ip()), "{peer} was permitted");
                self.model.permissions.insert((who, peer.ip()), end);
            }
        }
    }

    fn bind(&mut self, who: u8, number: u16, peer: SocketAddr) {
        let code = self
            .world
            .bind(&self.people[usize::from(who)], number, &peer.to_string());
        if code == 0 {
            assert!(!is_forbidden(peer.ip()), "{peer} was bound");
            let now = self.now();
            self.model
                .permissions
                .insert((who, peer.ip()), now + Duration::from_secs(300));
            self.model
                .channels
                .insert((who, number), (peer, now + Duration::from_secs(600)));
        }
    }

    fn send(&mut self, who: u8, peer: SocketAddr) {
        self.world.sent();
        self.world
            .send_indication(&self.people[usize::from(who)], &peer.to_string(), b"payload");
        let sent = self.world.sent();
        self.judge_sent(who, Some(peer), &sent);
    }

    fn send_on_channel(&mut self, who: u8, number: u16) {
        let bound = self.model.channels.get(&(who, number)).map(|(peer, _)| *peer);
        self.world.sent();
        self.world
            .send_channel_data(&self.people[usize::from(who)], number, b"payload");
        let sent = self.world.sent();
        self.judge_sent(who, bound, &sent);
    }

    /// Exactly what the model entitles to has left, and to there only.
    fn judge_sent(&self, who: u8, peer: Option<SocketAddr>, sent: &[Sent]) {
        let now = self.now();
        let entitled = peer.and_then(|peer| {
            let relayed = self.model.relayed(who, peer, now)?;
            self.model.permits(who, peer, now).then_some((relayed, peer))
        });
        let Some((relayed, peer)) = entitled else {
            assert_eq!(sent, [], "without a permission");
            return;
        };
        let is_ours = [MEDIA, "10.0.0.1:3478"]
            .iter()
            .any(|own| own.parse::<SocketAddr>().unwrap().ip() == peer.ip())
            || peer.ip() == "2001:db8::1".parse::<IpAddr>().unwrap();
        match sent {
            [
                Sent::Datagram {
                    relayed: from,
                    peer: to,
                    ..
                },
            ] => {
                assert!(!is_ours && (*from, *to) == (relayed, peer));
            }
            [
                Sent::Media {
                    relayed: from, media, ..
                },
            ] => {
                assert!(is_ours && media.port() == 3478 && (*from, *media) == (relayed, peer));
            }
            [Sent::Message(client, _)] => {
                let owner = self.model.owner(peer, now).expect("delivered to somebody who lives");
                assert_eq!(self.people[usize::from(owner)].client, *client);
                assert!(
                    self.model.permits(owner, relayed, now),
                    "the other has not permitted it"
                );
            }
            [] => {
                let other = self.model.owner(peer, now);
                let other_refuses = other.is_none_or(|other| !self.model.permits(other, relayed, now));
                assert!(
                    is_ours && peer.port() != 3478 && other_refuses,
                    "{peer} was to be reached"
                );
            }
            more => panic!("{more:?}"),
        }
    }

    fn peer_sends(&mut self, to: u8, peer: SocketAddr) {
        let relayed = self.address(&Target::Relayed(to.into()));
        self.world.sent();
        self.world.peer_sends(relayed, &peer.to_string(), b"payload");
        let sent = self.world.sent();
        let now = self.now();
        let entitled = self
            .model
            .owner(relayed, now)
            .filter(|owner| self.model.permits(*owner, peer, now) && self.model.relayed(*owner, peer, now).is_some());
        match (&sent[..], entitled) {
            ([], None) => {}
            ([delivered @ Sent::Message(client, _)], Some(owner)) => {
                assert_eq!(self.people[usize::from(owner)].client, *client);
                let channel = self
                    .model
                    .channels
                    .iter()
                    .find(|((who, _), (bound, _))| *who == owner && *bound == peer);
                match channel {
                    Some(((_, number), _)) => {
                        assert_eq!(delivered.channel_data(), Some((*number, &b"payload"[..])));
                    }
                    None => assert_eq!(delivered.indication(), Some((peer, &b"payload"[..]))),
                }
            }
            (sent, entitled) => panic!("{sent:?} for {entitled:?}"),
        }
    }

    /// Nothing of it may change what the model knows but for better: it is only looked at by the invariants.
    fn odd(&mut self, who: u8, kind: u16, attributes: &[(u16, Vec<u8>)]) {
        let person = &self.people[usize::from(who)];
        let id = self.world.next_id();
        let request = person.request(kind, id, |writer| {
            attributes
                .iter()
                .for_each(|(kind, value)| writer.attribute(*kind, value));
        });
        let Some(answer) = self.world.exchange(person.client, &request) else {
            panic!("a request with credentials is answered");
        };
        if answer.code() != 0 {
            return;
        }
        // It made sense by chance: the model learns it as it stands.
        let now = self.now();
        let message = answer.message();
        match kind {
            message_type::ALLOCATE_REQUEST => {
                let end = now + Duration::from_secs(answer.lifetime().into());
                self.opened.extend(answer.relayed());
                self.model.relayed.insert(
                    who,
                    answer.relayed().into_iter().map(|relayed| (relayed, end)).collect(),
                );
            }
            message_type::REFRESH_REQUEST => {
                let family = attributes
                    .iter()
                    .find(|(kind, _)| *kind == attribute::REQUESTED_ADDRESS_FAMILY);
                let end = now + Duration::from_secs(answer.lifetime().into());
                for (relayed, old) in self.model.relayed.get_mut(&who).expect("only what lives is refreshed") {
                    if family.is_none_or(|(_, value)| (value[0] == 1) == relayed.is_ipv4()) {
                        *old = end;
                    }
                }
            }
            _ => {
                let request = Message::parse(&request).unwrap();
                let peers: Vec<SocketAddr> = request
                    .attributes()
                    .filter(|attribute| attribute.kind == attribute::XOR_PEER_ADDRESS)
                    .map(|attribute| xor_address(attribute.value, message.transaction_id()).unwrap())
                    .collect();
                let peers = if kind == message_type::CHANNEL_BIND_REQUEST {
                    &peers[..1]
                } else {
                    &peers[..]
                };
                for peer in peers {
                    assert!(!is_forbidden(peer.ip()));
                    self.model
                        .permissions
                        .insert((who, peer.ip()), now + Duration::from_secs(300));
                }
                if kind == message_type::CHANNEL_BIND_REQUEST {
                    let number = request.attribute(attribute::CHANNEL_NUMBER).unwrap();
                    let number = u16::from_be_bytes([number[0], number[1]]);
                    let end = now + Duration::from_secs(600);
                    self.model.channels.insert((who, number), (peers[0], end));
                }
            }
        }
    }

    fn check(&mut self) {
        let now = self.now();
        self.model.forget_ended(now);
        assert!(self.world.relay.allocations() <= LIMIT);
        assert!(self.world.network.open.len() <= 2 * LIMIT);
        for (who, addresses) in &self.model.relayed {
            for relayed in addresses.keys() {
                let client = self.world.network.open.get(relayed).expect("what lives is open");
                assert_eq!(self.people[usize::from(*who)].client, *client);
            }
        }
    }

    /// Time passes until nothing is left to wait for; then every port that was opened has been closed, once: see `Network::close`.
    fn end(&mut self) {
        for _ in 0..100 {
            let Some(at) = self.world.relay.poll_timeout() else {
                break;
            };
            self.world.pass(at.saturating_duration_since(self.now()));
            self.world.sweep();
        }
        assert_eq!(self.world.relay.poll_timeout(), None);
        assert_eq!(self.world.relay.allocations(), 0);
        assert!(self.world.network.open.is_empty());
        let (mut opened, mut closed) = (self.opened.clone(), self.world.network.closed.clone());
        opened.sort();
        closed.sort();
        assert_eq!(opened, closed);
        assert_eq!(
            self.world.counter("allocations_opened"),
            self.world.counter("allocations_closed")
        );
    }
}

/// Of the addresses in use here: those that no allocation may ever reach.
fn is_forbidden(ip: IpAddr) -> bool {
    ["127.0.0.1", "192.168.1.1", "::ffff:10.0.0.2", "64:ff9b::10.0.0.2"]
        .iter()
        .any(|forbidden| forbidden.parse() == Ok(ip))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_relay_does_what_a_plain_model_entitles_to(steps in prop::collection::vec(steps(), 1..80)) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        run.end();
    }

    #[test]
    fn arbitrary_bytes_of_clients_and_peers_never_panic_and_open_nothing(
        packets in prop::collection::vec((0..4u8, prop::collection::vec(any::<u8>(), 0..120)), 0..20),
    ) {
        let mut world = World::new();
        for (number, mut bytes) in packets {
            let client = tertulia_relay::Client::Udp {
                remote: SocketAddr::from(([93, 184, 216, number], 1)),
                local: "198.51.100.1".parse().unwrap(),
                socket: 0,
            };
            world.send(client, &bytes);
            // As STUN, with a cookie and a length that fit.
            if bytes.len() >= 20 {
                bytes.truncate(bytes.len() / 4 * 4);
                bytes[0] = 0;
                bytes[1] &= 0x1F;
                let len = (bytes.len() as u16 - 20).to_be_bytes();
                bytes[2..4].copy_from_slice(&len);
                bytes[4..8].copy_from_slice(&tertulia_relay::stun::MAGIC_COOKIE.to_be_bytes());
                world.send(client, &bytes);
            }
            world.peer_sends("198.51.100.1:49152".parse().unwrap(), PEER, &bytes);
        }
        prop_assert_eq!(world.relay.allocations(), 0);
        prop_assert!(world.network.open.is_empty());
    }
}
