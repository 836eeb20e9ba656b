//! What a second worker brings: the engine's own forwarding, one video to many viewers, on one thread and on two.
//!
//! `tertulia-bench-workers [SECONDS]` prints CPU time (user + system, by thread). Clients, ICE and feedback are left out, receivers never
//! read. A thread that has a core of its own carries as many packets as its CPU time allows, so what two carry together is limited by the
//! busier one; by CPU time and not by the clock, so that whatever else runs on the machine counts little.

mod cpu;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use cpu::cpu;
use socket2::SockRef;
use tertulia_sfu::across::Across;
use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec};
use tertulia_sfu::config::Config;
use tertulia_sfu::egress::{DATAGRAM_MAX, Egress};
use tertulia_sfu::keys::{KeyingMaterial, certificate_fingerprint};
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::srtp::{SrtpProfile, SrtpSender, SrtpSession};
use tertulia_sfu::types::{
    Codec, ConnectionId, Extensions, IceCredentials, MediaKind, Path, RoomKey, SlotId, SourceId, WorkerId,
};

const VIEWERS: [u64; 3] = [20, 100, 300];
/// As in the load generator: frames of five packets.
const FRAME: usize = 5;
const PAYLOAD: usize = 1130;
/// Eight publishers' frames, one after another.
const PACE: Duration = Duration::from_millis(4);
const SOURCE: SourceId = SourceId(1);
const SSRC: u32 = 1000;

/// Sends bursts of equal length to one viewer in one call.
struct Wire {
    socket: UdpSocket,
    buffer: Vec<u8>,
    filled: usize,
    segment: usize,
    to: Option<SocketAddr>,
    packets: u64,
}

impl Wire {
    /// The socket is shared, as those of an engine are.
    fn new(socket: UdpSocket) -> Wire {
        Wire {
            socket,
            buffer: vec![0; FRAME * DATAGRAM_MAX + DATAGRAM_MAX],
            filled: 0,
            segment: 0,
            to: None,
            packets: 0,
        }
    }

    fn send(&mut self) {
        if let Some(to) = self.to.take() {
            let whole = [io::IoSlice::new(&self.buffer[..self.filled])];
            let to = to.into();
            let mut message = socket2::MsgHdr::new().with_addr(&to).with_buffers(&whole);
            let control = segment_control(self.segment as u16);
            if self.filled > self.segment {
                message = message.with_control(&control);
            }
            SockRef::from(&self.socket).sendmsg(&message, 0).expect("sent");
        }
        (self.filled, self.segment) = (0, 0);
    }
}

/// `cmsghdr` with UDP_SEGMENT.
fn segment_control(segment: u16) -> [u8; 24] {
    let mut control = [0; 24];
    // SAFETY: needs no memory.
    let len = unsafe { libc::CMSG_LEN(2) } as usize;
    control[..8].copy_from_slice(&len.to_ne_bytes());
    control[8..12].copy_from_slice(&libc::SOL_UDP.to_ne_bytes());
    control[12..16].copy_from_slice(&libc::UDP_SEGMENT.to_ne_bytes());
    control[16..18].copy_from_slice(&segment.to_ne_bytes());
    control
}

impl Egress for Wire {
    fn buffer(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    fn commit(&mut self, path: &Path, len: usize) {
        let goes_on = self.to == Some(path.remote) && len <= self.segment && self.filled < FRAME * self.segment;
        if !goes_on && self.to.is_some() {
            let begin = self.filled;
            let mut packet = [0; DATAGRAM_MAX];
            packet[..len].copy_from_slice(&self.buffer[begin..begin + len]);
            self.send();
            self.buffer[..len].copy_from_slice(&packet[..len]);
        }
        if !goes_on {
            (self.to, self.segment) = (Some(path.remote), len);
        }
        self.filled += len;
        self.packets += 1;
        if len < self.segment || self.filled == FRAME * self.segment {
            self.send();
        }
    }
}

/// A worker with its viewers, whose sockets are bound so that loopback has somewhere to deliver.
struct Side {
    sfu: Sfu,
    wire: Wire,
    _sinks: Vec<UdpSocket>,
}

impl Side {
    fn new(socket: UdpSocket) -> Side {
        Side {
            sfu: Sfu::new(Config::default()),
            wire: Wire::new(socket),
            _sinks: Vec::new(),
        }
    }

