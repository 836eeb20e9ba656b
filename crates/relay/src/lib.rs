//! STUN for everyone who asks: bytes and their sender in, bytes out. No clock, socket or thread.
//!
//! Binding requests that carry a USERNAME belong to ICE and never come here; see [`stun::username_fragment`].

mod binding;
pub mod stun;

pub use binding::{RESPONSE_MAX, answer_binding};
