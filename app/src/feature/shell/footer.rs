//! What the numbers mean.

use leptos::prelude::*;

/// What scores mean and do not mean, and what happens to the text.
#[component]
pub fn Footer() -> impl IntoView {
    view! {
        <footer class="foot">
            <p>
                "A score estimates how likely a careful reader would say that these words express the label. "
                "It is a reading of the words, not of the person who wrote them. "
                <a href="model/README.md">"How sure is this?"</a>
            </p>
            <p>
                "The model runs here, in your browser. Neither your text nor your labels are sent anywhere."
            </p>
        </footer>
    }
}
