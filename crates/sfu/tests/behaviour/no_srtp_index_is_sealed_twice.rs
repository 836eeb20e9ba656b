//! Two packets under one SRTP index give away both (RFC 3711 §9.1). Whatever comes in, in whatever order, and whatever
//! is bound, switched, muted, paused, lost and asked for again: no index of any stream is sealed with two contents.
//!
//! The SFU's own debug assertion watches every seal by content and panics; here is also checked from outside that no
//! two datagrams towards a client share SSRC and sequence number with different bytes, for runs shorter than a
//! roll-over.

use crate::common::{ALL, Camera, World, is_media};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;
use tertulia_sfu::command::{Binding, Command};
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event;
use tertulia_sfu::types::{ConnectionId, MediaKind, SlotId, SourceId};

#[derive(Debug, Clone)]
enum Step {
    Frame {
        source: u8,
        key: bool,
        packets: u8,
        complete: bool,
    },
    /// One bit for each encoding of the camera: in which its picture goes out, and in which as a key frame.
    Picture {
        encodings: u8,
        keys: u8,
    },
    SkipPictures {
        encoding: u8,
        count: u16,
    },
    Padding {
        source: u8,
    },
    Sound,
    Skip {
        source: u8,
        count: u16,
    },
    Bind {
        slot: u8,
        source: Option<u8>,
        rtx: bool,
    },
    Pause {
        slot: u8,
        paused: bool,
    },
    Wish {
        slot: u8,
        pixels: u32,
    },
    Enable {
        source: u8,
        enabled: bool,
    },
    Reverse(bool),
    Copies(bool),
    LoseUp(u8),
    LoseDown(u8),
    Replay,
    Run(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..2u8, prop::bool::weighted(0.3), 1..6u8, prop::bool::weighted(0.8))
            .prop_map(|(source, key, packets, complete)| Step::Frame { source, key, packets, complete }),
        12 => (0..8u8, 0..8u8).prop_map(|(encodings, keys)| Step::Picture { encodings, keys }),
        1 => (0..3u8, prop_oneof![1..5u16, 20_000..40_000u16])
            .prop_map(|(encoding, count)| Step::SkipPictures { encoding, count }),
        1 => (0..2u8).prop_map(|source| Step::Padding { source }),
        3 => Just(Step::Sound),
        1 => (0..2u8, prop_oneof![1..5u16, 1..3000u16, 20_000..40_000u16])
            .prop_map(|(source, count)| Step::Skip { source, count }),
        3 => (0..2u8, prop::option::weighted(0.8, 0..3u8), any::<bool>())
            .prop_map(|(slot, source, rtx)| Step::Bind { slot, source, rtx }),
        1 => (0..2u8, any::<bool>()).prop_map(|(slot, paused)| Step::Pause { slot, paused }),
        4 => (0..2u8, prop::sample::select(vec![0, 1, 640 * 360, u32::MAX]))
            .prop_map(|(slot, pixels)| Step::Wish { slot, pixels }),
        1 => (0..3u8, prop::bool::weighted(0.7)).prop_map(|(source, enabled)| Step::Enable { source, enabled }),
        1 => any::<bool>().prop_map(Step::Reverse),
        1 => any::<bool>().prop_map(Step::Copies),
        1 => (0..4u8).prop_map(Step::LoseUp),
        1 => (0..4u8).prop_map(Step::LoseDown),
        1 => Just(Step::Replay),
        8 => (1..120u16).prop_map(Step::Run),
    ]
}

type Seen = Rc<RefCell<HashMap<(ConnectionId, u32, u16), Vec<u8>>>>;
type Upstream = Rc<RefCell<Vec<(ConnectionId, Vec<u8>)>>>;

/// Loses about `share` of eight media datagrams, evenly spread.
fn loses(share: &Rc<RefCell<(u8, u32)>>, datagram: &[u8]) -> bool {
    let mut state = share.borrow_mut();
    state.1 = state.1.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    is_media(datagram) && ((state.1 >> 24) % 8) < u32::from(state.0)
}

struct Run {
    world: World,
    publishers: [ConnectionId; 2],
    /// The last is the camera's.
    sources: [SourceId; 3],
    camera: Camera,
    sound: SourceId,
    slots: [SlotId; 2],
    up: Rc<RefCell<(u8, u32)>>,
    down: Rc<RefCell<(u8, u32)>>,
    upstream: Upstream,
}

