//! The selective forwarding unit: connections, SRTP, sources, slots, fan-out and feedback.
//!
//! Everything here is pure: input goes in through `handle_*`, output comes out through `poll_*` or an
//! [`Egress`](egress::Egress) given by the caller, and the time is an argument. No clock, no socket, no thread.
//!
//! * [`transport`] — ICE-lite, DTLS and SCTP with one client; `str0m` does the work and is hidden there.
//! * [`keys`] — the process's DTLS certificate, and how SRTP keys leave `str0m`.
//! * [`srtp`] — sealing and opening of RTP and RTCP, replay windows, roll-over.
//! * [`rtp`], [`rtcp`] — the wire formats.
//! * [`sfu`] — the tables and the dispatch; [`command`] and [`event`] are its two sides.
//!
//! A packet's way: `ingress` opens it and matches it to an `encoding` of a `source`, whose `ring` keeps it once for all
//! viewers and whose `outbox` may hold it until its frame is complete; `fanout` gives it a place in the `sequence` of each
//! viewer's `slot` and seals it. `feedback` goes the other way, and tells the viewer's `downlink` what the way to him carries.
//! Which encoding a slot gets of that is `layers`' matter, and `allocation`'s. Messages on data channels take a way of their own, through [`data`];
//! and a connection that has no transport brings and gets whole frames, through [`chunks`].

pub mod across;
mod allocation;
mod arrivals;
pub mod chunks;
mod clock;
pub mod command;
mod compaction;
pub mod config;
mod connection;
pub mod counters;
pub mod data;
mod demand;
mod departures;
mod downlink;
pub mod egress;
mod encoding;
pub mod event;
mod fanout;
mod feedback;
mod flow;
mod fronts;
mod home;
mod ingress;
pub mod keys;
mod layer_rates;
mod layers;
mod losses;
mod loudest;
mod membership;
mod mirror;
mod onset;
mod outbox;
mod pacing;
mod payload;
mod probing;
mod reception;
mod recovery;
mod repeats;
mod resend;
mod resends;
mod ring;
pub mod rtcp;
pub mod rtp;
mod sequence;
pub mod sfu;
mod sizes;
mod slot;
mod source;
mod speakers;
pub mod srtp;
pub mod stats;
mod steps;
mod stun;
mod table;
pub mod transport;
pub mod types;
mod voices;
mod wanted;
