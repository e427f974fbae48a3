//! How far a figure might be off for its rows being those and not others: the bootstrap (Efron 1979).

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// How often rows are drawn anew.
const TIMES: u64 = 300;

/// Which part of the figures an interval leaves out at each end.
const TAIL: f64 = 0.025;

/// For each of the figures that `figures` takes of some rows, between what they lie in 95 of 100 cases when as many rows as
/// there are are drawn from them, with repetition. None for a figure that some draws do not have.
pub fn intervals<const N: usize>(
    rows: usize,
    figures: impl Fn(&[usize]) -> [Option<f64>; N] + Sync,
) -> [Option<[f64; 2]>; N] {
    let draws: Vec<[Option<f64>; N]> = (0..TIMES)
        .into_par_iter()
        .map(|time| {
            let mut rng = ChaCha8Rng::seed_from_u64(time);
            let drawn: Vec<usize> = (0..rows).map(|_| rng.random_range(0..rows)).collect();
            figures(&drawn)
        })
        .collect();
    std::array::from_fn(|figure| {
        let mut values = draws.iter().map(|draw| draw[figure]).collect::<Option<Vec<f64>>>()?;
        values.sort_by(f64::total_cmp);
        let at = |part: f64| values[((values.len() - 1) as f64 * part).round() as usize];
        Some([at(TAIL), at(1.0 - TAIL)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_a_share() {
        // Of 400 rows every fourth holds: the standard error is sqrt(.25 * .75 / 400) = .0217.
        let share = |rows: &[usize]| rows.iter().filter(|&&row| row % 4 == 0).count() as f64 / rows.len() as f64;
        let [found, none] = intervals(400, |rows| [Some(share(rows)), None]);
        let [low, high] = found.unwrap();
        assert!((low - (0.25 - 1.96 * 0.0217)).abs() < 0.01, "{low}");
        assert!((high - (0.25 + 1.96 * 0.0217)).abs() < 0.01, "{high}");
        assert_eq!(none, None);
    }
}
