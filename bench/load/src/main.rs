//! A load generator: WebRTC clients that join, send, receive and answer by RTCP, many to a thread. They speak Tertulia's native
//! protocol, or what another server has for it.
//!
//! It prints the server's CPU time per forwarded packet, delays, losses, memory and joins as one JSON object (the first
//! line) and a line for a person. Figures that may not be believed are marked INVALID, and the exit code is 3.
//!
//! * [`run`] — a measured run; [`cases`] — who takes part; [`join`], [`keeper`] — coming and staying.
//! * [`doors`] — signalling, one file for each kind of server, over a [`wire`] and with descriptions in [`sdp`].
//! * [`group`] — a thread of clients; [`peer`] — a light client: [`link`], [`publisher`], [`viewer`]; [`probe`] — a
//!   client that is `str0m` from end to end.
//! * [`stamp`], [`flow`] — what a payload carries, and what is counted of it; [`server`], [`report`] — figures.

mod cases;
mod clock;
mod doors;
mod flow;
mod group;
mod join;
mod keeper;
mod keys;
mod link;
mod peer;
mod probe;
mod publisher;
mod random;
mod remb;
mod report;
mod run;
mod sdp;
mod server;
mod socket;
mod stamp;
mod viewer;
mod wire;

use std::process::ExitCode;

use cases::{Case, Options, USAGE};
use serde_json::Value;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    allow_many_sockets();
    let outcome = match options.case {
        Case::Churn { .. } => run::churn(&options),
        _ => run::measure(&options),
    };
    match outcome {
        Ok((figures, invalid)) => {
            println!("{}", Value::Object(figures.clone()));
            println!("{}", run::line(&figures));
            if invalid.is_empty() {
                return ExitCode::SUCCESS;
            }
            println!("INVALID: {}", invalid.join("; "));
        }
        Err(error) => println!("INVALID: {error}"),
    }
    ExitCode::from(3)
}

/// A client has a socket for media and one for signalling, and a thousand of them are more than a shell's usual limit.
fn allow_many_sockets() {
    // SAFETY: the calls read and write the struct that they are given.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
