//! When to ask the scoring worker again: once the file is read, and whenever the labels have changed.

use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;

use crate::state::App;
use crate::wire::scoring::Stage;

/// How long labels rest before all texts are looked at again.
const REST: Duration = Duration::from_millis(250);

/// Calls `ask` once all texts are read, and again when the labels are others by then, as long as somebody `wants` to know.
pub fn ask_again(app: App, wants: impl Fn() -> bool + Send + Sync + 'static, ask: impl Fn() + 'static) {
    let mut ask = debounce(REST, move |()| ask());
    let read = Memo::new(move |_| is_read(app));
    let whole = Memo::new(move |_| app.labels.whole().map(|labels| labels.version));
    Effect::new(move |_| {
        if read.get() && whole.get().is_some() && wants() {
            ask(());
        }
    });
}

/// The same, and again when the classes are others.
pub fn ask_of_classes(app: App, ask: impl Fn() + 'static) {
    let mut ask = debounce(REST, move |()| ask());
    let read = Memo::new(move |_| is_read(app));
    let shown = Memo::new(move |_| app.labels.prepared().map(|labels| labels.version));
    Effect::new(move |_| {
        if read.get() && shown.get().is_some() {
            ask(());
        }
    });
}

fn is_read(app: App) -> bool {
    let stage = app.file.progress.get().map(|progress| progress.stage);
    app.file.opened.with(Option::is_some) && matches!(stage, Some(Stage::Done | Stage::Stopped))
}
