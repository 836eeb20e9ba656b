//! What somebody who connected by TCP wants, told by the first bytes alone.

use tertulia_relay::stun::MAGIC_COOKIE;
use tertulia_sfu::egress::DATAGRAM_MAX;

/// What the first bytes of a TCP connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstBytes {
    /// A request line begins (RFC 9112, section 3).
    Http,
    /// A STUN message as TURN clients frame it: by its own length (RFC 8656, section 3.1, and RFC 8489, section 6.2.2).
    Turn,
    /// A STUN message framed by RFC 4571: ICE over TCP (RFC 6544, section 3).
    Ice,
    /// A ClientHello. `http`: its ALPN names a version of HTTP (RFC 7301), and neither STUN nor TURN (RFC 7443).
    Tls { http: bool },
    /// Not to be told yet.
    More,
    /// None of these, whatever follows.
    Unknown,
}

/// ALPN of STUN and TURN (RFC 7443).
pub(crate) const TURN_ALPN: [&[u8]; 2] = [b"stun.turn", b"stun.nat-discovery"];
/// As many bytes as are looked at. A ClientHello with post-quantum keys and a long session ticket stays below 4 KiB.
const FIRST_BYTES_MAX: usize = 16 << 10;
/// The longest registered method, UPDATEREDIRECTREF, has 17 characters.
const METHOD_MAX: usize = 32;

/// Pure, and never taken back: more bytes turn `More` into an answer, and no answer into another.
pub fn classify(first_bytes: &[u8]) -> FirstBytes {
    let mut undecided = false;
    for judge in [http, turn, ice, tls] {
        match judge(first_bytes) {
            FirstBytes::Unknown => {}
            FirstBytes::More => undecided = true,
            answer => return answer,
        }
    }
    if undecided && first_bytes.len() < FIRST_BYTES_MAX {
        FirstBytes::More
    } else {
        FirstBytes::Unknown
    }
}

