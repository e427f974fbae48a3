//! The texts that wait for the model.

use std::collections::VecDeque;

use crate::wire::Role;

/// The most texts in a chunk. What arrives while a chunk runs waits for its end, so that chunks
/// must stay far below what a person notices.
const CHUNK_TEXTS: usize = 8;
/// The most characters in a chunk, unless a single text is longer.
const CHUNK_CHARS: usize = 1_200;

#[derive(Debug)]
struct Job {
    id: u32,
    role: Role,
    texts: VecDeque<String>,
}

/// Some texts of one job, to be encoded together.
#[derive(Debug, PartialEq)]
pub struct Chunk {
    /// The job.
    pub id: u32,
    /// The texts.
    pub texts: Vec<String>,
    /// Whether the job ends with them.
    pub last: bool,
}

/// Jobs in the order of their urgency, then of their arrival, handed out in chunks.
#[derive(Debug, Default)]
pub struct Queue {
    jobs: Vec<Job>,
}

impl Queue {
    /// Puts a job behind those that are at least as urgent.
    pub fn push(&mut self, id: u32, role: Role, texts: Vec<String>) {
        let place = self.jobs.partition_point(|job| job.role <= role);
        let texts = texts.into();
        self.jobs.insert(place, Job { id, role, texts });
    }

    /// Drops what is left of a job.
    pub fn cancel(&mut self, id: u32) {
        self.jobs.retain(|job| job.id != id);
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
        let (id, last) = (job.id, job.texts.is_empty());
        if last {
            self.jobs.remove(0);
        }
        Some(Chunk { id, texts, last })
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
        queue.push(1, Role::Label, texts(CHUNK_TEXTS + 1));
        assert!(!queue.next_chunk().unwrap().last);
        queue.push(2, Role::Label, texts(1));
        queue.push(3, Role::Typing, texts(1));
        let order: Vec<_> = std::iter::from_fn(|| queue.next_chunk()).map(|chunk| (chunk.id, chunk.last)).collect();
        assert_eq!(order, [(3, true), (1, true), (2, true)]);
    }

    #[test]
    fn a_cancelled_job_is_never_handed_out() {
        let mut queue = Queue::default();
        queue.push(1, Role::Typing, texts(20));
        queue.next_chunk();
        queue.cancel(1);
        assert_eq!(queue.next_chunk(), None);
    }

    #[test]
    fn a_long_text_travels_alone() {
        let mut queue = Queue::default();
        let long = "x".repeat(CHUNK_CHARS + 1);
        queue.push(1, Role::Typing, vec!["a".into(), long.clone(), "b".into()]);
        let chunks: Vec<_> = std::iter::from_fn(|| queue.next_chunk()).map(|chunk| chunk.texts).collect();
        assert_eq!(chunks, [vec!["a".to_string()], vec![long], vec!["b".into()]]);
    }

    #[test]
    fn an_empty_job_still_ends() {
        let mut queue = Queue::default();
        queue.push(1, Role::Label, Vec::new());
        assert!(queue.next_chunk().unwrap().last);
        assert_eq!(queue.next_chunk(), None);
    }
}
