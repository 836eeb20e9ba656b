//! A WebRTC client that is not ours: str0m, with the media of a test written and read packet by packet.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::channel::{ChannelConfig, ChannelId};
use str0m::config::Fingerprint;
use str0m::media::{MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite, Ssrc};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};
use tertulia_engine::{Engine, Peer};
use tertulia_sfu::types::{ConnectionId, IceCredentials, RoomKey};

use super::client_socket;

/// What str0m and browsers use for Opus.
pub const OPUS: u8 = 111;

/// How a client's datagrams go.
pub trait Road {
    /// The client's own address as its peers see it.
    fn local(&self) -> SocketAddr;
    fn send(&mut self, datagram: &[u8], to: SocketAddr);
    /// What has arrived, and from whom; never waits.
    fn receive(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)>;
}

impl Road for UdpSocket {
    fn local(&self) -> SocketAddr {
        self.local_addr().unwrap()
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        self.send_to(datagram, to).expect("sent");
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        self.recv_from(buffer).ok()
    }
}

pub struct Client {
    rtc: Rtc,
    road: Box<dyn Road>,
    pub channel: ChannelId,
    pub is_connected: bool,
    pub received: Vec<RtpPacket>,
    /// Data channels that are open.
    pub open: Vec<ChannelId>,
    /// What came on them.
    pub messages: Vec<Vec<u8>>,
}

impl Client {
    /// Offers to the engine and takes its answer; nothing is sent before [`Client::turn`].
    pub fn join(engine: &Engine, connection: u64, room: u64) -> Client {
        Client::join_by(direct(), engine, connection, room)
    }

    /// The same by another road.
    pub fn join_by(road: impl Road + 'static, engine: &Engine, connection: u64, room: u64) -> Client {
        Client::join_at(engine.addresses()[0], road, engine, connection, room)
    }

    /// The same where the engine is known by another address.
    pub fn join_at(
        server: SocketAddr,
        road: impl Road + 'static,
        engine: &Engine,
        connection: u64,
        room: u64,
    ) -> Client {
        Client::meet(server, Box::new(road), engine, |peer| {
            engine.open(ConnectionId(connection), RoomKey(room), peer)
        })
    }

    /// As one to whom the engine's side was offered: that side's credentials are older than what is known of the client.
    pub fn join_called(engine: &Engine, connection: u64, room: u64) -> Client {
        let local = Engine::ice_credentials();
        Client::meet(engine.addresses()[0], Box::new(direct()), engine, |peer| {
            let ours = engine.open_with(ConnectionId(connection), RoomKey(room), local.clone(), peer);
            assert_eq!((&ours.ufrag, &ours.pwd), (&local.ufrag, &local.pwd));
            local
        })
    }

    fn meet(
        server: SocketAddr,
        road: Box<dyn Road>,
        engine: &Engine,
        open: impl FnOnce(Peer) -> IceCredentials,
    ) -> Client {
        let provider = Arc::new(str0m::crypto::from_feature_flags());
        let mut rtc = Rtc::builder()
            .set_crypto_provider(provider)
            .set_rtp_mode(true)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(road.local(), "udp").unwrap());
        rtc.add_remote_candidate(Candidate::host(server, "udp").unwrap());
        let mut api = rtc.direct_api();
        api.set_ice_controlling(true);
        let credentials = api.local_ice_credentials();
        let peer = Peer {
            credentials: IceCredentials {
                ufrag: credentials.ufrag,
                pwd: credentials.pass,
            },
            fingerprint: api.local_dtls_fingerprint().to_string().parse().expect("sha-256"),
            dtls_active: false,
        };
        let ours = open(peer);
        api.set_remote_ice_credentials(IceCreds {
            ufrag: ours.ufrag,
            pass: ours.pwd,
        });
        let fingerprint = engine.fingerprint();
        api.set_remote_fingerprint(Fingerprint {
            hash_func: "sha-256".into(),
            bytes: fingerprint.0.to_vec(),
        });
        api.start_dtls(true).expect("started");
        api.start_sctp(true);
        let channel = api.create_data_channel(Default::default());
        Client {
            rtc,
            road,
            channel,
            is_connected: false,
            received: vec![],
            open: vec![],
            messages: vec![],
        }
    }

    /// Declares an audio section in which we send.
    pub fn send_audio(&mut self, mid: &str, ssrc: u32) {
        let mut api = self.rtc.direct_api();
        api.declare_media(Mid::from(mid), MediaKind::Audio);
        api.declare_stream_tx(Ssrc::from(ssrc), None, Mid::from(mid), None);
    }

    /// Declares an audio section in which we receive.
    pub fn receive_audio(&mut self, mid: &str, ssrc: u32) {
        let mut api = self.rtc.direct_api();
        api.declare_media(Mid::from(mid), MediaKind::Audio);
        api.expect_stream_rx(Ssrc::from(ssrc), None, Mid::from(mid), None);
    }

    pub fn write(&mut self, ssrc: u32, sequence: u64, payload: &[u8]) {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_tx(&Ssrc::from(ssrc)).expect("declared");
        let time = sequence as u32 * 960;
        stream.write_rtp(RtpWrite::new(
            OPUS.into(),
            sequence.into(),
            time,
            Instant::now(),
            payload.to_vec(),
        ));
    }

    pub fn open_channel(&mut self, label: &str) -> ChannelId {
        self.rtc.direct_api().create_data_channel(ChannelConfig {
            label: label.into(),
            ..ChannelConfig::default()
        })
    }

    pub fn say(&mut self, channel: ChannelId, bytes: &[u8]) {
        let mut channel = self.rtc.channel(channel).expect("open");
        assert!(channel.write(true, bytes).expect("written"), "there is room");
    }

    /// One round: what arrived, what is due, what goes out.
    pub fn turn(&mut self) {
        self.drain();
        let mut buffer = [0; 2048];
        while let Some((len, source)) = self.road.receive(&mut buffer) {
            let destination = self.road.local();
            let Ok(contents) = buffer[..len].try_into() else {
                continue;
            };
            let receive = Receive {
                proto: Protocol::Udp,
                source,
                destination,
                contents,
            };
            self.rtc
                .handle_input(Input::Receive(Instant::now(), receive))
                .expect("accepted");
            self.drain();
        }
        self.rtc.handle_input(Input::Timeout(Instant::now())).expect("accepted");
        self.drain();
    }

    fn drain(&mut self) {
        while self.rtc.is_alive() {
            match self.rtc.poll_output().expect("healthy") {
                Output::Timeout(_) => return,
                Output::Transmit(transmit) => {
                    self.road.send(&transmit.contents, transmit.destination);
                }
                Output::Event(Event::Connected) => self.is_connected = true,
                Output::Event(Event::RtpPacket(packet)) => self.received.push(packet),
                Output::Event(Event::ChannelOpen(id, _)) => self.open.push(id),
                Output::Event(Event::ChannelData(data)) => self.messages.push(data.data),
                Output::Event(_) => {}
            }
        }
    }
}

fn direct() -> UdpSocket {
    let socket = client_socket();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// Turns all clients until there is a value.
pub fn turn_until<T>(
    what: &str,
    clients: &mut [&mut Client],
    mut attempt: impl FnMut(&mut [&mut Client]) -> Option<T>,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        clients.iter_mut().for_each(|client| client.turn());
        if let Some(value) = attempt(clients) {
            return value;
        }
        assert!(Instant::now() < deadline, "no {what} in time");
        std::thread::yield_now();
    }
}
