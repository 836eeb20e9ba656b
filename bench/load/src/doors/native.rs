//! Tertulia's own protocol (docs/reference/native-protocol.md), as far as a client of the generator speaks it.

use std::os::fd::RawFd;
use std::sync::atomic::Ordering;

use serde_json::{Map, Value, json};

use super::{Dialer, Entered, Session};
use crate::cases::Role;
use crate::group::Client;
use crate::probe::Probe;
use crate::sdp::{self, Description};
use crate::wire::Wire;

pub fn enter(role: &Role, dialer: &Dialer<'_>) -> Result<Entered, String> {
    let mut native = Native {
        wire: Wire::connect(dialer.server(), "/ws", Some("tertulia.v1"))?,
        next_id: 1,
        ack: 0,
    };
    let name = format!("client {}", role.number);
    native.request(json!({"type": "join", "room": dialer.lobby.room, "name": name, "p2p": false}))?;
    let mut publications = Map::new();
    for (i, track) in role.tracks.iter().enumerate() {
        let (source, kind) = if track.video {
            ("camera", "video")
        } else {
            ("microphone", "audio")
        };
        let message = json!({"type": "publish", "source": source, "kind": kind, "width": 640, "height": 360});
        let reply = native.request(message)?;
        publications.insert(format!("s{i}"), reply["publication"]["id"].clone());
    }
    let client = native.connect(role, dialer, &publications)?;
    Ok((Box::new(native), vec![client]))
}

struct Native {
    wire: Wire,
    next_id: u64,
    /// The last message's number.
    ack: u64,
}

impl Native {
    fn connect(
        &mut self,
        role: &Role,
        dialer: &Dialer<'_>,
        publications: &Map<String, Value>,
    ) -> Result<Client, String> {
        if role.probe {
            let sections = (role.audio, role.video);
            let (mut probe, offer) = Probe::new(dialer.server(), sections, dialer.window(), dialer.milestones.clone())
                .map_err(|error| format!("socket: {error}"))?;
            let text = self.offer(&offer, publications)?;
            let answer = Description::parse(&text)?;
            let port = answer.candidate.map_or(0, |address| address.port());
            dialer.lobby.media_port.store(port, Ordering::Relaxed);
            probe.start(&answer, &text)?;
            return Ok(Client::Probe(Box::new(probe)));
        }
        let mut peer = dialer.peer()?;
        let offer = sdp::offer(&peer.link.credentials(), &role.tracks, role.audio, role.video, true);
        let answer = Description::parse(&self.offer(&offer, publications)?)?;
        dialer.start(peer, &answer, &role.tracks, true)
    }

    /// Returns the answer's text.
    fn offer(&mut self, sdp: &str, publications: &Map<String, Value>) -> Result<String, String> {
        let message = json!({"type": "offer", "to": "server", "serial": 1, "sdp": sdp, "publications": publications});
        let reply = self.request(message)?;
        Ok(reply["sdp"].as_str().ok_or("an answer without sdp")?.to_owned())
    }

    /// Sends a request, whose `id` is put in, and waits for its reply. Events before it are passed over.
    fn request(&mut self, mut message: Value) -> Result<Value, String> {
        let id = self.next_id;
        self.next_id += 1;
        message["id"] = json!(id);
        self.wire.send(&message)?;
        let ack = &mut self.ack;
        self.wire.wait_for(|_, reply| {
            *ack = reply["seq"].as_u64().unwrap_or(*ack);
            match reply["type"].as_str() {
                Some("error") => Err(format!("{}: {}", message["type"], reply["code"])),
                Some("bye") if message["type"] != "leave" => Err(format!("{}: bye {}", message["type"], reply["code"])),
                Some("bye") => Ok(Some(reply)),
                _ if reply["id"] == id => Ok(Some(reply)),
                _ => Ok(None),
            }
        })
    }
}

impl Session for Native {
    /// Everything comes by itself, in the sections of the first offer.
    fn watch(&mut self, _: usize, _: &Dialer<'_>) -> Result<Vec<Client>, String> {
        Ok(Vec::new())
    }

    fn fd(&self) -> RawFd {
        self.wire.fd()
    }

    fn stop_waiting(&mut self) {
        self.wire.stop_waiting();
    }

    fn ping(&mut self) -> Result<(), String> {
        self.wire.send(&json!({"type": "ping", "ack": self.ack}))
    }

    fn listen(&mut self) -> Result<(), String> {
        while let Some(message) = self.wire.read()? {
            self.ack = message["seq"].as_u64().unwrap_or(self.ack);
            if let Some(kind @ ("bye" | "error" | "media_lost" | "need_sections")) = message["type"].as_str() {
                return Err(format!("{kind}: {message}"));
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), String> {
        self.wire.wait_again();
        self.request(json!({"type": "leave"}))?;
        Ok(())
    }
}
