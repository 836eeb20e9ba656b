//! The test vectors of RFC 5769, and what no vector can show.

use proptest::prelude::*;

use super::*;

/// Section 2.1.
const REQUEST: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
    \x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\
    \x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\
    \x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
/// Section 2.2.
const RESPONSE_V4: &[u8] = b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
    \x80\x22\x00\x0btest vector\x20\x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\x00\x08\x00\x14\x2b\x91\xf5\x99\
    \xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\x80\x28\x00\x04\xc0\x7d\x4c\x96";
/// Section 2.3.
const RESPONSE_V6: &[u8] = b"\x01\x01\x00\x48\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\
    \x80\x22\x00\x0btest vector\x20\x00\x20\x00\x14\x00\x02\xa1\x47\x01\x13\xa9\xfa\xa5\xd3\xf1\x79\xbc\x25\xf4\xb5\
    \xbe\xd2\xb9\xd9\x00\x08\x00\x14\xa3\x82\x95\x4e\x4b\xe6\x7b\xf1\x17\x84\xc9\x7c\x82\x92\xc2\x75\xbf\xe3\xed\x41\
    \x80\x28\x00\x04\xc8\xfb\x0b\x4c";
/// Section 2.4.
const LONG_TERM_REQUEST: &[u8] = b"\x00\x01\x00\x60\x21\x12\xa4\x42\x78\xad\x34\x33\xc6\xad\x72\xc0\x29\xda\x41\x2e\
    \x00\x06\x00\x12\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9\x00\x00\
    \x00\x15\x00\x1cf//499k954d6OL34oL9FSTvy64sA\x00\x14\x00\x0bexample.org\x00\
    \x00\x08\x00\x14\xf6\x70\x24\x65\x6d\xd6\x4a\x3e\x02\xb8\xe0\x71\x2e\x85\xc9\xa2\x8c\xa8\x96\x66";

const SHORT_TERM_PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

#[test]
fn reads_the_short_term_request() {
    let message = Message::parse(REQUEST).expect("well-framed");
    assert_eq!(message.message_type(), message_type::BINDING_REQUEST);
    assert_eq!(message.attribute(attribute::USERNAME), Some(&b"evtj:h6vY"[..]));
    assert_eq!(message.attributes().count(), 6);
    assert_eq!(message.fingerprint_holds(), Some(true));
    assert_eq!(message.integrity(), Some(Integrity::Sha1));
    assert!(message.integrity_holds(Integrity::Sha1, SHORT_TERM_PASSWORD));
    assert!(!message.integrity_holds(Integrity::Sha1, b"VOkJxbRl1RmTxUk/WvJxBT"));
    assert!(!message.integrity_holds(Integrity::Sha256, SHORT_TERM_PASSWORD));
    assert_eq!(username_fragment(REQUEST), Some("evtj"));
}

#[test]
fn reads_the_responses() {
    for (bytes, address) in [
        (RESPONSE_V4, "192.0.2.1:32853"),
        (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let message = Message::parse(bytes).expect("well-framed");
        assert_eq!(message.message_type(), message_type::BINDING_SUCCESS);
        assert_eq!(message.fingerprint_holds(), Some(true));
        assert!(message.integrity_holds(Integrity::Sha1, SHORT_TERM_PASSWORD));
        assert_eq!(xor_mapped_address(&message), Some(address.parse().unwrap()));
        assert_eq!(username_fragment(bytes), None, "a response names nobody");
    }
}

/// The password is `TheMatrIX` after SASLprep, which the section gives; ours is base64, where there is nothing to prepare.
fn long_term_key() -> LongTermKey {
    LongTermKey::new(
        PasswordAlgorithm::Md5,
        "マトリックス".as_bytes(),
        b"example.org",
        b"TheMatrIX",
    )
}

#[test]
fn reads_the_long_term_request() {
    let message = Message::parse(LONG_TERM_REQUEST).expect("well-framed");
    assert_eq!(message.attribute(attribute::USERNAME), Some("マトリックス".as_bytes()));
    assert_eq!(message.attribute(attribute::REALM), Some(&b"example.org"[..]));
    assert!(message.integrity_holds(Integrity::Sha1, long_term_key().as_bytes()));
    assert_eq!(message.fingerprint_holds(), None);
}

/// Our padding is zeros, as RFC 8489 asks for; sections 2.1 to 2.3 pad with spaces, so only this message can come out the same.
#[test]
fn writes_the_long_term_request_byte_for_byte() {
    let read = Message::parse(LONG_TERM_REQUEST).unwrap();
    let mut buffer = [0xFF; 128];
    let mut writer = Writer::new(&mut buffer, message_type::BINDING_REQUEST, read.transaction_id());
    for kind in [attribute::USERNAME, attribute::NONCE, attribute::REALM] {
        writer.attribute(kind, read.attribute(kind).unwrap());
    }
    writer.integrity(Integrity::Sha1, long_term_key().as_bytes());
    let len = writer.finish(false);
    assert_eq!(&buffer[..len], LONG_TERM_REQUEST);
}

#[test]
fn writes_the_addresses_of_the_responses() {
    for bytes in [RESPONSE_V4, RESPONSE_V6] {
        let message = Message::parse(bytes).unwrap();
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer, message_type::BINDING_SUCCESS, message.transaction_id());
        writer.xor_address(attribute::XOR_MAPPED_ADDRESS, xor_mapped_address(&message).unwrap());
        let len = writer.finish(false);
        let written = Message::parse(&buffer[..len]).expect("well-framed");
        assert_eq!(
            written.attribute(attribute::XOR_MAPPED_ADDRESS),
            message.attribute(attribute::XOR_MAPPED_ADDRESS)
        );
    }
}

