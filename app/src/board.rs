//! The labels on the table, and the way back.

use serde::{Deserialize, Serialize};
use undertone_core::{LabelId, LabelSet, Result};

/// How many edits can be taken back.
const DEPTH: usize = 100;

/// The labels in use.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Board {
    /// The labels.
    pub labels: LabelSet,
    /// The preset that they are, unless somebody has edited them since.
    #[serde(default)]
    pub preset: Option<String>,
}

/// What an edit works on. Edits in a row on the same subject are taken back together, so that
/// one step of undo is one thing that a person did, not one letter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Subject {
    /// The list: a label added, removed, or another set loaded.
    List,
    /// The name of a label.
    Name(LabelId),
    /// The description of a label.
    Description(LabelId),
    /// The synonyms of a label.
    Synonyms(LabelId),
    /// The template around every name.
    Template,
}

/// Boards of the past.
#[derive(Clone, Debug, Default)]
pub struct History {
    past: Vec<Board>,
    subject: Option<Subject>,
}

impl Board {
    /// A board of labels that are somebody's own.
    pub fn own(labels: LabelSet) -> Self {
        Self { labels, preset: None }
    }

    /// Edits the labels, unless the edit fails or changes nothing. The board is a preset no more.
    pub fn edit<T>(&mut self, edit: impl FnOnce(&mut LabelSet) -> Result<T>) -> Result<Option<T>> {
        let mut labels = self.labels.clone();
        let answer = edit(&mut labels)?;
        if labels == self.labels {
            return Ok(None);
        }
        *self = Self::own(labels);
        Ok(Some(answer))
    }
}

impl History {
    /// Remembers what the board was before an edit.
    pub fn remember(&mut self, before: Board, subject: Subject) {
        let continues = subject != Subject::List && self.subject == Some(subject);
        if continues {
            return;
        }
        if self.past.len() == DEPTH {
            self.past.remove(0);
        }
        self.past.push(before);
        self.subject = Some(subject);
    }

    /// Ends an edit: what follows is another one, even on the same subject.
    pub fn close(&mut self) {
        self.subject = None;
    }

    /// The board before the last edit.
    pub fn undo(&mut self) -> Option<Board> {
        self.subject = None;
        self.past.pop()
    }

    /// Whether there is a way back.
    pub fn is_empty(&self) -> bool {
        self.past.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        let mut labels = LabelSet::new("test");
        labels.add("joy").unwrap();
        Board { labels, preset: Some("test".into()) }
    }

    fn rename(board: &mut Board, history: &mut History, name: &str) {
        let before = board.clone();
        let id = board.labels.labels()[0].id;
        board.edit(|labels| labels.rename(id, name)).unwrap();
        history.remember(before, Subject::Name(id));
    }

    #[test]
    fn one_undo_takes_back_a_whole_rename() {
        let (mut board, mut history) = (board(), History::default());
        let before = board.clone();
        for name in ["joyf", "joyfu", "joyful"] {
            rename(&mut board, &mut history, name);
        }
        assert_eq!(history.undo(), Some(before));
        assert!(history.is_empty());
    }

    #[test]
    fn a_rename_after_a_pause_is_another_one() {
        let (mut board, mut history) = (board(), History::default());
        rename(&mut board, &mut history, "bliss");
        let between = board.clone();
        history.close();
        rename(&mut board, &mut history, "glee");
        assert_eq!(history.undo(), Some(between));
        assert!(!history.is_empty());
    }

    #[test]
    fn an_edit_makes_a_preset_ones_own_but_a_failed_or_empty_one_does_not() {
        let mut board = board();
        assert!(board.edit(|labels| labels.add("JOY ")).is_err());
        let id = board.labels.labels()[0].id;
        assert_eq!(board.edit(|labels| labels.rename(id, "joy")).unwrap(), None);
        assert_eq!(board.preset.as_deref(), Some("test"));
        board.edit(|labels| labels.add("anger")).unwrap();
        assert_eq!(board.preset, None);
    }
}
