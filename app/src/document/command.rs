//! What can be done to a document.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use undertone_core::{Colour, Error, ErrorKind, LabelId, LabelSet, Mode, Result};

use super::decisions::{Decision, DecisionEdit, Rows};
use super::{Content, Filter, Granularity, OpenFile, Order, Page, Sort, spare_hue};

/// Something that is done to a document. Its inverse is a command too: `apply` returns it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Command {
    /// Gives the document another name.
    Name {
        /// The name.
        name: String,
    },
    /// Writes another text.
    Text {
        /// The text.
        text: Arc<str>,
    },
    /// Edits the labels.
    EditLabels {
        /// How.
        edit: LabelEdit,
    },
    /// Puts other labels in the place of those that are there. [`LabelSet::reimport`] them first, so that labels of the same
    /// name stay the same labels.
    Labels {
        /// The labels.
        labels: Arc<LabelSet>,
        /// The preset that they are.
        #[serde(default)]
        preset: Option<String>,
    },
    /// Several labels or one.
    Mode {
        /// Which.
        mode: Mode,
    },
    /// From which probability a label is on; none for the model's own.
    Threshold {
        /// The probability.
        threshold: Option<f32>,
    },
    /// Joins the labels into other classes to look through.
    Granularity {
        /// How.
        granularity: Granularity,
    },
    /// Puts labels in the place of those that they were made of, and what was decided by those follows.
    Recode {
        /// Why.
        why: Recoding,
        /// The labels.
        labels: Arc<LabelSet>,
        /// The preset that they are.
        #[serde(default)]
        preset: Option<String>,
        /// How they are joined.
        granularity: Granularity,
        /// What was decided, by these labels, where that changes.
        decisions: Vec<(Rows, Decision)>,
    },
    /// Orders the text's labels.
    Order {
        /// How.
        order: Order,
    },
    /// Chooses which rows of the file are shown.
    Filter {
        /// Which.
        filter: Filter,
    },
    /// Sorts the rows of the file.
    Sort {
        /// How.
        sort: Sort,
    },
    /// Opens a page. The browser's own way back takes this back, so it is not part of the history.
    Page {
        /// Which.
        page: Page,
    },
    /// Opens a file in the place of the one that is open, or puts it away.
    File {
        /// The file, with what was decided about it.
        file: Option<Arc<OpenFile>>,
    },
    /// Decides about rows of the file.
    Decide {
        /// Which.
        rows: Rows,
        /// What.
        edit: DecisionEdit,
    },
    /// Puts decisions back in their places.
    Restore {
        /// Rows and what was decided about them.
        decisions: Vec<(Rows, Decision)>,
    },
}

/// An edit of the labels.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "edit", rename_all = "kebab-case")]
pub enum LabelEdit {
    /// A new label at the end, in a colour that is still free.
    Add {
        /// Its name.
        name: String,
    },
    /// A label goes.
    Remove {
        /// Which.
        id: LabelId,
    },
    /// A label gets another name.
    Rename {
        /// Which.
        id: LabelId,
        /// The name.
        name: String,
    },
    /// A label gets another description.
    Describe {
        /// Which.
        id: LabelId,
        /// The description.
        description: String,
    },
    /// A label gets other synonyms.
    Synonyms {
        /// Which.
        id: LabelId,
        /// The synonyms.
        synonyms: Vec<String>,
    },
    /// A label gets a threshold of its own, or none.
    Threshold {
        /// Which.
        id: LabelId,
        /// The probability.
        threshold: Option<f32>,
    },
    /// All labels are read in another template.
    Template {
        /// The template.
        template: String,
    },
    /// Narrower labels come below one.
    Split {
        /// Which.
        id: LabelId,
        /// Their names.
        names: Vec<String>,
    },
    /// A label that was made of several is these again.
    Unfold {
        /// Which.
        id: LabelId,
    },
}

/// Why labels take the place of those that they were made of.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recoding {
    /// The classes of a cut are the labels now.
    Keep,
    /// Two labels are one.
    Merge,
}

/// What a command works on. Commands in a row on the same subject, such as the letters of a name, are taken back together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Subject {
    /// The document's name.
    Name,
    /// The text.
    Text,
    /// The name of a label.
    LabelName(LabelId),
    /// The description of a label.
    Description(LabelId),
    /// The threshold of a label.
    LabelThreshold(LabelId),
    /// The common threshold.
    Threshold,
    /// How many classes there are.
    Granularity,
    /// Which rows are shown.
    Filter,
    /// The note on some rows.
    Note(Rows),
}

