//! The floor under every forwarding figure: a bare loop that copies a payload, writes an RTP header, seals it with AES-128-GCM and
//! sends it, without ICE, feedback, policy or a second thread. What a server costs above this is its own.
//!
//! `tertulia-bench-micro [SECONDS]` prints CPU microseconds (user + system, of this thread) per packet.

mod cpu;

use std::io;
use std::mem::zeroed;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use cpu::cpu;

/// As in the load generator: 1.5 Mbit/s in frames of five packets.
const PAYLOAD: usize = 1130;
/// RTP header with one extension word for the transport-wide sequence number.
const HEADER: usize = 20;
const TAG: usize = 16;
const PACKET: usize = HEADER + PAYLOAD + TAG;
const VIEWERS: [usize; 4] = [20, 50, 100, 300];
const BURSTS: [usize; 2] = [1, 5];

struct Viewer {
    key: LessSafeKey,
    ssrc: u32,
    index: u64,
    address: libc::sockaddr_in,
    /// Bound so that loopback has somewhere to deliver; never read, so the kernel drops what does not fit.
    _sink: UdpSocket,
}

impl Viewer {
    fn new(number: u32) -> io::Result<Viewer> {
        let sink = UdpSocket::bind("127.0.0.1:0")?;
        let key = UnboundKey::new(&AES_128_GCM, &[number as u8; 16]).expect("a key of 16 bytes");
        let SocketAddr::V4(address) = sink.local_addr()? else {
            unreachable!("bound to an IPv4 address")
        };
        // SAFETY: sockaddr_in is plain data for which zero is valid.
        let mut raw: libc::sockaddr_in = unsafe { zeroed() };
        raw.sin_family = libc::AF_INET as _;
        raw.sin_port = address.port().to_be();
        raw.sin_addr.s_addr = u32::from_ne_bytes(address.ip().octets());
        Ok(Viewer {
            key: LessSafeKey::new(key),
            ssrc: 1000 + number,
            index: 1000,
            address: raw,
            _sink: sink,
        })
    }

    fn seal(&mut self, payload: &[u8], packet: &mut [u8]) {
        self.index += 1;
        let sequence = (self.index as u16).to_be_bytes();
        packet[..2].copy_from_slice(&[0x90, 96]);
        packet[2..4].copy_from_slice(&sequence);
        packet[4..8].copy_from_slice(&(self.index as u32 * 3000).to_be_bytes());
        packet[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        packet[12..16].copy_from_slice(&[0xbe, 0xde, 0, 1]);
        packet[16..20].copy_from_slice(&[0x31, sequence[0], sequence[1], 0]);
        packet[HEADER..HEADER + PAYLOAD].copy_from_slice(payload);
        let mut iv = [0; 12];
        iv[2..6].copy_from_slice(&self.ssrc.to_be_bytes());
        iv[6..].copy_from_slice(&self.index.to_be_bytes()[2..]);
        let (header, body) = packet.split_at_mut(HEADER);
        let (text, tag) = body.split_at_mut(PAYLOAD);
        let sealed = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(&*header), text);
        tag[..TAG].copy_from_slice(sealed.expect("a payload below the limit of GCM").as_ref());
    }
}

/// Sends `burst` packets that lie one after another to one viewer: one trip through the stack.
fn send(socket: RawFd, viewer: &Viewer, packets: &mut [u8]) -> io::Result<()> {
    let mut vector = libc::iovec {
        iov_base: packets.as_mut_ptr().cast(),
        iov_len: packets.len(),
    };
    let mut control = [0u64; 4];
    // SAFETY: every pointer in the header outlives the call, and the control buffer is aligned and large enough for one u16.
    let sent = unsafe {
        let mut header: libc::msghdr = zeroed();
        header.msg_name = (&raw const viewer.address).cast_mut().cast();
        header.msg_namelen = size_of::<libc::sockaddr_in>() as _;
        header.msg_iov = &mut vector;
        header.msg_iovlen = 1;
        if packets.len() > PACKET {
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = libc::CMSG_SPACE(2) as _;
            let message = libc::CMSG_FIRSTHDR(&header);
            (*message).cmsg_level = libc::SOL_UDP;
            (*message).cmsg_type = libc::UDP_SEGMENT;
            (*message).cmsg_len = libc::CMSG_LEN(2) as _;
            libc::CMSG_DATA(message).cast::<u16>().write_unaligned(PACKET as u16);
        }
        libc::sendmsg(socket, &header, 0)
    };
    if sent < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// CPU microseconds per packet, to so many viewers, `burst` packets at a time.
fn measure(viewers: usize, burst: usize, time: Duration) -> io::Result<f64> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let mut viewers: Vec<Viewer> = (0..viewers as u32).map(Viewer::new).collect::<io::Result<_>>()?;
    let payload = [0x5a; PAYLOAD];
    let mut packets = vec![0; burst * PACKET];
    let (started, cpu_before, mut count) = (Instant::now(), cpu(), 0u64);
    while started.elapsed() < time {
        for viewer in &mut viewers {
            for packet in packets.chunks_exact_mut(PACKET) {
                viewer.seal(&payload, packet);
            }
            send(socket.as_raw_fd(), viewer, &mut packets)?;
            count += burst as u64;
        }
    }
    Ok((cpu() - cpu_before).as_secs_f64() * 1e6 / count as f64)
}

fn main() -> io::Result<()> {
    let seconds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(2.0);
    print!("| CPU-µs per packet, bare loop |");
    VIEWERS.iter().for_each(|viewers| print!(" {viewers} viewers |"));
    println!("\n|---|{}", "---|".repeat(VIEWERS.len()));
    for burst in BURSTS {
        print!(
            "| {} |",
            if burst == 1 {
                "one at a time".to_owned()
            } else {
                format!("GSO of {burst}")
            }
        );
        for viewers in VIEWERS {
            print!(" {:.2} |", measure(viewers, burst, Duration::from_secs_f64(seconds))?);
        }
        println!();
    }
    Ok(())
}
