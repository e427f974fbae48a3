//! The base model's vectors of labels, which say what is nearly the same as what.

use std::cell::RefCell;
use std::collections::HashMap;

use anyhow::{Context, Result};
use undertone_core::Embeddings;

use super::batch::Batch;
use crate::student::Student;

/// Labels by the base model, each read when it is first met.
pub struct Terms {
    base: Student,
    known: RefCell<HashMap<String, Vec<f32>>>,
}

/// How many labels are read at once.
const CHUNK: usize = 128;

impl Terms {
    /// `base` is the model as it was before it learned anything.
    pub fn new(base: Student) -> Self {
        Self { base, known: RefCell::default() }
    }

    /// Those of a batch: a row for each of its labels, in their order.
    pub fn of(&self, batch: &Batch) -> Result<Embeddings> {
        let mut known = self.known.borrow_mut();
        let new: Vec<&str> = batch.terms.iter().copied().filter(|term| !known.contains_key(*term)).collect();
        for chunk in new.chunks(CHUNK) {
            let rows = self.base.encode(chunk)?;
            known.extend(chunk.iter().map(|term| (*term).to_owned()).zip(rows.rows().map(<[f32]>::to_vec)));
        }
        let row = |term: &&str| known.get(*term).context("a label has no vector. This is a bug.");
        let rows = batch.terms.iter().map(row).collect::<Result<Vec<_>>>()?;
        Ok(Embeddings::new(self.base.config.hidden, rows.into_iter().flatten().copied().collect())?)
    }
}
