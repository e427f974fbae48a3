//! The parts that a long text is read in, each with what it feels like by itself.

use leptos::html::Textarea;
use leptos::prelude::*;

use crate::state::{App, WindowReading};
use crate::ui::words;

/// How much of a part is quoted, in UTF-16 code units.
const QUOTED: usize = 90;
/// How many tags of a part are shown.
const SHOWN: usize = 3;

/// A part as it is shown.
#[derive(Clone, PartialEq)]
struct Part {
    window: WindowReading,
    quote: String,
}

/// The parts, once there are several. A click on one selects it in the text.
#[component]
pub fn Parts(
    /// The text box.
    field: NodeRef<Textarea>,
) -> impl IntoView {
    let app = App::expect();
    let parts = Memo::new(move |_| {
        app.text.reading.with(|reading| {
            let Some(reading) = reading.as_ref().filter(|reading| !reading.windows.is_empty()) else {
                return Vec::new();
            };
            let units: Vec<u16> = reading.text.encode_utf16().collect();
            let part = |window: &WindowReading| Part { quote: quote(&units, window), window: window.clone() };
            reading.windows.iter().map(part).collect::<Vec<_>>()
        })
    });
    let select = move |window: &WindowReading| {
        let Some(field) = field.get() else { return };
        // Focus first: browsers scroll to the selection of a field that has it.
        let _ = field.focus();
        let _ = field.set_selection_range(window.range.start, window.range.end);
        scroll_to(&field, window.range.start);
    };
    let item = move |part: Part| {
        let Part { window, quote } = part;
        let tags = window.tags.iter().take(SHOWN).map(|(name, hue, probability)| {
            view! {
                <span class="chip" style=("--hue", hue.to_string()) title=words::percent(*probability)>
                    {name.clone()}
                </span>
            }
        });
        let tags = match window.tags.is_empty() {
            true => view! { <span class="faint">"none"</span> }.into_any(),
            false => tags.collect_view().into_any(),
        };
        let hue = window.tags.first().map(|(_, hue, _)| hue.to_string());
        view! {
            <li class="part" class:felt=hue.is_some() style=("--hue", hue.unwrap_or_default()) data-testid="window">
                <button type="button" class="plain" title="Select this part in the text" on:click=move |_| select(&window)>
                    {quote}
                </button>
                <span class="chips">{tags}</span>
            </li>
        }
    };
    view! {
        <Show when=move || parts.with(|parts| !parts.is_empty())>
            <details class="parts" open>
                <summary>
                    {move || {
                        let count = parts.with(Vec::len);
                        format!("Read in {count} parts, and together")
                    }}
                </summary>
                <ol>{move || parts.get().into_iter().map(item).collect_view()}</ol>
            </details>
        </Show>
    }
}

/// The beginning of a part.
fn quote(units: &[u16], window: &WindowReading) -> String {
    let (start, end) = (window.range.start as usize, window.range.end as usize);
    let end = end.min(units.len());
    let shown = end.min(start + QUOTED);
    let words = String::from_utf16_lossy(units.get(start..shown).unwrap_or_default());
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if shown < end { format!("{}\u{2026}", words.trim_end_matches('\u{fffd}')) } else { words }
}

/// Brings a place of the text into view: in proportion, which is near enough.
fn scroll_to(field: &web_sys::HtmlTextAreaElement, place: u32) {
    let length = field.text_length().max(1);
    let top = f64::from(field.scroll_height()) * f64::from(place) / f64::from(length);
    field.set_scroll_top((top - f64::from(field.client_height()) / 4.0).max(0.0) as i32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_quoted_from_its_beginning() {
        let units: Vec<u16> = "One.  Two \u{1f602} three.".encode_utf16().collect();
        let window = |range| WindowReading { range, tags: Vec::new() };
        assert_eq!(quote(&units, &window(6..19)), "Two \u{1f602} three.");
        let long: Vec<u16> = "word ".repeat(40).encode_utf16().collect();
        assert!(quote(&long, &window(0..200)).ends_with("word\u{2026}"));
        assert_eq!(quote(&units, &window(90..99)), "");
    }
}
