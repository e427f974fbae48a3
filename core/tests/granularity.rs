//! Trees over labels, cuts, and everything that is told of the classes of a cut.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use undertone_core::granularity::{
    Distances, Likeness, Overlap, Pair, Rewordings, Row, Support, Verdict, Wording, by_distance, by_lexicon, contrast,
    ladder, missing, sample, shares, split,
};
use undertone_core::metrics::{cohen_kappa, macro_f1};
use undertone_core::{
    Background, Calibration, Cut, Embeddings, ErrorKind, Evidence, LabelId, LabelSet, Lexicon, Mode, Prepared,
    ScoreOptions, Scorer, Scores, Tags, Term, TextVectors, Tree, Wordings,
};

const DIM: usize = 12;

fn set(names: &[&str]) -> LabelSet {
    let mut set = LabelSet::new("test");
    for name in names {
        set.add(name).unwrap();
    }
    set
}

fn id(set: &LabelSet, name: &str) -> LabelId {
    set.find(name).unwrap().id
}

/// A set whose labels say which is below which: `("rage", "anger")`.
fn below(labels: &[(&str, &str)]) -> LabelSet {
    let mut set = set(&labels.iter().map(|label| label.0).collect::<Vec<_>>());
    for (name, parent) in labels.iter().filter(|label| !label.1.is_empty()) {
        set.set_parent(id(&set, name), Some(id(&set, parent))).unwrap();
    }
    set
}

/// Vectors that differ with their number, in no direction more than in another.
fn vectors(numbers: impl IntoIterator<Item = usize>) -> Embeddings {
    let row = |n: usize| {
        let mut random = fastrand::Rng::with_seed(n as u64);
        std::iter::repeat_with(move || random.f32() - 0.5).take(DIM)
    };
    Embeddings::new(DIM, numbers.into_iter().flat_map(row).collect()).unwrap()
}

fn term(term: &str, family: &str, basic: &str, sentiment: &str) -> Term {
    let [family, basic, sentiment] = [family, basic, sentiment].map(String::from);
    Term { term: term.into(), synonyms: vec![format!("feeling {term}")], family, basic, sentiment }
}

fn lexicon() -> Lexicon {
    Lexicon::from(vec![
        term("joy", "joy", "joy", "positive"),
        term("delight", "joy", "joy", "positive"),
        term("pride", "pride", "joy", "positive"),
        term("triumph", "pride", "joy", "positive"),
        term("vanity", "pride", "joy", "ambiguous"),
        term("longing", "desire", "love", "ambiguous"),
        term("affection", "love", "love", "positive"),
        term("tenderness", "love", "love", "positive"),
        term("anger", "anger", "anger", "negative"),
        term("fury", "anger", "anger", "negative"),
        term("irritation", "annoyance", "anger", "negative"),
        term("fear", "fear", "fear", "negative"),
        term("dread", "fear", "fear", "negative"),
        term("neutral", "neutral", "neutral", "neutral"),
    ])
}

fn background() -> Background {
    Background::new(lexicon(), vectors(900..914), vectors(950..953)).unwrap()
}

/// The classes of a cut by name, with the names of their members.
fn classes(set: &LabelSet, cut: &Cut) -> BTreeMap<String, BTreeSet<String>> {
    let name = |id: &LabelId| set.get(*id).unwrap().name.clone();
    cut.classes().iter().map(|class| (class.name.clone(), class.members.iter().map(name).collect())).collect()
}

/// "anger: fury irritation | joy: ..."
fn told(set: &LabelSet, cut: &Cut) -> String {
    let class = |(name, members): (String, BTreeSet<String>)| {
        if members.len() == 1 { name } else { format!("{name}: {}", members.into_iter().collect::<Vec<_>>().join(" ")) }
    };
    classes(set, cut).into_iter().map(class).collect::<Vec<_>>().join(" | ")
}

/// The names of labels in property tests: some that the lexicon knows at any level, some that it does not.
const NAMES: [&str; 24] = [
    "joy",
    "delight",
    "pride",
    "triumph",
    "vanity",
    "longing",
    "affection",
    "love",
    "anger",
    "fury",
    "annoyance",
    "fear",
    "dread",
    "neutral",
    "positive",
    "negative",
    "happiness",
    "about to churn",
    "grief",
    "zeal",
    "awe",
    "boredom",
    "shame",
    "calm",
];

/// A set of some labels in some order, with parents, and of each label the number of its vector: equal ones occur.
#[derive(Debug, Clone)]
struct Labels {
    set: LabelSet,
    numbers: Vec<usize>,
}

impl Labels {
    fn new(order: &[usize], parents: &BTreeMap<usize, usize>, numbers: &[usize]) -> Self {
        let mut set = set(&order.iter().map(|&i| NAMES[i]).collect::<Vec<_>>());
        for (child, parent) in parents {
            if let (Some(child), Some(parent)) = (set.find(NAMES[*child]), set.find(NAMES[*parent])) {
                let (child, parent) = (child.id, parent.id);
                // Whoever would come to lie below themselves stays where they are.
                let _ = set.set_parent(child, Some(parent));
            }
        }
        Self { set, numbers: order.iter().map(|&i| numbers[i]).collect() }
    }

    fn vectors(&self) -> Embeddings {
        vectors(self.numbers.iter().copied())
    }

    /// The evidence of some texts, a column for each label; of texts without any variation if `flat`.
    fn columns(&self, flat: bool) -> Vec<Vec<f32>> {
        let value = |n: usize, text: usize| if flat { 0.25 } else { ((n * 31 + text * 17) as f32 * 0.7).sin() };
        self.numbers.iter().map(|&n| (0..40).map(|text| value(n, text)).collect()).collect()
    }

