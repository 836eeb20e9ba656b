//! Our ICE credentials: unguessable, and the fragment unique in this process.

use aws_lc_rs::rand;
use tertulia_sfu::types::IceCredentials;

/// `ice-char` (RFC 8839, section 5.4): 64 of them, six bits each.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// 72 bits: two alike are as good as impossible, which the routing by fragment relies on. At least 4 (RFC 8839, section 5.4).
const UFRAG_LEN: usize = 12;
/// 144 bits; at least 128 are asked for (RFC 8445, section 5.3).
const PWD_LEN: usize = 24;

pub(crate) fn generate() -> IceCredentials {
    IceCredentials {
        ufrag: random_text::<UFRAG_LEN>(),
        pwd: random_text::<PWD_LEN>(),
    }
}

fn random_text<const LEN: usize>() -> String {
    let mut bytes = [0u8; LEN];
    rand::fill(&mut bytes).expect("the operating system has random numbers");
    bytes
        .iter()
        .map(|byte| char::from(ICE_CHARS[usize::from(byte & 63)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_long_enough_and_never_the_same() {
        let (a, b) = (generate(), generate());
        assert!(a.ufrag.len() >= 4 && a.pwd.len() >= 22);
        assert!(a.ufrag != b.ufrag && a.pwd != b.pwd);
        assert!(a.pwd.bytes().all(|byte| ICE_CHARS.contains(&byte)));
    }
}
