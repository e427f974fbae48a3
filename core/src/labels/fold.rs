//! Labels that stand for several others, which are kept below them.

use std::collections::{HashMap, HashSet};

use super::set::{bad, key};
use super::{Cut, Label, LabelId, LabelSet};
use crate::Result;

/// How deep labels are folded into each other. What would lie deeper moves up one level.
const DEEPEST: usize = 16;

impl LabelSet {
    /// The set whose labels are the classes of a cut.
    ///
    /// A class of one label is that label. A class of several is a label with the class's name and the id of the label that
    /// is the class, else of the one that speaks for it ([`Class::key`](crate::Class::key)); the others are *folded* into it
    /// ([`Label::folded`]) and keep all they have. Texts are scored against what is folded, so that they have exactly the
    /// scores that the cut gave them. A class lies below another if all of its labels lie below a label of that one.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): a cut of other labels.
    pub fn fold(&self, cut: &Cut) -> Result<Self> {
        let index: HashMap<LabelId, usize> = self.labels().iter().enumerate().map(|(i, label)| (label.id, i)).collect();
        let group = |members: &[LabelId]| members.iter().map(|id| index.get(id).copied()).collect::<Option<Vec<_>>>();
        let groups = cut.classes().iter().map(|class| group(&class.members)).collect::<Option<Vec<_>>>();
        let groups = groups.filter(|groups| groups.iter().map(Vec::len).sum::<usize>() == self.labels().len());
        let groups = groups.ok_or_else(|| bad("the cut is not one of these labels: cut the set as it is now"))?;

        let above = implied(self, &groups);
        let id = |class: usize| cut.classes()[class].label.unwrap_or(cut.classes()[class].key);
        let mut classes: Vec<(usize, Label)> = Vec::with_capacity(groups.len());
        for (i, (class, group)) in cut.classes().iter().zip(&groups).enumerate() {
            let mut group = group.clone();
            group.sort_unstable();
            let parent = above[i].map(id);
            let label = match group[..] {
                [only] => Label { parent, ..self.labels()[only].clone() },
                _ => {
                    let own = self.get(id(i)).ok_or_else(|| bad("a class speaks by no label of the set"))?;
                    Label {
                        id: own.id,
                        name: class.name.clone(),
                        description: String::new(),
                        synonyms: Vec::new(),
                        parent,
                        threshold: own.threshold.filter(|_| class.label.is_some()),
                        colour: own.colour,
                        folded: group.iter().flat_map(|&i| self.labels()[i].below(DEEPEST)).collect(),
                        other: serde_json::Map::new(),
                    }
                }
            };
            classes.push((group.first().copied().unwrap_or_default(), label));
        }
        classes.sort_by_key(|&(first, _)| first);
        let mut names = HashSet::new();
        if let Some((_, label)) = classes.iter().find(|(_, label)| !names.insert(key(&label.name))) {
            return Err(bad(format!("two classes are called '{}': cut the set as it is now", label.name)));
        }
        Ok(Self { labels: classes.into_iter().map(|(_, label)| label).collect(), ..self.clone() })
    }

    /// Puts the labels that are folded into one in its place. They are as they were; below whom they were they are again, or
    /// below the label that it is folded into by now. A label without any stays.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label, or one of the folded labels has by now another's
    /// name.
    pub fn unfold(&mut self, id: LabelId) -> Result<()> {
        let at = self.index(id)?;
        if self.labels[at].folded.is_empty() {
            return Ok(());
        }
        let mut set = self.clone();
        let class = set.labels.remove(at);
        if let Some(other) = class.folded.iter().find_map(|label| set.find(&label.name)) {
            let message =
                format!("'{}' cannot be unfolded, since there is a label '{}' by now", class.name, other.name);
            return Err(bad(format!("{message}: rename that one first")));
        }
        let stays = class.folded.iter().any(|label| label.id == id);
        let folded: Vec<(LabelId, Option<LabelId>)> =
            class.folded.iter().map(|label| (label.id, label.parent)).collect();
        set.labels.splice(at..at, class.folded.into_iter().map(|label| Label { parent: None, ..label }));
        if !stays {
            // Who came to lie below the class lies below what it lay below.
            set.adopt(id, class.parent);
        }
        for (label, parent) in folded {
            let parent = parent.and_then(|parent| set.holder(parent).map(|holder| holder.id)).or(class.parent);
            // Whatever was done meanwhile, nobody comes to lie below themselves.
            let _ = set.set_parent(label, parent);
        }
        *self = set;
        Ok(())
    }

    /// The label that has an id, or into which the label that has it is folded.
    pub fn holder(&self, id: LabelId) -> Option<&Label> {
        let folds = |label: &&Label| label.all_folded().iter().any(|folded| folded.id == id);
        self.get(id).or_else(|| self.labels.iter().find(folds))
    }
}

impl Label {
    /// The labels that are folded into it, at any depth: each before those that are folded into itself.
    pub fn all_folded(&self) -> Vec<&Self> {
        let mut found = Vec::new();
        let mut open: Vec<&Self> = self.folded.iter().rev().collect();
        while let Some(label) = open.pop() {
            found.push(label);
            open.extend(label.folded.iter().rev());
        }
        found
    }

    /// The label with other ids.
    pub(super) fn with_ids(self, ids: &HashMap<LabelId, LabelId>) -> Self {
        Self {
            id: ids.get(&self.id).copied().unwrap_or(self.id),
            parent: self.parent.and_then(|parent| ids.get(&parent).copied()),
            folded: self.folded.into_iter().map(|label| label.with_ids(ids)).collect(),
            ..self
        }
    }

    /// What it is when it is folded: itself, or if that went deeper than `deepest`, the labels folded into it.
    fn below(&self, deepest: usize) -> Vec<Self> {
        if self.depth() < deepest { vec![self.clone()] } else { self.folded.clone() }
    }

    /// How many levels of labels are folded into it.
    fn depth(&self) -> usize {
        self.folded.iter().map(|label| 1 + label.depth()).max().unwrap_or(0)
    }
}

/// For each group of a set's labels, by index, the group that whatever expresses it expresses too: that of the nearest label
/// which all of its labels lie below. Each label is in one group.
pub(crate) fn implied(set: &LabelSet, groups: &[Vec<usize>]) -> Vec<Option<usize>> {
    let labels = set.labels();
    let index: HashMap<LabelId, usize> = labels.iter().enumerate().map(|(i, label)| (label.id, i)).collect();
    let parent = |i: usize| labels[i].parent.and_then(|id| index.get(&id).copied());
    let mut group_of = vec![0; labels.len()];
    for (group, members) in groups.iter().enumerate() {
        members.iter().for_each(|&i| group_of[i] = group);
    }
    let above = |i: usize| std::iter::successors(parent(i), move |&i| parent(i));
    let implies = |(group, members): (usize, &Vec<usize>)| {
        let (first, others) = members.split_first()?;
        let holds = |p: &usize| group_of[*p] != group && others.iter().all(|&other| above(other).any(|a| a == *p));
        above(*first).find(holds).map(|p| group_of[p])
    };
    groups.iter().enumerate().map(implies).collect()
}
