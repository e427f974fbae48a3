//! The text read closely: what each word of it does, how it goes sentence by sentence, what an edit changed, and how far a score
//! can be trusted.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use undertone_core::explain::{
    Card, Difference, Edit, Edits, Occlusion, Perturbations, Ribbon, Scoring, Variant, edited,
};
use undertone_core::{LabelId, LabelSet, ScoreOptions, TextVectors};

use super::{Editing, LabelVectors, Loaded, Model, Notices, PreparedLabels, TextReading, Topic};
use crate::client::{Outcome, Question};
use crate::document::{Command, hue};
use crate::wire::Report;
use crate::wire::engine::{Role, Segmentation, Unit};

/// How long typing pauses before a text is read closely: nobody reads on while they type.
const PAUSE: Duration = Duration::from_millis(350);

/// A text, where its sentences and words are, and all of its variants that were encoded.
#[derive(Clone, Debug)]
struct CloseText {
    text: Arc<str>,
    vectors: TextVectors,
    perturbations: Perturbations,
    segmentation: Segmentation,
    /// A text for each of its sentences, once they are encoded; none where there is only one.
    sentences: Option<TextVectors>,
    /// Whether the engine could not encode a part of it: what is known stays.
    refused: bool,
}

/// A label as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelFace {
    /// Which it is.
    pub id: LabelId,
    /// Its name when it was scored.
    pub name: String,
    /// Its colour.
    pub hue: u16,
}

/// What the words of a text do for a label.
#[derive(Clone, Debug, PartialEq)]
pub struct WordEffects {
    /// The label.
    pub label: LabelFace,
    /// What becomes of its probability without each word.
    pub occlusion: Occlusion,
}

/// A text in parts that are left out together.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// The text.
    pub text: Arc<str>,
    /// Its stretches in order, each with those of its words that were left out by themselves; all in bytes.
    pub stretches: Vec<(Range<usize>, Vec<Range<usize>>)>,
}

/// How a text goes, sentence by sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct SentenceReading {
    /// The text.
    pub text: Arc<str>,
    /// The labels of the probabilities.
    pub labels: Arc<LabelSet>,
    /// How it goes.
    pub ribbon: Ribbon,
}

/// What edits would switch a label.
#[derive(Clone, Debug, PartialEq)]
pub struct EditReading {
    /// The text.
    pub text: Arc<str>,
    /// The label.
    pub label: LabelFace,
    /// The edits.
    pub edits: Edits,
}

/// What changed since a text was pinned.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferenceReading {
    /// The text that was pinned, and the text now.
    pub texts: [Arc<str>; 2],
    /// The labels.
    pub labels: Vec<LabelFace>,
    /// What changed.
    pub difference: Difference,
}

/// How far a score can be trusted.
#[derive(Clone, Debug, PartialEq)]
pub struct CardReading {
    /// The label.
    pub label: LabelFace,
    /// What to know about it.
    pub card: Card,
    /// The data sets that its reliability was measured on.
    pub sets: Vec<String>,
}

/// The text read closely, for one label.
#[derive(Clone, Copy)]
pub struct CloseReading {
    /// The label it is read for: the one that was chosen, or else the strongest.
    pub label: Memo<Option<LabelId>>,
    /// The text in parts.
    pub layout: Memo<Option<Layout>>,
    /// What its words do.
    pub words: Memo<Option<WordEffects>>,
    /// How it goes; nothing of a single sentence.
    pub sentences: Memo<Option<SentenceReading>>,
    /// How far the score can be trusted.
    pub card: Memo<Option<CardReading>>,
    /// What would switch the label, once [`CloseReading::seek_edits`] was called.
    pub edits: Memo<Option<EditReading>>,
    /// What changed since the text was pinned.
    pub difference: Memo<Option<DifferenceReading>>,
    chosen: RwSignal<Option<LabelId>>,
    text: RwSignal<Option<CloseText>>,
    pinned: RwSignal<Option<CloseText>>,
    /// The text that is to be pinned as soon as it has been read.
    to_pin: RwSignal<Option<Arc<str>>>,
    seeks_edits: RwSignal<bool>,
    /// The questions that are open.
    asked: StoredValue<Vec<u32>>,
    editing: Editing,
    model: Model,
    notices: Notices,
}

/// All that texts are scored by.
struct Means {
    loaded: Arc<Loaded>,
    labels: Arc<PreparedLabels>,
    options: ScoreOptions,
}

