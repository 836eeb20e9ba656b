//! One stream with several sizes of the picture in it (VP9): each viewer gets those that fill his tile, and sees one stream.

use crate::common::{EXTENSIONS, FRAME, VIDEO_CLOCK, VP8, VP8_RTX, World, ssrc_of};
use str0m::media::MediaKind as Kind;
use str0m::rtp::RtpWrite;
use tertulia_sfu::command::{Command, EncodingSpec, SourceSpec};
use tertulia_sfu::types::{Codec, ConnectionId, MediaKind, SlotId, SourceId};

const SIZES: [(u16, u16); 3] = [(320, 180), (640, 360), (1280, 720)];

struct Show {
    world: World,
    sender: ConnectionId,
    viewer: ConnectionId,
    source: SourceId,
    slot: SlotId,
    numbers: u64,
    pictures: u16,
    /// How many of the layers are sent.
    layers: u8,
    /// They need each other in key frames only.
    is_apart: bool,
}

/// A packet as the viewer got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Got {
    number: u64,
    picture: u16,
    spatial: u8,
    is_key: bool,
    marker: bool,
}

impl Show {
    fn new() -> Show {
        let mut world = World::new();
        let (sender, viewer, source) = (world.connect(1), world.connect(2), SourceId(10));
        let (ssrc, rtx) = (ssrc_of(source), ssrc_of(source) + 100_000);
        let mut api = world.client(sender).rtc.direct_api();
        api.declare_media("v10".into(), Kind::Video);
        api.declare_stream_tx(ssrc.into(), Some(rtx.into()), "v10".into(), None);
        world.command(Command::AddSource {
            connection: sender,
            source,
            spec: SourceSpec {
                kind: MediaKind::Video,
                codec: Codec::Vp9,
                mid: "v10".into(),
                clock_rate: VIDEO_CLOCK,
                payload_type: VP8,
                rtx_payload_type: Some(VP8_RTX),
                red_payload_type: None,
                encodings: vec![EncodingSpec {
                    rid: None,
                    ssrc: Some(ssrc),
                    rtx_ssrc: Some(rtx),
                }],
                nack: true,
                extensions: EXTENSIONS,
            },
        });
        let slot = world.watch(viewer, 20, source);
        Show {
            world,
            sender,
            viewer,
            source,
            slot,
            numbers: 5000,
            pictures: 0,
            layers: 3,
            is_apart: false,
        }
    }

    /// Takes so many pictures, key frames where asked for; returns how many of these there were.
    fn film(&mut self, pictures: usize) -> usize {
        let mut keys = 0;
        for _ in 0..pictures {
            let asked = std::mem::take(&mut self.world.client(self.sender).key_frames_asked) > 0;
            let is_key = asked || self.pictures == 0;
            keys += usize::from(is_key);
            self.shoot(is_key);
            self.world.run(FRAME);
        }
        keys
    }

    /// A layer takes one, two or four packets.
    fn shoot(&mut self, is_key: bool) {
        self.pictures += 1;
        for spatial in 0..self.layers {
            let packets = 1 << spatial;
            for at in 0..packets {
                let (first, last) = (at == 0, at + 1 == packets);
                let number = self.numbers;
                self.numbers += 1;
                let timestamp = 3000 * u32::from(self.pictures);
                let payload = self.payload(is_key, spatial, first, last);
                let packet = RtpWrite::new(VP8.into(), number.into(), timestamp, self.world.now, payload)
                    .marker(spatial + 1 == self.layers && last)
                    .nackable(true);
                self.world.write_on(self.sender, ssrc_of(self.source), packet);
            }
        }
        self.world.settle();
    }

    /// RFC 9628 §4.2, not flexible: PictureID, layers, TL0PICIDX, and with a key frame the sizes.
    fn payload(&self, is_key: bool, spatial: u8, first: bool, last: bool) -> Vec<u8> {
        let brings_sizes = is_key && spatial == 0 && first;
        let stands_alone = spatial == 2 || (self.is_apart && !is_key);
        let flags = [
            (!is_key, 0x40),
            (first, 0x08),
            (last, 0x04),
            (brings_sizes, 0x02),
            (stands_alone, 0x01),
        ];
        let flags: u8 = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag).sum();
        let [high, low] = self.pictures.to_be_bytes();
        let mut payload = vec![
            0xa0 | flags,
            0x80 | high,
            low,
            spatial << 1 | u8::from(spatial > 0),
            low,
        ];
        if brings_sizes {
            payload.push(2 << 5 | 0x10);
            let numbers = SIZES.iter().flat_map(|&(width, height)| [width, height]);
            payload.extend(numbers.flat_map(u16::to_be_bytes));
        }
        payload.resize(400, 0x5a);
        payload
    }

    fn got(&mut self) -> Vec<Got> {
        let packets = self.world.packets(self.viewer, self.slot);
        let read = |packet: &&str0m::rtp::RtpPacket| Got {
            number: *packet.seq_no,
            picture: u16::from_be_bytes([packet.payload[1] & 0x7f, packet.payload[2]]),
            spatial: packet.payload[3] >> 1 & 7,
            is_key: packet.payload[0] & 0x40 == 0,
            marker: packet.header.marker,
        };
        packets.iter().map(read).collect()
    }

    fn wish(&mut self, layer: usize) {
        let (width, height) = SIZES[layer];
        self.world.wish(self.slot, u32::from(width) * u32::from(height));
    }
}

