//! `undertone annotate` against a server that speaks the real protocol and misbehaves on purpose.

mod teacher;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use teacher::{Act, Fate, Plan, Teacher, thought};
use tempfile::TempDir;

const KEY: &str = "sk-test-0123456789abcdef";

/// A folder with texts, and a teacher to ask.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// With a file of so many texts, each with a number.
    fn with_texts(n: usize) -> Self {
        let desk = Self::new();
        let rows: String = (0..n)
            .map(|i| format!("{}\n", json!({"id": format!("t{i}"), "text": format!("what a day it was, {i}")})))
            .collect();
        desk.write("texts.jsonl", &rows);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
        command.current_dir(&self.folder).arg("annotate").args(arguments).env("OPENAI_API_KEY", KEY);
        command.env_remove("OPENAI_BASE_URL");
        command
    }

    /// The arguments that most runs have, those in `more` before them.
    fn arguments<'a>(&self, url: &'a str, more: &'a str) -> Vec<&'a str> {
        let mut arguments: Vec<&str> = more.split_whitespace().collect();
        let usual = [
            ["--input", "texts.jsonl"],
            ["--output", "out.jsonl"],
            ["--model", "gpt-4o"],
            ["--base-url", url],
            ["--backoff", "0.01"],
            ["--timeout", "20"],
            ["--json", "-"],
        ];
        for pair in usual {
            if !arguments.contains(&pair[0]) {
                arguments.extend(pair);
            }
        }
        arguments.push("--yes");
        arguments
    }

    fn run(&self, teacher: &Teacher, more: &str) -> Output {
        self.command(&self.arguments(&teacher.url(), more)).output().unwrap()
    }

    fn succeeds(&self, teacher: &Teacher, more: &str) -> Value {
        let output = self.run(teacher, more);
        assert!(output.status.success(), "{more}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What a run that fails says last, in a line.
    fn fails(&self, teacher: &Teacher, more: &str) -> String {
        told(&self.run(teacher, more))
    }

    fn starts(&self, teacher: &Teacher, more: &str) -> Child {
        let mut command = self.command(&self.arguments(&teacher.url(), more));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The rows of the annotation set by their ids, of which none occurs twice.
    fn rows(&self, name: &str) -> HashMap<String, Value> {
        let mut rows = HashMap::new();
        for line in self.text(name).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let id = row["id"].as_str().unwrap().to_owned();
            assert!(rows.insert(id.clone(), row).is_none(), "{id} twice");
        }
        rows
    }
}

fn told(output: &Output) -> String {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let last = told.lines().last().unwrap_or_default().to_owned();
    assert!(last.starts_with("error: "), "{told}");
    last
}

/// Every text has the answer that was meant for it.
fn each_has_its_own(rows: &HashMap<String, Value>) {
    for row in rows.values() {
        assert_eq!(row["descriptors"][0], thought(row["text"].as_str().unwrap()), "{row}");
        assert_eq!((&row["valence"], &row["arousal"]), (&json!(7), &json!(3)));
    }
}

fn wait(what: &str, done: impl Fn() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what} never came");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn two_thousand_texts_through_a_faulty_server() {
    let desk = Desk::with_texts(2000);
    let teacher = Teacher::with(|call| match call.n {
        3 => Act::TooMany(Some("1")),
        n => match n % 17 {
            1 => Act::TooMany(None),
            2 => Act::Fail(500),
            4 => Act::Cut,
            5 => Act::NotJson,
            6 => Act::Miss,
            7 => Act::Repeat,
            8 => Act::Invent,
            9 => Act::Prose,
            10 => Act::Fenced,
            11 => Act::Short,
            12 => Act::Fail(503),
            13 if n < 20 => Act::Hang,
            _ => Act::Answer,
        },
    });
    let start = Instant::now();
    let summary = desk.succeeds(&teacher, "--per-request 20 --concurrency 8 --tries 20 --timeout 5");
    let took = start.elapsed();
    let rows = desk.rows("out.jsonl");
    assert_eq!(rows.len(), 2000);
    each_has_its_own(&rows);

    let log = teacher.log();
    assert_eq!(log.invalid, Vec::<String>::new());
    assert!(log.answered.len() == 2000 && log.answered.values().all(|&n| n == 1), "an answer was asked for again");
    let bill = &summary["bill"];
    assert_eq!(bill["prompt_tokens"], log.prompt);
    assert_eq!(bill["completion_tokens"], log.completion);
    assert_eq!(bill["answers"], log.replies);
    assert_eq!(bill["lost_requests"], log.broken);
    let dollars = (log.prompt as f64 * (2.5 + 1.25) / 2.0 + log.completion as f64 * 10.0) / 1e6;
    assert!((bill["dollars"].as_f64().unwrap() - dollars).abs() < 1e-4 * dollars, "{bill} against {dollars}");
    // One server that says when, and everybody waits.
    let quiet = log.at.windows(2).map(|at| at[1] - at[0]).max().unwrap();
    assert!(quiet > Duration::from_millis(500), "{quiet:?}");
    assert_eq!((&summary["refused"], &summary["unanswered"]), (&json!(0), &json!(0)));
    println!(
        "2000 texts: {} requests, {} replies, {} broken, {} + {} tokens, ${dollars:.4}, {took:.1?}",
        log.calls, log.replies, log.broken, log.prompt, log.completion
    );
}

