//! A student too small to be any good, and what it answers natively.
//!
//! `make fixture` trains it and writes its answers down; every other place where it runs must
//! answer the same.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use undertone_core::{Encoder, LabelSet, Mode, ScoreOptions, Tagger};

/// Texts that are easy to get wrong.
const TEXTS: [&str; 10] = [
    "I am so happy that you came!",
    "Leave me alone, I hate all of this.",
    "the train leaves at nine",
    "",
    "   ",
    "I can't stop crying 😭😭😭",
    "ÉTÉ été E\u{301}TE\u{301}: the naïve café",
    "أنا سعيد جدا",
    "幸せです",
    "@someone https://example.org/a?b=c&amp;d #blessed &lt;3",
];

/// What the student says of one text.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// The vectors of its windows.
    pub vectors: Vec<Vec<f32>>,
    /// Valence and arousal.
    pub affect: [f32; 2],
    /// The probability of each of Ekman's labels, independently of each other.
    pub multi: Vec<f32>,
    /// The probability of each of Ekman's labels, if there is only one.
    pub single: Vec<f32>,
}

/// The folder of the student's bundle.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/model"))
}

/// What the student of [`folder`] said natively.
pub fn golden() -> Result<Vec<Answer>> {
    Ok(serde_json::from_str(include_str!("../fixtures/golden.json"))?)
}

/// The labels of the answers.
pub fn label_set() -> Result<LabelSet> {
    Ok(LabelSet::from_json(include_str!("../../public/label-sets/ekman.json"))?)
}

/// What a student says of the texts here.
pub fn answers(student: &Arc<Encoder>) -> Result<Vec<Answer>> {
    let long = "and so it went on, and on, and on; ".repeat(40);
    let texts: Vec<&str> = TEXTS.into_iter().chain([long.as_str()]).collect();
    let vectors = student.encode(&texts)?.vectors;
    let affect = student.affect_head().read_texts(&vectors)?;
    let scores = |mode| {
        let options = ScoreOptions { mode, threshold: None };
        Ok::<_, anyhow::Error>(Tagger::new(student.clone(), label_set()?, options)?.tag_vectors(&vectors)?.scores)
    };
    let (multi, single) = (scores(Mode::Multi)?, scores(Mode::Single)?);

    let mut answers = Vec::new();
    for (index, text) in texts.into_iter().enumerate() {
        answers.push(Answer {
            text: text.to_owned(),
            vectors: vectors.text(index).map(<[f32]>::to_vec).collect(),
            affect: [affect[index].valence, affect[index].arousal],
            multi: multi.probability(index).to_vec(),
            single: single.probability(index).to_vec(),
        });
    }
    Ok(answers)
}
