//! What a person should know.

use leptos::prelude::*;

/// What a notice is about. There is one for each topic at most: what is said later about the same takes its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topic {
    /// The model is missing.
    Model,
    /// The model is not the newest.
    Update,
    /// Nothing is kept on this device.
    Storage,
    /// The document is open elsewhere, or cannot be read.
    Document,
    /// An edit was refused.
    Edit,
    /// The text or a label cannot be encoded.
    Encoding,
    /// Something about the file.
    File,
}

/// What can be done about it.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Start the model again.
    RetryModel,
    /// Work on this document here, and no longer in another tab.
    TakeOver(String),
}

impl Action {
    /// What the button says.
    pub fn words(&self) -> &'static str {
        match self {
            Self::RetryModel => "Try again",
            Self::TakeOver(_) => "Use it here",
        }
    }
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// What it is about.
    pub topic: Topic,
    /// One sentence.
    pub message: String,
    /// What can be done.
    pub action: Option<Action>,
}

/// All of them.
#[derive(Clone, Copy)]
pub struct Notices {
    notices: RwSignal<Vec<Notice>>,
}

impl Notices {
    /// None.
    pub fn new() -> Self {
        Self { notices: RwSignal::default() }
    }

    /// What is to be shown.
    pub fn all(self) -> Vec<Notice> {
        self.notices.get()
    }

    /// Says something.
    pub fn say(self, topic: Topic, message: impl Into<String>) {
        self.set(topic, message.into(), None);
    }

    /// Says something that something can be done about.
    pub fn offer(self, topic: Topic, message: impl Into<String>, action: Action) {
        self.set(topic, message.into(), Some(action));
    }

    /// Takes back what was said about a topic: it is overcome, or was read.
    pub fn clear(self, topic: Topic) {
        if self.notices.with_untracked(|notices| notices.iter().any(|notice| notice.topic == topic)) {
            self.notices.update(|notices| notices.retain(|notice| notice.topic != topic));
        }
    }

    fn set(self, topic: Topic, message: String, action: Option<Action>) {
        let notice = Notice { topic, message: sentence(message), action };
        // The page may be gone by now.
        let _ = self.notices.try_update(|notices| {
            notices.retain(|notice| notice.topic != topic);
            notices.push(notice);
        });
    }
}

impl Default for Notices {
    fn default() -> Self {
        Self::new()
    }
}

/// Errors are phrases that may follow a file's name; alone they are sentences.
fn sentence(phrase: String) -> String {
    let mut letters = phrase.chars();
    let Some(first) = letters.next() else {
        return phrase;
    };
    let is_file = phrase.split_whitespace().next().is_some_and(|word| word.contains(['.', '/']));
    let mut sentence = if is_file { phrase } else { first.to_uppercase().chain(letters).collect() };
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_become_sentences_but_file_names_stay() {
        assert_eq!(sentence("label 3 repeats label 1".into()), "Label 3 repeats label 1.");
        assert_eq!(sentence("weights.safetensors has 12 bytes".into()), "weights.safetensors has 12 bytes.");
        assert_eq!(sentence("Really?".into()), "Really?");
    }

    #[test]
    fn one_topic_does_not_hide_another() {
        let owner = Owner::new();
        owner.set();
        let notices = Notices::new();
        notices.offer(Topic::Model, "no model", Action::RetryModel);
        notices.say(Topic::Edit, "no such name");
        notices.say(Topic::Edit, "no name");
        let all = notices.all();
        assert_eq!(all.iter().map(|n| n.message.as_str()).collect::<Vec<_>>(), ["No model.", "No name."]);
        assert_eq!(all[0].action, Some(Action::RetryModel));
        notices.clear(Topic::Edit);
        assert_eq!(notices.all().len(), 1);
    }
}
