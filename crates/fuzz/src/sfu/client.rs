//! Somebody who has a connection, its keys, and no manners.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use tertulia_relay::stun::{Integrity, Writer, attribute, message_type};
use tertulia_sfu::rtcp::packets;
use tertulia_sfu::rtp::{HEADER_LEN, RtpHeader, is_rtcp};
use tertulia_sfu::srtp::{RTCP_OVERHEAD_MAX, SrtpError, SrtpProfile, SrtpReceiver, SrtpSender, SrtpSession, TAG_MAX};
use tertulia_sfu::types::{ConnectionId, IceCredentials, Path};

use crate::input::Input;
use crate::srtp::sessions;

/// ICE-CONTROLLING (RFC 8445, section 16.1).
const ICE_CONTROLLING: u16 = 0x802A;
/// Sealed packets that are kept, to be sent late or again.
const KEPT: usize = 32;

pub struct Client {
    pub id: ConnectionId,
    pub path: Path,
    sender: SrtpSender,
    receiver: SrtpReceiver,
    /// The highest SRTP index of each SSRC: one must not seal two packets with the same.
    indices: BTreeMap<u32, u64>,
    kept: Vec<Vec<u8>>,
    /// Sequence number of the packet that came last.
    last: u16,
}

impl Client {
    /// And the server's half of the keys.
    pub fn new(id: u64) -> (Client, SrtpSession) {
        let [ours, theirs] = sessions(SrtpProfile::AeadAes128Gcm);
        let (sender, receiver) = ours.split();
        let client = Client {
            id: ConnectionId(id),
            path: path(SocketAddr::from(([198, 51, 100, id as u8], 5000))),
            sender,
            receiver,
            indices: BTreeMap::new(),
            kept: vec![],
            last: 0,
        };
        (client, theirs)
    }

    pub fn credentials(&self, side: &str) -> IceCredentials {
        IceCredentials {
            ufrag: format!("{side}{}", self.id),
            pwd: format!("{side}-{}-password-of-many-bytes", self.id),
        }
    }

    /// A check of ICE that holds, with one more attribute of the fuzzer's.
    pub fn check(&self, input: &mut Input<'_>) -> Vec<u8> {
        let mut buffer = vec![0; 512];
        let mut writer = Writer::new(&mut buffer, message_type::BINDING_REQUEST, b"transaction!");
        let (ours, theirs) = (self.credentials("client"), self.credentials("server"));
        writer.attribute(
            attribute::USERNAME,
            format!("{}:{}", theirs.ufrag, ours.ufrag).as_bytes(),
        );
        writer.number(attribute::PRIORITY, 0x6E00_01FF);
        writer.attribute(ICE_CONTROLLING, &[7; 8]);
        if input.flag() {
            writer.attribute(attribute::USE_CANDIDATE, &[]);
        }
        let kind = input.number();
        writer.attribute(kind, input.bytes());
        writer.integrity(Integrity::Sha1, theirs.pwd.as_bytes());
        let len = writer.finish(true);
        buffer.truncate(len);
        buffer
    }

    /// A sealed packet: numbers near the last, everything else from the fuzzer.
    pub fn rtp(&mut self, ssrcs: &[u32], payload_types: &[u8], input: &mut Input<'_>) -> Vec<u8> {
        let flags = input.byte();
        let ssrc = input.pick(ssrcs);
        let payload_type = input.pick(payload_types);
        let step = match flags & 0x0C {
            0x0C => u64::from(input.number()) + 1,
            _ => u64::from(flags >> 6) + 1,
        };
        let index = self.indices.entry(ssrc).or_insert(100);
        *index += step;
        // Version 2, and of padding, extension and CSRC count what the fuzzer wants.
        let mut packet = vec![0x80 | flags & 0x30 | flags & 0x01, payload_type | (flags & 0x02) << 6];
        packet.extend((*index as u16).to_be_bytes());
        packet.extend((u32::from(input.number()) << 4).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(input.bytes());
        packet.extend(input.bytes());
        let Ok(header) = RtpHeader::parse(&packet) else {
            return packet;
        };
        let payload_len = packet.len() - header.len;
        packet.resize(packet.len() + TAG_MAX, 0);
        let len = self.sender.seal_rtp(&mut packet, header.len, payload_len, ssrc, *index);
        packet.truncate(len);
        packet
    }

    /// A sealed compound with the fuzzer's bytes.
    pub fn rtcp(&mut self, compound: &[u8]) -> Vec<u8> {
        let mut packet = compound.to_vec();
        packet.resize(packet.len().max(8), 0);
        packet[0] = 0x80 | packet[0] & 0x3F;
        packet[1] = 192 | packet[1] & 0x1F;
        let len = packet.len();
        packet.resize(len + RTCP_OVERHEAD_MAX, 0);
        let len = self.sender.seal_rtcp(&mut packet, len);
        packet.truncate(len);
        packet
    }

    /// Asks for packets up to the last one again (RFC 4585, section 6.2.1).
    pub fn nack(&mut self, media_ssrc: u32, input: &mut Input<'_>) -> Vec<u8> {
        let mut compound = vec![0x81, 205, 0, 3, 0, 0, 0, 7];
        compound.extend(media_ssrc.to_be_bytes());
        compound.extend(self.last.wrapping_sub(u16::from(input.byte() % 32)).to_be_bytes());
        compound.extend(input.number().to_be_bytes());
        self.rtcp(&compound)
    }

    pub fn keep(&mut self, packet: Vec<u8>) {
        if self.kept.len() < KEPT {
            self.kept.push(packet);
        }
    }

    pub fn kept(&self, number: u8) -> Option<Vec<u8>> {
        self.kept.get(usize::from(number) % self.kept.len().max(1)).cloned()
    }

    /// What it gets must be sealed for it, and well-formed.
    pub fn receive(&mut self, datagram: &[u8]) {
        if !(128..192).contains(&datagram[0]) {
            return;
        }
        let mut datagram = datagram.to_vec();
        if is_rtcp(&datagram) {
            let len = self.receiver.open_rtcp(&mut datagram).expect("RTCP with our keys");
            assert!(packets(&datagram[..len]).all(|packet| packet.is_ok()), "malformed RTCP");
            return;
        }
        let header = RtpHeader::parse(&datagram).expect("a header");
        assert!(header.len >= HEADER_LEN);
        match self.receiver.open_rtp(&mut datagram, &header) {
            Ok(_) => self.last = header.sequence_number,
            Err(SrtpError::Replayed | SrtpError::TooOld) => {}
            Err(error) => panic!("RTP that cannot be opened: {error}"),
        }
    }
}

pub fn path(remote: SocketAddr) -> Path {
    Path {
        remote,
        local: IpAddr::from([203, 0, 113, 5]),
        socket: 0,
    }
}
