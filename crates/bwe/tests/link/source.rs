//! What an SFU sends to one client: sound, and pictures at one of several rates.

use crate::link::{MS, S};
use crate::random::Random;

pub const SOUND: f64 = 100.0 * 8.0 * 50.0;
const SOUND_INTERVAL: i64 = 20 * MS;
const FRAME_INTERVAL: i64 = S / 30;
/// A publisher's way and encoder are not punctual; two of them do not keep step.
const FRAME_JITTER: f64 = 3.0 * MS as f64;
const PACKET: usize = 1130;
/// A step up costs a tenth more, and is not taken again for a while after it failed.
const MARGIN: f64 = 1.1;
const PATIENCE: i64 = 2 * S;
const PIECE_INTERVAL: i64 = 5 * MS;

#[derive(Debug, Clone)]
pub enum Source {
    /// Layers of a picture, bits a second, ascending.
    Layers(Vec<f64>),
    /// As much as the estimate allows, up to this; as many tiles in many layers come to.
    Fluid(f64),
    Nothing,
}

#[derive(Debug)]
pub struct Sender {
    pub source: Source,
    random: Random,
    bitrate: f64,
    lowered: i64,
    next_frame: i64,
    next_sound: i64,
    next_piece: i64,
    /// Bytes of a frame that is sent in pieces.
    rest: usize,
    wants_key_frame: bool,
    /// Between the packets of a frame, as a publisher's pacer leaves it where nothing is held; 0: frames leave at once.
    pub spacing: i64,
    /// Between key frames, beside those for a change of layers; 0: none.
    pub key_frame_interval: i64,
    /// A key frame is so many times as large as another.
    pub key_frame_factor: f64,
    next_key_frame: i64,
}

impl Sender {
    pub fn new(source: Source, seed: u64) -> Sender {
        Sender {
            source,
            random: Random(seed),
            bitrate: 0.0,
            lowered: -PATIENCE,
            next_frame: 0,
            next_sound: 0,
            next_piece: 0,
            rest: 0,
            wants_key_frame: true,
            spacing: 0,
            key_frame_interval: 0,
            key_frame_factor: 10.0,
            next_key_frame: 0,
        }
    }

    /// What pictures take.
    pub fn bitrate(&self) -> f64 {
        self.bitrate
    }

    pub fn replace(&mut self, source: Source, time: i64) {
        self.source = source;
        self.bitrate = 0.0;
        self.rest = 0;
        self.wants_key_frame = true;
        (self.next_frame, self.next_sound) = (time, time);
    }

    /// Chooses what to send; returns the estimate that would be of use.
    pub fn adapt(&mut self, estimate: f64, time: i64) -> u64 {
        let budget = estimate - SOUND;
        match &self.source {
            Source::Nothing => 0,
            Source::Fluid(max) => {
                self.bitrate = budget.clamp(50e3, *max);
                (self.bitrate < *max) as u64 * ((self.bitrate + SOUND) * 1.3) as u64
            }
            Source::Layers(layers) => {
                let fits = |margin: f64| layers.iter().copied().rfind(|layer| layer * margin <= budget);
                let kept = self.bitrate.min(fits(1.0).unwrap_or(layers[0]));
                let raised = fits(MARGIN).filter(|_| time - self.lowered >= PATIENCE);
                let chosen = raised.unwrap_or(kept).max(kept).max(layers[0]);
                if chosen < self.bitrate {
                    self.lowered = time;
                }
                self.wants_key_frame |= chosen != self.bitrate;
                self.bitrate = chosen;
                let next = layers.iter().find(|layer| **layer > chosen);
                next.map_or(0, |next| (next * MARGIN + SOUND) as u64)
            }
        }
    }

    /// Sizes of the packets that leave now, all at once.
    pub fn poll(&mut self, estimate: f64, time: i64, packets: &mut Vec<usize>) {
        if matches!(self.source, Source::Nothing) {
            return;
        }
        if time >= self.next_sound {
            self.next_sound += SOUND_INTERVAL;
            packets.push(100);
        }
        if self.key_frame_interval > 0 && time >= self.next_key_frame {
            self.next_key_frame = time + self.key_frame_interval;
            self.wants_key_frame = true;
        }
        if time >= self.next_frame {
            self.next_frame += FRAME_INTERVAL + self.random.between(-FRAME_JITTER, FRAME_JITTER) as i64;
            let factor = if std::mem::take(&mut self.wants_key_frame) {
                self.key_frame_factor
            } else {
                1.0
            };
            let bits = self.bitrate / 30.0 * factor * self.random.between(0.8, 1.2);
            self.rest += (bits / 8.0) as usize;
        }
        if self.rest == 0 || time < self.next_piece {
            return;
        }
        // What the way drains in a tenth of a second goes at once, more in pieces.
        let piece = (estimate / 8.0 * 1.5 * PIECE_INTERVAL as f64 / S as f64) as usize;
        let whole = (estimate / 8.0 / 10.0) as usize;
        let mut now = match self.rest {
            rest if self.spacing > 0 => rest.min(PACKET),
            rest if rest <= whole => rest,
            rest => piece.max(PACKET).min(rest),
        };
        self.rest -= now;
        self.next_piece = time + if self.spacing > 0 { self.spacing } else { PIECE_INTERVAL };
        while now > 0 {
            let size = now.min(PACKET);
            now -= size;
            packets.push(size);
        }
    }
}
