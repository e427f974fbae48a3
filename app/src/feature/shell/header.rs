//! The top of the page: what this is, which document, and whether it works.

use leptos::prelude::*;

use super::documents::DocumentMenu;
use super::navigation::Navigation;
use crate::state::{App, EngineState, Theme};
use crate::ui::icons::{REDO, THEME_AUTO, THEME_DARK, THEME_LIGHT, UNDO};
use crate::ui::{Icon, Mark};

/// The name, the pages, the document, the ways back and forth, the state of things and the choice of colours.
#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <a class="brand" href="#/text">
                <Mark/>
                <h1>"Undertone"</h1>
            </a>
            <Navigation/>
            <div class="top-tools">
                <Status/>
                <DocumentMenu/>
                <History/>
                <ThemeButton/>
            </div>
        </header>
    }
}

/// Undo and redo of everything.
#[component]
fn History() -> impl IntoView {
    let app = App::expect();
    let undo = Memo::new(move |_| app.editing.undoable.get().map_or("Undo".into(), |what| format!("Undo {what}")));
    let redo = Memo::new(move |_| app.editing.redoable.get().map_or("Redo".into(), |what| format!("Redo {what}")));
    view! {
        <button
            class="quiet square"
            type="button"
            data-testid="undo"
            aria-label=move || undo.get()
            title=move || undo.get()
            prop:disabled=move || app.editing.undoable.get().is_none()
            on:click=move |_| app.editing.undo()
        >
            <Icon path=UNDO/>
        </button>
        <button
            class="quiet square"
            type="button"
            data-testid="redo"
            aria-label=move || redo.get()
            title=move || redo.get()
            prop:disabled=move || app.editing.redoable.get().is_none()
            on:click=move |_| app.editing.redo()
        >
            <Icon path=REDO/>
        </button>
    }
}

/// Whether the model is there. Where it is missing, this is the way to try again, whatever was dismissed.
#[component]
fn Status() -> impl IntoView {
    let app = App::expect();
    // A memo, so that assistive technology hears of a change and not of every byte.
    let status = Memo::new(move |_| {
        app.model.with(|state| match state {
            EngineState::Loading(_) => ("loading", "Getting ready"),
            EngineState::Failed => ("error", "No model"),
            EngineState::Ready(_) if !app.model.online() => ("offline", "Offline, and working"),
            EngineState::Ready(_) => ("ready", "Ready, on this device"),
        })
    });
    view! {
        <div class="status-line">
            <p
                class="status"
                role="status"
                data-testid="status"
                data-state=move || status.get().0
                title=move || status.get().1
            >
                <span>{move || status.get().1}</span>
            </p>
            <Show when=move || status.get().0 == "error">
                <button class="quiet" type="button" data-testid="retry" on:click=move |_| app.model.start()>
                    "Try again"
                </button>
            </Show>
        </div>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let app = App::expect();
    let name = move || match app.preferences.theme() {
        Theme::Auto => "Colours: as the system",
        Theme::Light => "Colours: light",
        Theme::Dark => "Colours: dark",
    };
    let path = Signal::derive(move || match app.preferences.theme() {
        Theme::Auto => THEME_AUTO,
        Theme::Light => THEME_LIGHT,
        Theme::Dark => THEME_DARK,
    });
    view! {
        <button
            class="quiet square"
            type="button"
            aria-label=name
            title=name
            on:click=move |_| app.preferences.set_theme(app.preferences.theme().next())
        >
            <Icon path/>
        </button>
    }
}
