//! A server that speaks OpenAI's protocol, and misbehaves as told. It checks every body it is sent against the published
//! types, and keeps count: of what it was asked, of what it answered, and of what it charges.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use async_openai::types::batches::{BatchRequest, BatchRequestInput};
use async_openai::types::chat::CreateChatCompletionRequest;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream;
use serde_json::{Value, json};

/// What to do with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Answer,
    /// A 429, with what to wait or without.
    TooMany(Option<&'static str>),
    Fail(u16),
    /// An error of a status, with a code and a message.
    Reject(u16, &'static str, &'static str),
    Hang,
    /// Half of the body, and the connection breaks.
    Cut,
    /// A success that is no JSON.
    NotJson,
    /// An answer in prose.
    Prose,
    /// The answer in a code fence, after some thinking.
    Fenced,
    /// Without the last text.
    Miss,
    /// Another answer to the first text besides.
    Repeat,
    /// An answer to a text that was not asked about.
    Invent,
    Refuse,
    /// As much as fits.
    Short,
}

/// A chat request as it comes in.
#[derive(Debug, Clone)]
pub struct Call {
    /// Counts from 1.
    pub n: usize,
    pub texts: Vec<String>,
    pub body: Value,
}

/// What becomes of a batch, and of the requests in it by their number.
#[derive(Debug, Clone)]
pub struct Fate {
    pub status: &'static str,
    pub act: fn(usize, &Call) -> Option<Act>,
}

type Script = Box<dyn Fn(&Call) -> Act + Send + Sync>;

/// What the server has seen.
#[derive(Debug, Default)]
pub struct Log {
    pub calls: usize,
    /// How often each text was in a request.
    pub asked: HashMap<String, usize>,
    /// How often a good answer about each text went out whole.
    pub answered: HashMap<String, usize>,
    /// What it charges.
    pub prompt: u64,
    pub completion: u64,
    pub replies: u64,
    /// Answers that it worked on, and that did not go out whole.
    pub broken: u64,
    /// Requests above the limit.
    pub above: usize,
    pub at: Vec<Instant>,
    /// Bodies that are not as the published types say.
    pub invalid: Vec<String>,
    pub keys: Vec<String>,
    pub queries: Vec<String>,
    pub formats: Vec<String>,
    files: HashMap<String, Bytes>,
    pub batches: Vec<Job>,
    window: Option<(Instant, usize)>,
    captured: Vec<Value>,
}

#[derive(Debug, Clone)]
pub struct Job {
    pub id: String,
    pub input: String,
    pub requests: usize,
    looks: usize,
    status: &'static str,
    output: Option<String>,
    errors: Option<String>,
}

struct Inner {
    log: Mutex<Log>,
    script: Script,
    fates: Vec<Fate>,
    /// Requests in a window.
    limit: Option<(usize, Duration)>,
    delay: Duration,
    /// The first creation of a batch is done, and its answer lost.
    lose_batch: bool,
}

pub struct Teacher {
    port: u16,
    inner: Arc<Inner>,
}

/// How to start one.
pub struct Plan {
    pub script: Script,
    pub fates: Vec<Fate>,
    pub limit: Option<(usize, Duration)>,
    pub delay: Duration,
    pub lose_batch: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            script: Box::new(|_| Act::Answer),
            fates: Vec::new(),
            limit: None,
            delay: Duration::ZERO,
            lose_batch: false,
        }
    }
}

impl Teacher {
    pub fn start(plan: Plan) -> Self {
        let Plan { script, fates, limit, delay, lose_batch } = plan;
        let inner = Arc::new(Inner { log: Mutex::default(), script, fates, limit, delay, lose_batch });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new()
            .route("/v1/chat/completions", post(chat))
            .route("/v1/files", post(upload))
            .route("/v1/files/{id}/content", get(content))
            .route("/v1/batches", post(begin).get(list))
            .route("/v1/batches/{id}", get(look))
            .layer(DefaultBodyLimit::disable())
            .with_state(inner.clone());
        // Ends with the test's process.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { port, inner }
    }

    pub fn with(script: impl Fn(&Call) -> Act + Send + Sync + 'static) -> Self {
        Self::start(Plan { script: Box::new(script), ..Plan::default() })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.inner.log.lock().unwrap()
    }
}

