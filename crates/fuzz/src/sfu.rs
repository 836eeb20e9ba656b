//! The SFU: two connections that exist, one of which sends to the other, and hostile bytes inside SRTP and outside.

mod client;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::event::Event;
use tertulia_sfu::keys::certificate_fingerprint;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::types::{CloseReason, Codec, Extensions, MediaKind, Path, RoomKey, SlotId, SourceId};

use crate::input::Input;
use client::{Client, path};

const CODECS: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];
const VIDEO: SourceId = SourceId(1);
const AUDIO: SourceId = SourceId(2);
const VIDEO_SLOT: SlotId = SlotId(1);
const AUDIO_SLOT: SlotId = SlotId(2);
/// Of the sources and their repairs, and two that nobody announced.
const SSRCS: [u32; 5] = [1001, 1002, 2001, 7, 8];
/// Video, its repairs, sound, and one that is none of them.
const PAYLOAD_TYPES: [u8; 4] = [96, 97, 111, 50];
/// Of the video's encodings.
const RIDS: [&str; 3] = ["l", "m", "h"];
/// Of the slots, with their numbers added.
const SLOT_SSRC: u32 = 5000;
const EXTENSIONS: Extensions = Extensions {
    mid: 1,
    transport_cc: 2,
    audio_level: 3,
    video_orientation: 4,
    abs_send_time: 5,
    rid: 6,
    repaired_rid: 7,
};

/// No bytes make it panic, and all that it sends is whole, sealed and for an address that has proved itself.
pub fn sfu(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let first = input.byte();
    let mut run = Run::new(CODECS[usize::from(first) % 4], 1 + usize::from(first / 4) % 3);
    while !input.is_empty() {
        run.step(&mut input);
        run.check_events();
    }
    run.step_time(Duration::from_secs(1));
    run.check_events();
}

#[derive(Default)]
struct Wire {
    buffer: Vec<u8>,
    sent: Vec<(Path, Vec<u8>)>,
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

struct Run {
    sfu: Sfu,
    now: Instant,
    clients: [Client; 2],
    wire: Wire,
    /// Whether a check of ICE came from its second address.
    has_moved: [bool; 2],
}

impl Run {
    /// The video has so many `encodings`: of the first the SSRCs are told, the others have to name themselves.
    fn new(codec: Codec, encodings: usize) -> Run {
        let (sfu, wire, now) = (Sfu::new(Config::default()), Wire::default(), Instant::now());
        let ((sender, sender_keys), (viewer, viewer_keys)) = (Client::new(1), Client::new(2));
        let mut run = Run {
            sfu,
            now,
            clients: [sender, viewer],
            wire,
            has_moved: [false; 2],
        };
        for (who, keys) in [sender_keys, viewer_keys].into_iter().enumerate() {
            let (connection, path) = (run.clients[who].id, run.clients[who].path);
            run.command(Command::Open {
                connection,
                room: RoomKey(1),
                local: run.clients[who].credentials("server"),
                remote: run.clients[who].credentials("client"),
                fingerprint: certificate_fingerprint(),
                dtls_active: false,
            });
            run.sfu.secure(connection, path, keys, now);
        }
        run.publish(codec, encodings);
        run.watch();
        run
    }

    fn publish(&mut self, codec: Codec, encodings: usize) {
        let connection = self.clients[0].id;
        let told = EncodingSpec {
            rid: (encodings > 1).then(|| RIDS[0].into()),
            ssrc: Some(SSRCS[0]),
            rtx_ssrc: Some(SSRCS[1]),
        };
        let learnt = RIDS[1..encodings].iter().map(|&rid| EncodingSpec {
            rid: Some(rid.into()),
            ..EncodingSpec::default()
        });
        let video = SourceSpec {
            kind: MediaKind::Video,
            codec,
            mid: "v".into(),
            clock_rate: 90_000,
            payload_type: 96,
            rtx_payload_type: Some(97),
            encodings: std::iter::once(told).chain(learnt).collect(),
            nack: true,
            extensions: EXTENSIONS,
        };
        let audio = SourceSpec {
            kind: MediaKind::Audio,
            codec: Codec::Opus,
            mid: "a".into(),
            clock_rate: 48_000,
            payload_type: 111,
            rtx_payload_type: None,
            // Learnt from the MID or the payload type.
            encodings: vec![EncodingSpec::default()],
            nack: false,
            extensions: EXTENSIONS,
        };
        for (source, spec) in [(VIDEO, video), (AUDIO, audio)] {
            self.command(Command::AddSource {
                connection,
                source,
                spec,
            });
        }
    }