/// What a command changed, for those who keep something beside the document.
#[derive(Clone, Debug, PartialEq)]
pub enum Touched {
    /// The name.
    Name,
    /// The text.
    Text,
    /// The labels.
    Labels,
    /// The view.
    View,
    /// The file.
    File,
    /// What was decided about these rows.
    Rows(Rows),
}

/// A command that was applied.
pub(super) struct Applied {
    pub inverse: Command,
    pub touched: Touched,
}

impl Command {
    /// What it works on, if what follows on the same belongs to it.
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Name { .. } => Some(Subject::Name),
            Self::Text { .. } => Some(Subject::Text),
            Self::EditLabels { edit: LabelEdit::Rename { id, .. } } => Some(Subject::LabelName(*id)),
            Self::EditLabels { edit: LabelEdit::Describe { id, .. } } => Some(Subject::Description(*id)),
            Self::EditLabels { edit: LabelEdit::Threshold { id, .. } } => Some(Subject::LabelThreshold(*id)),
            Self::Threshold { .. } => Some(Subject::Threshold),
            Self::Granularity { .. } => Some(Subject::Granularity),
            Self::Filter { .. } => Some(Subject::Filter),
            Self::Decide { rows, edit: DecisionEdit::Note(_) } => Some(Subject::Note(rows.clone())),
            _ => None,
        }
    }

    /// Whether it can be taken back by undo.
    pub(super) fn is_remembered(&self) -> bool {
        !matches!(self, Self::Page { .. })
    }

    /// What it does, after "Undo": "typing".
    pub fn words(&self) -> &'static str {
        match self {
            Self::Name { .. } => "the new name",
            Self::Text { .. } => "typing",
            Self::EditLabels { edit } => match edit {
                LabelEdit::Add { .. } => "the new label",
                LabelEdit::Remove { .. } => "removing the label",
                LabelEdit::Rename { .. } => "the label\u{2019}s new name",
                LabelEdit::Describe { .. } => "the description",
                LabelEdit::Synonyms { .. } => "the synonyms",
                LabelEdit::Threshold { .. } => "the label\u{2019}s mark",
                LabelEdit::Template { .. } => "the wording",
                LabelEdit::Split { .. } => "the narrower labels",
                LabelEdit::Unfold { .. } => "unfolding the label",
            },
            Self::Granularity { .. } => "the number of classes",
            Self::Recode { why: Recoding::Keep, .. } => "keeping the cut",
            Self::Recode { why: Recoding::Merge, .. } => "merging the labels",
            Self::Labels { .. } => "the other labels",
            Self::Mode { .. } => "several or one",
            Self::Threshold { .. } => "the mark",
            Self::Order { .. } => "the order",
            Self::Filter { .. } => "the filter",
            Self::Sort { .. } => "sorting",
            Self::Page { .. } => "the page",
            Self::File { file: Some(_) } => "opening the file",
            Self::File { file: None } => "closing the file",
            Self::Decide { .. } | Self::Restore { .. } => "the decision",
        }
    }

    /// Changes the content, unless that fails or changes nothing.
    pub(super) fn apply(&self, content: &mut Content) -> Result<Option<Applied>> {
        let applied = |inverse, touched| Ok(Some(Applied { inverse, touched }));
        let view = &mut content.view;
        match self {
            Self::Name { name } => match swap(&mut content.name, tidy_name(name)?) {
                Some(name) => applied(Self::Name { name }, Touched::Name),
                None => Ok(None),
            },
            Self::Text { text } => match swap(&mut content.text, text.clone()) {
                Some(text) => applied(Self::Text { text }, Touched::Text),
                None => Ok(None),
            },
            Self::EditLabels { edit } => {
                let mut labels = (*content.labels).clone();
                edit.apply(&mut labels)?;
                if labels == *content.labels {
                    return Ok(None);
                }
                // An edited preset is one's own.
                applied(replace_labels(content, Arc::new(labels), None), Touched::Labels)
            }
            Self::Labels { labels, preset } => {
                if *labels == content.labels && *preset == content.preset {
                    return Ok(None);
                }
                applied(replace_labels(content, labels.clone(), preset.clone()), Touched::Labels)
            }
            Self::Mode { mode } => match swap(&mut view.mode, *mode) {
                Some(mode) => applied(Self::Mode { mode }, Touched::View),
                None => Ok(None),
            },
            Self::Threshold { threshold } => {
                if threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
                    return Err(Error::new(ErrorKind::BadInput, "a threshold is between 0 and 1: choose another one"));
                }
                match swap(&mut view.threshold, *threshold) {
                    Some(threshold) => applied(Self::Threshold { threshold }, Touched::View),
                    None => Ok(None),
                }
            }
            Self::Granularity { granularity } => match swap(&mut view.granularity, *granularity) {
                Some(granularity) => applied(Self::Granularity { granularity }, Touched::View),
                None => Ok(None),
            },
            Self::Recode { why, labels, preset, granularity, decisions } => {
                let same = *labels == content.labels && *preset == content.preset && *granularity == view.granularity;
                if same && decisions.is_empty() {
                    return Ok(None);
                }
                let rows: Rows = decisions.iter().flat_map(|(rows, _)| rows.iter()).collect();
                let mut before = Vec::new();
                if !rows.is_empty() {
                    let file = opened(&mut content.file)?;
                    before = file.decisions.of(&rows);
                    file.decisions.restore(decisions);
                }
                let granularity = std::mem::replace(&mut view.granularity, *granularity);
                let labels = std::mem::replace(&mut content.labels, labels.clone());
                let preset = std::mem::replace(&mut content.preset, preset.clone());
                let touched = if rows.is_empty() { Touched::Labels } else { Touched::Rows(rows) };
                applied(Self::Recode { why: *why, labels, preset, granularity, decisions: before }, touched)
            }
            Self::Order { order } => match swap(&mut view.order, *order) {
                Some(order) => applied(Self::Order { order }, Touched::View),
                None => Ok(None),
            },
            Self::Filter { filter } => match swap(&mut view.filter, filter.clone()) {
                Some(filter) => applied(Self::Filter { filter }, Touched::View),
                None => Ok(None),
            },
            Self::Sort { sort } => match swap(&mut view.sort, *sort) {
                Some(sort) => applied(Self::Sort { sort }, Touched::View),
                None => Ok(None),
            },
            Self::Page { page } => match swap(&mut view.page, *page) {
                Some(page) => applied(Self::Page { page }, Touched::View),
                None => Ok(None),
            },
            Self::File { file } => match swap(&mut content.file, file.clone()) {
                Some(file) => applied(Self::File { file }, Touched::File),
                None => Ok(None),
            },
            Self::Decide { rows, edit } => {
                let file = opened(&mut content.file)?;
                let before = file.decisions.of(rows);
                file.decisions.edit(rows, edit);
                let changed = file.decisions.of(rows) != before;
                let (inverse, touched) = (Self::Restore { decisions: before }, Touched::Rows(rows.clone()));
                if changed { applied(inverse, touched) } else { Ok(None) }
            }
            Self::Restore { decisions } => {
                let file = opened(&mut content.file)?;
                let rows: Rows = decisions.iter().flat_map(|(rows, _)| rows.iter()).collect();
                let before = file.decisions.of(&rows);
                file.decisions.restore(decisions);
                applied(Self::Restore { decisions: before }, Touched::Rows(rows))
            }
        }
    }
}