/// Numbers without a gap, PictureIDs as the sender's, and of each picture the last packet, and no other, has the marker. Returns the
/// number of packets and the highest layer of each picture.
fn pictures(got: &[Got]) -> Vec<(usize, u8, bool)> {
    assert!(
        got.iter().zip(1000..).all(|(packet, number)| packet.number == number),
        "{got:?}"
    );
    let pictures = got.chunk_by(|one, other| one.picture == other.picture);
    let pictures = pictures.map(|packets| {
        let last = packets.len() - 1;
        assert!(
            packets
                .iter()
                .enumerate()
                .all(|(at, packet)| packet.marker == (at == last)),
            "{packets:?}"
        );
        (packets.len(), packets[last].spatial, packets[0].is_key)
    });
    pictures.collect()
}

#[test]
fn a_tile_gets_the_layers_that_fill_it() {
    let mut show = Show::new();
    show.film(60);
    let got = show.got();
    assert_eq!(pictures(&got).last(), Some(&(7, 2, false)));
    for (layer, packets) in [(1, 3), (0, 1)] {
        show.wish(layer);
        assert_eq!(show.film(5), 0, "smaller pictures need no key frame");
        assert_eq!(pictures(&show.got()).last(), Some(&(packets, layer as u8, false)));
    }
}

#[test]
fn larger_pictures_begin_with_a_key_frame_that_the_sender_is_asked_for() {
    let mut show = Show::new();
    show.wish(0);
    show.film(60);
    let before = pictures(&show.got()).len();
    show.wish(2);
    assert_eq!(show.film(10), 1);
    let later = pictures(&show.got()).split_off(before);
    assert_eq!(later[0], (7, 2, true));
    assert!(later[1..].iter().all(|&picture| picture == (7, 2, false)));
    assert_eq!(later.len(), 10, "and none is missing");
}

#[test]
fn sizes_that_stand_alone_are_sent_alone() {
    let mut show = Show::new();
    show.is_apart = true;
    assert_eq!(show.film(60), 1);
    let seen = pictures(&show.got());
    assert_eq!((seen.len(), seen.last()), (60, Some(&(4, 2, false))));
    for (layer, packets, with_key_frame) in [(0, 1, 1), (1, 2, 3), (2, 4, 7)] {
        let before = pictures(&show.got()).len();
        show.wish(layer);
        assert_eq!(show.film(10), 1, "from one size to another by a key frame");
        let later = pictures(&show.got()).split_off(before);
        assert_eq!(later.len(), 10, "and no picture is missing");
        let first = later.iter().position(|picture| picture.2).unwrap();
        let spatial = layer as u8;
        assert_eq!(later[first], (with_key_frame, spatial, true));
        assert!(
            later[first + 1..]
                .iter()
                .all(|&picture| picture == (packets, spatial, false)),
            "{later:?}"
        );
    }
    assert_eq!(show.film(60), 0);
}

#[test]
fn a_size_that_ends_gives_way_to_the_next() {
    let mut show = Show::new();
    show.is_apart = true;
    show.film(60);
    let before = pictures(&show.got()).len();
    show.layers = 2;
    assert_eq!(show.film(60), 1);
    let later = pictures(&show.got()).split_off(before);
    assert_eq!((later[0], later.last()), ((3, 1, true), Some(&(2, 1, false))));
    // Eight pictures, half a second, and the way to the sender and back.
    assert!(later.len() >= 60 - 8 - 16 - 4, "{}", later.len());
    show.layers = 1;
    show.film(60);
    assert_eq!(pictures(&show.got()).last(), Some(&(1, 0, false)));
    show.layers = 3;
    show.film(60);
    assert_eq!(pictures(&show.got()).last(), Some(&(4, 2, false)));
}

#[test]
fn no_key_frame_is_asked_for_where_tiles_stay_as_they_are() {
    let mut show = Show::new();
    show.film(30);
    show.wish(1);
    assert_eq!(show.film(200), 0);
}
