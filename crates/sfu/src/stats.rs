//! The state of one connection, for people and dashboards.

use crate::rtp::Layers;
use crate::types::{Path, SlotId, SourceId};
use std::time::Duration;

/// A snapshot of one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionStats {
    /// Where its media goes; none before ICE selected a path.
    pub path: Option<Path>,
    /// From the client's receiver reports (RFC 3550 §6.4.1); none before the first.
    pub round_trip: Option<Duration>,
    /// Bits a second that the way to the client is held to carry; none where it receives sound alone, and all of it.
    pub estimate: Option<u64>,
    /// Packets that the client's transport-wide feedback acknowledged.
    pub acked: u64,
    /// Packets that the client's transport-wide feedback reported missing.
    pub lost: u64,
    pub sources: Vec<SourceStats>,
    pub slots: Vec<SlotStats>,
}

/// What one published track brought.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceStats {
    pub source: SourceId,
    /// By rank.
    pub encodings: Vec<EncodingStats>,
}

/// What one RTP stream of a track brought.
#[derive(Debug, Clone, PartialEq)]
pub struct EncodingStats {
    pub packets: u64,
    /// Of payload.
    pub octets: u64,
    /// Packets that never came, or came only as RTX.
    pub lost: u64,
    /// Packets that came only as RTX, and in time to be of use.
    pub repaired: u64,
    /// Interarrival jitter in seconds (RFC 3550 §6.4.1).
    pub jitter: f64,
    pub key_frames: u64,
    /// Of payload, in bits a second over the last few; 0 for sound.
    pub bitrate: u64,
    /// Frames a second, over the last few; 0 for sound.
    pub frame_rate: f32,
    /// Width and height, where key frames tell them.
    pub picture: Option<(u16, u16)>,
}

/// What one section received.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotStats {
    pub slot: SlotId,
    pub source: Option<SourceId>,
    /// The rank of the encoding that it gets; none before the first packet.
    pub encoding: Option<u8>,
    /// What it gets of it; the highest numbers: all that there is.
    pub layers: Option<Layers>,
    /// The rank of the one that its wish calls for, of those that the publisher sends.
    pub best: Option<u8>,
    /// Why it gets that one; none while nothing is in it.
    pub reason: Option<Reason>,
    pub packets: u64,
    /// Of payload, padding not counted.
    pub octets: u64,
    pub resent: u64,
    /// Packets that did not come, by the receiver's reports. Some take what came again for come, so it may fall.
    pub lost: i32,
    /// Share of packets lost in the receiver's last report, 0 to 1.
    pub fraction_lost: f64,
    /// Interarrival jitter in seconds, by the receiver's last report.
    pub jitter: f64,
}

/// Why a section gets the encoding that it gets, and no better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There is no better one.
    Best,
    /// Its tile has no use for a better one.
    Size,
    /// The way to its viewer does not carry a better one.
    Bandwidth,
    /// Its publisher does not send a better one at present, or nothing yet.
    Publisher,
    /// It gets nothing: nobody looks.
    Hidden,
    /// It gets nothing: the way to its viewer does not carry even the least.
    Starved,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Best => "best",
            Reason::Size => "size",
            Reason::Bandwidth => "bandwidth",
            Reason::Publisher => "publisher",
            Reason::Hidden => "hidden",
            Reason::Starved => "starved",
        }
    }
}
