//! The transforms: AES-CM with HMAC-SHA1 (RFC 3711 §4), AES-GCM (RFC 7714), and key derivation (RFC 3711 §4.3).

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, Algorithm, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;

use super::SrtpError;
use crate::rtp::be32;

const GCM_TAG_LEN: usize = 16;
const HMAC_TAG_LEN: usize = 10;
const HMAC_KEY_LEN: usize = 20;

/// Header and sender SSRC of SRTCP stay plain; E flag and index take a word.
const RTCP_PLAIN_LEN: usize = 8;
const RTCP_INDEX_LEN: usize = 4;
const ENCRYPTED_FLAG: u32 = 1 << 31;

/// Protection profiles that DTLS may negotiate (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpProfile {
    AeadAes128Gcm,
    AeadAes256Gcm,
    Aes128CmSha1_80,
}

impl SrtpProfile {
    pub(crate) fn key_len(self) -> usize {
        match self {
            SrtpProfile::AeadAes128Gcm | SrtpProfile::Aes128CmSha1_80 => 16,
            SrtpProfile::AeadAes256Gcm => 32,
        }
    }

    pub(crate) fn salt_len(self) -> usize {
        match self {
            SrtpProfile::AeadAes128Gcm | SrtpProfile::AeadAes256Gcm => 12,
            SrtpProfile::Aes128CmSha1_80 => 14,
        }
    }

    fn block_cipher(self) -> &'static Algorithm {
        match self {
            SrtpProfile::AeadAes128Gcm | SrtpProfile::Aes128CmSha1_80 => &AES_128,
            SrtpProfile::AeadAes256Gcm => &AES_256,
        }
    }
}

/// Master key and salt of one direction, of the lengths of the profile.
#[derive(Clone, Copy)]
pub(crate) struct Master<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) salt: &'a [u8],
}

/// Session keys of one direction, for RTP or for RTCP.
pub(super) struct Cipher {
    transform: Transform,
    /// 12 bytes count under GCM.
    salt: [u8; 14],
}

enum Transform {
    Gcm(Box<LessSafeKey>),
    CounterMode {
        key: Box<EncryptingKey>,
        mac: Box<hmac::Key>,
    },
}

impl Cipher {
    pub(super) fn for_rtp(profile: SrtpProfile, master: Master<'_>) -> Cipher {
        Cipher::derive(profile, master, 0)
    }

    pub(super) fn for_rtcp(profile: SrtpProfile, master: Master<'_>) -> Cipher {
        Cipher::derive(profile, master, 3)
    }

    /// Labels (RFC 3711 §4.3.2): `label` for the key, the next for authentication, the one after for the salt.
    fn derive(profile: SrtpProfile, master: Master<'_>, label: u8) -> Cipher {
        let mut key = [0; 32];
        let key = &mut key[..profile.key_len()];
        let mut mac_key = [0; HMAC_KEY_LEN];
        let mut salt = [0; 14];
        let derivation = counter_mode_key(profile.block_cipher(), master.key);
        derive_key(&derivation, master.salt, label, key);
        derive_key(&derivation, master.salt, label + 1, &mut mac_key);
        derive_key(&derivation, master.salt, label + 2, &mut salt[..profile.salt_len()]);
        Cipher::new(profile, key, &mac_key, salt)
    }

