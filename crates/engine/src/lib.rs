//! Drives the [`Sfu`](tertulia_sfu::sfu::Sfu) and the [relay](tertulia_relay): sockets, worker threads and time.
//!
//! ```text
//!            socket(s) ──▶ front = worker 0 ── own ──▶ Sfu 0
//!       relayed ports ◀──▶ relay ┘ │ │ parcels (other workers' datagrams, by user-name fragment and address)
//!     TCP, TLS ◀──▶ streams ───────┘ └────────────▶ worker 1 … N ──▶ Sfu 1 … N     every worker sends on the sockets itself,
//!                                                                                  and by parcels to relay and streams
//! ```
//!
//! [`Engine`] is all that the outside sees; it may be used from any thread and never waits for a worker, except to end it.

mod addresses;
#[cfg(target_os = "linux")]
mod ancillary;
mod board;
mod control;
mod credentials;
mod crossing;
mod demux;
mod directory;
mod engine;
mod event;
mod first_bytes;
mod front;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod isolation;
mod outlet;
mod places;
mod queue;
#[cfg(target_os = "linux")]
mod receive;
mod relayed;
mod relaying;
mod send;
mod socket;
mod sorter;
mod streaming;
mod streams;
#[cfg(target_os = "linux")]
mod transmit;
mod wait;
mod worker;

#[cfg(target_os = "linux")]
mod platform {
    pub(crate) use crate::receive::ReceiveBatch;
    pub(crate) use crate::transmit::Transmitter;
}
#[cfg(not(target_os = "linux"))]
#[path = "portable.rs"]
mod platform;

pub use engine::{Engine, EngineConfig, Peer};
pub use event::{Event, Level};
pub use first_bytes::{FirstBytes, classify};
pub use streams::{CertificateError, StreamKind};
