//! Which peers an allocation may talk with (RFC 8656, section 9).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::policy::Reach;

/// RFC 8656, section 9.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);

/// Sorted by address, for it is looked at once a packet and changed once in minutes.
#[derive(Default)]
pub(crate) struct Permissions(Vec<Permission>);

struct Permission {
    peer: IpAddr,
    reach: Reach,
    expires: Instant,
}

impl Permissions {
    /// How this peer is reached; None without a permission that lives.
    pub fn reach(&self, peer: IpAddr, now: Instant) -> Option<Reach> {
        let permission = &self.0[self.position(peer).ok()?];
        (now < permission.expires).then_some(permission.reach)
    }

    /// Whether all of these, and all that live, are no more than `max`. Forgets what has ended.
    pub fn has_room(&mut self, peers: &[(IpAddr, Reach)], max: usize, now: Instant) -> bool {
        self.0.retain(|permission| now < permission.expires);
        let mut new: Vec<IpAddr> = peers.iter().map(|(peer, _)| *peer).collect();
        new.retain(|peer| self.position(*peer).is_err());
        new.sort_unstable();
        new.dedup();
        self.0.len() + new.len() <= max
    }

    /// Installs or refreshes.
    pub fn install(&mut self, peer: IpAddr, reach: Reach, now: Instant) {
        let permission = Permission {
            peer,
            reach,
            expires: now + LIFETIME,
        };
        match self.position(peer) {
            Ok(at) => self.0[at] = permission,
            Err(at) => self.0.insert(at, permission),
        }
    }

    /// The relayed address of this family is no more.
    pub fn forget(&mut self, is_forgotten: impl Fn(IpAddr) -> bool) {
        self.0.retain(|permission| !is_forgotten(permission.peer));
    }

    fn position(&self, peer: IpAddr) -> Result<usize, usize> {
        self.0.binary_search_by_key(&peer, |permission| permission.peer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)]
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([9, 9, 9, last])
    }

    #[test]
    fn a_permission_ends_to_the_nanosecond_and_is_refreshed() {
        let start = Instant::now();
        let mut permissions = Permissions::default();
        permissions.install(ip(2), Reach::Outside, start);
        permissions.install(ip(1), Reach::Ours, start);
        let last = LIFETIME - Duration::from_nanos(1);
        assert_eq!(permissions.reach(ip(1), start + last), Some(Reach::Ours));
        assert_eq!(permissions.reach(ip(2), start + LIFETIME), None);
        assert_eq!(permissions.reach(ip(3), start), None);
        permissions.install(ip(2), Reach::Outside, start + last);
        assert_eq!(permissions.reach(ip(2), start + LIFETIME), Some(Reach::Outside));
        assert_eq!(permissions.reach(ip(1), start + LIFETIME), None);
    }

    #[test]
    fn room_is_counted_without_repeats_and_without_what_has_ended() {
        let start = Instant::now();
        let peers = |last: &[u8]| last.iter().map(|last| (ip(*last), Reach::Outside)).collect::<Vec<_>>();
        let mut permissions = Permissions::default();
        assert!(permissions.has_room(&peers(&[1, 1, 2, 1]), 2, start));
        assert!(!permissions.has_room(&peers(&[1, 2, 3]), 2, start));
        permissions.install(ip(1), Reach::Outside, start);
        permissions.install(ip(2), Reach::Outside, start);
        assert!(permissions.has_room(&peers(&[2, 1]), 2, start));
        assert!(!permissions.has_room(&peers(&[3]), 2, start));
        assert!(permissions.has_room(&peers(&[3]), 2, start + LIFETIME));
    }
}
