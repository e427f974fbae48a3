//! The report for people: one HTML file that needs nothing else. Plots of several models share a frame; what would be
//! too much side by side comes once for each of them.

use anyhow::Result;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use undertone_core::metrics;

use super::comparison::{Comparison, Row};
use super::plot::{Axis, Mark, Plot};
use super::probes::{TOLERANCE, Verdicts};
use super::reading::{Affect, Labels, Reading};
use super::report::Detail;
use crate::data::{Claim, EvaluationSet, Exam, Probe, Probes};
use crate::statistics::spread;

/// How many mistakes of a kind are quoted.
const MISTAKES: usize = 12;

/// How many points of a curve are drawn: more are not seen.
const POINTS: usize = 200;

/// How many colours the style has.
const COLOURS: usize = 4;

/// The page, whole.
pub fn page(comparison: &Comparison, exams: &[Exam]) -> Result<String> {
    let models: Vec<&str> = comparison.models.iter().map(|model| model.path.as_str()).collect();
    let sections = exams.iter().enumerate().map(|(i, exam)| section(comparison, &models, i, exam));
    let sections = sections.collect::<Result<Vec<Markup>>>()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Undertone: how well it reads" }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                header {
                    h1 { "How well it reads" }
                    p {
                        @for (i, model) in comparison.models.iter().enumerate() {
                            @if i > 0 { ", " }
                            strong { (model.name) } " (" code { (model.path) } ")"
                        }
                        ", measured by what people said. This page quotes texts of the sets; pass it on as you would them."
                    }
                    nav aria-label="Sets" {
                        ul {
                            @for (i, exam) in exams.iter().enumerate() {
                                li { a href={ "#set-" (i) } { (exam.name()) } }
                            }
                        }
                    }
                }
                main { @for section in &sections { (section) } }
            }
        }
    };
    Ok(page.into_string())
}

fn section(comparison: &Comparison, models: &[&str], i: usize, exam: &Exam) -> Result<Markup> {
    let sections = comparison.sections(i);
    let (mut labels, mut affects, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
    for section in &sections {
        match &section.detail {
            Detail::Reading(Reading::Labels(of)) => labels.push(of),
            Detail::Reading(Reading::Affect(of)) => affects.push(of),
            Detail::Verdicts(of) => verdicts.push(of),
        }
    }
    let body = match exam {
        Exam::Probes(probes) => of_probes(probes, models, &verdicts),
        Exam::Set(set) if affects.is_empty() => of_labels(set, models, &labels)?,
        Exam::Set(set) => of_affect(set, models, &affects)?,
    };
    let rows = comparison.rows(i);
    Ok(html! {
        section id={ "set-" (i) } {
            h2 { (exam.name()) }
            (headline(exam, models, &rows))
            (body)
        }
    })
}

/// The figures, a column for each model.
fn headline(exam: &Exam, models: &[&str], rows: &[Row]) -> Markup {
    let what = match exam {
        Exam::Set(set) => format!("{} texts, task: {}", set.texts.len(), set.task.name()),
        Exam::Probes(probes) => format!("{} probes: how many passed, by phenomenon", probes.probes.len()),
    };
    html! {
        div.wide {
            table {
                caption {
                    (what) "; in brackets, between what a figure lies in 95 of 100 cases when texts are drawn anew"
                    @if models.len() > 1 {
                        "; bold is best, and small the difference to the first, with its interval if that leaves out 0"
                    }
                }
                thead {
                    tr {
                        th scope="col" { "figure" }
                        @for model in models {
                            th scope="col" { @if models.len() > 1 { (model) } @else { "value" } }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            th scope="row" {
                                (row.title)
                                @if !row.about.is_empty() { " " span.soft { "– " (row.about) } }
                            }
                            @for m in 0..models.len() { td { (value(row, m)) } }
                        }
                    }
                }
            }
        }
    }
}

fn value(row: &Row, model: usize) -> Markup {
    html! {
        span.best[row.best[model]] { (row.value(model)) }
        @if !row.interval(model).is_empty() { " " span.soft { "(" (row.interval(model)) ")" } }
        @if model > 0 {
            " " span.diff { (row.difference(model)) }
            @if row.differs(model) { " " span.soft { "(" (row.difference_interval(model)) ")" } }
        }
    }
}

/// Which colour is which model, if there are several.
fn key(models: &[&str]) -> Markup {
    html! {
        @if models.len() > 1 {
            ul.key { @for (m, model) in models.iter().enumerate() { li class=(series(m)) { (model) } } }
        }
    }
}

fn colour(model: usize) -> usize {
    model % COLOURS
}

fn series(model: usize) -> String {
    format!("s{}", colour(model))
}

fn figure(title: &str, plot: &Plot, key: &Markup, caption: &str, numbers: &Markup) -> Markup {
    html! {
        figure {
            h3 { (title) }
            (plot.draw())
            (key)
            figcaption { (caption) }
            details { summary { "The numbers" } div.wide { (numbers) } }
        }
    }
}

/// A table of numbers behind a plot.
fn numbers(heads: &[String], rows: &[Vec<String>]) -> Markup {
    html! {
        table {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody {
                @for row in rows {
                    tr {
                        @for (i, cell) in row.iter().enumerate() {
                            @if i == 0 { th scope="row" { (cell) } } @else { td { (cell) } }
                        }
                    }
                }
            }
        }
    }
}

fn heads<'a>(first: &str, others: impl IntoIterator<Item = String> + 'a) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(others).collect()
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let step = points.len().div_ceil(POINTS).max(1);
    let last = points.last().copied();
    let cut = points.len().saturating_sub(1);
    points.into_iter().take(cut).step_by(step).chain(last).collect()
}

