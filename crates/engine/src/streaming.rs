//! The TCP streams as the front sees them: each an address for ICE, and a panic that costs the streams and nothing else.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Instant;
use std::{io, mem};

use socket2::SockRef;
use tertulia_relay::Client;
use tertulia_sfu::types::Path;

use crate::addresses::OwnAddresses;
use crate::isolation::{discard, isolate};
use crate::queue::Parcel;
use crate::streams::{Protocol, StreamCounters, StreamEvent, StreamKind, Streams};

/// No port is used, but ICE knows no port 0. The discard service's, as in candidates of RFC 6544 (section 4.5).
const DISCARD_PORT: u16 = 9;

/// First byte of a Binding success response, which the `Sfu` gives only where the request's integrity held.
const BINDING_SUCCESS: u8 = 1;

pub(crate) struct Streaming {
    pub streams: Streams,
    /// How many `Streams` there were before: their numbers began anew in each.
    life: u32,
    tls: Option<Arc<rustls::ServerConfig>>,
    /// Serve only this machine.
    own_addresses: Option<OwnAddresses>,
    frames: Parcel<Arrival>,
    /// Of the `Streams` that ended in a panic.
    past: StreamCounters,
    dropped_foreign: u64,
    faults: Vec<String>,
}

/// All that is counted here, since the start of the engine.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StreamingCounters {
    streams: StreamCounters,
    panics: u64,
    dropped_foreign: u64,
}

impl StreamingCounters {
    /// Stable names and values.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.streams.entries().chain([
            ("streams", self.streams.streams_opened - self.streams.streams_closed),
            ("stream_panics", self.panics),
            ("stream_dropped_foreign", self.dropped_foreign),
        ])
    }
}

/// Where a frame came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    pub client: Client,
    /// What ICE knows the stream by.
    pub path: Path,
    pub protocol: Protocol,
}

impl Streaming {
    pub fn new(local_only: bool) -> io::Result<Streaming> {
        Ok(Streaming {
            streams: Streams::new()?,
            life: 0,
            tls: None,
            own_addresses: local_only.then(OwnAddresses::new),
            frames: Parcel::default(),
            past: StreamCounters::default(),
            dropped_foreign: 0,
            faults: Vec::new(),
        })
    }

    pub fn adopt(&mut self, socket: OwnedFd, kind: StreamKind, now: Instant) {
        if let Some(own) = &mut self.own_addresses {
            let peer = SockRef::from(&socket).peer_addr().ok();
            let peer = peer.and_then(|peer| peer.as_socket());
            if !peer.is_some_and(|peer| own.contains(peer.ip(), now)) {
                self.dropped_foreign += 1;
                return;
            }
        }
        self.isolated(|streams| streams.adopt(socket, kind, now));
    }

    pub fn set_tls(&mut self, config: Arc<rustls::ServerConfig>) {
        self.tls = Some(config.clone());
        self.streams.set_tls(config);
    }

    /// All frames that came; to be given back by `reuse`.
    pub fn receive(&mut self, now: Instant) -> Parcel<Arrival> {
        let mut frames = mem::take(&mut self.frames);
        let life = self.life;
        self.isolated(|streams| {
            streams.receive(now, |frame| {
                let local = frame.local.ip();
                let arrival = Arrival {
                    client: Client::Stream {
                        stream: frame.stream,
                        remote: frame.remote,
                        local,
                    },
                    path: Path {
                        remote: address_of(life, frame.stream),
                        local,
                        socket: Path::STREAM,
                    },
                    protocol: frame.protocol,
                };
                frames.push(arrival, frame.bytes);
            });
        });
        frames
    }

    pub fn reuse(&mut self, mut frames: Parcel<Arrival>) {
        frames.clear();
        self.frames = frames;
    }

    /// What the `Sfu` has for the stream that ICE knows by this address: ICE, DTLS and media of somebody who has proved who it is.
    pub fn send_media(&mut self, to: SocketAddr, datagram: &[u8]) {
        if datagram.first().is_some_and(|&byte| byte == BINDING_SUCCESS)
            && let Some(stream) = stream_of(self.life, to)
        {
            self.isolated(|streams| streams.keep(stream));
        }
        self.send(to, datagram);
    }

    /// Without effect where the stream has ended.
    pub fn send(&mut self, to: SocketAddr, datagram: &[u8]) {
        if let Some(stream) = stream_of(self.life, to) {
            self.isolated(|streams| _ = streams.send(stream, datagram));
        }
    }

    /// Call after each batch.
    pub fn flush(&mut self) {
        self.isolated(Streams::flush);
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|timeout| timeout <= now) {
            self.isolated(|streams| streams.handle_timeout(now));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.streams.poll_timeout()
    }

    pub fn take_events(&mut self) -> Vec<StreamEvent> {
        self.streams.take_events()
    }

    /// Changes when all streams are lost, and with them the descriptor to wait on.
    pub fn life(&self) -> u32 {
        self.life
    }

    pub fn counters(&self) -> StreamingCounters {
        let mut streams = self.past;
        streams.add(self.streams.counters());
        StreamingCounters {
            streams,
            panics: u64::from(self.life),
            dropped_foreign: self.dropped_foreign,
        }
    }

