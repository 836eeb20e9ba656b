//! Where datagrams go.

use crate::types::Path;

/// The least that [`Egress::buffer`] hands out, in bytes.
pub const DATAGRAM_MAX: usize = 2048;

/// The way out of a worker: sockets in production, a vector in tests.
///
/// Consecutive commits to one path with equal length (the last may be shorter) can leave as one GSO batch.
pub trait Egress {
    /// At least [`DATAGRAM_MAX`] bytes to write the next datagram into. What is in them is undefined.
    fn buffer(&mut self) -> &mut [u8];
    /// Sends the first `len` bytes of the buffer handed out last.
    fn commit(&mut self, path: &Path, len: usize);
}
