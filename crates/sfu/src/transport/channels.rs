//! Which of a client's data channels is which, and how much waits in them.

use str0m::channel::ChannelId;

use super::{Phase, Transport};

/// What the sender of a message may expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Everything arrives, in order.
    Reliable,
    /// What is lost stays lost, and nothing waits for it.
    Lossy,
}

/// Octets that may be in a channel without having arrived. What is lossy is not worth much later on; what is reliable must leave
/// room for it.
const RELIABLE_MAX: usize = 128 * 1024;
const LOSSY_MAX: usize = 64 * 1024;
/// Of both, and some for what opens a channel and what is said at its end.
pub(super) const BUFFERED_MAX: usize = RELIABLE_MAX + LOSSY_MAX + 1024;

impl Channel {
    /// Labels are case-sensitive, as in the browser.
    fn labelled(label: &str) -> Option<Channel> {
        match label {
            "reliable" => Some(Channel::Reliable),
            "lossy" => Some(Channel::Lossy),
            _ => None,
        }
    }

    fn buffered_max(self) -> usize {
        match self {
            Channel::Reliable => RELIABLE_MAX,
            Channel::Lossy => LOSSY_MAX,
        }
    }
}

/// What became of a message that was to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Done,
    /// What was written before has to arrive first.
    Full,
    /// There is no such channel.
    Closed,
}

/// What is open, by [`Channel`].
#[derive(Debug, Default)]
pub(super) struct Channels([Option<ChannelId>; 2]);

impl Channels {
    fn place(&mut self, channel: Channel) -> &mut Option<ChannelId> {
        &mut self.0[channel as usize]
    }

    fn which(&self, id: ChannelId) -> Option<Channel> {
        let all = [Channel::Reliable, Channel::Lossy];
        all.into_iter().find(|&channel| self.0[channel as usize] == Some(id))
    }
}

impl Transport {
    /// The client has opened a channel of that kind.
    pub fn has_channel(&self, channel: Channel) -> bool {
        self.channels.0[channel as usize].is_some()
    }

    /// Hands a message over to be sent. Call [`handle_timeout`](Transport::handle_timeout) before the first of a batch, for repeats are timed
    /// from then on, and poll after the last.
    pub fn write(&mut self, channel: Channel, message: &[u8]) -> Written {
        let id = *self.channels.place(channel);
        let open = id.filter(|_| self.phase == Phase::Secured);
        let Some(mut open) = open.and_then(|id| self.rtc.channel(id)) else {
            return Written::Closed;
        };
        if open.buffered_amount() + message.len() > channel.buffered_max() {
            return Written::Full;
        }
        match open.write(true, message) {
            Ok(true) => Written::Done,
            Ok(false) => Written::Full,
            Err(_) => Written::Closed,
        }
    }

    /// The client sees it end, after what was written before and this last message. What it sends meanwhile is ignored.
    pub fn close_channel(&mut self, channel: Channel, last: &[u8]) {
        let Some(id) = self.channels.place(channel).take() else {
            return;
        };
        if let Some(mut open) = self.rtc.channel(id) {
            // There is room for it where there is room for nothing else. Without it the client sees the end alone.
            let _ = open.write(true, last);
        }
        self.rtc.direct_api().close_data_channel(id);
    }

    /// Of two with one label the newer counts. One of a label that is not ours is left alone: PeerJS takes the end of such a channel for the
    /// end of the call.
    pub(super) fn channel_opened(&mut self, id: ChannelId, label: &str) {
        let Some(channel) = Channel::labelled(label) else {
            return;
        };
        if let Some(older) = self.channels.place(channel).replace(id) {
            self.rtc.direct_api().close_data_channel(older);
        }
    }

    pub(super) fn channel_closed(&mut self, id: ChannelId) -> Option<Channel> {
        let channel = self.channels.which(id)?;
        self.channels.place(channel).take();
        Some(channel)
    }

    /// By which channel a message came.
    pub(super) fn channel_of(&self, id: ChannelId) -> Option<Channel> {
        self.channels.which(id).filter(|_| self.phase == Phase::Secured)
    }
}
