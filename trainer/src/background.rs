//! What a student's labels are held against: the lexicon's terms and some reference texts, as it sees them.

use anyhow::Result;
use undertone_core::{Background, Lexicon};

use crate::data::Annotations;
use crate::student::Student;

/// How many texts a label's mean evidence is taken over.
const REFERENCE: usize = 256;

/// The lexicon's terms and some of the texts as the student sees them.
pub fn of(student: &Student, annotations: &Annotations) -> Result<Background> {
    let lexicon = Lexicon::from(annotations.lexicon.terms());
    let terms = student.encode_all(lexicon.terms().iter().map(|term| term.term.as_str()))?;
    let reference = sample(annotations.examples.iter().map(|example| &example.text), REFERENCE);
    let reference = student.encode_all(reference.iter().map(String::as_str))?;
    Ok(Background::new(lexicon, terms, reference)?)
}

/// Some of the texts, drawn evenly.
pub fn sample<'a>(texts: impl Iterator<Item = &'a String>, size: usize) -> Vec<String> {
    let texts: Vec<&String> = texts.collect();
    let stride = texts.len().div_ceil(size).max(1);
    texts.into_iter().step_by(stride).cloned().collect()
}