    /// Lines for the operator's log.
    pub fn take_faults(&mut self) -> impl Iterator<Item = String> {
        self.faults.drain(..)
    }

    fn isolated(&mut self, call: impl FnOnce(&mut Streams)) {
        let Err(message) = isolate(|| call(&mut self.streams)) else {
            return;
        };
        self.faults
            .push(format!("the TCP streams panicked and begin anew: {message}"));
        // Without descriptors for new ones the broken ones must do.
        let Ok(mut streams) = Streams::new() else { return };
        if let Some(tls) = &self.tls {
            streams.set_tls(tls.clone());
        }
        self.life = self.life.wrapping_add(1);
        self.past.add(self.streams.counters());
        // All of them ended, without a word.
        self.past.streams_closed = self.past.streams_opened;
        discard(mem::replace(&mut self.streams, streams));
    }
}

impl AsRawFd for Streaming {
    /// Readable while a stream has something to do.
    fn as_raw_fd(&self) -> RawFd {
        self.streams.as_raw_fd()
    }
}

/// In the discard prefix 100::/64 (RFC 6666), where nobody is.
fn address_of(life: u32, stream: u32) -> SocketAddr {
    let bits = 0x0100_u128 << 112 | u128::from(life) << 32 | u128::from(stream);
    SocketAddr::new(IpAddr::V6(Ipv6Addr::from_bits(bits)), DISCARD_PORT)
}

fn stream_of(life: u32, address: SocketAddr) -> Option<u32> {
    let IpAddr::V6(ip) = address.ip() else { return None };
    let stream = ip.to_bits() as u32;
    (address == address_of(life, stream)).then_some(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    #[test]
    fn a_stream_stands_as_an_address_in_the_discard_prefix() {
        assert_eq!(address_of(0, 0x1_0007).to_string(), "[100::1:7]:9");
        for (life, stream) in [(0, 0), (0, u32::MAX), (u32::MAX, 7)] {
            let address = address_of(life, stream);
            assert_eq!(stream_of(life, address), Some(stream));
            assert_eq!(stream_of(life.wrapping_add(1), address), None, "of another life");
        }
        assert_eq!(stream_of(0, "192.0.2.1:9".parse().unwrap()), None);
        assert_eq!(stream_of(0, "[2001:db8::7]:9".parse().unwrap()), None);
    }

    /// A stream that has said one thing of ICE, and how ICE knows it.
    fn heard(streaming: &mut Streaming, now: Instant) -> (TcpStream, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        streaming.adopt(accepted.into(), StreamKind::Ice, now);
        client.write_all(b"\x00\x04said").unwrap();
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let mut frames = streaming.receive(now);
            let arrived = frames.iter_mut().next().map(|(arrival, bytes)| {
                assert_eq!((arrival.protocol, &*bytes), (Protocol::Ice, &b"said"[..]));
                arrival.path.remote
            });
            streaming.reuse(frames);
            if let Some(address) = arrived {
                return (client, address);
            }
            assert!(Instant::now() < deadline, "no frame in time");
        }
    }

    fn open_streams(streaming: &Streaming) -> u64 {
        let mut entries = streaming.counters().entries().collect::<Vec<_>>().into_iter();
        entries.find(|(name, _)| *name == "streams").unwrap().1
    }

    #[test]
    fn a_stream_stays_once_the_sfu_has_answered_and_an_answer_to_a_stranger_keeps_none() {
        let mut streaming = Streaming::new(false).expect("a descriptor");
        let now = Instant::now();
        let ((_one, proved), (_other, stranger)) = (heard(&mut streaming, now), heard(&mut streaming, now));
        streaming.send_media(proved, b"\x01\x01 from the Sfu");
        streaming.send(stranger, b"\x01\x01 from the front");
        streaming.flush();
        assert_eq!(open_streams(&streaming), 2);
        streaming.handle_timeout(now + Duration::from_secs(120));
        assert_eq!(open_streams(&streaming), 1);
        let gone = streaming.take_events();
        assert!(matches!(&gone[..], [StreamEvent::Gone { stream, .. }] if Some(*stream) == stream_of(0, stranger)));
    }

    #[test]
    fn a_panic_costs_all_streams_and_their_numbers_lead_nowhere_afterwards() {
        let mut streaming = Streaming::new(false).expect("a descriptor");
        let now = Instant::now();
        let (_client, address) = heard(&mut streaming, now);
        streaming.isolated(|_| panic!("on purpose"));
        assert_eq!((streaming.life(), open_streams(&streaming)), (1, 0));
        assert!(streaming.take_faults().any(|fault| fault.contains("on purpose")));
        let (_client, next) = heard(&mut streaming, now);
        assert_ne!(next, address);
        streaming.send(address, b"to one of the past");
        let counters = streaming.counters();
        assert_eq!(
            (
                counters.streams.streams_opened,
                counters.streams.streams_closed,
                counters.panics
            ),
            (2, 1, 1)
        );
        assert_eq!(counters.streams.stream_frames_out, 0);
    }
}
