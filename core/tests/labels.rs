//! Label sets: editing, the file, and what must hold whatever is done to them.

use std::collections::HashMap;

use proptest::prelude::*;
use undertone_core::{Colour, ErrorKind, Label, LabelId, LabelSet, Result};

fn set(names: &[&str]) -> LabelSet {
    let mut set = LabelSet::new("test");
    for name in names {
        set.add(name).unwrap();
    }
    set
}

fn names(set: &LabelSet) -> Vec<&str> {
    set.labels().iter().map(|label| label.name.as_str()).collect()
}

fn id(set: &LabelSet, name: &str) -> LabelId {
    set.find(name).unwrap().id
}

fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadLabels);
    error.to_string()
}

/// A set whose labels say which is below which: `("rage", "anger")`.
fn tree(labels: &[(&str, &str)]) -> LabelSet {
    let mut set = set(&labels.iter().map(|label| label.0).collect::<Vec<_>>());
    for (name, parent) in labels.iter().filter(|label| !label.1.is_empty()) {
        set.set_parent(id(&set, name), Some(id(&set, parent))).unwrap();
    }
    set
}

fn parent<'a>(set: &'a LabelSet, name: &str) -> &'a str {
    set.find(name).unwrap().parent.map_or("", |parent| &set.get(parent).unwrap().name)
}

#[test]
fn names_are_unique_whatever_their_case_and_the_space_around() {
    let mut set = set(&["joy", "غضب"]);
    assert_eq!(refused(set.add(" JOY\t")), "there is a label 'joy' already: choose another name");
    assert_eq!(refused(set.add("\u{200f}غضب")), "there is a label 'غضب' already: choose another name");
    assert_eq!(refused(set.add(" \u{200e} ")), "a label needs a name: type at least one character");
    let joy = id(&set, "joy");
    refused(set.rename(joy, "غضب"));
    set.rename(joy, "Joy").unwrap();
    assert_eq!(names(&set), ["Joy", "غضب"]);
}

#[test]
fn names_of_any_script_and_emoji() {
    let all = ["😡", "👩‍❤️‍👩", "שמחה", "غضب شديد", "怒り", "naïve", "a\u{301}", "ẞ"];
    let set = set(&all);
    for name in all {
        assert_eq!(set.find(&format!(" {name} ")).unwrap().name, name);
    }
    assert_eq!(LabelSet::from_json(&set.to_json()).unwrap(), set);
}

#[test]
fn ids_are_given_out_once() {
    let mut set = set(&["joy", "anger"]);
    let anger = id(&set, "anger");
    set.remove(anger).unwrap();
    let mut set = LabelSet::from_json(&set.to_json()).unwrap();
    assert_ne!(set.add("fear").unwrap(), anger);
    assert_eq!(refused(set.rename(anger, "rage")), "there is no label with the id 1 any more");
}

#[test]
fn removing_a_label_moves_what_is_below_it_up() {
    let mut set = tree(&[("feeling", ""), ("anger", "feeling"), ("rage", "anger"), ("fury", "rage")]);
    let removed = set.remove(id(&set, "anger")).unwrap();
    assert_eq!(removed.name, "anger");
    assert_eq!((parent(&set, "rage"), parent(&set, "fury")), ("feeling", "rage"));
}

#[test]
fn merging_keeps_words_and_children() {
    let mut set = tree(&[("anger", ""), ("rage", ""), ("fury", "rage"), ("irritation", "anger")]);
    let (anger, rage) = (id(&set, "anger"), id(&set, "rage"));
    set.set_synonyms(anger, vec!["ire".into()]).unwrap();
    set.set_synonyms(rage, vec!["Ire".into(), "wrath".into(), "ANGER".into()]).unwrap();
    set.set_description(rage, "Boiling over.").unwrap();
    set.merge(rage, anger).unwrap();
    let Label { id, synonyms, description, .. } = set.find("anger").unwrap();
    assert_eq!((*id, synonyms.as_slice()), (anger, ["ire", "rage", "wrath"].map(String::from).as_slice()));
    assert_eq!(description, "Boiling over.");
    assert_eq!(parent(&set, "fury"), "anger");
    assert_eq!(names(&set), ["anger", "fury", "irritation"]);
    assert_eq!(refused(set.merge(anger, anger)), "the label 'anger' cannot be merged with itself");
    refused(set.merge(rage, anger));
    refused(set.merge(anger, rage));
}

