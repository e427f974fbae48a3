//! How far the file is encoded.

use leptos::prelude::*;

use crate::browser::now;
use crate::state::App;
use crate::ui::words;
use crate::wire::scoring::{Progress, Stage};

/// How long encoding must have gone on before it is guessed how long it will, in milliseconds.
const GUESSING: f64 = 4_000.0;

/// The bar, while there is something to wait for.
#[component]
pub fn ReadingBar() -> impl IntoView {
    let app = App::expect();
    let stage = Memo::new(move |_| app.file.progress.with(|progress| progress.map(|progress| progress.stage)));
    let counts = move || app.file.progress.with(|progress| progress.map_or((0, 1), |p| (p.done, p.texts.max(1))));
    // When encoding began, and how many texts were encoded by then.
    let began = StoredValue::new(None::<(f64, u32)>);
    let words = Memo::new(move |_| {
        let Some(progress) = app.file.progress.get() else { return String::new() };
        let Progress { stage, done, texts } = progress;
        if stage != Stage::Encoding {
            began.set_value(None);
        }
        let counted = format!("{} of {}", words::thousands(done as usize), words::thousands(texts as usize));
        match stage {
            Stage::Opening if done == 0 => "Opening\u{2026}".into(),
            Stage::Opening => format!("{counted} brought back"),
            Stage::Waiting => "Waiting for the model\u{2026}".into(),
            Stage::Encoding => {
                let (since, before) = began.get_value().unwrap_or_else(|| {
                    began.set_value(Some((now(), done)));
                    (now(), done)
                });
                let left = left(now() - since, done - before.min(done), texts - done);
                format!("{counted} read{}", left.map(|left| format!(", {left} left")).unwrap_or_default())
            }
            Stage::Stopped => format!("Stopped after {counted}"),
            Stage::Done => String::new(),
        }
    });
    view! {
        <Show when=move || stage.get().is_some_and(|stage| stage != Stage::Done)>
            <div class="sheet-reading">
                <progress
                    data-testid="progress"
                    aria-label="Texts read"
                    max=move || counts().1.to_string()
                    value=move || counts().0.to_string()
                ></progress>
                <p class="hint">{move || words.get()}</p>
                <Show when=move || stage.get() == Some(Stage::Encoding)>
                    <button
                        type="button"
                        class="quiet"
                        data-testid="cancel"
                        on:click=move |_| app.file.set_encoding(false)
                    >
                        "Cancel"
                    </button>
                </Show>
                <Show when=move || stage.get() == Some(Stage::Stopped)>
                    <button type="button" data-testid="resume" on:click=move |_| app.file.set_encoding(true)>
                        "Go on"
                    </button>
                </Show>
            </div>
        </Show>
    }
}

/// How long the rest takes, in words, if so many were done in so many milliseconds.
fn left(elapsed: f64, done: u32, rest: u32) -> Option<String> {
    if elapsed < GUESSING || done == 0 {
        return None;
    }
    let seconds = elapsed / f64::from(done) * f64::from(rest) / 1_000.0;
    Some(match seconds {
        s if s < 10.0 => "a few seconds".into(),
        s if s < 90.0 => format!("about {:.0} seconds", (s / 10.0).ceil() * 10.0),
        s if s < 5_400.0 => format!("about {:.0} minutes", (s / 60.0).ceil()),
        s => format!("about {:.1} hours", s / 3_600.0),
    })
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn the_rest_is_guessed_once_there_is_something_to_go_by() {
        assert_eq!(left(1_000.0, 100, 100), None);
        assert_eq!(left(10_000.0, 0, 100), None);
        assert_eq!(left(10_000.0, 100, 300).as_deref(), Some("about 30 seconds"));
        assert_eq!(left(10_000.0, 100, 20).as_deref(), Some("a few seconds"));
        assert_eq!(left(10_000.0, 100, 3_000).as_deref(), Some("about 5 minutes"));
        assert_eq!(left(10_000.0, 100, 100_000).as_deref(), Some("about 2.8 hours"));
    }
}
