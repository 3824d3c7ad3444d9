//! A row, where it was found, and how sure it is that it was deleted.

use std::collections::BTreeMap;

use super::value::Value;

/// A row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// A value for each column of the table, in its order.
    pub values: Vec<Value>,
    /// Alive or deleted, and how that is known.
    pub state: RowState,
    /// In which of the table's files it was found.
    pub file: RowFile,
    /// The byte of that file at which the record, or the page or log entry that holds it, begins.
    pub offset: u64,
}

/// The files in which rows are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowFile {
    /// The table's own: `.ibd`, `.MYD` or `.MAD`.
    Data,
    /// InnoDB's redo log, `ib_logfile0`.
    Log,
}

/// Alive or deleted, and how that is known; the surest sign of deletion first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RowState {
    /// The table has it.
    Live,
    /// Its file does not have it yet, but starting the server would put it there.
    InsertedInLog,
    /// Its file has it still, but starting the server would delete it, as the redo log says.
    DeletedInLog,
    /// Marked as deleted, and not removed yet.
    DeleteMarked,
    /// In a page that the table gave back without writing it again.
    FreedPage,
    /// In the list of freed records of a page.
    FreeList,
    /// In the unused space of a page that has living rows too.
    FreeSpace,
    /// In a block of a MyISAM table that was given back; its beginning is overwritten.
    DeletedBlock,
    /// The redo log tells that it was written once, and the table has it no more.
    Log,
    /// Only a key of it is left, in an index.
    IndexRemnant,
    /// In a page that belongs to the table but hangs on nothing: alive or deleted cannot be told.
    Detached,
}

impl RowState {
    /// All states, in their order.
    pub const ALL: [RowState; 11] = [
        RowState::Live,
        RowState::InsertedInLog,
        RowState::DeletedInLog,
        RowState::DeleteMarked,
        RowState::FreedPage,
        RowState::FreeList,
        RowState::FreeSpace,
        RowState::DeletedBlock,
        RowState::Log,
        RowState::IndexRemnant,
        RowState::Detached,
    ];

    /// Returns whether somebody deleted it, and it is there to be read.
    pub fn is_deleted(self) -> bool {
        !matches!(
            self,
            RowState::Live | RowState::InsertedInLog | RowState::Detached | RowState::IndexRemnant
        )
    }

    /// Says in brackets what a report adds to such a row; nothing for a living one.
    pub fn words(self) -> &'static str {
        match self {
            RowState::Live => "",
            RowState::InsertedInLog => "[in the redo log only, not yet in the table's file]",
            RowState::DeletedInLog => "[deleted shortly before the server was killed, as the redo log tells]",
            RowState::DeleteMarked => "[deleted, marked so in the table's file]",
            RowState::FreedPage => "[deleted, recovered from a freed page]",
            RowState::FreeList => "[deleted, recovered from a page's list of freed records]",
            RowState::FreeSpace => "[deleted, recovered from the unused space of a page]",
            RowState::DeletedBlock => "[deleted, recovered from a freed block, its beginning overwritten]",
            RowState::Log => "[deleted, recovered from the redo log]",
            RowState::IndexRemnant => "[probably deleted: only its key is left in an index]",
            RowState::Detached => "[in a page that hangs on nothing: alive or deleted cannot be told]",
        }
    }
}

/// What was read of a table, and what could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many rows were given, by state.
    pub rows: BTreeMap<RowState, u64>,
    /// Freed records of which only the size is left, their bytes having been wiped.
    pub wiped: u64,
    /// Records that were found and could not be read.
    pub unreadable: u64,
    /// Damage and limits, and which of two states is shown, each a sentence.
    pub notes: Vec<String>,
}

impl Summary {
    /// Returns how many rows of a state were given.
    pub fn count(&self, state: RowState) -> u64 {
        self.rows.get(&state).copied().unwrap_or(0)
    }

    /// Returns how many deleted rows were given.
    pub fn deleted(&self) -> u64 {
        self.rows.iter().filter(|(state, _)| state.is_deleted()).map(|(_, count)| count).sum()
    }

    /// Adds a sentence, unless it stands there already.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
