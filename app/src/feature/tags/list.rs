//! A bar for each label.

use leptos::html::Li;
use leptos::prelude::*;
use undertone_core::{LabelId, Mode};

use crate::state::{App, TagRow};
use crate::ui::icons::CHECK;
use crate::ui::{Icon, animate, is_still, words};

/// How long a row takes to its new place, in milliseconds.
const MOVE: f64 = 220.0;
/// Of how many rows each is shown on its way: of more, nobody could follow one, and moving them all takes long.
const MOVING: usize = 40;

/// All labels with their probabilities.
#[component]
pub fn TagList() -> impl IntoView {
    let app = App::expect();
    let ranking = Memo::new(move |_| {
        app.text.reading.with(|reading| {
            reading.as_ref().map(|reading| reading.ranking(app.editing.order.get())).unwrap_or_default()
        })
    });
    view! {
        <ul
            class="tags"
            data-testid="tags"
            aria-label="Labels and how well they fit"
            aria-busy=move || app.text.is_behind().to_string()
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
    let row = Memo::new(move |before: Option<&Option<TagRow>>| {
        app.text
            .reading
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
            && !is_still()
        {
            // From where it was, in its own heights: to ask for one would have the page laid out again for each row.
            let rows = before as f64 - now as f64;
            animate(&item, &format!("translateY({}%)", 100.0 * rows), "none", MOVE);
        }
        now
    });

    view! {
        <li
            class="tag"
            class:unmarked=move || threshold.get().is_none()
            class:chosen=move || app.close.label.get() == Some(id)
            title="Read the text closely for this label"
            on:click=move |_| app.close.choose(id)
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

/// The candidate that no label fits. It competes where only one may win; otherwise the headline
/// says it.
#[component]
pub fn NoneRow() -> impl IntoView {
    let app = App::expect();
    let none = move || {
        let single = app.editing.mode.get() == Mode::Single;
        let reading = |reading: &crate::state::Reading| (reading.none, reading.on().is_empty());
        app.text.reading.with(|found| found.as_ref().filter(|_| single).map(reading))
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
