//! Streams on one side and clients on the other, all on the thread of the test.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use tertulia_relay::stun::{HEADER_LEN, MAGIC_COOKIE};

use crate::streams::{Frame, Limits, Protocol, StreamEvent, StreamKind, Streams, server_config};
use crate::wait::Waiter;

/// For what happens at once on any machine.
const PATIENCE: Duration = Duration::from_secs(10);
pub const NAME: &str = "tertulia.example";

pub struct Rig {
    pub streams: Streams,
    /// Moves only when a test moves it.
    pub now: Instant,
    pub messages: Vec<(u32, Protocol, Vec<u8>)>,
    pub events: Vec<StreamEvent>,
    listener: TcpListener,
}

impl Rig {
    pub fn new() -> Rig {
        Rig::with_limits(Limits::default())
    }

    pub fn with_limits(limits: Limits) -> Rig {
        Rig {
            streams: Streams::with_limits(limits).unwrap(),
            now: Instant::now(),
            messages: Vec::new(),
            events: Vec::new(),
            listener: TcpListener::bind("127.0.0.1:0").unwrap(),
        }
    }

    pub fn with_certificate() -> (Rig, Authority) {
        let (mut rig, authority) = (Rig::new(), Authority::new());
        rig.streams
            .set_tls(server_config(&authority.chain_pem, &authority.key_pem).unwrap());
        (rig, authority)
    }

    /// The client's socket; the other one is adopted.
    pub fn connect(&mut self, kind: StreamKind) -> TcpStream {
        let client = TcpStream::connect(self.listener.local_addr().unwrap()).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        client.set_write_timeout(Some(PATIENCE)).unwrap();
        let (server, _) = self.listener.accept().unwrap();
        self.streams.adopt(OwnedFd::from(server), kind, self.now);
        client
    }

    pub fn connect_tls(&mut self, config: ClientConfig) -> TlsClient {
        let socket = self.connect(StreamKind::Tls);
        socket.set_nonblocking(true).unwrap();
        let name = NAME.try_into().unwrap();
        TlsClient {
            socket,
            session: ClientConnection::new(Arc::new(config), name).unwrap(),
            received: Vec::new(),
            has_ended: false,
        }
    }

    /// One turn of the loop that the engine has.
    pub fn turn(&mut self) {
        Waiter::new([self.streams.as_raw_fd()]).wait(Some(Duration::from_millis(5)));
        let messages = &mut self.messages;
        self.streams.receive(self.now, |frame: Frame<'_>| {
            messages.push((frame.stream, frame.protocol, frame.bytes.to_vec()));
        });
        self.streams.flush();
        self.events.extend(self.streams.take_events());
    }

    #[track_caller]
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Rig) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(
                Instant::now() < deadline,
                "never: {what}; {:?}",
                self.streams.counters()
            );
            self.turn();
        }
    }

    #[track_caller]
    pub fn until_message(&mut self, message: &[u8]) -> u32 {
        self.until("message", |rig| !rig.messages.is_empty());
        let (stream, _, bytes) = self.messages.remove(0);
        assert_eq!(bytes, message);
        stream
    }

    #[track_caller]
    pub fn until_closed(&mut self, count: u64) {
        self.until("closed", |rig| rig.streams.counters().streams_closed == count);
        self.assert_nothing_left_of_closed_ones();
    }

    /// Moves the time, and lets the timers see it.
    pub fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.streams.handle_timeout(self.now);
        self.events.extend(self.streams.take_events());
    }

    pub fn open(&self) -> u64 {
        let counters = self.streams.counters();
        counters.streams_opened - counters.streams_closed
    }

    #[track_caller]
    fn assert_nothing_left_of_closed_ones(&self) {
        assert_eq!(self.streams.table.len() as u64, self.open());
    }
}

/// A certificate for [`NAME`], its own issuer.
pub struct Authority {
    pub chain_pem: Vec<u8>,
    pub key_pem: Vec<u8>,
    roots: RootCertStore,
}

impl Authority {
    pub fn new() -> Authority {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![NAME.to_string()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).unwrap();
        Authority {
            chain_pem: certificate.pem().into_bytes(),
            key_pem: key.serialize_pem().into_bytes(),
            roots,
        }
    }

    pub fn client(&self) -> ClientConfig {
        self.client_with(aws_lc_rs::default_provider(), rustls::DEFAULT_VERSIONS)
    }

    pub fn client_with(
        &self,
        provider: CryptoProvider,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth()
    }

    pub fn client_with_alpn(&self, alpn: &[&[u8]]) -> ClientConfig {
        let mut config = self.client();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        config
    }
}

pub struct TlsClient {
    pub socket: TcpStream,
    pub session: ClientConnection,
    pub received: Vec<u8>,
    /// The server said so in TLS.
    pub has_ended: bool,
}

impl TlsClient {
    pub fn write(&mut self, plain: &[u8]) {
        self.session.set_buffer_limit(None);
        self.session.writer().write_all(plain).unwrap();
    }

    /// Moves what can be moved; false where the connection is over.
    pub fn step(&mut self) -> bool {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        self.read()
    }

    fn read(&mut self) -> bool {
        loop {
            match self.session.read_tls(&mut self.socket) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
            let Ok(state) = self.session.process_new_packets() else {
                return false;
            };
            let start = self.received.len();
            self.received.resize(start + state.plaintext_bytes_to_read(), 0);
            self.session.reader().read_exact(&mut self.received[start..]).unwrap();
            self.has_ended |= state.peer_has_closed();
        }
    }

    #[track_caller]
    pub fn until_received(&mut self, rig: &mut Rig, len: usize) {
        rig.until("received by TLS", |_| {
            self.step();
            self.received.len() >= len
        });
    }

    #[track_caller]
    pub fn until_secure(&mut self, rig: &mut Rig) {
        rig.until("handshake", |_| {
            self.step();
            !self.session.is_handshaking() && !self.session.wants_write()
        });
    }
}

/// A STUN message with so many bytes after its header.
pub fn stun(body_len: usize) -> Vec<u8> {
    let mut message = vec![0, 3];
    message.extend((body_len as u16).to_be_bytes());
    message.extend(MAGIC_COOKIE.to_be_bytes());
    message.resize(HEADER_LEN + body_len, b'x');
    message
}

/// Without padding.
pub fn channel_data(payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0x40, 0x01];
    message.extend((payload.len() as u16).to_be_bytes());
    message.extend_from_slice(payload);
    message
}

/// As ICE frames it.
pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut bytes = (message.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(message);
    bytes
}

pub fn read_exactly(socket: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    socket.read_exact(&mut bytes).unwrap();
    bytes
}
