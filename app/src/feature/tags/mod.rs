//! What the text feels like.

mod affect;
mod headline;
mod list;
mod loading;

use leptos::prelude::*;

use crate::document::{Command, Order};
use crate::state::{App, EngineState};
use affect::AffectPlane;
use headline::{Headline, Spoken};
use list::{NoneRow, TagList};
use loading::Loading;

/// The headline, a bar for each label, and the affect plane.
#[component]
pub fn Tags() -> impl IntoView {
    let app = App::expect();
    let known = Memo::new(move |_| app.text.reading.with(Option::is_some));
    view! {
        <section class="card results" aria-labelledby="feels-like">
            <div class="results-main">
                <Headline/>
                <Spoken/>
                <Loading/>
                <Show when=move || known.get() fallback=Waiting>
                    <OrderChoice/>
                </Show>
                <TagList/>
                <NoneRow/>
            </div>
            <AffectPlane/>
        </section>
    }
}

/// What is said in the place of results.
#[component]
fn Waiting() -> impl IntoView {
    let app = App::expect();
    let words = move || {
        let empty = app.editing.text.with(|text| text.trim().is_empty());
        app.model.with(|state| match state {
            EngineState::Ready(_) if empty => "Type something above, and its feelings appear here.",
            EngineState::Failed => "Without its model Undertone cannot read the text.",
            _ => "",
        })
    };
    view! { <p class="hint waiting">{words}</p> }
}

#[component]
fn OrderChoice() -> impl IntoView {
    let app = App::expect();
    let choice = move |order: Order, name: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="order"
                    prop:checked=move || app.editing.order.get() == order
                    on:change=move |_| app.editing.send(Command::Order { order })
                />
                <span>{name}</span>
            </label>
        }
    };
    view! {
        <fieldset class="segments">
            <legend class="hidden">"Order of the labels"</legend>
            {choice(Order::Score, "Strongest first")}
            {choice(Order::List, "As listed")}
        </fieldset>
    }
}