#[test]
fn merging_into_a_descendant_makes_no_cycle() {
    let mut set = tree(&[("feeling", ""), ("anger", "feeling"), ("rage", "anger"), ("fury", "rage")]);
    set.merge(id(&set, "anger"), id(&set, "fury")).unwrap();
    assert_eq!((parent(&set, "fury"), parent(&set, "rage")), ("feeling", "fury"));
}

#[test]
fn a_label_cannot_go_below_itself() {
    let mut set = tree(&[("anger", ""), ("rage", "anger"), ("fury", "rage")]);
    let (anger, fury) = (id(&set, "anger"), id(&set, "fury"));
    let message = "the label 'anger' cannot go below 'fury', which is itself or below it";
    assert_eq!(refused(set.set_parent(anger, Some(fury))), message);
    refused(set.set_parent(anger, Some(anger)));
    set.set_parent(fury, None).unwrap();
    set.set_parent(anger, Some(fury)).unwrap();
}

#[test]
fn the_tree_in_the_order_of_the_list() {
    let set = tree(&[("fury", "rage"), ("rage", "anger"), ("joy", ""), ("anger", ""), ("irritation", "anger")]);
    let listed = |labels: Vec<&Label>| labels.iter().map(|label| label.name.clone()).collect::<Vec<_>>();
    assert_eq!(listed(set.roots().collect()), ["joy", "anger"]);
    assert_eq!(listed(set.children(id(&set, "anger")).collect()), ["rage", "irritation"]);
    assert_eq!(listed(set.descendants(id(&set, "anger"))), ["rage", "fury", "irritation"]);
    assert!(set.descendants(id(&set, "joy")).is_empty());
}

#[test]
fn moving_in_the_list() {
    let mut set = set(&["a", "b", "c"]);
    let (a, c) = (id(&set, "a"), id(&set, "c"));
    set.move_to(c, 0).unwrap();
    assert_eq!(names(&set), ["c", "a", "b"]);
    set.move_to(a, 99).unwrap();
    assert_eq!(names(&set), ["c", "b", "a"]);
}

#[test]
fn templates_have_one_place_for_the_label() {
    let mut set = set(&["joy"]);
    let joy = id(&set, "joy");
    set.set_template("a text full of {}").unwrap();
    assert_eq!(set.wordings(joy), ["a text full of joy"]);
    let message = "the template 'full of' has no {} for the label: write it where the label goes";
    assert_eq!(refused(set.set_template("full of")), message);
    let message = "the template '{} and {}' has 2 times {}: write it once, where the label goes";
    assert_eq!(refused(set.set_template("{} and {}")), message);
    assert_eq!(set.template(), "a text full of {}");
    set.set_template(" ").unwrap();
    assert_eq!(set.wordings(joy), ["joy"]);
}

#[test]
fn wordings_come_once_each() {
    let mut set = set(&["joy"]);
    let joy = id(&set, "joy");
    set.set_synonyms(joy, vec![" glee ".into(), "".into(), "joy".into(), "Glee".into()]).unwrap();
    set.set_description(joy, " Being glad. ").unwrap();
    assert_eq!(set.wordings(joy), ["joy", "glee", "joy: Being glad.", "Being glad."]);
    set.remove(joy).unwrap();
    assert!(set.wordings(joy).is_empty());
}

#[test]
fn numbers_have_their_range() {
    let mut set = set(&["joy"]);
    let joy = id(&set, "joy");
    for threshold in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        let message = format!("the label 'joy' has the threshold {threshold}: it must be between 0 and 1");
        assert_eq!(refused(set.set_threshold(joy, Some(threshold))), message);
    }
    set.set_threshold(joy, Some(1.0)).unwrap();
    let red = Colour::of_hue(0);
    set.set_colour(joy, Some(red)).unwrap();
    let back = LabelSet::from_json(&set.to_json()).unwrap();
    assert_eq!((back.labels()[0].threshold, back.labels()[0].colour), (Some(1.0), Some(red)));
}

