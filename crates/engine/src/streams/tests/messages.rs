use std::io::{Read, Write};

use super::support::*;
use crate::streams::{Limits, Protocol, StreamEvent, StreamKind};

#[test]
fn turn_messages_come_whole_however_they_are_cut_and_answers_are_padded() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Turn);
    let data = channel_data(b"seven b");
    let wire = [&stun(8)[..], &data, &[0], &stun(0)].concat();
    for byte in wire {
        client.write_all(&[byte]).unwrap();
        rig.turn();
    }
    rig.until("three messages", |rig| rig.messages.len() == 3);
    let stream = rig.messages[0].0;
    let expected = [stun(8), data.clone(), stun(0)].map(|bytes| (stream, Protocol::Turn, bytes));
    assert_eq!(rig.messages, expected);

    assert!(rig.streams.send(stream, &data) && rig.streams.send(stream, &stun(4)));
    rig.streams.flush();
    assert_eq!(read_exactly(&mut client, 36), [&data[..], &[0], &stun(4)].concat());
}

#[test]
fn ice_datagrams_carry_their_length() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Ice);
    client
        .write_all(&[framed(&stun(0)), framed(b""), framed(b"rtp")].concat())
        .unwrap();
    rig.until("three datagrams", |rig| rig.messages.len() == 3);
    let (stream, protocol, _) = rig.messages[0];
    assert_eq!(protocol, Protocol::Ice);
    assert_eq!(rig.messages[1].2, b"");
    assert_eq!(rig.messages[2].2, b"rtp");

    assert!(rig.streams.send(stream, b"dtls"));
    rig.streams.flush();
    assert_eq!(read_exactly(&mut client, 6), framed(b"dtls"));
}

#[test]
fn a_message_that_no_frame_holds_is_refused_and_counted() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Ice);
    client.write_all(&framed(&stun(0))).unwrap();
    let stream = rig.until_message(&stun(0));
    assert!(!rig.streams.send(stream, &[0; 2049]));
    assert!(!rig.streams.send(stream + 1, b"to nobody"));
    assert_eq!(rig.streams.counters().dropped_stream_send, 2);
}

#[test]
fn whoever_was_heard_is_gone_once_and_nobody_else() {
    let mut rig = Rig::new();
    let mut heard = rig.connect(StreamKind::Turn);
    let silent = rig.connect(StreamKind::Turn);
    heard.write_all(&stun(0)).unwrap();
    let number = rig.until_message(&stun(0));
    let address = heard.local_addr().unwrap();
    drop((heard, silent));
    rig.until_closed(2);
    let [
        StreamEvent::Gone {
            stream,
            remote,
            protocol,
            ..
        },
    ] = rig.events[..]
    else {
        panic!("{:?}", rig.events)
    };
    assert_eq!((stream, remote, protocol), (number, address, Protocol::Turn));
    assert_eq!(rig.streams.counters().dropped_stream_cut, 0);
}

#[test]
fn what_was_queued_still_leaves_when_time_is_up() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Turn);
    client.write_all(&stun(0)).unwrap();
    let stream = rig.until_message(&stun(0));
    assert!(rig.streams.send(stream, &stun(0)));
    rig.pass(30);
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, stun(0));
    assert!(matches!(rig.events[..], [StreamEvent::Gone { .. }]));
    assert!(!rig.streams.send(stream, &stun(0)));
}

#[test]
fn a_number_that_is_in_use_is_passed_over() {
    let mut rig = Rig::new();
    let _first = rig.connect(StreamKind::Turn);
    rig.streams.next_number = u32::MAX;
    let _others = [rig.connect(StreamKind::Turn), rig.connect(StreamKind::Turn)];
    let mut numbers: Vec<_> = rig.streams.table.keys().copied().collect();
    numbers.sort();
    assert_eq!(numbers, [0, 1, u32::MAX]);
}

#[test]
fn beyond_the_limits_the_newest_is_refused() {
    let mut rig = Rig::with_limits(Limits {
        streams: 3,
        per_address: 2,
        ..Limits::default()
    });
    let mut clients: Vec<_> = (0..3).map(|_| rig.connect(StreamKind::Turn)).collect();
    assert_eq!(clients.pop().unwrap().read(&mut [0]).unwrap(), 0);
    assert_eq!(rig.streams.counters().dropped_stream_address_limit, 1);
    clients[0].write_all(&stun(0)).unwrap();
    rig.until_message(&stun(0));

    rig.streams.admission.limits.streams = 2;
    assert_eq!(rig.connect(StreamKind::Turn).read(&mut [0]).unwrap(), 0);
    assert_eq!(rig.streams.counters().dropped_stream_limit, 1);
    clients.pop();
    rig.until_closed(1);
    let mut next = rig.connect(StreamKind::Turn);
    next.write_all(&stun(0)).unwrap();
    rig.until_message(&stun(0));
}
