//! Lists of any length, of which only what is in view exists.

use std::ops::Range;

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, KeyboardEvent, ResizeObserver};

/// Rows kept above and below those in view, so that scrolling finds them there.
const SPARE: u32 = 6;
/// The highest element that all browsers lay out, in pixels. A longer list is scrolled in proportion.
const HIGHEST: f64 = 8_000_000.0;

/// What part of a list is in view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// How far it is scrolled, in pixels.
    pub top: f64,
    /// How high the view is, in pixels.
    pub height: f64,
    /// How high a row is, in pixels.
    pub row: f64,
    /// How many rows there are.
    pub count: u32,
}

impl Frame {
    /// How high all rows together are, in pixels.
    pub fn total(self) -> f64 {
        (f64::from(self.count) * self.row).min(HIGHEST)
    }

    /// What the scrolled distance stands for, in pixels of the whole list.
    fn offset(self) -> f64 {
        let whole = f64::from(self.count) * self.row;
        let (room, real) = (self.total() - self.height, whole - self.height);
        if whole <= HIGHEST || room <= 0.0 { self.top } else { self.top / room * real }
    }

    /// The rows that exist: those in view, and some around them.
    pub fn rows(self) -> Range<u32> {
        let offset = self.offset();
        let first = ((offset / self.row) as u32).saturating_sub(SPARE);
        let last = ((offset + self.height) / self.row) as u32 + 1 + SPARE;
        first.min(self.count)..last.min(self.count)
    }

    /// Where a row is, in pixels from the beginning of what is scrolled.
    pub fn place(self, row: u32) -> f64 {
        f64::from(row) * self.row - self.offset() + self.top
    }

    /// How far to scroll so that a row is in view; `None` if it is.
    pub fn scroll_to(self, row: u32) -> Option<f64> {
        let (start, end) = (f64::from(row) * self.row, f64::from(row + 1) * self.row);
        let offset = self.offset();
        let wanted = if start < offset {
            start
        } else if end > offset + self.height {
            end - self.height
        } else {
            return None;
        };
        let whole = f64::from(self.count) * self.row;
        let (room, real) = (self.total() - self.height, whole - self.height);
        Some(if whole <= HIGHEST || real <= 0.0 { wanted } else { wanted / real * room })
    }
}

