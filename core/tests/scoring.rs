//! Vectors, scores and affect.

use proptest::prelude::*;
use undertone_core::{
    Affect, AffectHead, Background, Calibration, Embeddings, ErrorKind, LabelSet, Mode, Result, ScoreOptions, Scorer,
    Scores, TextVectors,
};

/// A scorer that knows nothing but the cosine.
fn scorer(dim: usize) -> Scorer {
    Scorer::new(Calibration::default(), Background::none(dim)).unwrap()
}

fn score(texts: &Embeddings, labels: &Embeddings, set: &LabelSet, options: &ScoreOptions) -> Result<Scores> {
    let scorer = scorer(texts.dim());
    scorer.score(&texts.clone().into(), &scorer.prepare(labels.clone(), set)?, options)
}

const SINGLE: ScoreOptions = ScoreOptions { mode: Mode::Single, threshold: None };

fn multi(threshold: Option<f32>) -> ScoreOptions {
    ScoreOptions { mode: Mode::Multi, threshold }
}

fn refused<T: std::fmt::Debug>(kind: ErrorKind, result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind);
    error.to_string()
}

/// Labels called "0", "1", ... each with the given cosine to the text (1, 0).
fn labels(cosines: &[f32]) -> (LabelSet, Embeddings) {
    let mut set = LabelSet::new("test");
    for i in 0..cosines.len() {
        set.add(&i.to_string()).unwrap();
    }
    let rows = cosines.iter().flat_map(|&c| [c, (1.0 - c * c).sqrt()]).collect();
    (set, Embeddings::new(2, rows).unwrap())
}

fn one_text() -> Embeddings {
    Embeddings::new(2, vec![1.0, 0.0]).unwrap()
}

fn scored(set: &LabelSet, vectors: &Embeddings, options: &ScoreOptions) -> Scores {
    score(&one_text(), vectors, set, options).unwrap()
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6)
}

#[test]
fn rows_become_unit_vectors() {
    let vectors = Embeddings::new(2, vec![3.0, 4.0, -0.1, 0.0]).unwrap();
    assert_eq!((vectors.dim(), vectors.len(), vectors.is_empty()), (2, 2, false));
    assert!(close(vectors.row(0), &[0.6, 0.8]) && close(vectors.row(1), &[-1.0, 0.0]));
    assert_eq!(vectors.rows().map(<[f32]>::len).collect::<Vec<_>>(), [2, 2]);
    // Neither overflow nor underflow of the squares makes a direction disappear.
    let vectors = Embeddings::new(2, vec![1e30, 1e30, 1e-30, 0.0]).unwrap();
    assert!(close(vectors.row(0), &[0.5f32.sqrt(), 0.5f32.sqrt()]) && close(vectors.row(1), &[1.0, 0.0]));
}

#[test]
fn what_are_no_vectors() {
    let refused = |dim, values| refused(ErrorKind::BadInput, Embeddings::new(dim, values));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let message = "row 1 of the vectors has a value that is not a finite number";
        assert_eq!(refused(2, vec![1.0, 0.0, 0.0, bad]), message);
    }
    let message = "row 1 of the vectors has no direction: all its values are zero";
    assert_eq!(refused(2, vec![1.0, 0.0, 0.0, 0.0]), message);
    assert_eq!(refused(2, vec![1.0; 3]), "3 values do not make vectors of length 2");
    assert_eq!(refused(0, vec![]), "0 values do not make vectors of length 0");
}

#[test]
fn vectors_follow_vectors_of_the_same_length() {
    let mut vectors = Embeddings::empty(2);
    vectors.push(&one_text()).unwrap();
    vectors.push(&Embeddings::empty(2)).unwrap();
    assert_eq!(vectors, one_text());
    let message = "vectors of length 3 cannot follow vectors of length 2";
    assert_eq!(refused(ErrorKind::BadInput, vectors.push(&Embeddings::empty(3))), message);
}

