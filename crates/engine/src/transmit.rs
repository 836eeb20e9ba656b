//! The system calls that send (Linux): `sendmmsg`, UDP_SEGMENT, the source address by PKTINFO.

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};
use std::{io, mem};

use socket2::SockAddr;

use crate::ancillary::{Control, ControlWriter};
use crate::send::{Burst, SendCounters};
use crate::socket::Socket;
use crate::wait::wait_writable;

/// Messages of one system call.
const CHUNK: usize = 64;
/// EINVAL has other reasons than segmentation: so many in a row, each with the datagrams accepted singly, are proof.
const REFUSALS_MAX: u32 = 4;

pub(crate) struct Transmitter {
    segmentation: bool,
    /// Bursts refused with EINVAL since one was accepted.
    refusals: u32,
    notice: Option<String>,
    counters: SendCounters,
    names: Vec<SockAddr>,
    controls: Vec<Control>,
}

impl Transmitter {
    pub fn new(segmentation: bool) -> Transmitter {
        Transmitter {
            segmentation,
            refusals: 0,
            notice: None,
            counters: SendCounters::default(),
            names: Vec::with_capacity(CHUNK),
            controls: Vec::with_capacity(CHUNK),
        }
    }

    /// Bursts of several datagrams may be passed to `send`.
    pub fn segments(&self) -> bool {
        self.segmentation
    }

    pub fn counters(&self) -> &SendCounters {
        &self.counters
    }

    pub fn take_notice(&mut self) -> Option<String> {
        self.notice.take()
    }

    /// Sends everything or counts it as dropped; waits for full buffers no longer than `patience`.
    pub fn send(&mut self, sockets: &[Socket], arena: &[u8], mut bursts: &[Burst], mut patience: Duration) {
        while let Some(first) = bursts.first() {
            let run = bursts
                .iter()
                .take(CHUNK)
                .take_while(|burst| burst.path.socket == first.path.socket)
                .count();
            let (chunk, rest) = bursts.split_at(run);
            bursts = rest;
            match sockets.get(usize::from(first.path.socket)) {
                Some(socket) => self.send_chunk(socket, arena, chunk, &mut patience),
                None => self.counters.dropped_error += count_datagrams(chunk),
            }
        }
    }

