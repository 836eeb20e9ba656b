//! One client's ICE, DTLS and SCTP; `str0m` does the work and nobody outside sees it.
//!
//! `str0m` is given no media section, so it never seals a packet: two senders with one SRTP key would reuse nonces. It
//! hears of one constant local address per family, whatever socket a datagram really reached; the caller keeps the
//! real path beside the remote address.

mod channels;

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};

use crate::keys::{self, Tap};
use crate::rtp::be16;
use crate::srtp::SrtpSession;
use crate::types::{CloseReason, Fingerprint, IceCredentials};
use channels::{BUFFERED_MAX, Channels};
pub use channels::{Channel, Written};

/// What `str0m` believes to be our addresses: of the blocks for documentation (RFC 5737, RFC 3849).
const LOCAL_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const LOCAL_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));
const LOCAL_PORT: u16 = 3478;

/// How long a client may be silent before its connection is closed.
///
/// An ICE-lite agent sends no checks, so consent (RFC 7675) is the client's own checks coming in: browsers send one
/// about every 2.5 s to 6 s. RFC 7675 §5.1 lets consent last 30 s at most. 20 s bears three lost checks in a row and a
/// change of network, and shows others a frozen picture no longer than needed. `str0m`'s own limit for lite agents is a
/// fixed 15 s, after which it only drops the pair and takes it back on the next check, so its state is not followed.
const CONSENT_TIMEOUT: Duration = Duration::from_secs(20);

/// From the opening of the connection to SRTP keys. It bounds what `str0m` does not: a client that never sends a check,
/// and a DTLS server that nobody talks to.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);

/// Addresses that one client may prove between two ICE restarts. `str0m` remembers each for good.
const ADDRESSES_MAX: usize = 128;

/// Nominations whose answer has not been polled yet; more are not waited for.
const NOMINATIONS_MAX: usize = 32;

/// What a connection is made of: the credentials of both sides from the signalling.
#[derive(Debug, Clone)]
pub struct TransportParams {
    pub local: IceCredentials,
    pub remote: IceCredentials,
    /// Of the client's certificate.
    pub fingerprint: Fingerprint,
    /// We are the DTLS client: our answer says `a=setup:active`.
    pub dtls_active: bool,
}

/// Why a transport could not be made, or a datagram not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    Setup(String),
    /// Neither STUN nor DTLS, or malformed.
    Datagram(String),
    /// The client uses too many addresses.
    TooManyAddresses,
    /// DTLS refused it. Before the keys exist the connection is closed as well; afterwards it lives on.
    Dtls(String),
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransportError::Setup(why) => write!(f, "transport: cannot be made: {why}"),
            TransportError::Datagram(why) => write!(f, "transport: not usable: {why}"),
            TransportError::TooManyAddresses => f.write_str("transport: too many addresses"),
            TransportError::Dtls(why) => write!(f, "transport: dtls: {why}"),
        }
    }
}

impl std::error::Error for TransportError {}

/// What to do next.
#[derive(Debug)]
pub enum TransportOutput {
    /// Send this datagram: STUN or DTLS, never RTP or RTCP.
    Transmit {
        to: SocketAddr,
        contents: Vec<u8>,
    },
    Event(TransportEvent),
    /// Nothing more until then, or until the next input.
    Timeout(Instant),
}

#[derive(Debug)]
pub enum TransportEvent {
    /// A check whose integrity holds came from this address and is answered. Comes again with every check.
    PathValidated(SocketAddr),
    /// Send here from now on: the client nominated it, or it is the first that was validated. Comes again with every nomination.
    PathSelected(SocketAddr),
    /// DTLS is up and the client owns the certificate it announced.
    Secured(Box<SrtpSession>),
    /// A message came.
    Message { channel: Channel, bytes: Vec<u8> },
    /// The client has closed a channel.
    ChannelClosed(Channel),
    /// The connection is over. It is the last event.
    Closed(CloseReason),
}