#[test]
fn the_mean_is_a_direction() {
    assert!(close(&Embeddings::mean(&[&[1.0, 0.0], &[0.0, 1.0]]).unwrap(), &[0.5f32.sqrt(), 0.5f32.sqrt()]));
    let refused = |rows: &[&[f32]]| refused(ErrorKind::BadInput, Embeddings::mean(rows));
    assert_eq!(refused(&[]), "no vectors have no mean");
    assert_eq!(refused(&[&[1.0], &[1.0, 0.0]]), "vectors of lengths 1 and 2 have no mean");
    let message = "the mean of 2 vectors has no direction: all its values are zero";
    assert_eq!(refused(&[&[1.0, 0.0], &[-1.0, 0.0]]), message);
    let message = "the mean of 1 vectors has a value that is not a finite number";
    assert_eq!(refused(&[&[f32::NAN, 0.0]]), message);
}

#[test]
fn several_labels_by_threshold() {
    let (mut set, vectors) = labels(&[0.5, 0.6, 0.3]);
    let scores = scored(&set, &vectors, &multi(None));
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    assert_eq!((scores.len(), scores.width(), scores.is_empty()), (1, 3, false));
    assert!(close(scores.evidence(0), &[0.5, 0.6, 0.3]));
    assert!(close(scores.probability(0), &[0.5, sigmoid(1.0), sigmoid(-2.0)]));
    assert!((scores.none(0) - (1.0 - sigmoid(1.0))).abs() < 1e-6);
    assert_eq!(scores.best(0), Some(1));
    assert_eq!(scored(&set, &vectors, &multi(Some(0.7))).on(0), [false, true, false]);
    assert_eq!(scored(&set, &vectors, &multi(Some(0.0))).on(0), [true; 3]);
    assert_eq!(scored(&set, &vectors, &multi(Some(1.0))).on(0), [false; 3]);
    // A label's own threshold wins over both.
    let (second, third) = (set.labels()[1].id, set.labels()[2].id);
    set.set_threshold(second, Some(0.9)).unwrap();
    set.set_threshold(third, Some(0.1)).unwrap();
    assert_eq!(scored(&set, &vectors, &multi(Some(0.7))).on(0), [false, false, true]);
}

#[test]
fn children_lift_their_ancestors() {
    let (mut set, vectors) = labels(&[0.1, 0.2, 0.8, 0.3]);
    let ids: Vec<_> = set.labels().iter().map(|label| label.id).collect();
    set.set_parent(ids[2], Some(ids[0])).unwrap();
    set.set_parent(ids[0], Some(ids[1])).unwrap();
    let scores = scored(&set, &vectors, &multi(None));
    let probability = scores.probability(0);
    assert_eq!(probability[..2], [probability[2]; 2]);
    assert!(probability[3] < 0.5);
    assert_eq!(scores.on(0), [true, true, true, false]);
    // Evidence is a label's own.
    assert!(close(scores.evidence(0), &[0.1, 0.2, 0.8, 0.3]));
    assert_eq!(scores.best(0), Some(2));
}

#[test]
fn one_label_or_none() {
    let (mut set, vectors) = labels(&[0.4, 0.6, 0.55]);
    let scores = scored(&set, &vectors, &SINGLE);
    let logits = [-1.0f32, 1.0, 0.5];
    let total = 1.0 + logits.iter().map(|l| l.exp()).sum::<f32>();
    assert!(close(scores.probability(0), &logits.map(|l| l.exp() / total)));
    assert!((scores.none(0) - 1.0 / total).abs() < 1e-6);
    assert_eq!((scores.on(0), scores.best(0)), ([false, true, false].as_slice(), Some(1)));
    // The threshold of all others does not bind the winner, its own does.
    let strict = ScoreOptions { threshold: Some(0.99), ..SINGLE };
    assert_eq!(scored(&set, &vectors, &strict).on(0), [false, true, false]);
    let winner = set.labels()[1].id;
    set.set_threshold(winner, Some(0.9)).unwrap();
    assert_eq!(scored(&set, &vectors, &SINGLE).on(0), [false; 3]);
}

