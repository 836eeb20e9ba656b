//! How a client gets into a room: one implementation for each kind of server. They translate, and measure nothing.

mod galene;
mod janus;
mod livekit;
mod native;
mod ortc;

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use crate::cases::Role;
use crate::flow::Window;
use crate::group::Client;
use crate::join::Lobby;
use crate::link::Link;
use crate::peer::{Milestone, Peer};
use crate::publisher::TrackSpec;
use crate::sdp::{self, Description};

/// Which signalling a server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Tertulia's own protocol.
    Native,
    /// The video room of Janus, by WebSocket.
    Janus,
    /// Parameters in place of SDP, by HTTP: the small servers in `bench/peers`, around libraries without signalling.
    Ortc,
    Galene,
    /// Messages as JSON, which its server takes as well as protobuf.
    Livekit,
}

impl Kind {
    pub fn parse(name: &str) -> Option<Kind> {
        Some(match name {
            "native" => Kind::Native,
            "janus" => Kind::Janus,
            "ortc" => Kind::Ortc,
            "galene" => Kind::Galene,
            "livekit" => Kind::Livekit,
            _ => return None,
        })
    }

    /// Enters the room and publishes `role.tracks`. Returns the session, and the connections that it has so far.
    pub fn enter(self, role: &Role, dialer: &Dialer<'_>) -> Result<Entered, String> {
        match self {
            Kind::Native => native::enter(role, dialer),
            Kind::Janus => janus::enter(role, dialer),
            Kind::Ortc => ortc::enter(role, dialer),
            Kind::Galene => galene::enter(role, dialer),
            Kind::Livekit => livekit::enter(role, dialer),
        }
    }
}

pub type Entered = (Box<dyn Session>, Vec<Client>);

/// One client's signalling.
pub trait Session: Send {
    /// Asks for the `tracks` tracks that the others send. Returns new connections; none where the first one carries everything.
    fn watch(&mut self, tracks: usize, dialer: &Dialer<'_>) -> Result<Vec<Client>, String>;

    /// What [`listen`](Self::listen) reads from; negative where nothing ever comes.
    fn fd(&self) -> RawFd;

    /// From now on [`listen`](Self::listen) returns at once.
    fn stop_waiting(&mut self);

    /// Shows that the client is still there. Called every few seconds.
    fn ping(&mut self) -> Result<(), String>;

    /// Reads what waits. Messages by which media would change are faults: no case has any.
    fn listen(&mut self) -> Result<(), String>;

    /// Leaves the room.
    fn leave(&mut self) -> Result<(), String>;
}

/// Makes the connections of one client.
pub struct Dialer<'a> {
    pub lobby: &'a Lobby,
    pub number: u32,
    pub milestones: Sender<Milestone>,
}

impl Dialer<'_> {
    pub fn server(&self) -> SocketAddr {
        self.lobby.server
    }

    pub fn window(&self) -> Arc<Window> {
        self.lobby.window.clone()
    }

    pub fn peer(&self) -> Result<Peer, String> {
        let link = Link::new(self.server()).map_err(|error| format!("socket: {error}"))?;
        let milestones = self.milestones.clone();
        Ok(Peer::new(link, self.number, self.lobby.drop, self.window(), milestones))
    }

    /// Sends `tracks`: `exchange` takes our offer and returns the server's answer.
    pub fn publish(
        &self,
        tracks: &[TrackSpec],
        data: bool,
        exchange: impl FnOnce(&str) -> Result<Description, String>,
    ) -> Result<Client, String> {
        let mut peer = self.peer()?;
        let answer = exchange(&sdp::offer(&peer.link.credentials(), tracks, 0, 0, data))?;
        self.start(peer, &answer, tracks, true)
    }

    /// Starts a connection. `offered`: the offer was ours.
    pub fn start(
        &self,
        mut peer: Peer,
        server: &Description,
        tracks: &[TrackSpec],
        offered: bool,
    ) -> Result<Client, String> {
        let port = server.candidate.map_or(0, |address| address.port());
        self.lobby.media_port.store(port, Ordering::Relaxed);
        peer.start(server, tracks, offered)?;
        Ok(Client::Peer(Box::new(peer)))
    }
}
