//! The engine's kernels in multiply-accumulates a second, for each instruction set that runs here; and scoring.
//!
//! `product/one panel` reads weights that stay in the nearest cache, and so is what the innermost loop can do at most;
//! `product/layer` reads those of a whole layer, as a text of twenty tokens does. Both are `Gelem/s` of criterion's.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use undertone_core::encoder::Int8;
use undertone_core::encoder::engine::kernels::{Finish, Heads, Kernels};
use undertone_core::encoder::engine::{Codes, Matrix};
use undertone_core::{Background, Calibration, Corpus, Embeddings, LabelSet, Lexicon, ScoreOptions, Scorer, Term};

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

criterion_group!(benches, products, others, scoring);
criterion_main!(benches);
