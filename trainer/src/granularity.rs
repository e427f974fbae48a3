//! `undertone granularity`: how many classes texts bear, what labels share, and what is missing among them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use undertone_core::granularity::{
    Distances, Estimate, Overlap, Rewordings, Row, Suggestion, Support, Verdict, Wording, by_distance, by_lexicon,
    ladder, missing, sample,
};
use undertone_core::{
    Corpus, Cut, Embeddings, Encoder, LabelSet, Mode, Prepared, Roles, ScoreOptions, Table, Tags, TextVectors, Tree,
    Wordings,
};

use crate::bundle;
use crate::data::{EvaluationSet, Task};
use crate::evaluate::read_labels;

/// How many suggestions of either kind are made.
const SUGGESTIONS: usize = 5;
/// How many overlaps are told.
const OVERLAPS: usize = 12;
/// How much of a text is quoted, in characters.
const QUOTED: usize = 100;

/// Find out how fine a label set the texts of a file bear.
#[derive(Debug, Args)]
pub struct GranularityArgs {
    /// Texts: a .csv, .tsv, .jsonl, .json or .txt file, or an evaluation set
    #[arg(value_name = "FILE")]
    input: PathBuf,
    /// The bundle: a folder with manifest.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The label set; of an evaluation set its own labels, if it is left out
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The column with the texts, if the guess is not to be trusted
    #[arg(long, value_name = "COLUMN")]
    text: Option<String>,
    /// The column with the labels that people gave
    #[arg(long, value_name = "COLUMN")]
    gold: Option<String>,
    /// Which tree over the labels is cut: their parents, the lexicon's, or one of labels that are alike, by meaning or in these
    /// texts; parents if there are any, else by meaning
    #[arg(long, value_enum)]
    tree: Option<Kind>,
    /// A text has one label at most; evaluation sets say so themselves
    #[arg(long)]
    single: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A tree over labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The label set's own parents
    Parents,
    /// Sentiments, basic emotions, families
    Lexicon,
    /// Labels of like vectors
    Meaning,
    /// Labels that rise and fall together in these texts
    Texts,
}

