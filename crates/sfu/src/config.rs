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
    /// Where a room has more than twice as many voices, only so many are passed on at a time: those who speak, the loudest of them
    /// where there are more. 0: all, always. A voice that sends no levels is not among those that are counted, and always passed on.
    pub loudest: usize,
    /// Lost packets sent again to one connection, per second.
    pub resends_per_second: u32,
    /// Messages that one connection may send a second on each of its data channels. After a rest four seconds' worth may come at once. What
    /// is more is dropped where it is lossy; else the channel is closed.
    pub data_messages_per_second: u32,
    /// The same in bytes.
    pub data_bytes_per_second: u32,
    /// Bytes of messages that wait for one connection. Where more do, its reliable channel is closed.
    pub data_queue: usize,
    /// What the way to a client is held to carry, at first and at most.
    pub estimate: tertulia_bwe::Config,
    /// Seeds the jitter of report intervals (RFC 3550 §6.2); nothing secret comes from it.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            hold_min_viewers: 4,
            hold_packets: 16,
            hold_time: Duration::from_millis(12),
            pad_max: 64,
            loudest: 6,
            resends_per_second: 300,
            data_messages_per_second: 250,
            data_bytes_per_second: 1024 * 1024,
            data_queue: 4 * 1024 * 1024,
            estimate: tertulia_bwe::Config::default(),
            seed: 0x7e27_1a5f_0dd5_eed5,
        }
    }
}
