//! Tables written out with what is said of their rows, and read again.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};
use undertone_core::{
    Affect, Annotation, Annotations, ErrorKind, Format, Prediction, Role, Roles, Run, Status, Table,
    label_studio_config,
};

const FORMATS: [Format; 8] = [
    Format::Csv,
    Format::Tsv,
    Format::JsonLines,
    Format::Json,
    Format::LabelStudio,
    Format::Doccano,
    Format::Spacy,
    Format::HuggingFace,
];

fn run() -> Run {
    Run {
        model: "test 0123".into(),
        label_set: "89ab".into(),
        labels: vec!["joy".into(), "anger".into()],
        thresholds: vec![0.32, 0.5],
    }
}

fn prediction(joy: f32, anger: f32) -> Prediction {
    let affect = Some(Affect { valence: 6.5, arousal: 3.25 });
    Prediction { probability: vec![joy, anger], on: vec![joy >= 0.32, anger >= 0.5], none: 0.125, affect }
}

/// The first row open, the second corrected, the third flagged and not read, the fourth without anything.
fn annotation(row: usize) -> Option<Annotation> {
    let one =
        |prediction, status, labels, note: &str| Annotation { run: 0, prediction, status, labels, note: note.into() };
    match row {
        0 => Some(one(Some(prediction(0.75, 0.25)), Status::Open, None, "")),
        1 => Some(one(Some(prediction(0.5, 0.5)), Status::Corrected, Some(vec![1]), "not \"joy\"")),
        2 => Some(one(None, Status::Flagged, Some(vec![]), "")),
        _ => None,
    }
}

fn export(table: &Table, format: Format) -> String {
    table.export(format, &Roles::guess(table), &[run()], annotation)
}

fn table(name: &str, content: &str) -> Table {
    Table::read(name, content).unwrap()
}

