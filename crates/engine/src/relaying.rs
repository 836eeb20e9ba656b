//! The TURN relay at work: its clients on one side, relayed ports and our own media on the other.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Instant, SystemTime};

use rustc_hash::FxHashMap;
use tertulia_relay::{BUFFER_MIN, Client, Config, Counters, Family, Now, OpenError, Outlet, Place, Relay};
use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::types::Path;

use crate::isolation::{discard, isolate};
use crate::places::Places;
use crate::platform::ReceiveBatch;
use crate::queue::{Heading, Parcel};
use crate::relayed::{PortCounters, RelayedPorts};
use crate::send::SendBatch;
use crate::streaming::Streaming;
use crate::streams::Streams;
use crate::streams::poller::Ready;

/// What clients may send to our own media port in one batch; beyond that it is dropped.
const MEDIA_MAX: usize = 8 << 20;

/// From relayed ports, before media gets its turn; a batch may go beyond.
const DATAGRAMS_PER_TURN: usize = 512;

const _: () = assert!(BUFFER_MIN <= DATAGRAM_MAX, "one buffer serves the relay and the Sfu");

pub(crate) struct Relaying {
    config: Config,
    relay: Relay,
    outside: Outside,
    local_only: bool,
    /// What the clock on the wall said at this instant; one look for all datagrams of a batch.
    wall: (Instant, u64),
    /// Relayed ports that have something and had no turn yet.
    ready: Vec<Ready>,
    /// Of the relays that ended in a panic.
    past: Counters,
    panics: u64,
    faults: Vec<String>,
}

/// What the relay's effects need and keep.
struct Outside {
    ports: RelayedPorts,
    places: Places,
    /// For our own media port.
    media: Parcel,
    /// Whose these addresses are, where the client came by a stream.
    streams: FxHashMap<SocketAddr, Client>,
    counters: MediaCounters,
}

/// Datagrams between relayed addresses and our own media port; none of them leaves the process.
#[derive(Debug, Clone, Copy, Default)]
struct MediaCounters {
    datagrams_in: u64,
    datagrams_out: u64,
    dropped: u64,
}

/// All that is counted here, since the start of the engine.
#[derive(Debug, Clone, Default)]
pub(crate) struct RelayingCounters {
    relay: Counters,
    ports: PortCounters,
    media: MediaCounters,
    panics: u64,
    allocations: u64,
}

/// Ways to the relay's clients.
pub(crate) struct Ways<'a> {
    batch: &'a mut SendBatch,
    streams: &'a mut Streams,
}

impl Relaying {
    /// `segmentation`: the kernel has UDP_SEGMENT, and it is wanted. `local_only`: what others send to relayed ports is dropped.
    pub fn new(config: Config, places: Places, local_only: bool, segmentation: bool) -> io::Result<Relaying> {
        Ok(Relaying {
            relay: Relay::new(config.clone()),
            config,
            outside: Outside {
                ports: RelayedPorts::new(segmentation)?,
                places,
                media: Parcel::default(),
                streams: FxHashMap::default(),
                counters: MediaCounters::default(),
            },
            local_only,
            wall: (Instant::now(), unix_time()),
            ready: Vec::new(),
            past: Counters::default(),
            panics: 0,
            faults: Vec::new(),
        })
    }

    /// ChannelData, or a STUN message that is none of ICE.
    pub fn handle_client(&mut self, client: Client, message: &[u8], now: Instant, ways: Ways<'_>) {
        self.isolated(now, ways, |relay, now, effects| {
            // The relay counts what it cannot use.
            relay.handle_client(client, message, now, effects);
        });
    }

    /// What our own media port sends to the relayed address that `path` ends at.
    pub fn handle_media(&mut self, path: Path, payload: &[u8], now: Instant, ways: Ways<'_>) {
        self.outside.counters.datagrams_out += 1;
        let media = SocketAddr::new(path.local, self.outside.places.media_port(path.local));
        self.isolated(now, ways, |relay, now, effects| {
            relay.handle_peer(path.remote, media, payload, now, effects);
        });
    }