#[test]
fn a_flipped_bit_breaks_fingerprint_and_integrity() {
    let mut bytes = REQUEST.to_vec();
    bytes[30] ^= 1;
    let message = Message::parse(&bytes).unwrap();
    assert_eq!(message.fingerprint_holds(), Some(false));
    assert!(!message.integrity_holds(Integrity::Sha1, SHORT_TERM_PASSWORD));
}

#[test]
fn both_integrities_hold_side_by_side_and_a_truncated_one_does_not() {
    let mut buffer = [0; 128];
    let mut writer = Writer::new(&mut buffer, message_type::ALLOCATE_REQUEST, &[7; 12]);
    writer.integrity(Integrity::Sha1, b"key");
    writer.integrity(Integrity::Sha256, b"key");
    let len = writer.finish(true);
    let message = Message::parse(&buffer[..len]).unwrap();
    assert_eq!(message.integrity(), Some(Integrity::Sha256));
    assert!(message.integrity_holds(Integrity::Sha1, b"key") && message.integrity_holds(Integrity::Sha256, b"key"));

    // 16 bytes of the tag that a message of this length would have.
    let mut shorter = buffer[..HEADER_LEN].to_vec();
    shorter[3] = 20;
    let tag = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"key"),
        &shorter,
    );
    shorter.extend([0, 0x1C, 0, 16]);
    shorter.extend(&tag.as_ref()[..16]);
    assert!(
        !Message::parse(&shorter)
            .unwrap()
            .integrity_holds(Integrity::Sha256, b"key")
    );
}

#[test]
fn what_follows_the_integrity_is_not_protected() {
    let mut buffer = [0; 128];
    let mut writer = Writer::new(&mut buffer, message_type::REFRESH_REQUEST, &[7; 12]);
    writer.number(attribute::LIFETIME, 600);
    writer.integrity(Integrity::Sha1, b"key");
    writer.number(attribute::REQUESTED_ADDRESS_FAMILY, 0);
    let len = writer.finish(false);
    let message = Message::parse(&buffer[..len]).unwrap();
    assert!(message.integrity_holds(Integrity::Sha1, b"key"));
    assert!(message.protected().attribute(attribute::LIFETIME).is_some());
    assert_eq!(message.protected().attribute(attribute::REQUESTED_ADDRESS_FAMILY), None);
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

/// Calls all that reads.
fn read_everything(bytes: &[u8]) {
    let _ = username_fragment(bytes);
    let Some(message) = Message::parse(bytes) else {
        return;
    };
    for message in [message, message.protected()] {
        let _ = (
            xor_mapped_address(&message),
            message.integrity(),
            attribute::unknown(&message).count(),
        );
        for integrity in [Integrity::Sha1, Integrity::Sha256] {
            assert!(!message.integrity_holds(integrity, b"a key that nobody has"));
        }
    }
    let _ = message.fingerprint_holds();
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        read_everything(&bytes);
    }

    #[test]
    fn arbitrary_bodies_never_panic(
        kind in prop_oneof![Just(1u16), any::<u16>()],
        words in proptest::collection::vec(
            prop_oneof![
                any::<u32>(),
                Just(0x8028_0004),
                Just(0x0020_0008),
                Just(0x0006_0003),
                Just(0x0008_0014),
                Just(0x001C_0020),
                Just(0x0008_0000),
            ],
            0..40,
        ),
    ) {
        let mut bytes = vec![];
        bytes.extend((kind & 0x3FFF).to_be_bytes());
        bytes.extend((words.len() as u16 * 4).to_be_bytes());
        bytes.extend(MAGIC_COOKIE.to_be_bytes());
        bytes.extend([7; 12]);
        bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        read_everything(&bytes);
    }
}
