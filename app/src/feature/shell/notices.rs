//! What went wrong, in sentences.

use leptos::prelude::*;

use crate::state::{Action, App, Notice};
use crate::ui::Icon;
use crate::ui::icons::CROSS;

/// What a person should know, until it is dismissed or overcome.
#[component]
pub fn NoticeBar() -> impl IntoView {
    let app = App::expect();
    let act = move |action: Action| match action {
        Action::RetryModel => app.model.start(),
        Action::TakeOver(id) => app.documents.open(id, true),
    };
    let notice = move |notice: Notice| {
        let Notice { topic, message, action } = notice;
        let action = action.map(|action| {
            let words = action.words();
            view! {
                <button type="button" on:click=move |_| act(action.clone())>
                    {words}
                </button>
            }
        });
        view! {
            <div class="notice">
                <p role="alert" data-testid="error">
                    {message}
                </p>
                {action}
                <button
                    class="quiet square"
                    type="button"
                    aria-label="Dismiss"
                    title="Dismiss"
                    on:click=move |_| app.notices.clear(topic)
                >
                    <Icon path=CROSS/>
                </button>
            </div>
        }
    };
    view! { <div class="notices">{move || app.notices.all().into_iter().map(notice).collect_view()}</div> }
}
