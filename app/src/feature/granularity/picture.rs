//! The text as a picture: from the coarsest feelings at the top to the labels at the bottom, as wide as they are felt.

use std::collections::HashMap;

use leptos::prelude::*;
use leptos::svg::Svg;
use undertone_core::granularity::shares;
use undertone_core::{LabelId, Node, Tree};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use web_sys::{Blob, BlobPropertyBag, Element};

use crate::browser::describe;
use crate::document::hue;
use crate::state::{App, Topic};
use crate::ui::icons::EXPORT;
use crate::ui::{Icon, offer, words};

/// The size of the picture, and of a level of it.
const WIDTH: f64 = 960.0;
const LEVEL: f64 = 46.0;
/// How many levels there are at most, beside the last.
const LEVELS: usize = 4;
/// How wide a letter is, about.
const LETTER: f64 = 8.2;
/// What is less is not told to those who listen.
const TOLD: f64 = 0.02;

/// A class on a level.
#[derive(Clone, Debug, PartialEq)]
struct Tile {
    name: String,
    hue: u16,
    from: f64,
    share: f64,
    /// Whether it is a class of the cut that is looked at.
    current: bool,
}

/// A node as it is told.
#[derive(Clone, Debug, PartialEq)]
struct Branch {
    name: String,
    share: f64,
    below: Vec<Branch>,
}

#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    levels: Vec<(usize, Vec<Tile>)>,
    told: Vec<Branch>,
}

/// The picture, and a way to keep it.
#[component]
pub fn Picture() -> impl IntoView {
    let app = App::expect();
    let drawn = Memo::new(move |_| drawn(app));
    let svg = NodeRef::<Svg>::new();
    let height = move || drawn.with(|drawn| drawn.as_ref().map_or(1, |drawn| drawn.levels.len())) as f64 * LEVEL;
    let save = move |_| {
        let Some(svg) = svg.get_untracked() else { return };
        if let Err(error) = export(&svg) {
            app.notices.say(Topic::Edit, format!("the picture cannot be saved ({}): try again", describe(&error)));
        }
    };
    let levels = move || {
        let levels = drawn.get().map(|drawn| drawn.levels).unwrap_or_default();
        levels.into_iter().enumerate().map(|(level, (_, tiles))| view! { <Level level tiles/> }).collect_view()
    };
    view! {
        <Show when=move || drawn.with(Option::is_some)>
            <section class="card grain" aria-labelledby="picture-title">
                <div class="card-head">
                    <h2 id="picture-title">"Your text, from coarse to fine"</h2>
                    <button type="button" class="quiet" on:click=save>
                        <Icon path=EXPORT/>
                        "Save as SVG"
                    </button>
                </div>
                <p class="lead">
                    "Each row is a cut of the tree, the coarsest at the top. The wider a class, the more of the text\u{2019}s feeling is in it, compared with your other labels."
                </p>
                // On a phone it is wider than the window: the keyboard scrolls it, too.
                <figure class="icicle" data-testid="picture" tabindex="0">
                    <svg
                        node_ref=svg
                        viewBox=move || format!("0 0 {WIDTH} {}", height())
                        role="img"
                        aria-label="The text\u{2019}s feelings from coarse to fine; the list that follows says the same"
                    >
                        {levels}
                    </svg>
                    <figcaption class="hidden">
                        {move || drawn.get().map(|drawn| list(drawn.told))}
                    </figcaption>
                </figure>
            </section>
        </Show>
    }
}

#[component]
fn Level(level: usize, tiles: Vec<Tile>) -> impl IntoView {
    let y = level as f64 * LEVEL;
    tiles
        .into_iter()
        .map(|tile| {
            let (x, width) = (tile.from * WIDTH, tile.share * WIDTH);
            let inner = (width - 2.0).max(0.5);
            let percent = words::percent(tile.share as f32);
            let letters = ((width - 18.0) / LETTER).floor() as usize;
            let with_percent = format!("{}  {percent}", tile.name);
            let text = if with_percent.chars().count() <= letters {
                with_percent
            } else if tile.name.chars().count() <= letters {
                tile.name.clone()
            } else {
                String::new()
            };
            view! {
                <g class="tile" class:current=tile.current style=("--hue", tile.hue.to_string())>
                    <title>{format!("{}: {percent}", tile.name)}</title>
                    <rect
                        x=format!("{:.2}", x + 1.0)
                        y=format!("{:.2}", y + 1.0)
                        width=format!("{inner:.2}")
                        height=(LEVEL - 2.0).to_string()
                        rx=inner.min(6.0).to_string()
                    ></rect>
                    <text x=format!("{:.2}", x + 10.0) y=format!("{:.2}", y + LEVEL / 2.0 + 5.0)>
                        {text}
                    </text>
                </g>
            }
        })
        .collect_view()
}

