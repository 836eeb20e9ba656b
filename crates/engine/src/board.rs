//! Numbers that a worker shows to others: written by it once a turn, read at any time.

use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Instant;

use rustc_hash::FxHashMap;
use tertulia_sfu::counters::Counters;
use tertulia_sfu::stats::ConnectionStats;
use tertulia_sfu::types::ConnectionId;

use crate::relaying::RelayingCounters;
use crate::send::SendCounters;
use crate::streaming::StreamingCounters;

/// Totals of one worker since the start of the engine, over all lives of its `Sfu`.
#[derive(Debug, Clone, Default)]
pub(crate) struct WorkerCounters {
    pub sfu: Counters,
    pub send: SendCounters,
    pub front: FrontCounters,
    pub relaying: RelayingCounters,
    pub streaming: StreamingCounters,
    /// The front was so far behind that what was for relayed addresses and streams found no room.
    pub dropped_front_behind: u64,
    /// Another worker was so far behind that what crosses to its mirrors found no room.
    pub dropped_mirror_behind: u64,
    pub turns: u64,
    pub panics: u64,
    pub events_dropped: u64,
}

/// What the front did with datagrams before any worker saw them. All zero elsewhere.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FrontCounters {
    pub datagrams: u64,
    pub stun_answered: u64,
    pub handed_over: u64,
    pub receive_errors: u64,
    pub dropped_foreign: u64,
    pub dropped_truncated: u64,
    pub dropped_unknown_address: u64,
    pub dropped_unknown_fragment: u64,
    pub dropped_unknown_kind: u64,
    pub dropped_stun: u64,
    pub dropped_turn: u64,
    /// The worker was so far behind that its parcels were all under way.
    pub dropped_worker_behind: u64,
}

impl WorkerCounters {
    /// Stable names and values; a name may come twice, and then both count.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let (send, front) = (&self.send, &self.front);
        let roads = self.relaying.entries().chain(self.streaming.entries());
        self.sfu.entries().chain(roads).chain([
            ("datagrams_in", front.datagrams),
            ("datagrams_out", send.datagrams),
            ("datagrams_handed_over", front.handed_over),
            ("send_messages", send.messages),
            ("send_calls", send.calls),
            ("gso_refused", send.gso_refused),
            ("stun_answered", front.stun_answered),
            ("receive_errors", front.receive_errors),
            ("loop_turns", self.turns),
            ("worker_panics", self.panics),
            ("events_dropped", self.events_dropped),
            ("dropped_foreign", front.dropped_foreign),
            ("dropped_truncated", front.dropped_truncated),
            ("dropped_unknown_address", front.dropped_unknown_address),
            ("dropped_unknown_fragment", front.dropped_unknown_fragment),
            ("dropped_unknown_kind", front.dropped_unknown_kind),
            ("dropped_stun", front.dropped_stun),
            ("dropped_turn", front.dropped_turn),
            ("dropped_worker_behind", front.dropped_worker_behind),
            ("dropped_front_behind", self.dropped_front_behind),
            ("dropped_mirror_behind", self.dropped_mirror_behind),
            ("dropped_send_full", send.dropped_full),
            ("dropped_send_error", send.dropped_error),
        ])
    }
}

#[derive(Default)]
pub(crate) struct Board {
    counters: Mutex<WorkerCounters>,
    connections: Mutex<Connections>,
}

/// How all connections of a worker did at one moment.
struct Connections {
    at: Instant,
    stats: FxHashMap<ConnectionId, ConnectionStats>,
}

impl Default for Connections {
    fn default() -> Connections {
        Connections {
            at: Instant::now(),
            stats: FxHashMap::default(),
        }
    }
}

impl Board {
    /// False when a reader is at it: try again soon. A media thread never waits for a reader.
    #[must_use]
    pub fn show_counters(&self, counters: &WorkerCounters) -> bool {
        let mut shown = match self.counters.try_lock() {
            Ok(shown) => shown,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        shown.clone_from(counters);
        true
    }

    /// As `show_counters`, for all connections at once.
    #[must_use]
    pub fn show_connections(
        &self,
        now: Instant,
        connections: impl Iterator<Item = (ConnectionId, ConnectionStats)>,
    ) -> bool {
        let mut shown = match self.connections.try_lock() {
            Ok(shown) => shown,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        shown.at = now;
        shown.stats.clear();
        shown.stats.extend(connections);
        true
    }

    pub fn counters(&self) -> WorkerCounters {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn connection(&self, connection: ConnectionId) -> Option<ConnectionStats> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .stats
            .get(&connection)
            .cloned()
    }

    /// Hands all connections to `read`, with the moment of which they are. Nothing is copied; the worker does not wait.
    pub fn read_connections<T>(&self, mut read: impl FnMut(Instant, ConnectionId, &ConnectionStats) -> T) -> Vec<T> {
        let shown = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let all = shown.stats.iter();
        all.map(|(&connection, stats)| read(shown.at, connection, stats))
            .collect()
    }
}
