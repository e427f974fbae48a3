//! Label Studio's tasks: what is to be labelled in `data`, what models say in `predictions`, what people say in
//! `annotations`; what an export of ours adds stands in `meta`.

use std::borrow::Cow;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::annotation::{Annotation, Run};
use super::draft::{Draft, Row, Span, Stored};
use super::entry::{self, ENTRY, Entry, fixed, string};
use super::json::{META, Members, is_entry, kind};
use super::names;
use super::table::Home;

/// The object with what is to be labelled.
pub(super) const DATA: &str = "data";

/// The list of what people say.
const ANNOTATIONS: &str = "annotations";

/// The list of what models say.
const PREDICTIONS: &str = "predictions";

/// What the task's own members are that are written anew.
pub(super) const LISTS: [&str; 2] = [ANNOTATIONS, PREDICTIONS];

/// By what its results are known that we wrote.
const OURS: &str = "undertone";

/// The names of the controls by which texts are labelled: of the choices, and of the text that they are for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Controls {
    pub from: String,
    pub to: String,
}

impl Default for Controls {
    fn default() -> Self {
        Self { from: "labels".into(), to: "text".into() }
    }
}

/// What a person or a model says of a task.
#[derive(Deserialize)]
struct Judgement<'a> {
    #[serde(borrow, default)]
    completed_by: Option<&'a RawValue>,
    #[serde(default)]
    was_cancelled: bool,
    #[serde(borrow, default)]
    model_version: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    result: Vec<Outcome<'a>>,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    from_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    to_name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    value: Option<Value<'a>>,
}

#[derive(Deserialize)]
struct Value<'a> {
    #[serde(borrow, default)]
    choices: Option<&'a RawValue>,
}

impl Judgement<'_> {
    fn choices(&self) -> impl Iterator<Item = (&Outcome<'_>, &RawValue)> {
        self.result.iter().filter_map(|outcome| Some((outcome, outcome.value.as_ref()?.choices?)))
    }

    /// Whether we wrote it, given what we said of the row; `said` are the labels that it should have.
    fn is_ours(&self, said: &[String]) -> bool {
        let marked = |outcome: &Outcome<'_>| outcome.id.is_some_and(|id| id.get() == format!("\"{OURS}\""));
        let names: Vec<String> = self
            .choices()
            .flat_map(|(_, names)| serde_json::from_str::<Vec<String>>(names.get()).unwrap_or_default())
            .collect();
        self.completed_by.is_none() && self.result.iter().all(marked) && names == said
    }
}

