//! SRTP and SRTCP (RFC 3711; AEAD by RFC 7714) with keys from DTLS (RFC 5764).
//!
//! Sealing keeps no RTP index of its own: the caller's sequence space decides it. Two different packets sealed with one
//! `(ssrc, index)` would give away the key stream, and under GCM the authentication key as well; debug builds panic.

mod cipher;
mod replay;

use std::fmt;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::keys::KeyingMaterial;
use crate::rtp::RtpHeader;
use cipher::Cipher;
use replay::ReplayWindow;

pub(crate) use cipher::Master;
pub use cipher::SrtpProfile;

/// Bytes that [`SrtpSender::seal_rtp`] may append.
pub const TAG_MAX: usize = 16;

/// Bytes that [`SrtpSender::seal_rtcp`] may append: tag, E flag and index.
pub const RTCP_OVERHEAD_MAX: usize = TAG_MAX + 4;

/// SSRCs with a replay window of their own, for RTP and for RTCP each. Only authenticated packets take a place.
const SSRCS_MAX: usize = 256;

/// The highest SRTP index (48 bits) and SRTCP index (31 bits) of one key (RFC 3711 §9.2).
const RTP_INDEX_MAX: u64 = (1 << 48) - 1;
const RTCP_INDEX_MAX: u32 = (1 << 31) - 1;

/// Why a packet could not be opened, or a session not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SrtpError {
    /// The keying material is too short for its profile.
    KeyLength,
    /// No room for a header, a tag and an index.
    TooShort,
    /// Forged, damaged, or sealed with other keys.
    Authentication,
    /// An index that was received before.
    Replayed,
    /// Behind the replay window.
    TooOld,
    /// More sources than one client can have.
    TooManySsrcs,
}

impl fmt::Display for SrtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SrtpError::KeyLength => "srtp: keying material too short",
            SrtpError::TooShort => "srtp: packet too short",
            SrtpError::Authentication => "srtp: authentication failed",
            SrtpError::Replayed => "srtp: replayed packet",
            SrtpError::TooOld => "srtp: packet too old",
            SrtpError::TooManySsrcs => "srtp: too many ssrcs",
        })
    }
}

impl std::error::Error for SrtpError {}

/// Both directions of one DTLS-SRTP association.
pub struct SrtpSession {
    sender: SrtpSender,
    receiver: SrtpReceiver,
}

impl fmt::Debug for SrtpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpSession").finish_non_exhaustive()
    }
}

impl SrtpSession {
    pub fn new(keys: &KeyingMaterial) -> Result<SrtpSession, SrtpError> {
        let (ours, theirs) = keys.masters().ok_or(SrtpError::KeyLength)?;
        let profile = keys.profile();
        Ok(SrtpSession {
            sender: SrtpSender {
                rtp: Cipher::for_rtp(profile, ours),
                rtcp: Cipher::for_rtcp(profile, ours),
                rtcp_index: 0,
                #[cfg(debug_assertions)]
                sealed: Default::default(),
            },
            receiver: SrtpReceiver {
                rtp: Cipher::for_rtp(profile, theirs),
                rtcp: Cipher::for_rtcp(profile, theirs),
                rtp_windows: Windows::default(),
                rtcp_windows: Windows::default(),
            },
        })
    }

    pub fn split(self) -> (SrtpSender, SrtpReceiver) {
        (self.sender, self.receiver)
    }
}

/// Seals what goes to one client.
pub struct SrtpSender {
    rtp: Cipher,
    rtcp: Cipher,
    rtcp_index: u32,
    #[cfg(debug_assertions)]
    sealed: replay::SealedIndices,
}

