//! How many texts each label is on for.

use leptos::prelude::*;

use crate::document::{Command, Filter};
use crate::state::App;
use crate::ui::words;

/// How many labels the overview names.
const NAMED: usize = 8;

/// The most frequent labels; a click on one shows its texts alone.
#[component]
pub fn Overview() -> impl IntoView {
    let app = App::expect();
    let all = RwSignal::new(false);
    let most = Memo::new(move |_| app.file.labels.with(|labels| labels.first().map_or(1, |label| label.count)));
    let more = Memo::new(move |_| app.file.labels.with(Vec::len).saturating_sub(NAMED));
    let shown = move || {
        let labels = app.file.labels.get();
        let count = if all.get() { labels.len() } else { NAMED };
        labels.into_iter().take(count).collect::<Vec<_>>()
    };
    let items = move || {
        let most = most.get();
        shown()
            .into_iter()
            .map(|label| {
                let width = format!("{:.3}", f64::from(label.count) / f64::from(most));
                let id = label.id;
                let pressed = move || app.editing.filter.with(|filter| filter.label == Some(id));
                let choose = move |_| {
                    let filter = app.editing.filter.get_untracked();
                    let label = if filter.label == Some(id) { None } else { Some(id) };
                    app.editing.send(Command::Filter { filter: Filter { label, ..filter } });
                    app.editing.close();
                };
                view! {
                    <li style=("--hue", label.hue.to_string()) style=("--width", width)>
                        <button
                            type="button"
                            class="count-row"
                            aria-pressed=move || pressed().to_string()
                            title="Show these texts alone"
                            on:click=choose
                        >
                            <span class="name">{label.name}</span>
                            <span class="track" aria-hidden="true">
                                <span class="share"></span>
                            </span>
                            <span class="count">{words::thousands(label.count as usize)}</span>
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <div class="overview">
            <ul data-testid="counts" aria-label="Labels and how many texts they fit">
                {items}
            </ul>
            <Show when=move || more.get() != 0>
                <button type="button" class="quiet" aria-expanded=move || all.get().to_string() on:click=move |_| all.update(|all| *all = !*all)>
                    {move || if all.get() { "Fewer".into() } else { format!("{} more", more.get()) }}
                </button>
            </Show>
        </div>
    }
}
