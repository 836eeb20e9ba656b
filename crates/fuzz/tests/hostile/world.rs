//! A call that goes on whatever somebody beside it does: Ana sends picture and sound, Ben gets them, and Eve is in the room.

use std::time::{Duration, Instant};

use tertulia_fuzz::call::{EXTENSIONS, Wire};
use tertulia_fuzz::packet::{OPUS, RTX, Rtp, VP8, vp8};
use tertulia_sfu::command::{Binding, Command, EncodingSpec, SlotSpec, SourceSpec};
use tertulia_sfu::config::Config;
use tertulia_sfu::event::Event;
use tertulia_sfu::keys::certificate_fingerprint;
use tertulia_sfu::sfu::Sfu;
use tertulia_sfu::types::{Codec, MediaKind, RoomKey, SlotId, SourceId};

use crate::memory::held;
use crate::person::{Got, Person};

pub const ANA: usize = 0;
pub const BEN: usize = 1;
pub const EVE: usize = 2;
/// Between two packets of sound, and two pictures of a packet each.
pub const TICK: Duration = Duration::from_millis(20);
/// Shorter than a client may go without checks of ICE, which nobody makes here.
const TICKS: usize = 600;
/// In bytes: of debug builds alone, which remember what was sealed.
const GROWTH: isize = 512 * 1024;

/// SSRCs of what somebody sends.
pub fn video_of(who: usize) -> u32 {
    1000 + who as u32
}

pub fn audio_of(who: usize) -> u32 {
    2000 + who as u32
}

pub fn slot_ssrc(slot: u64) -> u32 {
    5000 + slot as u32
}

/// Ben's, and Eve's, both for pictures and sound of Ana.
pub const BEN_SEES: u64 = 1;
pub const BEN_HEARS: u64 = 2;
pub const EVE_SEES: u64 = 3;
/// In which Ben gets what Eve sends, where he does.
pub const BEN_SEES_EVE: u64 = 4;

pub struct World {
    pub sfu: Sfu,
    pub now: Instant,
    pub people: Vec<Person>,
    pub events: Vec<Event>,
    wire: Wire,
    pictures: u32,
}

/// What Ben got of Ana, and all that Ana was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    pictures: Vec<Got>,
    sound: Vec<Got>,
}

impl World {
    pub fn new() -> World {
        let mut config = Config::default();
        config.estimate.start = config.estimate.max;
        let mut world = World {
            sfu: Sfu::new(config),
            now: Instant::now(),
            people: vec![],
            events: vec![],
            wire: Wire::default(),
            pictures: 0,
        };
        for id in 1..=3 {
            world.enter(id);
        }
        for who in [ANA, EVE] {
            world.publish(who);
        }
        world.watch(BEN, BEN_SEES, ANA, MediaKind::Video);
        world.watch(BEN, BEN_HEARS, ANA, MediaKind::Audio);
        world.watch(EVE, EVE_SEES, ANA, MediaKind::Video);
        world
    }

    fn enter(&mut self, id: u8) {
        let (person, keys) = Person::new(id);
        let (connection, path) = (person.id, person.path);
        let (local, remote) = (person.credentials("server"), person.credentials("client"));
        self.people.push(person);
        self.command(Command::Open {
            connection,
            room: RoomKey(1),
            local,
            remote,
            fingerprint: certificate_fingerprint(),
            dtls_active: false,
        });
        self.sfu.secure(connection, path, keys, self.now);
    }

    /// Sources 10 and 11 of the first, 20 and 21 of the second …
    fn publish(&mut self, who: usize) {
        let source = |kind, codec, clock_rate, payload_type, rtx, ssrc| SourceSpec {
            kind,
            codec,
            mid: format!("{who}{payload_type}"),
            clock_rate,
            payload_type,
            rtx_payload_type: rtx,
            red_payload_type: None,
            encodings: vec![EncodingSpec {
                rid: None,
                ssrc: Some(ssrc),
                rtx_ssrc: rtx.map(|_| ssrc + 5_000),
            }],
            nack: rtx.is_some(),
            extensions: EXTENSIONS,
        };
        let video = source(MediaKind::Video, Codec::Vp8, 90_000, VP8, Some(RTX), video_of(who));
        let audio = source(MediaKind::Audio, Codec::Opus, 48_000, OPUS, None, audio_of(who));
        for (number, spec) in [video, audio].into_iter().enumerate() {
            let source = SourceId((who as u64 + 1) * 10 + number as u64);
            let connection = self.people[who].id;
            self.command(Command::AddSource {
                connection,
                source,
                spec,
            });
        }
    }

    pub fn watch(&mut self, who: usize, slot: u64, owner: usize, kind: MediaKind) {
        let first = (owner as u64 + 1) * 10;
        let source = SourceId(first + u64::from(kind == MediaKind::Audio));
        self.watch_source(who, slot, source, kind);
    }

