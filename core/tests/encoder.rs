//! The encoder on a tiny random student: gradients, independence of the batch, loading from bytes, limits.
#![cfg(feature = "candle")]

use std::collections::{BTreeMap, HashMap};

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{VarBuilder, VarMap};
use proptest::prelude::*;
use safetensors::tensor::{Dtype, TensorView};
use undertone_core::encoder::candle::{Bert, Noise};
use undertone_core::encoder::engine::kernels::Kernels;
use undertone_core::encoder::{AFFECT_BIAS, AFFECT_WEIGHT, Ragged, SCALE_SUFFIX, TOKEN_TABLE};
use undertone_core::{Bundle, Calibration, Encoder, EncoderConfig, ErrorKind, FileEntry, Lexicon, Manifest, Tokenizer};

const WORDS: [&str; 12] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "glad", "sad", "##ly", "not", "face", "tears"];

fn config() -> EncoderConfig {
    EncoderConfig {
        layers: 2,
        hidden: 16,
        heads: 4,
        intermediate: 24,
        vocabulary: WORDS.len(),
        positions: 12,
        token_types: 2,
        layer_norm_eps: 1e-12,
        max_tokens: 10,
        pooling: "mean".into(),
    }
}

/// Variables that are all different from each other and from zero, and the table.
fn student() -> (VarMap, Tensor) {
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let table = wave(&[WORDS.len(), 16], 0.3);
    Bert::new(vb, &config(), table.clone()).unwrap();
    for (i, (_, var)) in sorted(&variables).into_iter().enumerate() {
        let near = if var.rank() == 1 { 0.5 } else { 0.0 };
        var.set(&(wave(var.dims(), 1.0 + i as f32) + near).unwrap()).unwrap();
    }
    (variables, table)
}

