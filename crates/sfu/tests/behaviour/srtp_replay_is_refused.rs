//! Two ends of one SRTP association: what one seals the other opens, once.

use proptest::prelude::*;
use tertulia_sfu::keys::KeyingMaterial;
use tertulia_sfu::rtp::{ExtensionValues, OutgoingHeader, RtpHeader};
use tertulia_sfu::srtp::{
    Opened, RTCP_OVERHEAD_MAX, SrtpError, SrtpProfile, SrtpReceiver, SrtpSender, SrtpSession, TAG_MAX,
};
use tertulia_sfu::types::Extensions;

const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];
const SSRC: u32 = 0x1234_5678;

/// A client's sender and the server's receiver.
fn ends(profile: SrtpProfile) -> (SrtpSender, SrtpReceiver) {
    let bytes: Vec<u8> = (0..88).collect();
    let end = |client| {
        SrtpSession::new(&KeyingMaterial::new(&bytes, profile, client))
            .unwrap()
            .split()
    };
    (end(true).0, end(false).1)
}

fn seal(sender: &mut SrtpSender, ssrc: u32, index: u64, payload: &[u8]) -> Vec<u8> {
    let header = OutgoingHeader {
        marker: false,
        payload_type: 96,
        sequence_number: index as u16,
        timestamp: 1,
        ssrc,
        padding: false,
        values: ExtensionValues {
            mid: Some("0"),
            ..Default::default()
        },
    };
    let mut packet = vec![0; 100 + payload.len() + TAG_MAX];
    let header_len = header.write(
        &Extensions {
            mid: 1,
            ..Default::default()
        },
        &mut packet,
    );
    packet[header_len..][..payload.len()].copy_from_slice(payload);
    let len = sender.seal_rtp(&mut packet, header_len, payload.len(), ssrc, index);
    packet.truncate(len);
    packet
}

fn open(receiver: &mut SrtpReceiver, packet: &[u8]) -> Result<(u64, Vec<u8>), SrtpError> {
    let mut packet = packet.to_vec();
    let header = RtpHeader::parse(&packet).unwrap();
    let Opened { index, payload } = receiver.open_rtp(&mut packet, &header)?;
    Ok((index, packet[payload].to_vec()))
}

fn seal_rtcp(sender: &mut SrtpSender) -> Vec<u8> {
    let mut packet = vec![0x81, 203, 0, 1, 0, 0, 0, 7];
    packet.resize(8 + RTCP_OVERHEAD_MAX, 0);
    let len = sender.seal_rtcp(&mut packet, 8);
    packet.truncate(len);
    packet
}

#[test]
fn a_packet_is_opened_once() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = ends(profile);
        let packet = seal(&mut sender, SSRC, 1000, b"picture");
        assert_ne!(packet[packet.len() - 20..], *b"picture");
        assert_eq!(open(&mut receiver, &packet), Ok((1000, b"picture".to_vec())));
        assert_eq!(open(&mut receiver, &packet), Err(SrtpError::Replayed));
    }
}

#[test]
fn late_packets_are_taken_inside_the_window_only() {
    let (mut sender, mut receiver) = ends(SrtpProfile::AeadAes128Gcm);
    let packets: Vec<_> = (1000..3000).map(|index| seal(&mut sender, SSRC, index, b"x")).collect();
    assert!(open(&mut receiver, &packets[1500]).is_ok());
    assert!(open(&mut receiver, &packets[1500 - 1023]).is_ok());
    assert_eq!(open(&mut receiver, &packets[1500 - 1024]), Err(SrtpError::TooOld));
    assert_eq!(open(&mut receiver, &packets[1500 - 1023]), Err(SrtpError::Replayed));
}

#[test]
fn the_index_goes_on_when_the_sequence_number_wraps() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = ends(profile);
        for index in [65530, 65540, 65535, 90_000, 120_000, 131_080] {
            let packet = seal(&mut sender, SSRC, index, b"x");
            assert_eq!(open(&mut receiver, &packet).map(|(index, _)| index), Ok(index));
        }
    }
}

#[test]
fn sources_do_not_disturb_each_other() {
    let (mut sender, mut receiver) = ends(SrtpProfile::AeadAes256Gcm);
    for ssrc in 1..=3 {
        for index in [5, 6] {
            assert!(open(&mut receiver, &seal(&mut sender, ssrc, index, b"x")).is_ok());
        }
    }
}

