//! Bandwidth estimation for what one client is sent: what left and when it arrived come in, with the time; an estimate
//! and requests to probe come out. No clock, socket, thread or random source, and no RTP either.
//!
//! After draft-ietf-rmcat-gcc-02, on feedback of draft-holmer-rmcat-transport-wide-cc-extensions-01. What an SFU needs
//! beside it, and why, is told in `docs/decisions/0008-bandwidth-estimation.md`.
//!
//! The way of a feedback through [`Estimator`]: `history` says when each packet left; `arrival` brings the receiver's
//! clock to ours; `groups` makes one sample of packets that left together, less what our own burst explains
//! (`own_queue`); `trend` fits the samples, `overuse` judges the fit and `standing` the least of them, `rate_control` acts. `loss` may hold the
//! estimate below that, `probe` may lift it by what a `cluster` of packets showed. `fallback` stands in where the client knows no transport-wide feedback,
//! and makes a `trial` where it would probe.

#![forbid(unsafe_code)]

mod acknowledged;
mod arrival;
mod cluster;
mod config;
mod estimator;
mod fallback;
mod groups;
mod history;
mod loss;
mod overuse;
mod own_queue;
mod probe;
mod rate_control;
mod standing;
mod trend;
mod trial;

pub use config::Config;
pub use estimator::{Echo, Estimate, Estimator};
pub use overuse::State;
pub use probe::Probe;

/// Times inside the crate: microseconds since the estimator was made.
type Micros = i64;

const MILLISECOND: Micros = 1_000;
const SECOND: Micros = 1_000_000;

/// `time` in seconds.
fn seconds(time: Micros) -> f64 {
    time as f64 / SECOND as f64
}
