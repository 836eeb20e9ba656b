//! The test vectors of RFC 3711 appendix B and RFC 7714 §16 and §17.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// RFC 3711 appendix B.2.
#[test]
fn aes_cm_gives_the_published_key_stream() {
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let cipher = Cipher::new(SrtpProfile::Aes128CmSha1_80, &key, &[0; HMAC_KEY_LEN], salt);
    let mut packet = vec![0; 12 + 48 + HMAC_TAG_LEN];
    cipher.seal_rtp(&mut packet, 12, 48, 0, 0);
    let expected = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(packet[12..60], hex(expected));
}

/// RFC 3711 appendix B.3.
#[test]
fn key_derivation_gives_the_published_keys() {
    let master = counter_mode_key(&AES_128, &hex("E1F97A0D3E018BE0D64FA32C06DE4139"));
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    let derive = |label, len| {
        let mut out = vec![0xff; len];
        derive_key(&master, &salt, label, &mut out);
        out
    };
    assert_eq!(derive(0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(derive(2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
    assert_eq!(derive(1, 20), hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

fn gcm(profile: SrtpProfile) -> Cipher {
    let key: Vec<u8> = (0..profile.key_len() as u8).collect();
    let mut salt = [0; 14];
    salt[..12].copy_from_slice(b"Quid pro quo");
    Cipher::new(profile, &key, &[], salt)
}

const RTP_HEADER: &str = "8040f17b 8041f8d3 5501a0b2";
const RTP_INDEX: u64 = 0xf17b;

fn check_rtp_vector(profile: SrtpProfile, sealed: &str) {
    let payload = b"Gallia est omnis divisa in partes tres";
    let mut packet = hex(RTP_HEADER);
    packet.extend(payload);
    packet.resize(12 + payload.len() + GCM_TAG_LEN, 0);
    let cipher = gcm(profile);
    let len = cipher.seal_rtp(&mut packet, 12, payload.len(), 0x5501a0b2, RTP_INDEX);
    assert_eq!(packet[12..len], hex(sealed));
    assert_eq!(
        cipher.open_rtp(&mut packet[..len], 12, 0x5501a0b2, RTP_INDEX),
        Ok(payload.len())
    );
    assert_eq!(&packet[12..12 + payload.len()], payload);
}

/// RFC 7714 §16.1.
#[test]
fn aes_128_gcm_seals_rtp_as_published() {
    check_rtp_vector(
        SrtpProfile::AeadAes128Gcm,
        "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf
         765ee439 0cce",
    );
}

/// RFC 7714 §16.2.
#[test]
fn aes_256_gcm_seals_rtp_as_published() {
    check_rtp_vector(
        SrtpProfile::AeadAes256Gcm,
        "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb
         7878d7a7 6c13",
    );
}

fn check_rtcp_vector(profile: SrtpProfile, sealed: &str) {
    let plain = hex(
        "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 deadbeef deadbeef deadbeef deadbeef
         deadbeef",
    );
    let mut packet = plain.clone();
    packet.resize(plain.len() + GCM_TAG_LEN + RTCP_INDEX_LEN, 0);
    let cipher = gcm(profile);
    let len = cipher.seal_rtcp(&mut packet, plain.len(), 0x5d4);
    assert_eq!(packet[RTCP_PLAIN_LEN..len], hex(sealed));
    assert_eq!(cipher.rtcp_index(&packet[..len]), Ok((0x4d617273, 0x5d4)));
    assert_eq!(cipher.open_rtcp(&mut packet[..len]), Ok(plain.len()));
    assert_eq!(packet[..plain.len()], plain);
}

/// RFC 7714 §17.1.
#[test]
fn aes_128_gcm_seals_rtcp_as_published() {
    check_rtcp_vector(
        SrtpProfile::AeadAes128Gcm,
        "63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458
         96cf4d2f c5abf872 45d9eade 800005d4",
    );
}

/// RFC 7714 §17.3.
#[test]
fn aes_256_gcm_seals_rtcp_as_published() {
    check_rtcp_vector(
        SrtpProfile::AeadAes256Gcm,
        "d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658 c61de047 6f1b6fad 1d1eb30c
         4446839f 57ff6f6c b26ac3be 800005d4",
    );
}

/// Both transforms, made by hand: an authentic packet whose E flag is clear.
#[test]
fn authentic_rtcp_without_encryption_is_taken_as_it_is() {
    let plain = hex("80c90001 01020304");
    let index = 7u32;

    let cipher = gcm(SrtpProfile::AeadAes128Gcm);
    let Transform::Gcm(key) = &cipher.transform else {
        unreachable!()
    };
    let mut aad = plain.clone();
    aad.extend(index.to_be_bytes());
    let tag = seal(key, cipher.nonce(0x01020304, u64::from(index)), &aad, &mut []);
    let mut packet = plain.clone();
    packet.extend(tag.as_ref());
    packet.extend(index.to_be_bytes());
    assert_eq!(cipher.open_rtcp(&mut packet.clone()), Ok(8));
    packet[5] ^= 1;
    assert_eq!(cipher.open_rtcp(&mut packet), Err(SrtpError::Authentication));

    let cipher = Cipher::new(SrtpProfile::Aes128CmSha1_80, &[1; 16], &[2; HMAC_KEY_LEN], [3; 14]);
    let Transform::CounterMode { mac, .. } = &cipher.transform else {
        unreachable!()
    };
    let mut packet = plain.clone();
    packet.extend(index.to_be_bytes());
    let tag = hmac::sign(mac, &packet);
    packet.extend(&tag.as_ref()[..HMAC_TAG_LEN]);
    assert_eq!(cipher.open_rtcp(&mut packet), Ok(8));
    assert_eq!(packet[..8], plain);
}
