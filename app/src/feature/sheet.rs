//! A file of texts: a bar while it is read, what it feels like as a whole, and its rows.

use leptos::html::{Div, Input};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{DragEvent, File};

use super::icons::{CROSS, EXPORT, IMPORT, Icon};
use crate::browser::{describe, offer};
use crate::sheet::{Line, Sheet, Stage, Tag};
use crate::state::App;
use crate::words;

/// The height of a row, in pixels; `--row` in the style sheet.
const ROW: f64 = 60.0;
/// Rows kept above and below those in view, so that scrolling finds them there.
const SPARE: usize = 6;
/// How many labels the overview names.
const NAMED: usize = 8;
/// How many tags a row shows before it counts the rest.
const SHOWN: usize = 3;

/// The card for files.
#[component]
pub fn SheetCard() -> impl IntoView {
    let app = App::expect();
    let open = Memo::new(move |_| app.sheet.with(Option::is_some));
    watch_drops(app);
    view! {
        <section class="card sheet" aria-labelledby="sheet-title">
            <Show when=move || open.get() fallback=Invitation>
                <Head/>
                <Reading/>
                <Overview/>
                <Rows/>
            </Show>
        </section>
    }
}

/// What is said while no file is open.
#[component]
fn Invitation() -> impl IntoView {
    view! {
        <div class="sheet-head">
            <div>
                <h2 id="sheet-title">"Many texts at once"</h2>
                <p class="hint">
                    "Drop a file here: CSV or TSV with a header, JSON lines, or a text a line. It stays on this device too."
                </p>
            </div>
            <Choose/>
        </div>
    }
}

