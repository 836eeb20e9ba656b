//! `a=fingerprint` of an offer.

use tertulia_sfu::types::Fingerprint;

/// A text is refused or means one fingerprint, which can be written and read again.
pub fn fingerprint(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
    }
}
