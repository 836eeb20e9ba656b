//! Another implementation uses an address of each family: `turn-client-proto`.

use std::net::SocketAddr;
use std::time::Duration;

use turn_client_proto::api::{Transmit, TurnClientApi, TurnConfig, TurnEvent, TurnPollRet, TurnRecvRet};
use turn_client_proto::types::stun::message::IntegrityAlgorithm;
use turn_client_proto::types::{AddressFamily, Instant, TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

use tertulia_relay::{Client, Family, OpenError, Secret};

use crate::common::{MEDIA, PEER, PEER_V6, SECRET, Sent, World};

const UDP: TransportType = TransportType::Udp;

/// It leaves less than this between two requests; what is later is not waited for.
const SOON: Duration = Duration::from_secs(1);

/// One client.
struct Theirs {
    turn: TurnClientUdp,
    client: Client,
    heard: Vec<(SocketAddr, Vec<u8>)>,
    events: Vec<TurnEvent>,
    now: Instant,
}

impl Theirs {
    fn new(world: &World) -> Theirs {
        let (local, server) = (
            "93.184.216.1:50000".parse().unwrap(),
            MEDIA.parse::<SocketAddr>().unwrap(),
        );
        let username = format!("{}:theirs", world.now.unix + 3600);
        let password = Secret::new(SECRET).password(&username);
        let mut config = TurnConfig::new(TurnCredentials::new(&username, &password));
        config.add_address_family(AddressFamily::IPV6);
        // With a key of MD5, which it takes by itself, it expects no MESSAGE-INTEGRITY-SHA256 (RFC 8489, section 9.2.4).
        config.set_supported_integrity(IntegrityAlgorithm::Sha256);
        Theirs {
            turn: TurnClientUdp::allocate(local, server, config),
            client: Client::Udp {
                remote: local,
                local: server.ip(),
                socket: 0,
            },
            heard: vec![],
            events: vec![],
            now: Instant::from_nanos(1_000_000_000),
        }
    }

    /// Until neither side has more to say.
    fn talk(&mut self, world: &mut World) {
        while let TurnPollRet::WaitUntil(next) = self.turn.poll(self.now) {
            if let Some(message) = self.turn.poll_transmit(self.now) {
                world.send(self.client, &message.data);
                self.hear(world);
            } else if next <= self.now || next - self.now > SOON {
                break;
            } else {
                self.now = next;
            }
        }
    }

    /// Takes what was sent to it, which is all that was sent.
    fn hear(&mut self, world: &mut World) {
        for sent in world.sent() {
            let Sent::Message(to, bytes) = sent else {
                panic!("{sent:?}")
            };
            assert_eq!(to, self.client);
            let message = Transmit::new(bytes, UDP, self.turn.remote_addr(), self.turn.local_addr());
            match self.turn.recv(message, self.now) {
                TurnRecvRet::Handled => {}
                TurnRecvRet::PeerData(data) => self.heard.push((data.peer, data.data().to_vec())),
                other => panic!("{other:?}"),
            }
        }
        self.events.extend(std::iter::from_fn(|| self.turn.poll_event()));
    }

    fn send(&mut self, world: &mut World, peer: &str, payload: &[u8]) {
        let message = self.turn.send_to(UDP, peer.parse().unwrap(), payload, self.now);
        let message = message.expect("a way to this peer").expect("a message").build();
        world.send(self.client, &message.data);
    }

    fn relayed(&self) -> Vec<SocketAddr> {
        let mut relayed: Vec<_> = self.turn.relayed_addresses().map(|(_, address)| address).collect();
        relayed.sort();
        relayed
    }
}

#[test]
fn both_addresses_of_one_allocation_carry_data_and_end_together() {
    let mut world = World::new();
    let mut theirs = Theirs::new(&world);
    theirs.talk(&mut world);
    let relayed = theirs.relayed();
    assert!(relayed.len() == 2 && relayed[0].is_ipv4() && relayed[1].is_ipv6());
    assert_eq!(world.relay.allocations(), 1);
    for (relayed, peer) in relayed.into_iter().zip([PEER, PEER_V6]) {
        let address: SocketAddr = peer.parse().unwrap();
        for by in ["indication", "channel"] {
            match by {
                "indication" => theirs.turn.create_permission(UDP, address.ip(), theirs.now).unwrap(),
                _ => theirs.turn.bind_channel(UDP, address, theirs.now).unwrap(),
            }
            theirs.talk(&mut world);
            theirs.send(&mut world, peer, by.as_bytes());
            assert_eq!(world.sent(), [Sent::to_peer(relayed, peer, by.as_bytes())]);
            world.peer_sends(relayed, peer, by.as_bytes());
            theirs.hear(&mut world);
            assert_eq!(theirs.heard.pop(), Some((address, by.as_bytes().to_vec())));
        }
    }
    theirs.turn.delete(theirs.now).unwrap();
    theirs.talk(&mut world);
    assert_eq!((world.relay.allocations(), world.network.open.len()), (0, 0));
}

#[test]
fn one_family_that_is_not_there_leaves_the_other() {
    let mut world = World::new();
    world.network.failures = vec![(Family::V6, OpenError::FamilyUnsupported)];
    let mut theirs = Theirs::new(&world);
    theirs.talk(&mut world);
    assert!(matches!(theirs.relayed()[..], [SocketAddr::V4(_)]));
    let failed = |event: &TurnEvent| matches!(event, TurnEvent::AllocationCreateFailed(AddressFamily::IPV6));
    assert!(theirs.events.iter().any(failed), "{:?}", theirs.events);
}