impl SrtpSender {
    /// Seals in place and returns the length to send.
    ///
    /// `packet` is a header of `header_len` bytes, `payload_len` bytes of payload, and at least [`TAG_MAX`] spare bytes.
    /// `index` is the roll-over counter and the header's sequence number; each `(ssrc, index)` belongs to one packet for
    /// ever, which may be sealed again byte for byte and never otherwise.
    ///
    /// # Panics
    /// When 48 bits of index are used up, and in debug builds when an index comes with other bytes.
    pub fn seal_rtp(
        &mut self,
        packet: &mut [u8],
        header_len: usize,
        payload_len: usize,
        ssrc: u32,
        index: u64,
    ) -> usize {
        assert!(index <= RTP_INDEX_MAX, "SRTP index exhausted");
        debug_assert_eq!(
            packet[2..4],
            (index as u16).to_be_bytes(),
            "the index belongs to another sequence number"
        );
        #[cfg(debug_assertions)]
        self.sealed.check(ssrc, index, &packet[..header_len + payload_len]);
        self.rtp.seal_rtp(packet, header_len, payload_len, ssrc, index)
    }

    /// Seals a compound of `len` bytes (at least 8) in place and returns the length to send. `packet` has at least
    /// [`RTCP_OVERHEAD_MAX`] spare bytes behind it. The index counts on inside.
    ///
    /// # Panics
    /// After 2^31 packets, when the key is used up.
    pub fn seal_rtcp(&mut self, packet: &mut [u8], len: usize) -> usize {
        assert!(self.rtcp_index <= RTCP_INDEX_MAX, "SRTCP index exhausted");
        let index = self.rtcp_index;
        self.rtcp_index += 1;
        self.rtcp.seal_rtcp(packet, len, index)
    }
}

/// A packet that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Roll-over counter and sequence number, 48 bits.
    pub index: u64,
    /// Where the plain payload lies in the packet, padding included.
    pub payload: Range<usize>,
}

/// Opens what comes from one client.
pub struct SrtpReceiver {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_windows: Windows,
    rtcp_windows: Windows,
}

impl SrtpReceiver {
    /// Opens a packet in place; `header` was parsed from it. After an error the packet's bytes are worthless.
    pub fn open_rtp(&mut self, packet: &mut [u8], header: &RtpHeader) -> Result<Opened, SrtpError> {
        let index = match self.rtp_windows.get(header.ssrc) {
            Some(window) => window.estimate(header.sequence_number).ok_or(SrtpError::TooOld)?,
            None => u64::from(header.sequence_number),
        };
        self.rtp_windows.check(header.ssrc, index)?;
        let len = self.rtp.open_rtp(packet, header.len, header.ssrc, index)?;
        self.rtp_windows.record(header.ssrc, index);
        Ok(Opened {
            index,
            payload: header.len..header.len + len,
        })
    }

    /// Opens a compound in place and returns its plain length. After an error the packet's bytes are worthless.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let (ssrc, index) = self.rtcp.rtcp_index(packet)?;
        self.rtcp_windows.check(ssrc, u64::from(index))?;
        let len = self.rtcp.open_rtcp(packet)?;
        self.rtcp_windows.record(ssrc, u64::from(index));
        Ok(len)
    }

    /// Forgets a source that is gone, which frees its place. Should the client go on with that SSRC under the same keys,
    /// its roll-over counter is taken to be zero again.
    pub fn forget(&mut self, ssrc: u32) {
        self.rtp_windows.0.remove(&ssrc);
        self.rtcp_windows.0.remove(&ssrc);
    }
}

/// The replay windows of one direction, by SSRC.
#[derive(Default)]
struct Windows(FxHashMap<u32, ReplayWindow>);

impl Windows {
    fn get(&self, ssrc: u32) -> Option<&ReplayWindow> {
        self.0.get(&ssrc)
    }

    /// Before the cost of decryption: whether the index is new, and an unknown source has a place.
    fn check(&self, ssrc: u32, index: u64) -> Result<(), SrtpError> {
        match self.get(ssrc) {
            Some(window) => window.check(index),
            None if self.0.len() >= SSRCS_MAX => Err(SrtpError::TooManySsrcs),
            None => Ok(()),
        }
    }

    /// After authentication only, or anyone could move the window or fill the table.
    fn record(&mut self, ssrc: u32, index: u64) {
        self.0
            .entry(ssrc)
            .or_insert_with(|| ReplayWindow::new(index))
            .record(index);
    }
}
