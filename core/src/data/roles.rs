//! Which column of a table is what.

use std::collections::HashSet;
use std::fmt;

use super::{Cell, Table, names::names};

/// Which columns hold the texts, their ids, and the labels that people gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// The texts.
    pub text: Option<Role>,
    /// What each text is known by.
    pub id: Option<Role>,
    /// Labels that people gave: of each annotator a column, or several.
    pub gold: Vec<Gold>,
}

/// A column and why it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The column's index in its table.
    pub column: usize,
    /// Why.
    pub reason: Reason,
}

/// Where the labels stand that somebody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gold {
    /// One column, whose cells name the labels; or a column for each label, of its name, whose cells say yes or no.
    pub columns: Vec<usize>,
    /// Why.
    pub reason: Reason,
}

/// Why a column was taken for what it is. `Display` says it in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Somebody chose it.
    Chosen,
    /// That is what such columns are usually called.
    Name,
    /// There is no other.
    Only,
    /// Its texts are the longest: so many characters on average.
    Longest(usize),
    /// Its cells are short and all different.
    Unique,
    /// Its cells take so few different values.
    Few(usize),
    /// Its cells take the values of another such column: that of a further annotator.
    Alike,
    /// Its cells, and those of others, say yes or no.
    YesOrNo,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen => f.write_str("chosen"),
            Self::Name => f.write_str("by its name"),
            Self::Only => f.write_str("the only column"),
            Self::Longest(length) => write!(f, "the longest texts, {length} characters on average"),
            Self::Unique => f.write_str("short and different in every row"),
            Self::Few(values) => write!(f, "only {values} different values"),
            Self::Alike => f.write_str("the same values as another column of labels"),
            Self::YesOrNo => f.write_str("yes or no in every row"),
        }
    }
}

/// What columns with texts are usually called, the likeliest first.
const TEXT: [&str; 22] = [
    "text",
    "texts",
    "content",
    "message",
    "comment",
    "review",
    "tweet",
    "post",
    "body",
    "sentence",
    "utterance",
    "response",
    "answer",
    "description",
    "title",
    "transcript",
    "document",
    "full_text",
    "selftext",
    "caption",
    "quote",
    "abstract",
];

/// What columns with ids are usually called.
const ID: [&str; 9] = ["id", "uuid", "guid", "key", "_id", "row_id", "text_id", "index", "nr"];

/// What columns with labels that people gave are usually called.
const GOLD: [&str; 21] = [
    "labels",
    "label",
    "gold",
    "emotions",
    "emotion",
    "categories",
    "category",
    "classes",
    "class",
    "codes",
    "code",
    "annotations",
    "annotation",
    "tags",
    "tag",
    "target",
    "sentiment",
    "truth",
    "choice",
    "choices",
    "feeling",
];

/// How names of annotators' columns begin.
const ANNOTATOR: [&str; 8] = ["annotator", "rater", "coder", "annot", "labeler", "labeller", "judge", "worker"];

/// How many rows are looked at, evenly from the whole table.
const SAMPLE: usize = 400;

/// How long a name of a label may be, in characters.
const LONGEST_LABEL: usize = 60;

impl Roles {
    /// The roles that names and cells of the first rows suggest.
    pub fn guess(table: &Table) -> Self {
        let looks: Vec<Look> = (0..table.columns().len()).map(|column| Look::at(table, column)).collect();
        let text = text(table, &looks);
        let is_text = |column: usize| text.as_ref().is_some_and(|role| role.column == column);
        let id = id(table, &looks, &is_text);
        let taken = |column: usize| is_text(column) || id.as_ref().is_some_and(|role| role.column == column);
        let gold = gold(table, &looks, &taken);
        Self { text, id, gold }
    }

    /// The column of the texts.
    pub fn text_column(&self) -> Option<usize> {
        self.text.as_ref().map(|role| role.column)
    }

    /// What a row is known by: its id if it has one, else its line.
    pub fn id_of(&self, table: &Table, row: usize) -> String {
        let id = self.id.as_ref().map(|role| table.text(row, role.column));
        match id.as_deref().map(str::trim) {
            None | Some("") => table.line(row).to_string(),
            Some(id) => id.to_owned(),
        }
    }
}

