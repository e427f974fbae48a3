//! How scores become decisions.

use leptos::prelude::*;
use undertone_core::Mode;

use crate::document::Command;
use crate::state::App;
use crate::ui::words::percent;

/// The threshold where the model is not here to say its own.
const USUAL: f32 = 0.5;

/// One label or several, and from which probability.
#[component]
pub fn DecisionCard() -> impl IntoView {
    let app = App::expect();
    let mode = move || match app.editing.mode.get() {
        Mode::Multi => "multi",
        Mode::Single => "single",
    };
    let set_mode = move |value: String| {
        let mode = if value == "single" { Mode::Single } else { Mode::Multi };
        app.editing.send(Command::Mode { mode });
    };
    let single = move || app.editing.mode.get() == Mode::Single;
    let common = Memo::new(move |_| {
        let own = app.editing.threshold.get();
        own.or_else(|| app.model.loaded().map(|loaded| loaded.scorer.calibration().threshold)).unwrap_or(USUAL)
    });
    let hint = move || {
        if single() {
            "The best label is on, unless \u{201c}none of these\u{201d} fits better."
        } else {
            "Every label at or above the mark is on."
        }
    };
    view! {
        <section class="card settings" aria-labelledby="decision">
            <h2 id="decision">"Decision"</h2>
            <div class="field">
                <label for="mode">"A text may have"</label>
                <select
                    id="mode"
                    data-testid="mode"
                    prop:value=mode
                    on:change:target=move |event| set_mode(event.target().value())
                >
                    <option value="multi">"several labels"</option>
                    <option value="single">"one label"</option>
                </select>
            </div>
            <div class="field" class:off=single>
                <label for="threshold">"A label is on from"</label>
                <output for="threshold">{move || percent(common.get())}</output>
                <input
                    id="threshold"
                    data-testid="threshold"
                    type="range"
                    min="0"
                    max="1"
                    step="0.01"
                    aria-valuetext=move || percent(common.get())
                    prop:disabled=single
                    prop:value=move || common.get().to_string()
                    on:input:target=move |event| {
                        app.editing.send(Command::Threshold { threshold: event.target().value().parse().ok() });
                    }
                    on:change=move |_| app.editing.close()
                />
            </div>
            <div class="settings-foot">
                <p class="hint">{hint}</p>
                <Show when=move || app.editing.threshold.get().is_some()>
                    <button
                        class="quiet"
                        type="button"
                        on:click=move |_| app.editing.send(Command::Threshold { threshold: None })
                    >
                        "Use the model\u{2019}s mark"
                    </button>
                </Show>
            </div>
        </section>
    }
}
