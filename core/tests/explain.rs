//! Reading closely, on the tiny student of the tests: what is said of a text adds up, is what encoding the variant says, and
//! makes sense of odd texts.
#![cfg(feature = "model")]

use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use undertone_core::explain::{
    Breakdown, Card, Comparison, Difference, Edits, Familiarity, MAX_EDITS, MAX_PAIRS, MAX_STRETCHES, MAX_WORDS,
    Occlusion, Passage, Perturbations, Reliability, Ribbon, Scoring, Variant, label_pairs, shares_of,
};
use undertone_core::metrics::cohen_kappa;
use undertone_core::{
    Affect, AffectHead, Background, Bundle, Calibration, Choice, Embeddings, Encoder, ErrorKind, LabelSet, Lexicon,
    Manifest, Mode, Prepared, ScoreOptions, Scorer, Scores, Term, TextVectors, Wordings, words,
};

const MULTI: ScoreOptions = ScoreOptions { mode: Mode::Multi, threshold: Some(0.1) };
const SINGLE: ScoreOptions = ScoreOptions { mode: Mode::Single, threshold: None };

/// The tiny student with a background, so that evidence has all of its parts.
struct Subject {
    encoder: Encoder,
    scorer: Scorer,
    set: LabelSet,
    wordings: Wordings,
    labels: Prepared,
}

impl Subject {
    fn scoring<'a>(&'a self, options: &'a ScoreOptions) -> Scoring<'a> {
        Scoring { scorer: &self.scorer, labels: &self.labels, options }
    }

    fn encode(&self, text: &str) -> TextVectors {
        self.encoder.encode(&[text]).unwrap().vectors
    }

    fn perturbations(&self, text: &str) -> Perturbations {
        let encoded = self.encoder.encode(&[text]).unwrap();
        Perturbations::new(Passage::new(text, encoded.windows), encoded.vectors).unwrap()
    }

    fn learn(&self, text: &mut Perturbations, variants: &[Variant]) {
        for some in variants.chunks(7) {
            let texts: Vec<&str> = some.iter().map(|variant| variant.text.as_str()).collect();
            text.learn(some.to_vec(), &self.encoder.encode(&texts).unwrap().vectors).unwrap();
        }
    }

    fn occlusion(&self, text: &mut Perturbations, options: &ScoreOptions, label: usize) -> Occlusion {
        loop {
            let occlusion = text.occlusion(self.scoring(options), label).unwrap();
            if occlusion.missing.is_empty() {
                return occlusion;
            }
            self.learn(text, &occlusion.missing);
        }
    }

    fn edits(&self, text: &mut Perturbations, options: &ScoreOptions, label: usize) -> Edits {
        loop {
            let edits = text.edits(self.scoring(options), label).unwrap();
            if edits.missing.is_empty() {
                return edits;
            }
            self.learn(text, &edits.missing);
        }
    }

    fn scores(&self, text: &str, options: &ScoreOptions) -> Scores {
        self.scorer.score(&self.encode(text), &self.labels, options).unwrap()
    }
}

