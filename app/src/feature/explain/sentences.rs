//! How the text goes, sentence by sentence, and where it turns.

use std::ops::Range;

use leptos::prelude::*;
use undertone_core::LabelSet;
use undertone_core::explain::{Point, Ribbon, Turn};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::document::hue;
use crate::state::{App, LabelFace, Layout, SentenceReading};
use crate::ui::words::{self, percent};

/// The width and height of a band, in its own units.
const WIDTH: f32 = 1000.0;
const HEIGHT: f32 = 40.0;

/// Three bands along the text, its turning points, and its sentences; nothing of a single sentence.
#[component]
pub fn Sentences() -> impl IntoView {
    let app = App::expect();
    let label = Memo::new(move |_| app.close.words.with(|words| words.as_ref().map(|words| words.label.clone())));
    let shown = move || {
        let (reading, label) = (app.close.sentences.get()?, label.get()?);
        Some(view! { <Along reading label/> })
    };
    view! { {shown} }
}

#[component]
fn Along(reading: SentenceReading, label: LabelFace) -> impl IntoView {
    let SentenceReading { text, labels, ribbon } = reading;
    let place = labels.labels().iter().position(|known| known.id == label.id).unwrap_or(0);
    let at = move |probability: &[f32]| probability.get(place).copied().unwrap_or_default();
    let bands = [
        Band {
            name: "pleasant".into(),
            values: ribbon.points.iter().map(|point| (point.affect.valence - 1.0) / 8.0).collect(),
            from: 0.5,
            whole: format!("{:.1}", ribbon.whole.valence),
            aloud: "pleasantness, from 1 to 9",
            class: "band",
        },
        Band {
            name: "stirred".into(),
            values: ribbon.points.iter().map(|point| (point.affect.arousal - 1.0) / 8.0).collect(),
            from: 0.0,
            whole: format!("{:.1}", ribbon.whole.arousal),
            aloud: "arousal, from 1 to 9",
            class: "band",
        },
        Band {
            name: label.name.clone(),
            values: ribbon.points.iter().map(|point| at(&point.probability)).collect(),
            from: 0.0,
            whole: percent(at(&ribbon.probability)),
            aloud: "probability",
            class: "band felt",
        },
    ];
    let turns: Vec<usize> = ribbon.turns.iter().map(|turn| turn.sentence).collect();
    let bands = bands.map(|band| band.view(&turns)).into_iter().collect_view();
    let named = ribbon.turns.iter().map(|turn| view! { <li>{turn_in_words(turn, &labels)}</li> }).collect_view();
    let items =
        (0..ribbon.points.len()).map(|index| item(index, &text, &labels, &ribbon, &label, place)).collect_view();
    let count = ribbon.points.len();
    view! {
        <section class="sentences" aria-labelledby="sentence-by-sentence">
            <div class="card-head">
                <h3 id="sentence-by-sentence">"Sentence by sentence"</h3>
                <p class="hint" aria-hidden="true">"the whole"</p>
            </div>
            <div class="bands">{bands}</div>
            <ul class="turns" aria-label="Turning points">{named}</ul>
            <ol class="sentence-list" aria-label=format!("{count} sentences")>
                {items}
            </ol>
        </section>
    }
}

/// A series along the text, from 0 to 1, as bars from a base line.
struct Band {
    name: String,
    values: Vec<f32>,
    from: f32,
    whole: String,
    aloud: &'static str,
    class: &'static str,
}

impl Band {
    fn view(self, turns: &[usize]) -> impl IntoView + use<> {
        let Self { name, values, from, whole, aloud, class } = self;
        let step = WIDTH / values.len().max(1) as f32;
        let bars = bars(&values, from);
        let marks: String = turns.iter().map(|&turn| format!("M{:.1} 0V{HEIGHT}", step * turn as f32)).collect();
        let base = format!("M0 {:.1}H{WIDTH}", HEIGHT * (1.0 - from));
        let label = format!("{name}: {aloud}, along the text; {whole} as a whole");
        view! {
            <div class=class role="img" aria-label=label>
                <span class="band-name">{name}</span>
                <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                    <path class="band-base" d=base/>
                    <path class="band-bars" d=bars/>
                    <path class="band-turns" d=marks/>
                </svg>
                <b>{whole}</b>
            </div>
        }
    }
}

/// Bars from a base line, as a path.
fn bars(values: &[f32], from: f32) -> String {
    let step = WIDTH / values.len().max(1) as f32;
    // A gap between bars that are wide enough for one.
    let gap = if step > 12.0 { 4.0 } else { 0.0 };
    let bar = |(at, &value): (usize, &f32)| {
        let (left, right) = (step * at as f32 + gap / 2.0, step * (at + 1) as f32 - gap / 2.0);
        let (low, high) = (value.min(from).clamp(0.0, 1.0), value.max(from).clamp(0.0, 1.0));
        let (bottom, top) = (HEIGHT * (1.0 - low), HEIGHT * (1.0 - high));
        format!("M{left:.1} {bottom:.1}V{top:.1}H{right:.1}V{bottom:.1}Z")
    };
    values.iter().enumerate().map(bar).collect()
}