#[test]
fn a_killed_run_loses_nothing_and_asks_nothing_twice() {
    let desk = Desk::with_texts(400);
    let teacher = Teacher::start(Plan { delay: Duration::from_millis(10), ..Plan::default() });
    let (concurrency, per_request) = (4, 5);
    let more = format!("--concurrency {concurrency} --per-request {per_request}");
    for answers in [10, 25, 40] {
        let mut child = desk.starts(&teacher, &format!("{more} --resume"));
        wait("the answers", || teacher.log().replies >= answers);
        child.kill().unwrap();
        child.wait().unwrap();
        // A crash in the middle of a line.
        let journal = desk.text("out.raw.jsonl");
        desk.write("out.raw.jsonl", &format!("{journal}{{\"exchange\":\"live-9"));
        let rows = desk.text("out.jsonl");
        desk.write("out.jsonl", &rows[..rows.len() - 7]);
    }
    // What the journal has is not asked for again.
    let safe: HashSet<String> = desk
        .text("out.raw.jsonl")
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .flat_map(|line| line["rows"].as_array().cloned().unwrap_or_default())
        .map(|row| row["text"].as_str().unwrap().to_owned())
        .collect();
    let before = teacher.log().asked.clone();
    assert!(safe.len() >= 100, "{}", safe.len());
    let summary = desk.succeeds(&teacher, &format!("{more} --resume"));
    let rows = desk.rows("out.jsonl");
    assert_eq!(rows.len(), 400);
    each_has_its_own(&rows);
    let log = teacher.log();
    assert!(safe.iter().all(|text| log.asked[text] == before[text]), "an answer at hand was asked for again");
    // Only what was under way at a kill was asked twice.
    let twice = log.answered.values().map(|n| n - 1).sum::<usize>();
    assert!(twice <= 3 * concurrency * per_request, "{twice}");
    // What was charged is either in the bill or counted as lost.
    let bill = &summary["bill"];
    let (answers, lost) = (bill["answers"].as_u64().unwrap(), bill["lost_requests"].as_u64().unwrap());
    assert!(answers <= log.replies && log.replies <= answers + lost, "{bill}, {} replies", log.replies);
    assert!(lost <= 3 * concurrency as u64, "{lost}");
    println!("killed three times: {} replies, {answers} in the bill, {lost} lost, {twice} texts twice", log.replies);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_waits_for_what_is_paid_for() {
    let desk = Desk::with_texts(200);
    let teacher = Teacher::start(Plan { delay: Duration::from_millis(200), ..Plan::default() });
    let child = desk.starts(&teacher, "--concurrency 4 --per-request 5");
    wait("the requests", || teacher.log().calls >= 8);
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(told(&output).contains("interrupted; what was answered is kept, and --resume goes on"));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    {
        let log = teacher.log();
        assert_eq!(log.calls as u64, log.replies);
        assert_eq!(summary["bill"]["answers"], log.replies);
        assert_eq!(summary["bill"]["lost_requests"], 0);
        assert!(log.calls < 40);
    }
    desk.succeeds(&teacher, "--concurrency 40 --per-request 5 --resume");
    assert_eq!(desk.rows("out.jsonl").len(), 200);
    assert!(teacher.log().answered.values().all(|&n| n == 1));
    assert!(desk.fails(&teacher, "").contains("give --resume to go on"));
}

#[test]
fn a_text_that_is_refused_does_not_take_the_others_along() {
    let desk = Desk::with_texts(40);
    let teacher = Teacher::with(|call| {
        let has = |n: usize| call.texts.iter().any(|text| text.ends_with(&format!(" {n}")));
        match () {
            () if has(7) => {
                Act::Reject(400, "content_filter", "The response was filtered by the content management policy")
            }
            () if has(23) => Act::Refuse,
            () => Act::Answer,
        }
    });
    let summary = desk.succeeds(&teacher, "--per-request 10 --concurrency 1");
    assert_eq!((&summary["rows"], &summary["refused"]), (&json!(38), &json!(2)));
    let rows = desk.rows("out.jsonl");
    assert!(!rows.contains_key("t7") && !rows.contains_key("t23"));
    each_has_its_own(&rows);
    let calls = teacher.log().calls;
    desk.succeeds(&teacher, "--resume");
    assert_eq!(teacher.log().calls, calls, "a refusal was asked for again");
}

#[test]
fn an_answer_that_never_comes_right_is_reported() {
    let desk = Desk::with_texts(6);
    let good = std::sync::Arc::new(AtomicUsize::new(0));
    let teacher = Teacher::with({
        let good = good.clone();
        move |call| {
            let bad = call.texts.iter().any(|text| text.ends_with(" 2")) && good.load(Ordering::SeqCst) == 0;
            if bad { Act::Prose } else { Act::Answer }
        }
    });
    let summary = desk.succeeds(&teacher, "--per-request 3 --tries 3");
    assert_eq!((&summary["rows"], &summary["unanswered"]), (&json!(5), &json!(1)));
    // It has no answer, so it may be asked about again.
    good.store(1, Ordering::SeqCst);
    let summary = desk.succeeds(&teacher, "--resume");
    assert_eq!((&summary["rows"], &summary["unanswered"]), (&json!(6), &json!(0)));
    assert!(teacher.log().answered.values().all(|&n| n == 1));
}

#[test]
fn the_servers_limits_are_kept() {
    let desk = Desk::with_texts(200);
    let limit = Some((10, Duration::from_millis(250)));
    let teacher = Teacher::start(Plan { limit, delay: Duration::from_millis(5), ..Plan::default() });
    let start = Instant::now();
    desk.succeeds(&teacher, "--per-request 4 --concurrency 10");
    let log = teacher.log();
    // 50 requests, 10 in a window. The first ones go out before the server has said what it allows.
    assert_eq!((log.calls, log.above), (50, 0));
    assert!(start.elapsed() > Duration::from_millis(900));
}

#[test]
fn the_users_limits_are_kept() {
    let desk = Desk::with_texts(10);
    let teacher = Teacher::with(|_| Act::Answer);
    desk.succeeds(&teacher, "--per-request 1 --concurrency 10 --requests-per-minute 1200");
    let at = teacher.log().at.clone();
    assert!(at[9] - at[0] >= Duration::from_millis(400), "{:?}", at[9] - at[0]);
}

#[test]
fn a_server_without_schemas_is_asked_in_other_ways() {
    let desk = Desk::with_texts(30);
    let teacher = Teacher::with(|call| match call.body["response_format"]["type"].as_str() {
        Some("json_schema") => Act::Reject(400, "invalid_request", "response_format json_schema is not supported"),
        Some(_) => Act::Reject(422, "invalid_request", "unknown field response_format"),
        None => Act::Fenced,
    });
    desk.succeeds(&teacher, "--per-request 5 --concurrency 2");
    each_has_its_own(&desk.rows("out.jsonl"));
    {
        let log = teacher.log();
        assert!(log.formats.iter().filter(|format| *format != "none").count() <= 4, "{:?}", log.formats);
        assert!(log.invalid.is_empty(), "{:?}", log.invalid);
    }
    let error = desk.fails(&teacher, "--output firm.jsonl --format schema");
    assert!(error.contains("rejects the request (400)") && error.contains("json_schema"), "{error}");
}

#[test]
fn closed_sets_and_ratings_are_asked_about() {
    let desk = Desk::with_texts(12);
    let teacher = Teacher::with(|_| Act::Answer);
    desk.write("labels.txt", "joy\nsadness\n");
    desk.succeeds(&teacher, "--question closed-set --labels labels.txt --output closed.jsonl");
    assert!(desk.rows("closed.jsonl").values().all(|row| row["labels"] == json!(["joy"])));

    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/model");
    let model = format!("--question ratings --labels-from-model {} --output ratings", bundle.display());
    let summary = desk.succeeds(&teacher, &model);
    let rows = desk.rows("ratings/data.jsonl");
    let sets: HashSet<Vec<String>> = rows
        .values()
        .map(|row| {
            let mut labels: Vec<String> = row["ratings"].as_object().unwrap().keys().cloned().collect();
            assert_eq!(labels.len(), 8);
            labels.sort_unstable();
            labels
        })
        .collect();
    assert!(sets.len() > 6, "each text is to have labels of its own");
    for other in ["--labels-per-text 5", "--extra {\"seed\":1}"] {
        let error = desk.fails(&teacher, &format!("{model} --resume {other}"));
        assert!(error.contains("begun with another"), "{error}");
    }
    let error = desk.fails(&teacher, "--question ratings --output ratings --resume");
    assert!(error.contains("another student that proposes labels"), "{error}");
    assert_eq!(summary["ratings"], json!([24, 24, 24, 24]));
    assert!(teacher.log().invalid.is_empty(), "{:?}", teacher.log().invalid);
    let schema = |i: usize| teacher.log().formats[i].clone();
    assert_eq!(schema(0), "json_schema");
}

/// From a CSV of texts to a bundle that is evaluated, as the README says it.
#[test]
fn a_student_learns_from_what_was_annotated() {
    let desk = Desk::new();
    desk.write("mine.csv", "nr,text\n1,\"what a day, 1\"\n2,\"so, so sad, 2\"\n3,\"what a day, 1\"\n4,\n5,why not 3\n");
    let teacher = Teacher::with(|_| Act::Answer);
    let summary = desk.succeeds(&teacher, "--input mine.csv --id-column nr --output mine");
    assert_eq!(summary["rows"], 3);
    let rows = desk.rows("mine/data.jsonl");
    assert_eq!(rows["2"]["descriptors"], json!(["feeling 2", "quiet pride"]));

    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    fs::create_dir(desk.path("base")).unwrap();
    let tokenizer: Value = serde_json::from_slice(&fs::read(fixtures.join("model/tokenizer.json")).unwrap()).unwrap();
    let mut config: Value = serde_json::from_slice(&fs::read(fixtures.join("base/config.json")).unwrap()).unwrap();
    config["vocab_size"] = tokenizer["model"]["vocab"].as_object().unwrap().len().into();
    desk.write("base/config.json", &config.to_string());
    desk.write("base/tokenizer.json", &tokenizer.to_string());
    desk.succeeds(&teacher, "--input mine.csv --id-column nr --output file.jsonl");
    for command in [
        "train --data mine file.jsonl --base base --from-scratch --max-tokens 16 --batch 2 --output run --epochs 1",
        "export --checkpoint run --output model --data mine",
    ] {
        let mut undertone = Command::new(env!("CARGO_BIN_EXE_undertone"));
        let output = undertone.current_dir(&desk.folder).args(command.split(' ')).output().unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(desk.path("model/weights.safetensors").is_file());
}

#[test]
fn texts_are_read_from_every_format() {
    let desk = Desk::new();
    let teacher = Teacher::with(|_| Act::Answer);
    desk.write("a.tsv", "\u{feff}ID\tText\nx\t day 1 \n");
    let tired = "jour 5, très fatigué 😭 今日はもう";
    desk.write("b.txt", &format!("day 2\n\nday 3\nday 1\n{tired}\n"));
    desk.write(
        "c.jsonl",
        &format!("{}\n{}\n", json!({"id": 7, "text": "day 4"}), json!({"text": "long ".repeat(500)})),
    );
    let summary = desk.succeeds(&teacher, "--input a.tsv b.txt c.jsonl --limit 9");
    assert_eq!(summary["rows"], 5);
    let rows = desk.rows("out.jsonl");
    assert_eq!((&rows["b-5"]["text"], &rows["b-5"]["descriptors"][0]), (&json!(tired), &json!("feeling 5")));
    assert_eq!(rows["x"]["text"], "day 1");
    assert_eq!(rows["b-3"]["text"], "day 3");
    assert_eq!(rows["7"]["text"], "day 4");
    desk.succeeds(&teacher, "--input c.jsonl --cut --max-chars 50 --output cut.jsonl");
    assert_eq!(desk.rows("cut.jsonl")["c-2"]["text"], "long ".repeat(10).trim());

    for (name, text, told) in [
        ("d.csv", "id,body\n1,x\n", "d.csv:1: there is no column 'text' among 'id', 'body'"),
        ("d.csv", "id,text\n1,a,b\n", "d.csv:2: the row has 3 columns where the header has 2"),
        ("d.jsonl", "{\"id\": 1, \"text\": \"x\"}\n{\"id\": 2}\n", "d.jsonl:2: there is no text in 'text'"),
        (
            "d.jsonl",
            "{\"id\": 1, \"text\": \"x\"}\n{\"id\": 1, \"text\": \"y\"}\n",
            "d.jsonl:2: the id '1' is that of d.jsonl:1",
        ),
        ("d.jsonl", "{\"id\": \n", "d.jsonl:1: the row ends within its JSON"),
        ("d.md", "x\n", "must be .csv, .tsv, .jsonl, .json or .txt"),
        ("d.txt", "\n", "there is no text"),
    ] {
        desk.write(name, text);
        let error = desk.fails(&teacher, &format!("--input {name} --output d"));
        assert!(error.contains(told), "{error}");
    }
    fs::write(desk.path("d.txt"), b"\xc3\xa9t\xc3\xa9, \xc3\xa9t\xc3\xa9\n\xff\xfe\n").unwrap();
    assert!(desk.fails(&teacher, "--input d.txt --output d").contains("d.txt:2: the line is not UTF-8"));
    assert_eq!(teacher.log().calls, 2);
}

#[test]
fn nothing_is_spent_unasked() {
    let desk = Desk::with_texts(100);
    let teacher = Teacher::with(|_| Act::Answer);
    let arguments = desk.arguments("http://127.0.0.1:9/v1", "--per-request 8");
    let arguments: Vec<&str> = arguments.into_iter().filter(|a| *a != "--yes").collect();
    let output = desk.command(&arguments).stdin(Stdio::null()).output().unwrap();
    assert!(told(&output).contains("give --yes"));
    let output = desk.command(&arguments).arg("--dry-run").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.contains("100 texts in 13 requests") && said.contains("about $0.0"),
        "{said}"
    );

    // What is foretold is about what it comes to.
    let summary = desk.succeeds(&teacher, "--per-request 8 --budget 1 --resume --concurrency 1");
    assert_eq!(summary["rows"], 100);
    let error = desk.fails(&teacher, "--per-request 8 --budget 0.001 --concurrency 1 --output poor");
    assert!(error.contains("the budget of $0.0010 is spent"), "{error}");
    let rows = desk.rows("poor/data.jsonl").len();
    assert!(rows > 0 && rows < 100, "{rows}");
    assert!(desk.fails(&teacher, "--model llama3 --budget 1 --output other").contains("needs the price of llama3"));
}

#[test]
fn a_hopeless_server_is_told_in_a_sentence() {
    let desk = Desk::with_texts(40);
    for (act, sentence) in [
        (
            Act::Reject(401, "invalid_api_key", "Incorrect API key provided: sk-test-0123456789abcdef."),
            "does not accept the key",
        ),
        (Act::Reject(404, "model_not_found", "The model `gpt-4o` does not exist"), "does not know the model"),
        (Act::Reject(429, "insufficient_quota", "You exceeded your current quota"), "has no credit left"),
        (Act::Reject(400, "unsupported_value", "temperature may not be 0"), "temperature may not be 0"),
        (Act::TooMany(Some("86400")), "asks to wait 1440 minutes"),
        (Act::Fail(500), "the server failed 3 times"),
    ] {
        let teacher = Teacher::with(move |_| act.clone());
        let output = desk.run(&teacher, "--retries 2 --resume --per-request 1");
        let error = told(&output);
        assert!(error.contains(sentence) && error.contains("--resume"), "{error}");
        let all = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!all.contains(KEY), "{all}");
        assert!(teacher.log().calls <= 40, "{}", teacher.log().calls);
    }
    let nobody = desk.command(&desk.arguments("http://127.0.0.1:9/v1", "--retries 1 --resume")).output().unwrap();
    assert!(told(&nobody).contains("no connection to the server"), "{}", told(&nobody));
    assert!(desk.text("out.jsonl").is_empty());
}

