//! Numbers in words.

use undertone_core::Affect;

use crate::reading::Row;

/// How many labels a sentence names before it counts the rest.
const NAMED: usize = 4;

/// Bytes as people read them, in megabytes: "12.3".
pub fn megabytes(bytes: f64) -> String {
    format!("{:.1}", bytes / 1e6)
}

/// A count with its thousands apart: "12,345".
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut words = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            words.push(',');
        }
        words.push(digit);
    }
    words
}

/// A probability as a percentage: "87 %". Only what is certain is 0 or 100.
pub fn percent(probability: f32) -> String {
    let rounded = (probability * 100.0).round();
    if rounded >= 100.0 && probability < 1.0 { "99 %".into() } else { format!("{rounded} %") }
}

/// Names as a sentence lists them: "joy", "joy and love", "joy, love and 3 more".
pub fn list(names: &[&str]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let (shown, rest) = if more > 1 {
        (&names[..NAMED], format!("{more} more"))
    } else {
        match names {
            [] => return String::new(),
            [only] => return (*only).to_string(),
            [shown @ .., last] => (shown, (*last).to_string()),
        }
    };
    format!("{} and {rest}", shown.join(", "))
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

/// A result as one would say it aloud, for those who listen to the page.
pub fn aloud(on: &[&Row], feeling: Affect) -> String {
    let tags: Vec<String> = on.iter().map(|row| format!("{} {}", row.name, percent(row.probability))).collect();
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let tags = if tags.is_empty() { "No label stands out".to_string() } else { list(&tags) };
    format!("{tags}. {}.", affect(feeling))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sentences() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d", "e"]), "a, b, c, d and e");
        assert_eq!(list(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }

    #[test]
    fn thousands_stand_apart() {
        let words = [0, 12, 999, 1000, 12_345, 1_000_000].map(thousands);
        assert_eq!(words, ["0", "12", "999", "1,000", "12,345", "1,000,000"]);
    }

    #[test]
    fn nothing_uncertain_is_called_certain() {
        assert_eq!(percent(0.874), "87 %");
        assert_eq!(percent(0.999), "99 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn feelings_have_words() {
        let at = |valence, arousal| affect(Affect { valence, arousal });
        assert_eq!(at(7.0, 7.0), "pleasant, stirred");
        assert_eq!(at(1.0, 1.0), "very unpleasant, very calm");
        assert_eq!(at(5.0, 5.0), "neutral, moderate");
    }
}
