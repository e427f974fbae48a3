//! What was asked and answered, on disk before anything else is asked.
//!
//! Two files are only ever appended to. The journal has a line when a request goes out and a line when it ends, with
//! the raw reply and the rows read from it. The annotation set has the rows alone, and is made whole from the journal.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::meter::Bill;

/// Where a run keeps what it has.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The annotation set's rows.
    pub data: PathBuf,
    /// The raw replies.
    pub journal: PathBuf,
    /// What a batch is about.
    pub state: PathBuf,
}

impl Paths {
    /// A name that ends in `.jsonl` is the file of rows, anything else a folder for it.
    pub fn of(output: &Path) -> Self {
        if output.extension().is_some_and(|e| e == "jsonl") {
            let beside = |end: &str| output.with_extension(end);
            Self { data: output.to_owned(), journal: beside("raw.jsonl"), state: beside("batch.json") }
        } else {
            Self {
                data: output.join("data.jsonl"),
                journal: output.join("raw.jsonl"),
                state: output.join("batch.json"),
            }
        }
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With an answer, complete or not.
    Answer,
    /// The server would not answer this.
    Refusal,
    /// Without an answer.
    None,
}

/// The end of a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exchange {
    /// The request's name, unique in the journal.
    pub exchange: String,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch: bool,
    /// The rows for the annotation set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Value>,
    /// The ids that will not be asked about again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// How many attempts went out whose answer never came whole.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// What the server sent, untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Value>,
}

impl Exchange {
    /// An end without an answer, so far.
    pub fn new(exchange: String, lost: u64) -> Self {
        Self {
            exchange,
            outcome: Outcome::None,
            batch: false,
            rows: Vec::new(),
            refused: Vec::new(),
            faults: Vec::new(),
            lost,
            reply: None,
        }
    }
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// A line of the journal.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Run {
        run: Value,
    },
    Asked {
        exchange: String,
        /// For people who read the journal.
        #[serde(rename = "asked")]
        _asked: IgnoredAny,
    },
    Ended(Exchange),
}

/// The files, and what they say.
pub struct Ledger {
    data: Appender,
    journal: Appender,
    answered: HashSet<String>,
    refused: HashSet<String>,
    ended: HashMap<String, Outcome>,
    /// How many requests were named so far.
    named: u64,
    bill: Bill,
}

