//! A client without a WebRTC stack behind its transport: sends its tracks, receives its streams, answers by RTCP.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use tertulia_sfu::rtcp::{self, CompoundWriter, Rtcp};
use tertulia_sfu::rtp::{RtpHeader, is_rtcp, strip_padding};
use tertulia_sfu::srtp::RTCP_OVERHEAD_MAX;
use tertulia_sfu::types::Extensions;

use crate::clock;
use crate::flow::{Flows, Window};
use crate::link::Link;
use crate::publisher::{Pacing, Track, TrackSpec};
use crate::random::Random;
use crate::remb;
use crate::sdp::Description;
use crate::socket;
use crate::viewer::{Arrivals, Stream};

/// Between transport-wide feedbacks, in µs: about twenty a second, as browsers send them.
const FEEDBACK_INTERVAL: u64 = 50_000;
/// Between reports: this and a random time up to the same again, in µs.
const REPORT_INTERVAL: u64 = 500_000;
/// Between bitrates told to servers that ask for them, in µs.
const REMB_INTERVAL: u64 = 1_000_000;
const COMPOUND_MAX: usize = 1200;

/// What a joining client waits for, with the time in µs since 1970.
#[derive(Debug, Clone, Copy)]
pub enum Milestone {
    /// ICE and DTLS are up.
    Connected(u64),
    /// The first frame that can be decoded is whole, or the first sound is there.
    Media(u64),
}

/// What one client counted.
#[derive(Debug, Default)]
pub struct Counts {
    /// RTP packets that arrived in the window, RTX among them, dropped on purpose or not.
    pub packets: u64,
    pub dropped: u64,
    /// Of the dropped ones those that are never asked for again: sound.
    pub not_repairable: u64,
    pub unsealed: u64,
    pub feedback_sent: u64,
    pub pli_received: u64,
    pub socket_drops: u32,
}

pub struct Peer {
    pub link: Link,
    pub tracks: Vec<Track>,
    pub streams: Vec<Stream>,
    pub flows: Flows,
    pub counts: Counts,
    arrivals: Arrivals,
    transport_cc: u16,
    feedback_due: u64,
    report_due: u64,
    /// Where the server asks for REMB.
    remb_due: Option<u64>,
    /// Header-extension ids of what the server sends.
    extensions: Extensions,
    random: Random,
    /// Parts in a million of what arrives that are dropped.
    drop: u32,
    window: Arc<Window>,
    milestones: Option<Sender<Milestone>>,
    connected: bool,
}

impl Peer {
    pub fn new(link: Link, number: u32, drop: u32, window: Arc<Window>, milestones: Sender<Milestone>) -> Peer {
        let mut random = Random::new(u64::from(number));
        let now = clock::now_us();
        Peer {
            link,
            tracks: Vec::new(),
            streams: Vec::new(),
            flows: Flows::default(),
            counts: Counts::default(),
            arrivals: Arrivals::new(),
            transport_cc: 0,
            feedback_due: now + random.below(FEEDBACK_INTERVAL),
            report_due: now + random.below(REPORT_INTERVAL),
            remb_due: None,
            extensions: Extensions::default(),
            random,
            drop,
            window,
            milestones: Some(milestones),
            connected: false,
        }
    }

    /// Starts the transport; tracks begin at random phases when it is up. `offered`: the offer was ours.
    pub fn start(&mut self, server: &Description, tracks: &[TrackSpec], offered: bool) -> Result<(), String> {
        let receiving = server.receiving.iter();
        self.streams = receiving
            .map(|section| Stream::new(section.ssrc, section.rtx_ssrc, section.video))
            .collect();
        self.tracks = tracks.iter().map(|&spec| Track::new(spec, u64::MAX / 2)).collect();
        self.extensions = server.extensions;
        self.remb_due = server.remb.then_some(self.report_due);
        self.link.start(server, offered)
    }

    pub fn is_connected(&self) -> bool {
        self.connected
    }

    fn reach(&mut self, milestone: Milestone) {
        if let Some(sender) = &self.milestones {
            let _ = sender.send(milestone);
        }
        if matches!(milestone, Milestone::Media(_)) {
            self.milestones = None;
        }
    }

    fn note_connection(&mut self) {
        if self.connected || self.link.srtp.is_none() {
            return;
        }
        self.connected = true;
        let now = clock::now_us();
        for track in &mut self.tracks {
            *track = Track::new(track.spec, now + self.random.below(31_250));
        }
        self.reach(Milestone::Connected(now));
    }

