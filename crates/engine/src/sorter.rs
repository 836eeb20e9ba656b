//! Whose a datagram is: worker 0's, another's, the relay's, or nobody's.

use std::net::SocketAddr;
use std::time::Instant;

use crossbeam_channel::Receiver;
use tertulia_relay::{answer_binding, stun};
use tertulia_sfu::egress::Egress;
use tertulia_sfu::types::Path;

use crate::addresses::OwnAddresses;
use crate::board::FrontCounters;
use crate::demux::{Kind, RouteChange, Routes, classify, is_turn_message};
use crate::outlet::Outlet;
use crate::queue::{HandOver, Heading};

pub(crate) struct Sorter {
    /// Serve only this machine.
    own_addresses: Option<OwnAddresses>,
    others: Option<Others>,
    pub counters: FrontCounters,
}

/// The workers beside worker 0. A server with one worker has none of this and looks nothing up.
pub(crate) struct Others {
    pub changes: Receiver<RouteChange>,
    /// Of workers 1, 2, …
    pub hand_overs: Vec<HandOver<Heading>>,
    pub routes: Routes,
}

pub(crate) enum Decision {
    Own,
    Worker(usize),
    /// For the relay, where there is one.
    Turn,
    /// The first bytes of the way out's buffer answer it.
    Answer(usize),
    /// Dropped and counted.
    Done,
}

impl Sorter {
    pub fn new(local_only: bool, others: Option<Others>) -> Sorter {
        Sorter {
            own_addresses: local_only.then(OwnAddresses::new),
            others,
            counters: FrontCounters::default(),
        }
    }

    /// For what came by a UDP socket.
    pub fn decide(&mut self, path: Path, datagram: &[u8], now: Instant, out: &mut Outlet) -> Decision {
        self.counters.datagrams += 1;
        if !self.serves(&path, now) {
            return Decision::Done;
        }
        self.sort(path, path.remote, datagram, now, out)
    }

    /// For what came through a relayed address or a stream: there is no TURN inside of TURN. `from`: whom a stranger is told that he is, for
    /// the address by which ICE knows a stream is nobody's.
    pub fn decide_indirect(
        &mut self,
        path: Path,
        from: SocketAddr,
        datagram: &[u8],
        now: Instant,
        out: &mut Outlet,
    ) -> Decision {
        match self.sort(path, from, datagram, now, out) {
            Decision::Turn => {
                self.counters.dropped_turn += 1;
                Decision::Done
            }
            decision => decision,
        }
    }

    /// For a message framed as TURN's where there is no relay: whoever asks for its address is told (RFC 8489, section 6.2.2). Gives the
    /// length of the answer, which the way out's buffer has; None where it is dropped, and counted.
    pub fn answer_framed(&mut self, from: SocketAddr, message: &[u8], out: &mut Outlet) -> Option<usize> {
        if classify(message) != Kind::Stun || is_turn_message(message) {
            self.counters.dropped_turn += 1;
            return None;
        }
        self.answer_binding(from, message, out)
    }

    fn answer_binding(&mut self, from: SocketAddr, request: &[u8], out: &mut Outlet) -> Option<usize> {
        let answer = answer_binding(request, from, out.buffer());
        *match answer {
            Some(_) => &mut self.counters.stun_answered,
            None => &mut self.counters.dropped_stun,
        } += 1;
        answer
    }

    /// Whether a sender is one of those that are served; counts it where not.
    fn serves(&mut self, path: &Path, now: Instant) -> bool {
        let Some(own) = &mut self.own_addresses else {
            return true;
        };
        let is_own = own.contains(path.remote.ip(), now);
        self.counters.dropped_foreign += u64::from(!is_own);
        is_own
    }

    fn sort(&mut self, path: Path, from: SocketAddr, datagram: &[u8], now: Instant, out: &mut Outlet) -> Decision {
        match classify(datagram) {
            Kind::Stun => self.sort_stun(from, datagram, out),
            Kind::Dtls | Kind::Rtp => self.sort_by_address(path, now),
            Kind::TurnChannel => Decision::Turn,
            Kind::Unknown => {
                self.counters.dropped_unknown_kind += 1;
                Decision::Done
            }
        }
    }

    fn sort_stun(&mut self, from: SocketAddr, datagram: &[u8], out: &mut Outlet) -> Decision {
        if is_turn_message(datagram) {
            return Decision::Turn;
        }
        let Some(fragment) = stun::username_fragment(datagram) else {
            let answer = self.answer_binding(from, datagram, out);
            return answer.map_or(Decision::Done, Decision::Answer);
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

    fn sort_by_address(&mut self, path: Path, now: Instant) -> Decision {
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

    pub fn hand_over(&mut self, worker: usize, heading: Heading, datagram: &[u8]) {
        let hand_over = self
            .others
            .as_mut()
            .and_then(|others| others.hand_overs.get_mut(worker - 1));
        if hand_over.is_some_and(|hand_over| hand_over.push(heading, datagram)) {
            self.counters.handed_over += 1;
        } else {
            self.counters.dropped_worker_behind += 1;
        }
    }

    /// Also so that changes do not pile up while nothing arrives.
    pub fn apply_changes(&mut self, now: Instant) {
        if let Some(others) = &mut self.others {
            while let Ok(change) = others.changes.try_recv() {
                others.routes.apply(change, now);
            }
        }
    }

    /// Call after each batch: what was handed over leaves.
    pub fn flush(&mut self) {
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
