//! What the teacher said, read with patience: an answer that can be told is taken, whatever is around it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::question::{Item, Kind, NEUTRAL, Question};

/// A longer descriptor is prose; `undertone train` refuses it too.
const MAX_DESCRIPTOR_WORDS: usize = 12;

/// What was said of one text.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    Descriptors { descriptors: Vec<String>, affect: Option<[f64; 2]> },
    Labels(Vec<String>),
    Ratings(Vec<(String, f64)>),
}

impl Said {
    /// The row of the annotation set.
    pub fn row(&self, item: &Item) -> Value {
        let mut row = json!({"id": item.id, "text": item.text});
        match self {
            Self::Descriptors { descriptors, affect } => {
                row["descriptors"] = json!(descriptors);
                if let Some([valence, arousal]) = affect {
                    row["valence"] = number(*valence);
                    row["arousal"] = number(*arousal);
                }
            }
            Self::Labels(labels) => row["labels"] = json!(labels),
            Self::Ratings(ratings) => {
                row["ratings"] = ratings.iter().map(|(label, rating)| (label.clone(), number(*rating))).collect();
            }
        }
        row
    }
}

/// Whole numbers as such.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

/// A reply, as far as it goes.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The rows for the annotation set.
    pub rows: Vec<Value>,
    /// The texts that have no answer yet.
    pub open: Vec<Item>,
    /// The reply refuses to answer: the open texts should be asked one by one, to see which it is about.
    pub refused: bool,
    /// What is wrong, in words.
    pub faults: Vec<String>,
}

/// Reads the server's reply to a question about `items`.
pub fn judge(reply: &Value, question: &Question, items: Vec<Item>) -> Verdict {
    let choice = &reply["choices"][0];
    let message = &choice["message"];
    let content = match &message["content"] {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    let reading = read(&content, question.kind, &question.labels, &items);
    let refusal = message["refusal"].as_str().filter(|refusal| !refusal.is_empty());
    let reason = choice["finish_reason"].as_str().unwrap_or_default();
    let mut verdict = Verdict {
        refused: refusal.is_some() || reason == "content_filter",
        faults: reading.faults,
        ..Verdict::default()
    };
    if let Some(refusal) = refusal {
        verdict.faults.push(format!("a refusal ('{}')", shorten(refusal)));
    }
    if let "length" | "content_filter" = reason {
        verdict.faults.push(format!("the answer was ended early ({reason})"));
    }
    for (said, item) in reading.said.into_iter().zip(items) {
        match said {
            Some(said) => verdict.rows.push(said.row(&item)),
            None => verdict.open.push(item),
        }
    }
    verdict
}

/// Whether an error says that the content is the matter.
pub fn is_filter(code: &str, message: &str) -> bool {
    let about = |text: &str| text.contains("content_filter") || text.contains("content_policy");
    about(code) || about(message) || message.contains("content management policy")
}

/// An answer, text by text.
#[derive(Debug, Default)]
pub struct Reading {
    /// What was said, in the order of the items; nothing where no answer can be told.
    pub said: Vec<Option<Said>>,
    /// What is wrong with the rest, in words.
    pub faults: Vec<String>,
}

/// Reads `content` as the answer about `items`. A text that is answered twice, and not alike, has no answer.
pub fn read(content: &str, kind: Kind, labels: &[String], items: &[Item]) -> Reading {
    let mut reading = Reading { said: vec![None; items.len()], faults: Vec::new() };
    let place: HashMap<&str, usize> = items.iter().enumerate().map(|(i, item)| (item.code.as_str(), i)).collect();
    let mut answers = Vec::new();
    for value in values(content) {
        collect(value, kind, &place, items.len() == 1, &mut answers);
    }
    let mut contested = vec![false; items.len()];
    for (code, answer) in answers {
        let Some(&i) = place.get(code.as_str()) else {
            reading.faults.push(format!("an answer for '{}', which was not asked", shorten(&code)));
            continue;
        };
        match parse(&answer, kind, labels, &items[i]) {
            Err(fault) => reading.faults.push(format!("'{}': {fault}", items[i].id)),
            Ok(said) if reading.said[i].as_ref().is_some_and(|before| *before != said) => contested[i] = true,
            Ok(said) => reading.said[i] = Some(said),
        }
    }
    for (i, item) in items.iter().enumerate() {
        if contested[i] {
            reading.said[i] = None;
            reading.faults.push(format!("'{}': two different answers", item.id));
        }
    }
    let missing = reading.said.iter().filter(|said| said.is_none()).count();
    if missing > 0 {
        reading.faults.push(format!("{missing} of {} texts without an answer", items.len()));
    }
    reading
}

/// Everything in `content` that is JSON: the whole of it, or what stands between prose and code fences, or the pieces
/// before the place where it was cut off.
fn values(content: &str) -> Vec<Value> {
    // What a reasoning model thinks aloud may hold drafts of the answer.
    let content = content.rsplit_once("</think>").map_or(content, |(_, after)| after);
    let mut found = Vec::new();
    let mut rest = content;
    while let Some(start) = rest.find(['{', '[']) {
        rest = &rest[start..];
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = stream.next() {
            found.push(value);
            rest = &rest[stream.byte_offset()..];
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// The answers within a value: objects with an id, or objects under an id. A lone text's answer may do without.
fn collect(
    value: Value,
    kind: Kind,
    place: &HashMap<&str, usize>,
    alone: bool,
    answers: &mut Vec<(String, Map<String, Value>)>,
) {
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, kind, place, alone, answers)),
        Value::Object(mut fields) => {
            let id = match fields.remove("id") {
                Some(Value::String(id)) => Some(id),
                Some(Value::Number(id)) => Some(id.to_string()),
                _ => None,
            };
            if let Some(id) = id {
                answers.push((id.trim().to_owned(), fields));
            } else if let (true, true, Some(code)) = (alone, fields.contains_key(field(kind)), place.keys().next()) {
                answers.push(((*code).to_owned(), fields));
            } else {
                for (key, value) in fields {
                    match value {
                        Value::Object(fields) if place.contains_key(key.as_str()) => answers.push((key, fields)),
                        value => collect(value, kind, place, alone, answers),
                    }
                }
            }
        }
        _ => {}
    }
}

fn field(kind: Kind) -> &'static str {
    match kind {
        Kind::Descriptors => "descriptors",
        Kind::ClosedSet => "labels",
        Kind::Ratings => "ratings",
    }
}