    /// Takes a datagram that arrived at `arrived`.
    pub fn handle(&mut self, datagram: &mut [u8], arrived: u64) {
        match datagram.first() {
            Some(128..=191) if is_rtcp(datagram) => self.handle_rtcp(datagram, arrived),
            Some(128..=191) => self.handle_rtp(datagram, arrived),
            _ => {
                self.link.handle(datagram);
                self.note_connection();
            }
        }
    }

    fn handle_rtp(&mut self, datagram: &mut [u8], arrived: u64) {
        self.counts.packets += u64::from(self.window.contains(arrived));
        if self.random.one_in_a_million(self.drop) {
            self.counts.dropped += 1;
            let ssrc = RtpHeader::parse(datagram).map(|header| header.ssrc);
            let is_sound = |stream: &Stream| !stream.video && ssrc == Ok(stream.ssrc);
            self.counts.not_repairable += u64::from(self.streams.iter().any(is_sound));
            return;
        }
        let (Ok(header), Some((_, receiver))) = (RtpHeader::parse(datagram), &mut self.link.srtp) else {
            self.counts.unsealed += 1;
            return;
        };
        let Ok(opened) = receiver.open_rtp(datagram, &header) else {
            self.counts.unsealed += 1;
            return;
        };
        if let Some(number) = header.values(datagram, &self.extensions).transport_cc {
            self.arrivals.take(number, arrived);
        }
        let mut payload = &datagram[opened.payload];
        if header.padding {
            payload = strip_padding(payload).unwrap_or(&[]);
        }
        let is_ours = |stream: &&mut Stream| stream.ssrc == header.ssrc || stream.rtx_ssrc == Some(header.ssrc);
        let Some(stream) = self.streams.iter_mut().find(is_ours) else {
            self.flows.strange += 1;
            return;
        };
        if stream.ssrc == header.ssrc {
            stream.take(&header, arrived);
        } else if let Some((original, rest)) = payload.split_first_chunk::<2>() {
            if !stream.take_repair(u16::from_be_bytes(*original), arrived) {
                return;
            }
            payload = rest;
        } else {
            // A probe of padding alone.
            return;
        }
        // Padding that a server sends in the media stream to try a line.
        if payload.is_empty() {
            return;
        }
        if self.flows.take(payload, arrived, &self.window) {
            self.reach(Milestone::Media(arrived));
        }
    }