fn rows(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(table: &Table) -> Vec<&str> {
    table.columns().iter().map(|column| column.name.as_str()).collect()
}

fn cells(table: &Table) -> Vec<Vec<String>> {
    let row = |row| (0..table.columns().len()).map(|column| table.text(row, column).into_owned()).collect();
    (0..table.len()).map(row).collect()
}

#[test]
fn csv_keeps_its_cells_and_gains_columns() {
    let table = table("a.csv", "id;\"text\";n\r\n1;\"so;\"\"\";1,5\r\n2;b\r\n3;c;\r\n4;d;\r\n");
    assert_eq!(
        export(&table, Format::Csv),
        "id;text;n;undertone.labels;undertone.status;undertone.note;undertone.tags;undertone.none;undertone.valence;\
         undertone.arousal;undertone.score.joy;undertone.score.anger;undertone.thresholds;undertone.model;\
         undertone.label_set\r\n\
         1;\"so;\"\"\";1,5;;open;;joy;0.1250;6.50;3.25;0.7500;0.2500;\"0.32; anger=0.5\";test 0123;89ab\r\n\
         2;b;;anger;corrected;\"not \"\"joy\"\"\";\"joy; anger\";0.1250;6.50;3.25;0.5000;0.5000;\"0.32; anger=0.5\";test 0123;\
         89ab\r\n\
         3;c;;[];flagged;;;;;;;;\"0.32; anger=0.5\";test 0123;89ab\r\n\
         4;d;;;;;;;;;;;;;\r\n"
    );
    let plain = table.export(Format::Tsv, &Roles::guess(&table), &[], |_| None);
    assert_eq!(plain, "id\ttext\tn\r\n1\t\"so;\"\"\"\t1,5\r\n2\tb\t\r\n3\tc\t\r\n4\td\t\r\n");
}

#[test]
fn a_mark_before_the_text_where_there_was_one_or_excel_needs_it() {
    let first = |content: &[u8]| {
        let table = Table::read("a.csv", content.to_vec()).unwrap();
        export(&table, Format::Csv).chars().next()
    };
    assert_eq!(first(b"\xef\xbb\xbftext\na\n"), Some('\u{feff}'));
    assert_eq!(first(b"text\nd\xe9j\xe0\n"), Some('\u{feff}'));
    assert_eq!(first(b"text\na\n"), Some('t'));
}

#[test]
fn json_keeps_its_rows_and_gains_a_member() {
    let table =
        table("a.jsonl", "{\"text\": \"\\u00e9\", \"n\": 1.50}\n{\"n\":1e3,\"text\":\"b\"}\n{}\n{ \"text\": \"d\" }\n");
    let out = export(&table, Format::JsonLines);
    let lines: Vec<&str> = out.lines().collect();
    assert!(
        lines[0].starts_with(r#"{"text": "\u00e9", "n": 1.50, "undertone": {"status":"open","tags":["joy"],"#),
        "{out}"
    );
    assert!(
        lines[1].starts_with(r#"{"n":1e3,"text":"b","undertone":{"status":"corrected","labels":["anger"],"#),
        "{out}"
    );
    assert!(lines[2].starts_with(r#"{"undertone":{"status":"flagged","labels":[],"thresholds":"#), "{out}");
    assert_eq!(lines[3], r#"{ "text": "d" }"#);
    assert_eq!(
        rows(&out)[0]["undertone"],
        json!({"status": "open", "tags": ["joy"], "scores": {"joy": 0.75, "anger": 0.25}, "none": 0.125, "valence": 6.5,
            "arousal": 3.25, "thresholds": {"joy": 0.32, "anger": 0.5}, "model": "test 0123", "label_set": "89ab"})
    );

    let pretty = "[\n  {\n    \"text\": \"a\",\n    \"x\": [1, 2]\n  },\n  {\n    \"text\": \"b\"\n  }\n]\n";
    let table = self::table("a.json", pretty);
    assert_eq!(table.export(Format::Json, &Roles::guess(&table), &[], |_| None), pretty);
    let out = export(&table, Format::Json);
    assert!(
        out.starts_with("[\n  {\n    \"text\": \"a\",\n    \"x\": [1, 2],\n    \"undertone\": {\"status\""),
        "{out}"
    );
    let out = export(&table, Format::JsonLines);
    assert!(out.starts_with("{\"text\":\"a\",\"x\":[1, 2],\"undertone\":{"), "{out}");
}

#[test]
fn label_studio_has_what_the_machine_says_as_predictions_and_what_people_decided_as_annotations() {
    let table = table("a.csv", "id,text\n1,a\n2,b\n3,c\n4,d\n");
    let tasks: Value = serde_json::from_str(&export(&table, Format::LabelStudio)).unwrap();
    let result = |labels: Value| json!([{"id": "undertone", "from_name": "labels", "to_name": "text", "type": "choices", "value": {"choices": labels}}]);
    assert_eq!(tasks[0]["data"], json!({"id": "1", "text": "a"}));
    let expected = json!([{"model_version": "test 0123", "score": 0.75, "result": result(json!(["joy"]))}]);
    assert_eq!((&tasks[0]["predictions"], tasks[0].get("annotations")), (&expected, None));
    let expected = json!([{"result": result(json!(["anger"])), "was_cancelled": false, "ground_truth": false}]);
    assert_eq!(tasks[1]["annotations"], expected);
    assert_eq!(tasks[1]["meta"]["undertone"]["note"], "not \"joy\"");
    assert_eq!(tasks[3], json!({"data": {"id": "4", "text": "d"}}));
    let config = label_studio_config(&["joy".into(), "<awe> & \"fear\"".into()], "text");
    assert!(config.contains("<Choice value=\"&lt;awe&gt; &amp; &quot;fear&quot;\"/>"), "{config}");
}

#[test]
fn people_s_annotations_from_label_studio_are_columns_of_labels() {
    let task = |id: usize, annotations: Value, predictions: Value| {
        json!({"id": id, "data": {"text": format!("so {id}"), "id": "x"}, "annotations": annotations,
            "predictions": predictions, "meta": {"source": "web"}, "inner_id": id})
    };
    let said = |who: Value, choices: Value, cancelled: bool| {
        json!({"completed_by": who, "was_cancelled": cancelled, "result": [
            {"id": "q", "from_name": "mood", "to_name": "said", "type": "choices", "value": {"choices": choices}}]})
    };
    let tasks = json!([
        task(
            1,
            json!([said(json!(3), json!(["joy"]), false), said(json!({"email": "b@x.org"}), json!(["fear"]), false)]),
            json!([])
        ),
        task(
            2,
            json!([said(json!(3), json!(["fear", "joy"]), false), said(json!(9), json!(["joy"]), true)]),
            json!([])
        ),
    ]);
    let table = table("a.json", &tasks.to_string());
    assert_eq!(table.format(), Format::LabelStudio);
    let all = [
        "text",
        "id",
        "annotations.3",
        "annotations.b@x.org",
        "id (2)",
        "annotations",
        "predictions",
        "source",
        "inner_id",
    ];
    let mut found = names(&table);
    found.sort_unstable();
    let mut all = all.to_vec();
    all.sort_unstable();
    assert_eq!(found, all);
    let cell = |row, name| table.text(row, table.column(name).unwrap()).into_owned();
    assert_eq!((cell(1, "annotations.3"), cell(1, "annotations.b@x.org")), (r#"["fear","joy"]"#.into(), String::new()));
    let roles = Roles::guess(&table);
    assert_eq!(table.columns()[roles.text_column().unwrap()].name, "text");
    let gold: Vec<&str> = roles.gold.iter().map(|gold| table.columns()[gold.columns[0]].name.as_str()).collect();
    assert_eq!(gold, ["annotations.3", "annotations.b@x.org"]);
    // Theirs stay, ours come behind, made with the same controls.
    let written: Value = serde_json::from_str(&export(&table, Format::LabelStudio)).unwrap();
    assert_eq!(written[1]["annotations"].as_array().unwrap().len(), 3);
    assert_eq!(written[1]["annotations"][2]["result"][0]["from_name"], "mood");
    assert_eq!(
        (&written[1]["id"], &written[1]["inner_id"], &written[1]["meta"]["source"]),
        (&json!(2), &json!(2), &json!("web"))
    );
}

#[test]
fn doccano_and_spacy_have_labels_where_they_look_for_them() {
    let table = table("a.csv", "ID,said,label,text\n1,a,joy|fear,x\n2,b,fear,y\n3,c,,z\n4,d,,\n");
    let roles = Roles { text: Some(Role::chosen(1)), ..Roles::default() };
    let doccano = table.export(Format::Doccano, &roles, &[run()], annotation);
    let found: Vec<(Value, Value)> =
        rows(&doccano).iter().map(|row| (row["text"].clone(), row["label"].clone())).collect();
    // What stood there, what a person decided, and nothing; of another column of that name nothing is lost.
    let expected = [("a", json!(["joy", "fear"])), ("b", json!(["anger"])), ("c", json!([])), ("d", json!([]))];
    assert_eq!(found, expected.map(|(text, label)| (json!(text), label)));
    assert_eq!(
        (&rows(&doccano)[1]["text (2)"], &rows(&doccano)[1]["undertone"]["original"]),
        (&json!("y"), &json!("fear"))
    );
    assert_eq!(Table::read("a.jsonl", doccano.as_str()).unwrap().format(), Format::Doccano);

    let spacy = rows(&table.export(Format::Spacy, &roles, &[run()], annotation));
    // Probabilities where nobody decided, else yes or no.
    assert_eq!(spacy[0]["cats"], json!({"joy": 0.75, "anger": 0.25}));
    assert_eq!(spacy[1]["cats"], json!({"joy": 0.0, "anger": 1.0}));
    assert_eq!(spacy[1]["meta"]["label"], "fear");
    assert_eq!((&spacy[3]["cats"], &spacy[3]["meta"]), (&json!({}), &json!({"ID": "4", "label": "", "text": ""})));
}

#[test]
fn what_was_changed_elsewhere_is_somebody_s_judgement() {
    let first = table("a.csv", "text\na\nb\n");
    let doccano = export(&first, Format::Doccano);
    assert_eq!(names(&table("a.jsonl", &doccano)), ["text"]);
    let edited = doccano.replacen(r#""label":["joy"]"#, r#""label": ["anger", "joy"]"#, 1);
    let table = table("a.jsonl", &edited);
    assert_eq!((names(&table), table.text(0, 1).as_ref()), (vec!["text", "label"], r#"["anger", "joy"]"#));
    assert_eq!(table.text(1, 1), "");
}

#[test]
fn a_row_that_only_looks_like_a_task_comes_back_as_what_it_was() {
    let first = table("a.jsonl", "{\"data\":{\"a\":1},\"text\":\"b\"}\n{\"data\":{\"a\":2},\"text\":\"c\"}\n");
    // Without its texts, each row has an object "data", as Label Studio's tasks have.
    let lines = export(&first, Format::JsonLines).replace(",\"text\":\"b\"", "").replace(",\"text\":\"c\"", "");
    let again = table("a.jsonl", &lines);
    assert_eq!((again.format(), names(&again)), (Format::JsonLines, vec!["data"]));
    assert_eq!(again.annotations().unwrap().unwrap().rows[1].as_ref().unwrap().status, Status::Corrected);
}

#[test]
fn hugging_face_has_one_type_a_column() {
    let table = table(
        "a.jsonl",
        "{\"text\":\"a\",\"n\":1,\"mixed\":1,\"labels\":\"joy\"}\n{\"text\":\"b\",\"n\":1.5,\"mixed\":\"x\",\"who\":null}\n{\"text\":\"c\",\"b\":true}\n{\"labels\":\"fear\"}\n",
    );
    let out = rows(&export(&table, Format::HuggingFace));
    let keys = |row: &Value| row.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&out[0]), ["text", "n", "mixed", "who", "b", "labels", "undertone"]);
    assert!(out.iter().all(|row| keys(row) == keys(&out[0])));
    assert_eq!((&out[0]["mixed"], &out[1]["mixed"], &out[2]["n"]), (&json!("1"), &json!("x"), &Value::Null));
    let labels: Vec<&Value> = out.iter().map(|row| &row["labels"]).collect();
    assert_eq!(labels, [&json!(["joy"]), &json!(["anger"]), &json!([]), &json!(["fear"])]);
    assert_eq!(
        out[1]["undertone"]["scores"],
        json!([{"label": "joy", "score": 0.5}, {"label": "anger", "score": 0.5}])
    );
    assert_eq!(keys(&out[0]["undertone"]), keys(&out[2]["undertone"]));
}

#[test]
fn rows_of_the_dataset_viewer() {
    let content = json!({"features": [{"name": "text", "type": {"_type": "Value"}},
            {"name": "label", "type": {"names": ["neg", "pos"], "_type": "ClassLabel"}},
            {"name": "all", "type": {"feature": {"names": ["a", "b"], "_type": "ClassLabel"}, "_type": "Sequence"}}],
        "rows": [{"row_idx": 0, "row": {"text": "so", "label": 1, "all": [1, 0]}, "truncated_cells": []},
            {"row_idx": 1, "row": {"text": "no", "label": -1, "all": []}}], "num_rows_total": 2});
    let table = table("a.json", &content.to_string());
    assert_eq!((names(&table), table.format()), (vec!["text", "label", "all"], Format::HuggingFace));
    assert_eq!(cells(&table), [["so", "pos", r#"["b","a"]"#], ["no", "-1", "[]"]]);
}

#[test]
fn an_annotation_that_was_spoilt_is_named_by_its_line() {
    let csv = |cell: &str, value: &str| {
        let table = table("a.csv", "text\na\nb\n");
        let out = export(&table, Format::Csv).replacen(cell, value, 1);
        Table::read("a.csv", out).unwrap().annotations().unwrap_err()
    };
    let jsonl = |part: &str, by: &str| {
        let table = table("a.jsonl", "{\"text\":\"a\"}\n\n{\"text\":\"b\"}\n");
        let out = export(&table, Format::JsonLines).replacen(part, by, 1);
        Table::read("a.jsonl", out).unwrap().annotations().unwrap_err()
    };
    let cases = [
        (csv(",corrected,", ",done,"), "a.csv:3: the status is 'done'; it must be one of open, accepted"),
        (csv("0.7500", "high"), "a.csv:2: undertone.score.joy is 'high'; it must be a number"),
        (csv("0.7500", "7.5"), "a.csv:2: the score of 'joy' is 7.5; it must be between 0 and 1"),
        (
            csv("anger,corrected", "rage,corrected"),
            "a.csv:3: undertone.labels names 'rage', which is no label of this file",
        ),
        (csv("0.32; anger=0.5", "often"), "a.csv:2: undertone.thresholds is 'often'; it must be as it was exported"),
        (jsonl("corrected", "done"), "a.jsonl:2: what is said in \"undertone\" cannot be read: unknown variant `done`"),
        (jsonl("[\"anger\"]", "[\"rage\"]"), "a.jsonl:2: labels name 'rage', of which there is no threshold"),
        (jsonl("\"joy\":0.7500", "\"joy\":7.5"), "a.jsonl:1: the score of 'joy' is 7.5; it must be between 0 and 1"),
    ];
    for (error, expected) in cases {
        assert_eq!(error.kind(), ErrorKind::BadInput);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    assert_eq!(table("a.csv", "text\na\n").annotations().unwrap(), None);
    // A column that only looks like ours is the person's own.
    assert_eq!(names(&table("a.csv", "text,undertone.note\na,warm\n")), ["text", "undertone.note"]);
    assert_eq!(names(&table("a.jsonl", "{\"text\": \"a\", \"undertone\": \"warm\"}")), ["text", "undertone"]);
}

/// Names of columns, some of which mean something to a format.
fn column_names() -> impl Strategy<Value = Vec<String>> {
    let odd =
        ["text", "id", "label", "labels", "cats", "meta", "undertone", "text (2)", "a;b", "data", "é \"x\"", "status"];
    prop::sample::subsequence(odd.to_vec(), 1..6).prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c é😀]{0,6}",
        Just("so, \"he\" said;\n\tno|".to_owned()),
        Just("\"".to_owned()),
        Just("joy; anger".to_owned()),
        Just("[\"joy\"]".to_owned()),
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<i64>().prop_map(Value::from),
        1 => (-1e9..1e9).prop_map(|x: f64| json!(x)),
        1 => any::<bool>().prop_map(Value::from),
        1 => prop::collection::vec("[a-c]{1,2}", 0..3).prop_map(Value::from),
        1 => Just(json!({"joy": 1.0, "a": [1, {"b": null}]})),
    ]
}

/// A file of any format, in any style.
fn file() -> impl Strategy<Value = (&'static str, String)> {
    let rows = (column_names(), 0..5usize).prop_flat_map(|(names, count)| {
        let row = prop::collection::vec(prop::option::weighted(0.9, value()), names.len());
        (Just(names), prop::collection::vec(row, count))
    });
    (rows, 0..8usize, any::<bool>()).prop_map(|((names, rows), kind, pretty)| {
        let object = |row: &Vec<Option<Value>>| -> serde_json::Map<String, Value> {
            names.iter().cloned().zip(row.clone()).filter_map(|(name, value)| Some((name, value?))).collect()
        };
        let objects: Vec<Value> = rows.iter().map(|row| Value::from(object(row))).collect();
        let lines = |rows: &[Value]| {
            let spaced = |row: &Value| if pretty { row.to_string().replacen(':', ": ", 1) } else { row.to_string() };
            rows.iter().map(|row| spaced(row) + "\n").collect::<String>()
        };
        let array = |rows: &[Value]| if pretty { format!("{:#}\n", json!(rows)) } else { json!(rows).to_string() };
        let with = |row: &Value, more: Value| {
            let mut row = row.as_object().cloned().unwrap_or_default();
            row.extend(more.as_object().cloned().unwrap_or_default());
            Value::from(row)
        };
        let map = |row: fn(usize, &Value) -> Value| objects.iter().enumerate().map(|(i, o)| (row(i, o), o)).collect::<Vec<_>>();
        match kind {
            0 | 1 => {
                let quote = |text: &str| {
                    let must = text.contains(['"', ',', ';', '\t', '|', '\n', '\r']) || pretty;
                    if must { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
                };
                let cell = |value: &Option<Value>| match value {
                    None | Some(Value::Null) => quote(""),
                    Some(Value::String(text)) => quote(text),
                    Some(other) => quote(&other.to_string()),
                };
                let between = if kind == 0 { "," } else { "\t" };
                let end = if pretty { "\r\n" } else { "\n" };
                let line = |cells: Vec<String>| if cells == [""] { "\"\"".into() } else { cells.join(between) } + end;
                let header = line(names.iter().map(|name| quote(name)).collect());
                let body: String = rows.iter().map(|row| line(row.iter().map(cell).collect())).collect();
                (["a.csv", "a.tsv"][kind], header + &body)
            }
            2 => ("a.jsonl", lines(&objects)),
            3 => ("a.json", array(&objects)),
            4 => {
                let rows = map(|i, _| json!({"text": format!("so {i}"), "label": vec!["joy"; i % 3]}));
                ("a.jsonl", lines(&rows.iter().map(|(slot, o)| with(o, slot.clone())).collect::<Vec<_>>()))
            }
            5 => {
                let rows = map(|i, o| json!({"text": format!("so {i}"), "cats": {"joy": 1.0, "fear": i % 2}, "meta": o}));
                ("a.jsonl", lines(&rows.into_iter().map(|(row, _)| row).collect::<Vec<_>>()))
            }
            6 => {
                let rows = map(|i, o| {
                    let result = json!([{"id": "r", "from_name": "mood", "to_name": "t", "type": "choices",
                        "value": {"choices": ["joy"]}}]);
                    match i % 3 {
                        0 => json!({"id": i, "data": o, "annotations": [{"completed_by": i, "result": result}], "predictions": []}),
                        1 => json!({"data": o, "meta": {"undertone": "warm", "x": 1}}),
                        _ => json!({"data": o, "predictions": [{"model_version": "m", "result": result}], "id": "k"}),
                    }
                });
                ("a.json", array(&rows.into_iter().map(|(row, _)| row).collect::<Vec<_>>()))
            }
            _ => {
                let texts: Vec<String> = objects.iter().map(|o| o["text"].to_string().replace(['\n', '\r'], " ") + "\n").collect();
                ("a.txt", texts.concat())
            }
        }
    })
}

fn annotations(rows: usize) -> impl Strategy<Value = (Vec<Run>, Vec<Option<Annotation>>)> {
    let names = ["joy", "anger", "a;b", "a=b", " c ", "none", "[x", "x, y"];
    let run = prop::sample::subsequence(names.to_vec(), 1..5).prop_flat_map(|names| {
        let thresholds = prop::collection::vec(prop_oneof![Just(0.32f32), 0f32..1.0], names.len());
        (Just(names), thresholds, "[ab ;\"]{0,4}").prop_map(|(names, thresholds, model)| Run {
            model,
            label_set: "set".into(),
            labels: names.into_iter().map(str::to_owned).collect(),
            thresholds,
        })
    });
    prop::collection::vec(run, 1..3).prop_flat_map(move |runs| {
        let widths: Vec<usize> = runs.iter().map(|run| run.labels.len()).collect();
        let one = (0..runs.len()).prop_flat_map(move |run| {
            let width = widths[run];
            let prediction = (
                prop::collection::vec(0f32..=1.0, width),
                prop::collection::vec(any::<bool>(), width),
                0f32..=1.0,
                prop::option::of((1f32..9.0, 1f32..9.0)),
            )
                .prop_map(|(probability, on, none, affect)| Prediction {
                    probability,
                    on,
                    none,
                    affect: affect.map(|(valence, arousal)| Affect { valence, arousal }),
                });
            let labels = prop::option::of(prop::sample::subsequence((0..width).collect::<Vec<_>>(), 0..=width));
            (prop::option::weighted(0.8, prediction), 0..4usize, labels, text()).prop_map(
                move |(prediction, status, labels, note)| Annotation {
                    run,
                    prediction,
                    status: Status::ALL[status],
                    labels,
                    note,
                },
            )
        });
        (Just(runs), prop::collection::vec(prop::option::weighted(0.8, one), rows))
    })
}

/// What is said of a row, by names and as files have it.
fn told(runs: &[Run], annotation: &Option<Annotation>) -> Option<String> {
    let Annotation { run, prediction, status, labels, note } = annotation.as_ref()?;
    let run = &runs[*run];
    // Of several runs in one table, the order of their labels is that of the columns.
    let by_name = |values: Vec<String>| std::iter::zip(run.labels.clone(), values).collect::<BTreeMap<_, _>>();
    let names = |labels: &Vec<usize>| labels.iter().map(|&label| &run.labels[label]).collect::<BTreeSet<_>>();
    let labels = labels.as_ref().map(names);
    let said = prediction.as_ref().map(|p| {
        let scores = p.probability.iter().zip(&p.on).map(|(score, on)| format!("{score:.4} {on}")).collect();
        let affect = p.affect.map(|affect| format!("{:.2} {:.2}", affect.valence, affect.arousal));
        let thresholds = by_name(run.thresholds.iter().map(ToString::to_string).collect());
        (by_name(scores), format!("{:.4}", p.none), affect, thresholds)
    });
    Some(format!("{} {} {said:?} {status} {labels:?} {note:?}", run.model, run.label_set))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_leaves_comes_back(
        ((name, content), (runs, said)) in (file(), annotations(5)), format in prop::sample::select(FORMATS.to_vec()),
    ) {
        let first = Table::read(name, content.as_str()).unwrap();
        let roles = Roles::guess(&first);
        let out = first.export(format, &roles, &runs, |row| said[row].clone());
        let ending = format!("b.{}", format.ending());
        let again = Table::read(&ending, out.as_str()).unwrap();
        prop_assert_eq!(again.len(), first.len(), "{}", out);

        let found = again.annotations().unwrap().unwrap_or(Annotations { runs: vec![], rows: vec![None; first.len()] });
        for (row, (ours, theirs)) in said.iter().zip(&found.rows).enumerate().take(first.len()) {
            prop_assert_eq!(told(&found.runs, theirs), told(&runs, ours), "row {} of {}", row, out);
        }

        let text = match format {
            Format::Doccano | Format::Spacy => again.column("text"),
            _ => roles.text_column().and_then(|column| again.column(&first.columns()[column].name)),
        };
        let roles = Roles { text: text.map(Role::chosen), ..Roles::default() };
        // Without a row nobody can tell that something was said, nor by which run.
        let runs = if first.is_empty() && !matches!(format, Format::Csv | Format::Tsv) { runs } else { found.runs.clone() };
        // Of several runs, a row without scores does not tell which labels are its own: columns of scores may change places.
        let is_mixed = runs.len() > 1 && matches!(format, Format::Csv | Format::Tsv);
        if !first.is_empty() && !is_mixed && found.rows.iter().any(Option::is_some) {
            let twice = again.export(format, &roles, &runs, |row| found.rows[row].clone());
            prop_assert_eq!(&twice, &out);
        }

        // In formats of tables, all cells are there.
        let is_table = matches!(format, Format::Csv | Format::Tsv | Format::JsonLines | Format::Json);
        if is_table && first.format() != Format::LabelStudio {
            // Space between the parts of a value counts for nothing.
            let values = |table: &Table| -> Vec<Vec<String>> {
                let compact = |cell: String| match serde_json::from_str::<Value>(&cell) {
                    Ok(value) if cell.contains('\n') => value.to_string(),
                    _ => cell,
                };
                cells(table).into_iter().map(|row| row.into_iter().map(compact).collect()).collect()
            };
            prop_assert_eq!(values(&again), values(&first), "{}", out);
        }
    }
}
