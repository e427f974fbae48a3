//! Manifests and bundles, whole and broken.

use std::collections::BTreeMap;
use std::error::Error as _;

use undertone_core::{Bundle, Calibration, EncoderConfig, Error, ErrorKind, FileEntry, Lexicon, Manifest};

const WEIGHTS: &[u8] = b"the weights";
const TOKENIZER: &[u8] = b"the tokeniser";

fn manifest() -> Manifest {
    Manifest {
        format: Manifest::FORMAT,
        name: "tiny".into(),
        encoder: EncoderConfig {
            layers: 2,
            hidden: 8,
            heads: 2,
            intermediate: 16,
            vocabulary: 100,
            positions: 32,
            token_types: 2,
            layer_norm_eps: 1e-12,
            max_tokens: 32,
            pooling: EncoderConfig::POOLING.into(),
        },
        quantisation: Manifest::QUANTISATION.into(),
        calibration: Calibration { scale: 21.3, bias: -7.1, threshold: 0.35, ..Calibration::default() },
        lexicon: Lexicon::default(),
        reliability: None,
        files: vec![FileEntry::new(Bundle::WEIGHTS, WEIGHTS), FileEntry::new(Bundle::TOKENIZER, TOKENIZER)],
        provenance: BTreeMap::from([("steps".into(), 10.into())]),
        metrics: BTreeMap::new(),
        licence: "Apache-2.0".into(),
    }
}

/// What is said about the manifest after a change.
fn changed(change: impl FnOnce(&mut Manifest)) -> Error {
    let mut manifest = manifest();
    change(&mut manifest);
    let error = Manifest::from_json(manifest.to_json().as_bytes()).unwrap_err();
    assert_eq!(manifest.validate().unwrap_err().to_string(), error.to_string());
    error
}

fn bundled(weights: &[u8], tokenizer: &[u8]) -> Result<Bundle, Error> {
    Bundle::new(manifest(), weights.to_vec(), tokenizer.to_vec())
}

#[test]
fn a_whole_bundle() {
    let read = Manifest::from_json(manifest().to_json().as_bytes()).unwrap();
    assert_eq!(read, manifest());
    let bundle = bundled(WEIGHTS, TOKENIZER).unwrap();
    assert_eq!((bundle.weights.as_slice(), bundle.tokenizer.as_slice()), (WEIGHTS, TOKENIZER));
    assert!(format!("{bundle:?}").len() < 2000);
}

#[test]
fn the_digest_is_that_of_other_tools() {
    let entry = FileEntry::new("abc", b"abc");
    assert_eq!(entry.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    FileEntry { sha256: entry.sha256.to_uppercase(), ..entry }.verify(b"abc").unwrap();
}

#[test]
fn broken_files() {
    let cases = [
        (
            bundled(&WEIGHTS[..4], TOKENIZER),
            "weights.safetensors has 4 bytes, the manifest says 11: the download is truncated; load it again",
        ),
        (
            bundled(WEIGHTS, b"another tokeniser"),
            "tokenizer.json has 17 bytes, the manifest says 13: it is another file; load it again",
        ),
        (
            bundled(b"the w3ights", TOKENIZER),
            "weights.safetensors does not have the SHA-256 of the manifest: the download is damaged or belongs to \
             another manifest; load it again",
        ),
    ];
    for (bundle, message) in cases {
        let error = bundle.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::BadModel, message));
    }
}

#[test]
fn what_is_no_manifest() {
    let json = manifest().to_json();
    let cases = [
        ("", "the model manifest ends too early, at line 1: it was cut off; load it again"),
        (&json[..json.len() / 2], "ends too early"),
        (
            "<!doctype html><title>404</title>",
            "this is a web page, not a model manifest: check the address it came from",
        ),
        ("[]", "this is not a model manifest (invalid length 0, expected struct Format with 1 element"),
        (r#"{"name":"tiny"}"#, "missing field `format`"),
        (r#"{"format":1}"#, "missing field `name`"),
        (r#"{"format":1,"name":7}"#, "invalid type: integer `7`, expected a string at line 1 column 20"),
    ];
    for (json, message) in cases {
        let error = Manifest::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadModel);
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.source().is_some());
    }
    assert!(Manifest::from_json(b"\xff\xfe").is_err());
}

#[test]
fn what_another_version_may_read() {
    let cases = [
        (changed(|m| m.format = 2), "the model's format is 2, this version reads 1: update Undertone or the model"),
        (
            changed(|m| m.quantisation = "int4".into()),
            "the model's quantisation is int4, this version reads int8-per-row: update Undertone or the model",
        ),
        (
            changed(|m| m.encoder.pooling = "cls".into()),
            "the model's pooling is cls, this version reads mean: update Undertone or the model",
        ),
    ];
    for (error, message) in cases {
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Unsupported, message));
    }
    // A later format may lack everything else.
    assert_eq!(Manifest::from_json(br#"{"format": 9}"#).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn manifests_that_contradict_themselves() {
    let cases = [
        (changed(|m| m.encoder.heads = 3), "the encoder's hidden size 8 does not split into 3 heads"),
        (changed(|m| m.encoder.heads = 0), "the encoder's heads is 0"),
        (changed(|m| m.encoder.vocabulary = 0), "the encoder's vocabulary is 0"),
        (changed(|m| m.encoder.max_tokens = 33), "the encoder reads 33 tokens but has 32 positions"),
        (changed(|m| m.encoder.layer_norm_eps = -1.0), "the encoder's layer_norm_eps is -1, not a positive number"),
        (changed(|m| m.calibration.scale = -2.0), "the calibration's scale is -2, it must be a positive number"),
        (changed(|m| m.calibration.threshold = 1.5), "the calibration's threshold is 1.5, it must be between 0 and 1"),
        (changed(|m| m.files.truncate(1)), "the manifest does not name tokenizer.json"),
        (changed(|m| m.files.clear()), "the manifest does not name weights.safetensors"),
        (changed(|m| m.files.push(m.files[0].clone())), "the manifest names weights.safetensors twice"),
        (
            changed(|m| m.files[0].sha256.truncate(63)),
            "the manifest's SHA-256 of weights.safetensors is not 64 hexadecimal digits",
        ),
    ];
    for (error, message) in cases {
        assert_eq!(error.kind(), ErrorKind::BadModel);
        assert_eq!(error.to_string(), format!("{message}: export the model again"));
    }
}

#[test]
fn no_path_leads_out_of_the_bundle() {
    for path in ["", ".", "..", "../weights", "/etc/passwd", "a/b", "a\\b", "C:x", "https://example.org/x", "a\0"] {
        let error = changed(|m| m.files.push(FileEntry::new(path, b"")));
        assert_eq!(error.kind(), ErrorKind::BadModel);
        assert!(error.to_string().contains("no plain file name"), "{error}");
    }
}

#[test]
fn kinds_have_names_on_the_wire() {
    assert_eq!(serde_json::to_string(&ErrorKind::BadTokenizer).unwrap(), r#""bad-tokenizer""#);
    assert_eq!(serde_json::from_str::<ErrorKind>(r#""bad-model""#).unwrap(), ErrorKind::BadModel);
}
