//! Which of several kernels is the fastest here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::kernels::Kernels;

/// Passes that each candidate makes before it is timed: until browsers have compiled it well.
const UNTIMED: usize = 12;
/// Passes that each candidate is timed for.
const TIMED: usize = 12;

/// Kernels that read the same matrices and return the same bits, tried in turn on the work that comes until it is known
/// which is the fastest: WebAssembly does not say what processor it runs on.
pub struct Trial {
    candidates: Vec<&'static Kernels>,
    /// Milliseconds since some moment.
    clock: Option<fn() -> f64>,
    /// How many passes there were while it was open.
    passes: AtomicUsize,
    /// Each candidate's milliseconds and rows.
    spent: Mutex<Vec<(f64, usize)>>,
}

impl Trial {
    /// Among `first` and those of its layout; without a clock `first` it is.
    pub fn new(first: &'static Kernels) -> Self {
        let alike = |kernels: &&Kernels| (kernels.columns, kernels.group) == (first.columns, first.group);
        let others = Kernels::available().into_iter().filter(alike).filter(|kernels| kernels.name != first.name);
        // The portable ones are never faster.
        let others = others.take_while(|kernels| kernels.name != Kernels::PORTABLE);
        Self::of(std::iter::once(first).chain(others).collect())
    }

    fn of(candidates: Vec<&'static Kernels>) -> Self {
        let spent = Mutex::new(vec![(0.0, 0); candidates.len()]);
        Self { candidates, clock: None, passes: AtomicUsize::new(0), spent }
    }

    /// Opens the trial.
    pub fn set_clock(&mut self, clock: fn() -> f64) {
        self.clock = Some(clock);
    }

    /// Runs a pass over so many rows with whichever kernels are due.
    pub fn run<T>(&self, rows: usize, pass: impl FnOnce(&'static Kernels) -> T) -> T {
        let Some(clock) = self.clock.filter(|_| self.candidates.len() > 1) else {
            return pass(self.candidates[0]);
        };
        let number = self.passes.load(Ordering::Relaxed);
        if number >= (UNTIMED + TIMED) * self.candidates.len() {
            return pass(self.fastest());
        }
        self.passes.store(number + 1, Ordering::Relaxed);
        let candidate = number % self.candidates.len();
        let start = clock();
        let result = pass(self.candidates[candidate]);
        if number >= UNTIMED * self.candidates.len() {
            let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
            spent[candidate].0 += clock() - start;
            spent[candidate].1 += rows;
        }
        result
    }

    /// The fastest so far.
    pub fn fastest(&self) -> &'static Kernels {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let pace = |&(milliseconds, rows): &(f64, usize)| milliseconds / rows.max(1) as f64;
        let order = |a: &usize, b: &usize| pace(&spent[*a]).total_cmp(&pace(&spent[*b]));
        let fastest = (0..self.candidates.len()).min_by(order).unwrap_or(0);
        self.candidates[fastest]
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local!(static NOW: Cell<f64> = const { Cell::new(0.0) });

    /// Passes that take as long as `pace` says, of 1 to 9 rows.
    fn passes(trial: &Trial, pace: impl Fn(usize) -> f64) {
        for pass in 0..100 {
            let rows = 1 + pass % 9;
            trial.run(rows, |kernels| {
                let which = trial.candidates.iter().position(|&k| std::ptr::eq(k, kernels)).unwrap();
                NOW.set(NOW.get() + pace(which) * rows as f64);
            });
        }
    }

    #[test]
    fn the_fastest_wins_if_there_is_a_clock() {
        // Which they are does not matter here, only that there are two.
        let first = Kernels::best();
        let second = Box::leak(Box::new(*first));
        second.name = "another";
        let mut trial = Trial::of(vec![first, second]);
        passes(&trial, |which| [3.0, 2.0][which]);
        assert_eq!(trial.fastest().name, first.name);
        trial.set_clock(|| NOW.get());
        passes(&trial, |which| [3.0, 2.0][which]);
        assert_eq!(trial.fastest().name, "another");
        assert_eq!(trial.run(1, |kernels| kernels.name), "another");
    }
}
