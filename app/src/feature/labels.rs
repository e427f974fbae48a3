//! The list of labels.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::task::spawn_local;
use undertone_core::{Colour, Label, LabelId};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlElement, HtmlInputElement};

use super::icons::{CHEVRON, CROSS, EXPORT, IMPORT, Icon, PLUS, UNDO};
use crate::board::Subject;
use crate::browser::{describe, offer};
use crate::reading::{hue, spare_hue};
use crate::state::App;

/// The labels in use: choose, edit, add, remove, take back, exchange as files.
#[component]
pub fn LabelPanel() -> impl IntoView {
    let app = App::expect();
    let count = Memo::new(move |_| app.board.with(|board| board.labels.labels().len()));
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
            <Tools/>
        </section>
    }
}

#[component]
fn PresetChoice() -> impl IntoView {
    let app = App::expect();
    let chosen = Memo::new(move |_| app.board.with(|board| board.preset.clone().unwrap_or_default()));
    view! {
        <div class="field">
            <label for="preset">"Begin with"</label>
            <select
                id="preset"
                data-testid="preset"
                // The options come later than the choice, so both must be looked at.
                prop:value=move || {
                    app.presets.track();
                    chosen.get()
                }
                on:change:target=move |event| app.choose(event.target().value())
            >
                <option value="" disabled=move || !chosen.get().is_empty()>
                    "my own"
                </option>
                <For each=move || app.presets.get() key=|preset| preset.file.clone() let:preset>
                    <option
                        value=preset.key().to_string()
                        prop:selected={
                            let key = preset.key().to_string();
                            move || chosen.get() == key
                        }
                    >
                        {preset.name.clone()}
                    </option>
                </For>
            </select>
        </div>
    }
}