#[test]
fn none_wins() {
    for (cosines, wins) in [(vec![0.2, 0.49], true), (vec![0.5], true), (vec![0.51], false)] {
        let (set, vectors) = labels(&cosines);
        let scores = scored(&set, &vectors, &SINGLE);
        assert_eq!(scores.on(0).contains(&true), !wins, "{cosines:?}");
        assert_eq!(scores.none(0) >= scores.probability(0).iter().copied().fold(0.0, f32::max), wins);
        assert_eq!(scores.best(0), Some(cosines.len() - 1), "a forced choice ignores it");
    }
}

#[test]
fn no_labels_and_no_texts() {
    let (set, vectors) = (LabelSet::new("empty"), Embeddings::empty(2));
    for options in [multi(None), SINGLE] {
        let scores = scored(&set, &vectors, &options);
        assert_eq!((scores.len(), scores.width(), scores.none(0), scores.best(0)), (1, 0, 1.0, None));
        assert!(scores.probability(0).is_empty() && scores.on(0).is_empty());
        let (set, vectors) = labels(&[0.5]);
        let scores = score(&Embeddings::empty(2), &vectors, &set, &options).unwrap();
        assert!(scores.is_empty());
    }
}

#[test]
fn among_equals_the_closest_then_the_first() {
    let (set, vectors) = labels(&[0.9, 0.95, 0.95]);
    let certain = Calibration { scale: 1e6, bias: 0.0, ..Calibration::default() };
    let certain = Scorer::new(certain, Background::none(2)).unwrap();
    let scores =
        certain.score(&one_text().into(), &certain.prepare(vectors.clone(), &set).unwrap(), &multi(None)).unwrap();
    assert_eq!((scores.probability(0), scores.best(0)), ([1.0; 3].as_slice(), Some(1)));
    let scores = certain.score(&one_text().into(), &certain.prepare(vectors, &set).unwrap(), &SINGLE).unwrap();
    assert_eq!(scores.on(0), [false, true, false]);
    assert!(scores.probability(0).iter().all(|p| p.is_finite()));
}

#[test]
fn what_cannot_be_scored() {
    let (set, vectors) = labels(&[0.5, 0.6]);
    let text = one_text();
    let bad = |vectors: &Embeddings, options| refused(ErrorKind::BadInput, score(&text, vectors, &set, &options));
    let three = Embeddings::new(3, vec![1.0; 6]).unwrap();
    assert_eq!(bad(&three, SINGLE), "texts have vectors of length 2 and labels of 3: encode both with one model");
    assert_eq!(bad(&text, SINGLE), "2 labels came with 1 vectors: encode the label set as it is now");
    for threshold in [-0.5, 1.5, f32::NAN] {
        let message = format!("the threshold is {threshold}, it must be between 0 and 1");
        assert_eq!(bad(&vectors, multi(Some(threshold))), message);
    }
    let broken = [
        Calibration { scale: f32::NAN, ..Calibration::default() },
        Calibration { scale: 0.0, ..Calibration::default() },
        Calibration { crowding: -1.0, ..Calibration::default() },
        Calibration { bias: f32::INFINITY, ..Calibration::default() },
        Calibration { threshold: f32::NAN, ..Calibration::default() },
        Calibration { temperature: 0.001, ..Calibration::default() },
        Calibration { hubness: 1.5, ..Calibration::default() },
        Calibration { competition: -0.1, ..Calibration::default() },
        Calibration { descendants: f32::INFINITY, ..Calibration::default() },
        Calibration { windows: 0.0, ..Calibration::default() },
    ];
    for calibration in broken {
        let message = refused(ErrorKind::BadModel, Scorer::new(calibration, Background::none(2)));
        assert!(message.starts_with("the calibration's "), "{message}");
    }
}

