//! Random numbers that depend on nothing but what they are for.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What random numbers are for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    Order = 0,
    Labels = 1,
    Wordings = 2,
    Dropout = 3,
}

/// A stream of its own for each run, epoch, step of the epoch and purpose: all four are the generator's key, so that no two
/// streams are one, whatever the numbers.
pub fn stream(seed: u64, epoch: usize, step: usize, purpose: Purpose) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (part, word) in key.chunks_exact_mut(8).zip([seed, epoch as u64, step as u64, purpose as u64]) {
        part.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rand::Rng;

    use super::*;

    #[test]
    fn no_stream_is_another() {
        let mut seen = HashSet::new();
        for seed in 0..4 {
            for epoch in 0..4 {
                for step in 0..4 {
                    for purpose in [Purpose::Order, Purpose::Labels, Purpose::Wordings, Purpose::Dropout] {
                        assert!(seen.insert(stream(seed, epoch, step, purpose).random::<u64>()));
                    }
                }
            }
        }
    }
}
