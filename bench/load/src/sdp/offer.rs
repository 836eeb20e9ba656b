//! What we offer.

use std::fmt::Write;

use super::{AUDIO_LEVEL_URI, Credentials, EXTENSIONS, MID_URI, OPUS, RTX, TRANSPORT_CC_URI, VP8, track_id};
use crate::publisher::TrackSpec;

/// An offer: the sending sections with mids `s0`…, then the receiving ones, then the data channel where it is wanted.
pub fn offer(credentials: &Credentials, tracks: &[TrackSpec], audio: usize, video: usize, data: bool) -> String {
    let transport = credentials.attributes("actpass");
    let (mut text, mut mids) = (String::new(), String::new());
    for (i, track) in tracks.iter().enumerate() {
        let mid = format!("s{i}");
        section(&mut text, &transport, &mid, track.video, "sendonly");
        let (ssrc, rtx) = (track.ssrc(), track.rtx_ssrc());
        let _ = write!(text, "a=msid:bench {}\r\n", track_id(track));
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
        section(&mut text, &transport, &mid, i >= audio, "recvonly");
        let _ = write!(mids, " {mid}");
    }
    if data {
        text += "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:data\r\na=sctp-port:5000\r\n";
        text += &transport;
        mids += " data";
    }
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE{mids}\r\n{text}")
}

fn section(text: &mut String, transport: &str, mid: &str, video: bool, direction: &str) {
    let (kind, formats) = if video {
        ("video", format!("{VP8} {RTX}"))
    } else {
        ("audio", OPUS.to_string())
    };
    let _ = write!(
        text,
        "m={kind} 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\n{transport}a=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n\
         a=rtcp-rsize\r\na=extmap:{} {TRANSPORT_CC_URI}\r\na=extmap:{} {MID_URI}\r\n",
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
            "a=extmap:{} {AUDIO_LEVEL_URI}\r\na=rtpmap:{OPUS} opus/48000/2\r\n\
             a=rtcp-fb:{OPUS} transport-cc\r\na=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n",
            EXTENSIONS.audio_level
        ),
    };
}
