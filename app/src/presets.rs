//! The label sets that come with the application: part of the page, so that nothing is asked for when one is chosen.

use undertone_core::LabelSet;

/// A label set that comes with the application.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// What the application calls it.
    pub key: &'static str,
    /// What people call it.
    pub name: &'static str,
    json: &'static str,
}

macro_rules! preset {
    ($key:literal, $name:literal) => {
        Preset { key: $key, name: $name, json: include_str!(concat!("../../public/label-sets/", $key, ".json")) }
    };
}

/// All of them, in the order in which they are offered.
pub const ALL: [Preset; 6] = [
    preset!("ekman", "Ekman"),
    preset!("plutchik", "Plutchik"),
    preset!("goemotions", "GoEmotions"),
    preset!("isear", "ISEAR"),
    preset!("semeval2018", "SemEval 2018"),
    preset!("sentiment", "Sentiment"),
];

impl Preset {
    /// Its labels.
    pub fn labels(&self) -> LabelSet {
        // A test proves that each can be read; an empty list would be no disaster either.
        LabelSet::from_json(self.json).unwrap_or_else(|_| LabelSet::new(self.name))
    }
}

/// The one that a newcomer finds.
pub fn first() -> &'static Preset {
    &ALL[0]
}

/// The one of this key.
pub fn find(key: &str) -> Option<&'static Preset> {
    ALL.iter().find(|preset| preset.key == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_label_set_with_descriptions() {
        for preset in ALL {
            let set = LabelSet::from_json(preset.json).unwrap();
            assert_eq!(set.name(), preset.name);
            assert!(!set.labels().is_empty());
            for label in set.labels() {
                assert!(label.description.ends_with('.'), "{}: {}", preset.key, label.name);
                assert!(label.colour.is_some(), "{}: {}", preset.key, label.name);
            }
        }
    }

    #[test]
    fn the_index_of_the_files_names_the_presets() {
        let index: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../public/label-sets/index.json")).unwrap();
        let listed: Vec<_> = index.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(listed, ALL.map(|preset| preset.name));
    }
}
