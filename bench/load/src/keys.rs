//! DTLS for many clients: one certificate for all, and the keys as they pass by.
//!
//! The engine has a tap like this one, but keeps it to itself; and what measures should not share more than it must.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Instant;

use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{CryptoError, CryptoProvider};
use tertulia_sfu::keys::KeyingMaterial;
use tertulia_sfu::srtp;

/// Filled when DTLS has exported the keys.
pub type Keys = Arc<OnceLock<KeyingMaterial>>;

thread_local! {
    static LAST: RefCell<Option<Keys>> = const { RefCell::new(None) };
}

pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        let mut provider = str0m::crypto::from_feature_flags();
        provider.dtls_provider = Box::leak(Box::new(TapProvider(provider.dtls_provider)));
        Arc::new(provider)
    });
    PROVIDER.clone()
}

/// Clients do not check each other's certificates, so one is enough; making one costs more than a handshake.
pub fn certificate() -> DtlsCert {
    static CERTIFICATE: LazyLock<DtlsCert> =
        LazyLock::new(|| provider().dtls_provider.generate_certificate().expect("a certificate"));
    CERTIFICATE.clone()
}

/// Runs `build`, which makes one `Rtc` with [`provider`], and returns where its keys will appear.
pub fn tapped<T>(build: impl FnOnce() -> T) -> (T, Keys) {
    LAST.take();
    let built = build();
    (
        built,
        LAST.take().expect("str0m makes its DTLS instance while it is built"),
    )
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
        let keys = Keys::default();
        LAST.set(Some(keys.clone()));
        Ok(Box::new(Tap { inner, keys }))
    }
}

#[derive(Debug)]
struct Tap {
    inner: Box<dyn DtlsInstance>,
    keys: Keys,
}

fn known(profile: SrtpProfile) -> Option<srtp::SrtpProfile> {
    match profile {
        SrtpProfile::AEAD_AES_128_GCM => Some(srtp::SrtpProfile::AeadAes128Gcm),
        SrtpProfile::AEAD_AES_256_GCM => Some(srtp::SrtpProfile::AeadAes256Gcm),
        SrtpProfile::AES128_CM_SHA1_80 => Some(srtp::SrtpProfile::Aes128CmSha1_80),
        _ => None,
    }
}

impl DtlsInstance for Tap {
    fn poll_output<'a>(&mut self, buffer: &'a mut [u8]) -> DtlsOutput<'a> {
        let output = self.inner.poll_output(buffer);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output
            && let Some(profile) = known(*profile)
        {
            let _ = self
                .keys
                .set(KeyingMaterial::new(material.as_ref(), profile, self.inner.is_active()));
        }
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
