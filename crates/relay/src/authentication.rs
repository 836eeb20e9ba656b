//! Who sent a request: the long-term mechanism (RFC 8489, section 9.2.4) on credentials that can be computed.

use crate::allocation::Allocation;
use crate::client::{Client, Now};
use crate::config::Config;
use crate::credentials::{Secret, Username};
use crate::nonce::Nonces;
use crate::refusal::Refusal;
use crate::stun::{Integrity, LongTermKey, Message, PASSWORD_ALGORITHMS, PasswordAlgorithm, attribute};

pub(crate) struct Authenticator {
    pub realm: String,
    pub nonces: Nonces,
    secret: Secret,
}

/// A request whose sender has the credentials.
pub(crate) struct Request<'m> {
    /// Only what the integrity covers.
    pub message: Message<'m>,
    pub username: &'m [u8],
    pub identity: &'m [u8],
    pub key: LongTermKey,
    /// Of the answer.
    pub integrity: Integrity,
}

/// Why the sender is nobody (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stranger {
    /// It did not say who it is: the first request of every client.
    NoCredentials,
    Refused(Refusal),
}

impl From<Refusal> for Stranger {
    fn from(refusal: Refusal) -> Stranger {
        Stranger::Refused(refusal)
    }
}

impl Authenticator {
    pub fn new(config: &Config) -> Authenticator {
        Authenticator {
            realm: config.realm.clone(),
            nonces: Nonces::new(&config.nonce_key),
            secret: config.secret.clone(),
        }
    }

    /// The checks, in the order of the RFC. `allocation`: the sender's, if it has one; its user may go on when the
    /// credentials have expired.
    pub fn check<'m>(
        &self,
        message: Message<'m>,
        client: &Client,
        allocation: Option<&Allocation>,
        now: Now,
    ) -> Result<Request<'m>, Stranger> {
        let integrity = message.integrity().ok_or(Stranger::NoCredentials)?;
        let covered = message.protected();
        let (Some(_), Some(nonce)) = (covered.attribute(attribute::REALM), covered.attribute(attribute::NONCE)) else {
            return Err(Refusal::BadRequest.into());
        };
        let username = match covered.attribute(attribute::USERNAME) {
            Some(username) => username,
            // We did not offer user names that are hashed, so nobody of ours has one.
            None if covered.attribute(attribute::USERHASH).is_some() => return Err(Refusal::Unauthorized.into()),
            None => return Err(Refusal::BadRequest.into()),
        };
        let chosen = chosen_algorithm(&covered)?;
        let parsed = Username::parse(username).ok_or(Refusal::Unauthorized)?;
        let own = allocation.filter(|allocation| *allocation.username == *username);
        if own.is_none() && parsed.expires <= now.unix {
            return Err(Refusal::Unauthorized.into());
        }
        let algorithm = chosen.unwrap_or(PasswordAlgorithm::Md5);
        let key = match own {
            Some(allocation) if allocation.key.algorithm() == algorithm => allocation.key.clone(),
            _ => self.key(algorithm, username),
        };
        if !message.integrity_holds(integrity, key.as_bytes()) {
            return Err(Refusal::Unauthorized.into());
        }
        if !self.nonces.is_fresh(nonce, client.remote(), now.unix) {
            return Err(Refusal::StaleNonce.into());
        }
        Ok(Request {
            message: covered,
            username,
            identity: parsed.identity,
            key,
            integrity: if chosen.is_some() {
                Integrity::Sha256
            } else {
                Integrity::Sha1
            },
        })
    }

    fn key(&self, algorithm: PasswordAlgorithm, username: &[u8]) -> LongTermKey {
        let password = self.secret.password_bytes(username);
        LongTermKey::new(algorithm, username, self.realm.as_bytes(), &password)
    }
}

/// None where the client named none: then it is MD5. Whoever has cut our offer on its way to a client that knows better
/// is found out here: such a client repeats the offer, under its integrity.
fn chosen_algorithm(covered: &Message<'_>) -> Result<Option<PasswordAlgorithm>, Refusal> {
    let offer = covered.attribute(attribute::PASSWORD_ALGORITHMS);
    let choice = covered.attribute(attribute::PASSWORD_ALGORITHM);
    match (offer, choice) {
        (None, None) => Ok(None),
        (Some(offer), Some(choice)) if offer == PASSWORD_ALGORITHMS => PasswordAlgorithm::from_wire(choice)
            .map(Some)
            .ok_or(Refusal::BadRequest),
        _ => Err(Refusal::BadRequest),
    }
}
