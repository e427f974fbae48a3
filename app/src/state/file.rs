//! What the file feels like: what the scoring worker tells of it.

use std::ops::Range;
use std::sync::Arc;

use js_sys::{Date, Math};
use leptos::prelude::*;
use undertone_core::{LabelId, LabelSet};
use web_sys::{Blob, File};

use super::model::address;
use super::{Editing, LabelVectors, Model, Notices, Topic};
use crate::browser::describe;
use crate::client::Scoring;
use crate::document::{Command, DecisionEdit, Decisions, FileRef, OpenFile, Page, Rows, Status, hue};
use crate::ui::{Announcer, words};
use crate::wire::scoring::{
    Counts, Detail, Examination, Findings, Format, FromScoring, Progress, Row, Show, Stage, Summary,
};
use crate::wire::{Buffers, Report};

/// How many label sets of the past are remembered: answers about them may still be on their way.
const VERSIONS: usize = 8;

/// A file that is open in the scoring worker.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenedFile {
    /// The file.
    pub file: FileRef,
    /// What is in it.
    pub summary: Summary,
}

/// The rows that are in view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowsInView {
    /// The labels that their tags are places in.
    pub labels: Option<Arc<LabelSet>>,
    /// How many rows the filter shows.
    pub count: u32,
    /// The place of the first.
    pub from: u32,
    /// The rows.
    pub rows: Vec<Row>,
}

/// How many rows a label is on for.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelCount {
    /// The label.
    pub id: LabelId,
    /// Its name.
    pub name: String,
    /// Its colour.
    pub hue: u16,
    /// How many.
    pub count: u32,
}

/// A row, all of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDetail {
    /// What the worker says of it.
    pub detail: Detail,
    /// The labels of its scores.
    pub labels: Arc<LabelSet>,
    /// Where its windows are, in UTF-16 code units.
    pub ranges: Vec<Range<u32>>,
    /// The probabilities of all labels for each window.
    pub windows: Vec<Vec<f32>>,
}

/// The file and its scores.
#[derive(Clone, Copy)]
pub struct FileScores {
    /// The file, once it is open.
    pub opened: RwSignal<Option<OpenedFile>>,
    /// How far it is encoded.
    pub progress: RwSignal<Option<Progress>>,
    /// The rows in view.
    pub rows: RwSignal<RowsInView>,
    /// What all rows have in common.
    pub counts: RwSignal<Option<Counts>>,
    /// For how many rows each label is on, the most frequent first; labels that are on for none are left out.
    pub labels: RwSignal<Vec<LabelCount>>,
    /// The places of the table that exist.
    pub view: RwSignal<Range<u32>>,
    /// The row that is looked at.
    pub selected: RwSignal<Option<u32>>,
    /// All there is to tell about it.
    pub detail: RwSignal<Option<RowDetail>>,
    /// Whether a file is being written.
    pub exporting: RwSignal<bool>,
    scoring: StoredValue<Option<Scoring>, LocalStorage>,
    versions: StoredValue<Vec<(u32, Arc<LabelSet>)>>,
    /// Files of this visit, for a browser that keeps nothing.
    contents: StoredValue<Vec<(String, Blob)>, LocalStorage>,
    /// The file that is on its way, until it is part of the document.
    opening: StoredValue<Option<FileRef>>,
    editing: Editing,
    notices: Notices,
    announcer: Announcer,
}

impl FileScores {
    /// Those of the document's file, from now on.
    pub fn new(editing: Editing, model: Model, labels: LabelVectors, notices: Notices, announcer: Announcer) -> Self {
        let scores = Self {
            opened: RwSignal::new(None),
            progress: RwSignal::new(None),
            rows: RwSignal::default(),
            counts: RwSignal::new(None),
            labels: RwSignal::default(),
            view: RwSignal::new(0..20),
            selected: RwSignal::new(None),
            detail: RwSignal::new(None),
            exporting: RwSignal::new(false),
            scoring: StoredValue::new_local(None),
            versions: StoredValue::default(),
            contents: StoredValue::new_local(Vec::new()),
            opening: StoredValue::default(),
            editing,
            notices,
            announcer,
        };
        scores.tell_model(model);
        scores.tell_labels(labels);
        scores.tell_view();
        scores.follow_document();
        scores
    }

    /// Opens a file of a person's. It is part of the document once it could be read.
    pub fn open(self, file: &File) {
        let key = format!("{:013}-{:08x}", Date::now(), (Math::random() * f64::from(u32::MAX)) as u32);
        let name = file.name();
        let reference = FileRef { key: key.clone(), name, column: None };
        self.notices.clear(Topic::File);
        self.contents.update_value(|contents| contents.push((key, file.clone().into())));
        self.opening.set_value(Some(reference.clone()));
        self.with_scoring(|scoring| scoring.open(reference, Some(file.clone().into()), &Decisions::default(), true));
    }

    /// Puts the file away.
    pub fn close(self) {
        self.editing.send(Command::File { file: None });
    }

    /// Encodes what has no scores yet, or stops that. What was done stays.
    pub fn set_encoding(self, on: bool) {
        self.with_scoring(|scoring| scoring.set_encoding(on));
    }

