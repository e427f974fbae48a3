//! What the file is, and the ways out of it.

use leptos::prelude::*;
use web_sys::Blob;

use super::Choose;
use crate::browser::describe;
use crate::state::{App, OpenedFile, Topic};
use crate::ui::icons::{CROSS, EXPORT};
use crate::ui::{Icon, offer, words};
use crate::wire::scoring::Format;

/// The file's name, how many texts it has, and what can be done with it.
#[component]
pub fn Head() -> impl IntoView {
    let app = App::expect();
    let opened = move |read: fn(&OpenedFile) -> String| {
        move || app.file.opened.with(|opened| opened.as_ref().map(read).unwrap_or_default())
    };
    let exporter = move |testid: &'static str, name: &'static str, format: Format, end: &'static str| {
        view! {
            <button
                type="button"
                class="quiet"
                data-testid=testid
                prop:disabled=move || app.file.counts.with(Option::is_none) || app.file.exporting.get()
                on:click=move |_| app.file.export(format, move |opened, content| give(app, opened, content, end))
            >
                <Icon path=EXPORT/>
                {name}
            </button>
        }
    };
    view! {
        <div class="sheet-head">
            <div>
                <h2 id="sheet-title">{opened(|opened| opened.file.name.clone())}</h2>
                <p class="hint">{opened(about)}</p>
            </div>
            <div class="sheet-tools">
                {exporter("export-csv", "CSV", Format::Csv, "csv")}
                {exporter("export-jsonl", "JSON lines", Format::JsonLines, "jsonl")} <Choose/>
            </div>
            <button
                type="button"
                class="quiet square"
                aria-label="Close the file"
                title="Close the file"
                on:click=move |_| app.file.close()
            >
                <Icon path=CROSS/>
            </button>
        </div>
    }
}

fn about(opened: &OpenedFile) -> String {
    let summary = &opened.summary;
    let texts = words::counted(summary.texts as usize, "text", "texts");
    let column = summary.column.as_ref().map(|column| format!(" in the column \u{201c}{column}\u{201d}"));
    let empty = summary.rows - summary.texts;
    let empty = (empty > 0).then(|| format!(", and {} without one", words::counted(empty as usize, "row", "rows")));
    format!("{texts}{}{}", column.unwrap_or_default(), empty.unwrap_or_default())
}

fn give(app: App, opened: &OpenedFile, content: &Blob, end: &str) {
    let name = &opened.file.name;
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    if let Err(error) = offer(&format!("{stem}-undertone.{end}"), content) {
        app.notices.say(Topic::File, format!("the results cannot be exported ({})", describe(&error)));
    }
}