    fn handle_rtcp(&mut self, datagram: &mut [u8], arrived: u64) {
        let Some((_, receiver)) = &mut self.link.srtp else {
            return;
        };
        let Ok(len) = receiver.open_rtcp(datagram) else {
            self.counts.unsealed += 1;
            return;
        };
        for packet in rtcp::packets(&datagram[..len]).flatten() {
            match packet {
                Rtcp::SenderReport(report) => {
                    if let Some(stream) = self.streams.iter_mut().find(|stream| stream.ssrc == report.ssrc) {
                        stream.take_sender_report(report.info.ntp, arrived);
                    }
                }
                Rtcp::PictureLoss { media_ssrc, .. } => self.demand_key_frame(media_ssrc),
                Rtcp::FullIntraRequest(request) => request.entries().for_each(|(ssrc, _)| self.demand_key_frame(ssrc)),
                Rtcp::Nack(nack) => {
                    if let Some(track) = self
                        .tracks
                        .iter_mut()
                        .find(|track| track.spec.ssrc() == nack.media_ssrc)
                    {
                        for number in nack.sequence_numbers() {
                            if let Some(packet) = track.lost(number) {
                                let _ = self.link.socket.send(packet);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn demand_key_frame(&mut self, ssrc: u32) {
        self.counts.pli_received += 1;
        for track in self.tracks.iter_mut().filter(|track| track.spec.ssrc() == ssrc) {
            track.wants_key_frame = true;
        }
    }

    /// When a packet is to be sent next.
    pub fn publish_due(&self) -> Option<u64> {
        self.tracks.iter().filter(|_| self.connected).map(Track::due).min()
    }

    /// Sends what is due.
    pub fn publish(&mut self, now: u64) {
        let Some((sender, _)) = &mut self.link.srtp else {
            return;
        };
        for track in &mut self.tracks {
            while track.due() <= now {
                let packet = track.next_packet(sender, self.transport_cc, &self.window);
                self.transport_cc = self.transport_cc.wrapping_add(1);
                let _ = self.link.socket.send(packet);
                if track.spec.pacing == Pacing::Spaced && track.spec.video {
                    break;
                }
            }
        }
    }

    /// Timers of the transport, and RTCP that is due.
    pub fn tick(&mut self, now: u64) {
        if self.link.is_due(Instant::now()) {
            self.link.handle_timeout();
            self.note_connection();
        }
        if self.link.srtp.is_none() {
            return;
        }
        if self.streams.iter().any(Stream::has_gaps) {
            self.ask_again(now);
        }
        if self.feedback_due <= now {
            self.feedback_due = now + FEEDBACK_INTERVAL;
            self.send_feedback();
        }
        if !self.streams.is_empty() && self.remb_due.is_some_and(|due| due <= now) {
            self.remb_due = Some(now + REMB_INTERVAL);
            self.send_remb();
        }
        if self.report_due <= now {
            self.report_due = now + REPORT_INTERVAL + self.random.below(REPORT_INTERVAL);
            self.send_reports(now);
        }
    }

    fn our_ssrc(&self) -> u32 {
        self.tracks.first().map_or(1, |track| track.spec.ssrc())
    }

    fn ask_again(&mut self, now: u64) {
        let ours = self.our_ssrc();
        for i in 0..self.streams.len() {
            let given_up = self.streams[i].given_up;
            let wanted = self.streams[i].wanted(now);
            let (ssrc, is_lost) = (self.streams[i].ssrc, self.streams[i].given_up > given_up);
            if !wanted.is_empty() || is_lost {
                self.send_rtcp(|writer| {
                    let _ = writer.nack(ours, ssrc, &wanted);
                    if is_lost {
                        let _ = writer.picture_loss(ours, ssrc);
                    }
                });
            }
        }
    }

    fn send_feedback(&mut self) {
        if self.arrivals.is_empty() {
            return;
        }
        let ours = self.our_ssrc();
        let media = self.streams.first().map_or(0, |stream| stream.ssrc);
        let mut arrivals = std::mem::replace(&mut self.arrivals, Arrivals::new());
        arrivals.report(|count, base, received| {
            let mut taken = 0;
            self.send_rtcp(|writer| {
                taken = writer
                    .transport_feedback(ours, media, count, base, received)
                    .unwrap_or(0);
            });
            self.counts.feedback_sent += 1;
            taken
        });
        self.arrivals = arrivals;
    }

    fn send_remb(&mut self) {
        let ssrcs: Vec<u32> = self.streams.iter().map(|stream| stream.ssrc).collect();
        let packet = remb::packet(self.our_ssrc(), &ssrcs);
        let mut buffer = [0; COMPOUND_MAX + RTCP_OVERHEAD_MAX];
        buffer[..packet.len()].copy_from_slice(&packet);
        self.seal_and_send(&mut buffer, packet.len());
    }

    fn send_reports(&mut self, now: u64) {
        let ours = self.our_ssrc();
        let blocks: Vec<_> = self
            .streams
            .iter_mut()
            .filter_map(|stream| stream.report(now))
            .collect();
        let senders: Vec<_> = self
            .tracks
            .iter()
            .filter_map(|track| Some((track.spec.ssrc(), track.sender_info(now)?)))
            .collect();
        self.send_rtcp(|writer| {
            for (ssrc, info) in &senders {
                let _ = writer.sender_report(*ssrc, info, &[]);
            }
            if !blocks.is_empty() || senders.is_empty() {
                let _ = writer.receiver_report(ours, &blocks);
            }
            let _ = writer.source_description(ours, "bench");
        });
    }

    fn send_rtcp(&mut self, write: impl FnOnce(&mut CompoundWriter<'_>)) {
        let mut buffer = [0; COMPOUND_MAX + RTCP_OVERHEAD_MAX];
        let mut writer = CompoundWriter::new(&mut buffer[..COMPOUND_MAX]);
        write(&mut writer);
        let len = writer.len();
        self.seal_and_send(&mut buffer, len);
    }

    fn seal_and_send(&mut self, buffer: &mut [u8], len: usize) {
        if let Some((sender, _)) = &mut self.link.srtp
            && len > 0
        {
            let len = sender.seal_rtcp(buffer, len);
            let _ = self.link.socket.send(&buffer[..len]);
        }
    }

    pub fn finish(mut self) -> Peer {
        self.counts.socket_drops = socket::drops(&self.link.socket);
        self
    }
}
