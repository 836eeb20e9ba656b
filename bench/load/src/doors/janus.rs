//! Janus and its video room (janus.conf.meetecho.com/docs/rest and …/videoroom): one connection that sends, one that receives.

use std::os::fd::RawFd;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Dialer, Entered, Session};
use crate::cases::Role;
use crate::group::Client;
use crate::sdp::{self, Description};
use crate::wire::Wire;

/// The room that `bench/peers/janus.py` has configured.
const ROOM: u64 = 1;
const PLUGIN: &str = "janus.plugin.videoroom";
const ALL_PUBLISH_WITHIN: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

pub fn enter(role: &Role, dialer: &Dialer<'_>) -> Result<Entered, String> {
    let mut janus = Janus {
        wire: Wire::connect(dialer.server(), "/", Some("janus-protocol"))?,
        session: 0,
        next_transaction: 1,
        feed: feed(role.number),
    };
    janus.session = id(&janus.request(json!({"janus": "create"}))?)?;
    let mut clients = Vec::new();
    if !role.tracks.is_empty() {
        let handle = janus.attach()?;
        let name = format!("client {}", role.number);
        janus.message(
            handle,
            json!({"request": "join", "ptype": "publisher", "room": ROOM, "id": janus.feed, "display": name}),
            None,
        )?;
        clients.push(dialer.publish(&role.tracks, false, |offer| {
            let event = janus.message(
                handle,
                json!({"request": "publish"}),
                Some(json!({"type": "offer", "sdp": offer})),
            )?;
            Description::parse(jsep(&event)?)
        })?);
    }
    Ok((Box::new(janus), clients))
}

/// What a client is called as a publisher. Janus wants it to be positive.
fn feed(number: u32) -> u64 {
    u64::from(number) + 1
}

fn id(reply: &Value) -> Result<u64, String> {
    reply["data"]["id"].as_u64().ok_or(format!("no id: {reply}"))
}

fn jsep(event: &Value) -> Result<&str, String> {
    event["jsep"]["sdp"].as_str().ok_or(format!("no description: {event}"))
}

struct Janus {
    wire: Wire,
    session: u64,
    next_transaction: u64,
    feed: u64,
}

impl Janus {
    /// Those who send besides us. Waits until everybody in the room does: Janus notes it some time after the connection is up.
    fn feeds(&mut self, handle: u64) -> Result<Vec<Value>, String> {
        let began = Instant::now();
        while began.elapsed() < ALL_PUBLISH_WITHIN {
            let room = self.message(handle, json!({"request": "listparticipants", "room": ROOM}), None)?;
            let participants = room["plugindata"]["data"]["participants"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let (publishing, waiting): (Vec<Value>, Vec<Value>) = participants
                .into_iter()
                .filter(|one| one["id"] != self.feed)
                .partition(|one| one["publisher"] == true);
            if waiting.is_empty() && !publishing.is_empty() {
                return Ok(publishing.into_iter().map(|one| one["id"].clone()).collect());
            }
            thread::sleep(LOOK_AGAIN);
        }
        Err("not everybody publishes".into())
    }

    fn attach(&mut self) -> Result<u64, String> {
        id(&self.request(json!({"janus": "attach", "plugin": PLUGIN}))?)
    }

    /// Sends a message to a handle of the plugin, and waits for the event that answers.
    fn message(&mut self, handle: u64, body: Value, jsep: Option<Value>) -> Result<Value, String> {
        let mut message = json!({"janus": "message", "handle_id": handle, "body": body});
        if let Some(jsep) = jsep {
            message["jsep"] = jsep;
        }
        let event = self.request(message)?;
        match event["plugindata"]["data"].get("error") {
            Some(error) => Err(format!("{error}")),
            None => Ok(event),
        }
    }

    fn request(&mut self, message: Value) -> Result<Value, String> {
        let transaction = self.send(message)?;
        self.wire.wait_for(|_, reply| {
            if reply["transaction"] != transaction.as_str() {
                return Ok(None);
            }
            match reply["janus"].as_str() {
                Some("error") => Err(format!("{}", reply["error"])),
                // The event follows.
                Some("ack") => Ok(None),
                _ => Ok(Some(reply)),
            }
        })
    }

    fn send(&mut self, mut message: Value) -> Result<String, String> {
        let transaction = self.next_transaction.to_string();
        self.next_transaction += 1;
        message["transaction"] = json!(transaction);
        if self.session != 0 {
            message["session_id"] = json!(self.session);
        }
        self.wire.send(&message)?;
        Ok(transaction)
    }
}

impl Session for Janus {
    fn watch(&mut self, tracks: usize, dialer: &Dialer<'_>) -> Result<Vec<Client>, String> {
        let handle = self.attach()?;
        let streams: Vec<Value> = self
            .feeds(handle)?
            .into_iter()
            .map(|feed| json!({"feed": feed}))
            .collect();
        let event = self.message(
            handle,
            json!({"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams}),
            None,
        )?;
        let offer = jsep(&event)?;
        let mut server = Description::parse(offer)?;
        // It is ready for DTLS only some time after ICE is. Of a first flight of ours it would miss the first, and see it again after a second.
        server.active = true;
        if server.receiving.len() != tracks {
            return Err(format!("{} of {tracks} tracks are offered", server.receiving.len()));
        }
        let mut peer = dialer.peer()?;
        let answer = sdp::answer(&peer.link.credentials(), offer, !server.active);
        self.message(
            handle,
            json!({"request": "start"}),
            Some(json!({"type": "answer", "sdp": answer})),
        )?;
        Ok(vec![dialer.start(peer, &server, &[], false)?])
    }

    fn fd(&self) -> RawFd {
        self.wire.fd()
    }

    fn stop_waiting(&mut self) {
        self.wire.stop_waiting();
    }

    fn ping(&mut self) -> Result<(), String> {
        self.send(json!({"janus": "keepalive"}))?;
        Ok(())
    }

    fn listen(&mut self) -> Result<(), String> {
        while let Some(message) = self.wire.read()? {
            if let Some(kind @ ("error" | "timeout" | "hangup" | "detached")) = message["janus"].as_str() {
                return Err(format!("{kind}: {message}"));
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), String> {
        self.wire.wait_again();
        self.request(json!({"janus": "destroy"}))?;
        Ok(())
    }
}
