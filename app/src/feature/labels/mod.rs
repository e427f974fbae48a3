//! The labels in use: choose, edit, add, remove, exchange as files; and how scores become decisions.

mod decision;
mod exchange;
mod row;

use leptos::html::Input;
use leptos::prelude::*;

use crate::document::{Command, LabelEdit};
use crate::presets;
use crate::state::App;
use crate::ui::Icon;
use crate::ui::icons::PLUS;
use decision::DecisionCard;
use exchange::Exchange;
use row::LabelRow;

/// What texts are read for.
#[component]
pub fn Codebook() -> impl IntoView {
    let app = App::expect();
    let count = Memo::new(move |_| app.editing.labels.with(|labels| labels.labels().len()));
    view! {
        <section class="card labels" aria-labelledby="your-labels">
            <div class="card-head">
                <h2 id="your-labels">"Your labels"</h2>
                <p class="count" aria-hidden="true">{move || count.get()}</p>
            </div>
            <PresetChoice/>
            <LabelList/>
            <AddLabel/>
            <Template/>
            <Exchange/>
        </section>
        <DecisionCard/>
    }
}

#[component]
fn PresetChoice() -> impl IntoView {
    let app = App::expect();
    let chosen = Memo::new(move |_| app.editing.preset.get().unwrap_or_default());
    let choose = move |key: String| {
        if let Some(preset) = presets::find(&key) {
            app.editing.replace_labels(preset.labels(), Some(key));
        }
    };
    view! {
        <div class="field">
            <label for="preset">"Begin with"</label>
            <select
                id="preset"
                data-testid="preset"
                prop:value=move || chosen.get()
                on:change:target=move |event| choose(event.target().value())
            >
                <option value="" disabled=move || !chosen.get().is_empty()>
                    "my own"
                </option>
                {presets::ALL
                    .map(|preset| {
                        view! {
                            <option value=preset.key prop:selected=move || chosen.get() == preset.key>
                                {preset.name}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </div>
    }
}

#[component]
fn LabelList() -> impl IntoView {
    let app = App::expect();
    let ids = Memo::new(move |_| {
        app.editing.labels.with(|labels| labels.labels().iter().map(|label| label.id).collect::<Vec<_>>())
    });
    view! {
        <ul class="label-list" data-testid="label-list" aria-label="Labels">
            <For each=move || ids.get() key=|id| *id let:id>
                <LabelRow id/>
            </For>
        </ul>
        <Show when=move || ids.with(Vec::is_empty)>
            <p class="hint">"No labels yet. Add a feeling in your own words."</p>
        </Show>
    }
}

#[component]
fn AddLabel() -> impl IntoView {
    let app = App::expect();
    let field = NodeRef::<Input>::new();
    let add = move || {
        let Some(field) = field.get_untracked() else {
            return;
        };
        let name = field.value();
        if name.trim().is_empty() {
            return;
        }
        match app.editing.edit_labels(LabelEdit::Add { name }) {
            Ok(()) => field.set_value(""),
            Err(message) => app.notices.say(crate::state::Topic::Edit, message),
        }
    };
    view! {
        <div class="add">
            <input
                id="label-add"
                node_ref=field
                data-testid="label-add"
                type="text"
                autocomplete="off"
                aria-label="Add a label"
                placeholder="Add a feeling, then Enter"
                on:keydown=move |event| {
                    if event.key() == "Enter" && !event.is_composing() {
                        event.prevent_default();
                        add();
                    }
                }
            />
            <button
                class="quiet square"
                type="button"
                aria-label="Add the label"
                title="Add"
                on:click=move |_| add()
            >
                <Icon path=PLUS/>
            </button>
        </div>
    }
}

/// The words around every name.
#[component]
fn Template() -> impl IntoView {
    let app = App::expect();
    let template = Memo::new(move |_| app.editing.labels.with(|labels| labels.template().to_string()));
    view! {
        <details class="template">
            <summary>"Wording"</summary>
            <label for="template">"The model reads each label as"</label>
            <input
                id="template"
                type="text"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || template.get()
                on:change:target=move |event| {
                    let template_now = event.target().value();
                    app.editing.send(Command::EditLabels { edit: LabelEdit::Template { template: template_now } });
                    // What was refused is not what is in use.
                    event.target().set_value(&template.get_untracked());
                }
            />
            <p class="hint">"{} stands for the label, as in \u{201c}the writer feels {}\u{201d}."</p>
        </details>
    }
}