impl LabelEdit {
    fn apply(&self, labels: &mut LabelSet) -> Result<()> {
        match self {
            Self::Add { name } => {
                let colour = Colour::of_hue(spare_hue(labels));
                let id = labels.add(name)?;
                labels.set_colour(id, Some(colour))
            }
            Self::Remove { id } => labels.remove(*id).map(drop),
            Self::Rename { id, name } => labels.rename(*id, name),
            Self::Describe { id, description } => labels.set_description(*id, description),
            Self::Synonyms { id, synonyms } => labels.set_synonyms(*id, synonyms.clone()),
            Self::Threshold { id, threshold } => labels.set_threshold(*id, *threshold),
            Self::Template { template } => labels.set_template(template),
            Self::Split { id, names } => names.iter().try_for_each(|name| {
                let colour = Colour::of_hue(spare_hue(labels));
                let narrower = labels.add(name)?;
                labels.set_colour(narrower, Some(colour))?;
                labels.set_parent(narrower, Some(*id))
            }),
            Self::Unfold { id } => labels.unfold(*id),
        }
    }
}

/// Returns the inverse.
fn replace_labels(content: &mut Content, labels: Arc<LabelSet>, preset: Option<String>) -> Command {
    let labels = std::mem::replace(&mut content.labels, labels);
    let preset = std::mem::replace(&mut content.preset, preset);
    Command::Labels { labels, preset }
}

/// Puts a value in the place of another, which is returned if the two differ.
fn swap<T: PartialEq>(place: &mut T, value: T) -> Option<T> {
    (*place != value).then(|| std::mem::replace(place, value))
}

fn tidy_name(name: &str) -> Result<String> {
    match name.trim() {
        "" => Err(Error::new(ErrorKind::BadInput, "a document needs a name: type at least one character")),
        name => Ok(name.to_owned()),
    }
}

fn opened(file: &mut Option<Arc<OpenFile>>) -> Result<&mut OpenFile> {
    let missing = || Error::new(ErrorKind::BadInput, "no file is open: open one first");
    file.as_mut().map(Arc::make_mut).ok_or_else(missing)
}
