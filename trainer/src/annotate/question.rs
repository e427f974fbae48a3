//! What is asked of a text, and the body of the request that asks it.

use anyhow::{Context, Result, ensure};
use async_openai::types::chat::{
    ChatCompletionRequestMessage, ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage,
    CreateChatCompletionRequest, ResponseFormat, ResponseFormatJsonSchema,
};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::input::Text;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The writer's emotion in free words, with valence and arousal
    Descriptors,
    /// Which labels of a set are expressed
    ClosedSet,
    /// How far each of some labels is expressed, 0 to 3
    Ratings,
}

/// How firmly the server is held to JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A JSON schema, which the answer follows to the letter
    Schema,
    /// Any JSON object
    Json,
    /// Whatever the model writes
    Text,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Schema => "schema",
            Self::Json => "json",
            Self::Text => "text",
        })
    }
}

impl Format {
    /// What to try if the server does not know this one.
    pub fn looser(self) -> Option<Self> {
        match self {
            Self::Schema => Some(Self::Json),
            Self::Json => Some(Self::Text),
            Self::Text => None,
        }
    }
}

/// A text within a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: String,
    pub text: String,
    /// The labels to be rated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What the text is called in the request; made anew for each request.
    #[serde(default)]
    pub code: String,
}

impl Item {
    pub fn new(text: Text, labels: Vec<String>) -> Self {
        Self { id: text.id, text: text.text, labels, code: String::new() }
    }
}

/// A question, ready to be asked of any text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub kind: Kind,
    pub model: String,
    /// What the teacher is told before the texts.
    pub prompt: String,
    /// The set to choose from; "neutral" is always in it.
    pub labels: Vec<String>,
    /// Further fields of every request.
    pub extra: Map<String, Value>,
    /// How the labels to be rated are chosen for each text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Assignment>,
}

/// How labels are chosen for a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    pub per_text: usize,
    /// The SHA-256 of the manifest of the student that proposes them; none if all are drawn at random.
    pub student: Option<String>,
}

/// The label for a text that expresses nothing clearly.
pub const NEUTRAL: &str = "neutral";

/// Gives the items of a request their codes. They are drawn from the texts, not counted: a model that skips one text
/// cannot pass the next one's answer off as its.
pub fn encode(items: &mut [Item]) {
    const LETTERS: &[u8] = b"bcdfghjkmnpqrstvwxz23456789";
    for i in 0..items.len() {
        let code = (0u32..).map(|salt| {
            let digest = Sha256::digest(format!("{salt} {} {}", items[i].id, items[i].text));
            let letters = digest.iter().take(4).map(|&byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            letters.collect::<String>()
        });
        let free = |code: &String| items[..i].iter().all(|other| other.code != *code);
        items[i].code = code.into_iter().find(free).unwrap_or_default();
    }
}

impl Question {
    /// The body of the request that asks this of `items`.
    pub fn body(&self, items: &[Item], format: Format) -> Result<Value> {
        let texts: Vec<Value> = items
            .iter()
            .map(|item| match item.labels.as_slice() {
                [] => json!({"id": item.code, "text": item.text}),
                labels => json!({"id": item.code, "text": item.text, "labels": labels}),
            })
            .collect();
        let request = CreateChatCompletionRequest {
            model: self.model.clone(),
            messages: vec![
                ChatCompletionRequestMessage::System(ChatCompletionRequestSystemMessage::from(self.prompt.as_str())),
                ChatCompletionRequestMessage::User(ChatCompletionRequestUserMessage::from(
                    json!({"texts": texts}).to_string(),
                )),
            ],
            response_format: match format {
                Format::Schema => Some(ResponseFormat::JsonSchema {
                    json_schema: ResponseFormatJsonSchema {
                        description: None,
                        name: "answers".into(),
                        schema: self.schema(),
                        strict: Some(true),
                    },
                }),
                Format::Json => Some(ResponseFormat::JsonObject),
                Format::Text => None,
            },
            ..Default::default()
        };
        let mut body = serde_json::to_value(&request).context("the request cannot be written as JSON")?;
        let fields = body.as_object_mut().context("a request is an object")?;
        fields.extend(self.extra.clone());
        Ok(body)
    }

    /// What an answer looks like. The same for every request of a run: servers compile a schema when they first meet it.
    /// Numbers are enumerated since not every server knows bounds.
    fn schema(&self) -> Value {
        let object = |fields: Value| {
            let required: Vec<&String> = fields.as_object().into_iter().flat_map(Map::keys).collect();
            json!({"type": "object", "required": required, "properties": fields, "additionalProperties": false})
        };
        let list = |of: Value| json!({"type": "array", "items": of});
        let number = |from: u8, to: u8| json!({"type": "integer", "enum": (from..=to).collect::<Vec<_>>()});
        let answer = match self.kind {
            Kind::Descriptors => json!({
                "id": {"type": "string"}, "descriptors": list(json!({"type": "string"})),
                "valence": number(1, 9), "arousal": number(1, 9),
            }),
            Kind::ClosedSet => {
                json!({"id": {"type": "string"}, "labels": list(json!({"type": "string", "enum": self.labels}))})
            }
            Kind::Ratings => json!({
                "id": {"type": "string"},
                "ratings": list(object(json!({"label": {"type": "string"}, "rating": number(0, 3)}))),
            }),
        };
        object(json!({"answers": list(object(answer))}))
    }

    /// What must be the same when a run goes on.
    pub fn fingerprint(&self) -> Value {
        let hash = |text: &str| hex::encode(&Sha256::digest(text)[..6]);
        json!({
            "question": self.kind, "model": self.model, "prompt": hash(&self.prompt),
            "labels": hash(&self.labels.join("\n")), "extra": self.extra,
            "labels per text": self.assignment.as_ref().map(|assignment| assignment.per_text),
            "student that proposes labels": self.assignment.as_ref().and_then(|assignment| assignment.student.clone()),
        })
    }
}

/// Reads `--extra`: further fields of the request, such as `{"temperature": 0}`.
pub fn extra(text: &str) -> Result<Map<String, Value>> {
    let extra: Map<String, Value> = serde_json::from_str(text)
        .map_err(|e| anyhow::anyhow!("--extra is no JSON object ({e}); write it like '{{\"temperature\": 0}}'"))?;
    for field in ["model", "messages", "response_format", "stream", "n"] {
        ensure!(!extra.contains_key(field), "--extra has the field \"{field}\", which is set otherwise; leave it out");
    }
    Ok(extra)
}
