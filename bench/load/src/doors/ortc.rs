//! Parameters in place of SDP, by HTTP: the small servers in `bench/peers`, around libraries without signalling of their own.
//!
//! `POST /publish` has the tracks that a client sends over a connection, `POST /watch` asks for all that the others send. Both have our
//! side of the transport, and are answered with the server's side and, after `/watch`, with its streams.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::RawFd;
use std::time::Duration;

use serde_json::{Value, json};
use tertulia_sfu::types::{Extensions, Fingerprint};

use super::{Dialer, Entered, Session};
use crate::cases::Role;
use crate::group::Client;
use crate::publisher::TrackSpec;
use crate::sdp::{self, Credentials, Description, Receiving};

const REPLY_WITHIN: Duration = Duration::from_secs(15);

pub fn enter(role: &Role, dialer: &Dialer<'_>) -> Result<Entered, String> {
    let session = Ortc { person: role.number };
    let mut clients = Vec::new();
    if !role.tracks.is_empty() {
        clients.push(session.connect("/publish", &role.tracks, dialer)?.0);
    }
    Ok((Box::new(session), clients))
}

struct Ortc {
    person: u32,
}

impl Ortc {
    /// Returns the connection, and how many streams the server sends.
    fn connect(&self, path: &str, tracks: &[TrackSpec], dialer: &Dialer<'_>) -> Result<(Client, usize), String> {
        let mut peer = dialer.peer()?;
        let request = json!({
            "person": self.person,
            "transport": ours(&peer.link.credentials()),
            "tracks": tracks.iter().map(track).collect::<Vec<_>>(),
            "payload_types": {"vp8": sdp::VP8, "rtx": sdp::RTX, "opus": sdp::OPUS},
            "extensions": {
                "mid": sdp::EXTENSIONS.mid,
                "transport_cc": sdp::EXTENSIONS.transport_cc,
                "audio_level": sdp::EXTENSIONS.audio_level,
            },
        });
        let reply = post(dialer.server(), path, &request)?;
        let server = description(&reply).ok_or(format!("{path}: {reply}"))?;
        let streams = server.receiving.len();
        Ok((dialer.start(peer, &server, tracks, true)?, streams))
    }
}

impl Session for Ortc {
    fn watch(&mut self, tracks: usize, dialer: &Dialer<'_>) -> Result<Vec<Client>, String> {
        let (client, streams) = self.connect("/watch", &[], dialer)?;
        if streams != tracks {
            return Err(format!("{streams} of {tracks} tracks are offered"));
        }
        Ok(vec![client])
    }

    fn fd(&self) -> RawFd {
        -1
    }

    fn stop_waiting(&mut self) {}

    fn ping(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn listen(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// The end of DTLS says it.
    fn leave(&mut self) -> Result<(), String> {
        Ok(())
    }
}

fn ours(credentials: &Credentials) -> Value {
    json!({
        "ufrag": credentials.ufrag,
        "pwd": credentials.pwd,
        "fingerprint": credentials.fingerprint,
        "address": credentials.address.to_string(),
    })
}

fn track(spec: &TrackSpec) -> Value {
    let rtx = spec.video.then(|| spec.rtx_ssrc());
    json!({"kind": if spec.video { "video" } else { "audio" }, "ssrc": spec.ssrc(), "rtx": rtx})
}

fn description(reply: &Value) -> Option<Description> {
    let transport = &reply["transport"];
    let text = |name: &str| transport[name].as_str();
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    let receiving = reply["streams"].as_array()?.iter().map(|stream| {
        Some(Receiving {
            video: stream["kind"] == "video",
            ssrc: number(&stream["ssrc"])?,
            rtx_ssrc: number(&stream["rtx"]),
        })
    });
    let transport_cc = reply["transport_cc"].as_u64().unwrap_or(0) as u8;
    Some(Description {
        ufrag: text("ufrag")?.to_owned(),
        pwd: text("pwd")?.to_owned(),
        fingerprint: text("fingerprint")?.parse::<Fingerprint>().ok()?.0.to_vec(),
        candidate: Some(text("address")?.parse().ok()?),
        lite: transport["lite"] == true,
        active: transport["active"] == true,
        data: false,
        extensions: Extensions {
            transport_cc,
            ..Extensions::default()
        },
        remb: transport_cc == 0,
        receiving: receiving.collect::<Option<_>>()?,
    })
}

/// One request on a connection of its own.
fn post(server: SocketAddr, path: &str, body: &Value) -> Result<Value, String> {
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let exchange = || {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(REPLY_WITHIN))?;
        stream.write_all((head + &body).as_bytes())?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        Ok(reply)
    };
    let reply = exchange().map_err(|error: std::io::Error| format!("{path}: {error}"))?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or(format!("{path}: cut short"))?;
    let status = head.lines().next().unwrap_or("");
    if !status.contains(" 200") {
        return Err(format!("{path}: {status}: {body}"));
    }
    serde_json::from_str(body).map_err(|error| format!("{path}: not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_without_transport_wide_numbers_asks_for_remb() {
        let mut reply = json!({
            "transport": {
                "ufrag": "u", "pwd": "p", "fingerprint": format!("sha-256 {}", ["AB"; 32].join(":")),
                "address": "127.0.0.1:5000", "lite": true, "active": false,
            },
            "streams": [{"kind": "video", "ssrc": 7, "rtx": 8}, {"kind": "audio", "ssrc": 9, "rtx": null}],
        });
        let server = description(&reply).unwrap();
        assert!(server.remb && server.lite);
        assert_eq!(
            (server.receiving[0].rtx_ssrc, server.receiving[1].rtx_ssrc),
            (Some(8), None)
        );
        reply["transport_cc"] = json!(5);
        let server = description(&reply).unwrap();
        assert!(!server.remb && server.extensions.transport_cc == 5);
        reply["transport"]["address"] = json!("nowhere");
        assert!(description(&reply).is_none());
    }
}
