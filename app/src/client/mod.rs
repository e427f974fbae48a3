//! The other side of the workers: they are started, watched, replaced when they die or hang, and told again what they were
//! told before.

mod early;
mod engine;
mod jobs;
mod link;
mod pool;
mod scoring;

pub use engine::{Engine, Event};
pub use jobs::{Outcome, Question};
pub use pool::{Pool, SHARE, Told, spare_engines};
pub use scoring::{Answer, Scoring};
