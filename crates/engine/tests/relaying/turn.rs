//! A TURN client that is not ours but for reading and writing STUN: one request at a time, and what comes meanwhile is kept.

use std::collections::{HashMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{SystemTime, UNIX_EPOCH};

use tertulia_engine::{Engine, EngineConfig, StreamKind};
use tertulia_relay::stun::{
    HEADER_LEN, Integrity, LongTermKey, Message, PasswordAlgorithm, Writer, attribute, message_type, xor_address,
};
use tertulia_relay::{Config, Family, Limits, Secret};

use crate::common::client::Road;
use crate::common::{start, until};

const SECRET: &[u8] = b"the secret of these tests";
/// UDP, as REQUESTED-TRANSPORT has it.
const UDP: [u8; 4] = [17, 0, 0, 0];

/// A relay that may be asked often from one address.
pub fn relay_config() -> Config {
    Config {
        realm: "tertulia".into(),
        secret: Secret::new(SECRET),
        nonce_key: [7; 32],
        allow_peers: vec![],
        limits: Limits {
            unauthenticated_per_second: 100_000,
            ..Limits::default()
        },
    }
}

pub fn relay_engine(workers: usize) -> Engine {
    start(EngineConfig {
        workers,
        relay: Some(relay_config()),
        ..EngineConfig::default()
    })
}

/// What carries whole messages to the server; neither end waits.
pub trait Wire {
    fn send(&mut self, message: &[u8]);
    fn receive(&mut self) -> Option<Vec<u8>>;
}

impl Wire for UdpSocket {
    fn send(&mut self, message: &[u8]) {
        UdpSocket::send(self, message).expect("sent");
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        let len = self.recv(&mut buffer).ok()?;
        Some(buffer[..len].to_vec())
    }
}

/// Any byte stream, framed as TURN frames it.
pub struct Framed<S> {
    pub stream: S,
    held: Vec<u8>,
}

impl<S: Read + Write> Framed<S> {
    pub fn new(stream: S) -> Framed<S> {
        Framed { stream, held: vec![] }
    }

    fn first_message(&mut self) -> Option<Vec<u8>> {
        let len = usize::from(u16::from_be_bytes([*self.held.get(2)?, *self.held.get(3)?]));
        let len = if self.held[0] < 64 { HEADER_LEN + len } else { 4 + len };
        let padded = len.next_multiple_of(4);
        (self.held.len() >= padded).then(|| self.held.drain(..padded).take(len).collect())
    }
}

impl<S: Read + Write> Wire for Framed<S> {
    fn send(&mut self, message: &[u8]) {
        let mut padded = message.to_vec();
        padded.resize(message.len().next_multiple_of(4), 0);
        self.stream.write_all(&padded).expect("written");
    }

    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 1 << 16];
        match self.stream.read(&mut buffer) {
            Ok(len) => self.held.extend_from_slice(&buffer[..len]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
        }
        self.first_message()
    }
}

/// A connection that the engine has adopted, as if its first bytes had been looked at.
pub fn adopted(engine: &Engine, kind: StreamKind) -> TcpStream {
    let listener = TcpListener::bind((engine.addresses()[0].ip(), 0)).expect("bound");
    let stream = TcpStream::connect(listener.local_addr().unwrap()).expect("connected");
    let (accepted, _) = listener.accept().expect("accepted");
    accepted.set_nonblocking(true).unwrap();
    engine.adopt(accepted.into(), kind);
    stream.set_nodelay(true).unwrap();
    stream.set_nonblocking(true).unwrap();
    stream
}

pub struct Turn {
    wire: Box<dyn Wire>,
    username: String,
    password: String,
    /// Realm and nonce, once the server has told them.
    challenge: Option<(Vec<u8>, Vec<u8>)>,
    next_id: u64,
    channels: HashMap<u16, SocketAddr>,
    arrived: VecDeque<(SocketAddr, Vec<u8>)>,
}

