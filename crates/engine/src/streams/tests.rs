//! Over real sockets of the loopback; only the time is the tests' own.

mod certificates;
mod crowding;
mod hostile;
mod messages;
mod patience;
mod support;
mod tls;
mod tunnels;
