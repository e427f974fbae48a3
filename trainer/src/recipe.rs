//! What makes a training run what it is: one list for the command line, the checkpoint and the plan of an experiment.

use anyhow::{Result, ensure};
use clap::{Args, Parser};
use serde::{Deserialize, Serialize};

/// The settings of a run. Two runs of one recipe, base and data are the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// How often all texts are seen
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub epochs: usize,
    /// Which part of the examples is learned from; a smaller part is within each larger one
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub part: f64,
    /// Texts a step; all texts of a group come in one
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub batch: usize,
    /// How far sets are seen equally often: 0, each text once an epoch; 1, each set as often as any other
    #[arg(long, default_value_t = 0.0, value_name = "X")]
    pub balance: f64,
    /// How often a set's texts are seen in an epoch, as in contrast-corpus=2; 1 where nothing is said
    #[arg(long, num_args = 1.., value_name = "SET=X", value_parser = repeat)]
    #[serde(with = "repeats")]
    pub repeat: Vec<(String, f64)>,
    /// Terms of the lexicon that are labels of each batch beside those that were said
    #[arg(long, default_value_t = 64, value_name = "N")]
    pub drawn: usize,
    /// The most descriptors of a batch that are its labels; of the others it learns nothing
    #[arg(long, default_value_t = 400, value_name = "N")]
    pub descriptors: usize,
    /// The most rated labels of a batch
    #[arg(long, default_value_t = 400, value_name = "N")]
    pub ratings: usize,

    /// The highest learning rate of the encoder
    #[arg(long, default_value_t = 1e-4, value_name = "X")]
    pub rate: f64,
    /// The highest learning rate of the affect head and of the logit's scale and bias
    #[arg(long, default_value_t = 1e-3, value_name = "X")]
    pub head_rate: f64,
    /// Which part of the steps the learning rates rise
    #[arg(long, default_value_t = 0.06, value_name = "X")]
    pub warmup: f64,
    /// By what the rate falls from each layer to the one below
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub layer_decay: f64,
    /// Weight decay of the encoder's matrices
    #[arg(long, default_value_t = 0.01, value_name = "X")]
    pub decay: f64,
    /// The longest that a step's gradient may be
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub max_norm: f64,
    /// Keep the mean of the weights along the run: what remains of an earlier step's at each step; 0 keeps the last weights
    #[arg(long, default_value_t = 0.99, value_name = "X")]
    pub average: f64,
    /// Which part of the values between the layers is left out, at random each time
    #[arg(long, default_value_t = 0.1, value_name = "X")]
    pub dropout: f32,

    /// Weight of the sigmoid loss on each pair of text and label
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub pairs: f64,
    /// Weight of the ranking of the labels of each text
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub labels: f64,
    /// Weight of the ranking of the texts of each label
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub texts: f64,
    /// Weight of the difference between texts of a group
    #[arg(long, default_value_t = 0.5, value_name = "X")]
    pub groups: f64,
    /// How far apart in cosine a label is to be in two texts of a group, if one expresses it wholly and the other not at all
    #[arg(long, default_value_t = 0.1, value_name = "COSINE")]
    pub margin: f64,
    /// The inverse temperature of rankings and differences
    #[arg(long, default_value_t = 20.0, value_name = "X")]
    pub sharpness: f64,
    /// Weight of valence and arousal
    #[arg(long, default_value_t = 4.0, value_name = "X")]
    pub affect: f64,

    /// A label that the base model finds no closer than this to what was said is a no; beyond, it counts less and less
    #[arg(long, default_value_t = 0.5, value_name = "COSINE")]
    pub unlike: f32,
    /// A label that the base model finds closer than this to what was said is no negative
    #[arg(long, default_value_t = 0.65, value_name = "COSINE")]
    pub alike: f32,
    /// Weight of the yes to what is broader than what was said; 0 leaves it open
    #[arg(long, default_value_t = 0.0, value_name = "X")]
    pub broader: f32,
    /// Weight of the yes to what a descriptor is a shade of, as amusement for "wry amusement"
    #[arg(long, default_value_t = 0.7, value_name = "X")]
    pub shade: f32,
    /// The most that the no to others of the same family as what was said counts
    #[arg(long, default_value_t = 0.25, value_name = "X")]
    pub siblings: f32,
    /// Weight of the no to what the lexicon calls near and not the same
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub near: f32,
    /// Weight of the no that the teacher gave when asked about a label
    #[arg(long, default_value_t = 3.0, value_name = "X")]
    pub zeros: f32,
    /// Weight of what was chosen from a closed list, and of what was not
    #[arg(long, default_value_t = 0.5, value_name = "X")]
    pub chosen: f32,
    /// How much the no to labels that were invented for another text counts
    #[arg(long, default_value_t = 0.5, value_name = "X")]
    pub invented: f32,
    /// Use the bare label always, not its synonyms, definition or template at times
    #[arg(long)]
    pub bare: bool,
    /// What a label is sometimes put into; {} is the label
    #[arg(long, default_value = "This text expresses {}.")]
    pub template: String,

    /// The longest text, in tokens
    #[arg(long, default_value_t = 128, value_name = "N")]
    pub max_tokens: usize,
    /// How many tokens of the base model's vocabulary to keep
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    pub vocabulary: usize,
    /// Start from random weights in the shape of the base model
    #[arg(long)]
    pub from_scratch: bool,
    /// The seed of everything random
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

