use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

use super::support::*;
use crate::streams::{CertificateError, server_config};

#[track_caller]
fn refusal(chain: &[u8], key: &[u8]) -> CertificateError {
    server_config(chain, key).expect_err("it cannot be used")
}

#[test]
fn what_is_wrong_is_said_with_a_code_of_its_own() {
    let Authority { chain_pem, key_pem, .. } = Authority::new();
    let other = Authority::new();
    let key_text = String::from_utf8(key_pem.clone()).unwrap();
    let encrypted = key_text.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let no_key_inside = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let no_certificate_inside = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cut = &chain_pem[..chain_pem.len() / 2];
    let cases: [(&[u8], &[u8], &str); 11] = [
        (b"", &key_pem, "no_certificate"),
        (&key_pem, &key_pem, "no_certificate"),
        (
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            &key_pem,
            "bad_pem",
        ),
        (cut, &key_pem, "bad_pem"),
        (no_certificate_inside.as_bytes(), &key_pem, "bad_certificate"),
        (&chain_pem, b"", "no_key"),
        (&chain_pem, &chain_pem, "no_key"),
        (&chain_pem, encrypted.as_bytes(), "no_key"),
        (&chain_pem, no_key_inside.as_bytes(), "bad_key"),
        (&chain_pem, &other.key_pem, "key_mismatch"),
        (&[&other.chain_pem[..], &chain_pem].concat(), &key_pem, "key_mismatch"),
    ];
    for (chain, key, code) in cases {
        let error = refusal(chain, key);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().len() > 20, "{error}");
        assert!(!error.to_string().contains(&key_text[60..90]), "no key in a log");
    }
}

#[test]
fn keys_of_every_usual_kind_are_taken_and_the_issuers_may_follow() {
    for algorithm in [&PKCS_ED25519, &PKCS_ECDSA_P384_SHA384] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = rcgen::CertificateParams::new(vec![NAME.to_string()]).unwrap();
        let chain =
            certificate.self_signed(&key).unwrap().pem() + &String::from_utf8(Authority::new().chain_pem).unwrap();
        server_config(chain.as_bytes(), key.serialize_pem().as_bytes()).unwrap();
    }
}

#[test]
fn chain_and_key_may_stand_in_one_file() {
    let Authority { chain_pem, key_pem, .. } = Authority::new();
    let both = [key_pem, chain_pem].concat();
    server_config(&both, &both).unwrap();
}
