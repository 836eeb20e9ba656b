use std::io::{Read, Write};
use std::net::TcpStream;

use super::support::*;
use crate::streams::StreamKind;

/// It closes after so many seconds, and not before.
#[track_caller]
fn assert_stays_for(rig: &mut Rig, client: &mut TcpStream, seconds: u64) {
    let open = rig.open();
    rig.pass(seconds - 1);
    assert_eq!(rig.open(), open);
    let due = rig.streams.poll_timeout().expect("it has a deadline");
    assert!(due <= rig.now + std::time::Duration::from_secs(1));
    rig.pass(1);
    assert_eq!(rig.open(), open - 1);
    client.set_nonblocking(false).unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
}

/// A stream with a first message.
fn heard(rig: &mut Rig) -> (u32, TcpStream) {
    let mut client = rig.connect(StreamKind::Turn);
    client.write_all(&stun(0)).unwrap();
    (rig.until_message(&stun(0)), client)
}

#[test]
fn without_streams_there_is_no_timer() {
    let mut rig = Rig::new();
    assert_eq!(rig.streams.poll_timeout(), None);
    let client = rig.connect(StreamKind::Turn);
    assert!(rig.streams.poll_timeout().is_some());
    drop(client);
    rig.until_closed(1);
    assert_eq!(rig.streams.poll_timeout(), None);
}

#[test]
fn silence_is_borne_for_ten_seconds() {
    for kind in [StreamKind::Turn, StreamKind::Ice, StreamKind::Tls] {
        let (mut rig, _authority) = Rig::with_certificate();
        let mut client = rig.connect(kind);
        rig.turn();
        assert_stays_for(&mut rig, &mut client, 10);
        assert_eq!(rig.streams.counters().dropped_stream_silent, 1);
        assert!(rig.events.is_empty(), "nobody knew of it");
    }
}

#[test]
fn a_slowloris_gains_no_time_by_single_bytes() {
    let mut rig = Rig::new();
    let mut client = rig.connect(StreamKind::Turn);
    let message = stun(400);
    for byte in &message[..9] {
        client.write_all(&[*byte]).unwrap();
        rig.turn();
        rig.pass(1);
    }
    assert_stays_for(&mut rig, &mut client, 1);
    assert_eq!(rig.streams.counters().dropped_stream_silent, 1);
}

#[test]
fn half_a_handshake_is_borne_for_ten_seconds() {
    let (mut rig, authority) = Rig::with_certificate();
    let mut half_open = rig.connect(StreamKind::Tls);
    let mut hello = Vec::new();
    rig.connect_tls(authority.client())
        .session
        .write_tls(&mut hello)
        .unwrap();
    half_open.write_all(&hello).unwrap();
    rig.until("the server's flight", |rig| rig.streams.counters().stream_bytes_out > 0);
    rig.until_closed(1); // the one whose hello was taken
    rig.pass(5);
    let mut in_pieces = rig.connect(StreamKind::Tls);
    for byte in &hello[..100] {
        in_pieces.write_all(&[*byte]).unwrap();
        rig.turn();
    }
    assert_stays_for(&mut rig, &mut half_open, 5);
    assert_stays_for(&mut rig, &mut in_pieces, 5);
    assert_eq!(rig.streams.counters().dropped_stream_silent, 2);
}

#[test]
fn after_the_handshake_there_is_time_for_a_first_message() {
    let (mut rig, authority) = Rig::with_certificate();
    let mut client = rig.connect_tls(authority.client());
    rig.pass(9);
    client.until_secure(&mut rig);
    rig.until("handshake here", |rig| {
        rig.streams.counters().stream_tls_handshakes == 1
    });
    // Of one byte nobody can tell what it begins.
    client.write(&[0]);
    client.step();
    rig.turn();
    assert_stays_for(&mut rig, &mut client.socket, 10);
    assert_eq!(rig.streams.counters().dropped_stream_silent, 1);
}

#[test]
fn who_gets_no_allocation_goes_after_thirty_seconds_whatever_it_says() {
    let mut rig = Rig::new();
    let (_, mut client) = heard(&mut rig);
    for _ in 0..29 {
        rig.pass(1);
        client.write_all(&stun(0)).unwrap();
        rig.until_message(&stun(0));
    }
    assert_stays_for(&mut rig, &mut client, 1);
    assert_eq!(rig.streams.counters().dropped_stream_unused, 1);
    assert_eq!(rig.events.len(), 1);
}

#[test]
fn who_is_kept_stays_while_it_says_something_whole() {
    let mut rig = Rig::new();
    let (stream, mut client) = heard(&mut rig);
    rig.streams.keep(stream);
    rig.pass(599);
    client.write_all(&stun(0)).unwrap();
    rig.until_message(&stun(0));
    rig.pass(300);
    client.write_all(&stun(0)[..7]).unwrap();
    rig.turn();
    assert_stays_for(&mut rig, &mut client, 300);
    assert_eq!(rig.streams.counters().dropped_stream_idle, 1);
}

#[test]
fn who_is_released_has_half_a_minute_since_its_last_word() {
    let mut rig = Rig::new();
    let (stream, mut client) = heard(&mut rig);
    rig.streams.keep(stream);
    rig.pass(100);
    client.write_all(&stun(0)).unwrap();
    rig.until_message(&stun(0));
    rig.pass(10);
    rig.streams.release(stream);
    assert_stays_for(&mut rig, &mut client, 20);
    assert_eq!(rig.streams.counters().dropped_stream_unused, 1);
}
