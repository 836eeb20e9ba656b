//! Messages in a byte stream: where one ends, and how one is written.

use tertulia_relay::CHANNEL_DATA_FIRST_BYTES;
use tertulia_relay::stun::{HEADER_LEN, MAGIC_COOKIE};
use tertulia_sfu::egress::DATAGRAM_MAX;

/// How messages are told apart, and who understands them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// STUN by its own length, ChannelData padded to four bytes (RFC 8656, section 12.5).
    Turn,
    /// A length of two bytes before each datagram (RFC 4571, section 2, and RFC 6544, section 3).
    Ice,
}

/// A payload of `DATAGRAM_MAX` in a Send indication to an IPv6 peer needs less than 100 bytes more; a request with user name,
/// realm, nonce and software name at the largest that RFC 8489 allows is just below 3 KiB.
pub(super) const TURN_MESSAGE_MAX: usize = 4096;

/// What stands at the beginning of a stream's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub start: usize,
    pub end: usize,
    /// Where the next one begins.
    pub next: usize,
}

/// No message of this protocol, or one that is too large: nothing can be found in the stream any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unframed;

impl Protocol {
    /// The first message; None until all of it is there.
    pub fn first_message(self, bytes: &[u8]) -> Result<Option<Message>, Unframed> {
        let message = match self {
            Protocol::Turn => first_turn_message(bytes)?,
            Protocol::Ice => first_datagram(bytes)?,
        };
        Ok(message.filter(|message| message.next <= bytes.len()))
    }

    /// Bytes on the wire, None where a reader like ours would refuse them.
    pub fn framed_len(self, message: &[u8]) -> Option<usize> {
        match self {
            Protocol::Turn => {
                Some(message.len().next_multiple_of(4)).filter(|len| *len <= TURN_MESSAGE_MAX && message.len() >= 4)
            }
            Protocol::Ice => Some(2 + message.len()).filter(|_| message.len() <= DATAGRAM_MAX),
        }
    }

    /// Appends exactly `framed_len` bytes.
    pub fn write(self, message: &[u8], out: &mut Vec<u8>) {
        match self {
            Protocol::Turn => {
                out.extend_from_slice(message);
                let padding = message.len().next_multiple_of(4) - message.len();
                out.extend_from_slice(&[0; 3][..padding]);
            }
            Protocol::Ice => {
                out.extend_from_slice(&(message.len() as u16).to_be_bytes());
                out.extend_from_slice(message);
            }
        }
    }
}

fn first_turn_message(bytes: &[u8]) -> Result<Option<Message>, Unframed> {
    let Some(head) = bytes.first_chunk::<4>() else {
        return if is_turn_first_byte(bytes) {
            Ok(None)
        } else {
            Err(Unframed)
        };
    };
    let len = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let end = match head[0] {
        0x00..=0x3F if len % 4 == 0 => HEADER_LEN + len,
        first if CHANNEL_DATA_FIRST_BYTES.contains(&first) => 4 + len,
        _ => return Err(Unframed),
    };
    let cookie = bytes.get(4..8).filter(|_| head[0] <= 0x3F);
    if end > TURN_MESSAGE_MAX || cookie.is_some_and(|cookie| cookie != MAGIC_COOKIE.to_be_bytes()) {
        return Err(Unframed);
    }
    Ok(Some(Message {
        start: 0,
        end,
        next: end.next_multiple_of(4),
    }))
}

fn is_turn_first_byte(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_none_or(|byte| *byte <= *CHANNEL_DATA_FIRST_BYTES.end())
}

