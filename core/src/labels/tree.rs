//! Trees over labels, and cuts through them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::set::{bad, key};
use super::{LabelId, LabelSet};
use crate::Result;

/// A tree whose leaves are the labels of a set. Each node is a class: the labels below it, taken as one.
///
/// A tree says in which order its nodes are split into their children, the coarsest first. [`Tree::cut`] stops that at a
/// number of classes, so that cuts are nested: the next finer one splits exactly one class. How a tree came about:
/// [`Tree::of_parents`], and the functions of [`granularity`](crate::granularity).
///
/// ```
/// # use undertone_core::{LabelSet, Tree};
/// let mut set = LabelSet::new("mine");
/// let [anger, joy, fury] = ["anger", "joy", "fury"].map(|name| set.add(name).unwrap());
/// set.set_parent(fury, Some(anger))?;
/// let tree = Tree::of_parents(&set);
/// assert_eq!(tree.counts(), [2, 3]);
/// assert_eq!(tree.cut(2).classes()[0].members, [anger, fury]);
/// assert_eq!(tree.cut(1000).len(), 3);
/// # Ok::<_, undertone_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Children before their parents.
    nodes: Vec<Node>,
    roots: Vec<usize>,
    /// The labels from left to right.
    leaves: Vec<LabelId>,
    /// How many splits come before that of each node, if it is ever split.
    order: Vec<Option<usize>>,
    /// How many classes there are after each number of splits, from `first` on.
    counts: Vec<usize>,
    /// How many splits the coarsest cut has: one if all labels lie below one node.
    first: usize,
}

/// A node of a [`Tree`].
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The node above, if there is one.
    pub parent: Option<usize>,
    /// The nodes below, from left to right: none or at least two.
    pub children: Vec<usize>,
    /// What a person would call it. Different for any two nodes of which neither lies above the other.
    pub name: String,
    /// The label that speaks for it, so that the class can have that label's colour: the one that is called as it is, else one
    /// that is typical of it. It speaks for exactly one of the node's children too, or is that child.
    pub key: LabelId,
    /// The label that is the class itself: of a node that is a label with others below it, that label.
    pub label: Option<LabelId>,
    /// Its labels' places among [`Tree::leaves`].
    pub span: Range<usize>,
}

/// One of the classes of a [`Cut`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// The tree's node.
    pub node: usize,
    /// What a person would call it. Unique in its cut.
    pub name: String,
    /// The member that speaks for it. It stays when the class is split: one part inherits it, and the other parts have their
    /// own.
    pub key: LabelId,
    /// The label that is the class itself, if one is: the parent of the other members, or the only member.
    pub label: Option<LabelId>,
    /// Its labels, from left to right.
    pub members: Vec<LabelId>,
}

/// Classes such that each label is in exactly one: a line drawn through a [`Tree`], from left to right.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cut {
    classes: Vec<Class>,
}

impl Cut {
    /// The classes, from left to right.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// How many classes.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there are no classes, since there are no labels.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// The same classes in the order of the set that they were folded into.
    pub(crate) fn in_order_of(&self, folded: &LabelSet) -> Self {
        let place =
            |class: &Class| folded.labels().iter().position(|label| label.id == class.label.unwrap_or(class.key));
        let mut classes = self.classes.clone();
        classes.sort_by_cached_key(place);
        Self { classes }
    }

    /// The index of the class that a label is in.
    pub fn class_of(&self, label: LabelId) -> Option<usize> {
        self.classes.iter().position(|class| class.members.contains(&label))
    }
}

impl Tree {
    /// The tree that a set's labels make by their parents.
    ///
    /// A label with others below it is a node; beside its children it has a leaf of its own, so that the finest cut is the
    /// set as it is. Nodes are split level by level, within a level the largest first.
    pub fn of_parents(set: &LabelSet) -> Self {
        let labels = set.labels();
        let index: HashMap<LabelId, usize> = labels.iter().enumerate().map(|(i, label)| (label.id, i)).collect();
        let parent = |i: usize| labels[i].parent.and_then(|id| index.get(&id).copied());
        let depths: Vec<usize> =
            (0..labels.len()).map(|i| std::iter::successors(parent(i), |&i| parent(i)).count()).collect();
        let mut below = vec![Vec::new(); labels.len()];
        (0..labels.len()).filter_map(|i| Some((i, parent(i)?))).for_each(|(i, above)| below[above].push(i));

        let mut draft = Draft::default();
        let mut node_of = vec![0; labels.len()];
        let mut deepest_first: Vec<usize> = (0..labels.len()).collect();
        deepest_first.sort_by_key(|&i| Reverse(depths[i]));
        for i in deepest_first {
            let leaf = draft.leaf(labels[i].id);
            node_of[i] = leaf;
            if !below[i].is_empty() {
                let children = std::iter::once(leaf).chain(below[i].iter().map(|&child| node_of[child])).collect();
                node_of[i] = draft.node(Branch { label: Some(labels[i].id), ..Branch::new(children, depths[i]) });
            }
        }
        let roots = (0..labels.len()).filter(|&i| depths[i] == 0).map(|i| node_of[i]).collect();
        draft.finish(roots, set)
    }

