//! The receiving half of worker 0: sockets, demultiplexing, the STUN server, and the roads to the other workers.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;
use tertulia_relay::{answer_binding, stun};
use tertulia_sfu::egress::Egress;
use tertulia_sfu::types::Path;

use crate::addresses::OwnAddresses;
use crate::board::FrontCounters;
use crate::demux::{Kind, RouteChange, Routes, classify};
use crate::outlet::Outlet;
use crate::platform::ReceiveBatch;
use crate::queue::HandOver;
use crate::send::SendBatch;
use crate::socket::Socket;

pub(crate) struct Front {
    sockets: Arc<[Socket]>,
    batch: ReceiveBatch,
    sorter: Sorter,
}

/// What decides over a datagram; apart from the batch, which is borrowed meanwhile.
struct Sorter {
    /// Serve only this machine.
    own_addresses: Option<OwnAddresses>,
    others: Option<Others>,
    counters: FrontCounters,
}

/// The workers beside worker 0. A server with one worker has none of this and looks nothing up.
pub(crate) struct Others {
    pub changes: Receiver<RouteChange>,
    /// Of workers 1, 2, …
    pub hand_overs: Vec<HandOver>,
    pub routes: Routes,
}

enum Decision {
    Own,
    Worker(usize),
    /// Answered, or dropped and counted.
    Done,
}

impl Front {
    pub fn new(sockets: Arc<[Socket]>, local_only: bool, others: Option<Others>) -> Front {
        let own_addresses = local_only.then(OwnAddresses::new);
        let sorter = Sorter {
            own_addresses,
            others,
            counters: FrontCounters::default(),
        };
        Front {
            sockets,
            batch: ReceiveBatch::new(),
            sorter,
        }
    }

    pub fn sockets(&self) -> &[Socket] {
        &self.sockets
    }

    pub fn counters(&self) -> &FrontCounters {
        &self.sorter.counters
    }

    /// Takes one batch from a socket: what is worker 0's own goes to `deliver`, the rest where it belongs. Gives whether more may wait.
    pub fn receive(
        &mut self,
        socket: usize,
        now: Instant,
        out: &mut Outlet,
        mut deliver: impl FnMut(Path, &mut [u8], &mut Outlet),
    ) -> bool {
        let Front { sockets, batch, sorter } = self;
        let more = batch.receive(&sockets[socket], socket as u8).unwrap_or_else(|_| {
            sorter.counters.receive_errors += 1;
            false
        });
        // After receiving: what a peer sent upon our answer comes after the change that the answer made.
        sorter.apply_changes(now);
        for (path, datagram) in batch.iter_mut() {
            match sorter.decide(path, datagram, now, &mut out.batch) {
                Decision::Own => deliver(path, datagram, out),
                Decision::Worker(worker) => sorter.hand_over(worker, path, datagram),
                Decision::Done => {}
            }
        }
        sorter.counters.dropped_truncated += batch.take_truncated();
        sorter.flush();
        more
    }

    /// So that changes do not pile up while nothing arrives.
    pub fn apply_changes(&mut self, now: Instant) {
        self.sorter.apply_changes(now);
    }
}

impl Sorter {
    fn decide(&mut self, path: Path, datagram: &[u8], now: Instant, batch: &mut SendBatch) -> Decision {
        self.counters.datagrams += 1;
        if self
            .own_addresses
            .as_mut()
            .is_some_and(|own| !own.contains(path.remote.ip(), now))
        {
            self.counters.dropped_foreign += 1;
            return Decision::Done;
        }
        match classify(datagram) {
            Kind::Stun => self.decide_stun(path, datagram, batch),
            Kind::Dtls | Kind::Rtp => self.decide_by_address(path, now),
            Kind::TurnChannel => {
                self.counters.dropped_turn += 1;
                Decision::Done
            }
            Kind::Unknown => {
                self.counters.dropped_unknown_kind += 1;
                Decision::Done
            }
        }
    }

    fn decide_stun(&mut self, path: Path, datagram: &[u8], batch: &mut SendBatch) -> Decision {
        let Some(fragment) = stun::username_fragment(datagram) else {
            // Past the outlet: an answer to a stranger proves no address.
            match answer_binding(datagram, path.remote, batch.buffer()) {
                Some(len) => {
                    batch.commit(&path, len);
                    self.counters.stun_answered += 1;
                }
                None => self.counters.dropped_stun += 1,
            }
            return Decision::Done;
        };
        let Some(others) = &self.others else {
            return Decision::Own;
        };
        match others.routes.by_fragment(fragment) {
            Some(worker) => Decision::to(worker),
            None => {
                self.counters.dropped_unknown_fragment += 1;
                Decision::Done
            }
        }
    }

    fn decide_by_address(&mut self, path: Path, now: Instant) -> Decision {
        let Some(others) = &mut self.others else {
            return Decision::Own;
        };
        match others.routes.by_address(path.remote, now) {
            Some(worker) => Decision::to(worker),
            None => {
                self.counters.dropped_unknown_address += 1;
                Decision::Done
            }
        }
    }

    fn hand_over(&mut self, worker: usize, path: Path, datagram: &[u8]) {
        let hand_over = self
            .others
            .as_mut()
            .and_then(|others| others.hand_overs.get_mut(worker - 1));
        if hand_over.is_some_and(|hand_over| hand_over.push(path, datagram)) {
            self.counters.handed_over += 1;
        } else {
            self.counters.dropped_worker_behind += 1;
        }
    }

    fn apply_changes(&mut self, now: Instant) {
        if let Some(others) = &mut self.others {
            while let Ok(change) = others.changes.try_recv() {
                others.routes.apply(change, now);
            }
        }
    }

    fn flush(&mut self) {
        if let Some(others) = &mut self.others {
            others.hand_overs.iter_mut().for_each(HandOver::flush);
        }
    }
}

impl Decision {
    fn to(worker: usize) -> Decision {
        if worker == 0 {
            Decision::Own
        } else {
            Decision::Worker(worker)
        }
    }
}
