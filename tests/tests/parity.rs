//! The tiny student answers the same natively and as WebAssembly in a browser's worker.
//!
//! The same file is compiled for both; `fixtures/golden.json` was written natively.

use std::sync::Arc;

use undertone_core::{Bundle, Encoder, ErrorKind, Manifest};
use undertone_tests::fixture::{answers, golden};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

const MANIFEST: &[u8] = include_bytes!("../fixtures/model/manifest.json");
const WEIGHTS: &[u8] = include_bytes!("../fixtures/model/weights.safetensors");
const TOKENIZER: &[u8] = include_bytes!("../fixtures/model/tokenizer.json");

fn student() -> Arc<Encoder> {
    let manifest = Manifest::from_json(MANIFEST).unwrap();
    let bundle = Bundle::new(manifest, WEIGHTS.to_vec(), TOKENIZER.to_vec()).unwrap();
    Arc::new(Encoder::load(bundle).unwrap())
}

#[test]
fn answers_are_the_golden_ones() {
    let here = answers(&student()).unwrap();
    let there = golden().unwrap();
    assert_eq!(here.len(), there.len());
    for (here, there) in here.iter().zip(&there) {
        // To the last bit: integers are exact, and f32 runs in the same lanes everywhere.
        assert_eq!(here, there);
    }
    assert!(here.iter().any(|answer| answer.vectors.len() > 1), "no text has several windows");
}

#[test]
fn alone_equals_in_company() {
    let student = student();
    let texts = ["no", "I am so happy that you came, and I will never forget it!", "why?"];
    let together = student.encode(&texts).unwrap().vectors;
    for (index, text) in texts.iter().enumerate() {
        let alone = student.encode(&[text]).unwrap().vectors;
        assert_eq!(alone.rows().row(0), together.rows().row(index), "{text:?}");
    }
}

#[test]
fn a_truncated_bundle_is_refused() {
    let manifest = Manifest::from_json(MANIFEST).unwrap();
    let half = WEIGHTS[..WEIGHTS.len() / 2].to_vec();
    let error = Bundle::new(manifest, half, TOKENIZER.to_vec()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::BadModel);
    assert!(error.to_string().contains("weights.safetensors"), "{error}");
}
