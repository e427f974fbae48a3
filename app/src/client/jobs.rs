//! What the page asked the worker and has not been told yet.

use std::collections::BTreeMap;

use crate::wire::{BrowserErrorKind, Report, Role, Rows};

/// What a job came to.
pub type Outcome = Result<Rows, Report>;

type Callback = Box<dyn FnOnce(Outcome)>;

struct Job {
    role: Role,
    texts: Vec<String>,
    rows: Rows,
    replayed: bool,
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
    pub fn open(&mut self, role: Role, texts: Vec<String>, done: Callback) -> u32 {
        self.last = self.last.wrapping_add(1);
        let job = Job { role, texts, rows: Rows::default(), replayed: false, done };
        self.open.insert(self.last, job);
        self.last
    }

    /// Takes in some of a job's rows.
    pub fn rows(&mut self, id: u32, rows: Rows) {
        if let Some(job) = self.open.get_mut(&id) {
            job.rows.extend(rows);
        }
    }

    /// Closes a job: call what is returned, if anybody still waits for it.
    pub fn finish(&mut self, id: u32) -> Option<impl FnOnce() + use<>> {
        let job = self.open.remove(&id)?;
        Some(move || {
            let outcome = if job.rows.windows.len() == job.texts.len() {
                Ok(job.rows)
            } else {
                Err(Report::browser(BrowserErrorKind::Worker, "the worker left texts out: reload the page"))
            };
            (job.done)(outcome);
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
    pub fn waiting(&self) -> Vec<(u32, Role, Vec<String>)> {
        self.open.iter().map(|(&id, job)| (id, job.role, job.texts.clone())).collect()
    }

    /// The worker died: half-answered jobs begin again, but one that has already been through
    /// this may be what kills workers, and is given up.
    pub fn after_death(&mut self) -> Vec<u32> {
        let mut given_up = Vec::new();
        for (&id, job) in &mut self.open {
            job.rows = Rows::default();
            if std::mem::replace(&mut job.replayed, true) {
                given_up.push(id);
            }
        }
        given_up
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
        (jobs.open(Role::Label, vec!["x".into(); count], done), outcome)
    }

    fn rows(vectors: &[f32], cut: &[bool]) -> Rows {
        Rows { vectors: vectors.to_vec(), windows: vec![1; cut.len()], cut: cut.to_vec() }
    }

    #[test]
    fn rows_add_up_in_order() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 3);
        jobs.rows(id, rows(&[1.0, 2.0], &[false, true]));
        jobs.rows(id, rows(&[3.0], &[false]));
        jobs.finish(id).unwrap()();
        assert_eq!(outcome.take(), Some(Ok(rows(&[1.0, 2.0, 3.0], &[false, true, false]))));
    }

    #[test]
    fn a_cancelled_job_hears_nothing() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 1);
        assert!(jobs.cancel(id));
        jobs.rows(id, rows(&[1.0], &[false]));
        assert!(jobs.finish(id).is_none());
        assert_eq!(outcome.take(), None);
    }

    #[test]
    fn missing_rows_are_an_error() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 2);
        jobs.rows(id, rows(&[1.0], &[false]));
        jobs.finish(id).unwrap()();
        assert!(outcome.take().unwrap().is_err());
    }

    #[test]
    fn a_job_survives_one_death_but_not_two() {
        let mut jobs = Jobs::default();
        let (id, outcome) = open(&mut jobs, 1);
        jobs.rows(id, rows(&[9.0], &[false]));
        assert!(jobs.after_death().is_empty());
        assert_eq!(jobs.waiting().len(), 1);
        jobs.rows(id, rows(&[1.0], &[false]));
        assert_eq!(jobs.after_death(), [id]);
        jobs.finish(id);
        assert_eq!(outcome.take(), None);
    }
}
