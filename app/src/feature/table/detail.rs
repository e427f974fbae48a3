//! One row by itself: its whole text, all its scores, and what a person says of it.

use leptos::html::H3;
use leptos::prelude::*;

use crate::document::{DecisionEdit, Rows, Status, hue};
use crate::state::{App, RowDetail};
use crate::ui::icons::{CHECK, CROSS, FLAG};
use crate::ui::{Icon, words};

/// How many labels are shown, beside those that are on.
const SHOWN: usize = 6;

/// The row that is looked at, if one is.
#[component]
pub fn RowPanel() -> impl IntoView {
    let app = App::expect();
    let row = Memo::new(move |_| app.file.detail.with(|detail| detail.as_ref().map(|detail| detail.detail.row)));
    move || row.get().map(|row| view! { <Panel row/> })
}

#[component]
fn Panel(row: u32) -> impl IntoView {
    let app = App::expect();
    let detail = Memo::new(move |before: Option<&Option<RowDetail>>| {
        let now = app.file.detail.get().filter(|detail| detail.detail.row == row);
        now.or_else(|| before.cloned().flatten())
    });
    let title = NodeRef::<H3>::new();
    Effect::new(move |_| {
        if let Some(title) = title.get() {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            title.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let status = Memo::new(move |_| detail.with(|d| d.as_ref().map_or(Status::Open, |d| d.detail.decision.status)));
    let note = move || detail.with(|d| d.as_ref().map(|d| d.detail.decision.note.clone()).unwrap_or_default());
    let button = move |wanted: Status, icon: &'static str, name: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (status.get() == wanted).to_string()
                on:click=move |_| app.file.toggle(row, wanted)
            >
                <Icon path=icon/>
                {name}
            </button>
        }
    };
    view! {
        <section class="card row-panel" data-testid="row-panel" aria-labelledby="row-title">
            <div class="card-head">
                <h3 id="row-title" node_ref=title>
                    {move || detail.with(|d| d.as_ref().map(|d| d.detail.id.clone()))}
                </h3>
                <button
                    type="button"
                    class="quiet square"
                    aria-label="Close this row"
                    title="Close"
                    on:click=move |_| app.file.selected.set(None)
                >
                    <Icon path=CROSS/>
                </button>
            </div>
            {move || detail.get().map(|detail| view! { <Text detail/> })}
            {move || detail.get().map(|detail| view! { <Scores detail/> })}
            <div class="row-tools">
                {button(Status::Accepted, CHECK, "Accept")} {button(Status::Flagged, FLAG, "Flag")}
                <input
                    type="text"
                    class="note"
                    autocomplete="off"
                    aria-label="Note on this row"
                    placeholder="A note on this text"
                    prop:value=note
                    on:input:target=move |event| {
                        app.file.decide(Rows::one(row), DecisionEdit::Note(event.target().value()));
                    }
                    on:change=move |_| app.editing.close()
                />
            </div>
        </section>
    }
}

/// The text; of a long one, each part with its tags beside it.
#[component]
fn Text(detail: RowDetail) -> impl IntoView {
    let RowDetail { detail, labels, ranges, windows } = detail;
    let cut = detail.cut.then(|| {
        view! { <p class="warning">"This text is very long: only its first 20,000 words were read."</p> }
    });
    let text = if ranges.len() < 2 {
        view! { <p class="row-text">{detail.text}</p> }.into_any()
    } else {
        let units: Vec<u16> = detail.text.encode_utf16().collect();
        let part = |(range, probability): (&std::ops::Range<u32>, &Vec<f32>)| {
            let words = units.get(range.start as usize..range.end as usize).unwrap_or_default();
            let mut best: Vec<usize> = (0..probability.len()).collect();
            best.sort_by(|&a, &b| probability[b].total_cmp(&probability[a]));
            let tag = best.first().and_then(|&label| Some((labels.labels().get(label)?, probability[label])));
            let tag = tag.map(|(label, p)| {
                view! {
                    <span class="chip" style=("--hue", hue(label).to_string()) title=words::percent(p)>
                        {label.name.clone()}
                    </span>
                }
            });
            view! {
                <p class="row-text part-text">
                    {String::from_utf16_lossy(words)} " " {tag}
                </p>
            }
        };
        ranges.iter().zip(&windows).map(part).collect_view().into_any()
    };
    view! { {text} {cut} }
}

#[component]
fn Scores(detail: RowDetail) -> impl IntoView {
    let RowDetail { detail, labels, .. } = detail;
    if detail.probability.is_empty() {
        let why = if detail.text.trim().is_empty() { "This row has no text." } else { "This text is not read yet." };
        return view! { <p class="hint">{why}</p> }.into_any();
    }
    let mut rows: Vec<(String, u16, f32, bool)> = labels
        .labels()
        .iter()
        .zip(&detail.probability)
        .zip(&detail.on)
        .map(|((label, &probability), &on)| (label.name.clone(), hue(label), probability, on))
        .collect();
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    let shown = rows.iter().filter(|row| row.3).count().max(SHOWN);
    let items = rows.into_iter().take(shown).map(|(name, hue, probability, on)| {
        view! {
            <li
                class="tag unmarked"
                data-on=on.to_string()
                style=("--hue", hue.to_string())
                style=("--score", format!("{probability:.4}"))
            >
                <span class="tick" aria-hidden="true">
                    <Icon path=CHECK/>
                </span>
                <span class="name">{name}</span>
                <span class="bar" aria-hidden="true"></span>
                <span class="percent">{words::percent(probability)}</span>
                <span class="hidden">{if on { "on" } else { "off" }}</span>
            </li>
        }
    });
    let affect = detail.affect.map(|affect| {
        let line =
            format!("{}: pleasantness {:.1}, arousal {:.1}", words::affect(affect), affect.valence, affect.arousal);
        view! { <p class="hint">{line}</p> }
    });
    view! {
        <ul class="tags" aria-label="Labels of this row and how well they fit">
            {items.collect_view()}
        </ul>
        {affect}
    }
    .into_any()
}