impl Means {
    fn scoring(&self) -> Scoring<'_> {
        Scoring { scorer: &self.loaded.scorer, labels: &self.labels.prepared, options: &self.options }
    }

    /// A label's place in the set, and how it is shown.
    fn label(&self, id: LabelId) -> Option<(usize, LabelFace)> {
        let place = self.labels.set.labels().iter().position(|label| label.id == id)?;
        Some((place, face(&self.labels.set, place)?))
    }
}

fn face(set: &LabelSet, place: usize) -> Option<LabelFace> {
    let label = set.labels().get(place)?;
    Some(LabelFace { id: label.id, name: label.name.clone(), hue: hue(label) })
}

impl CloseReading {
    /// That of the document's text, from now on.
    pub fn new(editing: Editing, model: Model, labels: LabelVectors, reading: TextReading, notices: Notices) -> Self {
        let (text, pinned) = (RwSignal::new(None::<CloseText>), RwSignal::new(None::<CloseText>));
        let (chosen, seeks_edits) = (RwSignal::new(None), RwSignal::new(false));
        let means = move || {
            let options = ScoreOptions { mode: editing.mode.get(), threshold: editing.threshold.get() };
            Some(Means { loaded: model.loaded()?, labels: labels.prepared()?, options })
        };
        let label = Memo::new(move |_| {
            let set = labels.prepared()?.set.clone();
            let known = |id: &LabelId| set.labels().iter().any(|label| label.id == *id);
            chosen.get().filter(known).or_else(|| {
                let strongest = reading.reading.with(|reading| reading.as_ref()?.strongest());
                strongest.filter(known)
            })
        });
        let words = Memo::new(move |_| {
            let (means, id) = (means()?, label.get()?);
            let (place, label) = means.label(id)?;
            let occlusion = text.with(|text| text.as_ref()?.perturbations.occlusion(means.scoring(), place).ok())?;
            Some(WordEffects { label, occlusion })
        });
        let layout = Memo::new(move |_| {
            text.with(|text| {
                let text = text.as_ref()?;
                words.with(|words| Some(lay_out(text, &words.as_ref()?.occlusion)))
            })
        });
        let sentences = Memo::new(move |_| {
            let means = means()?;
            text.with(|text| {
                let CloseText { text, vectors, segmentation, sentences, .. } = text.as_ref()?;
                let (ranges, head) = (&segmentation.sentences, &means.loaded.model.affect);
                let ribbon = Ribbon::new(ranges, sentences.as_ref()?, vectors, means.scoring(), head).ok()?;
                Some(SentenceReading { text: text.clone(), labels: means.labels.set.clone(), ribbon })
            })
        });
        let card = Memo::new(move |_| {
            let (means, id) = (means()?, label.get()?);
            let (_, label) = means.label(id)?;
            let (set, reliability) = (&means.labels.set, means.loaded.model.reliability.as_ref());
            let card = text.with(|text| {
                let CloseText { vectors, segmentation, .. } = text.as_ref()?;
                let familiarity = segmentation.familiarity;
                labels.with_wordings(|wordings| {
                    Card::new(vectors, familiarity, (set, id), wordings, means.scoring(), reliability).ok()
                })
            })?;
            Some(CardReading { label, card, sets: reliability.map(|table| table.sets.clone()).unwrap_or_default() })
        });
        let edits = Memo::new(move |_| {
            let (means, id) = (means()?, label.get().filter(|_| seeks_edits.get())?);
            let (place, label) = means.label(id)?;
            text.with(|text| {
                let CloseText { text, perturbations, .. } = text.as_ref()?;
                let edits = perturbations.edits(means.scoring(), place).ok()?;
                Some(EditReading { text: text.clone(), label, edits })
            })
        });
        let difference = Memo::new(move |_| {
            let means = means()?;
            pinned.with(|before| {
                text.with(|after| {
                    let (before, after) = (before.as_ref()?, after.as_ref()?);
                    let difference =
                        Difference::new(&before.perturbations, &after.perturbations, means.scoring()).ok()?;
                    let set = &means.labels.set;
                    Some(DifferenceReading {
                        texts: [before.text.clone(), after.text.clone()],
                        labels: (0..set.labels().len()).filter_map(|place| face(set, place)).collect(),
                        difference,
                    })
                })
            })
        });
        let (to_pin, asked) = (RwSignal::new(None), StoredValue::default());
        let close = Self {
            label,
            layout,
            words,
            sentences,
            card,
            edits,
            difference,
            chosen,
            text,
            pinned,
            to_pin,
            seeks_edits,
            asked,
            editing,
            model,
            notices,
        };
        let mut read = debounce(PAUSE, move |()| close.read());
        Effect::new(move |_| {
            editing.text.track();
            read(());
        });
        Effect::new(move |_| {
            if model.loaded().is_some() {
                close.text.set(None);
                close.read();
            }
        });
        Effect::new(move |_| close.ask_on(close.missing()));
        close
    }

