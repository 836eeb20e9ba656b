//! TLS in front of a stream: the certificate, and one session.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::{error, fmt};

use rustls::server::{Accepted, AcceptedAlert, Acceptor};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, ServerConfig, ServerConnection};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::first_bytes::TURN_ALPN;

/// Why a certificate and its key cannot be used. Nothing of the key is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateError {
    /// A file is not PEM, or broken; which one and where.
    Pem(String),
    NoCertificate,
    NoKey,
    /// A kind of key that is not supported, or a key that is no key inside.
    Key(String),
    /// The first certificate cannot be read.
    Certificate(String),
    /// The key is not that of the first certificate.
    Mismatch,
}

impl CertificateError {
    /// Never changes its meaning.
    pub fn code(&self) -> &'static str {
        match self {
            CertificateError::Pem(_) => "bad_pem",
            CertificateError::NoCertificate => "no_certificate",
            CertificateError::NoKey => "no_key",
            CertificateError::Key(_) => "bad_key",
            CertificateError::Certificate(_) => "bad_certificate",
            CertificateError::Mismatch => "key_mismatch",
        }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateError::Pem(what) => write!(f, "not readable as PEM: {what}"),
            CertificateError::NoCertificate => f.write_str("no certificate (BEGIN CERTIFICATE) in the certificate file"),
            CertificateError::NoKey => {
                f.write_str("no private key (BEGIN PRIVATE KEY) in the key file; an encrypted key must be decrypted first")
            }
            CertificateError::Key(why) => write!(f, "the private key cannot be used: {why}"),
            CertificateError::Certificate(why) => write!(f, "the first certificate cannot be used: {why}"),
            CertificateError::Mismatch => {
                f.write_str("the private key does not fit the first certificate: the server's own must stand before those of its issuers")
            }
        }
    }
}

impl error::Error for CertificateError {}

/// For [`Streams::set_tls`](super::Streams::set_tls). The chain begins with the server's own certificate.
pub(crate) fn server_config(chain_pem: &[u8], key_pem: &[u8]) -> Result<Arc<ServerConfig>, CertificateError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem).collect();
    let chain = chain.map_err(|error| CertificateError::Pem(format!("the certificate file: {error}")))?;
    if chain.is_empty() {
        return Err(CertificateError::NoCertificate);
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| match error {
        pem::Error::NoItemsFound => CertificateError::NoKey,
        error => CertificateError::Pem(format!("the key file: {error}")),
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let signing_key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| CertificateError::Key(error.to_string()))?;
    let certified = CertifiedKey::new(chain, signing_key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(Error::InconsistentKeys(_)) => return Err(CertificateError::Mismatch),
        Err(error) => return Err(CertificateError::Certificate(error.to_string())),
    }
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites of every version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    Ok(Arc::new(config))
}

/// What sessions begin with; those that have begun keep theirs.
pub(super) struct TlsConfigs {
    without_alpn: Arc<ServerConfig>,
    with_alpn: Arc<ServerConfig>,
}

impl TlsConfigs {
    pub fn new(config: Arc<ServerConfig>) -> TlsConfigs {
        let mut with_alpn = ServerConfig::clone(&config);
        with_alpn.alpn_protocols = TURN_ALPN.iter().map(|name| name.to_vec()).collect();
        let mut without_alpn = ServerConfig::clone(&config);
        without_alpn.alpn_protocols.clear();
        TlsConfigs {
            without_alpn: Arc::new(without_alpn),
            with_alpn: Arc::new(with_alpn),
        }
    }

    /// With ALPN rustls refuses a client that names only others; libwebrtc names none.
    fn choose(&self, accepted: &Accepted) -> Arc<ServerConfig> {
        let hello = accepted.client_hello();
        let is_ours = hello
            .alpn()
            .is_some_and(|mut names| names.any(|name| TURN_ALPN.contains(&name)));
        let config = if is_ours { &self.with_alpn } else { &self.without_alpn };
        Arc::clone(config)
    }
}

/// The peer speaks no TLS that we understand; what there was to say about it is in the way out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

