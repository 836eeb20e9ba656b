//! Somebody who has a connection and its keys.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use tertulia_sfu::keys::KeyingMaterial;
use tertulia_sfu::rtp::{HEADER_LEN, RtpHeader, is_rtcp, strip_padding};
use tertulia_sfu::srtp::{RTCP_OVERHEAD_MAX, SrtpError, SrtpProfile, SrtpReceiver, SrtpSender, SrtpSession, TAG_MAX};
use tertulia_sfu::types::{ConnectionId, IceCredentials, Path};

/// Before the first packet of each SSRC.
const FIRST_INDEX: u64 = 100;

pub struct Client {
    pub id: ConnectionId,
    pub path: Path,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    /// The highest SRTP index of each SSRC: one must not seal two packets with the same.
    indices: BTreeMap<u32, u64>,
    /// Packets that came a second time.
    pub replayed: usize,
}

/// What came, opened.
pub enum Opened {
    Rtp(Received),
    Rtcp(Vec<u8>),
    /// Neither, or RTP that was there before or comes too late to tell.
    Nothing,
}

pub struct Received {
    pub header: RtpHeader,
    /// Roll-over counter and sequence number.
    pub index: u64,
    /// Without padding.
    pub payload: Vec<u8>,
}

impl Client {
    /// And the server's half of the keys.
    pub fn new(id: u8) -> (Client, SrtpSession) {
        let material: Vec<u8> = (0..92).map(|byte| byte ^ id).collect();
        let [ours, theirs] = [true, false].map(|client| {
            let keys = KeyingMaterial::new(&material, SrtpProfile::AeadAes128Gcm, client);
            SrtpSession::new(&keys).expect("long enough")
        });
        let (sender, receiver) = ours.split();
        let client = Client {
            id: ConnectionId(id.into()),
            path: path(SocketAddr::from(([198, 51, 100, id], 5000))),
            sender,
            receiver,
            indices: BTreeMap::new(),
            replayed: 0,
        };
        (client, theirs)
    }

    pub fn credentials(&self, side: &str) -> IceCredentials {
        IceCredentials {
            ufrag: format!("{side}{}", self.id),
            pwd: format!("{side}-{}-password-of-many-bytes", self.id),
        }
    }

    /// The index `step` after the last of this SSRC.
    pub fn advance(&mut self, ssrc: u32, step: u64) -> u64 {
        let index = self.indices.entry(ssrc).or_insert(FIRST_INDEX);
        *index += step;
        *index
    }

    /// Seals a packet with a header of so many bytes, which has the index's sequence number.
    pub fn seal(&mut self, mut packet: Vec<u8>, header_len: usize, ssrc: u32, index: u64) -> Vec<u8> {
        let payload_len = packet.len() - header_len;
        packet.resize(packet.len() + TAG_MAX, 0);
        let len = self.sender.seal_rtp(&mut packet, header_len, payload_len, ssrc, index);
        packet.truncate(len);
        packet
    }

    pub fn seal_rtcp(&mut self, compound: &[u8]) -> Vec<u8> {
        let mut packet = compound.to_vec();
        packet.resize(compound.len() + RTCP_OVERHEAD_MAX, 0);
        let len = self.sender.seal_rtcp(&mut packet, compound.len());
        packet.truncate(len);
        packet
    }

    /// Panics where media was not sealed for this client, or is not well-formed.
    pub fn open(&mut self, datagram: &[u8]) -> Opened {
        if !(128..192).contains(&datagram[0]) {
            return Opened::Nothing;
        }
        let mut datagram = datagram.to_vec();
        if is_rtcp(&datagram) {
            let len = self.receiver.open_rtcp(&mut datagram).expect("RTCP with our keys");
            datagram.truncate(len);
            return Opened::Rtcp(datagram);
        }
        let header = RtpHeader::parse(&datagram).expect("a header");
        assert!(header.len >= HEADER_LEN);
        match self.receiver.open_rtp(&mut datagram, &header) {
            Ok(opened) => {
                let payload = &datagram[opened.payload];
                let payload = match header.padding {
                    true => strip_padding(payload).expect("padding that is counted"),
                    false => payload,
                };
                Opened::Rtp(Received {
                    header,
                    index: opened.index,
                    payload: payload.to_vec(),
                })
            }
            Err(error @ (SrtpError::Replayed | SrtpError::TooOld)) => {
                self.replayed += usize::from(error == SrtpError::Replayed);
                Opened::Nothing
            }
            Err(error) => panic!("RTP that cannot be opened: {error}"),
        }
    }
}

/// To us, from there.
pub fn path(remote: SocketAddr) -> Path {
    Path {
        remote,
        local: IpAddr::from([203, 0, 113, 5]),
        socket: 0,
    }
}