    /// One batch from each relayed port that has something, those first that came too short last time.
    pub fn receive(&mut self, batch: &mut ReceiveBatch, now: Instant, mut ways: Ways<'_>) {
        if self.ready.is_empty() {
            self.outside.ports.ready(&mut self.ready);
        }
        let mut budget = DATAGRAMS_PER_TURN;
        while budget > 0
            && let Some(port) = self.ready.pop()
        {
            let Some(relayed) = self.outside.ports.receive(port, batch) else {
                continue;
            };
            for (Heading { path, .. }, payload) in batch.iter_mut() {
                budget = budget.saturating_sub(1);
                self.outside.ports.counters.datagrams_in += 1;
                if self.local_only && !self.outside.places.is_local(path.remote.ip(), now) {
                    self.outside.ports.counters.dropped_foreign += 1;
                    continue;
                }
                self.isolated(now, ways.again(), |relay, now, effects| {
                    relay.handle_peer(relayed, path.remote, payload, now, effects);
                });
            }
        }
    }

    /// The stream ended.
    pub fn handle_gone(&mut self, client: &Client, now: Instant, ways: Ways<'_>) {
        self.isolated(now, ways, |relay, _, effects| relay.handle_gone(client, effects));
    }

    /// All streams ended.
    pub fn handle_all_gone(&mut self, now: Instant, mut ways: Ways<'_>) {
        let clients: Vec<_> = self.outside.streams.values().copied().collect();
        for client in &clients {
            self.handle_gone(client, now, ways.again());
        }
    }

    pub fn handle_timeout(&mut self, now: Instant, ways: Ways<'_>) {
        if self.relay.poll_timeout().is_some_and(|timeout| timeout <= now) {
            self.isolated(now, ways, |relay, now, effects| relay.handle_timeout(now, effects));
        }
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        self.relay.poll_timeout()
    }

    /// What clients sent to our own media port, each datagram as if it had come from the client's relayed address.
    pub fn take_media(&mut self) -> Option<Parcel> {
        (!self.outside.media.is_empty()).then(|| mem::take(&mut self.outside.media))
    }

    /// Gives the buffer back.
    pub fn reuse_media(&mut self, mut parcel: Parcel) {
        parcel.clear();
        self.outside.media = parcel;
    }

    /// Call after each batch.
    pub fn flush(&mut self) {
        self.outside.ports.flush();
    }

    /// For tests of the isolation.
    pub fn crash(&mut self, now: Instant, ways: Ways<'_>) {
        self.isolated(now, ways, |_, _, _| panic!("crashed on command"));
    }

    /// Lines for the operator's log.
    pub fn take_faults(&mut self) -> impl Iterator<Item = String> {
        self.faults.drain(..)
    }

    /// Why segmentation was switched off, once.
    pub fn take_notice(&mut self) -> Option<String> {
        self.outside.ports.take_notice()
    }

    pub fn counters(&self) -> RelayingCounters {
        let mut relay = self.past.clone();
        relay.add(self.relay.counters());
        RelayingCounters {
            relay,
            ports: self.outside.ports.counters(),
            media: self.outside.counters,
            panics: self.panics,
            allocations: self.relay.allocations() as u64,
        }
    }

    /// A panic costs the relay, not the media: there is a new one, and its clients allocate anew.
    fn isolated(&mut self, now: Instant, mut ways: Ways<'_>, call: impl FnOnce(&mut Relay, Now, &mut Effects<'_>)) {
        if self.wall.0 != now {
            self.wall = (now, unix_time());
        }
        let now = Now {
            instant: now,
            unix: self.wall.1,
        };
        let mut effects = Effects {
            outside: &mut self.outside,
            ways: ways.again(),
            now: now.instant,
        };
        if let Err(message) = isolate(|| call(&mut self.relay, now, &mut effects)) {
            self.begin_anew(&message, ways.streams);
        }
    }

    fn begin_anew(&mut self, message: &str, streams: &mut Streams) {
        self.panics += 1;
        self.faults
            .push(format!("the relay panicked and begins anew: {message}"));
        self.past.add(self.relay.counters());
        // All of them ended, without a word.
        self.past.allocations_closed = self.past.allocations_opened;
        discard(mem::replace(&mut self.relay, Relay::new(self.config.clone())));
        self.outside.ports.close_all();
        self.outside.media.clear();
        for (_, client) in self.outside.streams.drain() {
            release(&client, streams);
        }
    }
}

impl AsRawFd for Relaying {
    /// Readable while a relayed port has something.
    fn as_raw_fd(&self) -> RawFd {
        self.outside.ports.as_raw_fd()
    }
}

impl<'a> Ways<'a> {
    pub fn new(batch: &'a mut SendBatch, streaming: &'a mut Streaming) -> Ways<'a> {
        Ways {
            batch,
            streams: &mut streaming.streams,
        }
    }

    fn again(&mut self) -> Ways<'_> {
        Ways {
            batch: self.batch,
            streams: self.streams,
        }
    }
}

