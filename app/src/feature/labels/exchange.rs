//! Labels as files.

use gloo_file::futures::read_as_text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use undertone_core::LabelSet;
use web_sys::HtmlInputElement;

use crate::browser::describe;
use crate::state::{App, Topic};
use crate::ui::icons::{EXPORT, IMPORT};
use crate::ui::{Icon, offer};

/// The ways in and out.
#[component]
pub fn Exchange() -> impl IntoView {
    let app = App::expect();
    view! {
        <div class="tools">
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
        let read = read_as_text(&file.into()).await;
        match read.map(|text| LabelSet::from_json(&text)) {
            Ok(Ok(labels)) => app.editing.replace_labels(labels, None),
            Ok(Err(error)) => app.notices.say(Topic::Edit, format!("{name}: {error}")),
            Err(error) => app.notices.say(Topic::Edit, format!("{name} cannot be read ({error})")),
        }
        // So that the same file, mended, can be chosen again.
        field.set_value("");
    });
}

fn export(app: App) {
    let labels = app.editing.labels.get_untracked();
    let letters = labels.name().chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let name: String = letters.collect();
    let name = match name.trim_matches('-') {
        "" => "labels",
        name => name,
    };
    let content = gloo_file::Blob::new_with_options(labels.to_json().as_str(), Some("application/json"));
    if let Err(error) = offer(&format!("{name}.json"), content.as_ref()) {
        app.notices.say(Topic::Edit, format!("the labels cannot be exported ({})", describe(&error)));
    }
}