impl Role {
    /// A column that somebody chose.
    pub fn chosen(column: usize) -> Self {
        Self { column, reason: Reason::Chosen }
    }
}

impl Gold {
    /// One column, chosen by somebody, whose cells name the labels.
    pub fn chosen(column: usize) -> Self {
        Self { columns: vec![column], reason: Reason::Chosen }
    }

    /// What the annotator is called: as the column is; "labels" where there is one for each label.
    pub fn name<'a>(&self, table: &'a Table) -> &'a str {
        match self.columns[..] {
            [column] => table.columns().get(column).map_or("", |column| &column.name),
            _ => "labels",
        }
    }

    /// The names of the labels that a row was given; `None` where the annotator said nothing, which is something else than no
    /// labels. A cell that is, as a whole, a name that `known` knows is one label, whatever commas are in it.
    pub fn labels(&self, table: &Table, row: usize, known: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        if let [column] = self.columns[..] {
            return names(&table.cell(row, column), known);
        }
        let said = |&column: &usize| Some((column, yes_or_no(table.text(row, column).trim())?));
        let said: Vec<(usize, bool)> = self.columns.iter().filter_map(said).collect();
        let given = said.iter().filter(|(_, yes)| *yes).map(|&(column, _)| table.columns()[column].name.clone());
        (!said.is_empty()).then(|| given.collect())
    }
}

/// What the cells of a column look like.
struct Look {
    /// How many cells of the sample have something in them.
    filled: usize,
    /// Their mean length in characters, rounded.
    length: usize,
    /// Their different values.
    values: HashSet<String>,
    /// The different names in them, were they lists of names.
    names: HashSet<String>,
    /// Whether a cell is longer than a list of labels would be.
    long: bool,
    /// Whether all say yes or no.
    binary: bool,
    /// Whether all are numbers.
    numeric: bool,
    /// Whether there are lists and objects among them.
    objects: bool,
}

impl Look {
    fn at(table: &Table, column: usize) -> Self {
        let step = table.len().div_ceil(SAMPLE).max(1);
        let mut look = Self {
            filled: 0,
            length: 0,
            values: HashSet::new(),
            names: HashSet::new(),
            long: false,
            binary: true,
            numeric: true,
            objects: false,
        };
        for row in (0..table.len()).step_by(step) {
            let cell = table.cell(row, column);
            let list = matches!(&cell, Cell::Json(json) if json.starts_with(['[', '{']));
            look.objects |= list;
            look.numeric &= matches!(cell, Cell::Missing | Cell::Null) || cell.number().is_some();
            look.names.extend(names(&cell, |_| false).unwrap_or_default());
            let text = cell.text();
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            let length = text.chars().count();
            look.filled += 1;
            look.length += length;
            look.long |= !list && length > 4 * LONGEST_LABEL;
            look.binary &= yes_or_no(text).is_some();
            look.values.insert(text.to_owned());
        }
        look.length = (look.length + look.filled / 2).checked_div(look.filled).unwrap_or(0);
        look
    }

    /// Whether the cells can be lists of labels: short, and with far fewer different names than rows.
    fn few(&self) -> bool {
        let most = (self.filled / 3).max(2);
        self.filled > 0 && !self.long && !self.names.is_empty() && self.names.len() <= most
    }

    /// Whether the cells take mostly the same names as those of another column.
    fn is_like(&self, other: &Self) -> bool {
        let both = self.names.intersection(&other.names).count();
        both > 0 && both * 2 >= self.names.len().min(other.names.len())
    }

    fn unique(&self) -> bool {
        self.filled > 1 && self.values.len() == self.filled && self.length <= LONGEST_LABEL
    }
}

/// What a cell says that says yes or no.
fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "1.0" | "true" | "yes" | "y" | "x" => Some(true),
        "0" | "0.0" | "false" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// The columns by the names that they usually have, the likeliest first.
fn named<'a>(table: &'a Table, names: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
    names.iter().flat_map(|name| {
        let called = |column: &usize| table.columns()[*column].name.eq_ignore_ascii_case(name);
        (0..table.columns().len()).filter(called)
    })
}

