//! Asks by batches: a file of requests goes up, hours later a file of answers comes down, at half the price.
//!
//! Everything that is needed to go on is in the state file: what is asked of which texts, in which request, and where
//! that request is. What came of it is in the ledger. The rest is derived from the two whenever a run goes on, on
//! whatever machine: a request without an end in the ledger is open, and a text without an open request that is neither
//! answered nor refused is due.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use async_openai::traits::RequestOptionsBuilder;
use async_openai::types::InputSource;
use async_openai::types::batches::{BatchEndpoint, BatchRequestInput, BatchRequestInputMethod};
use async_openai::types::files::{CreateFileRequest, FileInput, FilePurpose};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer;
use super::courier::{Courier, Failure};
use super::interrupt::Interrupts;
use super::ledger::{Exchange, Ledger, Outcome};
use super::live::Remains;
use super::question::{self, Format, Item, Question};

/// What a server takes in one file, with a margin.
const MOST_BYTES: usize = 190_000_000;
/// What a server takes in one file.
pub const MOST_REQUESTS: usize = 50_000;

/// How to go about it.
pub struct Manner {
    pub per_request: usize,
    /// How often a text is asked about before it counts as unanswered.
    pub tries: u32,
    /// How many requests go into one file.
    pub per_file: usize,
    pub poll: Duration,
}

/// What a batch is about. Never holds a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// What the requests' names begin with, so that they differ from those of any other batch.
    run: String,
    pub question: Question,
    pub format: Format,
    /// Every text of the run.
    pub items: Vec<Item>,
    requests: Vec<Asked>,
    parts: Vec<Part>,
    #[serde(skip)]
    path: PathBuf,
}

/// A request: its name, and the texts that it is about, by their ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    custom_id: String,
    ids: Vec<String>,
}

/// A file of requests, and how far it has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Part {
    /// The requests in it, from the first to before the last.
    from: usize,
    to: usize,
    /// Beside the state file.
    file: String,
    #[serde(default)]
    input_file_id: Option<String>,
    #[serde(default)]
    batch_id: Option<String>,
}

/// A batch as the server tells of it; servers differ in all else.
#[derive(Debug, Clone, Deserialize)]
struct Batch {
    id: String,
    status: String,
    #[serde(default)]
    input_file_id: String,
    output_file_id: Option<String>,
    error_file_id: Option<String>,
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    request_counts: Option<Counts>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Counts {
    #[serde(default)]
    completed: u64,
    #[serde(default)]
    failed: u64,
}

#[derive(Deserialize)]
struct Batches {
    data: Vec<Batch>,
}

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

/// A line of a file of answers, or of errors.
#[derive(Deserialize)]
struct Received {
    custom_id: String,
    response: Option<Response>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Response {
    status_code: u16,
    #[serde(default)]
    body: Value,
}

impl State {
    /// A batch that nothing has been asked of yet.
    pub fn new(path: &Path, question: Question, format: Format, items: Vec<Item>) -> Self {
        let path = path.to_owned();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let run = format!("batch-{:x}", now.as_millis());
        Self { version: 1, run, question, format, items, requests: Vec::new(), parts: Vec::new(), path }
    }

