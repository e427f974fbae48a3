//! Merging and splitting labels by keyboard.

use leptos::prelude::*;
use undertone_core::LabelId;

use super::classes::merge;
use crate::document::{Command, LabelEdit};
use crate::state::App;
use crate::ui::words;
use crate::wire::scoring::{Examination, Findings, Suggested};

/// How many narrower terms are offered for a text alone.
const TERMS: usize = 8;

/// The document's labels, by name.
fn options(app: App, chosen: RwSignal<Option<LabelId>>) -> impl IntoView {
    let labels = move || {
        app.editing
            .labels
            .with(|set| set.labels().iter().map(|label| (label.id, label.name.clone())).collect::<Vec<_>>())
    };
    move || {
        labels()
            .into_iter()
            .map(|(id, name)| {
                view! {
                    <option value=id.get().to_string() selected=move || chosen.get() == Some(id)>
                        {name}
                    </option>
                }
            })
            .collect_view()
    }
}

#[component]
fn LabelChoice(id: &'static str, name: &'static str, chosen: RwSignal<Option<LabelId>>) -> impl IntoView {
    let app = App::expect();
    let choose = move |value: String| {
        let found = app
            .editing
            .labels
            .with_untracked(|set| set.labels().iter().map(|label| label.id).find(|id| id.get().to_string() == value));
        chosen.set(found);
    };
    // A label that is gone is not chosen any more.
    Effect::new(move |_| {
        let gone = app.editing.labels.with(|set| chosen.get().is_some_and(|id| set.get(id).is_none()));
        if gone {
            chosen.set(None);
        }
    });
    view! {
        <div class="choice">
            <label for=id>{name}</label>
            <select
                id=id
                prop:value=move || chosen.get().map(|id| id.get().to_string()).unwrap_or_default()
                on:change:target=move |event| choose(event.target().value())
            >
                <option value="">"Choose a label"</option>
                {options(app, chosen)}
            </select>
        </div>
    }
}

/// Two cards in one: merge, split.
#[component]
pub fn Recode() -> impl IntoView {
    view! {
        <section class="card grain two" aria-labelledby="recode-title">
            <h2 id="recode-title" class="hidden">
                "Merge and split"
            </h2>
            <Merge/>
            <Split/>
        </section>
    }
}

#[component]
fn Merge() -> impl IntoView {
    let app = App::expect();
    let (from, into) = (RwSignal::new(None), RwSignal::new(None));
    let ready = move || from.get().zip(into.get()).filter(|(from, into)| from != into);
    view! {
        <div class="recode">
            <h3>"Merge two labels"</h3>
            <p>
                "Two labels that nobody can tell apart are better as one. Drag one onto the other in the list above, or choose them here. The first one\u{2019}s words become synonyms of the second, and what you corrected follows."
            </p>
            <div class="choices">
                <LabelChoice id="merge-from" name="Make" chosen=from/>
                <LabelChoice id="merge-into" name="part of" chosen=into/>
                <button
                    type="button"
                    data-testid="merge"
                    disabled=move || ready().is_none()
                    on:click=move |_| {
                        if let Some((first, second)) = untrack(ready) {
                            merge(app, first, second);
                            from.set(None);
                        }
                    }
                >
                    "Merge"
                </button>
            </div>
        </div>
    }
}

/// What a label could be split into.
#[derive(Clone, PartialEq)]
struct Offer {
    label: LabelId,
    parts: Vec<Suggested>,
}