    fn trees(&self) -> Vec<Tree> {
        let columns = |flat| {
            let columns = self.columns(flat);
            Distances::by_texts(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        let by = |distances| by_distance(&self.set, &distances, &lexicon()).unwrap();
        vec![
            Tree::of_parents(&self.set),
            by_lexicon(&self.set, &self.vectors(), &background()).unwrap(),
            by(Distances::by_meaning(&self.vectors())),
            by(columns(false)),
            by(columns(true)),
        ]
    }
}

/// The same labels in two orders.
fn labels() -> impl Strategy<Value = (Labels, Labels)> {
    let order = prop::sample::subsequence((0..NAMES.len()).collect::<Vec<_>>(), 1..NAMES.len()).prop_shuffle();
    let parents = prop::collection::btree_map(0..NAMES.len(), 0..NAMES.len(), 0..12);
    let numbers = prop::collection::vec(0..30usize, NAMES.len());
    (order.clone(), any::<prop::sample::Index>(), parents, numbers).prop_map(|(order, turn, parents, numbers)| {
        let mut other = order.clone();
        other.rotate_left(turn.index(order.len()));
        other.reverse();
        // Parents are set in the order of names, so that both sets have the same.
        (Labels::new(&order, &parents, &numbers), Labels::new(&other, &parents, &numbers))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn cuts_are_partitions_into_as_many_classes_as_asked_for((labels, _) in labels()) {
        let all: BTreeSet<LabelId> = labels.set.labels().iter().map(|label| label.id).collect();
        for tree in labels.trees() {
            prop_assert_eq!(tree.len(), all.len());
            let counts = tree.counts();
            prop_assert!(counts.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(*counts.last().unwrap(), all.len());
            prop_assert!(counts[0] > 1 || all.len() == 1);
            for classes in 0..all.len() + 2 {
                let cut = tree.cut(classes);
                let nearest = counts.iter().map(|count| count.abs_diff(classes)).min().unwrap();
                prop_assert_eq!(cut.len().abs_diff(classes), nearest);
                let members: Vec<LabelId> = cut.classes().iter().flat_map(|class| class.members.clone()).collect();
                // Each label once, and from left to right as the tree has them.
                prop_assert_eq!(members.iter().copied().collect::<BTreeSet<_>>(), all.clone());
                prop_assert_eq!(&members, tree.leaves());
                for (i, class) in cut.classes().iter().enumerate() {
                    prop_assert!(class.members.contains(&class.key));
                    prop_assert!(class.members.iter().all(|&label| cut.class_of(label) == Some(i)));
                    if let [only] = class.members[..] {
                        prop_assert_eq!(&class.name, &labels.set.get(only).unwrap().name);
                    }
                }
                let names: BTreeSet<&str> = cut.classes().iter().map(|class| class.name.as_str()).collect();
                prop_assert_eq!(names.len(), cut.len(), "names are unique");
                prop_assert_eq!(tree.cut_through(&cut.classes().iter().map(|c| c.node).collect::<Vec<_>>()).unwrap(), cut);
            }
        }
    }

    #[test]
    fn dendrograms_can_be_cut_into_any_number_of_classes((labels, _) in labels()) {
        for tree in &labels.trees()[2..] {
            let n = labels.set.labels().len();
            prop_assert_eq!(tree.counts(), (2.min(n)..=n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_next_finer_cut_splits_one_class_and_one_part_keeps_its_key((labels, _) in labels()) {
        for tree in labels.trees() {
            for pair in tree.counts().windows(2) {
                let (coarse, fine) = (tree.cut(pair[0]), tree.cut(pair[1]));
                let gone: Vec<_> = coarse.classes().iter().filter(|class| !fine.classes().contains(class)).collect();
                let new: Vec<_> = fine.classes().iter().filter(|class| !coarse.classes().contains(class)).collect();
                prop_assert_eq!(gone.len(), 1);
                prop_assert!(new.len() > 1);
                let members: BTreeSet<LabelId> = new.iter().flat_map(|class| class.members.clone()).collect();
                prop_assert_eq!(members, gone[0].members.iter().copied().collect::<BTreeSet<_>>());
                prop_assert_eq!(new.iter().filter(|class| class.key == gone[0].key).count(), 1);
            }
        }
    }

    #[test]
    fn the_order_of_labels_never_matters((labels, other) in labels()) {
        for (tree, same) in labels.trees().into_iter().zip(other.trees()) {
            prop_assert_eq!(tree.counts(), same.counts());
            for &count in tree.counts() {
                let (cut, same) = (tree.cut(count), same.cut(count));
                prop_assert_eq!(classes(&labels.set, &cut), classes(&other.set, &same));
                let keys = |set: &LabelSet, cut: &Cut| -> BTreeSet<String> {
                    cut.classes().iter().map(|class| set.get(class.key).unwrap().name.clone()).collect()
                };
                prop_assert_eq!(keys(&labels.set, &cut), keys(&other.set, &same));
            }
        }
    }

    #[test]
    fn what_is_folded_is_unfolded_again((labels, _) in labels(), count in 1..24usize) {
        for tree in labels.trees() {
            let cut = tree.cut(count);
            let folded = labels.set.fold(&cut).unwrap();
            prop_assert_eq!(folded.labels().len(), cut.len());
            let parts: BTreeSet<&str> = folded.parts().iter().map(|part| part.label.name.as_str()).collect();
            prop_assert_eq!(parts, labels.set.labels().iter().map(|label| label.name.as_str()).collect::<BTreeSet<_>>());
            for label in labels.set.labels() {
                let class = &cut.classes()[cut.class_of(label.id).unwrap()];
                prop_assert_eq!(&folded.holder(label.id).unwrap().name, &class.name);
            }
            // Survives its file, twice.
            let read = LabelSet::from_json(&folded.to_json()).unwrap();
            prop_assert_eq!(&read, &folded);
            prop_assert_eq!(read.to_json(), folded.to_json());

            let mut unfolded = read;
            let ids: Vec<LabelId> = unfolded.labels().iter().map(|label| label.id).collect();
            for id in ids {
                unfolded.unfold(id).unwrap();
            }
            prop_assert_eq!(unfolded.labels().len(), labels.set.labels().len());
            for label in labels.set.labels() {
                let mut again = unfolded.get(label.id).unwrap().clone();
                prop_assert!(unfolded.descendants(label.id).iter().all(|below| below.id != label.id));
                again.parent = label.parent;
                prop_assert_eq!(&again, label);
            }
        }
        // Folded along its own parents, a set has them again.
        let tree = Tree::of_parents(&labels.set);
        let mut set = labels.set.fold(&tree.cut(count)).unwrap();
        set.labels().iter().map(|label| label.id).collect::<Vec<_>>().into_iter().for_each(|id| set.unfold(id).unwrap());
        for label in labels.set.labels() {
            prop_assert_eq!(set.get(label.id).unwrap().parent, label.parent);
        }
    }
}

fn scorer() -> Scorer {
    let calibration = Calibration {
        descendants: 0.25,
        competition: 0.5,
        hubness: 0.3,
        crowding: 0.4,
        neutral: 1.0,
        emotional: 0.5,
        ..Calibration::default()
    };
    Scorer::new(calibration, background()).unwrap()
}

/// Texts of one to three windows.
fn texts(count: usize) -> TextVectors {
    let counts: Vec<usize> = (0..count).map(|text| 1 + text % 3).collect();
    TextVectors::new(vectors(0..counts.iter().sum()), counts).unwrap()
}

const OPTIONS: [ScoreOptions; 2] =
    [ScoreOptions { mode: Mode::Multi, threshold: None }, ScoreOptions { mode: Mode::Single, threshold: None }];

/// The evidence of the labels that a text was found to express: of equal ones, the first is chosen.
fn chosen(scores: &Scores, text: usize) -> Vec<u32> {
    let on = scores.on(text).iter().zip(scores.evidence(text)).filter(|(on, _)| **on);
    let mut evidence: Vec<u32> = on.map(|(_, evidence)| evidence.to_bits()).collect();
    evidence.sort_unstable();
    evidence
}

impl Labels {
    fn prepared(&self) -> Prepared {
        scorer().prepare(self.vectors(), &self.set).unwrap()
    }

    /// The evidence of texts for the classes of a cut.
    fn evidence(&self, cut: &Cut) -> Evidence {
        let scorer = scorer();
        scorer.evidence(&texts(30), &scorer.cut(&self.prepared(), &self.set, cut).unwrap()).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_class_of_one_label_is_that_label_and_one_of_more_is_above_each((labels, _) in labels(), count in 1..24usize) {
        let (scorer, prepared) = (scorer(), labels.prepared());
        let alone = scorer.evidence(&texts(30), &prepared).unwrap();
        let index = |id: &LabelId| labels.set.labels().iter().position(|label| label.id == *id).unwrap();
        for tree in labels.trees() {
            let cut = tree.cut(count);
            let of_cut = scorer.cut(&prepared, &labels.set, &cut).unwrap();
            let evidence = labels.evidence(&cut);
            prop_assert_eq!(evidence.len(), alone.len());
            for text in 0..evidence.len() {
                for (class, &value) in cut.classes().iter().zip(evidence.row(text)) {
                    let members: Vec<f32> = class.members.iter().map(|id| alone.row(text)[index(id)]).collect();
                    let largest = members.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    if members.len() == 1 {
                        prop_assert_eq!(value.to_bits(), largest.to_bits());
                    }
                    let most = largest + scorer.calibration().temperature * (members.len() as f32).ln();
                    prop_assert!(value >= largest - 1e-6 && value <= most + 1e-6, "{value} of {members:?}");
                }
            }
            // The same logit in any cut: probabilities are the same to the last bit, unless a label below raises them.
            let [on, by_label] = [&of_cut, &prepared].map(|labels| scorer.score(&texts(30), labels, &OPTIONS[0]).unwrap());
            for (at, class) in cut.classes().iter().enumerate().filter(|(_, class)| class.members.len() == 1) {
                let label = index(&class.members[0]);
                if labels.set.children(class.members[0]).next().is_none() {
                    let same = |text: usize| on.probability(text)[at] == by_label.probability(text)[label];
                    prop_assert!((0..on.len()).all(same));
                }
            }
        }
        // The finest cut is the set, with its parents.
        let finest = Tree::of_parents(&labels.set).cut(1000);
        let order: Vec<usize> = finest.classes().iter().map(|class| index(&class.members[0])).collect();
        let of_cut = scorer.cut(&prepared, &labels.set, &finest).unwrap();
        for options in OPTIONS {
            let [on, by_label] = [&of_cut, &prepared].map(|labels| scorer.score(&texts(30), labels, &options).unwrap());
            for text in 0..on.len() {
                prop_assert_eq!(chosen(&on, text), chosen(&by_label, text));
                let off = |(at, &label): (usize, &usize)| (on.probability(text)[at] - by_label.probability(text)[label]).abs();
                // Shares add up in another order.
                let tolerance = if options.mode == Mode::Multi { 0.0 } else { 1e-6 };
                prop_assert!(order.iter().enumerate().map(off).all(|off| off <= tolerance));
            }
        }
    }

    #[test]
    fn a_class_rises_with_its_members((labels, _) in labels(), count in 1..24usize) {
        let alone = scorer().evidence(&texts(30), &labels.prepared()).unwrap();
        let index = |id: &LabelId| labels.set.labels().iter().position(|label| label.id == *id).unwrap();
        let cut = labels.trees()[2].cut(count);
        let evidence = labels.evidence(&cut);
        for (at, class) in cut.classes().iter().enumerate() {
            for (a, b) in (0..30).flat_map(|a| (0..30).map(move |b| (a, b))) {
                if class.members.iter().map(index).all(|label| alone.row(a)[label] >= alone.row(b)[label]) {
                    prop_assert!(evidence.row(a)[at] >= evidence.row(b)[at] - 1e-6);
                }
            }
        }
    }

    #[test]
    fn classes_are_the_same_to_the_last_bit_in_any_order((labels, other) in labels(), count in 1..24usize) {
        for (tree, same) in labels.trees().into_iter().zip(other.trees()) {
            let (cut, same) = (tree.cut(count), same.cut(count));
            let (evidence, others) = (labels.evidence(&cut), other.evidence(&same));
            for (at, class) in cut.classes().iter().enumerate() {
                let there = same.classes().iter().position(|other| other.name == class.name).unwrap();
                prop_assert!(evidence.column(at).map(f32::to_bits).eq(others.column(there).map(f32::to_bits)));
            }
        }
    }

    #[test]
    fn a_cut_that_is_kept_scores_as_it_did((labels, _) in labels(), count in 1..24usize) {
        let (scorer, prepared) = (scorer(), labels.prepared());
        for tree in labels.trees() {
            let cut = tree.cut(count);
            let of_cut = scorer.cut(&prepared, &labels.set, &cut).unwrap();
            let kept = labels.set.fold(&cut).unwrap();
            let number = |id: LabelId| labels.numbers[labels.set.labels().iter().position(|l| l.id == id).unwrap()];
            let parts = vectors(kept.parts().iter().map(|part| number(part.label.id)));
            let of_kept = scorer.prepare(parts, &kept).unwrap();
            let place = |class: &str| kept.labels().iter().position(|label| label.name == class).unwrap();
            let order: Vec<usize> = cut.classes().iter().map(|class| place(&class.name)).collect();
            let (folded, prepared) = scorer.fold(&prepared, &labels.set, &cut).unwrap();
            prop_assert_eq!(&folded, &kept);
            let [there, here] = [&prepared, &of_kept].map(|labels| scorer.score(&texts(30), labels, &OPTIONS[0]).unwrap());
            prop_assert_eq!(there, here);
            let [before, after] = [&of_cut, &of_kept].map(|labels| scorer.score(&texts(30), labels, &OPTIONS[0]).unwrap());
            for text in 0..before.len() {
                for (at, &there) in order.iter().enumerate() {
                    prop_assert_eq!(before.probability(text)[at].to_bits(), after.probability(text)[there].to_bits());
                    prop_assert_eq!(before.on(text)[at], after.on(text)[there]);
                }
            }
            let [before, after] = [&of_cut, &of_kept].map(|labels| scorer.score(&texts(30), labels, &OPTIONS[1]).unwrap());
            for text in 0..before.len() {
                prop_assert_eq!(chosen(&before, text), chosen(&after, text));
            }
        }
    }
}

#[test]
fn tags_are_counted_and_joined() {
    let tags = Tags::from_rows(3, [vec![0, 1], vec![1], vec![], vec![2, 1], vec![0, 9]].into_iter());
    assert_eq!((tags.len(), tags.width(), tags.none()), (5, 3, 1));
    assert_eq!([0, 1, 2].map(|label| tags.count(label)), [2, 3, 1]);
    assert_eq!((tags.both(0, 1), tags.either(0, 1), tags.both(0, 2)), (1, 4, 0));
    assert_eq!(tags.texts(1).collect::<Vec<_>>(), [0, 1, 3]);
    let joined = tags.join(&[vec![0, 2], vec![1]]);
    assert_eq!([0, 1].map(|label| joined.count(label)), [3, 3]);
    assert!(joined.has(3, 0) && !tags.has(3, 0));
}

#[test]
fn a_cut_of_other_labels_is_refused() {
    let scorer = scorer();
    let (one, two) = (set(&["joy"]), set(&["joy", "anger"]));
    let labels = scorer.prepare(vectors(0..2), &two).unwrap();
    for (set, tree) in [(&two, &one), (&one, &two), (&one, &one)] {
        let error = scorer.cut(&labels, set, &Tree::of_parents(tree).cut(9)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadInput);
        assert_eq!(error.to_string(), "the cut is not one of these labels: cut the set as it is now");
    }
}

#[test]
fn words_for_their_own_sake_are_not_scored_through_terms() {
    let scorer = scorer();
    let set = set(&["joy"]);
    let labels = scorer.prepare(vectors([5]), &set).unwrap();
    let words = scorer.prepare_words(vectors([5]), &set).unwrap();
    let [through, alone] = [&labels, &words].map(|labels| scorer.evidence(&texts(5), labels).unwrap());
    assert!((0..5).all(|text| through.row(text)[0] > alone.row(text)[0]));
    // What the lexicon does not know has no terms in either.
    let unknown = self::set(&["zeal"]);
    let labels = scorer.prepare(vectors([5]), &unknown).unwrap();
    assert_eq!(scorer.evidence(&texts(5), &labels).unwrap(), alone);
}

#[test]
fn wordings_of_what_is_folded_are_encoded() {
    let set = below(&[("joy", ""), ("anger", ""), ("fury", "anger")]);
    let kept = set.fold(&Tree::of_parents(&set).cut(2)).unwrap();
    let mut wordings = Wordings::default();
    assert_eq!(wordings.missing(&kept), ["joy", "anger", "fury"]);
    wordings.learn(wordings.missing(&kept), &vectors(0..3).into()).unwrap();
    assert_eq!(wordings.matrix(&kept, DIM).unwrap().unwrap(), vectors(0..3));
    assert_eq!(scorer().prepare(vectors(0..3), &kept).unwrap().len(), 2);
    let error = scorer().prepare(vectors(0..2), &kept).unwrap_err().to_string();
    assert_eq!(error, "3 labels came with 2 vectors: encode the label set as it is now");
}

#[test]
fn parents_are_split_level_by_level_and_have_a_leaf_of_their_own() {
    let set = below(&[("joy", ""), ("anger", ""), ("rage", "anger"), ("fury", "rage"), ("annoyance", "anger")]);
    let tree = Tree::of_parents(&set);
    assert_eq!(tree.counts(), [2, 4, 5]);
    assert_eq!(told(&set, &tree.cut(2)), "anger: anger annoyance fury rage | joy");
    assert_eq!(told(&set, &tree.cut(4)), "anger | annoyance | joy | rage: fury rage");
    assert_eq!(told(&set, &tree.cut(5)), "anger | annoyance | fury | joy | rage");
    let cut = tree.cut(2);
    let class = &cut.classes()[1];
    assert_eq!((class.key, class.label), (id(&set, "anger"), Some(id(&set, "anger"))));
    // Three are as near to two as to four: the smaller number.
    assert_eq!(tree.cut(3).len(), 2);
}

#[test]
fn labels_without_parents_have_one_cut() {
    let tree = Tree::of_parents(&set(&["joy", "anger", "fear"]));
    assert_eq!(tree.counts(), [3]);
    assert_eq!(tree.cut(1).len(), 3);
}

#[test]
fn the_lexicon_is_cut_at_its_levels() {
    let lexicon = lexicon();
    let set = lexicon.labels().unwrap();
    let tree = by_lexicon(&set, background().terms(), &background()).unwrap();
    // Vanity and longing are where the rest of their family and basic emotion is.
    assert_eq!(
        told(&set, &tree.cut(3)),
        "negative: anger dread fear fury irritation | neutral | \
         positive: affection delight joy longing pride tenderness triumph vanity"
    );
    assert_eq!(
        told(&set, &tree.cut(5)),
        "anger: anger fury irritation | fear: dread fear | joy: delight joy pride triumph vanity | \
         love: affection longing tenderness | neutral"
    );
    assert_eq!(
        told(&set, &tree.cut(8)),
        "anger: anger fury | fear: dread fear | irritation | joy: delight joy | longing | love: affection tenderness | \
         neutral | pride: pride triumph vanity"
    );
    assert_eq!(tree.cut(100).len(), lexicon.len());
}

#[test]
fn a_label_goes_where_its_name_or_else_its_nearest_term_belongs() {
    let set = set(&["feeling fury", "negative", "about to churn", "happiness", "joy", "anger"]);
    // "about to churn" lies at "dread", the 13th term.
    let vectors = vectors([1, 2, 912, 4, 5, 6]);
    let tree = by_lexicon(&set, &vectors, &background()).unwrap();
    assert_eq!(told(&set, &tree.cut(2)), "joy: happiness joy | negative: about to churn anger feeling fury negative");
    // "joy" is the lexicon's name for happiness, but a label is called so: the class must not be taken for it where it is not.
    assert_eq!(told(&set, &tree.cut(4)), "about to churn | anger: anger feeling fury | joy: happiness joy | negative");
}

#[test]
fn without_a_lexicon_there_is_one_cut_and_names_are_the_labels() {
    let set = set(&["joy", "anger"]);
    let tree = by_lexicon(&set, &vectors(0..2), &Background::none(DIM)).unwrap();
    assert_eq!(tree.counts(), [2]);
    let tree = by_distance(&set, &Distances::by_meaning(&vectors(0..2)), &Lexicon::default()).unwrap();
    assert_eq!(tree.counts(), [2]);
}

#[test]
fn near_labels_are_one_class_and_meet_from_left_to_right() {
    // Angles in degrees: two pairs, and one apart.
    let angle = |degrees: f32| vec![degrees.to_radians().cos(), degrees.to_radians().sin()];
    let set = set(&["a", "b", "c", "d", "e"]);
    let vectors = Embeddings::new(2, [0.0, 50.0, 2.0, 55.0, 120.0].into_iter().flat_map(angle).collect()).unwrap();
    let distances = Distances::by_meaning(&vectors);
    assert!((distances.between(0, 1) - (1.0 - 50f64.to_radians().cos())).abs() < 1e-6);
    assert_eq!(distances.between(1, 0), distances.between(0, 1));
    assert_eq!(distances.between(3, 3), 0.0);
    let tree = by_distance(&set, &distances, &Lexicon::default()).unwrap();
    assert_eq!(classes(&set, &tree.cut(3)).into_values().map(|members| members.len()).max(), Some(2));
    assert_eq!(tree.cut(3).class_of(id(&set, "a")), tree.cut(3).class_of(id(&set, "c")));
    assert_eq!(tree.cut(3).class_of(id(&set, "b")), tree.cut(3).class_of(id(&set, "d")));
    let order: Vec<&str> = tree.leaves().iter().map(|&id| set.get(id).unwrap().name.as_str()).collect();
    assert_eq!(order, ["a", "c", "b", "d", "e"]);
}

/// A case of SciPy's: `fixtures/linkage.py`.
#[derive(serde::Deserialize)]
struct Reference {
    dim: usize,
    vectors: Vec<f32>,
    /// For each number of classes the group of each label.
    groups: BTreeMap<usize, Vec<usize>>,
}

#[test]
fn dendrograms_are_cut_as_scipy_cuts_them() {
    let cases: Vec<Reference> = serde_json::from_str(include_str!("fixtures/linkage.json")).unwrap();
    assert_eq!(cases.len(), 4);
    for Reference { dim, vectors, groups } in cases {
        let vectors = Embeddings::new(dim, vectors).unwrap();
        let names: Vec<String> = (0..vectors.len()).map(|i| format!("label {i}")).collect();
        let set = set(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let tree = by_distance(&set, &Distances::by_meaning(&vectors), &Lexicon::default()).unwrap();
        for (count, groups) in groups {
            let cut = tree.cut(count);
            let class = |label: usize| cut.class_of(set.labels()[label].id);
            for (a, b) in (0..groups.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
                assert_eq!(class(a) == class(b), groups[a] == groups[b], "labels {a} and {b} in {count} classes");
            }
        }
    }
}

#[test]
fn labels_that_rise_and_fall_together_are_one_class() {
    let set = set(&["up", "also up", "down"]);
    let up: Vec<f32> = (0..100).map(|text| (text as f32).sin()).collect();
    let also: Vec<f32> = up.iter().map(|x| 3.0 * x + 5.0).collect();
    let down: Vec<f32> = up.iter().map(|x| -x).collect();
    let distances = Distances::by_texts(&[&up, &also, &down]);
    assert!(distances.between(0, 1) < 1e-5 && (distances.between(0, 2) - 2.0).abs() < 1e-5);
    let tree = by_distance(&set, &distances, &Lexicon::default()).unwrap();
    assert_eq!(told(&set, &tree.cut(2)).split(" | ").count(), 2);
    assert_eq!(tree.cut(2).class_of(id(&set, "up")), tree.cut(2).class_of(id(&set, "also up")));
}

#[test]
fn a_class_has_the_lexicons_name_for_exactly_its_labels() {
    let set = set(&["fury", "anger", "joy", "delight", "zeal"]);
    // "fury" and "anger" are near each other, and so are "joy", "delight" and "zeal", which the lexicon does not know.
    let near = |to: usize, number: usize| {
        let (a, b) = (vectors([to]), vectors([number]));
        a.row(0).iter().zip(b.row(0)).map(|(a, b)| a + 0.05 * b).collect::<Vec<f32>>()
    };
    let rows = [near(1, 10), near(1, 11), near(2, 12), near(2, 13), near(2, 14)].concat();
    let tree = by_distance(&set, &Distances::by_meaning(&Embeddings::new(DIM, rows).unwrap()), &lexicon()).unwrap();
    let cut = tree.cut(2);
    let names: BTreeSet<&str> = cut.classes().iter().map(|class| class.name.as_str()).collect();
    assert!(names.contains("anger"), "{names:?}");
    let other = cut.classes().iter().find(|class| class.members.len() == 3).unwrap();
    assert_eq!(other.name, set.get(other.key).unwrap().name);
}

#[test]
fn what_cannot_be_cut_says_so_or_is_one_class() {
    let none = set(&[]);
    for tree in [Tree::of_parents(&none), by_lexicon(&none, &vectors([]), &background()).unwrap()] {
        assert!(tree.is_empty() && tree.cut(5).is_empty());
    }
    let none = by_distance(&none, &Distances::by_meaning(&vectors([])), &lexicon()).unwrap();
    assert!(none.is_empty() && none.cut(5).is_empty());

    let one = set(&["joy"]);
    let tree = by_distance(&one, &Distances::by_meaning(&vectors([1])), &lexicon()).unwrap();
    assert_eq!((tree.counts(), told(&one, &tree.cut(9)).as_str()), (&[1][..], "joy"));

    // Two labels of one meaning.
    let two = set(&["glad", "happy"]);
    let tree = by_distance(&two, &Distances::by_meaning(&vectors([1, 1])), &lexicon()).unwrap();
    assert_eq!(tree.counts(), [2]);

    let error = by_distance(&two, &Distances::by_meaning(&vectors([1])), &lexicon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
    assert_eq!(error.to_string(), "distances of 1 labels came with 2 labels: measure the label set as it is now");
    let error = by_lexicon(&two, &vectors([1]), &background()).unwrap_err();
    assert_eq!(error.to_string(), "2 labels came with 1 vectors: encode the label set as it is now");
    let short = Embeddings::new(2, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
    let error = by_lexicon(&two, &short, &background()).unwrap_err().to_string();
    assert!(error.starts_with("the lexicon has vectors of length 12 and labels of 2"), "{error}");

    let tree = Tree::of_parents(&below(&[("a", ""), ("b", "a")]));
    for nodes in [&[0][..], &[0, 0], &[0, 2], &[7], &[]] {
        let error = tree.cut_through(nodes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadLabels, "{nodes:?}");
    }
    assert_eq!(tree.cut_through(tree.roots()).unwrap().len(), 1);
}

#[test]
fn a_thousand_labels_are_cut_anywhere() {
    let names: Vec<String> = (0..1000).map(|i| format!("label {i}")).collect();
    let set = set(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let tree = by_distance(&set, &Distances::by_meaning(&vectors(0..1000)), &lexicon()).unwrap();
    assert_eq!(tree.counts().len(), 999);
    for classes in [2, 27, 500, 1000] {
        assert_eq!(tree.cut(classes).len(), classes);
    }
    // One below the other.
    let mut deep = LabelSet::new("deep");
    let ids: Vec<LabelId> = names.iter().map(|name| deep.add(name).unwrap()).collect();
    for pair in ids.windows(2) {
        deep.set_parent(pair[1], Some(pair[0])).unwrap();
    }
    let tree = Tree::of_parents(&deep);
    assert_eq!((tree.counts()[0], tree.counts().len()), (2, 999));
    assert_eq!(deep.fold(&tree.cut(3)).unwrap().parts().len(), 1000);
}

#[test]
fn a_cycle_of_parents_is_a_sentence() {
    let json = r#"{"name":"x","labels":[{"name":"a","parent":"b"},{"name":"b","parent":"a"}]}"#;
    let error = LabelSet::from_json(json).unwrap_err().to_string();
    assert_eq!(error, "label 1 ('a') is its own ancestor: give it another parent");
    let json = r#"{"name":"x","labels":[{"name":"c","folded":[{"name":"a","parent":"b"},{"name":"b","parent":"a"}]}]}"#;
    let error = LabelSet::from_json(json).unwrap_err().to_string();
    let place = "label 1 ('a') of those folded into label 1 ('c')";
    assert_eq!(error, format!("{place} is its own ancestor: give it another parent"));
}

#[test]
fn a_cut_that_is_kept_is_the_label_set() {
    let mut set =
        below(&[("joy", ""), ("negative", ""), ("anger", "negative"), ("fury", "anger"), ("fear", "negative")]);
    set.set_description(id(&set, "negative"), "Bad.").unwrap();
    set.set_threshold(id(&set, "negative"), Some(0.7)).unwrap();
    set.set_synonyms(id(&set, "anger"), vec!["mad".into()]).unwrap();
    let tree = Tree::of_parents(&set);
    // The finest cut is the set.
    assert_eq!(set.fold(&tree.cut(5)).unwrap(), set);

    let kept = set.fold(&tree.cut(4)).unwrap();
    let names: Vec<&str> = kept.labels().iter().map(|label| label.name.as_str()).collect();
    assert_eq!(names, ["joy", "negative", "anger", "fear"]);
    let anger = kept.find("anger").unwrap();
    assert_eq!((anger.id, anger.parent), (id(&set, "anger"), Some(id(&set, "negative"))));
    assert_eq!(anger.folded.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["anger", "fury"]);
    assert_eq!(kept.holder(id(&set, "fury")).unwrap().id, anger.id);

    // Folded again, what was folded stays so.
    let coarse = kept.fold(&Tree::of_parents(&kept).cut(2)).unwrap();
    let negative = coarse.find("negative").unwrap();
    assert_eq!((negative.id, negative.threshold), (id(&set, "negative"), Some(0.7)));
    assert_eq!(coarse.parts().len(), 5);
    assert_eq!(coarse.holder(id(&set, "fury")).unwrap().name, "negative");
    let mut again = coarse.clone();
    again.unfold(negative.id).unwrap();
    assert_eq!(again, kept);
    again.unfold(anger.id).unwrap();
    assert_eq!(again.labels().len(), 5);
    assert_eq!(again.get(id(&set, "fury")), set.get(id(&set, "fury")));
    // Nothing is folded into it.
    again.unfold(anger.id).unwrap();

    let stale = tree.cut(4);
    let mut other = set.clone();
    other.add("awe").unwrap();
    let error = other.fold(&stale).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadLabels);
    assert_eq!(error.to_string(), "the cut is not one of these labels: cut the set as it is now");
}

#[test]
fn what_was_done_to_a_class_counts_beside_what_it_folds() {
    let set = below(&[("joy", ""), ("anger", ""), ("fury", "anger")]);
    let mut kept = set.fold(&Tree::of_parents(&set).cut(2)).unwrap();
    let anger = id(&kept, "anger");
    kept.rename(anger, "being cross").unwrap();
    assert_eq!(kept.parts().iter().map(|part| part.index).collect::<Vec<_>>(), [0, 1, 1]);
    kept.set_synonyms(anger, vec!["cross".into()]).unwrap();
    assert_eq!(
        kept.parts().iter().map(|part| part.label.name.as_str()).collect::<Vec<_>>(),
        ["joy", "being cross", "anger", "fury"]
    );
    // Merged, it folds what both folded.
    let joy = id(&kept, "joy");
    kept.merge(anger, joy).unwrap();
    assert_eq!(kept.labels().len(), 1);
    assert_eq!(kept.parts().len(), 3);
    assert_eq!(kept.labels()[0].synonyms, ["being cross", "cross"]);
    // A name that is taken by now is told.
    kept.add("Fury").unwrap();
    let error = kept.unfold(joy).unwrap_err().to_string();
    assert_eq!(error, "'joy' cannot be unfolded, since there is a label 'Fury' by now: rename that one first");
    // Loaded again from elsewhere, what is folded keeps its ids.
    let again =
        set.reimport(LabelSet::from_json(&set.fold(&Tree::of_parents(&set).cut(2)).unwrap().to_json()).unwrap());
    assert_eq!(again.find("anger").unwrap().id, id(&set, "anger"));
    assert_eq!(again.holder(id(&set, "fury")).unwrap().id, id(&set, "anger"));
}

/// A pair of labels as so many texts have them: each, and both.
fn pair(counts: [usize; 2], both: usize, correlation: f64, cosine: f64) -> Pair {
    Pair { labels: [0, 1], cosine, correlation, counts, both }
}

#[test]
fn pairs_are_told_in_a_sentence() {
    let told = |pair: Pair| pair.sentence(["anger", "annoyance"]);
    assert_eq!(
        told(pair([1000, 1143], 940, 0.9, 0.7)),
        "anger and annoyance are hard to tell apart here: of 1,203 texts tagged with either, 940 have both"
    );
    assert_eq!(
        told(pair([60, 140], 40, 0.5, 0.7)),
        "anger and annoyance often go together here: of 160 texts tagged with either, 40 have both"
    );
    assert_eq!(
        told(pair([20, 1400], 19, 0.5, 0.7)),
        "anger is hardly found here without annoyance: of 20 texts tagged with anger, 19 have both"
    );
    assert_eq!(
        told(pair([1400, 20], 19, 0.5, 0.7)),
        "annoyance is hardly found here without anger: of 20 texts tagged with annoyance, 19 have both"
    );
    assert_eq!(
        told(pair([100, 100], 5, 0.85, 0.7)),
        "anger and annoyance rise and fall together here (correlation .85), though of 195 texts tagged with either, 5 have both"
    );
    assert_eq!(
        told(pair([100, 100], 5, 0.2, 0.2)),
        "anger and annoyance are two things here: of 195 texts tagged with either, 5 have both"
    );
    assert_eq!(
        told(pair([0, 5], 0, 0.2, 0.2)),
        "too few texts are tagged with anger or annoyance to tell them apart or not: 5"
    );
    assert_eq!(
        told(pair([30, 30], 30, 1.0, 0.99)),
        "anger and annoyance mean the same to the model (cosine .99); of 30 texts tagged with either, 30 have both"
    );
    assert_eq!(pair([0, 0], 0, 0.0, 0.0).share(), 0.0);
}

#[test]
fn overlaps_count_texts_and_name_the_most_alike_first() {
    // Of 30 texts: a and b in the same 15, c in others.
    let rows = (0..30).map(|text| if text < 15 { vec![0, 1] } else { vec![2] });
    let tags = Tags::from_rows(3, rows);
    let a: Vec<f32> = (0..30).map(|text| if text < 15 { 0.5 + 0.01 * text as f32 } else { 0.1 }).collect();
    let (b, c): (Vec<f32>, Vec<f32>) = (a.iter().map(|x| x + 0.1).collect(), a.iter().map(|x| -x).collect());
    let overlap = Overlap::new(&vectors([1, 2, 3]), &[&a, &b, &c], &tags).unwrap();
    assert_eq!((overlap.width(), overlap.pairs().len()), (3, 3));
    let pair = overlap.between(1, 0).unwrap();
    assert_eq!((pair.both, pair.either(), pair.share()), (15, 15, 1.0));
    assert!((pair.correlation - 1.0).abs() < 1e-5);
    assert!((overlap.between(0, 2).unwrap().correlation + 1.0).abs() < 1e-5);
    assert_eq!(overlap.between(2, 2), None);
    assert_eq!(overlap.between(0, 3), None);
    assert_eq!(overlap.alike().iter().map(|pair| pair.labels).collect::<Vec<_>>(), [[0, 1]]);
    assert_eq!(overlap.between(0, 2).unwrap().likeness(), Likeness::Apart);
    let error = Overlap::new(&vectors([1, 2, 3]), &[&a, &b], &tags).unwrap_err();
    assert_eq!(error.to_string(), "3 labels came with the evidence for 2 and the tags of 3");
}

/// Labels, and the evidence and tags of texts that have one window each.
struct Read {
    set: LabelSet,
    labels: Prepared,
    texts: TextVectors,
    evidence: Evidence,
    tags: Tags,
}

fn read(names: &[&str], numbers: &[usize], texts: TextVectors) -> Read {
    let scorer = scorer();
    let set = set(names);
    let labels = scorer.prepare(vectors(numbers.iter().copied()), &set).unwrap();
    let evidence = scorer.evidence(&texts, &labels).unwrap();
    let tags = Tags::of(&scorer.score(&texts, &labels, &OPTIONS[0]).unwrap());
    Read { set, labels, texts, evidence, tags }
}

fn columns(evidence: &Evidence) -> Vec<Vec<f32>> {
    (0..evidence.width()).map(|label| evidence.column(label).collect()).collect()
}

#[test]
fn labels_differ_most_where_one_is_far_ahead() {
    let Read { labels, evidence, tags, .. } = read(&["zeal", "awe"], &[1, 2], vectors(0..60).into());
    let columns = columns(&evidence);
    let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
    let [zeal, awe] = contrast(&scorer(), &labels, &columns, &tags, [0, 1], 5).unwrap();
    let scores = scorer().score(&vectors(0..60).into(), &labels, &OPTIONS[0]).unwrap();
    let lead = |text: &usize| scores.probability(*text)[0] - scores.probability(*text)[1];
    assert!(!zeal.is_empty() && !awe.is_empty());
    assert!(zeal.iter().all(|text| lead(text) > 0.0) && awe.iter().all(|text| lead(text) < 0.0));
    // The other way round they are the same.
    let [second, first] = contrast(&scorer(), &labels, &columns, &tags, [1, 0], 5).unwrap();
    assert_eq!(([first, second]), [zeal, awe]);
    let error = contrast(&scorer(), &labels, &columns, &tags, [0, 2], 5).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
}

#[test]
fn shares_of_classes_are_the_sums_of_their_labels() {
    let Read { set, labels, evidence, .. } = read(&["zeal", "awe", "calm", "grief"], &[1, 2, 3, 4], texts(10));
    let scorer = scorer();
    let tree = by_distance(&set, &Distances::by_meaning(&labels.vectors()), &lexicon()).unwrap();
    for text in 0..10 {
        let by_label = shares(&scorer, &labels, evidence.row(text));
        assert!((by_label.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(by_label.len(), 4);
    }
    assert_eq!(tree.cut(2).len(), 2);
}

/// Wordings of labels whose vectors are so far from the labels'.
fn wordings(set: &LabelSet, numbers: &[usize], texts: &TextVectors, off: &[f32]) -> Vec<Wording> {
    let scorer = scorer();
    let wording = |(round, off): (usize, &f32)| {
        let row = |&number: &usize| {
            let (own, other) = (vectors([number]), vectors([500 + 31 * round + number]));
            own.row(0).iter().zip(other.row(0)).map(|(a, b)| a + off * b).collect::<Vec<f32>>()
        };
        let rows = Embeddings::new(DIM, numbers.iter().flat_map(row).collect()).unwrap();
        let labels = scorer.prepare_words(rows, set).unwrap();
        Wording { evidence: scorer.evidence(texts, &labels).unwrap(), labels }
    };
    off.iter().enumerate().map(wording).collect()
}

const FIVE: [&str; 5] = ["zeal", "awe", "grief", "boredom", "shame"];

#[test]
fn a_curve_has_a_row_for_each_cut_and_knows_its_figures() {
    let numbers = [1, 2, 3, 4, 5];
    let Read { set, labels, evidence, texts, tags } = read(&FIVE, &numbers, vectors(0..200).into());
    let scorer = scorer();
    let words = wordings(&set, &numbers, &texts, &[0.0, 0.4, 0.6]);
    let gold = Tags::from_rows(5, (0..200).map(|text| vec![text % 5]));
    let support = Support::new(&scorer, &set, &labels, &evidence, OPTIONS[0], &words, Some(&gold)).unwrap();
    let tree = by_distance(&set, &Distances::by_meaning(&labels.vectors()), &lexicon()).unwrap();
    let rows: Vec<Row> = tree.counts().iter().map(|&count| support.row(&tree.cut(count)).unwrap()).collect();
    assert_eq!(rows.iter().map(|row| row.classes).collect::<Vec<_>>(), [2, 3, 4, 5]);
    for row in &rows {
        let stability = row.stability.unwrap();
        let interval = stability.interval.unwrap();
        assert!(interval.low <= stability.value && stability.value <= interval.high, "{row:?}");
        assert!(interval.width() < 0.3 && stability.value < 1.0 && stability.value > 0.0);
        assert!((0.0..=1.0).contains(&row.margin) && (0.0..=1.0).contains(&row.entropy));
        assert_eq!(row.by_class.len(), row.classes);
        let kappa = row.kappa.unwrap();
        assert!(kappa.interval.unwrap().low <= kappa.value);
    }
    // The finest cut is the set: its figures are those of the labels.
    let finest = &rows[3];
    assert_eq!(finest.none, tags.none() as f64 / 200.0);
    let matrix =
        |tags: &Tags| (0..200).map(|text| (0..5).map(|l| tags.has(text, l)).collect()).collect::<Vec<Vec<bool>>>();
    let f1 = macro_f1(&matrix(&gold), &matrix(&tags)).unwrap();
    assert!((finest.macro_f1.unwrap().value - f1).abs() < 1e-12);
    let of_label = |label: usize| {
        let has = |tags: &Tags| (0..200).map(|text| tags.has(text, label)).collect::<Vec<bool>>();
        cohen_kappa(&has(&gold), &has(&tags)).unwrap().unwrap()
    };
    let kappa = (0..5).map(of_label).sum::<f64>() / 5.0;
    assert!((finest.kappa.unwrap().value - kappa).abs() < 1e-12);
    // Light's kappa is the mean of Cohen's over the pairs of wordings.
    let choices: Vec<Vec<usize>> = words
        .iter()
        .map(|wording| {
            let scores = scorer.score(&texts, &wording.labels, &OPTIONS[1]).unwrap();
            (0..200).map(|text| scores.best(text).unwrap()).collect()
        })
        .collect();
    let pairs = [(0, 1), (0, 2), (1, 2)].map(|(a, b)| cohen_kappa(&choices[a], &choices[b]).unwrap().unwrap());
    assert!((finest.stability.unwrap().value - pairs.iter().sum::<f64>() / 3.0).abs() < 1e-12);
    // The same again, to the last bit.
    assert_eq!(support.row(&tree.cut(3)).unwrap(), rows[1]);
}

#[test]
fn the_same_words_agree_wholly_and_without_others_nothing_is_told() {
    let numbers = [1, 2, 3, 4, 5];
    let Read { set, labels, evidence, texts, .. } = read(&FIVE, &numbers, vectors(0..100).into());
    let scorer = scorer();
    let words = wordings(&set, &numbers, &texts, &[0.0, 0.0]);
    let support = Support::new(&scorer, &set, &labels, &evidence, OPTIONS[0], &words, None).unwrap();
    let tree = by_distance(&set, &Distances::by_meaning(&labels.vectors()), &lexicon()).unwrap();
    let row = support.row(&tree.cut(3)).unwrap();
    assert_eq!(row.stability.unwrap().value, 1.0);
    assert_eq!((row.kappa, row.macro_f1), (None, None));
    let support = Support::new(&scorer, &set, &labels, &evidence, OPTIONS[0], &[], None).unwrap();
    assert_eq!(support.row(&tree.cut(3)).unwrap().stability, None);

    let other = self::set(&["joy"]);
    let error = support.row(&Tree::of_parents(&other).cut(1)).unwrap_err().to_string();
    assert_eq!(error, "the cut is not one of these labels: cut the set as it is now");
    let gold = Tags::from_rows(5, [vec![0]].into_iter());
    let error = Support::new(&scorer, &set, &labels, &evidence, OPTIONS[0], &[], Some(&gold)).unwrap_err();
    assert_eq!(error.to_string(), "the evidence or tags are not those of 100 texts for 5 labels");
    let threshold = ScoreOptions { threshold: Some(7.0), ..OPTIONS[0] };
    assert!(Support::new(&scorer, &set, &labels, &evidence, threshold, &[], None).is_err());
}

/// A row of a curve, with an interval so wide.
fn row(classes: usize, stability: f64, width: f64, kappa: Option<f64>) -> Row {
    let estimate = |value: f64| undertone_core::granularity::Estimate {
        value,
        interval: Some(undertone_core::metrics::Interval { low: value - width / 2.0, high: value + width / 2.0 }),
    };
    Row {
        classes,
        stability: Some(estimate(stability)),
        by_class: vec![Some(stability); classes],
        margin: 0.5,
        entropy: 0.5,
        none: 0.1,
        macro_f1: None,
        kappa: kappa.map(estimate),
    }
}

#[test]
fn a_sentence_tells_where_the_curve_breaks() {
    let told = |rows: &[Row], texts| {
        let names: Vec<String> = (0..rows.last().map_or(0, |row| row.classes)).map(|i| format!("class {i}")).collect();
        Verdict::of(rows, texts, &names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let curve =
        |figures: &[(usize, f64)]| figures.iter().map(|&(n, kappa)| row(n, kappa, 0.04, None)).collect::<Vec<_>>();

    let verdict = told(&curve(&[(2, 0.95), (5, 0.9), (11, 0.81), (18, 0.7), (28, 0.62)]), 900);
    assert_eq!((verdict.reliable, verdict.lost, verdict.too_few), (Some(11), Some(18), false));
    assert!(verdict.sentence.starts_with(
        "Up to 11 classes, other words for the same labels tag the same texts (kappa .81); beyond 18 they no longer do (.62 at 28). Of the finest, class 0 (.62), "
    ), "{}", verdict.sentence);
    assert!(verdict.sentence.ends_with("and 23 more do not survive other words."), "{}", verdict.sentence);

    let verdict = told(&curve(&[(2, 0.95), (5, 0.9), (11, 0.75)]), 900);
    assert_eq!((verdict.reliable, verdict.lost), (Some(5), None));
    assert_eq!(
        verdict.sentence,
        "Up to 5 classes, other words for the same labels tag the same texts (kappa .90); beyond, they do so less and less (.75 at 11)."
    );
    let verdict = told(&curve(&[(2, 0.95), (5, 0.9)]), 900);
    assert_eq!(verdict.sentence, "At all 5 classes, other words for the same labels tag the same texts (kappa .90).");
    let verdict = told(&curve(&[(4, 0.7), (5, 0.6)]), 900);
    assert!(verdict.sentence.starts_with(
        "Even at 4 classes, other words for the same labels tag the same texts only roughly (kappa .70); beyond 4 they no longer do (.60 at 5)."
    ), "{}", verdict.sentence);
    let verdict = told(&curve(&[(4, 0.3), (5, 0.3)]), 900);
    assert!(
        verdict.sentence.starts_with("Even at 4 classes, other words for the same labels tag other texts (kappa .30).")
    );

    // One text, or so few that it could be anything.
    let verdict = told(&curve(&[(2, 0.9)]), 1);
    assert_eq!(
        (verdict.too_few, verdict.sentence.as_str()),
        (true, "Too few texts to tell: 1 text (kappa .90 at 2 classes, .88 to .92).")
    );
    let verdict = told(&[row(2, 0.75, 0.5, None)], 40);
    assert_eq!(verdict.sentence, "Too few texts to tell: 40 texts (kappa .75 at 2 classes, .50 to 1.00).");
    let silent = |classes| [Row { stability: None, ..row(classes, 0.9, 0.04, None) }];
    assert_eq!(told(&silent(2), 3).sentence, "Too few texts to tell: 3 texts.");
    assert!(told(&silent(2), 100).sentence.starts_with("How many classes these texts bear cannot be told"));
    assert_eq!(told(&silent(1), 100).sentence, "There is one class: nothing to tell apart.");

    let verdict = told(&[row(4, 0.9, 0.04, Some(0.43)), row(28, 0.85, 0.04, Some(0.3))], 900);
    assert!(
        verdict.sentence.ends_with("With people's labels, tags agree best at 4 classes (kappa .43); at 28 by .30."),
        "{}",
        verdict.sentence
    );
}

#[test]
fn labels_are_reworded_by_their_own_words_or_the_lexicons() {
    let mut set = set(&["joy", "zeal", "awe"]);
    set.set_template("a text full of {}").unwrap();
    let awe = id(&set, "awe");
    set.set_synonyms(awe, ["wonder", "Awe", "amazement", "marvel"].map(String::from).to_vec()).unwrap();
    let words = Rewordings::of(&set, &lexicon());
    assert_eq!(words.reworded, 2);
    assert_eq!(
        words.rounds,
        [
            ["a text full of joy", "a text full of zeal", "a text full of awe"],
            ["feeling joy", "a text full of zeal", "wonder"],
            ["feeling joy", "a text full of zeal", "amazement"],
            ["feeling joy", "a text full of zeal", "marvel"],
        ]
    );
    set.set_description(awe, " It is vast. ").unwrap();
    assert_eq!(Rewordings::of(&set, &lexicon()).rounds[3][2], "It is vast.");
    assert!(Rewordings::of(&self::set(&["zeal"]), &lexicon()).rounds.is_empty());
}

#[test]
fn few_texts_are_all_judged_and_many_evenly() {
    assert_eq!(sample(3), [0, 1, 2]);
    assert!(sample(0).is_empty());
    let many = sample(100_000);
    assert_eq!((many.len(), many[0], many[1], many[4_999]), (5_000, 0, 20, 99_980));
    assert_eq!(ladder(&[2, 3, 7]), [2, 3, 7]);
    let rungs = ladder(&(2..=254).collect::<Vec<_>>());
    assert!(rungs.len() <= 40 && rungs.is_sorted_by(|a, b| a < b));
    assert_eq!((rungs[..5].to_vec(), *rungs.last().unwrap()), (vec![2, 3, 4, 5, 6], 254));
    assert!(ladder(&[]).is_empty());
}

/// Texts around the vectors of these numbers, so many of each.
fn around(numbers: &[usize], each: usize) -> TextVectors {
    let near = |(i, &number): (usize, &usize)| {
        (0..each).flat_map(move |n| {
            let (own, noise) = (vectors([number]), vectors([3000 + i * 100 + n]));
            own.row(0).iter().zip(noise.row(0)).map(|(a, b)| a + 0.15 * b).collect::<Vec<f32>>()
        })
    };
    Embeddings::new(DIM, numbers.iter().enumerate().flat_map(near).collect()).unwrap().into()
}

#[test]
fn terms_and_groups_that_no_label_covers_are_suggested() {
    // Texts of "fury" (the 10th term), of the label, and of something that nothing is near to.
    let texts = around(&[909, 1, 7], 12);
    let Read { set, labels, tags, .. } = read(&["zeal"], &[1], texts.clone());
    let found = missing(&scorer(), &set, &labels, &texts, &tags, 3).unwrap();
    let fury = found.iter().find(|suggestion| suggestion.name == "fury").expect("the term is suggested");
    assert!(fury.is_term && fury.texts.iter().all(|text| *text < 12));
    assert_eq!((fury.examples.len(), fury.texts.len() >= 10), (3, true));
    assert!(fury.examples.iter().all(|text| fury.texts.contains(text)));
    assert_eq!(fury.vector, vectors([909]).row(0));
    // None is a text that a label covers, and each text is told once.
    let all: Vec<usize> = found.iter().flat_map(|suggestion| suggestion.texts.clone()).collect();
    assert!(all.iter().all(|&text| !tags.has(text, 0)));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());

    // What a label says already, in whatever words, is not missing.
    let Read { set, labels, tags, .. } = read(&["zeal", "feeling fury"], &[1, 3], texts.clone());
    let found = missing(&scorer(), &set, &labels, &texts, &tags, 3).unwrap();
    assert!(found.iter().all(|suggestion| !suggestion.is_term || suggestion.name != "fury"));

    let error = missing(&scorer(), &set, &labels, &texts.pick(&[0]), &tags, 3).unwrap_err().to_string();
    assert_eq!(error, "the tags of 2 labels are not those of 1 texts for 2 labels");
}

#[test]
fn a_label_is_split_into_what_it_stands_for() {
    // "anger" stands for itself, "fury" and "irritation".
    let texts = around(&[908, 909, 910], 8);
    let set = set(&["anger", "joy"]);
    let numbers = [908, 900];
    let scorer = scorer();
    let labels = scorer.prepare(vectors(numbers), &set).unwrap();
    let tags = Tags::from_rows(2, (0..24).map(|_| vec![0]));
    let found = split(&scorer, &set, &labels, &texts, &tags, id(&set, "anger"), 3).unwrap();
    let names: Vec<&str> = found.iter().filter(|s| s.is_term).map(|s| s.name.as_str()).collect();
    assert!(names.contains(&"fury") && names.contains(&"irritation"), "{names:?}");
    assert!(!names.contains(&"anger") && !names.contains(&"joy"));
    let fury = found.iter().find(|suggestion| suggestion.name == "fury").unwrap();
    assert!(fury.texts.iter().filter(|text| (8..16).contains(*text)).count() >= 6, "{fury:?}");
    let gone = set.labels()[1].id;
    let mut other = set.clone();
    other.remove(gone).unwrap();
    let error = split(&scorer, &set, &labels, &texts.pick(&[1]), &tags, gone, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
}

#[test]
fn odd_texts_and_labels_are_answered() {
    let scorer = scorer();
    for names in [&["joy"][..], &["glad", "happy"]] {
        let numbers = vec![7; names.len()];
        for count in [1usize, 30] {
            // One text, or the same text many times.
            let texts: TextVectors = vectors(vec![3; count]).into();
            let Read { set, labels, evidence, tags, .. } = read(names, &numbers, texts.clone());
            let words = wordings(&set, &numbers, &texts, &[0.0, 0.3]);
            let support = Support::new(&scorer, &set, &labels, &evidence, OPTIONS[0], &words, Some(&tags)).unwrap();
            let columns = columns(&evidence);
            let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
            let tree = by_distance(&set, &Distances::by_texts(&columns), &lexicon()).unwrap();
            let rows: Vec<Row> = tree.counts().iter().map(|&count| support.row(&tree.cut(count)).unwrap()).collect();
            let verdict = Verdict::of(&rows, count, names);
            assert!(verdict.sentence.ends_with('.'), "{}", verdict.sentence);
            assert!(rows.iter().all(|row| row.margin.is_finite() && row.entropy.is_finite() && row.none.is_finite()));
            let overlap = Overlap::new(&labels.vectors(), &columns, &tags).unwrap();
            overlap.pairs().iter().for_each(|pair| assert!(!pair.sentence(["a", "b"]).is_empty()));
            missing(&scorer, &set, &labels, &texts, &tags, 3).unwrap();
            split(&scorer, &set, &labels, &texts, &tags, set.labels()[0].id, 3).unwrap();
        }
    }
    // No texts at all.
    let none: TextVectors = vectors([]).into();
    let Read { set, labels, evidence, tags, .. } = read(&["joy", "anger"], &[1, 2], none.clone());
    let support = Support::new(&scorer, &set, &labels, &evidence, OPTIONS[0], &[], None).unwrap();
    let row = support.row(&Tree::of_parents(&set).cut(2)).unwrap();
    assert_eq!((row.stability, row.margin, row.none), (None, 0.0, 0.0));
    assert!(missing(&scorer, &set, &labels, &none, &tags, 3).unwrap().is_empty());
    // Without a lexicon there are no terms to suggest.
    let bare = Scorer::new(Calibration::default(), Background::none(DIM)).unwrap();
    let labels = bare.prepare(vectors([1, 2]), &set).unwrap();
    let tags = Tags::from_rows(2, (0..20).map(|_| vec![]));
    let found = missing(&bare, &set, &labels, &vectors(vec![3; 20]).into(), &tags, 3).unwrap();
    assert_eq!(found.iter().map(|suggestion| suggestion.texts.len()).collect::<Vec<_>>(), [20]);
}
