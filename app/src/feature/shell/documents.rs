//! The document that is open, and the way to others.

use js_sys::Date;
use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{KeyboardEvent, Node};

use crate::state::App;
use crate::store::Entry;
use crate::ui::Icon;
use crate::ui::icons::{CHEVRON, PLUS, TRASH};

/// The name of the document; it opens the list of all.
#[component]
pub fn DocumentMenu() -> impl IntoView {
    let app = App::expect();
    let open = RwSignal::new(false);
    let menu = NodeRef::<Div>::new();
    let toggle = move |_| {
        if !open.get() {
            spawn_local(app.documents.list());
        }
        open.update(|open| *open = !*open);
    };
    // It closes when one looks elsewhere, or by Escape.
    let elsewhere = window_event_listener(ev::pointerdown, move |event| {
        let inside = event
            .target()
            .and_then(|target| target.dyn_into::<Node>().ok())
            .zip(menu.get_untracked())
            .is_some_and(|(target, menu)| menu.contains(Some(&target)));
        if !inside && open.get_untracked() {
            open.set(false);
        }
    });
    on_cleanup(move || elsewhere.remove());
    let key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
            focus("documents-button");
        }
    };
    view! {
        <div class="documents" node_ref=menu on:keydown=key>
            <button
                id="documents-button"
                class="quiet document-name"
                type="button"
                data-testid="documents"
                aria-expanded=move || open.get().to_string()
                aria-controls="documents-list"
                title="Documents on this device"
                on:click=toggle
            >
                <span>{move || app.editing.name.get()}</span>
                <Icon path=CHEVRON/>
            </button>
            <div id="documents-list" class="popover" hidden=move || !open.get()>
                <Show when=move || open.get()>
                    <Name/>
                    <ul class="document-list" aria-label="Documents on this device">
                        <For each=move || app.documents.entries.get() key=|entry| entry.id.clone() let:entry>
                            <Item entry open/>
                        </For>
                    </ul>
                    <button
                        type="button"
                        class="quiet wide-button"
                        data-testid="document-new"
                        on:click=move |_| {
                            app.documents.begin();
                            open.set(false);
                        }
                    >
                        <Icon path=PLUS/>
                        "New document"
                    </button>
                    <p class="hint">"Documents stay on this device, in this browser."</p>
                </Show>
            </div>
        </div>
    }
}

/// The name of the document that is open.
#[component]
fn Name() -> impl IntoView {
    let app = App::expect();
    view! {
        <label class="field-label" for="document-name">
            "This document"
        </label>
        <input
            id="document-name"
            data-testid="document-name"
            type="text"
            autocomplete="off"
            prop:value=move || app.editing.name.get()
            on:change:target=move |event| {
                app.documents.rename(event.target().value());
                // What was refused is not its name.
                event.target().set_value(&app.editing.name.get_untracked());
            }
        />
    }
}

#[component]
fn Item(entry: Entry, open: RwSignal<bool>) -> impl IntoView {
    let app = App::expect();
    let sure = RwSignal::new(false);
    let Entry { id, name, changed, file } = entry;
    let current = {
        let id = id.clone();
        Memo::new(move |_| app.documents.current.get() == id)
    };
    let about = match file {
        Some(file) => format!("{}, {file}", date(changed)),
        None => date(changed),
    };
    let (opened, forgotten) = (id.clone(), id);
    let label = format!("Delete \u{201c}{name}\u{201d}");
    view! {
        <li class="document-item" data-testid="document-item">
            <button
                type="button"
                class="quiet"
                aria-current=move || current.get().then_some("true")
                on:click=move |_| {
                    if !current.get_untracked() {
                        app.documents.open(opened.clone(), false);
                    }
                    open.set(false);
                }
            >
                <span>{name}</span>
                <span class="hint">{about}</span>
            </button>
            <button
                type="button"
                class="quiet square"
                aria-label=label
                title="Delete"
                on:click=move |_| sure.set(true)
            >
                <Icon path=TRASH/>
            </button>
            <Show when=move || sure.get()>
                <div class="sure">
                    <span class="hint">"Delete it and its file for good?"</span>
                    <button
                        type="button"
                        class="danger"
                        data-testid="document-delete"
                        on:click={
                            let id = forgotten.clone();
                            move |_| {
                                sure.set(false);
                                app.documents.forget(id.clone());
                            }
                        }
                    >
                        "Delete"
                    </button>
                    <button type="button" class="quiet" on:click=move |_| sure.set(false)>
                        "Keep"
                    </button>
                </div>
            </Show>
        </li>
    }
}

/// When something was changed, as people here write it.
fn date(milliseconds: f64) -> String {
    let date = Date::new(&JsValue::from_f64(milliseconds));
    let now = Date::new_0();
    let options = js_sys::Object::new();
    match date.to_date_string() == now.to_date_string() {
        true => date.to_locale_time_string("en-GB").as_string().unwrap_or_default().chars().take(5).collect(),
        false => String::from(date.to_locale_date_string("en-GB", &options)),
    }
}

fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A button that cannot be focused can be clicked.
        let _ = element.focus();
    }
}
