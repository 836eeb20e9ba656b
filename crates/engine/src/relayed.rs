//! The UDP ports of the relay's clients: one socket an allocation and family, all watched by one descriptor.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;
use std::{io, mem, slice};

use rustc_hash::FxHashMap;
use slab::Slab;
use tertulia_sfu::types::Path;

use crate::platform::{ReceiveBatch, Transmitter};
use crate::send::{Burst, SendCounters, append};
use crate::socket::Socket;
use crate::streams::poller::{Interest, Poller, Ready};

/// Bytes collected for all ports before they are sent even without `flush`.
const COLLECTED_MAX: usize = 1 << 20;
/// Buffers of ports that keep more than this give it back.
const KEPT_MAX: usize = 1 << 17;
/// The kernel may offer ports that are not to be used.
const BIND_TRIES: usize = 16;
/// A full buffer drops, as any router would: the media of others does not wait for a relayed packet.
const PATIENCE: Duration = Duration::ZERO;

/// What the ports' sockets carried. What goes from one client to another, or to our own media port, is not in here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PortCounters {
    pub datagrams_in: u64,
    pub receive_errors: u64,
    pub dropped_truncated: u64,
    pub dropped_foreign: u64,
    /// Not to be cut, and this system cannot promise that.
    pub dropped_unfragmented: u64,
    pub sent: SendCounters,
}

pub(crate) struct RelayedPorts {
    ports: Slab<Port>,
    /// By the address that peers know.
    by_told: FxHashMap<SocketAddr, usize>,
    poller: Poller,
    transmitter: Transmitter,
    /// The first `collecting` belong to ports that have something to send, the others wait to be used.
    outgoing: Vec<Outgoing>,
    collecting: usize,
    collected: usize,
    pub counters: PortCounters,
}

struct Port {
    socket: Socket,
    told: SocketAddr,
    outgoing: Option<usize>,
}

/// What one port has to send.
#[derive(Default)]
struct Outgoing {
    port: usize,
    bytes: Vec<u8>,
    bursts: Vec<Burst>,
}

impl RelayedPorts {
    /// `segmentation`: the kernel has UDP_SEGMENT, and it is wanted.
    pub fn new(segmentation: bool) -> io::Result<RelayedPorts> {
        Ok(RelayedPorts {
            ports: Slab::new(),
            by_told: FxHashMap::default(),
            poller: Poller::new()?,
            transmitter: Transmitter::new(segmentation),
            outgoing: Vec::new(),
            collecting: 0,
            collected: 0,
            counters: PortCounters::default(),
        })
    }

