//! What the tests of a running engine share. Nothing here sleeps: everything waits for a condition, with a deadline.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod client;
pub mod talk;

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use tertulia_engine::{Engine, EngineConfig, Event, Peer};
use tertulia_sfu::types::{Fingerprint, IceCredentials};

pub const PATIENCE: Duration = Duration::from_secs(10);

pub fn engine(workers: usize) -> Engine {
    start(EngineConfig {
        workers,
        ..EngineConfig::default()
    })
}

/// On a free port of the loopback interface, unless `config` says where.
pub fn start(mut config: EngineConfig) -> Engine {
    if config.bind.is_empty() {
        config.bind = vec!["127.0.0.1:0".parse().unwrap()];
    }
    Engine::start(config).expect("started")
}

/// A peer that never shows up.
pub fn absent_peer() -> Peer {
    let credentials = IceCredentials {
        ufrag: "peer".into(),
        pwd: "a password of some length".into(),
    };
    Peer {
        credentials,
        fingerprint: Fingerprint([1; 32]),
        dtls_active: false,
    }
}

/// A socket that waits in short steps, so that a test can look at other things meanwhile.
pub fn client_socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bound");
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    socket
}

/// Sends `request` until something comes back.
pub fn exchange(socket: &UdpSocket, to: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut buffer = [0; 2048];
    until("an answer", || {
        socket.send_to(request, to).expect("sent");
        let (len, from) = socket.recv_from(&mut buffer).ok()?;
        assert_eq!(from, to, "the answer comes from where the request went");
        Some(buffer[..len].to_vec())
    })
}

/// Tries again until there is a value.
pub fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = attempt() {
            return value;
        }
        assert!(Instant::now() < deadline, "no {what} in time");
        std::thread::yield_now();
    }
}

/// Reads events until one is wanted; gives all read, that one last.
pub fn events_until(engine: &Engine, what: &str, mut is_wanted: impl FnMut(&Event) -> bool) -> Vec<Event> {
    let mut seen = Vec::new();
    let mut waiting = VecDeque::new();
    until(what, || {
        waiting.extend(engine.poll_events());
        while let Some(event) = waiting.pop_front() {
            let found = is_wanted(&event);
            seen.push(event);
            if found {
                return Some(());
            }
        }
        None
    });
    seen
}

pub fn counter_reaches(engine: &Engine, name: &str, value: u64) {
    until(name, || (engine.counters()[name] >= value).then_some(()));
}