fn sorted(variables: &VarMap) -> Vec<(String, Var)> {
    let data = variables.data().lock().unwrap();
    let mut all: Vec<_> = data.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// Values that look random and are the same everywhere.
fn wave(shape: &[usize], phase: f32) -> Tensor {
    let n: usize = shape.iter().product();
    let values: Vec<f32> = (0..n).map(|i| 0.4 * ((i as f32 * 12.9898 + phase * 78.233).sin() * 43.5).sin()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn bert(variables: &VarMap, table: &Tensor) -> Bert {
    let vb = VarBuilder::from_varmap(variables, DType::F32, &Device::Cpu);
    Bert::new(vb, &config(), table.clone()).unwrap()
}

fn texts() -> Ragged {
    Ragged::new([[2u32, 4, 5, 3].as_slice(), &[2, 6, 3], &[2, 9, 7, 8, 4, 3]]).unwrap()
}

/// A loss that treats every value of every vector differently.
fn loss(bert: &Bert) -> Tensor {
    let vectors = bert.forward(&texts()).unwrap();
    (&vectors * wave(vectors.dims(), 7.0)).unwrap().sum_all().unwrap()
}

/// candle's fused layer norm has no backward and says nothing: whatever has none would never learn.
#[test]
fn every_variable_gets_the_gradient_of_finite_differences() {
    let (variables, table) = student();
    let bert = bert(&variables, &table);
    let gradients = loss(&bert).backward().unwrap();
    let mut checked = 0;
    for (name, var) in sorted(&variables) {
        let gradient: Vec<f32> = gradients
            .get(&var)
            .unwrap_or_else(|| panic!("{name} has no gradient"))
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap();
        // A key's bias moves all of a query's logits alike, which softmax does not see.
        let silent = name.ends_with("key.bias");
        let largest = gradient.iter().fold(0f32, |m, g| m.max(g.abs()));
        assert!(silent || largest > 1e-6, "{name} never changes the vectors");
        let values: Vec<f32> = var.flatten_all().unwrap().to_vec1().unwrap();
        for i in (0..values.len()).step_by((values.len() / 5).max(1)) {
            let at = |delta: f32| {
                let mut moved = values.clone();
                moved[i] += delta;
                var.set(&Tensor::from_vec(moved, var.shape(), &Device::Cpu).unwrap()).unwrap();
                f64::from(loss(&bert).to_scalar::<f32>().unwrap())
            };
            let step = 2e-3;
            let slope = (at(step) - at(-step)) / f64::from(2.0 * step);
            at(0.0);
            let error = (slope - f64::from(gradient[i])).abs();
            assert!(error < 2e-3 + 0.02 * slope.abs(), "{name}[{i}]: gradient {}, slope {slope}", gradient[i]);
            checked += 1;
        }
    }
    assert!(checked > 150, "only {checked} values were checked");
}

#[test]
fn alone_equals_batched() {
    let (variables, table) = student();
    let bert = bert(&variables, &table);
    let together: Vec<Vec<f32>> = bert.forward(&texts()).unwrap().to_vec2().unwrap();
    for (ids, row) in [[2u32, 4, 5, 3].as_slice(), &[2, 6, 3], &[2, 9, 7, 8, 4, 3]].into_iter().zip(together) {
        let alone: Vec<Vec<f32>> = bert.forward(&Ragged::new([ids]).unwrap()).unwrap().to_vec2().unwrap();
        let cosine: f32 = alone[0].iter().zip(&row).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.99999, "cosine {cosine}");
    }
}

/// What dropout leaves out of a text does not depend on the texts beside it, and so not on how threads share a batch.
#[test]
fn dropout_depends_on_a_texts_own_seed() {
    let (variables, table) = student();
    let bert = bert(&variables, &table);
    let noise = |seeds: &[u64]| Noise::new(0.3, seeds.to_vec());
    let rows = |texts: &Ragged, seeds: &[u64]| bert.noisy(texts, noise(seeds)).unwrap().to_vec2::<f32>().unwrap();
    let together = rows(&texts(), &[5, 6, 7]);
    let last = Ragged::new([[2u32, 9, 7, 8, 4, 3].as_slice()]).unwrap();
    let near = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(near(&rows(&last, &[7])[0], &together[2]));
    assert!(!near(&rows(&last, &[8])[0], &together[2]));
    assert!(bert.noisy(&texts(), noise(&[5])).is_err());
}

#[test]
fn a_text_without_tokens_is_refused() {
    assert!(Ragged::new([[].as_slice()]).is_err());
}

fn tokenizer() -> Vec<u8> {
    let vocab: HashMap<&str, usize> = WORDS.iter().enumerate().map(|(i, w)| (*w, i)).collect();
    let special = |id: usize, content: &str| {
        serde_json::json!({"id": id, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true})
    };
    let tokenizer = serde_json::json!({
        "version": "1.0",
        // As the hub's files have them: they must not matter.
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
            "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [special(0, "[PAD]"), special(1, "[UNK]"), special(2, "[CLS]"), special(3, "[SEP]")],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocab},
    });
    serde_json::to_vec(&tokenizer).unwrap()
}

type Stored = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The student as a bundle stores it: int8 rows with scales.
fn stored() -> Stored {
    let (variables, table) = student();
    let mut stored = Stored::new();
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let all = sorted(&variables).into_iter().map(|(name, var)| (name, var.as_tensor().clone()));
    for (name, tensor) in all.chain([(TOKEN_TABLE.to_owned(), table)]) {
        let values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
        if let &[rows, width] = tensor.dims() {
            let scales: Vec<f32> =
                values.chunks(width).map(|row| row.iter().fold(0f32, |m, x| m.max(x.abs())) / 127.0).collect();
            let int8 = values.iter().enumerate().map(|(i, x)| (x / scales[i / width]).round() as i8 as u8).collect();
            stored.insert(format!("{name}{SCALE_SUFFIX}"), (Dtype::F32, vec![rows], bytes(&scales)));
            stored.insert(name, (Dtype::I8, vec![rows, width], int8));
        } else {
            stored.insert(name, (Dtype::F32, tensor.dims().to_vec(), bytes(&values)));
        }
    }
    stored.insert(AFFECT_WEIGHT.into(), (Dtype::F32, vec![2, 16], bytes(&[0.5; 32])));
    stored.insert(AFFECT_BIAS.into(), (Dtype::F32, vec![2], bytes(&[5.0, 5.0])));
    stored
}

fn bundle(stored: &Stored, config: EncoderConfig) -> Bundle {
    let views = stored
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    let weights = safetensors::serialize(views, None).unwrap();
    bundle_of(weights, tokenizer(), config)
}

fn bundle_of(weights: Vec<u8>, tokenizer: Vec<u8>, encoder: EncoderConfig) -> Bundle {
    let manifest = Manifest {
        format: Manifest::FORMAT,
        name: "tiny".into(),
        encoder,
        quantisation: Manifest::QUANTISATION.into(),
        calibration: Calibration::default(),
        lexicon: Lexicon::default(),
        reliability: None,
        files: vec![FileEntry::new(Bundle::WEIGHTS, &weights), FileEntry::new(Bundle::TOKENIZER, &tokenizer)],
        provenance: BTreeMap::new(),
        metrics: BTreeMap::new(),
        licence: "MIT".into(),
    };
    Bundle::new(manifest, weights, tokenizer).unwrap()
}

#[test]
fn a_bundle_gives_the_vectors_of_its_student() {
    let encoder = Encoder::load(bundle(&stored(), config())).unwrap();
    let encoded = encoder.encode(&["a b", "GLAD", "not sadly a"]).unwrap();
    let (variables, table) = student();
    let full: Vec<Vec<f32>> = bert(&variables, &table).forward(&texts()).unwrap().to_vec2().unwrap();
    for (int8, full) in encoded.vectors.rows().rows().zip(full) {
        let cosine: f32 = int8.iter().zip(&full).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.999, "cosine {cosine}");
    }
    assert_eq!(encoded.windows, [0..3, 0..4, 0..11]);
    assert_eq!(encoded.cut, [false; 3]);
}

/// Whatever computes, in whatever company: the same bits.
#[test]
fn vectors_do_not_depend_on_the_instructions_or_the_batch() {
    let texts = ["a b", "GLAD", "", "not sadly a b glad", "sad"];
    let best = Encoder::load(bundle(&stored(), config())).unwrap().encode(&texts).unwrap().vectors;
    for kernels in Kernels::available() {
        let encoder = Encoder::with_kernels(bundle(&stored(), config()), kernels).unwrap();
        assert_eq!(encoder.encode(&texts).unwrap().vectors, best, "{}", kernels.name);
        for (i, text) in texts.iter().enumerate() {
            let alone = encoder.encode(&[text]).unwrap().vectors;
            assert!(alone.text(0).eq(best.text(i)), "{}: {text:?}", kernels.name);
        }
    }
}

#[test]
fn odd_texts_have_vectors() {
    let encoder = Encoder::load(bundle(&stored(), config())).unwrap();
    let long = "glad ".repeat(Encoder::MAX_WORDS + 1);
    let texts = ["", "   ", "😂", "مرحبا بالعالم", "\u{0}", "漢字", &long];
    let encoded = encoder.encode(&texts).unwrap();
    assert_eq!(encoded.vectors.len(), texts.len());
    assert_eq!(encoded.cut, [false, false, false, false, false, false, true]);
    assert!(encoder.encode(&[]).unwrap().vectors.is_empty());
}

/// The limit counts the token at each end; what does not fit is another window, read as if it were alone.
#[test]
fn long_texts_are_read_in_windows() {
    let encoder = Encoder::load(bundle(&stored(), config())).unwrap();
    let text = "a b a b a b sad. Sad a b sad. Glad sadly glad a b sad.";
    let encoded = encoder.encode(&["a b a b a b a b", text]).unwrap();
    assert_eq!(encoded.vectors.counts().collect::<Vec<_>>()[0], 1);
    let windows: Vec<&str> = encoded.windows[1..].iter().map(|range| &text[range.clone()]).collect();
    assert_eq!(windows, ["a b a b a b sad.", "Sad a b sad.", "Glad sadly glad a b sad."]);
    for (window, vector) in windows.iter().zip(encoded.vectors.text(1)) {
        let alone = encoder.encode(&[window]).unwrap();
        assert_eq!((alone.vectors.len(), alone.vectors.rows().row(0)), (1, vector), "{window}");
    }
    let (sentences, ranges) = encoder.encode_sentences(text).unwrap();
    assert_eq!(sentences.len(), ranges.len());
    assert_eq!(&text[ranges[1].clone()], "Sad a b sad.");
    assert_eq!(sentences.row(1), encoded.vectors.text(1).nth(1).unwrap());
}

/// Whatever a text is like, each of its words is in one window, and no window is longer than the model reads.
#[test]
fn nothing_is_left_unread() {
    let tokenizer = Tokenizer::from_bytes(&tokenizer(), 10).unwrap();
    let texts = [
        "glad".repeat(50),
        "😂😭".repeat(40),
        "a b. ".repeat(60) + "sad",
        "a\nb\n\n".repeat(30),
        "x".repeat(1_000_000),
        "\u{0}a\u{301}b ".repeat(50),
        "漢字。".repeat(100),
    ];
    for text in texts {
        let read = tokenizer.windows(&text).unwrap();
        let mut end = 0;
        for window in &read.windows {
            assert!(window.ids.len() <= 10, "{} tokens", window.ids.len());
            assert!(text[end..window.range.start].trim().is_empty());
            assert!(!tokenizer.encode(&text[window.range.clone()]).unwrap().truncated);
            end = window.range.end;
        }
        assert!(read.cut || text[end..].trim().is_empty());
        assert_eq!(read.cut, text.len() > 400_000);
    }
}

/// The text under each token, as it was given.
fn located<'a>(tokenizer: &Tokenizer, text: &'a str) -> Vec<Option<&'a str>> {
    let located = tokenizer.locate(text).unwrap();
    assert_eq!(located.tokens, tokenizer.encode(text).unwrap());
    assert_eq!(located.tokens.ids.len(), located.ranges.len());
    located.ranges.into_iter().map(|range| range.map(|range| &text[range])).collect()
}

