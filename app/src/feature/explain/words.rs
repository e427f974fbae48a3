//! Which words did it: each in the colour of what the text would be without it.

use std::collections::HashMap;
use std::ops::Range;

use leptos::html::Div;
use leptos::prelude::*;
use undertone_core::explain::{Effect, Pair};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use crate::state::{App, Layout};
use crate::ui::words::percent;

/// How many words are named in a list.
const NAMED: usize = 3;
/// From which change of the probability on a word is named there.
const NAMEABLE: f32 = 0.01;
/// The change of the logit that has the full colour, unless another word has a larger one.
const FULL: f32 = 1.5;

/// Effects of words and stretches, by where they begin and end.
type Effects = HashMap<(usize, usize), Effect>;

/// The text with its words coloured, and those that did most in a list.
#[component]
pub fn Words() -> impl IntoView {
    let app = App::expect();
    let effects = Memo::new(move |_| {
        app.close.words.with(|words| {
            let found = words.iter().flat_map(|words| words.occlusion.words.iter().chain(&words.occlusion.stretches));
            found.map(|effect| ((effect.range.start, effect.range.end), effect.clone())).collect::<Effects>()
        })
    });
    let label = Memo::new(move |_| {
        app.close.words.with(|words| words.as_ref().map(|words| words.label.name.clone()).unwrap_or_default())
    });
    let probability = Memo::new(move |_| {
        app.close.words.with(|words| words.as_ref().map_or(0.0, |words| words.occlusion.probability))
    });
    // The largest change gets the full colour, and a small one stays pale however small the others are.
    let full = Memo::new(move |_| {
        effects.with(|effects| effects.values().map(|effect| effect.logit_change.abs()).fold(FULL, f32::max))
    });
    let pointed = RwSignal::new(None::<(usize, usize)>);
    let place = NodeRef::<Div>::new();
    let said = move |key: (usize, usize), text: &str| {
        let effect = effects.with(|effects| effects.get(&key).cloned());
        match effect {
            Some(effect) => without(text, &label.get(), probability.get(), effect.without),
            None => format!("{text}: not read yet"),
        }
    };
    let part = move |text: &str, range: &Range<usize>, index: usize, last: bool| {
        let key = (range.start, range.end);
        let text = text.get(range.clone()).unwrap_or_default().to_owned();
        let weight = move || effects.with(|effects| effects.get(&key).map(|effect| format!("{:.4}", effect.change)));
        let sign = move |wanted: f32| {
            effects.with(|effects| effects.get(&key).is_some_and(|effect| effect.change * wanted > 0.0))
        };
        let size = move || {
            let change = effects.with(|effects| effects.get(&key).map_or(0.0, |effect| effect.logit_change.abs()));
            format!("{:.3}", (change / full.get()).min(1.0))
        };
        let name = {
            let text = text.clone();
            move || said(key, &text)
        };
        view! {
            <button
                type="button"
                class="word"
                class:speaks-for=move || sign(-1.0)
                class:speaks-against=move || sign(1.0)
                data-testid="word"
                data-start=key.0.to_string()
                data-weight=weight
                style=("--size", size)
                data-index=index.to_string()
                data-last=last.then_some("")
                tabindex=if index == 0 { "0" } else { "-1" }
                aria-label=name
                on:focus=move |_| pointed.set(Some(key))
                on:blur=move |_| pointed.set(None)
                on:mouseenter=move |_| pointed.set(Some(key))
                on:mouseleave=move |_| pointed.set(None)
            >
                {text}
            </button>
        }
    };
    let body = move || {
        let Layout { text, stretches } = app.close.layout.get()?;
        let mut views = Vec::new();
        let mut at = 0;
        let count: usize = stretches.iter().map(|(_, words)| words.len()).sum();
        let mut index = 0;
        for (stretch, words) in stretches {
            views.push(view! { {text.get(at..stretch.start).unwrap_or_default().to_owned()} }.into_any());
            let mut inside = Vec::new();
            let mut from = stretch.start;
            for (at, word) in words.iter().enumerate() {
                let next = words.get(at + 1).map_or(stretch.end, |next| next.start);
                let close = closing(text.get(word.end..next).unwrap_or_default());
                let before = text.get(from..word.start).unwrap_or_default().to_owned();
                inside.push(view! { {before} }.into_any());
                inside.push(
                    view! {
                        <span class="unbroken">{part(&text, word, index, index + 1 == count)} {close.to_owned()}</span>
                    }
                    .into_any(),
                );
                index += 1;
                from = word.end + close.len();
            }
            inside.push(view! { {text.get(from..stretch.end).unwrap_or_default().to_owned()} }.into_any());
            let key = (stretch.start, stretch.end);
            let change = move || effects.with(|effects| effects.get(&key).map(|effect| effect.change));
            views.push(
                view! {
                    <span
                        class="stretch"
                        class:speaks-for=move || change().is_some_and(|change| change < -NAMEABLE)
                        class:speaks-against=move || change().is_some_and(|change| change > NAMEABLE)
                        data-start=key.0.to_string()
                    >
                        {inside}
                    </span>
                }
                .into_any(),
            );
            at = stretch.end;
        }
        views.push(view! { {text.get(at..).unwrap_or_default().to_owned()} }.into_any());
        Some(views.collect_view())
    };
    let figure = move || {
        let key = pointed.get()?;
        let text = app.close.layout.with(|layout| Some(layout.as_ref()?.text.get(key.0..key.1)?.to_owned()))?;
        Some(said(key, &text))
    };
    let hint = "Point at a word, or go to it with the arrow keys, to see what the text would be without it.";
    view! {
        <div
            class="words"
            node_ref=place
            role="group"
            aria-label=move || format!("The words of the text, and what {} would be without each", label.get())
            dir="auto"
            on:keydown=move |event| {
                if let Some(place) = place.get_untracked() {
                    walk(&place, &event);
                }
            }
        >
            {body}
        </div>
        <p class="figure" aria-hidden="true">
            {move || figure().unwrap_or_else(|| hint.to_owned())}
        </p>
        <Named label probability/>
        <p class="legend hint">
            <span class="word speaks-for" style=("--size", "0.7")>
                "speaks for it"
            </span>
            <span class="word speaks-against" style=("--size", "0.7")>
                "speaks against it"
            </span>
        </p>
    }
}