impl Run {
    fn new(hold: bool) -> Run {
        let mut world = World::with(Config {
            hold_min_viewers: if hold { 1 } else { 8 },
            ..Config::default()
        });
        let publishers = [world.connect(1), world.connect(2)];
        let camera = world.publish_simulcast(publishers[1], 13);
        let sources = [
            world.publish_video(publishers[0], 10),
            world.publish_video(publishers[1], 11),
            camera.source,
        ];
        let sound = world.publish_audio(publishers[0], 12);
        let viewer = world.connect(3);
        let slots = [world.watch(viewer, 20, sources[0]), world.watch(viewer, 21, sources[2])];
        let heard = world.add_slot(viewer, 22, MediaKind::Audio);
        world.command(Command::Bind {
            slot: heard,
            to: Some(Binding {
                source: sound,
                payload_type: crate::common::OPUS,
                rtx_payload_type: None,
                red_payload_type: Some(crate::common::RED),
            }),
        });

        let (up, down) = (Rc::new(RefCell::new((0, 1))), Rc::new(RefCell::new((0, 2))));
        let (seen, upstream) = (Seen::default(), Upstream::default());
        let (share, log) = (up.clone(), upstream.clone());
        world.lose_upstream = Box::new(move |client, datagram| {
            if is_media(datagram) {
                log.borrow_mut().push((client, datagram.to_vec()));
            }
            loses(&share, datagram)
        });
        let share = down.clone();
        world.lose_downstream = Box::new(move |client, datagram| {
            if is_media(datagram) {
                let ssrc = u32::from_be_bytes(datagram[8..12].try_into().unwrap());
                let number = u16::from_be_bytes([datagram[2], datagram[3]]);
                let mut seen = seen.borrow_mut();
                let first = seen.entry((client, ssrc, number)).or_insert_with(|| datagram.to_vec());
                // After a roll-over of the sequence number the timestamp tells the packets apart.
                assert!(
                    first[..] == *datagram || first[4..8] != datagram[4..8],
                    "index sealed twice"
                );
            }
            loses(&share, datagram)
        });
        Run {
            world,
            publishers,
            sources,
            camera,
            sound,
            slots,
            up,
            down,
            upstream,
        }
    }

    fn apply(&mut self, step: &Step) {
        let world = &mut self.world;
        match *step {
            Step::Frame {
                source,
                key,
                packets,
                complete,
            } => {
                let at = usize::from(source);
                let lengths: Vec<usize> = (0..packets).map(|i| 200 + 17 * usize::from(i)).collect();
                world.write_frame(self.publishers[at], self.sources[at], key, &lengths, complete);
                world.settle();
            }
            Step::Picture { encodings, keys } => {
                for &encoding in ALL.iter().filter(|&&encoding| encodings & 1 << encoding != 0) {
                    self.camera
                        .write(world, encoding, keys & 1 << encoding != 0, 1 + encoding);
                }
                world.settle();
            }
            Step::SkipPictures { encoding, count } => self.camera.skip(usize::from(encoding), u64::from(count)),
            Step::Padding { source } => {
                let at = usize::from(source);
                let (publisher, source) = (self.publishers[at], self.sources[at]);
                world.write(publisher, source, crate::common::VP8, 0, false, Vec::new(), None);
                world.settle();
            }
            Step::Sound => world.send_audio(self.publishers[0], self.sound, 30),
            Step::Skip { source, count } => world.skip(self.publishers[usize::from(source)], u64::from(count)),
            Step::Bind { slot, source, rtx } => world.command(Command::Bind {
                slot: self.slots[usize::from(slot)],
                to: source.map(|source| Binding {
                    source: self.sources[usize::from(source)],
                    payload_type: crate::common::VP8,
                    rtx_payload_type: rtx.then_some(crate::common::VP8_RTX),
                    red_payload_type: None,
                }),
            }),
            Step::Pause { slot, paused } => world.command(Command::PauseSlot {
                slot: self.slots[usize::from(slot)],
                paused,
            }),
            Step::Wish { slot, pixels } => world.wish(self.slots[usize::from(slot)], pixels),
            Step::Enable { source, enabled } => world.command(Command::EnableSource {
                source: self.sources[usize::from(source)],
                enabled,
            }),
            Step::Reverse(on) => world.reversed = on,
            Step::Copies(on) => world.copies = if on { 2 } else { 1 },
            Step::LoseUp(share) => self.up.borrow_mut().0 = share,
            Step::LoseDown(share) => self.down.borrow_mut().0 = share,
            Step::Replay => {
                let old: Vec<_> = self
                    .upstream
                    .borrow()
                    .iter()
                    .rev()
                    .step_by(3)
                    .take(40)
                    .cloned()
                    .collect();
                let batch: Vec<_> = old
                    .into_iter()
                    .map(|(client, datagram)| (world.client(client).address, datagram))
                    .collect();
                world.receive(&batch);
                world.settle();
            }
            Step::Run(millis) => world.run(Duration::from_millis(u64::from(millis))),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(hold in any::<bool>(), steps in prop::collection::vec(step(), 20..160)) {
        let mut run = Run::new(hold);
        for step in &steps {
            run.apply(step);
        }
        run.world.run(Duration::from_millis(300));
        let faults: Vec<_> = run.world.events.iter().filter(|event| matches!(event, Event::Fault { .. })).collect();
        prop_assert!(faults.is_empty(), "{faults:?}");
let sent = steps.iter().any(|step| matches!(step, Step::Frame { .. }));
        prop_assert!(run.world.counters().rtp_in > 0 || !sent, "the harness sends nothing");
    }
}