    /// Reads what a former run left.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| {
            format!("{} cannot be read; a batch goes on from the state file of its beginning", path.display())
        })?;
        let mut state: Self = serde_json::from_str(&text).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        ensure!(
            state.version == 1,
            "{}: its version is {}; this program knows 1: take the newer program that wrote it",
            path.display(),
            state.version
        );
        let known: HashSet<&str> = state.items.iter().map(|item| item.id.as_str()).collect();
        let whole = state.requests.iter().flat_map(|request| &request.ids).all(|id| known.contains(id.as_str()))
            && state.parts.iter().all(|part| part.from <= part.to && part.to <= state.requests.len());
        ensure!(whole, "{}: requests and texts do not fit together; take a copy that is whole", path.display());
        state.path = path.to_owned();
        Ok(state)
    }

    /// Writes the state, all of it or nothing.
    pub fn save(&self) -> Result<()> {
        let cannot = || format!("{} cannot be written", self.path.display());
        let fresh = self.path.with_extension("json.new");
        let write = || {
            let mut file = File::create(&fresh)?;
            serde_json::to_writer(&mut file, self)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)
        };
        write().with_context(cannot)
    }

    fn open<'a>(&'a self, ledger: &'a Ledger) -> impl Iterator<Item = &'a Asked> {
        self.requests.iter().filter(|request| ledger.ended(&request.custom_id).is_none())
    }

    /// The texts that are to be asked about: neither settled nor in an open request, and not tried too often. They come
    /// with whether they must be asked alone, since an answer about several went wrong.
    pub fn due(&self, ledger: &Ledger, tries: u32) -> Vec<(&Item, bool)> {
        let open: HashSet<&str> = self.open(ledger).flat_map(|request| &request.ids).map(String::as_str).collect();
        let mut tried: HashMap<&str, (u32, bool)> = HashMap::new();
        for request in &self.requests {
            let alone = matches!(ledger.ended(&request.custom_id), Some(Outcome::Answer | Outcome::Refusal));
            for id in &request.ids {
                let (n, before) = tried.entry(id).or_default();
                (*n, *before) = (*n + 1, *before || alone);
            }
        }
        let due = self.items.iter().filter(|item| !ledger.settled(&item.id) && !open.contains(item.id.as_str()));
        due.filter_map(|item| match tried.get(item.id.as_str()) {
            None => Some((item, false)),
            Some(&(n, alone)) => (n < tries).then_some((item, alone)),
        })
        .collect()
    }

    /// Puts what is due into requests, and these into files; returns whether there was anything.
    fn plan(&mut self, ledger: &Ledger, manner: &Manner) -> Result<bool> {
        let (alone, together): (Vec<_>, Vec<_>) = self.due(ledger, manner.tries).into_iter().partition(|due| due.1);
        let ids = |items: &[(&Item, bool)]| items.iter().map(|(item, _)| item.id.clone()).collect::<Vec<_>>();
        let groups: Vec<Vec<String>> = together.chunks(manner.per_request).chain(alone.chunks(1)).map(ids).collect();
        if groups.is_empty() {
            return Ok(false);
        }
        let round = self.parts.len() + 1;
        let first = self.requests.len();
        let run = &self.run;
        self.requests
            .extend(groups.into_iter().zip(1..).map(|(ids, n)| Asked { custom_id: format!("{run}-{round}-{n}"), ids }));
        let mut starts = vec![first];
        let mut bytes = 0;
        let index = index(&self.items);
        for at in first..self.requests.len() {
            let size = line(&self.question, self.format, &index, &self.requests[at])?.len();
            ensure!(
                size <= MOST_BYTES,
                "the text '{}' is too long for a batch; leave it out",
                self.requests[at].ids[0]
            );
            let from = starts.last().copied().unwrap_or(first);
            if at - from >= manner.per_file || bytes + size > MOST_BYTES {
                starts.push(at);
                bytes = 0;
            }
            bytes += size;
        }
        drop(index);
        starts.push(self.requests.len());
        starts.windows(2).for_each(|ends| self.begin(ends[0], ends[1]));
        Ok(true)
    }

    fn begin(&mut self, from: usize, to: usize) {
        let stem = self.path.file_name().unwrap_or_default().to_string_lossy();
        let stem = stem.strip_suffix(".json").unwrap_or(&stem);
        let file = format!("{stem}-{}.jsonl", self.parts.len() + 1);
        self.parts.push(Part { from, to, file, input_file_id: None, batch_id: None });
    }

    fn write(&self, path: &Path, requests: &[Asked]) -> Result<()> {
        let index = index(&self.items);
        let line = |request| line(&self.question, self.format, &index, request);
        let lines = requests.iter().map(line).collect::<Result<String>>()?;
        fs::write(path, lines).with_context(|| format!("{} cannot be written", path.display()))
    }

    fn beside(&self, file: &str) -> PathBuf {
        self.path.with_file_name(file)
    }

    /// Enters a file of answers or errors into the ledger; what it knows already, it does not take again.
    fn enter(&self, name: &str, lines: impl Iterator<Item = Result<String>>, ledger: &mut Ledger) -> Result<()> {
        let requests: HashMap<&str, &Asked> =
            self.requests.iter().map(|request| (request.custom_id.as_str(), request)).collect();
        let index = index(&self.items);
        for (number, line) in (1..).zip(lines) {
            let line = line.with_context(|| format!("{name}:{number}"))?;
            if line.trim().is_empty() {
                continue;
            }
            // Going on without it would ask, and pay, again.
            let result: Received = serde_json::from_str(&line).map_err(|e| {
                anyhow::anyhow!("{name}:{number}: the line is no result of a batch ({e}); fetch the file again")
            })?;
            let Some(request) = requests.get(result.custom_id.as_str()) else {
                bail!(
                    "{name}:{number}: there was no request '{}'; the file belongs to another batch",
                    result.custom_id
                );
            };
            if ledger.ended(&request.custom_id).is_none() {
                let items = items_of(&index, request);
                ledger.record(self.end(request, items, result))?;
            }
        }
        Ok(())
    }

    fn end(&self, request: &Asked, items: Vec<Item>, result: Received) -> Exchange {
        let mut end = Exchange { batch: true, ..Exchange::new(request.custom_id.clone(), 0) };
        let alone = items.len() == 1;
        // A refusal is about one text; which, is seen by asking about each alone.
        let refuse = |end: &mut Exchange, open: Vec<Item>| {
            end.outcome = Outcome::Refusal;
            if alone {
                end.refused = open.into_iter().map(|item| item.id).collect();
            }
        };
        match result.response {
            Some(Response { status_code: 200, body }) => {
                let verdict = answer::judge(&body, &self.question, items);
                end.outcome = Outcome::Answer;
                end.rows = verdict.rows;
                end.faults = verdict.faults;
                if verdict.refused {
                    refuse(&mut end, verdict.open);
                }
                end.reply = Some(body);
            }
            response => {
                let body = response.map_or(result.error, |response| match response.body {
                    Value::Object(mut body) => body.remove("error").unwrap_or(Value::Object(body)),
                    body => body,
                });
                let code = [&body["code"], &body["type"]].into_iter().find_map(Value::as_str).unwrap_or_default();
                let message = body["message"].as_str().map_or_else(|| body.to_string(), str::to_owned);
                if answer::is_filter(code, &message) {
                    refuse(&mut end, items);
                }
                end.faults = vec![if code.is_empty() { message } else { format!("{code}: {message}") }];
            }
        }
        end
    }

    /// Ends the requests of a batch that has ended without saying anything of them.
    fn close(&self, part: &Part, why: &str, ledger: &mut Ledger) -> Result<()> {
        for request in &self.requests[part.from..part.to] {
            if ledger.ended(&request.custom_id).is_none() {
                let faults = vec![why.to_owned()];
                ledger.record(Exchange { batch: true, faults, ..Exchange::new(request.custom_id.clone(), 0) })?;
            }
        }
        Ok(())
    }

    /// What has no answer, and why.
    fn remains(&self, ledger: &Ledger) -> Remains {
        let open = self.items.iter().filter(|item| !ledger.settled(&item.id));
        let unanswered = open.map(|item| (item.id.clone(), "no batch brought an answer".to_owned())).collect();
        Remains { unanswered, stopped: None }
    }
}

