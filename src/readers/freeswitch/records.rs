//! What `mod_cdr_csv` writes: `Master.csv`, and a file for each account code.
//!
//! Every row stands in both. Nothing is escaped: quotes, commas and line ends come from the caller as they
//! are, so that a caller can write a whole row that is like any other. A row is therefore a claim, which
//! another source must bear out.

use super::accounts::{Accounts, NOBODY};
use super::cause;
use super::template::{Column, Template, is_stamp};
use crate::clock::DateFormat;
use crate::event::{CallRow, Leg, Span, Stamp};
use crate::readers::found::span_within;
use crate::readers::text;
use crate::readers::{Access, Chunk, Cites, Content, Format, Opened, Opening, Reader, Skipped, Tells, Why};

/// How a file of rows is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "freeswitch-call-records",
    tells: Tells::Calls,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| RecordReader::find(head, &[], Accounts::default()).is_some() || has_own_lines(head),
    open,
};

/// Rows looked at to find the columns.
const LOOKED_AT: usize = 200;
/// Lines and bytes that one row takes at most, with the line ends in its caller's name.
const MOST_LINES: u32 = 100;
const LONGEST: usize = 16 * 1024;
/// How dates are written where nothing says otherwise.
const USUAL_DATES: &str = "%Y-%m-%d %T";

fn open(opening: &Opening<'_>) -> Option<Opened> {
    let (reader, note) = RecordReader::find(
        opening.head,
        &opening.pbx.call_records.freeswitch_templates,
        Accounts::of(opening.pbx),
    )?;
    Some(Opened { note, ..Opened::certain(reader) })
}

/// Returns whether a text has rows that only a template of one's own can explain: quoted, each with a uuid
/// and two stamps.
fn has_own_lines(head: &[u8]) -> bool {
    let rows = samples(head);
    let fits = |row: &&Vec<&[u8]>| {
        row.iter().any(|field| super::head::is_uuid(field))
            && row.iter().filter(|field| is_stamp(field)).count() >= 2
            && row.iter().any(|field| {
                field.len() >= 9
                    && field.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
                    && field.contains(&b'_')
            })
    };
    let fitting = rows.iter().filter(fits).count();
    fitting > 0 && fitting * 2 >= rows.len()
}

fn samples(head: &[u8]) -> Vec<Vec<&[u8]>> {
    let lines = head.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let lines = lines.map(<[u8]>::trim_ascii_end).filter(|line| !line.is_empty());
    lines.take(LOOKED_AT).map(fields).collect()
}

/// Reads rows of one template.
#[derive(Clone, Debug)]
struct RecordReader {
    template: Template,
    dates: DateFormat,
    accounts: Accounts,
    is_quoted: bool,
}

impl RecordReader {
    /// Builds a reader for files that begin with `head`.
    fn find(head: &[u8], own: &[Vec<String>], accounts: Accounts) -> Option<(Self, Option<String>)> {
        let rows = samples(head);
        let template = Template::find(&rows, own)?;
        let place = template.place(Column::Start).or_else(|| template.place(Column::End))?;
        let fitting = rows.iter().filter(|row| template.fits(row));
        let stamps: Vec<&[u8]> = fitting.filter_map(|row| row.get(place).copied()).collect();
        let usual = DateFormat::from_strftime(USUAL_DATES)?;
        let is_usual =
            stamps.iter().all(|stamp| usual.parse(stamp).is_some_and(|(_, used)| used == stamp.len()));
        let (dates, note) =
            if is_usual { (usual, None) } else { DateFormat::detect(&stamps).unwrap_or((usual, None)) };
        let first = head.trim_ascii_start();
        let is_quoted = first.starts_with(b"\"") || first.starts_with(b"INSERT ");
        Some((RecordReader { template, dates, accounts, is_quoted }, note))
    }

    /// Returns whether a line ends a row.
    fn ends(&self, line: &[u8]) -> bool {
        !self.is_quoted || matches!(line.last(), Some(b'"' | b';'))
    }

    /// Reads a row and the name of its account; a row with too many columns only if it may be put right.
    fn row<'a>(&self, text: &'a [u8], record: &Record<'a>, may_mend: bool) -> Option<(CallRow, &'a [u8])> {
        let mut fields = fields(record.text);
        if may_mend && fields.len() > self.template.width() {
            fields = self.template.mended(&fields)?;
        }
        if !self.template.fits(&fields) {
            return None;
        }
        let mut row = CallRow::new(record.offset as u32, record.text.len() as u32, record.line);
        for (column, field) in self.template.columns().iter().zip(&fields) {
            let span = if field.is_empty() { Span::NONE } else { span_within(text, field, 0) };
            put(&mut row, *column, field, span, self.stamp(field));
        }
        // A template may leave the start out: the answer, or the end, is the nearest that it tells.
        row.start = row.start.or_else(|| self.stamp(self.field(&fields, Column::Answer))).or(row.end);
        let field = |column| self.field(&fields, column);
        let who = [field(Column::AccountCode), field(Column::CallerNumber), field(Column::Context)];
        let account = finish(&mut row, field(Column::Cause), &self.accounts, who).unwrap_or_default();
        Some((row, account))
    }

    fn field<'a>(&self, fields: &[&'a [u8]], column: Column) -> &'a [u8] {
        self.template.place(column).and_then(|at| fields.get(at).copied()).unwrap_or_default()
    }

    fn stamp(&self, text: &[u8]) -> Option<Stamp> {
        self.dates.parse(text).map(|(stamp, _)| stamp)
    }
}

/// The lines of one row.
struct Record<'a> {
    text: &'a [u8],
    offset: usize,
    line: u32,
}

