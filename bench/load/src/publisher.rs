//! A track that a client sends: its schedule, its packets, and what it sends again.

use std::collections::VecDeque;
use std::ops::Range;

use tertulia_sfu::rtcp::SenderInfo;
use tertulia_sfu::rtp::{ExtensionValues, OutgoingHeader};
use tertulia_sfu::srtp::{SrtpSender, TAG_MAX};

use crate::clock;
use crate::flow::Window;
use crate::sdp;
use crate::stamp::{FRAME_PACKETS, Stamp};

/// Between frames, in µs: 32 a second.
const VIDEO_INTERVAL: u64 = 31_250;
/// Between packets of a frame where they are spaced, as a browser's pacer does it.
const SPACING: u64 = 2_500;
const AUDIO_INTERVAL: u64 = 20_000;
/// A key frame at least this often, in frames.
const KEY_FRAME_EVERY: u32 = 4 * 32;
/// Sent packets that can be sent again.
const HISTORY: usize = 512;
/// The sequence number of a track's first packet.
const FIRST_INDEX: u64 = 1000;

/// When the packets of a frame leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    Spaced,
    Burst,
}

/// What is announced of a track before it exists.
#[derive(Debug, Clone, Copy)]
pub struct TrackSpec {
    /// Unique among all tracks of the run.
    pub number: u32,
    pub video: bool,
    pub pacing: Pacing,
}

impl TrackSpec {
    pub fn ssrc(&self) -> u32 {
        0x1000_0000 + self.number * 2
    }

    pub fn rtx_ssrc(&self) -> u32 {
        self.ssrc() + 1
    }

    /// Packets of a frame.
    fn places(&self) -> u8 {
        if self.video { FRAME_PACKETS } else { 1 }
    }

    fn interval(&self) -> u64 {
        if self.video { VIDEO_INTERVAL } else { AUDIO_INTERVAL }
    }
}

/// A track being sent.
pub struct Track {
    pub spec: TrackSpec,
    pub wants_key_frame: bool,
    /// When the first frame was due.
    begun: u64,
    frame: u32,
    place: u8,
    key_frame: bool,
    last_key_frame: u32,
    sequence: u32,
    octets: u32,
    /// Sealed packets by their sequence numbers.
    history: VecDeque<(u16, Vec<u8>)>,
    /// Numbers of the packets that were sent in the window.
    pub counted: Range<u32>,
    /// How late packets of the window were sent, in µs.
    pub lateness: Vec<u32>,
    pub resent: u64,
    pub key_frames: u64,
}

impl Track {
    /// `begun`: when its first frame is due.
    pub fn new(spec: TrackSpec, begun: u64) -> Track {
        Track {
            spec,
            wants_key_frame: true,
            begun,
            frame: 0,
            place: 0,
            key_frame: true,
            last_key_frame: 0,
            sequence: 0,
            octets: 0,
            history: VecDeque::with_capacity(HISTORY),
            counted: 0..0,
            lateness: Vec::new(),
            resent: 0,
            key_frames: 0,
        }
    }

    /// When the next packet is to leave.
    pub fn due(&self) -> u64 {
        let spacing = match self.spec.pacing {
            Pacing::Spaced => SPACING * u64::from(self.place),
            Pacing::Burst => 0,
        };
        self.begun + u64::from(self.frame) * self.spec.interval() + spacing
    }

    /// The RTP clock at a moment.
    fn timestamp(&self, us: u64) -> u32 {
        let rate = if self.spec.video { 90 } else { 48 };
        (us.saturating_sub(self.begun) * rate / 1000) as u32
    }

    /// Seals the packet that is due, and returns it. `transport_cc` is the connection's next number.
    pub fn next_packet(&mut self, sender: &mut SrtpSender, transport_cc: u16, window: &Window) -> &[u8] {
        let sent = clock::now_us();
        if self.place == 0 {
            self.begin_frame();
        }
        let places = self.spec.places();
        let stamp = Stamp {
            track: self.spec.number,
            sequence: self.sequence,
            sent,
            frame: self.frame,
            place: self.place,
            places,
            key_frame: self.key_frame,
            video: self.spec.video,
        };
        self.count(sent, window);
        let index = FIRST_INDEX + u64::from(self.sequence);
        let header = OutgoingHeader {
            marker: self.spec.video && self.place + 1 == places,
            payload_type: if self.spec.video { sdp::VP8 } else { sdp::OPUS },
            sequence_number: index as u16,
            timestamp: self.timestamp(self.begun + u64::from(self.frame) * self.spec.interval()),
            ssrc: self.spec.ssrc(),
            padding: false,
            values: ExtensionValues {
                transport_cc: Some(transport_cc),
                audio_level: (!self.spec.video).then_some(0x80 | self.level()),
                ..ExtensionValues::default()
            },
        };
        let mut packet = self.recycled();
        let header_len = header.write(&sdp::EXTENSIONS, &mut packet);
        let payload_len = stamp.write(&mut packet[header_len..]);
        let len = sender.seal_rtp(&mut packet, header_len, payload_len, header.ssrc, index);
        packet.truncate(len);
        self.history.push_back((index as u16, packet));
        self.octets = self.octets.wrapping_add(payload_len as u32);
        self.sequence += 1;
        self.place += 1;
        if self.place == places {
            self.place = 0;
            self.frame += 1;
        }
        &self.history.back().expect("just pushed").1
    }

    fn begin_frame(&mut self) {
        self.key_frame =
            !self.spec.video || self.wants_key_frame || self.frame - self.last_key_frame >= KEY_FRAME_EVERY;
        if self.spec.video && self.key_frame {
            self.wants_key_frame = false;
            self.last_key_frame = self.frame;
            self.key_frames += 1;
        }
    }

    fn count(&mut self, sent: u64, window: &Window) {
        if window.contains(sent) {
            if self.counted.is_empty() {
                self.counted = self.sequence..self.sequence;
            }
            self.counted.end = self.sequence + 1;
            self.lateness.push(sent.saturating_sub(self.due()) as u32);
        }
    }

    /// Speech comes and goes: loud for two of five seconds, at different times for different tracks.
    fn level(&self) -> u8 {
        let second = (self.frame / 50 + self.spec.number * 2) % 5;
        if second < 2 { 20 + (self.frame % 5) as u8 } else { 90 }
    }

    fn recycled(&mut self) -> Vec<u8> {
        let mut packet = match self.history.len() {
            HISTORY => self.history.pop_front().map(|(_, packet)| packet).unwrap_or_default(),
            _ => Vec::new(),
        };
        packet.resize(1500 - TAG_MAX, 0);
        packet
    }

    /// A packet that the server missed, byte for byte.
    pub fn lost(&mut self, number: u16) -> Option<&[u8]> {
        let (_, packet) = self.history.iter().rev().find(|(known, _)| *known == number)?;
        self.resent += 1;
        Some(packet)
    }

    /// For the sender report; `None` before the first packet.
    pub fn sender_info(&self, now: u64) -> Option<SenderInfo> {
        (self.sequence > 0).then(|| SenderInfo {
            ntp: clock::to_ntp(now),
            rtp_timestamp: self.timestamp(now),
            packets: self.sequence,
            octets: self.octets,
        })
    }
}