fn list(branches: Vec<Branch>) -> AnyView {
    let item = |branch: Branch| {
        view! {
            <li>
                {format!("{}, {}", branch.name, words::percent(branch.share as f32))}
                {(!branch.below.is_empty()).then(|| list(branch.below))}
            </li>
        }
    };
    view! { <ul>{branches.into_iter().map(item).collect_view()}</ul> }.into_any()
}

/// `None` where there is no text or no tree.
fn drawn(app: App) -> Option<Drawn> {
    let (whole, loaded, tree) = (app.labels.whole()?, app.model.loaded()?, app.labels.tree()?);
    if tree.labels.version != whole.version {
        return None;
    }
    let evidence = app.text.evidence(&loaded.scorer, &whole.prepared)?;
    let shares = shares(&loaded.scorer, &whole.prepared, &evidence);
    let share: HashMap<LabelId, f64> =
        whole.set.labels().iter().zip(shares).map(|(label, share)| (label.id, f64::from(share))).collect();
    let tree = &tree.tree;
    let before: Vec<f64> = std::iter::once(0.0)
        .chain(tree.leaves().iter().scan(0.0, |sum, leaf| {
            *sum += share.get(leaf).copied().unwrap_or_default();
            Some(*sum)
        }))
        .collect();
    let of = |node: &Node| before[node.span.end] - before[node.span.start];
    let now = app.labels.prepared().map_or(0, |labels| labels.set.labels().len());
    let levels = levels(tree.counts(), now);
    let tile = |count: usize, node: usize| {
        let node = &tree.nodes()[node];
        let hue = whole.set.get(node.key).map_or(0, hue);
        Tile { name: node.name.clone(), hue, from: before[node.span.start], share: of(node), current: count == now }
    };
    let nodes = |count: usize| tree.cut(count).classes().iter().map(|class| class.node).collect::<Vec<_>>();
    let told = nodes(*levels.first()?).into_iter().map(|node| branch(tree, node, &of)).collect();
    let levels = levels.iter().map(|&count| (count, nodes(count).into_iter().map(|node| tile(count, node)).collect()));
    Some(Drawn { levels: levels.collect(), told })
}

fn branch(tree: &Tree, node: usize, of: &impl Fn(&Node) -> f64) -> Branch {
    let Node { name, children, .. } = &tree.nodes()[node];
    let below = children.iter().copied().filter(|&child| of(&tree.nodes()[child]) >= TOLD);
    Branch {
        name: name.clone(),
        share: of(&tree.nodes()[node]),
        below: below.map(|child| branch(tree, child, of)).collect(),
    }
}

/// The cuts that are drawn: some that grow about evenly, all labels, and the one that is looked at.
fn levels(counts: &[usize], now: usize) -> Vec<usize> {
    let (Some(&first), Some(&last)) = (counts.first(), counts.last()) else { return Vec::new() };
    let step = (last as f64 / first as f64).powf(1.0 / LEVELS as f64);
    let nearest = |wanted: f64| {
        counts.iter().copied().min_by(|a, b| (*a as f64 - wanted).abs().total_cmp(&(*b as f64 - wanted).abs()))
    };
    let mut levels: Vec<usize> = (0..LEVELS).filter_map(|i| nearest(first as f64 * step.powi(i as i32))).collect();
    levels.extend(counts.iter().copied().filter(|&count| count == now || count == last));
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// Gives a person the picture as a file that looks the same without this page.
fn export(svg: &Element) -> Result<(), JsValue> {
    let copy: Element = svg.clone_node_with_deep(true)?.unchecked_into();
    copy.set_attribute("xmlns", "http://www.w3.org/2000/svg")?;
    copy_look(svg, &copy)?;
    let kind = BlobPropertyBag::new();
    kind.set_type("image/svg+xml");
    let blob = Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&copy.outer_html().into()), &kind)?;
    offer("feelings.svg", &blob)
}

/// Writes into an element, and what is in it, how its original looks.
fn copy_look(original: &Element, copy: &Element) -> Result<(), JsValue> {
    if let Some(style) = window().get_computed_style(original)? {
        for property in ["fill", "font-family", "font-size", "font-weight"] {
            copy.set_attribute(property, &style.get_property_value(property)?)?;
        }
    }
    let mut children = (original.first_element_child(), copy.first_element_child());
    while let (Some(original), Some(copy)) = &children {
        copy_look(original, copy)?;
        children = (original.next_element_sibling(), copy.next_element_sibling());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_grow_evenly_and_have_the_cut_that_is_looked_at() {
        let all: Vec<usize> = (2..=28).collect();
        assert_eq!(levels(&all, 28), [2, 4, 7, 14, 28]);
        assert_eq!(levels(&all, 5), [2, 4, 5, 7, 14, 28]);
        assert_eq!(levels(&[3], 3), [3]);
        assert_eq!(levels(&[], 0), [0; 0]);
    }
}