#[component]
fn LabelList() -> impl IntoView {
    let app = App::expect();
    let ids = Memo::new(move |_| {
        app.board.with(|board| {
            let labels = board.labels.labels().iter();
            labels.map(|label| label.id).collect::<Vec<_>>()
        })
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

/// The ids of elements that belong to a label.
fn element_id(what: &str, id: LabelId) -> String {
    format!("label-{what}-{}", id.get())
}

#[component]
fn LabelRow(id: LabelId) -> impl IntoView {
    let app = App::expect();
    let label = Memo::new(move |before: Option<&Option<Label>>| {
        app.board
            .with(|board| board.labels.get(id).cloned())
            // A row that is about to go keeps its face.
            .or_else(|| before.cloned().flatten())
    });
    let name = Memo::new(move |_| label.with(|label| label.as_ref().map(|l| l.name.clone())));
    let name = move || name.get().unwrap_or_default();
    let colour = move || label.with(|label| label.as_ref().map_or(0, hue)).to_string();
    // What is being typed, and why if it is no valid name. It is shown instead of the name, which
    // is trimmed: that would eat the space before the next word.
    let draft = RwSignal::new(None::<(String, Option<String>)>);
    let open = RwSignal::new(false);

    let rename = move |value: String| {
        let edit = app.edit(Subject::Name(id), |labels| labels.rename(id, &value));
        draft.set(Some((value, edit.err().map(|error| error.to_string()))));
    };
    let refused = move || draft.with(|draft| draft.as_ref().and_then(|(_, why)| why.clone()));
    let settle = move || {
        app.close_edit();
        if let Some(why) = untrack(refused) {
            app.complain(why);
        }
        draft.set(None);
    };
    let shown = move || draft.get().map_or_else(name, |(value, _)| value);
    let details = element_id("details", id);
    view! {
        <li class="label-row" data-testid="label-row" style=("--hue", colour)>
            <span class="swatch" aria-hidden="true"></span>
            <input
                id=element_id("name", id)
                class="label-name"
                data-testid="label-name"
                type="text"
                autocomplete="off"
                spellcheck="false"
                aria-label=move || format!("Name of label {}", name())
                aria-invalid=move || refused().is_some().to_string()
                title=refused
                prop:value=shown
                on:input:target=move |event| rename(event.target().value())
                on:change=move |_| settle()
                on:blur=move |_| settle()
                on:keydown:target=move |event| {
                    if event.key() == "Enter" {
                        // Leaving the field settles the name.
                        let _ = event.target().blur();
                    }
                }
            />
            <button
                class="quiet square disclose"
                type="button"
                aria-label=move || format!("Meaning of {}", name())
                title="Meaning"
                aria-expanded=move || open.get().to_string()
                aria-controls=details.clone()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon path=CHEVRON/>
            </button>
            <button
                class="quiet square"
                type="button"
                data-testid="label-remove"
                aria-label=move || format!("Remove {}", name())
                title="Remove"
                on:click=move |_| remove(app, id)
            >
                <Icon path=CROSS/>
            </button>
            <div class="label-details" id=details hidden=move || !open.get()>
                <Show when=move || open.get()>
                    <Details id label/>
                </Show>
            </div>
        </li>
    }
}

/// Removes a label, and leaves the focus where the next one is now.
fn remove(app: App, id: LabelId) {
    let next = app.board.with_untracked(|board| {
        let labels = board.labels.labels();
        let place = labels.iter().position(|label| label.id == id)?;
        let next = labels.get(place + 1).or_else(|| labels.get(place.checked_sub(1)?));
        next.map(|label| label.id)
    });
    if let Err(error) = app.edit(Subject::List, |labels| labels.remove(id)) {
        return app.complain(error.to_string());
    }
    let target = next.map_or_else(|| "label-add".into(), |id| element_id("name", id));
    let element = document().get_element_by_id(&target).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        // A field that cannot be focused can be clicked.
        let _ = element.focus();
    }
}

#[component]
fn Details(id: LabelId, label: Memo<Option<Label>>) -> impl IntoView {
    let app = App::expect();
    let description = move || label.with(|label| label.as_ref().map(|l| l.description.clone()).unwrap_or_default());
    let synonyms = move || label.with(|label| label.as_ref().map(|l| l.synonyms.join(", ")).unwrap_or_default());
    let describe = move |value: String| {
        let edit = app.edit(Subject::Description(id), |labels| labels.set_description(id, &value));
        if let Err(error) = edit {
            app.complain(error.to_string());
        }
    };
    let set_synonyms = move |value: String| {
        let words = value.split([',', ';', '\n']).map(str::trim);
        let words = words.filter(|word| !word.is_empty()).map(String::from).collect();
        let edit = app.edit(Subject::Synonyms(id), |labels| labels.set_synonyms(id, words));
        if let Err(error) = edit {
            app.complain(error.to_string());
        }
    };
    view! {
        <label for=element_id("description", id)>"Description"</label>
        <textarea
            id=element_id("description", id)
            rows="2"
            placeholder="One sentence that says what you mean by it"
            prop:value=description
            on:input:target=move |event| describe(event.target().value())
            on:blur=move |_| app.close_edit()
        ></textarea>
        <label for=element_id("synonyms", id)>"Also called"</label>
        <input
            id=element_id("synonyms", id)
            type="text"
            autocomplete="off"
            placeholder="other words, with commas between"
            prop:value=synonyms
            on:change:target=move |event| set_synonyms(event.target().value())
        />
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
        let added = app.edit(Subject::List, |labels| {
            let colour = Colour::of_hue(spare_hue(labels));
            let id = labels.add(&name)?;
            labels.set_colour(id, Some(colour))
        });
        match added {
            Ok(_) => field.set_value(""),
            Err(error) => app.complain(error.to_string()),
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
    let template = Memo::new(move |_| app.board.with(|board| board.labels.template().to_string()));
    let set = move |value: String| {
        let edit = app.edit(Subject::Template, |labels| labels.set_template(&value));
        app.close_edit();
        if let Err(error) = edit {
            app.complain(error.to_string());
        }
    };
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
                    set(event.target().value());
                    // What was refused is not what is in use.
                    event.target().set_value(&template.get_untracked());
                }
            />
            <p class="hint">"{} stands for the label, as in \u{201c}the writer feels {}\u{201d}."</p>
        </details>
    }
}

#[component]
fn Tools() -> impl IntoView {
    let app = App::expect();
    view! {
        <div class="tools">
            <button
                class="quiet"
                type="button"
                prop:disabled=move || !app.can_undo()
                on:click=move |_| app.undo()
            >
                <Icon path=UNDO/>
                "Undo"
            </button>
            <label class="button quiet import">
                <Icon path=IMPORT/>
                "Import"
                <input
                    data-testid="labels-import"
                    type="file"
                    accept=".json,application/json"
                    aria-label="Import labels from a file"
                    on:change:target=move |event| import(app, event.target())
                />
            </label>
            <button
                class="quiet"
                type="button"
                data-testid="labels-export"
                aria-label="Export labels to a file"
                on:click=move |_| export(app)
            >
                <Icon path=EXPORT/>
                "Export"
            </button>
        </div>
    }
}

fn import(app: App, field: HtmlInputElement) {
    let Some(file) = field.files().and_then(|files| files.get(0)) else {
        return;
    };
    spawn_local(async move {
        let name = file.name();
        match JsFuture::from(file.text()).await {
            Ok(text) => app.import(&name, &text.as_string().unwrap_or_default(), None),
            Err(error) => {
                app.complain(format!("{name} cannot be read ({}).", describe(&error)));
            }
        }
        // So that the same file, mended, can be chosen again.
        field.set_value("");
    });
}

fn export(app: App) {
    let (name, json) = app.board.with_untracked(|board| {
        let name: String = board
            .labels
            .name()
            .chars()
            .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        (name, board.labels.to_json())
    });
    let name = match name.trim_matches('-') {
        "" => "labels",
        name => name,
    };
    if let Err(error) = offer(&format!("{name}.json"), "application/json", &json) {
        app.complain(format!("the labels cannot be exported ({})", describe(&error)));
    }
}
