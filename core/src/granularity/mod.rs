//! How many feelings do these texts hold? Trees over labels to cut at any height, what the classes of a cut share, how many
//! classes texts bear, and what they call for that no label covers.
//!
//! Everything here is pure, and the order of labels and texts never matters.

mod kinship;
mod linkage;
mod overlap;
mod suggestions;
mod support;
mod words;

pub use kinship::by_lexicon;
pub use linkage::{Distances, by_distance};
pub use overlap::{Likeness, Overlap, Pair, contrast};
pub use suggestions::{Suggestion, missing, split};
pub use support::{Estimate, Rewordings, Row, Support, Verdict, Wording, ladder, sample, shares};