impl Ledger {
    /// Opens the files for a run whose question is `fingerprint`, or makes them. Only with `resume` are rows taken over
    /// that are there already.
    pub fn open(paths: &Paths, fingerprint: &Value, resume: bool) -> Result<Self> {
        let some = |path: &Path| fs::metadata(path).is_ok_and(|m| m.len() > 0);
        for path in [&paths.data, &paths.journal] {
            ensure!(
                resume || !some(path),
                "{} has annotations already; give --resume to go on with them, or another --output",
                path.display()
            );
        }
        if let Some(folder) = paths.data.parent().filter(|f| !f.as_os_str().is_empty()) {
            fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let (journal, lines) = Appender::open(&paths.journal)?;
        match journal.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "{} is in use; another `undertone annotate` is writing there: wait for it, or give another --output",
                paths.journal.display()
            ),
            Err(TryLockError::Error(e)) => {
                return Err(e).with_context(|| format!("{} cannot be locked", paths.journal.display()));
            }
        }
        let (data, rows) = Appender::open(&paths.data)?;
        let mut ledger = Self {
            data,
            journal,
            answered: HashSet::new(),
            refused: HashSet::new(),
            ended: HashMap::new(),
            named: 0,
            bill: Bill::default(),
        };
        for (number, row) in rows {
            let place = || format!("{}:{number}", paths.data.display());
            let row: Value =
                serde_json::from_str(&row).map_err(|e| anyhow::anyhow!("{}: {e}; mend the line", place()))?;
            let id = id(&row).with_context(|| format!("{}: the row has no id; give it one", place()))?;
            ledger.answered.insert(id.to_owned());
        }
        ledger.replay(&paths.journal, lines, fingerprint)?;
        Ok(ledger)
    }

    fn replay(&mut self, path: &Path, lines: Vec<(usize, String)>, fingerprint: &Value) -> Result<()> {
        let mut open: HashSet<String> = HashSet::new();
        let mut begun = false;
        let mut missing = Vec::new();
        for (number, line) in lines {
            let place = || format!("{}:{number}", path.display());
            let line = serde_json::from_str(&line).map_err(|_| {
                anyhow::anyhow!("{}: the line is damaged; mend it, or delete it and lose its answers", place())
            })?;
            match line {
                Line::Run { run } => {
                    begun = true;
                    for (field, now) in fingerprint.as_object().into_iter().flatten() {
                        // What a run of an earlier version did not say cannot be compared.
                        let then = run.get(field).unwrap_or(now);
                        ensure!(
                            then == now,
                            "{}: the annotations were begun with another {field} ({then} then, {now} now); give the same, \
                             or another --output",
                            place()
                        );
                    }
                }
                Line::Asked { exchange, .. } => {
                    self.named += 1;
                    open.insert(exchange);
                }
                Line::Ended(end) => {
                    open.remove(&end.exchange);
                    missing.extend(self.note(end));
                }
            }
        }
        // What was asked when the run broke off.
        self.bill.lost += open.len() as u64;
        // What was answered, but not written to the set when the run broke off.
        self.data.append(&missing)?;
        if !begun {
            self.journal.append(&[json!({"run": fingerprint})])?;
        }
        Ok(())
    }

    /// Takes in the end of a request; returns the rows that the set does not have yet.
    fn note(&mut self, end: Exchange) -> Vec<Value> {
        self.bill.lost += end.lost;
        if let Some(reply) = &end.reply {
            self.bill.add(reply, end.batch);
        }
        self.ended.insert(end.exchange, end.outcome);
        self.refused.extend(end.refused);
        let new = |row: &Value| id(row).is_some_and(|id| self.answered.insert(id.to_owned()));
        end.rows.into_iter().filter(new).collect()
    }

    /// Whether there is an answer for a text, or will never be one.
    pub fn settled(&self, id: &str) -> bool {
        self.answered.contains(id) || self.refused.contains(id)
    }

    #[cfg(test)]
    fn answered(&self, id: &str) -> bool {
        self.answered.contains(id)
    }

    pub fn refused(&self) -> usize {
        self.refused.difference(&self.answered).count()
    }

    /// How a request ended, if it did.
    pub fn ended(&self, exchange: &str) -> Option<Outcome> {
        self.ended.get(exchange).copied()
    }

    pub fn bill(&self) -> &Bill {
        &self.bill
    }

    /// Writes down that a request about these texts goes out; returns its name.
    pub fn asking(&mut self, ids: &[&str]) -> Result<String> {
        self.named += 1;
        let exchange = format!("live-{}", self.named);
        self.journal.append(&[json!({"exchange": exchange, "asked": ids})])?;
        Ok(exchange)
    }

    /// Writes down how a request ended, the raw reply first.
    pub fn record(&mut self, end: Exchange) -> Result<()> {
        self.journal.append(&[serde_json::to_value(&end).context("the journal's line is no JSON")?])?;
        let rows = self.note(end);
        self.data.append(&rows)
    }
}

fn id(row: &Value) -> Option<&str> {
    row.get("id")?.as_str()
}

/// A file of lines that is only appended to, and on disk after each time.
struct Appender {
    path: PathBuf,
    file: File,
}

impl Appender {
    /// Opens or makes the file, and returns its lines with their numbers. A last line without an end was broken off
    /// while it was written: it is ended if it is whole, and taken out if it is not.
    fn open(path: &Path) -> Result<(Self, Vec<(usize, String)>)> {
        let cannot = |what: &str| format!("{} cannot be {what}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| cannot("opened"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(|| cannot("read"))?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        if whole < bytes.len() {
            if serde_json::from_slice::<serde_json::Map<String, Value>>(&bytes[whole..]).is_ok() {
                bytes.push(b'\n');
                file.write_all(b"\n").with_context(|| cannot("mended"))?;
            } else {
                bytes.truncate(whole);
                file.set_len(whole as u64).with_context(|| cannot("mended"))?;
            }
        }
        file.seek(SeekFrom::End(0)).with_context(|| cannot("read"))?;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(bytes.split(|&byte| byte == b'\n')) {
            let line = std::str::from_utf8(line)
                .with_context(|| format!("{}:{number}: the line is not UTF-8 text; mend it", path.display()))?;
            if !line.trim().is_empty() {
                lines.push((number, line.to_owned()));
            }
        }
        Ok((Self { path: path.to_owned(), file }, lines))
    }

