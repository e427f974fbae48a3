//! Which rows are shown, and in which order.

use leptos::prelude::*;

use crate::document::{Command, Filter, Sort, SortBy, Status};
use crate::state::App;
use crate::ui::words;

/// Filter and sort.
#[component]
pub fn Tools() -> impl IntoView {
    let app = App::expect();
    let set = move |change: &dyn Fn(&mut Filter)| {
        let mut filter = app.editing.filter.get_untracked();
        change(&mut filter);
        app.editing.send(Command::Filter { filter });
    };
    let shown = Memo::new(move |_| {
        let count = app.file.rows.with(|rows| rows.count) as usize;
        let all = app.file.opened.with(|opened| opened.as_ref().map_or(0, |opened| opened.summary.rows)) as usize;
        (app.editing.filter.with(|filter| !filter.is_empty()), count, all)
    });
    let label = move || {
        let id = app.editing.filter.with(|filter| filter.label)?;
        // What it is called now: it may be a class of several.
        app.labels.prepared().and_then(|labels| labels.set.holder(id).map(|label| label.name.clone()))
    };
    view! {
        <div class="table-tools" role="search" aria-label="Rows">
            <input
                type="search"
                data-testid="filter"
                class="search"
                autocomplete="off"
                aria-label="Show texts with these words"
                placeholder="Find in the texts"
                prop:value=move || app.editing.filter.with(|filter| filter.text.clone())
                on:input:target=move |event| {
                    let text = event.target().value();
                    set(&|filter| filter.text.clone_from(&text));
                }
                on:change=move |_| app.editing.close()
            />
            <select
                data-testid="filter-status"
                aria-label="Show rows with this status"
                prop:value=move || {
                    app.editing.filter.with(|filter| filter.status.map_or("", Status::name))
                }
                on:change:target=move |event| {
                    let name = event.target().value();
                    let status = Status::ALL.into_iter().find(|status| status.name() == name);
                    set(&|filter| filter.status = status);
                    app.editing.close();
                }
            >
                <option value="">"any status"</option>
                {Status::ALL.map(|status| view! { <option value=status.name()>{status.name()}</option> }).collect_view()}
            </select>
            <SortChoice/>
            <p class="hint shown" role="status">
                {move || {
                    let (filtered, count, all) = shown.get();
                    filtered
                        .then(|| {
                            format!("{} of {}", words::thousands(count), words::counted(all, "row", "rows"))
                        })
                }}
            </p>
            <Show when=move || shown.get().0>
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| {
                        app.editing.close();
                        app.editing.send(Command::Filter { filter: Filter::default() });
                        app.editing.close();
                    }
                >
                    {move || match label() {
                        Some(name) => format!("Show all, not only \u{201c}{name}\u{201d}"),
                        None => "Show all".into(),
                    }}
                </button>
            </Show>
        </div>
    }
}

/// What rows can be sorted by, with the direction in which one wants it.
const ORDERS: [(&str, SortBy, bool, &str); 6] = [
    ("place", SortBy::Place, false, "as in the file"),
    ("entropy", SortBy::Entropy, true, "most mixed first"),
    ("margin", SortBy::Margin, false, "closest call first"),
    ("best", SortBy::Best, true, "strongest first"),
    ("weakest", SortBy::Best, false, "weakest first"),
    ("status", SortBy::Status, true, "by status"),
];

#[component]
fn SortChoice() -> impl IntoView {
    let app = App::expect();
    let value = move || {
        let sort = app.editing.sort.get();
        match sort.by {
            SortBy::Label(id) => format!("label-{}", id.get()),
            by => {
                let known = ORDERS.iter().find(|order| (order.1, order.2) == (by, sort.descending));
                known.map_or(ORDERS[0].0, |order| order.0).to_owned()
            }
        }
    };
    let choose = move |value: String| {
        let by_label = value.strip_prefix("label-").and_then(|id| id.parse::<u32>().ok()).and_then(|number| {
            app.editing
                .labels
                .with_untracked(|labels| labels.labels().iter().map(|l| l.id).find(|id| id.get() == number))
        });
        let order = ORDERS.iter().find(|order| order.0 == value).unwrap_or(&ORDERS[0]);
        let sort = match by_label {
            Some(id) => Sort { by: SortBy::Label(id), descending: true },
            None => Sort { by: order.1, descending: order.2 },
        };
        app.editing.send(Command::Sort { sort });
    };
    view! {
        <select
            data-testid="sort"
            aria-label="Sort the rows"
            prop:value=value
            on:change:target=move |event| choose(event.target().value())
        >
            {ORDERS.map(|(key, _, _, name)| view! { <option value=key>{name}</option> }).collect_view()}
            <optgroup label="most likely first">
                {move || {
                    app.editing
                        .labels
                        .get()
                        .labels()
                        .iter()
                        .map(|label| {
                            let key = format!("label-{}", label.id.get());
                            view! {
                                <option value=key.clone() prop:selected=value() == key>
                                    {label.name.clone()}
                                </option>
                            }
                        })
                        .collect_view()
                }}
            </optgroup>
        </select>
    }
}