    /// How many labels.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// At which numbers of classes it can be cut, from the coarsest cut to the finest, in which each label is a class. The
    /// coarsest has two classes at least, or all that there are if the tree has more roots.
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// The cut into `classes` classes, or where the tree has none into that many, into the nearest number that it has, of two
    /// the smaller one.
    pub fn cut(&self, classes: usize) -> Cut {
        let nearest = (0..self.counts.len()).min_by_key(|&i| self.counts[i].abs_diff(classes));
        let splits = nearest.map_or(0, |i| self.first + i);
        let is_split = |node: usize| self.order[node].is_some_and(|order| order < splits);
        let mut open: Vec<usize> = self.roots.iter().rev().copied().collect();
        let mut found = Vec::new();
        while let Some(node) = open.pop() {
            if is_split(node) {
                open.extend(self.nodes[node].children.iter().rev());
            } else {
                found.push(node);
            }
        }
        Cut { classes: found.into_iter().map(|node| self.class(node)).collect() }
    }

    /// The cut through some nodes, such as one branch unfolded and the others not.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): nodes that are not there, that have a label in common, or that
    /// leave one out.
    pub fn cut_through(&self, nodes: &[usize]) -> Result<Cut> {
        if let Some(node) = nodes.iter().find(|&&node| node >= self.nodes.len()) {
            return Err(bad(format!("the tree has no node {node}: take one of its {}", self.nodes.len())));
        }
        let mut nodes = nodes.to_vec();
        nodes.sort_by_key(|&node| self.nodes[node].span.start);
        let ends = nodes.iter().map(|&node| self.nodes[node].span.end);
        let starts = nodes.iter().map(|&node| self.nodes[node].span.start).chain([self.len()]);
        if std::iter::once(0).chain(ends).ne(starts) {
            return Err(bad("these nodes are no cut: each label must lie below exactly one of them"));
        }
        Ok(Cut { classes: nodes.into_iter().map(|node| self.class(node)).collect() })
    }

    /// All nodes: children before their parents.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes that have none above them, from left to right.
    pub fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// The labels from left to right, so that those of each node are side by side: an order in which a matrix of labels shows
    /// its blocks.
    pub fn leaves(&self) -> &[LabelId] {
        &self.leaves
    }

    fn class(&self, node: usize) -> Class {
        let Node { name, key, label, span, .. } = &self.nodes[node];
        let members = self.leaves[span.clone()].to_vec();
        let label = label.or_else(|| (members.len() == 1).then_some(*key));
        Class { node, name: name.clone(), key: *key, label, members }
    }
}

/// A tree that is being built, from the leaves up.
#[derive(Default)]
pub(crate) struct Draft {
    branches: Vec<Branch>,
}

/// A node that is being built.
pub(crate) struct Branch {
    /// What has been built before.
    pub children: Vec<usize>,
    /// Nodes of a smaller rank are split first.
    pub rank: usize,
    /// Its name, if it has one beside those of its labels. It must not be taken for another: [`Draft::finish`].
    pub name: Option<String>,
    /// The label that it is.
    pub label: Option<LabelId>,
    /// The label that speaks for it; else the one that speaks for its largest child.
    pub key: Option<LabelId>,
}

impl Branch {
    pub fn new(children: Vec<usize>, rank: usize) -> Self {
        Self { children, rank, name: None, label: None, key: None }
    }
}

impl Draft {
    /// Adds a label.
    pub fn leaf(&mut self, label: LabelId) -> usize {
        self.node(Branch { key: Some(label), ..Branch::new(Vec::new(), usize::MAX) })
    }

    /// Adds a node above others. One above a single child is that child.
    pub fn node(&mut self, branch: Branch) -> usize {
        if let [only] = branch.children[..] {
            return only;
        }
        self.branches.push(branch);
        self.branches.len() - 1
    }

    /// Puts children into the order of their first labels in `leaves`.
    pub fn arrange(&mut self, leaves: &[LabelId]) {
        let places: HashMap<LabelId, usize> = leaves.iter().enumerate().map(|(i, &leaf)| (leaf, i)).collect();
        let mut first = Vec::with_capacity(self.branches.len());
        for branch in &mut self.branches {
            branch.children.sort_by_key(|&child| first[child]);
            let leaf = || branch.key.and_then(|leaf| places.get(&leaf).copied()).unwrap_or(usize::MAX);
            first.push(branch.children.first().map_or_else(leaf, |&child| first[child]));
        }
    }

