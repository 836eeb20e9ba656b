//! The receiving half of worker 0: sockets, relay and streams, and the roads to and from the other workers.

use std::mem;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Instant;

use tertulia_relay::{Client, RESPONSE_MAX};
use tertulia_sfu::egress::Egress;
use tertulia_sfu::types::Path;

use crate::control::FrontMessage;
use crate::event::Event;
use crate::outlet::{Aside, Outlet};
use crate::platform::ReceiveBatch;
use crate::queue::{Heading, Inbox};
use crate::relaying::{Relaying, RelayingCounters, Ways};
use crate::send::SendBatch;
use crate::socket::Socket;
use crate::sorter::{Decision, Sorter};
use crate::streaming::{Arrival, Streaming};
use crate::streams::{Protocol, StreamEvent};

/// Parcels taken from each other worker before sockets get their turn.
const PARCELS_PER_TURN: usize = 8;

pub(crate) struct Front {
    sockets: Arc<[Socket]>,
    batch: ReceiveBatch,
    pub sorter: Sorter,
    relaying: Option<Relaying>,
    pub streaming: Streaming,
    /// What the other workers send to relayed addresses and to streams.
    inboxes: Vec<Inbox>,
    events: Vec<Event>,
    /// The life of the streams that the relay knows of.
    streams_life: u32,
}

/// What has something to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Socket(usize),
    Streams,
    RelayedPorts,
}

impl Front {
    pub fn new(
        sockets: Arc<[Socket]>,
        sorter: Sorter,
        relaying: Option<Relaying>,
        streaming: Streaming,
        inboxes: Vec<Inbox>,
    ) -> Front {
        Front {
            sockets,
            batch: ReceiveBatch::new(),
            sorter,
            relaying,
            streaming,
            inboxes,
            events: Vec::new(),
            streams_life: 0,
        }
    }

    pub fn handle_message(&mut self, message: FrontMessage, now: Instant, out: &mut Outlet) {
        match (message, &mut self.relaying) {
            (FrontMessage::Adopt(socket, kind), _) => self.streaming.adopt(socket, kind, now),
            (FrontMessage::Certificate(tls), _) => self.streaming.set_tls(tls),
            (FrontMessage::CrashRelay, Some(relaying)) => {
                relaying.crash(now, Ways::new(&mut out.batch, &mut self.streaming));
            }
            (FrontMessage::CrashRelay, None) => {}
        }
    }

    /// All that is to be waited on. The streams' descriptor is another one when their `life` is.
    pub fn sources(&self) -> Vec<(Source, RawFd)> {
        let sockets = self.sockets.iter().enumerate();
        let sockets = sockets.map(|(index, socket)| (Source::Socket(index), socket.as_raw_fd()));
        let relaying = self.relaying.iter();
        sockets
            .chain([(Source::Streams, self.streaming.as_raw_fd())])
            .chain(relaying.map(|relaying| (Source::RelayedPorts, relaying.as_raw_fd())))
            .collect()
    }

    /// Takes one batch: what is worker 0's own goes to `deliver`, the rest where it belongs. Gives whether more may wait.
    pub fn receive(
        &mut self,
        source: Source,
        now: Instant,
        out: &mut Outlet,
        mut deliver: impl FnMut(Heading, &mut [u8], &mut Outlet),
    ) -> bool {
        let more = match source {
            Source::Socket(socket) => self.receive_datagrams(socket, now, out, &mut deliver),
            Source::Streams => self.receive_frames(now, out, &mut deliver),
            Source::RelayedPorts => self.receive_relayed(now, out),
        };
        self.deliver_relayed(now, out, &mut deliver);
        self.sorter.flush();
        more
    }

