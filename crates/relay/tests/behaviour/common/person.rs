//! Somebody with credentials.

use tertulia_relay::stun::{
    Integrity, LongTermKey, Message, PASSWORD_ALGORITHMS, PasswordAlgorithm, Writer, attribute,
};
use tertulia_relay::{Client, Secret};

use super::{REALM, SECRET};

pub struct Person {
    pub client: Client,
    pub username: String,
    pub password: String,
    pub nonce: Vec<u8>,
    /// None: as browsers do, which do not know PASSWORD-ALGORITHMS.
    pub algorithm: Option<PasswordAlgorithm>,
}

impl Person {
    pub fn new(client: Client, username: String) -> Person {
        let password = Secret::new(SECRET).password(&username);
        Person {
            client,
            username,
            password,
            nonce: vec![],
            algorithm: None,
        }
    }

    pub fn key(&self) -> LongTermKey {
        let algorithm = self.algorithm.unwrap_or(PasswordAlgorithm::Md5);
        LongTermKey::new(
            algorithm,
            self.username.as_bytes(),
            REALM.as_bytes(),
            self.password.as_bytes(),
        )
    }

    /// What requests and answers are proved with.
    pub fn integrity(&self) -> Integrity {
        match self.algorithm {
            Some(_) => Integrity::Sha256,
            None => Integrity::Sha1,
        }
    }

    pub fn trusts(&self, answer: &Message<'_>) -> bool {
        answer.integrity() == Some(self.integrity()) && answer.integrity_holds(self.integrity(), self.key().as_bytes())
    }

    pub fn request(&self, kind: u16, id: [u8; 12], fill: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut buffer = vec![0; 4096];
        let mut writer = Writer::new(&mut buffer, kind, &id);
        fill(&mut writer);
        writer.attribute(attribute::USERNAME, self.username.as_bytes());
        writer.attribute(attribute::REALM, REALM.as_bytes());
        writer.attribute(attribute::NONCE, &self.nonce);
        if let Some(algorithm) = self.algorithm {
            writer.attribute(attribute::PASSWORD_ALGORITHMS, &PASSWORD_ALGORITHMS);
            writer.attribute(attribute::PASSWORD_ALGORITHM, wire(algorithm));
        }
        writer.integrity(self.integrity(), self.key().as_bytes());
        let len = writer.finish(true);
        buffer.truncate(len);
        buffer
    }
}

/// PASSWORD-ALGORITHM's value.
pub fn wire(algorithm: PasswordAlgorithm) -> &'static [u8] {
    match algorithm {
        PasswordAlgorithm::Md5 => &[0, 1, 0, 0],
        PasswordAlgorithm::Sha256 => &[0, 2, 0, 0],
    }
}
