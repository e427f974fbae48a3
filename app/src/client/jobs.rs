//! What an engine was asked and has not answered yet.

use std::collections::BTreeMap;

use crate::wire::engine::{Encoded, Role, Unit};
use crate::wire::{BrowserErrorKind, Report};

/// What a job came to.
pub type Outcome = Result<Encoded, Report>;

type Callback = Box<dyn FnOnce(Outcome)>;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// How urgent it is.
    pub role: Role,
    /// What gets a vector.
    pub unit: Unit,
    /// The texts.
    pub texts: Vec<String>,
}

struct Job {
    question: Question,
    answer: Encoded,
    suspected: bool,
    done: Callback,
}

/// Jobs by number. Numbers are never used twice, so that a late answer reaches nobody.
#[derive(Default)]
pub struct Jobs {
    last: u32,
    open: BTreeMap<u32, Job>,
}

impl Jobs {
    /// Opens a job.
    pub fn open(&mut self, question: Question, done: Callback) -> u32 {
        self.last = self.last.wrapping_add(1);
        self.open.insert(self.last, Job { question, answer: Encoded::default(), suspected: false, done });
        self.last
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes in a part of a job's answer.
    pub fn extend(&mut self, id: u32, part: Encoded) {
        if let Some(job) = self.open.get_mut(&id) {
            job.answer.extend(part);
        }
    }

    /// Closes a job: call what is returned, if anybody still waits for it.
    pub fn finish(&mut self, id: u32) -> Option<impl FnOnce() + use<>> {
        let job = self.open.remove(&id)?;
        Some(move || {
            let complete = job.answer.len() == job.question.texts.len();
            let missing = || Report::browser(BrowserErrorKind::Worker, "the worker left texts out: reload the page");
            (job.done)(if complete { Ok(job.answer) } else { Err(missing()) });
        })
    }

    /// Closes a job that failed.
    pub fn fail(&mut self, id: u32, report: Report) -> Option<impl FnOnce() + use<>> {
        let job = self.open.remove(&id)?;
        Some(move || (job.done)(Err(report)))
    }

    /// Closes a job that nobody waits for any more, and says whether it was open.
    pub fn cancel(&mut self, id: u32) -> bool {
        self.open.remove(&id).is_some()
    }

    /// All open jobs, to be sent (again).
    pub fn waiting(&self) -> Vec<(u32, Question)> {
        self.open.iter().map(|(&id, job)| (id, job.question.clone())).collect()
    }

    /// The worker died: half-answered jobs begin again. The one that it was at is suspected; if it was suspected before, it is
    /// what kills workers, and returned to be given up.
    pub fn after_death(&mut self) -> Option<u32> {
        for job in self.open.values_mut() {
            job.answer = Encoded::default();
        }
        // A worker takes the most urgent job first, of equals the oldest.
        let (&id, job) = self.open.iter_mut().min_by_key(|(id, job)| (job.question.role, **id))?;
        std::mem::replace(&mut job.suspected, true).then_some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    fn open(jobs: &mut Jobs, count: usize) -> (u32, Rc<RefCell<Option<Outcome>>>) {
        let outcome = Rc::new(RefCell::new(None));
        let slot = outcome.clone();
        let done = Box::new(move |outcome| *slot.borrow_mut() = Some(outcome));
        let question = Question { role: Role::Label, unit: Unit::Text, texts: vec!["x".into(); count] };
        (jobs.open(question, done), outcome)
    }

    fn encoded(vectors: &[f32], cut: &[u8]) -> Encoded {
        let ranges = [0, 1].repeat(cut.len());
        Encoded {
            vectors: vectors.to_vec(),
            windows: vec![1; cut.len()],
            ranges,
            cut: cut.to_vec(),
            ..Encoded::default()
        }
    }

    #[test]
    fn parts_add_up_in_order() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 3);
        jobs.extend(id, encoded(&[1.0, 2.0], &[0, 1]));
        jobs.extend(id, encoded(&[3.0], &[0]));
        jobs.finish(id).unwrap()();
        assert_eq!(outcome.take(), Some(Ok(encoded(&[1.0, 2.0, 3.0], &[0, 1, 0]))));
    }

    #[test]
    fn a_cancelled_job_hears_nothing() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 1);
        assert!(jobs.cancel(id));
        jobs.extend(id, encoded(&[1.0], &[0]));
        assert!(jobs.finish(id).is_none());
        assert_eq!(outcome.take(), None);
    }

    #[test]
    fn a_missing_text_is_an_error() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 2);
        jobs.extend(id, encoded(&[1.0], &[0]));
        jobs.finish(id).unwrap()();
        assert!(outcome.take().unwrap().is_err());
    }

    #[test]
    fn a_job_survives_one_death_but_not_two() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 1);
        let (other, _) = open(&mut jobs, 1);
        jobs.extend(id, encoded(&[9.0], &[0]));
        assert_eq!(jobs.after_death(), None);
        assert_eq!(jobs.waiting().len(), 2);
        jobs.extend(id, encoded(&[1.0], &[0]));
        assert_eq!(jobs.after_death(), Some(id), "and not the one that waits behind it");
        jobs.finish(id);
        assert_eq!(outcome.take(), None);
        assert_eq!(jobs.after_death(), None);
        assert_eq!(jobs.after_death(), Some(other));
    }
}
