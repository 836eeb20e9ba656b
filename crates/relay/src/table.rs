//! All allocations, and the two ways to find one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::{Index, IndexMut};
use std::time::{Duration, Instant};

use rustc_hash::FxSeededState;
use slab::Slab;

use crate::allocation::Allocation;
use crate::client::{Client, Neighbourhood};
use crate::config::Limits;
use crate::outlet::Outlet;

/// What has ended is closed at most so much later, so that many small ends cost few sweeps.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Only those who have credentials get into a table, and how many of them quotas decide; so a fast hash with a secret seed is enough.
type Seeded<K, V> = HashMap<K, V, FxSeededState>;

pub(crate) struct Table {
    allocations: Slab<Allocation>,
    by_client: Seeded<Client, Slot>,
    by_relayed: Seeded<SocketAddr, Slot>,
    per_user: Seeded<Box<[u8]>, usize>,
    per_address: Seeded<Neighbourhood, usize>,
    /// Not after the first end.
    sweep: Option<Instant>,
}

/// Where in the table an allocation is. Not kept from call to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(usize);

impl Table {
    pub fn new(seed: u64) -> Table {
        let state = FxSeededState::with_seed(seed as usize);
        Table {
            allocations: Slab::new(),
            by_client: HashMap::with_hasher(state.clone()),
            by_relayed: HashMap::with_hasher(state.clone()),
            per_user: HashMap::with_hasher(state.clone()),
            per_address: HashMap::with_hasher(state),
            sweep: None,
        }
    }

    pub fn len(&self) -> usize {
        self.allocations.len()
    }

    pub fn by_client(&self, client: &Client) -> Option<Slot> {
        self.by_client.get(client).copied()
    }

    pub fn by_relayed(&self, relayed: SocketAddr) -> Option<Slot> {
        self.by_relayed.get(&relayed).copied()
    }

    /// Whether there is room for one more.
    pub fn has_room(&self, identity: &[u8], client: &Client, limits: &Limits) -> bool {
        let of_user = self.per_user.get(identity).copied().unwrap_or(0);
        let neighbourhood = Neighbourhood::of(client.remote());
        let of_address = self.per_address.get(&neighbourhood).copied().unwrap_or(0);
        self.len() < limits.allocations && of_user < limits.per_user && of_address < limits.per_address
    }

    pub fn insert(&mut self, allocation: Allocation) {
        *self.per_user.entry(allocation.identity().into()).or_default() += 1;
        let neighbourhood = Neighbourhood::of(allocation.client.remote());
        *self.per_address.entry(neighbourhood).or_default() += 1;
        let (client, relayed) = (allocation.client, allocation.addresses());
        let slot = Slot(self.allocations.insert(allocation));
        self.by_client.insert(client, slot);
        self.ends_changed(slot);
        for address in relayed {
            let other = self.by_relayed.insert(address, slot);
            debug_assert!(other.is_none(), "{address} was opened twice");
        }
    }

    /// The end of an allocation has moved.
    pub fn ends_changed(&mut self, slot: Slot) {
        let end = self.allocations[slot.0].next_end();
        self.sweep = [self.sweep, end].into_iter().flatten().min();
    }

    /// Closes what has ended of this allocation. True where nothing is left of it.
    pub fn close_ended(&mut self, slot: Slot, now: Instant, out: &mut impl Outlet) -> bool {
        let allocation = &mut self.allocations[slot.0];
        while let Some(relayed) = allocation.take_ended(now) {
            self.by_relayed.remove(&relayed);
            out.close(relayed);
        }
        let is_over = allocation.next_end().is_none();
        if is_over {
            self.remove(slot, out);
        }
        is_over
    }

    pub fn remove(&mut self, slot: Slot, out: &mut impl Outlet) {
        let allocation = self.allocations.remove(slot.0);
        self.by_client.remove(&allocation.client);
        for relayed in allocation.addresses() {
            self.by_relayed.remove(&relayed);
            out.close(relayed);
        }
        one_less(&mut self.per_user, allocation.identity());
        one_less(&mut self.per_address, &Neighbourhood::of(allocation.client.remote()));
    }

    /// When [`sweep`](Table::sweep) has something to do.
    pub fn next_sweep(&self) -> Option<Instant> {
        self.sweep
    }

    /// Closes all that has ended; gives how many allocations that were.
    pub fn sweep(&mut self, now: Instant, out: &mut impl Outlet) -> usize {
        if self.sweep.is_none_or(|sweep| now < sweep) {
            return 0;
        }
        let ended: Vec<Slot> = self
            .allocations
            .iter()
            .filter(|(_, allocation)| allocation.next_end().is_none_or(|end| end <= now))
            .map(|(slot, _)| Slot(slot))
            .collect();
        let closed = ended
            .into_iter()
            .filter(|slot| self.close_ended(*slot, now, out))
            .count();
        let next = self
            .allocations
            .iter()
            .filter_map(|(_, allocation)| allocation.next_end())
            .min();
        self.sweep = next.map(|end| end.max(now + SWEEP_EVERY));
        closed
    }
}

impl Index<Slot> for Table {
    type Output = Allocation;

    fn index(&self, slot: Slot) -> &Allocation {
        &self.allocations[slot.0]
    }
}

impl IndexMut<Slot> for Table {
    fn index_mut(&mut self, slot: Slot) -> &mut Allocation {
        &mut self.allocations[slot.0]
    }
}

fn one_less<K, Q>(counts: &mut Seeded<K, usize>, key: &Q)
where
    K: std::borrow::Borrow<Q> + std::hash::Hash + Eq,
    Q: std::hash::Hash + Eq + ?Sized,
{
    let count = counts.get_mut(key).expect("whoever is in the table was counted");
    *count -= 1;
    if *count == 0 {
        counts.remove(key);
    }
}