    fn watch(&mut self) {
        let connection = self.clients[1].id;
        for (slot, kind) in [(VIDEO_SLOT, MediaKind::Video), (AUDIO_SLOT, MediaKind::Audio)] {
            let spec = SlotSpec {
                kind,
                mid: format!("s{slot}"),
                ssrc: SLOT_SSRC + slot.0 as u32,
                rtx_ssrc: if slot == VIDEO_SLOT { 6000 } else { 0 },
                extensions: EXTENSIONS,
                transport_cc: true,
            };
            self.command(Command::AddSlot { connection, slot, spec });
        }
        self.bind(VIDEO_SLOT, Some(VIDEO));
        self.bind(AUDIO_SLOT, Some(AUDIO));
    }

    fn bind(&mut self, slot: SlotId, source: Option<SourceId>) {
        let to = source.map(|source| Binding {
            source,
            payload_type: if source == VIDEO { 96 } else { 111 },
            rtx_payload_type: (source == VIDEO).then_some(97),
        });
        self.command(Command::Bind { slot, to });
    }

    fn command(&mut self, command: Command) {
        self.sfu.handle_command(command, self.now, &mut self.wire);
        self.deliver();
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let step = input.byte();
        let who = usize::from(step >> 4 & 1);
        let from = match step >> 5 {
            7 => second_path(who),
            _ => self.clients[who].path,
        };
        match step & 0x0F {
            0 => self.receive(from, input.bytes()),
            1 => {
                let check = self.clients[who].check(input);
                self.has_moved[who] |= from == second_path(who);
                self.receive(from, &check);
            }
            2..=6 => {
                let packet = self.clients[who].rtp(&SSRCS, &PAYLOAD_TYPES, input);
                // Every second one of a kind comes late, or never.
                if step & 0x0F != 6 {
                    self.receive(from, &packet);
                }
                self.clients[who].keep(packet);
            }
            7 | 8 => {
                let packet = self.clients[who].rtcp(input.bytes());
                self.receive(from, &packet);
                self.clients[who].keep(packet);
            }
            9 => {
                let packet = self.clients[who].kept(input.byte()).unwrap_or_default();
                self.receive(from, &packet);
            }
            10 => self.step_time(Duration::from_millis(input.pick(&[1, 5, 20, 100, 500]))),
            11 => self.sfu.flush(self.now, &mut self.wire),
            12 => {
                let nack = self.clients[who].nack(SLOT_SSRC + VIDEO_SLOT.0 as u32, input);
                self.receive(from, &nack);
            }
            _ => self.change(input),
        }
        self.deliver();
    }

    fn change(&mut self, input: &mut Input<'_>) {
        let video = input.flag();
        let (source, slot) = if video {
            (VIDEO, VIDEO_SLOT)
        } else {
            (AUDIO, AUDIO_SLOT)
        };
        let on = input.flag();
        match input.byte() % 7 {
            0 => self.command(Command::EnableSource { source, enabled: on }),
            1 => self.command(Command::PauseSlot { slot, paused: on }),
            2 => self.bind(slot, on.then_some(source)),
            3 => self.command(Command::RequestKeyFrame { source }),
            4 => self.command(Command::RemoveSource { source }),
            5 => {
                let pixels = input.pick(&[0, 1, 320 * 180 + 1, u32::MAX]);
                let wish = Wish { priority: 0, pixels };
                self.command(Command::Wish { slot, wish });
            }
            _ => self.command(Command::RemoveSlot { slot }),
        }
    }

    fn receive(&mut self, from: Path, datagram: &[u8]) {
        let mut datagram = datagram.to_vec();
        self.sfu.handle_datagram(from, &mut datagram, self.now, &mut self.wire);
    }

    /// With everything that is due meanwhile.
    fn step_time(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while let Some(due) = self.sfu.poll_timeout().filter(|due| *due <= end) {
            // No finer than a worker's clock.
            self.now = due.max(self.now + Duration::from_micros(500)).min(end.max(self.now));
            self.sfu.handle_timeout(self.now, &mut self.wire);
            self.deliver();
            steps += 1;
            assert!(steps <= 4000, "it spins");
        }
        self.now = end;
        self.sfu.flush(self.now, &mut self.wire);
        self.deliver();
    }

    fn deliver(&mut self) {
        for (path, datagram) in std::mem::take(&mut self.wire.sent) {
            let at_home = (0..2).find(|who| self.clients[*who].path == path);
            let moved = (0..2).find(|who| self.has_moved[*who] && second_path(*who) == path);
            let who = at_home.or(moved).expect("an address that has proved itself");
            self.clients[who].receive(&datagram);
        }
    }

    fn check_events(&mut self) {
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
fn second_path(who: usize) -> Path {
    path(SocketAddr::from(([192, 0, 2, 1 + who as u8], 9)))
}
