//! Labels that the texts call for and nobody has.

use leptos::prelude::*;

use super::examined::ask_again;
use crate::document::LabelEdit;
use crate::state::{App, Topic};
use crate::ui::words;
use crate::wire::scoring::{Examination, Findings, Suggested};

/// What no label covers.
#[component]
pub fn Missing() -> impl IntoView {
    let app = App::expect();
    let known = RwSignal::new(None::<(u32, Vec<Suggested>)>);
    ask_again(
        app,
        || true,
        move || {
            app.file.examine(Examination::Missing, &[], move |version, findings| {
                if let Findings::Suggestions { found } = findings {
                    let _ = known.try_set(Some((version, found)));
                }
            });
        },
    );
    let found = move || known.get().map(|(_, found)| found);
    view! {
        <section class="card grain" aria-labelledby="missing-title">
            <h2 id="missing-title">"Which feeling is missing?"</h2>
            {move || match found() {
                None => view! { <p class="hint">"This comes once all texts are read."</p> }.into_any(),
                Some(found) if found.is_empty() => {
                    view! { <p>"Nothing that several texts call for is missing from your labels."</p> }.into_any()
                }
                Some(found) => {
                    let items = found.into_iter().map(|one| view! { <Suggestion one/> }).collect_view();
                    view! {
                        <p class="lead">
                            "No label of yours is on for these texts, and they have something in common."
                        </p>
                        <ul class="suggestions">{items}</ul>
                    }
                        .into_any()
                }
            }}
        </section>
    }
}

#[component]
fn Suggestion(one: Suggested) -> impl IntoView {
    let app = App::expect();
    let Suggested { name, is_term, texts, examples } = one;
    let count = words::counted(texts as usize, "text", "texts");
    let what =
        if is_term { format!("{count} would have it") } else { format!("a group of {count}, nearest to this word") };
    let label = name.clone();
    let add = move |_| {
        app.editing.close();
        match app.editing.edit_labels(LabelEdit::Add { name: label.clone() }) {
            Ok(()) => app.announcer.say(format!("{label} is a label now.")),
            Err(message) => app.notices.say(Topic::Edit, message),
        }
    };
    view! {
        <li class="suggested" data-testid="suggestion" data-label=name.clone()>
            <div class="suggested-head">
                <b>{name.clone()}</b>
                <span class="hint">{what}</span>
                <button type="button" aria-label=format!("Add {name} to the labels") on:click=add>
                    "Add"
                </button>
            </div>
            {examples.into_iter().map(|text| view! { <q class="example">{text}</q> }).collect_view()}
        </li>
    }
}
