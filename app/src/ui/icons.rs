//! Drawings. All are decoration: what they stand beside says it in words.

use leptos::prelude::*;

/// The mark of Undertone: a line, and what lies beneath it.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <path class="mark-line" d="M4 10h24"/>
            <path class="mark-wave" d="M4 19c4-5 8-5 12 0s8 5 12 0"/>
            <path class="mark-deep" d="M4 26c4-3 8-3 12 0s8 3 12 0"/>
        </svg>
    }
}

/// A drawing of lines on a 24 by 24 grid.
#[component]
pub fn Icon(
    /// The lines, as the `d` of an SVG path.
    #[prop(into)]
    path: Signal<&'static str>,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=move || path.get()/>
        </svg>
    }
}

/// Half a disc: the system decides.
pub const THEME_AUTO: &str = "M12 4a8 8 0 1 0 0 16ZM12 4a8 8 0 0 1 0 16";
/// A sun.
pub const THEME_LIGHT: &str = "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4";
/// A moon.
pub const THEME_DARK: &str = "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z";
/// A padlock.
pub const LOCK: &str = "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6Z";
/// A tick.
pub const CHECK: &str = "M6 12.5l4 4 8-9";
/// A cross.
pub const CROSS: &str = "M7 7l10 10M17 7L7 17";
/// A plus.
pub const PLUS: &str = "M12 6v12M6 12h12";
/// An arrow that points down.
pub const CHEVRON: &str = "M7 10l5 5 5-5";
/// An arrow back.
pub const UNDO: &str = "M9 6L5 10l4 4M5 10h9a5 5 0 0 1 0 10h-3";
/// An arrow into a tray.
pub const IMPORT: &str = "M12 4v10M8 10l4 4 4-4M5 19h14";
/// An arrow out of a tray.
pub const EXPORT: &str = "M12 14V4M8 8l4-4 4 4M5 19h14";
/// An arrow forth.
pub const REDO: &str = "M15 6l4 4-4 4M19 10h-9a5 5 0 0 0 0 10h3";
/// Lines of a text.
pub const TEXT: &str = "M5 6h14M5 11h14M5 16h9";
/// Rows of a table.
pub const FILE: &str = "M4.5 5.5h15v13h-15ZM4.5 10h15M4.5 14.2h15M10 10v8.5";
/// One that becomes three.
pub const GRANULARITY: &str = "M4.5 12h5M9.5 12C13 12 12.5 6 16 6h3.5M9.5 12h10M9.5 12c3.5 0 3 6 6.5 6h3.5";
/// A tag on a string.
pub const LABEL: &str = "M4.5 4.5h7l8 8-7 7-8-8ZM8.4 8.3v.2";
/// A flag.
pub const FLAG: &str = "M6.5 20V5M6.5 5.5c4-2.5 7 2.5 11 0v8c-4 2.5-7-2.5-11 0";
/// A pencil.
pub const PENCIL: &str = "M5 19l1-4L16 5l3 3L9 18ZM14 7l3 3";
/// A drawing pin.
pub const PIN: &str = "M9 4.5h6M10 4.5v5.5l-3 3.5h10l-3-3.5V4.5M12 13.5v6";
/// A bin.
pub const TRASH: &str = "M5 7h14M9.5 7V4.8h5V7M7 7l.8 12.5h8.4L17 7";
