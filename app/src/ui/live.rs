//! What is said to those who listen to the page.

use leptos::prelude::*;

/// Says things aloud, politely: after what is being read, and not over what is being typed.
#[derive(Clone, Copy)]
pub struct Announcer {
    said: RwSignal<String>,
}

impl Announcer {
    /// One that nobody has heard of yet.
    pub fn new() -> Self {
        Self { said: RwSignal::new(String::new()) }
    }

    /// Says a sentence.
    pub fn say(self, sentence: impl Into<String>) {
        // The page may be gone by now.
        let _ = self.said.try_set(sentence.into());
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}

/// Where it is said.
#[component]
pub fn LiveRegion(announcer: Announcer) -> impl IntoView {
    view! {
        <p class="hidden" role="status" aria-live="polite" data-testid="live">
            {move || announcer.said.get()}
        </p>
    }
}
