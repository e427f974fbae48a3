//! What is said of a text, for people and for programs.

use std::fmt;
use std::ops::Range;

use serde_json::{Value, json};
use undertone_core::explain::{CAVEAT, Effect, Series, edited, shares_of};

use super::Told;

/// How many words are named in the talk.
const NAMED: usize = 10;

impl Told<'_> {
    fn name(&self, label: usize) -> &str {
        &self.set.labels()[label].name
    }

    fn part(&self, range: &Range<usize>) -> &str {
        &self.text[range.clone()]
    }

    /// Everything, with names beside indices.
    pub fn to_json(&self) -> Value {
        let labels: Vec<Value> = (0..self.set.labels().len())
            .map(|l| json!({"label": self.name(l), "probability": self.probability[l], "on": self.on[l]}))
            .collect();
        let words = self.occlusion.words.iter().map(|word| word.range.clone()).collect::<Vec<_>>();
        let shares: Vec<Value> = (words.iter().zip(shares_of(&words, &self.shares)))
            .map(|(range, share)| json!({"word": self.part(range), "start": range.start, "end": range.end, "share": share}))
            .collect();
        let effects = |effects: &[Effect]| -> Vec<Value> {
            let effect = |e: &Effect| {
                json!({
                    "text": self.part(&e.range), "start": e.range.start, "end": e.range.end, "without": e.without,
                    "change": e.change, "logit_change": e.logit_change,
                })
            };
            effects.iter().map(effect).collect()
        };
        let edits: Vec<Value> = (self.edits.edits.iter())
            .map(|edit| {
                json!({
                    "text": edited(self.text, &edit.parts), "kind": edit.kind, "size": edit.size,
                    "probability": edit.probability, "on": edit.on,
                })
            })
            .collect();
        json!({
            "text": self.text,
            "label": self.name(self.label),
            "labels": labels,
            "words": effects(&self.occlusion.words),
            "stretches": effects(&self.occlusion.stretches),
            "pairs": self.occlusion.pairs,
            "shares": {"words": shares, "tokens": self.shares},
            "breakdown": self.breakdown,
            "ribbon": self.ribbon,
            "edits": edits,
            "card": self.card,
            "caveat": CAVEAT,
        })
    }
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.name(self.label);
        let state = |on: bool| if on { "on" } else { "off" };
        writeln!(f, "{label}: {} ({})", Percent(self.occlusion.probability), state(self.on[self.label]))?;
        self.write_words(f)?;
        self.write_edits(f)?;
        self.write_ribbon(f)?;
        self.write_card(f)
    }
}

impl Told<'_> {
    fn write_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = Percent(self.occlusion.probability);
        writeln!(f, "\nWithout a word")?;
        for word in self.occlusion.strongest().into_iter().take(NAMED) {
            writeln!(f, "  {:20} {before} to {}", quoted(self.part(&word.range)), Percent(word.without))?;
        }
        for pair in &self.occlusion.pairs {
            let words = pair.ranges.each_ref().map(|range| quoted(self.part(range))).join(" and ");
            let [one, other] = pair.without_one.map(Percent);
            writeln!(
                f,
                "  {words} work together: {one} and {other} without either, {} without both",
                Percent(pair.without)
            )?;
        }
        let parts = &self.breakdown;
        let sum = |part: fn(&undertone_core::Parts) -> f32| parts.windows.iter().map(|(p, w)| w * part(p)).sum::<f32>();
        writeln!(
            f,
            "\nEvidence {:.3}: cosine {:.3}, terms it stands for {:+.3}, competition {:+.3}, windows {:+.3}",
            parts.evidence,
            sum(|parts| parts.cosine),
            sum(|parts| parts.descendants),
            -sum(|parts| parts.competition),
            parts.pooling
        )
    }

    fn write_edits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.name(self.label);
        let switch = if self.edits.on { "off" } else { "on" };
        let switches = self.edits.edits.iter().any(|edit| edit.on != self.edits.on);
        match (switches, self.edits.edits.is_empty()) {
            (true, _) => writeln!(f, "\nEdits that switch {label} {switch}")?,
            (false, false) => writeln!(f, "\nNo small edit switches {label} {switch}; these come nearest")?,
            (false, true) => writeln!(f, "\nNo small edit brings {label} nearer to {switch}")?,
        }
        for edit in &self.edits.edits {
            writeln!(f, "  {} {}", Percent(edit.probability), edited(self.text, &edit.parts).trim())?;
        }
        Ok(())
    }

    fn write_ribbon(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ribbon.points.len() < 2 {
            return Ok(());
        }
        let label = self.name(self.label);
        writeln!(f, "\nSentence by sentence: valence, arousal (1 to 9), {label}")?;
        for (i, point) in self.ribbon.points.iter().enumerate() {
            for turn in self.ribbon.turns.iter().filter(|turn| turn.sentence == i) {
                let name = |label: Option<usize>| label.map_or("none", |label| self.name(label));
                let by = match turn.series {
                    Series::Valence => "valence".to_owned(),
                    Series::Label(label) => self.name(label).to_owned(),
                };
                let [before, behind] = turn.valence;
                writeln!(
                    f,
                    "  turns at sentence {}: {} to {}, valence {before:.1} to {behind:.1} (most in {by})",
                    i + 1,
                    name(turn.from),
                    name(turn.to)
                )?;
            }
            let p = Percent(point.probability[self.label]);
            let text = self.part(&point.range).split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(f, "  {:3.1} {:3.1} {p} {text}", point.affect.valence, point.affect.arousal)?;
        }
        let whole = self.ribbon.whole;
        writeln!(
            f,
            "  {:3.1} {:3.1} {} the whole",
            whole.valence,
            whole.arousal,
            Percent(self.ribbon.probability[self.label])
        )
    }

    fn write_card(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let card = &self.card;
        writeln!(f, "\nHow sure is this?")?;
        for wording in &card.wordings {
            writeln!(f, "  {} by the wording {}", Percent(wording.probability), quoted(&wording.wording))?;
        }
        match &card.reliability {
            Some(bin) => writeln!(f, "  of 100 claims of such a probability, about {:.0} held", 100.0 * bin.held)?,
            None => writeln!(f, "  nothing is known of how often claims of such a probability hold")?,
        }
        let (known, windows) = (card.familiarity, card.windows);
        let unknown = 100.0 * known.unknown_share();
        writeln!(
            f,
            "  {} words in {windows} window(s), {unknown:.0} % of the tokens unknown to the model",
            known.words
        )?;
        writeln!(f, "  {CAVEAT}")
    }
}

/// A probability as people read it.
#[derive(Clone, Copy)]
struct Percent(f32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:3.0} %", 100.0 * self.0)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
