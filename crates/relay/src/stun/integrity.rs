//! MESSAGE-INTEGRITY in both strengths, and the keys of the long-term mechanism (RFC 8489, sections 9.2, 14.5 and 14.6).

use aws_lc_rs::{constant_time, digest, hmac};
use md5::{Digest, Md5};

use super::{HEADER_LEN, Message, attribute};

/// Which of the two attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// MESSAGE-INTEGRITY: HMAC-SHA1.
    Sha1,
    /// MESSAGE-INTEGRITY-SHA256, never truncated: that is for usages which ask for it, and TURN does not.
    Sha256,
}

impl Integrity {
    pub fn attribute(self) -> u16 {
        match self {
            Integrity::Sha1 => attribute::MESSAGE_INTEGRITY,
            Integrity::Sha256 => attribute::MESSAGE_INTEGRITY_SHA256,
        }
    }

    /// The attribute's value over all that stands before it. The length in the header counts up to the attribute's end, whatever follows.
    pub(super) fn tag(self, key: &[u8], covered: &[u8]) -> hmac::Tag {
        let algorithm = match self {
            Integrity::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Integrity::Sha256 => hmac::HMAC_SHA256,
        };
        let body_len = covered.len() - HEADER_LEN + 4 + algorithm.tag_len();
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        context.update(&covered[..2]);
        context.update(&(body_len as u16).to_be_bytes());
        context.update(&covered[4..]);
        context.sign()
    }
}

impl<'a> Message<'a> {
    /// The stronger one that the message has.
    pub fn integrity(&self) -> Option<Integrity> {
        [Integrity::Sha256, Integrity::Sha1]
            .into_iter()
            .find(|integrity| self.attribute(integrity.attribute()).is_some())
    }

    /// Whether this attribute is there and fits the key; compared in constant time.
    pub fn integrity_holds(&self, integrity: Integrity, key: &[u8]) -> bool {
        let (Some(at), Some(value)) = (
            self.offset(integrity.attribute()),
            self.attribute(integrity.attribute()),
        ) else {
            return false;
        };
        let tag = integrity.tag(key, &self.bytes[..at]);
        constant_time::verify_slices_are_equal(tag.as_ref(), value).is_ok()
    }

    /// The message without what must be ignored: attributes that follow one of integrity.
    pub fn protected(&self) -> Message<'a> {
        let end = [Integrity::Sha1, Integrity::Sha256]
            .into_iter()
            .filter_map(|integrity| self.offset(integrity.attribute()))
            .min()
            .unwrap_or(self.bytes.len());
        Message {
            bytes: &self.bytes[..end],
        }
    }
}

/// How a long-term key is made from the password (RFC 8489, section 18.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordAlgorithm {
    Md5,
    Sha256,
}

/// Our PASSWORD-ALGORITHMS: SHA-256, then MD5, both without parameters.
pub const PASSWORD_ALGORITHMS: [u8; 8] = [0, 2, 0, 0, 0, 1, 0, 0];

impl PasswordAlgorithm {
    /// From PASSWORD-ALGORITHM (RFC 8489, section 14.12).
    pub fn from_wire(value: &[u8]) -> Option<PasswordAlgorithm> {
        match value {
            [0, 1, 0, 0] => Some(PasswordAlgorithm::Md5),
            [0, 2, 0, 0] => Some(PasswordAlgorithm::Sha256),
            _ => None,
        }
    }
}

/// What a user proves to have (RFC 8489, section 9.2.2). Not for logs.
#[derive(Clone)]
pub struct LongTermKey {
    algorithm: PasswordAlgorithm,
    bytes: [u8; 32],
}

impl LongTermKey {
    /// User name and password as they stand after their preparation (RFC 8265).
    pub fn new(algorithm: PasswordAlgorithm, username: &[u8], realm: &[u8], password: &[u8]) -> LongTermKey {
        let parts = [username, b":", realm, b":", password];
        let mut bytes = [0; 32];
        match algorithm {
            PasswordAlgorithm::Md5 => {
                let mut context = Md5::new();
                parts.iter().for_each(|part| context.update(part));
                bytes[..16].copy_from_slice(&context.finalize());
            }
            PasswordAlgorithm::Sha256 => {
                let mut context = digest::Context::new(&digest::SHA256);
                parts.iter().for_each(|part| context.update(part));
                bytes.copy_from_slice(context.finish().as_ref());
            }
        }
        LongTermKey { algorithm, bytes }
    }

    pub fn algorithm(&self) -> PasswordAlgorithm {
        self.algorithm
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self.algorithm {
            PasswordAlgorithm::Md5 => &self.bytes[..16],
            PasswordAlgorithm::Sha256 => &self.bytes,
        }
    }
}
