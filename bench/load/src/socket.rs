//! A client's UDP socket, and receiving in batches with the kernel's arrival times.

use std::io;
use std::mem::zeroed;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};

/// Datagrams of one call.
const BATCH: usize = 64;
/// Bytes of the longest datagram.
const DATAGRAM_MAX: usize = 2048;
/// Bytes asked for as a socket's receive buffer: half a second of video, so that only a stalled generator loses.
const RECEIVE_BUFFER: libc::c_int = 1 << 20;
/// Room for one control message with a `timespec`.
const CONTROL: usize = 64;
/// Index of the drop count in what `SO_MEMINFO` gives (`SK_MEMINFO_DROPS` in linux/sock_diag.h).
const MEMINFO_DROPS: usize = 8;

/// A socket of its own for each client, bound to the address from which `server` is reached.
pub fn open(server: SocketAddr) -> io::Result<UdpSocket> {
    let scout = UdpSocket::bind("0.0.0.0:0")?;
    scout.connect(server)?;
    let socket = UdpSocket::bind((scout.local_addr()?.ip(), 0))?;
    socket.set_nonblocking(true)?;
    set(&socket, libc::SO_TIMESTAMPNS, 1)?;
    // Beyond the system's limit only for root; the drop count tells if it was too little.
    if set(&socket, libc::SO_RCVBUFFORCE, RECEIVE_BUFFER).is_err() {
        set(&socket, libc::SO_RCVBUF, RECEIVE_BUFFER)?;
    }
    Ok(socket)
}

fn set(socket: &UdpSocket, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the value outlives the call, and its size is given.
    let result = unsafe {
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            option,
            (&raw const value).cast(),
            size,
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Datagrams that the kernel dropped because nobody took them in time.
pub fn drops(socket: &UdpSocket) -> u32 {
    let mut info = [0u32; 16];
    let mut len = size_of_val(&info) as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes.
    unsafe {
        let fd = socket.as_raw_fd();
        libc::getsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            info.as_mut_ptr().cast(),
            &mut len,
        );
    }
    info[MEMINFO_DROPS]
}

/// Which of `fds` have something to read, at once. With a timeout of zero no wait queue is entered, so the sender does
/// not pay for waking us.
pub fn poll(fds: &mut [libc::pollfd], timeout_ms: i32) {
    // SAFETY: pointer and length are those of the slice.
    unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout_ms) };
}

#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// Buffers for `recvmmsg`.
pub struct Batch {
    buffers: Vec<[u8; DATAGRAM_MAX]>,
    controls: Vec<Control>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

// SAFETY: the raw pointers lead into this struct's own heap buffers, which move with it.
unsafe impl Send for Batch {}

impl Batch {
    pub fn new() -> Batch {
        let mut batch = Batch {
            buffers: vec![[0; DATAGRAM_MAX]; BATCH],
            controls: (0..BATCH).map(|_| Control([0; CONTROL])).collect(),
            vectors: Vec::new(),
            headers: Vec::new(),
        };
        let entries = batch.buffers.iter_mut();
        batch.vectors = entries
            .map(|b| libc::iovec {
                iov_base: b.as_mut_ptr().cast(),
                iov_len: b.len(),
            })
            .collect();
        for i in 0..BATCH {
            // SAFETY: mmsghdr is plain data for which zero is valid.
            let mut header: libc::mmsghdr = unsafe { zeroed() };
            header.msg_hdr.msg_iov = &mut batch.vectors[i];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = batch.controls[i].0.as_mut_ptr().cast();
            batch.headers.push(header);
        }
        batch
    }

    /// Takes what waits in the socket; returns how many, at most the size of the batch.
    pub fn receive(&mut self, fd: RawFd) -> usize {
        for header in &mut self.headers {
            header.msg_hdr.msg_controllen = CONTROL as _;
        }
        // SAFETY: headers lead to buffers that live as long as self.
        let count = unsafe {
            let headers = self.headers.as_mut_ptr();
            libc::recvmmsg(fd, headers, BATCH as u32, libc::MSG_DONTWAIT as _, std::ptr::null_mut())
        };
        count.max(0) as usize
    }

    /// Whether more may wait than `count` says.
    pub fn was_full(count: usize) -> bool {
        count == BATCH
    }

    /// The `i`-th datagram and when it arrived, in µs since 1970.
    pub fn datagram(&mut self, i: usize) -> (&mut [u8], u64) {
        let arrived = arrival(&self.headers[i].msg_hdr);
        let len = (self.headers[i].msg_len as usize).min(DATAGRAM_MAX);
        (&mut self.buffers[i][..len], arrived)
    }
}

/// The kernel's receive time, or now if it gave none.
fn arrival(header: &libc::msghdr) -> u64 {
    // SAFETY: the kernel filled the control buffer that the header leads to.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        if message.is_null() || (*message).cmsg_type != libc::SCM_TIMESTAMPNS {
            return crate::clock::now_us();
        }
        let time = libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned();
        time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
    }
}
