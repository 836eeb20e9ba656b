//! The SFU: two connections that exist, one of which sends to the other, and hostile bytes inside SRTP and outside.

mod abuse;

use std::time::Duration;

use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec, Wish};
use tertulia_sfu::config::Config;
use tertulia_sfu::types::{Codec, MediaKind, SlotId, SourceId};

use crate::call::{Call, EXTENSIONS, SENDER, VIEWER, second_path};
use crate::input::Input;
use abuse::Abuse;

const CODECS: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];
const VIDEO: SourceId = SourceId(1);
const AUDIO: SourceId = SourceId(2);
const VIDEO_SLOT: SlotId = SlotId(1);
const AUDIO_SLOT: SlotId = SlotId(2);
/// Of the sources and their repairs, and two that nobody announced.
const SSRCS: [u32; 5] = [1001, 1002, 2001, 7, 8];
/// Video, its repairs, sound, redundant sound, and one that is none of them.
const PAYLOAD_TYPES: [u8; 5] = [96, 97, 111, 63, 50];
/// Of the video's encodings.
const RIDS: [&str; 3] = ["l", "m", "h"];
/// Of the slots, with their numbers added.
const SLOT_SSRC: u32 = 5000;

/// No bytes make it panic, and all that it sends is whole, sealed and for an address that has proved itself.
pub fn sfu(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let first = input.byte();
    let mut run = Run::new(CODECS[usize::from(first) % 4], 1 + usize::from(first / 4) % 3);
    while !input.is_empty() {
        run.step(&mut input);
    }
    run.call.step_time(Duration::from_secs(1));
    run.settle();
}

struct Run {
    call: Call,
    abuse: [Abuse; 2],
}

impl Run {
    /// The video has so many `encodings`: of the first the SSRCs are told, the others have to name themselves.
    fn new(codec: Codec, encodings: usize) -> Run {
        let mut run = Run {
            call: Call::new(Config::default()),
            abuse: Default::default(),
        };
        run.publish(codec, encodings);
        run.watch();
        run
    }

    fn publish(&mut self, codec: Codec, encodings: usize) {
        let connection = self.call.clients[SENDER].id;
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
            red_payload_type: None,
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
            red_payload_type: Some(63),
            // Learnt from the MID or the payload type.
            encodings: vec![EncodingSpec::default()],
            nack: false,
            extensions: EXTENSIONS,
        };
        for (source, spec) in [(VIDEO, video), (AUDIO, audio)] {
            self.call.command(Command::AddSource {
                connection,
                source,
                spec,
            });
        }
    }

    fn watch(&mut self) {
        let connection = self.call.clients[VIEWER].id;
        for (slot, kind) in [(VIDEO_SLOT, MediaKind::Video), (AUDIO_SLOT, MediaKind::Audio)] {
            let spec = SlotSpec {
                kind,
                mid: format!("s{slot}"),
                ssrc: SLOT_SSRC + slot.0 as u32,
                rtx_ssrc: if slot == VIDEO_SLOT { 6000 } else { 0 },
                extensions: EXTENSIONS,
                transport_cc: true,
            };
            self.call.command(Command::AddSlot { connection, slot, spec });
        }
        self.bind(VIDEO_SLOT, Some(VIDEO));
        self.bind(AUDIO_SLOT, Some(AUDIO));
    }

    fn bind(&mut self, slot: SlotId, source: Option<SourceId>) {
        let to = source.map(|source| Binding {
            source,
            payload_type: if source == VIDEO { 96 } else { 111 },
            rtx_payload_type: (source == VIDEO).then_some(97),
            red_payload_type: (source == AUDIO).then_some(63),
        });
        self.call.command(Command::Bind { slot, to });
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let step = input.byte();
        let who = usize::from(step >> 4 & 1);
        let from = match step >> 5 {
            7 => second_path(who),
            _ => self.call.clients[who].path,
        };
        let client = &mut self.call.clients[who];
        match step & 0x0F {
            0 => self.call.receive(from, input.bytes()),
            1 => {
                let check = abuse::check(client, input);
                self.call.has_moved[who] |= from == second_path(who);
                self.call.receive(from, &check);
            }
            2..=6 => {
                let packet = abuse::rtp(client, &SSRCS, &PAYLOAD_TYPES, input);
                // Every second one of a kind comes late, or never.
                if step & 0x0F != 6 {
                    self.call.receive(from, &packet);
                }
                self.abuse[who].keep(packet);
            }
            7 | 8 => {
                let packet = abuse::rtcp(client, input.bytes());
                self.call.receive(from, &packet);
                self.abuse[who].keep(packet);
            }
            9 => {
                let packet = self.abuse[who].kept(input.byte()).unwrap_or_default();
                self.call.receive(from, &packet);
            }
            10 => {
                let time = input.pick(&[1, 5, 20, 100, 500]);
                self.call.step_time(Duration::from_millis(time));
            }
            11 => self.call.flush(),
            12 => {
                let nack = self.abuse[who].nack(client, SLOT_SSRC + VIDEO_SLOT.0 as u32, input);
                self.call.receive(from, &nack);
            }
            _ => self.change(input),
        }
        self.settle();
    }

    fn settle(&mut self) {
        for (who, received) in self.call.deliver() {
            self.abuse[who].last = received.header.sequence_number;
        }
        self.call.check_events();
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
            0 => self.call.command(Command::EnableSource { source, enabled: on }),
            1 => self.call.command(Command::PauseSlot { slot, paused: on }),
            2 => self.bind(slot, on.then_some(source)),
            3 => self.call.command(Command::RequestKeyFrame { source }),
            4 => self.call.command(Command::RemoveSource { source }),
            5 => {
                let pixels = input.pick(&[0, 1, 320 * 180 + 1, u32::MAX]);
                let wish = Wish {
                    priority: 0,
                    pixels,
                    detail: on,
                };
                self.call.command(Command::Wish { slot, wish });
            }
            _ => self.call.command(Command::RemoveSlot { slot }),
        }
    }
}
