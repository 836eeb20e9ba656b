//! The native protocol over a WebSocket, as far as a client of the generator speaks it.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::client::ClientRequestBuilder;
use tungstenite::{Error, Message, WebSocket};

/// No reply in this time is a failure.
const REPLY_WITHIN: Duration = Duration::from_secs(15);

/// One session.
pub struct Signal {
    socket: WebSocket<TcpStream>,
    next_id: u64,
    /// The last message's number.
    ack: u64,
}

impl Signal {
    /// Opens a socket to the server's `host:port`.
    pub fn connect(server: SocketAddr) -> Result<Signal, String> {
        let stream = TcpStream::connect(server).map_err(|error| format!("connect: {error}"))?;
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(REPLY_WITHIN)))
            .map_err(|e| e.to_string())?;
        let uri = format!("ws://{server}/ws")
            .parse()
            .map_err(|error| format!("{error}"))?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol("tertulia.v1");
        let (socket, _) =
            tungstenite::client::client(request, stream).map_err(|error| format!("websocket: {error}"))?;
        Ok(Signal {
            socket,
            next_id: 1,
            ack: 0,
        })
    }

    pub fn fd(&self) -> RawFd {
        self.socket.get_ref().as_raw_fd()
    }

    /// Sends a request, whose `id` is put in, and waits for its reply. Events before it are passed over.
    pub fn request(&mut self, mut message: Value) -> Result<Value, String> {
        let id = self.next_id;
        self.next_id += 1;
        message["id"] = json!(id);
        self.send(&message)?;
        loop {
            let reply = self.read()?.ok_or("no reply in time")?;
            match reply["type"].as_str() {
                Some("error") => return Err(format!("{}: {}", message["type"], reply["code"])),
                Some("bye") if message["type"] != "leave" => {
                    return Err(format!("{}: bye {}", message["type"], reply["code"]));
                }
                Some("bye") => return Ok(reply),
                _ if reply["id"] == id => return Ok(reply),
                _ => {}
            }
        }
    }

    pub fn ping(&mut self) -> Result<(), String> {
        self.send(&json!({"type": "ping", "ack": self.ack}))
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        self.socket
            .send(Message::text(message.to_string()))
            .map_err(|error| format!("send: {error}"))
    }

    /// From now on [`read`](Self::read) returns at once.
    pub fn stop_waiting(&mut self) {
        let _ = self.socket.get_ref().set_nonblocking(true);
    }

    /// From now on [`read`](Self::read) waits again.
    pub fn wait_again(&mut self) {
        let _ = self.socket.get_ref().set_nonblocking(false);
    }

    /// The next message; `None` where none has come in time.
    pub fn read(&mut self) -> Result<Option<Value>, String> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let message: Value = serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))?;
                    self.ack = message["seq"].as_u64().unwrap_or(self.ack);
                    return Ok(Some(message));
                }
                Ok(Message::Close(_)) => return Err("the server closed the socket".into()),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.to_string()),
            }
        }
    }
}