/// Bodies for `check_bodies.py`, where UNDERTONE_CAPTURE names a folder.
impl Drop for Teacher {
    fn drop(&mut self) {
        let Ok(folder) = std::env::var("UNDERTONE_CAPTURE") else { return };
        let lines: String = self.log().captured.iter().map(|line| format!("{line}\n")).collect();
        fs::write(PathBuf::from(folder).join(format!("bodies-{}.jsonl", self.port)), lines).unwrap();
    }
}

/// What the teacher thinks of a text; no two texts are thought of alike, so that a swapped answer shows.
pub fn thought(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { "joy".into() } else { format!("feeling {digits}") }
}

fn texts(body: &Value) -> Vec<Value> {
    let message = body["messages"][1]["content"].as_str().unwrap_or_default();
    let message: Value = serde_json::from_str(message).unwrap_or_default();
    message["texts"].as_array().cloned().unwrap_or_default()
}

fn said(item: &Value, body: &Value) -> Value {
    let (id, text) = (&item["id"], item["text"].as_str().unwrap_or_default());
    let prompt = body["messages"][0]["content"].as_str().unwrap_or_default();
    if let Some(labels) = item["labels"].as_array() {
        let rate = |(i, label): (usize, &Value)| json!({"label": label, "rating": i % 4});
        return json!({"id": id, "ratings": labels.iter().enumerate().map(rate).collect::<Vec<_>>()});
    }
    if prompt.contains("The set is") {
        return json!({"id": id, "labels": [if text.contains("sad") { "sadness" } else { "joy" }]});
    }
    json!({"id": id, "descriptors": [thought(text), "quiet pride"], "valence": 7, "arousal": 3})
}

/// The completion that an act comes to, and which of the texts it answers well.
fn complete(act: &Act, call: &Call) -> (Value, Vec<String>) {
    let items = texts(&call.body);
    let mut answers: Vec<Value> = items.iter().map(|item| said(item, &call.body)).collect();
    let mut good = call.texts.clone();
    let mut reason = "stop";
    match act {
        Act::Miss => {
            answers.pop();
            good.pop();
        }
        Act::Repeat => {
            let mut other = answers[0].clone();
            other["descriptors"] = json!(["dread"]);
            answers.push(other);
            good.remove(0);
        }
        Act::Invent => {
            let mut other = answers[0].clone();
            other["id"] = json!("zzzz");
            answers[0] = other;
            good.remove(0);
        }
        _ => {}
    }
    let mut content = json!({"answers": answers}).to_string();
    match act {
        Act::Prose => {
            content = "These texts are full of feeling.".into();
            good.clear();
        }
        Act::Fenced => content = format!("<think>Hm. {{\"id\": 1}}</think>Here:\n```json\n{content}\n```\nDone."),
        Act::Short => {
            reason = "length";
            content.truncate(content.len() * 2 / 3);
            let whole = |text: &String| format!("\"{}\",\"quiet pride\"],\"valence\":7,\"arousal\":3}}", thought(text));
            good.retain(|text| content.contains(&whole(text)));
        }
        _ => {}
    }
    let mut message = json!({"role": "assistant", "content": content, "refusal": null});
    if *act == Act::Refuse {
        message = json!({"role": "assistant", "content": null, "refusal": "I'm sorry, I cannot help with that."});
        good.clear();
    }
    let (prompt, completion) = (call.body.to_string().len() as u64 / 4, content.len() as u64 / 4);
    let reply = json!({
        "id": format!("chatcmpl-{}", call.n), "object": "chat.completion", "created": 1_760_000_000,
        "model": call.body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": null}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": prompt / 2}},
    });
    (reply, good)
}

fn failure(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"error": {"message": message, "type": "error", "param": null, "code": code}});
    (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
}

/// Whether a body says no more and no less than the published type.
fn check<T: serde::de::DeserializeOwned + serde::Serialize>(body: &Value, log: &mut Log) {
    match serde_json::from_value::<T>(body.clone()).and_then(serde_json::to_value) {
        Ok(again) if without_null(&again) == without_null(body) => {}
        Ok(again) => log.invalid.push(format!("{body} is read as {again}")),
        Err(e) => log.invalid.push(format!("{e}: {body}")),
    }
}

fn without_null(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), without_null(v))).collect()
        }
        Value::Array(values) => values.iter().map(without_null).collect(),
        value => value.clone(),
    }
}

