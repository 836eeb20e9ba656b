//! Galène (README.PROTOCOL of its source): a connection for each stream, in each direction, and whoever sends offers.

use std::collections::HashMap;
use std::os::fd::RawFd;

use serde_json::{Value, json};

use super::{Dialer, Entered, Session};
use crate::cases::Role;
use crate::group::Client;
use crate::peer::Peer;
use crate::sdp::{self, Description};
use crate::wire::Wire;

/// The group that `bench/peers/galene.py` has configured.
const GROUP: &str = "bench";

pub fn enter(role: &Role, dialer: &Dialer<'_>) -> Result<Entered, String> {
    let mut galene = Galene {
        wire: Wire::connect(dialer.server(), "/ws", None)?,
    };
    let (id, name) = (format!("{:032x}", role.number + 1), format!("client {}", role.number));
    galene
        .wire
        .send(&json!({"type": "handshake", "version": ["2"], "id": id}))?;
    galene
        .wire
        .send(&json!({"type": "join", "kind": "join", "group": GROUP, "username": name, "password": "bench"}))?;
    galene.wait_for(|message| match (message["type"].as_str(), message["kind"].as_str()) {
        (Some("joined"), Some("join")) => Ok(Some(())),
        (Some("joined"), _) => Err(format!("not let in: {message}")),
        _ => Ok(None),
    })?;
    let mut clients = Vec::new();
    if !role.tracks.is_empty() {
        clients.push(dialer.publish(&role.tracks, false, |offer| galene.offer(&id, &name, offer))?);
    }
    Ok((Box::new(galene), clients))
}

struct Galene {
    wire: Wire,
}

impl Galene {
    fn offer(&mut self, source: &str, name: &str, sdp: &str) -> Result<Description, String> {
        let stream = format!("{source}-up");
        self.wire.send(&json!({
            "type": "offer", "id": stream, "label": "camera", "source": source, "username": name, "sdp": sdp,
        }))?;
        let answer = self.wait_for(|message| {
            let is_answer = message["type"] == "answer" && message["id"] == stream.as_str();
            Ok(is_answer.then(|| message["sdp"].as_str().unwrap_or("").to_owned()))
        })?;
        let mut server = Description::parse(&answer)?;
        if server.candidate.is_none() {
            self.wait_for(|message| {
                if message["type"] == "ice" && message["id"] == stream.as_str() {
                    server.take_candidate(message["candidate"]["candidate"].as_str().unwrap_or(""));
                }
                Ok(server.candidate)
            })?;
        }
        Ok(server)
    }

    /// The first message of which `take` makes something. Pings are answered meanwhile, as they always are.
    fn wait_for<T>(&mut self, mut take: impl FnMut(&Value) -> Result<Option<T>, String>) -> Result<T, String> {
        self.wire.wait_for(|wire, message| match message["type"].as_str() {
            Some("ping") => wire.send(&json!({"type": "pong"})).map(|()| None),
            Some("usermessage") if message["kind"] == "error" => Err(format!("{message}")),
            _ => take(&message),
        })
    }
}

/// A stream that the server has offered.
struct Down {
    peer: Peer,
    server: Description,
}

impl Session for Galene {
    fn watch(&mut self, tracks: usize, dialer: &Dialer<'_>) -> Result<Vec<Client>, String> {
        self.wire
            .send(&json!({"type": "request", "request": {"": ["audio", "video"]}}))?;
        let mut downs: HashMap<String, Down> = HashMap::new();
        self.wire.wait_for(|wire, message| {
            let id = message["id"].as_str().unwrap_or("").to_owned();
            match message["type"].as_str() {
                Some("ping") => wire.send(&json!({"type": "pong"}))?,
                Some("offer") => {
                    let offer = message["sdp"].as_str().unwrap_or("");
                    let server = Description::parse(offer)?;
                    let mut peer = match downs.remove(&id) {
                        Some(down) => down.peer,
                        None => dialer.peer()?,
                    };
                    let answer = sdp::answer(&peer.link.credentials(), offer, true);
                    wire.send(&json!({"type": "answer", "id": id, "sdp": answer}))?;
                    downs.insert(id, Down { peer, server });
                }
                Some("ice") => {
                    if let Some(down) = downs.get_mut(&id) {
                        let candidate = message["candidate"]["candidate"].as_str().unwrap_or("");
                        down.server.take_candidate(candidate);
                    }
                }
                Some("usermessage") if message["kind"] == "error" => return Err(format!("{message}")),
                _ => {}
            }
            let offered: usize = downs.values().map(|down| down.server.receiving.len()).sum();
            let all_reachable = downs.values().all(|down| down.server.candidate.is_some());
            Ok((offered >= tracks && all_reachable).then_some(()))
        })?;
        let downs = downs.into_values();
        downs
            .map(|down| dialer.start(down.peer, &down.server, &[], false))
            .collect()
    }

    fn fd(&self) -> RawFd {
        self.wire.fd()
    }

    fn stop_waiting(&mut self) {
        self.wire.stop_waiting();
    }

    fn ping(&mut self) -> Result<(), String> {
        self.wire.send(&json!({"type": "ping"}))
    }

    fn listen(&mut self) -> Result<(), String> {
        while let Some(message) = self.wire.read()? {
            match message["type"].as_str() {
                Some("ping") => self.wire.send(&json!({"type": "pong"}))?,
                Some("close" | "abort") => return Err(format!("{message}")),
                Some("usermessage") if message["kind"] == "error" => return Err(format!("{message}")),
                _ => {}
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), String> {
        self.wire
            .send(&json!({"type": "join", "kind": "leave", "group": GROUP}))
    }
}