impl Default for Recipe {
    /// What the command line has where nothing is given.
    fn default() -> Self {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            recipe: Recipe,
        }
        Alone::parse_from([""]).recipe
    }
}

impl Recipe {
    /// Checks what would otherwise fail late, or in silence.
    ///
    /// # Errors
    /// A setting that no run can have, by its name.
    pub fn validate(&self) -> Result<()> {
        ensure!(self.batch > 1, "--batch is {}; a contrast needs two texts at least", self.batch);
        ensure!((0.0..1.0).contains(&self.dropout), "--dropout is {}; give a part of one", self.dropout);
        ensure!((0.0..=1.0).contains(&self.balance), "--balance is {}; give a number from 0 to 1", self.balance);
        ensure!((0.0..1.0).contains(&self.average), "--average is {}; give a part of one", self.average);
        ensure!(self.unlike < self.alike, "--unlike is {}, which is not below --alike", self.unlike);
        ensure!(self.part > 0.0 && self.part <= 1.0, "--part is {}; give a part of one", self.part);
        ensure!(self.template.contains("{}"), "--template '{}' has no {{}} for the label", self.template);
        let weights = [
            ("pairs", self.pairs),
            ("labels", self.labels),
            ("texts", self.texts),
            ("groups", self.groups),
            ("affect", self.affect),
            ("broader", self.broader.into()),
            ("shade", self.shade.into()),
            ("siblings", self.siblings.into()),
            ("near", self.near.into()),
            ("zeros", self.zeros.into()),
            ("chosen", self.chosen.into()),
            ("invented", self.invented.into()),
        ];
        let bad = weights.iter().find(|(_, weight)| !(weight.is_finite() && *weight >= 0.0));
        ensure!(bad.is_none(), "--{} is {}; a weight is 0 or more", bad.map_or("", |b| b.0), bad.map_or(0.0, |b| b.1));
        let contrast = self.pairs + self.labels + self.texts + self.groups;
        ensure!(contrast > 0.0, "--pairs, --labels, --texts and --groups are all 0; there is nothing to learn");
        Ok(())
    }
}

/// A set and how often it is repeated, as the command line has it.
fn repeat(text: &str) -> Result<(String, f64), String> {
    let parsed = text.split_once('=').and_then(|(set, times)| Some((set.to_owned(), times.parse::<f64>().ok()?)));
    parsed
        .filter(|(_, times)| times.is_finite() && *times >= 0.0)
        .ok_or_else(|| format!("{text} is not like contrast-corpus=2"))
}

/// `{"contrast-corpus": 2.0}`
mod repeats {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(repeats: &[(String, f64)], serializer: S) -> Result<S::Ok, S::Error> {
        repeats.iter().cloned().collect::<BTreeMap<_, _>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, f64)>, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_on_the_command_line() {
        let recipe: Recipe = serde_json::from_str(r#"{"rate": 3e-4, "bare": true, "repeat": {"a": 2}}"#).unwrap();
        assert_eq!(recipe, Recipe { rate: 3e-4, bare: true, repeat: vec![("a".into(), 2.0)], ..Recipe::default() });
        let again: Recipe = serde_json::from_str(&serde_json::to_string(&recipe).unwrap()).unwrap();
        assert_eq!(again, recipe);
        let error = serde_json::from_str::<Recipe>(r#"{"raet": 1}"#).unwrap_err();
        assert!(error.to_string().contains("raet"), "{error}");
    }

    #[test]
    fn settings_that_cannot_be_are_named() {
        let said = |recipe: Recipe| recipe.validate().unwrap_err().to_string();
        assert!(said(Recipe { zeros: -1.0, ..Recipe::default() }).starts_with("--zeros is -1"));
        assert!(
            said(Recipe { pairs: 0.0, labels: 0.0, texts: 0.0, groups: 0.0, ..Recipe::default() })
                .contains("nothing to learn")
        );
        assert!(Recipe::default().validate().is_ok());
    }
}