    fn new(profile: SrtpProfile, key: &[u8], mac_key: &[u8], salt: [u8; 14]) -> Cipher {
        let gcm = |algorithm| {
            let key = UnboundKey::new(algorithm, key).expect("the key has the algorithm's length");
            Transform::Gcm(Box::new(LessSafeKey::new(key)))
        };
        let transform = match profile {
            SrtpProfile::AeadAes128Gcm => gcm(&aead::AES_128_GCM),
            SrtpProfile::AeadAes256Gcm => gcm(&aead::AES_256_GCM),
            SrtpProfile::Aes128CmSha1_80 => Transform::CounterMode {
                key: Box::new(counter_mode_key(&AES_128, key)),
                mac: Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac_key)),
            },
        };
        Cipher { transform, salt }
    }

    /// See [`SrtpSender::seal_rtp`](super::SrtpSender::seal_rtp).
    pub(super) fn seal_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        payload_len: usize,
        ssrc: u32,
        index: u64,
    ) -> usize {
        let end = header_len + payload_len;
        match &self.transform {
            Transform::Gcm(key) => {
                let (header, payload) = packet.split_at_mut(header_len);
                let tag = seal(key, self.nonce(ssrc, index), header, &mut payload[..payload_len]);
                packet[end..end + GCM_TAG_LEN].copy_from_slice(tag.as_ref());
                end + GCM_TAG_LEN
            }
            Transform::CounterMode { key, mac } => {
                apply_key_stream(key, self.counter(ssrc, index), &mut packet[header_len..end]);
                let tag = rtp_tag(mac, &packet[..end], index);
                packet[end..end + HMAC_TAG_LEN].copy_from_slice(&tag.as_ref()[..HMAC_TAG_LEN]);
                end + HMAC_TAG_LEN
            }
        }
    }

    /// Returns the length of the payload, which begins at `header_len`.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header_len: usize,
        ssrc: u32,
        index: u64,
    ) -> Result<usize, SrtpError> {
        if packet.len() < header_len + self.tag_len() {
            return Err(SrtpError::TooShort);
        }
        match &self.transform {
            Transform::Gcm(key) => {
                let (header, payload) = packet.split_at_mut(header_len);
                let plain = key.open_in_place(self.nonce(ssrc, index), Aad::from(header), payload);
                plain.map(|plain| plain.len()).map_err(|_| SrtpError::Authentication)
            }
            Transform::CounterMode { key, mac } => {
                let (sealed, tag) = packet.split_at_mut(packet.len() - HMAC_TAG_LEN);
                verify(rtp_tag(mac, sealed, index), tag)?;
                apply_key_stream(key, self.counter(ssrc, index), &mut sealed[header_len..]);
                Ok(sealed.len() - header_len)
            }
        }
    }

    /// See [`SrtpSender::seal_rtcp`](super::SrtpSender::seal_rtcp). Under GCM the tag comes before the index (RFC 7714
    /// §9.2), under HMAC behind it (RFC 3711 §3.4).
    pub(super) fn seal_rtcp(&self, packet: &mut [u8], len: usize, index: u32) -> usize {
        let ssrc = be32(&packet[4..]);
        let index_word = (index | ENCRYPTED_FLAG).to_be_bytes();
        match &self.transform {
            Transform::Gcm(key) => {
                let aad = rtcp_aad(packet, index_word);
                let tag = seal(
                    key,
                    self.nonce(ssrc, u64::from(index)),
                    &aad,
                    &mut packet[RTCP_PLAIN_LEN..len],
                );
                let end = len + GCM_TAG_LEN;
                packet[len..end].copy_from_slice(tag.as_ref());
                packet[end..end + RTCP_INDEX_LEN].copy_from_slice(&index_word);
                end + RTCP_INDEX_LEN
            }
            Transform::CounterMode { key, mac } => {
                apply_key_stream(
                    key,
                    self.counter(ssrc, u64::from(index)),
                    &mut packet[RTCP_PLAIN_LEN..len],
                );
                let end = len + RTCP_INDEX_LEN;
                packet[len..end].copy_from_slice(&index_word);
                let tag = hmac::sign(mac, &packet[..end]);
                packet[end..end + HMAC_TAG_LEN].copy_from_slice(&tag.as_ref()[..HMAC_TAG_LEN]);
                end + HMAC_TAG_LEN
            }
        }
    }

    /// Sender SSRC and index as the packet claims them; it is long enough for [`open_rtcp`](Self::open_rtcp) then.
    pub(super) fn rtcp_index(&self, packet: &[u8]) -> Result<(u32, u32), SrtpError> {
        if packet.len() < RTCP_PLAIN_LEN + self.tag_len() + RTCP_INDEX_LEN {
            return Err(SrtpError::TooShort);
        }
        Ok((be32(&packet[4..]), self.index_word(packet) & !ENCRYPTED_FLAG))
    }

    /// Returns the plain length. A packet that is authentic but not encrypted (E flag clear) is taken as it is.
    pub(super) fn open_rtcp(&self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let (ssrc, index) = self.rtcp_index(packet)?;
        let word = self.index_word(packet);
        let encrypted = word & ENCRYPTED_FLAG != 0;
        let len = packet.len() - RTCP_INDEX_LEN - self.tag_len();
        match &self.transform {
            Transform::Gcm(key) => {
                let nonce = self.nonce(ssrc, u64::from(index));
                let opened = if encrypted {
                    let aad = rtcp_aad(packet, word.to_be_bytes());
                    key.open_in_place(nonce, Aad::from(aad), &mut packet[RTCP_PLAIN_LEN..len + GCM_TAG_LEN])
                } else {
                    // All of it is associated data, with the index at its end (RFC 7714 §9.3), where the tag was.
                    let mut tag = [0; GCM_TAG_LEN];
                    tag.copy_from_slice(&packet[len..len + GCM_TAG_LEN]);
                    packet[len..len + RTCP_INDEX_LEN].copy_from_slice(&word.to_be_bytes());
                    let opened = key.open_in_place(nonce, Aad::from(&packet[..len + RTCP_INDEX_LEN]), &mut tag);
                    return opened.map(|_| len).map_err(|_| SrtpError::Authentication);
                };
                opened.map(|_| len).map_err(|_| SrtpError::Authentication)
            }
            Transform::CounterMode { key, mac } => {
                let (sealed, tag) = packet.split_at_mut(len + RTCP_INDEX_LEN);
                verify(hmac::sign(mac, sealed), tag)?;
                if encrypted {
                    let counter = self.counter(ssrc, u64::from(index));
                    apply_key_stream(key, counter, &mut sealed[RTCP_PLAIN_LEN..len]);
                }
                Ok(len)
            }
        }
    }

    fn tag_len(&self) -> usize {
        match self.transform {
            Transform::Gcm(_) => GCM_TAG_LEN,
            Transform::CounterMode { .. } => HMAC_TAG_LEN,
        }
    }

    fn index_word(&self, packet: &[u8]) -> u32 {
        let behind = match self.transform {
            Transform::Gcm(_) => RTCP_INDEX_LEN,
            Transform::CounterMode { .. } => RTCP_INDEX_LEN + HMAC_TAG_LEN,
        };
        be32(&packet[packet.len() - behind..])
    }

    /// RFC 7714 §8.1 and §9.1: two zero octets, SSRC and a 48-bit index, exclusive-or the salt.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let mut nonce: [u8; 12] = self.salt[..12].try_into().expect("12 bytes");
        xor(&mut nonce[2..6], &ssrc.to_be_bytes());
        xor(&mut nonce[6..12], &index.to_be_bytes()[2..]);
        Nonce::assume_unique_for_key(nonce)
    }

    /// RFC 3711 §4.1.1.
    fn counter(&self, ssrc: u32, index: u64) -> [u8; 16] {
        let mut counter = [0; 16];
        counter[..14].copy_from_slice(&self.salt);
        xor(&mut counter[4..8], &ssrc.to_be_bytes());
        xor(&mut counter[8..14], &index.to_be_bytes()[2..]);
        counter
    }
}

