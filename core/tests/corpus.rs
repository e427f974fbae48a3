//! Texts that are scored again and again.

use proptest::prelude::*;
use undertone_core::{
    Background, Calibration, Corpus, Embeddings, ErrorKind, LabelSet, Lexicon, Mode, ScoreOptions, Scorer, Tags, Term,
    TextVectors, Tree,
};

const DIM: usize = 12;

/// Texts that differ with their number, some of them long.
fn texts(numbers: std::ops::Range<usize>) -> TextVectors {
    let counts: Vec<usize> = numbers.clone().map(|n| if n % 3 == 0 { 1 + n % 4 } else { 1 }).collect();
    let rows = numbers.zip(&counts).flat_map(|(n, count)| (0..*count).map(move |window| n + 2000 * window));
    TextVectors::new(vectors(rows.collect::<Vec<_>>()), counts.clone()).unwrap()
}

/// Vectors that differ with their number.
fn vectors(numbers: impl IntoIterator<Item = usize>) -> Embeddings {
    let wave = |n: usize| (0..DIM).map(move |i| ((n * DIM + i) as f32 * 12.9898).sin());
    Embeddings::new(DIM, numbers.into_iter().flat_map(wave).collect()).unwrap()
}

/// Joy and anger with two terms each, and neutral, before three reference texts.
fn scorer() -> Scorer {
    let term = |term: &str, basic: &str, sentiment: &str| Term {
        term: term.into(),
        family: basic.into(),
        basic: basic.into(),
        sentiment: sentiment.into(),
        ..Term::default()
    };
    let terms = vec![
        term("joy", "joy", "positive"),
        term("delight", "joy", "positive"),
        term("anger", "anger", "negative"),
        term("fury", "anger", "negative"),
        term("neutral", "neutral", "neutral"),
    ];
    let calibration = Calibration { descendants: 0.25, competition: 0.5, hubness: 0.3, ..Calibration::default() };
    Scorer::new(calibration, Background::new(Lexicon::from(terms), vectors(900..905), vectors(950..953)).unwrap())
        .unwrap()
}

/// What people do to texts and labels: add texts, put a label in or out, move the cut, or take back all that was done to
/// labels.
#[derive(Debug, Clone)]
enum Deed {
    Texts(usize),
    Label(usize),
    Cut(usize),
    Clear,
}

const NAMES: [&str; 7] = ["joy", "fury", "positive", "dread", "neutral", "anger", "negative"];

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        2 => (0..40usize).prop_map(Deed::Texts),
        8 => (0..NAMES.len()).prop_map(Deed::Label),
        4 => (1..9usize).prop_map(Deed::Cut),
        1 => Just(Deed::Clear),
    ];
    prop::collection::vec(deed, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn scores_are_those_of_the_scorer(
        deeds in deeds(), single: bool, threshold in prop::option::of(0f32..1.0), steps in 1usize..30,
    ) {
        let (scorer, mut count) = (scorer(), 0);
        let mut corpus = Corpus::new(scorer.clone(), DIM);
        let mut chosen: Vec<usize> = Vec::new();
        let mut classes = NAMES.len();
        for deed in deeds {
            match deed {
                Deed::Texts(more) => {
                    if more > 0 {
                        corpus.push(&texts(count..count + more)).unwrap();
                    }
                    count += more;
                }
                Deed::Label(label) => match chosen.iter().position(|&l| l == label) {
                    Some(place) => {
                        chosen.remove(place);
                    }
                    None => chosen.insert(chosen.len() / 2, label),
                },
                Deed::Cut(into) => classes = into,
                Deed::Clear => chosen.clear(),
            }
            let mut set = LabelSet::new("test");
            for &label in &chosen {
                let id = set.add(NAMES[label]).unwrap();
                // Some below others, and some with a threshold of their own.
                let above = set.find("negative").filter(|_| label % 2 == 1).map(|above| above.id);
                set.set_parent(id, above.filter(|&above| above != id)).unwrap();
                set.set_threshold(id, (label % 3 == 2).then_some(0.3)).unwrap();
            }
            let rows = chosen.iter().flat_map(|l| vectors([800 + l]).into_vec()).collect();
            let labels = scorer.prepare(Embeddings::new(DIM, rows).unwrap(), &set).unwrap();
            let labels = scorer.cut(&labels, &set, &Tree::of_parents(&set).cut(classes)).unwrap();
            let options = ScoreOptions { mode: if single { Mode::Single } else { Mode::Multi }, threshold };
            let expected = scorer.score(corpus.texts(), &labels, &options).unwrap();
            // Any text may be asked for before its columns are there, half-way, or afterwards.
            let some: Vec<usize> = (0..count).rev().step_by(2).collect();
            let of_some = |corpus: &Corpus| {
                let scores = corpus.score_texts(&labels, &options, &some).unwrap();
                some.iter().enumerate().all(|(i, &text)| scores.probability(i) == expected.probability(text))
            };
            prop_assert!(of_some(&corpus));
            // What is known by now is told of the first texts.
            let so_far = |corpus: &mut Corpus| {
                let tags = corpus.tags(&labels, &options).unwrap();
                (0..tags.len()).all(|text| (0..labels.len()).all(|l| tags.has(text, l) == expected.on(text)[l]))
            };
            prop_assert!(so_far(&mut corpus));
            if steps < 20 {
                corpus.advance(&labels, steps).unwrap();
                prop_assert!(so_far(&mut corpus));
                prop_assert!(of_some(&corpus));
                let mut turns = 0;
                while !corpus.advance(&labels, steps).unwrap() {
                    turns += 1;
                    prop_assert!(turns <= 2 * (count + chosen.len()));
                }
                prop_assert!(of_some(&corpus));
            }
            prop_assert_eq!(corpus.score(&labels, &options).unwrap(), expected.clone());
            prop_assert_eq!(corpus.tags(&labels, &options).unwrap(), Tags::of(&expected));
            let columns = corpus.columns(&labels).unwrap();
            for (text, expected) in (0..count).map(|text| (text, expected.evidence(text))) {
                prop_assert!(columns.iter().map(|column| column[text]).eq(expected.iter().copied()));
            }
            prop_assert_eq!(corpus.len(), count);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut corpus = Corpus::new(scorer(), DIM);
    let short = Embeddings::new(2, vec![1.0, 0.0]).unwrap();
    assert_eq!(corpus.push(&short.into()).unwrap_err().kind(), ErrorKind::BadInput);
    corpus.push(&texts(1..4)).unwrap();
    let labels = corpus.scorer().prepare(vectors([]), &LabelSet::new("none")).unwrap();
    let options = ScoreOptions { threshold: Some(2.0), ..ScoreOptions::default() };
    assert_eq!(corpus.score(&labels, &options).unwrap_err().kind(), ErrorKind::BadInput);
    assert_eq!(corpus.score(&labels, &ScoreOptions::default()).unwrap().len(), 3);
}