fn index(items: &[Item]) -> HashMap<&str, &Item> {
    items.iter().map(|item| (item.id.as_str(), item)).collect()
}

/// The texts of a request, with their codes.
fn items_of(index: &HashMap<&str, &Item>, request: &Asked) -> Vec<Item> {
    let known = request.ids.iter().filter_map(|id| index.get(id.as_str()));
    let mut items: Vec<Item> = known.map(|item| (*item).clone()).collect();
    question::encode(&mut items);
    items
}

/// A request as it stands in the file that goes up.
fn line(question: &Question, format: Format, index: &HashMap<&str, &Item>, request: &Asked) -> Result<String> {
    let line = BatchRequestInput {
        custom_id: request.custom_id.clone(),
        method: BatchRequestInputMethod::POST,
        url: BatchEndpoint::V1ChatCompletions,
        body: Some(question.body(&items_of(index, request), format)?),
    };
    Ok(serde_json::to_string(&line)? + "\n")
}

/// For who uploads by hand: writes the requests for everything that has no answer yet, and says where.
pub fn write_requests(state: &mut State, ledger: &Ledger, manner: &Manner) -> Result<Vec<PathBuf>> {
    state.plan(ledger, manner)?;
    state.save()?;
    let mut written = Vec::new();
    for part in &state.parts {
        let open: Vec<Asked> = state.requests[part.from..part.to]
            .iter()
            .filter(|request| ledger.ended(&request.custom_id).is_none())
            .cloned()
            .collect();
        if !open.is_empty() {
            let path = state.beside(&part.file);
            state.write(&path, &open)?;
            written.push(path);
        }
    }
    Ok(written)
}

