//! The reader.

use super::writer::fingerprint;
use super::{HEADER_LEN, MAGIC_COOKIE, attribute, be16, message_type};

/// A whole, well-framed STUN message: the header's length is the datagram's, every attribute ends inside it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub(super) bytes: &'a [u8],
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

    /// Where in the message the first attribute of this type begins.
    pub(super) fn offset(&self, kind: u16) -> Option<usize> {
        let mut rest = self.body();
        while let Some((attribute, after)) = split_attribute(rest) {
            if attribute.kind == kind {
                return Some(self.bytes.len() - rest.len());
            }
            rest = after;
        }
        None
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
