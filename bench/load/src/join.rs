//! Joining as a client does: signalling, then waiting for the connection and for media.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::cases::Role;
use crate::clock;
use crate::doors::{Dialer, Kind, Session};
use crate::flow::Window;
use crate::group::Handle;
use crate::peer::Milestone;

/// Clients that join at the same time.
const AT_ONCE: usize = 8;
/// Not connected, or without media, in this time: failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What joiners share.
pub struct Lobby {
    pub kind: Kind,
    pub server: std::net::SocketAddr,
    pub room: String,
    pub drop: u32,
    pub window: Arc<Window>,
    /// The server's media port, when an answer has told it.
    pub media_port: AtomicU16,
}

/// How one join went, in µs from opening the signalling.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    pub connected: u64,
    /// 0 where nobody sends.
    pub media: u64,
}

pub struct Joined {
    pub session: Box<dyn Session>,
    pub latency: Latency,
}

impl Lobby {
    /// Enters, and waits for the connection. Where others send `tracks` tracks already, asks for them, and waits until one can be shown.
    pub fn join(&self, role: &Role, group: &Handle, tracks: usize) -> Result<Joined, String> {
        let begun = clock::now_us();
        let (milestones, reached) = channel();
        let dialer = Dialer {
            lobby: self,
            number: role.number,
            milestones,
        };
        let (mut session, mut clients) = self.kind.enter(role, &dialer)?;
        if tracks > 0 {
            clients.extend(session.watch(tracks, &dialer)?);
        }
        clients.into_iter().for_each(|client| group.add(role.number, client));
        let latency = wait(&reached, begun, tracks > 0)?;
        Ok(Joined { session, latency })
    }

    /// Asks for the `tracks` tracks that the others send, where one has to ask, and waits for the connections.
    pub fn watch(&self, role: &Role, session: &mut dyn Session, group: &Handle, tracks: usize) -> Result<(), String> {
        let (milestones, reached) = channel();
        let dialer = Dialer {
            lobby: self,
            number: role.number,
            milestones,
        };
        let clients = session.watch(tracks, &dialer)?;
        let mut connecting = clients.len();
        clients.into_iter().for_each(|client| group.add(role.number, client));
        while connecting > 0 {
            let milestone = reached.recv_timeout(PATIENCE);
            let milestone = milestone.map_err(|_| "no media connection in time")?;
            connecting -= usize::from(matches!(milestone, Milestone::Connected(_)));
        }
        Ok(())
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

/// Runs `join` for `count` clients, several at once, and returns what it gave in the order of the clients. After a failure no more begin.
pub fn several<T: Send>(count: usize, join: impl Fn(usize) -> Result<T, String> + Sync) -> Result<Vec<T>, String> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut results: Vec<(usize, Result<T, String>)> = thread::scope(|scope| {
        let work = || {
            let take = || {
                let i = next.fetch_add(1, Ordering::Relaxed);
                (i < count && !failed.load(Ordering::Relaxed)).then_some(i)
            };
            let attempt = |i| {
                let result = join(i);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                (i, result)
            };
            std::iter::from_fn(take).map(attempt).collect::<Vec<_>>()
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
