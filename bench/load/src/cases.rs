//! What can be measured, and the command line.

use std::net::SocketAddr;

use crate::doors::Kind;
use crate::publisher::{Pacing, TrackSpec};

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// One video to many viewers.
    Fanout { viewers: usize, pacing: Pacing },
    /// Everyone sends picture and sound to everyone.
    Meeting { people: usize },
    /// Some who speak, and many who listen.
    Speakers { speakers: usize, listeners: usize },
    /// So many joins and leaves.
    Churn { joins: usize },
}

/// One client's part.
#[derive(Debug, Clone)]
pub struct Role {
    /// Unique in the run.
    pub number: u32,
    pub tracks: Vec<TrackSpec>,
    /// Receiving sections to offer.
    pub audio: usize,
    pub video: usize,
    /// `str0m` from end to end.
    pub probe: bool,
    /// It sends, or everything depends on it: joins first, and others wait for it.
    pub publishes: bool,
}

/// Probes in a case with viewers.
const PROBES: usize = 2;
/// Receiving sections that a client offers at the start, as the protocol recommends.
const AUDIO_POOL: usize = 3;
const VIDEO_POOL: usize = 4;

impl Case {
    pub fn parse(name: &str) -> Option<Case> {
        let parts: Vec<&str> = name.split('-').collect();
        let number = |at: usize| parts.get(at).and_then(|text| text.parse().ok());
        match (parts[0], parts.get(2).copied()) {
            ("fanout", Some("spaced")) => Some(Case::Fanout {
                viewers: number(1)?,
                pacing: Pacing::Spaced,
            }),
            ("fanout", Some("burst")) => Some(Case::Fanout {
                viewers: number(1)?,
                pacing: Pacing::Burst,
            }),
            ("meeting", None) => Some(Case::Meeting { people: number(1)? }),
            ("speakers", Some(_)) => Some(Case::Speakers {
                speakers: number(1)?,
                listeners: number(2)?,
            }),
            ("churn", None) => Some(Case::Churn { joins: number(1)? }),
            _ => None,
        }
    }

    /// Those who publish come first.
    pub fn roles(&self) -> Vec<Role> {
        let track = |number, video, pacing| TrackSpec { number, video, pacing };
        let (publishers, viewers, sound, picture, pacing) = match *self {
            Case::Fanout { viewers, pacing } => (1, viewers, false, true, pacing),
            Case::Meeting { people } => (people, 0, true, true, Pacing::Spaced),
            Case::Speakers { speakers, listeners } => (speakers, listeners, true, false, Pacing::Spaced),
            Case::Churn { .. } => (1, 0, true, true, Pacing::Spaced),
        };
        let pool = |others: usize| {
            let audio = if sound { others.max(AUDIO_POOL) } else { AUDIO_POOL };
            (audio, if picture { others.max(VIDEO_POOL) } else { VIDEO_POOL })
        };
        let mut roles = Vec::new();
        for number in 0..publishers as u32 {
            let mut tracks = Vec::new();
            tracks.extend(picture.then(|| track(number * 2, true, pacing)));
            tracks.extend(sound.then(|| track(number * 2 + 1, false, pacing)));
            let (audio, video) = pool(publishers - 1);
            roles.push(Role {
                number,
                tracks,
                audio,
                video,
                probe: false,
                publishes: true,
            });
        }
        for i in 0..viewers {
            roles.push(self.viewer((publishers + i) as u32, i < PROBES));
        }
        roles
    }

    /// One who only receives.
    pub fn viewer(&self, number: u32, probe: bool) -> Role {
        let speakers = if let Case::Speakers { speakers, .. } = *self {
            speakers
        } else {
            0
        };
        let (audio, video) = (speakers.max(AUDIO_POOL), VIDEO_POOL);
        Role {
            number,
            tracks: Vec::new(),
            audio,
            video,
            probe,
            publishes: false,
        }
    }
}

/// The command line.
#[derive(Debug, Clone)]
pub struct Options {
    pub kind: Kind,
    /// Where the server's signalling is.
    pub server: SocketAddr,
    pub server_pid: u32,
    pub case: Case,
    pub name: String,
    /// Measured time.
    pub seconds: f64,
    /// Parts in a million of what arrives that the generator drops and asks for again.
    pub drop: u32,
    /// Viewers wait in their sockets, and so are woken by every packet at the server's expense.
    pub eager: bool,
}

pub const USAGE: &str =
    "tertulia-bench-load --server HOST:PORT --server-pid PID --case CASE [--kind KIND] [--seconds 10] [--drop PERCENT] [--eager]
KIND: native, janus, ortc, galene, livekit
CASE: fanout-N-spaced, fanout-N-burst, meeting-N, speakers-N-LISTENERS, churn-N (also --churn N)";

impl Options {
    pub fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let (mut kind, mut server, mut pid, mut name) = (Kind::Native, None, None, None);
        let (mut seconds, mut drop, mut eager) = (10.0, 0.0, false);
        while let Some(flag) = arguments.next() {
            if flag == "--eager" {
                eager = true;
                continue;
            }
            let value = arguments.next().ok_or(format!("{flag} needs a value"))?;
            let wrong = || format!("{flag} {value}: not understood");
            match flag.as_str() {
                "--server" => server = Some(value.trim_start_matches("http://").parse().map_err(|_| wrong())?),
                "--kind" => kind = Kind::parse(&value).ok_or_else(wrong)?,
                "--server-pid" => pid = Some(value.parse().map_err(|_| wrong())?),
                "--case" => name = Some(value),
                "--churn" => name = Some(format!("churn-{value}")),
                "--seconds" => seconds = value.parse().map_err(|_| wrong())?,
                "--drop" => drop = value.trim_end_matches('%').parse().map_err(|_| wrong())?,
                _ => return Err(format!("{flag} is not known")),
            }
        }
        let name = name.ok_or("--case is missing")?;
        Ok(Options {
            kind,
            server: server.ok_or("--server is missing")?,
            server_pid: pid.ok_or("--server-pid is missing")?,
            case: Case::parse(&name).ok_or(format!("--case {name}: not known"))?,
            name,
            seconds,
            drop: (drop * 10_000.0) as u32,
            eager,
        })
    }
}
