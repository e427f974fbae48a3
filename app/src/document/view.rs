//! How a person looks at a document.

use serde::{Deserialize, Serialize};
use undertone_core::{LabelId, Mode, ScoreOptions};

use super::Status;

/// Everything about a document that changes what is shown, and none of what it says.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct View {
    /// The page that is open.
    pub page: Page,
    /// Several labels or one.
    pub mode: Mode,
    /// From which probability a label is on; none for the model's own.
    pub threshold: Option<f32>,
    /// The order of the text's labels.
    pub order: Order,
    /// Which rows of the file are shown.
    pub filter: Filter,
    /// In which order they are.
    pub sort: Sort,
    /// How the labels are joined into classes.
    pub granularity: Granularity,
}

impl View {
    /// How to score.
    pub fn options(&self) -> ScoreOptions {
        ScoreOptions { mode: self.mode, threshold: self.threshold }
    }
}

/// A page of the workbench.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// One text, and what it feels like.
    #[default]
    Text,
    /// A file of texts.
    File,
    /// How many feelings there are.
    Granularity,
}

/// How labels are joined into classes to look through, while they stay what they are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Granularity {
    /// The tree that is cut; by default the labels' parents, or where there are none the one by meaning.
    pub tree: Option<TreeKind>,
    /// Into how many classes it is cut; by default each label is one.
    pub classes: Option<u32>,
}

/// A tree over labels.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TreeKind {
    /// By the labels' own parents.
    Parents,
    /// By the lexicon's sentiments, basic emotions and families.
    Lexicon,
    /// Labels of like meaning.
    Meaning,
    /// Labels that rise and fall together in the file's texts.
    Texts,
}

/// In which order a text's labels are shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The strongest first.
    #[default]
    Score,
    /// As in the list of labels.
    List,
}

/// Which rows of a file are shown: those that meet every condition.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Filter {
    /// The text has this in it, whatever the case; empty for any.
    pub text: String,
    /// This label is on.
    pub label: Option<LabelId>,
    /// It has this status.
    pub status: Option<Status>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The order of a file's rows. Equals stay in the order of the file.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// The largest first.
    pub descending: bool,
}

/// What rows can be sorted by.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SortBy {
    /// Their place in the file.
    #[default]
    Place,
    /// The probability of a label.
    Label(LabelId),
    /// The probability of the most probable label.
    Best,
    /// By how much the most probable label leads.
    Margin,
    /// How evenly the probability is spread over the labels.
    Entropy,
    /// What was decided about them.
    Status,
}