fn first_datagram(bytes: &[u8]) -> Result<Option<Message>, Unframed> {
    let Some(head) = bytes.first_chunk::<2>() else {
        return Ok(None);
    };
    let len = usize::from(u16::from_be_bytes(*head));
    if len > DATAGRAM_MAX {
        return Err(Unframed);
    }
    Ok(Some(Message {
        start: 2,
        end: 2 + len,
        next: 2 + len,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stun(body_len: usize) -> Vec<u8> {
        let mut message = vec![0, 1];
        message.extend((body_len as u16).to_be_bytes());
        message.extend(MAGIC_COOKIE.to_be_bytes());
        message.resize(HEADER_LEN + body_len, 7);
        message
    }

    fn channel_data(channel: u16, len: usize) -> Vec<u8> {
        let mut message = channel.to_be_bytes().to_vec();
        message.extend((len as u16).to_be_bytes());
        message.resize(4 + len, 9);
        message
    }

    fn messages(protocol: Protocol) -> BoxedStrategy<Vec<Vec<u8>>> {
        let message = match protocol {
            Protocol::Turn => prop_oneof![
                (0..300usize).prop_map(|words| stun(words * 4)),
                (0x4000..0x8000u16, 0..1500usize).prop_map(|(channel, len)| channel_data(channel, len)),
            ]
            .boxed(),
            Protocol::Ice => prop::collection::vec(any::<u8>(), 0..DATAGRAM_MAX).boxed(),
        };
        prop::collection::vec(message, 0..8).boxed()
    }

    fn protocol_and_messages() -> impl Strategy<Value = (Protocol, Vec<Vec<u8>>)> {
        prop_oneof![Just(Protocol::Turn), Just(Protocol::Ice)]
            .prop_flat_map(|protocol| (Just(protocol), messages(protocol)))
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same_messages(
            (protocol, messages) in protocol_and_messages(),
            cuts in prop::collection::vec(1..700usize, 1..40),
        ) {
            let mut wire = Vec::new();
            for message in &messages {
                let before = wire.len();
                protocol.write(message, &mut wire);
                prop_assert_eq!(protocol.framed_len(message), Some(wire.len() - before));
            }
            let (mut held, mut found, mut rest) = (Vec::new(), Vec::new(), &wire[..]);
            for cut in cuts.into_iter().cycle() {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                held.extend_from_slice(piece);
                while let Some(message) = protocol.first_message(&held).unwrap() {
                    found.push(held[message.start..message.end].to_vec());
                    held.drain(..message.next);
                }
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, messages);
            prop_assert!(held.is_empty());
        }

        #[test]
        fn random_bytes_give_bounded_messages_or_end(
            turn: bool,
            bytes in prop::collection::vec(any::<u8>(), 0..10_000),
        ) {
            let (protocol, max) = match turn {
                true => (Protocol::Turn, TURN_MESSAGE_MAX),
                false => (Protocol::Ice, DATAGRAM_MAX + 2),
            };
            match protocol.first_message(&bytes) {
                Ok(Some(message)) => {
                    prop_assert!(message.start <= message.end && message.end <= message.next);
                    prop_assert!(0 < message.next && message.next <= max.min(bytes.len()));
                }
                Ok(None) => prop_assert!(bytes.len() < max),
                Err(Unframed) => {}
            }
        }
    }

    #[test]
    fn the_largest_message_passes_and_a_larger_one_ends_the_stream() {
        let largest = stun(TURN_MESSAGE_MAX - HEADER_LEN);
        assert!(Protocol::Turn.first_message(&largest).unwrap().is_some());
        for too_large in [
            stun(TURN_MESSAGE_MAX - HEADER_LEN + 4),
            channel_data(0x4000, TURN_MESSAGE_MAX - 3),
        ] {
            assert_eq!(Protocol::Turn.first_message(&too_large[..4]), Err(Unframed));
            assert_eq!(Protocol::Turn.framed_len(&too_large), None);
        }
        let len = DATAGRAM_MAX as u16;
        assert_eq!(Protocol::Ice.first_message(&len.to_be_bytes()), Ok(None));
        assert_eq!(Protocol::Ice.first_message(&(len + 1).to_be_bytes()), Err(Unframed));
        assert_eq!(Protocol::Ice.framed_len(&[0; DATAGRAM_MAX + 1]), None);
    }

    #[test]
    fn what_no_turn_client_says_ends_the_stream() {
        let other_cookie = b"\x00\x01\x00\x00\x21\x12\xa4\x43";
        let odd_length = b"\x00\x01\x00\x05";
        let rtp = b"\x80";
        for bytes in [&other_cookie[..], odd_length, rtp] {
            assert_eq!(Protocol::Turn.first_message(bytes), Err(Unframed), "{bytes:?}");
        }
    }
}