fn parse(answer: &Map<String, Value>, kind: Kind, labels: &[String], item: &Item) -> Result<Said, String> {
    let value = answer.get(field(kind)).ok_or_else(|| format!("no \"{}\"", field(kind)))?;
    match kind {
        Kind::Descriptors => {
            let descriptors = words(value)?;
            if let Some(long) = descriptors.iter().find(|d| d.split_whitespace().count() > MAX_DESCRIPTOR_WORDS) {
                return Err(format!("a descriptor that is prose ('{}')", shorten(long)));
            }
            let affect = |name: &str| answer.get(name).and_then(numeric).filter(|v| (1.0..=9.0).contains(v));
            let affect = affect("valence").zip(affect("arousal")).map(|(v, a)| [v, a]);
            Ok(Said::Descriptors { descriptors, affect })
        }
        Kind::ClosedSet => {
            let known = |word: String| {
                let label = labels.iter().find(|label| label.to_lowercase() == word);
                label.cloned().ok_or_else(|| format!("the label '{}', which is not in the set", shorten(&word)))
            };
            // An empty list says that nothing of the set is expressed, which has a label.
            let said = match value {
                Value::Array(list) if list.is_empty() => vec![NEUTRAL.to_owned()],
                _ => words(value)?,
            };
            Ok(Said::Labels(said.into_iter().map(known).collect::<Result<_, _>>()?))
        }
        Kind::Ratings => {
            let mut given: HashMap<String, f64> = HashMap::new();
            let mut give = |label: &str, rating: Option<f64>| match rating {
                Some(rating) if (0.0..=3.0).contains(&rating) => {
                    let before = given.insert(label.trim().to_lowercase(), rating);
                    before.is_none_or(|b| b == rating).then_some(()).ok_or(format!("two ratings of '{label}'"))
                }
                _ => Err(format!("a rating of '{}' that is none from 0 to 3", shorten(label))),
            };
            match value {
                Value::Object(ratings) => {
                    ratings.iter().try_for_each(|(label, rating)| give(label, numeric(rating)))?;
                }
                Value::Array(ratings) => {
                    for rating in ratings {
                        let label = rating["label"].as_str().ok_or("a rating without a label")?;
                        give(label, numeric(&rating["rating"]))?;
                    }
                }
                _ => return Err("ratings that are no list".into()),
            }
            let rated = item.labels.iter().map(|label| {
                let rating = given.get(&label.to_lowercase()).ok_or_else(|| format!("no rating of '{label}'"))?;
                Ok((label.clone(), *rating))
            });
            Ok(Said::Ratings(rated.collect::<Result<_, String>>()?))
        }
    }
}

/// Words as they are compared: trimmed, lower case, each once. A string is a list with commas.
fn words(value: &Value) -> Result<Vec<String>, String> {
    let raw: Vec<&str> = match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::String(list) => list.split([',', ';']).collect(),
        _ => return Err("a list of words that is none".into()),
    };
    let mut words: Vec<String> = Vec::new();
    for word in raw {
        let word = word.trim().trim_matches(['.', '"', '\'']).trim().to_lowercase();
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() { Err("no words".into()) } else { Ok(words) }
}

