use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use super::support::*;
use crate::streams::StreamEvent;

const REQUEST: &[u8] = b"GET /ws HTTP/1.1\r\nHost: tertulia.example\r\n\r\n";

/// A client in TLS, and the end that the HTTP server gets, after the request has come out of it.
fn tunnel(rig: &mut Rig, authority: &Authority) -> (TlsClient, UnixStream) {
    let mut client = rig.connect_tls(authority.client());
    let address = client.socket.local_addr().unwrap();
    client.write(REQUEST);
    rig.until("HTTP", |rig| {
        client.step();
        !rig.events.is_empty()
    });
    let StreamEvent::Http { socket, remote, .. } = rig.events.remove(0) else {
        panic!("nothing else can have happened")
    };
    assert_eq!(remote, address);
    let mut server = UnixStream::from(socket);
    assert_eq!(server.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let mut request = Vec::new();
    rig.until("request", |_| {
        take(&mut server, &mut request);
        request.len() == REQUEST.len()
    });
    assert_eq!(request, REQUEST);
    (client, server)
}

/// What there is; true at the end.
fn take(socket: &mut UnixStream, into: &mut Vec<u8>) -> bool {
    let mut chunk = vec![0; 1 << 16];
    loop {
        match socket.read(&mut chunk) {
            Ok(0) => return true,
            Ok(len) => into.extend_from_slice(&chunk[..len]),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                return false;
            }
        }
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn http_in_tls_comes_out_of_a_pair_and_its_answer_goes_back() {
    let (mut rig, authority) = Rig::with_certificate();
    let (mut client, mut server) = tunnel(&mut rig, &authority);
    server.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    drop(server);
    rig.until("end", |_| {
        client.step();
        client.has_ended
    });
    assert_eq!(client.received, b"HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(rig.open(), 1, "the client has not ended yet");
    client.session.send_close_notify();
    client.step();
    rig.until_closed(1);
    assert!(rig.events.is_empty());
    assert_eq!(rig.streams.counters().stream_http_tunnels, 1);
    assert_eq!(rig.streams.counters().dropped_stream_bytes, 0);
}

#[test]
fn much_passes_both_ways_at_once_through_little_memory() {
    const LEN: usize = 3 << 20;
    let (mut rig, authority) = Rig::with_certificate();
    let (mut client, mut server) = tunnel(&mut rig, &authority);
    let (up, down) = (pattern(LEN), pattern(LEN));
    client.write(&up);
    let (mut written, mut received) = (0, Vec::new());
    rig.until("all of it", |rig| {
        client.step();
        while let Ok(len @ 1..) = server.write(&down[written..]) {
            written += len;
        }
        // One slow reader more: a little in each turn.
        let mut chunk = vec![0; 20_000];
        if let Ok(len) = server.read(&mut chunk) {
            received.extend_from_slice(&chunk[..len]);
        }
        let stream = rig.streams.table.values().next().expect("still open");
        assert!(
            stream.unsent() <= 2 * (64 << 10) + (128 << 10),
            "{} bytes wait",
            stream.unsent()
        );
        client.received.len() == LEN && received.len() == LEN
    });
    assert!(client.received == down && received == up);
}

#[test]
fn an_end_of_one_side_leaves_the_other_its_answer() {
    let (mut rig, authority) = Rig::with_certificate();
    let (mut client, mut server) = tunnel(&mut rig, &authority);
    client.write(b"the last of the client");
    client.session.send_close_notify();
    let mut received = Vec::new();
    rig.until("end of the request", |_| {
        client.step();
        take(&mut server, &mut received)
    });
    assert_eq!(received, b"the last of the client");

    let answer = pattern(1 << 20);
    let mut written = 0;
    rig.until("whole answer", |_| {
        while let Ok(len @ 1..) = server.write(&answer[written..]) {
            written += len;
        }
        if written == answer.len() {
            // Once more does no harm.
            let _ = server.shutdown(Shutdown::Write);
        }
        client.step();
        client.has_ended
    });
    assert!(client.received == answer);
    rig.until_closed(1);
}

#[test]
fn an_answer_before_the_end_of_the_request_is_not_lost() {
    let (mut rig, authority) = Rig::with_certificate();
    let (mut client, mut server) = tunnel(&mut rig, &authority);
    server.write_all(b"HTTP/1.1 413 Content Too Large\r\n\r\n").unwrap();
    drop(server);
    client.write(&pattern(2 << 20));
    rig.until("end of the answer", |_| {
        client.step();
        client.has_ended && !client.session.wants_write()
    });
    assert_eq!(client.received, b"HTTP/1.1 413 Content Too Large\r\n\r\n");
    client.session.send_close_notify();
    client.step();
    rig.until_closed(1);
    assert_eq!(rig.streams.counters().dropped_stream_bytes, 2 << 20);
}

#[test]
fn a_peer_that_does_not_end_after_http_has_half_a_minute() {
    let (mut rig, authority) = Rig::with_certificate();
    let (mut client, server) = tunnel(&mut rig, &authority);
    rig.pass(3600);
    assert_eq!(rig.open(), 1, "how long HTTP lasts is not ours to say");
    drop(server);
    rig.until("end", |_| {
        client.step();
        client.has_ended
    });
    for _ in 0..29 {
        client.write(b"and another thing");
        client.step();
        rig.turn();
        rig.pass(1);
    }
    assert_eq!(rig.open(), 1);
    rig.pass(1);
    assert_eq!(rig.open(), 0);
    assert_eq!(rig.streams.counters().dropped_stream_idle, 1);
}

#[test]
fn a_tunnel_that_waits_leaves_the_thread_asleep() {
    let (mut rig, authority) = Rig::with_certificate();
    let (mut client, server) = tunnel(&mut rig, &authority);
    client.session.send_close_notify();
    client.step();
    client.socket.shutdown(Shutdown::Write).unwrap();
    rig.until("both directions known", |rig| {
        let stream = rig.streams.table.values().next().expect("still open");
        matches!(&stream.role, crate::streams::Role::Tunnel(tunnel) if !tunnel.wants_outer())
    });
    // The socket stays readable at its end for ever.
    rig.turn();
    let mut waiter = crate::wait::Waiter::new([std::os::fd::AsRawFd::as_raw_fd(&rig.streams)]);
    waiter.wait(Some(std::time::Duration::from_millis(20)));
    assert!(!waiter.is_ready(0));
    drop(server);
    rig.until_closed(1);
}
