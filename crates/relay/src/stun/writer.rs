//! The writer.

use std::net::SocketAddr;

use crc::{CRC_32_ISO_HDLC, Crc};

use super::{HEADER_LEN, Integrity, MAGIC_COOKIE, address, attribute};

/// What FINGERPRINT's CRC is XORed with (RFC 8489, section 14.7).
const FINGERPRINT_XOR: u32 = 0x5354_554E;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Writes one message into a caller's buffer. Panics where the buffer is too small: the caller knows the lengths of what it writes.
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    pub fn new(buffer: &'a mut [u8], message_type: u16, transaction_id: &[u8; 12]) -> Writer<'a> {
        buffer[..2].copy_from_slice(&message_type.to_be_bytes());
        buffer[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        buffer[8..HEADER_LEN].copy_from_slice(transaction_id);
        Writer {
            buffer,
            len: HEADER_LEN,
        }
    }

    pub fn attribute(&mut self, kind: u16, value: &[u8]) {
        let start = self.len + 4;
        let end = start + value.len();
        self.buffer[self.len..][..2].copy_from_slice(&kind.to_be_bytes());
        self.buffer[self.len + 2..][..2].copy_from_slice(&(value.len() as u16).to_be_bytes());
        self.buffer[start..end].copy_from_slice(value);
        self.len = end.next_multiple_of(4);
        self.buffer[end..self.len].fill(0);
    }

    pub fn number(&mut self, kind: u16, value: u32) {
        self.attribute(kind, &value.to_be_bytes());
    }

    pub fn xor_address(&mut self, kind: u16, address: SocketAddr) {
        let id = self.buffer[8..HEADER_LEN].try_into().expect("new wrote the header");
        let (value, len) = address::encode(address, id);
        self.attribute(kind, &value[..len]);
    }

    /// ERROR-CODE (RFC 8489, section 14.8). The reason phrase is for people, and stays empty to keep the answer small.
    pub fn error_code(&mut self, code: u16) {
        self.attribute(attribute::ERROR_CODE, &[0, 0, (code / 100) as u8, (code % 100) as u8]);
    }

    /// UNKNOWN-ATTRIBUTES (RFC 8489, section 14.13), the first 16 of them: who sent more learns of the rest next time.
    pub fn unknown_attributes(&mut self, kinds: impl Iterator<Item = u16>) {
        let mut value = [0; 32];
        let mut len = 0;
        for (place, kind) in value.chunks_exact_mut(2).zip(kinds) {
            place.copy_from_slice(&kind.to_be_bytes());
            len += 2;
        }
        self.attribute(attribute::UNKNOWN_ATTRIBUTES, &value[..len]);
    }

    /// MESSAGE-INTEGRITY or its successor over all that was written; only FINGERPRINT, or the successor, may follow.
    pub fn integrity(&mut self, integrity: Integrity, key: &[u8]) {
        let tag = integrity.tag(key, &self.buffer[..self.len]);
        self.attribute(integrity.attribute(), tag.as_ref());
    }

    /// Writes the length, and FINGERPRINT where wanted; gives the message's length.
    pub fn finish(mut self, with_fingerprint: bool) -> usize {
        let body_len = self.len - HEADER_LEN + if with_fingerprint { 8 } else { 0 };
        self.buffer[2..4].copy_from_slice(&(body_len as u16).to_be_bytes());
        if with_fingerprint {
            let value = fingerprint(&self.buffer[..self.len]).to_be_bytes();
            self.attribute(attribute::FINGERPRINT, &value);
        }
        self.len
    }
}

/// FINGERPRINT's value over everything before it; the header's length already counts the attribute (RFC 8489, section 14.7).
pub(super) fn fingerprint(covered: &[u8]) -> u32 {
    CRC.checksum(covered) ^ FINGERPRINT_XOR
}
