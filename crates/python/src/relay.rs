//! The settings of the relay, from a mapping.

use aws_lc_rs::rand;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyMapping;
use tertulia_relay::{Cidr, Config, Limits, Secret};

/// Longest realm in bytes; RFC 8489, section 14.9, allows 128 characters.
const REALM_MAX: usize = 128;

pub fn relay_config(mapping: &Bound<'_, PyMapping>) -> PyResult<Config> {
    let mut realm: Option<String> = None;
    let mut secret: Option<String> = None;
    let mut allow_peers = Vec::new();
    let mut limits = Limits::default();
    for item in mapping.items()?.iter() {
        let (name, value): (String, Bound<'_, PyAny>) = item.extract()?;
        match name.as_str() {
            "realm" => realm = Some(value.extract()?),
            "secret" => secret = Some(value.extract()?),
            "allow_peers" => allow_peers = networks(&value.extract::<Vec<String>>()?)?,
            "allocations" => limits.allocations = value.extract()?,
            "per_user" => limits.per_user = value.extract()?,
            "per_address" => limits.per_address = value.extract()?,
            "bytes_per_second" => limits.bytes_per_second = value.extract()?,
            "permissions" => limits.permissions = value.extract()?,
            "channels" => limits.channels = value.extract()?,
            "unauthenticated_per_second" => limits.unauthenticated_per_second = value.extract()?,
            _ => return Err(PyValueError::new_err(format!("unknown setting of the relay {name:?}"))),
        }
    }
    let (Some(realm), Some(secret)) = (realm, secret) else {
        return Err(PyValueError::new_err("a relay needs a realm and a secret"));
    };
    if realm.is_empty() || realm.len() > REALM_MAX || secret.is_empty() {
        return Err(PyValueError::new_err(
            "a relay needs a realm of 1 to 128 bytes and a secret",
        ));
    }
    let mut nonce_key = [0; 32];
    rand::fill(&mut nonce_key).map_err(|_| PyRuntimeError::new_err("the system has no random bytes"))?;
    Ok(Config {
        realm,
        secret: Secret::new(secret.as_bytes()),
        nonce_key,
        allow_peers,
        limits,
    })
}

fn networks(texts: &[String]) -> PyResult<Vec<Cidr>> {
    let parsed = texts.iter().map(|text| {
        text.parse()
            .map_err(|error| PyValueError::new_err(format!("{text:?} is no network: {error}")))
    });
    parsed.collect()
}