// Labels.

fn of_labels(set: &EvaluationSet, models: &[&str], readings: &[&Labels]) -> Result<Markup> {
    let decision = match readings.first() {
        Some(reading) if reading.single => surety(models, readings),
        _ => thresholds(models, readings)?,
    };
    let each = models.iter().zip(readings).map(|(model, reading)| of_model(set, model, models.len() > 1, reading));
    let each = each.collect::<Result<Vec<_>>>()?;
    Ok(html! {
        (by_label(set, models, readings)?)
        div.plots {
            (reliability(models, readings)?)
            (curve(models, readings)?)
            (decision)
        }
        (curves(set, models, readings)?)
        @for part in &each { (part) }
    })
}

fn by_label(set: &EvaluationSet, models: &[&str], readings: &[&Labels]) -> Result<Markup> {
    let tables = readings.iter().map(|reading| reading.by_label()).collect::<Result<Vec<_>>>()?;
    let several = models.len() > 1;
    let f1 = |l: usize| {
        let values = tables.iter().map(|table| Some(table[l].f1)).collect();
        Row::new(&set.name, set.labels[l].clone(), "", values, true, 3)
    };
    Ok(html! {
        h3 { "Label by label" }
        div.wide {
            table {
                caption { "Support is how many texts people gave the label to; AP is the average precision." }
                thead {
                    tr {
                        th scope="col" { "label" }
                        th scope="col" { "support" }
                        @for model in models {
                            @if several { th scope="col" { (model) ": F1" } } @else { th scope="col" { "F1" } }
                            th scope="col" { "precision" }
                            th scope="col" { "recall" }
                            th scope="col" { "AP" }
                        }
                    }
                }
                tbody {
                    @for (l, label) in set.labels.iter().enumerate() {
                        @let f1 = f1(l);
                        tr {
                            th scope="row" { (label) }
                            @for (m, table) in tables.iter().enumerate() {
                                @let row = &table[l];
                                @if m == 0 { td { (row.support) } }
                                td class=(series(m)) {
                                    (value(&f1, m))
                                    span.bar aria-hidden="true" { i style=(format!("width:{:.1}%", row.f1 * 100.0)) {} }
                                }
                                td { (three(row.precision)) }
                                td { (three(row.recall)) }
                                td { (row.average_precision.map(three).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    })
}

fn reliability(models: &[&str], readings: &[&Labels]) -> Result<Markup> {
    let all = readings.iter().map(|reading| reading.reliability()).collect::<Result<Vec<_>>>()?;
    let mut marks = vec![Mark::Guide([(0.0, 0.0), (1.0, 1.0)])];
    let (mut columns, mut errors) = (Vec::new(), Vec::new());
    for (m, bins) in all.iter().enumerate() {
        let filled = || bins.iter().filter(|bin| bin.count > 0);
        if all.len() == 1 {
            marks.push(Mark::Bars(filled().map(|bin| (bin.from, bin.to, bin.held)).collect(), colour(m)));
        }
        let points: Vec<(f64, f64)> = filled().map(|bin| (bin.probability, bin.held)).collect();
        marks.push(Mark::Line(points.clone(), colour(m)));
        marks.push(Mark::Dots(points, 3.5, colour(m)));
        errors.push(three(readings[m].calibration_error()?));
        let name = if models.len() > 1 { format!("{}: ", models[m]) } else { String::new() };
        columns.extend(["claims", "said", "held"].map(|what| format!("{name}{what}")));
    }
    let rows: Vec<Vec<String>> = (0..all.first().map_or(0, Vec::len))
        .map(|b| {
            let cells = all.iter().flat_map(|bins| {
                let bin = &bins[b];
                let some = |value: f64| if bin.count > 0 { three(value) } else { String::new() };
                [bin.count.to_string(), some(bin.probability), some(bin.held)]
            });
            heads(&format!("{:.1} to {:.1}", all[0][b].from, all[0][b].to), cells)
        })
        .collect();
    let of = if readings.iter().any(|r| r.single) { "the winning label's" } else { "each label's" };
    let caption = format!(
        "Of what was said with a probability, how much held: on the dashed line, it is what it says. Below the line it \
         is too sure. Here, {of} probability; expected calibration error {}.",
        errors.join(", ")
    );
    let plot = Plot {
        about: format!("Reliability diagram. Expected calibration error {}.", errors.join(", ")),
        x: Axis::share("probability said"),
        y: Axis::share("share that held"),
        marks,
    };
    Ok(figure("Does the probability hold?", &plot, &key(models), &caption, &numbers(&heads("bin", columns), &rows)))
}

fn curve(models: &[&str], readings: &[&Labels]) -> Result<Markup> {
    let curves = readings.iter().map(|reading| reading.precision_recall(None)).collect::<Result<Vec<_>>>()?;
    let points = |curve: &[metrics::Point]| thinned(curve.iter().map(|p| (p.recall, p.precision)).collect());
    let marks = curves.iter().enumerate().map(|(m, curve)| Mark::Line(points(curve), colour(m))).collect();
    let rows: Vec<Vec<String>> = (1..=10)
        .map(|tenth| {
            let recall = f64::from(tenth) / 10.0;
            let cell = |curve: &Vec<metrics::Point>| {
                let reached = curve.iter().filter(|point| point.recall >= recall);
                three(reached.map(|point| point.precision).fold(0.0, f64::max))
            };
            heads(&percent(recall), curves.iter().map(cell))
        })
        .collect();
    let plot = Plot {
        about: "Precision against recall over all pairs of text and label.".into(),
        x: Axis::share("recall"),
        y: Axis::share("precision"),
        marks,
    };
    let columns = models.iter().map(|model| match models.len() {
        1 => "best precision".to_owned(),
        _ => format!("{model}: best precision"),
    });
    let caption = "All pairs of text and label, the surest first: of what was found, how much was right.";
    Ok(figure(
        "Precision and recall",
        &plot,
        &key(models),
        caption,
        &numbers(&heads("recall of at least", columns), &rows),
    ))
}

fn curves(set: &EvaluationSet, models: &[&str], readings: &[&Labels]) -> Result<Markup> {
    let small = |label: usize| -> Result<(Markup, String)> {
        let (mut marks, mut figures) = (Vec::new(), Vec::new());
        for (m, reading) in readings.iter().enumerate() {
            let curve = reading.precision_recall(Some(label))?;
            marks.push(Mark::Line(thinned(curve.iter().map(|p| (p.recall, p.precision)).collect()), colour(m)));
            let row: (Vec<bool>, Vec<f64>) =
                reading.gold.iter().zip(&reading.probability).map(|(g, p)| (g[label], p[label])).unzip();
            figures.push(metrics::average_precision(&row.0, &row.1)?.map_or_else(|| "–".into(), three));
        }
        let figures = figures.join(", ");
        let about = format!("Precision against recall of {}, average precision {figures}.", set.labels[label]);
        let plot = Plot { about, x: Axis::share("recall"), y: Axis::share("precision"), marks };
        Ok((plot.draw_small(), figures))
    };
    let all = (0..set.labels.len()).map(small).collect::<Result<Vec<_>>>()?;
    Ok(html! {
        h3 { "Precision and recall of each label" }
        (key(models))
        ul.many {
            @for (label, (plot, figures)) in set.labels.iter().zip(&all) {
                li { (plot) strong { (label) } " " span.soft { "AP " (figures) } }
            }
        }
        p.soft { "Recall runs to the right and precision up, both from 0 to 1." }
    })
}

fn thresholds(models: &[&str], readings: &[&Labels]) -> Result<Markup> {
    let (mut marks, mut rows, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for (m, reading) in readings.iter().enumerate() {
        let cuts = reading.cuts()?;
        let best = reading.best_cut()?;
        let shipped = metrics::macro_f1(&reading.gold, &reading.said)?;
        let shipped_micro = metrics::micro_f1(&reading.gold, &reading.said)?;
        marks.push(Mark::Line(cuts.iter().map(|cut| (cut.threshold, cut.macro_f1)).collect(), colour(m)));
        marks.push(Mark::Rule { x: reading.threshold, dashed: false, series: colour(m) });
        marks.push(Mark::Rule { x: best.threshold, dashed: true, series: colour(m) });
        let name = if models.len() > 1 { format!("{}: ", models[m]) } else { String::new() };
        told.push(format!(
            "{name}{:.2} is shipped and gives {}, {:.2} would give {}",
            reading.threshold,
            three(shipped),
            best.threshold,
            three(best.macro_f1)
        ));
        let row = |what: String, macro_f1, micro_f1| vec![format!("{name}{what}"), three(macro_f1), three(micro_f1)];
        rows.push(row(format!("shipped, {:.2}", reading.threshold), shipped, shipped_micro));
        rows.push(row(format!("best, {:.2}", best.threshold), best.macro_f1, best.micro_f1));
        let tenths = cuts.iter().filter(|cut| ((cut.threshold * 100.0).round() as usize).is_multiple_of(10));
        rows.extend(tenths.map(|cut| row(format!("{:.2}", cut.threshold), cut.macro_f1, cut.micro_f1)));
    }
    let caption = format!(
        "From which probability on a label is on. The line through is the shipped threshold, the dashed one would be \
         the best for this set. Macro F1: {}.",
        told.join("; ")
    );
    let plot = Plot {
        about: format!("Macro F1 against the threshold. {}.", told.join("; ")),
        x: Axis::share("threshold"),
        y: Axis::share("macro F1"),
        marks,
    };
    let heads = heads("threshold", ["macro F1", "micro F1"].map(String::from));
    Ok(figure("Is the threshold right?", &plot, &key(models), &caption, &numbers(&heads, &rows)))
}

/// A single label has no threshold, but may be left open where none is likelier: what that is worth.
fn surety(models: &[&str], readings: &[&Labels]) -> Markup {
    let (mut marks, mut rows, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for (m, reading) in readings.iter().enumerate() {
        let (held, probability) = reading.claims();
        let mut order: Vec<usize> = (0..held.len()).collect();
        order.sort_by(|&a, &b| probability[b].total_cmp(&probability[a]));
        let mut right = 0;
        let mut points = Vec::new();
        for (i, &text) in order.iter().enumerate() {
            right += usize::from(held[text]);
            points.push(((i + 1) as f64 / order.len() as f64, right as f64 / (i + 1) as f64));
        }
        let name = if models.len() > 1 { format!("{}: ", models[m]) } else { String::new() };
        for tenth in 1..=10 {
            let at = (order.len() * tenth).div_ceil(10).saturating_sub(1);
            if let Some(&(share, accuracy)) = points.get(at) {
                rows.push(vec![format!("{name}{}", percent(share)), three(accuracy)]);
            }
        }
        // The first few answers jump about and say nothing.
        let steady = points.into_iter().skip(order.len() / 50).collect();
        marks.push(Mark::Line(thinned(steady), colour(m)));
        let answered = reading.answered.iter().filter(|&&a| a).count();
        let held = held.iter().zip(&reading.answered).filter(|(held, answered)| **held && **answered).count();
        let (share, accuracy) = (answered as f64 / order.len().max(1) as f64, held as f64 / answered.max(1) as f64);
        marks.push(Mark::Dots(vec![(share, accuracy)], 5.0, colour(m)));
        told.push(format!("{name}{} answered, {} of these right", percent(share), percent(accuracy)));
    }
    let caption = format!(
        "If only the surest answers count, how many are right. The dot is where the app stands, which may say that none \
         of the labels fits: {}.",
        told.join("; ")
    );
    let plot = Plot {
        about: format!("Accuracy against the share of texts answered. {}.", told.join("; ")),
        x: Axis::share("share of texts answered"),
        y: Axis::share("accuracy"),
        marks,
    };
    let heads = heads("the surest", ["accuracy".to_owned()]);
    figure("Is it right when it is sure?", &plot, &key(models), &caption, &numbers(&heads, &rows))
}

/// What comes once for each model.
fn of_model(set: &EvaluationSet, model: &str, several: bool, reading: &Labels) -> Result<Markup> {
    let body = html! {
        (confusion(set, reading))
        @if reading.single {
            (mistakes(set, reading, "The surest mistakes", &reading.wrongly_said(MISTAKES)))
        } @else {
            (mistakes(set, reading, "Said for sure, but not given", &reading.wrongly_said(MISTAKES)))
            (mistakes(set, reading, "Given, but missed by far", &reading.missed(MISTAKES)))
        }
    };
    Ok(html! {
        @if several {
            details { summary { h3 { "Mistakes of " (model) } } (body) }
        } @else { (body) }
    })
}

fn confusion(set: &EvaluationSet, reading: &Labels) -> Markup {
    let counts = reading.confusion();
    let caption = if reading.single {
        "Rows: what people chose. Columns: what the model chose. The shade is the share of the row."
    } else {
        "Mistakes alone. Rows: a label that people gave and the model missed. Columns: what it wrongly said of the same \
         text. The shade is the share of the row."
    };
    html! {
        h3 { "What is taken for what" }
        div.wide {
            table.heat {
                caption { (caption) }
                thead {
                    tr {
                        th scope="col" { "people" }
                        @for label in &set.labels { th scope="col" { (label) } }
                        @if !reading.single { th scope="col" { "nothing wrong" } }
                    }
                }
                tbody {
                    @for (l, row) in counts.iter().enumerate() {
                        @let total = row.iter().sum::<usize>().max(1) as f64;
                        tr {
                            th scope="row" { (set.labels[l]) }
                            @for (column, &count) in row.iter().enumerate() {
                                td.own[reading.single && column == l]
                                    style=(format!("--h:{:.2}", count as f64 / total)) {
                                    @if count > 0 { (count) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn mistakes(set: &EvaluationSet, reading: &Labels, title: &str, worst: &[(usize, usize)]) -> Markup {
    let list = |text: usize, rows: &[Vec<bool>]| -> String {
        let of = |&l: &usize| rows[text][l];
        let mut labels: Vec<usize> = (0..set.labels.len()).filter(of).collect();
        let p = &reading.probability[text];
        labels.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
        let told: Vec<String> = labels.iter().map(|&l| format!("{} {:.2}", set.labels[l], p[l])).collect();
        if told.is_empty() { "nothing".into() } else { told.join(", ") }
    };
    html! {
        h3 { (title) }
        @if worst.is_empty() { p.soft { "None." } }
        ol.mistakes {
            @for &(text, label) in worst {
                li {
                    q { (set.texts[text]) }
                    p {
                        b { (set.labels[label]) " " (format!("{:.2}", reading.probability[text][label])) }
                        ". People: " (list(text, &reading.gold)) ". The model: " (list(text, &reading.said)) "."
                    }
                }
            }
        }
    }
}

// Valence and arousal.

fn of_affect(set: &EvaluationSet, models: &[&str], readings: &[&Affect]) -> Result<Markup> {
    let mut figures = Vec::new();
    for (m, (model, reading)) in models.iter().zip(readings).enumerate() {
        for (i, title) in ["Valence", "Arousal"].into_iter().enumerate() {
            let r = metrics::pearson(&reading.gold[i], &reading.read[i])?;
            let title = if models.len() > 1 { format!("{title}, {model}") } else { title.to_owned() };
            figures.push(scatter(&title, r, &reading.gold[i], &reading.read[i], colour(m)));
        }
    }
    let each = html! {
        @for (model, reading) in models.iter().zip(readings) {
            h3 { "Furthest from what people said" @if models.len() > 1 { ", " (model) } }
            ol.mistakes {
                @for (text, i) in furthest(reading) {
                    li {
                        q { (set.texts[text]) }
                        p {
                            b { (["Valence", "Arousal"][i]) } ": people "
                            (format!("{:.2}", reading.gold[i][text])) " on their scale, the model "
                            (format!("{:.2}", reading.read[i][text])) " of 1 to 9."
                        }
                    }
                }
            }
        }
    };
    Ok(html! { div.plots { @for figure in &figures { (figure) } } (each) })
}

fn scatter(title: &str, r: f64, gold: &[f64], read: &[f64], series: usize) -> Markup {
    let least = gold.iter().copied().fold(f64::MAX, f64::min).floor();
    let most = gold.iter().copied().fold(f64::MIN, f64::max).ceil().max(least + 1.0);
    let plot = Plot {
        about: format!("{title}: what the model reads against what people said, {} texts, r = {r:.3}.", gold.len()),
        x: Axis { title: "people", from: least, to: most },
        y: Axis { title: "the model, 1 to 9", from: 1.0, to: 9.0 },
        marks: vec![Mark::Dots(gold.iter().copied().zip(read.iter().copied()).collect(), 2.2, series)],
    };
    let steps = (least as i64)..=(most as i64);
    let rows = steps.filter_map(|step| {
        let near: Vec<f64> =
            gold.iter().zip(read).filter(|(g, _)| g.round() as i64 == step).map(|(_, read)| *read).collect();
        (!near.is_empty()).then(|| {
            let (mean, sd) = spread(&near);
            vec![step.to_string(), near.len().to_string(), format!("{mean:.2}"), format!("{sd:.2}")]
        })
    });
    let heads = heads("people, rounded", ["texts", "model's mean", "its deviation"].map(String::from));
    let caption = format!("A dot a text. Pearson's r = {r:.3}; the scales may differ, r does not mind.");
    figure(title, &plot, &html! {}, &caption, &numbers(&heads, &rows.collect::<Vec<_>>()))
}

/// Texts, and which of the two: on either side by deviations from the mean, since the scales differ.
fn furthest(reading: &Affect) -> Vec<(usize, usize)> {
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for i in 0..2 {
        let ((gold, gold_sd), (read, read_sd)) = (spread(&reading.gold[i]), spread(&reading.read[i]));
        let off = |text: usize| {
            let gold = (reading.gold[i][text] - gold) / gold_sd.max(1e-9);
            ((reading.read[i][text] - read) / read_sd.max(1e-9) - gold).abs()
        };
        all.extend((0..reading.gold[i].len()).map(|text| (off(text), text, i)));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().take(MISTAKES).map(|(_, text, i)| (text, i)).collect()
}

// Probes.

fn of_probes(probes: &Probes, models: &[&str], all: &[&Verdicts]) -> Markup {
    html! {
        p.soft {
            "A probe's labels are scored as one set. Wordings of one label are alike if their probabilities are within "
            (TOLERANCE) " of each other."
        }
        @for (model, verdicts) in models.iter().zip(all) {
            h3 { "Probes not passed" @if models.len() > 1 { ", " (model) } }
            @for (phenomenon, passed, of) in &verdicts.by_phenomenon {
                @if passed < of {
                    details {
                        summary { (phenomenon) ": " (of - passed) " of " (of) }
                        ol.mistakes {
                            @for (probe, verdict) in probes.probes.iter().zip(&verdicts.verdicts) {
                                @if !verdict.passed && probe.phenomenon == *phenomenon {
                                    li { (failed(probe, &verdict.scored)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn failed(probe: &Probe, scored: &[(String, f32)]) -> Markup {
    let list = |scored: &[(String, f32)]| -> String {
        scored.iter().map(|(label, p)| format!("{label} {p:.2}")).collect::<Vec<_>>().join(", ")
    };
    let halves = |above: usize| {
        let (above, below) = scored.split_at(above.min(scored.len()));
        (list(above), list(below))
    };
    html! {
        q { (probe.text) }
        @match &probe.claim {
            Claim::Order { higher, .. } => {
                @let (above, below) = halves(higher.len());
                p { b { (above) } " should be above " b { (below) } }
            },
            Claim::Same { wordings, .. } => {
                @let (alike, below) = halves(wordings.len());
                p { b { (alike) } " should be alike" @if !below.is_empty() { ", and above " b { (below) } } }
            },
            Claim::Pair { other, .. } => {
                @let (here, there) = halves(1);
                q { (other) }
                p { b { (here) } " for the first should be above " b { (there) } " for the second" }
            },
        }
        @if !probe.note.is_empty() { p { (probe.note) } }
    }
}
