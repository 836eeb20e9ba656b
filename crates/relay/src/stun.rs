//! A reader and a writer of STUN messages (RFC 8489), bounds-checked, without allocation.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crc::{CRC_32_ISO_HDLC, Crc};

/// Length of the fixed header (RFC 8489, section 5).
pub const HEADER_LEN: usize = 20;
/// The magic cookie (RFC 8489, section 5); messages of RFC 3489 do not have it and are not answered.
pub const MAGIC_COOKIE: u32 = 0x2112_A442;

/// What FINGERPRINT's CRC is XORed with (RFC 8489, section 14.7).
const FINGERPRINT_XOR: u32 = 0x5354_554E;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Message types: method and class as they stand on the wire.
pub mod message_type {
    pub const BINDING_REQUEST: u16 = 0x0001;
    pub const BINDING_SUCCESS: u16 = 0x0101;
    pub const BINDING_ERROR: u16 = 0x0111;
}

/// Attribute types (RFC 8489, section 18.3, and RFC 8445, section 16.1).
pub mod attribute {
    pub const USERNAME: u16 = 0x0006;
    pub const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub const ERROR_CODE: u16 = 0x0009;
    pub const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
    pub const REALM: u16 = 0x0014;
    pub const NONCE: u16 = 0x0015;
    pub const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
    pub const PASSWORD_ALGORITHM: u16 = 0x001D;
    pub const USERHASH: u16 = 0x001E;
    pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub const PRIORITY: u16 = 0x0024;
    pub const USE_CANDIDATE: u16 = 0x0025;
    pub const FINGERPRINT: u16 = 0x8028;
}

/// A whole, well-framed STUN message: the header's length is the datagram's, every attribute ends inside it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
}

impl<'a> Message<'a> {
    /// None unless the datagram is exactly one STUN message with the magic cookie.
    pub fn parse(datagram: &'a [u8]) -> Option<Message<'a>> {
        if datagram.len() < HEADER_LEN || datagram[0] & 0xC0 != 0 || datagram[4..8] != MAGIC_COOKIE.to_be_bytes() {
            return None;
        }
        let body_len = be16(datagram, 2) as usize;
        if !body_len.is_multiple_of(4) || HEADER_LEN + body_len != datagram.len() {
            return None;
        }
        let message = Message { bytes: datagram };
        let mut rest = message.body();
        while !rest.is_empty() {
            rest = split_attribute(rest)?.1;
        }
        Some(message)
    }

    /// Method and class together, to compare with [`message_type`].
    pub fn message_type(&self) -> u16 {
        be16(self.bytes, 0)
    }

    pub fn transaction_id(&self) -> &'a [u8; 12] {
        self.bytes[8..HEADER_LEN].try_into().expect("parse checked the header")
    }

    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.body() }
    }

    /// The first attribute of this type; later ones of one type are to be ignored (RFC 8489, section 14).
    pub fn attribute(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes()
            .find(|attribute| attribute.kind == kind)
            .map(|attribute| attribute.value)
    }

    /// None where there is no FINGERPRINT, else whether it is the last attribute and fits (RFC 8489, section 14.7).
    pub fn fingerprint_holds(&self) -> Option<bool> {
        let value = self.attribute(attribute::FINGERPRINT)?;
        let covered = self.bytes.len() - 8;
        let is_last = be16(self.bytes, covered) == attribute::FINGERPRINT && value.len() == 4;
        Some(is_last && value == fingerprint(&self.bytes[..covered]).to_be_bytes())
    }

    fn body(&self) -> &'a [u8] {
        &self.bytes[HEADER_LEN..]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    pub kind: u16,
    /// Without padding.
    pub value: &'a [u8],
}

impl Attribute<'_> {
    /// A receiver that does not know it must refuse the message (RFC 8489, section 14).
    pub fn is_comprehension_required(&self) -> bool {
        self.kind < 0x8000
    }
}

#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let (attribute, rest) = split_attribute(self.rest)?;
        self.rest = rest;
        Some(attribute)
    }
}