#[test]
fn the_key_is_private() {
    let desk = Desk::with_texts(3);
    let teacher = Teacher::with(|_| Act::Answer);
    desk.write("key", "from-a-file\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |mode| fs::set_permissions(desk.path("key"), fs::Permissions::from_mode(mode)).unwrap();
        mode(0o644);
        let error = desk.fails(&teacher, "--key-file key");
        assert!(error.contains("others may read this key (mode 0644)") && error.contains("chmod 600"), "{error}");
        mode(0o600);
    }
    desk.succeeds(&teacher, "--key-file key --api-version 2024-10-21");
    desk.succeeds(&teacher, "--output second.jsonl");
    desk.succeeds(&teacher, "--output third.jsonl --no-key");
    desk.succeeds(&teacher, "--output fourth.jsonl --batch --poll 0.01");
    {
        let log = teacher.log();
        assert_eq!(log.keys, ["Bearer from-a-file", &format!("Bearer {KEY}"), "Bearer none"]);
        assert_eq!(log.queries, ["api-version=2024-10-21", "", ""]);
    }
    for entry in fs::read_dir(&desk.folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(path.ends_with("key") || !(text.contains("from-a-file") || text.contains(KEY)), "{}", path.display());
    }
    let error = |more: &str, key: &str| {
        told(&desk.command(&desk.arguments("x", more)).env("OPENAI_API_KEY", key).output().unwrap())
    };
    let fifth = "--output fifth.jsonl --base-url";
    assert!(error(&format!("{fifth} http://far.example/v1"), KEY).contains("would travel to far.example in clear"));
    assert!(error(&format!("{fifth} https://api.openai.com/v1"), "").contains("there is no key for api.openai.com"));
    assert!(error(&format!("{fifth} https://far.example/v1"), "two words").contains("holds more than a key"));
    assert!(error(fifth.trim_end_matches(" --base-url"), KEY).contains("must begin with https://"));
}