/// A sentence, what it feels like most, and the label that the text is read for.
fn item(
    index: usize,
    text: &str,
    labels: &LabelSet,
    ribbon: &Ribbon,
    label: &LabelFace,
    place: usize,
) -> impl IntoView + use<> {
    let app = App::expect();
    let point = &ribbon.points[index];
    let leading = leading(point);
    let (name, colour, score) = match leading.and_then(|leading| Some((labels.labels().get(leading)?, leading))) {
        Some((leader, at)) => (leader.name.clone(), hue(leader), point.probability[at]),
        None => (String::new(), 0, 0.0),
    };
    let on = leading.is_some_and(|leading| point.on[leading]);
    let quote = text.get(point.range.clone()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let turns = ribbon.turns.iter().any(|turn| turn.sentence == index);
    let felt = format!("{} {}", label.name, percent(point.probability.get(place).copied().unwrap_or_default()));
    let affect = words::affect(point.affect);
    let range = point.range.clone();
    view! {
        <li class="part" class:felt=on class:turns=turns style=("--hue", colour.to_string())>
            <button
                type="button"
                class="plain"
                data-testid="sentence"
                data-label=name.clone()
                data-score=format!("{score:.4}")
                data-valence=format!("{:.2}", point.affect.valence)
                data-arousal=format!("{:.2}", point.affect.arousal)
                title="Go to its words"
                on:click=move |_| go_to(app, &range)
            >
                {quote}
            </button>
            <span class="chips">
                <span class="hint">{format!("{affect}, {felt}")}</span>
                <span class="chip" class:faint=!on>{format!("{name} {}", percent(score))}</span>
            </span>
        </li>
    }
}

/// The label that a sentence has most of, by its place.
fn leading(point: &Point) -> Option<usize> {
    let labels = 0..point.probability.len();
    labels.rev().max_by(|&a, &b| point.probability[a].total_cmp(&point.probability[b]))
}

/// A turning point, as one would say it.
fn turn_in_words(turn: &Turn, labels: &LabelSet) -> String {
    let name = |place: Option<usize>| Some(labels.labels().get(place?)?.name.clone());
    let at = turn.sentence + 1;
    let [before, behind] = turn.valence;
    let felt = format!("{} to {}", words::valence(before), words::valence(behind));
    match (name(turn.from), name(turn.to)) {
        (from, to) if from == to && words::valence(before) == words::valence(behind) => {
            format!("Turns at sentence {at}: pleasantness {before:.1} to {behind:.1}")
        }
        (from, to) if from == to => format!("Turns at sentence {at}: {felt}"),
        (from, to) => {
            let none = || "none of the labels".to_owned();
            format!("Turns at sentence {at}: {} to {}", from.unwrap_or_else(none), to.unwrap_or_else(none))
        }
    }
}

/// Brings a sentence's words into view, and the first of them into focus.
fn go_to(app: App, sentence: &Range<usize>) {
    let start = app.close.layout.with_untracked(|layout| first_within(layout.as_ref()?, sentence));
    let Some(start) = start else { return };
    let part = document().query_selector(&format!(".words [data-start='{start}']"));
    if let Some(part) = part.ok().flatten().and_then(|part| part.dyn_into::<HtmlElement>().ok()) {
        part.scroll_into_view();
        // A stretch cannot be focused; it can be seen.
        let _ = part.focus();
    }
}

/// Where the first word of a sentence begins that was left out by itself; without one, the stretch that the sentence is in.
fn first_within(layout: &Layout, sentence: &Range<usize>) -> Option<usize> {
    let words = layout.stretches.iter().flat_map(|(_, words)| words);
    let word = words.map(|word| word.start).find(|start| sentence.contains(start));
    let stretches = layout.stretches.iter().map(|(stretch, _)| stretch.start);
    word.or_else(|| stretches.take_while(|&start| start < sentence.end).last())
}

#[cfg(test)]
mod tests {
    use undertone_core::explain::Series;

    use super::*;

    #[test]
    fn bars_stand_on_their_line() {
        assert_eq!(bars(&[0.75, 0.25], 0.5), "M2.0 20.0V10.0H498.0V20.0ZM502.0 30.0V20.0H998.0V30.0Z");
        assert_eq!(bars(&[], 0.5), "");
    }

    #[test]
    fn a_sentence_leads_to_its_words_or_to_its_stretch() {
        let layout = Layout { text: "".into(), stretches: vec![(0..9, vec![]), (9..20, vec![9..12, 13..20])] };
        assert_eq!(
            [0..9, 9..20, 12..20, 3..5].map(|at| first_within(&layout, &at)),
            [Some(0), Some(9), Some(13), Some(0)]
        );
    }

    #[test]
    fn a_turning_point_has_a_name() {
        let mut labels = LabelSet::new("test");
        for name in ["relief", "grief"] {
            labels.add(name).unwrap();
        }
        let turn = |from, to, valence| Turn {
            sentence: 3,
            from,
            to,
            valence,
            series: Series::Valence,
            step: 1.0,
            chance: 0.001,
        };
        let said = |from, to, valence| turn_in_words(&turn(from, to, valence), &labels);
        assert_eq!(said(Some(0), Some(1), [7.0, 2.0]), "Turns at sentence 4: relief to grief");
        assert_eq!(said(None, Some(1), [7.0, 2.0]), "Turns at sentence 4: none of the labels to grief");
        assert_eq!(said(Some(1), Some(1), [7.0, 3.0]), "Turns at sentence 4: pleasant to unpleasant");
        assert_eq!(said(None, None, [7.4, 6.0]), "Turns at sentence 4: pleasantness 7.4 to 6.0");
    }
}