    fn append(&mut self, values: &[Value]) -> Result<()> {
        if values.is_empty() {
            return Ok(());
        }
        let text: String = values.iter().map(|value| format!("{value}\n")).collect();
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written
            .with_context(|| format!("{} cannot be written; make room, then go on with --resume", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(exchange: &str, ids: &[&str]) -> Exchange {
        Exchange {
            outcome: Outcome::Answer,
            rows: ids.iter().map(|id| json!({"id": id, "text": "t", "descriptors": ["joy"]})).collect(),
            reply: Some(json!({"usage": {"prompt_tokens": 10, "completion_tokens": 2}})),
            ..Exchange::new(exchange.into(), 0)
        }
    }

    /// Wherever a crash cuts either file, what is left is taken up, and no answer that the journal has is lost.
    #[test]
    fn a_cut_anywhere_is_healed() {
        let folder = tempfile::TempDir::new().unwrap();
        let run = json!({"model": "m"});
        let paths = Paths::of(&folder.path().join("whole.jsonl"));
        let mut ledger = Ledger::open(&paths, &run, false).unwrap();
        for i in 0..3 {
            let ids = [format!("a{i}"), format!("b{i}")];
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let name = ledger.asking(&ids).unwrap();
            ledger.record(end(&name, &ids)).unwrap();
        }
        drop(ledger);
        let (journal, data) = (fs::read(&paths.journal).unwrap(), fs::read(&paths.data).unwrap());
        for cut in (0..journal.len()).step_by(29) {
            let paths = Paths::of(&folder.path().join("cut.jsonl"));
            fs::write(&paths.journal, &journal[..cut]).unwrap();
            fs::write(&paths.data, &data[..cut.min(data.len())]).unwrap();
            let mut ledger = Ledger::open(&paths, &run, true).unwrap();
            let told = fs::read_to_string(&paths.journal).unwrap();
            for (id, exchange) in [("a0", "live-1"), ("b1", "live-2"), ("a2", "live-3")] {
                if told.contains(&format!(r#"{{"exchange":"{exchange}","outcome""#)) {
                    assert!(ledger.answered(id), "{id} is lost at {cut}");
                }
            }
            let name = ledger.asking(&["c"]).unwrap();
            ledger.record(end(&name, &["c"])).unwrap();
            drop(ledger);
            let rows = fs::read_to_string(&paths.data).unwrap();
            let mut ids: Vec<String> =
                rows.lines().map(|row| id(&serde_json::from_str(row).unwrap()).unwrap().to_owned()).collect();
            ids.sort_unstable();
            let count = ids.len();
            ids.dedup();
            assert_eq!(ids.len(), count, "a row twice at {cut}");
            fs::remove_file(&paths.journal).unwrap();
            fs::remove_file(&paths.data).unwrap();
        }
    }

    #[test]
    fn what_was_asked_when_a_run_broke_off_counts_as_lost() {
        let folder = tempfile::TempDir::new().unwrap();
        let paths = Paths::of(folder.path());
        let run = json!({"model": "m"});
        let mut ledger = Ledger::open(&paths, &run, false).unwrap();
        assert!(Ledger::open(&paths, &run, true).err().unwrap().to_string().contains("in use"));
        ledger.asking(&["a"]).unwrap();
        let name = ledger.asking(&["b"]).unwrap();
        ledger.record(end(&name, &["b"])).unwrap();
        drop(ledger);
        let ledger = Ledger::open(&paths, &run, true).unwrap();
        assert_eq!((ledger.bill().lost, ledger.bill().answers, ledger.bill().live.prompt), (1, 1, 10));
        drop(ledger);
        assert!(Ledger::open(&paths, &run, false).err().unwrap().to_string().contains("--resume"));
        let other = Ledger::open(&paths, &json!({"model": "n"}), true).err().unwrap().to_string();
        assert!(other.contains("another model"), "{other}");
    }
}
