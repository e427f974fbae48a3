//! What edits changed since the text was pinned, label by label, and which of them did it.

use leptos::prelude::*;
use undertone_core::explain::{Change, Difference};

use crate::state::{App, DifferenceReading, LabelFace};
use crate::ui::Icon;
use crate::ui::icons::UNDO;
use crate::ui::words::{percent, points};

/// How many labels are shown, beside those that were switched.
const SHOWN: usize = 6;
/// How many places are named.
const NAMED: usize = 8;
/// From which change on a label or a place is said to have changed.
const CHANGED: f32 = 0.005;

/// The changes, while a text is pinned.
#[component]
pub fn DifferenceCard() -> impl IntoView {
    let app = App::expect();
    let pinned = Memo::new(move |_| app.close.is_pinned());
    let same = Memo::new(move |_| {
        app.close.difference.with(|reading| reading.as_ref().is_none_or(|reading| reading.texts[0] == reading.texts[1]))
    });
    let body = move || {
        let reading = app.close.difference.get().filter(|_| !same.get())?;
        Some(view! { <Changes reading/> })
    };
    view! {
        <Show when=move || pinned.get()>
            <section class="card difference" data-testid="difference" aria-labelledby="since-pinned">
                <div class="card-head">
                    <h2 id="since-pinned">"Since you pinned it"</h2>
                    <div class="card-tools">
                        <button
                            type="button"
                            class="quiet"
                            prop:disabled=move || same.get()
                            on:click=move |_| app.close.restore()
                        >
                            <Icon path=UNDO/>
                            "Back to the pinned text"
                        </button>
                        <button type="button" class="quiet" on:click=move |_| app.close.unpin()>
                            "Unpin"
                        </button>
                    </div>
                </div>
                <Show when=move || same.get()>
                    <p class="hint">"The text is as you pinned it. Edit it above, and what your edits change appears here."</p>
                </Show>
                {body}
            </section>
        </Show>
    }
}

#[component]
fn Changes(reading: DifferenceReading) -> impl IntoView {
    let DifferenceReading { texts, labels, difference } = reading;
    let shown = shown(&difference);
    let unmoved = difference.labels.len() - shown.len();
    let row = |place: &usize| {
        let (shift, label) = (difference.labels[*place], labels.get(*place)?);
        let [before, after] = shift.probability;
        let switched = match shift.on {
            [false, true] => "switched on",
            [true, false] => "switched off",
            _ => "",
        };
        Some(view! {
            <tr
                data-testid="shift"
                data-label=label.name.clone()
                data-before=format!("{before:.4}")
                data-after=format!("{after:.4}")
                style=("--hue", label.hue.to_string())
                style=("--low", format!("{:.4}", before.min(after)))
                style=("--high", format!("{:.4}", before.max(after)))
            >
                <th scope="row">{label.name.clone()}</th>
                <td class="number">{percent(before)}</td>
                <td class="shift-cell" aria-hidden="true">
                    <span class="shift" class:falls=after < before></span>
                </td>
                <td class="number">{percent(after)}</td>
                <td class="number change">{points(shift.change())}</td>
                <td class="hint">{switched}</td>
            </tr>
        })
    };
    let rows = shown.iter().filter_map(row).collect_view();
    let most: Vec<String> = difference
        .changes
        .iter()
        .take(NAMED)
        .map(|change| deed(change, [&texts[0], &texts[1]], &difference, &labels))
        .collect();
    let deeds = most.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let rest = (unmoved > 0).then(|| {
        let words = if unmoved == 1 {
            "1 other label hardly moved.".into()
        } else {
            format!("{unmoved} other labels hardly moved.")
        };
        view! { <p class="hint">{words}</p> }
    });
    view! {
        <table class="shifts">
            <thead class="hidden">
                <tr>
                    <th scope="col">"Label"</th>
                    <th scope="col">"Pinned"</th>
                    <td></td>
                    <th scope="col">"Now"</th>
                    <th scope="col">"Change in points"</th>
                    <td></td>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
        {rest}
        <h3>"Which edit did it"</h3>
        <ul class="named" aria-label="Edits and what each changes most">{deeds}</ul>
    }
}

