//! For fuzzing alone: framing, which nobody else has to reach.

use crate::streams::Protocol;

/// The protocols of streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Turn,
    Ice,
}

/// Where the first message of a stream lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub start: usize,
    pub end: usize,
    /// Where the next one begins.
    pub next: usize,
}

/// The stream can no longer be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unframed;

impl Framing {
    fn protocol(self) -> Protocol {
        match self {
            Framing::Turn => Protocol::Turn,
            Framing::Ice => Protocol::Ice,
        }
    }

    /// None until all of it is there.
    pub fn first(self, bytes: &[u8]) -> Result<Option<Frame>, Unframed> {
        let message = self.protocol().first_message(bytes).map_err(|_| Unframed)?;
        Ok(message.map(|message| Frame {
            start: message.start,
            end: message.end,
            next: message.next,
        }))
    }

    /// As it goes out; None for what is too large, or too small to have a length.
    pub fn write(self, message: &[u8]) -> Option<Vec<u8>> {
        let len = self.protocol().framed_len(message)?;
        let mut framed = Vec::with_capacity(len);
        self.protocol().write(message, &mut framed);
        Some(framed)
    }
}
