//! The walk over a dump: statement after statement, row after row, of any length.
//!
//! It is given bytes and returns how many of them it is done with; the rest is given again with more
//! behind it. What it makes of a row depends on nothing but the bytes of the dump, so that any cut gives
//! the same rows. A row that is no row is lost alone: the walk goes on at the next beginning of a row or
//! of a statement.

mod recovery;
mod rows;

use std::collections::BTreeMap;

use super::columns::{Column, Table};
use super::dialect::Dialect;
use super::known;
use super::pass::{Pass, Passed};
use super::row::Row;
use super::scan::{Scan, skip_blank};
use super::statement::{self, Statement};
use crate::readers::Why;

/// No head of a statement that tells columns is longer; a longer one is passed over.
const LONGEST_HEAD: usize = 256 * 1024;
/// Columns remembered of all tables created.
const MOST_CREATED: usize = 100_000;

/// Where a row or what is left of one stands, counted from the first byte given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Bytes before it.
    pub(crate) offset: usize,
    /// Its length in bytes.
    pub(crate) length: usize,
    /// Line ends before it.
    pub(crate) line: usize,
}

/// Takes the rows of the tables that it wants.
pub(crate) trait Rows {
    /// Rows of `table` follow; returns whether they are wanted. Those of others are only counted.
    fn begin(&mut self, table: &Table) -> bool;
    /// Takes a row, a value a column; `None` is `NULL`.
    fn row(&mut self, values: &[Option<&[u8]>], place: Place);
    /// A row was lost.
    fn lost(&mut self, place: Place, why: Why);
}

/// A walk over one dump.
#[derive(Debug)]
pub(crate) struct Dump {
    dialect: Dialect,
    state: State,
    created: BTreeMap<String, Vec<Column>>,
    created_columns: usize,
    is_utc: bool,
    table: Table,
    row: Row,
    /// Does nothing follow the bytes at hand?
    at_end: bool,
    /// Rows of tables that nobody wanted.
    pub(crate) others: u64,
    /// Were more tables created than are remembered?
    pub(crate) is_full: bool,
}

/// What the walk stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Between statements.
    Between,
    /// Behind the head of an `INSERT`.
    Rows(Wanted),
    /// Behind the head of a `COPY`; in the middle of a line that is lost?
    Copy { wanted: bool, in_line: bool },
    /// In something that is passed over.
    Passing(Pass),
    /// In the bodies of triggers and procedures, until the delimiter is a semicolon again.
    Delimited { in_line: bool },
    /// Behind something damaged; were there rows?
    Seeking { rows: Option<Wanted> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Yes,
    /// The columns must be told from the first row.
    ByFirstRow,
}

/// How one step of the walk ended.
enum Step {
    /// The walk stands here.
    To(usize),
    /// More bytes are needed.
    More,
}

/// Line ends counted on the way, so that no byte is looked at twice.
struct Lines<'a> {
    bytes: &'a [u8],
    counted_to: usize,
    count: usize,
}

impl Lines<'_> {
    fn place(&mut self, offset: usize, length: usize) -> Place {
        let between = self.bytes.get(self.counted_to..offset).unwrap_or_default();
        self.count += memchr::memchr_iter(b'\n', between).count();
        self.counted_to = self.counted_to.max(offset);
        Place { offset, length, line: self.count }
    }
}

impl Dump {
    /// Begins a walk over the dump that begins with `head`.
    pub(crate) fn new(dialect: Dialect) -> Self {
        Dump {
            dialect,
            state: State::Between,
            created: BTreeMap::new(),
            created_columns: 0,
            is_utc: false,
            table: Table::default(),
            row: Row::default(),
            at_end: false,
            others: 0,
            is_full: false,
        }
    }

    /// Walks over `bytes`, which begin where the walk stood; returns how many of them it is done with.
    ///
    /// At the end of the dump a line end must stand last, and the rest is of no use.
    pub(crate) fn feed(&mut self, bytes: &[u8], at_end: bool, rows: &mut dyn Rows) -> usize {
        let mut lines = Lines { bytes, counted_to: 0, count: 0 };
        let mut at = 0;
        self.at_end = at_end;
        while at < bytes.len() {
            match self.step(bytes, at, rows, &mut lines) {
                Step::To(next) => at = next,
                Step::More => break,
            }
        }
        if at_end {
            self.end(at, rows, &mut lines);
            return bytes.len();
        }
        at
    }

    /// Reports what the end of the dump cuts.
    fn end(&mut self, at: usize, rows: &mut dyn Rows, lines: &mut Lines<'_>) {
        let rest = lines.bytes.len().saturating_sub(at + 1);
        let is_cut = match &self.state {
            State::Rows(_) | State::Copy { wanted: true, .. } => rest > 0,
            _ => false,
        };
        if is_cut {
            rows.lost(lines.place(at, rest), Why::CutOff);
        }
    }

    fn step(&mut self, bytes: &[u8], at: usize, rows: &mut dyn Rows, lines: &mut Lines<'_>) -> Step {
        match self.state.clone() {
            State::Between => self.between(bytes, at, rows),
            State::Rows(wanted) => self.in_rows(bytes, at, wanted, rows, lines),
            State::Copy { wanted, in_line } => self.in_copy(bytes, at, wanted, in_line, rows, lines),
            State::Passing(pass) => self.passing(bytes, at, pass),
            State::Delimited { in_line } => self.delimited(bytes, at, in_line),
            State::Seeking { rows } => self.seeking(bytes, at, rows),
        }
    }

