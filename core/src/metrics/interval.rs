//! How far a figure might be off for its rows being those and not others.

/// A figure's 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    /// Below it the figure is in 2.5 of 100 cases.
    pub low: f64,
    /// Above it the figure is in 2.5 of 100 cases.
    pub high: f64,
}

impl Interval {
    /// The percentile interval of a figure's values over resampled rows (the bootstrap: Efron 1979), in any order; `None`
    /// of no values.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values.get((values.len().saturating_sub(1) as f64 * part).round() as usize).copied();
        Some(Self { low: at(0.025)?, high: at(0.975)? })
    }

    /// How wide it is.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// How many draws make an interval.
pub const DRAWS: usize = 1000;

/// A figure, and how far it might be off.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Estimate {
    /// The figure of the rows that there are.
    pub value: f64,
    /// Its interval over resampled rows.
    pub interval: Interval,
}

impl Estimate {
    /// A figure with the percentile interval of its values over resampled rows; the figure alone where there are none.
    pub fn new(value: f64, draws: Vec<f64>) -> Self {
        Self { value, interval: Interval::of(draws).unwrap_or(Interval { low: value, high: value }) }
    }
}

/// How often each of some rows is drawn when as many rows as there are are drawn with repetition: the same at every call
/// with the same number of the draw, on every platform. At most `u32::MAX` rows.
pub fn resample(rows: usize, draw: u64) -> Vec<u32> {
    let mut times = vec![0; rows];
    let mut random = fastrand::Rng::with_seed(draw);
    for _ in 0..rows {
        times[random.u32(0..rows as u32) as usize] += 1;
    }
    times
}
