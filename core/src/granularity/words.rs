//! Numbers in sentences.

/// A number as people write it: `1,203`.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut written = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A number of things: `1 class`, `12 classes`.
pub fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { more })
}

/// A figure between -1 and 1 as papers write it, without the zero: `.71`.
pub fn figure(figure: f64) -> String {
    let written = format!("{figure:.2}");
    match written.strip_prefix("-0.") {
        _ if written == "-0.00" => ".00".into(),
        Some(decimals) => format!("-.{decimals}"),
        None => written.strip_prefix('0').map(str::to_owned).unwrap_or(written),
    }
}

/// Several names as people list them: `joy, anger and fear`.
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_are_written_as_people_do() {
        assert_eq!([0, 12, 999, 1203, 1234567].map(number), ["0", "12", "999", "1,203", "1,234,567"]);
        assert_eq!([counted(1, "class", "classes"), counted(2000, "class", "classes")], ["1 class", "2,000 classes"]);
        assert_eq!([0.714, 1.0, 0.0, -0.2, -0.001, -1.0].map(figure), [".71", "1.00", ".00", "-.20", ".00", "-1.00"]);
        assert_eq!(listed(&["joy", "anger", "fear"]), "joy, anger and fear");
        assert_eq!([listed(&[]), listed(&["joy"])], ["", "joy"]);
    }
}
