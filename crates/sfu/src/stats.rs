//! The state of one connection, for people and dashboards.

use crate::types::{Path, SlotId, SourceId};
use std::time::Duration;

/// A snapshot of one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionStats {
    /// Where its media goes; none before ICE selected a path.
    pub path: Option<Path>,
    /// From the client's receiver reports (RFC 3550 §6.4.1); none before the first.
    pub round_trip: Option<Duration>,
    /// Bits a second that the way to the client is held to carry; none where it receives no pictures.
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
    /// Interarrival jitter in seconds (RFC 3550 §6.4.1).
    pub jitter: f64,
    pub key_frames: u64,
    /// Of payload, in bits a second over the last few; 0 for sound.
    pub bitrate: u64,
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
    pub packets: u64,
    /// Of payload, padding not counted.
    pub octets: u64,
    pub resent: u64,
    /// Share of packets lost in the receiver's last report, 0 to 1.
    pub fraction_lost: f64,
}
