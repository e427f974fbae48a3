//! The slider that cuts the tree, and what the next step would be.

use leptos::prelude::*;
use undertone_core::{Cut, Tree};

use crate::document::{Command, Granularity, TreeKind};
use crate::state::{App, usual_tree};
use crate::ui::words;

/// The sentence, the trees, the slider, and what to do with the cut.
#[component]
pub fn Slider() -> impl IntoView {
    let app = App::expect();
    let labels = Memo::new(move |_| app.labels.whole().map_or(0, |labels| labels.set.labels().len()));
    let counts = Memo::new(move |_| app.labels.tree().map(|tree| tree.tree.counts().to_vec()).unwrap_or_default());
    let classes = Memo::new(move |_| app.labels.prepared().map_or(0, |labels| labels.set.labels().len()));
    let cut = move |wanted: usize| {
        let now = classes.get_untracked();
        let to = counts.with_untracked(|counts| step(counts, now, wanted));
        let granularity = app.editing.granularity.get_untracked();
        let all = to == labels.get_untracked();
        let classes = if all { None } else { Some(to as u32) };
        app.editing.send(Command::Granularity { granularity: Granularity { classes, ..granularity } });
    };
    let first = move || counts.with(|counts| counts.first().copied().unwrap_or(1));
    let whole = move || classes.get() == labels.get();
    let value_text = move || {
        let classes = words::counted(classes.get(), "class", "classes");
        if whole() {
            format!("{classes}: each label by itself")
        } else {
            format!("{classes} of {} labels", labels.get())
        }
    };
    let keep = move |_| {
        let cut = untrack(|| app.labels.prepared()).and_then(|labels| labels.cut.clone());
        let Some(cut) = cut else { return };
        match app.editing.content().keep(&cut) {
            Ok(command) => {
                app.editing.close();
                app.editing.send(command);
                app.announcer.say(format!("{} are your labels now.", words::counted(cut.len(), "class", "classes")));
            }
            Err(error) => app.notices.say(crate::state::Topic::Edit, error.to_string()),
        }
    };
    view! {
        <h2 id="grain-title" class="headline">
            {move || {
                if whole() {
                    view! {
                        <span class="faint">"Your labels: "</span>
                        {move || words::counted(labels.get(), "feeling", "feelings")}
                    }
                        .into_any()
                } else {
                    view! {
                        <span class="faint">{move || format!("Your {} labels as ", labels.get())}</span>
                        {move || words::counted(classes.get(), "class", "classes")}
                    }
                        .into_any()
                }
            }}
        </h2>
        <p class="lead">
            "Labels that belong together can be looked at as one. Move the slider from coarse to fine: the text, the file and its counts follow. Your labels stay as they are until you keep a cut."
        </p>
        <TreeChoice/>
        <div class="grain-slider">
            <button
                type="button"
                class="square"
                aria-label="Coarser"
                title="Coarser"
                disabled=move || classes.get() <= first()
                on:click=move |_| cut(classes.get_untracked().saturating_sub(1))
            >
                "\u{2212}"
            </button>
            <label class="hidden" for="granularity">
                "Number of classes"
            </label>
            <input
                id="granularity"
                data-testid="granularity"
                type="range"
                step="1"
                min=move || first().to_string()
                max=move || labels.get().to_string()
                aria-valuetext=value_text
                prop:value=move || classes.get().to_string()
                on:input:target=move |event| {
                    if let Ok(wanted) = event.target().value().parse() {
                        cut(wanted);
                    }
                    // Where the tree has no such cut, the slider stands at the one that it has.
                    event.target().set_value(&classes.get_untracked().to_string());
                }
                on:change=move |_| app.editing.close()
            />
            <button
                type="button"
                class="square"
                aria-label="Finer"
                title="Finer"
                disabled=whole
                on:click=move |_| cut(classes.get_untracked() + 1)
            >
                "+"
            </button>
        </div>
        <p class="hint next" aria-live="off">
            {move || next_step(app, classes.get())}
        </p>
        <div class="grain-tools">
            <button type="button" class="primary" data-testid="keep" disabled=whole on:click=keep>
                "Keep this cut"
            </button>
            <button
                type="button"
                class="quiet"
                disabled=whole
                on:click=move |_| {
                    cut(labels.get_untracked());
                    app.editing.close();
                }
            >
                {move || format!("Show all {} labels", labels.get())}
            </button>
            <span class="hint">
                {move || {
                    if whole() {
                        "Each label is a class of its own now."
                    } else {
                        "Keeping makes these classes your labels. What is in them stays folded inside, and undo takes it back."
                    }
                }}
            </span>
        </div>
    }
}

