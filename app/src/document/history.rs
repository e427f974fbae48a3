//! Documents with their way back.

use serde::{Deserialize, Serialize};
use undertone_core::Result;

use super::command::Applied;
use super::{Command, Content, Subject, Touched};

/// How many commands can be taken back.
const DEPTH: usize = 200;

/// A document: its content, and how it came to be so.
#[derive(Clone, Debug)]
pub struct Document {
    content: Content,
    past: Vec<Entry>,
    future: Vec<Entry>,
    /// What the last command worked on, if what follows on the same subject belongs to it.
    open: Option<Subject>,
}

/// A way back, or forth.
#[derive(Clone, Debug)]
struct Entry {
    inverse: Command,
    words: &'static str,
}

/// One thing that happened to a document. The same steps make the same document.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// A command was carried out.
    Do {
        /// The command.
        command: Command,
        /// Whether it goes on with the one before, and is taken back with it.
        #[serde(default)]
        joins: bool,
    },
    /// The last command was taken back.
    Undo,
    /// What was taken back last was done again.
    Redo,
}

impl Entry {
    fn changes_nothing(&self, content: &Content) -> bool {
        matches!(self.inverse.apply(&mut content.clone()), Ok(None))
    }
}

impl Step {
    /// This step and the next as one that leads to the same content and the same history, if there is one: while somebody
    /// types, only the last text need be kept.
    pub fn merge(&self, next: &Self) -> Option<Self> {
        match (self, next) {
            (Self::Do { command: first, joins }, Self::Do { command: last, joins: true })
                if first.subject() == last.subject() =>
            {
                Some(Self::Do { command: last.clone(), joins: *joins })
            }
            _ => None,
        }
    }
}

impl Document {
    /// A document without a past.
    pub fn new(content: Content) -> Self {
        Self { content, past: Vec::new(), future: Vec::new(), open: None }
    }

    /// What it says.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Carries a command out, unless that fails or changes nothing. Returns what happened, to be kept.
    ///
    /// # Errors
    /// One sentence: why the command makes no sense.
    pub fn send(&mut self, command: Command) -> Result<Option<(Step, Touched)>> {
        let subject = command.subject();
        let joins = subject.is_some() && self.open == subject;
        let touched = self.carry_out(&command, joins)?;
        Ok(touched.map(|touched| (Step::Do { command, joins }, touched)))
    }

    /// Ends what is being edited: what follows is taken back by itself.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Takes the last command back.
    pub fn undo(&mut self) -> Option<(Step, Touched)> {
        let touched = Self::go(&mut self.content, self.past.pop()?, &mut self.future)?;
        self.open = None;
        Some((Step::Undo, touched))
    }

    /// Does again what was taken back last.
    pub fn redo(&mut self) -> Option<(Step, Touched)> {
        let touched = Self::go(&mut self.content, self.future.pop()?, &mut self.past)?;
        self.open = None;
        Some((Step::Redo, touched))
    }

    /// Lets a step happen that happened before, to this document or to its equal.
    ///
    /// # Errors
    /// As [`Document::send`].
    pub fn replay(&mut self, step: &Step) -> Result<Option<Touched>> {
        match step {
            Step::Do { command, joins } => {
                if command.is_remembered() {
                    // Merged steps may change nothing together, and yet the first of them did.
                    self.future.clear();
                }
                self.carry_out(command, *joins)
            }
            Step::Undo => Ok(self.undo().map(|(_, touched)| touched)),
            Step::Redo => Ok(self.redo().map(|(_, touched)| touched)),
        }
    }