impl Kind {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Texts, and what people said of them.
struct Input {
    texts: Vec<String>,
    /// Of each text the names of its labels.
    gold: Option<Vec<Vec<String>>>,
    single: bool,
}

/// Everything that is told.
struct Findings {
    labels: LabelSet,
    texts: Vec<String>,
    kind: Kind,
    rows: Vec<(Cut, Row)>,
    verdict: Verdict,
    overlap: Overlap,
    missing: Vec<Suggestion>,
}

/// Runs the command.
pub fn granularity(args: &GranularityArgs) -> Result<()> {
    let labels = args.labels.as_deref().map(read_labels).transpose()?;
    let (input, labels) = read(args, labels)?;
    ensure!(!input.texts.is_empty(), "{} has no texts", args.input.display());
    ensure!(!labels.labels().is_empty(), "the label set has no labels; add at least two");
    let encoder = Encoder::load(bundle::read(&args.model)?)?;
    let findings = find(args, input, labels, &encoder)?;
    if args.json {
        println!("{:#}", findings.to_json());
    } else {
        print!("{}", findings.told());
    }
    Ok(())
}

/// The texts and the labels that they are to be read by.
fn read(args: &GranularityArgs, labels: Option<LabelSet>) -> Result<(Input, LabelSet)> {
    if args.input.is_dir() {
        let set = EvaluationSet::read(&args.input)?;
        ensure!(set.task != Task::Regression, "{} has no labels, only valence and arousal", args.input.display());
        let labels = match labels {
            Some(labels) => labels,
            None => {
                let mut labels = LabelSet::new(&set.name);
                set.labels.iter().try_for_each(|name| labels.add(name).map(|_| ()))?;
                labels
            }
        };
        let names = |row: &Vec<usize>| row.iter().map(|&label| set.labels[label].clone()).collect();
        let gold = Some(set.gold.iter().map(names).collect());
        return Ok((Input { texts: set.texts, gold, single: args.single || set.task == Task::Single }, labels));
    }
    let labels = labels.context("say which labels by --labels FILE")?;
    let path = args.input.display();
    let content = fs::read(&args.input).with_context(|| format!("{path} cannot be read"))?;
    let table = Table::read(&path.to_string(), content)?;
    let column = |name: &str| {
        let names = || table.columns().iter().map(|column| format!("'{}'", column.name)).collect::<Vec<_>>().join(", ");
        table.column(name).with_context(|| format!("{path}: there is no column '{name}' among {}", names()))
    };
    let text = match &args.text {
        Some(name) => Some(column(name)?),
        None => Roles::guess(&table).text_column(),
    };
    let text = text.with_context(|| format!("{path} has no column with texts; name it by --text"))?;
    let known = |name: &str| labels.find(name).is_some();
    let gold = match args.gold.as_deref().map(column).transpose()? {
        Some(gold) => {
            let names = |row: usize| table.cell(row, gold).names(known).unwrap_or_default();
            Some((0..table.len()).map(names).collect())
        }
        None => None,
    };
    let texts = (0..table.len()).map(|row| table.text(row, text).into_owned()).collect();
    Ok((Input { texts, gold, single: args.single }, labels))
}

fn find(args: &GranularityArgs, input: Input, labels: LabelSet, encoder: &Encoder) -> Result<Findings> {
    let Input { texts, gold, single } = input;
    let scorer = encoder.scorer();
    let lexicon = scorer.background().lexicon();
    let rewordings = Rewordings::of(&labels, lexicon);
    let mut wordings = Wordings::default();
    let words: BTreeSet<String> =
        wordings.missing(&labels).into_iter().chain(rewordings.rounds.iter().flatten().cloned()).collect();
    let words: Vec<String> = words.into_iter().collect();
    let progress = ProgressBar::new((texts.len() + words.len()) as u64);
    let vectors = encode(encoder, &words, &progress)?;
    wordings.learn(words, &vectors)?;
    let texts_read = encode(encoder, &texts, &progress)?;
    progress.finish_and_clear();

    let dim = encoder.manifest().encoder.hidden;
    let prepared = scorer.prepare(wordings.matrix(&labels, dim)?.context(UNREAD)?, &labels)?;
    let mut corpus = Corpus::new(scorer.clone(), dim);
    corpus.push(&texts_read)?;
    while !corpus.advance(&prepared, usize::MAX)? {}
    let several = ScoreOptions { mode: Mode::Multi, threshold: None };
    let tags = corpus.tags(&prepared, &several)?;
    let columns = corpus.columns(&prepared).context(UNREAD)?;
    let overlap = Overlap::new(&prepared.vectors(), &columns, &tags)?;
    let missing = missing(scorer, &labels, &prepared, &texts_read, &tags, SUGGESTIONS)?;
    let kind = args.tree.unwrap_or(match labels.labels().iter().any(|label| label.parent.is_some()) {
        true => Kind::Parents,
        false => Kind::Meaning,
    });
    let tree = tree(kind, &labels, &prepared, &columns, encoder)?;

    let judged = sample(texts.len());
    let evidence = corpus.evidence(&prepared, &judged)?;
    let picked = texts_read.pick(&judged);
    let wordings = rewordings.rounds.iter().map(|round| {
        let words = scorer.prepare_words(wordings.rows(round, dim)?.context(UNREAD)?, &labels)?;
        Ok(Wording { evidence: scorer.evidence(&picked, &words)?, labels: words })
    });
    let wordings = wordings.collect::<Result<Vec<_>>>()?;
    let gold = gold.map(|gold| people(&gold, &judged, &labels));
    let mode = if single { Mode::Single } else { Mode::Multi };
    let options = ScoreOptions { mode, threshold: None };
    let support = Support::new(scorer, &labels, &prepared, &evidence, options, &wordings, gold.as_ref())?;
    let cuts = ladder(tree.counts()).into_iter().map(|classes| {
        let cut = tree.cut(classes);
        let row = support.row(&cut)?;
        Ok((cut, row))
    });
    let rows = cuts.collect::<Result<Vec<(Cut, Row)>>>()?;
    let finest: Vec<&str> =
        rows.last().map(|(cut, _)| cut.classes().iter().map(|class| class.name.as_str()).collect()).unwrap_or_default();
    let curve: Vec<Row> = rows.iter().map(|(_, row)| row.clone()).collect();
    let verdict = Verdict::of(&curve, support.texts(), &finest);
    Ok(Findings { labels, texts, kind, rows, verdict, overlap, missing })
}

const UNREAD: &str = "something was not read although all of it was asked for. This is a bug";

fn encode<T: AsRef<str>>(encoder: &Encoder, texts: &[T], progress: &ProgressBar) -> Result<TextVectors> {
    let mut vectors = TextVectors::empty(encoder.manifest().encoder.hidden);
    for chunk in texts.chunks(32) {
        let chunk: Vec<&str> = chunk.iter().map(AsRef::as_ref).collect();
        vectors.push(&encoder.encode(&chunk)?.vectors)?;
        progress.inc(chunk.len() as u64);
    }
    Ok(vectors)
}

fn tree(kind: Kind, labels: &LabelSet, prepared: &Prepared, columns: &[&[f32]], encoder: &Encoder) -> Result<Tree> {
    let background = encoder.scorer().background();
    let vectors: Embeddings = prepared.vectors();
    Ok(match kind {
        Kind::Parents => Tree::of_parents(labels),
        Kind::Lexicon => by_lexicon(labels, &vectors, background)?,
        Kind::Meaning => by_distance(labels, &Distances::by_meaning(&vectors), background.lexicon())?,
        Kind::Texts => by_distance(labels, &Distances::by_texts(columns), background.lexicon())?,
    })
}

/// What people said of some texts; names that the label set lacks are told.
fn people(gold: &[Vec<String>], texts: &[usize], labels: &LabelSet) -> Tags {
    let index = |name: &String| {
        let label = labels.find(name)?;
        labels.labels().iter().position(|other| other.id == label.id)
    };
    let unknown: BTreeSet<&str> =
        gold.iter().flatten().filter(|name| index(name).is_none()).map(String::as_str).collect();
    if !unknown.is_empty() {
        let names = unknown.into_iter().collect::<Vec<_>>().join("', '");
        eprintln!("people also gave '{names}', which the label set lacks: they are left out");
    }
    let rows = texts.iter().map(|&text| gold[text].iter().filter_map(index).collect::<Vec<_>>());
    Tags::from_rows(labels.labels().len(), rows)
}

impl Findings {
    fn names(&self) -> Vec<&str> {
        self.labels.labels().iter().map(|label| label.name.as_str()).collect()
    }

