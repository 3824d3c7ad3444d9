//! The heads of statements: which table the rows behind them belong to.

use super::columns::{self, Column, MOST_COLUMNS};
use super::dialect::Dialect;
use super::scan::{Scan, identifier, last_name, skip_blank, string_end, word};

/// What a statement turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// Rows between parentheses follow; the columns are empty where the statement does not list them.
    Insert { table: String, columns: Vec<Column> },
    /// Rows of lines follow.
    Copy { table: String, columns: Vec<Column> },
    /// A table was created.
    Create { table: String, columns: Vec<Column> },
    /// The session's zone was set to UTC.
    Utc,
    /// Something that says nothing about rows; it is passed over from its first byte on.
    Other,
}

/// Reads the head of the statement whose first word stands at `at`; returns the place behind it.
pub(super) fn head(bytes: &[u8], at: usize, dialect: Dialect, is_utc: bool) -> Scan<(Statement, usize)> {
    let verb = word(bytes, at);
    if bytes.len() == at + verb.len() {
        return Scan::More;
    }
    let behind = at + verb.len();
    let is = |wanted: &str| verb.eq_ignore_ascii_case(wanted.as_bytes());
    let found = if is("INSERT") || is("REPLACE") {
        insert(bytes, behind)
    } else if is("COPY") {
        copy(bytes, behind)
    } else if is("CREATE") {
        create(bytes, behind, dialect, is_utc)
    } else if is("SET") {
        set(bytes, at, dialect)
    } else {
        Scan::Bad
    };
    match found {
        Scan::Bad | Scan::Broken(_) => Scan::To((Statement::Other, at)),
        other => other,
    }
}

/// Returns the name of the table that a line's statement creates or fills.
pub(super) fn table_of(line: &[u8]) -> Option<String> {
    // A name that ends the line is whole.
    let line = [line, b" "].concat();
    let verb = word(&line, 0);
    let behind = verb.len();
    let is = |wanted: &str| verb.eq_ignore_ascii_case(wanted.as_bytes());
    let at = if is("CREATE") {
        behind_create(&line, behind)?
    } else if is("INSERT") || is("REPLACE") {
        behind_words(&line, behind, &["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO", "ONLY"])
    } else if is("COPY") {
        skip_blank(&line, behind)
    } else {
        return None;
    };
    match last_name(&line, at) {
        Scan::To((name, _)) => Some(name),
        _ => None,
    }
}

fn behind_words(bytes: &[u8], from: usize, words: &[&str]) -> usize {
    let mut at = skip_blank(bytes, from);
    loop {
        let found = word(bytes, at);
        if found.is_empty() || !words.iter().any(|word| found.eq_ignore_ascii_case(word.as_bytes())) {
            return at;
        }
        at = skip_blank(bytes, at + found.len());
    }
}

fn behind_create(bytes: &[u8], from: usize) -> Option<usize> {
    let at = behind_words(bytes, from, &["TEMPORARY", "UNLOGGED", "TEMP"]);
    let is_table = word(bytes, at).eq_ignore_ascii_case(b"TABLE");
    is_table.then(|| behind_words(bytes, at, &["TABLE", "IF", "NOT", "EXISTS"]))
}