#[test]
fn affect_is_read_and_clamped() {
    let head = AffectHead::new(2, vec![2.0, 0.0, 0.0, 100.0], [5.0, 5.0]).unwrap();
    assert_eq!(head.read(&[1.0, 0.0]).unwrap(), Affect { valence: 7.0, arousal: 5.0 });
    assert_eq!(head.read(&[0.0, 1.0]).unwrap(), Affect { valence: 5.0, arousal: 9.0 });
    assert_eq!(head.read(&[0.0, -1.0]).unwrap().arousal, 1.0);
    let json = serde_json::to_string(&head).unwrap();
    assert_eq!(serde_json::from_str::<AffectHead>(&json).unwrap(), head);
    refused(ErrorKind::BadInput, head.read(&[f32::NAN, 0.0]));
    let message = "a vector of length 3 does not fit an affect head of 2";
    assert_eq!(refused(ErrorKind::BadInput, head.read(&[1.0; 3])), message);
    let message = "the affect head has 3 weights, not twice 2: export the model again";
    assert_eq!(refused(ErrorKind::BadModel, AffectHead::new(2, vec![0.0; 3], [0.0; 2])), message);
    refused(ErrorKind::BadModel, AffectHead::new(1, vec![0.0; 2], [0.0, f32::NAN]));
}

#[test]
fn windows_make_one_text() {
    let (set, labels) = labels(&[1.0, 0.0]);
    // Two windows of which each expresses a label, then a text of one.
    let rows = Embeddings::new(2, vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.0]).unwrap();
    let texts = TextVectors::new(rows.clone(), [2, 1]).unwrap();
    let evidence = |windows: f32| {
        let scorer = Scorer::new(Calibration { windows, ..Calibration::default() }, Background::none(2)).unwrap();
        scorer.evidence(&texts, &scorer.prepare(labels.clone(), &set).unwrap()).unwrap()
    };
    let (mean, most) = (evidence(20.0), evidence(0.001));
    assert!(mean.row(0).iter().all(|e| (e - 0.5).abs() < 0.01), "{:?}", mean.row(0));
    assert!(most.row(0).iter().all(|e| (e - 1.0).abs() < 0.001), "{:?}", most.row(0));
    // A text of one window is scored as ever, to the last bit.
    assert_eq!(mean.row(1), [1.0, 0.0]);
    let head = AffectHead::new(2, vec![2.0, 0.0, 0.0, 2.0], [5.0, 5.0]).unwrap();
    let affect = head.read_texts(&texts).unwrap();
    assert_eq!(affect, [Affect { valence: 6.0, arousal: 6.0 }, Affect { valence: 7.0, arousal: 5.0 }]);

    assert_eq!(texts.windows(0), 0..2);
    assert!(close(&texts.mean(0).unwrap(), &[0.5f32.sqrt(), 0.5f32.sqrt()]));
    let mut twice = texts.clone();
    twice.push(&texts).unwrap();
    assert_eq!((twice.len(), twice.windows(2), twice.counts().collect::<Vec<_>>()), (4, 3..5, vec![2, 1, 2, 1]));
    let refused = |counts: &[usize]| refused(ErrorKind::BadInput, TextVectors::new(rows.clone(), counts.to_vec()));
    assert_eq!(refused(&[1, 0, 2]), "text 1 has no window");
    assert_eq!(refused(&[1, 1]), "3 vectors do not make 2 windows of texts");
}

/// A label's vector and its parent, which comes before it; a label that is its own has none.
type Node = (Vec<f32>, Option<usize>);

/// Texts, labels in some tree, and an order to shuffle the labels into.
fn world() -> impl Strategy<Value = (Embeddings, Vec<Node>, Vec<usize>)> {
    let row = || {
        prop::collection::vec(-1f32..1.0, 5).prop_map(|mut row| {
            row[0] += 1.5;
            row
        })
    };
    let label = move |i: usize| (row(), prop::option::of(0..i.max(1)));
    (1usize..7).prop_flat_map(move |n| {
        let labels: Vec<_> = (0..n).map(label).collect();
        let texts = prop::collection::vec(row(), 1..4).prop_map(|rows| Embeddings::new(5, rows.concat()).unwrap());
        (texts, labels, Just((0..n).collect::<Vec<_>>()).prop_shuffle())
    })
}