fn receive(log: &mut Log, body: &Value) -> Call {
    check::<CreateChatCompletionRequest>(body, log);
    log.calls += 1;
    log.at.push(Instant::now());
    log.formats.push(body["response_format"]["type"].as_str().unwrap_or("none").to_owned());
    let texts: Vec<String> = texts(body).iter().map(|t| t["text"].as_str().unwrap().to_owned()).collect();
    texts.iter().for_each(|text| *log.asked.entry(text.clone()).or_default() += 1);
    Call { n: log.calls, texts, body: body.clone() }
}

fn charge(log: &mut Log, reply: &Value, good: Vec<String>) {
    log.replies += 1;
    log.prompt += reply["usage"]["prompt_tokens"].as_u64().unwrap();
    log.completion += reply["usage"]["completion_tokens"].as_u64().unwrap();
    good.into_iter().for_each(|text| *log.answered.entry(text).or_default() += 1);
}

async fn chat(
    State(inner): State<Arc<Inner>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    axum::Json(body): axum::Json<Value>,
) -> Response {
    let (call, mut limits) = {
        let log = &mut *inner.log.lock().unwrap();
        log.keys.push(headers["authorization"].to_str().unwrap().to_owned());
        log.queries.push(uri.query().unwrap_or_default().to_owned());
        let mut limits = HeaderMap::new();
        if let Some((most, window)) = inner.limit {
            let now = Instant::now();
            let (start, used) = log.window.filter(|(start, _)| now - *start < window).unwrap_or((now, 0));
            let used = used + 1;
            log.window = Some((start, used));
            let resets = (start + window).saturating_duration_since(now);
            limits.insert("x-ratelimit-limit-requests", most.into());
            limits.insert("x-ratelimit-remaining-requests", most.saturating_sub(used).into());
            limits.insert("x-ratelimit-reset-requests", format!("{}ms", resets.as_millis() + 1).parse().unwrap());
            if used > most {
                log.above += 1;
                let mut response = failure(429, "rate_limit_exceeded", "too many requests");
                response.headers_mut().extend(limits);
                return response;
            }
        }
        log.captured.push(json!({"kind": "chat", "body": body}));
        (receive(log, &body), limits)
    };
    tokio::time::sleep(inner.delay).await;
    let act = (inner.script)(&call);
    let mut response = match &act {
        Act::TooMany(wait) => {
            if let Some(wait) = wait {
                limits.insert("retry-after", wait.parse().unwrap());
            }
            failure(429, "rate_limit_exceeded", "slow down")
        }
        Act::Fail(status) => (StatusCode::from_u16(*status).unwrap(), "<html>Bad gateway</html>").into_response(),
        Act::Reject(status, code, message) => failure(*status, code, message),
        Act::Hang => {
            inner.log.lock().unwrap().broken += 1;
            tokio::time::sleep(Duration::from_secs(600)).await;
            StatusCode::OK.into_response()
        }
        Act::Cut => {
            inner.log.lock().unwrap().broken += 1;
            let whole = complete(&act, &call).0.to_string();
            let half = Bytes::from(whole[..whole.len() / 2].to_owned());
            let parts = stream::iter([Ok::<_, std::io::Error>(half), Err(std::io::Error::other("cut"))]);
            Response::builder().header("content-length", whole.len()).body(Body::from_stream(parts)).unwrap()
        }
        Act::NotJson => {
            inner.log.lock().unwrap().broken += 1;
            "{\"id\": \"chatcmpl-1\", \"choices\": [{\"mess".into_response()
        }
        _ => {
            let (reply, good) = complete(&act, &call);
            let log = &mut *inner.log.lock().unwrap();
            charge(log, &reply, good);
            log.captured.push(json!({"kind": "completion", "body": reply}));
            axum::Json(reply).into_response()
        }
    };
    response.headers_mut().extend(limits);
    response
}

async fn upload(State(inner): State<Arc<Inner>>, mut form: Multipart) -> Response {
    let (mut purpose, mut file) = (String::new(), None);
    while let Some(field) = form.next_field().await.unwrap() {
        match field.name() {
            Some("purpose") => purpose = field.text().await.unwrap(),
            Some("file") => file = Some(field.bytes().await.unwrap()),
            name => panic!("a field {name:?}"),
        }
    }
    assert_eq!(purpose, "batch");
    let bytes = file.unwrap();
    let log = &mut *inner.log.lock().unwrap();
    let id = format!("file-in-{}", log.files.len() + 1);
    let object = json!({"id": id, "object": "file", "bytes": bytes.len(), "created_at": 1_760_000_000,
        "filename": "requests.jsonl", "purpose": "batch", "status": "processed"});
    log.files.insert(id, bytes);
    log.captured.push(json!({"kind": "file", "body": object}));
    axum::Json(object).into_response()
}