    /// Decides about rows.
    pub fn decide(self, rows: Rows, edit: DecisionEdit) {
        self.editing.send(Command::Decide { rows, edit });
    }

    /// Gives a row a status, or takes that status back.
    pub fn toggle(self, row: u32, status: Status) {
        let now = self.editing.decisions(|decisions| decisions.get(row).map(|decision| decision.status));
        let status = if now == Some(status) { Status::Open } else { status };
        self.decide(Rows::one(row), DecisionEdit::Status(status));
    }

    /// Asks about the labels and all texts of the file, with the vectors of labels in other words where that is asked for.
    /// Calls `then` with the version of the labels that the answer is about, and the answer.
    pub fn examine(self, question: Examination, wordings: &[f32], then: impl FnOnce(u32, Findings) + 'static) {
        self.with_scoring(|scoring| {
            scoring.examine(question, wordings, move |answer| match answer {
                Ok((FromScoring::Examined { version, findings, .. }, _)) => then(version, *findings),
                // A file that is put away meanwhile is no trouble.
                Err(report) if self.opened.try_with_untracked(Option::is_some) == Some(true) => {
                    self.notices.say(Topic::File, report.message);
                }
                _ => {}
            });
        });
    }

    /// Calls `then` with the file and its scores, as a file of this format.
    pub fn export(self, format: Format, then: impl FnOnce(&OpenedFile, &Blob) + 'static) {
        let Some(opened) = self.opened.get_untracked() else { return };
        self.exporting.set(true);
        self.with_scoring(|scoring| {
            scoring.export(format, move |answer| {
                let _ = self.exporting.try_set(false);
                match answer.and_then(|(_, buffers)| buffers.get_blob("content")) {
                    Ok(blob) => then(&opened, &blob),
                    Err(report) => self.notices.say(Topic::File, report.message),
                }
            });
        });
    }

    fn tell_model(self, model: Model) {
        Effect::new(move |_| {
            let Some((shared, buffers, engines)) = model.share() else { return };
            let told = self.with_scoring(|scoring| scoring.set_model(shared, &buffers, engines));
            if let Some(Err(report)) = told {
                self.notices.say(Topic::File, report.message);
            }
        });
    }

    fn tell_labels(self, labels: LabelVectors) {
        Effect::new(move |_| {
            let Some(whole) = labels.whole() else { return };
            let vectors: Vec<f32> = whole.prepared.part_vectors().flatten().copied().collect();
            self.with_scoring(|scoring| scoring.set_labels(whole.version, &whole.set, &vectors));
        });
        Effect::new(move |_| {
            let (Some(whole), Some(shown)) = (labels.whole(), labels.prepared()) else { return };
            self.versions.update_value(|versions| {
                versions.push((shown.version, shown.set.clone()));
                let surplus = versions.len().saturating_sub(VERSIONS);
                versions.drain(..surplus);
            });
            self.with_scoring(|scoring| scoring.set_cut(whole.version, shown.version, shown.cut.as_deref()));
        });
    }

    /// The worker hears once for each picture what is looked at, however often that changes.
    fn tell_view(self) {
        let pending = StoredValue::new(false);
        Effect::new(move |_| {
            self.editing.mode.track();
            self.editing.threshold.track();
            self.editing.filter.track();
            self.editing.sort.track();
            self.view.track();
            if pending.get_value() {
                return;
            }
            pending.set_value(true);
            request_animation_frame(move || {
                pending.set_value(false);
                self.show();
            });
        });
        Effect::new(move |before: Option<()>| {
            self.editing.mode.track();
            self.editing.threshold.track();
            if before.is_some() {
                self.look();
            }
        });
        Effect::new(move |_| {
            self.selected.track();
            self.look();
        });
    }

    fn show(self) {
        let view = self.view.get_untracked();
        let show = Show {
            options: undertone_core::ScoreOptions {
                mode: self.editing.mode.get_untracked(),
                threshold: self.editing.threshold.get_untracked(),
            },
            filter: self.editing.filter.get_untracked(),
            sort: self.editing.sort.get_untracked(),
            from: view.start,
            to: view.end,
        };
        self.with_scoring(|scoring| scoring.set_show(show));
    }

    /// Opens in the worker what is open in the document, and tells it what was decided.
    fn follow_document(self) {
        Effect::new(move |_| {
            let wanted = self.editing.file.get();
            let there = self.opened.with_untracked(|opened| opened.as_ref().map(|opened| opened.file.clone()));
            if wanted == there {
                return;
            }
            let Some(open) = self.editing.opened() else {
                self.forget();
                self.with_scoring(Scoring::close);
                return;
            };
            let content = self.contents.with_value(|contents| {
                contents.iter().find(|(key, _)| *key == open.file.key).map(|(_, content)| content.clone())
            });
            self.forget();
            self.with_scoring(|scoring| scoring.open(open.file.clone(), content, &open.decisions, true));
        });
        Effect::new(move |_| {
            let rows = self.editing.decided.get();
            if rows.is_empty() {
                return;
            }
            self.editing.decisions(|decisions| {
                self.with_scoring(|scoring| scoring.set_decisions(decisions.of(&rows), decisions));
            });
            self.look();
        });
    }