#[test]
fn tokens_point_at_the_text_as_it_was_given() {
    let tokenizer = Tokenizer::from_bytes(&tokenizer(), 10).unwrap();
    let (none, emoji) = (None, Some("😹"));
    // "cat with tears of joy"
    assert_eq!(
        located(&tokenizer, "A  GLADLY 😹"),
        [none, Some("A"), Some("GLAD"), Some("LY"), emoji, emoji, emoji, emoji, emoji, none]
    );
    assert_eq!(
        located(&tokenizer, "not Sád &amp;amp; a"),
        [none, Some("not"), Some("Sád"), Some("&amp;amp;"), Some("a"), none]
    );
    // Special tokens that the text spells out come from it; its end, if it was cut off, is the closing token's place.
    assert_eq!(located(&tokenizer, "a [SEP]"), [none, Some("a"), Some("[SEP]"), none]);
    let long = located(&tokenizer, "a b a b a b a b a b");
    assert_eq!((long.len(), long[8], long[9]), (10, Some("b"), none));
    assert_eq!(located(&tokenizer, ""), [none, none]);
}

proptest! {
    #[test]
    fn tokens_stand_one_after_the_other(text in "([a-cé😂👍🏽#@ &;]|glad|SAD|&amp;|\\PC){0,20}") {
        let tokenizer = Tokenizer::from_bytes(&tokenizer(), 10).unwrap();
        located(&tokenizer, &text);
        let ranges: Vec<_> = tokenizer.locate(&text).unwrap().ranges.into_iter().flatten().collect();
        for pair in ranges.windows(2) {
            prop_assert!(pair[0].start <= pair[1].start && pair[0].end <= pair[1].end, "{ranges:?}");
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let error = |stored: &Stored, config| Encoder::load(bundle(stored, config)).err().unwrap();
    let mut missing = stored();
    missing.remove("encoder.layer.1.output.dense.bias");
    assert!(error(&missing, config()).to_string().contains("encoder.layer.1.output.dense.bias"));
    let mut short = stored();
    short.insert("embeddings.LayerNorm.weight".into(), (Dtype::F32, vec![8], vec![0; 32]));
    assert!(error(&short, config()).to_string().contains("embeddings.LayerNorm.weight"));
    let mut scales = stored();
    scales.insert(format!("{TOKEN_TABLE}{SCALE_SUFFIX}"), (Dtype::F32, vec![1], vec![0; 4]));
    assert!(error(&scales, config()).to_string().contains(SCALE_SUFFIX));
    let wide = EncoderConfig { vocabulary: 13, ..config() };
    assert_eq!(error(&stored(), wide).kind(), ErrorKind::BadTokenizer);
    let deep = EncoderConfig { layers: 3, ..config() };
    assert!(error(&stored(), deep).to_string().contains("encoder.layer.2"));
    let junk = |weights, tokenizer| Encoder::load(bundle_of(weights, tokenizer, config())).err().unwrap().kind();
    assert_eq!(junk(b"junk".to_vec(), tokenizer()), ErrorKind::BadModel);
    assert_eq!(junk(vec![], tokenizer()), ErrorKind::BadModel);
    assert_eq!(junk(vec![255; 64], tokenizer()), ErrorKind::BadModel);
    assert_eq!(junk(b"junk".to_vec(), b"junk".to_vec()), ErrorKind::BadTokenizer);
}

#[test]
fn affect_is_on_its_scale() {
    let encoder = Encoder::load(bundle(&stored(), config())).unwrap();
    let encoded = encoder.encode(&["glad"]).unwrap();
    let affect = encoder.affect_head().read(encoded.vectors.rows().row(0)).unwrap();
    assert!((1.0..=9.0).contains(&affect.valence) && affect.valence == affect.arousal);
}
