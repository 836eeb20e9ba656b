//! A voice whose frames tell their number, and what listeners hear of it.

use super::{OPUS, RED, World, ssrc_of};
use std::collections::VecDeque;
use std::time::Duration;
use str0m::rtp::RtpWrite;
use tertulia_sfu::command::{Binding, Command};
use tertulia_sfu::rtp::red::{self, Block};
use tertulia_sfu::types::*;

/// Of sound.
pub const SOUND_FRAME: Duration = Duration::from_millis(20);
pub const SOUND_TICKS: u32 = 960;

pub struct Voice {
    pub connection: ConnectionId,
    pub source: SourceId,
    /// How many earlier frames each packet repeats.
    pub repeats: usize,
    /// Of the next packet.
    pub index: u64,
    pub timestamp: u32,
    said: VecDeque<(u32, Vec<u8>)>,
    /// Of the next frame.
    number: u32,
}

/// A frame as a listener's decoder gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// Of its packet.
    pub index: u64,
    /// Its own.
    pub timestamp: u32,
    /// As the voice counted it.
    pub number: u32,
    /// It is a repeated one.
    pub again: bool,
}

impl World {
    /// A voice that may come as plain Opus or as redundant audio.
    pub fn publish_voice(&mut self, connection: ConnectionId, source: u64, repeats: usize) -> Voice {
        Voice {
            connection,
            source: self.publish_sound(connection, source, Some(RED)),
            repeats,
            index: 5000,
            timestamp: 100_000,
            said: VecDeque::new(),
            number: 0,
        }
    }

    /// Lets a slot carry the voice; `red`: its receiver takes redundant audio.
    pub fn hear(&mut self, connection: ConnectionId, slot: u64, voice: &Voice, red: bool) -> SlotId {
        let slot = self.add_slot(connection, slot, MediaKind::Audio);
        self.command(Command::Bind {
            slot,
            to: Some(Binding {
                source: voice.source,
                payload_type: OPUS,
                rtx_payload_type: None,
                red_payload_type: red.then_some(RED),
            }),
        });
        slot
    }

    /// All frames that came in on a slot, in order.
    pub fn heard(&mut self, connection: ConnectionId, slot: SlotId) -> Vec<Heard> {
        let mut heard = Vec::new();
        for packet in self.packets(connection, slot) {
            let (index, timestamp, payload) = (*packet.seq_no, packet.header.timestamp, &packet.payload[..]);
            match *packet.header.payload_type {
                OPUS => heard.push(frame(index, timestamp, false, payload)),
                RED => {
                    let blocks: Vec<_> = red::blocks(payload).expect("redundant audio").collect();
                    assert!(blocks.len() > 1, "there is nothing redundant in it");
                    assert!(blocks.iter().all(|block| block.payload_type == OPUS));
                    heard.extend(blocks.iter().map(|block| {
                        let timestamp = timestamp.wrapping_sub(block.timestamp_offset.into());
                        frame(index, timestamp, block.timestamp_offset > 0, block.payload)
                    }));
                }
                other => panic!("payload type {other}"),
            }
        }
        heard
    }
}

fn frame(index: u64, timestamp: u32, again: bool, payload: &[u8]) -> Heard {
    Heard {
        index,
        timestamp,
        number: u32::from_be_bytes(payload[1..5].try_into().unwrap()),
        again,
    }
}

impl Voice {
    /// So many frames, and the time that they take.
    pub fn speak(&mut self, world: &mut World, frames: usize) {
        for _ in 0..frames {
            self.say(world);
            world.run(SOUND_FRAME);
        }
    }

    /// One frame, without waiting for the next.
    pub fn say(&mut self, world: &mut World) {
        let frame = self.frame();
        self.send(world, frame);
        world.settle();
    }

    /// One frame that is lost on the way.
    pub fn lose(&mut self, world: &mut World) {
        let before = std::mem::replace(
            &mut world.lose_upstream,
            Box::new(|_, datagram| super::is_media(datagram)),
        );
        self.say(world);
        world.lose_upstream = before;
    }

    /// Time in which nothing is sent: numbers go on, times leap.
    pub fn pause(&mut self, world: &mut World, frames: u32) {
        self.timestamp = self.timestamp.wrapping_add(SOUND_TICKS * frames);
        world.run(SOUND_FRAME * frames);
    }

    pub fn frame(&mut self) -> Vec<u8> {
        let mut frame = vec![0x78];
        frame.extend(self.number.to_be_bytes());
        frame.resize(60 + self.number as usize % 9, 0x5a);
        self.number += 1;
        frame
    }

    pub fn send(&mut self, world: &mut World, frame: Vec<u8>) {
        let earlier: Vec<_> = { self.said.iter() }
            .filter_map(|(timestamp, payload)| {
                Some(Block {
                    payload_type: OPUS,
                    timestamp_offset: u16::try_from(self.timestamp.wrapping_sub(*timestamp)).ok()?,
                    payload,
                })
            })
            .collect();
        let mut payload = Vec::new();
        red::write_front(&earlier, OPUS, 1000, &mut payload);
        let payload_type = if payload.is_empty() { OPUS } else { RED };
        payload.extend(&frame);
        self.said.push_back((self.timestamp, frame));
        while self.said.len() > self.repeats {
            self.said.pop_front();
        }
        self.write(world, payload_type, payload);
    }

    /// Any payload, as the next packet.
    pub fn write(&mut self, world: &mut World, payload_type: u8, payload: Vec<u8>) {
        let packet = RtpWrite::new(
            payload_type.into(),
            self.index.into(),
            self.timestamp,
            world.now,
            payload,
        );
        self.index += 1;
        self.timestamp = self.timestamp.wrapping_add(SOUND_TICKS);
        world.write_on(self.connection, ssrc_of(self.source), packet);
    }
}

/// Of all that came, each frame once: how many times it came first hand, and how often again.
pub fn counts(heard: &[Heard], number: u32) -> (usize, usize) {
    let of = |again: bool| {
        heard
            .iter()
            .filter(|one| one.number == number && one.again == again)
            .count()
    };
    (of(false), of(true))
}
