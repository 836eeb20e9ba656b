//! SRTP and SRTCP, opened with keys that the sender has.

use tertulia_sfu::keys::KeyingMaterial;
use tertulia_sfu::rtp::RtpHeader;
use tertulia_sfu::srtp::{RTCP_OVERHEAD_MAX, SrtpError, SrtpProfile, SrtpReceiver, SrtpSender, SrtpSession, TAG_MAX};

use crate::input::Input;

const PROFILES: [SrtpProfile; 3] = [
    SrtpProfile::AeadAes128Gcm,
    SrtpProfile::AeadAes256Gcm,
    SrtpProfile::Aes128CmSha1_80,
];

/// Both ends of one association, the client's first.
pub fn sessions(profile: SrtpProfile) -> [SrtpSession; 2] {
    let material: Vec<u8> = (0..92).collect();
    [true, false].map(|client| {
        let keys = KeyingMaterial::new(&material, profile, client);
        SrtpSession::new(&keys).expect("long enough")
    })
}

/// What was sealed is opened once, and never what was not.
pub fn srtp(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let [client, server] = sessions(input.pick(&PROFILES));
    let ((mut sender, _), (_, mut receiver)) = (client.split(), server.split());
    let mut index = u64::from(input.number());
    while !input.is_empty() {
        match input.byte() % 4 {
            0 => open_arbitrary(&mut receiver, input.bytes()),
            1 => {
                index += 1 + u64::from(input.number());
                pass_rtp(&mut sender, &mut receiver, index, &mut input);
            }
            2 => pass_rtcp(&mut sender, &mut receiver, input.bytes()),
            _ => receiver.forget(u32::from(input.byte() % 4)),
        }
    }
}

fn open_arbitrary(receiver: &mut SrtpReceiver, bytes: &[u8]) {
    let mut packet = bytes.to_vec();
    if let Ok(header) = RtpHeader::parse(bytes) {
        assert!(receiver.open_rtp(&mut packet, &header).is_err(), "forged");
    }
    let mut packet = bytes.to_vec();
    assert!(receiver.open_rtcp(&mut packet).is_err(), "forged");
}

fn pass_rtp(sender: &mut SrtpSender, receiver: &mut SrtpReceiver, index: u64, input: &mut Input<'_>) {
    let ssrc = u32::from(input.byte() % 4);
    let damage = input.number();
    let payload = input.bytes();
    let mut packet = vec![0x80, 96];
    packet.extend((index as u16).to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet.resize(packet.len() + TAG_MAX, 0);
    let len = sender.seal_rtp(&mut packet, 12, payload.len(), ssrc, index);
    packet.truncate(len);
    let header = RtpHeader::parse(&packet).expect("a header");

    let mut damaged = packet.clone();
    damaged[12 + usize::from(damage) % (len - 12)] ^= 1 << (damage % 8);
    assert!(receiver.open_rtp(&mut damaged, &header).is_err(), "damaged");

    let mut opened = packet.clone();
    // The receiver may have lost count of cycles; what it does open is what was sealed.
    if let Ok(range) = receiver.open_rtp(&mut opened, &header) {
        assert_eq!((range.index, &opened[range.payload]), (index, payload));
        let again = receiver.open_rtp(&mut packet.clone(), &header);
        assert_eq!(again, Err(SrtpError::Replayed));
    }
}

fn pass_rtcp(sender: &mut SrtpSender, receiver: &mut SrtpReceiver, body: &[u8]) {
    let mut packet = body.to_vec();
    // Header and SSRC are not encrypted; there is no compound without them.
    packet.resize(packet.len().max(8), 0);
    let plain = packet.clone();
    packet.resize(plain.len() + RTCP_OVERHEAD_MAX, 0);
    let len = sender.seal_rtcp(&mut packet, plain.len());
    packet.truncate(len);
    let mut opened = packet.clone();
    match receiver.open_rtcp(&mut opened) {
        Ok(len) => {
            assert_eq!(&opened[..len], plain);
            assert_eq!(receiver.open_rtcp(&mut packet), Err(SrtpError::Replayed));
        }
        Err(error) => assert_eq!(error, SrtpError::TooManySsrcs),
    }
}
