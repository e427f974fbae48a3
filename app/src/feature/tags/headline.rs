//! The result as a sentence.

use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use crate::state::{App, Reading, TagRow};
use crate::ui::words;

/// How long results must rest before they are read aloud.
const SPEAKING_PAUSE: Duration = Duration::from_millis(900);
/// How many feelings the headline names.
const NAMED: usize = 3;

/// The result as the beginning of a sentence.
#[component]
pub fn Headline() -> impl IntoView {
    let app = App::expect();
    let felt = move || {
        app.text.reading.with(|reading| {
            let on = reading.as_ref()?.on();
            let more = on.len().saturating_sub(NAMED);
            let named: Vec<TagRow> = on.into_iter().take(NAMED).cloned().collect();
            Some((named, more))
        })
    };
    let words = move || match felt() {
        None if app.editing.text.with(|text| text.trim().is_empty()) => {
            view! { <span class="faint">"Nothing to feel yet"</span> }.into_any()
        }
        None => view! { <span class="faint">"Feels like\u{2026}"</span> }.into_any(),
        Some((named, _)) if named.is_empty() => {
            view! { <span class="faint">"Feels like none of your labels"</span> }.into_any()
        }
        Some((named, more)) => {
            let last = named.len() - 1;
            let names = named
                .into_iter()
                .enumerate()
                .map(|(place, row)| {
                    let before = match place {
                        0 => " ",
                        _ if place == last && more == 0 => " and ",
                        _ => ", ",
                    };
                    view! {
                        {before}
                        <em style=("--hue", row.hue.to_string())>{row.name}</em>
                    }
                })
                .collect_view();
            let rest = (more > 0).then(|| format!(" and {more} more"));
            view! { <span class="faint">"Feels like"</span> {names} {rest} }.into_any()
        }
    };
    view! {
        <h2 id="feels-like" class="headline">
            {words}
        </h2>
    }
}

/// The result for those who listen, once it rests.
#[component]
pub fn Spoken() -> impl IntoView {
    let app = App::expect();
    let spoken = RwSignal::new(String::new());
    let mut speak = debounce(SPEAKING_PAUSE, move |words: String| {
        // The page may be gone by now.
        let _ = spoken.try_set(words);
    });
    Effect::new(move |_| speak(app.text.reading.with(|reading| reading.as_ref().map(aloud).unwrap_or_default())));
    view! {
        <p class="hidden" aria-live="polite">
            {spoken}
        </p>
    }
}

/// A result as one would say it aloud.
fn aloud(reading: &Reading) -> String {
    let tags: Vec<String> =
        reading.on().iter().map(|row| format!("{} {}", row.name, words::percent(row.probability))).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let tags = if tags.is_empty() { "No label stands out".to_string() } else { words::list(&tags) };
    format!("{tags}. {}.", words::affect(reading.affect))
}
