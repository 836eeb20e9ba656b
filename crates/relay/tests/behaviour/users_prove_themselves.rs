//! The long-term mechanism (RFC 8489, section 9.2) with credentials of the REST convention.

use std::time::Duration;

use tertulia_relay::Secret;
use tertulia_relay::stun::{Integrity, PASSWORD_ALGORITHMS, PasswordAlgorithm, Writer, attribute, message_type};

use crate::common::{Answer, PEER, Person, REALM, World, with_udp};

const ALLOCATE: u16 = message_type::ALLOCATE_REQUEST;
const MINUTE: Duration = Duration::from_secs(60);

/// An Allocate whose credentials `fill` writes, signed with the person's key.
fn allocate_with(
    world: &mut World,
    person: &Person,
    integrity: Integrity,
    fill: impl FnOnce(&mut Writer<'_>),
) -> Answer {
    let request = crate::common::message(ALLOCATE, world.next_id(), |writer| {
        with_udp(writer);
        fill(writer);
        writer.integrity(integrity, person.key().as_bytes());
    });
    world.exchange(person.client, &request).expect("an answer")
}

fn with_credentials(writer: &mut Writer<'_>, person: &Person) {
    writer.attribute(attribute::USERNAME, person.username.as_bytes());
    writer.attribute(attribute::REALM, REALM.as_bytes());
    writer.attribute(attribute::NONCE, &person.nonce);
}

#[test]
fn a_challenge_names_the_realm_a_nonce_and_the_algorithms_and_is_not_signed() {
    let mut world = World::new();
    let person = world.person(1);
    let answer = world.ask_unsigned(person.client, ALLOCATE, with_udp).unwrap();
    let message = answer.message();
    assert_eq!(answer.code(), 401);
    assert_eq!(message.attribute(attribute::REALM), Some(REALM.as_bytes()));
    assert!(
        message
            .attribute(attribute::NONCE)
            .unwrap()
            .starts_with(b"obMatJos2gAAA")
    );
    assert_eq!(
        message.attribute(attribute::PASSWORD_ALGORITHMS),
        Some(&PASSWORD_ALGORITHMS[..])
    );
    assert_eq!(message.integrity(), None);
    assert_eq!(message.attributes().count(), 4, "and nothing that says what we are");
    assert_eq!(world.counter("challenged"), 2);
}

#[test]
fn every_request_is_challenged() {
    let mut world = World::new();
    let (person, _) = world.person_with_allocation(1);
    for kind in [
        ALLOCATE,
        message_type::REFRESH_REQUEST,
        message_type::CREATE_PERMISSION_REQUEST,
        message_type::CHANNEL_BIND_REQUEST,
    ] {
        assert_eq!(world.ask_unsigned(person.client, kind, |_| {}).unwrap().code(), 401);
    }
}

#[test]
fn a_client_chooses_how_its_key_is_made() {
    for algorithm in [None, Some(PasswordAlgorithm::Md5), Some(PasswordAlgorithm::Sha256)] {
        let mut world = World::new();
        let mut person = world.person(1);
        person.algorithm = algorithm;
        // Each answer is checked to be signed with that key, and SHA-256 where the client chose: see `ask`.
        world.allocate(&person);
        assert_eq!(world.permit(&person, &[PEER]), 0, "{algorithm:?}");
        person.algorithm = Some(PasswordAlgorithm::Sha256);
        assert_eq!(
            world.permit(&person, &[PEER]),
            0,
            "another than at first: {algorithm:?}"
        );
        person.algorithm = None;
        assert_eq!(world.permit(&person, &[PEER]), 0, "none at last: {algorithm:?}");
    }
}

#[test]
fn wrong_credentials_are_challenged_again() {
    let mut world = World::new();
    let mut person = world.person(1);
    person.password = Secret::new(b"another secret").password(&person.username);
    let answer = world.ask(&person, ALLOCATE, with_udp);
    assert_eq!(answer.code(), 401);
    for kind in [attribute::REALM, attribute::NONCE, attribute::PASSWORD_ALGORITHMS] {
        assert!(answer.message().attribute(kind).is_some());
    }
    assert_eq!(answer.message().integrity(), None);
    assert_eq!(world.counter("refused_unauthorized"), 1);
    assert_eq!(world.relay.allocations(), 0);
}

#[test]
fn a_changed_message_is_nobodys() {
    let mut world = World::new();
    let person = world.person(1);
    let request = person.request(ALLOCATE, world.next_id(), with_udp);
    // Without its FINGERPRINT, which would find the change first.
    let mut request = request[..request.len() - 8].to_vec();
    let len = (request.len() as u16 - 20).to_be_bytes();
    request[2..4].copy_from_slice(&len);
    for at in 20..request.len() {
        let mut changed = request.clone();
        changed[at] ^= 1;
        world.send(person.client, &changed);
        assert_eq!(world.relay.allocations(), 0, "byte {at}");
    }
    assert_eq!(world.exchange(person.client, &request).unwrap().code(), 0);
}

#[test]
fn user_names_that_are_not_of_the_convention_are_nobodys() {
    let mut world = World::new();
    let nonce = world.person(1).nonce;
    let client = world.person(1).client;
    for username in [
        "",
        "anna",
        "anna:1800003600",
        ":anna",
        "1800003600",
        "-1:anna",
        "99999999999999999999999:anna",
    ] {
        let mut person = Person::new(client, username.to_owned());
        person.nonce = nonce.clone();
        assert_eq!(world.ask(&person, ALLOCATE, with_udp).code(), 401, "{username:?}");
    }
}

#[test]
fn expired_credentials_make_no_allocation() {
    let mut world = World::new();
    let mut person = world.person(1);
    world.pass(60 * MINUTE);
    world.challenge(&mut person);
    assert_eq!(
        world.ask(&person, ALLOCATE, with_udp).code(),
        401,
        "the second in which they expire"
    );
    world.now.unix -= 1;
    world.challenge(&mut person);
    assert_eq!(world.ask(&person, ALLOCATE, with_udp).code(), 0, "the second before");
}

#[test]
fn an_allocation_that_lives_goes_on_when_its_credentials_have_expired() {
    let mut world = World::new();
    let (mut person, _) = world.person_with_allocation(1);
    assert_eq!(world.refresh(&person, 3600), 0);
    world.pass(59 * MINUTE);
    world.challenge(&mut person);
    assert_eq!(world.refresh(&person, 3600), 0);
    world.pass(30 * MINUTE);
    world.challenge(&mut person);
    assert_eq!(world.refresh(&person, 600), 0);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    person.algorithm = Some(PasswordAlgorithm::Sha256);
    assert_eq!(world.permit(&person, &[PEER]), 0);
    let mut other = Person::new(person.client, format!("{}:other", world.now.unix - 1));
    other.nonce = person.nonce.clone();
    assert_eq!(world.refresh(&other, 0), 401, "somebody else's do not");
}

#[test]
fn a_stale_nonce_is_told_with_a_new_one() {
    let mut world = World::new();
    let (mut person, _) = world.person_with_allocation(1);
    assert_eq!(world.refresh(&person, 3600), 0);
    world.pass(10 * MINUTE);
    let answer = world.ask(&person, message_type::REFRESH_REQUEST, |_| {});
    assert_eq!(answer.code(), 438);
    assert!(answer.message().attribute(attribute::REALM).is_some());
    assert_eq!(
        answer.message().attribute(attribute::PASSWORD_ALGORITHMS),
        Some(&PASSWORD_ALGORITHMS[..])
    );
    person.nonce = answer.message().attribute(attribute::NONCE).unwrap().to_vec();
    assert_eq!(world.refresh(&person, 600), 0);
    assert_eq!(world.counter("refused_stale_nonce"), 1);
}

#[test]
fn anothers_nonce_is_stale() {
    let mut world = World::new();
    let (mut anna, boris) = (world.person(1), world.person(2));
    anna.nonce = boris.nonce;
    assert_eq!(world.ask(&anna, ALLOCATE, with_udp).code(), 438);
    anna.nonce = b"made up".to_vec();
    assert_eq!(world.ask(&anna, ALLOCATE, with_udp).code(), 438);
}

#[test]
fn a_wrong_password_is_told_before_a_stale_nonce() {
    let mut world = World::new();
    let mut person = world.person(1);
    person.nonce = b"made up".to_vec();
    person.password = "wrong".to_owned();
    assert_eq!(world.ask(&person, ALLOCATE, with_udp).code(), 401);
}

#[test]
fn a_signed_request_that_lacks_something_is_bad_and_learns_nothing() {
    let mut world = World::new();
    let person = world.person(1);
    for missing in [attribute::USERNAME, attribute::REALM, attribute::NONCE] {
        let answer = allocate_with(&mut world, &person, Integrity::Sha1, |writer| {
            let all = [
                (attribute::USERNAME, person.username.as_bytes()),
                (attribute::REALM, REALM.as_bytes()),
                (attribute::NONCE, &person.nonce),
            ];
            let present = all.into_iter().filter(|(kind, _)| *kind != missing);
            present.for_each(|(kind, value)| writer.attribute(kind, value));
        });
        assert_eq!(answer.code(), 400, "{missing:#x}");
        assert_eq!(answer.message().attributes().count(), 1, "the code alone");
    }
}

#[test]
fn credentials_behind_the_integrity_do_not_count() {
    let mut world = World::new();
    let person = world.person(1);
    let request = crate::common::message(ALLOCATE, world.next_id(), |writer| {
        with_udp(writer);
        writer.attribute(attribute::REALM, REALM.as_bytes());
        writer.attribute(attribute::NONCE, &person.nonce);
        writer.integrity(Integrity::Sha1, person.key().as_bytes());
        writer.attribute(attribute::USERNAME, person.username.as_bytes());
    });
    assert_eq!(world.exchange(person.client, &request).unwrap().code(), 400);
}

#[test]
fn a_hashed_user_name_was_not_offered() {
    let mut world = World::new();
    let person = world.person(1);
    let answer = allocate_with(&mut world, &person, Integrity::Sha256, |writer| {
        writer.attribute(attribute::USERHASH, &[1; 32]);
        writer.attribute(attribute::REALM, REALM.as_bytes());
        writer.attribute(attribute::NONCE, &person.nonce);
    });
    assert_eq!(answer.code(), 401);
}

/// RFC 8489, section 9.2.4: somebody on the way has changed or cut our offer, or the client is broken.
#[test]
fn whoever_bids_the_algorithms_down_is_found_out() {
    let offers: [Option<&[u8]>; 5] = [
        None,
        Some(&PASSWORD_ALGORITHMS),
        Some(&[0, 1, 0, 0]),
        Some(&[0, 1, 0, 0, 0, 2, 0, 0]),
        Some(&[]),
    ];
    let choices: [Option<&[u8]>; 4] = [None, Some(&[0, 1, 0, 0]), Some(&[0, 3, 0, 0]), Some(&[0, 1])];
    for offer in offers {
        for choice in choices {
            let mut world = World::new();
            let person = world.person(1);
            let answer = allocate_with(&mut world, &person, Integrity::Sha256, |writer| {
                with_credentials(writer, &person);
                offer.inspect(|value| writer.attribute(attribute::PASSWORD_ALGORITHMS, value));
                choice.inspect(|value| writer.attribute(attribute::PASSWORD_ALGORITHM, value));
            });
            let is_whole = offer == Some(&PASSWORD_ALGORITHMS[..]) && choice == Some(&[0, 1, 0, 0][..]);
            let expected = if is_whole || (offer, choice) == (None, None) {
                0
            } else {
                400
            };
            assert_eq!(answer.code(), expected, "{offer:?} {choice:?}");
        }
    }
}

#[test]
fn both_integrities_may_stand_in_a_request_and_the_stronger_one_counts() {
    let mut world = World::new();
    let person = world.person(1);
    let ask = |world: &mut World, sha1: &[u8], sha256: &[u8]| {
        let request = crate::common::message(ALLOCATE, world.next_id(), |writer| {
            with_udp(writer);
            with_credentials(writer, &person);
            writer.integrity(Integrity::Sha1, sha1);
            writer.integrity(Integrity::Sha256, sha256);
        });
        world.exchange(person.client, &request).unwrap()
    };
    let key = person.key();
    assert_eq!(ask(&mut world, key.as_bytes(), b"wrong").code(), 401);
    let answer = ask(&mut world, b"wrong", key.as_bytes());
    assert_eq!(answer.code(), 0);
    assert_eq!(
        answer.message().integrity(),
        Some(Integrity::Sha1),
        "as for everybody who named no algorithm (RFC 8489, section 9.2.4)"
    );
}