#[component]
fn Split() -> impl IntoView {
    let app = App::expect();
    let chosen = RwSignal::new(None::<LabelId>);
    let offer = RwSignal::new(None::<Offer>);
    let taken = RwSignal::new(Vec::<String>::new());
    Effect::new(move |_| {
        let label = chosen.get();
        if offer.with_untracked(|offer| offer.as_ref().map(|offer| offer.label)) != label {
            offer.set(None);
        }
    });
    let find = move |_| {
        let Some(label) = chosen.get_untracked() else { return };
        taken.set(Vec::new());
        let parts = narrower(app, label);
        if app.file.opened.with_untracked(Option::is_some) {
            app.file.examine(Examination::Split { label }, &[], move |_, findings| {
                let Findings::Suggestions { found } = findings else { return };
                let parts = if found.is_empty() { parts } else { found };
                let _ = offer.try_set(Some(Offer { label, parts }));
            });
        } else {
            offer.set(Some(Offer { label, parts }));
        }
    };
    let folded = Memo::new(move |_| {
        let id = chosen.get()?;
        app.editing.labels.with(|set| set.get(id).map(|label| label.folded.len()).filter(|&count| count > 0))
    });
    let name = move || {
        let id = chosen.get();
        app.editing.labels.with(|set| id.and_then(|id| set.get(id)).map(|label| label.name.clone()).unwrap_or_default())
    };
    let add = move |_| {
        let Some(id) = chosen.get_untracked() else { return };
        let names = taken.get_untracked();
        let split = Command::EditLabels { edit: LabelEdit::Split { id, names: names.clone() } };
        app.editing.close();
        match app.editing.try_send(split) {
            Ok(()) => {
                app.announcer.say(format!(
                    "{} below {} now.",
                    words::counted(names.len(), "label is", "labels are"),
                    untrack(name)
                ));
                offer.set(None);
                taken.set(Vec::new());
            }
            Err(message) => app.notices.say(crate::state::Topic::Edit, message),
        }
    };
    view! {
        <div class="recode">
            <h3>"Split a label"</h3>
            <p>
                "A label that says too little can have narrower ones below it. Choose it, and see what the lexicon knows and what your texts call for."
            </p>
            <div class="choices">
                <LabelChoice id="split-label" name="Split" chosen/>
                <button
                    type="button"
                    data-testid="split"
                    disabled=move || chosen.get().is_none()
                    on:click=find
                >
                    "Find narrower labels"
                </button>
                {move || {
                    folded
                        .get()
                        .map(|count| {
                            view! {
                                <button
                                    type="button"
                                    data-testid="unfold"
                                    on:click=move |_| {
                                        if let Some(id) = chosen.get_untracked() {
                                            app.editing.close();
                                            app.editing
                                                .send(Command::EditLabels {
                                                    edit: LabelEdit::Unfold { id },
                                                });
                                        }
                                    }
                                >
                                    {format!("Unfold into its {count}")}
                                </button>
                            }
                        })
                }}
            </div>
            {move || {
                offer
                    .get()
                    .map(|offer| {
                        if offer.parts.is_empty() {
                            return view! {
                                <p class="hint">
                                    "Neither the lexicon nor your texts have anything narrower that is not a label already."
                                </p>
                            }
                                .into_any();
                        }
                        let items = offer
                            .parts
                            .into_iter()
                            .map(|part| view! { <Part part taken/> })
                            .collect_view();
                        view! {
                            <ul class="suggestions">{items}</ul>
                            <button
                                type="button"
                                data-testid="split-add"
                                disabled=move || taken.with(Vec::is_empty)
                                on:click=add
                            >
                                {move || {
                                    let count = words::counted(taken.with(Vec::len), "label", "labels");
                                    format!("Add {count} below {}", name())
                                }}
                            </button>
                        }
                            .into_any()
                    })
            }}
        </div>
    }
}

#[component]
fn Part(part: Suggested, taken: RwSignal<Vec<String>>) -> impl IntoView {
    let Suggested { name, is_term, texts, examples } = part;
    let toggle = {
        let name = name.clone();
        move |on: bool| {
            taken.update(|taken| {
                taken.retain(|other| *other != name);
                if on {
                    taken.push(name.clone());
                }
            });
        }
    };
    let what = match (is_term, texts) {
        (_, 0) => String::new(),
        (true, count) => words::counted(count as usize, "text", "texts"),
        (false, count) => format!("a group of {}", words::counted(count as usize, "text", "texts")),
    };
    view! {
        <li class="suggested">
            <label class="check">
                <input type="checkbox" on:change:target=move |event| toggle(event.target().checked())/>
                <b>{name}</b>
                <span class="hint">{what}</span>
            </label>
            {examples.into_iter().map(|text| view! { <q class="example">{text}</q> }).collect_view()}
        </li>
    }
}

/// The lexicon's terms that a label stands for and that are no labels yet.
fn narrower(app: App, label: LabelId) -> Vec<Suggested> {
    untrack(|| {
        let (Some(labels), Some(loaded)) = (app.labels.whole(), app.model.loaded()) else { return Vec::new() };
        let background = loaded.scorer.background();
        let terms = background.lexicon().terms();
        let parts = labels.set.parts();
        let below = background.descendants(&labels.set);
        let own = parts.iter().zip(below).filter(|(part, _)| labels.set.labels()[part.index].id == label);
        own.flat_map(|(_, below)| below)
            .filter_map(|term| terms.get(term))
            .filter(|term| labels.set.find(&term.term).is_none())
            .take(TERMS)
            .map(|term| Suggested { name: term.term.clone(), is_term: true, texts: 0, examples: Vec::new() })
            .collect()
    })
}
