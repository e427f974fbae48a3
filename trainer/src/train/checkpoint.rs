//! Checkpoints: all that is needed to export a student, and to train on as if nothing had happened.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use undertone_core::{EncoderConfig, Tokenizer};

use super::optimiser::AdamW;
use crate::data::Source;
use crate::recipe::Recipe;
use crate::student::Student;

/// What a checkpoint says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    pub encoder: EncoderConfig,
    /// Steps taken.
    pub step: usize,
    /// What the run started from, as it was given.
    pub base: String,
    /// The SHA-256 of its weights; empty if it started from none.
    pub base_sha256: String,
    /// The run's settings; a resumed run must have the same.
    pub recipe: Recipe,
    /// Each set learned from.
    pub data: Vec<Source>,
    /// Seconds spent training.
    pub seconds: f64,
    /// The figures of the last evaluation.
    pub metrics: serde_json::Map<String, serde_json::Value>,
}

/// The folder `checkpoint` of a run.
pub struct Checkpoint {
    folder: PathBuf,
}

const STATE: &str = "state.json";
const STUDENT: &str = "student.safetensors";
const OPTIMISER: &str = "optimiser.safetensors";
const TOKENIZER: &str = "tokenizer.json";

/// What the names of the next checkpoint, and of the last one, end in while they are swapped.
const NEW: &str = "new";
const OLD: &str = "old";

impl Checkpoint {
    /// The checkpoint of the run in `output`.
    pub fn of_run(output: &Path) -> Self {
        let folder = output.join("checkpoint");
        // A save that was broken off between its two renames left the checkpoint under its other name.
        let old = folder.with_extension(OLD);
        if !folder.exists() && old.join(STATE).is_file() {
            // Where this is not permitted, the checkpoint is told to be missing.
            let _ = fs::rename(old, &folder);
        }
        Self { folder }
    }

    /// The checkpoint in `folder`, or in the run that `folder` holds.
    pub fn find(folder: &Path) -> Result<Self> {
        let found = [Self { folder: folder.to_owned() }, Self::of_run(folder)].into_iter().find(Self::exists);
        found.with_context(|| {
            format!("{} holds no checkpoint; give the output folder of `undertone train`", folder.display())
        })
    }

    pub fn exists(&self) -> bool {
        self.folder.join(STATE).is_file()
    }

    /// Writes beside the last checkpoint and swaps the two at the end: a full disk costs the new one, never the old.
    pub fn save(
        &self,
        state: &State,
        student: &Student,
        optimiser: &AdamW,
        tokenizer: &serde_json::Value,
    ) -> Result<()> {
        let [fresh, old] = [NEW, OLD].map(|suffix| self.folder.with_extension(suffix));
        let write = || -> Result<()> {
            remove(&fresh)?;
            fs::create_dir_all(&fresh)?;
            candle_core::safetensors::save(&student.tensors()?, fresh.join(STUDENT))?;
            candle_core::safetensors::save(&optimiser.tensors()?, fresh.join(OPTIMISER))?;
            fs::write(fresh.join(TOKENIZER), serde_json::to_vec(tokenizer)?)?;
            fs::write(fresh.join(STATE), serde_json::to_vec_pretty(state)?)?;
            // Some systems find out that there is no room only when they must put it there.
            for name in [STUDENT, OPTIMISER, TOKENIZER, STATE] {
                fs::OpenOptions::new().write(true).open(fresh.join(name))?.sync_all()?;
            }
            remove(&old)?;
            if self.folder.exists() {
                fs::rename(&self.folder, &old)?;
            }
            fs::rename(&fresh, &self.folder)?;
            remove(&old)
        };
        write().inspect_err(|_| drop(remove(&fresh))).with_context(|| {
            let folder = self.folder.display();
            match self.state() {
                Ok(State { step, .. }) => format!(
                    "the checkpoint {folder} could not be saved; the one of step {step} is kept: free some space, and \
                     give --resume to go on"
                ),
                Err(_) => format!("the checkpoint {folder} could not be saved; free some space and start again"),
            }
        })
    }

    pub fn state(&self) -> Result<State> {
        self.json(STATE)
    }

    pub fn tokenizer(&self) -> Result<serde_json::Value> {
        self.json(TOKENIZER)
    }

    /// The student as it was saved.
    pub fn student(&self) -> Result<Student> {
        self.student_of(self.weights()?)
    }

    /// The student whose weights are the mean of this one's and those of `others`: runs from one base, with other seeds or
    /// settings, lie in one valley, whose middle does better than its sides (model soups, Wortsman et al. 2022).
    pub fn mean_student(&self, others: &[Self]) -> Result<Student> {
        let mut mean = self.weights()?;
        for other in others {
            let same = other.state()?.encoder == self.state()?.encoder && other.tokenizer()? == self.tokenizer()?;
            let weights = other.weights()?;
            ensure!(
                same && weights.len() == mean.len(),
                "{} is of another shape or vocabulary than {}; export runs from one base and data together",
                other.folder.display(),
                self.folder.display()
            );
            for (name, sum) in &mut mean {
                let tensor = weights.get(name).with_context(|| other.foreign(STUDENT))?;
                *sum = (&*sum + tensor).with_context(|| other.foreign(STUDENT))?;
            }
        }
        for tensor in mean.values_mut() {
            *tensor = (&*tensor / (others.len() + 1) as f64)?;
        }
        self.student_of(mean)
    }

    fn weights(&self) -> Result<HashMap<String, Tensor>> {
        let tensors = self.load(STUDENT)?;
        ensure!(!tensors.is_empty(), "{} is empty", self.folder.join(STUDENT).display());
        Ok(tensors)
    }

    fn student_of(&self, tensors: HashMap<String, Tensor>) -> Result<Student> {
        let config = self.state()?.encoder;
        let tokenizer = Tokenizer::from_bytes(&serde_json::to_vec(&self.tokenizer()?)?, config.max_tokens)?;
        Student::new(config, tokenizer, tensors, 0).with_context(|| self.foreign(STUDENT))
    }

    /// Gives the optimiser its moments back.
    pub fn restore(&self, optimiser: &mut AdamW) -> Result<()> {
        optimiser.restore(&self.load(OPTIMISER)?, self.state()?.step).with_context(|| self.foreign(OPTIMISER))
    }

    /// What is to be said of a file with tensors of another shape.
    fn foreign(&self, name: &str) -> String {
        format!(
            "{} does not belong to {STATE} beside it; train anew into another --output",
            self.folder.join(name).display()
        )
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let path = self.folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_slice(&bytes)
            .map_err(|e| anyhow::anyhow!("{}: {e}; train anew into another --output", path.display()))
    }

    fn load(&self, name: &str) -> Result<HashMap<String, Tensor>> {
        let path = self.folder.join(name);
        candle_core::safetensors::load(&path, &Device::Cpu).with_context(|| {
            format!("{} cannot be read; it may have been cut off: train anew into another --output", path.display())
        })
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() { Ok(fs::remove_dir_all(folder)?) } else { Ok(()) }
}
