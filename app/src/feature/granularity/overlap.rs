//! What labels share: in sentences, as a picture, as a table.

use leptos::prelude::*;
use undertone_core::granularity::{Distances, Likeness, Pair};

use super::examined::ask_of_classes;
use crate::state::App;
use crate::ui::words;
use crate::wire::scoring::{Examination, Findings};

/// How many sentences are told.
const SENTENCES: usize = 5;
/// Of how many classes at most there is a picture.
const PICTURED: usize = 60;
/// How many rows the table has at most.
const ROWS: usize = 150;

/// What is known of all pairs.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    names: Vec<String>,
    pairs: Vec<Pair>,
    /// How many texts; none if only the meaning was compared.
    texts: Option<u32>,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Meaning,
    Texts,
}

/// Sentences, heatmap and table.
#[component]
pub fn OverlapCard() -> impl IntoView {
    let app = App::expect();
    let in_texts = RwSignal::new(None::<(u32, u32, Vec<Pair>)>);
    ask_of_classes(app, move || {
        app.file.examine(Examination::Overlap, &[], move |version, findings| {
            if let Findings::Overlap { texts, pairs } = findings {
                let _ = in_texts.try_set(Some((version, texts, pairs)));
            }
        });
    });
    let known = Memo::new(move |_| {
        let Some(labels) = app.labels.prepared() else { return Known::default() };
        let names: Vec<String> = labels.set.labels().iter().map(|label| label.name.clone()).collect();
        let counted = in_texts.with(|known| match known {
            Some((version, texts, pairs)) if *version == labels.version => Some((*texts, pairs.clone())),
            _ => None,
        });
        match counted.filter(|_| app.file.opened.with(Option::is_some)) {
            Some((texts, pairs)) => Known { names, pairs, texts: Some(texts) },
            None => Known { pairs: by_meaning(&labels.prepared.vectors(), names.len()), names, texts: None },
        }
    });
    let by = RwSignal::new(By::Texts);
    let drawn = Memo::new(move |_| if known.with(|known| known.texts.is_none()) { By::Meaning } else { by.get() });
    let counted = Memo::new(move |_| known.with(|known| known.texts.is_some()));
    let choice = move |kind: By, name: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="overlap-by"
                    prop:checked=move || drawn.get() == kind
                    on:change=move |_| by.set(kind)
                />
                <span>{name}</span>
            </label>
        }
    };
    view! {
        <section class="card grain" aria-labelledby="overlap-title">
            <h2 id="overlap-title">"Which ones are hard to tell apart?"</h2>
            <Sentences known/>
            <Show when=move || counted.get()>
                <fieldset class="segments">
                    <legend class="hidden">"What the picture shows"</legend>
                    {choice(By::Texts, "In these texts")} {choice(By::Meaning, "By meaning")}
                </fieldset>
            </Show>
            <Heatmap known drawn/>
            <details class="as-table">
                <summary>"As a table"</summary>
                <Table known/>
            </details>
        </section>
    }
}

/// All pairs, as far as no text is needed.
fn by_meaning(vectors: &undertone_core::Embeddings, count: usize) -> Vec<Pair> {
    let distances = Distances::by_meaning(vectors);
    let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| [a, b]));
    let pair = |labels: [usize; 2]| Pair {
        labels,
        cosine: 1.0 - distances.between(labels[0], labels[1]),
        correlation: 0.0,
        counts: [0; 2],
        both: 0,
    };
    let mut pairs: Vec<Pair> = pairs.map(pair).collect();
    if count > PICTURED {
        pairs.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
        pairs.truncate(ROWS);
    }
    pairs
}

/// The most alike first.
fn sorted(known: &Known) -> Vec<Pair> {
    let mut pairs = known.pairs.clone();
    if known.texts.is_some() {
        pairs.sort_by(|a, b| {
            let by = |a: f64, b: f64| b.total_cmp(&a);
            a.likeness()
                .cmp(&b.likeness())
                .then_with(|| by(a.share(), b.share()))
                .then_with(|| by(a.correlation, b.correlation))
        });
    } else {
        pairs.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    }
    pairs
}

