//! Addresses in their XORed form (RFC 8489, section 14.2), in which no router's address translation finds them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{MAGIC_COOKIE, Message, attribute, be16};

const PORT_MASK: u16 = (MAGIC_COOKIE >> 16) as u16;

/// The value of XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS or XOR-RELAYED-ADDRESS in a message with this transaction id.
pub fn xor_address(value: &[u8], transaction_id: &[u8; 12]) -> Option<SocketAddr> {
    let mask = mask(transaction_id);
    let family = *value.get(1)?;
    let port = be16(value.get(2..4)?, 0) ^ PORT_MASK;
    let ip = match (family, value.len()) {
        (1, 8) => IpAddr::V4(Ipv4Addr::from(xored::<4>(&value[4..], &mask))),
        (2, 20) => IpAddr::V6(Ipv6Addr::from(xored::<16>(&value[4..], &mask))),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// XOR-MAPPED-ADDRESS as an address.
pub fn xor_mapped_address(message: &Message<'_>) -> Option<SocketAddr> {
    xor_address(
        message.attribute(attribute::XOR_MAPPED_ADDRESS)?,
        message.transaction_id(),
    )
}

/// The value that [`xor_address`] reads, and how many of its bytes count.
pub(super) fn encode(address: SocketAddr, transaction_id: &[u8; 12]) -> ([u8; 20], usize) {
    let mask = mask(transaction_id);
    let mut value = [0; 20];
    value[2..4].copy_from_slice(&(address.port() ^ PORT_MASK).to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => {
            value[1] = 1;
            value[4..8].copy_from_slice(&xored::<4>(&ip.octets(), &mask));
            (value, 8)
        }
        IpAddr::V6(ip) => {
            value[1] = 2;
            value[4..].copy_from_slice(&xored::<16>(&ip.octets(), &mask));
            (value, 20)
        }
    }
}

/// Magic cookie, then transaction id.
fn mask(transaction_id: &[u8; 12]) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(transaction_id);
    mask
}

fn xored<const N: usize>(bytes: &[u8], mask: &[u8; 16]) -> [u8; N] {
    std::array::from_fn(|i| bytes[i] ^ mask[i])
}
