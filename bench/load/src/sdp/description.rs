//! What is needed of a server's answer or offer.

use std::net::SocketAddr;

use tertulia_sfu::types::{Extensions, Fingerprint};

use super::{ABS_SEND_TIME_URI, AUDIO_LEVEL_URI, MID_URI, TRANSPORT_CC_URI};

/// SSRCs of a section in which the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiving {
    pub video: bool,
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
}

/// The server's side: its answer or its offer.
#[derive(Debug)]
pub struct Description {
    pub ufrag: String,
    pub pwd: String,
    /// SHA-256 of the certificate.
    pub fingerprint: Vec<u8>,
    /// The server's media port. It may be told later.
    pub candidate: Option<SocketAddr>,
    /// It only answers checks (RFC 8445 §2.5).
    pub lite: bool,
    /// It begins DTLS.
    pub active: bool,
    /// It has a data channel.
    pub data: bool,
    /// Header-extension ids in what it sends.
    pub extensions: Extensions,
    /// It asks for REMB, and has no transport-wide numbers.
    pub remb: bool,
    pub receiving: Vec<Receiving>,
}

impl Description {
    pub fn parse(text: &str) -> Result<Description, String> {
        let (mut ufrag, mut pwd, mut fingerprint, mut candidate) = (None, None, None, None);
        let (mut lite, mut active, mut data, mut remb) = (false, false, false, false);
        let mut extensions = Extensions::default();
        let (mut receiving, mut streams) = (Vec::new(), Streams::default());
        for line in text.lines().map(str::trim_end).chain(["m=end"]) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name {
                _ if line.starts_with("m=") => {
                    receiving.extend(std::mem::take(&mut streams).section());
                    streams.video = line.starts_with("m=video");
                    data |= line.starts_with("m=application") && !line.starts_with("m=application 0 ");
                    if line.starts_with("m=video 0 ") || line.starts_with("m=audio 0 ") {
                        return Err(format!("the server refused a section: {line}"));
                    }
                }
                "a=ice-ufrag" => ufrag = Some(value.to_owned()),
                "a=ice-pwd" => pwd = Some(value.to_owned()),
                "a=ice-lite" => lite = true,
                "a=setup" => active |= value == "active",
                "a=fingerprint" if value.to_ascii_lowercase().starts_with("sha-256 ") => {
                    let parsed: Fingerprint = value.parse().map_err(|error| format!("{error}"))?;
                    fingerprint = Some(parsed.0.to_vec());
                }
                "a=candidate" => candidate = better(candidate, value),
                "a=ssrc-group" => streams.take_group(value),
                "a=ssrc" => streams.take(value),
                "a=extmap" => take_extension(&mut extensions, value),
                "a=rtcp-fb" => remb |= value.ends_with(" goog-remb"),
                _ => {}
            }
        }
        let (Some(ufrag), Some(pwd), Some(fingerprint)) = (ufrag, pwd, fingerprint) else {
            return Err("the description lacks credentials or a fingerprint".into());
        };
        Ok(Description {
            ufrag,
            pwd,
            fingerprint,
            candidate,
            lite,
            active,
            data,
            extensions,
            remb: remb && extensions.transport_cc == 0,
            receiving,
        })
    }

    /// Takes a candidate that came by itself, in the form of SDP's attribute.
    pub fn take_candidate(&mut self, text: &str) {
        let value = text.trim_start_matches("a=").trim_start_matches("candidate:");
        self.candidate = better(self.candidate, value);
    }
}

/// What a section tells of its streams.
#[derive(Debug, Default)]
struct Streams {
    video: bool,
    first: Option<u32>,
    repaired: Option<(u32, u32)>,
}

impl Streams {
    fn take(&mut self, value: &str) {
        let ssrc = value.split(' ').next().and_then(|number| number.parse().ok());
        self.first = self.first.or(ssrc);
    }

    fn take_group(&mut self, value: &str) {
        let mut words = value.split(' ');
        let is_repair = words.next() == Some("FID");
        let numbers: Vec<u32> = words.filter_map(|number| number.parse().ok()).collect();
        if let (true, &[media, rtx]) = (is_repair, numbers.as_slice()) {
            self.repaired = Some((media, rtx));
        }
    }

    fn section(self) -> Option<Receiving> {
        let rtx_ssrc = self.repaired.map(|(_, rtx)| rtx);
        let ssrc = self.repaired.map(|(media, _)| media).or(self.first)?;
        Some(Receiving {
            video: self.video,
            ssrc,
            rtx_ssrc,
        })
    }
}

fn take_extension(extensions: &mut Extensions, value: &str) {
    let (id, uri) = value.split_once(' ').unwrap_or((value, ""));
    let Ok(id) = id.split('/').next().unwrap_or("").parse() else {
        return;
    };
    match uri {
        TRANSPORT_CC_URI => extensions.transport_cc = id,
        ABS_SEND_TIME_URI => extensions.abs_send_time = id,
        MID_URI => extensions.mid = id,
        AUDIO_LEVEL_URI => extensions.audio_level = id,
        _ => {}
    }
}

/// The first IPv4 candidate for UDP, or a loopback one, which is preferred.
fn better(known: Option<SocketAddr>, value: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = value.split(' ').collect();
    let is_udp = words
        .get(2)
        .is_some_and(|transport| transport.eq_ignore_ascii_case("udp"));
    let address = words
        .get(4..6)
        .filter(|_| is_udp)
        .and_then(|pair| format!("{}:{}", pair[0], pair[1]).parse::<SocketAddr>().ok());
    match address {
        Some(address) if address.is_ipv4() && (known.is_none() || address.ip().is_loopback()) => Some(address),
        _ => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transport() -> String {
        format!(
            "a=ice-ufrag:abcd\r\na=ice-pwd:p\r\na=fingerprint:sha-256 {}\r\n",
            ["AB"; 32].join(":")
        )
    }

    #[test]
    fn streams_and_the_loopback_candidate_are_read() {
        let text = "v=0\r\n".to_owned()
            + &transport()
            + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n\
               a=candidate:2 1 udp 1 127.0.0.1 5000 typ host\r\na=candidate:3 1 tcp 1 127.0.0.1 80 typ host tcptype passive\r\na=ssrc-group:FID 7 8\r\na=ssrc:7 cname:x\r\na=ssrc:8 cname:x\r\n\
               m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ssrc:9 cname:y\r\n";
        let answer = Description::parse(&text).unwrap();
        assert_eq!(answer.candidate, Some("127.0.0.1:5000".parse().unwrap()));
        let video = Receiving {
            video: true,
            ssrc: 7,
            rtx_ssrc: Some(8),
        };
        assert_eq!(
            answer.receiving,
            [
                video,
                Receiving {
                    video: false,
                    ssrc: 9,
                    rtx_ssrc: None
                }
            ]
        );
    }

    #[test]
    fn remb_is_for_those_who_have_no_transport_wide_numbers() {
        let video = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtcp-fb:96 goog-remb\r\n";
        let text = format!("v=0\r\na=ice-lite\r\n{}{video}", transport());
        let described = Description::parse(&text).unwrap();
        assert!(described.remb && described.lite && !described.active);
        let text = format!("{text}a=extmap:5/sendonly {TRANSPORT_CC_URI}\r\na=setup:active\r\n");
        let described = Description::parse(&text).unwrap();
        assert!(!described.remb && described.active);
        assert_eq!(described.extensions.transport_cc, 5);
    }
}
