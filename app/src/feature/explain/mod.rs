//! Reading closely: which words did it, how the text goes sentence by sentence, what edits change, and how sure a score is.

mod card;
mod difference;
mod edits;
mod sentences;
mod words;

use leptos::prelude::*;
use undertone_core::LabelId;

use crate::state::App;
use crate::ui::Icon;
use crate::ui::icons::PIN;
use card::Sureness;
pub use difference::DifferenceCard;
use edits::Edits;
use sentences::Sentences;
use words::Words;

/// The text, read closely for one label.
#[component]
pub fn CloseReading() -> impl IntoView {
    let app = App::expect();
    let known = Memo::new(move |_| app.close.words.with(Option::is_some));
    let label = Memo::new(move |_| app.close.words.with(|words| words.as_ref().map(|words| words.label.clone())));
    view! {
        <Show when=move || known.get()>
            <section
                class="card close"
                data-testid="explain"
                data-label=move || label.get().map(|label| label.name)
                style=("--hue", move || label.get().map_or(0, |label| label.hue).to_string())
                aria-labelledby="reading-closely"
                aria-busy=move || app.close.is_behind().to_string()
            >
                <div class="card-head">
                    <h2 id="reading-closely">"Reading closely"</h2>
                    <PinButton/>
                </div>
                <LabelChoice/>
                <Words/>
                <Sentences/>
                <Edits/>
                <Sureness/>
            </section>
        </Show>
    }
}

/// For which label the text is read.
#[component]
fn LabelChoice() -> impl IntoView {
    let app = App::expect();
    let names = Memo::new(move |_| {
        let names = |labels: &undertone_core::LabelSet| {
            labels.labels().iter().map(|label| (label.id, label.name.clone())).collect::<Vec<_>>()
        };
        app.text.reading.with(|reading| reading.as_ref().map(|reading| names(&reading.labels)).unwrap_or_default())
    });
    let chosen = Memo::new(move |_| app.close.label.get().map(LabelId::get));
    let choose = move |value: String| {
        let found = names.with_untracked(|names| names.iter().find(|(id, _)| id.get().to_string() == value).cloned());
        if let Some((id, _)) = found {
            app.close.choose(id);
        }
    };
    view! {
        <div class="field close-label">
            <label for="close-label">"What makes it feel like"</label>
            <select
                id="close-label"
                data-testid="explain-label"
                prop:value=move || chosen.get().map(|id| id.to_string())
                on:change:target=move |event| choose(event.target().value())
            >
                {move || {
                    names
                        .get()
                        .into_iter()
                        .map(|(id, name)| {
                            view! {
                                <option value=id.get().to_string() prop:selected=move || chosen.get() == Some(id.get())>
                                    {name}
                                </option>
                            }
                        })
                        .collect_view()
                }}
            </select>
        </div>
    }
}

/// Remembers the text as it is, to see what edits change.
#[component]
fn PinButton() -> impl IntoView {
    let app = App::expect();
    let pinned = Memo::new(move |_| app.close.is_pinned());
    let toggle = move |_| if pinned.get_untracked() { app.close.unpin() } else { app.close.pin() };
    view! {
        <button
            type="button"
            data-testid="pin"
            aria-pressed=move || pinned.get().to_string()
            title="Remember the text as it is, and see what your edits change"
            on:click=toggle
        >
            <Icon path=PIN/>
            "Pin this text"
        </button>
    }
}
