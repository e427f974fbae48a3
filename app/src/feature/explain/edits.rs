//! What if: the smallest edits that would switch the label.

use leptos::prelude::*;
use undertone_core::explain::{Edit, EditKind};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::state::{App, EditReading};
use crate::ui::words::percent;

/// The edits, behind a question: they are looked for once it is asked.
#[component]
pub fn Edits() -> impl IntoView {
    let app = App::expect();
    let label = Memo::new(move |_| app.close.words.with(|words| words.as_ref().map(|words| words.label.name.clone())));
    let toggled = move |event: leptos::ev::Event| {
        let open = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        app.close.seek_edits(open.is_some_and(|details| details.has_attribute("open")));
    };
    let shown = move || app.close.edits.get().map(|reading| view! { <Found reading/> });
    on_cleanup(move || app.close.seek_edits(false));
    view! {
        <details class="more" data-testid="edits" on:toggle=toggled>
            <summary>{move || format!("What would switch {}?", label.get().unwrap_or_default())}</summary>
            {shown}
        </details>
    }
}

#[component]
fn Found(reading: EditReading) -> impl IntoView {
    let app = App::expect();
    let EditReading { text, label, edits } = reading;
    let state = if edits.on { "off" } else { "on" };
    let switches = edits.edits.iter().any(|edit| edit.on != edits.on);
    let name = label.name;
    let said = match (edits.missing.is_empty(), switches, edits.edits.is_empty()) {
        (false, ..) => "Trying edits\u{2026}".to_owned(),
        (_, true, _) => format!("The smallest edits that switch {name} {state}, from {}:", percent(edits.probability)),
        (_, _, false) => {
            format!("No small edit switches {name} {state}. Nearest to it, from {}:", percent(edits.probability))
        }
        _ => format!("No small edit brings {name} nearer to being {state}."),
    };
    let item = |edit: &Edit| {
        let (words, carried, source) = (in_words(&text, edit), edit.clone(), text.clone());
        view! {
            <li class="edit" data-testid="edit" data-score=format!("{:.4}", edit.probability) data-on=edit.on.to_string()>
                <span>{words}</span>
                <b>{percent(edit.probability)}</b>
                <button type="button" class="quiet" on:click=move |_| app.close.try_edit(&source, &carried)>
                    "Try it"
                </button>
            </li>
        }
    };
    let items = if edits.missing.is_empty() { edits.edits.iter().map(item).collect_view() } else { Vec::new() };
    view! {
        <p class="hint">{said}</p>
        <ul class="edit-list">{items}</ul>
    }
}

/// An edit, as one would say it.
fn in_words(text: &str, edit: &Edit) -> String {
    let quote = |words: &str| format!("\u{2018}{}\u{2019}", words.trim());
    let part = |(range, with): &(std::ops::Range<usize>, String)| {
        let was = text.get(range.clone()).unwrap_or_default();
        match (edit.kind, was.is_empty(), with.is_empty()) {
            (EditKind::LeaveOut, ..) | (_, false, true) => quote(was),
            (_, true, _) => {
                // What is put in is told with its neighbour: where would it be otherwise?
                let before = text.get(..range.start).unwrap_or_default().split_whitespace().next_back();
                let after = text.get(range.start..).unwrap_or_default().split_whitespace().next();
                let after = after.unwrap_or_default().trim_end_matches(|c: char| !c.is_alphanumeric());
                match before.filter(|_| with.starts_with(' ')) {
                    Some(before) => format!("{} after {}", quote(with), quote(before)),
                    None => format!("{} before {}", quote(with), quote(after)),
                }
            }
            _ => format!("{} for {}", quote(with), quote(was)),
        }
    };
    let parts: Vec<String> = edit.parts.iter().map(part).collect();
    let verb = match edit.kind {
        EditKind::LeaveOut => "leave out",
        EditKind::Negate if edit.parts.iter().all(|(range, _)| range.is_empty()) => "put in",
        EditKind::Negate | EditKind::Swap => "write",
    };
    format!("{verb} {}", parts.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_is_told_in_words() {
        let said = |kind, parts: &[(std::ops::Range<usize>, &str)]| {
            let parts = parts.iter().map(|(range, with)| (range.clone(), (*with).to_owned())).collect();
            in_words("I am happy, don't cry.", &Edit { kind, parts, size: 1, probability: 0.5, on: true })
        };
        assert_eq!(
            said(EditKind::LeaveOut, &[(5..10, ""), (18..21, "")]),
            "leave out \u{2018}happy\u{2019} and \u{2018}cry\u{2019}"
        );
        assert_eq!(said(EditKind::Negate, &[(4..4, " not")]), "put in \u{2018}not\u{2019} after \u{2018}am\u{2019}");
        assert_eq!(
            said(EditKind::Negate, &[(5..5, "not ")]),
            "put in \u{2018}not\u{2019} before \u{2018}happy\u{2019}"
        );
        assert_eq!(said(EditKind::Negate, &[(12..17, "do")]), "write \u{2018}do\u{2019} for \u{2018}don't\u{2019}");
        assert_eq!(said(EditKind::Swap, &[(5..10, "sad")]), "write \u{2018}sad\u{2019} for \u{2018}happy\u{2019}");
    }
}
