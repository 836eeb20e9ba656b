//! For fuzzing alone: a way past ICE and DTLS. A handshake costs as much as thousands of packets, and its random numbers
//! would make no run like another.

use super::*;
use crate::srtp::SrtpSession;

impl Sfu {
    /// From now on `connection` has these keys and has proved `path`. Ignored where there is no such connection.
    pub fn secure(&mut self, connection: ConnectionId, path: Path, session: SrtpSession, now: Instant) {
        let Some(at) = self.connections.find(connection) else {
            return;
        };
        let Some(connection) = self.connections.get_mut(at) else {
            return;
        };
        let (sender, receiver) = session.split();
        connection.sender = Some(sender);
        connection.receiver = Some(receiver);
        connection.paths.validate(path);
        connection.paths.select(path);
        self.by_address.insert(path.remote, at);
        self.announce(at, now);
        self.schedule(at);
    }
}
