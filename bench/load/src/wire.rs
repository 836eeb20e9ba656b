//! JSON messages over a WebSocket: what most kinds of signalling are made of.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use serde_json::Value;
use tungstenite::client::ClientRequestBuilder;
use tungstenite::{Error, Message, WebSocket};

/// No reply in this time is a failure.
const REPLY_WITHIN: Duration = Duration::from_secs(15);

pub struct Wire {
    socket: WebSocket<TcpStream>,
    binary: Option<fn(&[u8]) -> Value>,
}

impl Wire {
    /// Opens a socket to `path` (with its slash) of the server's `host:port`.
    pub fn connect(server: SocketAddr, path: &str, protocol: Option<&str>) -> Result<Wire, String> {
        let stream = TcpStream::connect(server).map_err(|error| format!("connect: {error}"))?;
        stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(REPLY_WITHIN)))
            .map_err(|e| e.to_string())?;
        let uri = format!("ws://{server}{path}")
            .parse()
            .map_err(|error| format!("{error}"))?;
        let mut request = ClientRequestBuilder::new(uri);
        if let Some(protocol) = protocol {
            request = request.with_sub_protocol(protocol);
        }
        let (socket, _) =
            tungstenite::client::client(request, stream).map_err(|error| format!("websocket: {error}"))?;
        Ok(Wire { socket, binary: None })
    }

    /// Messages that are not text are read by `binary`, and not passed over.
    pub fn reading_binary(self, binary: fn(&[u8]) -> Value) -> Wire {
        Wire {
            binary: Some(binary),
            ..self
        }
    }

    pub fn fd(&self) -> RawFd {
        self.socket.get_ref().as_raw_fd()
    }

    pub fn send(&mut self, message: &Value) -> Result<(), String> {
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
                    return serde_json::from_str(&text)
                        .map(Some)
                        .map_err(|error| format!("not JSON: {error}"));
                }
                Ok(Message::Binary(bytes)) => {
                    if let Some(binary) = self.binary {
                        return Ok(Some(binary(&bytes)));
                    }
                }
                Ok(Message::Close(_)) => return Err("the server closed the socket".into()),
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    /// Waits for the first message of which `take` makes something, and passes over the others.
    pub fn wait_for<T>(
        &mut self,
        mut take: impl FnMut(&mut Wire, Value) -> Result<Option<T>, String>,
    ) -> Result<T, String> {
        let began = Instant::now();
        while began.elapsed() < REPLY_WITHIN {
            let message = self.read()?.ok_or("no reply in time")?;
            if let Some(taken) = take(self, message)? {
                return Ok(taken);
            }
        }
        Err("no reply in time".into())
    }
}
