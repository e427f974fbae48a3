//! The texts to ask about, from CSV, TSV, JSON lines or plain lines.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use undertone_core::{Cell, Format, Table};

/// Where the texts come from, and which of them are asked about.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Texts: .csv or .tsv with a header, .jsonl or .json, or .txt with a text a line
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
            for Line { line, id, text } in lines(path, args)? {
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
                let place = || format!("{}:{line}", path.display());
                let id = match id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()) {
                    Some(id) => id,
                    None => format!("{}-{line}", path.file_stem().unwrap_or_default().to_string_lossy()),
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

/// A row of a file.
struct Line {
    line: usize,
    id: Option<String>,
    text: String,
}

/// The rows of a file. Money is about to be spent on them: a row that is not as it should be is an error.
fn lines(path: &Path, args: &InputArgs) -> Result<Vec<Line>> {
    let name = path.display().to_string();
    let content = fs::read(path).with_context(|| format!("{name} cannot be read"))?;
    let table = Table::read(&name, content)?;
    if let Some(problem) = table.problems().first() {
        bail!("{name}:{}: {}", problem.line, problem.message);
    }
    let is_json = matches!(table.format(), Format::JsonLines | Format::Json);
    let of_text = match table.column(&args.text_column) {
        Some(column) => column,
        None if table.format() == Format::Text || table.is_empty() => 0,
        None if is_json => bail!("{name}:{}: {}", table.line(0), no_text(args)),
        None => {
            let all = table.columns().iter().map(|column| format!("'{}'", column.name)).collect::<Vec<_>>().join(", ");
            bail!("{name}:1: there is no column '{}' among {all}; name the one with the texts", args.text_column)
        }
    };
    let of_id = table.column(&args.id_column);
    let line = |row: usize| {
        let line = table.line(row);
        let text = match table.cell(row, of_text) {
            Cell::Text(text) => text.into_owned(),
            // A row of CSV that is shorter than the header was a problem above.
            _ => bail!("{name}:{line}: {}", no_text(args)),
        };
        let id = match of_id.map_or(Cell::Missing, |column| table.cell(row, column)) {
            Cell::Missing | Cell::Null => None,
            Cell::Json(id) if id.starts_with(['[', '{', 't', 'f']) => {
                bail!("{name}:{line}: '{}' is neither text nor a number", args.id_column)
            }
            id => Some(id.text().into_owned()),
        };
        Ok(Line { line, id, text })
    };
    (0..table.len()).map(line).collect()
}

fn no_text(args: &InputArgs) -> String {
    format!("there is no text in '{}'; name the field with the texts", args.text_column)
}
