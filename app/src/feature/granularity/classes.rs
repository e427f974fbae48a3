//! The classes of the cut: what is in each, how well it fits the text, and how many texts of the file it fits.

use leptos::prelude::*;
use undertone_core::{Label, LabelId};
use web_sys::DragEvent;

use crate::document::hue;
use crate::state::{App, TagRow, Topic};
use crate::ui::words;

/// A label in a class.
#[derive(Clone, Debug, PartialEq)]
struct Member {
    id: LabelId,
    name: String,
    hue: u16,
}

impl Member {
    fn of(label: &Label) -> Self {
        Self { id: label.id, name: label.name.clone(), hue: hue(label) }
    }
}

/// A class.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    id: LabelId,
    name: String,
    hue: u16,
    members: Vec<Member>,
}

/// The list of classes.
#[component]
pub fn Classes() -> impl IntoView {
    let app = App::expect();
    let shown = Memo::new(move |_| shown(app));
    let ids = move || shown.with(|classes| classes.iter().map(|class| class.id).collect::<Vec<_>>());
    let counted = Memo::new(move |_| app.file.opened.with(Option::is_some));
    let quote = move || {
        let text = app.editing.text.get();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(60) {
            Some((end, _)) => format!("\u{201c}{}\u{2026}\u{201d}", text[..end].trim_end()),
            None => format!("\u{201c}{text}\u{201d}"),
        }
    };
    view! {
        <p class="hint class-head">
            {move || {
                let empty = app.editing.text.with(|text| text.trim().is_empty());
                let bars = if empty { "Write a text and bars show".to_owned() } else { format!("Bars: {}.", quote()) };
                let bars = if empty { format!("{bars} how well each class fits it.") } else { bars };
                let file = app.file.opened.with(|opened| opened.as_ref().map(|opened| opened.file.name.clone()));
                match file {
                    Some(name) => format!("{bars} Numbers: texts of {name}."),
                    None => bars,
                }
            }}
        </p>
        <ul class="classes" class:with-counts=move || counted.get() aria-label="Classes">
            <For each=ids key=|id| *id let:id>
                <ClassRow id shown/>
            </For>
        </ul>
    }
}

/// From left to right as the tree has them, so that what belongs together is side by side.
fn shown(app: App) -> Vec<Shown> {
    let (Some(whole), Some(shown)) = (app.labels.whole(), app.labels.prepared()) else { return Vec::new() };
    let member = |id: &LabelId| whole.set.get(*id).map(Member::of);
    match &shown.cut {
        Some(cut) => {
            let class = |class: &undertone_core::Class| {
                let label = shown.set.get(class.label.unwrap_or(class.key))?;
                let members = class.members.iter().filter_map(member).collect();
                Some(Shown { id: label.id, name: label.name.clone(), hue: hue(label), members })
            };
            cut.classes().iter().filter_map(class).collect()
        }
        None => {
            let order = app.labels.tree().filter(|tree| tree.labels.version == whole.version);
            let order: Vec<LabelId> = match order {
                Some(tree) => tree.tree.leaves().to_vec(),
                None => whole.set.labels().iter().map(|label| label.id).collect(),
            };
            let alone = |member: Member| Shown {
                id: member.id,
                name: member.name.clone(),
                hue: member.hue,
                members: vec![member],
            };
            order.iter().filter_map(member).map(alone).collect()
        }
    }
}