    /// A port on `home` that peers know as one of `told`; the number is none that `is_unfit` names.
    pub fn open(&mut self, home: IpAddr, told: IpAddr, is_unfit: impl Fn(u16) -> bool) -> io::Result<SocketAddr> {
        // Kept until the end, so that the kernel offers others.
        let mut unfit = Vec::new();
        for _ in 0..BIND_TRIES {
            let socket = Socket::bind_relayed(home)?;
            let port = socket.address().port();
            let told = SocketAddr::new(told, port);
            if is_unfit(port) || self.by_told.contains_key(&told) {
                unfit.push(socket);
                continue;
            }
            let entry = self.ports.vacant_entry();
            self.poller.change(
                socket.as_raw_fd(),
                entry.key() as u64,
                Interest::default(),
                Interest::READ,
            )?;
            self.by_told.insert(told, entry.key());
            entry.insert(Port {
                socket,
                told,
                outgoing: None,
            });
            return Ok(told);
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// What the port had to send leaves before.
    pub fn close(&mut self, told: SocketAddr) {
        let Some(slot) = self.by_told.remove(&told) else { return };
        if self.ports[slot].outgoing.is_some() {
            self.flush();
        }
        let port = self.ports.remove(slot);
        self.unwatch(&port);
    }

    /// What they had to send is lost: nothing is trusted that was at hand when something panicked.
    pub fn close_all(&mut self) {
        self.outgoing.clear();
        self.collecting = 0;
        self.collected = 0;
        self.by_told.clear();
        for port in mem::take(&mut self.ports).drain() {
            self.unwatch(&port);
        }
    }

    /// Ports that have received something.
    pub fn ready(&self, ready: &mut Vec<Ready>) {
        self.poller.poll(ready);
    }

    /// Fills the batch from a port; gives its address as peers know it. What a port cannot take in one batch waits for its next turn.
    pub fn receive(&mut self, ready: Ready, batch: &mut ReceiveBatch) -> Option<SocketAddr> {
        // One that was closed since it was said to be ready has no port any more, or another, in which nothing waits.
        let port = self.ports.get(ready.key as usize)?;
        match batch.receive(&port.socket, 0) {
            Ok(_) => {
                self.counters.dropped_truncated += batch.take_truncated();
                Some(port.told)
            }
            Err(_) => {
                self.counters.receive_errors += 1;
                None
            }
        }
    }

    /// From the port that peers know as `told`. Nothing leaves before `flush`, or until much has come together.
    pub fn send(&mut self, told: SocketAddr, peer: SocketAddr, payload: &[u8], dont_fragment: bool) {
        let Some(&slot) = self.by_told.get(&told) else { return };
        if dont_fragment {
            return self.send_unfragmented(slot, peer, payload);
        }
        if self.collected + payload.len() > COLLECTED_MAX {
            self.flush();
        }
        self.collect(slot, peer, payload);
    }

    pub fn flush(&mut self) {
        for outgoing in &mut self.outgoing[..self.collecting] {
            let port = &mut self.ports[outgoing.port];
            port.outgoing = None;
            self.transmitter.send(
                slice::from_ref(&port.socket),
                &outgoing.bytes,
                &outgoing.bursts,
                PATIENCE,
            );
            outgoing.clear();
        }
        self.collecting = 0;
        self.collected = 0;
    }

    pub fn counters(&self) -> PortCounters {
        PortCounters {
            sent: *self.transmitter.counters(),
            ..self.counters
        }
    }

    /// Why segmentation was switched off, once.
    pub fn take_notice(&mut self) -> Option<String> {
        self.transmitter.take_notice()
    }

    /// Before it is closed: a copy of the descriptor in a forked process would keep it watched.
    fn unwatch(&self, port: &Port) {
        let _ = self
            .poller
            .change(port.socket.as_raw_fd(), 0, Interest::READ, Interest::default());
    }

    fn collect(&mut self, slot: usize, peer: SocketAddr, payload: &[u8]) {
        let port = &mut self.ports[slot];
        let index = *port.outgoing.get_or_insert_with(|| {
            if self.collecting == self.outgoing.len() {
                self.outgoing.push(Outgoing::default());
            }
            self.outgoing[self.collecting].port = slot;
            self.collecting += 1;
            self.collecting - 1
        });
        let outgoing = &mut self.outgoing[index];
        let path = Path {
            remote: peer,
            local: port.socket.address().ip(),
            socket: 0,
        };
        let segments = self.transmitter.segments();
        append(
            &mut outgoing.bursts,
            &path,
            outgoing.bytes.len(),
            payload.len(),
            segments,
        );
        outgoing.bytes.extend_from_slice(payload);
        self.collected += payload.len();
    }

    /// Alone, and after what the port had to send: the prohibition is the socket's, not the packet's.
    fn send_unfragmented(&mut self, slot: usize, peer: SocketAddr, payload: &[u8]) {
        self.flush();
        if self.ports[slot].socket.set_dont_fragment(true).is_ok() {
            self.collect(slot, peer, payload);
            self.flush();
        } else {
            self.counters.dropped_unfragmented += 1;
        }
        let _ = self.ports[slot].socket.set_dont_fragment(false);
    }
}

impl AsRawFd for RelayedPorts {
    fn as_raw_fd(&self) -> RawFd {
        self.poller.as_raw_fd()
    }
}

impl Outgoing {
    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_MAX);
        self.bursts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::net::UdpSocket;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn ports() -> RelayedPorts {
        RelayedPorts::new(cfg!(target_os = "linux")).expect("a descriptor")
    }

    fn open(ports: &mut RelayedPorts) -> SocketAddr {
        ports.open(HOME, HOME, |_| false).expect("a port")
    }

    fn peer() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind((HOME, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn receive(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 2048];
        let (len, from) = peer.recv_from(&mut buffer).expect("arrived in time");
        (buffer[..len].to_vec(), from)
    }

    #[test]
    fn what_ports_send_by_turns_leaves_in_one_message_a_port() {
        let mut ports = ports();
        let (a, b) = (open(&mut ports), open(&mut ports));
        let (peer, at_peer) = peer();
        for i in 0..10 {
            ports.send(a, at_peer, &[i; 500], false);
            ports.send(b, at_peer, &[i; 600], false);
        }
        assert_eq!(ports.counters().sent.datagrams, 0, "nothing leaves before the flush");
        ports.flush();
        let received: Vec<_> = (0..20).map(|_| receive(&peer)).collect();
        for (port, len) in [(a, 500), (b, 600)] {
            let of_port: Vec<_> = received.iter().filter(|(_, from)| *from == port).collect();
            let expected: Vec<_> = (0..10u8).map(|i| (vec![i; len], port)).collect();
            assert!(of_port.iter().copied().eq(&expected));
        }
        let sent = ports.counters().sent;
        assert_eq!(sent.datagrams, 20);
        if ports.transmitter.segments() {
            assert_eq!((sent.messages, sent.calls), (2, 2));
        }
    }

    #[test]
    fn a_port_that_has_something_is_told_until_it_is_read_or_closed() {
        let mut ports = ports();
        let (a, b) = (open(&mut ports), open(&mut ports));
        let (peer, _) = peer();
        for port in [a, b] {
            peer.send_to(b"to a port", port).unwrap();
        }
        let (mut ready, mut batch) = (Vec::new(), ReceiveBatch::new());
        while ready.len() < 2 {
            ports.ready(&mut ready);
        }
        ports.close(b);
        let told: Vec<_> = ready
            .iter()
            .filter_map(|&port| ports.receive(port, &mut batch))
            .collect();
        assert_eq!(told, [a]);
        let received: Vec<_> = batch.iter_mut().map(|(_, payload)| payload.to_vec()).collect();
        assert_eq!(received, [b"to a port"]);
        ports.ready(&mut ready);
        assert!(ready.is_empty());
    }

    #[test]
    fn what_a_port_has_to_send_leaves_before_it_is_closed() {
        let mut ports = ports();
        let port = open(&mut ports);
        let (peer, at_peer) = peer();
        ports.send(port, at_peer, b"last", false);
        ports.close(port);
        assert_eq!(receive(&peer), (b"last".to_vec(), port));
        ports.send(port, at_peer, b"after", false);
        ports.close(port);
        ports.flush();
        assert_eq!(ports.counters().sent.datagrams, 1);
    }

    #[test]
    fn numbers_that_are_taken_are_not_given_out() {
        let mut ports = ports();
        let offered = RefCell::new(Vec::new());
        let is_taken = |port| {
            let mut offered = offered.borrow_mut();
            offered.push(port);
            offered.len() <= 3
        };
        let opened = ports.open(HOME, HOME, is_taken).expect("a port");
        assert!(!offered.borrow()[..3].contains(&opened.port()));
        let none = ports.open(HOME, HOME, |_| true).expect_err("all are taken");
        assert_eq!(none.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(ports.ports.len(), 1);
    }
}
