//! Datagrams on their way out: collected in an arena, coalesced, sent together.

use std::sync::Arc;
use std::time::Duration;

use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::types::Path;

use crate::platform::Transmitter;
use crate::socket::Socket;

/// Bytes collected before they are sent even without `flush`: small enough to stay in the cache.
const ARENA: usize = 1 << 20;
/// Bursts collected before they are sent even without `flush`.
const BURSTS: usize = 1024;
/// The kernel's limit since it has UDP_SEGMENT (4.18).
const SEGMENTS_MAX: usize = 64;
/// Longer datagrams go alone: beyond the MTU the kernel refuses a burst, and relayed ones are as long as a stranger likes.
const SEGMENT_MAX: usize = 1400;
/// A UDP datagram before it is cut holds 65,507 bytes over IPv4.
const BURST_BYTES_MAX: usize = 65_000;

/// How long one flush may wait for full socket buffers, altogether: a network card drains them in less, and media that is late is useless.
const PATIENCE: Duration = Duration::from_millis(2);

/// Consecutive datagrams to one path, all of one length but the last, which may be shorter: one message with UDP_SEGMENT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Burst {
    pub path: Path,
    /// Where it lies in the arena.
    pub start: usize,
    pub len: usize,
    /// Length of every datagram but the last.
    pub segment: usize,
    pub count: usize,
}

/// Puts a datagram that was written at `start` behind those before it; into the last burst where it fits and `segments` allows.
pub(crate) fn append(bursts: &mut Vec<Burst>, path: &Path, start: usize, len: usize, segments: bool) {
    match bursts.last_mut() {
        Some(burst) if segments && burst.takes(path, len) => {
            burst.len += len;
            burst.count += 1;
        }
        _ => bursts.push(Burst {
            path: *path,
            start,
            len,
            segment: len,
            count: 1,
        }),
    }
}

impl Burst {
    /// A shorter datagram than the others ended it.
    fn is_closed(&self) -> bool {
        self.len < self.segment * self.count
    }

    fn takes(&self, path: &Path, len: usize) -> bool {
        len <= self.segment
            && self.segment <= SEGMENT_MAX
            && len > 0
            && !self.is_closed()
            && self.count < SEGMENTS_MAX
            && self.len + len <= BURST_BYTES_MAX
            && self.path == *path
    }
}

/// What became of the datagrams, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SendCounters {
    pub datagrams: u64,
    /// Datagrams with segmentation count as one message per burst.
    pub messages: u64,
    pub calls: u64,
    /// The socket's buffer stayed full for longer than we wait.
    pub dropped_full: u64,
    /// The kernel refused: no route, an address that is gone, a filter.
    pub dropped_error: u64,
    /// Bursts that had to be sent datagram by datagram.
    pub gso_refused: u64,
}

/// One worker's way out. Nothing leaves before [`SendBatch::flush`], or until the arena is full.
pub(crate) struct SendBatch {
    sockets: Arc<[Socket]>,
    arena: Box<[u8]>,
    used: usize,
    bursts: Vec<Burst>,
    transmitter: Transmitter,
}

impl SendBatch {
    /// `segmentation`: use UDP_SEGMENT where the kernel has it.
    pub fn new(sockets: Arc<[Socket]>, segmentation: bool) -> SendBatch {
        let segmentation = segmentation && sockets.iter().all(Socket::has_segmentation);
        SendBatch {
            sockets,
            arena: vec![0; ARENA].into_boxed_slice(),
            used: 0,
            bursts: Vec::with_capacity(BURSTS),
            transmitter: Transmitter::new(segmentation),
        }
    }

    pub fn flush(&mut self) {
        if !self.bursts.is_empty() {
            self.transmitter
                .send(&self.sockets, &self.arena[..self.used], &self.bursts, PATIENCE);
        }
        self.bursts.clear();
        self.used = 0;
    }

    pub fn counters(&self) -> &SendCounters {
        self.transmitter.counters()
    }

    /// What was written into the buffer handed out last, not committed yet.
    pub fn pending(&self) -> &[u8] {
        &self.arena[self.used..]
    }

    /// Why segmentation was switched off, once.
    pub fn take_notice(&mut self) -> Option<String> {
        self.transmitter.take_notice()
    }
}

impl Egress for SendBatch {
    fn buffer(&mut self) -> &mut [u8] {
        if self.arena.len() - self.used < DATAGRAM_MAX || self.bursts.len() == BURSTS {
            self.flush();
        }
        &mut self.arena[self.used..]
    }

    fn commit(&mut self, path: &Path, len: usize) {
        append(&mut self.bursts, path, self.used, len, self.transmitter.segments());
        self.used += len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, UdpSocket};

    fn socket(address: &str) -> Socket {
        Socket::bind(address.parse().unwrap()).expect("bound")
    }

    fn batch(socket: Socket, segmentation: bool) -> SendBatch {
        SendBatch::new(Arc::new([socket]), segmentation)
    }

    fn path(remote: SocketAddr) -> Path {
        Path {
            remote,
            local: [127, 0, 0, 1].into(),
            socket: 0,
        }
    }

    fn receiver() -> UdpSocket {
        let receiver = UdpSocket::bind("127.0.0.1:0").expect("bound");
        receiver.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        receiver
    }

    fn commit(batch: &mut SendBatch, path: &Path, payload: &[u8]) {
        batch.buffer()[..payload.len()].copy_from_slice(payload);
        batch.commit(path, payload.len());
    }

