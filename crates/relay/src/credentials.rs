//! Credentials by the REST convention: who has the shared secret can make them, and nothing is stored for a user.

use std::fmt;

use aws_lc_rs::hmac;
use data_encoding::BASE64;

/// Longest user name in bytes (RFC 8489, section 14.3).
const USERNAME_MAX: usize = 508;

/// What passwords are made from.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    pub fn new(secret: &[u8]) -> Secret {
        Secret(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret))
    }

    /// base64(HMAC-SHA1(secret, username)).
    pub fn password(&self, username: &str) -> String {
        let password = self.password_bytes(username.as_bytes());
        String::from_utf8(password.to_vec()).expect("base64 is ASCII")
    }

    pub(crate) fn password_bytes(&self, username: &[u8]) -> [u8; 28] {
        let mut password = [0; 28];
        BASE64.encode_mut(hmac::sign(&self.0, username).as_ref(), &mut password);
        password
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// `expiry:identity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Username<'a> {
    /// Seconds since 1970; from then on no new allocation is made with it.
    pub expires: u64,
    pub identity: &'a [u8],
}

impl<'a> Username<'a> {
    pub fn parse(username: &'a [u8]) -> Option<Username<'a>> {
        if username.len() > USERNAME_MAX {
            return None;
        }
        let colon = username.iter().position(|byte| *byte == b':')?;
        let digits = &username[..colon];
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let expires = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Username {
            expires,
            identity: &username[colon + 1..],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_what_other_servers_of_the_convention_make_of_it() {
        // printf %s "1433895918:person" | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(
            Secret::new(b"north").password("1433895918:person"),
            "cdMHRU7qApGTHU6CTHxFEGO0LkA="
        );
    }

    #[test]
    fn a_user_name_is_a_time_and_an_identity() {
        let parse = |text: &'static str| Username::parse(text.as_bytes());
        assert_eq!(
            parse("17:anna"),
            Some(Username {
                expires: 17,
                identity: b"anna"
            })
        );
        assert_eq!(parse("17:a:b").unwrap().identity, b"a:b");
        assert_eq!(parse("17:").unwrap().identity, b"");
        for wrong in [
            "",
            "17",
            ":anna",
            "anna:17",
            "+17:anna",
            "-1:anna",
            " 17:anna",
            "99999999999999999999:anna",
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
        assert_eq!(
            Username::parse(format!("1:{}", "x".repeat(USERNAME_MAX)).as_bytes()),
            None
        );
    }
}