/// The labels to show, those that changed most first: all that were switched, and of the others some.
fn shown(difference: &Difference) -> Vec<usize> {
    let ranked = difference.ranked();
    let switched = |place: usize| difference.labels[place].on[0] != difference.labels[place].on[1];
    let moved = |place: usize| difference.labels[place].change().abs() >= CHANGED;
    let mut rest = SHOWN;
    let keep = |&place: &usize| {
        switched(place)
            || (moved(place) && rest > 0 && {
                rest -= 1;
                true
            })
    };
    ranked.into_iter().filter(keep).collect()
}

/// What was done at a place, and what that changes most.
fn deed(change: &Change, [before, after]: [&str; 2], difference: &Difference, labels: &[LabelFace]) -> String {
    let quote = |text: &str, range: &std::ops::Range<usize>| {
        text.get(range.clone()).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (was, is) = (quote(before, &change.before), quote(after, &change.after));
    let deed = match (was.is_empty(), is.is_empty()) {
        (true, _) => format!("\u{2018}{is}\u{2019} put in"),
        (_, true) => format!("\u{2018}{was}\u{2019} left out"),
        _ => format!("\u{2018}{is}\u{2019} for \u{2018}{was}\u{2019}"),
    };
    if change.undone.is_empty() {
        return format!("{deed}: being read");
    }
    let move_of = |place: usize| difference.labels[place].probability[1] - change.undone[place];
    let most = (0..change.undone.len()).rev().max_by(|&a, &b| move_of(a).abs().total_cmp(&move_of(b).abs()));
    match most.and_then(|place| Some((labels.get(place)?, place))) {
        Some((label, place)) if move_of(place).abs() >= CHANGED => {
            let [undone, now] = [change.undone[place], difference.labels[place].probability[1]];
            format!("{deed}: {} {} to {}", label.name, percent(undone), percent(now))
        }
        _ => format!("{deed}: changes next to nothing"),
    }
}

#[cfg(test)]
mod tests {
    use undertone_core::LabelSet;
    use undertone_core::explain::Shift;

    use super::*;

    #[test]
    fn a_place_says_what_it_did() {
        let mut set = LabelSet::new("test");
        for name in ["joy", "grief"] {
            set.add(name).unwrap();
        }
        let labels: Vec<LabelFace> =
            set.labels().iter().map(|l| LabelFace { id: l.id, name: l.name.clone(), hue: 0 }).collect();
        let shift = |a, b| Shift { probability: [a, b], on: [a > 0.5, b > 0.5] };
        let difference =
            Difference { labels: vec![shift(0.7, 0.2), shift(0.101, 0.1)], changes: Vec::new(), missing: Vec::new() };
        let said = |before: std::ops::Range<usize>, after: std::ops::Range<usize>, undone: &[f32]| {
            let change = Change { before, after, undone: undone.to_vec() };
            deed(&change, ["I am happy", "I am not  glad"], &difference, &labels)
        };
        assert_eq!(said(4..4, 5..8, &[0.7, 0.1]), "\u{2018}not\u{2019} put in: joy 70 % to 20 %");
        assert_eq!(
            said(5..10, 10..14, &[0.2, 0.4]),
            "\u{2018}glad\u{2019} for \u{2018}happy\u{2019}: grief 40 % to 10 %"
        );
        assert_eq!(said(5..10, 9..9, &[0.2, 0.1]), "\u{2018}happy\u{2019} left out: changes next to nothing");
        assert_eq!(said(5..10, 9..9, &[]), "\u{2018}happy\u{2019} left out: being read");
        assert_eq!(shown(&difference), [0]);
    }
}