/// For who downloads by hand: enters the files of answers and errors.
pub fn read_results(state: &State, files: &[PathBuf], ledger: &mut Ledger) -> Result<Remains> {
    for path in files {
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("{name} cannot be read"))?;
        let lines = BufReader::new(file).lines().map(|line| line.context("the line is not UTF-8 text"));
        state.enter(&name, lines, ledger)?;
    }
    Ok(state.remains(ledger))
}

/// Sends batches and waits for them until there is nothing left to ask.
pub async fn run(
    courier: &Courier,
    state: &mut State,
    ledger: &mut Ledger,
    manner: &Manner,
    progress: &ProgressBar,
) -> Result<Remains> {
    let mut interrupts = Interrupts::new()?;
    tokio::select! {
        remains = rounds(courier, state, ledger, manner, progress) => remains,
        () = interrupts.next() => {
            let stopped = Some("it was interrupted; what was sent goes on at the server".to_owned());
            Ok(Remains { stopped, ..Remains::default() })
        }
    }
}

async fn rounds(
    courier: &Courier,
    state: &mut State,
    ledger: &mut Ledger,
    manner: &Manner,
    progress: &ProgressBar,
) -> Result<Remains> {
    loop {
        if state.plan(ledger, manner)? {
            state.save()?;
        }
        let open: Vec<usize> = (0..state.parts.len())
            .filter(|&p| {
                let part = &state.parts[p];
                state.requests[part.from..part.to].iter().any(|request| ledger.ended(&request.custom_id).is_none())
            })
            .collect();
        if open.is_empty() {
            return Ok(state.remains(ledger));
        }
        let (mut waiting, mut ended) = (0, 0);
        let mut counts = Counts::default();
        let mut full = None;
        for p in open {
            // The queue is full: the others go up when there is room.
            if full.is_some() && state.parts[p].batch_id.is_none() {
                continue;
            }
            let batch = match state.parts[p].batch_id.clone() {
                Some(id) => retrieve(courier, &id).await?,
                None => {
                    let batch = submit(courier, state, p).await?;
                    progress.suspend(|| eprintln!("the batch {} is on its way: {}", batch.id, state.parts[p].file));
                    batch
                }
            };
            match batch.status.as_str() {
                "completed" | "expired" | "cancelled" => {
                    receive(courier, state, &batch, ledger).await?;
                    ended += 1;
                    let why = format!("the batch {} brought no result of this request ({})", batch.id, batch.status);
                    state.close(&state.parts[p], &why, ledger)?;
                    let settled = state.items.iter().filter(|item| ledger.settled(&item.id)).count();
                    progress.set_position(settled as u64);
                    if batch.status == "cancelled" {
                        let stopped = Some(format!("somebody cancelled the batch {}; what it had is kept", batch.id));
                        return Ok(Remains { stopped, ..Remains::default() });
                    }
                }
                "failed" => {
                    let (code, told) = reasons(&batch.errors);
                    // It never ran, and may be sent again as it is.
                    state.parts[p].batch_id = None;
                    state.save()?;
                    ensure!(
                        code == "token_limit_exceeded",
                        "the server did not take the batch {}: {told}; nothing was charged. Mend it, then --resume",
                        batch.id
                    );
                    full = Some(told);
                }
                _ => {
                    waiting += 1;
                    let Counts { completed, failed } = batch.request_counts.unwrap_or_default();
                    counts.completed += completed;
                    counts.failed += failed;
                }
            }
        }
        if let Some(told) = full.filter(|_| waiting + ended == 0) {
            bail!("not even one batch fits into the server's queue: {told}; give a smaller --requests-per-file");
        }
        if waiting > 0 {
            let Counts { completed, failed } = counts;
            progress.set_message(format!("{waiting} batches on their way, {completed} requests done, {failed} failed"));
            tokio::time::sleep(manner.poll).await;
        }
    }
}

