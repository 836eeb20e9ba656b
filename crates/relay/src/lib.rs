//! STUN (RFC 8489) and TURN (RFC 8656) as a pure machine: bytes, their sender and the time come in, effects go out. No
//! clock, socket or thread.
//!
//! [`Relay`] takes what clients and peers send and tells an [`Outlet`] what is to be done. Binding requests that carry
//! a USERNAME belong to ICE and never come here; see [`stun::username_fragment`].

mod allocation;
mod authentication;
mod binding;
mod bucket;
mod channel_data;
mod channels;
mod client;
mod config;
mod counters;
mod credentials;
mod forward;
mod nonce;
mod outlet;
mod permissions;
mod policy;
mod refusal;
mod relay;
mod requests;
mod strangers;
pub mod stun;
mod table;

pub use binding::{RESPONSE_MAX, answer_binding};
pub use channel_data::CHANNEL_DATA_FIRST_BYTES;
pub use client::{Client, Now};
pub use config::{Cidr, Config, Limits};
pub use counters::Counters;
pub use credentials::Secret;
pub use outlet::{BUFFER_MIN, Family, OpenError, Outlet, Place};
pub use relay::Relay;