/// The number of classes that a tree has nearest to the wanted one, in the direction in which the slider is moved.
fn step(counts: &[usize], now: usize, wanted: usize) -> usize {
    let (mut finer, mut coarser) = (counts.iter().filter(|&&n| n >= wanted), counts.iter().filter(|&&n| n <= wanted));
    let found = if wanted > now { finer.next() } else { coarser.next_back() };
    found.or(counts.last().filter(|_| wanted > now)).or(counts.first()).copied().unwrap_or(wanted)
}

/// What one step finer would do, in a sentence.
fn next_step(app: App, classes: usize) -> Option<String> {
    let tree = app.labels.tree()?;
    let (parent, parts) = split_next(&tree.tree, classes)?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    Some(format!("One step finer splits {parent} into {}.", words::list(&parts)))
}

/// The class that the next finer cut splits, and its parts.
fn split_next(tree: &Tree, classes: usize) -> Option<(String, Vec<String>)> {
    let finer = tree.counts().iter().copied().find(|&count| count > classes)?;
    let (now, next) = (tree.cut(classes), tree.cut(finer));
    let is_in = |cut: &Cut, node: usize| cut.classes().iter().any(|class| class.node == node);
    let gone = now.classes().iter().find(|class| !is_in(&next, class.node))?;
    let parts =
        next.classes().iter().filter(|class| !is_in(&now, class.node)).map(|class| class.name.clone()).collect();
    Some((gone.name.clone(), parts))
}

#[component]
fn TreeChoice() -> impl IntoView {
    let app = App::expect();
    let parents =
        Memo::new(move |_| app.editing.labels.with(|set| set.labels().iter().any(|label| label.parent.is_some())));
    let read = Memo::new(move |_| app.file.opened.with(Option::is_some));
    let chosen = Memo::new(move |_| {
        let usual = app.labels.whole().map_or(TreeKind::Meaning, |labels| usual_tree(&labels.set));
        app.editing.granularity.get().tree.unwrap_or(usual)
    });
    let choose = move |kind: TreeKind| {
        let granularity = app.editing.granularity.get_untracked();
        app.editing.send(Command::Granularity { granularity: Granularity { tree: Some(kind), ..granularity } });
        app.editing.close();
    };
    ask_for_distances(app, chosen);
    let choice = move |kind: TreeKind, name: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="tree"
                    prop:checked=move || chosen.get() == kind
                    on:change=move |_| choose(kind)
                />
                <span>{name}</span>
            </label>
        }
    };
    view! {
        <div class="grain-tree">
            <fieldset class="segments" data-testid="tree">
                <legend class="hidden">"What decides which labels belong together"</legend>
                {move || parents.get().then(|| choice(TreeKind::Parents, "Your parents"))}
                {choice(TreeKind::Meaning, "By meaning")} {choice(TreeKind::Lexicon, "By the lexicon")}
                {move || read.get().then(|| choice(TreeKind::Texts, "In these texts"))}
            </fieldset>
            <p class="hint">
                {move || match chosen.get() {
                    TreeKind::Parents => "Labels are joined below the parents that your label set gives them.",
                    TreeKind::Meaning => "Labels whose words mean nearly the same to the model are joined first.",
                    TreeKind::Lexicon => {
                        "Labels are joined by the lexicon\u{2019}s families, then basic emotions, then sentiments."
                    }
                    TreeKind::Texts => "Labels that rise and fall together in your file are joined first.",
                }}
            </p>
        </div>
    }
}

/// Where the tree is that of the texts, asks how far labels are from each other there.
fn ask_for_distances(app: App, chosen: Memo<TreeKind>) {
    super::examined::ask_again(
        app,
        move || chosen.get() == TreeKind::Texts,
        move || {
            let labels = untrack(|| app.labels.whole());
            app.file.examine(crate::wire::scoring::Examination::Distances, &[], move |version, findings| {
                let crate::wire::scoring::Findings::Distances { condensed } = findings else { return };
                let Some(labels) = labels.filter(|labels| labels.version == version) else { return };
                let count = labels.set.labels().len();
                if let Ok(distances) = undertone_core::granularity::Distances::new(count, condensed) {
                    let known = crate::state::TextDistances { version, distances };
                    let _ = app.labels.distances.try_set(Some(crate::state::Tracked::new(known)));
                }
            });
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_always_moves_to_a_cut_that_there_is() {
        let counts = [2, 3, 8, 28];
        assert_eq!(step(&counts, 3, 4), 8, "one step to the right");
        assert_eq!(step(&counts, 8, 7), 3, "one step to the left");
        assert_eq!(step(&counts, 28, 5), 3);
        assert_eq!(step(&counts, 2, 1), 2);
        assert_eq!(step(&counts, 8, 99), 28);
        assert_eq!(step(&[], 1, 5), 5);
    }
}
