//! How a thread sleeps until a socket has something or another thread calls.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// A file descriptor that is readable from `wake` until `clear`; any number of calls count as one.
pub(crate) struct Wake {
    reader: OwnedFd,
    #[cfg(not(target_os = "linux"))]
    writer: OwnedFd,
}

impl Wake {
    #[cfg(target_os = "linux")]
    pub fn new() -> io::Result<Wake> {
        // SAFETY: takes no pointer.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        Ok(Wake {
            reader: unsafe { OwnedFd::from_raw_fd(fd) },
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub fn new() -> io::Result<Wake> {
        let mut fds = [0; 2];
        // SAFETY: `fds` has room for two descriptors.
        if unsafe { libc::pipe(fds.as_mut_ptr()) } < 0 {
            return Err(io::Error::last_os_error());
        }
        for fd in fds {
            // SAFETY: takes no pointer; the descriptor was just made.
            unsafe {
                libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK);
                libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
            }
        }
        // SAFETY: both descriptors are new and nobody else's.
        Ok(unsafe {
            Wake {
                reader: OwnedFd::from_raw_fd(fds[0]),
                writer: OwnedFd::from_raw_fd(fds[1]),
            }
        })
    }

    pub fn wake(&self) {
        #[cfg(target_os = "linux")]
        let writer = &self.reader;
        #[cfg(not(target_os = "linux"))]
        let writer = &self.writer;
        let one = 1u64;
        // A full counter or pipe is readable already: failing to write loses nothing.
        // SAFETY: eight bytes of a live value.
        unsafe { libc::write(writer.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
    }

    /// Call before looking for work, so that work posted while looking wakes again.
    pub fn clear(&self) {
        let mut sink = [0u8; 512];
        // SAFETY: the buffer has the length given; the descriptor is non-blocking.
        while unsafe { libc::read(self.reader.as_raw_fd(), sink.as_mut_ptr().cast(), sink.len()) }
            == sink.len() as isize
        {}
    }
}

impl AsRawFd for Wake {
    fn as_raw_fd(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}

/// Descriptors to wait on for input.
pub(crate) struct Waiter {
    fds: Vec<libc::pollfd>,
}

impl Waiter {
    pub fn new(fds: impl IntoIterator<Item = RawFd>) -> Waiter {
        let pollfd = |fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        Waiter {
            fds: fds.into_iter().map(pollfd).collect(),
        }
    }

    /// Sleeps until one is readable or the time is over (None: no limit). An interruption counts as a wake-up.
    pub fn wait(&mut self, timeout: Option<Duration>) {
        self.fds.iter_mut().for_each(|fd| fd.revents = 0);
        sys::poll(&mut self.fds, timeout);
    }

    /// Whether the n-th descriptor was readable, or broken, when `wait` returned.
    pub fn is_ready(&self, index: usize) -> bool {
        self.fds[index].revents != 0
    }
}

/// Waits until a socket takes output again; false when the time is over first.
pub(crate) fn wait_writable(fd: RawFd, timeout: Duration) -> bool {
    let mut fds = [libc::pollfd {
        fd,
        events: libc::POLLOUT,
        revents: 0,
    }];
    sys::poll(&mut fds, Some(timeout));
    fds[0].revents & libc::POLLOUT != 0
}

#[cfg(target_os = "linux")]
mod sys {
    use super::*;

    pub fn poll(fds: &mut [libc::pollfd], timeout: Option<Duration>) {
        let timeout = timeout.map(|timeout| libc::timespec {
            tv_sec: timeout.as_secs() as _,
            tv_nsec: timeout.subsec_nanos() as _,
        });
        let timeout = timeout.as_ref().map_or(std::ptr::null(), |timeout| &raw const *timeout);
        // SAFETY: `fds` and `timeout` live across the call with their true lengths; no signal mask.
        unsafe { libc::ppoll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout, std::ptr::null()) };
    }
}

#[cfg(not(target_os = "linux"))]
mod sys {
    use super::*;

    pub fn poll(fds: &mut [libc::pollfd], timeout: Option<Duration>) {
        // Up, not down: a timer a little late beats a loop that spins until it is due.
        let timeout = timeout.map_or(-1, |timeout| {
            timeout.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32
        });
        // SAFETY: `fds` lives across the call with its true length.
        unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) };
    }
}
