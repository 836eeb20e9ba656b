//! DTLS keys: the certificate of this process, and how the SRTP keys leave `str0m`.
//!
//! `str0m` keeps the keys that DTLS exports (RFC 5764) to itself. Its DTLS back end is a public trait, so ours wraps the
//! real one and notes what passes through: the keying material and the peer's certificate.

mod p224;

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use aws_lc_rs::digest;
use str0m::crypto::dtls::{
    self, DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
};
use str0m::crypto::{CryptoError, CryptoProvider};

use crate::srtp::{Master, SrtpProfile};
use crate::types::Fingerprint;

/// What DTLS exported (RFC 5764 §4.2), not yet cut into keys.
#[derive(Clone)]
pub struct KeyingMaterial {
    bytes: Vec<u8>,
    profile: SrtpProfile,
    client: bool,
}

impl fmt::Debug for KeyingMaterial {
    /// The keys stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KeyingMaterial { profile, client, .. } = self;
        f.debug_struct("KeyingMaterial")
            .field("profile", profile)
            .field("client", client)
            .finish_non_exhaustive()
    }
}

impl KeyingMaterial {
    /// `client`: this side was the DTLS client.
    pub fn new(bytes: &[u8], profile: SrtpProfile, client: bool) -> KeyingMaterial {
        KeyingMaterial {
            bytes: bytes.to_vec(),
            profile,
            client,
        }
    }

    pub fn profile(&self) -> SrtpProfile {
        self.profile
    }

    /// Our master and theirs. The material is the client's key, the server's key, the client's salt, the server's salt.
    pub(crate) fn masters(&self) -> Option<(Master<'_>, Master<'_>)> {
        let (client_key, rest) = self.bytes.split_at_checked(self.profile.key_len())?;
        let (server_key, rest) = rest.split_at_checked(self.profile.key_len())?;
        let (client_salt, rest) = rest.split_at_checked(self.profile.salt_len())?;
        let server_salt = rest.get(..self.profile.salt_len())?;
        let client = Master {
            key: client_key,
            salt: client_salt,
        };
        let server = Master {
            key: server_key,
            salt: server_salt,
        };
        Some(if self.client {
            (client, server)
        } else {
            (server, client)
        })
    }
}

/// Of the one certificate of this process. One is enough: DTLS certificates are never checked against anything but the
/// fingerprint in the signalling, and making one costs more than the handshake.
pub fn certificate_fingerprint() -> Fingerprint {
    static FINGERPRINT: LazyLock<Fingerprint> = LazyLock::new(|| fingerprint_of(&certificate().certificate));
    *FINGERPRINT
}

pub(crate) fn certificate() -> &'static DtlsCert {
    static CERTIFICATE: LazyLock<DtlsCert> = LazyLock::new(|| {
        provider()
            .dtls_provider
            .generate_certificate()
            .expect("a certificate can be generated")
    });
    &CERTIFICATE
}

fn fingerprint_of(certificate: &[u8]) -> Fingerprint {
    let digest = digest::digest(&digest::SHA256, certificate);
    Fingerprint(digest.as_ref().try_into().expect("SHA-256 gives 32 bytes"))
}

/// `str0m`'s cryptography with our tap in it.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        p224::install();
        let mut provider = str0m::crypto::from_feature_flags();
        provider.dtls_provider = Box::leak(Box::new(TapProvider(provider.dtls_provider)));
        Arc::new(provider)
    });
    PROVIDER.clone()
}

/// What one DTLS instance let through. Each comes once; and `str0m` wants its DTLS to be `Sync`, which cells are not.
#[derive(Debug, Default)]
struct Tapped {
    /// `None` inside: DTLS agreed on a profile that we cannot use.
    keys: OnceLock<Option<KeyingMaterial>>,
    peer: OnceLock<Fingerprint>,
}

/// A view into one DTLS instance, which `str0m` owns.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tap(Arc<Tapped>);

impl Tap {
    /// Runs `build`, which makes one `Rtc` with [`provider`], and returns the tap of its DTLS instance.
    ///
    /// `str0m` offers no way to hand a value through to [`DtlsProvider::new_dtls`], which has to be `'static` and shared
    /// by all connections. But it calls it inside `build`, on this thread, so a thread-local that is set only for that
    /// time leads one to the other; should `str0m` change that, `None` says so and no connection is made.
    pub(crate) fn of<T>(build: impl FnOnce() -> T) -> (T, Option<Tap>) {
        LAST_TAP.take();
        let built = build();
        (built, LAST_TAP.take())
    }

    /// When DTLS has exported the keys; `Some(None)` when their profile is one that we cannot use.
    pub(crate) fn keys(&self) -> Option<Option<&KeyingMaterial>> {
        self.0.keys.get().map(Option::as_ref)
    }

    /// Of the certificate that the peer proved to own.
    pub(crate) fn peer_fingerprint(&self) -> Option<Fingerprint> {
        self.0.peer.get().copied()
    }
}

thread_local! {
    static LAST_TAP: RefCell<Option<Tap>> = const { RefCell::new(None) };
}

#[derive(Debug)]
struct TapProvider(&'static dyn DtlsProvider);

impl DtlsProvider for TapProvider {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.0.generate_certificate()
    }

    fn new_dtls(
        &self,
        certificate: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let inner = self.0.new_dtls(certificate, now, version, mtu)?;
        let tap = Tap::default();
        LAST_TAP.set(Some(tap.clone()));
        Ok(Box::new(TapInstance { inner, tap }))
    }
}

#[derive(Debug)]
struct TapInstance {
    inner: Box<dyn DtlsInstance>,
    tap: Tap,
}

impl TapInstance {
    /// A second value would come of a renegotiation, which DTLS here has not: the first stays.
    fn note(&self, output: &DtlsOutput<'_>) {
        match output {
            DtlsOutput::KeyingMaterial(material, profile) => {
                let keys = usable(*profile)
                    .map(|profile| KeyingMaterial::new(material.as_ref(), profile, self.inner.is_active()));
                let _ = self.tap.0.keys.set(keys);
            }
            DtlsOutput::PeerCert(certificate) => {
                let _ = self.tap.0.peer.set(fingerprint_of(certificate));
            }
            _ => {}
        }
    }
}

fn usable(profile: dtls::SrtpProfile) -> Option<SrtpProfile> {
    match profile {
        dtls::SrtpProfile::AEAD_AES_128_GCM => Some(SrtpProfile::AeadAes128Gcm),
        dtls::SrtpProfile::AEAD_AES_256_GCM => Some(SrtpProfile::AeadAes256Gcm),
        dtls::SrtpProfile::AES128_CM_SHA1_80 => Some(SrtpProfile::Aes128CmSha1_80),
        _ => None,
    }
}

impl DtlsInstance for TapInstance {
    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.inner.poll_output(buffer);
        self.note(&output);
        output
    }

    fn set_active(&mut self, active: bool) {
        self.inner.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.inner.handle_packet(packet)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.inner.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.inner.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.inner.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.inner.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.inner.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.inner.close()
    }
}