/// A token and a space (RFC 9110, section 5.6.2).
fn http(bytes: &[u8]) -> FirstBytes {
    let token = bytes.iter().take_while(|&&byte| is_token(byte)).count();
    match bytes.get(token) {
        _ if token > METHOD_MAX => FirstBytes::Unknown,
        None => FirstBytes::More,
        Some(b' ') if token > 0 => FirstBytes::Http,
        Some(_) => FirstBytes::Unknown,
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn turn(bytes: &[u8]) -> FirstBytes {
    stun_header(bytes, FirstBytes::Turn)
}

fn ice(bytes: &[u8]) -> FirstBytes {
    match bytes.first_chunk() {
        None => FirstBytes::More,
        Some(len) if usize::from(u16::from_be_bytes(*len)) > DATAGRAM_MAX => FirstBytes::Unknown,
        Some(_) => stun_header(&bytes[2..], FirstBytes::Ice),
    }
}

/// As much of the fixed header as there is (RFC 8489, section 5).
fn stun_header(bytes: &[u8], answer: FirstBytes) -> FirstBytes {
    let cookie = bytes.get(4..).unwrap_or_default();
    let cookie = &cookie[..cookie.len().min(4)];
    let is_stun = bytes.first().is_none_or(|byte| byte & 0xC0 == 0)
        && bytes.get(3).is_none_or(|byte| byte & 3 == 0)
        && MAGIC_COOKIE.to_be_bytes().starts_with(cookie);
    match is_stun {
        false => FirstBytes::Unknown,
        true if cookie.len() == 4 => answer,
        true => FirstBytes::More,
    }
}

fn tls(bytes: &[u8]) -> FirstBytes {
    match client_hello_names_http(&handshake(bytes)) {
        Ok(http) => FirstBytes::Tls { http },
        Err(Stop::More) => FirstBytes::More,
        Err(Stop::Malformed) => FirstBytes::Unknown,
    }
}

/// Why a reader cannot go on.
#[derive(Clone, Copy)]
enum Stop {
    More,
    Malformed,
}

/// What the handshake records at the beginning carry, and why there is no more of it.
struct Handshake {
    bytes: Vec<u8>,
    end: Stop,
}

/// The last record may be there in part (RFC 8446, section 5.1).
fn handshake(mut bytes: &[u8]) -> Handshake {
    const HANDSHAKE: u8 = 22;
    const FRAGMENT_MAX: usize = 1 << 14;
    let mut handshake = Vec::new();
    let end = loop {
        let is_handshake = bytes.first().is_none_or(|kind| *kind == HANDSHAKE);
        if !is_handshake || bytes.get(1).is_some_and(|major| *major != 3) {
            break Stop::Malformed;
        }
        let Some((head, rest)) = bytes.split_first_chunk::<5>() else {
            break Stop::More;
        };
        let len = usize::from(u16::from_be_bytes([head[3], head[4]]));
        if len == 0 || len > FRAGMENT_MAX {
            break Stop::Malformed;
        }
        let (fragment, rest) = rest.split_at(len.min(rest.len()));
        handshake.extend_from_slice(fragment);
        bytes = rest;
    };
    Handshake { bytes: handshake, end }
}

/// Reads no further than to the answer (RFC 8446, section 4.1.2, which holds for the versions before as well).
fn client_hello_names_http(handshake: &Handshake) -> Result<bool, Stop> {
    const CLIENT_HELLO: u8 = 1;
    const ALPN: u16 = 16;
    let Some((&[kind, a, b, c], body)) = handshake.bytes.split_first_chunk::<4>() else {
        let is_hello = handshake.bytes.first().is_none_or(|kind| *kind == CLIENT_HELLO);
        return Err(if is_hello { handshake.end } else { Stop::Malformed });
    };
    let len = u32::from_be_bytes([0, a, b, c]) as usize;
    if kind != CLIENT_HELLO || 4 + len > FIRST_BYTES_MAX {
        return Err(Stop::Malformed);
    }
    let is_whole = body.len() >= len;
    let mut hello = Reader {
        bytes: &body[..len.min(body.len())],
        // What is missing from a whole message will not come.
        end: if is_whole { Stop::Malformed } else { handshake.end },
    };
    hello.take(2 + 32)?; // legacy_version, random
    let session_id = hello.u8()?;
    hello.take(session_id.into())?;
    let cipher_suites = hello.u16()?;
    hello.take(cipher_suites.into())?;
    let compression_methods = hello.u8()?;
    hello.take(compression_methods.into())?;
    if hello.bytes.is_empty() && is_whole {
        return Ok(false);
    }
    hello.u16()?; // length of all extensions
    while !hello.bytes.is_empty() || !is_whole {
        let kind = hello.u16()?;
        let len = hello.u16()?;
        let extension = hello.take(len.into())?;
        if kind == ALPN {
            return names_http(extension);
        }
    }
    Ok(false)
}

/// A ProtocolNameList (RFC 7301, section 3.1).
fn names_http(extension: &[u8]) -> Result<bool, Stop> {
    const HTTP: [&[u8]; 4] = [b"h2", b"http/1.1", b"http/1.0", b"http/0.9"];
    let mut names = Reader {
        bytes: extension,
        end: Stop::Malformed,
    };
    names.u16()?; // length of all names
    let mut http = false;
    while !names.bytes.is_empty() {
        let len = names.u8()?;
        let name = names.take(len.into())?;
        // coturn's clients name HTTP as well, to look like a browser.
        if TURN_ALPN.contains(&name) {
            return Ok(false);
        }
        http |= HTTP.contains(&name);
    }
    Ok(http)
}

struct Reader<'a> {
    bytes: &'a [u8],
    end: Stop,
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(self.end)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn u8(&mut self) -> Result<u8, Stop> {
        Ok(self.take(1)?[0])
    }

    fn u16(&mut self) -> Result<u16, Stop> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::*;

    const STUN: [u8; 20] = *b"\x00\x03\x00\x08\x21\x12\xa4\x42transaction!";

    /// What rustls' client says first, one record.
    fn client_hello(alpn: &[&[u8]]) -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let mut client = ClientConnection::new(Arc::new(config), "tertulia.example".try_into().unwrap()).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        hello
    }

    /// The same message in records of `len` bytes each.
    fn in_records_of(len: usize, hello: &[u8]) -> Vec<u8> {
        let record = |fragment: &[u8]| [&[22, 3, 1, 0, fragment.len() as u8][..], fragment].concat();
        hello[5..].chunks(len).flat_map(record).collect()
    }

    #[track_caller]
    fn assert_each_cut_waits_for(bytes: &[u8], answer: FirstBytes) {
        let decided = (0..=bytes.len()).find(|&cut| classify(&bytes[..cut]) != FirstBytes::More);
        let decided = decided.expect("the whole is enough");
        for cut in decided..=bytes.len() {
            assert_eq!(classify(&bytes[..cut]), answer, "{cut} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn every_kind_is_told_as_soon_as_its_bytes_are_there() {
        for request in [
            "GET / HTTP/1.1\r\n",
            "OPTIONS * HTTP/1.1\r\n",
            "M-SEARCH * HTTP/1.1\r\n",
            "PRI * HTTP/2.0\r\n",
        ] {
            assert_each_cut_waits_for(request.as_bytes(), FirstBytes::Http);
        }
        assert_each_cut_waits_for(&STUN, FirstBytes::Turn);
        assert_each_cut_waits_for(&[&[0, 20][..], &STUN].concat(), FirstBytes::Ice);
    }

    #[test]
    fn alpn_of_a_real_client_tells_http() {
        let names: [(&[&[u8]], bool); 8] = [
            (&[], false),
            (&[b"stun.turn"], false),
            (&[b"stun.nat-discovery"], false),
            (&[b"webrtc", b"c-webrtc"], false),
            (&[b"http/1.1"], true),
            (&[b"h2", b"http/1.1"], true),
            (&[b"acme-tls/1", b"http/1.0"], true),
            (&[b"http/1.1", b"stun.turn", b"stun.nat-discovery"], false),
        ];
        for (alpn, http) in names {
            let hello = client_hello(alpn);
            assert_each_cut_waits_for(&hello, FirstBytes::Tls { http });
            for len in [1, 3, 100, 255] {
                assert_each_cut_waits_for(&in_records_of(len, &hello), FirstBytes::Tls { http });
            }
        }
    }

    #[test]
    fn a_hello_without_extensions_is_tls_without_http() {
        let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3];
        hello.extend([7; 32]);
        hello.extend([0, 0, 2, 0x13, 0x01, 1, 0]);
        assert_each_cut_waits_for(&hello, FirstBytes::Tls { http: false });
    }

    #[test]
    fn what_contradicts_itself_is_unknown() {
        let whole: [&[u8]; 9] = [
            b"\r\nGET",
            b" GET / H",
            &[b'A'; METHOD_MAX + 1],
            b"\x16\x03\x01\x00\x00",
            b"\x16\x03\x01\x40\x01",
            b"\x16\x02\x01\x01",
            b"\x16\x03\x01\x00\x05\x02",
            b"\x16\x03\x01\x00\x05\x01\x01\x00\x00",
            b"\x00\x01\x00\x00\x21\x12\xa4\x43",
        ];
        for bytes in whole {
            assert_eq!(classify(bytes), FirstBytes::Unknown, "{bytes:?}");
        }
    }

    #[test]
    fn it_does_not_wait_beyond_its_bound() {
        // With the header of its record longer than the bound by five bytes.
        let mut hello = vec![22, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xFC, 3, 3];
        hello.extend([0; 33]);
        hello.extend([0x3F, 0x00]);
        hello.resize(FIRST_BYTES_MAX - 1, 0);
        assert_eq!(classify(&hello), FirstBytes::More);
        hello.push(0);
        assert_eq!(classify(&hello), FirstBytes::Unknown);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic_and_no_answer_is_taken_back(
            bytes in prop::collection::vec(any::<u8>(), 0..600),
            cut in 0..600usize,
        ) {
            let first = classify(&bytes[..cut.min(bytes.len())]);
            if first != FirstBytes::More {
                prop_assert_eq!(classify(&bytes), first);
            }
        }

        #[test]
        fn a_damaged_hello_never_panics(at in 0..400usize, value: u8, cut in 0..2000usize) {
            let mut hello = client_hello(&[b"h2"]);
            let len = hello.len();
            hello[at % len] = value;
            let first = classify(&hello[..cut.min(len)]);
            if first != FirstBytes::More {
                prop_assert_eq!(classify(&hello), first);
            }
        }
    }
}
