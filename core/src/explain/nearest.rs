//! Texts that feel alike, and texts that are typical of a label.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::highest;
use crate::scoring::logit;
use crate::{Error, ErrorKind, Result, Scores, TextVectors, dot};

/// Among how many of the texts that are most alike those are sought that share no words.
const LOOKED_AT: usize = 2_000;

/// How many texts of a file are read to learn which words are common in it.
const SAMPLE: usize = 1_000;

/// The share of those that a common word is in.
const COMMON: f64 = 0.05;

/// In fewer texts nothing is said to be common.
const FEWEST: usize = 200;

/// English words that say nothing of what a text is about.
const FUNCTION_WORDS: &str = "a about above after again against all also am an and any are aren't as at be because been \
    before being below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down \
    during each even few for from further get gets getting go goes going got had hadn't has hasn't have haven't having he \
    he'd he'll he's her here here's hers herself him himself his how how's i i'd i'll i'm i've if in into is isn't it \
    it'll it's its itself just let's like me more most much must my myself no nor not now of off on once one only or other \
    ought our ours ourselves out over own really same shall she she'd she'll she's should shouldn't so some still such than \
    that that's the their theirs them themselves then there there's these they they'd they'll they're they've this those \
    through to too under until up us very was wasn't we we'd we'll we're we've were weren't what what's when when's where \
    which while who who's whom why will with won't would wouldn't yes yet you you'd you'll you're you've your yours \
    yourself yourselves";

/// Words that tell nothing of a file's texts: English function words, and those that every twentieth text has.
#[derive(Debug, Clone)]
pub struct CommonWords {
    words: HashSet<String>,
}

impl CommonWords {
    /// Those of a file, by at most a thousand of its texts, spread evenly. Of a file of fewer than 200 texts only function
    /// words are common.
    pub fn of<'a>(texts: usize, text: impl Fn(usize) -> &'a str) -> Self {
        let mut words: HashSet<String> = FUNCTION_WORDS.split_whitespace().map(str::to_owned).collect();
        let sample = texts.min(SAMPLE);
        if sample >= FEWEST {
            let mut counts: HashMap<String, usize> = HashMap::new();
            for i in 0..sample {
                for word in all_words(text(i * texts / sample)) {
                    *counts.entry(word).or_default() += 1;
                }
            }
            let most = (sample as f64 * COMMON) as usize;
            words.extend(counts.into_iter().filter(|&(_, count)| count > most).map(|(word, _)| word));
        }
        Self { words }
    }

    /// The words of a text that tell what it is about, lower case. Of scripts that put no space between words, each two
    /// letters that follow each other.
    pub fn content(&self, text: &str) -> HashSet<String> {
        let mut words = all_words(text);
        words.retain(|word| !self.words.contains(word));
        words
    }
}

/// A text that is like another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its index.
    pub text: usize,
    /// The cosine similarity of the two.
    pub similarity: f32,
}

/// The texts of a file that feel most like a text although they share no content word with it, the most alike first; at most
/// `most`. Sought are they among the two thousand that are most alike. Of texts with the same content words one is told.
///
/// Takes a product of vectors for each text, and no sorting: a hundred thousand texts take some milliseconds.
///
/// # Errors
/// [`ErrorKind::BadInput`]: vectors of different models, or windows of a text that cancel each other.
pub fn nearest<'a>(
    query: (&str, &TextVectors),
    texts: &TextVectors,
    text: impl Fn(usize) -> &'a str,
    common: &CommonWords,
    most: usize,
) -> Result<Vec<Neighbour>> {
    let (query, vectors) = query;
    if vectors.dim() != texts.dim() || vectors.len() != 1 {
        let message = format!("a text of length {} cannot be compared with texts of {}", vectors.dim(), texts.dim());
        return Err(Error::new(ErrorKind::BadInput, format!("{message}: encode both with one model")));
    }
    let (words, vector) = (common.content(query), vectors.mean(0)?);
    let similarities = (0..texts.len())
        .map(|i| match texts.windows(i) {
            one if one.len() == 1 => Ok(dot(texts.rows().row(one.start), &vector)),
            _ => Ok(dot(&texts.mean(i)?, &vector)),
        })
        .collect::<Result<Vec<f32>>>()?;
    let mut found = Vec::new();
    let mut seen: HashSet<Vec<String>> = HashSet::new();
    for i in highest(texts.len(), LOOKED_AT, |i| similarities[i]) {
        if found.len() >= most {
            break;
        }
        let content = common.content(text(i));
        // A text of function words alone is like everything.
        if content.is_empty() || !content.is_disjoint(&words) {
            continue;
        }
        let mut content: Vec<String> = content.into_iter().collect();
        content.sort_unstable();
        if seen.insert(content) {
            found.push(Neighbour { text: i, similarity: similarities[i].clamp(-1.0, 1.0) });
        }
    }
    Ok(found)
}