/// The button that opens a file.
#[component]
fn Choose() -> impl IntoView {
    let app = App::expect();
    let field = NodeRef::<Input>::new();
    let chosen = move |_| {
        let Some(field) = field.get() else { return };
        if let Some(file) = field.files().and_then(|files| files.get(0)) {
            open(app, file);
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

fn open(app: App, file: File) {
    spawn_local(async move {
        let name = file.name();
        match JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => app.open(name, &js_sys::Uint8Array::new(&buffer).to_vec()),
            Err(error) => app.complain(format!("{name} cannot be read ({})", describe(&error))),
        }
    });
}

/// A file may be dropped anywhere: a browser would otherwise leave the page for it.
fn watch_drops(app: App) {
    let over = window_event_listener(leptos::ev::dragover, |event: DragEvent| event.prevent_default());
    let drop = window_event_listener(leptos::ev::drop, move |event: DragEvent| {
        let file = event.data_transfer().and_then(|transfer| transfer.files()).and_then(|files| files.get(0));
        if let Some(file) = file {
            event.prevent_default();
            open(app, file);
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}

/// Of the file that is open.
fn with<T: Default>(app: App, read: impl FnOnce(&Sheet) -> T) -> T {
    app.sheet.with(|sheet| sheet.as_ref().map(read).unwrap_or_default())
}

#[component]
fn Head() -> impl IntoView {
    let app = App::expect();
    let name = Memo::new(move |_| with(app, |sheet| sheet.name.clone()));
    let about = Memo::new(move |_| {
        with(app, |sheet| {
            let texts = match sheet.len() {
                1 => "1 text".to_owned(),
                n => format!("{} texts", words::thousands(n)),
            };
            match &sheet.column {
                Some(column) => format!("{texts} in the column \u{201c}{column}\u{201d}"),
                None => texts,
            }
        })
    });
    let nothing = move || with(app, Sheet::read) == 0;
    let export = move |kind: &'static str, end: &'static str, write: fn(&Sheet) -> String| {
        let (stem, content) = app.sheet.with_untracked(|sheet| match sheet {
            Some(sheet) => (sheet.name.rsplit_once('.').map_or(sheet.name.clone(), |n| n.0.to_owned()), write(sheet)),
            None => Default::default(),
        });
        if let Err(error) = offer(&format!("{stem}-undertone.{end}"), kind, &content) {
            app.complain(format!("the results cannot be exported ({})", describe(&error)));
        }
    };
    let exporter = move |testid: &'static str, name: &'static str, kind, end, write| {
        view! {
            <button
                type="button"
                class="quiet"
                data-testid=testid
                prop:disabled=nothing
                on:click=move |_| export(kind, end, write)
            >
                <Icon path=EXPORT/>
                {name}
            </button>
        }
    };
    view! {
        <div class="sheet-head">
            <div>
                <h2 id="sheet-title">{move || name.get()}</h2>
                <p class="hint">{move || about.get()}</p>
            </div>
            <div class="sheet-tools">
                {exporter("export-csv", "CSV", "text/csv", "csv", Sheet::to_csv)}
                {exporter("export-jsonl", "JSON lines", "application/x-ndjson", "jsonl", Sheet::to_jsonl)}
                <Choose/>
            </div>
            <button
                type="button"
                class="quiet square"
                aria-label="Close the file"
                title="Close the file"
                on:click=move |_| app.close_file()
            >
                <Icon path=CROSS/>
            </button>
        </div>
    }
}

/// The bar, while there is something to wait for.
#[component]
fn Reading() -> impl IntoView {
    let app = App::expect();
    let stage = Memo::new(move |_| app.sheet.with(|sheet| sheet.as_ref().map(|sheet| sheet.stage)));
    let counts = Memo::new(move |_| with(app, |sheet| (sheet.read(), sheet.len())));
    let words = move || {
        let (read, all) = counts.get();
        let counted = format!("{} of {}", words::thousands(read), words::thousands(all));
        match stage.get() {
            Some(Stage::Stopped) => format!("Stopped after {counted}"),
            _ if read == 0 => "Starting\u{2026}".into(),
            _ => format!("{counted} read"),
        }
    };
    view! {
        <Show when=move || stage.get().is_some_and(|stage| stage != Stage::Read)>
            <div class="sheet-reading">
                <progress
                    data-testid="progress"
                    aria-label="Texts read"
                    max=move || counts.get().1.to_string()
                    value=move || counts.get().0.to_string()
                ></progress>
                <p class="hint">{words}</p>
                <Show when=move || stage.get() == Some(Stage::Reading)>
                    <button type="button" class="quiet" data-testid="cancel" on:click=move |_| app.stop_reading()>
                        "Cancel"
                    </button>
                </Show>
            </div>
        </Show>
    }
}

/// How many texts each label is on for.
#[component]
fn Overview() -> impl IntoView {
    let app = App::expect();
    let counts = Memo::new(move |_| with(app, Sheet::counts));
    let most = move || counts.with(|counts| counts.first().map_or(1, |(_, count)| *count));
    let items = move || {
        let (counts, most) = (counts.get(), most());
        let more = counts.len().saturating_sub(NAMED);
        let shown = counts.into_iter().take(NAMED).map(|(tag, count)| {
            let width = format!("{:.3}", count as f64 / most as f64);
            view! {
                <li style=("--hue", tag.hue.to_string()) style=("--width", width)>
                    <span class="name">{tag.name}</span>
                    <span class="share" aria-hidden="true"></span>
                    <span class="count">{words::thousands(count)}</span>
                </li>
            }
        });
        let rest = (more > 0).then(|| view! { <li class="hint">{format!("and {more} more labels")}</li> });
        (shown.collect_view(), rest)
    };
    view! {
        <ul class="overview" aria-label="Labels and how many texts they fit">
            {items}
        </ul>
    }
}

/// The rows in view, out of however many there are.
#[component]
fn Rows() -> impl IntoView {
    let app = App::expect();
    let frame = NodeRef::<Div>::new();
    let view = RwSignal::new((0.0, 480.0));
    let look = move |_| {
        if let Some(frame) = frame.get() {
            view.set((f64::from(frame.scroll_top()), f64::from(frame.client_height())));
        }
    };
    let count = Memo::new(move |_| with(app, Sheet::len));
    let shown = Memo::new(move |_| {
        let (top, height) = view.get();
        let first = ((top / ROW) as usize).saturating_sub(SPARE);
        let last = ((top + height) / ROW) as usize + 1 + SPARE;
        (first.min(count.get()), last.min(count.get()))
    });
    let range = move || {
        let (first, last) = shown.get();
        first..last
    };
    view! {
        <div
            class="sheet-frame"
            node_ref=frame
            data-testid="table"
            role="table"
            aria-label="Texts and their labels"
            aria-rowcount=move || count.get().to_string()
            tabindex="0"
            on:scroll=look
        >
            <div
                role="rowgroup"
                style=("height", move || format!("{}px", count.get() as f64 * ROW))
                style=("padding-top", move || format!("{}px", shown.get().0 as f64 * ROW))
            >
                <For each=range key=|row| *row let:row>
                    <SheetRow row/>
                </For>
            </div>
        </div>
    }
}

#[component]
fn SheetRow(row: usize) -> impl IntoView {
    let app = App::expect();
    let line = Memo::new(move |_| app.sheet.with(|sheet| sheet.as_ref()?.line(row)));
    let with = move |read: fn(Line) -> String| line.get().map(read).unwrap_or_default();
    let tags = move || match line.get().and_then(|line| line.tags) {
        None => view! { <span class="faint">"\u{2026}"</span> }.into_any(),
        Some(tags) if tags.is_empty() => view! { <span class="faint">"none"</span> }.into_any(),
        Some(tags) => chips(tags).into_any(),
    };
    view! {
        <div
            class="sheet-row"
            role="row"
            data-testid="row"
            data-id=move || with(|line| line.id)
            aria-rowindex=(row + 1).to_string()
        >
            <span role="cell" class="text">
                <button
                    type="button"
                    class="plain"
                    title="Look at this text by itself"
                    on:click=move |_| {
                        app.text.set(with(|line| line.text));
                        show_editor();
                    }
                >
                    {move || with(|line| line.text)}
                </button>
            </span>
            <span role="cell" class="chips">
                {tags}
            </span>
        </div>
    }
}

fn chips(tags: Vec<Tag>) -> impl IntoView {
    let more = tags.len().saturating_sub(SHOWN);
    let chips = tags.into_iter().take(SHOWN).map(|tag| {
        view! {
            <span class="chip" style=("--hue", tag.hue.to_string()) title=words::percent(tag.probability)>
                {tag.name}
            </span>
        }
    });
    (chips.collect_view(), (more > 0).then(|| view! { <span class="faint">{format!("+{more}")}</span> }))
}

/// Brings the text box into view.
fn show_editor() {
    if let Some(editor) = document().get_element_by_id("text") {
        editor.scroll_into_view();
        if let Some(field) = editor.dyn_ref::<web_sys::HtmlElement>() {
            // A field that cannot be focused can be clicked.
            let _ = field.focus();
        }
    }
}