    /// Past ICE and DTLS; gives where it is.
    fn open(&mut self, id: u64) -> io::Result<Path> {
        let sink = UdpSocket::bind("127.0.0.1:0")?;
        let path = Path {
            remote: sink.local_addr()?,
            local: [127, 0, 0, 1].into(),
            socket: 0,
        };
        self._sinks.push(sink);
        let credentials = |side: &str| IceCredentials {
            ufrag: format!("{side}{id}"),
            pwd: "a password of some length".into(),
        };
        self.command(Command::Open {
            connection: ConnectionId(id),
            room: RoomKey(1),
            local: credentials("ours"),
            remote: credentials("theirs"),
            fingerprint: certificate_fingerprint(),
            dtls_active: false,
        });
        self.sfu
            .secure(ConnectionId(id), path, session(id, false), Instant::now());
        Ok(path)
    }

    fn command(&mut self, command: Command) {
        self.sfu.handle_command(command, Instant::now(), &mut self.wire);
    }

    fn watch(&mut self, viewers: impl Iterator<Item = u64>, home: Option<WorkerId>) -> io::Result<()> {
        for id in viewers {
            self.open(id)?;
            let slot = SlotId(id);
            self.command(Command::AddSlot {
                connection: ConnectionId(id),
                slot,
                spec: SlotSpec {
                    kind: MediaKind::Video,
                    mid: "0".into(),
                    ssrc: 5000 + id as u32,
                    rtx_ssrc: 500_000 + id as u32,
                    extensions: Extensions::default(),
                    transport_cc: false,
                },
            });
            let to = Binding {
                source: SOURCE,
                payload_type: 96,
                rtx_payload_type: Some(97),
                red_payload_type: None,
            };
            self.command(match home {
                None => Command::Bind { slot, to: Some(to) },
                Some(home) => Command::BindMirror {
                    slot,
                    to,
                    home,
                    spec: Arc::new(spec()),
                },
            });
        }
        Ok(())
    }

    /// What the mirror says.
    fn take(&mut self, mut messages: Vec<Across>) {
        let now = Instant::now();
        self.sfu.handle_across(WorkerId(1), &mut messages, now, &mut self.wire);
    }

    fn hand_over(&mut self, to: &Sender<Vec<Across>>) {
        self.sfu.hand_over(|_, messages| {
            let _ = to.send(std::mem::take(messages));
        });
    }

