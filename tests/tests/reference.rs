//! The tiny student's vectors are those of onnxruntime, from a graph that is built without any code of Undertone's
//! (trainer/tests/fixtures/reference.py).

use std::fs;

use anyhow::Result;
use serde::Deserialize;
use undertone_core::{Bundle, Encoder, Manifest};
use undertone_tests::fixture;

#[derive(Deserialize)]
struct Reference {
    text: String,
    vector: Vec<f32>,
}

#[test]
fn vectors_are_the_references() -> Result<()> {
    let read = |name: &str| fs::read(fixture::folder().join(name));
    let manifest = Manifest::from_json(&read(Bundle::MANIFEST)?)?;
    let encoder = Encoder::load(Bundle::new(manifest, read(Bundle::WEIGHTS)?, read(Bundle::TOKENIZER)?)?)?;
    let references: Vec<Reference> = serde_json::from_str(include_str!("../fixtures/reference.json"))?;
    for Reference { text, vector } in references {
        let encoded = encoder.encode(&[&text])?;
        let cosine: f32 = encoded.vectors.rows().row(0).iter().zip(&vector).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.9999, "{text}: cosine {cosine}");
    }
    Ok(())
}