    fn to_json(&self) -> Value {
        let names = self.names();
        let row = |(cut, row): &(Cut, Row)| {
            let class = |class: &undertone_core::Class| {
                let member = |id| self.labels.get(id).map(|label| label.name.as_str());
                json!({ "name": class.name, "members": class.members.iter().map(|&id| member(id)).collect::<Vec<_>>() })
            };
            let mut value = json!(row);
            value["names"] = cut.classes().iter().map(class).collect();
            value
        };
        let overlap = |pair: &&undertone_core::granularity::Pair| {
            let pair_names = pair.labels.map(|label| names[label]);
            let mut value = json!(pair);
            value["labels"] = json!(pair_names);
            value["likeness"] = json!(pair.likeness());
            value["sentence"] = json!(pair.sentence(pair_names));
            value
        };
        let suggestion = |suggestion: &Suggestion| {
            let examples: Vec<&str> = suggestion.examples.iter().map(|&text| self.texts[text].as_str()).collect();
            json!({
                "name": suggestion.name,
                "kind": if suggestion.is_term { "term" } else { "group" },
                "texts": suggestion.texts.len(),
                "examples": examples,
            })
        };
        json!({
            "texts": self.texts.len(),
            "labels": names,
            "tree": self.kind.name(),
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "verdict": self.verdict,
            "overlaps": self.overlap.alike().iter().map(overlap).collect::<Vec<_>>(),
            "missing": self.missing.iter().map(suggestion).collect::<Vec<_>>(),
        })
    }

    fn told(&self) -> String {
        let names = self.names();
        let with_gold = self.rows.iter().any(|(_, row)| row.kappa.is_some());
        let mut lines = vec![
            format!("{} labels, {} texts, the tree by {}", names.len(), self.texts.len(), self.kind.name()),
            String::new(),
            format!(
                "classes  {:<18}margin  entropy   none{}",
                "stability",
                if with_gold { format!("  {:<18}{}", "macro F1", "kappa") } else { String::new() }
            ),
        ];
        for (_, row) in &self.rows {
            let gold = || format!("  {:<18}{}", estimate(row.macro_f1), estimate(row.kappa));
            let line = format!(
                "{:>7}  {:<18}{:>6.2}  {:>7.2}  {:>5.2}{}",
                row.classes,
                estimate(row.stability),
                row.margin,
                row.entropy,
                row.none,
                if with_gold { gold() } else { String::new() }
            );
            lines.push(line.trim_end().to_owned());
        }
        lines.extend([String::new(), self.verdict.sentence.clone()]);
        let overlaps = self.overlap.alike();
        if !overlaps.is_empty() {
            lines.extend([String::new(), "What labels share:".into()]);
            let sentence =
                |pair: &&undertone_core::granularity::Pair| pair.sentence(pair.labels.map(|label| names[label]));
            lines.extend(overlaps.iter().take(OVERLAPS).map(|pair| format!("- {}", sentence(pair))));
            if overlaps.len() > OVERLAPS {
                lines.push(format!("- and {} more pairs (--json has them all)", overlaps.len() - OVERLAPS));
            }
        }
        if !self.missing.is_empty() {
            lines.extend([String::new(), "What no label covers:".into()]);
        }
        for Suggestion { name, is_term, texts, examples, .. } in &self.missing {
            let like = if *is_term { String::new() } else { "a group of texts near ".into() };
            lines.push(format!("- {like}{name}, {} texts:", texts.len()));
            lines.extend(examples.iter().map(|&text| format!("    {}", quoted(&self.texts[text]))));
        }
        lines.join("\n") + "\n"
    }
}

fn estimate(estimate: Option<Estimate>) -> String {
    match estimate {
        None => "-".into(),
        Some(Estimate { value, interval: None }) => format!("{value:.3}"),
        Some(Estimate { value, interval: Some(interval) }) => {
            format!("{value:.3} ({:.2}-{:.2})", interval.low, interval.high)
        }
    }
}

/// A text in a line of its own.
fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
