//! What we answer to a server that offers.

use std::fmt::Write;

use super::{Credentials, KNOWN_URIS};

/// The answer of a browser that receives all that a server offers in VP8 and Opus. `active`: we begin DTLS.
pub fn answer(credentials: &Credentials, offer: &str, active: bool) -> String {
    let transport = credentials.attributes(if active { "active" } else { "passive" });
    let mut text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n".to_owned();
    let lines: Vec<&str> = offer.lines().map(str::trim_end).collect();
    let group = lines.iter().find(|line| line.starts_with("a=group:BUNDLE"));
    text.extend(group.map(|line| format!("{line}\r\n")));
    for section in sections(&lines) {
        answer_section(&mut text, &transport, section);
    }
    text
}

/// The parts that begin with "m=".
fn sections<'a, 'b>(lines: &'b [&'a str]) -> impl Iterator<Item = &'b [&'a str]> {
    let starts: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].starts_with("m=")).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([lines.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &lines[start..end])
}

fn answer_section(text: &mut String, transport: &str, section: &[&str]) {
    let head: Vec<&str> = section[0].split(' ').collect();
    let valued = |name: &str| section.iter().find(|line| line.starts_with(name)).copied();
    let mid = valued("a=mid:").unwrap_or("a=mid:0");
    if head[0] == "m=application" {
        let _ = write!(
            text,
            "{}\r\nc=IN IP4 0.0.0.0\r\n{mid}\r\na=sctp-port:5000\r\n{transport}",
            section[0]
        );
        return;
    }
    let formats = accepted(section);
    if head.get(1) == Some(&"0") || formats.is_empty() {
        let _ = write!(
            text,
            "{} 0 {} {}\r\nc=IN IP4 0.0.0.0\r\n{mid}\r\na=inactive\r\n",
            head[0], head[2], head[3]
        );
        return;
    }
    let sends = valued("a=inactive").is_none() && valued("a=recvonly").is_none();
    let direction = if sends { "recvonly" } else { "inactive" };
    let _ = write!(
        text,
        "{} 9 {} {}\r\nc=IN IP4 0.0.0.0\r\n{transport}{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
        head[0],
        head[2],
        formats.join(" ")
    );
    for line in section {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let (subject, rest) = value.split_once(' ').unwrap_or((value, ""));
        let is_wanted = match name {
            "a=extmap" => KNOWN_URIS.contains(&rest),
            "a=rtpmap" | "a=rtcp-fb" | "a=fmtp" => formats.contains(&subject),
            _ => false,
        };
        if is_wanted {
            let _ = write!(text, "{line}\r\n");
        }
    }
}

/// Payload types of VP8 and Opus, and of what repairs them.
fn accepted<'a>(section: &[&'a str]) -> Vec<&'a str> {
    let of = |name: &str| {
        let values = section
            .iter()
            .filter_map(|line| line.strip_prefix(name)?.split_once(' '));
        values.collect::<Vec<(&str, &str)>>()
    };
    let is_ours = |codec: &str| codec.eq_ignore_ascii_case("VP8/90000") || codec.eq_ignore_ascii_case("opus/48000/2");
    let codecs = of("a=rtpmap:");
    let mut formats: Vec<&str> = codecs
        .iter()
        .filter(|(_, codec)| is_ours(codec))
        .map(|(format, _)| *format)
        .collect();
    let repairs: Vec<&str> = of("a=fmtp:")
        .into_iter()
        .filter(|(format, value)| {
            let is_rtx = codecs.contains(&(format, "rtx/90000"));
            is_rtx && value.strip_prefix("apt=").is_some_and(|apt| formats.contains(&apt))
        })
        .map(|(format, _)| format)
        .collect();
    formats.extend(repairs);
    formats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_takes_vp8_opus_and_their_repair_and_nothing_else() {
        let offer = "v=0\r\na=group:BUNDLE 0 1 d\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 98 45 46 99\r\na=mid:0\r\na=sendonly\r\na=rtpmap:98 VP9/90000\r\na=rtpmap:45 VP8/90000\r\n\
            a=rtcp-fb:45 nack\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n\
            a=extmap:7 urn:3gpp:video-orientation\r\na=extmap:5 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:1\r\na=sendonly\r\n\
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n";
        let credentials = Credentials {
            ufrag: "u".into(),
            pwd: "p".into(),
            fingerprint: "sha-256 AB".into(),
            address: "127.0.0.1:4000".parse().unwrap(),
        };
        let text = answer(&credentials, offer, true);
        let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(
            heads,
            [
                "m=video 9 UDP/TLS/RTP/SAVPF 45 46",
                "m=audio 0 UDP/TLS/RTP/SAVPF 0",
                "m=application 9 UDP/DTLS/SCTP webrtc-datachannel"
            ]
        );
        for line in [
            "a=group:BUNDLE 0 1 d",
            "a=recvonly",
            "a=setup:active",
            "a=rtcp-fb:45 nack",
            "a=fmtp:46 apt=45",
        ] {
            assert!(text.lines().any(|given| given == line), "{line} is missing in {text}");
        }
        assert!(!text.contains("video-orientation") && !text.contains("98"));
    }
}
