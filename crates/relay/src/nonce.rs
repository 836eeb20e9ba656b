//! A nonce that nobody has to remember: the cookie of RFC 8489, a time, and a keyed hash over it and the client's address.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE64;

use crate::client::canonical;

/// Good for so many seconds.
const LIFETIME: u32 = 600;

/// "This server offers PASSWORD-ALGORITHMS": bit 0 of 24, as a client expects it in a nonce (RFC 8489, sections 9.2 and 18.1).
/// Who strips the offer from an answer on its way cannot strip this, for it comes back under the client's integrity.
const COOKIE: &[u8; 13] = b"obMatJos2gAAA";
/// Seconds since 1970 as eight hexadecimal digits; 2106 is not our problem, and would only be a wrap.
const TIME_LEN: usize = 8;
/// 96 bits of HMAC-SHA-256 in base64.
const TAG_LEN: usize = 16;
const NONCE_LEN: usize = COOKIE.len() + TIME_LEN + TAG_LEN;

pub(crate) struct Nonces(hmac::Key);

impl Nonces {
    pub fn new(key: &[u8; 32]) -> Nonces {
        Nonces(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    pub fn issue(&self, client: SocketAddr, unix: u64) -> [u8; NONCE_LEN] {
        self.write(client, unix as u32)
    }

    /// Whether we issued it to this address not long ago.
    pub fn is_fresh(&self, nonce: &[u8], client: SocketAddr, unix: u64) -> bool {
        let Some(issued) = time_of(nonce) else {
            return false;
        };
        let is_ours = constant_time::verify_slices_are_equal(&self.write(client, issued), nonce).is_ok();
        is_ours && (unix as u32).wrapping_sub(issued) < LIFETIME
    }

    fn write(&self, client: SocketAddr, time: u32) -> [u8; NONCE_LEN] {
        let client = canonical(client);
        let ip = match client.ip() {
            IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
            IpAddr::V6(ip) => ip.octets(),
        };
        let mut context = hmac::Context::with_key(&self.0);
        context.update(b"nonce");
        context.update(&time.to_be_bytes());
        context.update(&ip);
        context.update(&client.port().to_be_bytes());
        let tag = context.sign();

        let mut nonce = [0; NONCE_LEN];
        let (cookie, rest) = nonce.split_at_mut(COOKIE.len());
        let (digits, rest) = rest.split_at_mut(TIME_LEN);
        cookie.copy_from_slice(COOKIE);
        data_encoding::HEXLOWER.encode_mut(&time.to_be_bytes(), digits);
        BASE64.encode_mut(&tag.as_ref()[..12], rest);
        nonce
    }
}

fn time_of(nonce: &[u8]) -> Option<u32> {
    let digits = nonce.get(COOKIE.len()..)?.get(..TIME_LEN)?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_nonce_is_good_for_ten_minutes() {
        let nonces = Nonces::new(&[1; 32]);
        let client = address("192.0.2.1:5000");
        let nonce = nonces.issue(client, NOW);
        assert!(nonces.is_fresh(&nonce, client, NOW));
        assert!(nonces.is_fresh(&nonce, client, NOW + 599));
        assert!(!nonces.is_fresh(&nonce, client, NOW + 600));
        assert!(
            !nonces.is_fresh(&nonce, client, NOW - 1),
            "from a time that was not yet"
        );
    }

    #[test]
    fn a_nonce_is_good_for_one_address_under_one_key() {
        let nonces = Nonces::new(&[1; 32]);
        let client = address("192.0.2.1:5000");
        let nonce = nonces.issue(client, NOW);
        assert!(!nonces.is_fresh(&nonce, address("192.0.2.1:5001"), NOW));
        assert!(!nonces.is_fresh(&nonce, address("192.0.2.2:5000"), NOW));
        assert!(
            nonces.is_fresh(&nonce, address("[::ffff:192.0.2.1]:5000"), NOW),
            "the same client on an IPv6 socket"
        );
        assert!(!Nonces::new(&[2; 32]).is_fresh(&nonce, client, NOW));
    }

    #[test]
    fn a_nonce_that_was_changed_anywhere_is_not_ours() {
        let nonces = Nonces::new(&[1; 32]);
        let client = address("[2001:db8::1]:5000");
        let nonce = nonces.issue(client, NOW);
        for at in 0..nonce.len() {
            let mut changed = nonce;
            changed[at] ^= 1;
            assert!(!nonces.is_fresh(&changed, client, NOW), "byte {at}");
        }
        assert!(!nonces.is_fresh(&nonce[..nonce.len() - 1], client, NOW));
        assert!(!nonces.is_fresh(b"", client, NOW));
    }

    #[test]
    fn a_nonce_can_be_written_between_quotes() {
        let nonce = Nonces::new(&[1; 32]).issue(address("192.0.2.1:5000"), NOW);
        assert!(nonce.starts_with(b"obMatJos2gAAA"));
        assert!(
            nonce
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        );
    }
}