    fn receive_datagrams(
        &mut self,
        socket: usize,
        now: Instant,
        out: &mut Outlet,
        deliver: &mut impl FnMut(Heading, &mut [u8], &mut Outlet),
    ) -> bool {
        let Front {
            sockets,
            batch,
            sorter,
            relaying,
            streaming,
            ..
        } = self;
        let more = batch.receive(&sockets[socket], socket as u8).unwrap_or_else(|_| {
            sorter.counters.receive_errors += 1;
            false
        });
        // After receiving: what a peer sent upon our answer comes after the change that the answer made.
        sorter.apply_changes(now);
        for (Heading { path, at }, datagram) in batch.iter_mut() {
            match sorter.decide(path, datagram, now, out) {
                Decision::Own => deliver(Heading { path, at }, datagram, out),
                Decision::Worker(worker) => sorter.hand_over(worker, Heading { path, at }, datagram),
                Decision::Turn => match relaying {
                    Some(relaying) => {
                        let ways = Ways::new(&mut out.batch, streaming);
                        relaying.handle_client(client_of(path), datagram, now, ways);
                    }
                    None => sorter.counters.dropped_turn += 1,
                },
                // Past the outlet: an answer to a stranger proves no address.
                Decision::Answer(len) => out.batch.commit(&path, len),
                Decision::Done => {}
            }
        }
        sorter.counters.dropped_truncated += batch.take_truncated();
        more
    }

    /// The streams read a bounded amount; their descriptor tells again of what is left.
    fn receive_frames(
        &mut self,
        now: Instant,
        out: &mut Outlet,
        deliver: &mut impl FnMut(Heading, &mut [u8], &mut Outlet),
    ) -> bool {
        self.sorter.apply_changes(now);
        let mut frames = self.streaming.receive(now);
        for (arrival, bytes) in frames.iter_mut() {
            match arrival.protocol {
                Protocol::Turn => self.relay(arrival, bytes, now, out),
                Protocol::Ice => {
                    let from = arrival.client.remote();
                    self.deliver_indirect(arrival.path, from, bytes, now, out, deliver);
                }
            }
        }
        self.streaming.reuse(frames);
        false
    }

    fn relay(&mut self, arrival: Arrival, message: &[u8], now: Instant, out: &mut Outlet) {
        if let Some(relaying) = &mut self.relaying {
            let ways = Ways::new(&mut out.batch, &mut self.streaming);
            relaying.handle_client(arrival.client, message, now, ways);
        } else if let Some(len) = self.sorter.answer_framed(arrival.client.remote(), message, out) {
            self.answer_indirect(arrival.path, len, now, out);
        }
    }

    fn receive_relayed(&mut self, now: Instant, out: &mut Outlet) -> bool {
        if let Some(relaying) = &mut self.relaying {
            let ways = Ways::new(&mut out.batch, &mut self.streaming);
            relaying.receive(&mut self.batch, now, ways);
        }
        false
    }

    /// What the relay's clients sent to our own media port.
    fn deliver_relayed(
        &mut self,
        now: Instant,
        out: &mut Outlet,
        deliver: &mut impl FnMut(Heading, &mut [u8], &mut Outlet),
    ) {
        let Some(mut media) = self.relaying.as_mut().and_then(Relaying::take_media) else {
            return;
        };
        for (path, datagram) in media.iter_mut() {
            self.deliver_indirect(path, path.remote, datagram, now, out, deliver);
        }
        if let Some(relaying) = &mut self.relaying {
            relaying.reuse_media(media);
        }
    }

    fn deliver_indirect(
        &mut self,
        path: Path,
        from: SocketAddr,
        datagram: &mut [u8],
        now: Instant,
        out: &mut Outlet,
        deliver: &mut impl FnMut(Heading, &mut [u8], &mut Outlet),
    ) {
        match self.sorter.decide_indirect(path, from, datagram, now, out) {
            Decision::Own => deliver(Heading { path, at: now }, datagram, out),
            Decision::Worker(worker) => self.sorter.hand_over(worker, Heading { path, at: now }, datagram),
            Decision::Answer(len) => self.answer_indirect(path, len, now, out),
            Decision::Turn | Decision::Done => {}
        }
    }

    /// To a stranger, which proves nothing.
    fn answer_indirect(&mut self, path: Path, len: usize, now: Instant, out: &mut Outlet) {
        let mut answer = [0; RESPONSE_MAX];
        let answer = &mut answer[..len];
        answer.copy_from_slice(&out.batch.pending()[..len]);
        if path.socket == Path::STREAM {
            self.streaming.send(path.remote, answer);
        } else {
            carry(
                &mut self.relaying,
                &mut self.streaming,
                path,
                answer,
                now,
                &mut out.batch,
            );
        }
    }

