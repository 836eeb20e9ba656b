//! LiveKit: one connection that sends, for which we offer, and one that receives, for which the server offers, again with each track.
//! Messages are those of its `livekit_rtc.proto`, in protobuf's form of JSON.

mod protobuf;

use std::os::fd::RawFd;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use super::{Dialer, Entered, Session};
use crate::cases::Role;
use crate::group::Client;
use crate::sdp::{self, Description};
use crate::wire::Wire;

/// The key that `bench/peers/livekit.py` has configured, and its secret, which is none.
const KEY: &str = "bench";
const SECRET: &str = "known to this measurement and to nobody else";
/// Of the signalling: one connection each way, answers and offers told apart.
const PROTOCOL: u32 = 15;

pub fn enter(role: &Role, dialer: &Dialer<'_>) -> Result<Entered, String> {
    let token = token(&dialer.lobby.room, &format!("client-{}", role.number));
    let path = format!("/rtc?access_token={token}&auto_subscribe=0&protocol={PROTOCOL}&sdk=js&version=2.15.0");
    let mut livekit = Livekit {
        wire: Wire::connect(dialer.server(), &path, None)?.reading_binary(protobuf::response),
        me: String::new(),
        tracks: Vec::new(),
        unanswered: Vec::new(),
    };
    // From the first message of ours on it answers in JSON.
    livekit.ping()?;
    let me = livekit.wait_for(|message| Ok(message.get("join").map(|join| join["participant"]["sid"].clone())))?;
    livekit.me = me.as_str().unwrap_or("").to_owned();
    let mut clients = Vec::new();
    if !role.tracks.is_empty() {
        for track in &role.tracks {
            let (kind, source) = if track.video {
                ("VIDEO", "CAMERA")
            } else {
                ("AUDIO", "MICROPHONE")
            };
            let cid = sdp::track_id(track);
            let layers =
                json!([{"quality": "HIGH", "width": 640, "height": 360, "bitrate": 1_500_000, "ssrc": track.ssrc()}]);
            let layers = if track.video { layers } else { json!([]) };
            livekit.wire.send(&json!({"addTrack": {
                "cid": cid, "name": cid, "type": kind, "source": source, "width": 640, "height": 360, "layers": layers,
            }}))?;
            livekit.wait_for(|message| Ok((message["trackPublished"]["cid"] == cid.as_str()).then_some(())))?;
        }
        clients.push(dialer.publish(&role.tracks, true, |offer| livekit.offer(offer))?);
    }
    Ok((Box::new(livekit), clients))
}

