//! What an operator or a test may choose.

use std::time::Duration;

/// Policy of one [`Sfu`](crate::sfu::Sfu).
#[derive(Debug, Clone)]
pub struct Config {
    /// From this number of viewers on, a video source's packets wait for the end of their frame, so that a viewer gets
    /// the frame in one GSO batch. Below it every packet leaves at once.
    pub hold_min_viewers: usize,
    /// A held frame leaves when it has this many packets, complete or not.
    pub hold_packets: usize,
    /// No packet is held longer than this.
    pub hold_time: Duration,
    /// Packets of a burst are brought to one length with at most this much RTP padding each, in bytes; 0 turns it off.
    pub pad_max: usize,
    /// Lost packets sent again to one connection, per second.
    pub resends_per_second: u32,
    /// What the way to a client is held to carry, at first and at most.
    pub estimate: tertulia_bwe::Config,
    /// Seeds the jitter of report intervals (RFC 3550 §6.2); nothing secret comes from it.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            hold_min_viewers: 8,
            hold_packets: 16,
            hold_time: Duration::from_millis(12),
            pad_max: 64,
            resends_per_second: 300,
            estimate: tertulia_bwe::Config::default(),
            seed: 0x7e27_1a5f_0dd5_eed5,
        }
    }
}
