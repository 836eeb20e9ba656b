//! Receiving and sending where there is neither `recvmmsg` nor UDP_SEGMENT: one datagram a call.

use std::io;
use std::time::Duration;

use tertulia_sfu::egress::DATAGRAM_MAX;
use tertulia_sfu::types::Path;

use crate::send::{Burst, SendCounters};
use crate::socket::Socket;

/// Datagrams taken from a socket before its worker turns to other things.
const BATCH: usize = 64;

pub(crate) struct ReceiveBatch {
    buffers: Box<[[u8; DATAGRAM_MAX]]>,
    received: Vec<(Path, usize)>,
}

impl ReceiveBatch {
    pub fn new() -> ReceiveBatch {
        ReceiveBatch {
            buffers: vec![[0; DATAGRAM_MAX]; BATCH].into_boxed_slice(),
            received: Vec::with_capacity(BATCH),
        }
    }

    /// Replaces the batch by what waits in the socket. Gives whether more may wait.
    pub fn receive(&mut self, socket: &Socket, index: u8) -> io::Result<bool> {
        self.received.clear();
        for buffer in &mut self.buffers {
            match socket.as_std().recv_from(buffer) {
                Ok((len, remote)) => {
                    self.received.push((
                        Path {
                            remote,
                            local: socket.address().ip(),
                            socket: index,
                        },
                        len,
                    ));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if self.received.is_empty() => return Err(error),
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Path, &mut [u8])> {
        self.received
            .iter()
            .zip(&mut self.buffers)
            .map(|(&(path, len), buffer)| (path, &mut buffer[..len]))
    }

    /// `recv_from` does not tell.
    pub fn take_truncated(&mut self) -> u64 {
        0
    }
}

pub(crate) struct Transmitter {
    counters: SendCounters,
}

impl Transmitter {
    pub fn new(_segmentation: bool) -> Transmitter {
        Transmitter {
            counters: SendCounters::default(),
        }
    }

    pub fn segments(&self) -> bool {
        false
    }

    pub fn counters(&self) -> &SendCounters {
        &self.counters
    }

    pub fn take_notice(&mut self) -> Option<String> {
        None
    }

    pub fn send(&mut self, sockets: &[Socket], arena: &[u8], bursts: &[Burst], _patience: Duration) {
        for burst in bursts {
            self.counters.calls += 1;
            let datagram = &arena[burst.start..burst.start + burst.len];
            let socket = sockets.get(usize::from(burst.path.socket));
            match socket.map(|socket| socket.as_std().send_to(datagram, burst.path.remote)) {
                Some(Ok(_)) => {
                    self.counters.datagrams += 1;
                    self.counters.messages += 1;
                }
                Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => self.counters.dropped_full += 1,
                _ => self.counters.dropped_error += 1,
            }
        }
    }
}
