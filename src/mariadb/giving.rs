//! Rows on their way to whoever wants them.

use std::ops::ControlFlow;

use super::definition::Definition;
use super::row::{Row, Summary};
use super::suspects::{CallColumns, Orphans};

/// Takes rows, counts them, and stops when they are no longer wanted.
pub(super) struct Giving<'t> {
    take: &'t mut dyn FnMut(Row) -> ControlFlow<()>,
    /// The columns that name calls.
    calls: CallColumns,
    /// Keys that are left of rows: those of rows that are given are taken off.
    pub(super) orphans: Orphans,
    /// What was given, and what could not be.
    pub(super) summary: Summary,
    /// Are no more rows wanted?
    pub(super) is_over: bool,
}

impl<'t> Giving<'t> {
    pub(super) fn new(definition: &Definition, take: &'t mut dyn FnMut(Row) -> ControlFlow<()>) -> Self {
        Giving {
            take,
            calls: CallColumns::of(definition),
            orphans: Orphans::default(),
            summary: Summary::default(),
            is_over: false,
        }
    }

    /// Gives a row, unless no more are wanted.
    pub(super) fn give(&mut self, row: Row) {
        if !self.is_over {
            if !self.orphans.is_empty() {
                self.orphans.clear(&self.calls, &row.values);
            }
            *self.summary.rows.entry(row.state).or_default() += 1;
            self.is_over = (self.take)(row).is_break();
        }
    }
}
