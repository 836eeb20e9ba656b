//! Errors that a client is told (RFC 8489, section 14.8, and RFC 8656, section 19).

use crate::counters::Counters;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Refusal {
    BadRequest = 400,
    Unauthorized = 401,
    Forbidden = 403,
    UnknownAttribute = 420,
    AllocationMismatch = 437,
    StaleNonce = 438,
    FamilyUnsupported = 440,
    WrongUser = 441,
    TransportUnsupported = 442,
    PeerFamilyMismatch = 443,
    QuotaReached = 486,
    InsufficientCapacity = 508,
}

impl Refusal {
    pub fn code(self) -> u16 {
        self as u16
    }

    pub fn count(self, counters: &mut Counters) {
        let counter = match self {
            Refusal::BadRequest => &mut counters.refused_bad_request,
            Refusal::Unauthorized => &mut counters.refused_unauthorized,
            Refusal::Forbidden => &mut counters.refused_forbidden_peer,
            Refusal::UnknownAttribute => &mut counters.refused_unknown_attribute,
            Refusal::AllocationMismatch => &mut counters.refused_allocation_mismatch,
            Refusal::StaleNonce => &mut counters.refused_stale_nonce,
            Refusal::FamilyUnsupported => &mut counters.refused_family,
            Refusal::WrongUser => &mut counters.refused_wrong_user,
            Refusal::TransportUnsupported => &mut counters.refused_transport,
            Refusal::PeerFamilyMismatch => &mut counters.refused_peer_family,
            Refusal::QuotaReached => &mut counters.refused_quota,
            Refusal::InsufficientCapacity => &mut counters.refused_capacity,
        };
        *counter += 1;
    }
}
