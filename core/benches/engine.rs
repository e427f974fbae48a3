//! The engine's kernels in multiply-accumulates a second, for each instruction set that runs here; and scoring.
//!
//! `product/one panel` reads weights that stay in the nearest cache, and so is what the innermost loop can do at most;
//! `product/layer` reads those of a whole layer, as a text of twenty tokens does. Both are `Gelem/s` of criterion's.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use undertone_core::encoder::Int8;
use undertone_core::encoder::engine::kernels::{Finish, Heads, Kernels};
use undertone_core::encoder::engine::{Codes, Matrix};
use undertone_core::granularity::{Distances, by_distance};
use undertone_core::{
    Background, Calibration, Corpus, Embeddings, LabelSet, Lexicon, Mode, ScoreOptions, Scorer, Term,
};

const TOKENS: usize = 20;
const HIDDEN: usize = 384;
/// Inputs and outputs of a layer's matrices.
const LAYER: [(usize, usize); 4] = [(384, 1152), (384, 384), (384, 1536), (1536, 384)];

/// Values that look random, from -1 to 1.
fn wave(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i as f32 * 12.9898).sin() * 43.5).sin()).collect()
}

fn matrix(kernels: &Kernels, inputs: usize, outputs: usize) -> Matrix {
    let bytes: Vec<u8> = wave(inputs * outputs).into_iter().map(|x| (63.0 * x) as i8 as u8).collect();
    Matrix::pack(kernels, [(Int8 { bytes: &bytes, scales: vec![0.01; outputs], width: inputs }, vec![0.0; outputs])])
}

fn codes(kernels: &Kernels, inputs: usize) -> Codes {
    let mut codes = Codes::default();
    kernels.quantise(&wave(TOKENS * inputs), inputs, &mut codes);
    codes
}

fn products(criterion: &mut Criterion) {
    for (name, shapes) in
        [("product/one panel", [(HIDDEN, 0)].as_slice()), ("product/layer", &LAYER), ("product/gelu", &LAYER[2..3])]
    {
        let mut group = criterion.benchmark_group(name);
        for kernels in Kernels::available() {
            let outputs = |outputs: usize| if outputs == 0 { kernels.columns } else { outputs };
            let parts: Vec<_> =
                shapes.iter().map(|&(i, o)| (codes(kernels, i), matrix(kernels, i, outputs(o)))).collect();
            let finish = if name == "product/gelu" { Finish::Gelu } else { Finish::Store };
            let (mut sums, mut out) = (Vec::new(), vec![0.0; TOKENS * 1536]);
            let work: usize = shapes.iter().map(|&(i, o)| TOKENS * i * outputs(o)).sum();
            group.throughput(Throughput::Elements(work as u64));
            group.bench_function(BenchmarkId::from_parameter(kernels.name), |bencher| {
                bencher.iter(|| {
                    for (codes, matrix) in &parts {
                        kernels.product(codes, matrix, finish, &mut sums, &mut out[..TOKENS * matrix.outputs()]);
                    }
                    black_box(&mut out);
                });
            });
        }
    }
}

/// Beside products: each once, as in a layer.
fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("beside products");
    let (heads, rows) = (wave(TOKENS * 3 * HIDDEN), wave(TOKENS * 1536));
    for kernels in Kernels::available() {
        let (mut out, mut scratch, mut codes) = (vec![0.0; TOKENS * HIDDEN], Vec::new(), Codes::default());
        group.bench_function(BenchmarkId::new("attention", kernels.name), |bencher| {
            let heads = Heads { rows: &heads, hidden: HIDDEN, heads: 12 };
            bencher.iter(|| kernels.attention(black_box(heads), &[0, TOKENS], &mut scratch, &mut out));
        });
        group.bench_function(BenchmarkId::new("quantise", kernels.name), |bencher| {
            bencher.iter(|| kernels.quantise(black_box(&rows), 1536, &mut codes));
        });
    }
}