#[test]
fn a_batch_goes_on_elsewhere_and_asks_nothing_twice() {
    let desk = Desk::with_texts(200);
    let fates = vec![
        // Half of the rows fail, some in other ways.
        Fate {
            status: "completed",
            act: |i, _| match i % 4 {
                0 => Some(Act::Reject(500, "server_error", "The server had an error")),
                1 if i == 5 => Some(Act::Miss),
                2 if i == 6 => Some(Act::Refuse),
                2 => Some(Act::Reject(429, "rate_limit_exceeded", "Too many")),
                _ => Some(Act::Answer),
            },
        },
        Fate { status: "expired", act: |i, _| (i < 3).then_some(Act::Answer) },
        Fate {
            status: "completed",
            act: |_, call| Some(if call.texts.iter().any(|t| t.ends_with(" 33")) { Act::Refuse } else { Act::Answer }),
        },
    ];
    let teacher = Teacher::start(Plan { fates, lose_batch: true, ..Plan::default() });
    // Interrupted while the batch is under way; the answer to its creation was lost, too.
    let child = desk.starts(&teacher, "--batch --per-request 5 --poll 30");
    wait("the state", || fs::read_to_string(desk.path("out.batch.json")).is_ok_and(|s| s.contains("batch_0")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(told(&output).contains("goes on at the server"), "{}", told(&output));
    assert_eq!(teacher.log().batches.len(), 1, "the batch was begun twice");

    // Another machine has the state file, and nothing else.
    let other = Desk::new();
    fs::copy(desk.path("out.batch.json"), other.path("moved.json")).unwrap();
    let url = teacher.url();
    let arguments: Vec<&str> = "--output out.jsonl --state moved.json --batch --resume --yes --poll 0.01 --backoff 0.01 --tries 6 --json - --base-url"
        .split(' ')
        .chain([url.as_str()])
        .collect();
    let output = other.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = other.rows("out.jsonl");
    each_has_its_own(&rows);
    let log = teacher.log();
    assert_eq!(log.invalid, Vec::<String>::new());
    assert!(log.answered.values().all(|&n| n == 1), "an answer was asked for again");
    let refused = summary["refused"].as_u64().unwrap() as usize;
    assert!(refused <= 1 && rows.len() + refused == 200, "{} rows, {refused} refused", rows.len());
    assert_eq!(log.answered.len(), rows.len());
    let bill = &summary["bill"];
    assert_eq!((&bill["prompt_tokens"], &bill["completion_tokens"]), (&json!(log.prompt), &json!(log.completion)));
    let dollars = (log.prompt as f64 * (2.5 + 1.25) / 2.0 + log.completion as f64 * 10.0) / 1e6 / 2.0;
    assert!((bill["dollars"].as_f64().unwrap() - dollars).abs() < 1e-3 * dollars, "{bill} against {dollars}");
    println!("200 texts in {} batches, {} requests, ${dollars:.4}", log.batches.len(), log.calls);
}

#[test]
fn batches_wait_for_room_in_the_queue() {
    let desk = Desk::with_texts(40);
    let whole = Fate { status: "completed", act: |_, _| Some(Act::Answer) };
    let full = Fate { status: "failed", act: |_, _| None };
    let teacher = Teacher::start(Plan { fates: vec![whole.clone(), full.clone(), whole], ..Plan::default() });
    desk.succeeds(&teacher, "--batch --per-request 5 --requests-per-file 4 --poll 0.01");
    assert_eq!(desk.rows("out.jsonl").len(), 40);
    assert_eq!(teacher.log().batches.len(), 3);

    let teacher = Teacher::start(Plan { fates: vec![full], ..Plan::default() });
    let error = desk.fails(&teacher, "--batch --poll 0.01 --output other");
    assert!(error.contains("not even one batch fits") && error.contains("Enqueued token limit"), "{error}");
}

#[test]
fn a_batch_that_somebody_cancels_is_not_sent_again_unasked() {
    let desk = Desk::with_texts(30);
    let fates = vec![Fate { status: "cancelled", act: |i, _| (i < 2).then_some(Act::Answer) }];
    let teacher = Teacher::start(Plan { fates, ..Plan::default() });
    let error = desk.fails(&teacher, "--batch --per-request 5 --poll 0.01");
    assert!(error.contains("somebody cancelled the batch batch_0") && error.contains("--resume"), "{error}");
    assert_eq!((desk.rows("out.jsonl").len(), teacher.log().batches.len()), (10, 1));
    desk.succeeds(&teacher, "--batch --per-request 5 --poll 0.01 --resume");
    assert_eq!(desk.rows("out.jsonl").len(), 30);
    assert!(teacher.log().answered.values().all(|&n| n == 1));
}

#[test]
fn batches_may_be_carried_by_hand() {
    let desk = Desk::with_texts(20);
    let teacher = Teacher::with(|_| Act::Answer);
    let arguments = desk.arguments("x", "--write-requests --per-request 5 --requests-per-file 3");
    let output = desk.command(&arguments).env_remove("OPENAI_API_KEY").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "out.batch-1.jsonl\nout.batch-2.jsonl\n");
    let requests = desk.text("out.batch-1.jsonl") + &desk.text("out.batch-2.jsonl");
    let mut results = String::new();
    for (i, line) in requests.lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        let (url, body) = (teacher.url(), line["body"].to_string());
        let reply: Value = post(&url, &body);
        let response = match i {
            1 => json!({"status_code": 500, "request_id": "q", "body": {"error": {"message": "no"}}}),
            _ => json!({"status_code": 200, "request_id": "q", "body": reply}),
        };
        results +=
            &format!("{}\n", json!({"id": "r", "custom_id": line["custom_id"], "response": response, "error": null}));
    }
    desk.write("results.jsonl", &results);
    let read = |file: &str| {
        let arguments = format!("--output out.jsonl --read-results {file} --json -");
        desk.command(&arguments.split(' ').collect::<Vec<_>>()).output().unwrap()
    };
    let output = read("results.jsonl");
    assert!(String::from_utf8_lossy(&output.stderr).contains("5 texts have no answer"));
    assert_eq!(desk.rows("out.jsonl").len(), 15);
    // Again brings nothing twice.
    assert!(read("results.jsonl").status.success());
    assert_eq!(desk.rows("out.jsonl").len(), 15);
    let again = desk.command(&desk.arguments("x", "--write-requests --resume")).output().unwrap();
    assert_eq!(String::from_utf8(again.stdout).unwrap(), "out.batch-3.jsonl\n");
    assert_eq!(desk.text("out.batch-3.jsonl").lines().count(), 1);
    desk.write("cut.jsonl", &results[..results.len() - 20]);
    assert!(told(&read("cut.jsonl")).contains("cut.jsonl:4: the line is no result of a batch"));
    desk.write("foreign.jsonl", "{\"custom_id\": \"x\", \"response\": null, \"error\": null}\n");
    assert!(told(&read("foreign.jsonl")).contains("there was no request 'x'"));
}

