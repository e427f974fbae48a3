//! Undertone for other pages.

use js_sys::{Array, Float32Array, JSON, Object, Reflect};
use serde::Serialize;
use undertone_core::{Affect, Encoded, Encoder, LabelSet, ScoreOptions};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Url;

use super::load::load;
use crate::browser::property;
use crate::wire::Report;
use crate::wordings::Wordings;

/// A model that tells what texts feel like, in any words.
///
/// ```js
/// import init, { Undertone } from "./worker.js";
/// await init();
/// const undertone = await Undertone.load("model/manifest.json");
/// undertone.tag(["You remembered!"], ["joy", "anger"]);
/// // [{ none: 0.11, tags: [{ name: "joy", cosine: 0.41, probability: 0.89, on: true }, ...] }]
/// ```
///
/// Every method but `load` computes at once, on the thread that it is called on: call them in a
/// worker if texts are many. Errors are thrown as `Error`s with a sentence in `message` and what
/// kind of error it is in `kind`.
#[wasm_bindgen]
pub struct Undertone {
    encoder: Encoder,
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
        let loaded = load(&address, |_| ()).await.map_err(thrown)?;
        if let Some(unkept) = loaded.unkept {
            spawn_local(unkept.keep());
        }
        Ok(Self { encoder: loaded.encoder })
    }

    /// What instructions the model computes with: `"SIMD"`, or `"relaxed SIMD"` with or without how.
    #[wasm_bindgen(getter)]
    pub fn kernels(&self) -> String {
        self.encoder.kernels().to_owned()
    }

    /// The texts as unit vectors, one after the other: `{ vectors: Float32Array, dim, truncated }`,
    /// where `truncated` says for each text whether it is longer than the model reads.
    pub fn encode(&self, texts: Vec<String>) -> Result<JsValue, JsValue> {
        let encoded = self.run(&texts)?;
        let answer = Object::new();
        let truncated: Array = encoded.truncated.iter().map(|&t| JsValue::from(t)).collect();
        let fields: [(&str, JsValue); 3] = [
            ("vectors", Float32Array::from(encoded.vectors.as_slice()).into()),
            ("dim", JsValue::from(encoded.vectors.dim() as u32)),
            ("truncated", truncated.into()),
        ];
        for (name, value) in fields {
            Reflect::set(&answer, &JsValue::from_str(name), &value)?;
        }
        Ok(answer.into())
    }

    /// What the texts feel like. `labels` are names, or a label set as in a label-set file;
    /// `options` may say `{ mode: "multi" | "single", threshold }`. Answers
    /// `[{ none, tags: [{ name, cosine, probability, on }] }]`, tags in the order of the labels.
    pub fn tag(&self, texts: Vec<String>, labels: JsValue, options: JsValue) -> Result<JsValue, JsValue> {
        let set = label_set(&labels)?;
        let options = if options.is_undefined() || options.is_null() {
            ScoreOptions::default()
        } else {
            serde_wasm_bindgen::from_value(options)?
        };
        let mut wordings = Wordings::default();
        let missing = wordings.missing(&set);
        let vectors = self.run(&missing)?.vectors;
        wordings.learn(missing, &vectors);
        let dim = self.encoder.manifest().encoder.hidden;
        // Everything that was missing has just been learned.
        let labels = wordings
            .matrix(&set, dim)
            .map_err(|error| thrown(error.into()))?
            .ok_or_else(|| JsValue::from_str("a label has no vector. This is a bug."))?;

        let texts = self.run(&texts)?.vectors;
        let scorer = self.encoder.scorer();
        let labels = scorer.prepare(labels, &set).map_err(|error| thrown(error.into()))?;
        let scores = scorer.score(&texts, &labels, &options).map_err(|error| thrown(error.into()))?;
        let tagged: Vec<Tagged> = (0..scores.len())
            .map(|text| Tagged {
                none: scores.none(text),
                tags: set
                    .labels()
                    .iter()
                    .enumerate()
                    .map(|(place, label)| Tag {
                        name: label.name.clone(),
                        cosine: scores.cosine(text)[place],
                        probability: scores.probability(text)[place],
                        on: scores.on(text)[place],
                    })
                    .collect(),
            })
            .collect();
        plain(&tagged)
    }

    /// How pleasant and how stirred the texts are: `[{ valence, arousal }]`, both from 1 to 9.
    pub fn affect(&self, texts: Vec<String>) -> Result<JsValue, JsValue> {
        let encoded = self.run(&texts)?;
        let head = self.encoder.affect_head();
        let affects: Result<Vec<Affect>, _> = encoded.vectors.rows().map(|row| head.read(row)).collect();
        plain(&affects.map_err(|error| thrown(error.into()))?)
    }

    fn run(&self, texts: &[String]) -> Result<Encoded, JsValue> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        self.encoder.encode(&texts).map_err(|error| thrown(error.into()))
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
    cosine: f32,
    probability: f32,
    on: bool,
}

fn label_set(labels: &JsValue) -> Result<LabelSet, JsValue> {
    let mut set = LabelSet::new("labels");
    if Array::is_array(labels) {
        let names: Vec<String> = serde_wasm_bindgen::from_value(labels.clone())?;
        for name in names {
            set.add(&name).map_err(|error| thrown(error.into()))?;
        }
    } else {
        // By way of JSON, so that errors name the label and its place as they do for a file.
        let json = String::from(JSON::stringify(labels)?);
        set = LabelSet::from_json(&json).map_err(|error| thrown(error.into()))?;
    }
    Ok(set)
}

fn plain(value: &impl Serialize) -> Result<JsValue, JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?)
}

fn thrown(report: Report) -> JsValue {
    let error = js_sys::Error::new(&report.message);
    if let Ok(kind) = serde_wasm_bindgen::to_value(&report.kind) {
        // Without its kind the error still says its sentence.
        let _ = Reflect::set(&error, &JsValue::from_str("kind"), &kind);
    }
    error.into()
}
