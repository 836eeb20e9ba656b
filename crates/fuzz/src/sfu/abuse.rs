//! What somebody sends who has keys and no manners.

use tertulia_relay::stun::{Integrity, Writer, attribute, message_type};
use tertulia_sfu::rtp::RtpHeader;

use crate::client::Client;
use crate::input::Input;

/// ICE-CONTROLLING (RFC 8445, section 16.1).
const ICE_CONTROLLING: u16 = 0x802A;
/// Sealed packets that are kept, to be sent late or again.
const KEPT: usize = 32;

#[derive(Default)]
pub struct Abuse {
    kept: Vec<Vec<u8>>,
    /// Sequence number of the packet that came last.
    pub last: u16,
}

impl Abuse {
    /// Asks for packets up to the last one again (RFC 4585, section 6.2.1).
    pub fn nack(&self, client: &mut Client, media_ssrc: u32, input: &mut Input<'_>) -> Vec<u8> {
        let mut compound = vec![0x81, 205, 0, 3, 0, 0, 0, 7];
        compound.extend(media_ssrc.to_be_bytes());
        compound.extend(self.last.wrapping_sub(u16::from(input.byte() % 32)).to_be_bytes());
        compound.extend(input.number().to_be_bytes());
        rtcp(client, &compound)
    }

    pub fn keep(&mut self, packet: Vec<u8>) {
        if self.kept.len() < KEPT {
            self.kept.push(packet);
        }
    }

    pub fn kept(&self, number: u8) -> Option<Vec<u8>> {
        self.kept.get(usize::from(number) % self.kept.len().max(1)).cloned()
    }
}

/// A check of ICE that holds, with one more attribute of the fuzzer's.
pub fn check(client: &Client, input: &mut Input<'_>) -> Vec<u8> {
    let mut buffer = vec![0; 512];
    let mut writer = Writer::new(&mut buffer, message_type::BINDING_REQUEST, b"transaction!");
    let (ours, theirs) = (client.credentials("client"), client.credentials("server"));
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
pub fn rtp(client: &mut Client, ssrcs: &[u32], payload_types: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let flags = input.byte();
    let ssrc = input.pick(ssrcs);
    let payload_type = input.pick(payload_types);
    let step = match flags & 0x0C {
        0x0C => u64::from(input.number()) + 1,
        _ => u64::from(flags >> 6) + 1,
    };
    let index = client.advance(ssrc, step);
    // Version 2, and of padding, extension and CSRC count what the fuzzer wants.
    let mut packet = vec![0x80 | flags & 0x30 | flags & 0x01, payload_type | (flags & 0x02) << 6];
    packet.extend((index as u16).to_be_bytes());
    packet.extend((u32::from(input.number()) << 4).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(input.bytes());
    packet.extend(input.bytes());
    match RtpHeader::parse(&packet) {
        Ok(header) => client.seal(packet, header.len, ssrc, index),
        Err(_) => packet,
    }
}

/// A sealed compound with the fuzzer's bytes.
pub fn rtcp(client: &mut Client, compound: &[u8]) -> Vec<u8> {
    let mut packet = compound.to_vec();
    packet.resize(packet.len().max(8), 0);
    packet[0] = 0x80 | packet[0] & 0x3F;
    packet[1] = 192 | packet[1] & 0x1F;
    client.seal_rtcp(&packet)
}
