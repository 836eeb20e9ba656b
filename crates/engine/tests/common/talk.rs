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
///
/// A packet may overtake a command: it comes by another way. So this waits until the worker shows what it was told.
pub fn publish(engine: &Engine, (source, speaker): (u64, &mut Client), (id, listener): (u64, &mut Client)) {
    publish_for_all(engine, source, speaker);
    listen(engine, (id, listener), source);
    turn_until("binding", &mut [speaker, listener], |_| {
        let stats = engine.connection_stats(ConnectionId(id))?;
        let bound = stats.slots.iter().any(|slot| slot.source == Some(SourceId(source)));
        bound.then_some(())
    });
}

/// A source with the number of its connection.
pub fn publish_for_all(engine: &Engine, id: u64, speaker: &mut Client) {
    let ssrc = 1000 + id as u32;
    let source = SourceSpec {
        kind: MediaKind::Audio,
        codec: Codec::Opus,
        mid: "s".into(),
        clock_rate: 48_000,
        payload_type: OPUS,
        rtx_payload_type: None,
        red_payload_type: None,
        encodings: vec![EncodingSpec {
            ssrc: Some(ssrc),
            ..EncodingSpec::default()
        }],
        nack: false,
        extensions: Extensions::default(),
    };
    speaker.send_audio("s", ssrc);
    engine.add_source(ConnectionId(id), SourceId(id), source);
}

/// A slot with the number of its connection, in which `source` is bound.
pub fn listen(engine: &Engine, (id, listener): (u64, &mut Client), source: u64) {
    let slot = SlotSpec {
        kind: MediaKind::Audio,
        mid: "0".into(),
        ssrc: 2000 + id as u32,
        rtx_ssrc: 0,
        extensions: Extensions::default(),
        transport_cc: false,
    };
    listener.receive_audio("0", slot.ssrc);
    engine.add_slot(ConnectionId(id), SlotId(id), slot);
    engine.bind(SlotId(id), Some(binding(source)));
}

pub fn binding(source: u64) -> Binding {
    Binding {
        source: SourceId(source),
        payload_type: OPUS,
        rtx_payload_type: None,
        red_payload_type: None,
    }
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
