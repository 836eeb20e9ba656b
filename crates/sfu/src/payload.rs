//! The bytes of a packet: in a buffer of the ring's own, or shared with the rings of other workers.

use std::ops::Deref;
use std::sync::Arc;

#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// Used again for the next packet that takes the place: nothing is allocated.
    Own(Vec<u8>),
    /// One allocation for each packet, and no copy for any other worker. It is freed where it is let go of last.
    Shared(Arc<[u8]>),
}

impl Payload {
    pub fn shared(payload: &[u8]) -> Payload {
        Payload::Shared(payload.into())
    }

    /// Makes clones cheap from now on.
    pub fn share(&mut self) {
        if let Payload::Own(buffer) = self {
            *self = Payload::shared(buffer);
        }
    }

    /// A buffer to use again; a new one where there is none.
    pub fn into_buffer(self) -> Vec<u8> {
        match self {
            Payload::Own(buffer) => buffer,
            Payload::Shared(_) => Vec::new(),
        }
    }
}

impl Default for Payload {
    fn default() -> Payload {
        Payload::Own(Vec::new())
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Payload::Own(buffer) => buffer,
            Payload::Shared(bytes) => bytes,
        }
    }
}
