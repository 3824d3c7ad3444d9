//! Text files in which SIP proxies keep their tables: those of `db_text`, and the flat files of `db_flatstore`.
//!
//! `db_text` writes a line of columns, `id(int,auto) method(string) time(time)`, then a row a line, with `:` between
//! values and a backslash before a `:` in one (`dbt_file.c`). `db_flatstore` writes rows alone, `|` between values and
//! `\x7C` for one in a value, into `TABLE_NUMBER.log` (`km_flatstore.c`). Both write a time as seconds since 1970. What the
//! site's own columns behind the first seven are, only its configuration tells (`db_extra`).

use super::super::by_line::most_fit;
use super::super::freeswitch::Accounts;
use super::super::table_rows::{RowPlace, TableRows};
use super::super::{Chunk, Cites, Content, Format, Opened, Opening, Reader, Skipped, Tells, Why};
use crate::tables::Column;

/// How a text table is told and read.
pub(in super::super) static FORMAT: Format = Format {
    word: "sip-proxy-text-table",
    tells: Tells::Tables,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| heading(head).is_some_and(|names| is_of_proxy(&names)) || looks_flat(head),
    open,
};

/// No row is longer, in bytes: `db_text` itself reads 16 KiB.
const LONGEST: usize = 64 * 1024;
/// No table has more columns.
const MOST_COLUMNS: usize = 128;
/// The columns that accounting begins with, whatever the site adds (`acc.c`).
const FLAT: [&str; 7] = ["method", "from_tag", "to_tag", "callid", "sip_code", "sip_reason", "time"];

/// Returns the columns that the first line of a file names, if it is one of `db_text`.
pub(crate) fn heading(head: &[u8]) -> Option<Vec<String>> {
    let line = std::str::from_utf8(head.split(|&byte| byte == b'\n').next()?).ok()?;
    let names: Option<Vec<String>> = line
        .split_whitespace()
        .map(|word| {
            let (name, kind) = word.strip_suffix(')')?.split_once('(')?;
            let kind = kind.split(',').next()?;
            let is_known =
                ["int", "double", "str", "string", "blob", "time", "date", "datetime"].contains(&kind);
            let is_name =
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            (is_known && is_name).then(|| name.to_ascii_lowercase())
        })
        .collect();
    names.filter(|names| (2..=MOST_COLUMNS).contains(&names.len()))
}

/// Returns whether a table of these columns tells of calls, contacts, accounts or gateways.
fn is_of_proxy(names: &[String]) -> bool {
    let has = |wanted: &[&str]| wanted.iter().all(|wanted| names.iter().any(|name| name == wanted));
    has(&["method", "callid", "sip_code"])
        || has(&["username", "contact", "expires"])
        || has(&["username", "domain", "password"])
        || has(&["setid", "destination"])
        || has(&["ip_addr", "mask"])
        || has(&["src_ip", "proto"])
}

/// Splits a row of `db_text`, and takes its escapes away.
pub(crate) fn values(line: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut bytes = line.iter();
    while let Some(&byte) = bytes.next() {
        let byte = match byte {
            b':' if all.len() < MOST_COLUMNS => {
                all.push(Vec::new());
                continue;
            }
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'0') => 0,
                Some(&other) => other,
                None => b'\\',
            },
            byte => byte,
        };
        if let Some(last) = all.last_mut() {
            last.push(byte);
        }
    }
    all
}

fn flat_values(line: &[u8]) -> Vec<Vec<u8>> {
    line.split(|&byte| byte == b'|').take(MOST_COLUMNS).map(<[u8]>::to_vec).collect()
}

/// Returns whether most lines are rows of accounting without a line of columns.
fn looks_flat(head: &[u8]) -> bool {
    most_fit(head, |line| {
        let values: Vec<&[u8]> = line.split(|&byte| byte == b'|').collect();
        let [method, _, _, call_id, code, _, time, ..] = values.as_slice() else { return false };
        let digits = |text: &[u8], length: usize| text.len() == length && text.iter().all(u8::is_ascii_digit);
        let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
        is_method && !call_id.is_empty() && digits(code, 3) && digits(time, 10)
    })
}

fn open(opening: &Opening<'_>) -> Option<Opened> {
    if let Some(names) = heading(opening.head) {
        let reader = TextTable::new(&names, values);
        return Some(Opened::certain(reader));
    }
    let first = opening.head.split(|&byte| byte == b'\n').next()?;
    let own = flat_values(first.trim_ascii_end()).len().checked_sub(FLAT.len())?;
    let known = opening.pbx.call_records.accounting_columns.iter().find(|columns| columns.len() == own);
    let mut names: Vec<String> = FLAT.iter().map(|name| (*name).to_owned()).collect();
    match known {
        Some(columns) => names.extend(columns.iter().cloned()),
        None => names.extend((0..own).map(|number| format!("#{number}"))),
    }
    let note = (own > 0 && known.is_none()).then(|| {
        format!("{own} columns of the site's own, which only its routing script (db_extra) names: who called, from where and what was dialled are not known")
    });
    Some(Opened { note, ..Opened::certain(TextTable::new(&names, flat_values)) })
}

/// Reads one text table.
struct TextTable {
    columns: usize,
    /// Reads the rows; `None` for a table of accounts or gateways, which tells of nothing that happened.
    rows: Option<TableRows>,
    split: fn(&[u8]) -> Vec<Vec<u8>>,
}

impl TextTable {
    fn new(names: &[String], split: fn(&[u8]) -> Vec<Vec<u8>>) -> Self {
        let columns: Vec<Column> = names.iter().map(|name| Column::named(name)).collect();
        TextTable { columns: columns.len(), rows: TableRows::of(&columns, &Accounts::default()), split }
    }

    fn row(&self, line: &[u8], place: RowPlace, chunk: &mut Chunk) {
        let values = (self.split)(line);
        if values.len() != self.columns {
            let why = Why::WrongColumns;
            return chunk.skipped.push(Skipped { offset: place.offset, line: place.line, why });
        }
        let values: Vec<Option<&[u8]>> =
            values.iter().map(|value| Some(value.as_slice()).filter(|value| !value.is_empty())).collect();
        match &self.rows {
            Some(rows) => rows.read(&values, place, chunk),
            None => chunk.records += 1,
        }
    }
}

impl Reader for TextTable {
    fn read(&self, chunk: &mut Chunk) {
        let text = chunk.records_bytes().to_vec();
        let mut offset = 0;
        for raw in text.split_inclusive(|&byte| byte == b'\n') {
            let line = raw.strip_suffix(b"\n").unwrap_or(raw);
            let place = RowPlace { offset: offset as u32, length: line.len() as u32, line: chunk.lines };
            offset += raw.len();
            chunk.lines += u32::from(raw.ends_with(b"\n"));
            if line.trim_ascii().is_empty() || heading(line).is_some() {
                continue;
            }
            // What stands last in a line that was cut off is not what was written.
            if !raw.ends_with(b"\n") || line.len() > LONGEST {
                let why = Why::of_line(raw, LONGEST);
                chunk.skipped.push(Skipped { offset: place.offset, line: place.line, why });
                continue;
            }
            self.row(line, place, chunk);
        }
    }
}
