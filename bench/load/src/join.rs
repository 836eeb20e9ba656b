//! Joining as a client does: signalling, offer, then waiting for media.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::cases::Role;
use crate::clock;
use crate::flow::Window;
use crate::group::{Client, Handle};
use crate::link::Link;
use crate::peer::{Milestone, Peer};
use crate::probe::Probe;
use crate::sdp::{self, Answer};
use crate::signal::Signal;

/// Clients that join at the same time.
const AT_ONCE: usize = 8;
/// Not connected, or without media, in this time: failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What joiners share.
pub struct Lobby {
    pub server: std::net::SocketAddr,
    pub room: String,
    pub drop: u32,
    pub window: Arc<Window>,
    /// The server's media port, when an answer has told it.
    pub media_port: AtomicU16,
}

/// How one join went, in µs from opening the WebSocket.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    pub connected: u64,
    /// 0 where nobody sends.
    pub media: u64,
}

pub struct Joined {
    pub signal: Signal,
    pub latency: Latency,
}

impl Lobby {
    /// Joins, and waits for the connection; where `expects_media`, until something can be shown as well.
    pub fn join(&self, role: &Role, group: &Handle, expects_media: bool) -> Result<Joined, String> {
        let begun = clock::now_us();
        let mut signal = Signal::connect(self.server)?;
        let name = format!("client {}", role.number);
        signal.request(json!({"type": "join", "room": self.room, "name": name, "p2p": false}))?;
        let mut publications = Map::new();
        for (i, track) in role.tracks.iter().enumerate() {
            let (source, kind) = if track.video {
                ("camera", "video")
            } else {
                ("microphone", "audio")
            };
            let message = json!({"type": "publish", "source": source, "kind": kind, "width": 640, "height": 360});
            let reply = signal.request(message)?;
            publications.insert(format!("s{i}"), reply["publication"]["id"].clone());
        }
        let (sender, milestones) = channel();
        let client = self.connect(role, publications, &mut signal, sender)?;
        group.add(role.number, client);
        let latency = wait(&milestones, begun, expects_media)?;
        Ok(Joined { signal, latency })
    }

    fn connect(
        &self,
        role: &Role,
        publications: Map<String, Value>,
        signal: &mut Signal,
        milestones: Sender<Milestone>,
    ) -> Result<Client, String> {
        let failed = |error: std::io::Error| format!("socket: {error}");
        let window = self.window.clone();
        if role.probe {
            let sections = (role.audio, role.video);
            let (mut probe, offer) = Probe::new(self.server, sections, window, milestones).map_err(failed)?;
            let (answer, text) = self.offer(signal, &offer, publications)?;
            probe.start(&answer, &text)?;
            return Ok(Client::Probe(Box::new(probe)));
        }
        let mut link = Link::new(self.server).map_err(failed)?;
        let offer = sdp::offer(&link.credentials(), &role.tracks, role.audio, role.video);
        let mut peer = Peer::new(link, role.number, self.drop, window, milestones);
        let (answer, _) = self.offer(signal, &offer, publications)?;
        peer.start(&answer, &role.tracks)?;
        Ok(Client::Peer(Box::new(peer)))
    }

    fn offer(
        &self,
        signal: &mut Signal,
        sdp: &str,
        publications: Map<String, Value>,
    ) -> Result<(Answer, String), String> {
        let message = json!({"type": "offer", "to": "server", "serial": 1, "sdp": sdp, "publications": publications});
        let reply = signal.request(message)?;
        let text = reply["sdp"].as_str().ok_or("an answer without sdp")?.to_owned();
        let answer = Answer::parse(&text)?;
        self.media_port.store(answer.candidate.port(), Ordering::Relaxed);
        Ok((answer, text))
    }
}

fn wait(milestones: &Receiver<Milestone>, begun: u64, expects_media: bool) -> Result<Latency, String> {
    let mut latency = Latency { connected: 0, media: 0 };
    while latency.connected == 0 || (expects_media && latency.media == 0) {
        match milestones.recv_timeout(PATIENCE) {
            Ok(Milestone::Connected(at)) => latency.connected = at - begun,
            Ok(Milestone::Media(at)) => latency.media = at.saturating_sub(begun),
            Err(_) if latency.connected == 0 => return Err("no media connection in time".into()),
            Err(_) => return Err("no media in time".into()),
        }
    }
    Ok(latency)
}

/// Runs `join` for `count` clients, several at once, and returns what it gave in the order of the clients.
pub fn several<T: Send>(count: usize, join: impl Fn(usize) -> Result<T, String> + Sync) -> Result<Vec<T>, String> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<(usize, Result<T, String>)> = thread::scope(|scope| {
        let work = || {
            let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < count);
            std::iter::from_fn(take).map(|i| (i, join(i))).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..AT_ONCE.min(count)).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a joiner does not panic"))
            .collect()
    });
    results.sort_by_key(|(i, _)| *i);
    results
        .into_iter()
        .map(|(i, result)| result.map_err(|error| format!("client {i}: {error}")))
        .collect()
}
