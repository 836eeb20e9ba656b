//! The one attribute of STUN that decides which connection a datagram belongs to.

const HEADER_LEN: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0, 1];
const USERNAME: u16 = 0x0006;

/// Our user-name fragment in a Binding request: what precedes the colon in USERNAME (RFC 8445 §7.2.2). Integrity is
/// checked by the connection that it names.
pub fn local_fragment(datagram: &[u8]) -> Option<&str> {
    if datagram.len() < HEADER_LEN || datagram[..2] != BINDING_REQUEST {
        return None;
    }
    let mut rest = &datagram[HEADER_LEN..];
    while let Some((header, tail)) = rest.split_first_chunk::<4>() {
        let len = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let value = tail.get(..len)?;
        if u16::from_be_bytes([header[0], header[1]]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = tail.get(len.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let mut datagram = vec![0; HEADER_LEN];
        datagram[1] = 1;
        datagram.extend_from_slice(attributes);
        datagram
    }

    #[test]
    fn the_fragment_before_the_colon_is_ours() {
        let datagram = request(b"\x80\x22\x00\x01x\0\0\0\x00\x06\x00\x07ours:me\0");
        assert_eq!(local_fragment(&datagram), Some("ours"));
    }

    #[test]
    fn a_length_that_leaves_the_datagram_is_no_attribute() {
        assert_eq!(local_fragment(&request(b"\x00\x06\x00\x09ours:me\0")), None);
        assert_eq!(local_fragment(&request(b"\x80\x22\xff\xff")), None);
        assert_eq!(local_fragment(b"\x00\x01"), None);
    }
}