/// A grid with headers and any number of rows, to be gone through by keyboard: up and down, by pages, to both ends. The row
/// that has the focus exists wherever the view is, so that the focus is never lost.
///
/// `row` draws the cells of a row by its place; it is drawn once, and looks up by signals what it shows.
#[component]
pub fn VirtualGrid<V: IntoView + 'static>(
    /// What it is called.
    label: &'static str,
    /// The names of the columns.
    columns: Signal<Vec<&'static str>>,
    /// How many rows.
    count: Signal<u32>,
    /// How high a row is, in pixels.
    row_height: f64,
    /// The rows that exist.
    rows: RwSignal<Range<u32>>,
    /// The row that the keyboard is at.
    active: RwSignal<u32>,
    /// Hears keys that are not the grid's own, and says whether they were its.
    #[prop(into)]
    on_key: Callback<(u32, KeyboardEvent), bool>,
    /// A row's attributes: its id and its status, for style and test hooks.
    attributes: fn(u32) -> (Signal<String>, Signal<String>),
    /// Draws a row's cells.
    row: fn(u32) -> V,
) -> impl IntoView {
    let element = NodeRef::<Div>::new();
    let scrolled = RwSignal::new((0.0, 480.0));
    let look = move || {
        if let Some(element) = element.get_untracked() {
            // The headers stay at the top, over the rows.
            let head = element.first_element_child().map_or(0, |head| head.client_height());
            let height = (element.client_height() - head).max(0);
            scrolled.set((f64::from(element.scroll_top()), f64::from(height)));
        }
    };
    let frame = move || {
        let (top, height) = scrolled.get();
        Frame { top, height, row: row_height, count: count.get() }
    };
    Effect::new(move |_| {
        let now = frame().rows();
        if rows.get_untracked() != now {
            rows.set(now);
        }
    });
    Effect::new(move |_| {
        if let Some(element) = element.get() {
            watch_size(&element, look);
        }
    });

    let focus = move |place: u32| {
        active.set(place);
        let Some(element) = element.get_untracked() else { return };
        if let Some(top) = untrack(frame).scroll_to(place) {
            element.set_scroll_top(top as i32);
            look();
        }
        // Once it exists.
        request_animation_frame(move || {
            let row = element.query_selector(&format!("[data-place='{place}']")).ok().flatten();
            if let Some(row) = row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
                let options = web_sys::FocusOptions::new();
                options.set_prevent_scroll(true);
                // A row that cannot be focused can be clicked.
                let _ = row.focus_with_options(&options);
            }
        });
    };
    let key = move |event: KeyboardEvent| {
        let last = count.get_untracked().saturating_sub(1);
        let at = active.get_untracked().min(last);
        let page = (untrack(frame).height / row_height) as u32;
        let own = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let in_row = own.is_some_and(|element| element.get_attribute("role").as_deref() == Some("row"));
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key();
        let to = match event.key().as_str() {
            "ArrowDown" if plain => Some(at.saturating_add(1).min(last)),
            "ArrowUp" if plain => Some(at.saturating_sub(1)),
            "PageDown" if plain => Some(at.saturating_add(page.max(1)).min(last)),
            "PageUp" if plain => Some(at.saturating_sub(page.max(1))),
            "Home" => Some(0),
            "End" => Some(last),
            _ => None,
        };
        match to.filter(|_| in_row) {
            Some(to) => {
                event.prevent_default();
                focus(to);
            }
            None if in_row && on_key.run((at, event.clone())) => event.prevent_default(),
            None => {}
        }
    };
    let places = move || {
        let rows = rows.get();
        let active = active.get();
        let outside = |side: bool| (side && active < count.get()).then_some(active);
        // In their order: a row that has to change its place in the document loses the focus.
        let (before, after) = (outside(active < rows.start), outside(active >= rows.end));
        before.into_iter().chain(rows).chain(after).collect::<Vec<u32>>()
    };
    view! {
        <div
            class="grid"
            node_ref=element
            data-testid="table"
            role="grid"
            aria-label=label
            aria-rowcount=move || (count.get() + 1).to_string()
            aria-colcount=move || columns.with(Vec::len).to_string()
            tabindex="-1"
            on:scroll=move |_| look()
            on:keydown=key
        >
            <div class="grid-head" role="rowgroup">
                <div class="grid-row" role="row" aria-rowindex="1">
                    {move || {
                        let columns = columns.get().into_iter();
                        columns
                            .map(|name| view! { <span role="columnheader" class="cell">{name}</span> })
                            .collect_view()
                    }}
                </div>
            </div>
            <div
                class="grid-body"
                role="rowgroup"
                style=("height", move || format!("{}px", frame().total()))
            >
                <For each=places key=|place| *place let:place>
                    {
                        let (id, status) = attributes(place);
                        view! {
                            <div
                                class="grid-row"
                                role="row"
                                data-testid="row"
                                data-id=move || id.get()
                                data-status=move || status.get()
                                data-place=place.to_string()
                                aria-rowindex=(place + 2).to_string()
                                aria-selected=move || (active.get() == place).to_string()
                                tabindex=move || if active.get() == place { "0" } else { "-1" }
                                style=("top", move || format!("{}px", frame().place(place)))
                                on:focusin=move |_| active.set(place)
                            >
                                {row(place)}
                            </div>
                        }
                    }
                </For>
            </div>
        </div>
    }
}

/// Calls `changed` whenever an element gets another size, also when it is shown after it was hidden.
fn watch_size(element: &HtmlElement, changed: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(changed);
    // A browser without it shows the rows of a usual size.
    let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
    observer.observe(element);
    let watching = StoredValue::new_local(Some((observer, callback)));
    on_cleanup(move || {
        if let Some((observer, _)) = watching.try_update_value(Option::take).flatten() {
            observer.disconnect();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame { top: 0.0, height: 600.0, row: 60.0, count: 100_000 };

    #[test]
    fn what_is_in_view_exists_and_little_else() {
        assert_eq!(FRAME.rows(), 0..17);
        assert_eq!(Frame { top: 6_000.0, ..FRAME }.rows(), 94..117);
        assert_eq!(Frame { top: 6_000_000.0 - 600.0, ..FRAME }.rows(), 99_984..100_000);
        assert_eq!(Frame { count: 0, ..FRAME }.rows(), 0..0);
    }

    #[test]
    fn a_list_higher_than_any_page_ends_with_its_last_row() {
        let frame = Frame { count: 10_000_000, ..FRAME };
        let end = Frame { top: frame.total() - frame.height, ..frame };
        assert_eq!(end.rows().end, 10_000_000);
        assert!((end.place(9_999_999) - (frame.total() - 60.0)).abs() < 1.0);
        let there = Frame { top: frame.scroll_to(5_000_000).unwrap(), ..frame };
        assert!(there.rows().contains(&5_000_000), "{:?}", there.rows());
    }

    #[test]
    fn a_row_is_scrolled_into_view_and_no_further() {
        assert_eq!(FRAME.scroll_to(3), None);
        assert_eq!(FRAME.scroll_to(10), Some(60.0));
        assert_eq!(Frame { top: 1_200.0, ..FRAME }.scroll_to(3), Some(180.0));
    }
}