async fn content(State(inner): State<Arc<Inner>>, Path(id): Path<String>) -> Response {
    inner.log.lock().unwrap().files[&id].clone().into_response()
}

async fn begin(State(inner): State<Arc<Inner>>, axum::Json(body): axum::Json<Value>) -> Response {
    let log = &mut *inner.log.lock().unwrap();
    check::<BatchRequest>(&body, log);
    log.captured.push(json!({"kind": "batch_request", "body": body}));
    let input = body["input_file_id"].as_str().unwrap().to_owned();
    let n = log.batches.len();
    let fate = inner.fates.get(n).cloned().unwrap_or(Fate { status: "completed", act: |_, _| Some(Act::Answer) });
    let lines = String::from_utf8(log.files[&input].to_vec()).unwrap();
    let (mut output, mut errors) = (String::new(), String::new());
    let requests = lines.lines().count();
    for (i, line) in lines.lines().enumerate().filter(|_| fate.status != "failed") {
        let line: Value = serde_json::from_str(line).unwrap();
        check::<BatchRequestInput>(&line, log);
        log.captured.push(json!({"kind": "batch_line", "body": line}));
        let call = receive(log, &line["body"]);
        let id = &line["custom_id"];
        match (fate.act)(i, &call) {
            None => {
                let error = json!({"code": "batch_expired", "message": "This request could not be executed in time."});
                errors += &format!("{}\n", json!({"id": "r", "custom_id": id, "response": null, "error": error}));
            }
            Some(Act::Reject(status, code, message)) => {
                let body = json!({"error": {"message": message, "type": "error", "param": null, "code": code}});
                let response = json!({"status_code": status, "request_id": "q", "body": body});
                errors += &format!("{}\n", json!({"id": "r", "custom_id": id, "response": response, "error": null}));
            }
            Some(act) => {
                let (reply, good) = complete(&act, &call);
                charge(log, &reply, good);
                let response = json!({"status_code": 200, "request_id": "q", "body": reply});
                output += &format!("{}\n", json!({"id": "r", "custom_id": id, "response": response, "error": null}));
            }
        }
    }
    let mut keep = |name: &str, text: String| {
        let id = format!("file-{name}-{n}");
        (!text.is_empty()).then(|| log.files.insert(id.clone(), text.into())).map(|_| id)
    };
    let (output, errors) = (keep("out", output), keep("err", errors));
    let id = format!("batch_{n}");
    log.batches.push(Job { id, input, requests, looks: 0, status: fate.status, output, errors });
    if inner.lose_batch && n == 0 {
        return failure(502, "bad_gateway", "the answer was lost");
    }
    let told = tell(&log.batches[n]);
    log.captured.push(json!({"kind": "batch", "body": told}));
    axum::Json(told).into_response()
}

/// A batch takes a few looks.
fn tell(job: &Job) -> Value {
    let status = match job.looks {
        0 => "validating",
        1 => "in_progress",
        _ => job.status,
    };
    let ended = status == job.status;
    let errors = match ended && status == "failed" {
        true => {
            json!({"object": "list", "data": [{"code": "token_limit_exceeded", "message": "Enqueued token limit reached.", "param": null, "line": null}]})
        }
        false => Value::Null,
    };
    json!({"id": job.id, "object": "batch", "endpoint": "/v1/chat/completions", "errors": errors,
        "input_file_id": job.input, "completion_window": "24h", "status": status,
        "output_file_id": job.output.clone().filter(|_| ended), "error_file_id": job.errors.clone().filter(|_| ended),
        "created_at": 1_760_000_000, "request_counts": {"total": job.requests, "completed": 0, "failed": 0}})
}

async fn list(State(inner): State<Arc<Inner>>) -> Response {
    let log = inner.log.lock().unwrap();
    let data: Vec<Value> = log.batches.iter().rev().map(tell).collect();
    axum::Json(json!({"object": "list", "data": data, "has_more": false})).into_response()
}

async fn look(State(inner): State<Arc<Inner>>, Path(id): Path<String>) -> Result<Response, Infallible> {
    let log = &mut *inner.log.lock().unwrap();
    let Some(job) = log.batches.iter_mut().find(|job| job.id == id) else {
        return Ok(failure(404, "not_found", "no such batch"));
    };
    job.looks += 1;
    Ok(axum::Json(tell(job)).into_response())
}
