//! A reader and a writer of STUN messages (RFC 8489) with the attributes of TURN (RFC 8656): bounds-checked, without allocation.

mod address;
pub mod attribute;
mod integrity;
mod message;
#[cfg(test)]
mod vectors;
mod writer;

pub use address::{xor_address, xor_mapped_address};
pub use integrity::{Integrity, LongTermKey, PASSWORD_ALGORITHMS, PasswordAlgorithm};
pub use message::{Attribute, Attributes, Message, username_fragment};
pub use writer::Writer;

/// Length of the fixed header (RFC 8489, section 5).
pub const HEADER_LEN: usize = 20;
/// The magic cookie (RFC 8489, section 5); messages of RFC 3489 do not have it and are not answered.
pub const MAGIC_COOKIE: u32 = 0x2112_A442;

/// Message types: method and class as they stand on the wire.
pub mod message_type {
    pub const BINDING_REQUEST: u16 = 0x0001;
    pub const BINDING_INDICATION: u16 = 0x0011;
    pub const BINDING_SUCCESS: u16 = BINDING_REQUEST | SUCCESS;
    pub const BINDING_ERROR: u16 = BINDING_REQUEST | ERROR;
    pub const ALLOCATE_REQUEST: u16 = 0x0003;
    pub const REFRESH_REQUEST: u16 = 0x0004;
    pub const SEND_INDICATION: u16 = 0x0016;
    pub const DATA_INDICATION: u16 = 0x0017;
    pub const CREATE_PERMISSION_REQUEST: u16 = 0x0008;
    pub const CHANNEL_BIND_REQUEST: u16 = 0x0009;

    /// What makes a request's type that of its success response.
    pub const SUCCESS: u16 = 0x0100;
    /// What makes a request's type that of its error response.
    pub const ERROR: u16 = 0x0110;
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}