    /// What other workers send to relayed addresses and to streams. Gives whether more may wait.
    pub fn unpack(&mut self, now: Instant, out: &mut Outlet) -> bool {
        let Front {
            relaying,
            streaming,
            inboxes,
            ..
        } = self;
        let mut more = false;
        for inbox in inboxes {
            let mut parcels = 0;
            while parcels < PARCELS_PER_TURN
                && let Some(mut parcel) = inbox.next()
            {
                for (path, datagram) in parcel.iter_mut() {
                    carry(relaying, streaming, path, datagram, now, &mut out.batch);
                }
                parcels += 1;
            }
            more |= parcels == PARCELS_PER_TURN;
        }
        more
    }

    /// Call after each batch, before `out` is flushed: what was put aside goes to relayed addresses and to streams, and all of it leaves.
    pub fn finish(&mut self, now: Instant, out: &mut Outlet) {
        let Outlet { batch, aside, .. } = out;
        if let Aside::Here(parcel) = aside {
            for (path, datagram) in parcel.iter_mut() {
                carry(&mut self.relaying, &mut self.streaming, path, datagram, now, batch);
            }
            parcel.clear();
        }
        if let Some(relaying) = &mut self.relaying {
            relaying.flush();
        }
        self.streaming.flush();
        // Also of streams that ended just now, when they were written to.
        self.take_stream_events(now, out);
    }

    pub fn handle_timeout(&mut self, now: Instant, out: &mut Outlet) {
        self.streaming.handle_timeout(now);
        if let Some(relaying) = &mut self.relaying {
            relaying.handle_timeout(now, Ways::new(&mut out.batch, &mut self.streaming));
        }
    }

    /// Also where all streams ended at once by a fault.
    fn take_stream_events(&mut self, now: Instant, out: &mut Outlet) {
        let Front {
            relaying, streaming, ..
        } = self;
        for event in streaming.take_events() {
            match event {
                // What ICE had over a stream ends with consent.
                StreamEvent::Gone {
                    protocol: Protocol::Ice,
                    ..
                } => {}
                StreamEvent::Gone {
                    stream, remote, local, ..
                } => {
                    let client = Client::Stream {
                        stream,
                        remote,
                        local: local.ip(),
                    };
                    if let Some(relaying) = relaying {
                        relaying.handle_gone(&client, now, Ways::new(&mut out.batch, streaming));
                    }
                }
                StreamEvent::Http { socket, remote, local } => {
                    self.events.push(Event::Http { socket, remote, local });
                }
            }
        }
        let life = streaming.life();
        if mem::replace(&mut self.streams_life, life) != life
            && let Some(relaying) = relaying
        {
            relaying.handle_all_gone(now, Ways::new(&mut out.batch, streaming));
        }
    }

    /// HTTP that came out of TLS.
    pub fn take_events(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.events);
    }

    pub fn take_faults(&mut self) -> Vec<String> {
        let relaying = self.relaying.iter_mut().flat_map(Relaying::take_faults);
        relaying.chain(self.streaming.take_faults()).collect()
    }

    /// All zero without a relay.
    pub fn relaying_counters(&self) -> RelayingCounters {
        self.relaying.as_ref().map(Relaying::counters).unwrap_or_default()
    }

    /// Why segmentation was switched off on relayed ports, once.
    pub fn take_notice(&mut self) -> Option<String> {
        let notice = self.relaying.as_mut()?.take_notice()?;
        Some(format!("relayed ports: {notice}"))
    }

    pub fn poll_timeout(&self) -> Option<Instant> {
        let relaying = self.relaying.as_ref().and_then(Relaying::poll_timeout);
        relaying.into_iter().chain(self.streaming.poll_timeout()).min()
    }
}

/// From the media on any worker to a relayed address or a stream.
fn carry(
    relaying: &mut Option<Relaying>,
    streaming: &mut Streaming,
    path: Path,
    datagram: &[u8],
    now: Instant,
    batch: &mut SendBatch,
) {
    if path.socket == Path::STREAM {
        streaming.send_media(path.remote, datagram);
    } else if let Some(relaying) = relaying {
        relaying.handle_media(path, datagram, now, Ways::new(batch, streaming));
    }
}

fn client_of(path: Path) -> Client {
    Client::Udp {
        remote: path.remote,
        local: path.local,
        socket: path.socket,
    }
}
