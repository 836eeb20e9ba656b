//! A room of `str0m` clients around one [`Sfu`], joined by a network in one process. Time is made up; nothing sleeps.
#![allow(clippy::disallowed_methods)]

mod described;
mod media;
mod simulcast;
mod talk;
mod voice;
mod workers;

pub use described::*;
pub use media::*;
pub use simulcast::*;
pub use talk::*;
#[allow(unused_imports, reason = "the tests on two workers need none of it")]
pub use voice::*;
pub use workers::*;

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event as ClientEvent, IceCreds, Input, Output, Rtc};
use tertulia_sfu::command::Command;
use tertulia_sfu::config::Config;
use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::event::Event;
use tertulia_sfu::keys::certificate_fingerprint;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::types::*;

pub const ROOM: RoomKey = RoomKey(1);
pub const VP8: u8 = 96;
pub const VP8_RTX: u8 = 97;
pub const OPUS: u8 = 111;
/// Redundant audio, as `str0m` calls it.
pub const RED: u8 = 63;
pub const VIDEO_CLOCK: u32 = 90_000;
/// The ids that `str0m` uses by default.
pub const EXTENSIONS: Extensions = Extensions {
    mid: 4,
    transport_cc: 3,
    audio_level: 1,
    video_orientation: 13,
    abs_send_time: 2,
    rid: 10,
    repaired_rid: 11,
    dependency_descriptor: 12,
};

/// Datagrams of the SFU, with the path each took.
#[derive(Default)]
pub struct Wire {
    buffer: Vec<u8>,
    pub sent: Vec<(Path, Vec<u8>)>,
}

impl Egress for Wire {
    fn buffer(&mut self) -> &mut [u8] {
        self.buffer.resize(DATAGRAM_MAX, 0xee);
        &mut self.buffer
    }

    fn commit(&mut self, path: &Path, len: usize) {
        self.sent.push((*path, self.buffer[..len].to_vec()));
    }
}

pub struct Client {
    pub id: ConnectionId,
    pub rtc: Rtc,
    pub address: SocketAddr,
    pub connected: bool,
    /// RTP that came in, repairs in their original place.
    pub received: Vec<RtpPacket>,
    pub key_frames_asked: usize,
    /// The RIDs for which key frames were asked, where there are RIDs, until a camera takes them.
    pub rids_asked: Vec<String>,
    /// Data channels that are open, by label.
    pub channels: Vec<(String, ChannelId)>,
    /// What came on data channels.
    pub messages: Vec<(ChannelId, Vec<u8>)>,
    timeout: Instant,
    next_index: u64,
    /// `str0m` keeps one packet at a time: it is polled between any two datagrams.
    inbox: VecDeque<Vec<u8>>,
}

/// Client, datagram; true: it is lost.
pub type Loss = Box<dyn FnMut(ConnectionId, &[u8]) -> bool>;

pub struct World {
    pub sfu: Sfu,
    /// Another worker, in a world with two.
    pub second: Option<Second>,
    config: Config,
    pub now: Instant,
    pub clients: Vec<Client>,
    pub events: Vec<Event>,
    pub lose_downstream: Loss,
    pub lose_upstream: Loss,
    /// The way to one client, where that is narrow.
    pub pipe: Option<Pipe>,
    /// Datagrams of media that went to clients, in order: client and length.
    pub media_sent: Vec<(ConnectionId, usize)>,
    /// Every datagram upstream arrives this many times.
    pub copies: usize,
    /// Datagrams of one batch arrive in reverse.
    pub reversed: bool,
    /// Which of our addresses clients reach.
    pub reached: IpAddr,
}

/// A link that carries so many bits a second, and keeps the others waiting.
pub struct Pipe {
    client: ConnectionId,
    pub bitrate: u64,
    /// What would wait for longer is dropped.
    pub queue: Duration,
    /// Each way.
    pub delay: Duration,
    free: Instant,
    down: VecDeque<(Instant, Vec<u8>)>,
    up: VecDeque<(Instant, Vec<u8>)>,
}

impl Pipe {
    fn push(&mut self, datagram: Vec<u8>, now: Instant) {
        if self.free.saturating_duration_since(now) > self.queue {
            return;
        }
        let takes = Duration::from_micros(datagram.len() as u64 * 8_000_000 / self.bitrate);
        self.free = self.free.max(now) + takes;
        self.down.push_back((self.free + self.delay, datagram));
    }

    fn next(&self) -> Option<Instant> {
        let ways = [&self.down, &self.up];
        ways.iter().filter_map(|way| Some(way.front()?.0)).min()
    }
}

/// What arrived by now.
fn arrived(way: &mut VecDeque<(Instant, Vec<u8>)>, now: Instant) -> Option<Vec<u8>> {
    way.front().filter(|(at, _)| *at <= now)?;
    way.pop_front().map(|(_, datagram)| datagram)
}