/// One TLS connection without its socket.
pub(super) struct Session {
    configs: Arc<TlsConfigs>,
    state: State,
    peer_has_ended: bool,
}

enum State {
    Hello(Box<Acceptor>),
    Open(Box<ServerConnection>),
    /// The ClientHello was refused.
    Refused(AcceptedAlert),
}

impl Session {
    pub fn new(configs: Arc<TlsConfigs>) -> Session {
        Session {
            configs,
            state: State::Hello(Box::default()),
            peer_has_ended: false,
        }
    }

    /// Takes what came from the socket; plaintext goes to the front of `plain`, and its length is given. There must be room for as
    /// much as `cipher` holds, and for one record more.
    pub fn open(&mut self, mut cipher: &[u8], plain: &mut [u8]) -> Result<usize, Broken> {
        let mut len = 0;
        while !cipher.is_empty() {
            match &mut self.state {
                State::Hello(acceptor) => {
                    acceptor.read_tls(&mut cipher).map_err(|_| Broken)?;
                    self.accept()?;
                }
                State::Open(connection) => {
                    // Nothing is read any more when the peer has said that it ends.
                    if connection.read_tls(&mut cipher).map_err(|_| Broken)? == 0 {
                        break;
                    }
                    let (taken, has_ended) = process(connection, &mut plain[len..])?;
                    len += taken;
                    self.peer_has_ended = has_ended;
                }
                State::Refused(_) => return Err(Broken),
            }
        }
        Ok(len)
    }

    fn accept(&mut self) -> Result<(), Broken> {
        let State::Hello(acceptor) = &mut self.state else {
            return Ok(());
        };
        let result = match acceptor.accept() {
            Ok(None) => return Ok(()),
            Ok(Some(accepted)) => {
                let config = self.configs.choose(&accepted);
                accepted.into_connection(config)
            }
            Err(refusal) => Err(refusal),
        };
        match result {
            Ok(mut connection) => {
                // What came with the ClientHello is in it already; application data cannot be.
                let processed = process(&mut connection, &mut []);
                self.state = State::Open(Box::new(connection));
                processed.map(|_| ())
            }
            Err((_, alert)) => {
                self.state = State::Refused(alert);
                Err(Broken)
            }
        }
    }

    pub fn is_handshaking(&self) -> bool {
        match &self.state {
            State::Open(connection) => connection.is_handshaking(),
            State::Hello(_) | State::Refused(_) => true,
        }
    }

    /// Something waits for [`Session::write_to`].
    pub fn wants_write(&self) -> bool {
        matches!(&self.state, State::Open(connection) if connection.wants_write())
    }

    pub fn write_to(&mut self, socket: &mut dyn Write) -> io::Result<usize> {
        match &mut self.state {
            State::Open(connection) => connection.write_tls(socket),
            State::Refused(alert) => alert.write(socket),
            State::Hello(_) => Ok(0),
        }
    }

    /// Takes as much of the plaintext as it says, in one record. Only where nothing waits, so that what waits stays one record.
    pub fn seal(&mut self, plain: &[u8]) -> usize {
        const RECORD: usize = 16 << 10;
        match &mut self.state {
            State::Open(connection) => {
                let written = connection.writer().write(&plain[..plain.len().min(RECORD)]);
                written.expect("writing into memory does not fail")
            }
            State::Hello(_) | State::Refused(_) => 0,
        }
    }

    /// Says that nothing more comes from us.
    pub fn say_end(&mut self) {
        if let State::Open(connection) = &mut self.state {
            connection.send_close_notify();
        }
    }

    /// The peer said that nothing more comes from it.
    pub fn peer_has_ended(&self) -> bool {
        self.peer_has_ended
    }
}

/// Plaintext that became readable, and whether it was the last.
fn process(connection: &mut ServerConnection, plain: &mut [u8]) -> Result<(usize, bool), Broken> {
    let state = connection.process_new_packets().map_err(|_| Broken)?;
    let len = state.plaintext_bytes_to_read();
    let room = plain.get_mut(..len).ok_or(Broken)?;
    connection.reader().read_exact(room).map_err(|_| Broken)?;
    Ok((len, state.peer_has_closed()))
}
