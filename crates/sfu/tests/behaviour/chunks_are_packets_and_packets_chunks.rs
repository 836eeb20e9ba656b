//! A client without a transport brings encoded frames and gets such: to the others it is a publisher and a viewer like any other.

use crate::common::{FRAME, ROOM, World, slot_ssrc};
use std::time::Duration;
use tertulia_sfu::chunks::Chunk;
use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec};
use tertulia_sfu::event::Event;
use tertulia_sfu::types::*;

const SOUND: u64 = 48_000;

fn spec(kind: MediaKind) -> SourceSpec {
    let (codec, clock_rate, payload_type) = match kind {
        MediaKind::Video => (Codec::Vp8, 90_000, 96),
        MediaKind::Audio => (Codec::Opus, SOUND as u32, 111),
    };
    SourceSpec {
        kind,
        codec,
        mid: String::new(),
        clock_rate,
        payload_type,
        rtx_payload_type: None,
        red_payload_type: None,
        encodings: vec![EncodingSpec::default()],
        nack: false,
        extensions: Extensions::default(),
    }
}

/// A picture of VP8 of that length.
fn picture(key: bool, len: usize, fill: u8) -> Vec<u8> {
    let mut bytes = vec![fill; len];
    bytes[..10].copy_from_slice(&[u8::from(!key), 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00]);
    bytes
}

/// What a client without a transport does.
trait WithoutTransport {
    fn come(&mut self, id: u64) -> ConnectionId;
    fn send(&mut self, connection: ConnectionId, source: u64, kind: MediaKind) -> SourceId;
    fn bring(&mut self, source: SourceId, time: u64, key: bool, level: Option<u8>, bytes: &[u8]);
    fn take(&mut self, connection: ConnectionId, slot: u64, source: SourceId, kind: MediaKind) -> SlotId;
    fn chunks(&self, slot: SlotId) -> Vec<(bool, Vec<u8>)>;
}

impl WithoutTransport for World {
    fn come(&mut self, id: u64) -> ConnectionId {
        let connection = ConnectionId(id);
        self.command(Command::OpenChunked { connection, room: ROOM });
        connection
    }

    fn send(&mut self, connection: ConnectionId, source: u64, kind: MediaKind) -> SourceId {
        let source = SourceId(source);
        self.command(Command::AddSource {
            connection,
            source,
            spec: spec(kind),
        });
        source
    }

    fn bring(&mut self, source: SourceId, time: u64, key: bool, level: Option<u8>, bytes: &[u8]) {
        let bytes = bytes.to_vec();
        let chunk = Chunk {
            key,
            time,
            level,
            bytes,
        };
        self.command(Command::Chunk { source, chunk });
    }

    fn take(&mut self, connection: ConnectionId, slot: u64, source: SourceId, kind: MediaKind) -> SlotId {
        let slot = SlotId(slot);
        self.command(Command::AddSlot {
            connection,
            slot,
            spec: SlotSpec {
                kind,
                mid: slot.to_string(),
                ssrc: slot_ssrc(slot),
                rtx_ssrc: 0,
                extensions: Extensions::default(),
                transport_cc: false,
            },
        });
        let to = Binding {
            source,
            payload_type: 0,
            rtx_payload_type: None,
            red_payload_type: None,
        };
        self.command(Command::Bind { slot, to: Some(to) });
        slot
    }

    fn chunks(&self, slot: SlotId) -> Vec<(bool, Vec<u8>)> {
        let of_slot = |event: &Event| match event {
            Event::Chunk { slot: to, chunk, .. } if *to == slot => Some((chunk.key, chunk.bytes.clone())),
            _ => None,
        };
        self.events.iter().filter_map(of_slot).collect()
    }
}

#[test]
fn pictures_reach_a_viewer_with_a_transport_who_asks_for_a_key_frame_first() {
    let mut world = World::new();
    let (ana, ben) = (world.come(1), world.connect(2));
    let source = world.send(ana, 10, MediaKind::Video);
    let slot = world.watch(ben, 20, source);
    world.bring(source, 1_000, false, None, &picture(false, 100, 1));
    world.run(FRAME);
    assert_eq!(world.numbers(ben, slot), [], "no key frame yet");
    assert!(world.events.contains(&Event::KeyFrameWanted { source }));

    world.bring(source, 34_000, true, None, &picture(true, 3000, 2));
    world.bring(source, 67_000, false, None, &picture(false, 500, 3));
    world.run(FRAME);
    let packets = world.packets(ben, slot);
    let shape: Vec<_> = packets.iter().map(|it| (it.header.marker, it.payload.len())).collect();
    assert_eq!(shape, [(false, 1004), (false, 1004), (true, 1004), (true, 504)]);
    let times: Vec<u32> = packets.iter().map(|it| it.header.timestamp).collect();
    assert_eq!(times[3].wrapping_sub(times[0]), 33 * 90);
}

#[test]
fn a_viewer_without_a_transport_gets_whole_pictures_from_a_key_frame_on() {
    let mut world = World::new();
    let (ana, ben) = (world.connect(1), world.come(2));
    let source = world.publish_video(ana, 10);
    world.send_frame(ana, source, true, &[500]);
    let slot = world.take(ben, 20, source, MediaKind::Video);
    world.run(FRAME);
    assert_eq!(world.client(ana).key_frames_asked, 1);
    world.send_frame(ana, source, false, &[400]);
    assert_eq!(world.chunks(slot), []);
    world.send_frame(ana, source, true, &[1000]);
    world.send_frame(ana, source, false, &[400]);
    let shape: Vec<_> = world
        .chunks(slot)
        .iter()
        .map(|(key, bytes)| (*key, bytes.len()))
        .collect();
    // A descriptor of one byte is in front of each packet.
    assert_eq!(shape, [(true, 999), (false, 399)]);
}