/// Those that did most, in words.
#[component]
fn Named(label: Memo<String>, probability: Memo<f32>) -> impl IntoView {
    let app = App::expect();
    let lines = move || {
        let text = app.close.layout.with(|layout| layout.as_ref().map(|layout| layout.text.clone()))?;
        app.close.words.with(|words| {
            let occlusion = &words.as_ref()?.occlusion;
            let (name, before) = (label.get(), probability.get());
            let quote = |range: &Range<usize>| text.get(range.clone()).unwrap_or_default().to_owned();
            let line = |effect: &Effect| without(&quote(&effect.range), &name, before, effect.without);
            let mut stretches: Vec<&Effect> = occlusion.stretches.iter().collect();
            stretches.sort_by(|a, b| b.logit_change.abs().total_cmp(&a.logit_change.abs()));
            let strongest = stretches.into_iter().take(1).chain(occlusion.strongest().into_iter().take(NAMED));
            let mut lines: Vec<String> = strongest.filter(|effect| effect.change.abs() >= NAMEABLE).map(line).collect();
            let pair = |Pair { ranges, without_one: [one, other], without, .. }: &Pair| {
                let [a, b] = ranges.each_ref().map(quote);
                format!(
                    "\u{2018}{a}\u{2019} and \u{2018}{b}\u{2019} work together: {} and {} without one, {} without both",
                    percent(*one),
                    percent(*other),
                    percent(*without)
                )
            };
            lines.extend(occlusion.pairs.iter().map(pair));
            let none = lines.is_empty() && occlusion.missing.is_empty();
            if none {
                lines.push(match occlusion.words.is_empty() {
                    true => "There is no word to leave out.".into(),
                    false => format!("No single word moves {name} by a point: it is in the text as a whole."),
                });
            }
            Some(lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view())
        })
    };
    view! { <ul class="named">{lines}</ul> }
}

/// The marks that stand close to the word before them: a line does not break there.
fn closing(rest: &str) -> &str {
    let end = rest
        .find(|c: char| !matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | ')' | '\u{2026}' | '\u{2019}' | '\u{201d}'));
    &rest[..end.unwrap_or(rest.len())]
}

/// What a label is without a part of the text, in words.
fn without(part: &str, label: &str, before: f32, after: f32) -> String {
    let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("without \u{2018}{part}\u{2019}: {label} {} to {}", percent(before), percent(after))
}

/// Goes from word to word by the arrow keys: the words are one stop for the tab key.
fn walk(place: &HtmlElement, event: &KeyboardEvent) {
    let now = document().active_element().and_then(|word| word.get_attribute("data-index")?.parse::<usize>().ok());
    let Some(now) = now else { return };
    let rightwards = window()
        .get_computed_style(place)
        .ok()
        .flatten()
        .and_then(|style| style.get_property_value("direction").ok())
        .is_none_or(|direction| direction != "rtl");
    let next = match (event.key().as_str(), rightwards) {
        ("ArrowRight", true) | ("ArrowLeft", false) | ("ArrowDown", _) => word(place, &format!("'{}'", now + 1)),
        ("ArrowLeft", true) | ("ArrowRight", false) | ("ArrowUp", _) => {
            now.checked_sub(1).and_then(|before| word(place, &format!("'{before}'")))
        }
        ("Home", _) => word(place, "'0'"),
        ("End", _) => place.query_selector(".word[data-last]").ok().flatten().and_then(|word| word.dyn_into().ok()),
        _ => return,
    };
    event.prevent_default();
    if let (Some(before), Some(next)) = (word(place, &format!("'{now}'")), next) {
        before.set_tab_index(-1);
        next.set_tab_index(0);
        // A word that cannot be focused can be pointed at.
        let _ = next.focus();
    }
}

fn word(place: &HtmlElement, index: &str) -> Option<HtmlElement> {
    place.query_selector(&format!(".word[data-index={index}]")).ok()??.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stay_with_their_word() {
        assert_eq!(["!). Then", "", "-being", " so"].map(closing), ["!).", "", "", ""]);
    }

    #[test]
    fn a_word_says_its_figure() {
        assert_eq!(without("never", "joy", 0.12, 0.62), "without \u{2018}never\u{2019}: joy 12 % to 62 %");
        assert_eq!(without("so\n  sad", "joy", 0.001, 1.0), "without \u{2018}so sad\u{2019}: joy < 1 % to 100 %");
    }
}
