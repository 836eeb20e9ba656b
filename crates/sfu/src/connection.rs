//! One client: its transport, keys, path and what it sends and receives.

use crate::arrivals::Arrivals;
use crate::config::Config;
use crate::data::Talk;
use crate::departures::Departures;
use crate::downlink::Downlink;
use crate::encoding::Encoding;
use crate::repeats::Repeats;
use crate::resends::Resends;
use crate::slot::Slot;
use crate::source::Source;
use crate::srtp::{SrtpReceiver, SrtpSender};
use crate::table::Index;
use crate::transport::Transport;
use crate::types::{ConnectionId, Extensions, Path, RoomKey};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Addresses that one client may have validated at a time; interfaces come and go while it moves.
const PATHS_MAX: usize = 8;
/// SSRCs of one client: primary and RTX of a dozen encodings, and some that were replaced.
const STREAMS_MAX: usize = 32;

pub(crate) struct Connection {
    pub id: ConnectionId,
    pub room: RoomKey,
    /// Empty where there is no transport.
    pub ufrag: String,
    /// None: its owner carries chunks.
    pub transport: Option<Transport>,
    /// Both from the end of the handshake on.
    pub sender: Option<SrtpSender>,
    pub receiver: Option<SrtpReceiver>,
    pub paths: Paths,
    pub connected: bool,
    pub streams: Streams,
    pub sources: Vec<Index<Source>>,
    /// Of all its sources.
    pub encodings: Vec<Index<Encoding>>,
    pub slots: Vec<Index<Slot>>,
    /// Of all its sources: within one bundle an id means one extension (RFC 8843 §9.1).
    pub extensions: Extensions,
    /// The next transport-wide sequence number towards it.
    pub transport_cc: u16,
    pub arrivals: Arrivals,
    pub resends: Resends,
    pub departures: Departures,
    pub repeats: Repeats,
    pub talk: Talk,
    /// From the first slot on, where there is a transport.
    pub downlink: Option<Box<Downlink>>,
    pub round_trip: Option<Duration>,
    /// Packets that its transport-wide feedback acknowledged and reported missing.
    pub acked: u64,
    pub lost: u64,
    pub transport_due: Option<Instant>,
    pub report_due: Option<Instant>,
    /// The earliest entry of it in the timer heap.
    pub queued: Option<Instant>,
}

impl Connection {
    pub fn new(
        id: ConnectionId,
        room: RoomKey,
        ufrag: String,
        transport: Transport,
        config: &Config,
        now: Instant,
    ) -> Connection {
        Connection {
            ufrag,
            transport: Some(transport),
            transport_due: Some(now),
            connected: false,
            ..Connection::chunked(id, room, config, now)
        }
    }

    /// Without a transport.
    pub fn chunked(id: ConnectionId, room: RoomKey, config: &Config, now: Instant) -> Connection {
        Connection {
            id,
            room,
            ufrag: String::new(),
            transport: None,
            sender: None,
            receiver: None,
            paths: Paths::default(),
            connected: true,
            streams: Streams::default(),
            sources: Vec::new(),
            encodings: Vec::new(),
            slots: Vec::new(),
            extensions: Extensions::default(),
            transport_cc: 0,
            arrivals: Arrivals::default(),
            resends: Resends::new(config.resends_per_second, now),
            departures: Departures::default(),
            repeats: Repeats::default(),
            talk: Talk::default(),
            downlink: None,
            round_trip: None,
            acked: 0,
            lost: 0,
            transport_due: None,
            report_due: None,
            queued: None,
        }
    }

    /// How much of what the way to it carries voices take, as far as that is known.
    pub fn sound_share(&self) -> f32 {
        self.downlink.as_ref().map_or(0.0, |downlink| downlink.sound_share())
    }

    /// A report is due by `at`, or earlier if one was already.
    pub fn report_by(&mut self, at: Instant) {
        self.report_due = Some(self.report_due.map_or(at, |due| due.min(at)));
    }
}

/// Remote addresses that proved themselves by STUN integrity, each with the socket that it reached.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    validated: Vec<Path>,
    selected: Option<Path>,
}

impl Paths {
    pub fn selected(&self) -> Option<&Path> {
        self.selected.as_ref()
    }

    pub fn find(&self, remote: SocketAddr) -> Option<&Path> {
        self.validated.iter().find(|path| path.remote == remote)
    }

    pub fn remotes(&self) -> impl Iterator<Item = SocketAddr> {
        self.validated.iter().map(|path| path.remote)
    }

    /// Returns the address that had to give way, if any.
    pub fn validate(&mut self, path: Path) -> Option<SocketAddr> {
        if let Some(known) = self.validated.iter_mut().find(|known| known.remote == path.remote) {
            *known = path;
            return None;
        }
        self.validated.push(path);
        if self.validated.len() <= PATHS_MAX {
            return None;
        }
        let selected = self.selected.map(|path| path.remote);
        let oldest = self.validated.iter().position(|path| Some(path.remote) != selected)?;
        Some(self.validated.remove(oldest).remote)
    }

