//! What is done with bytes from outside, and what must hold whatever they are: one function for each parser.
//!
//! Nothing here knows of a fuzzer. `libfuzzer/` beside it, a workspace of its own, finds bytes (`make fuzz`); those worth
//! keeping are in `corpus/`, and `tests/corpus.rs` tries them each time that tests run.

pub mod call;
mod chunks;
pub mod client;
mod fingerprint;
mod input;
mod message;
pub mod packet;
mod payloads;
mod red;
mod relay;
mod rewriting;
mod rtcp;
mod rtp;
mod sfu;
mod srtp;
mod streams;
mod stun;

/// Panics where something does not hold.
pub type Target = fn(&[u8]);

pub const TARGETS: [(&str, Target); 17] = [
    ("binding", stun::binding),
    ("chunks", chunks::chunks),
    ("fingerprint", fingerprint::fingerprint),
    ("first_bytes", streams::first_bytes),
    ("frames", streams::frames),
    ("key_frame", payloads::key_frame),
    ("layering", payloads::layering),
    ("message", message::message),
    ("picture_size", payloads::picture_size),
    ("red", red::red),
    ("relay", relay::relay),
    ("rewriting", rewriting::rewriting),
    ("rtcp", rtcp::rtcp),
    ("rtp", rtp::rtp),
    ("sfu", sfu::sfu),
    ("srtp", srtp::srtp),
    ("stun", stun::stun),
];
