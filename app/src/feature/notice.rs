//! What went wrong, in a sentence.

use leptos::prelude::*;

use super::icons::{CROSS, Icon};
use crate::state::App;

/// The last error, until it is dismissed or overcome.
#[component]
pub fn NoticeBar() -> impl IntoView {
    let app = App::expect();
    move || {
        app.notice.get().map(|notice| {
            view! {
                <div class="notice">
                    <p role="alert" data-testid="error">
                        {notice.message}
                    </p>
                    {notice
                        .retry
                        .then(|| {
                            view! {
                                <button type="button" on:click=move |_| app.retry()>
                                    "Try again"
                                </button>
                            }
                        })}
                    <button
                        class="quiet square"
                        type="button"
                        aria-label="Dismiss"
                        title="Dismiss"
                        on:click=move |_| app.notice.set(None)
                    >
                        <Icon path=CROSS/>
                    </button>
                </div>
            }
        })
    }
}
