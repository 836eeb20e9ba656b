//! REMB (draft-alvestrand-rmcat-remb-03): how much a receiver says that it can take.

/// Bits a second that a receiver on a good line says for each of its streams: twice what a video has, so that it bounds nothing.
const BITRATE_EACH: u64 = 3_000_000;
/// At most so many streams are named.
const STREAMS_MAX: usize = 200;
/// Bits of the mantissa.
const MANTISSA: u32 = 18;

/// A whole RTCP packet about the streams with these SSRCs.
pub fn packet(ours: u32, ssrcs: &[u32]) -> Vec<u8> {
    let ssrcs = &ssrcs[..ssrcs.len().min(STREAMS_MAX)];
    let bitrate = BITRATE_EACH * ssrcs.len() as u64;
    let exponent = (u64::BITS - bitrate.leading_zeros()).saturating_sub(MANTISSA);
    let mantissa = (bitrate >> exponent) as u32;
    let numbers = (ssrcs.len() as u32) << 24 | exponent << MANTISSA | mantissa;
    let mut packet = vec![0x80 | 15, 206];
    packet.extend((4 + ssrcs.len() as u16).to_be_bytes());
    packet.extend(ours.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(b"REMB");
    packet.extend(numbers.to_be_bytes());
    packet.extend(ssrcs.iter().flat_map(|ssrc| ssrc.to_be_bytes()));
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use tertulia_sfu::rtcp::{self, Rtcp};

    #[test]
    fn a_packet_names_the_streams_and_a_bitrate_for_all_of_them() {
        let packet = packet(1, &[7, 8]);
        let Some(Ok(Rtcp::Estimate(estimate))) = rtcp::packets(&packet).next() else {
            panic!("not understood: {packet:?}");
        };
        assert!((5_990_000..=6_000_000).contains(&estimate.bitrate));
        assert_eq!(packet[20..], [0, 0, 0, 7, 0, 0, 0, 8]);
    }
}
