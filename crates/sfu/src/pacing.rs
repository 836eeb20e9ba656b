//! Large pictures on a narrow way: they leave in pieces, so that voices need not wait behind them in somebody's queue.

use crate::connection::Connection;
use crate::egress::Egress;
use crate::encoding::Encoding;
use crate::fanout::Job;
use crate::sequence::Epoch;
use crate::sfu::Sfu;
use crate::slot::Slot;
use crate::table::Index;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A piece leaves so often.
const EVERY: Duration = Duration::from_millis(5);
/// What the way carries in this time may leave at once.
const BURST: Duration = Duration::from_millis(40);
/// Pieces leave faster than the way is held to carry them by this, in percent: an estimate is on the low side, and what waits here
/// could have arrived.
const SPEED: u64 = 125;
/// What waits beyond that leaves at once.
const WAITING_MAX: usize = 256;
/// As large as a packet can be.
const PACKET: i64 = 1200;
/// Repairs and voices do not wait, but pictures wait for them; not longer than for so many bytes.
const DEBT_MAX: i64 = 8 * PACKET;

/// Of one connection: what it may send now, and what waits. It works only where the width of the way is known.
#[derive(Debug)]
pub(crate) struct Pacer {
    /// Bytes; below zero after a packet that was larger than what was left.
    credit: i64,
    filled: Instant,
    waiting: VecDeque<Waiting>,
    due: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Waiting {
    slot: Index<Slot>,
    encoding: Index<Encoding>,
    epoch: Epoch,
    index: u64,
}

impl Pacer {
    pub fn new(now: Instant) -> Pacer {
        Pacer {
            credit: 0,
            filled: now,
            waiting: VecDeque::new(),
            due: None,
        }
    }

    pub fn sent(&mut self, bytes: usize) {
        self.credit = (self.credit - bytes as i64).max(-DEBT_MAX);
    }

    /// Something waits.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.due.filter(|_| self.is_busy())
    }

    /// Takes the packets of one slot, unless they may leave at once.
    pub fn holds_back(
        &mut self,
        slot: Index<Slot>,
        (encoding, epoch): (Index<Encoding>, Epoch),
        indices: &[u64],
        now: Instant,
    ) -> bool {
        if !self.is_busy() {
            if indices.len() as i64 * PACKET <= self.credit {
                return false;
            }
            self.due = Some(now);
        }
        self.waiting.extend(indices.iter().map(|&index| Waiting {
            slot,
            encoding,
            epoch,
            index,
        }));
        true
    }

    /// Everything that waits may leave.
    pub fn open(&mut self) {
        self.credit = i64::MAX / 2;
    }

    /// `bitrate`: what the way carries.
    pub fn fill(&mut self, bitrate: u64, now: Instant) {
        let bytes = |time: Duration| (u128::from(bitrate) * time.as_micros() / 8_000_000) as i64;
        let time = now.saturating_duration_since(self.filled).min(Duration::from_secs(1));
        let gained = bytes(time) * SPEED as i64 / 100;
        // What is gained is not lost to rounding, however often it is asked for.
        if gained > 0 {
            self.filled = now;
            self.credit = (self.credit + gained).min(bytes(BURST));
        }
    }

    /// Packets of one slot that may leave now, at most so many.
    fn take(&mut self, now: Instant, piece: &mut Vec<u64>) -> Option<Waiting> {
        piece.clear();
        let first = *self.waiting.front()?;
        if self.credit <= 0 && self.waiting.len() <= WAITING_MAX {
            self.due = Some(now + EVERY);
            return None;
        }
        // As many as may leave if they are as large as can be; one at least.
        let count = (self.credit / PACKET).clamp(1, 16) as usize;
        while let Some(next) = self
            .waiting
            .front()
            .filter(|next| (next.slot, next.epoch) == (first.slot, first.epoch))
            && piece.len() < count
        {
            piece.push(next.index);
            self.waiting.pop_front();
        }
        Some(first)
    }
}

impl Sfu {
    /// Sends what waits as far as it may leave by now.
    pub(crate) fn send_pieces(&mut self, at: Index<Connection>, now: Instant, out: &mut impl Egress) {
        let micros = self.micros(now);
        let mut piece = std::mem::take(&mut self.piece);
        loop {
            let connection = self.connections.get_mut(at);
            let downlink = connection.and_then(|connection| connection.downlink.as_mut());
            let Some(first) = downlink.and_then(|downlink| downlink.pacer(now)?.take(now, &mut piece)) else {
                break;
            };
            let (slot, encoding) = (self.slots.get(first.slot), self.encodings.get(first.encoding));
            // Others may be in their places by now.
            if slot.is_some_and(|slot| slot.connection == at)
                && encoding.is_some_and(|encoding| encoding.epoch == first.epoch)
            {
                let job = Job {
                    connection: at,
                    slot: first.slot,
                    encoding: first.encoding,
                };
                self.forward(job, Some(&piece), micros, now, out);
            }
        }
        self.piece = piece;
    }
}