/// Ten thousand texts by 254 labels, before a lexicon of as many terms: for the first time, after one label was edited,
/// and after the threshold was moved.
fn scoring(criterion: &mut Criterion) {
    const TEXTS: usize = 10_000;
    const LABELS: usize = 254;
    let rows = |from: usize, count: usize| {
        let values = (from * HIDDEN..(from + count) * HIDDEN).map(|i| ((i as f32 * 12.9898).sin() * 43.5).sin());
        Embeddings::new(HIDDEN, values.collect()).expect("rows of numbers")
    };
    let terms: Vec<Term> = (0..LABELS).map(|i| Term { term: format!("label {i}"), ..Term::default() }).collect();
    let background = Background::new(Lexicon::from(terms), rows(0, LABELS), rows(LABELS, 1)).expect("a row for a term");
    let calibration = Calibration { descendants: 0.25, competition: 0.5, ..Calibration::default() };
    let scorer = Scorer::new(calibration, background).expect("the numbers are valid");
    let mut set = LabelSet::new("bench");
    for i in 0..LABELS {
        set.add(&format!("label {i}")).expect("a new name");
    }
    let prepare = |last| {
        let mut vectors = rows(500, LABELS - 1);
        vectors.push(&rows(last, 1)).expect("vectors of one length");
        scorer.prepare(vectors, &set).expect("a vector for each label")
    };
    let (before, after) = (prepare(800), prepare(801));
    let texts = rows(1000, TEXTS).into();
    let fresh = || {
        let mut corpus = Corpus::new(scorer.clone(), HIDDEN);
        corpus.push(&texts).expect("vectors of one length");
        corpus
    };
    let mut group = criterion.benchmark_group("scoring 10,000 texts by 254 labels");
    group.sample_size(10);
    let options = ScoreOptions::default();
    group.bench_function("at first", |bencher| bencher.iter(|| fresh().score(black_box(&before), &options)));
    let mut corpus = fresh();
    let mut turn = false;
    group.bench_function("after an edit", |bencher| {
        bencher.iter(|| {
            turn = !turn;
            corpus.score(if turn { &after } else { &before }, &options)
        });
    });
    group.bench_function("after a move of the threshold", |bencher| bencher.iter(|| corpus.score(&before, &options)));
}

/// A frame of the slider that cuts a tree of 254 labels, over ten thousand texts: the class that is split or joined, the
/// counts of all classes, and the tags of the forty rows in view.
fn cutting(criterion: &mut Criterion) {
    const TEXTS: usize = 10_000;
    const LABELS: usize = 254;
    let rows = |from: usize, count: usize| {
        let values: Vec<f32> = wave((from + count) * HIDDEN).split_off(from * HIDDEN);
        Embeddings::new(HIDDEN, values).expect("unit vectors can be made of any numbers but zeros")
    };
    let calibration = Calibration { competition: 0.5, ..Calibration::default() };
    let scorer = Scorer::new(calibration, Background::none(HIDDEN)).expect("a valid calibration");
    let mut set = LabelSet::new("bench");
    (0..LABELS).for_each(|i| {
        set.add(&format!("label {i}")).expect("a new name");
    });
    let labels = scorer.prepare(rows(0, LABELS), &set).expect("a vector for each label");
    let tree = by_distance(&set, &Distances::by_meaning(&labels.vectors()), &Lexicon::default()).expect("a tree");
    let mut corpus = Corpus::new(scorer.clone(), HIDDEN);
    corpus.push(&rows(1000, TEXTS).into()).expect("vectors of one length");
    let view: Vec<usize> = (5_000..5_040).collect();
    let mut frame = |classes: usize, mode: Mode| {
        let options = ScoreOptions { mode, threshold: None };
        let cut = scorer.cut(&labels, &set, &tree.cut(classes)).expect("a cut of these labels");
        while !corpus.advance(&cut, usize::MAX).expect("vectors of one length") {}
        let tags = corpus.tags(&cut, &options).expect("a valid threshold");
        let counts: usize = (0..tags.width()).map(|class| tags.count(class)).sum();
        (counts, corpus.score_texts(&cut, &options, &view).expect("a valid threshold"))
    };
    let mut group = criterion.benchmark_group("cutting 254 labels of 10,000 texts");
    group.sample_size(20);
    for mode in [Mode::Multi, Mode::Single] {
        for classes in [2, 27, 253] {
            // There and back: two frames.
            group.bench_function(BenchmarkId::new(format!("{mode:?}, two frames"), classes), |bencher| {
                bencher.iter(|| black_box((frame(classes, mode), frame(classes + 1, mode))));
            });
        }
    }
    group.bench_function("each cut for the first time, 253 frames", |bencher| {
        bencher.iter_batched_ref(
            || {
                let mut corpus = Corpus::new(scorer.clone(), HIDDEN);
                corpus.push(&rows(1000, TEXTS).into()).expect("vectors of one length");
                while !corpus.advance(&labels, usize::MAX).expect("vectors of one length") {}
                corpus
            },
            |corpus| {
                for &classes in tree.counts() {
                    let cut = scorer.cut(&labels, &set, &tree.cut(classes)).expect("a cut of these labels");
                    while !corpus.advance(&cut, usize::MAX).expect("vectors of one length") {}
                    let tags = corpus.tags(&cut, &ScoreOptions::default()).expect("a valid threshold");
                    black_box((0..tags.width()).map(|class| tags.count(class)).sum::<usize>());
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("a tree by meaning", |bencher| {
        bencher.iter(|| by_distance(&set, &Distances::by_meaning(&labels.vectors()), &Lexicon::default()));
    });
    let columns: Vec<Vec<f32>> = (0..LABELS).map(|label| wave(TEXTS + label).split_off(label)).collect();
    group.bench_function("a tree by these texts", |bencher| {
        let columns: Vec<&[f32]> = columns.iter().map(Vec::as_slice).collect();
        bencher.iter(|| by_distance(&set, &Distances::by_texts(&columns), &Lexicon::default()));
    });
}

criterion_group!(benches, products, others, scoring, cutting);
criterion_main!(benches);