impl Turn {
    pub fn by(wire: impl Wire + 'static, identity: &str) -> Turn {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let username = format!("{}:{identity}", now.as_secs() + 3600);
        Turn {
            wire: Box::new(wire),
            password: Secret::new(SECRET).password(&username),
            username,
            challenge: None,
            next_id: 0,
            channels: HashMap::new(),
            arrived: VecDeque::new(),
        }
    }

    /// By UDP, from an address of the engine's own family and machine.
    pub fn udp(engine: &Engine, identity: &str) -> Turn {
        let server = engine.addresses()[0];
        let socket = UdpSocket::bind((server.ip(), 0)).expect("bound");
        socket.connect(server).expect("connected");
        socket.set_nonblocking(true).unwrap();
        Turn::by(socket, identity)
    }

    pub fn tcp(engine: &Engine, identity: &str) -> Turn {
        Turn::by(Framed::new(adopted(engine, StreamKind::Turn)), identity)
    }

    pub fn with_password(mut self, password: &str) -> Turn {
        self.password = password.to_owned();
        self
    }

    /// The relayed address, or the code of the refusal.
    pub fn allocate(&mut self, family: Option<Family>) -> Result<SocketAddr, u16> {
        let answer = self.request(message_type::ALLOCATE_REQUEST, |writer| {
            writer.attribute(attribute::REQUESTED_TRANSPORT, &UDP);
            if let Some(family) = family {
                let family = if family == Family::V4 { 1 } else { 2 };
                writer.attribute(attribute::REQUESTED_ADDRESS_FAMILY, &[family, 0, 0, 0]);
            }
        })?;
        let answer = Message::parse(&answer).expect("well-framed");
        let relayed = answer
            .attribute(attribute::XOR_RELAYED_ADDRESS)
            .expect("a relayed address");
        Ok(xor_address(relayed, answer.transaction_id()).expect("an address"))
    }

    /// 0 seconds give the allocation back.
    pub fn refresh(&mut self, seconds: u32) -> Result<(), u16> {
        let write = |writer: &mut Writer<'_>| writer.number(attribute::LIFETIME, seconds);
        self.request(message_type::REFRESH_REQUEST, write).map(drop)
    }

    pub fn permit(&mut self, ip: IpAddr) -> Result<(), u16> {
        let write = |writer: &mut Writer<'_>| writer.xor_address(attribute::XOR_PEER_ADDRESS, SocketAddr::new(ip, 0));
        self.request(message_type::CREATE_PERMISSION_REQUEST, write).map(drop)
    }

    /// From now on the peer is sent to by this channel.
    pub fn bind(&mut self, channel: u16, peer: SocketAddr) -> Result<(), u16> {
        self.request(message_type::CHANNEL_BIND_REQUEST, |writer| {
            writer.number(attribute::CHANNEL_NUMBER, u32::from(channel) << 16);
            writer.xor_address(attribute::XOR_PEER_ADDRESS, peer);
        })?;
        self.channels.insert(channel, peer);
        Ok(())
    }

    /// By the peer's channel, or in an indication where it has none.
    pub fn send(&mut self, peer: SocketAddr, payload: &[u8]) {
        let channel = self.channels.iter().find(|(_, bound)| **bound == peer);
        match channel {
            Some((&channel, _)) => self.wire.send(&channel_data(channel, payload)),
            None => self.indicate(peer, payload, false),
        }
    }

    pub fn indicate(&mut self, peer: SocketAddr, payload: &[u8], dont_fragment: bool) {
        let mut buffer = [0; 4096];
        let id = self.take_id();
        let mut writer = Writer::new(&mut buffer, message_type::SEND_INDICATION, &id);
        writer.xor_address(attribute::XOR_PEER_ADDRESS, peer);
        writer.attribute(attribute::DATA, payload);
        if dont_fragment {
            writer.attribute(attribute::DONT_FRAGMENT, &[]);
        }
        let len = writer.finish(false);
        self.wire.send(&buffer[..len]);
    }

    /// What has arrived from a peer, if anything; never waits.
    pub fn receive(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        while self.arrived.is_empty() {
            let message = self.wire.receive()?;
            assert!(self.keep(&message), "an answer that nobody waits for");
        }
        self.arrived.pop_front()
    }

