//! Files of texts.

use proptest::prelude::*;
use undertone_core::{Cell, Encoding, ErrorKind, Format, Reason, Roles, Table};

fn read(name: &str, content: &str) -> Table {
    Table::read(name, content).unwrap()
}

/// All cells as text, row by row.
fn cells(table: &Table) -> Vec<Vec<String>> {
    let row = |row| (0..table.columns().len()).map(|column| table.text(row, column).into_owned()).collect();
    (0..table.len()).map(row).collect()
}

fn names(table: &Table) -> Vec<&str> {
    table.columns().iter().map(|column| column.name.as_str()).collect()
}

fn lines(table: &Table) -> Vec<usize> {
    (0..table.len()).map(|row| table.line(row)).collect()
}

#[test]
fn a_text_a_line() {
    let table = read("a.txt", "\u{feff}one\r\n\r\ntwo, \"2\"\r\n");
    assert_eq!((names(&table), table.format()), (vec!["text"], Format::Text));
    assert_eq!(cells(&table), [["one"], [""], ["two, \"2\""]]);
    assert_eq!(lines(&table), [1, 2, 3]);
    assert!(read("A.TXT", "").is_empty());
}

#[test]
fn every_column_and_every_row_of_csv() {
    let table = read("a.csv", "ID, Text ,\"note\"\"s\"\n7,\"a, b\nc\",\"say \"\"hi\"\"\"\n\n,,\r\nx,\"y\"z,d");
    assert_eq!(names(&table), ["ID", "Text", "note\"s"]);
    assert_eq!(cells(&table), [["7", "a, b\nc", "say \"hi\""], ["", "", ""], ["x", "yz", "d"]]);
    assert_eq!(lines(&table), [2, 5, 6]);
    assert_eq!((table.column("text"), table.column(" id"), table.column("who")), (Some(1), Some(0), None));
    assert_eq!((table.cell(3, 0), table.cell(0, 3), table.line(3)), (Cell::Missing, Cell::Missing, 0));
    assert!(table.problems().is_empty());
}

#[test]
fn the_delimiter_is_told_by_the_header() {
    for (content, expected) in [
        ("a;b\n1,5;2", vec!["a", "b"]),
        ("a\tb\n1,5\t2", vec!["a", "b"]),
        ("a|b\n1|2", vec!["a", "b"]),
        ("sep=;\r\na,x;b\r\n1;2\r\n", vec!["a,x", "b"]),
        ("\"a;x\",b\n1,2", vec!["a;x", "b"]),
        ("text\nfine\n", vec!["text"]),
    ] {
        assert_eq!(names(&read("a.csv", content)), expected, "{content:?}");
    }
    // A single column, whose texts have commas.
    let table = read("a.csv", "text\nWell, well\n\"Oh, \"\"that\"\"\"\nfine\n");
    assert_eq!(cells(&table), [["Well, well"], ["Oh, \"that\""], ["fine"]]);
    assert_eq!(read("a.tsv", "who\twhat\nann\tso, glad\n").text(0, 1), "so, glad");
}

#[test]
fn ragged_rows_lose_nothing_and_are_named() {
    let table = read("a.csv", "id,text\n1,Well, well\n2\n3,fine,\n4,fine\n");
    assert_eq!(names(&table), ["id", "text", "column 3"]);
    assert_eq!(cells(&table), [["1", "Well", " well"], ["2", "", ""], ["3", "fine", ""], ["4", "fine", ""]]);
    let problems: Vec<String> = table.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "line 2: the row has 3 columns where the header has 2; quote texts that contain the delimiter",
            "line 3: the row has 1 column where the header has 2; its end is missing",
        ]
    );
}

#[test]
fn columns_have_names_of_their_own() {
    assert_eq!(names(&read("a.csv", "a,a,,a (2),\n1,2,3,4,5\n")), ["a", "a (2)", "column 3", "a (2) (2)", "column 5"]);
}

#[test]
fn json_as_it_is_written() {
    let table = read(
        "a.jsonl",
        "{\"n\": 1.50, \"said\": \"h\\u00e9llo\\n\", \"who\": null}\r\n\r\n{\"said\": \"\", \"n\": 1e3, \"x\": [1, {\"a\": 2}]}\r\n",
    );
    assert_eq!(names(&table), ["n", "said", "who", "x"]);
    assert_eq!(table.cell(0, 0), Cell::Json("1.50"));
    assert_eq!((table.cell(0, 0).number(), table.cell(1, 0).number()), (Some(1.5), Some(1000.0)));
    assert_eq!(table.cell(0, 1), Cell::Text("héllo\n".into()));
    assert_eq!((table.cell(0, 2), table.cell(1, 2)), (Cell::Null, Cell::Missing));
    assert_eq!(table.cell(1, 3), Cell::Json("[1, {\"a\": 2}]"));
    assert_eq!(lines(&table), [1, 3]);

    let table = read("a.json", "[\n  {\"id\": 1,\n   \"text\": \"a\"},\n  {\"id\": 2, \"id\": 3}\n]\n");
    assert_eq!(cells(&table), [["1", "a"], ["3", ""]]);
    assert_eq!((lines(&table), table.format()), (vec![2, 4], Format::Json));
    // An object a line, whatever the name says.
    assert_eq!(cells(&read("a.json", "{\"text\": \"a\"}\n{\"text\": \"b\"}")), [["a"], ["b"]]);
}

