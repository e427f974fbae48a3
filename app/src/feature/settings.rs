//! How scores become decisions.

use leptos::prelude::*;
use undertone_core::Mode;

use crate::state::App;
use crate::words::percent;

/// One label or several, and from which probability.
#[component]
pub fn Settings() -> impl IntoView {
    let app = App::expect();
    let mode = move || match app.mode.get() {
        Mode::Multi => "multi",
        Mode::Single => "single",
    };
    let set_mode = move |value: String| {
        app.mode.set(if value == "single" { Mode::Single } else { Mode::Multi });
    };
    let single = move || app.mode.get() == Mode::Single;
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
                <output for="threshold">{move || percent(app.common_threshold())}</output>
                <input
                    id="threshold"
                    data-testid="threshold"
                    type="range"
                    min="0"
                    max="1"
                    step="0.01"
                    style=("--score", move || app.common_threshold().to_string())
                    aria-valuetext=move || percent(app.common_threshold())
                    prop:disabled=single
                    prop:value=move || app.common_threshold().to_string()
                    on:input:target=move |event| {
                        app.threshold.set(event.target().value().parse().ok());
                    }
                />
            </div>
            <div class="settings-foot">
                <p class="hint">{hint}</p>
                <Show when=move || app.threshold.get().is_some()>
                    <button class="quiet" type="button" on:click=move |_| app.threshold.set(None)>
                        "Use the model\u{2019}s mark"
                    </button>
                </Show>
            </div>
        </section>
    }
}
