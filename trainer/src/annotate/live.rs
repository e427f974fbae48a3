//! Asks one request after the other, several at a time.

use std::collections::VecDeque;

use anyhow::{Result, bail};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use indicatif::ProgressBar;
use serde_json::Value;

use super::answer;
use super::courier::{Courier, Delivered, Failure};
use super::interrupt::Interrupts;
use super::ledger::{Exchange, Ledger, Outcome};
use super::meter::{Tariff, dollars};
use super::question::{self, Format, Item, Question};

/// How a run goes about it.
pub struct Manner {
    pub concurrency: usize,
    pub per_request: usize,
    /// How often a text is asked about before it counts as unanswered.
    pub tries: u32,
    /// Dollars at which to stop.
    pub budget: Option<f64>,
    pub format: Format,
    /// Whether to loosen the format if the server does not know it.
    pub adapt: bool,
}

/// What a run could not do.
#[derive(Debug, Default)]
pub struct Remains {
    /// Texts without an answer, and why.
    pub unanswered: Vec<(String, String)>,
    /// Why the run ended before its end.
    pub stopped: Option<String>,
}

/// So many requests that fail in a row, and the run stops: it is not the texts.
const FAILURES_IN_A_ROW: usize = 3;

/// Texts to ask about in one request, and how often that was done.
struct Job {
    items: Vec<Item>,
    tries: u32,
}

/// A request on its way.
struct Asked {
    job: Job,
    exchange: String,
    format: Format,
    delivered: Delivered<Value>,
}