    /// What undo would take back, in words.
    pub fn undoable(&self) -> Option<&'static str> {
        self.past.last().map(|entry| entry.words)
    }

    /// What redo would do again, in words.
    pub fn redoable(&self) -> Option<&'static str> {
        self.future.last().map(|entry| entry.words)
    }

    fn carry_out(&mut self, command: &Command, joins: bool) -> Result<Option<Touched>> {
        let Some(Applied { inverse, touched }) = command.apply(&mut self.content)? else {
            return Ok(None);
        };
        if command.is_remembered() {
            self.future.clear();
            self.open = command.subject();
            if !joins {
                self.past.push(Entry { inverse, words: command.words() });
                let surplus = self.past.len().saturating_sub(DEPTH);
                self.past.drain(..surplus);
            } else if self.past.last().is_some_and(|entry| entry.changes_nothing(&self.content)) {
                // The inverse of the first of several on one subject undoes them all; here the last did that.
                self.past.pop();
                self.open = None;
            }
        }
        Ok(Some(touched))
    }

    /// Applies an entry, and puts its own inverse on the other pile.
    fn go(content: &mut Content, entry: Entry, other: &mut Vec<Entry>) -> Option<Touched> {
        // What an inverse restores was there before, so it is never refused.
        let Applied { inverse, touched } = entry.inverse.apply(content).ok().flatten()?;
        other.push(Entry { inverse, words: entry.words });
        Some(touched)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use undertone_core::{LabelId, LabelSet, Mode};

    use super::*;
    use crate::document::{
        Decision, DecisionEdit, Decisions, FileRef, Filter, Granularity, LabelEdit, OpenFile, Order, Page, Recoding,
        Rows, Status,
    };

    fn content() -> Content {
        let mut content = Content::new("mine");
        let file = FileRef { key: "f".into(), name: "texts.csv".into(), column: None };
        content.file = Some(Arc::new(OpenFile { file, decisions: Decisions::default() }));
        content
    }

    fn first(document: &Document) -> LabelId {
        document.content().labels.labels()[0].id
    }

    fn rename(document: &mut Document, name: &str) {
        let id = first(document);
        let command = Command::EditLabels { edit: LabelEdit::Rename { id, name: name.into() } };
        assert!(document.send(command).unwrap().is_some());
    }

    fn type_text(document: &mut Document, text: &str) -> Step {
        document.send(Command::Text { text: text.into() }).unwrap().unwrap().0
    }

    #[test]
    fn one_undo_takes_back_a_whole_rename() {
        let mut document = Document::new(content());
        let before = document.content().clone();
        for name in ["wrat", "wrath", "wrathful"] {
            rename(&mut document, name);
        }
        assert_eq!(document.content().preset, None, "an edited preset is one's own");
        assert_eq!(document.undoable(), Some("the label\u{2019}s new name"));
        document.undo().unwrap();
        assert_eq!(*document.content(), before);
        assert!(document.undo().is_none());
        document.redo().unwrap();
        assert_eq!(document.content().labels.labels()[0].name, "wrathful");
    }

    #[test]
    fn an_edit_after_a_pause_is_another_one() {
        let mut document = Document::new(content());
        rename(&mut document, "wrath");
        let between = document.content().clone();
        document.close();
        rename(&mut document, "ire");
        document.undo().unwrap();
        assert_eq!(*document.content(), between);
    }

    #[test]
    fn two_edits_of_synonyms_are_two() {
        let mut document = Document::new(content());
        let id = first(&document);
        let synonyms = |words: &[&str]| LabelEdit::Synonyms { id, synonyms: words.iter().map(|&w| w.into()).collect() };
        document.send(Command::EditLabels { edit: synonyms(&["ire"]) }).unwrap();
        document.send(Command::EditLabels { edit: synonyms(&["ire", "wrath"]) }).unwrap();
        document.undo().unwrap();
        assert_eq!(document.content().labels.labels()[0].synonyms, ["ire"]);
    }

    #[test]
    fn what_fails_or_changes_nothing_leaves_no_trace() {
        let mut document = Document::new(content());
        let before = document.content().clone();
        let id = first(&document);
        let name = |name: &str| Command::EditLabels { edit: LabelEdit::Rename { id, name: name.into() } };
        assert!(document.send(name("joy")).is_err());
        assert!(document.send(name("anger")).unwrap().is_none());
        assert!(document.send(Command::Threshold { threshold: Some(1.5) }).is_err());
        assert!(
            document
                .send(Command::Decide { rows: [1].into_iter().collect(), edit: DecisionEdit::Status(Status::Open) })
                .unwrap()
                .is_none()
        );
        assert_eq!(*document.content(), before);
        assert_eq!((document.undoable(), document.redoable()), (None, None));
    }

    #[test]
    fn a_page_is_no_edit() {
        let mut document = Document::new(content());
        type_text(&mut document, "one");
        document.undo().unwrap();
        document.send(Command::Page { page: Page::File }).unwrap();
        assert_eq!(document.undoable(), None);
        assert_eq!(document.redoable(), Some("typing"), "looking elsewhere is no reason to forget");
        document.redo().unwrap();
        assert_eq!(document.content().view.page, Page::File);
    }

    #[test]
    fn letters_are_kept_as_one_step() {
        let mut document = Document::new(content());
        let steps = ["a", "ab", "abc"].map(|text| type_text(&mut document, text));
        let merged = steps[0].merge(&steps[1]).unwrap().merge(&steps[2]).unwrap();
        assert_eq!(merged, Step::Do { command: Command::Text { text: "abc".into() }, joins: false });
        document.close();
        let later = type_text(&mut document, "abcd");
        assert_eq!(merged.merge(&later), None);
    }

    fn command() -> impl Strategy<Value = Command> {
        let id = (0usize..4).prop_map(|place| crate::presets::first().labels().labels()[place].id);
        let label = prop_oneof![
            "[a-c]{0,2}".prop_map(|name| LabelEdit::Add { name }),
            id.clone().prop_map(|id| LabelEdit::Remove { id }),
            (id.clone(), "[a-c]{0,2}").prop_map(|(id, name)| LabelEdit::Rename { id, name }),
            (id.clone(), "[a-c]{0,2}").prop_map(|(id, description)| LabelEdit::Describe { id, description }),
            Just(LabelEdit::Template { template: "feels {}".into() }),
            (id.clone(), "[a-c]{1,2}").prop_map(|(id, name)| LabelEdit::Split { id, names: vec![name] }),
            id.prop_map(|id| LabelEdit::Unfold { id }),
        ];
        let rows = prop::collection::vec(0u32..9, 0..9).prop_map(|rows| rows.into_iter().collect());
        prop_oneof![
            "[a-c]{0,2}".prop_map(|name| Command::Name { name }),
            "[a-c]{0,2}".prop_map(|text| Command::Text { text: text.into() }),
            label.prop_map(|edit| Command::EditLabels { edit }),
            Just(Command::Labels { labels: Arc::new(LabelSet::new("none")), preset: Some("x".into()) }),
            prop::option::of(0u32..4).prop_map(|classes| Command::Granularity {
                granularity: Granularity { classes, ..Granularity::default() }
            }),
            (0u32..9, 0usize..4).prop_map(|(row, status)| Command::Recode {
                why: Recoding::Keep,
                labels: Arc::new(LabelSet::new("kept")),
                preset: None,
                granularity: Granularity::default(),
                decisions: vec![(Rows::one(row), Decision { status: Status::ALL[status], ..Decision::default() })],
            }),
            Just(Command::Mode { mode: Mode::Single }),
            prop::option::of(0.0f32..1.2).prop_map(|threshold| Command::Threshold { threshold }),
            Just(Command::Order { order: Order::List }),
            "[a-c]{0,2}".prop_map(|text| Command::Filter { filter: Filter { text, ..Filter::default() } }),
            Just(Command::Page { page: Page::File }),
            Just(Command::File { file: None }),
            (rows, 0usize..4)
                .prop_map(|(rows, status)| Command::Decide { rows, edit: DecisionEdit::Status(Status::ALL[status]) }),
        ]
    }

    /// What happens: a command, an undo, a redo, or a pause.
    fn deeds() -> impl Strategy<Value = Vec<(u8, Command)>> {
        prop::collection::vec((0u8..6, command()), 0..40)
    }

    /// The content without what undo leaves alone.
    fn told(document: &Document) -> Content {
        let mut content = document.content().clone();
        content.view.page = Page::default();
        content
    }

    proptest! {
        #[test]
        fn everything_can_be_taken_back_and_done_again(deeds in deeds()) {
            let mut document = Document::new(content());
            let before = told(&document);
            for (kind, command) in deeds {
                if kind == 0 {
                    document.close();
                }
                // Commands that make no sense are refused, and change nothing.
                let _ = document.send(command);
            }
            let after = told(&document);
            let mut count = 0;
            while document.undo().is_some() {
                count += 1;
            }
            prop_assert_eq!(told(&document), before);
            for _ in 0..count {
                document.redo().unwrap();
            }
            prop_assert_eq!(told(&document), after);
            prop_assert!(document.redo().is_none());
        }

        #[test]
        fn the_same_steps_make_the_same_document_however_they_are_kept(deeds in deeds()) {
            let mut document = Document::new(content());
            let mut journal: Vec<Step> = Vec::new();
            for (kind, command) in deeds {
                let step = match kind {
                    0 => { document.close(); None }
                    1 => document.undo().map(|(step, _)| step),
                    2 => document.redo().map(|(step, _)| step),
                    _ => document.send(command).ok().flatten().map(|(step, _)| step),
                };
                let Some(step) = step else { continue };
                match journal.last().and_then(|last| last.merge(&step)) {
                    Some(merged) => *journal.last_mut().unwrap() = merged,
                    None => journal.push(step),
                }
            }
            let json = serde_json::to_string(&journal).unwrap();
            let journal: Vec<Step> = serde_json::from_str(&json).unwrap();
            let mut again = Document::new(content());
            for step in &journal {
                again.replay(step).unwrap();
            }
            prop_assert_eq!(again.content(), document.content());
            prop_assert_eq!(again.undoable(), document.undoable());
            loop {
                let (here, there) = (document.undo().is_some(), again.undo().is_some());
                prop_assert_eq!(here, there);
                prop_assert_eq!(again.content(), document.content());
                if !here { break }
            }
        }
    }
}
