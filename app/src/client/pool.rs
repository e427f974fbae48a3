//! Engines beside the one that follows the typing: they encode the texts of a file.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::engine::{Engine, Event};
use super::jobs::{Outcome, Question};
use crate::browser::property;
use crate::wire::Report;
use crate::wire::engine::{Encoded, Role, Unit};

/// Texts handed to an engine at a time: a tenth of a second to a second of work, so that all engines end together.
pub const SHARE: usize = 32;
/// Shares that an engine has at a time, so that it need not wait to be handed the next.
const AHEAD: usize = 2;
/// The most engines: each holds a model of its own.
const MOST: usize = 8;

/// How many texts in a row may be refused before something else must be wrong.
const REFUSALS: u32 = 3;

/// A share of the texts, by their numbers.
pub type Share = Vec<u32>;

/// What comes of the texts.
#[derive(Debug)]
pub enum Told {
    /// These texts are encoded. Each is told of once.
    Encoded {
        /// Their numbers.
        share: Share,
        /// What they were encoded as.
        encoded: Encoded,
    },
    /// This text cannot be encoded.
    Refused {
        /// Its number.
        text: u32,
        /// Why.
        report: Report,
    },
    /// That was all.
    Done,
    /// No engine is left, or they refuse one text after the other.
    Failed(Report),
}

/// Several engines that share the texts of one file. They end when all texts are encoded or refused, or when the pool is
/// dropped.
pub struct Pool {
    inner: Rc<Inner>,
}

struct Inner {
    /// The text of a number.
    text: Box<dyn Fn(u32) -> String>,
    /// What no engine has yet.
    open: RefCell<VecDeque<Share>>,
    members: RefCell<Vec<Member>>,
    /// Shares without vectors.
    left: Cell<usize>,
    refusals: Cell<u32>,
    tell: Box<dyn Fn(Told)>,
}

struct Member {
    engine: Engine,
    shares: Vec<Share>,
}

/// How many engines this device can spare: all of its processor's threads but the one for the page and the typing, and
/// no more than one for each gigabyte of memory, where the browser says.
pub fn spare_engines() -> usize {
    let navigator = property(&js_sys::global(), "navigator");
    let number = |name| navigator.as_ref().and_then(|n| property(n, name)).and_then(|value| value.as_f64());
    let threads = number("hardwareConcurrency").map_or(1, |threads| threads as usize);
    let memory = number("deviceMemory").map_or(MOST, |gigabytes| gigabytes as usize);
    threads.saturating_sub(1).min(memory).clamp(1, MOST)
}

impl Pool {
    /// Starts engines for these texts: `size` at most. `tell` hears of the texts in shares, in any order.
    pub fn new(
        script: &str,
        manifest: &str,
        size: usize,
        texts: &[u32],
        text: impl Fn(u32) -> String + 'static,
        tell: impl Fn(Told) + 'static,
    ) -> Self {
        let open: VecDeque<Share> = texts.chunks(SHARE).map(<[u32]>::to_vec).collect();
        let size = size.min(open.len());
        let left = Cell::new(open.len());
        let (text, tell) = (Box::new(text), Box::new(tell));
        let (open, members, refusals) = (RefCell::new(open), RefCell::default(), Cell::default());
        let inner = Rc::new(Inner { text, open, members, left, refusals, tell });
        for number in 0..size {
            // Members do not keep the pool: dropping it ends them.
            let pool = Rc::downgrade(&inner);
            let engine = Engine::of_kept(script, manifest, move |event| {
                if let (Some(pool), Event::Failed(report)) = (pool.upgrade(), event) {
                    pool.lost(number, report);
                }
            });
            inner.members.borrow_mut().push(Member { engine, shares: Vec::new() });
        }
        for number in 0..size {
            // An engine keeps what it is asked until it is ready.
            (0..AHEAD).for_each(|_| inner.clone().hand_out(number));
            let engine = inner.members.borrow().get(number).map(|member| member.engine.clone());
            engine.inspect(Engine::start);
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
    /// Gives an engine the next share, if there is one.
    fn hand_out(self: Rc<Self>, number: usize) {
        let Some(share) = self.open.borrow_mut().pop_front() else { return };
        let texts = share.iter().map(|&text| (self.text)(text)).collect();
        let engine = {
            let mut members = self.members.borrow_mut();
            let Some(member) = members.get_mut(number) else { return };
            member.shares.push(share.clone());
            member.engine.clone()
        };
        let pool = Rc::downgrade(&self);
        engine.encode(Question { role: Role::File, unit: Unit::Text, texts }, move |outcome| {
            if let Some(pool) = pool.upgrade() {
                pool.receive(number, share, outcome);
            }
        });
    }

    fn receive(self: Rc<Self>, number: usize, share: Share, outcome: Outcome) {
        if let Some(member) = self.members.borrow_mut().get_mut(number) {
            member.shares.retain(|other| *other != share);
        }
        match outcome {
            Ok(encoded) => {
                self.refusals.set(0);
                (self.tell)(Told::Encoded { share, encoded });
            }
            // One of them is to blame: they go on in halves, until it stands alone.
            Err(_) if share.len() > 1 => {
                let (first, second) = share.split_at(share.len() / 2);
                let mut open = self.open.borrow_mut();
                open.push_front(second.to_vec());
                open.push_front(first.to_vec());
                self.left.set(self.left.get() + 2);
            }
            Err(report) => {
                self.refusals.set(self.refusals.get() + 1);
                if self.refusals.get() >= REFUSALS {
                    return self.fail(report);
                }
                share.iter().for_each(|&text| (self.tell)(Told::Refused { text, report: report.clone() }));
            }
        }
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            self.end();
            (self.tell)(Told::Done);
        } else {
            self.hand_out(number);
        }
    }

    /// An engine could not be started, or died too often: the others take over what it had.
    fn lost(self: Rc<Self>, number: usize, report: Report) {
        let others: Vec<usize> = {
            let mut members = self.members.borrow_mut();
            let Some(member) = members.get_mut(number) else { return };
            member.engine.stop();
            let shares = std::mem::take(&mut member.shares);
            shares.into_iter().rev().for_each(|share| self.open.borrow_mut().push_front(share));
            (0..members.len()).filter(|&other| members[other].engine.is_running()).collect()
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
            member.engine.stop();
        }
    }
}