/// The receiver's half of an ICE USERNAME, `receiver:sender` (RFC 8445, section 7.2.2). None for anything but a well-framed
/// Binding request with such a name; nothing is authenticated here.
pub fn username_fragment(datagram: &[u8]) -> Option<&str> {
    let message = Message::parse(datagram)?;
    if message.message_type() != message_type::BINDING_REQUEST {
        return None;
    }
    let username = std::str::from_utf8(message.attribute(attribute::USERNAME)?).ok()?;
    Some(username.split_once(':')?.0)
}

/// XOR-MAPPED-ADDRESS as an address (RFC 8489, section 14.2).
pub fn xor_mapped_address(message: &Message<'_>) -> Option<SocketAddr> {
    let value = message.attribute(attribute::XOR_MAPPED_ADDRESS)?;
    let mask = address_mask(message.transaction_id());
    let family = *value.get(1)?;
    let port = be16(value.get(2..4)?, 0) ^ (MAGIC_COOKIE >> 16) as u16;
    let ip = match (family, value.len()) {
        (1, 8) => IpAddr::V4(Ipv4Addr::from(xored::<4>(&value[4..], &mask))),
        (2, 20) => IpAddr::V6(Ipv6Addr::from(xored::<16>(&value[4..], &mask))),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Writes one message into a caller's buffer. The buffer must hold everything written: lengths here are the caller's constants.
pub(crate) struct Writer<'a> {
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

    pub fn attribute(&mut self, kind: u16, value: impl IntoIterator<Item = u8>) {
        let start = self.len + 4;
        let mut end = start;
        for byte in value {
            self.buffer[end] = byte;
            end += 1;
        }
        self.buffer[self.len..][..2].copy_from_slice(&kind.to_be_bytes());
        self.buffer[self.len + 2..][..2].copy_from_slice(&((end - start) as u16).to_be_bytes());
        self.len = end.next_multiple_of(4);
        self.buffer[end..self.len].fill(0);
    }

    pub fn xor_mapped_address(&mut self, address: SocketAddr, transaction_id: &[u8; 12]) {
        let mask = address_mask(transaction_id);
        let port = (address.port() ^ (MAGIC_COOKIE >> 16) as u16).to_be_bytes();
        match address.ip() {
            IpAddr::V4(ip) => {
                let value = [0, 1, port[0], port[1]]
                    .into_iter()
                    .chain(xored::<4>(&ip.octets(), &mask));
                self.attribute(attribute::XOR_MAPPED_ADDRESS, value);
            }
            IpAddr::V6(ip) => {
                let value = [0, 2, port[0], port[1]]
                    .into_iter()
                    .chain(xored::<16>(&ip.octets(), &mask));
                self.attribute(attribute::XOR_MAPPED_ADDRESS, value);
            }
        }
    }

    /// Writes the length, and FINGERPRINT where wanted; gives the message's length.
    pub fn finish(mut self, with_fingerprint: bool) -> usize {
        let body_len = self.len - HEADER_LEN + if with_fingerprint { 8 } else { 0 };
        self.buffer[2..4].copy_from_slice(&(body_len as u16).to_be_bytes());
        if with_fingerprint {
            let value = fingerprint(&self.buffer[..self.len]).to_be_bytes();
            self.attribute(attribute::FINGERPRINT, value);
        }
        self.len
    }
}

/// FINGERPRINT's value over everything before it; the header's length already counts the attribute (RFC 8489, section 14.7).
fn fingerprint(covered: &[u8]) -> u32 {
    CRC.checksum(covered) ^ FINGERPRINT_XOR
}

/// Magic cookie, then transaction id: what addresses are XORed with (RFC 8489, section 14.2).
fn address_mask(transaction_id: &[u8; 12]) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(transaction_id);
    mask
}

fn xored<const N: usize>(bytes: &[u8], mask: &[u8; 16]) -> [u8; N] {
    std::array::from_fn(|i| bytes[i] ^ mask[i])
}

