//! The texts to ask about, from CSV, TSV, JSON lines or plain lines.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::{Map, Value};

/// Where the texts come from, and which of them are asked about.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Texts: .csv or .tsv with a header, .jsonl, or .txt with a text a line
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub input: Vec<PathBuf>,
    /// The column or field with the text
    #[arg(long, default_value = "text", value_name = "NAME")]
    pub text_column: String,
    /// The column or field with the id; without one, the file's name and the line's number
    #[arg(long, default_value = "id", value_name = "NAME")]
    pub id_column: String,
    /// Texts of more characters are left out
    #[arg(long, default_value_t = 2000, value_name = "N")]
    pub max_chars: usize,
    /// Cut longer texts at the end of a word instead; the annotation set then has what was asked
    #[arg(long)]
    pub cut: bool,
    /// Only the first N texts, for a trial
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// A text with what it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub id: String,
    pub text: String,
}

/// The texts to ask about, and how many were not taken.
#[derive(Debug, Default)]
pub struct Texts {
    pub rows: Vec<Text>,
    pub empty: usize,
    pub repeated: usize,
    pub long: usize,
    pub cut: usize,
}

impl Texts {
    /// Reads the files in order. A text that occurs again is left out: its answer would be bought twice.
    pub fn read(args: &InputArgs) -> Result<Self> {
        let mut texts = Self::default();
        let mut seen = HashSet::new();
        let mut ids: HashMap<String, String> = HashMap::new();
        for path in &args.input {
            for Line { number, id, text } in lines(path, args)? {
                let mut text = text.trim().to_owned();
                if text.is_empty() {
                    texts.empty += 1;
                    continue;
                }
                if let Some((end, _)) = text.char_indices().nth(args.max_chars) {
                    if !args.cut {
                        texts.long += 1;
                        continue;
                    }
                    let end = text[..end].rfind(char::is_whitespace).filter(|&at| at > end / 2).unwrap_or(end);
                    text.truncate(end);
                    texts.cut += 1;
                }
                let place = || format!("{}:{number}", path.display());
                let id = match id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()) {
                    Some(id) => id,
                    None => format!("{}-{number}", path.file_stem().unwrap_or_default().to_string_lossy()),
                };
                if !seen.insert(text.clone()) {
                    texts.repeated += 1;
                    continue;
                }
                if let Some(first) = ids.insert(id.clone(), place()) {
                    bail!("{}: the id '{id}' is that of {first} too; give every text an id of its own", place());
                }
                texts.rows.push(Text { id, text });
            }
        }
        texts.rows.truncate(args.limit.unwrap_or(usize::MAX));
        ensure!(!texts.rows.is_empty(), "there is no text to ask about in {}", names(&args.input));
        Ok(texts)
    }
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

struct Line {
    number: usize,
    id: Option<String>,
    text: String,
}

fn lines(path: &Path, args: &InputArgs) -> Result<Vec<Line>> {
    let bytes = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let good = &e.as_bytes()[..e.utf8_error().valid_up_to()];
            let line = good.iter().filter(|&&byte| byte == b'\n').count() + 1;
            bail!("{}:{line}: the line is not UTF-8 text; save the file as UTF-8", path.display());
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    match path.extension().and_then(|e| e.to_str()).map(str::to_lowercase).as_deref() {
        Some("csv") => table(path, text, b',', args),
        Some("tsv" | "tab") => table(path, text, b'\t', args),
        Some("jsonl" | "ndjson") => json_lines(path, text, args),
        Some("txt") => {
            Ok((1..).zip(text.lines()).map(|(number, line)| Line { number, id: None, text: line.to_owned() }).collect())
        }
        _ => {
            bail!("{}: the format is told by the name's end, which must be .csv, .tsv, .jsonl or .txt", path.display())
        }
    }
}

fn table(path: &Path, text: &str, delimiter: u8, args: &InputArgs) -> Result<Vec<Line>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let broken = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        match e.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => anyhow::anyhow!(
                "{}:{line}: the row has {len} columns where the header has {expected_len}; quote texts that contain \
                 the delimiter",
                path.display()
            ),
            _ => anyhow::anyhow!("{}:{line}: {e}", path.display()),
        }
    };
    let header = reader.headers().map_err(broken)?.clone();
    let column = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let Some(of_text) = column(&args.text_column) else {
        bail!(
            "{}:1: there is no column '{}' among {}; name the one with the texts by --text-column",
            path.display(),
            args.text_column,
            header.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
        );
    };
    let of_id = column(&args.id_column);
    let mut lines = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let cell = |i: usize| row.get(i).unwrap_or_default().to_owned();
        let number = row.position().map_or(0, |p| p.line() as usize);
        lines.push(Line { number, id: of_id.map(cell), text: cell(of_text) });
    }
    Ok(lines)
}

fn json_lines(path: &Path, text: &str, args: &InputArgs) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let place = || format!("{}:{number}", path.display());
        let row: Map<String, Value> = serde_json::from_str(line).map_err(|e| anyhow::anyhow!("{}: {e}", place()))?;
        let id = match row.get(&args.id_column) {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(id @ Value::Number(_)) => Some(id.to_string()),
            Some(_) => bail!("{}: '{}' is neither text nor a number", place(), args.id_column),
        };
        let text = row.get(&args.text_column).and_then(Value::as_str).with_context(|| {
            format!("{}: there is no text in '{}'; name the field by --text-column", place(), args.text_column)
        })?;
        lines.push(Line { number, id, text: text.to_owned() });
    }
    Ok(lines)
}
