//! A label in the list.

use leptos::prelude::*;
use undertone_core::{Label, LabelId};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::document::{Command, LabelEdit, hue};
use crate::state::{App, Topic};
use crate::ui::Icon;
use crate::ui::icons::{CHEVRON, CROSS};

/// The ids of elements that belong to a label.
fn element_id(what: &str, id: LabelId) -> String {
    format!("label-{what}-{}", id.get())
}

/// Its name, which can be edited in its place, and the way to the rest of it.
#[component]
pub fn LabelRow(
    /// Which label.
    id: LabelId,
) -> impl IntoView {
    let app = App::expect();
    let label = Memo::new(move |before: Option<&Option<Label>>| {
        app.editing
            .labels
            .with(|labels| labels.get(id).cloned())
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
        let edit = app.editing.edit_labels(LabelEdit::Rename { id, name: value.clone() });
        draft.set(Some((value, edit.err())));
    };
    let refused = move || draft.with(|draft| draft.as_ref().and_then(|(_, why)| why.clone()));
    let settle = move || {
        app.editing.close();
        if let Some(why) = untrack(refused) {
            app.notices.say(Topic::Edit, why);
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
                    if event.key() == "Enter" && !event.is_composing() {
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
    let next = app.editing.labels.with_untracked(|labels| {
        let labels = labels.labels();
        let place = labels.iter().position(|label| label.id == id)?;
        let next = labels.get(place + 1).or_else(|| labels.get(place.checked_sub(1)?));
        next.map(|label| label.id)
    });
    app.editing.send(Command::EditLabels { edit: LabelEdit::Remove { id } });
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
    let send = move |edit: LabelEdit| app.editing.send(Command::EditLabels { edit });
    let set_synonyms = move |value: String| {
        let words = value.split([',', ';', '\n']).map(str::trim);
        let synonyms = words.filter(|word| !word.is_empty()).map(String::from).collect();
        send(LabelEdit::Synonyms { id, synonyms });
        app.editing.close();
    };
    view! {
        <label for=element_id("description", id)>"Description"</label>
        <textarea
            id=element_id("description", id)
            data-testid="label-description"
            rows="2"
            placeholder="One sentence that says what you mean by it"
            prop:value=description
            on:input:target=move |event| send(LabelEdit::Describe { id, description: event.target().value() })
            on:blur=move |_| app.editing.close()
        ></textarea>
        <label for=element_id("synonyms", id)>"Also called"</label>
        <input
            id=element_id("synonyms", id)
            data-testid="label-synonyms"
            type="text"
            autocomplete="off"
            placeholder="other words, with commas between"
            prop:value=synonyms
            on:change:target=move |event| set_synonyms(event.target().value())
        />
    }
}