fn xor(bytes: &mut [u8], with: &[u8]) {
    for (byte, with) in bytes.iter_mut().zip(with) {
        *byte ^= with;
    }
}

fn counter_mode_key(algorithm: &'static Algorithm, key: &[u8]) -> EncryptingKey {
    let key = UnboundCipherKey::new(algorithm, key).expect("the key has the algorithm's length");
    EncryptingKey::ctr(key).expect("AES has a counter mode")
}

fn apply_key_stream(key: &EncryptingKey, counter: [u8; 16], bytes: &mut [u8]) {
    let context = EncryptionContext::Iv128(FixedLength::from(counter));
    key.less_safe_encrypt(bytes, context)
        .expect("counter mode takes any length");
}

/// RFC 3711 §4.3.1 with a derivation rate of zero. A 12-byte salt counts as its first 12 bytes (RFC 7714 §11).
fn derive_key(master: &EncryptingKey, salt: &[u8], label: u8, out: &mut [u8]) {
    let mut counter = [0; 16];
    counter[..salt.len()].copy_from_slice(salt);
    counter[7] ^= label;
    out.fill(0);
    apply_key_stream(master, counter, out);
}

fn seal(key: &LessSafeKey, nonce: Nonce, aad: &[u8], plain: &mut [u8]) -> aead::Tag {
    key.seal_in_place_separate_tag(nonce, Aad::from(aad), plain)
        .expect("a datagram is shorter than GCM's limit")
}

/// The roll-over counter is authenticated although it is not sent (RFC 3711 §4.2).
fn rtp_tag(mac: &hmac::Key, sealed: &[u8], index: u64) -> hmac::Tag {
    let mut context = hmac::Context::with_key(mac);
    context.update(sealed);
    context.update(&((index >> 16) as u32).to_be_bytes());
    context.sign()
}

fn verify(expected: hmac::Tag, tag: &[u8]) -> Result<(), SrtpError> {
    verify_slices_are_equal(&expected.as_ref()[..HMAC_TAG_LEN], tag).map_err(|_| SrtpError::Authentication)
}

fn rtcp_aad(packet: &[u8], index_word: [u8; RTCP_INDEX_LEN]) -> [u8; RTCP_PLAIN_LEN + RTCP_INDEX_LEN] {
    let mut aad = [0; RTCP_PLAIN_LEN + RTCP_INDEX_LEN];
    aad[..RTCP_PLAIN_LEN].copy_from_slice(&packet[..RTCP_PLAIN_LEN]);
    aad[RTCP_PLAIN_LEN..].copy_from_slice(&index_word);
    aad
}

#[cfg(test)]
#[path = "cipher_vectors.rs"]
mod vectors;
