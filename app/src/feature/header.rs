//! The top of the page: what this is, and whether it works.

use leptos::prelude::*;

use super::icons::{Icon, Mark, THEME_AUTO, THEME_DARK, THEME_LIGHT};
use crate::session::Theme;
use crate::state::{App, Engine};

/// The name, the state of things and the choice of colours.
#[component]
pub fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <Mark/>
            <div class="brand">
                <h1>"Undertone"</h1>
                <p>"What a text feels like, in the words you choose"</p>
            </div>
            <Status/>
            <ThemeButton/>
        </header>
    }
}

#[component]
fn Status() -> impl IntoView {
    let app = App::expect();
    // A memo, so that assistive technology hears of a change and not of every byte.
    let status = Memo::new(move |_| {
        app.engine.with(|engine| match engine {
            Engine::Loading(_) => ("loading", "Getting ready"),
            Engine::Failed => ("error", "No model"),
            Engine::Ready(_) if !app.online.get() => ("offline", "Offline, and working"),
            Engine::Ready(_) => ("ready", "Ready, on this device"),
        })
    });
    view! {
        <p
            class="status"
            role="status"
            data-testid="status"
            data-state=move || status.get().0
        >
            {move || status.get().1}
        </p>
    }
}

#[component]
fn ThemeButton() -> impl IntoView {
    let app = App::expect();
    let name = move || match app.theme.get() {
        Theme::Auto => "Colours: as the system",
        Theme::Light => "Colours: light",
        Theme::Dark => "Colours: dark",
    };
    let path = Signal::derive(move || match app.theme.get() {
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
            on:click=move |_| app.theme.update(|theme| *theme = theme.next())
        >
            <Icon path/>
        </button>
    }
}
