//! Datagrams on their way between the front and another worker: parcels from a pool of fixed size, one per batch.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use tertulia_sfu::types::Path;

use crate::wait::Wake;

/// Parcels between two threads. When all are under way the reader is behind, and what comes is dropped: media that is late is useless.
const PARCELS: usize = 64;
/// Datagrams of one parcel.
const PARCEL_MAX: usize = 64;

/// By which way a datagram came, and when: it may have waited for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heading {
    pub path: Path,
    pub at: Instant,
}

/// Datagrams, one behind the other, each with what must be known of it.
pub(crate) struct Parcel<H = Path> {
    bytes: Vec<u8>,
    datagrams: Vec<(H, usize)>,
}

impl<H: Copy> Parcel<H> {
    pub fn push(&mut self, head: H, datagram: &[u8]) {
        self.bytes.extend_from_slice(datagram);
        self.datagrams.push((head, datagram.len()));
    }

    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.datagrams.is_empty()
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.datagrams.clear();
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (H, &mut [u8])> {
        let mut rest = self.bytes.as_mut_slice();
        self.datagrams.iter().map(move |&(head, len)| {
            let (datagram, tail) = std::mem::take(&mut rest).split_at_mut(len);
            rest = tail;
            (head, datagram)
        })
    }
}

impl<H> Default for Parcel<H> {
    fn default() -> Parcel<H> {
        Parcel {
            bytes: Vec::new(),
            datagrams: Vec::new(),
        }
    }
}

/// The sender's end.
pub(crate) struct HandOver<H = Path> {
    pool: Receiver<Parcel<H>>,
    full: Sender<Parcel<H>>,
    open: Option<Parcel<H>>,
    wake: Arc<Wake>,
}

/// The reader's end.
pub(crate) struct Inbox<H = Path> {
    pool: Sender<Parcel<H>>,
    full: Receiver<Parcel<H>>,
}

/// `wake` calls the reader when a parcel is under way.
pub(crate) fn hand_over<H: Copy>(wake: Arc<Wake>) -> (HandOver<H>, Inbox<H>) {
    let (pool_sender, pool) = bounded(PARCELS);
    let (full, full_receiver) = bounded(PARCELS);
    for _ in 0..PARCELS {
        pool_sender
            .try_send(Parcel::default())
            .expect("the pool holds all parcels");
    }
    (
        HandOver {
            pool,
            full,
            open: None,
            wake,
        },
        Inbox {
            pool: pool_sender,
            full: full_receiver,
        },
    )
}

impl<H: Copy> HandOver<H> {
    /// Puts a datagram into the open parcel; false when all parcels are under way, and it is dropped.
    #[must_use]
    pub fn push(&mut self, head: H, datagram: &[u8]) -> bool {
        if self
            .open
            .as_ref()
            .is_some_and(|parcel| parcel.datagrams.len() == PARCEL_MAX)
        {
            self.flush();
        }
        if self.open.is_none() {
            self.open = self.pool.try_recv().ok();
        }
        let Some(parcel) = &mut self.open else { return false };
        parcel.push(head, datagram);
        true
    }

    /// Sends the open parcel. Call after each batch.
    pub fn flush(&mut self) {
        if let Some(parcel) = self.open.take() {
            // Never full: it holds all parcels that there are. Disconnected: the reader has stopped.
            let _ = self.full.try_send(parcel);
            self.wake.wake();
        }
    }
}

impl<H: Copy> Inbox<H> {
    /// The next parcel; it returns to the pool when dropped, also by a panic.
    pub fn next(&self) -> Option<Borrowed<'_, H>> {
        let parcel = self.full.try_recv().ok()?;
        Some(Borrowed {
            pool: &self.pool,
            parcel,
        })
    }
}

pub(crate) struct Borrowed<'a, H> {
    pool: &'a Sender<Parcel<H>>,
    parcel: Parcel<H>,
}

impl<H: Copy> Borrowed<'_, H> {
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (H, &mut [u8])> {
        self.parcel.iter_mut()
    }
}

impl<H> Drop for Borrowed<'_, H> {
    fn drop(&mut self) {
        self.parcel.bytes.clear();
        self.parcel.datagrams.clear();
        let _ = self.pool.try_send(std::mem::take(&mut self.parcel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue() -> (HandOver, Inbox) {
        hand_over::<Path>(Arc::new(Wake::new().expect("a wake-up descriptor")))
    }

    fn path(port: u16) -> Path {
        Path {
            remote: ([192, 0, 2, 1], port).into(),
            local: [192, 0, 2, 2].into(),
            socket: 0,
        }
    }

    #[test]
    fn datagrams_arrive_whole_and_in_order() {
        let (mut front, inbox) = queue();
        for port in 0..100u16 {
            assert!(front.push(path(port), &vec![port as u8; usize::from(port)]));
        }
        front.flush();
        let mut port = 0;
        while let Some(mut parcel) = inbox.next() {
            for (from, datagram) in parcel.iter_mut() {
                assert_eq!((from, &*datagram), (path(port), &*vec![port as u8; usize::from(port)]));
                port += 1;
            }
        }
        assert_eq!(port, 100);
    }

    #[test]
    fn a_worker_that_is_behind_gets_no_more_than_the_pool_holds() {
        let (mut front, inbox) = queue();
        let taken = (0..10_000).filter(|_| front.push(path(1), &[1; 100])).count();
        assert_eq!(taken, PARCELS * PARCEL_MAX);
        drop(inbox.next().expect("a parcel"));
        assert!(front.push(path(1), &[1]), "a parcel that was read is free again");
    }

    #[test]
    fn a_panic_while_reading_loses_no_parcel() {
        let (mut front, inbox) = queue();
        for _ in 0..3 * PARCELS {
            assert!(front.push(path(1), &[1]));
            front.flush();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _parcel = inbox.next().expect("a parcel");
                std::panic::resume_unwind(Box::new("while reading"));
            }));
            assert!(result.is_err());
        }
    }
}