pub fn is_media(datagram: &[u8]) -> bool {
    (128..192).contains(&datagram[0]) && !(192..224).contains(&datagram[1])
}

pub fn credentials(side: &str, id: ConnectionId) -> IceCredentials {
    IceCredentials {
        ufrag: format!("{side}{id}"),
        pwd: format!("{side}-{id}-password-of-many-bytes"),
    }
}

fn creds(credentials: &IceCredentials) -> IceCreds {
    IceCreds {
        ufrag: credentials.ufrag.clone(),
        pass: credentials.pwd.clone(),
    }
}

pub fn server() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 5], 7000))
}

impl World {
    /// In which every way carries everything, and is known to.
    pub fn new() -> World {
        let mut config = Config::default();
        config.estimate.start = config.estimate.max;
        World::with(config)
    }

    pub fn with(config: Config) -> World {
        World {
            sfu: Sfu::new(config.clone()),
            second: (crate::WORKERS == 2).then(|| Second::new(config.clone())),
            config,
            now: Instant::now(),
            clients: Vec::new(),
            events: Vec::new(),
            lose_downstream: Box::new(|_, _| false),
            lose_upstream: Box::new(|_, _| false),
            pipe: None,
            media_sent: Vec::new(),
            copies: 1,
            reversed: false,
            reached: server().ip(),
        }
    }

    pub fn command(&mut self, command: Command) {
        self.carry_out(command);
        self.settle();
    }

