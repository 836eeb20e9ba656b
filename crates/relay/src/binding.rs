//! The STUN server: what is my address? (RFC 8489, section 6.3)

use std::net::SocketAddr;

use crate::client::canonical;
use crate::stun::{Message, Writer, attribute, message_type};

/// A buffer of this many bytes holds every answer.
pub const RESPONSE_MAX: usize = 128;

/// Answers a Binding request without USERNAME; gives the answer's length in `response`, which must hold [`RESPONSE_MAX`] bytes.
///
/// None for everything else, a wrong FINGERPRINT included. An answer is at most 24 bytes longer than its request (an IPv6 address to a bare
/// header), so a forged sender gains no amplification worth having.
pub fn answer_binding(request: &[u8], from: SocketAddr, response: &mut [u8]) -> Option<usize> {
    let message = Message::parse(request)?;
    if message.message_type() != message_type::BINDING_REQUEST || message.attribute(attribute::USERNAME).is_some() {
        return None;
    }
    let fingerprint = message.fingerprint_holds();
    if fingerprint == Some(false) {
        return None;
    }
    let mut unknown = attribute::unknown(&message).peekable();
    let transaction_id = message.transaction_id();
    let writer = if unknown.peek().is_some() {
        let mut writer = Writer::new(response, message_type::BINDING_ERROR, transaction_id);
        writer.error_code(420);
        writer.unknown_attributes(unknown);
        writer
    } else {
        let mut writer = Writer::new(response, message_type::BINDING_SUCCESS, transaction_id);
        writer.xor_address(attribute::XOR_MAPPED_ADDRESS, canonical(from));
        writer
    };
    Some(writer.finish(fingerprint.is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::{HEADER_LEN, xor_mapped_address};
    use proptest::prelude::*;

    const ID: [u8; 12] = *b"transaction!";

    fn request(attributes: &[(u16, &[u8])], fingerprint: bool) -> Vec<u8> {
        let mut buffer = [0; 512];
        let mut writer = Writer::new(&mut buffer, message_type::BINDING_REQUEST, &ID);
        for (kind, value) in attributes {
            writer.attribute(*kind, value);
        }
        let len = writer.finish(fingerprint);
        buffer[..len].to_vec()
    }

    fn answer(request: &[u8], from: &str) -> Option<Vec<u8>> {
        let mut response = [0; RESPONSE_MAX];
        answer_binding(request, from.parse().unwrap(), &mut response).map(|len| response[..len].to_vec())
    }

    #[test]
    fn tells_the_sender_its_address() {
        for from in ["203.0.113.9:40000", "[2001:db8::7]:40000"] {
            let response = answer(&request(&[], false), from).expect("answered");
            let message = Message::parse(&response).expect("well-framed");
            assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
            assert_eq!(message.transaction_id(), &ID);
            assert_eq!(xor_mapped_address(&message), Some(from.parse().unwrap()));
            assert_eq!(message.fingerprint_holds(), None);
        }
    }

    #[test]
    fn tells_an_ipv4_sender_on_an_ipv6_socket_its_ipv4_address() {
        let response = answer(&request(&[], false), "[::ffff:203.0.113.9]:40000").unwrap();
        assert_eq!(
            xor_mapped_address(&Message::parse(&response).unwrap()),
            Some("203.0.113.9:40000".parse().unwrap())
        );
    }

    #[test]
    fn answers_with_a_fingerprint_where_the_request_had_one() {
        let response = answer(&request(&[], true), "203.0.113.9:1").unwrap();
        assert_eq!(Message::parse(&response).unwrap().fingerprint_holds(), Some(true));
    }

    #[test]
    fn refuses_unknown_attributes_by_name() {
        let request = request(
            &[(0x0003, &[0, 0, 0, 6]), (0x8022, b"client"), (0x0027, &[1, 2, 0, 0])],
            true,
        );
        let response = answer(&request, "203.0.113.9:1").unwrap();
        let message = Message::parse(&response).unwrap();
        assert_eq!(message.message_type(), message_type::BINDING_ERROR);
        assert_eq!(message.attribute(attribute::ERROR_CODE), Some(&[0, 0, 4, 20][..]));
        assert_eq!(
            message.attribute(attribute::UNKNOWN_ATTRIBUTES),
            Some(&[0x00, 0x03, 0x00, 0x27][..])
        );
        assert_eq!(message.fingerprint_holds(), Some(true));
    }

    #[test]
    fn is_silent_to_ice_responses_and_broken_fingerprints() {
        assert_eq!(
            answer(&request(&[(attribute::USERNAME, b"a:b")], false), "203.0.113.9:1"),
            None
        );
        let mut broken = request(&[], true);
        *broken.last_mut().unwrap() ^= 1;
        assert_eq!(answer(&broken, "203.0.113.9:1"), None);
        let success = answer(&request(&[], false), "203.0.113.9:1").unwrap();
        assert_eq!(
            answer(&success, "203.0.113.9:1"),
            None,
            "two servers must not talk for ever"
        );
    }

    proptest! {
        #[test]
        fn never_panics_and_never_amplifies(
            attributes in proptest::collection::vec((any::<u16>(), proptest::collection::vec(any::<u8>(), 0..12)), 0..20),
            fingerprint in any::<bool>(),
            v6 in any::<bool>(),
        ) {
            let attributes: Vec<_> = attributes.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
            let request = request(&attributes, fingerprint);
            let from = if v6 { "[2001:db8::7]:9" } else { "203.0.113.9:9" };
            if let Some(response) = answer(&request, from) {
                prop_assert!(response.len() <= request.len() + 24);
                prop_assert!(response.len() >= HEADER_LEN && Message::parse(&response).is_some());
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = answer(&bytes, "203.0.113.9:9");
        }
    }
}
