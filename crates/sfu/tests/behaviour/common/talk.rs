//! Messages on data channels.

use super::World;
use std::time::Duration;
use str0m::Input;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use tertulia_sfu::command::Command;
use tertulia_sfu::types::ConnectionId;

pub const RELIABLE: &str = "reliable";
pub const LOSSY: &str = "lossy";

/// As a page writes it, about the topic `pen`.
pub fn written(to: &[&str], payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1, to.len() as u8];
    for text in to.iter().chain([&"pen"]) {
        bytes.push(text.len() as u8);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 1]);
    bytes.extend_from_slice(payload);
    bytes
}

impl World {
    /// Connects somebody who has both channels.
    pub fn join(&mut self, id: u64, name: &str, sends: bool) -> ConnectionId {
        let connection = self.connect(id);
        self.introduce(connection, name, sends);
        self.spread();
        for label in [RELIABLE, LOSSY] {
            self.open_channel(connection, label);
        }
        connection
    }

    pub fn introduce(&mut self, connection: ConnectionId, name: &str, sends: bool) {
        self.command(Command::Member {
            connection,
            name: name.into(),
            sends,
        });
    }

    pub fn open_channel(&mut self, connection: ConnectionId, label: &str) {
        let reliability = match label {
            LOSSY => Reliability::MaxRetransmits { retransmits: 0 },
            _ => Reliability::Reliable,
        };
        let now = self.now;
        let client = self.client(connection);
        client.rtc.direct_api().create_data_channel(ChannelConfig {
            label: label.into(),
            ordered: label != LOSSY,
            reliability,
            ..ChannelConfig::default()
        });
        let _ = client.rtc.handle_input(Input::Timeout(now));
        self.run(Duration::from_millis(50));
    }

    pub fn channel(&mut self, connection: ConnectionId, label: &str) -> Option<ChannelId> {
        let channels = &self.client(connection).channels;
        channels.iter().find(|(known, _)| known == label).map(|(_, id)| *id)
    }

    /// False: there is no room for it, or no such channel any more.
    pub fn say(&mut self, connection: ConnectionId, label: &str, bytes: &[u8]) -> bool {
        let (now, id) = (self.now, self.channel(connection, label));
        let client = self.client(connection);
        let _ = client.rtc.handle_input(Input::Timeout(now));
        let channel = id.and_then(|id| client.rtc.channel(id));
        let written = channel.is_some_and(|mut channel| channel.write(true, bytes).unwrap_or(false));
        self.settle();
        written
    }

    /// What came on that channel since the last time, as sender and payload.
    pub fn told(&mut self, connection: ConnectionId) -> Vec<(String, Vec<u8>)> {
        let messages = std::mem::take(&mut self.client(connection).messages);
        let all = messages.iter().map(|(_, bytes)| {
            let named = 2 + usize::from(bytes[1]);
            let from = match bytes[1] {
                0 => String::new(),
                1 => String::from_utf8(bytes[3..3 + usize::from(bytes[2])].to_vec()).unwrap(),
                names => panic!("signed by {names}"),
            };
            let topic = named + from.len();
            let payload = topic + 1 + usize::from(bytes[topic]) + 8;
            (from, bytes[payload..].to_vec())
        });
        all.collect()
    }
}