#[test]
fn half_of_an_emoji_does_no_harm() {
    let table = read("a.jsonl", r#"{"text": "a\ud83d b\ude00 c\ud83d\ude00 \ud83dA \ud83d\u0041\/"}"#);
    assert_eq!(table.text(0, 0), "a\u{fffd} b\u{fffd} c😀 \u{fffd}A \u{fffd}A/");
}

#[test]
fn bytes_that_are_no_utf8() {
    let table = Table::read("a.csv", b"text\nd\xe9j\xe0 vu\n".to_vec()).unwrap();
    assert_eq!((table.text(0, 0).as_ref(), table.encoding()), ("déjà vu", Encoding::Windows1252));
    let utf16: Vec<u8> = "\u{feff}id\ttext\n1\tgrüß dich\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table = Table::read("a.tsv", utf16).unwrap();
    assert_eq!((table.text(0, 1).as_ref(), table.encoding()), ("grüß dich", Encoding::Utf16Le));
}

#[test]
fn files_without_rows_are_empty() {
    for (name, content) in
        [("a.csv", ""), ("a.csv", "id,text\n"), ("a.jsonl", ""), ("a.jsonl", "\n"), ("a.json", "[]"), ("a.json", "")]
    {
        assert!(read(name, content).is_empty(), "{name} {content:?}");
    }
}

/// What becomes of files that are broken: each is told in one sentence, with its line.
#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let cases: [(&str, &[u8], &str); 20] = [
        ("a.docx", b"", "a.docx: the format is told by the name's end, which must be .csv"),
        ("a", b"text", "a: the format is told by the name's end"),
        ("a.csv", b"PK\x03\x04\x14\x00", "a.csv: this is a workbook or an archive; save the sheet as CSV"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1", "a.csv: this is an old Office document"),
        ("a.txt", b"%PDF-1.7\n", "a.txt: this is a PDF"),
        ("a.jsonl", b"\x1f\x8b\x08", "a.jsonl: this is a compressed file; unpack it"),
        ("a.parquet", b"PAR1\x15", "a.parquet: this is a Parquet file, which only the command line reads"),
        ("a.json", b"<!DOCTYPE html><html>", "a.json: this is a web page"),
        ("a.txt", "ok, d\u{e9}j\u{e0} vu\n\u{e9}".as_bytes().split_last().unwrap().1, "a.txt:2: the line is not UTF-8"),
        ("a.txt", b"ok\n\xff\x00\x01", "a.txt:2: the line has bytes that are no text"),
        ("a.txt", b"\xff\xfea\x00\n\x00b", "a.txt:2: the file ends within a character of UTF-16"),
        ("a.txt", b"\xff\xfea\x00\n\x00\x00\xd8a\x00", "a.txt:2: the line has half a character of UTF-16"),
        ("a.csv", b"id,text\n1,fine\n2,\"oh no\n3,x\n", "a.csv:3: the quote that opens on this line is never closed"),
        ("a.csv", b"id,\"text\n1,fine\n", "a.csv:1: the quote that opens on this line is never closed"),
        ("a.jsonl", b"{\"text\": \"a\"}\n{\"text\": \"b\n", "a.jsonl:2: the row ends within its JSON: it was cut off"),
        (
            "a.jsonl",
            b"{\"text\": \"a\"}\n\n{\"text\": b}\n",
            "a.jsonl:3: the row is no JSON: expected value (column 10)",
        ),
        ("a.jsonl", b"{\"text\": \"a\"} {\"text\": \"b\"}\n", "a.jsonl:1: the row is no JSON: trailing characters"),
        ("a.jsonl", b"\n[1]\n", "a.jsonl:2: the row is no JSON object"),
        ("a.json", b"[{\"text\": \"a\"},\n \"b\"]", "a.json:2: the row is no JSON object"),
        ("a.json", b"[{\"text\": \"a\"},\n{\"text\"", "a.json:2: the file ends within the array: it was cut off"),
    ];
    for (name, content, expected) in cases {
        let error = Table::read(name, content).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadInput);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn roles_are_guessed_by_names_and_cells() {
    let guess = |name: &str, content: &str| {
        let table = read(name, content);
        let roles = Roles::guess(&table);
        let role = |role: &undertone_core::Role| (table.columns()[role.column].name.clone(), role.reason.clone());
        let gold = roles.gold.iter().map(|gold| {
            let columns = gold.columns.iter().map(|&column| table.columns()[column].name.as_str()).collect::<Vec<_>>();
            (columns.join("+"), gold.reason.clone())
        });
        (roles.text.as_ref().map(role), roles.id.as_ref().map(role), gold.collect::<Vec<_>>())
    };
    let is = |name: &str, reason: Reason| Some((name.to_owned(), reason));
    let gold = |name: &str, reason: Reason| (name.to_owned(), reason);

    let rows = |row: &dyn Fn(usize) -> String| (0..30).map(row).collect::<String>();
    let (text, id, labels) =
        guess("a.csv", &format!("ID,Text,Emotion\n{}", rows(&|i| format!("{i},so {i},{}\n", ["joy", "fear"][i % 2]))));
    assert_eq!((text, id), (is("Text", Reason::Name), is("ID", Reason::Name)));
    assert_eq!(labels, [gold("Emotion", Reason::Name)]);

    // No usual names: the longest texts, and values that are all different.
    let (text, id, labels) =
        guess("a.tsv", &format!("nr of\twhat\tpart\n{}", rows(&|i| format!("k{i}\tsaid at length {i}\ta\n"))));
    assert_eq!((text, id, labels), (is("what", Reason::Longest(17)), is("nr of", Reason::Unique), vec![]));

    // Several annotators: by how their columns are called, by what they have in common with one that is known, or with
    // each other.
    let said = |i: usize| ["joy", "fear", "joy; fear"][i % 3];
    let row = |i: usize| format!("so it is {i},{},{},x{i}\n", said(i), said(i / 2));
    let (_, _, labels) = guess("a.csv", &format!("text,annotator_1,annotator_2,note\n{}", rows(&row)));
    assert_eq!(labels, [gold("annotator_1", Reason::Name), gold("annotator_2", Reason::Name)]);
    let (_, _, labels) = guess("a.csv", &format!("text,label,ben,note\n{}", rows(&row)));
    assert_eq!(labels, [gold("label", Reason::Name), gold("ben", Reason::Alike)]);
    let (_, _, labels) = guess("a.csv", &format!("text,ann,ben,note\n{}", rows(&row)));
    assert_eq!(labels, [gold("ann", Reason::Few(2)), gold("ben", Reason::Few(2))]);

    // A column for each label.
    let (_, id, labels) =
        guess("a.csv", &format!("text,joy,fear,id\n{}", rows(&|i| format!("so {i},{},{},{i}\n", i % 2, i % 3 / 2))));
    assert_eq!((id, labels), (is("id", Reason::Name), vec![gold("joy+fear", Reason::YesOrNo)]));

    let (text, id, labels) = guess("a.jsonl", r#"{"id": 7, "text": "a", "labels": ["joy"]}"#);
    assert_eq!((text, id), (is("text", Reason::Name), is("id", Reason::Name)));
    assert_eq!(labels, [gold("labels", Reason::Name)]);
    assert_eq!(guess("a.txt", "one\ntwo\n"), (is("text", Reason::Only), None, vec![]));
    assert_eq!(guess("a.jsonl", ""), (None, None, vec![]));
}

/// Something that looks like CSV.
fn delimited() -> impl Strategy<Value = String> {
    let cell = prop_oneof!["[a-c é]{0,4}", Just("\"a, \"\"b\"\"\n\"".to_owned()), "[ab\"]{0,4}", "\"[a,\r\n]{0,4}\""];
    let row = (prop::collection::vec(cell, 1..4), prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just("\n\n")])
        .prop_map(|(cells, end)| cells.join(",") + end);
    prop::collection::vec(row, 1..6).prop_map(|rows| rows.concat())
}

proptest! {
    #[test]
    fn values_are_those_of_the_csv_crate(content in delimited()) {
        // Three cells, so that nothing is to be guessed.
        let content = format!("x,y,z\n{content}");
        let Ok(table) = Table::read("a.csv", content.as_str()) else {
            // The crate takes all that follows an open quote for its text.
            return Ok(());
        };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(content.as_bytes());
        let theirs: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
        let full = |mut row: Vec<String>| {
            row.resize(table.columns().len(), String::new());
            row
        };
        prop_assert_eq!(cells(&table), theirs.into_iter().map(full).collect::<Vec<_>>());
    }

    #[test]
    fn strings_are_those_of_serde_json(text in any::<String>(), escaped: bool) {
        let mut json = serde_json::to_string(&text).unwrap();
        if escaped {
            let escape = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
            json = json.chars().map(|c: char| if c.is_ascii() { c.to_string() } else { escape(c) }).collect();
        }
        let table = read("a.jsonl", &format!("{{\"text\": {json}}}"));
        prop_assert_eq!(table.text(0, 0), text);
    }

    #[test]
    fn nothing_panics(content in prop::collection::vec(any::<u8>(), 0..200), end in 0..5usize) {
        let name = ["a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt"][end];
        if let Ok(table) = Table::read(name, content) {
            let roles = Roles::guess(&table);
            prop_assert_eq!(cells(&table).len(), table.len());
            prop_assert!(roles.gold.iter().all(|gold| gold.columns.iter().all(|&c| c < table.columns().len())));
        }
    }
}