/// A request as a test makes it.
fn post(url: &str, body: &str) -> Value {
    use std::io::{Read, Write};
    let host = url.strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\nauthorization: none\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn two_teachers_are_compared() {
    let desk = Desk::new();
    let rows = |shift: usize| -> String {
        let row = |i: usize| {
            let words = [["joy", "joyful"], ["grief", "grief-stricken"], ["anger", "angry"]][(i / 2) % 3];
            let valence = [8, 2, 3][(i / 2) % 3];
            json!({"id": i, "text": format!("text {i}"), "descriptors": [words[shift]],
                "valence": valence, "arousal": 5 + (i + shift) % 3,
                "labels": [if (i + shift * (i % 4)).is_multiple_of(2) { "joy" } else { "anger" }], "ratings": {"joy": (i + shift) % 4}})
        };
        (0..24).map(|i| format!("{}\n", row(i))).collect()
    };
    desk.write("a.jsonl", &rows(0));
    fs::create_dir(desk.path("b")).unwrap();
    desk.write("b/data.jsonl", &rows(1));
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/model");
    let check = |more: &str| {
        let output = desk.command(&more.split(' ').collect::<Vec<_>>()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let figures = check(&format!("--check a.jsonl b --student {} --json -", bundle.display()));
    let figure = |name: &str| figures[name].as_f64().unwrap_or_else(|| panic!("{name}: {figures}"));
    assert_eq!(figures["texts"], 24);
    assert_eq!(figure("descriptors_exact"), 0.0);
    assert!(figure("descriptors_meaning") > figure("descriptors_chance") + 0.03, "{figures}");
    assert!((figure("valence_r") - 1.0).abs() < 1e-9);
    assert!((-1.0..1.0).contains(&figure("labels_kappa")) && figure("label_kappa") < 1.0, "{figures}");
    let same = check("--check a.jsonl a.jsonl --json -");
    assert_eq!(
        (&same["descriptors_exact"], &same["labels_kappa"], &same["ratings_r"]),
        (&json!(1.0), &json!(1.0), &json!(1.0))
    );
    desk.write("c.jsonl", "{\"text\": \"something else\", \"descriptors\": [\"joy\"]}\n");
    let output = desk.command(&["--check", "a.jsonl", "c.jsonl"]).output().unwrap();
    assert!(told(&output).contains("have no text in common"));
}
