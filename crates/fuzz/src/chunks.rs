//! A connection without a transport sends to another: what is packed, and put together again.

use std::time::{Duration, Instant};

use tertulia_sfu::chunks::Chunk;
use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec};
use tertulia_sfu::config::Config;
use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::event::Event;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::types::{Codec, ConnectionId, Extensions, MediaKind, RoomKey, SlotId, SourceId};

use crate::input::Input;

const ROOM: RoomKey = RoomKey(1);
const SENDER: ConnectionId = ConnectionId(1);
const VIEWER: ConnectionId = ConnectionId(2);
const SOURCE: SourceId = SourceId(1);
const SLOT: SlotId = SlotId(1);
/// A picture is this many times as long as what the input says of it: some take many packets.
const LENGTHS: [usize; 4] = [1, 7, 61, 500];

/// Nothing has a transport, so nothing is sent.
struct Nowhere([u8; DATAGRAM_MAX]);

impl Egress for Nowhere {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn commit(&mut self, _: &tertulia_sfu::types::Path, _: usize) {
        unreachable!("there is no transport")
    }
}

/// Whatever the frames are, those that come out went in, in their order, and the first is a key frame by its own first byte.
pub fn chunks(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let is_video = input.flag();
    let (mut sfu, mut now, mut out) = (Sfu::new(Config::default()), Instant::now(), Nowhere([0; DATAGRAM_MAX]));
    let mut next = 0;
    let mut sent: Vec<Vec<u8>> = Vec::new();
    for command in opened(is_video) {
        sfu.handle_command(command, now, &mut out);
    }
    while !input.is_empty() {
        now += Duration::from_millis(u64::from(input.byte()));
        match input.byte() % 8 {
            0 => sfu.handle_command(Command::RefreshSlot { slot: SLOT }, now, &mut out),
            1 => sfu.handle_timeout(now, &mut out),
            _ => {
                let (key, time) = (input.flag(), u64::from(input.number()) << (input.byte() % 48));
                let frame = input.bytes().repeat(input.pick(&LENGTHS));
                sent.push(frame.clone());
                let chunk = Chunk {
                    key,
                    time,
                    level: Some(input.byte()),
                    bytes: frame,
                };
                sfu.handle_command(Command::Chunk { source: SOURCE, chunk }, now, &mut out);
            }
        }
        while let Some(event) = sfu.poll_event() {
            let Event::Chunk { chunk, .. } = event else {
                assert!(
                    !matches!(event, Event::Fault { .. } | Event::Disconnected { .. }),
                    "{event:?}"
                );
                continue;
            };
            assert!(next > 0 || !is_video || chunk.bytes[0] & 1 == 0);
            let at = sent[next..].iter().position(|frame| *frame == chunk.bytes);
            next += 1 + at.expect("it went in, and not before the one that came out last");
        }
    }
}

fn opened(is_video: bool) -> [Command; 5] {
    let (kind, codec, clock_rate) = match is_video {
        true => (MediaKind::Video, Codec::Vp8, 90_000),
        false => (MediaKind::Audio, Codec::Opus, 48_000),
    };
    let spec = SourceSpec {
        kind,
        codec,
        mid: String::new(),
        clock_rate,
        payload_type: 96,
        rtx_payload_type: None,
        red_payload_type: None,
        encodings: vec![EncodingSpec::default()],
        nack: false,
        extensions: Extensions::default(),
    };
    let slot = SlotSpec {
        kind,
        mid: String::new(),
        ssrc: 1,
        rtx_ssrc: 0,
        extensions: Extensions::default(),
        transport_cc: false,
    };
    let to = Binding {
        source: SOURCE,
        payload_type: 96,
        rtx_payload_type: None,
        red_payload_type: None,
    };
    [
        Command::OpenChunked {
            connection: SENDER,
            room: ROOM,
        },
        Command::OpenChunked {
            connection: VIEWER,
            room: ROOM,
        },
        Command::AddSource {
            connection: SENDER,
            source: SOURCE,
            spec,
        },
        Command::AddSlot {
            connection: VIEWER,
            slot: SLOT,
            spec: slot,
        },
        Command::Bind {
            slot: SLOT,
            to: Some(to),
        },
    ]
}