fn text(table: &Table, looks: &[Look]) -> Option<Role> {
    if let [_] = looks {
        return Some(Role { column: 0, reason: Reason::Only });
    }
    // A column of ids, dates or codes may be called "post" too.
    let wordy = |column: &usize| looks[*column].filled == 0 || !looks[*column].numeric;
    let name = named(table, &TEXT).find(wordy).map(|column| Role { column, reason: Reason::Name });
    // Of equals, `max_by_key` takes the last.
    let prose = (0..looks.len()).rev().filter(|&column| !looks[column].objects);
    let longest = prose.max_by_key(|&column| looks[column].length);
    name.or_else(|| longest.map(|column| Role { column, reason: Reason::Longest(looks[column].length) }))
}

fn id(table: &Table, looks: &[Look], is_text: &impl Fn(usize) -> bool) -> Option<Role> {
    let free = |column: &usize| !is_text(*column);
    if let Some(column) = named(table, &ID).find(free) {
        return Some(Role { column, reason: Reason::Name });
    }
    let suffixed = |column: &usize| {
        let name = table.columns()[*column].name.to_lowercase();
        (name.ends_with("_id") || name.ends_with(" id")) && looks[*column].unique()
    };
    let all = || (0..looks.len()).filter(free);
    if let Some(column) = all().find(suffixed) {
        return Some(Role { column, reason: Reason::Name });
    }
    // Measurements are often all different too; numbers that count are whole ones, and words have no spaces.
    let looks_like = |column: &usize| {
        let look = &looks[*column];
        look.unique() && look.values.iter().all(|value| !value.contains([' ', '.', ',', '[', '{']))
    };
    all().find(looks_like).map(|column| Role { column, reason: Reason::Unique })
}

fn gold(table: &Table, looks: &[Look], taken: &impl Fn(usize) -> bool) -> Vec<Gold> {
    let free = |column: &usize| !taken(*column) && looks[*column].filled > 0;
    let one = |column: usize, reason: Reason| Gold { columns: vec![column], reason };
    // Codes of a list that the file does not have are no names.
    let listed = |column: &usize| !looks[*column].long && !looks[*column].numeric && !looks[*column].names.is_empty();
    let annotator = |column: &usize| {
        let name = table.columns()[*column].name.to_lowercase();
        ANNOTATOR.iter().any(|prefix| name.starts_with(prefix)) && listed(column) && looks[*column].few()
    };
    let mut known: Vec<usize> = named(table, &GOLD).filter(free).find(listed).into_iter().collect();
    known.extend(
        (0..looks.len()).filter(free).filter(annotator).filter(|column| !known.contains(column)).collect::<Vec<_>>(),
    );
    let mut gold: Vec<Gold> = known.iter().map(|&column| one(column, Reason::Name)).collect();
    // Columns with the names of one that is known are those of further annotators.
    let further = (0..looks.len()).filter(free).filter(listed).filter(|&column| {
        !known.contains(&column)
            && looks[column].few()
            && known.iter().any(|&other| looks[column].is_like(&looks[other]))
    });
    gold.extend(further.map(|column| one(column, Reason::Alike)));
    if !gold.is_empty() {
        return gold;
    }
    let binary: Vec<usize> = (0..looks.len()).filter(free).filter(|&column| looks[column].binary).collect();
    match binary.len() {
        0 | 1 => alike(looks, &free),
        _ => vec![Gold { columns: binary, reason: Reason::YesOrNo }],
    }
}

/// Columns of words that share their few values: annotators that are called by their own names.
fn alike(looks: &[Look], free: &impl Fn(&usize) -> bool) -> Vec<Gold> {
    let words =
        |column: &usize| free(column) && looks[*column].few() && !looks[*column].numeric && !looks[*column].binary;
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for column in (0..looks.len()).filter(words) {
        match groups.iter_mut().find(|group| looks[column].is_like(&looks[group[0]])) {
            Some(group) => group.push(column),
            None => groups.push(vec![column]),
        }
    }
    // Of equals, `max_by_key` takes the last.
    let largest = groups.into_iter().rev().max_by_key(Vec::len).filter(|group| group.len() > 1).unwrap_or_default();
    let few = |column: usize| Reason::Few(looks[column].names.len());
    largest.into_iter().map(|column| Gold { columns: vec![column], reason: few(column) }).collect()
}
