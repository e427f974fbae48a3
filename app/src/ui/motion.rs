//! Things that move, for those who like it.

use js_sys::{Array, Function, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsCast;

use crate::browser::property;

/// Whether this person wants as little motion as possible.
pub fn is_still() -> bool {
    window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|query| query.matches())
}

/// Animates an element between two transforms.
///
/// By hand, since web-sys has it only among its unstable interfaces.
pub fn animate(element: &web_sys::Element, from: &str, to: &str, milliseconds: f64) {
    let frame = |transform: &str| {
        let frame = Object::new();
        // A plain object takes any property.
        let _ = Reflect::set(&frame, &"transform".into(), &transform.into());
        frame
    };
    let frames = Array::of2(&frame(from), &frame(to));
    let options = Object::new();
    let _ = Reflect::set(&options, &"duration".into(), &milliseconds.into());
    let _ = Reflect::set(&options, &"easing".into(), &"cubic-bezier(.2, .7, .2, 1)".into());
    if let Some(animate) = property(element, "animate") {
        // What cannot be animated is in its place at once.
        let _ = Reflect::apply(animate.unchecked_ref::<Function>(), element, &Array::of2(&frames, &options));
    }
}