#[test]
fn forged_packets_are_refused_and_leave_no_trace() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = ends(profile);
        let packet = seal(&mut sender, SSRC, 10, b"picture");
        for at in 0..packet.len() {
            let mut forged = packet.clone();
            forged[at] ^= 1;
            if RtpHeader::parse(&forged).is_ok() {
                assert!(open(&mut receiver, &forged).is_err(), "{profile:?}, byte {at}");
            }
        }
        // A forged packet from the far future would have moved the window.
        assert!(open(&mut receiver, &packet).is_ok());
    }
}

#[test]
fn strangers_cannot_fill_the_table_but_a_client_can_only_so_far() {
    let (mut sender, mut receiver) = ends(SrtpProfile::AeadAes128Gcm);
    let mut forged = seal(&mut sender, 1, 1, b"x");
    for ssrc in 2..1000u32 {
        forged[8..12].copy_from_slice(&ssrc.to_be_bytes());
        assert_eq!(open(&mut receiver, &forged), Err(SrtpError::Authentication));
    }
    for ssrc in 10_000..10_256 {
        assert!(open(&mut receiver, &seal(&mut sender, ssrc, 1, b"x")).is_ok());
    }
    assert_eq!(
        open(&mut receiver, &seal(&mut sender, 1, 2, b"x")),
        Err(SrtpError::TooManySsrcs)
    );
    receiver.forget(10_000);
    assert!(open(&mut receiver, &seal(&mut sender, 1, 3, b"x")).is_ok());
}

#[test]
fn rtcp_is_opened_once_too() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = ends(profile);
        let (first, second) = (seal_rtcp(&mut sender), seal_rtcp(&mut sender));
        assert_ne!(first, second, "each has an index of its own");
        for packet in [&second, &first] {
            let mut opened = packet.clone();
            assert_eq!(receiver.open_rtcp(&mut opened), Ok(8));
            assert_eq!(opened[..8], [0x81, 203, 0, 1, 0, 0, 0, 7]);
            assert_eq!(receiver.open_rtcp(&mut packet.clone()), Err(SrtpError::Replayed));
        }
        for at in 0..first.len() {
            let mut forged = seal_rtcp(&mut sender);
            forged[at] ^= 1;
            assert!(receiver.open_rtcp(&mut forged).is_err(), "{profile:?}, byte {at}");
        }
    }
}

#[test]
fn one_packet_may_be_sealed_again_byte_for_byte() {
    let (mut sender, _) = ends(SrtpProfile::AeadAes128Gcm);
    let packet = seal(&mut sender, SSRC, 1, b"same");
    seal(&mut sender, SSRC, 2, b"next");
    assert_eq!(seal(&mut sender, SSRC, 1, b"same"), packet);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "sealed twice with different bytes")]
fn one_index_for_two_packets_is_caught() {
    let (mut sender, _) = ends(SrtpProfile::AeadAes128Gcm);
    seal(&mut sender, SSRC, 1, b"one");
    seal(&mut sender, SSRC, 2, b"two");
    seal(&mut sender, SSRC, 1, b"other");
}

#[test]
fn short_keying_material_makes_no_session() {
    let keys = KeyingMaterial::new(&[0; 55], SrtpProfile::AeadAes128Gcm, true);
    assert_eq!(SrtpSession::new(&keys).err(), Some(SrtpError::KeyLength));
}

proptest! {
    #[test]
    fn no_bytes_make_opening_panic(mut packet in prop::collection::vec(any::<u8>(), 0..120)) {
        for profile in PROFILES {
            let (_, mut receiver) = ends(profile);
            let _ = receiver.open_rtcp(&mut packet.clone());
            if let Some(first) = packet.first_mut() {
                *first = *first & 0x3f | 0x80;
            }
            if let Ok(header) = RtpHeader::parse(&packet) {
                prop_assert!(receiver.open_rtp(&mut packet.clone(), &header).is_err());
            }
        }
    }

    #[test]
    fn any_payload_survives(payload in prop::collection::vec(any::<u8>(), 0..1500), index in 0u64..65536) {
        for profile in PROFILES {
            let (mut sender, mut receiver) = ends(profile);
            let packet = seal(&mut sender, SSRC, index, &payload);
            prop_assert_eq!(open(&mut receiver, &packet), Ok((index, payload.clone())));
        }
    }
}
