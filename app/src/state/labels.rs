//! The labels as texts are scored against them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use undertone_core::granularity::{Distances, by_distance, by_lexicon};
use undertone_core::{Cut, Embeddings, LabelSet, Prepared, Scorer, Tree, Wordings};

use super::{Editing, Model, Notices, Topic};
use crate::client::Question;
use crate::document::TreeKind;
use crate::wire::Report;
use crate::wire::engine::{Role, Unit};

/// How long typing pauses before labels are encoded: half-typed names mean nothing.
const PAUSE: Duration = Duration::from_millis(120);

/// Labels with a vector for each.
#[derive(Clone, Debug)]
pub struct PreparedLabels {
    /// Counts them: what is said of another version is about other labels.
    pub version: u32,
    /// The labels.
    pub set: Arc<LabelSet>,
    /// The same, ready to be scored against.
    pub prepared: Prepared,
    /// How they were joined from the document's labels, if they were.
    pub cut: Option<Arc<Cut>>,
}

impl PartialEq for PreparedLabels {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

/// A tree over the document's labels.
#[derive(Clone, Debug)]
pub struct LabelTree {
    /// The tree.
    pub tree: Tree,
    /// Which it is.
    pub kind: TreeKind,
    /// The labels.
    pub labels: Arc<PreparedLabels>,
}

/// How far labels are from each other in the texts of a file.
#[derive(Clone, Debug)]
pub struct TextDistances {
    /// The version of the labels.
    pub version: u32,
    /// The distances.
    pub distances: Distances,
}

/// The labels' vectors.
#[derive(Clone, Copy)]
pub struct LabelVectors {
    /// The document's labels.
    whole: Memo<Option<Arc<PreparedLabels>>>,
    /// The tree over these; none while it is not known.
    tree: Memo<Option<Tracked<LabelTree>>>,
    /// How far they are from each other in the file.
    pub distances: RwSignal<Option<Tracked<TextDistances>>>,
    /// These, or the classes that they are joined into.
    prepared: Memo<Option<Arc<PreparedLabels>>>,
    wordings: RwSignal<Wordings>,
    /// What is being encoded, by question.
    asked: StoredValue<BTreeMap<u32, Vec<String>>>,
    /// What could not be encoded.
    refused: RwSignal<BTreeSet<String>>,
    editing: Editing,
    model: Model,
    notices: Notices,
}

impl LabelVectors {
    /// Those of the document's labels, from now on.
    pub fn new(editing: Editing, model: Model, notices: Notices) -> Self {
        let wordings = RwSignal::new(Wordings::default());
        let versions = StoredValue::new(0);
        let whole = Memo::new(move |before: Option<&Option<Arc<PreparedLabels>>>| {
            let before = before.cloned().flatten();
            let (Some(loaded), set) = (model.loaded(), editing.labels.get()) else { return before };
            if let Some(before) = before.as_ref().filter(|before| Arc::ptr_eq(&before.set, &set)) {
                return Some(before.clone());
            }
            let dim = loaded.model.dim as usize;
            let vectors = wordings.with(|wordings| wordings.matrix(&set, dim));
            let prepared =
                vectors.and_then(|vectors| vectors.map(|vectors| loaded.scorer.prepare(vectors, &set)).transpose());
            match prepared {
                Ok(Some(prepared)) => {
                    Some(Arc::new(PreparedLabels { version: next(versions), set, prepared, cut: None }))
                }
                // Until all wordings have vectors, those of before stay.
                Ok(None) => before,
                Err(error) => {
                    notices.say(Topic::Encoding, error.to_string());
                    before
                }
            }
        });
        let distances = RwSignal::new(None);
        let kind = Memo::new(move |_| editing.granularity.get().tree);
        let tree = Memo::new(move |_| {
            let (labels, loaded) = (whole.get()?, model.loaded()?);
            let kind = kind.get().unwrap_or_else(|| usual_tree(&labels.set));
            match tree_of(kind, &labels, &loaded.scorer, distances) {
                Ok(tree) => tree.map(|tree| Tracked::new(LabelTree { tree, kind, labels })),
                Err(error) => {
                    notices.say(Topic::Edit, error.to_string());
                    None
                }
            }
        });
        let prepared = Memo::new(move |_| {
            let whole = whole.get()?;
            let Some(classes) = editing.granularity.get().classes else { return Some(whole) };
            let (Some(tree), Some(loaded)) = (tree.get(), model.loaded()) else { return Some(whole) };
            let cut = tree.tree.cut(classes as usize);
            if cut.len() == whole.set.labels().len() {
                return Some(whole);
            }
            match loaded.scorer.fold(&whole.prepared, &whole.set, &cut) {
                Ok((set, prepared)) => {
                    let (version, set, cut) = (next(versions), Arc::new(set), Some(Arc::new(cut)));
                    Some(Arc::new(PreparedLabels { version, set, prepared, cut }))
                }
                Err(error) => {
                    notices.say(Topic::Edit, error.to_string());
                    Some(whole)
                }
            }
        });
        let (asked, refused) = (StoredValue::default(), RwSignal::default());
        let labels = Self { whole, tree, distances, prepared, wordings, asked, refused, editing, model, notices };
        let mut encode = debounce(PAUSE, move |()| labels.encode());
        Effect::new(move |_| {
            editing.labels.track();
            encode(());
        });
        Effect::new(move |_| {
            if model.loaded().is_some() {
                // Another engine may manage what the last one could not.
                refused.set(BTreeSet::new());
                labels.encode();
            }
        });
        labels
    }

    /// The document's labels with their vectors, as they were last complete.
    pub fn whole(self) -> Option<Arc<PreparedLabels>> {
        self.whole.get()
    }

