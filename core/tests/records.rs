//! Texts in files.

use undertone_core::{ErrorKind, Fields, Records};

const GUESS: Fields = Fields { text: None, id: "id" };

type Row = (Option<String>, String, usize);

fn read(name: &str, content: &str) -> (Vec<Row>, Option<String>) {
    let records = Records::read(name, content.as_bytes(), GUESS).unwrap();
    (records.rows.into_iter().map(|r| (r.id, r.text, r.line)).collect(), records.column)
}

fn row(id: Option<&str>, text: &str, line: usize) -> Row {
    (id.map(str::to_owned), text.to_owned(), line)
}

#[test]
fn a_text_a_line() {
    let rows = vec![row(None, "one", 1), row(None, "", 2), row(None, "two", 3)];
    assert_eq!(read("a.txt", "\u{feff}one\r\n\ntwo\n"), (rows, None));
    assert_eq!(read("A.TXT", ""), (vec![], None));
}

#[test]
fn the_column_of_a_usual_name_or_with_the_longest_texts() {
    let (rows, column) = read("a.csv", "ID, Text ,notes\n7,\"a, b\nc\",a long note beside it\n,d,\n");
    assert_eq!(rows, [row(Some("7"), "a, b\nc", 2), row(Some(""), "d", 4)]);
    assert_eq!(column.as_deref(), Some("Text"));
    let (rows, column) = read("a.tsv", "who\twhat\nann\tso glad to see you\nbob\tno\n");
    assert_eq!(rows, [row(None, "so glad to see you", 2), row(None, "no", 3)]);
    assert_eq!(column.as_deref(), Some("what"));
    let (rows, column) = read("a.jsonl", "{\"n\": 1, \"said\": \"hello\"}\n\n{\"id\": 3, \"said\": \"\"}\n");
    assert_eq!(rows, [row(None, "hello", 1), row(Some("3"), "", 3)]);
    assert_eq!(column.as_deref(), Some("said"));
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let cases: [(&str, &[u8], Fields, &str); 8] = [
        ("a.pdf", b"", GUESS, "a.pdf: the format is told by the name's end"),
        ("a", b"", GUESS, "a: the format is told by the name's end"),
        ("a.txt", b"ok\n\xff\n", GUESS, "a.txt:2: the line is not UTF-8 text"),
        ("a.csv", b"id,text\n1,a,b\n", GUESS, "a.csv:2: the row has 3 columns where the header has 2"),
        ("a.csv", b"id,x\n", Fields { text: Some("y"), id: "id" }, "a.csv:1: there is no column 'y' among 'id', 'x'"),
        ("a.jsonl", b"{\"text\": \"x\"}\n{\"id\": 2}\n", GUESS, "a.jsonl:2: there is no text in 'text'"),
        ("a.jsonl", b"{\"text\": \"x\", \"id\": []}\n", GUESS, "a.jsonl:1: 'id' is neither text nor a number"),
        ("a.jsonl", b"\n[1]\n", GUESS, "a.jsonl:2: invalid type"),
    ];
    for (name, content, fields, expected) in cases {
        let error = Records::read(name, content, fields).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BadInput);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn files_without_rows_are_empty() {
    for (name, content) in [("a.csv", ""), ("a.csv", "id,text\n"), ("a.jsonl", ""), ("a.jsonl", "\n")] {
        assert_eq!(read(name, content).0, [], "{name} {content:?}");
    }
}
