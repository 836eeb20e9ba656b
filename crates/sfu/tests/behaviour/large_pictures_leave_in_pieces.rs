//! On a narrow way voices are not stuck behind a large picture.

use crate::common::World;
use std::time::{Duration, Instant};
use tertulia_sfu::config::Config;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId, SourceId};

const VOICE: Duration = Duration::from_millis(20);

struct Talk {
    world: World,
    camera: (ConnectionId, SourceId),
    microphone: (ConnectionId, SourceId),
    viewer: ConnectionId,
    watched: SlotId,
    heard: SlotId,
    said: Vec<Instant>,
}

impl Talk {
    fn new() -> Talk {
        let mut world = World::with(Config::default());
        let (ana, ben, viewer) = (world.connect(1), world.connect(2), world.connect(3));
        let (picture, voice) = (world.publish_video(ana, 10), world.publish_audio(ben, 11));
        let watched = world.watch(viewer, 20, picture);
        let heard = world.add_slot(viewer, 21, MediaKind::Audio);
        world.bind(heard, voice, MediaKind::Audio);
        Talk {
            camera: (ana, picture),
            microphone: (ben, voice),
            viewer,
            watched,
            heard,
            said: Vec::new(),
            world,
        }
    }

    /// A picture now, and a voice all the time until the next.
    fn film(&mut self, key: bool, lengths: &[usize]) {
        self.world.send_frame(self.camera.0, self.camera.1, key, lengths);
        for _ in 0..3 {
            self.said.push(self.world.now);
            self.world.send_audio(self.microphone.0, self.microphone.1, 30);
            self.world.run(VOICE);
        }
    }

    /// How long the voice took from the n-th packet on, at most.
    fn latest(&mut self, since: usize) -> Duration {
        let said = self.said[since..].to_vec();
        let (viewer, heard) = (self.viewer, self.heard);
        let packets = self.world.packets(viewer, heard);
        let arrived = packets.iter().skip(since).map(|packet| packet.timestamp);
        arrived
            .zip(said)
            .map(|(arrived, said)| arrived - said)
            .max()
            .expect("it is heard")
    }
}

#[test]
fn a_key_frame_that_fills_the_way_for_half_a_second_delays_voices_little() {
    let mut talk = Talk::new();
    talk.film(true, &[500]);
    talk.world.narrow(talk.viewer, 400_000);
    // More than it carries, until that is known; then less.
    (0..100).for_each(|_| talk.film(false, &[900, 900, 900, 900]));
    (0..100).for_each(|_| talk.film(false, &[400]));
    let since = talk.said.len();
    talk.film(true, &[900; 28]);
    (0..40).for_each(|_| talk.film(false, &[400]));
    let latest = talk.latest(since);
    assert!(latest < Duration::from_millis(150), "{latest:?}");
    let numbers = talk.world.numbers(talk.viewer, talk.watched);
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(numbers.len(), 1 + 400 + 100 + 28 + 40);
}

#[test]
fn where_no_limit_was_met_a_key_frame_leaves_at_once() {
    let mut talk = Talk::new();
    (0..50).for_each(|i| talk.film(i == 0, &[900]));
    talk.world.media_sent.clear();
    talk.world.send_frame(talk.camera.0, talk.camera.1, true, &[900; 28]);
    let sent = { talk.world.media_sent.iter() }.filter(|(client, len)| *client == talk.viewer && *len > 500);
    assert_eq!(sent.count(), 28);
}