/// Reads a task. The error is what is wrong with it.
pub(super) fn task<'a>(
    draft: &mut Draft,
    text: &'a str,
    Members(members): Members<'a>,
    row: &str,
    line: usize,
) -> Result<(), String> {
    let object = |name: &str| {
        let value = members.iter().find(|(key, _)| key == name).map(|&(_, value)| value)?;
        serde_json::from_str::<Members<'a>>(value).ok().map(|Members(members)| members)
    };
    let data =
        object(DATA).ok_or("the task has no object \"data\" with what is to be labelled; export the tasks again")?;
    let meta = object(META);
    let raw_entry = meta.iter().flatten().find(|(key, value)| is_entry(key, value)).map(|&(_, value)| value);
    let entry = raw_entry.and_then(|entry| serde_json::from_str::<Entry<'a>>(entry).ok());
    let store = |draft: &mut Draft, home: Home, key: &str, value: &str, span: Span| {
        let place = draft.place(home, key, draft.cells.len() - draft.bounds.last().map_or(0, |&bound| bound as usize));
        draft.cell(Stored { place, span, kind: kind(value) });
    };
    for (key, value) in &data {
        store(draft, Home::Inside(DATA), key, value, Span::of(value, text));
    }
    for (key, value) in members.iter().filter(|(key, _)| key == ANNOTATIONS) {
        for (who, choices) in judged(value, entry.as_ref()) {
            store(draft, Home::Cell, &format!("{key}.{who}"), choices.get(), Span::of(choices.get(), text));
        }
    }
    for (key, value) in &members {
        match (key.as_ref(), &meta) {
            (DATA, _) => {}
            (META, Some(meta)) => {
                for (key, value) in meta.iter().filter(|(key, value)| !is_entry(key, value)) {
                    store(draft, Home::Inside(META), key, value, Span::of(value, text));
                }
            }
            (ANNOTATIONS | PREDICTIONS, _) => match others(key, value, entry.as_ref()) {
                None => {}
                Some(Cow::Borrowed(value)) => store(draft, Home::Row, key, value, Span::of(value, text)),
                Some(Cow::Owned(value)) => {
                    let span = draft.extra(text, &value);
                    store(draft, Home::Row, key, &value, span);
                }
            },
            _ => store(draft, Home::Row, key, value, Span::of(value, text)),
        }
    }
    let entry = raw_entry.map(|entry| Span::of(entry, text));
    draft.row(Row { span: Span::of(row, text), line: line as u32, entry, cut: None });
    Ok(())
}

/// Who labelled a task, and how: of each annotation that was not cancelled the first choices.
fn judged<'a>(annotations: &'a str, entry: Option<&Entry<'_>>) -> Vec<(String, &'a RawValue)> {
    let list: Vec<Judgement<'a>> = serde_json::from_str(annotations).unwrap_or_default();
    let mut judged: Vec<(String, &'a RawValue)> = Vec::new();
    for (i, judgement) in list.iter().enumerate() {
        if judgement.was_cancelled || said(ANNOTATIONS, entry).is_some_and(|said| judgement.is_ours(said)) {
            continue;
        }
        let choices = judgement.result.iter().find_map(|outcome| outcome.value.as_ref()?.choices);
        let who = judgement.completed_by.map_or_else(|| (i + 1).to_string(), who);
        if let Some(choices) = choices.filter(|_| judged.iter().all(|(other, _)| *other != who)) {
            judged.push((who, choices));
        }
    }
    judged
}

/// An annotator's name: an id, or an object that has one.
fn who(completed_by: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Person {
        id: Option<serde_json::Value>,
        email: Option<String>,
    }
    match serde_json::from_str::<Person>(completed_by.get()) {
        Ok(Person { email: Some(email), .. }) => email,
        Ok(Person { id: Some(id), .. }) => id.to_string(),
        _ => completed_by.get().trim_matches('"').to_owned(),
    }
}

/// The labels that what we wrote into a list has.
fn said<'a>(list: &str, entry: Option<&'a Entry<'_>>) -> Option<&'a [String]> {
    match list {
        ANNOTATIONS => entry?.labels.as_deref(),
        _ => entry?.tags.as_deref(),
    }
}

/// A list without what we wrote into it; none if there is nothing else.
fn others<'a>(key: &str, list: &'a str, entry: Option<&Entry<'_>>) -> Option<Cow<'a, str>> {
    let Some((entry, said)) = entry.and_then(|entry| Some((entry, said(key, Some(entry))?))) else {
        return Some(list.into());
    };
    let Ok(elements) = serde_json::from_str::<Vec<&'a RawValue>>(list) else {
        return Some(list.into());
    };
    let ours = |element: &&&RawValue| {
        let judgement = serde_json::from_str::<Judgement<'_>>(element.get());
        judgement.is_ok_and(|judgement| {
            let model = key == ANNOTATIONS || judgement.model_version.as_deref() == Some(&entry.model);
            model && judgement.is_ours(said)
        })
    };
    let others: Vec<&str> = elements.iter().filter(|element| !ours(element)).map(|element| element.get()).collect();
    match others.len() {
        0 if !elements.is_empty() => None,
        count if count == elements.len() => Some(list.into()),
        _ => Some(format!("[{}]", others.join(",")).into()),
    }
}

