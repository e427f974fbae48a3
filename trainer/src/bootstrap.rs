//! How far a figure might be off for its rows being those and not others: the bootstrap (Efron 1979).

use rayon::prelude::*;
use undertone_core::metrics::{Interval, resample};

/// How often rows are drawn anew.
const DRAWS: u64 = 300;

/// The 95 % interval of each of the figures that `figures` takes of some rows. None for a figure that some draws do not have.
pub fn intervals<const N: usize>(
    rows: usize,
    figures: impl Fn(&[usize]) -> [Option<f64>; N] + Sync,
) -> [Option<Interval>; N] {
    let draws: Vec<[Option<f64>; N]> = (0..DRAWS)
        .into_par_iter()
        .map(|draw| {
            let times = resample(rows, draw).into_iter().enumerate();
            let drawn: Vec<usize> = times.flat_map(|(row, times)| std::iter::repeat_n(row, times as usize)).collect();
            figures(&drawn)
        })
        .collect();
    std::array::from_fn(|figure| Interval::of(draws.iter().map(|draw| draw[figure]).collect::<Option<Vec<f64>>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_a_share() {
        // Of 400 rows every fourth holds: the standard error is sqrt(.25 * .75 / 400) = .0217.
        let share = |rows: &[usize]| rows.iter().filter(|&&row| row % 4 == 0).count() as f64 / rows.len() as f64;
        let [found, none] = intervals(400, |rows| [Some(share(rows)), None]);
        let Interval { low, high } = found.unwrap();
        assert!((low - (0.25 - 1.96 * 0.0217)).abs() < 0.01, "{low}");
        assert!((high - (0.25 + 1.96 * 0.0217)).abs() < 0.01, "{high}");
        assert_eq!(none, None);
    }
}