    /// Opens a connection; it is up after some [`run`](World::run).
    pub fn open(&mut self, id: u64) -> ConnectionId {
        let id = ConnectionId(id);
        let address = SocketAddr::from(([198, 51, 100, id.0 as u8], 5000));
        let (ours, theirs) = (credentials("server", id), credentials("client", id));
        let builder = Rtc::builder()
            .set_rtp_mode(true)
            .enable_opus(true, true)
            .set_extension(EXTENSIONS.dependency_descriptor, Described::extension())
            .set_local_ice_credentials(creds(&theirs));
        let mut rtc = builder.build(self.now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        rtc.add_remote_candidate(Candidate::host(server(), "udp").unwrap());
        let mut api = rtc.direct_api();
        api.set_ice_controlling(true);
        api.set_remote_ice_credentials(creds(&ours));
        api.set_remote_fingerprint(str0m::crypto::Fingerprint {
            hash_func: "sha-256".into(),
            bytes: certificate_fingerprint().0.to_vec(),
        });
        api.start_dtls(true).unwrap();
        api.start_sctp(true);
        api.enable_twcc_feedback();
        let fingerprint = api.local_dtls_fingerprint().to_string().parse().unwrap();
        self.clients.push(Client {
            id,
            rtc,
            address,
            connected: false,
            received: Vec::new(),
            key_frames_asked: 0,
            rids_asked: Vec::new(),
            channels: Vec::new(),
            messages: Vec::new(),
            timeout: self.now,
            next_index: 5000,
            inbox: VecDeque::new(),
        });
        self.command(Command::Open {
            connection: id,
            room: ROOM,
            local: ours,
            remote: theirs,
            fingerprint,
            dtls_active: false,
        });
        id
    }

    pub fn connect(&mut self, id: u64) -> ConnectionId {
        let id = self.open(id);
        for _ in 0..100 {
            self.run(Duration::from_millis(50));
            if self.events.contains(&Event::Connected { connection: id }) && self.client(id).connected {
                return id;
            }
        }
        panic!("connection {id} did not come up: {:?}", self.events);
    }

    /// The way to a client carries no more than that from now on.
    pub fn narrow(&mut self, client: ConnectionId, bitrate: u64) {
        self.lay(client, bitrate, Duration::MAX, Duration::ZERO);
    }

    /// As [`narrow`](World::narrow), with a queue of its own, and a delay each way.
    pub fn lay(&mut self, client: ConnectionId, bitrate: u64, queue: Duration, delay: Duration) {
        self.pipe = Some(Pipe {
            client,
            bitrate,
            queue,
            delay,
            free: self.now,
            down: VecDeque::new(),
            up: VecDeque::new(),
        });
    }

    pub fn client(&mut self, id: ConnectionId) -> &mut Client {
        self.clients.iter_mut().find(|client| client.id == id).unwrap()
    }

    /// Lets time pass, with everything that is due meanwhile.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while self.now < end {
            let arrival = self.pipe.as_ref().and_then(Pipe::next);
            let timeouts = self
                .clients
                .iter()
                .map(|client| client.timeout)
                .chain(self.next_timeout())
                .chain(arrival);
            // Not finer than the clock of a real worker, or a timer that is due in the past would stop time.
            let next = timeouts
                .min()
                .unwrap_or(end)
                .max(self.now + Duration::from_millis(1))
                .min(end);
            self.now = next;
            while let Some(pipe) = &mut self.pipe
                && let Some(datagram) = arrived(&mut pipe.down, next)
            {
                let id = pipe.client;
                self.client(id).inbox.push_back(datagram);
            }
            while let Some(pipe) = &mut self.pipe
                && let Some(datagram) = arrived(&mut pipe.up, next)
            {
                let id = pipe.client;
                let address = self.client(id).address;
                self.receive(&[(address, datagram)]);
            }
            for client in &mut self.clients {
                if client.timeout <= next {
                    let _ = client.rtc.handle_input(Input::Timeout(next));
                }
            }
            for worker in 0..self.workers() {
                let mut wire = Wire::default();
                let sfu = self.worker(worker);
                if sfu.poll_timeout().is_some_and(|due| due <= next) {
                    sfu.handle_timeout(next, &mut wire);
                    self.deliver(wire);
                }
            }
            self.settle();
        }
    }

    /// Lets everything happen that happens now.
    pub fn settle(&mut self) {
        loop {
            let mut batch = Vec::new();
            for client in &mut self.clients {
                while client.rtc.is_alive() {
                    match client.rtc.poll_output() {
                        Ok(Output::Transmit(transmit)) => {
                            let contents: Vec<u8> = transmit.contents.into();
                            let far = self.pipe.as_mut();
                            let far = far.filter(|pipe| pipe.client == client.id && pipe.delay > Duration::ZERO);
                            match far {
                                _ if (self.lose_upstream)(client.id, &contents) => {}
                                Some(pipe) => pipe.up.push_back((self.now + pipe.delay, contents)),
                                None => batch.push((client.address, contents)),
                            }
                        }
                        Ok(Output::Event(ClientEvent::Connected)) => client.connected = true,
                        Ok(Output::Event(ClientEvent::RtpPacket(packet))) => client.received.push(packet),
                        Ok(Output::Event(ClientEvent::KeyframeRequest(request))) => {
                            client.key_frames_asked += 1;
                            client.rids_asked.extend(request.rid.map(|rid| rid.to_string()));
                        }
                        Ok(Output::Event(ClientEvent::ChannelOpen(id, label))) => client.channels.push((label, id)),
                        Ok(Output::Event(ClientEvent::ChannelData(data))) => client.messages.push((data.id, data.data)),
                        Ok(Output::Event(ClientEvent::ChannelClose(id))) => {
                            client.channels.retain(|(_, open)| *open != id)
                        }
                        Ok(Output::Event(_)) => {}
                        Ok(Output::Timeout(at)) => {
                            client.timeout = at;
                            let Some(datagram) = client.inbox.pop_front() else {
                                break;
                            };
                            let receive = Receive::new(Protocol::Udp, server(), client.address, &datagram).unwrap();
                            let _ = client.rtc.handle_input(Input::Receive(self.now, receive));
                        }
                        Err(_) => break,
                    }
                }
            }
            let crossed = self.cross();
            for worker in 0..self.workers() {
                while let Some(event) = self.worker(worker).poll_event() {
                    self.events.push(event);
                }
            }
            if batch.is_empty() && !crossed {
                return;
            }
            if self.reversed {
                batch.reverse();
            }
            self.receive(&batch);
        }
    }

    /// One batch of datagrams reaches the SFU.
    pub fn receive(&mut self, batch: &[(SocketAddr, Vec<u8>)]) {
        for worker in 0..self.workers() {
            let mut wire = Wire::default();
            let now = self.now;
            for (remote, datagram) in batch {
                let client = self.clients.iter().find(|client| client.address == *remote);
                let owner = client.map_or(0, |client| worker_of(client.id));
                for _ in 0..self.copies {
                    let path = Path {
                        remote: *remote,
                        local: self.reached,
                        socket: 0,
                    };
                    if owner == worker || self.second.is_none() {
                        self.worker(worker)
                            .handle_datagram(path, &mut datagram.clone(), now, now, &mut wire);
                    }
                }
            }
            self.worker(worker).flush(now, &mut wire);
            self.deliver(wire);
        }
        self.cross();
    }

    fn deliver(&mut self, wire: Wire) {
        for (path, datagram) in wire.sent {
            let Some(client) = self.clients.iter_mut().find(|client| client.address == path.remote) else {
                continue;
            };
            if is_media(&datagram) {
                self.media_sent.push((client.id, datagram.len()));
            }
            if (self.lose_downstream)(client.id, &datagram) {
                continue;
            }
            match self.pipe.as_mut().filter(|pipe| pipe.client == client.id) {
                Some(pipe) => pipe.push(datagram, self.now),
                None => client.inbox.push_back(datagram),
            }
        }
    }
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}

pub const FRAME: Duration = Duration::from_millis(33);
