//! What it costs to relay a packet between the socket calls: Tertulia's relay, and the crate that it was written in
//! place of (docs/decisions/0007-turn-of-our-own.md). No sockets, so the kernel's share is missing; every packet is
//! copied once into a buffer to send.
//!
//! `tertulia-bench-relay [SECONDS]` prints CPU nanoseconds (user + system, of this thread) per packet.

mod cpu;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cpu::cpu;
use tertulia_relay::stun::{
    Integrity, LongTermKey, Message, PasswordAlgorithm, Writer, attribute, message_type, xor_address,
};
use tertulia_relay::{Client, Config, Family, Limits, Now, OpenError, Outlet, Place, Relay, Secret};
use turn_server_proto::api::{Transmit, TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_server_proto::types::prelude::DelayedTransmitBuild;
use turn_server_proto::types::{Instant as TheirInstant, TransportType};

const ALLOCATIONS: [u16; 3] = [10, 100, 1000];
const PAYLOAD: usize = 1130;
const CHANNEL: u16 = 0x4000;
const REALM: &str = "bench";
const SECRET: &[u8] = b"bench";
const SERVER: &str = "198.51.100.1:3478";

/// What both can do.
trait Server {
    fn add_user(&mut self, username: &str, password: &str);
    /// The answer to a request.
    fn exchange(&mut self, client: SocketAddr, request: &[u8]) -> Vec<u8>;
    /// How many bytes leave for the peer.
    fn handle_client(&mut self, client: SocketAddr, message: &[u8]) -> usize;
    /// How many bytes leave for the client.
    fn handle_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, payload: &[u8]) -> usize;
}

struct Ours {
    relay: Relay,
    network: Network,
    now: Now,
}

struct Network {
    buffer: Vec<u8>,
    sent: usize,
    next_port: u16,
}

impl Ours {
    fn new() -> Ours {
        let config = Config {
            realm: REALM.to_owned(),
            secret: Secret::new(SECRET),
            nonce_key: [1; 32],
            allow_peers: vec![],
            // The time stands still, so all of it flows in one second.
            limits: Limits {
                bytes_per_second: 1 << 60,
                ..Limits::default()
            },
        };
        Ours {
            relay: Relay::new(config),
            network: Network {
                buffer: vec![0; 2048],
                sent: 0,
                next_port: 49_152,
            },
            now: Now {
                instant: Instant::now(),
                unix: 1_800_000_000,
            },
        }
    }
}

fn udp(remote: SocketAddr) -> Client {
    Client::Udp {
        remote,
        local: server().ip(),
        socket: 0,
    }
}

fn server() -> SocketAddr {
    SERVER.parse().expect("an address")
}

impl Server for Ours {
    fn add_user(&mut self, _username: &str, _password: &str) {}

    fn exchange(&mut self, client: SocketAddr, request: &[u8]) -> Vec<u8> {
        let len = self.handle_client(client, request);
        self.network.buffer[..len].to_vec()
    }

    fn handle_client(&mut self, client: SocketAddr, message: &[u8]) -> usize {
        self.network.sent = 0;
        self.relay
            .handle_client(udp(client), message, self.now, &mut self.network);
        self.network.sent
    }

    fn handle_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, payload: &[u8]) -> usize {
        self.network.sent = 0;
        self.relay
            .handle_peer(relayed, peer, payload, self.now, &mut self.network);
        self.network.sent
    }
}

impl Outlet for Network {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    fn commit(&mut self, _client: &Client, len: usize) {
        self.sent = len;
    }

    fn send_to_peer(&mut self, _relayed: SocketAddr, _peer: SocketAddr, payload: &[u8], _dont_fragment: bool) {
        self.buffer[..payload.len()].copy_from_slice(payload);
        self.sent = payload.len();
    }

    fn send_to_media(&mut self, _relayed: SocketAddr, _media: SocketAddr, _payload: &[u8]) {
        unreachable!("nobody here talks with the media port");
    }

    fn open(&mut self, _client: &Client, _family: Family, _even: bool) -> Result<SocketAddr, OpenError> {
        self.next_port += 1;
        Ok(SocketAddr::new(server().ip(), self.next_port))
    }

    fn close(&mut self, _relayed: SocketAddr) {}

    fn place(&mut self, _peer: SocketAddr) -> Place {
        Place::Elsewhere
    }
}

struct Theirs {
    server: TurnServer,
    buffer: Vec<u8>,
    next_port: u16,
}

impl Theirs {
    const NOW: TheirInstant = TheirInstant::ZERO;

    fn new() -> Theirs {
        Theirs {
            server: TurnServer::new(TransportType::Udp, server(), REALM.to_owned()),
            buffer: vec![0; 2048],
            next_port: 49_152,
        }
    }

    fn receive(&mut self, bytes: &[u8], from: SocketAddr, to: SocketAddr) -> Option<usize> {
        let received = Transmit::new(bytes, TransportType::Udp, from, to);
        let sent = self.server.recv(received, Self::NOW)?;
        // It panics where the buffer is longer than what it writes.
        let len = sent.data.len();
        sent.write_into(&mut self.buffer[..len]);
        Some(len)
    }
}

impl Server for Theirs {
    fn add_user(&mut self, username: &str, password: &str) {
        self.server.add_user(username.to_owned(), password.to_owned());
    }

