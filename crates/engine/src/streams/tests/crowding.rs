use std::io::{Read, Write};
use std::net::TcpStream;

use super::support::*;
use crate::streams::{Limits, StreamKind};

const WAITING: usize = 400 << 10;
/// Of a message, and of the length before it.
const MESSAGE: usize = 1000;
const FRAME: usize = 2 + MESSAGE;

/// Streams that may be sent much, in whose queues only little has room.
fn rig(streams: usize) -> (Rig, Vec<(u32, TcpStream)>) {
    let mut rig = Rig::with_limits(Limits {
        waiting: WAITING,
        ..Limits::default()
    });
    let connect = |rig: &mut Rig| {
        let mut client = rig.connect(StreamKind::Ice);
        client.write_all(&framed(&stun(0))).unwrap();
        let stream = rig.until_message(&stun(0));
        rig.streams.keep(stream);
        (stream, client)
    };
    let clients = (0..streams).map(|_| connect(&mut rig)).collect();
    (rig, clients)
}

fn waiting(rig: &Rig, stream: u32) -> usize {
    rig.streams.table[&stream].link.out.len()
}

/// A message that tells its number.
fn message(number: u16) -> Vec<u8> {
    number.to_be_bytes().repeat(MESSAGE / 2)
}

fn send(rig: &mut Rig, stream: u32, numbers: std::ops::Range<u16>) {
    for number in numbers {
        rig.streams.send(stream, &message(number));
        let all: usize = rig.streams.table.keys().map(|stream| waiting(rig, *stream)).sum();
        assert!(all <= WAITING, "{all} bytes wait");
    }
}

/// So many bytes, read while the streams are written to.
fn receive(rig: &mut Rig, client: &mut TcpStream, len: usize) -> Vec<u8> {
    client.set_nonblocking(true).unwrap();
    let mut received = Vec::new();
    rig.until("received", |_| {
        let mut chunk = [0; 1 << 16];
        while let Ok(len @ 1..) = client.read(&mut chunk) {
            received.extend_from_slice(&chunk[..len]);
        }
        received.len() >= len
    });
    assert_eq!(received.len(), len);
    received
}

#[test]
fn who_holds_most_gives_way_and_nobody_else() {
    let (mut rig, mut greedy) = rig(4);
    let (modest, mut client) = greedy.remove(0);
    send(&mut rig, modest, 0..50);
    for (stream, _) in &greedy {
        send(&mut rig, *stream, 0..250);
    }
    send(&mut rig, modest, 50..60);
    let dropped = rig.streams.counters().dropped_stream_crowded as usize;
    let waits: usize = greedy.iter().map(|(stream, _)| waiting(&rig, *stream)).sum();
    assert!(dropped > 0 && waits == (3 * 250 - dropped) * FRAME);
    let all: Vec<_> = (0..60).flat_map(|number| framed(&message(number))).collect();
    assert_eq!(receive(&mut rig, &mut client, all.len()), all);
}

#[test]
fn what_is_left_of_a_stream_that_gave_way_are_whole_messages_in_order() {
    let (mut rig, clients) = rig(2);
    for round in 0..10 {
        for (stream, _) in &clients {
            send(&mut rig, *stream, round * 250..(round + 1) * 250);
        }
    }
    assert!(rig.streams.counters().dropped_stream_crowded > 0);
    let lengths: Vec<_> = clients.iter().map(|(stream, _)| waiting(&rig, *stream)).collect();
    for ((_, mut client), len) in clients.into_iter().zip(lengths) {
        let received = receive(&mut rig, &mut client, len);
        let mut last = None;
        for frame in received.chunks(FRAME) {
            let number = u16::from_be_bytes([frame[2], frame[3]]);
            assert_eq!(frame, framed(&message(number)));
            assert!(last < Some(number));
            last = Some(number);
        }
    }
}

#[test]
fn what_was_written_does_not_count() {
    let (mut rig, mut clients) = rig(1);
    let (stream, client) = &mut clients[0];
    for _ in 0..20 {
        send(&mut rig, *stream, 0..100);
        receive(&mut rig, client, 100 * FRAME);
    }
    assert_eq!(rig.streams.counters().dropped_stream_crowded, 0);
}
