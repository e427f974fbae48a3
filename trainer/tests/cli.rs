//! The command line from end to end: a tiny student is trained, resumed, exported and evaluated; bad input is told in
//! one sentence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a base model's shape, an annotation set and an evaluation set.
struct House {
    folder: TempDir,
}

const JOY: [&str; 6] = ["glad day", "so glad", "a glad sunny day", "sunny", "glad glad", "what a sunny day"];
const SADNESS: [&str; 6] = ["i cry", "so sad", "sad rainy day", "rainy", "cry and cry", "what a rainy day"];

impl House {
    fn new() -> Self {
        let house = Self { folder: TempDir::new().unwrap() };
        house.write(
            "base/config.json",
            &json!({"num_hidden_layers": 1, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32,
                "vocab_size": 0, "max_position_embeddings": 32, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
                "model_type": "bert", "hidden_act": "gelu"}),
        );
        let mut words: Vec<String> = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(String::from).to_vec();
        words.extend(('a'..='z').map(String::from));
        words.extend(('a'..='z').map(|c| format!("##{c}")));
        words.extend(
            ["glad", "sunny", "day", "cry", "sad", "rainy", "joy", "sadness", "zebra", "yacht"].map(String::from),
        );
        let mut config = house.json("base/config.json");
        config["vocab_size"] = words.len().into();
        house.write("base/config.json", &config);
        let vocab: serde_json::Map<_, _> = words.iter().enumerate().map(|(i, w)| (w.clone(), i.into())).collect();
        let special = |id: usize| {
            json!({"id": id, "content": words[id], "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true})
        };
        house.write(
            "base/tokenizer.json",
            &json!({"version": "1.0", "truncation": null, "padding": null,
                "added_tokens": (0..4).map(special).collect::<Vec<_>>(),
                "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                    "strip_accents": null, "lowercase": true},
                "pre_tokenizer": {"type": "BertPreTokenizer"},
                "post_processor": {"type": "TemplateProcessing",
                    "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                        {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
                    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                        "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
                "decoder": null,
                "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                    "max_input_chars_per_word": 100, "vocab": vocab}}),
        );
        let said = |text: &&str, what: &str, valence: f32| {
            json!({"id": text, "text": text, "descriptors": [what],
            "valence": valence, "arousal": 5})
        };
        let rows: Vec<Value> =
            JOY.iter().map(|t| said(t, "joy", 8.0)).chain(SADNESS.iter().map(|t| said(t, "sadness", 2.0))).collect();
        house.rows("set", &rows);
        // Not the very texts that are learned from: those would be left out.
        let gold = |text: &&str, what: &str| json!({"id": text, "text": format!("{text} a"), "labels": [what]});
        let rows: Vec<Value> =
            JOY.iter().map(|t| gold(t, "joy")).chain(SADNESS.iter().map(|t| gold(t, "sadness"))).collect();
        for task in ["multi", "single"] {
            house.rows(task, &rows);
            house
                .write(&format!("{task}/set.json"), &json!({"name": task, "task": task, "labels": ["joy", "sadness"]}));
        }
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, value: &Value) {
        self.text(name, &value.to_string());
    }

    fn text(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn rows(&self, set: &str, rows: &[Value]) {
        self.text(&format!("{set}/data.jsonl"), &rows.iter().map(|row| format!("{row}\n")).collect::<String>());
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
        command.current_dir(&self.folder).args(arguments.split_whitespace()).output().unwrap()
    }

    fn succeeds(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The error of a command that fails: one line, exit code 1.
    fn fails(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        told
    }

    fn curve(&self, run: &str) -> String {
        fs::read_to_string(self.path(run).join("loss.csv")).unwrap()
    }
}

const TRAIN: &str = "train --data set --base base --from-scratch --max-tokens 16 --batch 4 --rate 3e-3 --head-rate 3e-2 \
    --average 0.9 --threads 2";

#[test]
fn a_student_is_trained_exported_and_evaluated() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output run --epochs 100 --dev multi --vocabulary 64"));
    house.succeeds("export --checkpoint run --output model --set multi --data set --name tiny");
    let manifest = house.json("model/manifest.json");
    assert_eq!(manifest["encoder"]["vocabulary"], 64);
    let data = &manifest["provenance"]["data"][0];
    assert_eq!((data["set"].as_str(), data["rows"].as_u64()), (Some("set"), Some(12)));
    assert_eq!(data["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(manifest["provenance"]["recipes"][0]["recipe"]["epochs"], 100);
    assert!(manifest["metrics"]["int8_cosine"]["mean"].as_f64().unwrap() > 0.99);

    let figures: Value =
        serde_json::from_str(&house.succeeds("evaluate --model model --set multi single --json -")).unwrap();
    assert_eq!(figures["multi"]["rows"], 12);
    for (set, metric) in [("multi", "macro_f1"), ("multi", "map"), ("single", "accuracy"), ("single", "macro_f1")] {
        let value = figures[set][metric].as_f64().unwrap();
        assert!(value > 0.9, "{set} {metric}: {value}; it cannot tell joy from sadness");
    }
    assert_eq!(manifest["metrics"]["multi"], figures["multi"]);

    let mut detuned = manifest.clone();
    detuned["calibration"]["bias"] = json!(-30.0);
    house.write("model/manifest.json", &detuned);
    assert!(house.fails("calibrate --model model --set single").contains("no set is multi-label"));
    assert_eq!(house.json("model/manifest.json"), detuned);
    house.succeeds("calibrate --model model --set multi");
    assert_eq!(house.json("model/manifest.json"), manifest);

    // Beside another set, each is also measured by the calibration to the other alone.
    let rows: Vec<Value> = [("glad and sunny", "joy"), ("cry on a sad day", "sadness"), ("sunny glad", "joy")]
        .map(|(text, label)| json!({"text": text, "labels": [label]}))
        .to_vec();
    house.rows("other", &rows);
    house.write("other/set.json", &json!({"name": "other", "task": "multi", "labels": ["joy", "sadness"]}));
    house.succeeds("calibrate --model model --set multi other single");
    let metrics = &house.json("model/manifest.json")["metrics"];
    for (set, metric) in [("multi", "macro_f1"), ("other", "map"), ("single", "accuracy")] {
        for figures in [&metrics[set], &metrics[set]["left_out"]] {
            let value = figures[metric].as_f64().unwrap();
            let range = &figures["intervals"][metric];
            let (low, high) = (range["low"].as_f64().unwrap(), range["high"].as_f64().unwrap());
            assert!(low <= value + 1e-9 && value <= high + 1e-9, "{set} {metric}: {value} in {low} to {high}");
        }
    }

    // Claims are told where the calibration to the other set makes them.
    let reliability = &house.json("model/manifest.json")["reliability"];
    assert_eq!(reliability["sets"], json!(["multi", "other"]));
    let claims: u64 = reliability["bins"].as_array().unwrap().iter().map(|bin| bin["count"].as_u64().unwrap()).sum();
    assert_eq!(claims, 2 * (12 + 3));

    house.write("labels.json", &json!({"name": "two", "labels": [{"name": "joy"}, {"name": "sadness"}]}));
    let told: Value =
        serde_json::from_str(&house.succeeds("explain glad --model model --labels labels.json --label Sadness --json"))
            .unwrap();
    assert_eq!((told["label"].as_str(), told["words"][0]["text"].as_str()), (Some("sadness"), Some("glad")));
    let shares = told["shares"]["tokens"][0].as_array().unwrap();
    let cosine: f64 = shares.iter().map(|share| share["share"].as_f64().unwrap()).sum();
    assert!((told["breakdown"]["windows"][0][0]["cosine"].as_f64().unwrap() - cosine).abs() < 1e-4);
    let said = house.succeeds("explain glad --model model --labels labels.json");
    assert!(said.starts_with("joy: ") && said.contains("\"glad\"") && said.contains("never a diagnosis"), "{said}");
    house.fails("explain glad --model model --labels labels.json --label fear").contains("has no label 'fear'");

    assert!(house.succeeds("evaluate --model model --set single").contains("accuracy"));

    // The student as one more annotator of a file.
    let lines =
        |texts: &[&str], label: &str| texts.iter().map(|text| format!("{text} a,{label}\n")).collect::<String>();
    house.text("gold.csv", &format!("text,label\n{}{}", lines(&JOY, "joy"), lines(&SADNESS, "sadness")));
    house.text("labels.json", r#"{"name": "two", "labels": [{"name": "joy"}, {"name": "sadness"}]}"#);
    let arguments = "agreement gold.csv --model model --labels labels.json --json -";
    let found: Value = serde_json::from_str(&house.succeeds(arguments)).unwrap();
    assert_eq!(found["annotators"][1], json!({"name": "tiny", "rows": 12}));
    assert_eq!((&found["machine"]["gold"], &found["machine"]["rows"]), (&json!("label"), &json!(12)));
    let same = |ours: &Value, theirs: &Value| (ours.as_f64().unwrap() - theirs.as_f64().unwrap()).abs() < 1e-9;
    let evaluated: Value =
        serde_json::from_str(&house.succeeds("evaluate --model model --set multi --json -")).unwrap();
    assert!(same(&found["machine"]["macro_f1"]["value"], &evaluated["multi"]["macro_f1"]));
    assert!(found["pairs"][0]["mean_kappa"].as_f64().unwrap() > 0.5);
    assert!(house.succeeds("agreement gold.csv --model model --labels labels.json").contains("expect a macro F1 of"));

    // What corrections are worth: nothing where nothing is wrong, but no harm.
    let found: Value =
        serde_json::from_str(&house.succeeds("corrections --model model --set multi --deals 3 --json -")).unwrap();
    for choice in ["random", "uncertain"] {
        let values: Vec<f64> =
            found["multi"][choice].as_array().unwrap().iter().map(|row| row["macro_f1"].as_f64().unwrap()).collect();
        assert!(values.len() == 6 && values.iter().all(|value| *value > 0.8), "{choice}: {values:?}");
    }
    assert!(house.fails("corrections --model model --set single").contains("measured on multi-label sets"));
    assert_eq!(house.curve("run").lines().count(), 1 + 100 * 3);
    assert_eq!(fs::read_to_string(house.path("run/dev.jsonl")).unwrap().lines().count(), 100);
}

#[test]
fn a_resumed_run_goes_on_as_if_nothing_had_happened() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output whole --epochs 4"));
    house.succeeds(&format!("{TRAIN} --output broken --epochs 4 --stop-after 5"));
    house.succeeds(&format!("{TRAIN} --output broken --epochs 4 --resume"));
    assert_eq!(house.curve("whole"), house.curve("broken"));
    assert!(house.fails(&format!("{TRAIN} --output whole --epochs 4")).contains("--resume"));
    assert!(house.fails(&format!("{TRAIN} --output whole --epochs 9 --resume")).contains("other settings"));
    assert!(house.fails(&format!("{TRAIN} --output fresh --epochs 9 --resume")).contains("nothing to resume"));
    // Data of the same name and length are other data.
    let mut rows: Vec<Value> =
        fs::read_to_string(house.path("set/data.jsonl")).unwrap().lines().map(|l| l.parse().unwrap()).collect();
    rows[0]["descriptors"] = json!(["glee"]);
    house.rows("set", &rows);
    assert!(house.fails(&format!("{TRAIN} --output whole --epochs 4 --resume")).contains("other settings or data"));
}

/// What a step computes must not depend on how many threads share it, dropout included; only the order of sums may.
#[test]
fn threads_change_nothing() {
    let house = House::new();
    let losses = |threads: u8, run: &str| -> Vec<f64> {
        house.succeeds(&format!(
            "train --data set --base base --from-scratch --max-tokens 16 --batch 6 --dropout 0.5 --epochs 2 \
             --threads {threads} --output {run}"
        ));
        let curve = house.curve(run);
        curve.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect()
    };
    let (one, three) = (losses(1, "one"), losses(3, "three"));
    assert_eq!(one.len(), 4);
    assert!(one.iter().zip(&three).all(|(a, b)| (a - b).abs() < 1e-3 * a.abs()), "{one:?} {three:?}");
}

#[test]
fn texts_that_measure_are_not_learned_from() {
    let house = House::new();
    let rows: Vec<Value> = JOY.iter().chain(&SADNESS).map(|text| json!({"text": text, "labels": ["joy"]})).collect();
    house.rows("single", &rows);
    for option in ["--held-out", "--dev"] {
        let error = house.fails(&format!("{TRAIN} --output run {option} single"));
        assert!(error.contains("all texts of --data are held out"), "{error}");
    }
}

#[test]
fn bad_training_data_is_told_by_file_and_line() {
    let house = House::new();
    let long = json!({"id": "1", "text": "glad", "descriptors": ["joy", "joy ".repeat(300)]}).to_string();
    for (row, told) in [
        (r#"{"id": "1", "descriptors": ["joy"]}"#, "the row has no text"),
        (r#"{"id": "1", "text": "  ", "descriptors": ["joy"]}"#, "the text is empty"),
        (r#"{"id": "1", "text": "glad"}"#, "no descriptors"),
        (r#"{"id": "1", "text": "glad", "descriptors": [""]}"#, "a descriptor is empty"),
        (r#"{"id": "1", "text": "glad", "descriptors": ["a b c d e f g h i j k l m n"]}"#, "14 words"),
        (r#"{"id": "1", "text": "glad", "descriptors": ["joy"], "valence": 12, "arousal": 5}"#, "valence is 12"),
        (r#"{"id": "1", "text": "glad", "ratings": {"joy": 4}}"#, "the rating of 'joy' is 4"),
        (r#"{"id": "1", "text": "glad", "#, "this is no row in JSON: EOF"),
        (r#"{"id": "1", "text": "glad", "descriptors": "joy"}"#, r#"the field "descriptors" is wrong"#),
        (r#"{"id": "1", "text": "glad", "descriptors": ["joy", 5]}"#, r#"the field "descriptors[1]" is wrong"#),
        (&long, "300 words"),
    ] {
        house.text("bad/data.jsonl", &format!("{{\"text\": \"glad\", \"descriptors\": [\"joy\"]}}\n{row}\n"));
        let error = house.fails("train --data bad --base base --from-scratch --output run");
        assert!(error.contains(told) && error.contains("data.jsonl:2"), "{error}");
    }
    for empty in ["", "\n"] {
        house.text("bad/data.jsonl", empty);
        let error = house.fails("train --data set bad --base base --output run");
        assert!(error.contains("bad/data.jsonl has no rows") && error.contains("leave it out"), "{error}");
    }
    assert!(house.fails("train --data nowhere --base base --output run").contains("no data.jsonl"));
    assert!(!house.path("run").exists());
}

#[test]
fn a_missing_or_foreign_base_model_is_told() {
    let house = House::new();
    let train = |base: &str| house.fails(&format!("train --data set --output run --max-tokens 16 --base {base}"));
    assert!(train("./nowhere").contains("neither a folder nor a name"));
    assert!(train("base").contains("has no model.safetensors"));
    let mut config = house.json("base/config.json");
    config["model_type"] = "gpt2".into();
    house.write("base/config.json", &config);
    assert!(train("base").contains("of type 'gpt2'"));
    house.text("base/config.json", r#"{"model_type": "gpt2", "n_layer": 12}"#);
    assert!(train("base").contains("of type 'gpt2'"));
    house.text("base/config.json", r#"{"model_type": "bert", "hidden_act": "gelu"}"#);
    let error = train("base");
    assert!(error.contains("config.json") && error.contains("num_hidden_layers"), "{error}");
}

impl House {
    /// Gives the base model weights: those of a student that has its shape.
    fn weigh_base(&self) {
        self.succeeds(
            "train --data set --base base --from-scratch --max-tokens 32 --batch 4 --output base/run --stop-after 1",
        );
        fs::copy(self.path("base/run/checkpoint/student.safetensors"), self.path("base/model.safetensors")).unwrap();
    }

    fn change_base(&self, field: &str, value: impl Into<Value>) {
        let mut config = self.json("base/config.json");
        config[field] = value.into();
        self.write("base/config.json", &config);
    }
}

#[test]
fn a_base_model_whose_weights_do_not_fit_is_told() {
    let house = House::new();
    house.weigh_base();
    let train = "train --data set --base base --max-tokens 16 --batch 4 --stop-after 1";
    house.succeeds(&format!("{train} --output fits"));
    let original = house.json("base/config.json");
    for (field, value, told) in [
        ("hidden_size", 32, "embeddings.position_embeddings.weight"),
        ("intermediate_size", 16, "encoder.layer.0.intermediate.dense"),
        ("num_hidden_layers", 2, "encoder.layer.1"),
        ("max_position_embeddings", 512, "embeddings.position_embeddings.weight"),
        ("vocab_size", 1000, "the token table has shape"),
        ("vocab_size", 10, "the token table has shape"),
    ] {
        house.change_base(field, value);
        let error = house.fails(&format!("{train} --output run"));
        assert!(error.contains("base/model.safetensors") && error.contains(told), "{field}: {error}");
        assert!(error.contains("download both again"), "{error}");
        house.write("base/config.json", &original);
    }
    let weights = fs::read(house.path("base/model.safetensors")).unwrap();
    fs::write(house.path("base/model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    assert!(house.fails(&format!("{train} --output run")).contains("base/model.safetensors cannot be read"));
    // No weights that could tell.
    house.change_base("vocab_size", 10);
    assert!(house.fails(&format!("{train} --from-scratch --output run")).contains("its config.json says 10"));
    assert!(!house.path("run").exists());
}

#[test]
fn a_checkpoint_of_another_shape_is_not_resumed() {
    let house = House::new();
    let resume = format!("{TRAIN} --output run --resume");
    house.succeeds(&format!("{TRAIN} --output run --stop-after 1"));
    house.change_base("hidden_size", 32);
    assert!(house.fails(&resume).contains("from another base model"));
    house.succeeds(&format!("{TRAIN} --output wide --stop-after 1"));
    house.change_base("hidden_size", 16);
    for name in ["student.safetensors", "optimiser.safetensors"] {
        let path = house.path("run/checkpoint").join(name);
        let own = fs::read(&path).unwrap();
        fs::copy(house.path("wide/checkpoint").join(name), &path).unwrap();
        let error = house.fails(&resume);
        assert!(error.contains(&format!("{name} does not belong to state.json")) && error.contains("shape"), "{error}");
        fs::write(&path, &own[..own.len() / 2]).unwrap();
        assert!(house.fails(&resume).contains(&format!("{name} cannot be read")));
        fs::write(&path, own).unwrap();
    }
    house.succeeds(&resume);
}

/// Files may not grow beyond a bound, which to a program is as if the disk were full, and needs no rights.
#[cfg(unix)]
#[test]
fn a_full_disk_never_costs_the_last_checkpoint() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output whole --epochs 4"));
    house.succeeds(&format!("{TRAIN} --output run --epochs 4 --stop-after 3"));
    let resume = format!("{TRAIN} --output run --epochs 4 --resume");
    let files = || {
        let entries = fs::read_dir(house.path("run/checkpoint")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        files.sort();
        files
    };
    let before = files();
    let size = |name: &str| fs::metadata(house.path("run/checkpoint").join(name)).unwrap().len();
    let (student, optimiser) = (size("student.safetensors"), size("optimiser.safetensors"));
    assert!(student < optimiser);
    for bound in [student / 2, (student + optimiser) / 2] {
        // The shell counts in blocks. Without the trap, the signal would end the program.
        let script =
            format!("trap '' XFSZ; ulimit -f {}; exec {} {resume}", bound / 512, env!("CARGO_BIN_EXE_undertone"));
        let output = Command::new("sh").current_dir(&house.folder).args(["-c", &script]).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        let error = told.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("{told}"));
        for part in ["run/checkpoint could not be saved", "the one of step 3 is kept", "free some space", "--resume"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(told.ends_with(&format!("{error}\n")), "{told}");
        assert!(files() == before, "the last checkpoint was touched");
        assert!(!house.path("run/checkpoint.new").exists(), "what was half written takes the space that is missing");
    }
    house.succeeds(&resume);
    assert_eq!(house.curve("run"), house.curve("whole"));
}

/// Between the two renames that swap checkpoints, there is only the old one, under its other name.
#[test]
fn a_swap_that_was_broken_off_costs_nothing() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output whole --epochs 2"));
    house.succeeds(&format!("{TRAIN} --output run --epochs 2 --stop-after 3"));
    fs::rename(house.path("run/checkpoint"), house.path("run/checkpoint.old")).unwrap();
    assert!(house.fails(&format!("{TRAIN} --output run --epochs 2")).contains("holds a run already"));
    fs::rename(house.path("run/checkpoint"), house.path("run/checkpoint.old")).unwrap();
    house.succeeds(&format!("{TRAIN} --output run --epochs 2 --resume"));
    assert_eq!(house.curve("run"), house.curve("whole"));
}

#[test]
fn a_broken_bundle_is_told() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output run --epochs 1"));
    house.succeeds("export --checkpoint run --output model --data set");
    let evaluate = || house.fails("evaluate --model model --set multi");
    let weights = fs::read(house.path("model/weights.safetensors")).unwrap();

    fs::write(house.path("model/weights.safetensors"), &weights[..weights.len() / 2]).unwrap();
    assert!(evaluate().contains("weights.safetensors"));
    let mut flipped = weights.clone();
    flipped[weights.len() - 1] ^= 1;
    fs::write(house.path("model/weights.safetensors"), flipped).unwrap();
    assert!(evaluate().contains("weights.safetensors"));
    fs::remove_file(house.path("model/weights.safetensors")).unwrap();
    assert!(evaluate().contains("weights.safetensors"));
    fs::write(house.path("model/weights.safetensors"), weights).unwrap();
    house.text("model/manifest.json", "{\"format\": 9}");
    assert!(evaluate().contains("format is 9"));
    assert!(house.fails("export --checkpoint set --output model --data set").contains("holds no checkpoint"));
}

#[test]
fn annotators_are_told_how_far_they_agree() {
    let house = House::new();
    // Two annotators and an export's machine. Joy and sadness, each given by both, by one, and by none.
    house.text(
        "said.csv",
        "id,text,ann,bea\n1,glad,joy,joy\n2,sunny,joy,\"joy; sadness\"\n3,cry,sadness,sadness\n4,rainy,sadness,joy\n\
         5,day,none,none\n6,so glad,joy,\n",
    );
    let found: Value =
        serde_json::from_str(&house.succeeds("agreement said.csv --annotator ann bea --json -")).unwrap();
    assert_eq!(found["annotators"], json!([{"name": "ann", "rows": 6}, {"name": "bea", "rows": 5}]));
    assert_eq!((&found["pairs"][0]["rows"], &found["machine"]), (&json!(5), &Value::Null));
    // Of five rows three are the same; joy: 2 and 3 of 5, agreed 4: kappa = (.8 - .48) / .52.
    assert_eq!(found["pairs"][0]["same"], 0.6);
    assert!((found["pairs"][0]["kappa"]["joy"].as_f64().unwrap() - 0.32 / 0.52).abs() < 1e-9);
    assert_eq!(found["alpha"]["rows"], 5);
    let interval = &found["alpha"]["masi"]["interval"];
    assert!(interval["low"].as_f64().unwrap() < interval["high"].as_f64().unwrap());
    let told = house.succeeds("agreement said.csv --annotator ann bea");
    assert!(told.contains("ann and bea: 5 rows, 0.600") && told.contains("Krippendorff's alpha"), "{told}");

    // What the app exported: the machine's tags and the decisions.
    house.text(
        "export.csv",
        "text,undertone.labels,undertone.status,undertone.note,undertone.tags,undertone.none,undertone.valence,\
         undertone.arousal,undertone.score.joy,undertone.score.sadness,undertone.thresholds,undertone.model,\
         undertone.label_set\nglad,joy,accepted,,joy,0.1,,,0.9,0.1,0.32,tiny,00\n\
         cry,sadness,corrected,,joy,0.1,,,0.6,0.2,0.32,tiny,00\nday,,open,,[],0.8,,,0.1,0.1,0.32,tiny,00\n",
    );
    let found: Value = serde_json::from_str(&house.succeeds("agreement export.csv --json -")).unwrap();
    let machine = &found["machine"];
    assert_eq!((&machine["gold"], &machine["rows"]), (&json!("decisions"), &json!(2)));
    assert_eq!(machine["mistakes"], json!([{"missed": "sadness", "said": "joy", "rows": 1}]));
    assert_eq!(machine["labels"]["joy"]["precision"]["value"], 0.5);
    // Too few rows for five parts.
    assert_eq!(machine["thresholds"], Value::Null);
    assert!(house.succeeds("agreement export.csv").contains("2 rows cannot be dealt into 5 folds"));

    assert!(house.fails("agreement said.csv --annotator cat").contains("no column 'cat'; it has id, text, ann, bea"));
    assert!(house.fails("agreement said.csv --gold text2").contains("no column 'text2'"));
    assert!(house.fails("agreement nowhere.csv").contains("nowhere.csv cannot be read"));
    house.text("bare.csv", "id,text\n1,glad\n2,so sad and so much longer\n");
    assert!(house.fails("agreement bare.csv").contains("no column whose cells name labels"));
}

#[test]
fn bad_evaluation_data_and_label_sets_are_told() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output run --epochs 1"));
    house.succeeds("export --checkpoint run --output model --data set");
    house.text("labels.json", r#"{"name": "mine", "labels": [{"name": "joy"}, {"name": "Joy"}]}"#);
    let error = house.fails("evaluate --model model --set single --labels labels.json");
    assert!(error.contains("labels.json") && error.contains("label 2"), "{error}");
    house.text("multi/data.jsonl", "{\"text\": \"glad\", \"labels\": [\"joy\"]}\n{\"labels\": [\"joy\"]}\n");
    let error = house.fails("evaluate --model model --set multi");
    assert!(error.contains("data.jsonl:2") && error.contains("no text"), "{error}");
    house.text("multi/data.jsonl", "{\"text\": \"glad\", \"labels\": [\"envy\"]}\n");
    assert!(house.fails("evaluate --model model --set multi").contains("'envy' is not among"));
    house.text("single/data.jsonl", "{\"text\": \"glad\", \"labels\": [\"joy\", \"sadness\"]}\n");
    assert!(house.fails("evaluate --model model --set single").contains("has 2 labels"));
    assert!(house.fails("evaluate --model model --set nowhere").contains("set.json"));
}

#[test]
fn a_page_for_people_needs_nothing_else_and_escapes_what_it_quotes() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output run --epochs 1"));
    house.succeeds("export --checkpoint run --output model --data set");
    // One text with each label, so that whatever the model says, one of the two is a mistake.
    let nasty = "<script>alert('glad')</script> & so sad";
    let row = |label: &str| json!({"text": nasty, "labels": [label]});
    house.rows("single", &[row("joy"), row("sadness")]);
    house.rows("multi", &[row("joy"), row("sadness")]);
    let label = json!({"name": "a<b", "task": "regression", "labels": []});
    house.write("affect/set.json", &label);
    let affect = |valence: u8| json!({"text": nasty, "valence": valence, "arousal": 3});
    house.rows("affect", &[affect(1), affect(5)]);
    house.write("probes/set.json", &json!({"name": "probes", "task": "probes"}));
    house.rows("probes", &[PROBE.replace("so glad", "<i>so glad").parse().unwrap()]);
    house.succeeds("evaluate --model model --set single multi affect probes --report page.html");
    let page = fs::read_to_string(house.path("page.html")).unwrap();
    assert!(page.contains("&lt;script&gt;alert('glad')&lt;/script&gt; &amp; so sad"), "the mistake is not quoted");
    assert!(page.contains("a&lt;b"));
    for foreign in ["<script", "<i>so", "a<b", "http:", "https:", "<link", "@import", "url("] {
        assert!(!page.contains(foreign), "the page has {foreign}");
    }
    let count = |what: &str| page.matches(what).count();
    assert!(count("<svg") > 6, "{} plots", count("<svg"));
    assert_eq!(count("<svg"), count("role=\"img\" aria-label=\""), "a plot says nothing to who cannot see it");
}

/// What holds or not for a student that has learned nothing; with one label it cannot but be as probable as itself.
const PROBE: &str =
    r#"{"kind": "pair", "phenomenon": "one word", "text": "so glad", "other": "so sad", "label": "joy"}"#;

#[test]
fn several_models_are_told_side_by_side() {
    let house = House::new();
    // After one epoch there is nothing yet to fit a calibration to.
    for (run, epochs, fitted_to) in [("early", 1, "--data set"), ("late", 100, "--set multi")] {
        house.succeeds(&format!("{TRAIN} --output {run}-run --epochs {epochs}"));
        house.succeeds(&format!("export --checkpoint {run}-run --output {run} {fitted_to}"));
    }
    let alone: Value = serde_json::from_str(&house.succeeds("evaluate --model late --set multi --json -")).unwrap();
    let both = house.succeeds("evaluate --model early late --set multi single --json both.json --report page.html");
    assert!(both.contains('*') && both.contains("early") && both.contains("late"), "{both}");
    let json = house.json("both.json");
    assert_eq!(json["late"]["multi"], alone["multi"]);
    assert!(json["early"]["single"]["accuracy"].is_number());
    let ece = alone["multi"]["ece"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&ece), "{ece}");
    let best = |figures: &Value| figures["macro_f1_best_threshold"].as_f64().unwrap();
    assert!(best(&alone["multi"]) >= alone["multi"]["macro_f1"].as_f64().unwrap() - 1e-9);
    let page = fs::read_to_string(house.path("page.html")).unwrap();
    assert!(page.contains("class=\"best\"") && page.contains("class=\"line s1\""), "nothing is compared");
    assert!(house.fails("evaluate --model late late --set multi").contains("late twice"));
}

#[test]
fn probes_are_counted_by_phenomenon() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output run --epochs 100"));
    house.succeeds("export --checkpoint run --output model --set multi");
    house.write("probes/set.json", &json!({"name": "mine", "task": "probes"}));
    let row = |phenomenon: &str, higher: &str, lower: &str| json!({"kind": "order", "phenomenon": phenomenon, "text": "so glad", "higher": [higher], "lower": [lower]});
    let rows = [row("right", "joy", "sadness"), row("wrong", "sadness", "joy"), PROBE.parse().unwrap()];
    house.rows("probes", &rows);
    let figures: Value = serde_json::from_str(&house.succeeds("evaluate --model model --set probes --json -")).unwrap();
    let one = |passed: u8| json!({"passed": passed, "rows": 1});
    let phenomena = json!({"right": one(1), "wrong": one(0), "one word": one(1)});
    let intervals = json!({"passed": {"low": 0.0, "high": 3.0}});
    assert_eq!(
        figures["mine"],
        json!({"task": "probes", "rows": 3, "passed": 2, "intervals": intervals, "by_phenomenon": phenomena})
    );
    let table = house.succeeds("evaluate --model model --set probes");
    assert!(table.contains("wrong") && table.contains("all"), "{table}");
}

#[test]
fn bad_probes_are_told_by_file_line_and_field() {
    let house = House::new();
    house.write("probes/set.json", &json!({"name": "probes", "task": "probes"}));
    for (row, told) in [
        (r#"{"phenomenon": "p", "text": "glad"}"#, "\"kind\" is missing"),
        (r#"{"kind": "odd", "phenomenon": "p", "text": "glad"}"#, "\"kind\" is \"odd\""),
        (r#"{"kind": "pair", "text": "glad", "other": "sad", "label": "joy"}"#, "\"phenomenon\" is missing"),
        (r#"{"kind": "pair", "phenomenon": "p", "text": " ", "other": "sad", "label": "joy"}"#, "\"text\" is missing"),
        (r#"{"kind": "pair", "phenomenon": "p", "text": "glad", "label": "joy"}"#, "\"other\" is missing"),
        (r#"{"kind": "pair", "phenomenon": "p", "text": "glad", "other": "sad"}"#, "\"label\" is missing"),
        (r#"{"kind": "order", "phenomenon": "p", "text": "glad", "lower": ["joy"]}"#, "\"higher\" must list 1"),
        (r#"{"kind": "order", "phenomenon": "p", "text": "glad", "higher": ["joy"]}"#, "\"lower\" must list 1"),
        (r#"{"kind": "same", "phenomenon": "p", "text": "glad", "labels": ["joy"]}"#, "\"labels\" must list 2"),
        (r#"{"kind": "same", "phenomenon": "p", "text": "glad", "labels": ["joy", "Joy"]}"#, "\"Joy\" is named twice"),
        (r#"{"kind": "same", "#, "EOF"),
    ] {
        house.text("probes/data.jsonl", &format!("{PROBE}\n{row}\n"));
        let error = house.fails("evaluate --model nowhere --set probes");
        assert!(error.contains(told) && error.contains("data.jsonl:2"), "{error}");
    }
    house.text("probes/data.jsonl", "\n");
    assert!(house.fails("evaluate --model nowhere --set probes").contains("no rows"));
}

/// The lexicon and the corpus that the project brings are what `make train` learns from.
#[test]
fn how_many_classes_a_files_texts_bear_is_told() {
    let house = House::new();
    house.succeeds(&format!("{TRAIN} --output run --epochs 100"));
    house.succeeds("export --checkpoint run --output model --data set --set multi");
    let rows = |texts: [&str; 6], label: &str| -> String {
        let row = |end: &str| texts.map(|text| format!("{text} {end},{label}\n")).concat();
        ["a", "b", "c"].map(row).concat()
    };
    house.text("texts.csv", &format!("text,feeling\n{}{}", rows(JOY, "joy"), rows(SADNESS, "sadness")));
    let label = |name: &str, synonym: &str| json!({"name": name, "synonyms": [synonym]});
    let mut labels = [label("joy", "glad"), label("sunny", "a sunny day"), label("sadness", "sad")];
    labels[1]["parent"] = "joy".into();
    house.write("labels.json", &json!({"name": "mine", "labels": labels}));
    let command = "granularity texts.csv --model model --labels labels.json";

    let told: Value = serde_json::from_str(&house.succeeds(&format!("{command} --gold feeling --json"))).unwrap();
    assert_eq!(
        (&told["texts"], &told["tree"], &told["rows"].as_array().unwrap().len()),
        (&json!(36), &json!("parents"), &2)
    );
    for (row, classes) in told["rows"].as_array().unwrap().iter().zip([2, 3]) {
        assert_eq!(
            (row["classes"].as_u64(), row["names"].as_array().unwrap().len()),
            (Some(classes), classes as usize)
        );
        let stability = row["stability"]["value"].as_f64().unwrap();
        assert!((-1.0..=1.0).contains(&stability) && row["margin"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["kappa"]["value"].is_f64() && row["macro_f1"]["value"].is_f64(), "{row}");
    }
    // Two classes: what is glad, and what is sad. Tags say what people said, far more often than by chance.
    assert_eq!(told["rows"][0]["names"][0]["members"], json!(["joy", "sunny"]));
    assert!(told["rows"][0]["kappa"]["value"].as_f64().unwrap() > 0.5, "{}", told["rows"][0]);
    let table = house.succeeds(&format!("{command} --tree texts"));
    assert!(table.starts_with("3 labels, 36 texts, the tree by texts") && !table.contains("macro F1"), "{table}");
    // An evaluation set brings its own labels and what people said.
    assert!(house.succeeds("granularity single --model model").contains("macro F1"));

    let fails = |arguments: &str| house.fails(&format!("granularity {arguments} --model model"));
    assert!(fails("texts.csv").contains("--labels FILE"));
    let error = fails("texts.csv --labels labels.json --gold emotion");
    assert!(error.contains("no column 'emotion' among 'text', 'feeling'"), "{error}");
    house.text("empty.txt", "");
    assert!(fails("empty.txt --labels labels.json").contains("empty.txt"));
    house.write("none.json", &json!({"name": "none", "labels": []}));
    assert!(fails("texts.csv --labels none.json").contains("no labels"));
    house.write("one.json", &json!({"name": "one", "labels": [label("joy", "glad")]}));
    let one = house.succeeds("granularity texts.csv --model model --labels one.json");
    assert!(one.contains("There is one class: nothing to tell apart."), "{one}");
    house.text("same.txt", &"glad day\n".repeat(30));
    house.succeeds("granularity same.txt --model model --labels labels.json");
}

#[test]
fn the_projects_own_data_can_be_read() {
    let house = House::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let names = ["original-corpus", "emotion-lexicon", "contrast-corpus", "situations-corpus", "open-labels"];
    let sets = names.map(|name| data.join(name).display().to_string()).join(" ");
    let shape = "--base base --from-scratch --max-tokens 16 --batch 4 --stop-after 1";
    house.succeeds(&format!("train --data {sets} --output run {shape}"));
    let state = house.json("run/checkpoint/state.json");
    let read: Vec<_> =
        state["data"].as_array().unwrap().iter().map(|set| (set["set"].clone(), set["rows"].clone())).collect();
    let rows = [3952, 254, 3875, 4900, 1318];
    assert_eq!(read, names.iter().zip(rows).map(|(name, rows)| (json!(name), json!(rows))).collect::<Vec<_>>());
}
