//! TURN and streams through a running engine, with a TURN client of our own over real sockets.

#[cfg(target_os = "linux")]
mod alone;
#[path = "../common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
mod descriptors;
mod isolation;
mod media;
mod meeting;
#[cfg(target_os = "linux")]
mod outside;
mod streams;
mod turn;
mod without;