#[component]
fn Sentences(known: Memo<Known>) -> impl IntoView {
    let app = App::expect();
    let shown = RwSignal::new(None::<([usize; 2], [Vec<String>; 2])>);
    let told = move || {
        known.with(|known| {
            let alike = |pair: &Pair| !matches!(pair.likeness(), Likeness::Apart | Likeness::Unknown);
            let pairs: Vec<Pair> = match known.texts {
                Some(_) => sorted(known).into_iter().filter(alike).take(SENTENCES).collect(),
                None => sorted(known).into_iter().take(3).collect(),
            };
            let names = |pair: &Pair| pair.labels.map(|label| known.names[label].as_str());
            let sentence = |pair: &Pair| match known.texts {
                Some(_) => pair.sentence(names(pair)),
                None => {
                    let [a, b] = names(pair);
                    format!("{a} and {b} are nearest in meaning (cosine similarity {:.2})", pair.cosine)
                }
            };
            pairs.iter().map(|pair| (pair.labels, format!("{}.", sentence(pair)))).collect::<Vec<_>>()
        })
    };
    // Sentences about other classes have other texts.
    Effect::new(move |_| {
        known.track();
        shown.set(None);
    });
    let look = move |labels: [usize; 2]| {
        if shown.with_untracked(|shown| shown.as_ref().is_some_and(|(of, _)| *of == labels)) {
            return shown.set(None);
        }
        let pair = labels.map(|label| label as u32);
        app.file.examine(Examination::Contrast { pair }, &[], move |_, findings| {
            if let Findings::Contrast { texts } = findings {
                let _ = shown.try_set(Some((labels, texts)));
            }
        });
    };
    let counted = Memo::new(move |_| known.with(|known| known.texts.is_some()));
    let item = move |(labels, sentence): ([usize; 2], String)| {
        let examples = move || {
            let (of, texts) = shown.get()?;
            let names = known.with(|known| labels.map(|label| known.names.get(label).cloned().unwrap_or_default()));
            let side = |name: String, texts: Vec<String>| {
                view! {
                    <div>
                        <p class="hint">{format!("Most of all {name}")}</p>
                        {texts.into_iter().map(|text| view! { <q class="example">{text}</q> }).collect_view()}
                    </div>
                }
            };
            let [a, b] = texts;
            let [first, second] = names;
            (of == labels).then(|| view! { <div class="contrast">{side(first, a)} {side(second, b)}</div> })
        };
        view! {
            <li>
                {sentence} " "
                {counted
                    .get()
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="quiet inline"
                                aria-expanded=move || {
                                    shown.with(|shown| shown.as_ref().is_some_and(|(of, _)| *of == labels)).to_string()
                                }
                                on:click=move |_| look(labels)
                            >
                                "Where they differ"
                            </button>
                        }
                    })}
                {examples}
            </li>
        }
    };
    view! {
        <ul class="sentences">{move || told().into_iter().map(item).collect_view()}</ul>
        {move || {
            let silent = told().is_empty();
            match known.with(|known| known.texts) {
                Some(texts) if silent => {
                    Some(format!("In these {} texts, no two of these classes are hard to tell apart.", words::thousands(texts as usize)))
                }
                None => Some("Open a file of texts, and this says how often the same texts have both.".to_owned()),
                Some(_) => None,
            }
                .map(|words| view! { <p class="hint">{words}</p> })
        }}
    }
}

/// How dark a pair is drawn, 0 to 1.
fn strength(pair: &Pair, by: By) -> f64 {
    match by {
        By::Meaning => ((pair.cosine - 0.2) / 0.8).clamp(0.0, 1.0),
        By::Texts => pair.share(),
    }
}

