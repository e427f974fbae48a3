//! What a person likes, whatever the document.

use leptos::prelude::*;

use crate::store::Web;

/// Where the theme is kept; `boot.js` reads it before the app runs.
const THEME: &str = "undertone-theme";

/// Which colours the page wears.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Theme {
    /// Those of the system.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The theme that one press of the button leads to.
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    /// What the page's `data-theme` says; nothing where the system decides.
    fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// What a person likes.
#[derive(Clone, Copy)]
pub struct Preferences {
    theme: RwSignal<Theme>,
}

impl Preferences {
    /// What was chosen before.
    pub fn new() -> Self {
        let theme = RwSignal::new(match Web::local().get(THEME).as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        });
        Effect::new(move |_| {
            let Some(root) = document().document_element() else { return };
            // Refused attributes leave the system's colours: nothing to tell anybody.
            let _ = match theme.get().attribute() {
                Some(theme) => root.set_attribute("data-theme", theme),
                None => root.remove_attribute("data-theme"),
            };
        });
        Self { theme }
    }

    /// The colours.
    pub fn theme(self) -> Theme {
        self.theme.get()
    }

    /// Chooses other colours.
    pub fn set_theme(self, theme: Theme) {
        self.theme.set(theme);
        match theme.attribute() {
            Some(name) => Web::local().set(THEME, name),
            None => Web::local().delete(THEME),
        }
    }
}

impl Default for Preferences {
    fn default() -> Self {
        Self::new()
    }
}