    fn finish(&mut self, now: Instant) {
        self.sfu.flush(now, &mut self.wire);
        if self.sfu.poll_timeout().is_some_and(|due| due <= now) {
            self.sfu.handle_timeout(now, &mut self.wire);
        }
        while self.sfu.poll_event().is_some() {}
        self.wire.send();
    }
}

fn session(id: u64, client: bool) -> SrtpSession {
    let material = [id as u8; 56];
    SrtpSession::new(&KeyingMaterial::new(&material, SrtpProfile::AeadAes128Gcm, client)).expect("long enough")
}

fn spec() -> SourceSpec {
    SourceSpec {
        kind: MediaKind::Video,
        codec: Codec::Vp8,
        mid: "v".into(),
        clock_rate: 90_000,
        payload_type: 96,
        rtx_payload_type: Some(97),
        red_payload_type: None,
        encodings: vec![EncodingSpec {
            ssrc: Some(SSRC),
            ..EncodingSpec::default()
        }],
        nack: true,
        extensions: Extensions::default(),
    }
}

/// Frames as a publisher seals them, the first a key frame.
fn film(frames: usize) -> Vec<Vec<u8>> {
    let (mut sender, _): (SrtpSender, _) = session(1, true).split();
    let packet = |index: usize| {
        let (frame, part) = (index / FRAME, index % FRAME);
        let mut packet = vec![0; 12 + PAYLOAD + 32];
        packet[..2].copy_from_slice(&[0x80, 96 | u8::from(part + 1 == FRAME) << 7]);
        packet[2..4].copy_from_slice(&(index as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(frame as u32 * 3000).to_be_bytes());
        packet[8..12].copy_from_slice(&SSRC.to_be_bytes());
        let payload = &mut packet[12..12 + PAYLOAD];
        // VP8's descriptor, and the header of a key frame or another (RFC 7741).
        let begin: &[u8] = match (part, frame) {
            (0, 0) => &[0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00],
            (0, _) => &[0x10, 0x11, 0, 0],
            _ => &[0x00],
        };
        payload[..begin.len()].copy_from_slice(begin);
        let len = sender.seal_rtp(&mut packet, 12, PAYLOAD, SSRC, index as u64);
        packet.truncate(len);
        packet
    };
    (0..frames * FRAME).map(packet).collect()
}

/// What one thread sent, and its CPU time.
#[derive(Clone, Copy, Default)]
struct Done {
    packets: u64,
    cpu: Duration,
}

/// The worker that has viewers only, until the other one hangs up.
fn mirror(
    socket: UdpSocket,
    viewers: impl Iterator<Item = u64>,
    inbox: Receiver<Vec<Across>>,
    outbox: Sender<Vec<Across>>,
) -> io::Result<Done> {
    let mut side = Side::new(socket);
    side.watch(viewers, Some(WorkerId(0)))?;
    side.hand_over(&outbox);
    let before = cpu();
    while let Ok(mut messages) = inbox.recv() {
        let now = Instant::now();
        side.sfu.handle_across(WorkerId(0), &mut messages, now, &mut side.wire);
        side.finish(now);
        side.hand_over(&outbox);
    }
    Ok(Done {
        packets: side.wire.packets,
        cpu: cpu() - before,
    })
}

fn run(viewers: u64, workers: u64, time: Duration) -> io::Result<Vec<Done>> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let mut home = Side::new(socket.try_clone()?);
    let publisher = home.open(1)?;
    home.command(Command::AddSource {
        connection: ConnectionId(1),
        source: SOURCE,
        spec: spec(),
    });
    let here = viewers / workers;
    home.watch(2..2 + here, None)?;
    let (to_mirror, inbox) = channel();
    let (outbox, from_mirror) = channel();
    let other = (workers == 2).then(|| thread::spawn(move || mirror(socket, 2 + here..2 + viewers, inbox, outbox)));
    if other.is_some() {
        // All of them have bound, and then say what they watch.
        for _ in 0..2 {
            let messages = from_mirror.recv().map_err(io::Error::other)?;
            home.take(messages);
            home.hand_over(&to_mirror);
        }
    }
    let frames = (time.as_secs_f64() / PACE.as_secs_f64()) as usize;
    let mut packets = film(frames);
    let (began, before) = (Instant::now(), cpu());
    for (number, frame) in packets.chunks_mut(FRAME).enumerate() {
        thread::sleep((began + PACE * number as u32).saturating_duration_since(Instant::now()));
        from_mirror.try_iter().for_each(|messages| home.take(messages));
        let now = Instant::now();
        for packet in frame {
            home.sfu.handle_datagram(publisher, packet, now, now, &mut home.wire);
        }
        home.hand_over(&to_mirror);
        home.finish(now);
        home.hand_over(&to_mirror);
    }
    let mut done = vec![Done {
        packets: home.wire.packets,
        cpu: cpu() - before,
    }];
    drop(to_mirror);
    if let Some(other) = other {
        done.push(other.join().expect("no panic")?);
    }
    let sent: u64 = done.iter().map(|done| done.packets).sum();
    let expected = viewers * (frames * FRAME) as u64;
    assert!(
        (expected..expected + expected / 100).contains(&sent),
        "{sent} of {expected}"
    );
    Ok(done)
}

fn main() -> io::Result<()> {
    let argument = std::env::args().nth(1);
    let seconds = argument.and_then(|text| text.parse().ok()).unwrap_or(4.0);
    println!("| viewers | CPU-µs per packet, one worker | two workers | the busier of them | two carry |");
    println!("|---|---|---|---|---|");
    for viewers in VIEWERS {
        let mut figures = Vec::new();
        for workers in [1, 2] {
            let done = run(viewers, workers, Duration::from_secs_f64(seconds))?;
            let packets: u64 = done.iter().map(|done| done.packets).sum();
            let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / packets as f64;
            let busiest = done.iter().map(|done| done.cpu).max().unwrap_or_default();
            figures.push((micros(done.iter().map(|done| done.cpu).sum()), micros(busiest)));
        }
        let [(one, limit_of_one), (two, limit_of_two)] = figures[..] else {
            unreachable!("one and two workers")
        };
        let carry = limit_of_one / limit_of_two;
        println!("| {viewers} | {one:.2} | {two:.2} | {limit_of_two:.2} | {carry:.2} × |");
    }
    Ok(())
}