/// The labels in the given order.
fn arranged(labels: &[Node], order: &[usize]) -> (LabelSet, Embeddings) {
    let mut set = LabelSet::new("world");
    let ids: Vec<_> = order.iter().map(|i| (*i, set.add(&i.to_string()).unwrap())).collect();
    let id = |i: usize| ids.iter().find(|(other, _)| *other == i).unwrap().1;
    for &i in order {
        if let Some(parent) = labels[i].1.filter(|&parent| parent != i) {
            set.set_parent(id(i), Some(id(parent))).unwrap();
        }
    }
    let rows = order.iter().flat_map(|&i| labels[i].0.clone()).collect();
    (set, Embeddings::new(5, rows).unwrap())
}

proptest! {
    #[test]
    fn the_order_of_labels_never_matters((texts, labels, order) in world(), single: bool) {
        // In single mode they are added up in another order.
        let (options, tolerance) = if single { (SINGLE, 1e-6) } else { (multi(None), 0.0) };
        let own: Vec<usize> = (0..labels.len()).collect();
        let (set, vectors) = arranged(&labels, &own);
        let (shuffled_set, shuffled_vectors) = arranged(&labels, &order);
        let a = score(&texts, &vectors, &set, &options).unwrap();
        let b = score(&texts, &shuffled_vectors, &shuffled_set, &options).unwrap();
        for text in 0..texts.len() {
            prop_assert!((a.none(text) - b.none(text)).abs() < 1e-6);
            for (place, &label) in order.iter().enumerate() {
                prop_assert_eq!(a.evidence(text)[label], b.evidence(text)[place]);
                prop_assert!((a.probability(text)[label] - b.probability(text)[place]).abs() <= tolerance);
                prop_assert_eq!(a.on(text)[label], b.on(text)[place]);
            }
        }
    }

    #[test]
    fn probabilities_are_probabilities((texts, labels, order) in world(), single: bool) {
        let options = if single { SINGLE } else { multi(None) };
        let (set, vectors) = arranged(&labels, &order);
        let scores = score(&texts, &vectors, &set, &options).unwrap();
        for text in 0..texts.len() {
            let all = scores.probability(text);
            prop_assert!(all.iter().chain([&scores.none(text)]).all(|p| (0.0..=1.0).contains(p)));
            prop_assert!(scores.evidence(text).iter().all(|c| (-1.0..=1.0).contains(c)));
            if single {
                prop_assert!((all.iter().sum::<f32>() + scores.none(text) - 1.0).abs() < 1e-5);
                prop_assert!(scores.on(text).iter().filter(|on| **on).count() <= 1);
            } else {
                for (label, probability) in set.labels().iter().zip(all) {
                    let below = set.descendants(label.id);
                    let index = |id| set.labels().iter().position(|label| label.id == id).unwrap();
                    prop_assert!(below.iter().all(|below| all[index(below.id)] <= *probability));
                }
            }
        }
    }

    #[test]
    fn a_text_alone_scores_as_among_others((texts, labels, order) in world()) {
        let (set, vectors) = arranged(&labels, &order);
        let all = score(&texts, &vectors, &set, &multi(None)).unwrap();
        for (i, row) in texts.rows().enumerate() {
            let text = Embeddings::new(5, row.to_vec()).unwrap();
            let alone = score(&text, &vectors, &set, &multi(None)).unwrap();
            prop_assert_eq!(alone.probability(0), all.probability(i));
        }
    }

    #[test]
    fn unit_vectors_stay_bit_for_bit((texts, ..) in world()) {
        prop_assert_eq!(Embeddings::new(5, texts.as_slice().to_vec()).unwrap(), texts);
    }
}
