//! A client's transport: ICE and DTLS by `str0m`, SRTP by keys of its own.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Instant;

use str0m::channel::ChannelConfig;
use str0m::crypto::Fingerprint;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};
use tertulia_sfu::srtp::{SrtpReceiver, SrtpSender, SrtpSession};

use crate::keys::{self, Keys};
use crate::sdp::{Credentials, Description};
use crate::socket;

/// A full ICE agent and DTLS client towards the server.
pub struct Link {
    pub socket: UdpSocket,
    local: SocketAddr,
    remote: SocketAddr,
    rtc: Rtc,
    keys: Keys,
    deadline: Instant,
    pub srtp: Option<(SrtpSender, SrtpReceiver)>,
    /// The server ended the connection, or it failed.
    pub lost: bool,
}

impl Link {
    /// `server`: where its signalling is, which tells which of our addresses reaches it.
    pub fn new(server: SocketAddr) -> io::Result<Link> {
        let socket = socket::open(server)?;
        let local = socket.local_addr()?;
        let now = Instant::now();
        let (mut rtc, keys) = keys::tapped(|| {
            Rtc::builder()
                .set_crypto_provider(keys::provider())
                .set_dtls_cert(keys::certificate())
                .set_rtp_mode(true)
                .clear_codecs()
                .clear_extension_map()
                .build(now)
        });
        rtc.add_local_candidate(Candidate::host(local, "udp").map_err(io::Error::other)?);
        Ok(Link {
            socket,
            local,
            remote: local,
            rtc,
            keys,
            deadline: now,
            srtp: None,
            lost: false,
        })
    }

    /// For the offer.
    pub fn credentials(&mut self) -> Credentials {
        let address = self.local;
        let api = self.rtc.direct_api();
        let ice = api.local_ice_credentials();
        let fingerprint = api.local_dtls_fingerprint();
        let digest: Vec<String> = fingerprint.bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let fingerprint = format!("{} {}", fingerprint.hash_func, digest.join(":"));
        Credentials {
            ufrag: ice.ufrag,
            pwd: ice.pass,
            fingerprint,
            address,
        }
    }

    /// Starts ICE and DTLS, and the data channel where there is one. `offered`: the offer was ours.
    pub fn start(&mut self, server: &Description, offered: bool) -> Result<(), String> {
        self.remote = server.candidate.ok_or("the server has no IPv4 candidate for UDP")?;
        self.socket.connect(self.remote).map_err(|error| error.to_string())?;
        let candidate = Candidate::host(self.remote, "udp").map_err(|error| error.to_string())?;
        self.rtc.add_remote_candidate(candidate);
        let mut api = self.rtc.direct_api();
        api.set_ice_controlling(offered || server.lite);
        api.set_remote_ice_credentials(IceCreds {
            ufrag: server.ufrag.clone(),
            pass: server.pwd.clone(),
        });
        api.set_remote_fingerprint(Fingerprint {
            hash_func: "sha-256".into(),
            bytes: server.fingerprint.clone(),
        });
        api.start_dtls(!server.active).map_err(|error| error.to_string())?;
        if server.data {
            api.start_sctp(offered);
        }
        if server.data && offered {
            api.create_data_channel(ChannelConfig {
                label: "tertulia".into(),
                ..ChannelConfig::default()
            });
        }
        self.handle_timeout();
        Ok(())
    }

    /// STUN or DTLS.
    pub fn handle(&mut self, datagram: &[u8]) {
        let now = Instant::now();
        let Ok(receive) = Receive::new(Protocol::Udp, self.remote, self.local, datagram) else {
            return;
        };
        self.lost |= self.rtc.handle_input(Input::Receive(now, receive)).is_err();
        self.drive();
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.deadline <= now
    }

    pub fn handle_timeout(&mut self) {
        self.lost |= self.rtc.handle_input(Input::Timeout(Instant::now())).is_err();
        self.drive();
    }

    fn drive(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    let _ = self.socket.send(&transmit.contents);
                }
                Ok(Output::Event(Event::Connected)) => {
                    let session = self.keys.get().and_then(|keys| SrtpSession::new(keys).ok());
                    self.srtp = session.map(SrtpSession::split);
                    self.lost |= self.srtp.is_none();
                }
                Ok(Output::Event(Event::Closed)) => self.lost = true,
                Ok(Output::Event(_)) => {}
                Err(_) => {
                    self.lost = true;
                    self.deadline = Instant::now() + std::time::Duration::from_secs(3600);
                    return;
                }
            }
        }
    }

    /// Says goodbye by DTLS.
    pub fn close(&mut self) {
        let _ = self.rtc.close();
        self.drive();
    }
}
