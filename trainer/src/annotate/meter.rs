//! What the answers cost: foretold, and counted.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::AddAssign;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::question::{Kind, Question};

/// The prices of models, as of a date.
#[derive(Debug, Deserialize)]
pub struct Prices {
    pub dated: String,
    /// What a batch costs, as a share.
    batch_factor: f64,
    models: BTreeMap<String, Price>,
}

/// Dollars for a million tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Price {
    input: f64,
    /// Of input that the server has seen before.
    cached: Option<f64>,
    output: f64,
    /// The model thinks before it answers, and that is paid for as output.
    #[serde(default)]
    pub reasons: bool,
}

/// Tokens of one or more answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt: u64,
    pub cached: u64,
    pub completion: u64,
}

/// What was bought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bill {
    /// Answers that came, whatever they were worth.
    pub answers: u64,
    pub live: Usage,
    pub batch: Usage,
    /// Answers whose server does not count tokens.
    pub unmetered: u64,
    /// Requests that went out and whose answer broke off or never came: the server may have charged for them.
    pub lost: u64,
}

/// What a run's model costs, if that is known.
#[derive(Debug)]
pub struct Tariff {
    pub prices: Prices,
    pub price: Option<Price>,
}

impl Tariff {
    pub fn new(prices: Prices, model: &str) -> Self {
        let price = prices.of(model);
        Self { prices, price }
    }

    /// The dollars of a bill.
    pub fn cost(&self, bill: &Bill) -> Option<f64> {
        self.price.map(|price| self.prices.cost(price, bill))
    }
}

impl Prices {
    /// The file's prices, or those the project knows of.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let own = include_str!("../../prices.json");
        let (text, name) = match path {
            Some(path) => {
                let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
                (text, path.display().to_string())
            }
            None => (own.to_owned(), "prices.json".to_owned()),
        };
        let prices: Self = serde_json::from_str(&text).map_err(|e| anyhow::anyhow!("{name}: {e}"))?;
        let good = |value: f64| value.is_finite() && value >= 0.0;
        for (model, price) in &prices.models {
            ensure!(
                good(price.input) && good(price.output) && price.cached.is_none_or(good),
                "{name}: a price of {model} is negative"
            );
        }
        ensure!(good(prices.batch_factor), "{name}: batch_factor is negative");
        Ok(prices)
    }

    /// The price of a model, or of the one whose dated version it is (`gpt-4o-2024-08-06`).
    pub fn of(&self, model: &str) -> Option<Price> {
        let dated = |name: &str| {
            let version = model.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        };
        let longest = || self.models.keys().filter(|name| dated(name)).max_by_key(|name| name.len());
        let name = self.models.get_key_value(model).map(|(name, _)| name).or_else(longest);
        name.and_then(|name| self.models.get(name).copied())
    }

    /// The dollars of a bill.
    pub fn cost(&self, price: Price, bill: &Bill) -> f64 {
        price.cost(bill.live) + price.cost(bill.batch) * self.batch_factor
    }
}

impl Price {
    fn cost(&self, usage: Usage) -> f64 {
        let fresh = usage.prompt.saturating_sub(usage.cached) as f64;
        let cached = usage.cached as f64 * self.cached.unwrap_or(self.input);
        (fresh * self.input + cached + usage.completion as f64 * self.output) / 1e6
    }
}

impl Usage {
    /// What the server counted, if it did.
    pub fn of(reply: &Value) -> Option<Self> {
        let usage = reply.get("usage")?;
        let count = |value: &Value| value.as_u64();
        Some(Self {
            prompt: count(&usage["prompt_tokens"])?,
            cached: count(&usage["prompt_tokens_details"]["cached_tokens"]).unwrap_or(0),
            completion: count(&usage["completion_tokens"])?,
        })
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt += other.prompt;
        self.cached += other.cached;
        self.completion += other.completion;
    }
}

impl Bill {
    /// Counts an answer.
    pub fn add(&mut self, reply: &Value, batch: bool) {
        self.answers += 1;
        match Usage::of(reply) {
            Some(usage) if batch => self.batch += usage,
            Some(usage) => self.live += usage,
            None => self.unmetered += 1,
        }
    }