#[component]
fn ClassRow(id: LabelId, shown: Memo<Vec<Shown>>) -> impl IntoView {
    let app = App::expect();
    let class = Memo::new(move |before: Option<&Option<Shown>>| {
        shown
            .with(|classes| classes.iter().find(|class| class.id == id).cloned())
            // A row that is about to go keeps its face.
            .or_else(|| before.cloned().flatten())
    });
    let row = Memo::new(move |before: Option<&Option<TagRow>>| {
        app.text.reading.with(|reading| reading.as_ref()?.row(id).cloned()).or_else(|| before.cloned().flatten())
    });
    let name = move || class.with(|class| class.as_ref().map(|class| class.name.clone()).unwrap_or_default());
    let members = move || class.with(|class| class.as_ref().map(|class| class.members.clone()).unwrap_or_default());
    let listed = move || members().into_iter().map(|member| member.name).collect::<Vec<_>>().join(",");
    let score = move || format!("{:.4}", row.with(|row| row.as_ref().map_or(0.0, |row| row.probability)));
    let on = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.on)));
    let percent = move || row.with(|row| row.as_ref().map(|row| words::percent(row.probability)));
    let count = move || {
        app.file.counts.with(Option::is_some).then(|| {
            let count =
                app.file.labels.with(|labels| labels.iter().find(|label| label.id == id).map_or(0, |l| l.count));
            words::thousands(count as usize)
        })
    };
    // A class of several shows what is in it; of one, the name says it.
    let chips = move || members().into_iter().map(|member| view! { <Chip member/> }).collect_view();
    let several = Memo::new(move |_| members().len() > 1);
    view! {
        <li
            class="class"
            data-testid="class"
            data-label=name
            data-members=listed
            data-score=score
            data-on=move || on.get().to_string()
            style=("--hue", move || class.with(|class| class.as_ref().map_or(0, |class| class.hue)).to_string())
            style=("--score", score)
        >
            <span class="swatch" aria-hidden="true"></span>
            <span class="class-name">
                {move || {
                    if several.get() {
                        view! { <b>{name}</b> }.into_any()
                    } else {
                        chips().into_any()
                    }
                }}
            </span>
            <span class="bar" aria-hidden="true"></span>
            <span class="percent">{percent}</span>
            <span class="count">{count}</span>
            {move || several.get().then(|| view! { <span class="members">{chips}</span> })}
        </li>
    }
}

/// The label that is being dragged.
#[derive(Clone, Copy)]
pub struct Dragged(pub RwSignal<Option<LabelId>>);

/// A label that can be dragged onto another.
#[component]
fn Chip(member: Member) -> impl IntoView {
    let app = App::expect();
    let Member { id, name, hue } = member;
    let Dragged(dragged) = expect_context();
    let over = RwSignal::new(false);
    let start = move |event: DragEvent| {
        if let Some(transfer) = event.data_transfer() {
            // A browser that refuses it drags nothing.
            let _ = transfer.set_data("text/plain", &id.get().to_string());
        }
        dragged.set(Some(id));
    };
    let drop = move |event: DragEvent| {
        over.set(false);
        let Some(from) = dragged.get_untracked().filter(|&from| from != id) else { return };
        event.prevent_default();
        event.stop_propagation();
        merge(app, from, id);
    };
    view! {
        <span
            class="label-chip"
            class:over=move || over.get()
            draggable="true"
            title="Drag onto another label to merge the two"
            style=("--hue", hue.to_string())
            on:dragstart=start
            on:dragend=move |_| dragged.set(None)
            on:dragover=move |event| {
                if dragged.get_untracked().is_some_and(|from| from != id) {
                    event.prevent_default();
                    over.set(true);
                }
            }
            on:dragleave=move |_| over.set(false)
            on:drop=drop
        >
            {name}
        </span>
    }
}

/// Makes one label of two, and says so.
pub fn merge(app: App, from: LabelId, into: LabelId) {
    let content = app.editing.content();
    let name = |id: LabelId| content.labels.get(id).map(|label| label.name.clone()).unwrap_or_default();
    match content.merge(from, into) {
        Ok(command) => {
            app.editing.close();
            app.editing.send(command);
            app.announcer.say(format!("{} is part of {} now. Undo takes it back.", name(from), name(into)));
        }
        Err(error) => app.notices.say(Topic::Edit, error.to_string()),
    }
}