#[test]
fn the_file_as_people_write_it() {
    let json = "\u{feff}{\"name\": \"mine\", \"labels\": [
        {\"name\": \"rage\", \"parent\": \" Anger\"},
        {\"name\": \" anger \", \"parent\": \"\", \"threshold\": 0.3, \"colour\": \"red\"},
        {\"id\": 7, \"name\": \"joy\", \"synonyms\": [\"glee\"], \"template\": null}
    ]}";
    let mut set = LabelSet::from_json(json).unwrap();
    assert_eq!((set.name(), set.template()), ("mine", "{}"));
    assert_eq!(names(&set), ["rage", "anger", "joy"]);
    assert_eq!(parent(&set, "rage"), "anger");
    assert_eq!(set.labels().iter().map(|label| label.id.get()).collect::<Vec<_>>(), [8, 9, 7]);
    assert_eq!(set.add("fear").unwrap().get(), 10);
}

#[test]
fn an_empty_set_is_a_set() {
    let set = LabelSet::from_json(r#"{"name":"","template":"","labels":[]}"#).unwrap();
    assert!(set.labels().is_empty() && set.roots().next().is_none() && set.find("").is_none());
    assert_eq!(LabelSet::from_json(&set.to_json()).unwrap(), set);
}

#[test]
fn what_is_wrong_with_a_file_and_where() {
    let labels = |labels: &str| format!(r#"{{"name":"x","labels":[{labels}]}}"#);
    let cases = [
        (
            labels(r#"{"name":"anger"},{"name":"joy"},{"name":"Anger"}"#),
            "label 3 ('Anger') repeats label 1: rename or remove one of them",
        ),
        (labels(r#"{"name":"joy"},{"name":" "}"#), "label 2 has no name: give it one, or remove it"),
        (
            labels(r#"{"name":"rage","parent":"angr"}"#),
            "label 1 ('rage') has the parent 'angr', which is not in the set: add it, or correct its name",
        ),
        (
            labels(r#"{"name":"c","parent":"a"},{"name":"a","parent":"b"},{"name":"b","parent":"a"}"#),
            "label 2 ('a') is its own ancestor: give it another parent",
        ),
        (labels(r#"{"name":"a","parent":"A"}"#), "label 1 ('a') is its own ancestor: give it another parent"),
        (
            labels(r#"{"name":"joy","threshold":30}"#),
            "label 1 ('joy') has the threshold 30: it must be between 0 and 1",
        ),
        (labels(r#"{"name":"joy","hue":361}"#), "label 1 ('joy') has the hue 361: it must be below 360"),
        (
            labels(r#"{"name":"a","id":1},{"name":"b","id":1}"#),
            "label 2 ('b') has the id 1, which another label has too: remove one of the two ids",
        ),
        (
            labels(r#"{"name":"a","id":4294967295}"#),
            "label 1 ('a') has the id 4294967295, which is larger than 1073741824: remove the id",
        ),
        (
            r#"{"name":"x","next_id":4294967295,"labels":[]}"#.into(),
            "the set's next_id is 4294967295, which is larger than 1073741824: remove it",
        ),
        (
            "{\n\"name\":\"x\",\n\"labels\":[{\"description\":\"?\"}]}".into(),
            "this is not a label set (missing field `name` at line 3 column 29): correct that place in the file",
        ),
        (
            r#"{"name":"x","template":"full of","labels":[]}"#.into(),
            "the template 'full of' has no {} for the label: write it where the label goes",
        ),
        (
            "{\"name\":\"x\",\n\"labels\":[{".into(),
            "the label set ends too early, at line 2: it was cut off; load it again",
        ),
        ("".into(), "the label set ends too early, at line 1: it was cut off; load it again"),
        ("\n<!doctype html>".into(), "this is a web page, not a label set: check the address it came from"),
    ];
    for (json, message) in cases {
        assert_eq!(refused(LabelSet::from_json(&json)), message);
        assert!(serde_json::from_str::<LabelSet>(&json).is_err());
    }
}

#[test]
fn results_stay_with_their_labels_when_a_file_comes_back() {
    let mut ours = set(&["joy", "anger", "fear"]);
    ours.remove(id(&ours, "fear")).unwrap();
    let newer = tree(&[("rage", "Anger"), ("Anger", ""), ("delight", "JOY"), ("JOY", "")]);
    let set = ours.reimport(newer);
    assert_eq!(names(&set), ["rage", "Anger", "delight", "JOY"]);
    let ids: Vec<u32> = set.labels().iter().map(|label| label.id.get()).collect();
    assert_eq!(ids, [3, 1, 4, 0]);
    assert_eq!((parent(&set, "rage"), parent(&set, "delight")), ("Anger", "JOY"));
    assert_eq!(set.reimport(set.clone()), set);
}

#[test]
fn the_presets_are_label_sets() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../public/label-sets");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|name| name != "index.json") {
            let set = LabelSet::from_json(&std::fs::read_to_string(&path).unwrap());
            assert!(set.is_ok_and(|set| !set.labels().is_empty()), "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 0);
}

/// One thing that a person may do to a set; places are taken modulo the number of labels.
#[derive(Debug, Clone)]
enum Edit {
    Add(String),
    Rename(usize, String),
    Remove(usize),
    Merge(usize, usize),
    Describe(usize, String),
    Synonyms(usize, Vec<String>),
    Threshold(usize, Option<f32>),
    Hue(usize, Option<u16>),
    Parent(usize, Option<usize>),
    Move(usize, usize),
    Template(String),
    Save,
    Reimport,
}

fn word() -> impl Strategy<Value = String> {
    const ODD: [&str; 12] = ["joy", " JOY", "Joy", "😡", "👩‍❤️‍👩", "غضب", "\u{200f}غضب", "שמחה", "İ", "ß", "ẞ", "{}"];
    prop_oneof![2 => prop::sample::select(&ODD[..]).prop_map(String::from), 1 => "\\PC{0,6}"]
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || 0usize..8;
    prop_oneof![
        4 => word().prop_map(Edit::Add),
        2 => (at(), word()).prop_map(|(a, name)| Edit::Rename(a, name)),
        1 => at().prop_map(Edit::Remove),
        1 => (at(), at()).prop_map(|(a, b)| Edit::Merge(a, b)),
        1 => (at(), word()).prop_map(|(a, text)| Edit::Describe(a, text)),
        1 => (at(), prop::collection::vec(word(), 0..3)).prop_map(|(a, words)| Edit::Synonyms(a, words)),
        1 => (at(), prop::option::of(-0.5f32..1.5)).prop_map(|(a, t)| Edit::Threshold(a, t)),
        1 => (at(), prop::option::of(0u16..400)).prop_map(|(a, hue)| Edit::Hue(a, hue)),
        3 => (at(), prop::option::of(at())).prop_map(|(a, b)| Edit::Parent(a, b)),
        1 => (at(), at()).prop_map(|(a, b)| Edit::Move(a, b)),
        1 => word().prop_map(|word| Edit::Template(word + "{}")),
        1 => Just(Edit::Save),
        1 => Just(Edit::Reimport),
    ]
}

fn apply(set: &mut LabelSet, edit: Edit) -> Result<()> {
    let ids: Vec<LabelId> = set.labels().iter().map(|label| label.id).collect();
    let id = |at: usize| ids[at % ids.len()];
    match edit {
        Edit::Add(name) => set.add(&name).map(drop),
        Edit::Template(template) => set.set_template(&template),
        Edit::Save => LabelSet::from_json(&set.to_json()).map(|read| *set = read),
        Edit::Reimport => LabelSet::from_json(&set.to_json()).map(|read| *set = set.reimport(read)),
        _ if ids.is_empty() => Ok(()),
        Edit::Rename(a, name) => set.rename(id(a), &name),
        Edit::Remove(a) => set.remove(id(a)).map(drop),
        Edit::Merge(a, b) => set.merge(id(a), id(b)),
        Edit::Describe(a, text) => set.set_description(id(a), &text),
        Edit::Synonyms(a, words) => set.set_synonyms(id(a), words),
        Edit::Threshold(a, threshold) => set.set_threshold(id(a), threshold),
        Edit::Hue(a, hue) => set.set_colour(id(a), hue.map(Colour::of_hue)),
        Edit::Parent(a, b) => set.set_parent(id(a), b.map(id)),
        Edit::Move(a, b) => set.move_to(id(a), b),
    }
}

fn check(set: &LabelSet) {
    for (i, label) in set.labels().iter().enumerate() {
        assert_eq!(set.find(&label.name), Some(label), "names are unique");
        assert_eq!(set.get(label.id), Some(label), "ids are unique");
        assert_eq!(label.name.trim(), label.name);
        let mut above = label.parent;
        for _ in 0..set.labels().len() {
            above = above.and_then(|id| set.get(id).expect("parents exist").parent);
        }
        assert_eq!(above, None, "label {i} is in a cycle");
        assert!(!set.wordings(label.id).is_empty());
    }
    let tree: usize = set.roots().map(|root| 1 + set.descendants(root.id).len()).sum();
    assert_eq!(tree, set.labels().len());
}

proptest! {
    #[test]
    fn whatever_is_done_the_set_is_one(edits in prop::collection::vec(edit(), 0..40)) {
        let mut set = LabelSet::new("");
        let mut next = 0;
        for edit in edits {
            let before = set.clone();
            let adds = matches!(edit, Edit::Add(_));
            let renames = matches!(edit, Edit::Rename(..));
            if apply(&mut set, edit).is_err() {
                prop_assert_eq!(&set, &before, "an edit that fails changes nothing");
            }
            check(&set);
            let known: HashMap<LabelId, &str> = before.labels().iter().map(|l| (l.id, l.name.as_str())).collect();
            for label in set.labels() {
                match known.get(&label.id) {
                    Some(name) => prop_assert!(renames || *name == label.name, "an id changed its label"),
                    None => prop_assert!(adds && label.id.get() >= next, "an id came back"),
                }
                next = next.max(label.id.get() + 1);
            }
        }
    }

    #[test]
    fn export_import_export_gives_the_same_bytes(edits in prop::collection::vec(edit(), 0..40)) {
        let mut set = LabelSet::new("");
        for edit in edits {
            let _ = apply(&mut set, edit);
        }
        let json = set.to_json();
        let read = LabelSet::from_json(&json).unwrap();
        prop_assert_eq!(&read, &set);
        prop_assert_eq!(read.to_json(), json);
        let through_serde: LabelSet = serde_json::from_value(serde_json::to_value(&set).unwrap()).unwrap();
        prop_assert_eq!(through_serde.to_json(), set.to_json());
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,40}", cut in 0usize..200) {
        let _ = LabelSet::from_json(&text);
        let json = tree(&[("anger", ""), ("rage", "anger")]).to_json();
        let cut = &json[..cut.min(json.trim_end().len() - 1)];
        prop_assert!(LabelSet::from_json(cut).unwrap_err().to_string().contains("cut off"));
    }
}

#[test]
fn what_a_file_says_beyond_this_version_is_kept() {
    let json =
        r##"{"name":"mine","labels":[{"name":"joy","colour":"#FA0","icon":{"a":[1,2.50]},"note":"x"}],"version":7}"##;
    let mut set = LabelSet::from_json(json).unwrap();
    let joy = set.labels()[0].id;
    set.rename(joy, "delight").unwrap();
    let written: serde_json::Value = serde_json::from_str(&set.to_json()).unwrap();
    assert_eq!(written["version"], 7);
    assert_eq!(written["labels"][0]["icon"], serde_json::json!({"a": [1, 2.5]}));
    assert_eq!(written["labels"][0]["note"], "x");
    assert_eq!(written["labels"][0]["colour"], "#ffaa00");
    assert_eq!(LabelSet::from_json(&set.to_json()).unwrap(), set);
}

#[test]
fn colours_of_any_kind_survive() {
    let set = LabelSet::from_json(r#"{"name":"old","labels":[{"name":"joy","hue":27}]}"#).unwrap();
    assert_eq!(set.labels()[0].colour, Some(Colour::of_hue(27)));
    let mut set = LabelSet::from_json(r#"{"name":"other","labels":[{"name":"joy","colour":"red"}]}"#).unwrap();
    assert!(set.labels()[0].colour.is_none() && set.to_json().contains(r#""colour": "red""#));
    let joy = set.labels()[0].id;
    set.set_colour(joy, Some(Colour::of_hue(120))).unwrap();
    assert_eq!(LabelSet::from_json(&set.to_json()).unwrap(), set);
}

#[test]
fn accents_are_the_same_however_they_are_composed() {
    let mut set = LabelSet::new("test");
    set.add("d\u{e9}j\u{e0} vu").unwrap();
    assert_eq!(
        refused(set.add("de\u{301}ja\u{300} vu")),
        "there is a label 'd\u{e9}j\u{e0} vu' already: choose another name"
    );
}