    /// The tree over them that is cut.
    pub fn tree(self) -> Option<Tracked<LabelTree>> {
        self.tree.get()
    }

    /// Calls `then` with a vector for each of some words, one after another; with nothing where they cannot be had.
    pub fn vectors_of(self, words: Vec<String>, then: impl FnOnce(Option<Vec<f32>>) + 'static) {
        let Some(loaded) = untrack(|| self.model.loaded()) else { return then(None) };
        let places: BTreeMap<&String, usize> = words.iter().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        let texts: Vec<String> = places.keys().map(|&word| word.clone()).collect();
        if texts.is_empty() {
            return then(Some(Vec::new()));
        }
        let order: Vec<usize> = words.iter().map(|word| places[word]).collect();
        let question = Question { role: Role::Label, unit: Unit::Text, texts };
        self.model.encode(question, move |outcome| {
            let means = outcome.and_then(|encoded| {
                let means = encoded.texts(loaded.model.dim as usize)?.means()?;
                Ok(order.iter().flat_map(|&place| means.row(place).to_vec()).collect())
            });
            match means {
                Ok(vectors) => then(Some(vectors)),
                Err(report) => {
                    self.notices.say(Topic::Encoding, report.message);
                    then(None);
                }
            }
        });
    }

    /// What texts are scored against: the classes that the document's labels are joined into, or these labels.
    pub fn prepared(self) -> Option<Arc<PreparedLabels>> {
        self.prepared.get()
    }

    /// Reads the vectors of the wordings.
    pub fn with_wordings<T>(self, read: impl FnOnce(&Wordings) -> T) -> T {
        self.wordings.with(read)
    }

    /// Whether they are those of the document, or as near as can be.
    pub fn are_current(self) -> bool {
        let current = self.editing.labels.get();
        self.whole.with(|whole| whole.as_ref().is_some_and(|whole| Arc::ptr_eq(&whole.set, &current)))
            || self.refused.with(|refused| {
                !refused.is_empty()
                    && self.wordings.with(|known| known.missing(&current).iter().any(|w| refused.contains(w)))
            })
    }

    /// Encodes what is new. What is being encoded already is waited for, and what nobody needs any more is not.
    fn encode(self) {
        if untrack(|| self.model.loaded()).is_none() {
            return;
        }
        let set = self.editing.labels.get_untracked();
        let missing = self.wordings.with_untracked(|wordings| wordings.missing(&set));
        let asked = self.asked.get_value();
        for (&id, wordings) in &asked {
            if !wordings.iter().any(|wording| missing.contains(wording)) {
                self.model.cancel(id);
                self.asked.update_value(|asked| drop(asked.remove(&id)));
            }
        }
        let pending: BTreeSet<&String> = asked.values().flatten().collect();
        let refused = self.refused.get_untracked();
        let new: Vec<String> =
            missing.into_iter().filter(|wording| !pending.contains(wording) && !refused.contains(wording)).collect();
        if new.is_empty() {
            return;
        }
        let number = StoredValue::new(None);
        let wordings = new.clone();
        let question = Question { role: Role::Label, unit: Unit::Text, texts: new.clone() };
        let id = self.model.encode(question, move |outcome| {
            if let Some(id) = number.get_value() {
                self.asked.update_value(|asked| drop(asked.remove(&id)));
            }
            let learned = outcome.and_then(|encoded| self.learn(&wordings, &encoded));
            if let Err(report) = learned {
                self.refused.update(|refused| refused.extend(wordings));
                self.notices.say(Topic::Encoding, report.message);
            }
        });
        number.set_value(id);
        if let Some(id) = id {
            self.asked.update_value(|asked| drop(asked.insert(id, new)));
        }
    }

    fn learn(self, wordings: &[String], encoded: &crate::wire::engine::Encoded) -> Result<(), Report> {
        let Some(loaded) = untrack(|| self.model.loaded()) else { return Ok(()) };
        let vectors = encoded.texts(loaded.model.dim as usize)?;
        let set = self.editing.labels.get_untracked();
        let learned = self.wordings.try_update(|known| {
            let learned = known.learn(wordings.to_vec(), &vectors);
            known.tidy(&set);
            learned
        });
        Ok(learned.unwrap_or(Ok(()))?)
    }
}

/// Something that is compared by whether it is the very same.
#[derive(Debug)]
pub struct Tracked<T>(Arc<T>);

impl<T> Tracked<T> {
    /// Something new.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Tracked<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Tracked<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> std::ops::Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

fn next(versions: StoredValue<u32>) -> u32 {
    let next = versions.try_update_value(|version| {
        *version += 1;
        *version
    });
    next.unwrap_or_default()
}

/// The tree that is cut where nobody chose one.
pub fn usual_tree(set: &LabelSet) -> TreeKind {
    if set.labels().iter().any(|label| label.parent.is_some()) { TreeKind::Parents } else { TreeKind::Meaning }
}

fn tree_of(
    kind: TreeKind,
    labels: &PreparedLabels,
    scorer: &Scorer,
    distances: RwSignal<Option<Tracked<TextDistances>>>,
) -> undertone_core::Result<Option<Tree>> {
    let (set, background) = (&labels.set, scorer.background());
    let vectors = || -> Embeddings { labels.prepared.vectors() };
    Ok(Some(match kind {
        TreeKind::Parents => Tree::of_parents(set),
        TreeKind::Lexicon => by_lexicon(set, &vectors(), background)?,
        TreeKind::Meaning => by_distance(set, &Distances::by_meaning(&vectors()), background.lexicon())?,
        TreeKind::Texts => {
            let known = distances.get().filter(|known| known.version == labels.version);
            match known {
                Some(known) => by_distance(set, &known.distances, background.lexicon())?,
                None => return Ok(None),
            }
        }
    }))
}
