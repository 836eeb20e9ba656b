//! What a viewer gets of a camera with two encodings, however its packets come, and whatever is chosen, bound and muted meanwhile.

mod camera;
mod stream;

use std::time::Duration;

use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::types::{Codec, MediaKind, SlotId, SourceId};

use crate::call::{Call, EXTENSIONS, SENDER, VIEWER};
use crate::input::Input;
use crate::packet::{self, RTX};
use camera::{Camera, PAYLOAD_TYPE, SSRCS};
use stream::{RTX_SSRC, SSRC, Stream};

const SOURCE: SourceId = SourceId(1);
const SLOT: SlotId = SlotId(1);
/// Packets that are kept, to be sent late.
const KEPT: usize = 64;
/// Between two pictures.
const TICK: Duration = Duration::from_millis(10);

/// Each number means one packet, in both streams and over all switches; pictures come in order, closed up and whole in their numbers and
/// times; and what begins is a key frame.
pub fn rewriting(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut run = Run::new(input.pick(&[Codec::Vp8, Codec::Vp9]));
    while !input.is_empty() {
        run.step(&mut input);
    }
    run.call.step_time(Duration::from_secs(1));
    run.settle();
    run.stream.judge(&run.camera);
}

struct Run {
    call: Call,
    camera: Camera,
    late: Vec<Vec<u8>>,
    stream: Stream,
}

impl Run {
    fn new(codec: Codec) -> Run {
        let mut config = Config::default();
        config.estimate.start = config.estimate.max;
        let mut run = Run {
            call: Call::new(config),
            camera: Camera::new(codec),
            late: vec![],
            stream: Stream::default(),
        };
        let (sender, viewer) = (run.call.clients[SENDER].id, run.call.clients[VIEWER].id);
        let encoding = |(rid, ssrc): (&str, u32)| EncodingSpec {
            rid: Some(rid.into()),
            ssrc: Some(ssrc),
            rtx_ssrc: None,
        };
        run.call.command(Command::AddSource {
            connection: sender,
            source: SOURCE,
            spec: SourceSpec {
                kind: MediaKind::Video,
                codec,
                mid: "v".into(),
                clock_rate: 90_000,
                payload_type: PAYLOAD_TYPE,
                rtx_payload_type: None,
                red_payload_type: None,
                encodings: ["h", "f"].into_iter().zip(SSRCS).map(encoding).collect(),
                nack: true,
                extensions: EXTENSIONS,
            },
        });
        run.call.command(Command::AddSlot {
            connection: viewer,
            slot: SLOT,
            spec: SlotSpec {
                kind: MediaKind::Video,
                mid: "s".into(),
                ssrc: SSRC,
                rtx_ssrc: RTX_SSRC,
                extensions: EXTENSIONS,
                transport_cc: false,
            },
        });
        run.bind(true);
        run
    }

    fn bind(&mut self, bound: bool) {
        let to = bound.then_some(Binding {
            source: SOURCE,
            payload_type: PAYLOAD_TYPE,
            rtx_payload_type: Some(RTX),
            red_payload_type: None,
        });
        self.call.command(Command::Bind { slot: SLOT, to });
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let step = input.byte();
        match step & 0x0F {
            0..=5 => self.show(step, input),
            6 => self.be_late(input),
            7 => {
                let time = input.pick(&[5, 50, 200, 500, 1000]);
                self.call.step_time(Duration::from_millis(time));
            }
            8 => {
                let wish = Wish {
                    priority: 0,
                    pixels: input.pick(&[u32::MAX, 320 * 240, 1, 0]),
                    detail: step & 0x10 != 0,
                };
                self.call.command(Command::Wish { slot: SLOT, wish });
            }
            9 => self.bind(step & 0x10 != 0),
            10 => self.call.command(Command::PauseSlot {
                slot: SLOT,
                paused: step & 0x10 != 0,
            }),
            11 => self.call.command(Command::EnableSource {
                source: SOURCE,
                enabled: step & 0x10 != 0,
            }),
            12 => {
                let first = (self.stream.latest() as u16).wrapping_sub(u16::from(input.byte()));
                self.say(&packet::nack(SSRC, first, 1 + u16::from(step >> 6)));
            }
            13 => {
                let bitrate = input.pick(&[20_000, 40_000, 80_000, 160_000, 5_000_000]);
                self.say(&packet::estimate(SSRC, bitrate));
            }
            14 => self.say(&packet::picture_loss(SSRC)),
            _ => self.camera.skip(usize::from(step >> 4 & 1), input.number()),
        }
        self.settle();
    }

    /// Takes a picture of one to four packets, each of which arrives, is late or is lost.
    fn show(&mut self, step: u8, input: &mut Input<'_>) {
        let (encoding, key, count) = (usize::from(step >> 4 & 1), step & 0x20 != 0, 1 + (step >> 6));
        let fates = input.byte();
        for (at, taken) in self.camera.take(encoding, key, count).into_iter().enumerate() {
            let client = &mut self.call.clients[SENDER];
            let (header_len, path) = (taken.header_len, client.path);
            let sealed = client.seal(taken.packet, header_len, SSRCS[encoding], taken.index);
            match fates >> (2 * at) & 3 {
                0 | 1 => self.call.receive(path, &sealed),
                2 if self.late.len() < KEPT => self.late.push(sealed),
                _ => {}
            }
        }
        self.call.step_time(TICK);
    }

    fn be_late(&mut self, input: &mut Input<'_>) {
        let which = usize::from(input.byte());
        if !self.late.is_empty() {
            let sealed = self.late.swap_remove(which % self.late.len());
            self.call.receive(self.call.clients[SENDER].path, &sealed);
            self.call.flush();
        }
    }

    /// From the viewer.
    fn say(&mut self, compound: &[u8]) {
        let client = &mut self.call.clients[VIEWER];
        let (path, sealed) = (client.path, client.seal_rtcp(compound));
        self.call.receive(path, &sealed);
    }

    fn settle(&mut self) {
        for (who, received) in self.call.deliver() {
            assert_eq!(who, VIEWER, "nobody else watches");
            self.stream.receive(received);
        }
        assert_eq!(self.call.clients[VIEWER].replayed, 0, "a number was given away twice");
        self.call.check_events();
    }
}