    /// All tokens, however bought.
    pub fn usage(&self) -> Usage {
        let mut usage = self.live;
        usage += self.batch;
        usage
    }

    pub fn to_json(&self, dollars: Option<f64>) -> Value {
        let Usage { prompt, cached, completion } = self.usage();
        json!({
            "answers": self.answers, "prompt_tokens": prompt, "cached_tokens": cached, "completion_tokens": completion,
            "unmetered_answers": self.unmetered, "lost_requests": self.lost, "dollars": dollars,
        })
    }
}

/// What a run will ask for, before it does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Estimate {
    pub texts: usize,
    pub requests: usize,
    pub usage: Usage,
}

impl Estimate {
    /// Of questions about texts of so many tokens each, some at a time. Answers are taken to be of usual length.
    pub fn new(question: &Question, texts: impl Iterator<Item = (u64, usize)>, per_request: usize) -> Self {
        let mut estimate = Self::default();
        for (tokens, labels) in texts {
            // The code and the braces around a text; a label's share of the question and of the answer.
            let (asked, said) = match question.kind {
                Kind::Descriptors => (14, 36),
                Kind::ClosedSet => (14, 18),
                Kind::Ratings => (16 + 4 * labels as u64, 12 + 13 * labels as u64),
            };
            estimate.texts += 1;
            estimate.usage.prompt += tokens + asked;
            estimate.usage.completion += said;
        }
        estimate.requests = estimate.texts.div_ceil(per_request);
        // The schema counts as a part of the prompt.
        let overhead = tokens(&question.prompt) + 60 + tokens(&question.labels.join(" "));
        estimate.usage.prompt += estimate.requests as u64 * overhead;
        estimate.usage.completion += 6 * estimate.requests as u64;
        estimate
    }

    /// The dollars it will cost.
    pub fn cost(&self, prices: &Prices, price: Price, batch: bool) -> f64 {
        let bill = match batch {
            true => Bill { batch: self.usage, ..Bill::default() },
            false => Bill { live: self.usage, ..Bill::default() },
        };
        prices.cost(price, &bill)
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { texts, requests, usage } = self;
        write!(
            f,
            "{texts} texts in {requests} requests, about {} tokens to the model and {} from it",
            usage.prompt, usage.completion
        )
    }
}

/// About how many tokens a text has, rather too many than too few: four letters of English make one, and other scripts
/// have fewer letters to a token.
pub fn tokens(text: &str) -> u64 {
    let (ascii, other) =
        text.chars().fold((0u64, 0u64), |(a, o), c| if c.is_ascii() { (a + 1, o) } else { (a, o + 1) });
    ascii.div_ceil(4) + (other * 3).div_ceil(4) + 1
}

/// Dollars, with as many digits as small sums need.
pub fn dollars(amount: f64) -> String {
    if amount >= 1.0 { format!("${amount:.2}") } else { format!("${amount:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_by_name_or_by_its_dated_version() {
        let prices = Prices::read(None).unwrap();
        let input = |model: &str| prices.of(model).map(|price| price.input);
        assert_eq!(input("gpt-4o"), Some(2.5));
        assert_eq!(input("gpt-4o-2024-08-06"), Some(2.5));
        assert_eq!(input("gpt-4o-mini-2024-07-18"), Some(0.15));
        assert_eq!(input("gpt-4o-audio"), None);
        assert_eq!(input("llama3"), None);
    }

    #[test]
    fn a_bill_counts_what_was_cached_and_what_was_a_batch() {
        let prices = Prices::read(None).unwrap();
        let price = prices.of("gpt-4o").unwrap();
        let reply = json!({"usage": {"prompt_tokens": 1_000_000, "completion_tokens": 100_000,
            "prompt_tokens_details": {"cached_tokens": 400_000}}});
        let mut bill = Bill::default();
        bill.add(&reply, false);
        assert!((prices.cost(price, &bill) - (0.6 * 2.5 + 0.4 * 1.25 + 1.0)).abs() < 1e-9);
        bill.add(&reply, true);
        assert!((prices.cost(price, &bill) - 4.5).abs() < 1e-9);
        bill.add(&json!({}), true);
        assert_eq!((bill.answers, bill.unmetered), (3, 1));
    }
}