    /// Reads for another label.
    pub fn choose(self, label: LabelId) {
        self.chosen.set(Some(label));
    }

    /// Whether what is shown is of another text than the document's, or not complete.
    pub fn is_behind(self) -> bool {
        let text = self.editing.text.get();
        let (known, refused) = self.text.with(|known| {
            let known = known.as_ref().filter(|known| known.text == text);
            (known.is_some(), known.is_some_and(|known| known.refused))
        });
        !text.trim().is_empty() && !refused && (!known || !self.missing().is_empty())
    }

    /// Whether a text is pinned.
    pub fn is_pinned(self) -> bool {
        self.pinned.with(Option::is_some) || self.to_pin.with(Option::is_some)
    }

    /// Remembers the text as it is, to tell what edits of it change.
    pub fn pin(self) {
        let text = self.editing.text.get_untracked();
        self.editing.close();
        match self.text.get_untracked().filter(|known| known.text == text) {
            Some(known) => self.pinned.set(Some(known)),
            None => self.to_pin.set(Some(text)),
        }
    }

    /// Forgets the text that was pinned.
    pub fn unpin(self) {
        self.pinned.set(None);
        self.to_pin.set(None);
    }

    /// Writes the pinned text again.
    pub fn restore(self) {
        if let Some(text) = self.pinned.with_untracked(|pinned| pinned.as_ref().map(|pinned| pinned.text.clone())) {
            self.write(text);
        }
    }

    /// Looks for edits that switch the label, from now on or no longer.
    pub fn seek_edits(self, seek: bool) {
        self.seeks_edits.set(seek);
    }

    /// Carries an edit out, beside the text as it was.
    pub fn try_edit(self, text: &str, edit: &Edit) {
        if !untrack(|| self.is_pinned()) {
            self.pin();
        }
        self.write(edited(text, &edit.parts).into());
    }

    fn write(self, text: Arc<str>) {
        self.editing.close();
        self.editing.send(Command::Text { text });
        self.editing.close();
    }

    /// Whether the document has another text by now.
    fn is_stale(self, text: &Arc<str>) -> bool {
        self.editing.text.get_untracked() != *text
    }

    /// Takes the text's words and sentences in.
    fn read(self) {
        if untrack(|| self.model.loaded()).is_none() {
            return;
        }
        let text = self.editing.text.get_untracked();
        if text.trim().is_empty() {
            self.cancel();
            return self.text.set(None);
        }
        if self.text.with_untracked(|known| known.as_ref().is_some_and(|known| known.text == text)) {
            return;
        }
        self.cancel();
        self.ask(Unit::Passage, vec![text.to_string()], move |outcome| {
            let taken = outcome.and_then(|mut encoded| {
                let Some(segmentation) = encoded.segmentations.pop() else { return Ok(None) };
                let Some(loaded) = untrack(|| self.model.loaded()) else { return Ok(None) };
                let vectors = encoded.texts(loaded.model.dim as usize)?;
                let perturbations = Perturbations::new(segmentation.passage.clone(), vectors.clone())?;
                Ok(Some(CloseText {
                    text: text.clone(),
                    vectors,
                    perturbations,
                    segmentation,
                    sentences: None,
                    refused: false,
                }))
            });
            match taken {
                Ok(Some(close)) if !self.is_stale(&text) => {
                    if self.to_pin.with_untracked(|wanted| wanted.as_ref() == Some(&text)) {
                        self.to_pin.set(None);
                        self.pinned.set(Some(close.clone()));
                    }
                    self.text.set(Some(close));
                }
                Ok(_) => {}
                Err(report) => self.notices.say(Topic::Encoding, report.message),
            }
        });
    }