    /// True: media moves to another path.
    pub fn select(&mut self, path: Path) -> bool {
        self.selected.replace(path).is_some_and(|before| before != path)
    }

    /// Authenticated media came in from the selected remote address: answer on the socket that it reached. ICE, which
    /// knows one local address only, cannot tell two of ours apart.
    pub fn follow(&mut self, path: &Path) -> bool {
        match self.selected {
            Some(selected) if selected.remote == path.remote && selected != *path => {
                self.validate(*path);
                self.select(*path)
            }
            _ => false,
        }
    }
}

/// What an SSRC of a client carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Primary(Index<Encoding>),
    Rtx(Index<Encoding>),
    /// Replaced by another SSRC of the same encoding; it never comes back.
    Retired(Index<Encoding>),
    /// Its source was removed. The SRTP window stays, in case a source is published with the same SSRC again.
    Orphan,
}

impl Role {
    fn encoding(self) -> Option<Index<Encoding>> {
        match self {
            Role::Primary(encoding) | Role::Rtx(encoding) | Role::Retired(encoding) => Some(encoding),
            Role::Orphan => None,
        }
    }
}

/// By which a stream was known whose source was removed: a browser that sends on it again does not name it once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub mid: String,
    pub rid: Option<String>,
    /// It is the RTX stream.
    pub repairs: bool,
}

/// The SSRCs of a client; few, so a scan beats a hash.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    roles: Vec<(u32, Role)>,
    /// Of orphans.
    names: Vec<(u32, Name)>,
}

/// Every place is taken by an SSRC in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StreamsFull;

impl Streams {
    pub fn role(&self, ssrc: u32) -> Option<Role> {
        { self.roles.iter() }
            .find(|(known, _)| *known == ssrc)
            .map(|&(_, role)| role)
    }

    pub fn name(&self, ssrc: u32) -> Option<&Name> {
        { self.names.iter() }
            .find(|(known, _)| *known == ssrc)
            .map(|(_, name)| name)
    }

    /// Returns an SSRC that was forgotten in its favour.
    pub fn assign(&mut self, ssrc: u32, role: Role) -> Result<Option<u32>, StreamsFull> {
        self.names.retain(|(known, _)| *known != ssrc);
        if let Some((_, known)) = self.roles.iter_mut().find(|(known, _)| *known == ssrc) {
            *known = role;
            return Ok(None);
        }
        let mut forgotten = None;
        if self.roles.len() >= STREAMS_MAX {
            let unused = |(_, role): &(u32, Role)| matches!(role, Role::Orphan | Role::Retired(_));
            let at = self.roles.iter().position(unused).ok_or(StreamsFull)?;
            forgotten = Some(self.roles.remove(at).0);
            self.names.retain(|(known, _)| Some(*known) != forgotten);
        }
        self.roles.push((ssrc, role));
        Ok(forgotten)
    }

    /// The encoding is gone, which was known by this MID and RID.
    pub fn orphan(&mut self, encoding: Index<Encoding>, mid: &str, rid: Option<&str>) {
        for (ssrc, role) in &mut self.roles {
            if role.encoding() != Some(encoding) {
                continue;
            }
            if !matches!(role, Role::Retired(_)) {
                let name = Name {
                    mid: mid.to_owned(),
                    rid: rid.map(str::to_owned),
                    repairs: matches!(role, Role::Rtx(_)),
                };
                self.names.push((*ssrc, name));
            }
            *role = Role::Orphan;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(port: u16, socket: u8) -> Path {
        Path {
            remote: SocketAddr::from(([192, 0, 2, 1], port)),
            local: [198, 51, 100, 1].into(),
            socket,
        }
    }

    #[test]
    fn the_selected_path_never_gives_way() {
        let mut paths = Paths::default();
        paths.validate(path(1, 0));
        assert!(!paths.select(path(1, 0)));
        let gone: Vec<_> = (2..=10).filter_map(|port| paths.validate(path(port, 0))).collect();
        assert_eq!(gone, [path(2, 0).remote, path(3, 0).remote]);
        assert!(paths.find(path(1, 0).remote).is_some());
    }

    #[test]
    fn media_from_the_selected_address_moves_the_socket_and_from_another_does_not() {
        let mut paths = Paths::default();
        paths.select(path(1, 0));
        assert!(!paths.follow(&path(2, 1)));
        assert!(paths.follow(&path(1, 1)));
        assert_eq!(paths.selected(), Some(&path(1, 1)));
    }

    #[test]
    fn ssrcs_are_bounded_and_the_oldest_unused_gives_way() {
        let mut streams = Streams::default();
        for ssrc in 0..32 {
            assert_eq!(streams.assign(ssrc, Role::Orphan), Ok(None));
        }
        assert_eq!(streams.assign(99, Role::Orphan), Ok(Some(0)));
        assert_eq!(streams.role(0), None);
    }
}
