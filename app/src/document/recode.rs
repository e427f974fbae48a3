//! Labels that are made of others: what was decided by those follows.

use std::sync::Arc;

use undertone_core::{Cut, LabelId, LabelSet, Result};

use super::{Command, Content, Decision, Granularity, Recoding, Rows};

impl Content {
    /// The command that makes the classes of a cut the labels.
    ///
    /// # Errors
    /// As [`LabelSet::fold`].
    pub fn keep(&self, cut: &Cut) -> Result<Command> {
        let labels = self.labels.fold(cut)?;
        let granularity = Granularity { classes: None, ..self.view.granularity };
        Ok(self.recode(Recoding::Keep, labels, granularity, |id| id))
    }

    /// The command that makes one label of two: the names and wordings of `from` become synonyms of `into`.
    ///
    /// # Errors
    /// As [`LabelSet::merge`].
    pub fn merge(&self, from: LabelId, into: LabelId) -> Result<Command> {
        let mut labels = (*self.labels).clone();
        labels.merge(from, into)?;
        Ok(self.recode(Recoding::Merge, labels, self.view.granularity, |id| if id == from { into } else { id }))
    }

    /// `becomes` says which label another is now; one that is folded is the one that it is folded into.
    fn recode(
        &self,
        why: Recoding,
        labels: LabelSet,
        granularity: Granularity,
        becomes: impl Fn(LabelId) -> LabelId,
    ) -> Command {
        let follow = |id: LabelId| labels.holder(becomes(id)).map_or(id, |label| label.id);
        let follow_all = |ids: &[LabelId]| {
            let mut followed: Vec<LabelId> = Vec::with_capacity(ids.len());
            for id in ids.iter().map(|&id| follow(id)) {
                if !followed.contains(&id) {
                    followed.push(id);
                }
            }
            followed
        };
        let changed = |(rows, decision): (Rows, Decision)| {
            let before = decision.labels.as_ref()?;
            let after = follow_all(before);
            (after != *before).then_some((rows, Decision { labels: Some(after), ..decision }))
        };
        let decisions: Vec<(Rows, Decision)> =
            self.file.as_ref().map(|open| open.decisions.clone().into()).unwrap_or_default();
        let decisions = decisions.into_iter().filter_map(changed).collect();
        let preset = self.preset.clone().filter(|_| labels == *self.labels);
        Command::Recode { why, labels: Arc::new(labels), preset, granularity, decisions }
    }
}

#[cfg(test)]
mod tests {
    use undertone_core::Tree;

    use super::*;
    use crate::document::{DecisionEdit, Decisions, Document, FileRef, LabelEdit, OpenFile, Status};

    /// Joy, and anger with fury below it; the second row was corrected to fury, the third to both.
    fn document() -> Document {
        let mut content = Content::new("mine");
        let mut labels = LabelSet::new("three");
        let [_, anger, fury] = ["joy", "anger", "fury"].map(|name| labels.add(name).unwrap());
        labels.set_parent(fury, Some(anger)).unwrap();
        content.labels = Arc::new(labels);
        content.view.granularity.classes = Some(2);
        let mut decisions = Decisions::default();
        decisions.edit(&Rows::one(1), &DecisionEdit::Labels(Some(vec![fury])));
        decisions.edit(&Rows::one(2), &DecisionEdit::Labels(Some(vec![fury, anger])));
        decisions.edit(&Rows::one(3), &DecisionEdit::Status(Status::Accepted));
        let file = FileRef { key: "f".into(), name: "texts.csv".into(), column: None };
        content.file = Some(Arc::new(OpenFile { file, decisions }));
        Document::new(content)
    }

    fn decided(document: &Document, row: u32) -> Vec<LabelId> {
        let decisions = &document.content().file.as_ref().unwrap().decisions;
        decisions.get(row).and_then(|decision| decision.labels.clone()).unwrap_or_default()
    }

    fn names(document: &Document) -> Vec<String> {
        document.content().labels.labels().iter().map(|label| label.name.clone()).collect()
    }

    #[test]
    fn a_cut_is_kept_with_what_was_decided_and_one_undo_takes_it_back() {
        let mut document = document();
        let before = document.content().clone();
        let anger = before.labels.find("anger").unwrap().id;
        let cut = Tree::of_parents(&before.labels).cut(2);
        document.send(before.keep(&cut).unwrap()).unwrap();
        assert_eq!(names(&document), ["joy", "anger"]);
        assert_eq!((decided(&document, 1), decided(&document, 2)), (vec![anger], vec![anger]));
        assert_eq!(document.content().view.granularity.classes, None);
        assert_eq!(document.undoable(), Some("keeping the cut"));
        let kept = document.content().clone();

        document.undo().unwrap();
        assert_eq!(*document.content(), before);
        document.redo().unwrap();
        assert_eq!(*document.content(), kept);
        document.send(Command::EditLabels { edit: LabelEdit::Unfold { id: anger } }).unwrap();
        assert_eq!(document.content().labels, before.labels);
    }

    #[test]
    fn what_is_merged_keeps_its_words_and_its_corrections() {
        let mut document = document();
        let before = document.content().clone();
        let [joy, fury] = ["joy", "fury"].map(|name| before.labels.find(name).unwrap().id);
        document.send(before.merge(fury, joy).unwrap()).unwrap();
        assert_eq!(names(&document), ["joy", "anger"]);
        assert_eq!(document.content().labels.get(joy).unwrap().synonyms, ["fury"]);
        assert_eq!(decided(&document, 1), [joy]);
        document.undo().unwrap();
        assert_eq!(*document.content(), before);
        assert!(before.merge(joy, joy).is_err());
    }

    #[test]
    fn a_label_is_split_into_narrower_ones() {
        let mut document = document();
        let joy = document.content().labels.find("joy").unwrap().id;
        let split = LabelEdit::Split { id: joy, names: vec!["pride".into(), "relief".into()] };
        document.send(Command::EditLabels { edit: split }).unwrap();
        assert_eq!(names(&document), ["joy", "anger", "fury", "pride", "relief"]);
        assert_eq!(document.content().labels.find("relief").unwrap().parent, Some(joy));
        document.undo().unwrap();
        assert_eq!(names(&document), ["joy", "anger", "fury"]);
    }
}