    fn exchange(&mut self, client: SocketAddr, request: &[u8]) -> Vec<u8> {
        if let Some(len) = self.receive(request, client, server()) {
            return self.buffer[..len].to_vec();
        }
        // An Allocate: its socket is asked for.
        let TurnServerPollRet::AllocateSocket {
            transport,
            listen_addr,
            client_addr,
            allocation_transport,
            family,
        } = self.server.poll(Self::NOW)
        else {
            panic!("a request without an answer");
        };
        self.next_port += 1;
        let relayed = SocketAddr::new(server().ip(), self.next_port);
        self.server.allocated_socket(
            transport,
            listen_addr,
            client_addr,
            allocation_transport,
            family,
            Ok(relayed),
            Self::NOW,
        );
        self.server.poll_transmit(Self::NOW).expect("an answer").data
    }

    fn handle_client(&mut self, client: SocketAddr, message: &[u8]) -> usize {
        self.receive(message, client, server()).unwrap_or(0)
    }

    fn handle_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, payload: &[u8]) -> usize {
        self.receive(payload, peer, relayed).unwrap_or(0)
    }
}

/// A client with an allocation, and a channel to its peer.
struct Pair {
    client: SocketAddr,
    relayed: SocketAddr,
    peer: SocketAddr,
}

impl Pair {
    fn connect(number: u16, server: &mut dyn Server) -> Pair {
        let [high, low] = number.to_be_bytes();
        let client = SocketAddr::from(([93, 184, high, low], 50_000));
        let peer = SocketAddr::from(([8, 8, high, low], 9000));
        let username = format!("4000000000:{number}");
        let password = Secret::new(SECRET).password(&username);
        server.add_user(&username, &password);

        let mut id = [0; 12];
        let mut request = |nonce: Option<&[u8]>, kind: u16, fill: &dyn Fn(&mut Writer<'_>)| {
            id[0] += 1;
            let mut buffer = [0; 512];
            let mut writer = Writer::new(&mut buffer, kind, &id);
            fill(&mut writer);
            if let Some(nonce) = nonce {
                writer.attribute(attribute::USERNAME, username.as_bytes());
                writer.attribute(attribute::REALM, REALM.as_bytes());
                writer.attribute(attribute::NONCE, nonce);
                let (username, realm) = (username.as_bytes(), REALM.as_bytes());
                let key = LongTermKey::new(PasswordAlgorithm::Md5, username, realm, password.as_bytes());
                writer.integrity(Integrity::Sha1, key.as_bytes());
            }
            let len = writer.finish(true);
            server.exchange(client, &buffer[..len])
        };
        let with_udp = |writer: &mut Writer<'_>| writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        let challenge = request(None, message_type::ALLOCATE_REQUEST, &with_udp);
        let nonce = Message::parse(&challenge).and_then(|message| message.attribute(attribute::NONCE));
        let nonce = nonce.expect("a nonce");

        let allocated = request(Some(nonce), message_type::ALLOCATE_REQUEST, &with_udp);
        let allocated = Message::parse(&allocated).expect("an answer");
        let relayed = allocated.attribute(attribute::XOR_RELAYED_ADDRESS).expect("an address");
        let relayed = xor_address(relayed, allocated.transaction_id()).expect("an address");

        let bound = request(Some(nonce), message_type::CHANNEL_BIND_REQUEST, &|writer| {
            writer.number(attribute::CHANNEL_NUMBER, u32::from(CHANNEL) << 16);
            writer.xor_address(attribute::XOR_PEER_ADDRESS, peer);
        });
        let bound = Message::parse(&bound).expect("an answer").message_type();
        assert_eq!(bound, message_type::CHANNEL_BIND_REQUEST | message_type::SUCCESS);
        Pair { client, relayed, peer }
    }
}

#[derive(Clone, Copy)]
enum Direction {
    ToPeer,
    ToClient,
}

/// CPU nanoseconds per packet, with so many allocations that take turns.
fn measure(server: &mut dyn Server, allocations: u16, direction: Direction, time: Duration) -> f64 {
    let pairs: Vec<Pair> = (0..allocations).map(|number| Pair::connect(number, server)).collect();
    let payload = [0x5A; PAYLOAD];
    let mut message = CHANNEL.to_be_bytes().to_vec();
    message.extend((PAYLOAD as u16).to_be_bytes());
    message.extend(payload);

    // Not in the order in which they were made.
    let order: Vec<usize> = (0..pairs.len()).map(|i| i * 7919 % pairs.len()).collect();
    let (started, cpu_before, mut count) = (Instant::now(), cpu(), 0u64);
    while started.elapsed() < time {
        for _ in 0..1 + 1000 / pairs.len() {
            for at in &order {
                let pair = &pairs[*at];
                let (sent, expected) = match direction {
                    Direction::ToPeer => (server.handle_client(pair.client, &message), PAYLOAD),
                    Direction::ToClient => (server.handle_peer(pair.relayed, pair.peer, &payload), PAYLOAD + 4),
                };
                assert_eq!(sent, expected, "a packet was lost");
                count += 1;
            }
        }
    }
    (cpu() - cpu_before).as_secs_f64() * 1e9 / count as f64
}

fn main() {
    let seconds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(2.0);
    let time = Duration::from_secs_f64(seconds);
    print!("| CPU-ns per packet of {PAYLOAD} bytes, on a channel |");
    ALLOCATIONS
        .iter()
        .for_each(|allocations| print!(" {allocations} allocations |"));
    println!("\n|---|{}", "---|".repeat(ALLOCATIONS.len()));
    for (direction, name) in [
        (Direction::ToPeer, "client to peer"),
        (Direction::ToClient, "peer to client"),
    ] {
        print!("| Tertulia, {name} |");
        for allocations in ALLOCATIONS {
            print!(" {:.0} |", measure(&mut Ours::new(), allocations, direction, time));
        }
        print!("\n| turn-server-proto, {name} |");
        for allocations in ALLOCATIONS {
            print!(" {:.0} |", measure(&mut Theirs::new(), allocations, direction, time));
        }
        println!();
    }
}
