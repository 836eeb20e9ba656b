//! Two connections that exist, the first to send and the second to watch, and time that passes when it is told to.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tertulia_sfu::command::Command;
use tertulia_sfu::config::Config;
use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::event::Event;
use tertulia_sfu::keys::certificate_fingerprint;
use tertulia_sfu::rtcp::packets;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::types::{CloseReason, Extensions, Path, RoomKey};

use crate::client::{Client, Opened, Received, path};

pub const SENDER: usize = 0;
pub const VIEWER: usize = 1;
/// Of every section.
pub const EXTENSIONS: Extensions = Extensions {
    mid: 1,
    transport_cc: 2,
    audio_level: 3,
    video_orientation: 4,
    abs_send_time: 5,
    rid: 6,
    repaired_rid: 7,
    dependency_descriptor: 8,
};

/// What the SFU sent and nobody has got yet.
#[derive(Default)]
pub struct Wire {
    buffer: Vec<u8>,
    pub sent: Vec<(Path, Vec<u8>)>,
}

impl Egress for Wire {
    fn buffer(&mut self) -> &mut [u8] {
        self.buffer.resize(DATAGRAM_MAX, 0xEE);
        &mut self.buffer
    }

    fn commit(&mut self, path: &Path, len: usize) {
        assert!(len > 0);
        self.sent.push((*path, self.buffer[..len].to_vec()));
    }
}

pub(crate) struct Call {
    pub sfu: Sfu,
    pub now: Instant,
    pub clients: [Client; 2],
    wire: Wire,
    /// Whether a check of ICE came from its second address.
    pub has_moved: [bool; 2],
}

impl Call {
    pub fn new(config: Config) -> Call {
        let ((sender, sender_keys), (viewer, viewer_keys)) = (Client::new(1), Client::new(2));
        let mut call = Call {
            sfu: Sfu::new(config),
            now: Instant::now(),
            clients: [sender, viewer],
            wire: Wire::default(),
            has_moved: [false; 2],
        };
        for (who, keys) in [sender_keys, viewer_keys].into_iter().enumerate() {
            let (connection, path) = (call.clients[who].id, call.clients[who].path);
            call.sfu.handle_command(
                Command::Open {
                    connection,
                    room: RoomKey(1),
                    local: call.clients[who].credentials("server"),
                    remote: call.clients[who].credentials("client"),
                    fingerprint: certificate_fingerprint(),
                    dtls_active: false,
                },
                call.now,
                &mut call.wire,
            );
            call.sfu.secure(connection, path, keys, call.now);
        }
        call
    }

    pub fn command(&mut self, command: Command) {
        self.sfu.handle_command(command, self.now, &mut self.wire);
    }

    pub fn receive(&mut self, from: Path, datagram: &[u8]) {
        let mut datagram = datagram.to_vec();
        self.sfu
            .handle_datagram(from, &mut datagram, self.now, self.now, &mut self.wire);
    }

    pub fn flush(&mut self) {
        self.sfu.flush(self.now, &mut self.wire);
    }

    /// With everything that is due meanwhile.
    pub fn step_time(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while let Some(due) = self.sfu.poll_timeout().filter(|due| *due <= end) {
            // No finer than a worker's clock.
            self.now = due.max(self.now + Duration::from_micros(500)).min(end.max(self.now));
            self.sfu.handle_timeout(self.now, &mut self.wire);
            steps += 1;
            assert!(steps <= 4000, "it spins");
        }
        self.now = end;
        self.flush();
    }

    /// Everybody gets what was sent to him: of media, who and what.
    pub fn deliver(&mut self) -> Vec<(usize, Received)> {
        let mut media = vec![];
        for (path, datagram) in std::mem::take(&mut self.wire.sent) {
            let at_home = (0..2).find(|who| self.clients[*who].path == path);
            let moved = (0..2).find(|who| self.has_moved[*who] && second_path(*who) == path);
            let who = at_home.or(moved).expect("an address that has proved itself");
            match self.clients[who].open(&datagram) {
                Opened::Rtp(received) => media.push((who, received)),
                Opened::Rtcp(compound) => {
                    assert!(packets(&compound).all(|packet| packet.is_ok()), "malformed RTCP");
                }
                Opened::Nothing => {}
            }
        }
        media
    }

    pub fn check_events(&mut self) {
        while let Some(event) = self.sfu.poll_event() {
            match event {
                Event::Fault { message, .. } => assert!(!message.starts_with("panic"), "{message}"),
                Event::Disconnected { reason, .. } => assert_ne!(reason, CloseReason::Crashed),
                _ => {}
            }
        }
    }
}

/// Where a client may turn up, if it proves that it is itself.
pub(crate) fn second_path(who: usize) -> Path {
    path(SocketAddr::from(([192, 0, 2, 1 + who as u8], 9)))
}