    pub fn watch_source(&mut self, who: usize, slot: u64, source: SourceId, kind: MediaKind) {
        let (payload_type, rtx_payload_type) = match kind {
            MediaKind::Video => (VP8, Some(RTX)),
            MediaKind::Audio => (OPUS, None),
        };
        self.command(Command::AddSlot {
            connection: self.people[who].id,
            slot: SlotId(slot),
            spec: SlotSpec {
                kind,
                mid: format!("s{slot}"),
                ssrc: slot_ssrc(slot),
                rtx_ssrc: slot_ssrc(slot) + 1_000,
                extensions: EXTENSIONS,
                transport_cc: true,
            },
        });
        self.command(Command::Bind {
            slot: SlotId(slot),
            to: Some(Binding {
                source,
                payload_type,
                rtx_payload_type,
                red_payload_type: None,
            }),
        });
    }

    pub fn command(&mut self, command: Command) {
        self.sfu.handle_command(command, self.now, &mut self.wire);
        self.deliver();
    }

    /// Sends with the next number.
    pub fn send(&mut self, who: usize, rtp: &Rtp) {
        self.send_ahead(who, rtp, 1);
    }

    /// Sends `step` numbers after the last.
    pub fn send_ahead(&mut self, who: usize, rtp: &Rtp, step: u64) {
        let datagram = self.people[who].seal(rtp, step);
        self.arrive(who, datagram);
    }

    pub fn send_rtcp(&mut self, who: usize, compound: &[u8]) {
        let datagram = self.people[who].seal_rtcp(compound);
        self.arrive(who, datagram);
    }

    /// From his address.
    pub fn arrive(&mut self, who: usize, mut datagram: Vec<u8>) {
        let path = self.people[who].path;
        self.sfu
            .handle_datagram(path, &mut datagram, self.now, self.now, &mut self.wire);
    }

    /// A picture of two packets, a key frame where one was asked for, and a packet of sound.
    fn ana_goes_on(&mut self) {
        let is_key = self.pictures == 0 || self.people[ANA].key_frames_asked > 0;
        self.people[ANA].key_frames_asked = 0;
        self.pictures += 1;
        for first in [true, false] {
            let mut rtp = Rtp::new(video_of(ANA), VP8, vp8(is_key, first, if first { 900 } else { 400 }));
            (rtp.timestamp, rtp.marker) = (self.pictures * 1800, !first);
            self.send(ANA, &rtp);
        }
        let mut sound = Rtp::new(audio_of(ANA), OPUS, vec![0x78; 80]);
        sound.timestamp = self.pictures * 960;
        self.send(ANA, &sound);
    }

    /// Twelve seconds of the call, in which somebody does something at each tick.
    pub fn run(&mut self, mut abuse: impl FnMut(&mut World, usize)) {
        let mut halfway = 0;
        for tick in 0..TICKS {
            self.ana_goes_on();
            abuse(self, tick);
            self.pass(TICK);
            if tick == TICKS / 2 {
                halfway = self.weigh();
            }
        }
        let grown = self.weigh() - halfway;
        assert!(grown < GROWTH, "{grown} bytes more in the second half");
    }

    /// What is held, without what the test itself keeps.
    fn weigh(&self) -> isize {
        let logs = self
            .people
            .iter()
            .map(|person| person.got.capacity() * size_of::<Got>());
        let events = self.events.capacity() * size_of::<Event>();
        held() - (logs.sum::<usize>() + events) as isize
    }

    pub fn pass_tick(&mut self) {
        self.pass(TICK);
    }

    /// Lets time pass, with everything that is due.
    fn pass(&mut self, time: Duration) {
        self.sfu.flush(self.now, &mut self.wire);
        self.deliver();
        let end = self.now + time;
        let mut steps = 0;
        while let Some(due) = self.sfu.poll_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now + Duration::from_micros(500)).min(end);
            self.sfu.handle_timeout(self.now, &mut self.wire);
            self.deliver();
            steps += 1;
            assert!(steps <= 100, "it spins");
        }
        self.now = end;
        while let Some(event) = self.sfu.poll_event() {
            match event {
                Event::Fault { message, .. } => panic!("{message}"),
                Event::Disconnected { connection, reason } => panic!("{connection} is gone: {reason:?}"),
                event => self.events.push(event),
            }
        }
    }

    fn deliver(&mut self) {
        for (path, datagram) in std::mem::take(&mut self.wire.sent) {
            let to = self.people.iter_mut().find(|person| person.path == path);
            to.expect("an address that has proved itself").receive(&datagram);
        }
    }

    pub fn call(&self) -> Call {
        Call {
            pictures: self.people[BEN].got_on(slot_ssrc(BEN_SEES)),
            sound: self.people[BEN].got_on(slot_ssrc(BEN_HEARS)),
        }
    }
}

/// The call goes on as if nobody had done anything, packet for packet.
pub fn disturbs_nobody(abuse: impl FnMut(&mut World, usize)) -> World {
    let mut calm = World::new();
    calm.run(|_, _| {});
    let expected = calm.call();
    assert_eq!((expected.pictures.len(), expected.sound.len()), (2 * TICKS, TICKS));
    let mut world = World::new();
    world.run(abuse);
    assert_eq!(world.call(), expected);
    world
}
