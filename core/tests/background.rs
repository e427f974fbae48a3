//! Labels scored through the lexicon's terms.

use undertone_core::{
    Background, Calibration, Choice, Embeddings, ErrorKind, LabelSet, Lexicon, Mode, ScoreOptions, Scorer, Scores, Term,
};

fn term(term: &str, synonyms: &[&str], family: &str, basic: &str, sentiment: &str) -> Term {
    Term {
        term: term.into(),
        synonyms: synonyms.iter().map(|&s| s.into()).collect(),
        family: family.into(),
        basic: basic.into(),
        sentiment: sentiment.into(),
    }
}

fn lexicon() -> Lexicon {
    Lexicon::from(vec![
        term("joy", &["joyful"], "joy", "joy", "positive"),
        term("gratitude", &["thankful"], "gratitude", "joy", "positive"),
        term("affection", &["fond"], "love", "love", "positive"),
        term("sadness", &["sad"], "sadness", "sadness", "negative"),
        term("grief", &[], "sadness", "sadness", "negative"),
        term("neutral", &[], "neutral", "neutral", "neutral"),
    ])
}

/// Each term has a dimension of its own, and there are two more.
const DIM: usize = 8;

fn axis(i: usize) -> Vec<f32> {
    (0..DIM).map(|d| if d == i { 1.0 } else { 0.0 }).collect()
}

fn rows(rows: &[Vec<f32>]) -> Embeddings {
    Embeddings::new(DIM, rows.concat()).unwrap()
}

fn background() -> Background {
    let terms: Vec<_> = (0..6).map(axis).collect();
    Background::new(lexicon(), rows(&terms), rows(&[axis(6), axis(7)])).unwrap()
}

fn set(names: &[&str]) -> LabelSet {
    let mut set = LabelSet::new("test");
    for name in names {
        set.add(name).unwrap();
    }
    set
}

fn descendants(names: &[&str]) -> Vec<Vec<usize>> {
    background().descendants(&set(names))
}

/// The scores of a text along one axis, of labels that are close to no term themselves.
fn scored(calibration: Calibration, text: usize, names: &[&str], mode: Mode) -> Scores {
    let labels: Vec<_> = names.iter().map(|_| axis(7)).collect();
    let scorer = Scorer::new(calibration, background()).unwrap();
    let labels = scorer.prepare(rows(&labels), &set(names)).unwrap();
    scorer.score(&rows(&[axis(text)]).into(), &labels, &ScoreOptions { mode, threshold: None }).unwrap()
}

const THROUGH_TERMS: f32 = 0.25;

fn through_terms() -> Calibration {
    Calibration { descendants: THROUGH_TERMS, ..Calibration::default() }
}

