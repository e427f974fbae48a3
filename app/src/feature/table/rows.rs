//! The rows of the file.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::document::{Status, hue};
use crate::state::App;
use crate::ui::icons::{CHECK, FLAG, PENCIL};
use crate::ui::{Icon, VirtualGrid, words};
use crate::wire::scoring::Row;

/// The height of a row, in pixels; `--row` in the style sheet.
const HEIGHT: f64 = 60.0;
/// How many tags a row shows before it counts the rest.
const SHOWN: usize = 3;

/// A tag as it is shown: name, hue, probability.
type Tag = (String, u16, f32);

/// The table.
#[component]
pub fn Rows() -> impl IntoView {
    let app = App::expect();
    let count = Memo::new(move |_| app.file.rows.with(|rows| rows.count));
    let active = RwSignal::new(0);
    let columns = Signal::stored(vec!["Text", "Labels", "Status"]);
    // Another order begins at its beginning.
    Effect::new(move |before: Option<()>| {
        app.editing.sort.track();
        app.editing.filter.track();
        if before.is_some() {
            active.set(0);
        }
    });
    let key = move |(place, event): (u32, KeyboardEvent)| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return false;
        }
        let Some(row) = row_at(app, place) else { return false };
        match event.key().as_str() {
            "Enter" | " " => app.file.selected.set(Some(row.row)),
            "a" => app.file.toggle(row.row, Status::Accepted),
            "f" => app.file.toggle(row.row, Status::Flagged),
            "Escape" => app.file.selected.set(None),
            _ => return false,
        }
        true
    };
    view! {
        <VirtualGrid
            label="Texts and their labels"
            columns
            count=count.into()
            row_height=HEIGHT
            rows=app.file.view
            active
            on_key=key
            attributes
            row=cells
        />
        <p class="hint keys">
            <kbd>"\u{2191}\u{2193}"</kbd>
            " move, "
            <kbd>"Enter"</kbd>
            " look closer, "
            <kbd>"A"</kbd>
            " accept, "
            <kbd>"F"</kbd>
            " flag"
        </p>
    }
}

/// The row at a place of the table, if it is in view.
fn row_at(app: App, place: u32) -> Option<Row> {
    app.file.rows.with_untracked(|rows| rows.rows.get(place.checked_sub(rows.from)? as usize).cloned())
}

/// A row, and its tags once it has any.
type Face = (Row, Option<Vec<Tag>>);

/// What is known of a place. It keeps its face while it is out of view.
fn at(place: u32) -> Memo<Option<Face>> {
    let app = App::expect();
    Memo::new(move |before: Option<&Option<Face>>| {
        app.file
            .rows
            .with(|rows| {
                let row = rows.rows.get(place.checked_sub(rows.from)? as usize)?.clone();
                let labels = rows.labels.clone();
                let tags = labels.zip(row.tags.as_ref()).map(|(labels, tags)| {
                    let tag = |&(label, probability): &(u32, f32)| {
                        let label = labels.labels().get(label as usize)?;
                        Some((label.name.clone(), hue(label), probability))
                    };
                    tags.iter().filter_map(tag).collect()
                });
                Some((row, tags))
            })
            .or_else(|| before.cloned().flatten())
    })
}

fn attributes(place: u32) -> (Signal<String>, Signal<String>) {
    let row = at(place);
    let read = move |read: fn(&Row) -> String| {
        Signal::derive(move || row.with(|row| row.as_ref().map(|(row, _)| read(row)).unwrap_or_default()))
    };
    (read(|row| row.id.clone()), read(|row| row.status.name().to_owned()))
}

fn cells(place: u32) -> impl IntoView {
    let app = App::expect();
    let row = at(place);
    let text = Memo::new(move |_| row.with(|row| row.as_ref().map(|(row, _)| (row.row, row.text.clone()))));
    let tags =
        Memo::new(move |_| row.with(|row| row.as_ref().map(|(row, tags)| (row.text.trim().is_empty(), tags.clone()))));
    let status = Memo::new(move |_| row.with(|row| row.as_ref().map(|(row, _)| (row.status, row.noted))));
    let look = move |_| {
        if let Some((row, _)) = text.get_untracked() {
            app.file.selected.set(Some(row));
        }
    };
    view! {
        <span role="gridcell" class="cell text" on:click=look>
            {move || text.get().map_or_else(|| "\u{2026}".into(), |(_, text)| text)}
        </span>
        <span role="gridcell" class="cell chips">
            {move || match tags.get() {
                Some((true, _)) => view! { <span class="faint">"no text"</span> }.into_any(),
                None | Some((_, None)) => view! { <span class="faint">"\u{2026}"</span> }.into_any(),
                Some((_, Some(tags))) if tags.is_empty() => view! { <span class="faint">"none"</span> }.into_any(),
                Some((_, Some(tags))) => chips(tags).into_any(),
            }}
        </span>
        <span role="gridcell" class="cell state">
            {move || status.get().map(|(status, noted)| marks(status, noted))}
        </span>
    }
}

fn chips(tags: Vec<Tag>) -> impl IntoView {
    let more = tags.len().saturating_sub(SHOWN);
    let chips = tags.into_iter().take(SHOWN).map(|(name, hue, probability)| {
        view! {
            <span class="chip" style=("--hue", hue.to_string()) title=words::percent(probability)>
                {name}
            </span>
        }
    });
    (chips.collect_view(), (more > 0).then(|| view! { <span class="faint">{format!("+{more}")}</span> }))
}

fn marks(status: Status, noted: bool) -> impl IntoView {
    let (icon, name) = match status {
        Status::Open => (None, "open"),
        Status::Accepted => (Some(CHECK), "accepted"),
        Status::Corrected => (Some(PENCIL), "corrected"),
        Status::Flagged => (Some(FLAG), "flagged"),
    };
    let noted = noted.then(|| view! { <span class="hidden">", with a note"</span> });
    view! {
        <span class=format!("mark-{name}") title=name>
            {icon.map(|path| view! { <Icon path/> })}
            <span class="hidden">{name}</span>
            {noted}
        </span>
    }
}
