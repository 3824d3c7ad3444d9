//! The log, in whichever of its forms: where it begins and ends, and its groups of changes.

use std::ops::ControlFlow;

use super::blocks::{self, Blocks};
use super::change::Change;
use super::sealed::{self, Sealed};
use crate::mariadb::bytes::{ReadAt, read_part};

/// No group of changes is longer.
pub(super) const LONGEST_GROUP: usize = 1 << 20;

/// A redo log.
pub(in crate::mariadb) struct Log<'a> {
    form: Form<'a>,
    /// Up to where everything reached the tables' files.
    pub(in crate::mariadb) checkpoint: u64,
}

enum Form<'a> {
    /// Since MariaDB 10.8.
    Sealed(Sealed<'a>),
    /// Of MariaDB 10.5 to 10.7.
    Blocks(Blocks<'a>),
}

/// A group of changes that belong together.
pub(in crate::mariadb) struct Group<'a> {
    /// Its log position.
    pub(in crate::mariadb) start: u64,
    /// The position behind it.
    pub(in crate::mariadb) end: u64,
    /// Its records.
    pub(in crate::mariadb) records: &'a [u8],
}

impl Group<'_> {
    /// Gives the changes of the group.
    pub(in crate::mariadb) fn changes(&self, take: &mut dyn FnMut(Change<'_>)) {
        super::change::changes(self.records, take);
    }
}

/// Is a log that begins so of a form that is read?
pub(in crate::mariadb) fn is_read(head: &[u8]) -> bool {
    head.starts_with(sealed::MAGIC) || head.starts_with(blocks::MAGIC)
}

impl<'a> Log<'a> {
    /// Opens a log, or tells why it is not read.
    pub(in crate::mariadb) fn open(file: &'a dyn ReadAt) -> Result<Self, String> {
        let head = read_part(file, 0, 512).map_err(|error| format!("cannot be read: {error}"))?;
        if head.starts_with(sealed::MAGIC) {
            let log = Sealed::open(file, &head)?;
            return Ok(Log { checkpoint: log.checkpoint, form: Form::Sealed(log) });
        }
        if head.starts_with(blocks::MAGIC) {
            let log = Blocks::open(file, &head)?;
            return Ok(Log { checkpoint: log.checkpoint, form: Form::Blocks(log) });
        }
        Err("of a form that is not read (before MariaDB 10.5, or MySQL's)".to_owned())
    }

    /// Returns the byte of the file at which a log position lies.
    pub(in crate::mariadb) fn offset(&self, position: u64) -> u64 {
        match &self.form {
            Form::Sealed(log) => log.offset(position),
            Form::Blocks(log) => log.offset(position),
        }
    }

    /// Gives the groups from a position on, up to the end of the log, and returns that.
    pub(in crate::mariadb) fn groups(
        &self,
        from: u64,
        take: &mut dyn FnMut(&Group<'_>) -> ControlFlow<()>,
    ) -> u64 {
        match &self.form {
            Form::Sealed(log) => log.groups(from, take),
            Form::Blocks(log) => log.groups(from, take),
        }
    }

    /// Returns the oldest position from which the log can be read, its end being known.
    pub(in crate::mariadb) fn oldest(&self, end: u64) -> u64 {
        match &self.form {
            Form::Sealed(log) => log.oldest(end),
            Form::Blocks(log) => log.oldest(end),
        }
    }
}
