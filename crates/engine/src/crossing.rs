//! Messages on their way between the `Sfu`s of workers: a list for each batch, in order, from a stock of fixed size.

use std::mem;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use tertulia_sfu::across::Across;
use tertulia_sfu::types::WorkerId;

use crate::wait::Wake;

/// Lists between two workers, made when they are needed. When all are under way the reader is behind: what a later message makes up for
/// is dropped, and the reader hears of it.
const LISTS: usize = 256;

/// One worker's ends of the roads to all others.
pub(crate) struct Crossings {
    own: WorkerId,
    /// By worker. The road to oneself is not used.
    roads: Vec<Road>,
    inbox: Receiver<Delivery>,
    /// Where lists that were read go back to, by their sender.
    returns: Vec<Sender<Vec<Across>>>,
    dropped: u64,
}

struct Road {
    inbox: Sender<Delivery>,
    empty: Receiver<Vec<Across>>,
    made: usize,
    /// Something was dropped since the last list.
    has_dropped: bool,
    wake: Arc<Wake>,
}

struct Delivery {
    from: WorkerId,
    messages: Vec<Across>,
    is_of_stock: bool,
}

/// The ends of each worker; `wakes` call them when a list is under way.
pub(crate) fn connect(wakes: &[Arc<Wake>]) -> Vec<Crossings> {
    let (inboxes, mut crossings): (Vec<_>, Vec<_>) = (0..wakes.len())
        .map(|own| {
            let (sender, inbox) = unbounded();
            let crossings = Crossings {
                own: WorkerId(own),
                roads: Vec::new(),
                inbox,
                returns: Vec::new(),
                dropped: 0,
            };
            (sender, crossings)
        })
        .unzip();
    for from in 0..wakes.len() {
        for (to, (inbox, wake)) in inboxes.iter().zip(wakes).enumerate() {
            let (give_back, empty) = unbounded();
            crossings[from].roads.push(Road {
                inbox: inbox.clone(),
                empty,
                made: 0,
                has_dropped: false,
                wake: wake.clone(),
            });
            crossings[to].returns.push(give_back);
        }
    }
    crossings
}

impl Crossings {
    /// Sends the messages, and leaves an empty list in their place.
    pub fn send(&mut self, to: WorkerId, messages: &mut Vec<Across>) {
        let road = &mut self.roads[to.0];
        let mut list = road.empty.try_recv().ok();
        if list.is_none() && road.made < LISTS {
            road.made += 1;
            list = Some(Vec::new());
        }
        let is_of_stock = list.is_some();
        let mut list = list.unwrap_or_default();
        if !is_of_stock {
            let before = messages.len();
            messages.retain(|message| !message.is_expendable());
            let dropped = before - messages.len();
            self.dropped += dropped as u64;
            road.has_dropped |= dropped > 0;
            if messages.is_empty() {
                return;
            }
        } else if mem::take(&mut road.has_dropped) {
            list.push(Across::MISSED);
        }
        match list.is_empty() {
            true => mem::swap(&mut list, messages),
            false => list.append(messages),
        }
        let delivery = Delivery {
            from: self.own,
            messages: list,
            is_of_stock,
        };
        // Disconnected: that worker has stopped.
        let _ = road.inbox.send(delivery);
        road.wake.wake();
    }

    /// The `Sfu` of this worker is a new one.
    pub fn tell_lost(&mut self) {
        for to in (0..self.roads.len()).map(WorkerId) {
            if to != self.own {
                self.send(to, &mut vec![Across::LOST]);
            }
        }
    }

    /// The next list; it returns to its sender when dropped, also by a panic.
    pub fn next(&self) -> Option<Arrived<'_>> {
        let delivery = self.inbox.try_recv().ok()?;
        Some(Arrived {
            from: delivery.from,
            messages: delivery.messages,
            back: delivery.is_of_stock.then(|| &self.returns[delivery.from.0]),
        })
    }

    /// Messages for workers that were behind.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

pub(crate) struct Arrived<'a> {
    pub from: WorkerId,
    pub messages: Vec<Across>,
    back: Option<&'a Sender<Vec<Across>>>,
}

impl Drop for Arrived<'_> {
    fn drop(&mut self) {
        if let Some(back) = self.back {
            self.messages.clear();
            let _ = back.send(mem::take(&mut self.messages));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> (Crossings, Crossings) {
        let wakes = [(); 2].map(|()| Arc::new(Wake::new().expect("a wake-up descriptor")));
        let mut ends = connect(&wakes).into_iter();
        (ends.next().expect("of two"), ends.next().expect("of two"))
    }

    /// `MISSED` stands for any message that must not be lost.
    fn say(crossings: &mut Crossings) {
        crossings.send(WorkerId(1), &mut vec![Across::MISSED]);
    }

    #[test]
    fn what_must_arrive_does_and_returns_no_list_that_is_not_of_the_stock() {
        let (mut one, other) = two();
        (0..LISTS + 10).for_each(|_| say(&mut one));
        let mut lists = 0;
        while let Some(arrived) = other.next() {
            assert_eq!((arrived.from, arrived.messages.len()), (WorkerId(0), 1));
            lists += 1;
        }
        assert_eq!(lists, LISTS + 10);
        assert_eq!(one.roads[1].made, LISTS);
        assert_eq!(one.roads[1].empty.len(), LISTS);
        assert_eq!(one.dropped(), 0);
    }

    #[test]
    fn lists_are_used_again_also_after_a_panic() {
        let (mut one, other) = two();
        for _ in 0..100 {
            say(&mut one);
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _arrived = other.next().expect("a list");
                std::panic::resume_unwind(Box::new("while reading"));
            }));
            assert!(result.is_err());
        }
        assert_eq!(one.roads[1].made, 1);
    }

    #[test]
    fn all_others_hear_that_one_begins_anew() {
        let wakes = [(); 3].map(|()| Arc::new(Wake::new().expect("a wake-up descriptor")));
        let mut ends = connect(&wakes);
        ends[1].tell_lost();
        let heard: Vec<bool> = ends.iter().map(|end| end.next().is_some()).collect();
        assert_eq!(heard, [true, false, true]);
    }
}