    /// A payload that tells its place and its length.
    fn payload(number: usize, len: usize) -> Vec<u8> {
        (0..len).map(|i| (number * 31 + i) as u8).collect()
    }

    fn lengths(batch: &SendBatch) -> Vec<(usize, usize)> {
        batch.bursts.iter().map(|burst| (burst.count, burst.len)).collect()
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn equal_lengths_to_one_path_make_one_burst_and_a_shorter_one_ends_it() {
        let mut batch = batch(socket("127.0.0.1:0"), true);
        let (a, b) = (
            path("127.0.0.1:9".parse().unwrap()),
            path("127.0.0.1:10".parse().unwrap()),
        );
        for (path, len) in [(a, 100), (a, 100), (a, 60), (a, 60), (a, 61), (b, 61), (a, 61)] {
            commit(&mut batch, &path, &payload(0, len));
        }
        assert_eq!(lengths(&batch), [(3, 260), (1, 60), (1, 61), (1, 61), (1, 61)]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_burst_stays_within_the_kernels_limits() {
        let mut batch = batch(socket("127.0.0.1:0"), true);
        let to = path("127.0.0.1:9".parse().unwrap());
        (0..65).for_each(|i| commit(&mut batch, &to, &payload(i, 10)));
        (0..55).for_each(|i| commit(&mut batch, &to, &payload(i, 1200)));
        assert_eq!(lengths(&batch), [(64, 640), (1, 10), (54, 64_800), (1, 1200)]);
    }

    #[test]
    fn without_segmentation_every_datagram_is_its_own_message() {
        let mut batch = batch(socket("127.0.0.1:0"), false);
        (0..3).for_each(|i| commit(&mut batch, &path("127.0.0.1:9".parse().unwrap()), &payload(i, 10)));
        assert_eq!(lengths(&batch), [(1, 10); 3]);
    }

    fn arrives_intact_and_in_order(mut batch: SendBatch) -> SendBatch {
        let receiver = receiver();
        let to = path(receiver.local_addr().unwrap());
        let sizes = [1000, 1000, 1000, 700, 1200, 1200, 1, 1, 1, 2000, 40, 40];
        for (i, len) in sizes.iter().enumerate() {
            commit(&mut batch, &to, &payload(i, *len));
        }
        batch.flush();
        let mut buffer = [0; DATAGRAM_MAX];
        for (i, len) in sizes.iter().enumerate() {
            let received = receiver.recv(&mut buffer).expect("arrived in time");
            assert_eq!(buffer[..received], payload(i, *len), "datagram {i}");
        }
        assert_eq!(batch.counters().datagrams, sizes.len() as u64);
        assert_eq!((batch.counters().dropped_full, batch.counters().dropped_error), (0, 0));
        batch
    }

    #[test]
    fn bytes_arrive_intact_and_in_order_with_segmentation() {
        let batch = arrives_intact_and_in_order(batch(socket("127.0.0.1:0"), true));
        if batch.transmitter.segments() {
            assert_eq!(
                batch.counters().messages,
                5,
                "three bursts of two to four, one pair, one single"
            );
        }
    }

    #[test]
    fn bytes_arrive_intact_and_in_order_without_segmentation() {
        let batch = arrives_intact_and_in_order(batch(socket("127.0.0.1:0"), false));
        assert_eq!(batch.counters().messages, 12);
    }

    #[test]
    fn bytes_arrive_intact_and_in_order_from_a_wildcard() {
        arrives_intact_and_in_order(batch(socket("0.0.0.0:0"), true));
    }

    #[test]
    fn a_full_arena_is_sent_and_used_anew() {
        let mut batch = batch(socket("127.0.0.1:0"), true);
        let to = path(receiver().local_addr().unwrap());
        for i in 0..3000 {
            assert!(batch.buffer().len() >= DATAGRAM_MAX);
            commit(&mut batch, &to, &payload(i, 900 + i % 2));
        }
        batch.flush();
        let counters = batch.counters();
        assert_eq!(
            counters.datagrams + counters.dropped_full + counters.dropped_error,
            3000
        );
    }

    /// A socket that does not want checksums is one to which the kernel refuses segmentation with EINVAL.
    #[cfg(target_os = "linux")]
    #[test]
    fn segmentation_is_switched_off_when_the_kernel_refuses_it_and_nothing_is_lost() {
        use std::os::fd::AsRawFd;
        let socket = socket("127.0.0.1:0");
        let on = 1i32;
        // SAFETY: four bytes of a live value.
        let result = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_NO_CHECK,
                (&raw const on).cast(),
                4,
            )
        };
        assert_eq!(result, 0);
        let mut batch = arrives_intact_and_in_order(batch(socket, true));
        assert_eq!(batch.counters().gso_refused, 4);
        assert!(!batch.transmitter.segments());
        assert!(
            batch
                .take_notice()
                .is_some_and(|notice| notice.contains("segmentation"))
        );
        assert_eq!(batch.take_notice(), None);
        arrives_intact_and_in_order(SendBatch {
            transmitter: Transmitter::new(false),
            ..batch
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_local_address_that_is_gone_does_not_switch_segmentation_off() {
        let mut batch = batch(socket("0.0.0.0:0"), true);
        let gone = Path {
            local: [203, 0, 113, 77].into(),
            ..path(receiver().local_addr().unwrap())
        };
        for _ in 0..10 {
            (0..3).for_each(|i| commit(&mut batch, &gone, &payload(i, 100)));
            batch.flush();
        }
        assert!(batch.transmitter.segments());
        assert_eq!(batch.counters().dropped_error, 30);
    }
}