/// Asks about all `items`; every answer is in the ledger before the next request goes out.
pub async fn run(
    courier: &Courier,
    question: &Question,
    items: Vec<Item>,
    ledger: &mut Ledger,
    manner: &Manner,
    tariff: &Tariff,
    progress: &ProgressBar,
) -> Result<Remains> {
    let mut interrupts = Interrupts::new()?;
    let mut remains = Remains::default();
    let mut queue: VecDeque<Job> =
        items.chunks(manner.per_request).map(|items| Job { items: items.to_vec(), tries: 0 }).collect();
    let mut flight = FuturesUnordered::new();
    let mut format = manner.format;
    let mut in_a_row = 0;
    loop {
        if let (Some(budget), Some(cost)) = (manner.budget, tariff.cost(ledger.bill()))
            && cost >= budget
            && !queue.is_empty()
            && remains.stopped.is_none()
        {
            remains.stopped = Some(format!("the budget of {} is spent", dollars(budget)));
        }
        while remains.stopped.is_none() && flight.len() < manner.concurrency {
            let Some(mut job) = queue.pop_front() else { break };
            question::encode(&mut job.items);
            let body = question.body(&job.items, format)?;
            let exchange = ledger.asking(&job.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>())?;
            flight.push(async move { Asked { job, exchange, format, delivered: courier.ask(&body).await } });
        }
        let asked = tokio::select! {
            asked = flight.next() => match asked {
                Some(asked) => asked,
                None => break,
            },
            () = interrupts.next() => {
                if remains.stopped.is_some() {
                    bail!("stopped at once; requests that were under way may be charged for. --resume goes on");
                }
                remains.stopped = Some("it was interrupted".into());
                courier.close();
                progress.suspend(|| eprintln!("waiting for the answers that are paid for; Ctrl-C again to leave them"));
                continue;
            }
        };
        let Asked { job: Job { items, tries }, exchange, format: used, delivered } = asked;
        let mut end = Exchange::new(exchange, delivered.lost);
        let mut again = Vec::new();
        let mut give_up = |items: Vec<Item>, why: &str| {
            remains.unanswered.extend(items.into_iter().map(|item| (item.id, why.to_owned())));
        };
        match delivered.result {
            Ok(reply) => {
                in_a_row = 0;
                let verdict = answer::judge(&reply, question, items);
                end.outcome = if verdict.refused { Outcome::Refusal } else { Outcome::Answer };
                end.reply = Some(reply);
                let nothing = verdict.rows.is_empty();
                end.rows = verdict.rows;
                let why = verdict.faults.join("; ");
                end.faults = verdict.faults;
                match verdict.open {
                    open if open.is_empty() => {}
                    open if verdict.refused => again = refuse(open, tries, &mut end),
                    open if tries + 1 >= manner.tries => give_up(open, &why),
                    // Too much at once, perhaps.
                    open if nothing => again = halves(open, tries + 1),
                    open => again = vec![Job { items: open, tries: tries + 1 }],
                }
            }
            Err(Failure::Rejected { code, message, .. }) if answer::is_filter(&code, &message) => {
                in_a_row = 0;
                end.outcome = Outcome::Refusal;
                end.faults = vec![message];
                again = refuse(items, tries, &mut end);
            }
            Err(Failure::Rejected { status, code, message }) if is_length(status, &code, &message) => {
                if items.len() > 1 {
                    again = halves(items, tries);
                } else {
                    give_up(items, &message);
                }
                end.faults = vec![message];
            }
            Err(Failure::Rejected { status, message, .. })
                if manner.adapt && is_format(status, &message) && used.looser().is_some() =>
            {
                // Others may have found out already.
                if used == format {
                    format = used.looser().unwrap_or(used);
                    progress
                        .suspend(|| eprintln!("the server does not know the format {used}; going on with {format}"));
                }
                end.faults = vec![message];
                again = vec![Job { items, tries }];
            }
            Err(Failure::Exhausted { message, .. }) => {
                in_a_row += 1;
                if in_a_row >= FAILURES_IN_A_ROW && remains.stopped.is_none() {
                    remains.stopped = Some(message.clone());
                    courier.close();
                }
                give_up(items, &message);
                end.faults = vec![message];
            }
            Err(failure @ Failure::Stopped) => end.faults = vec![failure.to_string()],
            Err(failure) => {
                if remains.stopped.is_none() {
                    remains.stopped = Some(failure.to_string());
                    courier.close();
                }
                end.faults = vec![failure.to_string()];
            }
        }
        progress.inc((end.rows.len() + end.refused.len()) as u64);
        ledger.record(end)?;
        again.into_iter().rev().for_each(|job| queue.push_front(job));
        progress.set_message(note(courier, ledger, tariff, &remains));
    }
    Ok(remains)
}

/// What the progress bar says beside its position.
fn note(courier: &Courier, ledger: &Ledger, tariff: &Tariff, remains: &Remains) -> String {
    let cost = tariff
        .cost(ledger.bill())
        .map_or_else(|| format!("{} tokens", ledger.bill().usage().prompt + ledger.bill().usage().completion), dollars);
    format!(
        "{cost}, {} tried again, {} refused, {} unanswered",
        courier.tries_again(),
        ledger.refused(),
        remains.unanswered.len()
    )
}

/// A refusal is about one text; which, is seen by asking about fewer.
fn refuse(items: Vec<Item>, tries: u32, end: &mut Exchange) -> Vec<Job> {
    if items.len() > 1 {
        return halves(items, tries);
    }
    end.refused = items.into_iter().map(|item| item.id).collect();
    Vec::new()
}

fn halves(items: Vec<Item>, tries: u32) -> Vec<Job> {
    items.chunks(items.len().div_ceil(2).max(1)).map(|items| Job { items: items.to_vec(), tries }).collect()
}

fn is_length(status: u16, code: &str, message: &str) -> bool {
    status == 413 || code.contains("context_length") || message.contains("context length")
}

fn is_format(status: u16, message: &str) -> bool {
    let message = message.to_lowercase();
    let about = ["response_format", "json_schema", "json_object", "schema", "structured", "grammar", "guided"];
    matches!(status, 400 | 415 | 422) && about.iter().any(|word| message.contains(word))
}
