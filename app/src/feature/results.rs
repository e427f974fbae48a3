//! What the text feels like.

use std::time::Duration;

use leptos::html::Li;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use undertone_core::{LabelId, Mode};

use super::icons::{CHECK, Icon};
use super::loading::Loading;
use crate::browser::animate;
use crate::reading::Row;
use crate::session::Order;
use crate::state::{App, Engine};
use crate::words;

/// How long results must rest before they are read aloud.
const SPEAKING_PAUSE: Duration = Duration::from_millis(900);
/// How long a row takes to its new place, in milliseconds.
const MOVE: f64 = 180.0;
/// Of how many rows each is shown on its way: of more, nobody could follow one, and moving them all takes long.
const MOVING: usize = 40;
/// How many feelings the headline names.
const NAMED: usize = 3;

/// The headline and a bar for each label.
#[component]
pub fn Results() -> impl IntoView {
    let app = App::expect();
    let known = Memo::new(move |_| app.reading.with(Option::is_some));
    view! {
        <div class="results-main">
            <Headline/>
            <Spoken/>
            <Loading/>
            <Show when=move || known.get() fallback=Waiting>
                <OrderChoice/>
            </Show>
            <Tags/>
            <NoneRow/>
        </div>
    }
}

/// The result as the beginning of a sentence.
#[component]
fn Headline() -> impl IntoView {
    let app = App::expect();
    let felt = move || {
        app.reading.with(|reading| {
            let reading = reading.as_ref()?;
            let on = reading.on();
            let more = on.len().saturating_sub(NAMED);
            let named: Vec<Row> = on.into_iter().take(NAMED).cloned().collect();
            Some((named, more))
        })
    };
    let words = move || match felt() {
        None if app.text.with(|text| text.trim().is_empty()) => {
            view! { <span class="faint">"Nothing to feel yet"</span> }.into_any()
        }
        None => view! { <span class="faint">"Feels like\u{2026}"</span> }.into_any(),
        Some((named, _)) if named.is_empty() => {
            view! { <span class="faint">"Feels like none of your labels"</span> }.into_any()
        }
        Some((named, more)) => {
            let last = named.len() - 1;
            let names = named
                .into_iter()
                .enumerate()
                .map(|(place, row)| {
                    let before = match place {
                        0 => " ",
                        _ if place == last && more == 0 => " and ",
                        _ => ", ",
                    };
                    view! {
                        {before}
                        <em style=("--hue", row.hue.to_string())>{row.name}</em>
                    }
                })
                .collect_view();
            let rest = (more > 0).then(|| format!(" and {more} more"));
            view! { <span class="faint">"Feels like"</span> {names} {rest} }.into_any()
        }
    };
    view! {
        <h2 id="feels-like" class="headline">
            {words}
        </h2>
    }
}

/// The result for those who listen, once it rests.
#[component]
fn Spoken() -> impl IntoView {
    let app = App::expect();
    let spoken = RwSignal::new(String::new());
    let mut speak = debounce(SPEAKING_PAUSE, move |words: String| {
        // The page may be gone by now.
        let _ = spoken.try_set(words);
    });
    Effect::new(move |_| {
        speak(app.reading.with(|reading| {
            reading.as_ref().map(|reading| words::aloud(&reading.on(), reading.affect)).unwrap_or_default()
        }));
    });
    view! {
        <p class="hidden" aria-live="polite">
            {spoken}
        </p>
    }
}

/// What is said in the place of results.
#[component]
fn Waiting() -> impl IntoView {
    let app = App::expect();
    let words = move || {
        let empty = app.text.with(|text| text.trim().is_empty());
        app.engine.with(|engine| match engine {
            Engine::Ready(_) if empty => "Type something above, and its feelings appear here.",
            Engine::Failed => "Without its model Undertone cannot read the text.",
            _ => "",
        })
    };
    view! { <p class="hint waiting">{words}</p> }
}

#[component]
fn OrderChoice() -> impl IntoView {
    let app = App::expect();
    let choice = move |order: Order, name: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="order"
                    prop:checked=move || app.order.get() == order
                    on:change=move |_| app.order.set(order)
                />
                <span>{name}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments">
            <legend class="hidden">"Order of the labels"</legend>
            {choice(Order::Score, "Strongest first")}
            {choice(Order::List, "As listed")}
        </fieldset>
    }
}

