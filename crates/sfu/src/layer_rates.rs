//! What each layer of an encoding takes.

use crate::flow::TICK;
use crate::rtp::{Layering, Layers};

/// No encoder makes more; what lies above counts as the highest.
const SPATIAL_MAX: usize = 4;
const TEMPORAL_MAX: usize = 4;
/// A layer that takes less than this part of the whole is none any more.
const NEGLIGIBLE: f32 = 0.01;

/// Measured as packets come in, over the last ticks of its flow.
#[derive(Debug, Clone, Default)]
pub(crate) struct LayerRates {
    /// Since the last tick: bytes, and pictures.
    octets: [[u32; TEMPORAL_MAX]; SPATIAL_MAX],
    pictures: [u32; TEMPORAL_MAX],
    /// The same in an average tick.
    mean_octets: [[f32; TEMPORAL_MAX]; SPATIAL_MAX],
    mean_pictures: [f32; TEMPORAL_MAX],
}

impl LayerRates {
    pub fn count(&mut self, packet: &Layering, octets: usize) {
        let spatial = usize::from(packet.spatial).min(SPATIAL_MAX - 1);
        let temporal = usize::from(packet.temporal).min(TEMPORAL_MAX - 1);
        self.octets[spatial][temporal] += octets as u32;
        self.pictures[temporal] += u32::from(packet.begins_picture());
    }

    /// One in which nothing came says nothing: of a screen on which nothing moves layers are what they were.
    pub fn tick(&mut self) {
        if self.octets.as_flattened().iter().all(|&octets| octets == 0) {
            return;
        }
        let is_first = self.whole() == 0.0;
        let smooth = |mean: &mut f32, count: &mut u32| {
            let count = std::mem::take(count) as f32;
            *mean = if is_first { count } else { (*mean * 3.0 + count) / 4.0 };
        };
        let means = self.mean_octets.as_flattened_mut().iter_mut();
        { means.zip(self.octets.as_flattened_mut()) }.for_each(|(mean, count)| smooth(mean, count));
        { self.mean_pictures.iter_mut().zip(&mut self.pictures) }.for_each(|(mean, count)| smooth(mean, count));
    }

    /// The highest that there is.
    pub fn highest_spatial(&self) -> u8 {
        let takes = |spatial: &usize| self.mean_octets[*spatial].iter().sum::<f32>();
        let is_there = |spatial: &usize| takes(spatial) > self.whole() * NEGLIGIBLE;
        (0..SPATIAL_MAX).rev().find(is_there).unwrap_or(0) as u8
    }

    pub fn highest_temporal(&self) -> u8 {
        let takes = |temporal: &usize| self.mean_octets.iter().map(|layers| layers[*temporal]).sum::<f32>();
        let is_there = |temporal: &usize| takes(temporal) > self.whole() * NEGLIGIBLE;
        (0..TEMPORAL_MAX).rev().find(is_there).unwrap_or(0) as u8
    }

    /// The part of the whole that these layers take, of spatial ones those from `lowest` on; all of it where nothing was measured.
    pub fn share(&self, layers: Layers, lowest: u8) -> f64 {
        let whole = self.whole();
        if whole == 0.0 {
            return 1.0;
        }
        let spatial = { self.mean_octets.iter() }.take(usize::from(layers.spatial) + 1);
        let spatial = spatial.skip(usize::from(lowest));
        let sum: f32 = { spatial }
            .map(|temporal| temporal.iter().take(usize::from(layers.temporal) + 1).sum::<f32>())
            .sum();
        f64::from(sum / whole)
    }

    /// Pictures a second without the temporal layers above this one.
    pub fn frame_rate(&self, temporal: u8) -> f64 {
        let some: f32 = self.mean_pictures.iter().take(usize::from(temporal) + 1).sum();
        f64::from(some) / TICK.as_secs_f64()
    }

    fn whole(&self) -> f32 {
        self.mean_octets.as_flattened().iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many ticks of fifteen pictures each: a spatial layer for each of the sizes, four, two and one times as large in the temporal
    /// layers 0, 1 and 2.
    fn measured(ticks: usize, sizes: &[usize]) -> LayerRates {
        let mut rates = LayerRates::default();
        for _ in 0..ticks {
            for picture in 0..15 {
                let temporal = [0, 2, 1, 2][picture % 4];
                for (spatial, size) in (0u8..).zip(sizes) {
                    let first = Layering {
                        temporal,
                        spatial,
                        begins_frame: true,
                        ..Layering::default()
                    };
                    rates.count(&first, size * (4 >> temporal));
                }
            }
            rates.tick();
        }
        rates
    }

    #[test]
    fn each_layer_has_its_share() {
        let rates = measured(10, &[100, 300]);
        assert_eq!((rates.highest_spatial(), rates.highest_temporal()), (1, 2));
        let share = |spatial, temporal| (rates.share(Layers { spatial, temporal }, 0) * 100.0).round();
        // Of 15 pictures there are four in layer 0, four in layer 1 and seven in layer 2.
        assert_eq!([share(0, 0), share(0, Layers::EVERY), share(1, 0)], [13.0, 25.0, 52.0]);
        assert_eq!((share(1, 1), share(Layers::EVERY, Layers::EVERY)), (77.0, 100.0));
        assert_eq!([0, 1, 2].map(|temporal| rates.frame_rate(temporal)), [8.0, 16.0, 30.0]);
        assert_eq!(
            (rates.share(Layers::ALL, 1) * 100.0).round(),
            75.0,
            "without the smaller picture"
        );
    }

    #[test]
    fn where_nothing_was_measured_there_is_one_layer() {
        let rates = LayerRates::default();
        assert_eq!((rates.highest_spatial(), rates.highest_temporal()), (0, 0));
        assert_eq!(
            rates.share(
                Layers {
                    spatial: 0,
                    temporal: 0
                },
                0
            ),
            1.0
        );
    }

    #[test]
    fn silence_says_nothing_and_a_layer_that_ends_is_soon_forgotten() {
        let mut rates = measured(10, &[100, 300]);
        (0..100).for_each(|_| rates.tick());
        assert_eq!((rates.highest_spatial(), rates.highest_temporal()), (1, 2));
        let base = Layering {
            begins_frame: true,
            ..Layering::default()
        };
        for _ in 0..20 {
            rates.count(&base, 5000);
            rates.tick();
        }
        assert_eq!((rates.highest_spatial(), rates.highest_temporal()), (0, 0));
    }

    #[test]
    fn layers_that_no_encoder_makes_count_as_the_highest() {
        let mut rates = LayerRates::default();
        let odd = Layering {
            temporal: 7,
            spatial: 7,
            ..Layering::default()
        };
        rates.count(&odd, 100);
        rates.tick();
        assert_eq!((rates.highest_spatial(), rates.highest_temporal()), (3, 3));
    }
}
