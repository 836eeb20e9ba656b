//! The offer of a client as a browser writes it, and what is needed of the answer.

use std::fmt::Write;
use std::net::SocketAddr;

use tertulia_sfu::types::{Extensions, Fingerprint};

use crate::publisher::TrackSpec;

/// Payload types.
pub const VP8: u8 = 96;
pub const RTX: u8 = 97;
pub const OPUS: u8 = 111;

/// Header-extension ids in all sections.
pub const EXTENSIONS: Extensions = Extensions {
    mid: 4,
    transport_cc: 3,
    audio_level: 1,
    video_orientation: 0,
    abs_send_time: 0,
    rid: 0,
    repaired_rid: 0,
};

const TRANSPORT_CC_URI: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// Our side of the transport.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub ufrag: String,
    pub pwd: String,
    /// "sha-256 AB:…"
    pub fingerprint: String,
}

/// An offer: the sending sections with mids `s0`…, then the receiving ones, then the data channel.
pub fn offer(credentials: &Credentials, tracks: &[TrackSpec], audio: usize, video: usize) -> String {
    let mut text = String::new();
    let mut mids = String::new();
    for (i, track) in tracks.iter().enumerate() {
        let mid = format!("s{i}");
        section(&mut text, &mid, track.video, "sendonly");
        let (ssrc, rtx) = (track.ssrc(), track.rtx_ssrc());
        if track.video {
            let _ = write!(
                text,
                "a=ssrc-group:FID {ssrc} {rtx}\r\na=ssrc:{ssrc} cname:bench\r\na=ssrc:{rtx} cname:bench\r\n"
            );
        } else {
            let _ = write!(text, "a=ssrc:{ssrc} cname:bench\r\n");
        }
        let _ = write!(mids, " {mid}");
    }
    for i in 0..audio + video {
        let mid = format!("r{i}");
        section(&mut text, &mid, i >= audio, "recvonly");
        let _ = write!(mids, " {mid}");
    }
    text +=
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:data\r\na=sctp-port:5000\r\n";
    let Credentials {
        ufrag,
        pwd,
        fingerprint,
    } = credentials;
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE{mids} data\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:{pwd}\r\na=ice-options:trickle\r\na=fingerprint:{fingerprint}\r\na=setup:actpass\r\n{text}"
    )
}

fn section(text: &mut String, mid: &str, video: bool, direction: &str) {
    let (kind, formats) = if video {
        ("video", format!("{VP8} {RTX}"))
    } else {
        ("audio", OPUS.to_string())
    };
    let _ = write!(
        text,
        "m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n\
         a=rtcp-rsize\r\na=extmap:{} {TRANSPORT_CC_URI}\r\na=extmap:{} urn:ietf:params:rtp-hdrext:sdes:mid\r\n",
        EXTENSIONS.transport_cc, EXTENSIONS.mid
    );
    let _ = match video {
        true => write!(
            text,
            "a=rtpmap:{VP8} VP8/90000\r\na=rtcp-fb:{VP8} transport-cc\r\na=rtcp-fb:{VP8} ccm fir\r\na=rtcp-fb:{VP8} nack\r\n\
             a=rtcp-fb:{VP8} nack pli\r\na=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VP8}\r\n"
        ),
        false => write!(
            text,
            "a=extmap:{} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=rtpmap:{OPUS} opus/48000/2\r\n\
             a=rtcp-fb:{OPUS} transport-cc\r\na=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n",
            EXTENSIONS.audio_level
        ),
    };
}

/// SSRCs of a section in which the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiving {
    pub video: bool,
    pub ssrc: u32,
    pub rtx_ssrc: Option<u32>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub ufrag: String,
    pub pwd: String,
    /// SHA-256 of the certificate.
    pub fingerprint: Vec<u8>,
    /// The server's media port.
    pub candidate: SocketAddr,
    pub receiving: Vec<Receiving>,
}

impl Answer {
    pub fn parse(text: &str) -> Result<Answer, String> {
        let (mut ufrag, mut pwd, mut fingerprint, mut candidate) = (None, None, None, None);
        let (mut receiving, mut video, mut ssrcs) = (Vec::new(), false, Vec::<u32>::new());
        for line in text.lines().chain(["m=end"]) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name {
                _ if line.starts_with("m=") => {
                    if let Some(&ssrc) = ssrcs.first() {
                        receiving.push(Receiving {
                            video,
                            ssrc,
                            rtx_ssrc: ssrcs.get(1).copied(),
                        });
                    }
                    ssrcs.clear();
                    video = line.starts_with("m=video");
                    if line.starts_with("m=video 0 ") || line.starts_with("m=audio 0 ") {
                        return Err(format!("the server refused a section: {line}"));
                    }
                }
                "a=ice-ufrag" => ufrag = Some(value.to_owned()),
                "a=ice-pwd" => pwd = Some(value.to_owned()),
                "a=fingerprint" => {
                    let parsed: Fingerprint = value.parse().map_err(|error| format!("{error}"))?;
                    fingerprint = Some(parsed.0.to_vec());
                }
                "a=candidate" => candidate = better(candidate, value),
                "a=ssrc" => {
                    let ssrc = value.split(' ').next().and_then(|number| number.parse().ok());
                    ssrcs.extend(ssrc.filter(|ssrc| !ssrcs.contains(ssrc)));
                }
                _ => {}
            }
        }
        let (Some(ufrag), Some(pwd), Some(fingerprint), Some(candidate)) = (ufrag, pwd, fingerprint, candidate) else {
            return Err("the answer lacks credentials, fingerprint or an IPv4 candidate".into());
        };
        Ok(Answer {
            ufrag,
            pwd,
            fingerprint,
            candidate,
            receiving,
        })
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

    #[test]
    fn streams_and_the_loopback_candidate_are_read() {
        let text = "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:p\r\na=fingerprint:sha-256 ".to_owned()
            + &["AB"; 32].join(":")
            + "\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n\
               a=candidate:2 1 udp 1 127.0.0.1 5000 typ host\r\na=candidate:3 1 tcp 1 127.0.0.1 80 typ host tcptype passive\r\na=ssrc-group:FID 7 8\r\na=ssrc:7 cname:x\r\na=ssrc:8 cname:x\r\n\
               m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ssrc:9 cname:y\r\n";
        let answer = Answer::parse(&text).unwrap();
        assert_eq!(answer.candidate, "127.0.0.1:5000".parse().unwrap());
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
}
