//! A worker's way out, which notices who has proved an address.

use std::net::SocketAddr;

use crossbeam_channel::Sender;
use tertulia_sfu::egress::Egress;
use tertulia_sfu::types::Path;

use crate::demux::RouteChange;
use crate::send::SendBatch;

/// A Binding success response: the `Sfu` answers so only where the request's integrity held.
const BINDING_SUCCESS: [u8; 2] = [1, 1];

pub(crate) struct Outlet {
    pub batch: SendBatch,
    reporter: Option<Reporter>,
}

/// Tells the front which worker an address belongs to; only where there are several.
pub(crate) struct Reporter {
    pub changes: Sender<RouteChange>,
    pub worker: usize,
}

impl Outlet {
    pub fn new(batch: SendBatch, reporter: Option<Reporter>) -> Outlet {
        Outlet { batch, reporter }
    }
}

impl Reporter {
    fn report(&self, address: SocketAddr) {
        // Disconnected: the front has stopped, and nothing arrives any more.
        let _ = self.changes.send(RouteChange::AddAddress {
            address,
            worker: self.worker,
        });
    }
}

impl Egress for Outlet {
    fn buffer(&mut self) -> &mut [u8] {
        self.batch.buffer()
    }

    fn commit(&mut self, path: &Path, len: usize) {
        if let Some(reporter) = &self.reporter {
            // Before the answer leaves, so that the front knows when the peer's next datagram comes.
            if len >= 20 && self.batch.pending()[..2] == BINDING_SUCCESS {
                reporter.report(path.remote);
            }
        }
        self.batch.commit(path, len);
    }
}
