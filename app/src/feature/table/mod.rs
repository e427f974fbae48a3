//! A file of texts: a bar while it is encoded, what it feels like as a whole, its rows, and one row by itself.

mod detail;
mod head;
mod overview;
mod progress;
mod rows;
mod tools;

use leptos::ev;
use leptos::html::Input;
use leptos::prelude::*;
use web_sys::DragEvent;

use crate::state::App;
use crate::ui::Icon;
use crate::ui::icons::IMPORT;
use detail::RowPanel;
use head::Head;
use overview::Overview;
use progress::ReadingBar;
use rows::Rows;
use tools::Tools;

/// The page of the file.
#[component]
pub fn FilePage() -> impl IntoView {
    let app = App::expect();
    watch_drops(app);
    let open = Memo::new(move |_| app.file.opened.with(Option::is_some));
    view! {
        <Show when=move || open.get() fallback=Invitation>
            <section class="card sheet" aria-labelledby="sheet-title">
                <Head/>
                <ReadingBar/>
                <Overview/>
                <Tools/>
                <Rows/>
            </section>
            <RowPanel/>
        </Show>
    }
}

/// What is said while no file is open.
#[component]
fn Invitation() -> impl IntoView {
    view! {
        <section class="card invitation" aria-labelledby="sheet-title">
            <h2 id="sheet-title" class="headline">
                "Many texts at once"
            </h2>
            <p>
                "Open a file and every text in it is read, on this device: you see what they feel like together, and one by one, while you change the labels."
            </p>
            <Choose/>
            <p class="hint">"CSV or TSV with a header, JSON lines, or a text a line. Or drop it anywhere on this page."</p>
        </section>
    }
}

/// The button that opens a file.
#[component]
pub(super) fn Choose() -> impl IntoView {
    let app = App::expect();
    let field = NodeRef::<Input>::new();
    let chosen = move |_| {
        let Some(field) = field.get() else { return };
        if let Some(file) = field.files().and_then(|files| files.get(0)) {
            app.file.open(&file);
        }
        // So that the same file, mended, can be chosen again.
        field.set_value("");
    };
    view! {
        <label class="button import">
            <Icon path=IMPORT/>
            "Open a file"
            <input
                node_ref=field
                data-testid="import-file"
                type="file"
                accept=".csv,.tsv,.tab,.jsonl,.ndjson,.txt"
                aria-label="Open a file of texts"
                on:change=chosen
            />
        </label>
    }
}

/// A file may be dropped anywhere: a browser would otherwise leave the page for it.
fn watch_drops(app: App) {
    let over = window_event_listener(ev::dragover, |event: DragEvent| event.prevent_default());
    let drop = window_event_listener(ev::drop, move |event: DragEvent| {
        let file = event.data_transfer().and_then(|transfer| transfer.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            event.prevent_default();
            app.file.open(&file);
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}
