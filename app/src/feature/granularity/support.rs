//! How many classes the texts bear: a sentence, the curve, a table.

use leptos::prelude::*;
use undertone_core::granularity::{Estimate, Rewordings, Row, Verdict};

use super::examined::ask_again;
use crate::document::TreeKind;
use crate::state::{App, usual_tree};
use crate::ui::words;
use crate::wire::scoring::{Examination, Findings};

/// Up to how many labels it is found out unasked.
const UNASKED: usize = 60;
/// The picture's size, and where the curve stands in it.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 26.0;

/// What was found out.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    version: u32,
    tree: TreeKind,
    texts: u32,
    rows: Vec<Row>,
    verdict: Verdict,
}

/// Sentence, curve and table.
#[component]
pub fn SupportCard() -> impl IntoView {
    let app = App::expect();
    let known = RwSignal::new(None::<Known>);
    let judging = RwSignal::new(false);
    let labels = Memo::new(move |_| app.labels.whole().map_or(0, |labels| labels.set.labels().len()));
    let tree = Memo::new(move |_| {
        let usual = app.labels.whole().map_or(TreeKind::Meaning, |labels| usual_tree(&labels.set));
        app.editing.granularity.get().tree.unwrap_or(usual)
    });
    let judge = move || {
        let Some((set, words)) = untrack(|| reworded(app)) else { return };
        let kind = tree.get_untracked();
        judging.set(true);
        app.labels.vectors_of(words, move |vectors| {
            // What could not be encoded is said elsewhere.
            let Some(vectors) =
                vectors.filter(|_| untrack(|| app.labels.whole()).is_some_and(|now| now.version == set))
            else {
                let _ = judging.try_set(false);
                return;
            };
            app.file.examine(Examination::Support { tree: kind }, &vectors, move |version, findings| {
                let _ = judging.try_set(false);
                if let Findings::Support { texts, rows, verdict } = findings {
                    let _ = known.try_set(Some(Known { version, tree: kind, texts, rows, verdict }));
                }
            });
        });
    };
    ask_again(
        app,
        move || {
            app.editing.mode.track();
            tree.track();
            labels.get() <= UNASKED
        },
        judge,
    );
    // What was found out about other labels or another tree is not shown.
    let current = Memo::new(move |_| {
        let version = app.labels.whole().map(|labels| labels.version);
        known.get().filter(|known| Some(known.version) == version && known.tree == tree.get())
    });
    view! {
        <section class="card grain" aria-labelledby="bear-title" data-testid="support" aria-busy=move || judging.get().to_string()>
            <h2 id="bear-title">"How many classes do these texts bear?"</h2>
            <p class="lead">
                "If a class is really there, other words for its labels should find it in the same texts. So each cut of the tree is tagged several times, by the labels\u{2019} names, synonyms and descriptions, and the agreement beyond chance (Cohen\u{2019}s kappa) says whether the class survives."
            </p>
            {move || match current.get() {
                Some(known) => view! { <Curve known/> }.into_any(),
                None if judging.get() => view! { <p class="hint" role="status">"Judging each cut\u{2026}"</p> }.into_any(),
                None if labels.get() > UNASKED => {
                    view! {
                        <button type="button" on:click=move |_| judge()>
                            {format!("Judge the cuts of {} labels", labels.get_untracked())}
                        </button>
                    }
                        .into_any()
                }
                None => view! { <p class="hint">"The curve comes once all texts are read."</p> }.into_any(),
            }}
        </section>
    }
}

/// The version of the labels, and all their wordings, a round after another.
fn reworded(app: App) -> Option<(u32, Vec<String>)> {
    let (labels, loaded) = (app.labels.whole()?, app.model.loaded()?);
    let rewordings = Rewordings::of(&labels.set, loaded.scorer.background().lexicon());
    Some((labels.version, rewordings.rounds.into_iter().flatten().collect()))
}

#[component]
fn Curve(known: Known) -> impl IntoView {
    let Known { rows, verdict, texts, .. } = known;
    let gold = rows.iter().any(|row| row.kappa.is_some());
    let table = rows.clone();
    view! {
        <p class="verdict" data-testid="verdict">
            {verdict.sentence.clone()}
        </p>
        {(rows.len() > 1).then(|| view! { <Plot rows=rows.clone()/> })}
        <p class="hint">
            {format!("Judged by {}.", words::counted(texts as usize, "text", "texts"))}
            {if gold {
                " The file\u{2019}s own labels were compared, too."
            } else {
                " A column with labels that people gave would add how well tags agree with them."
            }}
        </p>
        <details class="as-table">
            <summary>"As a table"</summary>
            <Table rows=table gold/>
        </details>
    }
}

/// Where numbers stand in the picture.
fn place(rows: &[Row]) -> impl Fn(usize, f64) -> (f64, f64) + Copy {
    let ends = rows.first().zip(rows.last()).map(|(first, last)| (first.classes as f64, last.classes as f64));
    let (from, to) = ends.unwrap_or((1.0, 2.0));
    let span = (to / from).ln().max(1e-9);
    move |classes, value| {
        let x = LEFT + (classes as f64 / from).ln() / span * (WIDTH - LEFT - RIGHT);
        (x, TOP + (1.0 - value.clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM))
    }
}

fn line(points: impl Iterator<Item = (f64, f64)>) -> String {
    points.enumerate().map(|(i, (x, y))| format!("{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" })).collect()
}