fn numeric(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotate::input::Text;

    fn items(codes: &[&str]) -> Vec<Item> {
        let item = |code: &&str| {
            let mut item =
                Item::new(Text { id: format!("id-{code}"), text: "t".into() }, vec!["joy".into(), "awe".into()]);
            item.code = (*code).into();
            item
        };
        codes.iter().map(item).collect()
    }

    fn told(content: &str, kind: Kind, codes: &[&str]) -> (Vec<Option<Value>>, String) {
        let items = items(codes);
        let reading = read(content, kind, &["joy".into(), "Deep Awe".into(), "neutral".into()], &items);
        let rows = reading.said.iter().zip(&items).map(|(said, item)| said.as_ref().map(|said| said.row(item)));
        (rows.collect(), reading.faults.join("; "))
    }

    #[test]
    fn an_answer_is_told_whatever_is_around_it() {
        for content in [
            r#"{"answers": [{"id": "ab", "descriptors": ["Joy", "joy", "quiet pride."], "valence": 8, "arousal": 4}]}"#,
            r#"[{"id": "ab", "descriptors": "joy, quiet pride", "valence": "8", "arousal": 4.0}]"#,
            "Sure:\n```json\n{\"id\": \"ab\", \"descriptors\": [\"joy\", \"quiet pride\"], \"valence\": 8, \"arousal\": 4}\n```",
            r#"<think>{"id": "ab", "descriptors": ["envy"]}</think>{"ab": {"descriptors": ["joy", "quiet pride"], "valence": 8, "arousal": 4}}"#,
            r#"{"answers": [{"id": "ab", "descriptors": ["joy", "quiet pride"], "valence": 8, "arousal": 4}, {"id": "cd", "descr"#,
            r#"{"descriptors": ["joy", "quiet pride"], "valence": 8, "arousal": 4}"#,
        ] {
            let (rows, faults) = told(content, Kind::Descriptors, &["ab"]);
            let row =
                json!({"id": "id-ab", "text": "t", "descriptors": ["joy", "quiet pride"], "valence": 8, "arousal": 4});
            assert_eq!(rows, [Some(row)], "{content}: {faults}");
        }
        let (rows, _) = told(r#"{"id": "ab", "descriptors": ["joy"], "valence": 11}"#, Kind::Descriptors, &["ab"]);
        assert_eq!(rows[0], Some(json!({"id": "id-ab", "text": "t", "descriptors": ["joy"]})));
    }

    #[test]
    fn an_answer_that_cannot_be_told_apart_is_none() {
        let answer = |id: &str, word: &str| json!({"id": id, "descriptors": [word]});
        let (rows, faults) = told(
            &json!([
                answer("ab", "joy"),
                answer("ab", "joy"),
                answer("cd", "joy"),
                answer("cd", "envy"),
                answer("xx", "joy")
            ])
            .to_string(),
            Kind::Descriptors,
            &["ab", "cd", "ef"],
        );
        assert!(rows[0].is_some() && rows[1].is_none() && rows[2].is_none());
        assert!(faults.contains("'id-cd': two different answers") && faults.contains("2 of 3 texts"), "{faults}");
        assert!(faults.contains("'xx', which was not asked"), "{faults}");
        for content in
            ["I cannot do that.", "", "{\"id\": \"ab\", \"descriptors\": []}", "[[[[{{{{", "{\"descriptors\": 3}"]
        {
            assert_eq!(told(content, Kind::Descriptors, &["ab"]).0, [None], "{content}");
        }
    }

    #[test]
    fn labels_are_those_of_the_set_and_ratings_are_complete() {
        let (rows, _) = told(r#"{"id": "ab", "labels": ["deep awe"]}"#, Kind::ClosedSet, &["ab"]);
        assert_eq!(rows[0].as_ref().unwrap()["labels"], json!(["Deep Awe"]));
        let (rows, _) = told(r#"{"id": "ab", "labels": []}"#, Kind::ClosedSet, &["ab"]);
        assert_eq!(rows[0].as_ref().unwrap()["labels"], json!(["neutral"]));
        let (rows, faults) = told(r#"{"id": "ab", "labels": ["envy"]}"#, Kind::ClosedSet, &["ab"]);
        assert!(rows[0].is_none() && faults.contains("'envy', which is not in the set"), "{faults}");

        let rated = json!({"joy": 3, "awe": 0});
        for ratings in [
            json!([{"label": "Joy", "rating": 3}, {"label": "awe", "rating": 0}, {"label": "envy", "rating": 1}]),
            json!({"joy": "3", "awe": 0}),
        ] {
            let (rows, _) = told(&json!({"id": "ab", "ratings": ratings}).to_string(), Kind::Ratings, &["ab"]);
            assert_eq!(rows[0].as_ref().unwrap()["ratings"], rated);
        }
        for (ratings, fault) in [
            (json!([{"label": "joy", "rating": 3}]), "no rating of 'awe'"),
            (json!({"joy": 4, "awe": 0}), "none from 0 to 3"),
            (json!([{"label": "joy", "rating": 3}, {"label": "joy", "rating": 1}]), "two ratings"),
        ] {
            let (rows, faults) = told(&json!({"id": "ab", "ratings": ratings}).to_string(), Kind::Ratings, &["ab"]);
            assert!(rows[0].is_none() && faults.contains(fault), "{faults}");
        }
    }
}