    fn forget(self) {
        self.opened.set(None);
        self.progress.set(None);
        self.rows.set(RowsInView::default());
        self.counts.set(None);
        self.labels.set(Vec::new());
        self.selected.set(None);
        self.detail.set(None);
    }

    fn hear(self, message: FromScoring, buffers: &Buffers) {
        match message {
            FromScoring::Opened { file, summary } => self.hear_opened(file, summary),
            FromScoring::Refused { file, report } => {
                self.notices.say(Topic::File, report.message);
                self.contents.update_value(|contents| contents.retain(|(key, _)| *key != file.key));
                // One that is part of the document stays that: it may be there again, and what was decided about it is.
                if self.opening.get_value().as_ref() == Some(&file) {
                    self.opening.set_value(None);
                }
            }
            FromScoring::Progress(progress) => {
                let before = self.progress.get_untracked().map(|before| before.stage);
                self.progress.set(Some(progress));
                if progress.stage == Stage::Done && before == Some(Stage::Encoding) {
                    let texts = words::counted(progress.texts as usize, "text", "texts");
                    self.announcer.say(format!("The file is read to its end: {texts}."));
                }
            }
            FromScoring::Rows { version, count, from, rows } => {
                let labels = version.and_then(|version| self.labels_of(version));
                self.rows.set(RowsInView { labels, count, from, rows });
            }
            FromScoring::Counts(counts) => {
                let on = buffers.get_counts("on").unwrap_or_default();
                let labels = self.labels_of(counts.version);
                let mut found: Vec<LabelCount> = labels
                    .iter()
                    .flat_map(|labels| labels.labels().iter().zip(&on))
                    .filter(|(_, count)| **count > 0)
                    .map(|(label, &count)| LabelCount {
                        id: label.id,
                        name: label.name.clone(),
                        hue: hue(label),
                        count,
                    })
                    .collect();
                found.sort_by_key(|label| std::cmp::Reverse(label.count));
                self.counts.set(Some(counts));
                self.labels.set(found);
                // What is looked at may have got its scores.
                if self.detail.with_untracked(|detail| detail.as_ref().is_some_and(|d| d.detail.probability.is_empty()))
                {
                    self.look();
                }
            }
            FromScoring::Failed { report, .. } => self.notices.say(Topic::File, report.message),
            _ => {}
        }
    }

    fn hear_opened(self, file: FileRef, summary: Summary) {
        if let Some(problem) = &summary.problem {
            self.notices.say(Topic::File, problem.clone());
        }
        if self.opening.get_value().as_ref() == Some(&file) {
            self.opening.set_value(None);
            self.forget();
            self.opened.set(Some(OpenedFile { file: file.clone(), summary }));
            let open = OpenFile { file, decisions: Decisions::default() };
            self.editing.send(Command::File { file: Some(Arc::new(open)) });
            // The link does the same.
            let _ = window().location().set_hash(Page::File.fragment());
        } else {
            self.opened.set(Some(OpenedFile { file, summary }));
        }
    }

    fn look(self) {
        let Some(row) = self.selected.get_untracked() else {
            return self.detail.set(None);
        };
        self.with_scoring(|scoring| {
            scoring.look(row, move |answer| {
                let Ok((FromScoring::Looked { row: Some(detail), .. }, buffers)) = answer else { return };
                let Some(labels) = self.labels_of(detail.version) else { return };
                if self.selected.try_get_untracked().flatten() != Some(detail.row) {
                    return;
                }
                let ranges = buffers.get_counts("ranges").unwrap_or_default();
                let ranges = ranges.chunks_exact(2).map(|range| range[0]..range[1]).collect();
                let windows = buffers.get_floats("windows").unwrap_or_default();
                let width = labels.labels().len().max(1);
                let windows = windows.chunks_exact(width).map(<[f32]>::to_vec).collect();
                self.detail.set(Some(RowDetail { detail: *detail, labels, ranges, windows }));
            });
        });
    }

    fn labels_of(self, version: u32) -> Option<Arc<LabelSet>> {
        self.versions.with_value(|versions| {
            versions.iter().find(|(known, _)| *known == version).map(|(_, labels)| labels.clone())
        })
    }

    fn with_scoring<T>(self, act: impl FnOnce(&Scoring) -> T) -> Option<T> {
        if self.scoring.with_value(Option::is_none) {
            match address("scoring") {
                Ok(script) => {
                    let tell = move |message, buffers: Buffers| self.hear(message, &buffers);
                    let fail = move |report: Report| self.notices.say(Topic::File, report.message);
                    self.scoring.set_value(Some(Scoring::new(&script, tell, fail)));
                }
                Err(error) => {
                    self.notices.say(Topic::File, describe(&error));
                    return None;
                }
            }
        }
        // A copy, since what it tells may come back here.
        let scoring = self.scoring.get_value()?;
        Some(act(&scoring))
    }
}
