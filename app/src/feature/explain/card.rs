//! How sure is this? What to know about a score before one relies on it.

use leptos::prelude::*;
use undertone_core::explain::{CAVEAT, Card, Familiarity};

use crate::state::{App, CardReading};
use crate::ui::words::{counted, list, percent};

/// Below so many words a text says little.
const SHORT: usize = 4;
/// From which share of unknown tokens on that is worth a warning.
const STRANGE: f64 = 0.02;

/// The card of the score, behind a question.
#[component]
pub fn Sureness() -> impl IntoView {
    let app = App::expect();
    let shown = move || app.close.card.get().map(|reading| view! { <Facts reading/> });
    view! {
        <details class="more" data-testid="card">
            <summary>"How sure is this?"</summary>
            {shown}
        </details>
    }
}

#[component]
fn Facts(reading: CardReading) -> impl IntoView {
    let CardReading { label, card, sets } = reading;
    let wordings = card
        .wordings
        .iter()
        .map(|wording| {
            view! {
                <li style=("--score", format!("{:.4}", wording.probability)) data-testid="wording" data-score=format!("{:.4}", wording.probability)>
                    <span class="name">{wording.wording.clone()}</span>
                    <span class="bar" aria-hidden="true"></span>
                    <span class="percent">{percent(wording.probability)}</span>
                </li>
            }
        })
        .collect_view();
    let fact = |name: &'static str, said: String| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{said}</dd>
            </div>
        }
    };
    view! {
        <dl class="facts">
            <div>
                <dt>"Wording"</dt>
                <dd>
                    <p>{stability(&card, &label.name)}</p>
                    <ul class="wordings">{wordings}</ul>
                </dd>
            </div>
            {fact("Track record", reliability(&card, &sets))}
            {fact("Length", length(card.familiarity, card.windows))}
            {fact("Vocabulary", vocabulary(card.familiarity))}
        </dl>
        <p class="hint">{CAVEAT}</p>
    }
}

/// Whether the wordings of the label agree.
fn stability(card: &Card, label: &str) -> String {
    let (count, same) = (card.wordings.len(), card.wordings.iter().filter(|wording| wording.on == card.on).count());
    let state = if card.on { "on" } else { "off" };
    match (count, same) {
        (0 | 1, _) => format!("{label} has one wording. A description and synonyms would tell how much depends on it."),
        (count, same) if same == count => {
            let spread = match (100.0 * card.spread()).round() {
                1.0 => "1 point".to_owned(),
                spread => format!("{spread} points"),
            };
            format!("By each of its {count} wordings alone {label} would be {state}; they lie {spread} apart.")
        }
        (count, same) => {
            format!("By {same} of its {count} wordings alone {label} would be {state}: the score hangs on the wording.")
        }
    }
}

/// How often such a probability held, and on which data.
fn reliability(card: &Card, sets: &[String]) -> String {
    match &card.reliability {
        Some(bin) => {
            let names: Vec<&str> = sets.iter().map(String::as_str).collect();
            format!(
                "Of 100 texts scored {} to {}, about {:.0} had the label, by the people who labelled {}.",
                percent(bin.from as f32),
                percent(bin.to as f32),
                100.0 * bin.held,
                list(&names)
            )
        }
        None => "It was not measured for this model how often such a score holds.".into(),
    }
}

fn length(familiarity: Familiarity, windows: usize) -> String {
    let words = counted(familiarity.words, "word", "words");
    match (familiarity.words, windows) {
        (_, 2..) => format!("{words}, read in {windows} parts that do not know of each other."),
        (few, _) if few < SHORT => format!("{words}: so short a text says little."),
        _ => format!("{words}, read at once."),
    }
}

fn vocabulary(familiarity: Familiarity) -> String {
    match familiarity.unknown_share() {
        0.0 => "The model knows every part of it.".into(),
        share if share < STRANGE => format!("The model knows all but {}.", percent(share as f32)),
        share => format!("The model does not know {} of it: the score says less.", percent(share as f32)),
    }
}

#[cfg(test)]
mod tests {
    use undertone_core::explain::WordingScore;

    use super::*;

    fn card(on: &[bool]) -> Card {
        let wording = |&on: &bool| WordingScore { wording: "w".into(), probability: if on { 0.6 } else { 0.2 }, on };
        Card {
            probability: 0.6,
            on: true,
            wordings: on.iter().map(wording).collect(),
            reliability: None,
            windows: 1,
            familiarity: Familiarity::default(),
        }
    }

    #[test]
    fn a_card_says_what_hangs_on_the_wording() {
        assert!(stability(&card(&[true]), "joy").contains("one wording"));
        assert!(stability(&card(&[true, true]), "joy").contains("each of its 2 wordings alone joy would be on"));
        assert!(stability(&card(&[true, false, true]), "joy").starts_with("By 2 of its 3 wordings"));
    }

    #[test]
    fn odd_texts_are_told() {
        let of = |words, tokens, unknown| Familiarity { words, tokens, unknown };
        assert!(vocabulary(of(3, 10, 0)).contains("every part"));
        assert!(vocabulary(of(3, 10, 5)).contains("does not know 50 %"));
        assert!(vocabulary(of(3, 1000, 5)).contains("all but"));
        assert!(reliability(&card(&[]), &[]).contains("not measured"));
    }
}
