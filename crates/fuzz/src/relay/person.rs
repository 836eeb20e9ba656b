//! Somebody with credentials, and what a request may be made of.

use std::net::SocketAddr;

use tertulia_relay::stun::{
    Integrity, LongTermKey, Message, PASSWORD_ALGORITHMS, PasswordAlgorithm, Writer, attribute, message_type,
};
use tertulia_relay::{Client, Secret};

use super::network::{Network, media};
use crate::input::Input;

pub const REALM: &str = "tertulia";
pub const SECRET: &[u8] = b"a secret that only the server has";

const KINDS: [u16; 8] = [
    message_type::ALLOCATE_REQUEST,
    message_type::REFRESH_REQUEST,
    message_type::CREATE_PERMISSION_REQUEST,
    message_type::CHANNEL_BIND_REQUEST,
    message_type::SEND_INDICATION,
    message_type::BINDING_REQUEST,
    message_type::DATA_INDICATION,
    message_type::ALLOCATE_REQUEST | message_type::SUCCESS,
];

const PEERS: [&str; 12] = [
    "8.8.8.8:9000",
    "8.8.4.4:1",
    "[2606:4700::9]:9000",
    super::network::MEDIA,
    "198.51.100.1:22",
    "127.0.0.1:80",
    "192.168.1.1:80",
    "169.254.169.254:80",
    "[::1]:80",
    "[fd00::1]:80",
    "[::ffff:10.0.0.2]:80",
    "[64:ff9b::10.0.0.2]:80",
];

/// Above it no request is written: the largest that fits with all its credentials.
const MESSAGE_MAX: usize = 4096;

pub struct Person {
    pub client: Client,
    pub nonce: Vec<u8>,
    username: String,
    /// None: as browsers do, which do not know PASSWORD-ALGORITHMS.
    algorithm: Option<PasswordAlgorithm>,
    key: LongTermKey,
}

impl Person {
    pub fn new(client: Client, number: u8, algorithm: Option<PasswordAlgorithm>) -> Person {
        let username = format!("4000000000:person-{number}");
        let password = Secret::new(SECRET).password(&username);
        let key = LongTermKey::new(
            algorithm.unwrap_or(PasswordAlgorithm::Md5),
            username.as_bytes(),
            REALM.as_bytes(),
            password.as_bytes(),
        );
        Person {
            client,
            nonce: vec![],
            username,
            algorithm,
            key,
        }
    }

    /// One message of the fuzzer's making, with credentials or without.
    pub fn message(&self, input: &mut Input<'_>, network: &Network, id: [u8; 12], with_credentials: bool) -> Vec<u8> {
        let kind = match input.byte() {
            0xFF => input.number() & 0x3FFF,
            choice => KINDS[usize::from(choice) % KINDS.len()],
        };
        let mut buffer = vec![0; MESSAGE_MAX];
        let mut writer = Writer::new(&mut buffer, kind, &id);
        for _ in 0..input.byte() % 8 {
            write_attribute(&mut writer, input, network);
        }
        if with_credentials {
            self.prove(&mut writer);
        }
        let len = writer.finish(input.flag());
        buffer.truncate(len);
        buffer
    }

    /// Asks for a nonce.
    pub fn greeting(&self, id: [u8; 12]) -> Vec<u8> {
        let mut buffer = vec![0; 64];
        let mut writer = Writer::new(&mut buffer, message_type::ALLOCATE_REQUEST, &id);
        writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0]);
        let len = writer.finish(false);
        buffer.truncate(len);
        buffer
    }

    /// A success can be told from a forgery.
    pub fn trusts(&self, answer: &Message<'_>) -> bool {
        answer.integrity_holds(self.integrity(), self.key.as_bytes())
    }

    fn integrity(&self) -> Integrity {
        match self.algorithm {
            Some(_) => Integrity::Sha256,
            None => Integrity::Sha1,
        }
    }

    fn prove(&self, writer: &mut Writer<'_>) {
        writer.attribute(attribute::USERNAME, self.username.as_bytes());
        writer.attribute(attribute::REALM, REALM.as_bytes());
        writer.attribute(attribute::NONCE, &self.nonce);
        if let Some(algorithm) = self.algorithm {
            writer.attribute(attribute::PASSWORD_ALGORITHMS, &PASSWORD_ALGORITHMS);
            let value = match algorithm {
                PasswordAlgorithm::Md5 => [0, 1, 0, 0],
                PasswordAlgorithm::Sha256 => [0, 2, 0, 0],
            };
            writer.attribute(attribute::PASSWORD_ALGORITHM, &value);
        }
        writer.integrity(self.integrity(), self.key.as_bytes());
    }
}

fn write_attribute(writer: &mut Writer<'_>, input: &mut Input<'_>, network: &Network) {
    match input.byte() % 8 {
        0 => writer.attribute(attribute::REQUESTED_TRANSPORT, &[17, 0, 0, 0]),
        1 => writer.attribute(attribute::ADDITIONAL_ADDRESS_FAMILY, &[2, 0, 0, 0]),
        2 => writer.attribute(attribute::REQUESTED_ADDRESS_FAMILY, &[input.byte() % 4, 0, 0, 0]),
        3 => writer.number(attribute::LIFETIME, input.pick(&[0, 1, 600, 3600, u32::MAX])),
        4 => writer.xor_address(attribute::XOR_PEER_ADDRESS, address(input, network)),
        5 => writer.number(attribute::CHANNEL_NUMBER, u32::from(channel(input)) << 16),
        6 => writer.attribute(attribute::DATA, input.bytes()),
        _ => {
            let kind = input.number();
            writer.attribute(kind, input.bytes());
        }
    }
}

/// A peer, one of ours, a relayed address, or anything.
pub fn address(input: &mut Input<'_>, network: &Network) -> SocketAddr {
    match input.byte() {
        0xFF => SocketAddr::from(([input.byte(), input.byte(), input.byte(), input.byte()], input.number())),
        choice if choice & 1 == 0 => {
            let relayed = network
                .opened
                .get(usize::from(choice / 2) % network.opened.len().max(1));
            relayed.copied().unwrap_or_else(media)
        }
        choice => PEERS[usize::from(choice / 2) % PEERS.len()]
            .parse()
            .expect("an address"),
    }
}

/// A few numbers often, all numbers seldom.
pub fn channel(input: &mut Input<'_>) -> u16 {
    match input.byte() {
        0xFF => input.number(),
        choice => 0x4000 + u16::from(choice % 5),
    }
}
