//! STUN messages, and the answer to a Binding request.

use std::net::SocketAddr;

use tertulia_relay::stun::{
    HEADER_LEN, Integrity, Message, Writer, attribute, message_type, username_fragment, xor_address,
};
use tertulia_relay::{RESPONSE_MAX, answer_binding};

/// What was read can be looked at in every way, and written again.
pub fn stun(bytes: &[u8]) {
    let fragment = username_fragment(bytes);
    let Some(message) = Message::parse(bytes) else {
        assert_eq!(fragment, None);
        return;
    };
    let mut written = vec![0xEE; bytes.len()];
    let mut writer = Writer::new(&mut written, message.message_type(), message.transaction_id());
    for attribute in message.attributes() {
        writer.attribute(attribute.kind, attribute.value);
        xor_address(attribute.value, message.transaction_id());
    }
    assert_eq!(writer.finish(false), bytes.len());
    let again = Message::parse(&written).expect("what is written can be read");
    assert!(again.attributes().eq(message.attributes()));
    assert_eq!(again.transaction_id(), message.transaction_id());

    for integrity in [Integrity::Sha1, Integrity::Sha256] {
        let holds = message.integrity_holds(integrity, b"a key that the fuzzer has no use for");
        assert!(!holds || message.attribute(integrity.attribute()).is_some());
    }
    assert!(
        message
            .integrity()
            .is_none_or(|found| message.attribute(found.attribute()).is_some())
    );
    let protected = message.protected().attributes();
    assert!(protected.zip(message.attributes()).all(|(some, all)| some == all));
    assert_eq!(
        message.fingerprint_holds().is_some(),
        message.attribute(attribute::FINGERPRINT).is_some()
    );
    assert!(attribute::unknown(&message).count() <= bytes.len() / 4);
}

/// An answer is well-framed, hardly longer than its request, and itself answered by nobody.
pub fn binding(bytes: &[u8]) {
    for from in ["203.0.113.9:40000", "[2001:db8::7]:40000", "[::ffff:203.0.113.9]:40000"] {
        let from: SocketAddr = from.parse().expect("an address");
        let mut response = [0xEE; RESPONSE_MAX];
        let Some(len) = answer_binding(bytes, from, &mut response) else {
            continue;
        };
        let response = &response[..len];
        let request = Message::parse(bytes).expect("only what is well-framed is answered");
        let answer = Message::parse(response).expect("well-framed");
        assert_eq!(request.message_type(), message_type::BINDING_REQUEST);
        assert_eq!(answer.transaction_id(), request.transaction_id());
        assert_ne!(answer.fingerprint_holds(), Some(false));
        assert!(len >= HEADER_LEN && len <= bytes.len() + 24);
        let mut reply = [0; RESPONSE_MAX];
        assert_eq!(answer_binding(response, from, &mut reply), None);
    }
}