impl RelayingCounters {
    /// Stable names and values.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let (ports, media) = (&self.ports, &self.media);
        self.relay.entries().chain([
            ("relay_allocations", self.allocations),
            ("relay_panics", self.panics),
            ("relay_media_in", media.datagrams_in),
            ("relay_media_out", media.datagrams_out),
            ("relay_ports_in", ports.datagrams_in),
            ("relay_ports_out", ports.sent.datagrams),
            ("relay_ports_messages", ports.sent.messages),
            ("relay_ports_calls", ports.sent.calls),
            ("relay_ports_gso_refused", ports.sent.gso_refused),
            ("relay_ports_receive_errors", ports.receive_errors),
            ("relay_dropped_media_full", media.dropped),
            ("relay_dropped_foreign", ports.dropped_foreign),
            ("relay_dropped_truncated", ports.dropped_truncated),
            ("relay_dropped_unfragmented", ports.dropped_unfragmented),
            ("relay_dropped_send_full", ports.sent.dropped_full),
            ("relay_dropped_send_error", ports.sent.dropped_error),
        ])
    }
}

/// The relay's effects, carried out.
struct Effects<'a> {
    outside: &'a mut Outside,
    ways: Ways<'a>,
    now: Instant,
}

impl Outlet for Effects<'_> {
    fn buffer(&mut self) -> &mut [u8] {
        self.ways.batch.buffer()
    }

    fn commit(&mut self, client: &Client, len: usize) {
        match *client {
            // Past the worker's outlet: an answer of the relay proves no address to the `Sfu`.
            Client::Udp { remote, local, socket } => {
                let path = Path { remote, local, socket };
                self.ways.batch.commit(&path, len);
            }
            // The streams count what they cannot take.
            Client::Stream { stream, .. } => _ = self.ways.streams.send(stream, &self.ways.batch.pending()[..len]),
        }
    }

    fn send_to_peer(&mut self, relayed: SocketAddr, peer: SocketAddr, payload: &[u8], dont_fragment: bool) {
        self.outside.ports.send(relayed, peer, payload, dont_fragment);
    }

    fn send_to_media(&mut self, relayed: SocketAddr, media: SocketAddr, payload: &[u8]) {
        let Outside {
            media: parcel,
            counters,
            ..
        } = &mut *self.outside;
        if payload.len() > DATAGRAM_MAX || parcel.bytes() + payload.len() > MEDIA_MAX {
            counters.dropped += 1;
            return;
        }
        counters.datagrams_in += 1;
        let path = Path {
            remote: relayed,
            local: media.ip(),
            socket: Path::RELAYED,
        };
        parcel.push(path, payload);
    }

    fn open(&mut self, client: &Client, family: Family, even: bool) -> Result<SocketAddr, OpenError> {
        let Outside {
            ports, places, streams, ..
        } = &mut *self.outside;
        let homes = places.homes(client.local(), family, self.now);
        let is_unfit = |port| places.is_media_port(port) || (even && port % 2 == 1);
        for home in homes {
            match ports.open(home, places.told(home), is_unfit) {
                Ok(relayed) => {
                    if let Client::Stream { stream, .. } = *client {
                        streams.insert(relayed, *client);
                        self.ways.streams.keep(stream);
                    }
                    return Ok(relayed);
                }
                Err(error) if is_exhaustion(&error) => return Err(OpenError::Exhausted),
                // An address that is ours, but not here.
                Err(_) => {}
            }
        }
        Err(OpenError::FamilyUnsupported)
    }

    fn close(&mut self, relayed: SocketAddr) {
        let Outside { ports, streams, .. } = &mut *self.outside;
        ports.close(relayed);
        // The other family of the same allocation may still be there.
        if let Some(client) = streams.remove(&relayed)
            && !streams.values().any(|other| *other == client)
        {
            release(&client, self.ways.streams);
        }
    }

    fn place(&mut self, peer: SocketAddr) -> Place {
        self.outside.places.of(peer, self.now)
    }
}

fn release(client: &Client, streams: &mut Streams) {
    if let Client::Stream { stream, .. } = client {
        streams.release(*stream);
    }
}

/// Descriptors, ports or memory are all used; another address would not help.
fn is_exhaustion(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
        || matches!(
            error.raw_os_error(),
            Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM | libc::ENOSPC)
        )
}

fn unix_time() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // A clock before 1970 is wrong, and no reason to turn anybody away.
    since.map_or(0, |since| since.as_secs())
}
