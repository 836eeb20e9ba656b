//! Ids, addresses and small values that all modules share.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One ICE and DTLS transport with one client.
    ConnectionId
);
id!(
    /// A group of connections that share a worker and whose speakers are compared.
    RoomKey
);
id!(
    /// One published track on a connection.
    SourceId
);
id!(
    /// One section in which a connection receives.
    SlotId
);

/// One of the workers of a process, each of which has an `Sfu` of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub usize);

/// Where a datagram came from and which of our addresses it reached; a reply leaves the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    pub remote: SocketAddr,
    pub local: IpAddr,
    /// Number of the UDP socket that received it, or how it came otherwise.
    pub socket: u8,
}

impl Path {
    /// As `socket`: through a TURN relay in this process. `remote` is the relayed address, `local` ours that it was sent to.
    pub const RELAYED: u8 = 254;
    /// As `socket`: through a TCP stream. `remote` stands for the stream, in the discard prefix `100::/64` (RFC 6666).
    pub const STREAM: u8 = 255;

    /// By a UDP socket of ours.
    pub fn is_direct(&self) -> bool {
        self.socket < Path::RELAYED
    }
}

/// User-name fragment and password of one side (RFC 8445 §5.3).
#[derive(Clone, PartialEq, Eq)]
pub struct IceCredentials {
    pub ufrag: String,
    pub pwd: String,
}

impl fmt::Debug for IceCredentials {
    /// The password stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceCredentials")
            .field("ufrag", &self.ufrag)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of a certificate in DER, as `a=fingerprint` carries it (RFC 8122 §5).
///
/// SHA-256 is the one hash every implementation must offer (RFC 8122 §5), so no other is taken: an offer without it
/// is refused at the door instead of in the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha-256")?;
        for (i, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if i == 0 { ' ' } else { ':' })?;
        }
        Ok(())
    }
}

/// Why a text is not a [`Fingerprint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FingerprintError {
    /// The hash function is missing or not SHA-256.
    HashFunction,
    /// Not 32 pairs of hexadecimal digits separated by colons.
    Digest,
}

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FingerprintError::HashFunction => "fingerprint: the hash function must be sha-256",
            FingerprintError::Digest => "fingerprint: expected 32 hexadecimal bytes separated by colons",
        })
    }
}

impl std::error::Error for FingerprintError {}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Fingerprint, FingerprintError> {
        let (hash, digest) = text.trim().split_once(' ').ok_or(FingerprintError::HashFunction)?;
        if !hash.eq_ignore_ascii_case("sha-256") {
            return Err(FingerprintError::HashFunction);
        }
        let mut bytes = [0; 32];
        let mut parts = digest.trim().split(':');
        for byte in &mut bytes {
            let part = parts
                .next()
                .filter(|part| is_hex_pair(part))
                .ok_or(FingerprintError::Digest)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| FingerprintError::Digest)?;
        }
        if parts.next().is_some() {
            return Err(FingerprintError::Digest);
        }
        Ok(Fingerprint(bytes))
    }
}

/// `from_str_radix` alone would also take `+F`.
fn is_hex_pair(part: &str) -> bool {
    part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The client's ICE checks stopped coming (RFC 7675).
    ConsentExpired,
    /// The handshake failed: wrong certificate, unsupported parameters, or no answer.
    DtlsFailed,
    /// The client said goodbye: DTLS `close_notify`, or its SCTP association ended.
    DtlsClosed,
    /// Our own code panicked inside this connection.
    Crashed,
}

impl CloseReason {
    pub fn as_str(self) -> &'static str {
        match self {
            CloseReason::ConsentExpired => "consent_expired",
            CloseReason::DtlsFailed => "dtls_failed",
            CloseReason::DtlsClosed => "dtls_closed",
            CloseReason::Crashed => "crashed",
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    Audio,
    Video,
}

/// What the SFU needs to know of a codec: where its key frames are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    Opus,
    Vp8,
    Vp9,
    H264,
    Av1,
    Other,
}

impl Codec {
    /// From an encoding name of `a=rtpmap`, in any case.
    pub fn from_name(name: &str) -> Codec {
        const NAMES: [(&str, Codec); 5] = [
            ("opus", Codec::Opus),
            ("VP8", Codec::Vp8),
            ("VP9", Codec::Vp9),
            ("H264", Codec::H264),
            ("AV1", Codec::Av1),
        ];
        NAMES
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or(Codec::Other, |&(_, codec)| codec)
    }
}

/// Header-extension ids of one section; 0 = absent (RFC 8285 reserves it).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Extensions {
    pub mid: u8,
    pub transport_cc: u8,
    pub audio_level: u8,
    pub video_orientation: u8,
    pub abs_send_time: u8,
    pub rid: u8,
    pub repaired_rid: u8,
    /// The dependency descriptor of AV1.
    pub dependency_descriptor: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_survives_the_round_trip() {
        let fingerprint = Fingerprint(std::array::from_fn(|i| i as u8 * 7));
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert_eq!(fingerprint.to_string().to_lowercase().parse(), Ok(fingerprint));
    }

    #[test]
    fn a_fingerprint_that_is_not_one_is_refused() {
        let text = Fingerprint([0xAB; 32]).to_string();
        assert_eq!(
            text[..text.len() - 3].parse::<Fingerprint>(),
            Err(FingerprintError::Digest)
        );
        assert_eq!(
            format!("{text}:00").parse::<Fingerprint>(),
            Err(FingerprintError::Digest)
        );
        assert_eq!(
            text.replacen("AB", "+B", 1).parse::<Fingerprint>(),
            Err(FingerprintError::Digest)
        );
        assert_eq!(
            text.replace("256", "512").parse::<Fingerprint>(),
            Err(FingerprintError::HashFunction)
        );
        assert_eq!("".parse::<Fingerprint>(), Err(FingerprintError::HashFunction));
    }

    #[test]
    fn codecs_are_known_by_name_in_any_case() {
        assert_eq!(Codec::from_name("OPUS"), Codec::Opus);
        assert_eq!(Codec::from_name("h264"), Codec::H264);
        assert_eq!(Codec::from_name("red"), Codec::Other);
    }
}
