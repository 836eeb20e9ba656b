//! Another implementation reads what we write and the other way round: `stun-types`.

use std::net::SocketAddr;

use proptest::prelude::*;
use stun_types::attribute::{Attribute as _, ErrorCode, Nonce, Realm, Username, XorMappedAddress};
use stun_types::message::{
    BINDING, IntegrityAlgorithm, LongTermKeyCredentials, Message as Theirs, MessageClass, MessageIntegrityCredentials,
    MessageType, MessageWrite, MessageWriteExt, MessageWriteVec, Method,
};
use tertulia_relay::stun::{
    Integrity, LongTermKey, Message as Ours, PasswordAlgorithm, Writer, attribute, message_type, xor_mapped_address,
};

fn ours(integrity: Integrity) -> IntegrityAlgorithm {
    match integrity {
        Integrity::Sha1 => IntegrityAlgorithm::Sha1,
        Integrity::Sha256 => IntegrityAlgorithm::Sha256,
    }
}

/// In that library MD5 keys go with SHA-1, and SHA-256 keys with SHA-256.
fn key(integrity: Integrity, username: &str, realm: &str, password: &str) -> LongTermKey {
    let algorithm = match integrity {
        Integrity::Sha1 => PasswordAlgorithm::Md5,
        Integrity::Sha256 => PasswordAlgorithm::Sha256,
    };
    LongTermKey::new(algorithm, username.as_bytes(), realm.as_bytes(), password.as_bytes())
}

fn credentials(username: &str, realm: &str, password: &str) -> MessageIntegrityCredentials {
    LongTermKeyCredentials::new(username.to_owned(), password.to_owned(), realm.to_owned()).into()
}

fn integrities() -> impl Strategy<Value = Integrity> {
    prop_oneof![Just(Integrity::Sha1), Just(Integrity::Sha256)]
}

fn addresses() -> impl Strategy<Value = SocketAddr> {
    (any::<std::net::IpAddr>(), any::<u16>()).prop_map(SocketAddr::from)
}

proptest! {
    #[test]
    fn they_read_what_we_write(
        id in any::<[u8; 12]>(),
        username in "[a-z0-9:]{1,40}",
        realm in "[a-z.]{1,40}",
        password in "[!-~]{1,40}",
        address in addresses(),
        integrity in integrities(),
    ) {
        let mut buffer = [0; 512];
        let mut writer = Writer::new(&mut buffer, message_type::BINDING_ERROR, &id);
        writer.error_code(438);
        writer.attribute(attribute::USERNAME, username.as_bytes());
        writer.attribute(attribute::REALM, realm.as_bytes());
        writer.attribute(attribute::NONCE, b"nonce");
        writer.xor_address(attribute::XOR_MAPPED_ADDRESS, address);
        writer.integrity(integrity, key(integrity, &username, &realm, &password).as_bytes());
        let len = writer.finish(true);

        let theirs = Theirs::from_bytes(&buffer[..len]).expect("they read it, FINGERPRINT and all");
        prop_assert_eq!(theirs.get_type(), MessageType::from_class_method(MessageClass::Error, BINDING));
        let read = theirs.attribute::<Username>().unwrap();
        prop_assert_eq!(read.username(), &username);
        prop_assert_eq!(theirs.attribute::<ErrorCode>().unwrap().code(), 438);
        let mapped = theirs.attribute::<XorMappedAddress>().unwrap();
        prop_assert_eq!(mapped.addr(theirs.transaction_id()), address);
        let checked = theirs.validate_integrity(&credentials(&username, &realm, &password));
        prop_assert_eq!(checked.ok(), Some(ours(integrity)));
        let wrong = theirs.validate_integrity(&credentials(&username, &realm, "wrong"));
        prop_assert_eq!(wrong.is_ok(), password == "wrong");
    }

    #[test]
    fn we_read_what_they_write(
        id in any::<[u8; 12]>(),
        method in 0..0x0F00u16,
        username in "[a-z0-9:]{1,40}",
        realm in "[a-z.]{1,40}",
        password in "[!-~]{1,40}",
        address in addresses(),
        integrity in integrities(),
        fingerprint in any::<bool>(),
    ) {
        let mut id_of_128 = [0; 16];
        id_of_128[4..].copy_from_slice(&id);
        let transaction_id = u128::from_be_bytes(id_of_128).into();
        let kind = MessageType::from_class_method(MessageClass::Request, Method::new(method));
        let mut theirs = Theirs::builder(kind, transaction_id, MessageWriteVec::new());
        theirs.add_attribute(&Username::new(&username).unwrap()).unwrap();
        theirs.add_attribute(&Realm::new(&realm).unwrap()).unwrap();
        theirs.add_attribute(&Nonce::new("nonce").unwrap()).unwrap();
        theirs.add_attribute(&XorMappedAddress::new(address, transaction_id)).unwrap();
        theirs.add_message_integrity(&credentials(&username, &realm, &password), ours(integrity)).unwrap();
        if fingerprint {
            theirs.add_fingerprint().unwrap();
        }
        let bytes = theirs.finish();

        let ours = Ours::parse(&bytes).expect("we read it");
        prop_assert_eq!(ours.transaction_id(), &id);
        prop_assert_eq!(ours.attribute(attribute::USERNAME), Some(username.as_bytes()));
        prop_assert_eq!(ours.attribute(attribute::REALM), Some(realm.as_bytes()));
        prop_assert_eq!(xor_mapped_address(&ours), Some(address));
        prop_assert_eq!(ours.fingerprint_holds(), fingerprint.then_some(true));
        prop_assert_eq!(ours.integrity(), Some(integrity));
        prop_assert!(ours.integrity_holds(integrity, key(integrity, &username, &realm, &password).as_bytes()));
        prop_assert!(!ours.integrity_holds(integrity, key(integrity, &username, &realm, "another one").as_bytes()));
    }

    /// Where a message ends as its header says: they also take what lies in a longer datagram, and look no further
    /// behind an attribute that ends one.
    #[test]
    fn what_they_take_we_take(
        kind in 0..0x4000u16,
        attributes in prop::collection::vec(
            (prop_oneof![0..0x30u16, any::<u16>()], prop::collection::vec(any::<u8>(), 0..24)),
            0..8,
        ),
        flip in prop::option::of((any::<prop::sample::Index>(), 0..8u8)),
    ) {
        let mut buffer = [0; 512];
        let mut writer = Writer::new(&mut buffer, kind, &[9; 12]);
        for (kind, value) in &attributes {
            writer.attribute(*kind, value);
        }
        let len = writer.finish(false);
        let mut bytes = buffer[..len].to_vec();
        if let Some((at, bit)) = flip {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let Ok(theirs) = Theirs::from_bytes(&bytes) else {
            return Ok(());
        };
        let kinds: Vec<u16> = theirs.iter_attributes().map(|(_, attribute)| attribute.get_type().into()).collect();
        let ending = [attribute::MESSAGE_INTEGRITY, attribute::MESSAGE_INTEGRITY_SHA256, attribute::FINGERPRINT];
        let ends_early = kinds.iter().any(|kind| ending.contains(kind));
        let says = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        if says != bytes.len() - 20 || ends_early {
            return Ok(());
        }
        let ours = Ours::parse(&bytes).expect("they read it");
        prop_assert_eq!(ours.attributes().map(|attribute| attribute.kind).collect::<Vec<_>>(), kinds);
        for (own, (_, attribute)) in ours.attributes().zip(theirs.iter_attributes()) {
            prop_assert_eq!(own.value, &*attribute.value);
        }
    }
}
