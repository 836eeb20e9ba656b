//! Ancillary data of one message: our own address both ways; when it came; the segment size on the way out (Linux).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

/// Room for IPV6_PKTINFO (40 bytes with its header) and UDP_SEGMENT (24) or a time (32); aligned as `cmsghdr` wants.
#[derive(Clone, Copy, Default)]
#[repr(C, align(8))]
pub(crate) struct Control([u64; 9]);

pub(crate) const CONTROL_LEN: usize = size_of::<Control>();

/// Writes control messages one behind the other.
pub(crate) struct ControlWriter<'a> {
    control: &'a mut Control,
    len: usize,
}

impl<'a> ControlWriter<'a> {
    pub fn new(control: &'a mut Control) -> ControlWriter<'a> {
        ControlWriter { control, len: 0 }
    }

    /// Leaves from `local`, whatever the route says.
    pub fn local_address(&mut self, local: IpAddr, remote: SocketAddr) {
        match local {
            IpAddr::V4(ip) => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from_ne_bytes(ip.octets()),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                self.push(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
            }
            IpAddr::V6(ip) => {
                // A link-local source means nothing without its interface, which the peer's address names.
                let interface = match remote {
                    SocketAddr::V6(remote) if ip.is_unicast_link_local() => remote.scope_id(),
                    _ => 0,
                };
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr { s6_addr: ip.octets() },
                    ipi6_ifindex: interface,
                };
                self.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
            }
        }
    }

    /// The kernel cuts the message into datagrams of this length.
    pub fn segment_size(&mut self, size: u16) {
        self.push(libc::SOL_UDP, libc::UDP_SEGMENT, size);
    }

    /// Bytes written.
    pub fn len(&self) -> usize {
        self.len
    }

    fn push<T: Copy>(&mut self, level: i32, kind: i32, value: T) {
        // SAFETY: pure arithmetic on a length.
        let (space, len) = unsafe {
            (
                libc::CMSG_SPACE(size_of::<T>() as u32),
                libc::CMSG_LEN(size_of::<T>() as u32),
            )
        };
        assert!(
            self.len + space as usize <= CONTROL_LEN,
            "control messages have known sizes"
        );
        let start = (&raw mut self.control.0)
            .cast::<u8>()
            .wrapping_add(self.len)
            .cast::<libc::cmsghdr>();
        // SAFETY: the assertion keeps header and value inside `control`, which is aligned for a header since every
        // CMSG_SPACE is a multiple of the header's alignment; the value may be unaligned for its type.
        unsafe {
            start.write(libc::cmsghdr {
                cmsg_len: len as _,
                cmsg_level: level,
                cmsg_type: kind,
            });
            libc::CMSG_DATA(start).cast::<T>().write_unaligned(value);
        }
        self.len += space as usize;
    }
}

/// What the kernel tells of a received message.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    /// Which of our addresses it reached.
    pub local: Option<IpAddr>,
    /// When, by the wall clock.
    pub arrived: Option<Duration>,
}

/// Since 1970.
pub(crate) fn wall_clock() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}

/// # Safety
/// `header` was filled by a successful receive call and its control buffer is still alive.
pub(crate) unsafe fn read(header: &libc::msghdr) -> Told {
    let mut told = Told::default();
    // SAFETY: the kernel filled the buffer and its length; CMSG_NXTHDR stays inside. Values are read unaligned.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(head) = message.as_ref() {
            match (head.cmsg_level, head.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info = libc::CMSG_DATA(message).cast::<libc::in_pktinfo>().read_unaligned();
                    told.local = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info = libc::CMSG_DATA(message).cast::<libc::in6_pktinfo>().read_unaligned();
                    told.local = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                }
                #[cfg(target_os = "linux")]
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let time = libc::CMSG_DATA(message).cast::<libc::timespec>().read_unaligned();
                    told.arrived = Some(Duration::new(time.tv_sec as u64, time.tv_nsec as u32));
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    told
}
