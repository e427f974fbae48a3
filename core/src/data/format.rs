//! What files of texts are like.

use super::Encoding;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Comma-separated values with a header; semicolons, tabs or bars instead of the commas are told by the header.
    Csv,
    /// Tab-separated values with a header.
    Tsv,
    /// A JSON object a line.
    JsonLines,
    /// A JSON array of objects.
    Json,
    /// A text a line.
    Text,
    /// Label Studio's tasks: a JSON array of objects with `data`, `predictions` and `annotations`.
    LabelStudio,
    /// doccano's JSON lines for text classification: `text`, `label`.
    Doccano,
    /// spaCy's and Prodigy's JSON lines for text classification: `text`, `cats`, `meta`.
    Spacy,
    /// JSON lines of which every row has the same fields of the same types, as Hugging Face's `datasets` wants them:
    /// `labels`. Its dataset viewer's rows are read too.
    HuggingFace,
}

impl Format {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::JsonLines => "JSON lines",
            Self::Json => "JSON",
            Self::Text => "plain text",
            Self::LabelStudio => "Label Studio",
            Self::Doccano => "doccano",
            Self::Spacy => "spaCy",
            Self::HuggingFace => "Hugging Face",
        }
    }
}

impl Format {
    /// What the name of such a file ends in, after the dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Text => "txt",
            Self::LabelStudio => "label-studio.json",
            Self::Doccano => "doccano.jsonl",
            Self::Spacy => "spacy.jsonl",
            Self::HuggingFace => "hugging-face.jsonl",
        }
    }

    /// The format as an entry names it, and the member that it has for labels.
    pub(super) fn slot(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Doccano => Some(("doccano", "label")),
            Self::Spacy => Some(("spacy", "cats")),
            Self::HuggingFace => Some(("hugging-face", "labels")),
            _ => None,
        }
    }
}

/// How a file is written, so that it can be written like that again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    pub format: Format,
    pub encoding: Encoding,
    /// Whether a byte order mark stands before it.
    pub bom: bool,
    /// What ends a line.
    pub newline: &'static str,
    pub layout: Layout,
}

/// What stands between the cells or rows of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layout {
    /// Lines, and what stands between the cells of each.
    Delimited {
        delimiter: u8,
        /// Whether all cells are quoted, those too that need not be.
        quoted: bool,
        /// What stands before the header: Excel's `sep=;`.
        preamble: String,
    },
    /// Lines.
    Lines,
    /// A JSON array: what stands before its first element, between two, and behind its last.
    Array { open: String, between: String, close: String },
}

/// What ends the first line of a text; `\n` if there is but one.
pub(super) fn newline(text: &str) -> &'static str {
    match text.find(['\n', '\r']) {
        Some(at) if text[at..].starts_with("\r\n") => "\r\n",
        Some(at) if text[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

impl Layout {
    /// An array with an object a line.
    pub fn array() -> Self {
        Self::Array { open: "[\n".into(), between: ",\n".into(), close: "\n]\n".into() }
    }
}
