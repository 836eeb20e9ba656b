//! How a message on a data channel is written, by those who send it and by us who pass it on.
//!
//! ```text
//! u8 version = 1 │ u8 n, n × (u8 length, name) │ u8 length, topic │ u32 message │ u16 part │ u16 parts │ payload
//! ```
//!
//! The names are whom it is for (none: everybody); on its way out there is one, whom it is from. Numbers are big endian.

use std::sync::Arc;

pub const VERSION: u8 = 1;
/// Octets of payload in one part.
pub const PAYLOAD_MAX: usize = 16 * 1024;
/// Parts of one message: 256 KiB.
pub const PARTS_MAX: u16 = 16;
pub const NAMES_MAX: u8 = 32;
pub const TOPIC_MAX: u8 = 64;

/// Why something is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Version,
    Malformed,
    TooLarge,
}

/// What was sent to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    pub to: Names<'a>,
    /// From the topic on: this is passed on as it is.
    pub rest: &'a [u8],
}

/// Whom a message is for, as it is written. Nobody named: everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a>(&'a [u8]);

impl<'a> Names<'a> {
    /// `written`: as [`as_bytes`](Names::as_bytes) gave it.
    pub(crate) fn written(written: &'a [u8]) -> Names<'a> {
        Names(written)
    }

    pub(crate) fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    pub fn include(&self, name: &[u8]) -> bool {
        self.0.is_empty() || self.iter().any(|known| known == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let (name, after) = short(left)?;
            left = after;
            Some(name)
        })
    }
}

impl<'a> Message<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Message<'a>, Fault> {
        let (&version, after) = bytes.split_first().ok_or(Fault::Malformed)?;
        if version != VERSION {
            return Err(Fault::Version);
        }
        let (&names, after_count) = after.split_first().ok_or(Fault::Malformed)?;
        if names > NAMES_MAX {
            return Err(Fault::Malformed);
        }
        let mut rest = after_count;
        for _ in 0..names {
            let (name, after) = short(rest).ok_or(Fault::Malformed)?;
            if name.is_empty() {
                return Err(Fault::Malformed);
            }
            rest = after;
        }
        let to = Names(&after_count[..after_count.len() - rest.len()]);
        let (topic, after) = short(rest).ok_or(Fault::Malformed)?;
        let (numbers, payload) = after.split_first_chunk::<8>().ok_or(Fault::Malformed)?;
        let part = u16::from_be_bytes([numbers[4], numbers[5]]);
        let parts = u16::from_be_bytes([numbers[6], numbers[7]]);
        if topic.len() > usize::from(TOPIC_MAX) || parts > PARTS_MAX || part >= parts {
            return Err(Fault::Malformed);
        }
        if payload.len() > PAYLOAD_MAX {
            return Err(Fault::TooLarge);
        }
        Ok(Message { to, rest })
    }

    /// As others get it. A name has 255 octets at most.
    pub fn signed(&self, from: &[u8]) -> Arc<[u8]> {
        let mut written = Vec::with_capacity(3 + from.len() + self.rest.len());
        written.extend([VERSION, 1, from.len() as u8]);
        written.extend_from_slice(from);
        written.extend_from_slice(self.rest);
        written.into()
    }
}

/// What the server itself has to say: a message from nobody, about no topic.
pub fn notice(code: &str) -> Vec<u8> {
    let head = [VERSION, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    [&head, code.as_bytes()].concat()
}

/// A text with its length before it, and what follows.
fn short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, after) = bytes.split_first()?;
    after.split_at_checked(usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(names: &[&str], topic: &str, part: u16, parts: u16, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![VERSION, names.len() as u8];
        for text in names.iter().chain([&topic]) {
            bytes.push(text.len() as u8);
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend([0, 0, 0, 7]);
        bytes.extend(part.to_be_bytes());
        bytes.extend(parts.to_be_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn a_message_says_whom_it_is_for_and_then_whom_it_is_from() {
        let bytes = written(&["bob", "cy"], "pen", 0, 1, b"hello");
        let message = Message::parse(&bytes).expect("a message");
        assert!(message.to.include(b"bob") && message.to.include(b"cy") && !message.to.include(b"bo"));
        assert_eq!(&*message.signed(b"alice"), written(&["alice"], "pen", 0, 1, b"hello"));
        let bytes = written(&[], "pen", 0, 1, b"");
        assert!(Message::parse(&bytes).expect("a message").to.include(b"anybody"));
    }

    #[test]
    fn what_is_cut_off_is_no_message() {
        let bytes = written(&["bob"], "pen", 2, 3, b"");
        assert!(Message::parse(&bytes).is_ok());
        for end in 0..bytes.len() {
            assert_eq!(Message::parse(&bytes[..end]), Err(Fault::Malformed), "{end}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_no_message() {
        let fault = |bytes: &[u8]| Message::parse(bytes).expect_err("out of bounds");
        assert_eq!(fault(&[2, 0, 0]), Fault::Version);
        assert_eq!(fault(&written(&[""], "pen", 0, 1, b"")), Fault::Malformed);
        assert_eq!(fault(&written(&["x"; 33], "pen", 0, 1, b"")), Fault::Malformed);
        assert_eq!(fault(&written(&[], &"x".repeat(65), 0, 1, b"")), Fault::Malformed);
        assert_eq!(fault(&written(&[], "pen", 0, 0, b"")), Fault::Malformed);
        assert_eq!(fault(&written(&[], "pen", 3, 3, b"")), Fault::Malformed);
        assert_eq!(fault(&written(&[], "pen", 0, 17, b"")), Fault::Malformed);
        assert_eq!(
            fault(&written(&[], "pen", 0, 1, &[0; PAYLOAD_MAX + 1])),
            Fault::TooLarge
        );
        assert!(Message::parse(&written(&["x"; 32], &"x".repeat(64), 15, 16, &[0; PAYLOAD_MAX])).is_ok());
    }

    #[test]
    fn a_notice_is_from_nobody() {
        let bytes = notice("too_many_messages");
        let message = Message::parse(&bytes).expect("a message");
        assert_eq!(message.to.iter().count(), 0);
        assert!(message.rest.ends_with(b"too_many_messages"));
    }
}
