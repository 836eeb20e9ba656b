//! What the engine reports, and the one queue where it waits to be read.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tertulia_sfu::chunks::Chunk;
use tertulia_sfu::rtp::Layers;
use tertulia_sfu::stats::Reason;
use tertulia_sfu::types::{CloseReason, ConnectionId, RoomKey, SlotId, SourceId};

use crate::wait::Wake;

/// Each is told once, to one reader: a socket in it has one owner.
#[derive(Debug)]
pub enum Event {
    /// ICE and DTLS are up.
    Connected { connection: ConnectionId },
    /// The connection is gone.
    Disconnected {
        connection: ConnectionId,
        reason: CloseReason,
    },
    /// A source's first packet arrived.
    SourceStarted { source: SourceId },
    /// A source came with a payload type that is not its own; told once for each.
    SourcePayload { source: SourceId, payload_type: u8 },
    /// A slot gets this encoding of a source from now on: its first packet left. Or it gets other layers of it, up to these.
    Layer {
        slot: SlotId,
        source: SourceId,
        encoding: u8,
        layers: Layers,
        reason: Reason,
    },
    /// A slot gets nothing for the time being: nothing of the source fits on the way to its viewer.
    Starved { slot: SlotId, source: SourceId },
    /// What a slot of a connection without a transport gets next.
    Chunk {
        slot: SlotId,
        source: SourceId,
        chunk: Chunk,
    },
    /// The client of a connection without a transport shall make the next picture of this source a key frame.
    KeyFrameWanted { source: SourceId },
    /// Which encodings of a source are called for, one bit each.
    Encodings { source: SourceId, wanted: u8 },
    /// Who speaks, loudest first, with the level in -dBov.
    Speakers { room: RoomKey, levels: Vec<(SourceId, u8)> },
    /// A worker began anew after a panic, without these connections.
    WorkerLost {
        worker: usize,
        connections: Vec<ConnectionId>,
    },
    /// TLS was ours, but inside was HTTP: the other end of a pair that carries it in the clear.
    Http {
        socket: OwnedFd,
        remote: SocketAddr,
        local: SocketAddr,
    },
    /// Something for the operator's log.
    Log { level: Level, message: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

impl Event {
    /// A later one replaces it, or nobody's state depends on it: may be dropped when nobody reads. Of chunks that is minutes' worth, after
    /// which a picture is the least of anybody's troubles.
    fn is_expendable(&self) -> bool {
        matches!(
            self,
            Event::Speakers { .. } | Event::Log { .. } | Event::Chunk { .. } | Event::KeyFrameWanted { .. }
        )
    }
}

/// Beyond this many unread events, expendable ones are dropped. The others are bounded by what the reader itself asked for.
const EXPENDABLE_MAX: usize = 10_000;

pub(crate) struct EventQueue {
    events: Mutex<VecDeque<Event>>,
    wake: Wake,
}

impl EventQueue {
    pub fn new() -> io::Result<EventQueue> {
        Ok(EventQueue {
            events: Mutex::default(),
            wake: Wake::new()?,
        })
    }

    /// Moves all of `batch` to the queue; gives how many were dropped.
    pub fn push(&self, batch: &mut Vec<Event>) -> u64 {
        if batch.is_empty() {
            return 0;
        }
        let mut dropped = 0;
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        for event in batch.drain(..) {
            if events.len() >= EXPENDABLE_MAX && event.is_expendable() {
                dropped += 1;
            } else {
                events.push_back(event);
            }
        }
        drop(events);
        self.wake.wake();
        dropped
    }

    /// Everything that waits; the descriptor is not readable until more comes.
    pub fn take(&self) -> VecDeque<Event> {
        self.wake.clear();
        std::mem::take(&mut *self.events.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AsRawFd for EventQueue {
    fn as_raw_fd(&self) -> RawFd {
        self.wake.as_raw_fd()
    }
}

/// Lines that a peer can cause at will, and how many of them one worker writes in [`LogLimit::WINDOW`].
pub(crate) struct LogLimit {
    window: Option<Instant>,
    written: u32,
    suppressed: u64,
}

impl LogLimit {
    const WINDOW: Duration = Duration::from_secs(10);
    const LINES: u32 = 20;

    pub fn new() -> LogLimit {
        LogLimit {
            window: None,
            written: 0,
            suppressed: 0,
        }
    }

    /// The line to write, if any; it tells how many were left out before it.
    pub fn admit(&mut self, message: String, now: Instant) -> Option<String> {
        if self
            .window
            .is_none_or(|start| now.saturating_duration_since(start) >= Self::WINDOW)
        {
            self.window = Some(now);
            self.written = 0;
        }
        if self.written >= Self::LINES {
            self.suppressed += 1;
            return None;
        }
        self.written += 1;
        match std::mem::take(&mut self.suppressed) {
            0 => Some(message),
            suppressed => Some(format!("{message} ({suppressed} lines like this left out before)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Event {
        Event::Log {
            level: Level::Info,
            message: String::new(),
        }
    }

    #[test]
    fn unread_logs_are_bounded_and_states_are_kept() {
        let queue = EventQueue::new().expect("a wake-up descriptor");
        let mut batch: Vec<_> = std::iter::repeat_with(log).take(EXPENDABLE_MAX + 5).collect();
        batch.push(Event::Connected {
            connection: ConnectionId(1),
        });
        assert_eq!(queue.push(&mut batch), 5);
        assert!(batch.is_empty());
        let events = queue.take();
        assert_eq!(events.len(), EXPENDABLE_MAX + 1);
        let last = events.back();
        assert!(matches!(
            last,
            Some(Event::Connected {
                connection: ConnectionId(1)
            })
        ));
        assert!(queue.take().is_empty());
    }

    #[test]
    fn a_peer_cannot_flood_the_log() {
        let mut limit = LogLimit::new();
        let start = Instant::now();
        let admitted = (0..100).filter(|_| limit.admit("x".into(), start).is_some()).count();
        assert_eq!(admitted, 20);
        let next = limit.admit("y".into(), start + LogLimit::WINDOW).expect("a new window");
        assert_eq!(next, "y (80 lines like this left out before)");
    }
}
