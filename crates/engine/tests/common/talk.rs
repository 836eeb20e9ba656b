//! One says something, another hears it.

use tertulia_engine::{Engine, Event};
use tertulia_sfu::command::{Binding, EncodingSpec, SlotSpec, SourceSpec};
use tertulia_sfu::types::{Codec, ConnectionId, Extensions, MediaKind, SlotId, SourceId};

use super::client::{Client, OPUS, turn_until};

pub fn connect(engine: &Engine, clients: &mut [&mut Client]) {
    turn_until("connection", clients, |clients| {
        clients.iter().all(|client| client.is_connected).then_some(())
    });
    let mut connected = 0;
    turn_until("event", clients, |clients| {
        connected += engine
            .poll_events()
            .iter()
            .filter(|event| matches!(event, Event::Connected { .. }))
            .count();
        (connected == clients.len()).then_some(())
    });
}

/// Connects `speaker` and `listener`; source and slot get the numbers of their connections.
pub fn publish(engine: &Engine, speaker: (u64, &mut Client), listener: (u64, &mut Client)) {
    let source = SourceSpec {
        kind: MediaKind::Audio,
        codec: Codec::Opus,
        mid: "0".into(),
        clock_rate: 48_000,
        payload_type: OPUS,
        rtx_payload_type: None,
        encodings: vec![EncodingSpec {
            ssrc: Some(1000 + speaker.0 as u32),
            ..EncodingSpec::default()
        }],
        nack: false,
        extensions: Extensions::default(),
    };
    let slot = SlotSpec {
        kind: MediaKind::Audio,
        mid: "0".into(),
        ssrc: 2000 + listener.0 as u32,
        rtx_ssrc: 0,
        extensions: Extensions::default(),
        transport_cc: false,
    };
    speaker.1.send_audio("0", 1000 + speaker.0 as u32);
    listener.1.receive_audio("0", slot.ssrc);
    engine.add_source(ConnectionId(speaker.0), SourceId(speaker.0), source);
    engine.add_slot(ConnectionId(listener.0), SlotId(listener.0), slot);
    let binding = Binding {
        source: SourceId(speaker.0),
        payload_type: OPUS,
        rtx_payload_type: None,
    };
    engine.bind(SlotId(listener.0), Some(binding));
}

/// `speaker` says `count` numbered packets, and `listener` hears them all in order.
pub fn is_heard(speaker: (u64, &mut Client), listener: &mut Client, first: u64, count: u64) {
    let ssrc = 1000 + speaker.0 as u32;
    let client = speaker.1;
    let from = listener.received.len();
    for sequence in first..first + count {
        client.write(ssrc, sequence, format!("packet {sequence}").as_bytes());
        turn_until("packet", &mut [&mut *client, &mut *listener], |clients| {
            (clients[1].received.len() > from + (sequence - first) as usize).then_some(())
        });
    }
    let heard: Vec<_> = listener.received[from..]
        .iter()
        .map(|packet| packet.payload.to_vec())
        .collect();
    let said: Vec<_> = (first..first + count)
        .map(|sequence| format!("packet {sequence}").into_bytes())
        .collect();
    assert_eq!(heard, said);
}