    /// Walks over blanks, comments and the head of a statement.
    fn between(&mut self, bytes: &[u8], at: usize, rows: &mut dyn Rows) -> Step {
        let rest = bytes.get(at..).unwrap_or_default();
        match rest {
            [] => Step::More,
            [b';' | 0xef | 0xbb | 0xbf, ..] => Step::To(at + 1),
            [byte, ..] if byte.is_ascii_whitespace() => Step::To(skip_blank(bytes, at)),
            [b'#' | b'\\', ..] => self.pass(Pass::line(), at + 1),
            [b'-' | b'/'] => Step::More,
            [b'-', b'-', ..] => self.pass(Pass::line(), at + 2),
            [b'/', b'*', ..] => self.comment(bytes, at),
            _ => self.statement(bytes, at, rows),
        }
    }

    fn pass(&mut self, pass: Pass, at: usize) -> Step {
        self.state = State::Passing(pass);
        Step::To(at)
    }

    /// Looks into a comment that MySQL obeys: it may set the session's zone.
    fn comment(&mut self, bytes: &[u8], at: usize) -> Step {
        const LONGEST: usize = 512;
        let rest = bytes.get(at..).unwrap_or_default();
        let looked_at = rest.get(..LONGEST).unwrap_or(rest);
        match memchr::memmem::find(looked_at, b"*/") {
            Some(end) => {
                let text = looked_at.get(..end).unwrap_or_default();
                self.is_utc |= text.starts_with(b"/*!") && statement::sets_utc(text);
                Step::To(at + end + 2)
            }
            None if rest.len() < LONGEST => Step::More,
            None => self.pass(Pass::block(), at + 2),
        }
    }

    fn statement(&mut self, bytes: &[u8], at: usize, rows: &mut dyn Rows) -> Step {
        let rest = bytes.get(at..).unwrap_or_default();
        let limited = rest.get(..LONGEST_HEAD).unwrap_or(rest);
        if rest.get(..10).is_some_and(|verb| verb.eq_ignore_ascii_case(b"DELIMITER ")) {
            self.state = State::Delimited { in_line: true };
            return Step::To(at + 10);
        }
        let (found, used) = match statement::head(limited, 0, self.dialect, self.is_utc) {
            Scan::To(found) => found,
            _ if rest.len() < LONGEST_HEAD => return Step::More,
            _ => (Statement::Other, 0),
        };
        match found {
            Statement::Insert { table, columns } => self.begin_rows(table, columns, rows),
            Statement::Copy { table, columns } => {
                let is_wanted = self.begin(table, columns, rows);
                self.state = State::Copy { wanted: is_wanted, in_line: false };
            }
            Statement::Create { table, columns } => self.remember(&table, columns),
            Statement::Utc => self.is_utc = true,
            Statement::Other => self.state = State::Passing(Pass::default()),
        }
        Step::To(at + used)
    }

    fn remember(&mut self, table: &str, columns: Vec<Column>) {
        self.is_full |= self.created_columns + columns.len() >= MOST_CREATED;
        if !self.is_full {
            self.created_columns += columns.len();
            self.created.insert(table.to_ascii_lowercase(), columns);
        }
    }

    /// Settles the columns of the rows that follow; returns whether they are wanted.
    fn begin(&mut self, name: String, listed: Vec<Column>, rows: &mut dyn Rows) -> bool {
        let created = self.created.get(&name.to_ascii_lowercase());
        let columns = if listed.is_empty() {
            created.cloned().unwrap_or_default()
        } else {
            let is_utc = |column: &Column| {
                let same = |other: &&Column| other.name.eq_ignore_ascii_case(&column.name);
                created.is_some_and(|created| created.iter().find(same).is_some_and(|held| held.in_utc))
            };
            listed.into_iter().map(|column| Column { in_utc: is_utc(&column), ..column }).collect()
        };
        self.table = Table { name, columns };
        !self.table.columns.is_empty() && rows.begin(&self.table)
    }

    fn begin_rows(&mut self, table: String, listed: Vec<Column>, rows: &mut dyn Rows) {
        let is_wanted = self.begin(table, listed, rows);
        let by_row = self.table.columns.is_empty() && known::is_known(&self.table.name);
        self.state = match (is_wanted, by_row) {
            (true, _) => State::Rows(Wanted::Yes),
            (false, true) => State::Rows(Wanted::ByFirstRow),
            (false, false) => State::Passing(Pass::default()),
        };
    }

    fn passing(&mut self, bytes: &[u8], at: usize, mut pass: Pass) -> Step {
        let before = pass.rows;
        let passed = pass.walk(bytes, at, self.dialect);
        self.others += pass.rows - before;
        match passed {
            Passed::Done(end) => {
                self.state = State::Between;
                Step::To(end)
            }
            Passed::GoesOn(end) => {
                self.state = State::Passing(pass);
                if end > at { Step::To(end) } else { Step::More }
            }
            Passed::Broken(end) => {
                self.state = State::Seeking { rows: None };
                Step::To(end)
            }
        }
    }
}
