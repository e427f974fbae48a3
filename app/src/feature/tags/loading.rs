//! The model on its way.

use leptos::prelude::*;

use crate::state::{App, EngineState};
use crate::ui::words::megabytes;
use crate::wire::engine::Stage;

/// How far loading has come, in bytes; nothing once the model is there.
#[component]
pub fn Loading() -> impl IntoView {
    let app = App::expect();
    let is_loading = Memo::new(move |_| app.model.with(|state| matches!(state, EngineState::Loading(_))));
    let progress = move || {
        app.model.with(|state| match state {
            EngineState::Loading(progress) => *progress,
            _ => None,
        })
    };
    let words = move || match progress() {
        None => "Starting the model".to_string(),
        Some(progress) => {
            let total = megabytes(progress.total);
            match progress.stage {
                Stage::Download => {
                    format!("Fetching the model, once: {} of {total} MB", megabytes(progress.done))
                }
                Stage::Read => {
                    format!("Opening the model: {} of {total} MB", megabytes(progress.done))
                }
                Stage::Build => format!("Preparing the model: {total} MB are here"),
            }
        }
    };
    view! {
        <Show when=move || is_loading.get()>
            <div class="loading">
                <p>{words}</p>
                <progress
                    data-testid="progress"
                    aria-label="Loading the model"
                    max=move || progress().map_or(1.0, |progress| progress.total.max(1.0))
                    // Without a value it shows that something goes on, not how far it is.
                    value=move || progress().map(|progress| progress.done)
                ></progress>
            </div>
        </Show>
    }
}