/// The controls that the annotations or predictions of a row were made with.
pub(super) fn controls(list: &str) -> Option<Controls> {
    let list: Vec<Judgement<'_>> = serde_json::from_str(list).ok()?;
    list.iter().flat_map(Judgement::choices).find_map(|(outcome, _)| {
        let (from, to) = (outcome.from_name.as_deref()?, outcome.to_name.as_deref()?);
        Some(Controls { from: from.to_owned(), to: to.to_owned() })
    })
}

/// What is written of a row: the members of its task, of its data and of its `meta`, names with values in JSON.
#[derive(Default)]
pub(super) struct Task<'a> {
    pub own: Vec<(&'a str, Cow<'a, str>)>,
    pub data: Vec<(&'a str, Cow<'a, str>)>,
    pub meta: Vec<(&'a str, Cow<'a, str>)>,
}

/// Writes a task.
pub(super) fn write(out: &mut String, task: &Task<'_>, said: Option<(&Annotation, &Run)>, controls: &Controls) {
    out.push('{');
    for (key, value) in task.own.iter().filter(|(key, _)| *key == "id") {
        let _ = write!(out, "{}:{value},", string(key));
    }
    let _ = write!(out, "\"{DATA}\":");
    members(out, &task.data);
    for key in LISTS {
        let others = task.own.iter().find(|(own, _)| *own == key).map(|(_, value)| value.as_ref());
        let ours = said.and_then(|(annotation, run)| judgement(key, annotation, run, controls));
        match (others, ours) {
            (None, None) => {}
            (Some(others), None) => out.push_str(&format!(",\"{key}\":{others}")),
            (others, Some(ours)) => {
                let inner =
                    others.and_then(|list| list.strip_prefix('[')?.strip_suffix(']')).unwrap_or_default().trim();
                let comma = if inner.is_empty() { "" } else { "," };
                out.push_str(&format!(",\"{key}\":[{inner}{comma}{ours}]"));
            }
        }
    }
    let mut meta = task.meta.clone();
    if let Some((annotation, run)) = said {
        let mut ours = String::new();
        entry::write(&mut ours, annotation, run, entry::Style::default());
        meta.push((ENTRY, ours.into()));
    }
    if !meta.is_empty() {
        let _ = write!(out, ",\"{META}\":");
        members(out, &meta);
    }
    for (key, value) in task.own.iter().filter(|(key, _)| *key != "id" && !LISTS.contains(key)) {
        let _ = write!(out, ",{}:{value}", string(key));
    }
    out.push('}');
}

/// An object.
fn members(out: &mut String, members: &[(&str, Cow<'_, str>)]) {
    let members: Vec<String> = members.iter().map(|(key, value)| format!("{}:{value}", string(key))).collect();
    let _ = write!(out, "{{{}}}", members.join(","));
}

/// What we say in a list of a task.
fn judgement(list: &str, annotation: &Annotation, run: &Run, controls: &Controls) -> Option<String> {
    let result = |labels: &[&str]| match labels {
        [] => "[]".to_owned(),
        labels => format!(
            "[{{\"id\":\"{OURS}\",\"from_name\":{},\"to_name\":{},\"type\":\"choices\",\"value\":{{\"choices\":{}}}}}]",
            string(&controls.from),
            string(&controls.to),
            names::list(labels),
        ),
    };
    match list {
        ANNOTATIONS => {
            let labels = annotation.labels.as_ref()?;
            let result = result(&run.names(labels.iter().copied()));
            Some(format!("{{\"result\":{result},\"was_cancelled\":false,\"ground_truth\":false}}"))
        }
        _ => {
            let prediction = annotation.prediction.as_ref()?;
            let result = result(&run.names(prediction.tags()));
            let score = prediction.probability.iter().copied().fold(0.0, f32::max);
            Some(format!(
                "{{\"model_version\":{},\"score\":{},\"result\":{result}}}",
                string(&run.model),
                fixed::<4>(score)
            ))
        }
    }
}
