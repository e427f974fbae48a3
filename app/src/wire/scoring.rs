//! The page and the scoring worker: a file of texts, its vectors and its scores live there, and the page has what it shows.
//!
//! The page says how things are (model, labels, decisions, what is looked at), in any order; the worker answers for the rows
//! in view first and works on the rest between messages.

use serde::{Deserialize, Serialize};
use undertone_core::granularity::{Pair, Row as SupportRow, Verdict};
use undertone_core::{Affect, Cut, LabelId, LabelSet, ScoreOptions};

use super::Report;
use super::engine::Model;
use crate::document::{Decision, FileRef, Filter, Rows, Sort, Status, TreeKind};

/// What the scoring worker is called.
pub const NAME: &str = "undertone-scoring";

/// To the scoring worker.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ToScoring {
    /// How to score, with the buffers of [`Model::pack`], and how to encode.
    Model {
        /// The model.
        model: Box<Model>,
        /// The addresses of its engines.
        engines: Engines,
    },
    /// Read a file, in the place of the one that is open, which stays if that fails. Its content travels as the file `content`;
    /// without it the file is one that was read before and kept on this device.
    Open {
        /// The file.
        file: FileRef,
        /// What was decided about its rows.
        decisions: Vec<(Rows, Decision)>,
        /// Whether to encode what has no vectors yet.
        encode: bool,
    },
    /// Put the file away.
    Close,
    /// Encode what has no vectors yet, or stop that.
    Encode {
        /// Whether to.
        on: bool,
    },
    /// The labels, with a vector for each as the numbers `vectors`.
    Labels {
        /// What answers are about.
        version: u32,
        /// The labels.
        labels: Box<LabelSet>,
    },
    /// How the labels are joined into classes; labels that come anew are not.
    Cut {
        /// The version of the labels.
        of: u32,
        /// What answers are about.
        version: u32,
        /// The classes; none for the labels as they are.
        cut: Option<Box<Cut>>,
    },
    /// Tell how alike labels are in the file, how many classes it bears, or what it calls for.
    Examine {
        /// What the answer will be called.
        id: u32,
        /// What to tell.
        question: Examination,
    },
    /// What the page looks at.
    Show(Show),
    /// What was decided about rows of a file; for any other than the one that is open it comes too late.
    Decisions {
        /// The key of the file.
        file: String,
        /// Rows and what was decided about them.
        decisions: Vec<(Rows, Decision)>,
    },
    /// Tell all there is to tell about a row.
    Look {
        /// What the answer will be called.
        id: u32,
        /// The row's place in the file.
        row: u32,
    },
    /// Tell which rows the filter shows, in their order.
    Select {
        /// What the answer will be called.
        id: u32,
    },
    /// Write the file with its scores.
    Export {
        /// What the answer will be called.
        id: u32,
        /// How.
        format: Format,
    },
    /// Are you there?
    Ping,
}

/// A question about the labels and all texts of the file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Examination {
    /// How far the labels are from each other in these texts.
    Distances,
    /// What the classes have in common.
    Overlap,
    /// Where two classes differ most.
    Contrast {
        /// The classes.
        pair: [u32; 2],
    },
    /// How many classes the texts bear. The vectors of the labels in other words travel as the numbers `wordings`, a round
    /// after another.
    Support {
        /// The tree that is cut.
        tree: TreeKind,
    },
    /// What no label covers.
    Missing,
    /// What a label could be split into.
    Split {
        /// The label.
        label: LabelId,
    },
}

/// The answer to an [`Examination`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Findings {
    /// The upper triangle of the distances, row after row.
    Distances {
        /// The distances.
        condensed: Vec<f64>,
    },
    /// What classes have in common, the most alike first.
    Overlap {
        /// How many texts.
        texts: u32,
        /// The pairs.
        pairs: Vec<Pair>,
    },
    /// Texts that are most of all the first of two classes, and such that are most of all the second.
    Contrast {
        /// The texts.
        texts: [Vec<String>; 2],
    },
    /// How many classes the texts bear.
    Support {
        /// How many texts were judged.
        texts: u32,
        /// What each cut is worth.
        rows: Vec<SupportRow>,
        /// What that comes to.
        verdict: Verdict,
    },
    /// Labels that the texts call for.
    Suggestions {
        /// The labels.
        found: Vec<Suggested>,
    },
}

/// A label that texts call for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Suggested {
    /// What it could be called.
    pub name: String,
    /// Whether it is a term of the lexicon, and no group of texts near one.
    pub is_term: bool,
    /// How many texts call for it.
    pub texts: u32,
    /// Some of them.
    pub examples: Vec<String>,
}

/// Where engines come from, and how many there may be.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Engines {
    /// The address of their script.
    pub script: String,
    /// The address of their model's manifest.
    pub manifest: String,
    /// The most to start.
    pub count: u32,
}