/// ICE-lite, DTLS and SCTP with one client: datagrams and time in, [`poll_output`](Self::poll_output) out.
///
/// After each input the caller polls until [`TransportOutput::Timeout`], and comes back with
/// [`handle_timeout`](Self::handle_timeout) at that time.
pub struct Transport {
    rtc: Rtc,
    tap: Tap,
    fingerprint: Fingerprint,
    dtls_active: bool,
    dtls_connected: bool,
    phase: Phase,
    /// The last valid check, or the moment from which we wait for one.
    last_check: Instant,
    opened: Instant,
    now: Instant,
    validated: Vec<SocketAddr>,
    selected: Option<SocketAddr>,
    /// Checks whose integrity held.
    answered: u64,
    /// Transaction ids of requests with USE-CANDIDATE that `str0m` may be about to answer.
    nominations: Vec<TransactionId>,
    /// To be given out before anything else.
    events: VecDeque<TransportEvent>,
    channels: Channels,
}

type TransactionId = [u8; 12];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    Secured,
    /// Only a farewell may still leave.
    Closed,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transport { phase, selected, .. } = self;
        f.debug_struct("Transport")
            .field("phase", phase)
            .field("selected", selected)
            .finish_non_exhaustive()
    }
}

impl Transport {
    pub fn new(params: TransportParams, now: Instant) -> Result<Transport, TransportError> {
        let (mut rtc, tap) = Tap::of(|| {
            Rtc::builder()
                .set_crypto_provider(keys::provider())
                .set_dtls_cert(keys::certificate().clone())
                .set_ice_lite(true)
                .set_local_ice_credentials(ice_creds(params.local))
                .set_rtp_mode(true)
                .set_sctp_max_buffered_amount(BUFFERED_MAX)
                .clear_codecs()
                .clear_extension_map()
                .build(now)
        });
        let tap = tap.ok_or_else(|| TransportError::Setup("str0m made no DTLS instance".into()))?;
        for ip in [LOCAL_V4, LOCAL_V6] {
            let candidate = Candidate::host(SocketAddr::new(ip, LOCAL_PORT), "udp").map_err(setup)?;
            rtc.add_local_candidate(candidate);
        }
        let mut api = rtc.direct_api();
        api.set_ice_controlling(false);
        api.set_remote_ice_credentials(ice_creds(params.remote));
        api.set_remote_fingerprint(str0m_fingerprint(&params.fingerprint));
        if !params.dtls_active {
            api.start_dtls(false).map_err(setup)?;
        }
        // Clients start the association; where none does (WHIP), ours would give up and take the connection with it.
        api.start_sctp(false);
        Ok(Transport {
            rtc,
            tap,
            fingerprint: params.fingerprint,
            dtls_active: params.dtls_active,
            dtls_connected: false,
            phase: Phase::Connecting,
            last_check: now,
            opened: now,
            now,
            validated: Vec::new(),
            selected: None,
            answered: 0,
            nominations: Vec::new(),
            events: VecDeque::new(),
            channels: Channels::default(),
        })
    }

    /// Takes STUN and DTLS; the caller keeps RTP, RTCP and what comes from unproven addresses (but STUN) away.
    pub fn handle_datagram(&mut self, from: SocketAddr, datagram: &[u8], now: Instant) -> Result<(), TransportError> {
        if self.phase == Phase::Closed {
            return Ok(());
        }
        self.now = self.now.max(now);
        let is_stun = match datagram.first() {
            Some(0..=3) => true,
            Some(20..=63) => false,
            _ => return Err(TransportError::Datagram("neither STUN nor DTLS".into())),
        };
        if is_stun {
            self.note_request(from, datagram)?;
        }
        let local = if from.is_ipv4() { LOCAL_V4 } else { LOCAL_V6 };
        let receive = Receive::new(Protocol::Udp, from, SocketAddr::new(local, LOCAL_PORT), datagram)
            .map_err(|error| TransportError::Datagram(error.to_string()))?;
        let handled = self.rtc.handle_input(Input::Receive(self.now, receive));
        if is_stun {
            // A lite agent stays controlled (RFC 8445 §6.1.1), whatever role the client claims.
            self.rtc.direct_api().set_ice_controlling(false);
        }
        handled.map_err(|error| {
            // Once the keys exist, a bad record may be anyone's: it must not end the connection.
            if self.phase == Phase::Connecting || !self.rtc.is_alive() {
                self.end(CloseReason::DtlsFailed);
            }
            TransportError::Dtls(error.to_string())
        })
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Closed {
            return;
        }
        self.now = self.now.max(now);
        if self.now >= self.last_check + CONSENT_TIMEOUT {
            self.end(CloseReason::ConsentExpired);
            // Not even a farewell may be sent without consent.
            self.rtc.disconnect();
            return;
        }
        let too_slow = self.phase == Phase::Connecting && self.now >= self.opened + HANDSHAKE_TIMEOUT;
        if too_slow || self.rtc.handle_input(Input::Timeout(self.now)).is_err() {
            self.end(CloseReason::DtlsFailed);
        }
    }

