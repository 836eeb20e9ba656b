//! A viewer that is `str0m` from end to end: its own offer, SRTP, reports, feedback and NACKs. A few of them in a run
//! prove that a stack which shares no code with the server's media path understands what it is sent.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

use crate::clock;
use crate::flow::{Flows, Window};
use crate::keys;
use crate::peer::{Counts, Milestone};
use crate::sdp::Description;
use crate::socket;

pub struct Probe {
    pub socket: UdpSocket,
    local: SocketAddr,
    remote: SocketAddr,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    deadline: Instant,
    arrived: u64,
    pub flows: Flows,
    pub counts: Counts,
    pub connected: bool,
    pub lost: bool,
    window: Arc<Window>,
    milestones: Sender<Milestone>,
}

impl Probe {
    /// Also returns its offer, with so many receiving sections.
    pub fn new(
        server: SocketAddr,
        (audio, video): (usize, usize),
        window: Arc<Window>,
        milestones: Sender<Milestone>,
    ) -> io::Result<(Probe, String)> {
        let socket = socket::open(server)?;
        let (local, now) = (socket.local_addr()?, Instant::now());
        let mut rtc = Rtc::builder()
            .set_crypto_provider(keys::provider())
            .set_dtls_cert(keys::certificate())
            .set_rtp_mode(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp").map_err(io::Error::other)?);
        let mut api = rtc.sdp_api();
        for i in 0..audio + video {
            let kind = if i < audio { MediaKind::Audio } else { MediaKind::Video };
            api.add_media(kind, Direction::RecvOnly, None, None, None);
        }
        api.add_channel("tertulia".into());
        let (offer, pending) = api.apply().expect("an offer with sections");
        let offer = offer.to_sdp_string();
        let probe = Probe {
            socket,
            local,
            remote: local,
            rtc,
            pending: Some(pending),
            deadline: now,
            arrived: 0,
            flows: Flows::default(),
            counts: Counts::default(),
            connected: false,
            lost: false,
            window,
            milestones,
        };
        Ok((probe, offer))
    }

    pub fn start(&mut self, answer: &Description, text: &str) -> Result<(), String> {
        self.remote = answer.candidate.ok_or("the server has no IPv4 candidate for UDP")?;
        self.socket.connect(self.remote).map_err(|error| error.to_string())?;
        let answer = SdpAnswer::from_sdp_string(text).map_err(|error| error.to_string())?;
        let pending = self.pending.take().ok_or("started twice")?;
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(|error| error.to_string())?;
        self.handle_timeout();
        Ok(())
    }

    pub fn handle(&mut self, datagram: &[u8], arrived: u64) {
        let is_rtp = datagram.len() > 1 && (128..192).contains(&datagram[0]) && !(192..=223).contains(&datagram[1]);
        self.counts.packets += u64::from(is_rtp && self.window.contains(arrived));
        self.arrived = arrived;
        let Ok(receive) = Receive::new(Protocol::Udp, self.remote, self.local, datagram) else {
            return;
        };
        self.lost |= self.rtc.handle_input(Input::Receive(Instant::now(), receive)).is_err();
        self.drive();
    }

    pub fn tick(&mut self) {
        if self.deadline <= Instant::now() {
            self.handle_timeout();
        }
    }

    fn handle_timeout(&mut self) {
        self.lost |= self.rtc.handle_input(Input::Timeout(Instant::now())).is_err();
        self.drive();
    }

    fn drive(&mut self) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    return;
                }
                Ok(Output::Transmit(transmit)) => {
                    let _ = self.socket.send(&transmit.contents);
                }
                Ok(Output::Event(Event::Connected)) => {
                    self.connected = true;
                    let _ = self.milestones.send(Milestone::Connected(clock::now_us()));
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    if self.flows.take(&packet.payload, self.arrived, &self.window) {
                        let _ = self.milestones.send(Milestone::Media(self.arrived));
                    }
                }
                Ok(Output::Event(_)) => {}
                Err(_) => {
                    self.lost = true;
                    self.deadline = Instant::now() + std::time::Duration::from_secs(3600);
                    return;
                }
            }
        }
    }

    pub fn close(&mut self) {
        let _ = self.rtc.close();
        self.drive();
    }

    pub fn finish(mut self) -> Probe {
        self.counts.socket_drops = socket::drops(&self.socket);
        self
    }
}