#[test]
fn a_term_descends_from_the_finest_label_that_the_set_has() {
    assert_eq!(descendants(&["positive", "negative"]), [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!(descendants(&["joy", "sadness"]), [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!(descendants(&["joy", "love", "gratitude"]), [vec![0], vec![2], vec![1]]);
    assert_eq!(descendants(&["joy", "positive"]), [vec![0, 1, 2], vec![]]);
    assert_eq!(descendants(&["grief", "sadness"]), [vec![4], vec![3]]);
}

#[test]
fn a_label_has_the_descendants_of_any_name_of_its_emotion_and_none_by_an_unknown_one() {
    assert_eq!(descendants(&["Happiness", "sad "]), [vec![0, 1, 2], vec![3, 4]]);
    assert_eq!(descendants(&["sad", "sadness"]), [vec![3, 4], vec![3, 4]]);
    assert_eq!(descendants(&["stage fright"]), [Vec::<usize>::new()]);
}

#[test]
fn a_coarse_label_is_scored_from_its_terms() {
    let grieving = |calibration| scored(calibration, 4, &["positive", "negative"], Mode::Multi);
    let plain = grieving(Calibration::default());
    assert_eq!(plain.probability(0)[0], plain.probability(0)[1]);
    let through = grieving(through_terms());
    assert!(through.probability(0)[1] > 0.9 && through.probability(0)[0] < 0.1, "{:?}", through.probability(0));
    assert!(through.evidence(0)[1] > plain.evidence(0)[1]);
}

#[test]
fn terms_compete_and_hubs_lose() {
    let probability = |calibration, label: usize| {
        let scorer = Scorer::new(calibration, background()).unwrap();
        let options = ScoreOptions::default();
        scorer
            .score(
                &rows(&[axis(4)]).into(),
                &scorer.prepare(rows(&[axis(label)]), &set(&["stage fright"])).unwrap(),
                &options,
            )
            .unwrap()
            .probability(0)[0]
    };
    let competing = Calibration { competition: 0.5, ..Calibration::default() };
    assert!(probability(competing, 4) < probability(Calibration::default(), 4));
    let hub = Calibration { hubness: 1.0, ..Calibration::default() };
    // A label near a reference text is near to just any text; one near none loses nothing.
    assert!(probability(hub.clone(), 6) < probability(Calibration::default(), 6));
    assert_eq!(probability(hub, 0), probability(Calibration::default(), 0));
}

#[test]
fn a_text_without_emotion_is_none_of_the_labels() {
    let calm = scored(through_terms(), 5, &["joy", "sadness"], Mode::Single);
    assert!(calm.on(0).iter().all(|on| !on) && calm.none(0) > 0.9, "{calm:?}");
    let neutral = scored(through_terms(), 5, &["joy", "neutral"], Mode::Single);
    assert_eq!(neutral.on(0), [false, true]);
    let shifted = Calibration { neutral: -20.0, ..through_terms() };
    assert!(scored(shifted, 5, &["joy", "neutral"], Mode::Multi).probability(0)[1] < 0.01);
}

#[test]
fn evidence_makes_the_logits() {
    let calibration = Calibration { hubness: 0.5, crowding: 0.3, competition: 0.5, neutral: 1.0, ..through_terms() };
    let scorer = Scorer::new(calibration.clone(), background()).unwrap();
    let texts = rows(&[axis(3), axis(5)]).into();
    let labels = scorer.prepare(rows(&[axis(0), axis(5)]), &set(&["joy", "neutral"])).unwrap();
    let scores = scorer.score(&texts, &labels, &ScoreOptions::default()).unwrap();
    let evidence = scorer.evidence(&texts, &labels).unwrap();
    let mean = |label| labels.reference().column(label).sum::<f32>() / labels.reference().len() as f32;
    for text in 0..2 {
        for label in 0..2 {
            let Calibration { scale, bias, hubness, crowding, .. } = calibration;
            let shift = if labels.neutral()[label] { calibration.neutral } else { 0.0 };
            let logit =
                scale * (evidence.row(text)[label] - hubness * mean(label)) + bias - crowding * 2f32.ln() + shift;
            let probability = 1.0 / (1.0 + (-logit).exp());
            assert!((probability - scores.probability(text)[label]).abs() < 1e-6);
        }
    }
}

/// Where no label says that there is no emotion, all are likelier; what chooses one of them is not what says several.
#[test]
fn a_set_without_neutral_and_a_choice_have_numbers_of_their_own() {
    let probability = |calibration: Calibration, names: &[&str], mode| {
        scored(calibration, 3, names, mode).probability(0).iter().map(|p| (p / (1.0 - p)).ln()).collect::<Vec<f32>>()
    };
    let plain = through_terms();
    let emotional = Calibration { emotional: 1.5, ..plain.clone() };
    for (names, by) in [(["joy", "anger"], 1.5), (["joy", "neutral"], 0.0)] {
        let before = probability(plain.clone(), &names, Mode::Multi);
        let after = probability(emotional.clone(), &names, Mode::Multi);
        assert!(before.iter().zip(after).all(|(b, a)| (a - b - by).abs() < 1e-3), "{names:?}");
    }
    // Twice as sharp: the odds of two labels squared.
    let odds = |calibration| {
        let scores = scored(calibration, 3, &["joy", "grief"], Mode::Single);
        (scores.probability(0)[1] / scores.probability(0)[0]).ln()
    };
    let sharp = Calibration { choice: Some(Choice { hubness: 0.0, sharpness: 2.0 }), ..plain.clone() };
    assert!((odds(sharp.clone()) - 2.0 * odds(plain.clone())).abs() < 1e-3);
    assert_eq!(
        scored(sharp, 3, &["joy", "grief"], Mode::Multi),
        scored(plain.clone(), 3, &["joy", "grief"], Mode::Multi)
    );
    let bad = Calibration { choice: Some(Choice { hubness: 0.0, sharpness: 0.0 }), ..plain.clone() };
    assert!(bad.validate().unwrap_err().to_string().contains("choice.sharpness"));
    // What is not used is not written, so that older versions read what they can.
    let json = serde_json::to_string(&plain).unwrap();
    assert!(!json.contains("emotional") && !json.contains("choice"), "{json}");
}

#[test]
fn what_does_not_belong_together() {
    let error = Background::new(lexicon(), rows(&[axis(0)]), rows(&[axis(6)])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadModel);
    assert_eq!(error.to_string(), "the lexicon has 6 terms and 1 vectors: export the model again");
    let scorer = Scorer::new(through_terms(), background()).unwrap();
    let two = Embeddings::new(2, vec![1.0, 0.0]).unwrap();
    assert!(scorer.prepare(two, &set(&["joy"])).is_err());
}
