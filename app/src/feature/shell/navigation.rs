//! The ways between pages: links, at the top on a desk and at the bottom on a telephone.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::document::Page;
use crate::state::App;
use crate::ui::icons::{FILE, GRANULARITY, LABEL, TEXT};
use crate::ui::{Icon, words};
use crate::wire::scoring::Stage;

/// The pages of the workbench.
#[component]
pub fn Navigation() -> impl IntoView {
    let app = App::expect();
    let link = move |page: Page| {
        let icon = match page {
            Page::Text => TEXT,
            Page::File => FILE,
            Page::Granularity => GRANULARITY,
        };
        view! {
            <a
                class="nav-link"
                href=page.fragment()
                aria-current=move || (app.route.page() == page).then_some("page")
            >
                <Icon path=icon/>
                <span>{page.name()}</span>
                {(page == Page::File).then(|| view! { <Percentage/> })}
            </a>
        }
    };
    view! {
        <nav class="nav" aria-label="Pages">
            {Page::ALL.map(link).collect_view()}
            <button type="button" class="nav-link to-labels" on:click=move |_| show_labels()>
                <Icon path=LABEL/>
                <span>"Labels"</span>
            </button>
        </nav>
    }
}

/// How far the file is read, beside the name of its page.
#[component]
fn Percentage() -> impl IntoView {
    let app = App::expect();
    let reading = move || {
        let progress = app.file.progress.get()?;
        let busy = matches!(progress.stage, Stage::Encoding | Stage::Opening) && progress.texts > 0;
        busy.then(|| words::percent(progress.done as f32 / progress.texts as f32))
    };
    move || reading().map(|percent| view! { <span class="badge">{percent}</span> })
}

/// On a telephone the labels are below; this brings them into view.
fn show_labels() {
    if let Some(labels) = document().get_element_by_id("labels").and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        labels.scroll_into_view();
        if let Ok(Some(first)) = labels.query_selector("select") {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            // A field that cannot be focused can be touched.
            let _ = first.unchecked_into::<HtmlElement>().focus_with_options(&options);
        }
    }
}
