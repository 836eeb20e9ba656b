//! Of somebody who only listens it is known how well sound gets through, and the first picture heeds it.

use crate::common::{ALL, Camera, FRAME, Voice, World};
use std::time::Duration;
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, SlotId};

struct Call {
    world: World,
    camera: Camera,
    voices: Vec<Voice>,
    listener: ConnectionId,
}

impl Call {
    fn new(voices: u64) -> Call {
        let mut world = World::with(Config::default());
        let (ana, listener) = (world.connect(1), world.connect(2));
        let camera = world.publish_simulcast(ana, 10);
        let mut call = Call {
            camera,
            voices: Vec::new(),
            listener,
            world,
        };
        for id in 0..voices {
            let speaker = call.world.connect(10 + id);
            let voice = call.world.publish_voice(speaker, 30 + id, 0);
            call.world.hear(listener, 50 + id, &voice, true);
            call.voices.push(voice);
        }
        call
    }

    fn talk(&mut self, seconds: u64) {
        for _ in 0..seconds * 30 {
            self.camera.shoot(&mut self.world, ALL);
            self.voices.iter_mut().for_each(|voice| voice.say(&mut self.world));
            self.world.run(FRAME);
        }
    }

    fn estimate(&self) -> Option<u64> {
        self.world.stats(self.listener).expect("it is there").estimate
    }

    fn watch(&mut self) -> SlotId {
        let source = self.camera.source;
        self.world.watch(self.listener, 70, source)
    }
}

#[test]
fn sound_that_gets_through_tells_nothing_and_the_first_picture_comes_at_once() {
    let mut call = Call::new(2);
    call.talk(20);
    assert_eq!(call.estimate(), None);
    let slot = call.watch();
    call.talk(1);
    let seen = call.world.seen(call.listener, slot);
    assert!(seen.len() > 20, "{} packets", seen.len());
    assert!(call.estimate().is_some());
}

#[test]
fn where_voices_fill_the_way_the_first_picture_is_not_put_on_top_until_padding_showed_it_wide() {
    let mut call = Call::new(3);
    call.world.lay(
        call.listener,
        50_000,
        Duration::from_millis(300),
        Duration::from_millis(20),
    );
    call.talk(20);
    assert!(
        call.estimate().is_some_and(|bitrate| bitrate < 120_000),
        "{:?}",
        call.estimate()
    );
    let slot = call.watch();
    call.talk(1);
    assert_eq!(call.world.seen(call.listener, slot).len(), 0);
    assert!({ call.world.events.iter() }.any(|event| matches!(event, Event::Starved { slot: of, .. } if *of == slot)));
    call.world.pipe.as_mut().expect("laid").bitrate = 3_000_000;
    call.talk(10);
    assert!(call.world.counters().probes_out > 0);
    assert!(!call.world.seen(call.listener, slot).is_empty());
}