#[component]
fn Plot(rows: Vec<Row>) -> impl IntoView {
    let at = place(&rows);
    let of = |read: fn(&Row) -> Option<f64>| {
        let points: Vec<(f64, f64)> = rows.iter().filter_map(|row| Some(at(row.classes, read(row)?))).collect();
        line(points.into_iter())
    };
    let bounds: Vec<(usize, f64, f64)> = rows
        .iter()
        .filter_map(|row| {
            let interval = row.stability?.interval?;
            Some((row.classes, interval.low, interval.high))
        })
        .collect();
    let band = bounds.iter().map(|&(n, _, high)| at(n, high)).chain(bounds.iter().rev().map(|&(n, low, _)| at(n, low)));
    let band = format!("{}Z", line(band));
    let rules = [(0.8, "reliable"), (0.667, "tentative")].map(|(value, name)| {
        let (_, y) = at(rows[0].classes, value);
        view! {
            <line class="rule" x1=LEFT.to_string() x2=(WIDTH - RIGHT).to_string() y1=y.to_string() y2=y.to_string()></line>
            <text class="rule-name" x=(WIDTH - RIGHT).to_string() y=(y - 4.0).to_string() text-anchor="end">{name}</text>
        }
    });
    let levels = [0.0, 0.5, 1.0].map(|value| {
        let (_, y) = at(rows[0].classes, value);
        view! {
            <text class="axis" x=(LEFT - 6.0).to_string() y=(y + 4.0).to_string() text-anchor="end">{format!("{value:.1}")}</text>
        }
    });
    let ticks: Vec<_> = ticks(&rows)
        .into_iter()
        .map(|classes| {
            let (x, _) = at(classes, 0.0);
            view! {
                <text class="axis" x=x.to_string() y=(HEIGHT - 8.0).to_string() text-anchor="middle">
                    {classes.to_string()}
                </text>
            }
        })
        .collect();
    let gold = rows.iter().any(|row| row.kappa.is_some());
    view! {
        <figure class="curve">
            <svg
                viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                role="img"
                aria-label="Stability, margin and, where there is one, agreement with people by the number of classes; the table below has the numbers"
            >
                {rules}
                {levels}
                {ticks}
                <path class="band" d=band></path>
                <path class="margin" d=of(|row| Some(row.margin))></path>
                <path class="gold" d=of(|row| row.kappa.map(|kappa| kappa.value))></path>
                <path class="stability" d=of(|row| row.stability.map(|kappa| kappa.value))></path>
            </svg>
            <figcaption>
                <span class="key stability">"Stability: agreement of other words, with its 95 % interval"</span>
                <span class="key margin">"Margin: how far the first class leads"</span>
                {gold.then(|| view! { <span class="key gold">"Agreement with people (kappa)"</span> })}
                <span class="hint">"Across: the number of classes"</span>
            </figcaption>
        </figure>
    }
}

/// Some of the numbers of classes, so far apart that they can be written side by side.
fn ticks(rows: &[Row]) -> Vec<usize> {
    let at = place(rows);
    let mut last = f64::NEG_INFINITY;
    let mut ticks = Vec::new();
    let end = rows.last().map_or(0.0, |row| at(row.classes, 0.0).0);
    for row in rows {
        let (x, _) = at(row.classes, 0.0);
        if x - last >= 34.0 && (end - x >= 34.0 || x >= end) {
            ticks.push(row.classes);
            last = x;
        }
    }
    ticks
}

#[component]
fn Table(rows: Vec<Row>, gold: bool) -> impl IntoView {
    let number = |value: f64| format!("{value:.4}");
    let with_interval = |estimate: Option<Estimate>| match estimate {
        None => "\u{2013}".to_owned(),
        Some(Estimate { value, interval: None }) => format!("{value:.2}"),
        Some(Estimate { value, interval: Some(interval) }) => {
            format!("{value:.2} ({:.2} to {:.2})", interval.low, interval.high)
        }
    };
    let rows = rows
        .into_iter()
        .map(|row| {
            let people = gold.then(|| {
                view! {
                    <td>{with_interval(row.macro_f1)}</td>
                    <td>{with_interval(row.kappa)}</td>
                }
            });
            view! {
                <tr
                    data-classes=row.classes.to_string()
                    data-stability=row.stability.map(|kappa| number(kappa.value))
                    data-margin=number(row.margin)
                    data-f1=row.macro_f1.map(|f1| number(f1.value))
                    data-kappa=row.kappa.map(|kappa| number(kappa.value))
                >
                    <th scope="row">{row.classes.to_string()}</th>
                    <td>{with_interval(row.stability)}</td>
                    <td>{format!("{:.2}", row.margin)}</td>
                    <td>{format!("{:.2}", row.entropy)}</td>
                    <td>{words::percent(row.none as f32)}</td>
                    {people}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="What each cut is worth">
            <table data-testid="support-table">
                <thead>
                    <tr>
                        <th scope="col">"Classes"</th>
                        <th scope="col">"Stability"</th>
                        <th scope="col">"Margin"</th>
                        <th scope="col">"Entropy"</th>
                        <th scope="col">"No class"</th>
                        {gold
                            .then(|| {
                                view! {
                                    <th scope="col">"Macro F1"</th>
                                    <th scope="col">"Kappa"</th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