#[component]
fn Heatmap(known: Memo<Known>, drawn: Memo<By>) -> impl IntoView {
    let app = App::expect();
    let picture = move || {
        let known = known.get();
        let count = known.names.len();
        if !(2..=PICTURED).contains(&count) {
            let words =
                format!("A picture of {count} classes could not be read: choose {PICTURED} or fewer with the slider.");
            return view! { <p class="hint" data-testid="overlap">{words}</p> }.into_any();
        }
        // In the order in which the tree has them, so that blocks stand out.
        let order = in_tree_order(app, &known.names);
        let place = |label: usize| order.iter().position(|&other| other == label).unwrap_or(label);
        let by = drawn.get();
        let cells: Vec<_> = known
            .pairs
            .iter()
            .flat_map(|pair| {
                let [a, b] = pair.labels.map(place);
                let title = match by {
                    By::Meaning => format!("cosine similarity {:.2}", pair.cosine),
                    By::Texts => format!("{} of {} texts have both", pair.both, pair.either()),
                };
                let names = pair.labels.map(|label| known.names[label].clone());
                let title = format!("{} and {}: {title}", names[0], names[1]);
                let opacity = format!("{:.3}", strength(pair, by));
                [(a, b), (b, a)].map(|(x, y)| {
                    view! {
                        <rect
                            class="heat"
                            x=(x as f64 + 0.04).to_string()
                            y=(y as f64 + 0.04).to_string()
                            width="0.92"
                            height="0.92"
                            rx="0.12"
                            fill-opacity=opacity.clone()
                        >
                            <title>{title.clone()}</title>
                        </rect>
                    }
                })
            })
            .collect();
        let diagonal = (0..count)
            .map(|i| {
                view! {
                    <rect
                        class="heat-self"
                        x=(i as f64 + 0.04).to_string()
                        y=(i as f64 + 0.04).to_string()
                        width="0.92"
                        height="0.92"
                        rx="0.12"
                    ></rect>
                }
            })
            .collect_view();
        let names = order.iter().map(|&label| view! { <span>{known.names[label].clone()}</span> }).collect_view();
        let across = order.iter().map(|&label| view! { <span>{known.names[label].clone()}</span> }).collect_view();
        view! {
            <figure class="heatmap" data-testid="overlap" style=("--count", count.to_string())>
                <div class="heat-across" aria-hidden="true">
                    {across}
                </div>
                <div class="heat-down" aria-hidden="true">
                    {names}
                </div>
                <svg
                    viewBox=format!("0 0 {count} {count}")
                    role="img"
                    aria-label="Each pair of classes, darker the more they share; the table below has the numbers"
                >
                    {cells}
                    {diagonal}
                </svg>
            </figure>
            <p class="hint">
                {match by {
                    By::Texts => "The darker, the more of the texts tagged with either have both.",
                    By::Meaning => "The darker, the nearer two are in meaning to the model.",
                }}
            </p>
        }
        .into_any()
    };
    view! { {picture} }
}

/// The places of the classes, as the tree has them from left to right.
fn in_tree_order(app: App, names: &[String]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    let (Some(tree), Some(labels)) = (app.labels.tree(), app.labels.prepared()) else { return order };
    let leaves = tree.tree.leaves();
    let first = |class: usize| {
        let label = labels.set.labels().get(class)?;
        leaves.iter().position(|leaf| labels.set.holder(*leaf).is_some_and(|holder| holder.id == label.id))
    };
    order.sort_by_cached_key(|&class| first(class));
    order
}

#[component]
fn Table(known: Memo<Known>) -> impl IntoView {
    let rows = move || {
        known.with(|known| {
            let row = |pair: Pair| {
                let [a, b] = pair.labels.map(|label| known.names[label].clone());
                let counted = known.texts.map(|_| {
                    view! {
                        <td>{format!("{:.2}", pair.correlation)}</td>
                        <td>{words::thousands(pair.either())}</td>
                        <td>{words::thousands(pair.both)}</td>
                        <td>{words::percent(pair.share() as f32)}</td>
                    }
                });
                view! {
                    <tr>
                        <th scope="row">{format!("{a} and {b}")}</th>
                        <td>{format!("{:.2}", pair.cosine)}</td>
                        {counted}
                    </tr>
                }
            };
            sorted(known).into_iter().take(ROWS).map(row).collect_view()
        })
    };
    let more = move || known.with(|known| known.pairs.len() > ROWS);
    let counted = Memo::new(move |_| known.with(|known| known.texts.is_some()));
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="What classes share">
            <table data-testid="overlap-table">
                <thead>
                    <tr>
                        <th scope="col">"Classes"</th>
                        <th scope="col">"Meaning"</th>
                        {move || {
                            counted
                                .get()
                                .then(|| {
                                    view! {
                                        <th scope="col">"Correlation"</th>
                                        <th scope="col">"Either"</th>
                                        <th scope="col">"Both"</th>
                                        <th scope="col">"Share"</th>
                                    }
                                })
                        }}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {move || more().then(|| view! { <p class="hint">{format!("The {ROWS} most alike pairs.")}</p> })}
    }
}