/// A JWT (RFC 7519) that lets its bearer into the room.
fn token(room: &str, identity: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let claims = json!({
        "iss": KEY, "sub": identity, "nbf": now - 60, "exp": now + 3600,
        "video": {"roomJoin": true, "room": room, "canPublish": true, "canSubscribe": true},
    });
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let text = format!("{}.{}", encode(&json!({"alg": "HS256", "typ": "JWT"})), encode(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, text.as_bytes());
    format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}

struct Livekit {
    wire: Wire,
    me: String,
    /// Ids of the tracks that others have published, as far as they were told.
    tracks: Vec<Value>,
    /// What came for the connection that receives before there was one.
    unanswered: Vec<Value>,
}

impl Livekit {
    fn offer(&mut self, sdp: &str) -> Result<Description, String> {
        self.wire.send(&json!({"offer": {"type": "offer", "sdp": sdp}}))?;
        let (mut candidates, mut answer) = (Vec::new(), None);
        self.wait_for(|message| {
            candidates.extend(candidate(message, "PUBLISHER"));
            answer = message["answer"]["sdp"].as_str().map(str::to_owned).or(answer.take());
            let Some(answer) = &answer else { return Ok(None) };
            let mut server = Description::parse(answer)?;
            candidates.iter().for_each(|text: &String| server.take_candidate(text));
            Ok(server.candidate.is_some().then_some(server))
        })
    }

    /// The first message of which `take` makes something. Who publishes what is noted meanwhile.
    fn wait_for<T>(&mut self, mut take: impl FnMut(&Value) -> Result<Option<T>, String>) -> Result<T, String> {
        let (tracks, unanswered, me) = (&mut self.tracks, &mut self.unanswered, self.me.as_str());
        self.wire.wait_for(|_, message| {
            note_tracks(tracks, me, &message);
            if message.get("offer").is_some() || candidate(&message, "SUBSCRIBER").is_some() {
                unanswered.push(message.clone());
            }
            match message.get("leave") {
                Some(leave) => Err(format!("sent away: {leave}")),
                None => take(&message),
            }
        })
    }
}

/// Takes note of tracks in the lists of participants that `message` has.
fn note_tracks(known: &mut Vec<Value>, me: &str, message: &Value) {
    let (at_join, later) = (
        &message["join"]["otherParticipants"],
        &message["update"]["participants"],
    );
    let participants = [at_join, later].into_iter().filter_map(Value::as_array).flatten();
    for participant in participants.filter(|participant| participant["sid"] != me) {
        for track in participant["tracks"].as_array().into_iter().flatten() {
            if !known.contains(&track["sid"]) {
                known.push(track["sid"].clone());
            }
        }
    }
}

/// A candidate for the connection `target`. Protobuf's JSON leaves out the first value of an enumeration.
fn candidate(message: &Value, target: &str) -> Option<String> {
    let trickle = message.get("trickle")?;
    if trickle["target"].as_str().unwrap_or("PUBLISHER") != target {
        return None;
    }
    let init: Value = serde_json::from_str(trickle["candidateInit"].as_str()?).ok()?;
    Some(init["candidate"].as_str()?.to_owned())
}

impl Session for Livekit {
    fn watch(&mut self, tracks: usize, dialer: &Dialer<'_>) -> Result<Vec<Client>, String> {
        while self.tracks.len() < tracks {
            let known = self.tracks.len();
            self.wait_for(|message| Ok(message.get("update").map(|_| ())))
                .map_err(|error| format!("{known} of {tracks} tracks are announced: {error}"))?;
        }
        self.wire
            .send(&json!({"subscription": {"trackSids": self.tracks, "subscribe": true}}))?;
        let mut peer = dialer.peer()?;
        let credentials = peer.link.credentials();
        let (mut candidates, mut last) = (Vec::new(), None);
        let mut take = |wire: &mut Wire, message: &Value| {
            candidates.extend(candidate(message, "SUBSCRIBER"));
            if let Some(offer) = message["offer"]["sdp"].as_str() {
                let answer = sdp::answer(&credentials, offer, true);
                let id = message["offer"]["id"].clone();
                wire.send(&json!({"answer": {"type": "answer", "sdp": answer, "id": id}}))?;
                last = Some(offer.to_owned());
            }
            let Some(offer) = &last else { return Ok(None) };
            let mut server = Description::parse(offer)?;
            candidates.iter().for_each(|text: &String| server.take_candidate(text));
            Ok::<_, String>((server.receiving.len() >= tracks && server.candidate.is_some()).then_some(server))
        };
        for message in std::mem::take(&mut self.unanswered) {
            take(&mut self.wire, &message)?;
        }
        let server = self.wire.wait_for(|wire, message| take(wire, &message))?;
        Ok(vec![dialer.start(peer, &server, &[], false)?])
    }

    fn fd(&self) -> RawFd {
        self.wire.fd()
    }

    fn stop_waiting(&mut self) {
        self.wire.stop_waiting();
    }

    fn ping(&mut self) -> Result<(), String> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        self.wire
            .send(&json!({"pingReq": {"timestamp": now.to_string(), "rtt": "0"}}))
    }

    fn listen(&mut self) -> Result<(), String> {
        while let Some(message) = self.wire.read()? {
            if let Some(kind) = ["leave", "offer"].into_iter().find(|kind| message.get(kind).is_some()) {
                return Err(format!("{kind}: {message}"));
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), String> {
        self.wire.send(&json!({"leave": {"reason": "CLIENT_INITIATED"}}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_of_others_are_noted_once() {
        let mut known = Vec::new();
        let one = json!({"update": {"participants": [
            {"sid": "me", "tracks": [{"sid": "a"}]}, {"sid": "other", "tracks": [{"sid": "b"}, {"sid": "c"}]},
        ]}});
        note_tracks(&mut known, "me", &one);
        note_tracks(
            &mut known,
            "me",
            &json!({"join": {"otherParticipants": [{"sid": "other", "tracks": [{"sid": "b"}]}]}}),
        );
        assert_eq!(known, [json!("b"), json!("c")]);
    }

    #[test]
    fn a_candidate_without_a_target_is_the_publishers() {
        let message =
            json!({"trickle": {"candidateInit": "{\"candidate\":\"candidate:1 1 udp 1 10.0.0.1 7 typ host\"}"}});
        assert!(candidate(&message, "PUBLISHER").is_some());
        assert_eq!(candidate(&message, "SUBSCRIBER"), None);
    }
}