fn insert(bytes: &[u8], behind: usize) -> Scan<(Statement, usize)> {
    let at = behind_words(
        bytes,
        behind,
        &["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "OR", "INTO", "ONLY"],
    );
    let ((table, columns), at) = match table_and_columns(bytes, at) {
        Scan::To(found) => found,
        Scan::More => return Scan::More,
        _ => return Scan::Bad,
    };
    match values_word(bytes, at) {
        Scan::To(end) => Scan::To((Statement::Insert { table, columns }, end)),
        other => other.map_to_statement(),
    }
}

/// Returns the place behind `VALUES`, or behind `OVERRIDING SYSTEM VALUE VALUES`.
fn values_word(bytes: &[u8], at: usize) -> Scan<usize> {
    let mut at = behind_words(bytes, at, &["OVERRIDING", "SYSTEM", "USER"]);
    if word(bytes, at).eq_ignore_ascii_case(b"VALUE") {
        let behind = skip_blank(bytes, at + b"VALUE".len());
        match bytes.get(behind) {
            None => return Scan::More,
            Some(b'(') => return Scan::To(behind),
            Some(_) => at = behind,
        }
    }
    let values = word(bytes, at);
    if at + values.len() >= bytes.len() {
        return Scan::More;
    }
    if values.eq_ignore_ascii_case(b"VALUES") { Scan::To(at + values.len()) } else { Scan::Bad }
}

/// Reads a table's name and, where they are listed, its columns; returns where the rest begins.
fn table_and_columns(bytes: &[u8], at: usize) -> Scan<((String, Vec<Column>), usize)> {
    let (table, end) = match last_name(bytes, at) {
        Scan::To(found) => found,
        Scan::More => return Scan::More,
        _ => return Scan::Bad,
    };
    let at = skip_blank(bytes, end);
    if bytes.get(at) != Some(&b'(') {
        return Scan::To(((table, Vec::new()), at));
    }
    match list(bytes, at) {
        Scan::To((columns, end)) => Scan::To(((table, columns), skip_blank(bytes, end))),
        Scan::More => Scan::More,
        _ => Scan::Bad,
    }
}

/// Reads names between parentheses.
fn list(bytes: &[u8], open: usize) -> Scan<(Vec<Column>, usize)> {
    let mut columns = Vec::new();
    let mut at = open;
    loop {
        let (name, end) = match identifier(bytes, skip_blank(bytes, at + 1)) {
            Scan::To(found) => found,
            Scan::More => return Scan::More,
            _ => return Scan::Bad,
        };
        columns.push(Column::named(&name));
        at = skip_blank(bytes, end);
        match bytes.get(at) {
            None => return Scan::More,
            Some(b',') if columns.len() < MOST_COLUMNS => {}
            Some(b')') => return Scan::To((columns, at + 1)),
            Some(_) => return Scan::Bad,
        }
    }
}

/// Reads `COPY public.cdr (a, b) FROM stdin;` to the end of its line.
fn copy(bytes: &[u8], behind: usize) -> Scan<(Statement, usize)> {
    let ((table, columns), at) = match table_and_columns(bytes, skip_blank(bytes, behind)) {
        Scan::To(found) => found,
        Scan::More => return Scan::More,
        _ => return Scan::Bad,
    };
    let Some(line) = memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) else { return Scan::More };
    let rest = bytes.get(at..at + line).unwrap_or_default().trim_ascii();
    // Other options mean another form.
    if rest.eq_ignore_ascii_case(b"FROM stdin;") {
        Scan::To((Statement::Copy { table, columns }, at + line + 1))
    } else {
        Scan::Bad
    }
}

fn create(bytes: &[u8], behind: usize, dialect: Dialect, is_utc: bool) -> Scan<(Statement, usize)> {
    let end = match statement_end(bytes, behind, dialect) {
        Scan::To(end) => end,
        other => return other.map_to_statement(),
    };
    let Some(at) = behind_create(bytes, behind) else { return Scan::Bad };
    match last_name(bytes, at) {
        Scan::To((table, name_end)) => {
            let definition = bytes.get(name_end..end).unwrap_or_default();
            let columns = columns::of_create(definition, dialect, is_utc);
            Scan::To((Statement::Create { table, columns }, end))
        }
        _ => Scan::Bad,
    }
}

fn set(bytes: &[u8], at: usize, dialect: Dialect) -> Scan<(Statement, usize)> {
    let end = match statement_end(bytes, at, dialect) {
        Scan::To(end) => end,
        other => return other.map_to_statement(),
    };
    if sets_utc(bytes.get(at..end).unwrap_or_default()) {
        Scan::To((Statement::Utc, end))
    } else {
        Scan::To((Statement::Other, at))
    }
}

/// Returns whether a statement sets the session's zone to UTC.
pub(super) fn sets_utc(statement: &[u8]) -> bool {
    let lower = statement.to_ascii_lowercase();
    let Some(at) = memchr::memmem::find(&lower, b"time_zone") else { return false };
    let value = lower.get(at + b"time_zone".len()..).unwrap_or_default().trim_ascii_start();
    let value = value.strip_prefix(b"=").unwrap_or_default().trim_ascii_start();
    value.get(1..).is_some_and(|zone| zone.starts_with(b"+00:00"))
}

/// Returns the place behind the semicolon that ends a statement.
fn statement_end(bytes: &[u8], from: usize, dialect: Dialect) -> Scan<usize> {
    let mut at = from;
    loop {
        match bytes.get(at) {
            None => return Scan::More,
            Some(b';') => return Scan::To(at + 1),
            Some(&quote @ (b'\'' | b'"' | b'`')) => match string_end(bytes, at + 1, quote, dialect) {
                Scan::To(end) => at = end,
                other => return other,
            },
            Some(_) => at += 1,
        }
    }
}

impl Scan<usize> {
    /// Returns the same answer for a statement that does not end.
    fn map_to_statement(self) -> Scan<(Statement, usize)> {
        match self {
            Scan::More => Scan::More,
            Scan::Broken(at) => Scan::Broken(at),
            Scan::To(_) | Scan::Bad => Scan::Bad,
        }
    }
}