    /// At most [`CHUNK`] bursts by one socket.
    fn send_chunk(&mut self, socket: &Socket, arena: &[u8], bursts: &[Burst], patience: &mut Duration) {
        self.names.clear();
        self.controls.clear();
        self.names
            .extend(bursts.iter().map(|burst| SockAddr::from(burst.path.remote)));
        self.controls.resize(bursts.len(), Control::default());
        // SAFETY: both are plain C structures for which all zeroes is a valid value.
        let (mut iovecs, mut headers): ([libc::iovec; CHUNK], [libc::mmsghdr; CHUNK]) = unsafe { mem::zeroed() };
        for (i, burst) in bursts.iter().enumerate() {
            let bytes = &arena[burst.start..burst.start + burst.len];
            iovecs[i] = libc::iovec {
                iov_base: bytes.as_ptr().cast_mut().cast(),
                iov_len: bytes.len(),
            };
            let segment = (burst.count > 1).then_some(burst.segment as u16);
            let control_len = write_control(&mut self.controls[i], socket, burst, segment);
            let header = &mut headers[i].msg_hdr;
            fill_header(
                header,
                &self.names[i],
                &raw mut iovecs[i],
                &raw mut self.controls[i],
                control_len,
            );
        }
        let mut next = 0;
        while next < bursts.len() {
            self.counters.calls += 1;
            // SAFETY: headers `next..len` are filled; names, buffers and control data that they point at outlive the call
            // and have the lengths given. The kernel writes only to the headers.
            let sent = unsafe {
                libc::sendmmsg(
                    socket.as_raw_fd(),
                    headers[next..].as_mut_ptr(),
                    (bursts.len() - next) as u32,
                    0,
                )
            };
            if sent > 0 {
                let (done, _) = bursts[next..].split_at(sent as usize);
                self.count_sent(done);
                next += done.len();
                continue;
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error().unwrap_or(0) {
                libc::EINTR => {}
                libc::EAGAIN | libc::ENOBUFS => {
                    if !wait_for_room(socket, patience) {
                        self.counters.dropped_full += count_datagrams(&bursts[next..]);
                        return;
                    }
                }
                _ if bursts[next].count > 1 => {
                    self.send_singly(socket, arena, &bursts[next], &error);
                    next += 1;
                }
                _ => {
                    self.counters.dropped_error += 1;
                    next += 1;
                }
            }
        }
    }

    /// The kernel refused a burst: is it the segmentation, or would it refuse each datagram as well?
    fn send_singly(&mut self, socket: &Socket, arena: &[u8], burst: &Burst, refusal: &io::Error) {
        self.counters.gso_refused += 1;
        let mut accepted = 0;
        for datagram in arena[burst.start..burst.start + burst.len].chunks(burst.segment) {
            self.counters.calls += 1;
            match send_one(socket, burst, datagram) {
                Ok(()) => accepted += 1,
                Err(_) => self.counters.dropped_error += 1,
            }
        }
        self.counters.datagrams += accepted;
        self.counters.messages += accepted;
        if accepted > 0 {
            self.judge(refusal);
        }
    }

    fn judge(&mut self, refusal: &io::Error) {
        self.refusals += 1;
        let is_proof = match refusal.raw_os_error().unwrap_or(0) {
            // The device cannot compute the checksums that segmentation leaves to it, or the kernel does not know it.
            libc::EIO | libc::EOPNOTSUPP | libc::ENOPROTOOPT => true,
            // One path with a small MTU: for the others segmentation goes on.
            libc::EMSGSIZE => false,
            _ => self.refusals >= REFUSALS_MAX,
        };
        if is_proof && self.segmentation {
            self.segmentation = false;
            self.notice = Some(format!(
                "UDP segmentation refused by the kernel ({refusal}): datagrams are sent singly from now on"
            ));
        }
    }

    fn count_sent(&mut self, bursts: &[Burst]) {
        self.counters.messages += bursts.len() as u64;
        self.counters.datagrams += count_datagrams(bursts);
        if self.refusals > 0 && bursts.iter().any(|burst| burst.count > 1) {
            self.refusals = 0;
        }
    }
}

fn count_datagrams(bursts: &[Burst]) -> u64 {
    bursts.iter().map(|burst| burst.count as u64).sum()
}

fn send_one(socket: &Socket, burst: &Burst, datagram: &[u8]) -> io::Result<()> {
    let name = SockAddr::from(burst.path.remote);
    let mut control = Control::default();
    let control_len = write_control(&mut control, socket, burst, None);
    let mut iovec = libc::iovec {
        iov_base: datagram.as_ptr().cast_mut().cast(),
        iov_len: datagram.len(),
    };
    // SAFETY: a plain C structure for which all zeroes is a valid value.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    fill_header(&mut header, &name, &raw mut iovec, &raw mut control, control_len);
    // SAFETY: all that the header points at is alive and has the length given; the kernel only reads it.
    match unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, 0) } {
        0.. => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Writes what this message needs; gives the length, 0 for none.
fn write_control(control: &mut Control, socket: &Socket, burst: &Burst, segment: Option<u16>) -> usize {
    let mut writer = ControlWriter::new(control);
    if socket.fixed_local().is_none() && !burst.path.local.is_unspecified() {
        writer.local_address(burst.path.local, burst.path.remote);
    }
    if let Some(size) = segment {
        writer.segment_size(size);
    }
    writer.len()
}

fn fill_header(
    header: &mut libc::msghdr,
    name: &SockAddr,
    iovec: *mut libc::iovec,
    control: *mut Control,
    control_len: usize,
) {
    header.msg_name = name.as_ptr().cast_mut().cast();
    header.msg_namelen = name.len();
    header.msg_iov = iovec;
    header.msg_iovlen = 1;
    if control_len > 0 {
        header.msg_control = control.cast();
        header.msg_controllen = control_len as _;
    }
}

/// Spends patience until the socket takes more; false when there is none left.
fn wait_for_room(socket: &Socket, patience: &mut Duration) -> bool {
    if patience.is_zero() {
        return false;
    }
    let start = Instant::now();
    let is_writable = wait_writable(socket.as_raw_fd(), *patience);
    // A minimum per wait: a socket that says "writable" and then refuses must not hold the loop.
    *patience = patience.saturating_sub(start.elapsed().max(Duration::from_micros(100)));
    is_writable
}
