//! The rows that Hugging Face's dataset viewer answers with: `{"features": [...], "rows": [{"row_idx": 0, "row": {...}}]}`.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::draft::{Draft, Row, Span, Stored};
use super::format::Layout;
use super::json::{Members, kind, unreadable};
use super::table::Home;
use super::{bad, names};
use crate::Result;

/// Reads the viewer's answer; `None` if the text is something else.
pub(super) fn viewer(name: &str, text: &str) -> Result<Option<(Draft, Layout)>> {
    let Ok(Members(members)) = serde_json::from_str(text) else {
        return Ok(None);
    };
    let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|&(_, value)| value);
    let (Some(rows), Some(features)) = (member("rows"), member("features")) else {
        return Ok(None);
    };
    let rows: Vec<&RawValue> = serde_json::from_str(rows).map_err(|e| unreadable(name, e))?;
    let classes = classes(features);
    let mut draft = Draft::default();
    let (mut at, mut line) = (0, 1);
    for row in rows {
        let span = Span::of(row.get(), text);
        line += text[at..span.range().start].matches('\n').count();
        at = span.range().start;
        let outer: Option<Members<'_>> = serde_json::from_str(row.get()).ok();
        let inner = outer.and_then(|Members(outer)| outer.into_iter().find(|(key, _)| key == "row"));
        let Some(Members(cells)) = inner.and_then(|(_, row)| serde_json::from_str::<Members<'_>>(row).ok()) else {
            return Err(bad(format!("{name}:{line}: the row of the dataset has no object \"row\"; download it again")));
        };
        for (expected, (key, value)) in cells.iter().enumerate() {
            let place = draft.place(Home::Row, key, expected);
            let named = classes.get(key.as_ref()).and_then(|names| by_name(value, names));
            let cell = match named {
                Some(named) => Stored { place, span: draft.extra(text, &named), kind: kind(&named) },
                None => Stored { place, span: Span::of(value, text), kind: kind(value) },
            };
            draft.cell(cell);
        }
        draft.row(Row { span, line: line as u32, ..Row::default() });
    }
    Ok(Some((draft, Layout::Lines)))
}

/// The names of the classes of each feature that has some.
fn classes(features: &str) -> HashMap<String, Vec<String>> {
    let features: Vec<Value> = serde_json::from_str(features).unwrap_or_default();
    let names = |feature: &Value| {
        let kind = &feature["type"];
        let names = [&kind["names"], &kind["feature"]["names"]].into_iter().find_map(Value::as_array)?;
        let names = names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
        Some((feature["name"].as_str()?.to_owned(), names))
    };
    features.iter().filter_map(names).collect()
}

/// The number of a class, or a list of such, by name.
fn by_name(value: &str, names: &[String]) -> Option<String> {
    let name = |number: &Value| Some(names.get(usize::try_from(number.as_u64()?).ok()?)?.as_str());
    match serde_json::from_str(value).ok()? {
        Value::Array(numbers) => Some(names::list(&numbers.iter().map(name).collect::<Option<Vec<_>>>()?)),
        number => name(&number).map(super::entry::string),
    }
}
