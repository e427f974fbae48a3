use serde::{Deserialize, Serialize};

/// What a page measured, as `tests/bench/bench.js` leaves it.
#[derive(Debug, Deserialize, Serialize)]
pub struct Measured {
    /// From the import of the contender's module to the first vector, everything fetched from this machine.
    pub ready_ms: f64,
    /// Each text alone.
    pub ms_alone: f64,
    /// In batches of 32, in the order of the file.
    pub texts_per_second: f64,
    /// All WebAssembly memories at the end; they never shrink.
    pub memory_bytes: f64,
    /// The mean cosine of its vectors, each text alone, and the f32 graph's.
    pub cosine: f64,
    /// The worst of these.
    pub worst_cosine: f64,
    /// The worst cosine between a text's vector alone and in its batch.
    pub cosine_of_alone_and_batched: f64,
    /// How many texts it made other tokens of, if it tells.
    pub texts_tokenised_differently: usize,
    /// The paths of what it fetched until it was ready.
    pub fetched: Vec<String>,
}

/// The middle of some values, between the least and the greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// None of no values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let middle = values.len() / 2;
        let median =
            if values.len().is_multiple_of(2) { (values[middle - 1] + values[middle]) / 2.0 } else { values[middle] };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_of_sorted_values() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(Spread::of([4.0, 1.0]), Some(Spread { median: 2.5, min: 1.0, max: 4.0 }));
        assert_eq!(Spread::of([]), None);
    }
}
