//! The frame of the workbench: what this is, where things are, what went wrong.

mod documents;
mod footer;
mod header;
mod keys;
mod navigation;
mod notices;

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{CustomEvent, CustomEventInit, HtmlElement};

use crate::browser::complain;
use crate::document::Page;
use crate::feature::editor::Editor;
use crate::feature::explain::{CloseReading, DifferenceCard};
use crate::feature::granularity::GranularityPage;
use crate::feature::labels::Codebook;
use crate::feature::table::FilePage;
use crate::feature::tags::Tags;
use crate::state::{App, Opening};
use crate::ui::LiveRegion;
use footer::Footer;
use header::Header;
use notices::NoticeBar;

/// Puts the page in its place, once its document is found.
pub fn mount() {
    std::panic::set_hook(Box::new(|info| announce_panic(&info.to_string())));
    spawn_local(async {
        let opening = Opening::find().await;
        let place =
            document().get_element_by_id("undertone").and_then(|element| element.dyn_into::<HtmlElement>().ok());
        match place {
            Some(place) => {
                place.set_inner_text("");
                mount_to(place, move || {
                    let app = App::new(opening);
                    provide_context(app);
                    view! { <Workbench/> }
                })
                .forget();
            }
            None => complain("the page has no element #undertone"),
        }
    });
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
fn Workbench() -> impl IntoView {
    let app = App::expect();
    keys::listen(app);
    let main = NodeRef::<leptos::html::Main>::new();
    let skip = move |_| {
        if let Some(main) = main.get() {
            // What cannot be focused can be scrolled to.
            let _ = main.focus();
        }
    };
    // The strongest feeling tints the page, as strongly as it is felt.
    let strongest = Memo::new(move |_| {
        app.text.reading.with(|reading| {
            let on = reading.as_ref().map(|reading| reading.on());
            on.and_then(|on| on.first().map(|row| (row.hue, row.probability)))
        })
    });
    view! {
        <div
            class="page"
            data-page=move || app.route.page().name()
            style=("--hue", move || strongest.get().map_or(0, |(hue, _)| hue).to_string())
            style=(
                "--felt",
                move || format!("{:.2}", strongest.get().map_or(0.0, |(_, felt)| felt)),
            )
        >
            <button type="button" class="skip" on:click=skip>
                "Skip to the content"
            </button>
            <Header/>
            <NoticeBar/>
            <main class="bench" tabindex="-1" node_ref=main>
                <div class="stage">
                    <div class="view" hidden=move || app.route.page() != Page::Text>
                        <p class="tagline">"What a text feels like, in the words you choose"</p>
                        <Editor/>
                        <Tags/>
                        <DifferenceCard/>
                        <CloseReading/>
                    </div>
                    <div class="view" hidden=move || app.route.page() != Page::File>
                        <FilePage/>
                    </div>
                    <Show when=move || app.route.page() == Page::Granularity>
                        <div class="view">
                            <GranularityPage/>
                        </div>
                    </Show>
                </div>
                <aside class="side" id="labels" aria-label="Labels and decision">
                    <Codebook/>
                </aside>
            </main>
            <Footer/>
            <LiveRegion announcer=app.announcer/>
        </div>
    }
}
