//! A client with keys, who sends whatever he is told to and keeps what he gets.

use tertulia_fuzz::client::{Client, Opened};
use tertulia_fuzz::packet::Rtp;
use tertulia_sfu::rtcp::{Rtcp, packets};
use tertulia_sfu::srtp::SrtpSession;
use tertulia_sfu::types::{ConnectionId, IceCredentials, Path};

/// A packet as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Got {
    pub ssrc: u32,
    pub number: u16,
    pub timestamp: u32,
    pub payload: usize,
}

pub struct Person {
    pub id: ConnectionId,
    pub path: Path,
    client: Client,
    /// In order of arrival.
    pub got: Vec<Got>,
    pub datagrams: usize,
    /// Key frames that he was asked for, and numbers of packets.
    pub key_frames_asked: usize,
    pub packets_asked: usize,
}

impl Person {
    /// And the server's half of the keys.
    pub fn new(id: u8) -> (Person, SrtpSession) {
        let (client, theirs) = Client::new(id);
        let person = Person {
            id: client.id,
            path: client.path,
            client,
            got: vec![],
            datagrams: 0,
            key_frames_asked: 0,
            packets_asked: 0,
        };
        (person, theirs)
    }

    pub fn credentials(&self, side: &str) -> IceCredentials {
        self.client.credentials(side)
    }

    /// Sealed, `step` numbers after the one before it.
    pub fn seal(&mut self, rtp: &Rtp, step: u64) -> Vec<u8> {
        let index = self.client.advance(rtp.ssrc, step);
        let (packet, header) = rtp.write(index as u16);
        self.client.seal(packet, header, rtp.ssrc, index)
    }

    /// As `seal` with the flag for padding set: the payload ends with the count.
    pub fn seal_padded(&mut self, rtp: &Rtp) -> Vec<u8> {
        let index = self.client.advance(rtp.ssrc, 1);
        let (mut packet, header) = rtp.write(index as u16);
        packet[0] |= 0x20;
        self.client.seal(packet, header, rtp.ssrc, index)
    }

    pub fn seal_rtcp(&mut self, compound: &[u8]) -> Vec<u8> {
        self.client.seal_rtcp(compound)
    }

    pub fn receive(&mut self, datagram: &[u8]) {
        self.datagrams += 1;
        match self.client.open(datagram) {
            Opened::Rtp(received) => self.got.push(Got {
                ssrc: received.header.ssrc,
                number: received.header.sequence_number,
                timestamp: received.header.timestamp,
                payload: received.payload.len(),
            }),
            Opened::Rtcp(compound) => self.hear(&compound),
            Opened::Nothing => {}
        }
    }

    fn hear(&mut self, compound: &[u8]) {
        for packet in packets(compound) {
            match packet.expect("well-formed") {
                Rtcp::PictureLoss { .. } => self.key_frames_asked += 1,
                Rtcp::Nack(nack) => self.packets_asked += nack.sequence_numbers().count(),
                _ => {}
            }
        }
    }

    /// What came on one of his slots.
    pub fn got_on(&self, ssrc: u32) -> Vec<Got> {
        self.got.iter().filter(|got| got.ssrc == ssrc).copied().collect()
    }
}
