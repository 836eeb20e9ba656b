//! Certificates on the curve P-224, which FFmpeg built with GnuTLS presents and `dimpl` refuses.

use std::ptr::null_mut;

use aws_lc_sys::{
    EVP_DigestVerify, EVP_DigestVerifyInit, EVP_MD_CTX_free, EVP_MD_CTX_new, EVP_PKEY_free, EVP_sha256, X509_free,
    X509_get_pubkey, d2i_X509,
};
use dimpl::crypto::{CryptoProvider, HashAlgorithm, SignatureAlgorithm, SignatureVerifier};

/// The object identifier secp224r1 in DER, as it stands in a certificate's public key.
const SECP224R1: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21];

/// Makes the fallback `dimpl`'s default; to be called before the first DTLS instance. Where the process installed a
/// provider of its own before us, that one stays.
pub(super) fn install() {
    if CryptoProvider::get_default().is_some() {
        return;
    }
    let mut provider = dimpl::crypto::aws_lc_rs::default_provider();
    provider.signature_verification = Box::leak(Box::new(Verifier(provider.signature_verification)));
    CryptoProvider::install_default(provider);
}

/// `dimpl`'s verifier first; then ours, for ECDSA with SHA-256 on P-224 only.
#[derive(Debug)]
struct Verifier(&'static dyn SignatureVerifier);

impl SignatureVerifier for Verifier {
    fn verify_signature(
        &self,
        certificate: &[u8],
        data: &[u8],
        signature: &[u8],
        hash: HashAlgorithm,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), dimpl::CryptoError> {
        let verdict = self.0.verify_signature(certificate, data, signature, hash, algorithm);
        let ours = hash == HashAlgorithm::SHA256
            && algorithm == SignatureAlgorithm::ECDSA
            && certificate.windows(SECP224R1.len()).any(|window| window == SECP224R1);
        match verdict {
            Err(_) if ours && verify(certificate, data, signature) => Ok(()),
            verdict => verdict,
        }
    }
}

/// `signature` over the SHA-256 of `data` by the key in `certificate` (DER).
fn verify(certificate: &[u8], data: &[u8], signature: &[u8]) -> bool {
    let Ok(certificate_len) = certificate.len().try_into() else {
        return false;
    };
    // SAFETY: every pointer is checked before use and freed once; the slices outlive the calls, which keep none of them.
    unsafe {
        let mut der = certificate.as_ptr();
        let x509 = d2i_X509(null_mut(), &mut der, certificate_len);
        if x509.is_null() {
            return false;
        }
        let key = X509_get_pubkey(x509);
        let context = EVP_MD_CTX_new();
        let verified = !key.is_null()
            && !context.is_null()
            && EVP_DigestVerifyInit(context, null_mut(), EVP_sha256(), null_mut(), key) == 1
            && EVP_DigestVerify(context, signature.as_ptr(), signature.len(), data.as_ptr(), data.len()) == 1;
        // The three free functions take null.
        EVP_MD_CTX_free(context);
        EVP_PKEY_free(key);
        X509_free(x509);
        verified
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made by OpenSSL 3: `openssl ecparam -name secp224r1 -genkey`, `openssl req -new -x509`, `openssl dgst -sha256 -sign`.
    const CERTIFICATE: &[u8] = include_bytes!("../../tests/data/p224_certificate.der");
    const SIGNATURE: &[u8] = include_bytes!("../../tests/data/p224_signature.der");
    const SIGNED: &[u8] = b"signed by openssl";

    fn verifier() -> Verifier {
        Verifier(dimpl::crypto::aws_lc_rs::default_provider().signature_verification)
    }

    fn holds(certificate: &[u8], data: &[u8], signature: &[u8]) -> bool {
        let (hash, algorithm) = (HashAlgorithm::SHA256, SignatureAlgorithm::ECDSA);
        let verdict = verifier().verify_signature(certificate, data, signature, hash, algorithm);
        verdict.is_ok()
    }

    #[test]
    fn a_signature_of_openssl_holds_and_needs_this_fallback() {
        assert!(holds(CERTIFICATE, SIGNED, SIGNATURE));
        let (hash, algorithm) = (HashAlgorithm::SHA256, SignatureAlgorithm::ECDSA);
        let without = verifier().0;
        assert!(
            without
                .verify_signature(CERTIFICATE, SIGNED, SIGNATURE, hash, algorithm)
                .is_err(),
            "dimpl knows P-224 by now: this file can go"
        );
    }

    #[test]
    fn other_words_hashes_and_algorithms_are_refused() {
        assert!(!holds(CERTIFICATE, b"signed by openssl?", SIGNATURE));
        assert!(!holds(CERTIFICATE, b"", SIGNATURE));
        assert!(!holds(CERTIFICATE, SIGNED, b""));
        assert!(!holds(b"", SIGNED, SIGNATURE));
        for (hash, algorithm) in [
            (HashAlgorithm::SHA384, SignatureAlgorithm::ECDSA),
            (HashAlgorithm::SHA256, SignatureAlgorithm::RSA),
        ] {
            let verdict = verifier().verify_signature(CERTIFICATE, SIGNED, SIGNATURE, hash, algorithm);
            assert!(verdict.is_err(), "{hash:?} {algorithm:?}");
        }
    }

    #[test]
    fn a_cut_certificate_or_signature_is_refused() {
        for len in 0..CERTIFICATE.len() {
            assert!(!holds(&CERTIFICATE[..len], SIGNED, SIGNATURE), "certificate of {len}");
        }
        for len in 0..SIGNATURE.len() {
            assert!(!holds(CERTIFICATE, SIGNED, &SIGNATURE[..len]), "signature of {len}");
        }
    }

    #[test]
    fn no_flipped_bit_of_the_signature_holds() {
        for bit in 0..SIGNATURE.len() * 8 {
            let mut signature = SIGNATURE.to_vec();
            signature[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(CERTIFICATE, SIGNED, &signature), "bit {bit}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_never_panics(at in 0..CERTIFICATE.len(), byte in any::<u8>()) {
            let mut certificate = CERTIFICATE.to_vec();
            certificate[at] = byte;
            let _ = holds(&certificate, SIGNED, SIGNATURE);
        }
    }
}