    /// Both sides have new credentials (RFC 8445 §9): checks with the old ones are refused from now on. DTLS, the keys
    /// and the selected address stay until the client nominates another.
    pub fn restart_ice(&mut self, local: IceCredentials, remote: IceCredentials) {
        let mut api = self.rtc.direct_api();
        api.set_local_ice_credentials(ice_creds(local));
        api.set_remote_ice_credentials(ice_creds(remote));
        self.validated.clear();
        self.nominations.clear();
        self.last_check = self.now;
    }

    /// Says goodbye (DTLS `close_notify`): the caller polls once more to send it, and then drops the transport. No event
    /// comes of it.
    pub fn close(&mut self) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            // What can fail here is the farewell only.
            let _ = self.rtc.close();
        }
    }

    /// Where to send, as the last [`TransportEvent::PathSelected`] said.
    pub fn selected(&self) -> Option<SocketAddr> {
        self.selected
    }

    /// How many checks were answered so far.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Poll until [`TransportOutput::Timeout`]. After [`TransportEvent::Closed`] no event comes any more.
    pub fn poll_output(&mut self) -> TransportOutput {
        loop {
            if let Some(event) = self.events.pop_front() {
                return TransportOutput::Event(event);
            }
            match self.rtc.poll_output() {
                Ok(Output::Transmit(transmit)) => {
                    let contents = Vec::from(transmit.contents);
                    if let Some(to) = self.route(transmit.destination, &contents) {
                        return TransportOutput::Transmit { to, contents };
                    }
                }
                Ok(Output::Event(Event::Connected)) => {
                    self.dtls_connected = true;
                    self.secure();
                }
                Ok(Output::Event(Event::Closed)) => self.end(CloseReason::DtlsClosed),
                Ok(Output::Event(event)) => {
                    if let Some(event) = self.of_channel(event) {
                        return TransportOutput::Event(event);
                    }
                }
                Ok(Output::Timeout(at)) => {
                    self.secure();
                    if self.events.is_empty() {
                        return TransportOutput::Timeout(self.next_timeout(at));
                    }
                }
                Err(_) if self.phase == Phase::Closed => return TransportOutput::Timeout(self.far_future()),
                Err(_) => self.end(CloseReason::DtlsFailed),
            }
        }
    }

    /// What others have to know of it. ICE states they need not: see `CONSENT_TIMEOUT`.
    fn of_channel(&mut self, event: Event) -> Option<TransportEvent> {
        if self.phase == Phase::Closed {
            return None;
        }
        match event {
            Event::ChannelOpen(id, label) => {
                self.channel_opened(id, &label);
                None
            }
            Event::ChannelData(data) => Some(TransportEvent::Message {
                channel: self.channel_of(data.id)?,
                bytes: data.data,
            }),
            Event::ChannelClose(id) => self.channel_closed(id).map(TransportEvent::ChannelClosed),
            _ => None,
        }
    }

    /// Where a datagram of `str0m`'s goes. Answers to checks tell which addresses the client has proven.
    fn route(&mut self, to: SocketAddr, contents: &[u8]) -> Option<SocketAddr> {
        match contents {
            [0x01, 0x01, ..] => {
                self.note_answer(to, contents);
                Some(to)
            }
            [0..=3, ..] => Some(to),
            // `str0m` sends to the nominated pair of highest priority; we to the one nominated last.
            [20..=63, ..] => Some(self.selected.unwrap_or(to)),
            _ => {
                debug_assert!(
                    false,
                    "str0m may not send RTP or RTCP: first byte {:?}",
                    contents.first()
                );
                None
            }
        }
    }

    /// Remembers a nomination until `str0m` has verified the request, which it shows by answering.
    fn note_request(&mut self, from: SocketAddr, datagram: &[u8]) -> Result<(), TransportError> {
        if self.validated.len() >= ADDRESSES_MAX && !self.validated.contains(&from) {
            return Err(TransportError::TooManyAddresses);
        }
        if let Some(transaction) = nominating_transaction(datagram)
            && self.nominations.len() < NOMINATIONS_MAX
        {
            self.nominations.push(transaction);
        }
        Ok(())
    }

    fn note_answer(&mut self, to: SocketAddr, answer: &[u8]) {
        self.answered += 1;
        self.last_check = self.now;
        if !self.validated.contains(&to) {
            self.validated.push(to);
        }
        self.events.push_back(TransportEvent::PathValidated(to));
        let nominated = answer
            .get(8..20)
            .is_some_and(|id| self.nominations.iter().any(|known| known == id));
        // Each nomination, for the same address of the client may be nominated by another of ours.
        if nominated || self.selected.is_none() {
            self.selected = Some(to);
            self.events.push_back(TransportEvent::PathSelected(to));
        }
        // Not earlier: until a pair is nominated `str0m` sends nothing, and retransmissions would pile up.
        if nominated && self.dtls_active && self.phase == Phase::Connecting {
            // Does nothing when it runs already.
            if self.rtc.direct_api().start_dtls(true).is_err() {
                self.end(CloseReason::DtlsFailed);
            }
        }
    }

    /// Gives out the keys once DTLS is up. The certificate is compared here as well as in `str0m`, which would let a
    /// client pass that presents none.
    fn secure(&mut self) {
        if self.phase != Phase::Connecting || !self.dtls_connected {
            return;
        }
        let (Some(peer), Some(keys)) = (self.tap.peer_fingerprint(), self.tap.keys()) else {
            return;
        };
        match keys.filter(|_| peer == self.fingerprint).map(SrtpSession::new) {
            Some(Ok(session)) => {
                self.phase = Phase::Secured;
                self.events.push_back(TransportEvent::Secured(Box::new(session)));
            }
            _ => self.end(CloseReason::DtlsFailed),
        }
    }

    fn end(&mut self, reason: CloseReason) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            self.events.push_back(TransportEvent::Closed(reason));
        }
    }

    fn next_timeout(&mut self, at: Instant) -> Instant {
        // Everything that was going to be answered has been.
        self.nominations.clear();
        match self.phase {
            Phase::Connecting => at
                .min(self.last_check + CONSENT_TIMEOUT)
                .min(self.opened + HANDSHAKE_TIMEOUT),
            Phase::Secured => at.min(self.last_check + CONSENT_TIMEOUT),
            Phase::Closed => self.far_future(),
        }
    }

    fn far_future(&self) -> Instant {
        self.now + Duration::from_secs(365 * 24 * 3600)
    }
}