/// The first attribute of a body and what follows its padding.
fn split_attribute(body: &[u8]) -> Option<(Attribute<'_>, &[u8])> {
    let (head, rest) = body.split_at_checked(4)?;
    let len = be16(head, 2) as usize;
    let value = rest.get(..len)?;
    let rest = rest.get(len.next_multiple_of(4)..)?;
    Some((
        Attribute {
            kind: be16(head, 0),
            value,
        },
        rest,
    ))
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 5769, section 2.1.
    pub(crate) const REQUEST: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
        \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\
        \x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\
        \x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
    /// RFC 5769, section 2.2.
    const RESPONSE_V4: &[u8] = b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
        \x80\x22\x00\x0btest vector\x20\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\x00\x08\x00\x14\x2b\x91\xf5\x99\
        \xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\x80\x28\x00\x04\xc0\x7d\x4c\x96";
    /// RFC 5769, section 2.3.
    const RESPONSE_V6: &[u8] = b"\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
        \x80\x22\x00\x0btest vector\x20\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\
        \xbe\xd2\xb9\xd9\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41\
        \x80\x28\x00\x04\xc8\xfb\x0b\x4c";

    #[test]
    fn reads_the_rfc_5769_request() {
        let message = Message::parse(REQUEST).expect("well-framed");
        assert_eq!(message.message_type(), message_type::BINDING_REQUEST);
        assert_eq!(message.attribute(attribute::USERNAME), Some(&b"evtj:h6vY"[..]));
        assert_eq!(message.attributes().count(), 6);
        assert_eq!(message.fingerprint_holds(), Some(true));
        assert_eq!(username_fragment(REQUEST), Some("evtj"));
    }

    #[test]
    fn reads_the_rfc_5769_responses() {
        for (bytes, address) in [
            (RESPONSE_V4, "192.0.2.1:32853"),
            (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
        ] {
            let message = Message::parse(bytes).expect("well-framed");
            assert_eq!(message.fingerprint_holds(), Some(true));
            assert_eq!(xor_mapped_address(&message), Some(address.parse().unwrap()));
            assert_eq!(username_fragment(bytes), None, "a response names nobody");
        }
    }

    #[test]
    fn writes_the_addresses_of_rfc_5769() {
        for bytes in [RESPONSE_V4, RESPONSE_V6] {
            let message = Message::parse(bytes).unwrap();
            let mut buffer = [0; 64];
            let mut writer = Writer::new(&mut buffer, message_type::BINDING_SUCCESS, message.transaction_id());
            writer.xor_mapped_address(xor_mapped_address(&message).unwrap(), message.transaction_id());
            let len = writer.finish(false);
            let written = Message::parse(&buffer[..len]).expect("well-framed");
            assert_eq!(
                written.attribute(attribute::XOR_MAPPED_ADDRESS),
                message.attribute(attribute::XOR_MAPPED_ADDRESS)
            );
        }
    }

    #[test]
    fn a_flipped_bit_breaks_the_fingerprint() {
        let mut bytes = REQUEST.to_vec();
        bytes[30] ^= 1;
        assert_eq!(Message::parse(&bytes).unwrap().fingerprint_holds(), Some(false));
    }

    #[test]
    fn refuses_what_is_not_exactly_one_message() {
        for cut in 0..REQUEST.len() {
            assert!(Message::parse(&REQUEST[..cut]).is_none(), "cut at {cut}");
        }
        let mut overlong = REQUEST.to_vec();
        overlong.extend([0; 4]);
        assert!(Message::parse(&overlong).is_none());
        let mut attribute_past_end = REQUEST.to_vec();
        attribute_past_end[REQUEST.len() - 5] = 5;
        assert!(Message::parse(&attribute_past_end).is_none());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = username_fragment(&bytes);
            if let Some(message) = Message::parse(&bytes) {
                let _ = (message.fingerprint_holds(), xor_mapped_address(&message));
            }
        }

        #[test]
        fn arbitrary_bodies_never_panic(
            kind in prop_oneof![Just(1u16), any::<u16>()],
            words in proptest::collection::vec(prop_oneof![any::<u32>(), Just(0x8028_0004), Just(0x0020_0008), Just(0x0006_0003)], 0..40),
        ) {
            let mut bytes = vec![];
            bytes.extend(kind.to_be_bytes());
            bytes.extend((words.len() as u16 * 4).to_be_bytes());
            bytes.extend(MAGIC_COOKIE.to_be_bytes());
            bytes.extend([7; 12]);
            bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
            let _ = username_fragment(&bytes);
            if let Some(message) = Message::parse(&bytes) {
                let _ = (message.fingerprint_holds(), xor_mapped_address(&message));
            }
        }
    }
}
