//! The estimator on simulated links: an SFU that sends frames at once, a narrow queue, a browser that answers.
//!
//! Times are microseconds of the simulation. A failing test prints the way the run took.
#![allow(clippy::disallowed_methods)]

mod elastic;
mod flow;
mod link;
mod random;
mod receiver;
mod reports;
mod run;
mod source;

mod a_drop_is_noticed;
mod capacity_is_found;
mod hostile_feedback;
mod links_are_shared;
mod losses_are_borne;
mod odd_ways;
mod reports_show_the_way_up;
mod without_feedback;