/// The transaction id of a Binding request (RFC 8489 §5) that carries USE-CANDIDATE where its integrity covers it.
fn nominating_transaction(datagram: &[u8]) -> Option<TransactionId> {
    const USE_CANDIDATE: u16 = 0x0025;
    const MESSAGE_INTEGRITY: u16 = 0x0008;
    let (header, mut attributes) = datagram.split_first_chunk::<20>()?;
    if header[..2] != [0x00, 0x01] {
        return None;
    }
    while let Some((prefix, rest)) = attributes.split_first_chunk::<4>() {
        match be16(prefix) {
            USE_CANDIDATE => return header.last_chunk().copied(),
            MESSAGE_INTEGRITY => return None,
            _ => attributes = rest.get(usize::from(be16(&prefix[2..])).next_multiple_of(4)..)?,
        }
    }
    None
}

fn ice_creds(credentials: IceCredentials) -> IceCreds {
    IceCreds {
        ufrag: credentials.ufrag,
        pass: credentials.pwd,
    }
}

fn str0m_fingerprint(fingerprint: &Fingerprint) -> str0m::crypto::Fingerprint {
    str0m::crypto::Fingerprint {
        hash_func: "sha-256".into(),
        bytes: fingerprint.0.to_vec(),
    }
}

fn setup(error: impl fmt::Display) -> TransportError {
    TransportError::Setup(error.to_string())
}
