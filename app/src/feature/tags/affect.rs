//! How pleasant and how stirred the text is.

use leptos::prelude::*;

use crate::state::App;
use crate::ui::words;

/// A plane from unpleasant to pleasant and from calm to stirred, with the text on it.
#[component]
pub fn AffectPlane() -> impl IntoView {
    let app = App::expect();
    let affect = Memo::new(move |_| app.text.reading.with(|reading| reading.as_ref().map(|reading| reading.affect)));
    let value = move |read: fn(undertone_core::Affect) -> f32| {
        move || affect.get().map(|affect| format!("{:.2}", read(affect)))
    };
    // From 1..9 to 0..1; the middle until something is known.
    let place = move |read: fn(undertone_core::Affect) -> f32| {
        move || format!("{:.3}", affect.get().map_or(0.5, |affect| (read(affect) - 1.0) / 8.0))
    };
    let aloud = move || match affect.get() {
        Some(affect) => format!(
            "{}: pleasantness {:.1}, arousal {:.1}, both from 1 to 9",
            words::affect(affect),
            affect.valence,
            affect.arousal
        ),
        None => "Not known yet".into(),
    };
    let line = move |read: fn(undertone_core::Affect) -> f32, say: fn(f32) -> &'static str| {
        move || affect.get().map(|affect| (say(read(affect)), format!("{:.1}", read(affect))))
    };
    let valence = line(|affect| affect.valence, words::valence);
    let arousal = line(|affect| affect.arousal, words::arousal);
    view! {
        <figure
            class="affect"
            class:unknown=move || affect.get().is_none()
            class:above=move || affect.get().is_some_and(|affect| affect.arousal > 5.0)
            data-testid="affect"
            data-valence=value(|affect| affect.valence)
            data-arousal=value(|affect| affect.arousal)
            style=("--valence", place(|affect| affect.valence))
            style=("--arousal", place(|affect| affect.arousal))
        >
            <div class="plane" role="img" aria-label=aloud>
                <span class="north" aria-hidden="true">"stirred"</span>
                <span class="south" aria-hidden="true">"calm"</span>
                <span class="west" aria-hidden="true">"unpleasant"</span>
                <span class="east" aria-hidden="true">"pleasant"</span>
                <i class="dot"></i>
            </div>
            <figcaption aria-hidden="true">
                {move || {
                    valence()
                        .zip(arousal())
                        .map(|(valence, arousal)| {
                            view! {
                                <p>
                                    <span>{valence.0}</span>
                                    <b>{valence.1}</b>
                                </p>
                                <p>
                                    <span>{arousal.0}</span>
                                    <b>{arousal.1}</b>
                                </p>
                            }
                        })
                }}
            </figcaption>
        </figure>
    }
}