/// Why a batch was not taken: the first reason's code, and all of them in words.
fn reasons(errors: &Value) -> (String, String) {
    let errors: Vec<&Value> = errors["data"].as_array().into_iter().flatten().collect();
    let code = errors.first().and_then(|error| error["code"].as_str()).unwrap_or_default().to_owned();
    let tell = |error: &&Value| {
        let message = error["message"].as_str().unwrap_or("no reason given");
        error["line"].as_u64().map_or_else(|| message.to_owned(), |line| format!("line {line}: {message}"))
    };
    let told = errors.iter().take(3).map(tell).collect::<Vec<_>>().join("; ");
    (code, if told.is_empty() { "no reason given".into() } else { told })
}

async fn retrieve(courier: &Courier, id: &str) -> Result<Batch> {
    let found = courier.deliver(true, || async { courier.client().batches().retrieve_byot(id).await }).await;
    found.result.map_err(|failure| anyhow::anyhow!("the batch {id} cannot be asked after: {failure}"))
}

/// Brings a part on its way. Each step is in the state before the next is taken, and a batch that was begun without its
/// id having arrived is found by its file: nothing is ever asked twice.
async fn submit(courier: &Courier, state: &mut State, p: usize) -> Result<Batch> {
    let client = courier.client();
    let input = match state.parts[p].input_file_id.clone() {
        Some(id) => id,
        None => {
            let part = state.parts[p].clone();
            let path = state.beside(&part.file);
            state.write(&path, &state.requests[part.from..part.to])?;
            let request = CreateFileRequest {
                file: FileInput { source: InputSource::Path { path } },
                purpose: FilePurpose::Batch,
                expires_after: None,
            };
            let sent = courier.deliver(true, || async { client.files().create_byot(request.clone()).await }).await;
            let Uploaded { id } =
                sent.result.map_err(|failure| anyhow::anyhow!("{} cannot be sent: {failure}", part.file))?;
            state.parts[p].input_file_id = Some(id.clone());
            state.save()?;
            id
        }
    };
    let body = json!({"input_file_id": input, "endpoint": "/v1/chat/completions", "completion_window": "24h"});
    for _ in 0..5 {
        if let Some(batch) = find(courier, &input).await? {
            return keep(state, p, batch);
        }
        let begun = courier.deliver(false, || async { client.batches().create_byot(&body).await }).await;
        match begun.result {
            Ok(batch) => return keep(state, p, batch),
            Err(Failure::Exhausted { perhaps_done: true, .. }) => {}
            Err(failure) => bail!("the batch of {} cannot be begun: {failure}", state.parts[p].file),
        }
    }
    bail!("the batch of {} cannot be begun: its answer never comes; try again with --resume", state.parts[p].file)
}

fn keep(state: &mut State, p: usize, batch: Batch) -> Result<Batch> {
    state.parts[p].batch_id = Some(batch.id.clone());
    state.save()?;
    Ok(batch)
}

/// The batch of a file, if it was begun and not refused.
async fn find(courier: &Courier, input: &str) -> Result<Option<Batch>> {
    let found = courier
        .deliver(true, || async { courier.client().batches().query(&[("limit", "100")])?.list_byot::<Batches>().await })
        .await;
    match found.result {
        Ok(batches) => Ok(batches.data.into_iter().find(|b| b.input_file_id == input && b.status != "failed")),
        // Not every server lists; such a one has no batches that could be found.
        Err(Failure::Rejected { .. }) => Ok(None),
        Err(failure) => bail!("the server's batches cannot be listed: {failure}"),
    }
}

/// Enters what a batch has brought, answers and errors.
async fn receive(courier: &Courier, state: &State, batch: &Batch, ledger: &mut Ledger) -> Result<()> {
    for file in [&batch.output_file_id, &batch.error_file_id].into_iter().flatten().filter(|id| !id.is_empty()) {
        let got = courier.deliver(true, || async { courier.client().files().content(file).await }).await;
        let bytes = got.result.map_err(|failure| anyhow::anyhow!("the file {file} cannot be fetched: {failure}"))?;
        let lines = bytes.lines().map(|line| line.context("the line is not UTF-8 text"));
        state.enter(file, lines, ledger)?;
    }
    Ok(())
}