#[component]
fn Tags() -> impl IntoView {
    let app = App::expect();
    let ranking = Memo::new(move |_| {
        app.reading.with(|reading| reading.as_ref().map(|reading| reading.ranking(app.order.get())).unwrap_or_default())
    });
    view! {
        <ul
            class="tags"
            data-testid="tags"
            aria-label="Labels and how well they fit"
            aria-busy=move || app.is_behind().to_string()
        >
            <For each=move || ranking.get() key=|id| *id let:id>
                <Tag id ranking/>
            </For>
        </ul>
    }
}

#[component]
fn Tag(id: LabelId, ranking: Memo<Vec<LabelId>>) -> impl IntoView {
    let app = App::expect();
    let row = Memo::new(move |before: Option<&Option<Row>>| {
        app.reading
            .with(|reading| reading.as_ref()?.row(id).cloned())
            // A row that is about to go keeps its face.
            .or_else(|| before.cloned().flatten())
    });
    let name = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.name.clone())));
    let on = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.on)));
    let score = move || format!("{:.4}", row.with(|row| row.as_ref().map_or(0.0, |r| r.probability)));
    let threshold = Memo::new(move |_| row.with(|row| row.as_ref().and_then(|row| row.threshold)));
    let hue = move || row.with(|row| row.as_ref().map_or(0, |row| row.hue)).to_string();
    let percent = move || row.with(|row| row.as_ref().map(|row| words::percent(row.probability)));

    let item = NodeRef::<Li>::new();
    let rank = Memo::new(move |_| ranking.with(|ranking| ranking.iter().position(|r| *r == id)));
    Effect::new(move |before: Option<Option<usize>>| {
        let now = rank.get();
        if let (Some(item), Some(Some(before)), Some(now)) = (item.get_untracked(), before, now)
            && before != now
            && ranking.with_untracked(Vec::len) <= MOVING
        {
            slide(&item, before as f64 - now as f64);
        }
        now
    });

    view! {
        <li
            class="tag"
            class:unmarked=move || threshold.get().is_none()
            node_ref=item
            data-testid="tag"
            data-label=move || name.get()
            data-score=score
            data-on=move || on.get().to_string()
            style=("--hue", hue)
            style=("--score", score)
            style=("--threshold", move || format!("{:.4}", threshold.get().unwrap_or(0.0)))
        >
            <span class="tick" aria-hidden="true">
                <Icon path=CHECK/>
            </span>
            <span class="name" title=move || name.get()>
                {move || name.get()}
            </span>
            <span class="bar" aria-hidden="true"></span>
            <span class="percent">{percent}</span>
            <span class="hidden">{move || if on.get() { "on" } else { "off" }}</span>
        </li>
    }
}

/// Lets a row that has just changed places come from where it was, so many rows below.
fn slide(item: &web_sys::HtmlElement, from: f64) {
    let still =
        window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|query| query.matches());
    if still {
        return;
    }
    // In its own heights: to ask for one would have the page laid out again for each row.
    animate(item, &format!("translateY({}%)", 100.0 * from), "none", MOVE);
}

/// The candidate that no label fits. It competes where only one may win; otherwise the headline
/// says it.
#[component]
fn NoneRow() -> impl IntoView {
    let app = App::expect();
    let none = move || {
        let single = app.mode.get() == Mode::Single;
        app.reading.with(|reading| reading.as_ref().filter(|_| single).map(|r| (r.none, r.on().is_empty())))
    };
    move || {
        none().map(|(none, wins)| {
            view! {
                <p
                    class="tag none unmarked"
                    data-on=wins.to_string()
                    style=("--score", format!("{none:.4}"))
                >
                    <span class="tick" aria-hidden="true">
                        <Icon path=CHECK/>
                    </span>
                    <span class="name">"none of these"</span>
                    <span class="bar" aria-hidden="true"></span>
                    <span class="percent">{words::percent(none)}</span>
                </p>
            }
        })
    }
}
