//! What the clients of a [`World`] publish, watch and send.

use super::{EXTENSIONS, OPUS, VIDEO_CLOCK, VP8, VP8_RTX, World};
use str0m::Input;
use str0m::media::{KeyframeRequestKind, MediaKind as Kind};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, Ssrc};
use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec};
use tertulia_sfu::types::*;

/// First packet of a key frame, of a frame that is none, and what follows in a frame (RFC 7741 §4.2, §4.3).
pub fn vp8(key: bool, first: bool, len: usize) -> Vec<u8> {
    let mut payload = vec![0x5a; len.max(12)];
    let start = match (first, key) {
        (true, true) => &[0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00][..],
        (true, false) => &[0x10, 0x11, 0, 0],
        (false, _) => &[0x00],
    };
    payload[..start.len()].copy_from_slice(start);
    payload
}

pub fn ssrc_of(source: SourceId) -> u32 {
    1000 + source.0 as u32
}

pub fn slot_ssrc(slot: SlotId) -> u32 {
    500_000 + slot.0 as u32
}

impl World {
    pub fn publish_video(&mut self, connection: ConnectionId, source: u64) -> SourceId {
        let source = SourceId(source);
        let (ssrc, rtx) = (ssrc_of(source), ssrc_of(source) + 100_000);
        let mid = format!("v{source}");
        let mut api = self.client(connection).rtc.direct_api();
        api.declare_media(mid.as_str().into(), Kind::Video);
        api.declare_stream_tx(ssrc.into(), Some(rtx.into()), mid.as_str().into(), None);
        self.command(Command::AddSource {
            connection,
            source,
            spec: SourceSpec {
                kind: MediaKind::Video,
                codec: Codec::Vp8,
                mid,
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
        source
    }

    /// Puts a source with another payload type in the place of one, on the same stream.
    pub fn succeed(
        &mut self,
        connection: ConnectionId,
        source: SourceId,
        successor: u64,
        payload_type: u8,
    ) -> SourceId {
        let successor = SourceId(successor);
        self.command(Command::RemoveSource { source });
        self.command(Command::AddSource {
            connection,
            source: successor,
            spec: SourceSpec {
                kind: MediaKind::Video,
                codec: Codec::Vp8,
                mid: format!("v{source}"),
                clock_rate: VIDEO_CLOCK,
                payload_type,
                rtx_payload_type: None,
                red_payload_type: None,
                encodings: vec![EncodingSpec {
                    ssrc: Some(ssrc_of(source)),
                    ..EncodingSpec::default()
                }],
                nack: true,
                extensions: EXTENSIONS,
            },
        });
        successor
    }

    pub fn publish_audio(&mut self, connection: ConnectionId, source: u64) -> SourceId {
        self.publish_sound(connection, source, None)
    }

    /// `red`: the payload type under which it may come as redundant audio, too.
    pub fn publish_sound(&mut self, connection: ConnectionId, source: u64, red: Option<u8>) -> SourceId {
        let source = SourceId(source);
        let mid = format!("a{source}");
        let mut api = self.client(connection).rtc.direct_api();
        api.declare_media(mid.as_str().into(), Kind::Audio);
        api.declare_stream_tx(ssrc_of(source).into(), None, mid.as_str().into(), None);
        self.command(Command::AddSource {
            connection,
            source,
            spec: SourceSpec {
                kind: MediaKind::Audio,
                codec: Codec::Opus,
                mid,
                clock_rate: 48_000,
                payload_type: OPUS,
                rtx_payload_type: None,
                red_payload_type: red,
                // Learnt from the MID.
                encodings: vec![EncodingSpec::default()],
                nack: false,
                extensions: EXTENSIONS,
            },
        });
        source
    }

    pub fn add_slot(&mut self, connection: ConnectionId, slot: u64, kind: MediaKind) -> SlotId {
        self.add_slot_with(connection, slot, kind, kind == MediaKind::Video)
    }

    pub fn add_slot_with(&mut self, connection: ConnectionId, slot: u64, kind: MediaKind, has_rtx: bool) -> SlotId {
        self.add_slot_of(connection, slot, kind, has_rtx, EXTENSIONS)
    }

    pub fn add_slot_of(
        &mut self,
        connection: ConnectionId,
        slot: u64,
        kind: MediaKind,
        has_rtx: bool,
        extensions: Extensions,
    ) -> SlotId {
        self.make_slot(connection, slot, kind, has_rtx, extensions, true)
    }

    pub fn add_slot_as(
        &mut self,
        connection: ConnectionId,
        slot: u64,
        kind: MediaKind,
        has_rtx: bool,
        transport_cc: bool,
    ) -> SlotId {
        self.make_slot(connection, slot, kind, has_rtx, EXTENSIONS, transport_cc)
    }

    fn make_slot(
        &mut self,
        connection: ConnectionId,
        slot: u64,
        kind: MediaKind,
        has_rtx: bool,
        extensions: Extensions,
        transport_cc: bool,
    ) -> SlotId {
        let slot = SlotId(slot);
        let mid = format!("s{slot}");
        let (ssrc, rtx) = (slot_ssrc(slot), slot_ssrc(slot) + 100_000);
        let client_kind = match kind {
            MediaKind::Video => Kind::Video,
            MediaKind::Audio => Kind::Audio,
        };
        let client_rtx = has_rtx.then(|| rtx.into());
        let mut api = self.client(connection).rtc.direct_api();
        api.declare_media(mid.as_str().into(), client_kind);
        api.expect_stream_rx(ssrc.into(), client_rtx, mid.as_str().into(), None);
        self.command(Command::AddSlot {
            connection,
            slot,
            spec: SlotSpec {
                kind,
                mid,
                ssrc,
                rtx_ssrc: rtx,
                extensions,
                transport_cc,
            },
        });
        slot
    }

    pub fn bind(&mut self, slot: SlotId, source: SourceId, kind: MediaKind) {
        let (payload_type, rtx_payload_type) = match kind {
            MediaKind::Video => (VP8, Some(VP8_RTX)),
            MediaKind::Audio => (OPUS, None),
        };
        self.command(Command::Bind {
            slot,
            to: Some(Binding {
                source,
                payload_type,
                rtx_payload_type,
                red_payload_type: None,
            }),
        });
    }

    /// A viewer with one video slot that carries `source`.
    pub fn watch(&mut self, connection: ConnectionId, slot: u64, source: SourceId) -> SlotId {
        let slot = self.add_slot(connection, slot, MediaKind::Video);
        self.bind(slot, source, MediaKind::Video);
        slot
    }

    /// Sends one frame of packets with the given lengths, all at once.
    pub fn send_frame(&mut self, connection: ConnectionId, source: SourceId, key: bool, lengths: &[usize]) {
        self.write_frame(connection, source, key, lengths, true);
        self.settle();
    }

    /// As [`send_frame`](World::send_frame); `complete`: the last packet has the marker.
    pub fn write_frame(
        &mut self,
        connection: ConnectionId,
        source: SourceId,
        key: bool,
        lengths: &[usize],
        complete: bool,
    ) {
        for (i, &len) in lengths.iter().enumerate() {
            let marker = complete && i + 1 == lengths.len();
            self.write(
                connection,
                source,
                VP8,
                VIDEO_CLOCK,
                marker,
                vp8(key, i == 0, len),
                None,
            );
        }
    }

    pub fn send_audio(&mut self, connection: ConnectionId, source: SourceId, level: u8) {
        self.write(connection, source, OPUS, 48_000, false, vec![0x78; 80], Some(level));
        self.settle();
    }

    #[allow(clippy::too_many_arguments)]
    pub fn write(
        &mut self,
        connection: ConnectionId,
        source: SourceId,
        payload_type: u8,
        clock: u32,
        marker: bool,
        payload: Vec<u8>,
        level: Option<u8>,
    ) {
        let now = self.now;
        let client = self.client(connection);
        let index = client.next_index;
        client.next_index += 1;
        // The same wall clock for all, so that pictures of different clients can be compared.
        let timestamp = (index * 3000) as u32 + clock;
        let values = ExtensionValues {
            audio_level: level.map(|level| -(level as i8)),
            voice_activity: level.map(|level| level < 60),
            ..Default::default()
        };
        let mid = match payload_type {
            OPUS => format!("a{source}"),
            _ => format!("v{source}"),
        };
        let mut api = client.rtc.direct_api();
        let stream = api.stream_tx_by_mid(mid.as_str().into(), None).unwrap();
        stream.write_rtp(
            RtpWrite::new(payload_type.into(), index.into(), timestamp, now, payload)
                .marker(marker)
                .nackable(true)
                .ext_vals(values),
        );
        let _ = client.rtc.handle_input(Input::Timeout(now));
    }

    /// Skips sequence numbers: to the others they look lost.
    pub fn skip(&mut self, connection: ConnectionId, count: u64) {
        self.client(connection).next_index += count;
    }

    pub fn ask_key_frame(&mut self, connection: ConnectionId, slot: SlotId) {
        let now = self.now;
        let client = self.client(connection);
        let ssrc: Ssrc = slot_ssrc(slot).into();
        let mut api = client.rtc.direct_api();
        api.stream_rx(&ssrc).unwrap().request_keyframe(KeyframeRequestKind::Pli);
        let _ = client.rtc.handle_input(Input::Timeout(now));
        self.settle();
    }

    /// Sequence numbers (extended by the client) that came in on a slot, in order of arrival.
    pub fn numbers(&mut self, connection: ConnectionId, slot: SlotId) -> Vec<u64> {
        let ssrc: Ssrc = slot_ssrc(slot).into();
        let received = &self.client(connection).received;
        received
            .iter()
            .filter(|packet| packet.header.ssrc == ssrc)
            .map(|packet| *packet.seq_no)
            .collect()
    }

    pub fn packets(&mut self, connection: ConnectionId, slot: SlotId) -> Vec<&RtpPacket> {
        let ssrc: Ssrc = slot_ssrc(slot).into();
        let received = &self.client(connection).received;
        received.iter().filter(|packet| packet.header.ssrc == ssrc).collect()
    }
}