    /// The tree of these roots over the labels of `set`. A node keeps its name unless a label that is not below it or a node
    /// of another branch has the same; else it goes by the name of the label that speaks for it.
    pub fn finish(self, roots: Vec<usize>, set: &LabelSet) -> Tree {
        let Self { branches } = self;
        let names: HashMap<LabelId, &str> = set.labels().iter().map(|label| (label.id, label.name.as_str())).collect();
        let name_of = |label: LabelId| names.get(&label).copied().unwrap_or_default();

        let mut leaves = Vec::new();
        let mut spans = vec![0..0; branches.len()];
        let mut parents = vec![None; branches.len()];
        let mut open: Vec<usize> = roots.iter().rev().copied().collect();
        while let Some(node) = open.pop() {
            spans[node].start = leaves.len();
            if branches[node].children.is_empty() {
                leaves.extend(branches[node].key);
            }
            for &child in branches[node].children.iter().rev() {
                parents[child] = Some(node);
                open.push(child);
            }
        }
        let mut keys: Vec<LabelId> = Vec::with_capacity(branches.len());
        for (node, branch) in branches.iter().enumerate() {
            spans[node].end = match branch.children.last() {
                Some(&child) => spans[child].end,
                None => spans[node].start + 1,
            };
            let largest = || {
                let size = |&child: &usize| (Reverse(spans[child].len()), key(name_of(keys[child])));
                branch.children.iter().copied().min_by_key(size).map(|child| keys[child])
            };
            let named = branch.name.as_deref().map(key);
            let namesake = named
                .and_then(|name| leaves[spans[node].clone()].iter().copied().find(|&leaf| key(name_of(leaf)) == name));
            let key = branch.label.or(namesake).or(branch.key).or_else(largest);
            keys.push(key.expect("a node has labels below it. This is a bug."));
        }
        // Parents stand behind their children: from the top, each key is handed down to where it is.
        for node in (0..branches.len()).rev() {
            let heir = |&&child: &&usize| leaves[spans[child].clone()].contains(&keys[node]);
            if let Some(&child) = branches[node].children.iter().find(heir) {
                keys[child] = keys[node];
            }
        }

        let taken = taken(&branches, &spans, &leaves, name_of);
        let name = |node: usize| match (&branches[node].name, branches[node].label) {
            (_, Some(label)) => name_of(label).to_owned(),
            (Some(name), None) if !taken[node] => name.clone(),
            _ => name_of(keys[node]).to_owned(),
        };
        let node = |node: usize| Node {
            parent: parents[node],
            children: branches[node].children.clone(),
            name: name(node),
            key: keys[node],
            label: branches[node].label,
            span: spans[node].clone(),
        };
        let nodes: Vec<Node> = (0..branches.len()).map(node).collect();

        let mut splits: Vec<usize> = (0..nodes.len()).filter(|&node| !nodes[node].children.is_empty()).collect();
        // The order of the labels must not matter, so that what is left open is settled by their names.
        splits.sort_by_cached_key(|&node| {
            (branches[node].rank, Reverse(nodes[node].span.len()), key(name_of(nodes[node].key)))
        });
        let mut order = vec![None; nodes.len()];
        let mut counts = vec![roots.len()];
        for (at, &node) in splits.iter().enumerate() {
            order[node] = Some(at);
            counts.push(counts[at] + nodes[node].children.len() - 1);
        }
        let first = usize::from(roots.len() == 1 && !splits.is_empty());
        counts.drain(..first);
        Tree { nodes, roots, leaves, order, counts, first }
    }
}

/// Of each node, whether its name could be taken for that of a label that is not below it, or of a node in another branch.
fn taken<'a>(
    branches: &[Branch],
    spans: &[Range<usize>],
    leaves: &[LabelId],
    name_of: impl Fn(LabelId) -> &'a str,
) -> Vec<bool> {
    let named = |node: usize| branches[node].label.map(&name_of).or(branches[node].name.as_deref()).map(key);
    let mut by_name: HashMap<String, Vec<Range<usize>>> = HashMap::new();
    for (at, &leaf) in leaves.iter().enumerate() {
        by_name.entry(key(name_of(leaf))).or_default().push(at..at + 1);
    }
    for (node, span) in spans.iter().enumerate() {
        if let Some(name) = named(node) {
            by_name.entry(name).or_default().push(span.clone());
        }
    }
    let apart = |a: &Range<usize>, b: &Range<usize>| a.end <= b.start || b.end <= a.start;
    let clash = |node: usize| {
        let others = named(node).and_then(|name| by_name.get(&name));
        others.is_some_and(|others| others.iter().any(|other| apart(&spans[node], other)))
    };
    (0..branches.len()).map(clash).collect()
}
