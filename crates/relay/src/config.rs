//! What is decided outside of the relay.

use std::fmt;

pub use ipnet::IpNet as Cidr;

use crate::credentials::Secret;

/// Longest realm in bytes; RFC 8489, section 14.9, allows 128 characters.
const REALM_MAX: usize = 128;

#[derive(Clone)]
pub struct Config {
    /// Told to clients, and part of every key. At most 128 bytes.
    pub realm: String,
    pub secret: Secret,
    /// Random. Nonces of another key are stale; the seeds of the relay's tables come from it, too.
    pub nonce_key: [u8; 32],
    /// Peers that may be reached though they are not public. An IPv6 address with an IPv4 address inside must be named,
    /// and the address inside must be public or named as well.
    pub allow_peers: Vec<Cidr>,
    pub limits: Limits,
}

impl Config {
    pub(crate) fn check(&self) {
        assert!(self.realm.len() <= REALM_MAX, "a realm of at most {REALM_MAX} bytes");
    }
}

/// Keys stay out of logs.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("realm", &self.realm)
            .field("allow_peers", &self.allow_peers)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What one relay, one user and one address may have. The defaults are for browsers: each makes an allocation for each way to the server
/// (UDP, TCP, TLS) and for each network that it is in, for the time in which it tries candidates, and again when ICE restarts; and a whole
/// office or school may stand behind one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// In all. 4,096: a browser on every way at once makes it 1,300 people; each costs a descriptor, or two with both families.
    pub allocations: usize,
    /// Of one identity, the part of the user name after the time. 24: two connections (one direct, one to the server),
    /// three ways, two networks, and all of it once more while ICE restarts.
    pub per_user: usize,
    /// From one IPv4 address or IPv6 /64. 1,024: a quarter of all, 340 people of one office in their calls.
    pub per_address: usize,
    /// Payload of one allocation, each way; a second's worth may come at once. 5,000,000: 40 Mbit/s, a full grid of
    /// pictures, or a screen in motion.
    pub bytes_per_second: u64,
    /// IP addresses of one allocation. 64: a peer has an address for each network and family, and relayed ones; two peers with 20 each fit.
    pub permissions: usize,
    /// Of one allocation. 64: a channel for each candidate that is sent to.
    pub channels: usize,
    /// Answers to one IPv4 address or IPv6 /64 before it has proved who it is; a second's worth may come at once. 100:
    /// an office that comes in at nine waits for some retransmissions, and who is named as the sender of a forger's
    /// requests gets at most 16 kB in a second.
    pub unauthenticated_per_second: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            allocations: 4096,
            per_user: 24,
            per_address: 1024,
            bytes_per_second: 5_000_000,
            permissions: 64,
            channels: 64,
            unauthenticated_per_second: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_out_of_logs() {
        let config = Config {
            realm: "tertulia".to_owned(),
            secret: Secret::new(b"the shared secret"),
            nonce_key: [0xAB; 32],
            allow_peers: vec![],
            limits: Limits::default(),
        };
        let written = format!("{config:?}").to_lowercase();
        assert!(written.contains("tertulia"));
        assert!(!written.contains("secret") && !written.contains("171") && !written.contains("nonce"));
    }
}