    /// The next that arrives from a peer.
    pub fn expect(&mut self) -> (SocketAddr, Vec<u8>) {
        until("data of a peer", || self.receive())
    }

    fn request(&mut self, kind: u16, write: impl Fn(&mut Writer<'_>)) -> Result<Vec<u8>, u16> {
        let mut was_challenged = false;
        loop {
            let answer = self.ask(kind, &write);
            let message = Message::parse(&answer).expect("well-framed");
            if message.message_type() == kind | message_type::SUCCESS {
                return Ok(answer);
            }
            assert_eq!(message.message_type(), kind | message_type::ERROR);
            let value = message.attribute(attribute::ERROR_CODE).expect("a code");
            let code = u16::from(value[2]) * 100 + u16::from(value[3]);
            if !matches!(code, 401 | 438) || was_challenged {
                return Err(code);
            }
            was_challenged = true;
            let text = |kind| message.attribute(kind).expect("a challenge").to_vec();
            self.challenge = Some((text(attribute::REALM), text(attribute::NONCE)));
        }
    }

    /// The answer to one request.
    fn ask(&mut self, kind: u16, write: impl Fn(&mut Writer<'_>)) -> Vec<u8> {
        let mut buffer = [0; 1024];
        let id = self.take_id();
        let mut writer = Writer::new(&mut buffer, kind, &id);
        write(&mut writer);
        if let Some((realm, nonce)) = &self.challenge {
            let user = self.username.as_bytes();
            writer.attribute(attribute::USERNAME, user);
            writer.attribute(attribute::REALM, realm);
            writer.attribute(attribute::NONCE, nonce);
            let key = LongTermKey::new(PasswordAlgorithm::Md5, user, realm, self.password.as_bytes());
            writer.integrity(Integrity::Sha1, key.as_bytes());
        }
        let len = writer.finish(false);
        self.wire.send(&buffer[..len]);
        until("an answer", || {
            let message = self.wire.receive()?;
            if self.keep(&message) {
                return None;
            }
            let answer = Message::parse(&message).expect("well-framed");
            (*answer.transaction_id() == id).then_some(message)
        })
    }

    /// False for what is not data of a peer.
    fn keep(&mut self, message: &[u8]) -> bool {
        if message[0] >= 64 {
            let number = u16::from_be_bytes([message[0], message[1]]);
            let len = usize::from(u16::from_be_bytes([message[2], message[3]]));
            let peer = self.channels[&number];
            self.arrived.push_back((peer, message[4..][..len].to_vec()));
            return true;
        }
        let message = Message::parse(message).expect("well-framed");
        if message.message_type() != message_type::DATA_INDICATION {
            return false;
        }
        let peer = message.attribute(attribute::XOR_PEER_ADDRESS).expect("a peer");
        let peer = xor_address(peer, message.transaction_id()).expect("an address");
        let payload = message.attribute(attribute::DATA).expect("data").to_vec();
        self.arrived.push_back((peer, payload));
        true
    }

    fn take_id(&mut self) -> [u8; 12] {
        self.next_id += 1;
        let mut id = *b"turn\0\0\0\0\0\0\0\0";
        id[4..].copy_from_slice(&self.next_id.to_be_bytes());
        id
    }
}

pub fn channel_data(channel: u16, payload: &[u8]) -> Vec<u8> {
    let head = [channel.to_be_bytes(), (payload.len() as u16).to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A client's road through an allocation, to one peer by a channel.
pub struct Relayed {
    turn: Turn,
    relayed: SocketAddr,
}

impl Relayed {
    pub fn to(peer: SocketAddr, mut turn: Turn) -> Relayed {
        let relayed = turn.allocate(None).expect("allocated");
        turn.bind(0x4000, peer).expect("bound");
        Relayed { turn, relayed }
    }
}

impl Road for Relayed {
    fn local(&self) -> SocketAddr {
        self.relayed
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        self.turn.send(to, datagram);
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let (peer, payload) = self.turn.receive()?;
        buffer[..payload.len()].copy_from_slice(&payload);
        Some((payload.len(), peer))
    }
}
