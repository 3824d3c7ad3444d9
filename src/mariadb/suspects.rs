//! Which rows that look deleted are not: copies of rows that live elsewhere.
//!
//! A page that was split keeps copies of the rows that moved. They are told by the row's key, or else by what
//! makes a call unique. Only hashes are kept, and only of what looks deleted: a table of many gigabytes is
//! mostly alive.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::definition::Definition;
use super::value::Value;

/// The most suspects that are told apart: 32 bytes each.
const MOST: usize = 2_000_000;

/// A hash long enough that no two rows of one table share it.
pub(super) type Print = u128;

/// What tells one row from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// Its key in the table.
    pub(super) row: Option<Print>,
    /// What makes its call unique.
    pub(super) call: Option<Print>,
}

/// Hashes bytes of one kind.
pub(super) fn print(kind: &str, parts: &[&[u8]]) -> Print {
    let half = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, kind, parts).hash(&mut hasher);
        hasher.finish()
    };
    u128::from(half(0)) << 64 | u128::from(half(1))
}

/// The columns that make a call unique, where a table has the first of them.
const CALL: [&str; 4] = ["uniqueid", "channel", "dstchannel", "sequence"];

/// Finds what makes a table's calls unique.
#[derive(Clone, Debug)]
pub(super) struct CallColumns {
    columns: Vec<usize>,
    /// The columns that name calls.
    names: Vec<usize>,
}

impl CallColumns {
    pub(super) fn of(definition: &Definition) -> Self {
        // Channel events share `uniqueid`; they have a key of their own.
        let is_calls = definition.column("dstchannel").is_some() && definition.column("uniqueid").is_some();
        let found = |names: &[&str]| names.iter().filter_map(|name| definition.column(name)).collect();
        CallColumns {
            columns: if is_calls { found(&CALL) } else { Vec::new() },
            names: found(&["uniqueid", "linkedid"]),
        }
    }

    /// Returns the column of the calls' own identifiers, where the table has calls.
    pub(super) fn identifier(&self) -> Option<usize> {
        self.columns.first().copied()
    }

    /// Returns what makes the row's call unique; nothing where that is lost.
    pub(super) fn print(&self, values: &[Value]) -> Option<Print> {
        let texts: Vec<_> =
            self.columns.iter().map(|&column| values.get(column)?.text()).collect::<Option<_>>()?;
        let parts: Vec<&[u8]> = texts.iter().map(AsRef::as_ref).collect();
        parts.first().is_some_and(|first| !first.is_empty()).then(|| print("call", &parts))
    }
}

/// Rows that look deleted, until a living one is found to be the same.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    rows: HashSet<Print>,
    calls: HashSet<Print>,
    /// How many there was no room for.
    pub(super) dropped: u64,
}

impl Suspects {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.calls.is_empty()
    }

    /// Puts a row under suspicion.
    pub(super) fn add(&mut self, identity: Identity) {
        if self.rows.len() + self.calls.len() >= MOST {
            self.dropped += 1;
            return;
        }
        self.rows.extend(identity.row);
        self.calls.extend(identity.call);
    }

    /// Clears what is the same as a living row.
    pub(super) fn clear(&mut self, identity: Identity) {
        if let Some(row) = identity.row {
            self.rows.remove(&row);
        }
        if let Some(call) = identity.call {
            self.calls.remove(&call);
        }
    }

    /// Returns whether the row is still suspect, and the first of its copies.
    pub(super) fn take(&mut self, identity: Identity) -> bool {
        match identity {
            Identity { row: Some(row), call } => {
                call.is_none_or(|call| self.calls.contains(&call)) && self.rows.remove(&row)
            }
            Identity { row: None, call: Some(call) } => self.calls.remove(&call),
            Identity { row: None, call: None } => false,
        }
    }
}

/// Keys that an index still has, until a row is found that they belong to.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    keys: HashSet<Print>,
    /// How many there was no room for.
    pub(super) dropped: u64,
}

impl Orphans {
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn add(&mut self, key: &[u8]) {
        if self.keys.len() >= MOST {
            self.dropped += 1;
        } else {
            self.keys.insert(print("key", &[key]));
        }
    }

    /// Clears the keys of a row.
    pub(super) fn clear(&mut self, columns: &CallColumns, values: &[Value]) {
        for text in columns.names.iter().filter_map(|&column| values.get(column)?.text()) {
            self.keys.remove(&print("key", &[text.as_ref()]));
        }
    }

    pub(super) fn take(&mut self, key: &[u8]) -> bool {
        self.keys.remove(&print("key", &[key]))
    }
}