#[test]
fn both_ends_may_be_without_a_transport() {
    let mut world = World::new();
    let (ana, ben) = (world.come(1), world.come(2));
    let (camera, voice) = (
        world.send(ana, 10, MediaKind::Video),
        world.send(ana, 11, MediaKind::Audio),
    );
    let pictures = world.take(ben, 20, camera, MediaKind::Video);
    let sound = world.take(ben, 21, voice, MediaKind::Audio);
    let sent: Vec<_> = (0..5u8).map(|at| picture(at == 0, 2500, at)).collect();
    for (at, bytes) in (0u64..).zip(&sent) {
        world.bring(camera, 33_000 * (at + 1), at == 0, None, bytes);
        world.bring(voice, 20_000 * (at + 1), true, Some(30), &[at as u8; 60]);
    }
    let came: Vec<_> = world.chunks(pictures).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(came, sent);
    let heard: Vec<_> = world.chunks(sound).into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(heard, (0..5u8).map(|at| vec![at; 60]).collect::<Vec<_>>());
}

#[test]
fn what_is_lost_on_the_way_in_is_repaired_or_left_out_up_to_a_key_frame() {
    let mut world = World::new();
    let (ana, ben) = (world.connect(1), world.come(2));
    let source = world.publish_video(ana, 10);
    let slot = world.take(ben, 20, source, MediaKind::Video);
    world.send_frame(ana, source, true, &[500]);
    world.lose_upstream = Box::new(|_, datagram| crate::common::is_media(datagram));
    world.send_frame(ana, source, false, &[400]);
    world.lose_upstream = Box::new(|_, _| false);
    for _ in 0..4 {
        world.send_frame(ana, source, false, &[300]);
        world.run(FRAME);
    }
    let lengths: Vec<_> = world.chunks(slot).iter().map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(
        lengths,
        [499, 399, 299, 299, 299, 299],
        "sent again in time, and in its place"
    );

    world.lose_upstream = Box::new(|_, datagram| crate::common::is_media(datagram) && datagram.len() > 400);
    world.send_frame(ana, source, false, &[600]);
    let asked = world.client(ana).key_frames_asked;
    for _ in 0..20 {
        world.send_frame(ana, source, false, &[200]);
        world.run(FRAME);
    }
    assert_eq!(world.chunks(slot).len(), 6, "none that refers to what never came");
    assert!(world.client(ana).key_frames_asked > asked);
    world.send_frame(ana, source, true, &[300]);
    world.run(FRAME);
    let last = world.chunks(slot).last().map(|(key, bytes)| (*key, bytes.len()));
    assert_eq!(last, Some((true, 299)));
}

#[test]
fn a_voice_is_heard_by_the_level_that_its_client_tells() {
    let mut world = World::new();
    let (ana, _ben) = (world.come(1), world.connect(2));
    let voice = world.send(ana, 10, MediaKind::Audio);
    for at in 1..60 {
        world.bring(voice, 20_000 * at, true, Some(25), &[1; 60]);
        world.run(Duration::from_millis(20));
    }
    let speaks =
        |event: &Event| matches!(event, Event::Speakers { levels, .. } if levels.iter().any(|it| it.0 == voice));
    assert!(world.events.iter().any(speaks));
    let stats = world.stats(ana).unwrap();
    assert_eq!(stats.sources[0].encodings[0].packets, 59);
}

#[test]
fn a_viewer_who_left_some_out_has_a_key_frame_asked_for() {
    let mut world = World::new();
    let (ana, ben) = (world.come(1), world.come(2));
    let source = world.send(ana, 10, MediaKind::Video);
    let slot = world.take(ben, 20, source, MediaKind::Video);
    world.bring(source, 1, true, None, &picture(true, 100, 1));
    world.run(Duration::from_secs(1));
    world.events.clear();
    world.command(Command::RefreshSlot { slot });
    world.run(Duration::from_millis(300));
    let asked = |world: &World| {
        let wanted = Event::KeyFrameWanted { source };
        world.events.iter().filter(|event| **event == wanted).count()
    };
    assert_eq!(asked(&world), 1);
    world.bring(source, 40_000, true, None, &picture(true, 100, 2));
    world.run(Duration::from_secs(5));
    assert_eq!(asked(&world), 1, "answered");
}

#[test]
fn chunks_for_what_is_not_there_or_comes_otherwise_are_ignored() {
    let mut world = World::new();
    let (ana, ben) = (world.connect(1), world.come(2));
    let (camera, gone) = (world.publish_video(ana, 10), SourceId(99));
    let slot = world.take(ben, 20, camera, MediaKind::Video);
    let before = world.counters().commands_ignored;
    world.bring(camera, 1, true, None, &picture(true, 100, 1));
    world.bring(gone, 1, true, None, &picture(true, 100, 1));
    assert_eq!(world.counters().commands_ignored, before + 2);
    assert_eq!(world.chunks(slot), []);
}
