//! What happens to the file that is open.

use std::time::Duration;

use leptos::prelude::*;
use undertone_core::{Roles, ScoreOptions, Table};

use super::{App, addresses};
use crate::client::{Pool, Told, spare_workers};
use crate::sheet::{Sheet, Stage};

/// How long new rows gather before all are scored: texts come by the second, and a table that changes more often than
/// this only flickers.
const SCORING_PAUSE: Duration = Duration::from_millis(250);

impl App {
    /// Opens a file, instead of the one that is open. Its texts are read as soon as the model is here.
    pub fn open(self, name: String, content: &[u8]) {
        let table = match Table::read(&name, content) {
            Ok(table) => table,
            Err(error) => return self.complain(error.to_string()),
        };
        if let Some(problem) = table.problems().first() {
            return self.complain(format!("{name}:{}: {}", problem.line, problem.message));
        }
        let roles = Roles::guess(&table);
        let has_text = |column: usize| (0..table.len()).any(|row| !table.text(row, column).trim().is_empty());
        if !roles.text_column().is_some_and(has_text) {
            return self.complain(format!("{name} has no text in it; choose another file"));
        }
        self.clear_notice();
        self.pending.set_value(Some((table, roles)));
        self.read_pending();
    }

    /// Stops reading the file. What was read stays.
    pub fn stop_reading(self) {
        self.pool.set_value(None);
        self.sheet.update(|sheet| {
            if let Some(sheet) = sheet.as_mut().filter(|sheet| sheet.stage == Stage::Reading) {
                sheet.stage = Stage::Stopped;
            }
        });
        self.score_sheet();
    }

    /// Puts the file away.
    pub fn close_file(self) {
        self.pool.set_value(None);
        self.sheet.set(None);
    }

    /// Reads the file that waits, if the model is here.
    pub(super) fn read_pending(self) {
        let Some(loaded) = untrack(|| self.model()) else { return };
        let Some((table, roles)) = self.pending.try_update_value(Option::take).flatten() else { return };
        let sheet = Sheet::new(&table, &roles, &loaded);
        let texts = sheet.texts();
        // The old workers end before new ones begin.
        self.pool.set_value(None);
        self.sheet.set(Some(sheet));
        match addresses() {
            Ok((script, manifest)) => {
                let pool = Pool::new(&script, &manifest, spare_workers(), texts, move |told| self.hear_pool(told));
                self.pool.set_value(Some(pool));
            }
            Err(error) => self.complain(crate::browser::describe(&error)),
        }
    }

    /// Scores the file anew whenever labels or options change.
    pub(super) fn keep_sheet(self) {
        Effect::new(move |_| {
            self.prepared.track();
            self.mode.track();
            self.threshold.track();
            self.score_sheet();
        });
        Effect::new(move |_| {
            self.engine.track();
            self.read_pending();
        });
    }

    fn hear_pool(self, told: Told) {
        match told {
            Told::Rows { from, rows } => {
                let pushed =
                    self.sheet.try_update(|sheet| sheet.as_mut().map_or(Ok(()), |sheet| sheet.push(from, rows)));
                if let Some(Err(error)) = pushed {
                    self.stop_reading();
                    return self.complain(error.to_string());
                }
                if !self.scoring.get_value() {
                    self.scoring.set_value(true);
                    set_timeout(
                        move || {
                            self.scoring.set_value(false);
                            self.score_sheet();
                        },
                        SCORING_PAUSE,
                    );
                }
            }
            Told::Done => {
                self.sheet.update(|sheet| {
                    if let Some(sheet) = sheet {
                        sheet.stage = Stage::Read;
                    }
                });
                self.score_sheet();
                // Not at once: this is the pool's own call.
                queue_microtask(move || self.pool.set_value(None));
            }
            Told::Failed(report) => {
                queue_microtask(move || self.stop_reading());
                self.complain(report.message);
            }
        }
    }

    fn score_sheet(self) {
        // Until all wordings have a vector, the last scores stay.
        let Ok(Some(labels)) = self.prepared.get_untracked() else { return };
        let options = ScoreOptions { mode: self.mode.get_untracked(), threshold: self.threshold.get_untracked() };
        let set = self.board.with_untracked(|board| board.labels.clone());
        if self.sheet.with_untracked(Option::is_none) {
            return;
        }
        let scored =
            self.sheet.try_update(|sheet| sheet.as_mut().map_or(Ok(()), |sheet| sheet.score(&labels, &set, &options)));
        if let Some(Err(error)) = scored {
            self.complain(error.to_string());
        }
    }
}