fn subject() -> &'static Subject {
    static SUBJECT: OnceLock<Subject> = OnceLock::new();
    SUBJECT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/model");
        let read = |name| std::fs::read(folder.join(name)).unwrap();
        let manifest = Manifest::from_json(&read(Bundle::MANIFEST)).unwrap();
        let bundle = Bundle::new(manifest, read(Bundle::WEIGHTS), read(Bundle::TOKENIZER)).unwrap();
        let encoder = Encoder::load(bundle).unwrap();
        let vectors = |texts: &[&str]| encoder.encode(texts).unwrap().vectors;
        let term = |term: &str, synonym: &str, sentiment: &str| Term {
            term: term.into(),
            synonyms: vec![synonym.into()],
            family: term.into(),
            basic: term.into(),
            sentiment: sentiment.into(),
        };
        let terms = [("joy", "happy", "positive"), ("grief", "sad", "negative"), ("rage", "angry", "negative")];
        let lexicon = Lexicon::from(terms.map(|(t, s, sentiment)| term(t, s, sentiment)).to_vec());
        let reference = ["the train leaves at nine", "I love you", "leave me alone", "it rained all day", "what a day"];
        let background =
            Background::new(lexicon, vectors(&["joy", "grief", "rage"]).into_rows(), vectors(&reference).into_rows());
        let calibration = Calibration {
            scale: 12.0,
            bias: -2.0,
            crowding: 0.3,
            hubness: 0.4,
            descendants: 0.25,
            competition: 0.5,
            choice: Some(Choice { hubness: 0.2, sharpness: 1.5 }),
            ..Calibration::default()
        };
        let scorer = Scorer::new(calibration, background.unwrap()).unwrap();
        let mut set = LabelSet::new("test");
        let positive = set.add("positive").unwrap();
        let joy = set.add("joy").unwrap();
        set.add("grief").unwrap();
        set.add("anger").unwrap();
        set.set_parent(joy, Some(positive)).unwrap();
        set.set_synonyms(joy, vec!["delight".into(), "gladness".into()]).unwrap();
        set.set_description(joy, "something good has happened").unwrap();
        let mut wordings = Wordings::default();
        let missing = wordings.missing(&set);
        let texts: Vec<&str> = missing.iter().map(String::as_str).collect();
        let known = vectors(&texts);
        wordings.learn(missing, &known).unwrap();
        let matrix = wordings.matrix(&set, known.dim()).unwrap().unwrap();
        let labels = scorer.prepare(matrix, &set).unwrap();
        Subject { encoder, scorer, set, wordings, labels }
    })
}

fn close(a: f32, b: f32) -> bool {
    (a - b).abs() < 1e-5
}