/// The texts that express a label most clearly, the clearest first.
///
/// # Panics
/// If there is no such label.
pub fn typical(scores: &Scores, label: usize, most: usize) -> Vec<usize> {
    highest(scores.len(), most, |text| logit(scores.probability(text)[label]))
}

/// The texts of which it is hardest to say whether they express a label, the hardest first: whose probability is nearest to
/// the threshold, in logits; without one, as in [`Mode::Single`](crate::Mode::Single), to that of its strongest rival, none
/// of the labels included.
///
/// # Panics
/// If there is no such label.
pub fn borderline(scores: &Scores, label: usize, threshold: Option<f32>, most: usize) -> Vec<usize> {
    let border = |text: usize| {
        threshold.unwrap_or_else(|| {
            let others = scores.probability(text).iter().enumerate().filter(|&(other, _)| other != label);
            others.map(|(_, &p)| p).fold(scores.none(text), f32::max)
        })
    };
    highest(scores.len(), most, |text| -(logit(scores.probability(text)[label]) - logit(border(text))).abs())
}

/// The words of a text, lower case.
fn all_words(text: &str) -> HashSet<String> {
    let mut words = HashSet::new();
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '\u{300}'..='\u{36f}');
    for word in text.split(|c| !inside(c)) {
        let word = word.trim_matches(['\'', '’']);
        if word.is_empty() {
            continue;
        }
        let word = word.to_lowercase().replace('’', "'");
        // Chinese and Japanese, which put no space between words, and Thai, Lao and Khmer.
        let unspaced = |c: char| matches!(c, '\u{e00}'..='\u{eff}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{20000}'..='\u{3ffff}');
        if word.chars().any(unspaced) {
            let letters: Vec<char> = word.chars().collect();
            words.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
            if let [only] = letters.as_slice() {
                words.insert(only.to_string());
            }
        } else {
            words.insert(word);
        }
    }
    // An emoji that two texts share is something that they share.
    words.extend(
        text.chars().filter(|c| matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}')).map(String::from),
    );
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embeddings;

    fn vectors(angles: &[f32]) -> TextVectors {
        Embeddings::new(2, angles.iter().flat_map(|a| [a.cos(), a.sin()]).collect()).unwrap().into()
    }

    #[test]
    fn neighbours_share_no_word_that_tells_anything() {
        let texts = [
            "My cat died.",
            "the DOG's gone",
            "The cat is gone",
            "we buried him",
            "We buried him!",
            "and so it is",
            "🐈 ran",
        ];
        let common = CommonWords::of(texts.len(), |i| texts[i]);
        let all = vectors(&[0.0, 0.3, 0.1, 0.2, 0.2, 0.05, 3.0]);
        let near = |query: &str, most| -> Vec<usize> {
            let found = nearest((query, &vectors(&[0.0])), &all, |i| texts[i], &common, most).unwrap();
            assert!(found.is_sorted_by(|a, b| a.similarity >= b.similarity));
            found.iter().map(|neighbour| neighbour.text).collect()
        };
        assert_eq!(near("my cat", 9), [3, 1, 6]);
        assert_eq!(near("my cat", 1), [3]);
        assert_eq!(near("a 🐈", 9), [0, 2, 3, 1]);
        assert_eq!(nearest(("x", &vectors(&[0.0])), &TextVectors::empty(2), |_| "", &common, 3).unwrap(), []);
        assert!(nearest(("x", &vectors(&[0.0])), &TextVectors::empty(3), |_| "", &common, 3).is_err());
    }

    #[test]
    fn what_many_texts_of_a_file_have_is_common() {
        let texts: Vec<String> =
            (0..300).map(|i| format!("hotel {i} 你好{}", if i < 10 { " pool" } else { "" })).collect();
        let common = CommonWords::of(texts.len(), |i| &texts[i]);
        let content = common.content("Hotel, pool: isn’t 你好吗");
        assert_eq!(content, HashSet::from(["pool".to_owned(), "好吗".to_owned()]));
        let few = CommonWords::of(100, |i| &texts[i]);
        assert!(few.content("hotel").contains("hotel"));
    }

    #[test]
    fn a_label_has_typical_and_borderline_texts() {
        let scores = Scores {
            width: 2,
            evidence: vec![0.0; 8],
            probability: vec![0.9, 0.1, 0.4, 0.45, 0.2, 0.1, 0.55, 0.3],
            none: vec![0.0, 0.1, 0.7, 0.1],
            on: vec![false; 8],
        };
        assert_eq!(typical(&scores, 0, 2), [0, 3]);
        assert_eq!(borderline(&scores, 0, Some(0.5), 2), [3, 1]);
        assert_eq!(borderline(&scores, 0, None, 2), [1, 3]);
        assert_eq!(typical(&scores, 0, 9).len(), 4);
    }
}
