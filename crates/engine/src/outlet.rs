//! A worker's way out, which notices who has proved an address, and puts aside what does not leave by a UDP socket.

use std::net::SocketAddr;

use crossbeam_channel::Sender;
use tertulia_sfu::egress::Egress;
use tertulia_sfu::types::Path;

use crate::demux::RouteChange;
use crate::queue::{HandOver, Parcel};
use crate::send::SendBatch;

/// A Binding success response: the `Sfu` answers so only where the request's integrity held.
const BINDING_SUCCESS: [u8; 2] = [1, 1];
/// What worker 0 puts aside between two looks at it; beyond that it is dropped.
const ASIDE_MAX: usize = 8 << 20;

pub(crate) struct Outlet {
    pub batch: SendBatch,
    pub aside: Aside,
    reporter: Option<Reporter>,
    dropped_aside: u64,
}

/// Datagrams for the relay and the streams, both of which the front has.
pub(crate) enum Aside {
    /// On the front's thread: it empties this after each batch.
    Here(Parcel),
    Front(HandOver),
}

/// Tells the front which worker an address belongs to; only where there are several.
pub(crate) struct Reporter {
    pub changes: Sender<RouteChange>,
    pub worker: usize,
}

impl Outlet {
    pub fn new(batch: SendBatch, aside: Aside, reporter: Option<Reporter>) -> Outlet {
        Outlet {
            batch,
            aside,
            reporter,
            dropped_aside: 0,
        }
    }

    /// Nothing leaves before, or until much has come together. On the front's thread `Front::finish` comes first.
    pub fn flush(&mut self) {
        if let Aside::Front(hand_over) = &mut self.aside {
            hand_over.flush();
        }
        self.batch.flush();
    }

    /// Too much for the relay and the streams at once.
    pub fn dropped_aside(&self) -> u64 {
        self.dropped_aside
    }

    fn put_aside(&mut self, path: &Path, len: usize) {
        let datagram = &self.batch.pending()[..len];
        let is_taken = match &mut self.aside {
            Aside::Here(parcel) if parcel.bytes() + len <= ASIDE_MAX => {
                parcel.push(*path, datagram);
                true
            }
            Aside::Here(_) => false,
            Aside::Front(hand_over) => hand_over.push(*path, datagram),
        };
        self.dropped_aside += u64::from(!is_taken);
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
        if path.is_direct() {
            self.batch.commit(path, len);
        } else {
            self.put_aside(path, len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Socket;
    use std::net::UdpSocket;
    use std::sync::Arc;

    fn commit(outlet: &mut Outlet, path: &Path, datagram: &[u8]) {
        outlet.buffer()[..datagram.len()].copy_from_slice(datagram);
        outlet.commit(path, datagram.len());
    }

    #[test]
    fn what_leaves_by_no_socket_is_put_aside_in_order_and_bounded() {
        let socket = Socket::bind("127.0.0.1:0".parse().unwrap()).expect("bound");
        let batch = SendBatch::new(Arc::new([socket]), true);
        let mut outlet = Outlet::new(batch, Aside::Here(Parcel::default()), None);
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let by = |socket| Path {
            remote: receiver.local_addr().unwrap(),
            local: [127, 0, 0, 1].into(),
            socket,
        };
        commit(&mut outlet, &by(Path::RELAYED), b"relayed");
        commit(&mut outlet, &by(0), b"direct");
        commit(&mut outlet, &by(Path::STREAM), b"stream");
        outlet.flush();
        let mut buffer = [0; 64];
        let len = receiver.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], b"direct");
        let Aside::Here(parcel) = &mut outlet.aside else {
            unreachable!("made so above")
        };
        let aside: Vec<_> = parcel
            .iter_mut()
            .map(|(path, bytes)| (path.socket, bytes.to_vec()))
            .collect();
        assert_eq!(
            aside,
            [(Path::RELAYED, b"relayed".to_vec()), (Path::STREAM, b"stream".to_vec())]
        );
        assert_eq!(outlet.batch.counters().datagrams, 1);

        let one = vec![0; 2048];
        (0..ASIDE_MAX / one.len() + 1).for_each(|_| commit(&mut outlet, &by(Path::STREAM), &one));
        assert_eq!(outlet.dropped_aside(), 2, "the first two left too little room");
    }
}
