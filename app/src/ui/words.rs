//! Numbers and lists in words.

use js_sys::{Array, Intl, Object, Reflect};
use undertone_core::Affect;

/// How many names a sentence lists before it counts the rest.
const NAMED: usize = 4;
/// The language of the page.
const LANGUAGE: &str = "en-GB";

/// Bytes as people read them, in megabytes: "12.3".
pub fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}

/// A count with its thousands apart: "12,345".
pub fn thousands(count: usize) -> String {
    let format = Intl::NumberFormat::new(&Array::of1(&LANGUAGE.into()), &Object::new());
    let words = format.format().call1(&wasm_bindgen::JsValue::UNDEFINED, &(count as f64).into());
    words.ok().and_then(|words| words.as_string()).unwrap_or_else(|| count.to_string())
}

/// So many of something: "1 text", "12,345 texts".
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// A probability as a percentage: "87 %". Only what is certain is 0 or 100.
pub fn percent(probability: f32) -> String {
    let rounded = (probability * 100.0).round();
    match probability {
        p if rounded >= 100.0 && p < 1.0 => "99 %".into(),
        p if rounded <= 0.0 && p > 0.0 => "< 1 %".into(),
        _ => format!("{rounded} %"),
    }
}

/// A change of a probability in points: "+12", "\u{2212}3".
pub fn points(change: f32) -> String {
    let points = (100.0 * change).round();
    match points {
        0.0 => "\u{b1}0".into(),
        points if points < 0.0 => format!("\u{2212}{}", -points),
        points => format!("+{points}"),
    }
}

/// Names as a sentence lists them: "joy", "joy and love", "joy, love and 3 more".
pub fn list(names: &[&str]) -> String {
    let items: Vec<String> = shortened(names);
    let options = Object::new();
    // A plain object takes any property.
    let _ = Reflect::set(&options, &"type".into(), &"conjunction".into());
    let format = property_of_intl("ListFormat")
        .and_then(|class| js_sys::Reflect::construct(&class, &Array::of2(&LANGUAGE.into(), &options)).ok());
    let items_array: Array = items.iter().map(|item| wasm_bindgen::JsValue::from_str(item)).collect();
    format
        .and_then(|format| {
            let write: js_sys::Function = Reflect::get(&format, &"format".into()).ok()?.into();
            write.call1(&format, &items_array).ok()?.as_string()
        })
        .unwrap_or_else(|| items.join(", "))
}

fn property_of_intl(name: &str) -> Option<js_sys::Function> {
    let intl = crate::browser::property(&js_sys::global(), "Intl")?;
    crate::browser::property(&intl, name).map(js_sys::Function::from)
}

/// The names, or the first of them and how many more there are.
fn shortened(names: &[&str]) -> Vec<String> {
    let more = names.len().saturating_sub(NAMED);
    if more < 2 {
        return names.iter().map(|&name| name.to_owned()).collect();
    }
    let shown = names[..NAMED].iter().map(|&name| name.to_owned());
    shown.chain([format!("{more} more")]).collect()
}

/// How pleasant: "pleasant".
pub fn valence(valence: f32) -> &'static str {
    match valence {
        v if v < 2.5 => "very unpleasant",
        v if v < 4.25 => "unpleasant",
        v if v <= 5.75 => "neutral",
        v if v <= 7.5 => "pleasant",
        _ => "very pleasant",
    }
}

/// How stirred: "calm".
pub fn arousal(arousal: f32) -> &'static str {
    match arousal {
        a if a < 2.5 => "very calm",
        a if a < 4.25 => "calm",
        a if a <= 5.75 => "moderate",
        a if a <= 7.5 => "stirred",
        _ => "very stirred",
    }
}

/// Both in one phrase.
pub fn affect(affect: Affect) -> String {
    format!("{}, {}", valence(affect.valence), arousal(affect.arousal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_count_the_rest() {
        assert_eq!(shortened(&["a", "b", "c", "d", "e"]), ["a", "b", "c", "d", "e"]);
        assert_eq!(shortened(&["a", "b", "c", "d", "e", "f"]), ["a", "b", "c", "d", "2 more"]);
    }

    #[test]
    fn nothing_uncertain_is_called_certain() {
        assert_eq!(percent(0.874), "87 %");
        assert_eq!(percent(0.999), "99 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.001), "< 1 %");
        assert_eq!(percent(0.0), "0 %");
    }

    #[test]
    fn feelings_have_words() {
        let at = |valence, arousal| affect(Affect { valence, arousal });
        assert_eq!(at(7.0, 7.0), "pleasant, stirred");
        assert_eq!(at(1.0, 1.0), "very unpleasant, very calm");
        assert_eq!(at(5.0, 5.0), "neutral, moderate");
    }

    #[test]
    fn points_have_their_sign() {
        assert_eq!([0.124, -0.031, 0.001].map(points), ["+12", "\u{2212}3", "\u{b1}0"]);
    }
}
