//! What the page looks like.

mod affect;
mod editor;
mod footer;
mod header;
mod icons;
mod labels;
mod loading;
mod notice;
mod results;
mod settings;
mod sheet;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};

use crate::browser::complain;
use crate::state::App;
use affect::AffectPlane;
use editor::Editor;
use footer::Footer;
use header::Header;
use labels::LabelPanel;
use notice::NoticeBar;
use results::Results;
use settings::Settings;
use sheet::SheetCard;

/// Puts the page in its place.
pub fn mount() {
    std::panic::set_hook(Box::new(|info| announce_panic(&info.to_string())));
    let place = document().get_element_by_id("undertone").and_then(|element| element.dyn_into::<HtmlElement>().ok());
    match place {
        Some(place) => {
            place.set_inner_text("");
            mount_to(place, Page).forget();
        }
        None => complain("the page has no element #undertone"),
    }
}

/// After a panic nothing here works any more: `boot.js` says so, outside of the application.
fn announce_panic(report: &str) {
    complain(report);
    let init = CustomEventInit::new();
    init.set_detail(&JsValue::from_str(report));
    if let Ok(event) = CustomEvent::new_with_event_init_dict("undertone-panic", &init) {
        // Nobody may be listening; the console has it already.
        let _ = window().dispatch_event(&event);
    }
}

#[component]
fn Page() -> impl IntoView {
    let app = App::start();
    provide_context(app);

    Effect::new(move |_| {
        let Some(root) = document().document_element() else {
            return;
        };
        // Refused attributes leave the system's colours: nothing to tell anybody.
        let _ = match app.theme.get().attribute() {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        };
    });
    let keys = window_event_listener(leptos::ev::keydown, move |event| {
        let undo =
            (event.ctrl_key() || event.meta_key()) && !event.shift_key() && event.key().eq_ignore_ascii_case("z");
        // In a field, the key takes back what was typed there.
        let in_field = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| element.matches("textarea, input[type=text]").unwrap_or(false));
        if undo && !in_field && app.can_undo() {
            event.prevent_default();
            app.undo();
        }
    });
    on_cleanup(move || keys.remove());

    // The strongest feeling tints the page, as strongly as it is felt.
    let strongest = Memo::new(move |_| {
        app.reading.with(|reading| {
            let on = reading.as_ref().map(|reading| reading.on());
            on.and_then(|on| on.first().map(|row| (row.hue, row.probability)))
        })
    });
    view! {
        <div
            class="page"
            style=("--hue", move || strongest.get().map_or(0, |(hue, _)| hue).to_string())
            style=(
                "--felt",
                move || format!("{:.2}", strongest.get().map_or(0.0, |(_, felt)| felt)),
            )
        >
            <Header/>
            <NoticeBar/>
            <main class="columns">
                <div class="column">
                    <Editor/>
                    <section class="card results" aria-labelledby="feels-like">
                        <Results/>
                        <AffectPlane/>
                    </section>
                </div>
                <div class="column side">
                    <LabelPanel/>
                    <Settings/>
                </div>
                <div class="wide">
                    <SheetCard/>
                </div>
            </main>
            <Footer/>
        </div>
    }
}