/// Of many sentences, and of several windows.
fn long(sentences: usize) -> String {
    let kinds =
        ["I was so happy to see her again.", "Then the letter came!", "He died on a grey Monday in March, at home."];
    (0..sentences).map(|i| kinds[i % 3].replace("her", &format!("number {i}"))).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_words_effect_is_what_encoding_without_it_says() {
    let subject = subject();
    let text = "I'm not happy, #SoSad 😭😭 at all";
    for options in [&MULTI, &SINGLE] {
        let mut perturbations = subject.perturbations(text);
        let occlusion = subject.occlusion(&mut perturbations, options, 1);
        let named: Vec<&str> = occlusion.words.iter().map(|word| &text[word.range.clone()]).collect();
        assert_eq!(named, ["I'm", "not", "happy", "#SoSad", "😭😭", "at", "all"]);
        let with = subject.scores(text, options).probability(0)[1];
        assert_eq!(occlusion.probability, with);
        for (word, variant) in occlusion.words.iter().zip([
            "not happy, #SoSad 😭😭 at all",
            "I'm happy, #SoSad 😭😭 at all",
            "I'm not, #SoSad 😭😭 at all",
            "I'm not happy, 😭😭 at all",
            "I'm not happy, #SoSad at all",
            "I'm not happy, #SoSad 😭😭 all",
            "I'm not happy, #SoSad 😭😭 at",
        ]) {
            let without = subject.scores(variant, options).probability(0)[1];
            assert!(close(word.without, without), "{variant}: {} {without}", word.without);
            assert!(close(word.change, without - with) && (word.logit_change > 0.0) == (word.change > 0.0));
        }
        let strongest = occlusion.strongest();
        assert!(strongest.is_sorted_by(|a, b| a.logit_change.abs() >= b.logit_change.abs()));
    }
}

#[test]
fn another_label_costs_only_its_pairs() {
    let subject = subject();
    let mut text = subject.perturbations("They said no, and I have never been so relieved in all my life.");
    subject.occlusion(&mut text, &MULTI, 1);
    let known = text.len();
    let next = text.occlusion(subject.scoring(&MULTI), 2).unwrap();
    assert_eq!(next.words.len(), 14);
    assert!(next.missing.len() <= 7);
    subject.occlusion(&mut text, &MULTI, 2);
    assert!(text.len() <= known + 7);
}

#[test]
fn two_words_that_work_together_are_found() {
    let subject = subject();
    let mut found = 0;
    for text in ["not happy", "I am not happy at all", "happy happy joy", "sad and angry, never happy"] {
        let mut perturbations = subject.perturbations(text);
        for label in 0..4 {
            for pair in subject.occlusion(&mut perturbations, &MULTI, label).pairs {
                let [a, b] = pair.ranges.clone().map(|range| &text[range]);
                let rest: Vec<&str> = text.split(' ').filter(|w| ![a, b].contains(&w.trim_matches(','))).collect();
                let with = subject.scores(text, &MULTI).probability(0)[label];
                let [one, other] = pair.without_one;
                assert!(close(pair.interaction, pair.without - one - other + with), "{pair:?}");
                assert!(pair.interaction.abs() >= 0.1);
                if text != "happy happy joy" {
                    let without = subject.scores(&rest.join(" "), &MULTI).probability(0)[label];
                    assert!(close(pair.without, without), "{text}: {a} {b}");
                }
                found += 1;
            }
        }
    }
    assert!(found > 0, "this student has no pair; the test tests nothing");
}

#[test]
fn a_long_text_costs_no_more_than_the_bound() {
    let subject = subject();
    for text in [long(60), "word ".repeat(5_000), "so sad 😭 ".repeat(1_700), "去年の夏は暑かった".repeat(100)]
    {
        let mut perturbations = subject.perturbations(&text);
        let occlusion = subject.occlusion(&mut perturbations, &MULTI, 1);
        assert!(perturbations.len() <= MAX_STRETCHES + MAX_WORDS + MAX_PAIRS, "{}", perturbations.len());
        assert!(!occlusion.stretches.is_empty() && !occlusion.words.is_empty());
        assert!(occlusion.words.len() <= MAX_WORDS && occlusion.stretches.len() <= MAX_STRETCHES);
        let before = perturbations.len();
        subject.edits(&mut perturbations, &MULTI, 1);
        assert!(perturbations.len() <= before + MAX_EDITS);
    }
}

#[test]
fn a_window_without_a_part_is_encoded_and_the_others_stay() {
    let subject = subject();
    let text = long(30);
    let encoded = subject.encoder.encode(&[&text]).unwrap();
    assert!(encoded.windows.len() > 3);
    let mut perturbations = subject.perturbations(&text);
    let occlusion = subject.occlusion(&mut perturbations, &MULTI, 2);
    let with = subject.scores(&text, &MULTI).probability(0)[2];
    assert!(close(occlusion.probability, with));
    let word = occlusion.strongest()[0];
    let window = encoded.windows.iter().position(|w| w.contains(&word.range.start)).unwrap();
    let Some(range) = encoded.windows.get(window) else { unreachable!() };
    let part = format!("{}{}", &text[range.start..word.range.start], &text[word.range.end..range.end]);
    let mut rows = Vec::new();
    for other in 0..encoded.windows.len() {
        let vectors =
            if other == window { subject.encode(&part) } else { subject.encode(&text[encoded.windows[other].clone()]) };
        rows.extend(vectors.into_rows().into_vec());
    }
    let rows = Embeddings::new(encoded.vectors.dim(), rows).unwrap();
    let count = rows.len();
    let vectors = TextVectors::new(rows, [count]).unwrap();
    let without = subject.scorer.score(&vectors, &subject.labels, &MULTI).unwrap().probability(0)[2];
    assert!(close(word.without, without), "{} {without}", word.without);
}

#[test]
fn shares_add_up_to_the_cosine() {
    let subject = subject();
    for text in ["I'm so happy 😂😂, really!", "", "x", "!!", "أنا سعيد جدا", &long(20)] {
        let tokens = subject.encoder.encode_tokens(text).unwrap();
        let vectors = subject.encode(text);
        assert_eq!(tokens.windows(), vectors.rows().len());
        for label in subject.labels.vectors().rows() {
            let shares = tokens.shares(label).unwrap();
            for (window, shares) in vectors.text(0).zip(&shares) {
                let cosine: f32 = window.iter().zip(label).map(|(a, b)| a * b).sum();
                let sum: f32 = shares.iter().map(|share| share.share).sum();
                assert!(close(sum, cosine), "{text:?}: {sum} {cosine}");
            }
            let places = words(text);
            let by_word = shares_of(&places, &shares);
            let within = |share: &&undertone_core::explain::Share| {
                share
                    .range
                    .as_ref()
                    .is_some_and(|range| places.iter().any(|w| w.start < range.end && range.start < w.end))
            };
            let sum: f32 = shares.iter().flatten().filter(within).map(|share| share.share).sum();
            assert!((by_word.iter().sum::<f32>() - sum).abs() < 1e-4);
        }
    }
    let error = subject.encoder.encode_tokens("x").unwrap().shares(&[1.0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
}

#[test]
fn the_parts_of_a_probability_add_up() {
    let subject = subject();
    for text in ["I'm so happy", &long(20)] {
        let perturbations = subject.perturbations(text);
        for (options, label) in [(&MULTI, 1), (&MULTI, 2), (&MULTI, 3), (&SINGLE, 1), (&SINGLE, 2)] {
            let scores = subject.scores(text, options);
            let Breakdown { windows, pooling, evidence, scale, offset, sharpness, logit, probability } =
                perturbations.breakdown(subject.scoring(options), label).unwrap();
            let sum: f32 = windows.iter().map(|(parts, weight)| weight * parts.evidence()).sum();
            assert!(close(sum + pooling, evidence) && close(sharpness * (scale * evidence + offset), logit));
            assert!(close(evidence, scores.evidence(0)[label]));
            assert!(windows.iter().all(|(parts, _)| parts.descendants >= -1e-6));
            assert!(close(windows.iter().map(|(_, weight)| weight).sum(), 1.0) && pooling <= 1e-6);
            if options.mode == Mode::Multi {
                assert!(close(probability, scores.probability(0)[label]) && sharpness == 1.0);
            } else {
                // Labels share what there is by their logits.
                let other = perturbations.breakdown(subject.scoring(options), 3).unwrap();
                let ratio = scores.probability(0)[label] / scores.probability(0)[3];
                assert!(((logit - other.logit).exp() / ratio - 1.0).abs() < 1e-3);
            }
        }
    }
    assert!(subject.perturbations("x").breakdown(subject.scoring(&MULTI), 4).is_err());
}

#[test]
fn a_ribbon_has_each_sentence_and_the_whole() {
    let subject = subject();
    let text = "I was so happy. Then the letter came! He died.";
    let (vectors, ranges) = subject.encoder.encode_sentences(text).unwrap();
    let whole = subject.encode(text);
    let scoring = subject.scoring(&MULTI);
    let ribbon = Ribbon::new(&ranges, &vectors.into(), &whole, scoring, subject.encoder.affect_head()).unwrap();
    assert_eq!(ribbon.points.len(), 3);
    assert_eq!(&text[ribbon.points[1].range.clone()], "Then the letter came!");
    assert_eq!(ribbon.points[2].probability, subject.scores("He died.", &MULTI).probability(0));
    assert_eq!(ribbon.probability, subject.scores(text, &MULTI).probability(0));
    assert!(ribbon.turns.is_empty());
    let empty =
        Ribbon::new(&[], &TextVectors::empty(whole.dim()), &whole, scoring, subject.encoder.affect_head()).unwrap();
    assert!(empty.points.is_empty() && empty.turns.is_empty());
}

/// Sentences whose vectors are known: relief, then grief.
#[test]
fn a_turn_is_named_by_what_leads_before_and_behind() {
    let background = Background::new(
        Lexicon::default(),
        Embeddings::empty(2),
        Embeddings::new(2, vec![1.0, 0.2, 1.0, -0.2, 0.9, 0.5, 0.9, -0.5]).unwrap(),
    );
    let scorer = Scorer::new(Calibration::default(), background.unwrap()).unwrap();
    let mut set = LabelSet::new("test");
    set.add("relief").unwrap();
    set.add("grief").unwrap();
    let labels = scorer.prepare(Embeddings::new(2, vec![0.0, 1.0, 0.0, -1.0]).unwrap(), &set).unwrap();
    let head = AffectHead::new(2, vec![0.0, 2.0, 0.0, 0.0], [5.0, 5.0]).unwrap();
    let sentences = |ys: &[f32]| -> TextVectors {
        Embeddings::new(2, ys.iter().flat_map(|&y| [(1.0 - y * y).sqrt(), y]).collect()).unwrap().into()
    };
    let ribbon = |ys: &[f32]| {
        let vectors = sentences(ys);
        let ranges: Vec<_> = (0..ys.len()).map(|i| i..i + 1).collect();
        let whole = TextVectors::from(Embeddings::new(2, vec![1.0, 0.0]).unwrap());
        let scoring = Scoring { scorer: &scorer, labels: &labels, options: &MULTI };
        Ribbon::new(&ranges, &vectors, &whole, scoring, &head).unwrap()
    };
    let turned = ribbon(&[0.9, 0.95, 0.9, -0.9, -0.95]);
    let [turn] = turned.turns.as_slice() else { panic!("{:?}", turned.turns) };
    assert_eq!((turn.sentence, turn.from, turn.to), (3, Some(0), Some(1)));
    assert!(turn.valence[0] > 6.5 && turn.valence[1] < 3.5 && turn.chance <= 0.01);
    assert_eq!(ribbon(&[0.3, 0.1, 0.35, 0.0, 0.2, 0.1]).turns, []);
    assert_eq!(ribbon(&[0.9, -0.9, -0.9]).turns, []);
}

#[test]
fn a_difference_is_told_by_label_and_by_place() {
    let subject = subject();
    let (before, after) = ("I was happy, and then we left.", "I was sad, and then they left!");
    let [first, mut second] = [before, after].map(|text| subject.perturbations(text));
    let scoring = subject.scoring(&MULTI);
    let difference = Difference::new(&first, &second, scoring).unwrap();
    assert_eq!(difference.missing.len(), 3);
    assert!(difference.changes.iter().all(|change| change.undone.is_empty()));
    subject.learn(&mut second, &difference.missing);
    let difference = Difference::new(&first, &second, scoring).unwrap();
    assert!(difference.missing.is_empty());
    let places: Vec<_> =
        difference.changes.iter().map(|c| (&before[c.before.clone()], &after[c.after.clone()])).collect();
    assert_eq!(places, [("happy", "sad"), ("we", "they"), (".", "!")]);
    let undone = subject.scores("I was happy, and then they left!", &MULTI);
    assert!(difference.changes[0].undone.iter().zip(undone.probability(0)).all(|(a, b)| close(*a, *b)));
    for (label, shift) in difference.labels.iter().enumerate() {
        let p = [before, after].map(|text| subject.scores(text, &MULTI).probability(0)[label]);
        assert_eq!(shift.probability, p);
    }
    let order = difference.ranked();
    assert!(order.is_sorted_by_key(|&label| -difference.labels[label].change().abs()));

    // A single place taken back is the text before; nothing needs to be encoded for it.
    let one = subject.perturbations("I was happy, and then they left!");
    let difference = Difference::new(&first, &one, scoring);
    assert_eq!(difference.unwrap().changes.len(), 2);
    let one = subject.perturbations("I was sad, and then we left.");
    let difference = Difference::new(&first, &one, scoring).unwrap();
    assert!(difference.missing.is_empty());
    assert_eq!(difference.changes[0].undone, subject.scores(before, &MULTI).probability(0));
    let same = Difference::new(&first, &first, scoring).unwrap();
    assert!(same.changes.is_empty() && same.missing.is_empty() && same.labels.iter().all(|s| s.change() == 0.0));
}

#[test]
fn an_edit_that_switches_a_label_does_so_when_it_is_made() {
    let subject = subject();
    let mut switched = 0;
    for text in ["I am not happy about it", "It's a sad day. I can't stop crying", "She was angry", "happy"] {
        let mut perturbations = subject.perturbations(text);
        for label in 0..4 {
            // Between the text as it is and without its strongest word.
            let occlusion = subject.occlusion(&mut perturbations, &MULTI, label);
            let threshold = occlusion.probability.midpoint(occlusion.strongest()[0].without);
            let options = ScoreOptions { mode: Mode::Multi, threshold: Some(threshold) };
            let edits = subject.edits(&mut perturbations, &options, label);
            assert!(edits.edits.len() <= 8);
            assert!(edits.edits.iter().all(|edit| (edit.on != edits.on) == (edits.edits[0].on != edits.on)));
            for edit in edits.edits {
                let mut made = text.to_owned();
                for (range, with) in edit.parts.iter().rev() {
                    made.replace_range(range.clone(), &format!(" {with} "));
                }
                let scores = subject.scores(&made, &options);
                assert!(close(scores.probability(0)[label], edit.probability), "{text}: {made} {edit:?}");
                assert_eq!(scores.on(0)[label], edit.on);
                switched += usize::from(edit.on != edits.on);
            }
        }
    }
    assert!(switched > 3, "this student switches nothing; the test tests nothing");
}

#[test]
fn a_card_tells_what_each_wording_says() {
    let subject = subject();
    let joy = subject.set.labels()[1].id;
    let text = "I'm so happy today";
    let vectors = subject.encode(text);
    let table = Reliability {
        sets: vec!["own".into()],
        bins: undertone_core::metrics::reliability(&[true; 40], &[0.05f32; 40], 10).unwrap(),
    };
    let familiarity = subject.encoder.familiarity(text).unwrap();
    assert_eq!((familiarity.words, familiarity.unknown), (4, 0));
    assert!(familiarity.tokens >= 4);
    let card = |set: &LabelSet, label| {
        Card::new(&vectors, familiarity, (set, label), &subject.wordings, subject.scoring(&SINGLE), Some(&table))
    };
    let told = card(&subject.set, joy).unwrap();
    let wordings: Vec<&str> = told.wordings.iter().map(|wording| wording.wording.as_str()).collect();
    assert_eq!(wordings, subject.set.wordings(joy));
    assert_eq!(told.probability, subject.scores(text, &SINGLE).probability(0)[1]);
    let (low, high) =
        told.wordings.iter().fold((1.0f32, 0.0f32), |(l, h), w| (l.min(w.probability), h.max(w.probability)));
    assert_eq!(told.spread(), high - low);
    assert!(told.spread() > 0.0 && (0.0..=1.0).contains(&told.stability()));

    // A label with one wording is what that wording says.
    let grief = subject.set.labels()[2].id;
    let told = card(&subject.set, grief).unwrap();
    assert_eq!(told.wordings.len(), 1);
    assert!(close(told.wordings[0].probability, told.probability) && told.stability() == 1.0);
    let mut other = subject.set.clone();
    other.rename(grief, "never encoded").unwrap();
    assert_eq!(card(&other, grief).unwrap_err().kind(), ErrorKind::BadInput);

    let strange = subject.encoder.familiarity("ᚠᛇᚻ ᛒᛦᚦ happy").unwrap();
    assert_eq!((strange.tokens, strange.unknown), (3, 2));
    assert_eq!(subject.encoder.familiarity("").unwrap(), Familiarity::default());
}

fn scores(on: &[[bool; 2]], probability: &[[f32; 2]]) -> Scores {
    // Evidence that gives these probabilities, one label a dimension, and a threshold of its own that gives this decision.
    let mut set = LabelSet::new("test");
    for name in ["0", "1"] {
        set.add(name).unwrap();
    }
    for (label, id) in set.clone().labels().iter().map(|label| label.id).enumerate() {
        let least = on.iter().zip(probability).filter(|(on, _)| on[label]).map(|(_, p)| p[label]).fold(1.0, f32::min);
        set.set_threshold(id, Some(least - 1e-4)).unwrap();
    }
    let scorer =
        Scorer::new(Calibration { scale: 100.0, bias: 0.0, ..Calibration::default() }, Background::none(3)).unwrap();
    let rows = probability.iter().flat_map(|p| {
        let [a, b] = p.map(|p| (p / (1.0 - p)).ln() / 100.0);
        [a, b, (1.0 - a * a - b * b).sqrt()]
    });
    let labels = scorer.prepare(Embeddings::new(3, vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).unwrap(), &set).unwrap();
    let texts = Embeddings::new(3, rows.collect()).unwrap();
    scorer.score(&texts.into(), &labels, &MULTI).unwrap()
}

#[test]
fn two_ways_are_compared_by_label_and_by_text() {
    let before = scores(
        &[[true, false], [true, true], [false, false], [false, true]],
        &[[0.9, 0.1], [0.8, 0.7], [0.2, 0.3], [0.1, 0.9]],
    );
    let after = scores(
        &[[true, false], [false, true], [false, true], [false, true]],
        &[[0.7, 0.1], [0.3, 0.8], [0.2, 0.6], [0.1, 0.9]],
    );
    let same = [(0, 0), (1, 1)];
    let comparison = Comparison::new(&before, &after, &same, 2).unwrap();
    assert_eq!((comparison.texts, comparison.same), (4, 0.5));
    let [first, second] = comparison.labels.as_slice() else { panic!() };
    assert_eq!((first.both, first.lost, first.gained), (1, 1, 0));
    assert_eq!((second.both, second.lost, second.gained), (2, 0, 1));
    assert!((first.change + 0.175).abs() < 1e-4 && (first.distance - 0.175).abs() < 1e-4);
    for (label, told) in comparison.labels.iter().enumerate() {
        let side = |scores: &Scores| (0..4).map(|text| scores.on(text)[label]).collect::<Vec<_>>();
        assert_eq!(told.kappa, cohen_kappa(&side(&before), &side(&after)).unwrap());
    }
    let cells = |scores: &Scores| (0..4).flat_map(|text| scores.on(text).to_vec()).collect::<Vec<_>>();
    let kappa = cohen_kappa(&cells(&before), &cells(&after)).unwrap().unwrap();
    assert!((comparison.kappa.unwrap() - kappa).abs() < 1e-12);
    let interval = comparison.interval.unwrap();
    assert!(interval.low <= kappa && kappa <= interval.high);
    let changed: Vec<_> = comparison.changed.iter().map(|text| (text.text, text.switched.clone())).collect();
    assert_eq!(changed, [(1, vec![0]), (2, vec![1])]);
    assert_eq!(comparison.ranked(), [0, 1]);

    let itself = Comparison::new(&before, &before, &same, 9).unwrap();
    assert_eq!((itself.kappa, itself.exact_kappa, itself.same), (Some(1.0), Some(1.0), 1.0));
    assert!(itself.changed.is_empty());
    assert!(Comparison::new(&before, &after, &[], 2).is_err());
    assert!(Comparison::new(&before, &after, &[(0, 2)], 2).is_err());
}

#[test]
fn labels_of_two_sets_find_each_other() {
    let set = |names: &[&str]| {
        let mut set = LabelSet::new("test");
        for name in names {
            set.add(name).unwrap();
        }
        set
    };
    let mut first = set(&["joy", "Anger", "tired", "odd"]);
    let tired = first.labels()[2].id;
    first.set_synonyms(tired, vec!["worn out".into()]).unwrap();
    let second = set(&["anger", "worn out", "happiness", "else"]);
    let lexicon = subject().scorer.background().lexicon();
    assert_eq!(label_pairs(&first, &second, lexicon), [(0, 2), (1, 0), (2, 1)]);
    assert_eq!(label_pairs(&first, &first, lexicon), [(0, 0), (1, 1), (2, 2), (3, 3)]);
}

fn read_closely(text: &str) {
    let subject = subject();
    let mut perturbations = subject.perturbations(text);
    for options in [&MULTI, &SINGLE] {
        let occlusion = subject.occlusion(&mut perturbations, options, 1);
        let all = occlusion.words.iter().chain(&occlusion.stretches);
        assert!(all.clone().all(|e| (0.0..=1.0).contains(&e.without) && e.logit_change.is_finite()));
        assert!(all.clone().all(|effect| text.get(effect.range.clone()).is_some()));
        let edits = subject.edits(&mut perturbations, options, 1);
        assert!(edits.edits.iter().all(|edit| edit.probability.is_finite()));
        perturbations.breakdown(subject.scoring(options), 1).unwrap();
    }
    let empty = subject.perturbations("");
    let difference = Difference::new(&empty, &perturbations, subject.scoring(&MULTI)).unwrap();
    assert!(difference.missing.len() <= 16);
    let (vectors, ranges) = subject.encoder.encode_sentences(text).unwrap();
    let head = subject.encoder.affect_head();
    let ribbon = Ribbon::new(&ranges, &vectors.into(), &subject.encode(text), subject.scoring(&MULTI), head).unwrap();
    let Affect { valence, .. } = ribbon.whole;
    assert!((1.0..=9.0).contains(&valence));
    let tokens = subject.encoder.encode_tokens(text).unwrap();
    tokens.shares(subject.labels.vectors().row(0)).unwrap();
    subject.encoder.familiarity(text).unwrap();
}

#[test]
fn odd_texts_are_read_without_a_word_of_complaint() {
    let row = "😭".repeat(500);
    let one = "a".repeat(3_000);
    for text in [
        "",
        " ",
        "\n\n",
        "!",
        "?!...",
        "x",
        "happy",
        "😭",
        "😭😭 😂",
        row.as_str(),
        &one,
        "أنا سعيد جدا اليوم",
        "我很高兴。",
        "\u{200f}\u{feff}",
        "#",
        "#a#b",
        "@",
        "&amp;",
        "a\u{301}\u{301}",
        ":)",
        "👩‍❤️‍👩",
        "\u{0}",
    ] {
        read_closely(text);
    }
    let one_word = subject().perturbations("happy").occlusion(subject().scoring(&MULTI), 1).unwrap();
    assert_eq!(one_word.missing, [Variant { windows: 0..1, text: String::new() }]);
}

#[test]
fn places_of_another_text_are_refused() {
    let subject = subject();
    let vectors = subject.encode("I am here");
    let error = Perturbations::new(Passage::new("I am here", [0..4, 4..9]), vectors.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
    let json = r#"{"text": "é", "windows": [{"start": 0, "end": 1}], "stretches": [], "words": []}"#;
    assert!(Perturbations::new(serde_json::from_str(json).unwrap(), vectors.clone()).is_err());
    let mut text = Perturbations::new(Passage::new("I am here", std::iter::once(0..9)), vectors.clone()).unwrap();
    assert!(text.learn(Vec::new(), &vectors).is_err());
    assert!(text.occlusion(subject.scoring(&MULTI), 4).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_text_is_read_closely(
        text in "([a-z']{1,6}[ .!?,\n]{0,2}|not |happy |isn't |\\PC|😭|:\\)|#aB|@a|&amp;|\u{5d0}\u{5d1} ){0,80}"
    ) {
        read_closely(&text);
    }
}
