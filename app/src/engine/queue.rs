//! The texts that wait for the model.

use std::collections::VecDeque;

use crate::wire::engine::{Role, Unit};

/// The most texts in a chunk. What arrives while a chunk runs waits for its end, so that chunks
/// must stay far below what a person notices.
const CHUNK_TEXTS: usize = 8;
/// The most characters in a chunk, unless a single text is longer.
const CHUNK_CHARS: usize = 1_200;

#[derive(Debug)]
struct Job {
    id: u32,
    role: Role,
    unit: Unit,
    texts: VecDeque<String>,
}

/// Some texts of one job, to be encoded together.
#[derive(Debug, PartialEq)]
pub struct Chunk {
    /// The job.
    pub id: u32,
    /// How urgent it is.
    pub role: Role,
    /// What gets a vector.
    pub unit: Unit,
    /// The texts.
    pub texts: Vec<String>,
    /// Whether the job ends with them.
    pub last: bool,
}

/// Jobs in the order of their urgency, then of their arrival, handed out in chunks.
#[derive(Debug, Default)]
pub struct Queue {
    jobs: Vec<Job>,
    /// The job whose last chunk was handed out and is not finished.
    last: Option<u32>,
}

impl Queue {
    /// Puts a job behind those that are at least as urgent.
    pub fn push(&mut self, id: u32, role: Role, unit: Unit, texts: Vec<String>) {
        let place = self.jobs.partition_point(|job| job.role <= role);
        let texts = texts.into();
        self.jobs.insert(place, Job { id, role, unit, texts });
    }

    /// Drops what is left of a job.
    pub fn cancel(&mut self, id: u32) {
        self.jobs.retain(|job| job.id != id);
        self.finish(id);
    }

    /// A job's last chunk is done.
    pub fn finish(&mut self, id: u32) {
        self.last = self.last.filter(|&last| last != id);
    }

    /// Whether somebody waits for a job: it has chunks left, or its last one is not finished.
    pub fn is_wanted(&self, id: u32) -> bool {
        self.last == Some(id) || self.jobs.iter().any(|job| job.id == id)
    }

    /// The next texts to encode.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        let job = self.jobs.first_mut()?;
        let mut texts = Vec::new();
        let mut chars = 0;
        while let Some(text) = job.texts.front() {
            chars += text.len();
            let full = texts.len() == CHUNK_TEXTS || chars > CHUNK_CHARS;
            if full && !texts.is_empty() {
                break;
            }
            texts.extend(job.texts.pop_front());
        }
        let (id, role, unit, last) = (job.id, job.role, job.unit, job.texts.is_empty());
        if last {
            self.jobs.remove(0);
            self.last = Some(id);
        }
        Some(Chunk { id, role, unit, texts, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(count: usize) -> Vec<String> {
        (0..count).map(|i| i.to_string()).collect()
    }

    #[test]
    fn typing_overtakes_labels_that_have_begun() {
        let mut queue = Queue::default();
        queue.push(1, Role::Label, Unit::Text, texts(CHUNK_TEXTS + 1));
        assert!(!queue.next_chunk().unwrap().last);
        queue.push(2, Role::Label, Unit::Text, texts(1));
        queue.push(3, Role::Typing, Unit::Text, texts(1));
        let order: Vec<_> = std::iter::from_fn(|| queue.next_chunk()).map(|chunk| (chunk.id, chunk.last)).collect();
        assert_eq!(order, [(3, true), (1, true), (2, true)]);
    }

    #[test]
    fn a_cancelled_job_is_never_handed_out() {
        let mut queue = Queue::default();
        queue.push(1, Role::Typing, Unit::Text, texts(20));
        queue.next_chunk();
        queue.cancel(1);
        assert_eq!(queue.next_chunk(), None);
    }

    #[test]
    fn the_last_chunk_is_wanted_until_it_is_finished_or_cancelled() {
        let mut queue = Queue::default();
        for finish in [Queue::finish, Queue::cancel] {
            queue.push(1, Role::Typing, Unit::Text, texts(1));
            queue.next_chunk();
            assert!(queue.is_wanted(1));
            finish(&mut queue, 1);
            assert!(!queue.is_wanted(1));
        }
    }

    #[test]
    fn a_long_text_travels_alone() {
        let mut queue = Queue::default();
        let long = "x".repeat(CHUNK_CHARS + 1);
        queue.push(1, Role::Typing, Unit::Text, vec!["a".into(), long.clone(), "b".into()]);
        let chunks: Vec<_> = std::iter::from_fn(|| queue.next_chunk()).map(|chunk| chunk.texts).collect();
        assert_eq!(chunks, [vec!["a".to_string()], vec![long], vec!["b".into()]]);
    }

    #[test]
    fn an_empty_job_still_ends() {
        let mut queue = Queue::default();
        queue.push(1, Role::Label, Unit::Text, Vec::new());
        assert!(queue.next_chunk().unwrap().last);
        assert_eq!(queue.next_chunk(), None);
    }
}
