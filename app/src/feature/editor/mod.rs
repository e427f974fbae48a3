//! The text.

mod parts;

use leptos::html::Textarea;
use leptos::prelude::*;

use crate::document::Command;
use crate::state::App;
use crate::ui::Icon;
use crate::ui::icons::LOCK;
use parts::Parts;

/// The text box, with the colours of what it feels like beneath it.
#[component]
pub fn Editor() -> impl IntoView {
    let app = App::expect();
    let field = NodeRef::<Textarea>::new();
    let clear = move |_| {
        app.editing.close();
        app.editing.send(Command::Text { text: "".into() });
        app.editing.close();
        if let Some(field) = field.get() {
            // A field that cannot be focused can be clicked.
            let _ = field.focus();
        }
    };
    view! {
        <section class="card editor">
            <label class="hidden" for="text">"Your text"</label>
            <textarea
                id="text"
                node_ref=field
                data-testid="text-input"
                rows="4"
                placeholder="Type or paste a text: a message, a diary line, a review."
                spellcheck="false"
                autocomplete="off"
                aria-describedby="privacy"
                prop:value=move || app.editing.text.get().to_string()
                on:input:target=move |event| {
                    app.editing.send(Command::Text { text: event.target().value().into() });
                }
                on:blur=move |_| app.editing.close()
            ></textarea>
            <Strip/>
            <Parts field/>
            <div class="editor-foot">
                <p id="privacy" class="hint">
                    <Icon path=LOCK/>
                    "Stays on this device"
                </p>
                <Cut/>
                <button
                    class="quiet"
                    type="button"
                    prop:disabled=move || app.editing.text.with(|text| text.is_empty())
                    on:click=clear
                >
                    "Clear"
                </button>
            </div>
        </section>
    }
}

/// The feelings that are on, as a band of their colours.
#[component]
fn Strip() -> impl IntoView {
    let app = App::expect();
    let ids = Memo::new(move |_| {
        app.text.reading.with(|reading| {
            let rows = reading.iter().flat_map(|reading| &reading.rows);
            rows.map(|row| row.id).collect::<Vec<_>>()
        })
    });
    view! {
        <div class="strip" aria-hidden="true">
            <For each=move || ids.get() key=|id| *id let:id>
                {
                    let row = Memo::new(move |_| {
                        app.text.reading.with(|reading| reading.as_ref()?.row(id).cloned())
                    });
                    let share = move || {
                        row.with(|row| {
                            row.as_ref().map_or(0.0, |row| if row.on { row.probability } else { 0.0 })
                        })
                    };
                    view! {
                        <i
                            style=(
                                "--hue",
                                move || row.with(|r| r.as_ref().map_or(0, |r| r.hue)).to_string(),
                            )
                            style=("--share", move || format!("{:.3}", share()))
                        ></i>
                    }
                }
            </For>
        </div>
    }
}

/// The warning that a text is too long to be read to its end.
#[component]
fn Cut() -> impl IntoView {
    let app = App::expect();
    let cut = move || app.text.reading.with(|reading| reading.as_ref().is_some_and(|reading| reading.cut));
    view! {
        <p class="warning" role="status">
            {move || cut().then_some("This text is very long: only its first 20,000 words were read.")}
        </p>
    }
}
