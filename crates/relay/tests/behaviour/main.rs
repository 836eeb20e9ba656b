//! What the relay does, seen from outside: clients and peers that only have bytes, and a network that writes down what it is told.
#![allow(clippy::disallowed_methods)]

mod common;

mod allocations_are_made;
mod allocations_end;
mod channels_are_bound;
mod data_is_relayed;
mod invariants_hold;
mod limits_hold;
mod peers_inside_are_refused;
mod permissions_are_needed;
mod relays_meet;
mod strangers_gain_nothing;
mod stun_types_agrees;
mod turn_client_proto_agrees;
mod users_prove_themselves;
