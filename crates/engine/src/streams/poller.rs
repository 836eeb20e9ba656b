//! Many descriptors behind one that another poller can watch: epoll on Linux, kqueue elsewhere.
//!
//! Not the `polling` crate: each of its waits arms a timer and a notifier, neither of which is wanted here, by three more system
//! calls. Not `mio`: it tells of changes only, and what is left unread for the sake of others must be told again.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// As many as one look tells of: what others wait for has its turn in between.
pub(super) const READY_MAX: usize = 64;

/// What one waits for at a descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interest {
    pub read: bool,
    pub write: bool,
}

impl Interest {
    pub const READ: Interest = Interest {
        read: true,
        write: false,
    };

    fn is_none(self) -> bool {
        self == Interest::default()
    }
}

/// An error or a hang-up counts as both: reading or writing tells which it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ready {
    pub key: u64,
    pub read: bool,
    pub write: bool,
}

pub(crate) struct Poller {
    fd: OwnedFd,
}

impl AsRawFd for Poller {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

#[cfg(target_os = "linux")]
mod sys {
    use std::os::fd::FromRawFd;
    use std::{mem, ptr};

    use super::*;

    impl Poller {
        pub fn new() -> io::Result<Poller> {
            // SAFETY: takes no pointer; the descriptor is new and nobody else's.
            let fd = unsafe { OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
            Ok(Poller { fd })
        }

        /// From one interest to another; none at all means not to be watched, so that not even a hang-up is told over and over.
        pub fn change(&self, fd: RawFd, key: u64, from: Interest, to: Interest) -> io::Result<()> {
            let operation = match (from.is_none(), to.is_none()) {
                _ if from == to => return Ok(()),
                (true, _) => libc::EPOLL_CTL_ADD,
                (_, true) => libc::EPOLL_CTL_DEL,
                _ => libc::EPOLL_CTL_MOD,
            };
            let read = if to.read { libc::EPOLLIN | libc::EPOLLRDHUP } else { 0 };
            let write = if to.write { libc::EPOLLOUT } else { 0 };
            let mut event = libc::epoll_event {
                events: (read | write) as u32,
                u64: key,
            };
            // SAFETY: `event` lives across the call.
            check(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, fd, &raw mut event) })?;
            Ok(())
        }

        /// Replaces `ready` by what there is now; never waits.
        pub fn poll(&self, ready: &mut Vec<Ready>) {
            // SAFETY: a plain C structure for which all zeroes is a valid value.
            let mut events: [libc::epoll_event; READY_MAX] = unsafe { mem::zeroed() };
            // SAFETY: `events` has the length given. An interruption or an error gives no events.
            let count = unsafe {
                libc::epoll_pwait(
                    self.fd.as_raw_fd(),
                    events.as_mut_ptr(),
                    READY_MAX as i32,
                    0,
                    ptr::null(),
                )
            };
            ready.clear();
            ready.extend(events.iter().take(count.max(0) as usize).map(|event| {
                let (events, key) = (event.events as i32, event.u64);
                let broken = events & (libc::EPOLLERR | libc::EPOLLHUP) != 0;
                Ready {
                    key,
                    read: broken || events & (libc::EPOLLIN | libc::EPOLLRDHUP) != 0,
                    write: broken || events & libc::EPOLLOUT != 0,
                }
            }));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use std::os::fd::FromRawFd;
    use std::{mem, ptr};

    use super::*;

    impl Poller {
        pub fn new() -> io::Result<Poller> {
            // SAFETY: takes no pointer; the descriptor is new and nobody else's.
            let fd = unsafe { OwnedFd::from_raw_fd(check(libc::kqueue())?) };
            // SAFETY: takes no pointer.
            check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
            Ok(Poller { fd })
        }

        /// From one interest to another.
        pub fn change(&self, fd: RawFd, key: u64, from: Interest, to: Interest) -> io::Result<()> {
            self.set(fd, key, libc::EVFILT_READ as i16, from.read, to.read)?;
            self.set(fd, key, libc::EVFILT_WRITE as i16, from.write, to.write)
        }

        fn set(&self, fd: RawFd, key: u64, filter: i16, from: bool, to: bool) -> io::Result<()> {
            if from == to {
                return Ok(());
            }
            // SAFETY: a plain C structure for which all zeroes is a valid value.
            let mut change: libc::kevent = unsafe { mem::zeroed() };
            change.ident = fd as _;
            change.filter = filter as _;
            change.flags = (if to { libc::EV_ADD } else { libc::EV_DELETE }) as _;
            change.udata = key as _;
            // SAFETY: one change that lives across the call, and no room for events.
            check(unsafe {
                libc::kevent(
                    self.fd.as_raw_fd(),
                    &raw const change,
                    1,
                    ptr::null_mut(),
                    0,
                    ptr::null(),
                )
            })?;
            Ok(())
        }

        /// Replaces `ready` by what there is now; never waits. A descriptor may come twice.
        pub fn poll(&self, ready: &mut Vec<Ready>) {
            // SAFETY: a plain C structure for which all zeroes is a valid value.
            let (mut events, at_once): ([libc::kevent; READY_MAX], libc::timespec) = unsafe { mem::zeroed() };
            // SAFETY: no changes; `events` has the length given; the time lives across the call.
            let count = unsafe {
                libc::kevent(
                    self.fd.as_raw_fd(),
                    ptr::null(),
                    0,
                    events.as_mut_ptr(),
                    READY_MAX as _,
                    &raw const at_once,
                )
            };
            ready.clear();
            ready.extend(events.iter().take(count.max(0) as usize).map(|event| Ready {
                key: event.udata as usize as u64,
                read: event.filter as i16 == libc::EVFILT_READ as i16,
                write: event.filter as i16 == libc::EVFILT_WRITE as i16,
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    fn keys(poller: &Poller) -> Vec<(u64, bool, bool)> {
        let mut ready = Vec::new();
        poller.poll(&mut ready);
        ready.iter().map(|ready| (ready.key, ready.read, ready.write)).collect()
    }

    #[test]
    fn what_is_left_unread_is_told_again() {
        let poller = Poller::new().unwrap();
        let (mut near, mut far) = UnixStream::pair().unwrap();
        poller
            .change(near.as_raw_fd(), 7, Interest::default(), Interest::READ)
            .unwrap();
        assert_eq!(keys(&poller), []);
        far.write_all(b"ab").unwrap();
        for _ in 0..2 {
            assert_eq!(keys(&poller), [(7, true, false)]);
            near.read_exact(&mut [0]).unwrap();
        }
        assert_eq!(keys(&poller), []);
    }

    #[test]
    fn without_interest_not_even_a_hang_up_is_told() {
        let poller = Poller::new().unwrap();
        let (near, far) = UnixStream::pair().unwrap();
        let both = Interest {
            read: true,
            write: true,
        };
        poller.change(near.as_raw_fd(), 1, Interest::default(), both).unwrap();
        drop(far);
        assert!(!keys(&poller).is_empty());
        poller.change(near.as_raw_fd(), 1, both, Interest::default()).unwrap();
        assert_eq!(keys(&poller), []);
    }
}