    /// Encodes the sentences, if there are several.
    fn read_sentences(self) {
        let parts = self.text.with_untracked(|text| {
            let CloseText { text, segmentation, sentences, .. } = text.as_ref()?;
            let ranges = Some(&segmentation.sentences).filter(|ranges| ranges.len() > 1 && sentences.is_none())?;
            Some((text.clone(), ranges.iter().map(|range| text[range.clone()].to_owned()).collect::<Vec<_>>()))
        });
        let Some((text, parts)) = parts else { return };
        self.ask(Unit::Text, parts, move |outcome| match self.vectors(outcome) {
            Ok(vectors) => self.update(&text, |close| close.sentences = vectors),
            Err(report) => self.refuse(&text, report),
        });
    }

    /// The variants of the text that are wanted and not encoded.
    fn missing(self) -> Vec<Variant> {
        let mut missing: Vec<Variant> =
            self.words.with(|words| words.as_ref().map(|words| words.occlusion.missing.clone()).unwrap_or_default());
        let others = self.difference.with(|reading| reading.as_ref().map(|reading| reading.difference.missing.clone()));
        let edits = self.edits.with(|reading| reading.as_ref().map(|reading| reading.edits.missing.clone()));
        for variant in others.into_iter().chain(edits).flatten() {
            if !missing.contains(&variant) {
                missing.push(variant);
            }
        }
        missing
    }

    /// Has variants encoded, or else the sentences, unless something is being asked: its answer leads here again.
    fn ask_on(self, missing: Vec<Variant>) {
        let known = self.text.with_untracked(|text| text.as_ref().map(|text| (text.text.clone(), text.refused)));
        let Some((text, false)) = known.filter(|(text, _)| !self.is_stale(text)) else { return };
        if self.asked.with_value(|asked| !asked.is_empty()) {
            return;
        }
        if missing.is_empty() {
            return self.read_sentences();
        }
        let parts = missing.iter().map(|variant| variant.text.clone()).collect();
        self.ask(Unit::Text, parts, move |outcome| match self.vectors(outcome) {
            Ok(Some(vectors)) => {
                // Vectors of another model are of a text that is being read again.
                self.update(&text, |close| drop(close.perturbations.learn(missing, &vectors)));
            }
            Ok(None) => {}
            Err(report) => self.refuse(&text, report),
        });
    }

    /// The vectors of an answer; none while there is no model.
    fn vectors(self, outcome: Outcome) -> Result<Option<TextVectors>, Report> {
        let encoded = outcome?;
        let Some(loaded) = untrack(|| self.model.loaded()) else { return Ok(None) };
        Ok(Some(encoded.texts(loaded.model.dim as usize)?))
    }

    /// A part of a text cannot be encoded.
    fn refuse(self, text: &Arc<str>, report: Report) {
        self.update(text, |close| close.refused = true);
        self.notices.say(Topic::Encoding, report.message);
    }

    /// Changes what is known of a text, if it is still the one that is read.
    fn update(self, text: &Arc<str>, change: impl FnOnce(&mut CloseText)) {
        // The page may be gone by now.
        let _ = self.text.try_update(|known| {
            if let Some(known) = known.as_mut().filter(|known| known.text == *text) {
                change(known);
            }
        });
    }

    fn ask(self, unit: Unit, texts: Vec<String>, done: impl FnOnce(Outcome) + 'static) {
        let number = StoredValue::new(None);
        let question = Question { role: Role::Explanation, unit, texts };
        let id = self.model.encode(question, move |outcome: Result<_, Report>| {
            if let Some(id) = number.get_value() {
                self.asked.update_value(|asked| asked.retain(|&known| known != id));
            }
            done(outcome);
            // A question that waited for this one.
            self.ask_on(untrack(|| self.missing()));
        });
        number.set_value(id);
        self.asked.update_value(|asked| asked.extend(id));
    }

    fn cancel(self) {
        for id in self.asked.try_update_value(std::mem::take).unwrap_or_default() {
            self.model.cancel(id);
        }
    }
}

/// A short text is one stretch, and all of its words were left out; of a long one those of the stretches that matter most.
fn lay_out(text: &CloseText, occlusion: &Occlusion) -> Layout {
    let passage = text.perturbations.passage();
    let whole = 0..passage.text().len();
    let stretches = if passage.words().len() <= undertone_core::explain::MAX_WORDS {
        vec![(whole, passage.words().to_vec())]
    } else {
        let words_of = |stretch: &Range<usize>| {
            let words = occlusion.words.iter().map(|word| word.range.clone());
            words.filter(|word| stretch.start <= word.start && word.end <= stretch.end).collect()
        };
        passage.stretches().iter().map(|stretch| (stretch.clone(), words_of(stretch))).collect()
    };
    Layout { text: text.text.clone(), stretches }
}
