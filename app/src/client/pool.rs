//! Workers beside the one that follows the typing: they read the texts of a file.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use crate::browser::property;
use crate::client::{Client, Event, Outcome};
use crate::wire::{Report, Role, Rows};

/// Texts handed to a worker at a time: a tenth of a second to a second of work, so that all workers end together.
const SHARE: usize = 32;
/// Shares that a worker has at a time, so that it need not wait for the page to hand it the next.
const AHEAD: usize = 2;
/// The most workers: each holds a model of its own.
const MOST: usize = 8;

/// What comes of the texts.
#[derive(Debug)]
pub enum Told {
    /// The texts from this one on.
    Rows {
        /// The first text's place.
        from: usize,
        /// What they were encoded as.
        rows: Rows,
    },
    /// That was all.
    Done,
    /// No worker is left, or one gave a text up.
    Failed(Report),
}

/// Several workers that share the texts of one file. They end when all texts are read, when one cannot be, or when the
/// pool is dropped.
pub struct Pool {
    inner: Rc<Inner>,
}

struct Inner {
    texts: Vec<String>,
    /// What no worker has yet.
    open: RefCell<VecDeque<Range<usize>>>,
    members: RefCell<Vec<Member>>,
    /// Texts without a vector.
    left: Cell<usize>,
    tell: Box<dyn Fn(Told)>,
}

struct Member {
    client: Client,
    shares: Vec<Range<usize>>,
}

/// How many workers this device can spare: all of its processor's threads but the one for the page and the typing, and
/// no more than one for each gigabyte of memory, where the browser says.
pub fn spare_workers() -> usize {
    let navigator = property(&js_sys::global(), "navigator");
    let number = |name| navigator.as_ref().and_then(|n| property(n, name)).and_then(|value| value.as_f64());
    let threads = number("hardwareConcurrency").map_or(1, |threads| threads as usize);
    let memory = number("deviceMemory").map_or(MOST, |gigabytes| gigabytes as usize);
    threads.saturating_sub(1).min(memory).clamp(1, MOST)
}

impl Pool {
    /// Starts workers for these texts: `size` at most. `tell` hears of the texts in shares, in any order.
    pub fn new(script: &str, manifest: &str, size: usize, texts: Vec<String>, tell: impl Fn(Told) + 'static) -> Self {
        let open: VecDeque<_> =
            (0..texts.len()).step_by(SHARE).map(|from| from..(from + SHARE).min(texts.len())).collect();
        let size = size.min(open.len());
        let left = Cell::new(texts.len());
        let inner =
            Rc::new(Inner { texts, open: RefCell::new(open), members: RefCell::default(), left, tell: Box::new(tell) });
        for number in 0..size {
            // Members do not keep the pool: dropping it ends them.
            let pool = Rc::downgrade(&inner);
            let client = Client::new(script, manifest, move |event| {
                if let (Some(pool), Event::Failed(report)) = (pool.upgrade(), event) {
                    pool.lost(number, report);
                }
            });
            inner.members.borrow_mut().push(Member { client, shares: Vec::new() });
        }
        for number in 0..size {
            // The client keeps what it is asked until its worker is ready.
            (0..AHEAD).for_each(|_| inner.clone().hand_out(number));
            let client = inner.members.borrow().get(number).map(|member| member.client.clone());
            client.inspect(Client::start);
        }
        Self { inner }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.inner.end();
    }
}

impl Inner {
    /// Gives a worker the next share, if there is one.
    fn hand_out(self: Rc<Self>, number: usize) {
        let Some(share) = self.open.borrow_mut().pop_front() else { return };
        let texts = self.texts[share.clone()].to_vec();
        let client = {
            let mut members = self.members.borrow_mut();
            let Some(member) = members.get_mut(number) else { return };
            member.shares.push(share.clone());
            member.client.clone()
        };
        let pool = Rc::downgrade(&self);
        client.embed(Role::File, texts, move |outcome| {
            if let Some(pool) = pool.upgrade() {
                pool.receive(number, share, outcome);
            }
        });
    }

    fn receive(self: Rc<Self>, number: usize, share: Range<usize>, outcome: Outcome) {
        if let Some(member) = self.members.borrow_mut().get_mut(number) {
            member.shares.retain(|other| *other != share);
        }
        match outcome {
            Ok(rows) => {
                self.left.set(self.left.get() - share.len());
                (self.tell)(Told::Rows { from: share.start, rows });
                if self.left.get() == 0 {
                    self.end();
                    (self.tell)(Told::Done);
                } else {
                    self.hand_out(number);
                }
            }
            Err(report) => self.fail(report),
        }
    }

    /// A worker could not be started, or died too often: the others take over what it had.
    fn lost(self: Rc<Self>, number: usize, report: Report) {
        let others: Vec<usize> = {
            let mut members = self.members.borrow_mut();
            let Some(member) = members.get_mut(number) else { return };
            member.client.stop();
            let shares = std::mem::take(&mut member.shares);
            shares.into_iter().rev().for_each(|share| self.open.borrow_mut().push_front(share));
            (0..members.len()).filter(|&other| members[other].client.is_running()).collect()
        };
        if others.is_empty() {
            return self.fail(report);
        }
        for other in others {
            self.clone().hand_out(other);
        }
    }

    fn fail(&self, report: Report) {
        self.end();
        (self.tell)(Told::Failed(report));
    }

    fn end(&self) {
        self.open.borrow_mut().clear();
        for member in self.members.borrow_mut().drain(..) {
            member.client.stop();
        }
    }
}
