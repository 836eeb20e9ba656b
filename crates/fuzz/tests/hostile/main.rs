//! Somebody with valid keys and no manners: what he sends costs nobody else a packet, makes nothing grow, and is answered within bounds.
#![allow(clippy::disallowed_methods)]

mod comings;
mod memory;
mod person;
mod publishers;
mod viewers;
mod world;
