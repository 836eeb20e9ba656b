//! What the caller may choose.

/// All in bits a second, of whole packets as they are given to [`Estimator::sent`](crate::Estimator::sent).
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// The estimate before anything is known.
    pub start: u64,
    /// Never below this: sound must go on.
    pub min: u64,
    pub max: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            start: 300_000,
            min: 30_000,
            max: 50_000_000,
        }
    }
}

impl Config {
    /// `bitrate` between the bounds, whatever it was.
    pub(crate) fn bound(&self, bitrate: f64) -> f64 {
        let (min, max) = (self.min as f64, self.max.max(self.min) as f64);
        if bitrate.is_nan() { min } else { bitrate.clamp(min, max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_brought_between_the_bounds() {
        let config = Config::default();
        let bound = [f64::NAN, f64::NEG_INFINITY, 1e6, f64::INFINITY].map(|bitrate| config.bound(bitrate));
        assert_eq!(bound, [30e3, 30e3, 1e6, 50e6]);
    }
}