impl Reader for RecordReader {
    fn access(&self) -> Access {
        Access::InOrder
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        let mut end = bytes.len();
        while let Some(newline) = memchr::memrchr(b'\n', bytes.get(..end).unwrap_or_default()) {
            if self.ends(bytes.get(..newline).unwrap_or_default().trim_ascii_end()) {
                return newline + 1;
            }
            end = newline;
        }
        0
    }

    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let (mut at, mut start, mut first_line) = (0, 0, 0);
        for raw in text.split_inclusive(|&byte| byte == b'\n') {
            let (line_at, line_number) = (at, chunk.lines);
            at += raw.len();
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            let line = raw.trim_ascii_end();
            let is_end = raw.ends_with(b"\n") && self.ends(line);
            let is_too_long = at - start > LONGEST || line_number - first_line >= MOST_LINES;
            if line.is_empty() && line_at == start {
                (start, first_line) = (at, chunk.lines);
                continue;
            }
            if !is_end && !is_too_long && at < text.len() {
                continue;
            }
            let whole = Record {
                text: text.get(start..at).unwrap_or_default().trim_ascii_end(),
                offset: start,
                line: first_line,
            };
            let last = Record { text: line, offset: line_at, line: line_number };
            self.take(chunk, text, &whole, &last);
            (start, first_line) = (at, chunk.lines);
        }
        chunk.bytes = bytes;
    }
}

impl RecordReader {
    /// Takes the lines of one row, or, where a crash cut the one before, the last of them alone.
    fn take(&self, chunk: &mut Chunk, text: &[u8], whole: &Record<'_>, last: &Record<'_>) {
        let has_more = last.offset > whole.offset;
        let row = self.row(text, whole, false);
        let is_cut = row.is_none() && has_more;
        let last = || is_cut.then(|| self.row(text, last, false)).flatten();
        let row = row.or_else(last).or_else(|| self.row(text, whole, true));
        let is_whole = row.as_ref().is_some_and(|(row, _)| row.offset as usize == whole.offset);
        if !is_whole {
            let is_cut = row.is_some() || !self.ends(whole.text);
            let why = if is_cut { Why::CutOff } else { Why::WrongColumns };
            chunk.skipped.push(Skipped { offset: whole.offset as u32, line: whole.line, why });
        }
        if let Some((mut row, account)) = row {
            chunk.records += 1;
            chunk.first_stamp = chunk.first_stamp.or(row.start);
            chunk.last_stamp = row.start.or(chunk.last_stamp);
            if !account.is_empty() {
                let start = text.len() + chunk.scratch.len();
                chunk.scratch.extend_from_slice(account);
                row.account = Span { start: start as u32, length: account.len() as u32 };
            }
            chunk.rows.push(row);
        }
    }
}

/// Puts what one column holds into a row.
pub(super) fn put(row: &mut CallRow, column: Column, field: &[u8], span: Span, stamp: Option<Stamp>) {
    match column {
        Column::CallerName => row.caller_id = span,
        Column::CallerNumber => row.src = span,
        Column::Destination => row.dst = span,
        Column::Context => row.context = span,
        Column::Start => row.start = stamp,
        Column::Answer => row.answered = field.iter().any(|byte| (b'1'..=b'9').contains(byte)),
        Column::End => row.end = stamp,
        Column::Duration => row.duration = text::number(field).unwrap_or(0),
        Column::Billsec => row.billsec = text::number(field).unwrap_or(0),
        Column::Cause => row.cause = span,
        Column::Uuid => row.uniqueid = span,
        Column::CalledUuid => row.dst_channel = span,
        Column::AccountCode => row.account_code = span,
        Column::Address => row.address = text::address(field),
        Column::LastApp => row.last_app = span,
        Column::LastArgument => row.last_data = span,
        Column::Other => {}
    }
}

/// Ends a row, and returns the account that it was written for, as far as it tells: its account code where one
/// has that name, else the caller's number in a context that nobody enters without credentials.
pub(super) fn finish<'a>(
    row: &mut CallRow,
    cause: &[u8],
    accounts: &Accounts,
    [code, number, context]: [&'a [u8]; 3],
) -> Option<&'a [u8]> {
    row.disposition = cause::disposition(row.answered, cause);
    (row.leg, row.is_claim) = (Leg::Unknown, true);
    if accounts.has(code) || (accounts.is_empty() && !code.is_empty()) {
        return Some(code);
    }
    // Nobody's credentials: the shipped dialplan has a context for such calls.
    let is_guest = accounts.is_for_guests(context);
    if is_guest && code.is_empty() {
        return Some(NOBODY);
    }
    (!is_guest && accounts.has(number)).then_some(number)
}

/// Splits a row: `"a","b"`, `"a", "b"`, `INSERT INTO cdr VALUES ("a","b");`, or `a,b` as spreadsheets leave it.
fn fields(row: &[u8]) -> Vec<&[u8]> {
    let row = match memchr::memmem::find(row, b"VALUES (").filter(|_| row.starts_with(b"INSERT ")) {
        Some(at) => row.get(at + b"VALUES (".len()..).unwrap_or_default(),
        None => row,
    };
    let row = row.strip_suffix(b";").unwrap_or(row);
    let row = row.strip_suffix(b")").unwrap_or(row);
    let Some(inner) = row.strip_prefix(b"\"") else {
        return row.split(|byte| *byte == b',').collect();
    };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut fields = Vec::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(inner, b"\",") {
        let rest = inner.get(at + 2..).unwrap_or_default();
        let blanks = rest.iter().take_while(|byte| **byte == b' ').count();
        if at >= start && rest.get(blanks) == Some(&b'"') {
            fields.push(inner.get(start..at).unwrap_or_default());
            start = at + 2 + blanks + 1;
        }
    }
    fields.push(inner.get(start..).unwrap_or_default());
    fields
}
