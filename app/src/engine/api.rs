//! Undertone for other pages.

use std::sync::Arc;

use js_sys::{Array, Float32Array, JSON, Object, Reflect};
use serde::Serialize;
use undertone_core::{Encoded, Encoder, LabelSet, ScoreOptions, Tagger};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Url;

use super::load::load;
use crate::browser::property;
use crate::wire::Report;

/// A model that tells what texts feel like, in any words.
///
/// ```js
/// import init, { Undertone } from "./worker.js";
/// await init();
/// const undertone = await Undertone.load("model/manifest.json");
/// undertone.tag(["You remembered!"], ["joy", "anger"]);
/// // [{ none: 0.11, tags: [{ name: "joy", evidence: 0.41, probability: 0.89, on: true }, ...] }]
/// ```
///
/// Every method but `load` computes at once, on the thread that it is called on: call them in a
/// worker if texts are many. Errors are thrown as `Error`s with a sentence in `message` and what
/// kind of error it is in `kind`.
#[wasm_bindgen]
pub struct Undertone {
    encoder: Arc<Encoder>,
}

#[wasm_bindgen]
impl Undertone {
    /// Loads the model whose manifest has this address (relative to the page) and keeps a copy
    /// on this device.
    pub async fn load(manifest: String) -> Result<Undertone, JsValue> {
        let base = property(&js_sys::global(), "location")
            .and_then(|location| property(&location, "href"))
            .and_then(|href| href.as_string())
            .unwrap_or_default();
        let address = Url::new_with_base(&manifest, &base)?.href();
        let loaded = load(&address, true, |_| ()).await.map_err(thrown)?;
        if let Some(unkept) = loaded.unkept {
            spawn_local(async move {
                // Where the browser refuses it, the next visit downloads the model again.
                unkept.keep().await;
            });
        }
        Ok(Self { encoder: Arc::new(loaded.encoder) })
    }

    /// What instructions the model computes with: `"SIMD"`, or `"relaxed SIMD"` with or without how.
    #[wasm_bindgen(getter)]
    pub fn kernels(&self) -> String {
        self.encoder.kernels().to_owned()
    }

    /// The texts as unit vectors, one after the other: `{ vectors: Float32Array, dim, windows }`. A long text has several,
    /// one for each window that the model read it in: `windows` says for each text how many.
    pub fn encode(&self, texts: Vec<String>) -> Result<JsValue, JsValue> {
        let vectors = self.run(&texts)?.vectors;
        let answer = Object::new();
        let windows: Array = vectors.counts().map(|count| JsValue::from(count as u32)).collect();
        let fields: [(&str, JsValue); 3] = [
            ("vectors", Float32Array::from(vectors.rows().as_slice()).into()),
            ("dim", JsValue::from(vectors.dim() as u32)),
            ("windows", windows.into()),
        ];
        for (name, value) in fields {
            Reflect::set(&answer, &JsValue::from_str(name), &value)?;
        }
        Ok(answer.into())
    }

    /// What the texts feel like. `labels` are names, or a label set as in a label-set file;
    /// `options` may say `{ mode: "multi" | "single", threshold }`. Answers
    /// `[{ none, tags: [{ name, evidence, probability, on }] }]`, tags in the order of the labels.
    pub fn tag(&self, texts: Vec<String>, labels: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
        let options = if options.is_undefined() || options.is_null() {
            ScoreOptions::default()
        } else {
            serde_wasm_bindgen::from_value(options)?
        };
        let tagger = Tagger::new(self.encoder.clone(), label_set(&labels)?, options).map_err(core)?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let scores = tagger.tag(&texts).map_err(core)?.scores;
        let tag = |text: usize, place: usize| Tag {
            name: tagger.labels().labels()[place].name.clone(),
            evidence: scores.evidence(text)[place],
            probability: scores.probability(text)[place],
            on: scores.on(text)[place],
        };
        let tagged = |text: usize| Tagged {
            none: scores.none(text),
            tags: (0..scores.width()).map(|place| tag(text, place)).collect(),
        };
        plain(&(0..scores.len()).map(tagged).collect::<Vec<_>>())
    }

    /// How pleasant and how stirred the texts are: `[{ valence, arousal }]`, both from 1 to 9.
    pub fn affect(&self, texts: Vec<String>) -> Result<JsValue, JsValue> {
        plain(&self.encoder.affect_head().read_texts(&self.run(&texts)?.vectors).map_err(core)?)
    }

    fn run(&self, texts: &[String]) -> Result<Encoded, JsValue> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.encoder.encode(&texts).map_err(core)
    }
}

#[derive(Serialize)]
struct Tagged {
    none: f32,
    tags: Vec<Tag>,
}

#[derive(Serialize)]
struct Tag {
    name: String,
    evidence: f32,
    probability: f32,
    on: bool,
}

fn label_set(labels: &JsValue) -> Result<LabelSet, JsValue> {
    let mut set = LabelSet::new("labels");
    if Array::is_array(labels) {
        let names: Vec<String> = serde_wasm_bindgen::from_value(labels.clone())?;
        for name in names {
            set.add(&name).map_err(core)?;
        }
    } else {
        // By way of JSON, so that errors name the label and its place as they do for a file.
        let json = String::from(JSON::stringify(labels)?);
        set = LabelSet::from_json(&json).map_err(core)?;
    }
    Ok(set)
}

fn plain(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}

fn core(error: undertone_core::Error) -> JsValue {
    thrown(error.into())
}

fn thrown(report: Report) -> JsValue {
    let error = js_sys::Error::new(&report.message);
    if let Ok(kind) = serde_wasm_bindgen::to_value(&report.kind) {
        // Without its kind the error still says its sentence.
        let _ = Reflect::set(&error, &JsValue::from_str("kind"), &kind);
    }
    error.into()
}
