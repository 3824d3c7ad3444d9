//! Rows on their way to whoever wants them.

use std::ops::ControlFlow;

use super::row::{Row, Summary};

/// Takes rows, counts them, and stops when they are no longer wanted.
pub(super) struct Giving<'t> {
    take: &'t mut dyn FnMut(Row) -> ControlFlow<()>,
    /// What was given, and what could not be.
    pub(super) summary: Summary,
    /// Are no more rows wanted?
    pub(super) is_over: bool,
}

impl<'t> Giving<'t> {
    pub(super) fn new(take: &'t mut dyn FnMut(Row) -> ControlFlow<()>) -> Self {
        Giving { take, summary: Summary::default(), is_over: false }
    }

    /// Gives a row, unless no more are wanted.
    pub(super) fn give(&mut self, row: Row) {
        if !self.is_over {
            *self.summary.rows.entry(row.state).or_default() += 1;
            self.is_over = (self.take)(row).is_break();
        }
    }
}
