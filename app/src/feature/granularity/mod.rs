//! How many feelings there are: the labels as a tree that is cut anywhere, and what the file says of that.

mod classes;
mod examined;
mod missing;
mod overlap;
mod picture;
mod recode;
mod slider;
mod support;

use leptos::prelude::*;

use crate::state::App;
use classes::{Classes, Dragged};
use missing::Missing;
use overlap::OverlapCard;
use picture::Picture;
use recode::Recode;
use slider::Slider;
use support::SupportCard;

/// The page.
#[component]
pub fn GranularityPage() -> impl IntoView {
    let app = App::expect();
    let labels = Memo::new(move |_| app.labels.whole().map_or(0, |labels| labels.set.labels().len()));
    let open = Memo::new(move |_| app.file.opened.with(Option::is_some));
    provide_context(Dragged(RwSignal::new(None)));
    view! {
        <Show when=move || { labels.get() > 1 } fallback=TooFew>
            <section class="card grain" aria-labelledby="grain-title">
                <Slider/>
                <Classes/>
            </section>
            <Picture/>
            <Recode/>
            <OverlapCard/>
            <Show when=move || open.get() fallback=Invitation>
                <SupportCard/>
                <Missing/>
            </Show>
        </Show>
    }
}

/// What is said where there is nothing to join.
#[component]
fn TooFew() -> impl IntoView {
    let app = App::expect();
    let loaded = Memo::new(move |_| app.model.loaded().is_some());
    view! {
        <section class="card grain" aria-labelledby="grain-title">
            <h2 id="grain-title" class="headline">
                "How many feelings?"
            </h2>
            <p>
                {move || {
                    if loaded.get() {
                        "This page joins labels into classes and splits them again. Add at least two labels, or begin with a longer list, such as GoEmotions\u{2019} twenty-eight."
                    } else {
                        "This page joins labels into classes and splits them again, once the model is here."
                    }
                }}
            </p>
        </section>
    }
}

/// What a file would add.
#[component]
fn Invitation() -> impl IntoView {
    view! {
        <section class="card grain" aria-labelledby="bear-title">
            <h2 id="bear-title">"How many classes do your texts bear?"</h2>
            <p>
                "One text cannot tell. " <a href="#/file">"Open a file of texts"</a>
                ", and this page says up to how many classes other words for your labels still tag the same texts, which labels are hard to tell apart there, and which are missing."
            </p>
        </section>
    }
}
