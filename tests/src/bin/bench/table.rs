use crate::{
    contender::YARDSTICK,
    measured::{Measured, Spread},
    round::Outcome,
};

/// A column: what it is called, what it shows of a round, and how many decimals.
type Column = (&'static str, fn(&Measured) -> f64, usize);

/// What moves from round to round: with its spread, and beside the yardstick.
const TIMES: [Column; 3] = [
    ("ms/text alone", |m| m.ms_alone, 2),
    ("texts/s by 32", |m| m.texts_per_second, 1),
    ("ready ms", |m| m.ready_ms, 0),
];

/// What hardly does.
const SIZES: [Column; 3] = [
    ("memory MB", |m| m.memory_bytes / 1e6, 0),
    ("cosine to f32", |m| m.cosine, 4),
    ("alone to batched", |m| m.cosine_of_alone_and_batched, 4),
];

/// The outcomes in Markdown: medians, least to greatest in brackets, and the median of the rounds' ratios to the
/// yardstick, since a machine's moods touch all of a round.
pub fn table(outcomes: &[Outcome]) -> String {
    let yardstick = outcomes.iter().find(|outcome| outcome.name == YARDSTICK);
    let mut rows = vec![vec!["contender".to_owned()]];
    rows[0].extend(TIMES.iter().chain(&SIZES).map(|(name, ..)| (*name).to_owned()));
    rows[0].push("download MB".to_owned());
    for outcome in outcomes {
        let mut row = vec![outcome.name.clone()];
        row.extend(TIMES.iter().map(|column| time(outcome, yardstick, column)));
        row.extend(SIZES.iter().map(|(_, value, decimals)| {
            Spread::of(outcome.rounds.iter().map(value))
                .map_or_else(String::new, |s| format!("{:.decimals$}", s.median))
        }));
        row.push(outcome.download_bytes.map_or_else(String::new, |bytes| format!("{:.1}", bytes as f64 / 1e6)));
        rows.push(row);
    }
    markdown(&rows)
}

fn time(outcome: &Outcome, yardstick: Option<&Outcome>, (_, value, decimals): &Column) -> String {
    let Some(Spread { median, min, max }) = Spread::of(outcome.rounds.iter().map(value)) else {
        return String::new();
    };
    let mut cell = format!("{median:.decimals$} ({min:.decimals$}-{max:.decimals$})");
    if let Some(yardstick) = yardstick {
        let ratios = outcome.rounds.iter().zip(&yardstick.rounds).map(|(own, other)| value(own) / value(other));
        if let Some(ratio) = Spread::of(ratios) {
            cell.push_str(&format!(" x{:.2}", ratio.median));
        }
    }
    cell
}

/// Cells in Markdown, padded so that the source reads as a table too.
fn markdown(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0)).collect();
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let pad = |row: &Vec<String>| row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text.push_str(&line(pad(row)));
        if index == 0 {
            text.push_str(&line(widths.iter().map(|&width| "-".repeat(width)).collect()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, times: [f64; 2]) -> Outcome {
        let measured = |ms_alone| Measured {
            ready_ms: 500.0,
            ms_alone,
            texts_per_second: 100.0,
            memory_bytes: 8e7,
            cosine: 0.975,
            worst_cosine: 0.9,
            cosine_of_alone_and_batched: 1.0,
            texts_tokenised_differently: 0,
            fetched: Vec::new(),
        };
        Outcome { name: name.to_owned(), rounds: times.map(measured).into(), download_bytes: Some(14_200_000) }
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The second round ran on a machine half as fast.
        let table = table(&[outcome("undertone", [2.0, 4.0]), outcome(YARDSTICK, [8.0, 16.0])]);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[2].starts_with("| undertone       | 3.00 (2.00-4.00) x0.25"), "{table}");
        assert!(lines[2].ends_with("| 14.2        |"), "{table}");
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{table}");
    }
}
