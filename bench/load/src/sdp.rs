//! Descriptions as a browser writes them, and what is needed of the server's.

mod answer;
mod description;
mod offer;

use std::net::SocketAddr;

use tertulia_sfu::types::Extensions;

use crate::publisher::TrackSpec;
pub use answer::answer;
pub use description::{Description, Receiving};
pub use offer::offer;

/// Payload types.
pub const VP8: u8 = 96;
pub const RTX: u8 = 97;
pub const OPUS: u8 = 111;

/// Header-extension ids in all sections of our offers.
pub const EXTENSIONS: Extensions = Extensions {
    mid: 4,
    transport_cc: 3,
    audio_level: 1,
    video_orientation: 0,
    abs_send_time: 0,
    rid: 0,
    repaired_rid: 0,
    dependency_descriptor: 0,
};

const TRANSPORT_CC_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const ABS_SEND_TIME_URI: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
const MID_URI: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const AUDIO_LEVEL_URI: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Those that we take from an offer.
const KNOWN_URIS: [&str; 4] = [TRANSPORT_CC_URI, ABS_SEND_TIME_URI, MID_URI, AUDIO_LEVEL_URI];

/// Our side of the transport.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub ufrag: String,
    pub pwd: String,
    /// "sha-256 AB:…"
    pub fingerprint: String,
    /// Our candidate.
    pub address: SocketAddr,
}

impl Credentials {
    /// The attributes of a section.
    fn attributes(&self, setup: &str) -> String {
        let Credentials {
            ufrag,
            pwd,
            fingerprint,
            address,
        } = self;
        let (ip, port) = (address.ip(), address.port());
        format!(
            "a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=ice-options:trickle\r\na=fingerprint:{fingerprint}\r\na=setup:{setup}\r\n\
             a=candidate:1 1 udp 2130706431 {ip} {port} typ host\r\na=end-of-candidates\r\n"
        )
    }
}

/// The name of a track, as its `msid` has it.
pub fn track_id(track: &TrackSpec) -> String {
    format!("track-{}", track.number)
}