/// What the page looks at: which rows, in which order, scored how.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Show {
    /// How to score.
    pub options: ScoreOptions,
    /// Which rows.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// The first place of that order that is in view.
    pub from: u32,
    /// And the one behind the last.
    pub to: u32,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A table with a header.
    Csv,
    /// A JSON object a line.
    JsonLines,
}

/// From the scoring worker.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromScoring {
    /// It runs and listens.
    Hello {
        /// Its [`PROTOCOL`](super::PROTOCOL).
        protocol: u32,
    },
    /// A file is open.
    Opened {
        /// The file.
        file: FileRef,
        /// What is in it.
        summary: Summary,
    },
    /// A file cannot be opened; one that was open stays.
    Refused {
        /// The file.
        file: FileRef,
        /// Why.
        report: Report,
    },
    /// The file's texts are being encoded, or no longer.
    Progress(Progress),
    /// The rows in view.
    Rows {
        /// The [version](ToScoring::Labels::version) of the labels that they are scored against; none before there are any.
        version: Option<u32>,
        /// How many rows the filter shows.
        count: u32,
        /// The place of the first.
        from: u32,
        /// The rows.
        rows: Vec<Row>,
    },
    /// What all rows that have scores have in common, with how many of them each label is on for as the counts `on`.
    Counts(Counts),
    /// All there is to tell about a row. The ranges of its windows are the counts `ranges`, the probabilities of all labels for
    /// each of them the numbers `windows`.
    Looked {
        /// The question.
        id: u32,
        /// The row; none if there is no such row.
        row: Option<Box<Detail>>,
    },
    /// How alike labels are, how many classes the file bears, or what it calls for.
    Examined {
        /// The question.
        id: u32,
        /// The [version](ToScoring::Labels::version) of the labels, or of the classes where the answer is about these.
        version: u32,
        /// The answer.
        findings: Box<Findings>,
    },
    /// The rows that the filter shows, as the counts `rows`.
    Selected {
        /// The question.
        id: u32,
    },
    /// The file with its scores, as the file `content`.
    Exported {
        /// The question.
        id: u32,
    },
    /// Something went wrong that is not the end of anything.
    Failed {
        /// The question that has no answer for it, if it was one.
        id: Option<u32>,
        /// What.
        report: Report,
    },
    /// I am here.
    Pong,
    /// The worker is beyond repair and must be replaced.
    Panicked {
        /// What it said, and where.
        message: String,
    },
}

/// What is in a file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// How many rows.
    pub rows: u32,
    /// How many of them have a text.
    pub texts: u32,
    /// The column with the texts, if there is more than one column.
    pub column: Option<String>,
    /// What is odd about it, if anything is: a sentence.
    pub problem: Option<String>,
}

/// How far a file is encoded.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Progress {
    /// What is happening.
    pub stage: Stage,
    /// How many texts have vectors.
    pub done: u32,
    /// How many texts there are.
    pub texts: u32,
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is being read, from where it is or from what was kept of it.
    Opening,
    /// It waits for the model.
    Waiting,
    /// Its texts are being encoded.
    Encoding,
    /// All texts have vectors.
    Done,
    /// Somebody stopped it, or it failed; what was done stays.
    Stopped,
}

/// A row as the table shows it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// Its place in the file.
    pub row: u32,
    /// What the file calls it, or its line.
    pub id: String,
    /// The beginning of its text.
    pub text: String,
    /// The labels that are on: their places in the label set and their probabilities, the strongest first. None while it has
    /// no scores.
    pub tags: Option<Vec<(u32, f32)>>,
    /// Where it stands.
    pub status: Status,
    /// Whether somebody wrote something about it.
    pub noted: bool,
}

/// Everything about a row.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Detail {
    /// Its place in the file.
    pub row: u32,
    /// What the file calls it, or its line.
    pub id: String,
    /// Its text.
    pub text: String,
    /// The [version](ToScoring::Labels::version) of the labels.
    pub version: u32,
    /// The probability of each label; empty while it has no scores.
    pub probability: Vec<f32>,
    /// Which labels are on.
    pub on: Vec<bool>,
    /// The probability that none of them fits.
    pub none: f32,
    /// How pleasant and how stirred it is.
    pub affect: Option<Affect>,
    /// Whether its end was left out because it is too long.
    pub cut: bool,
    /// What was decided about it.
    pub decision: Decision,
}

/// What the rows of a file have in common.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Counts {
    /// The [version](ToScoring::Labels::version) of the labels.
    pub version: u32,
    /// How many rows have scores.
    pub scored: u32,
    /// For how many no label is on.
    pub none: u32,
    /// How many rows have each status, in the order of [`Status::ALL`].
    pub statuses: [u32; 4],
}
