//! A carrier's file as a table: whatever it is packed in, encoded in and separated by, as headers and rows.

use csv::{ByteRecord, ReaderBuilder};
use serde_json::Value;

/// The longest field that is taken for one.
const LONGEST_FIELD: usize = 16 * 1024;
/// Columns that the widest export has, and many more.
const MOST_COLUMNS: usize = 1_000;
/// What may stand between the fields of a row.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// One row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Its number among the records, from 1.
    pub(super) number: u64,
    /// The line that it begins on, from 1; 0 where the file has no lines that count.
    pub(super) line: u64,
    /// Where it begins.
    pub(super) offset: u64,
    /// The text as it stands there.
    pub(super) raw: &'a [u8],
    /// The fields, in the order of the headers.
    pub(super) fields: Vec<String>,
}

/// Why a row is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoRow {
    /// It has more or fewer fields than the header.
    Fields,
    /// A field is longer than any that a carrier writes: most likely a quote is not closed.
    Long,
    /// It is no object of a JSON list.
    NoObject,
}

impl NoRow {
    pub(super) fn words(self) -> &'static str {
        match self {
            NoRow::Fields => "more or fewer fields than the header",
            NoRow::Long => "a field of more than 16 KiB: a quote that is not closed",
            NoRow::NoObject => "no object of fields",
        }
    }
}

/// Takes each row, or the line of one that is none, with why.
pub(super) type TakeRow<'t> = &'t mut dyn FnMut(Result<Row<'_>, (u64, NoRow)>);

/// One way to see a file as a table.
#[derive(Debug)]
pub(super) enum Table<'a> {
    /// Fields between separators.
    Text { bytes: &'a [u8], separator: u8, header: Vec<String> },
    /// Objects of a JSON document or of one on each line.
    Objects { header: Vec<String>, objects: Vec<Value>, lines: bool },
}

impl<'a> Table<'a> {
    /// Returns every way to see a file: by each separator that its header holds, or as JSON.
    pub(super) fn all(bytes: &'a [u8], keys: &[&str]) -> Vec<Table<'a>> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[')) {
            return objects(bytes, keys).into_iter().collect();
        }
        let line = bytes.split(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        let line = line.unwrap_or_default();
        let held = SEPARATORS.into_iter().filter(|separator| line.contains(separator));
        held.filter_map(|separator| {
            let header = header_of(bytes, separator)?;
            Some(Table::Text { bytes, separator, header })
        })
        .collect()
    }

    /// Returns the headers.
    pub(super) fn header(&self) -> &[String] {
        match self {
            Table::Text { header, .. } | Table::Objects { header, .. } => header,
        }
    }

    /// Gives every row, or the line of one that is none, with why.
    pub(super) fn rows(&self, take: TakeRow<'_>) {
        match self {
            Table::Text { bytes, separator, header } => text_rows(bytes, *separator, header.len(), take),
            Table::Objects { header, objects, lines } => {
                for (number, value) in (1_u64..).zip(objects) {
                    let Some(object) = value.as_object() else {
                        take(Err((number, NoRow::NoObject)));
                        continue;
                    };
                    let text = |name: &String| object.get(name).map(shown).unwrap_or_default();
                    let fields: Vec<String> = header.iter().map(text).collect();
                    if fields.iter().any(|field| field.len() > LONGEST_FIELD) {
                        take(Err((number, NoRow::Long)));
                        continue;
                    }
                    let raw = value.to_string();
                    let line = if *lines { number } else { 0 };
                    take(Ok(Row { number, line, offset: 0, raw: raw.as_bytes(), fields }));
                }
            }
        }
    }
}

fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(bytes)
}

fn header_of(bytes: &[u8], separator: u8) -> Option<Vec<String>> {
    let mut record = ByteRecord::new();
    reader(bytes, separator).read_byte_record(&mut record).ok().filter(|&is_there| is_there)?;
    let is_header = record.len() <= MOST_COLUMNS && record.iter().all(|field| field.len() <= 200);
    is_header.then(|| record.iter().map(lossy).collect())
}

fn text_rows(bytes: &[u8], separator: u8, columns: usize, take: TakeRow<'_>) {
    let mut reader = reader(bytes, separator);
    let mut record = ByteRecord::new();
    let mut number = 0;
    let mut is_header = true;
    while let Ok(true) = reader.read_byte_record(&mut record) {
        if std::mem::take(&mut is_header) {
            continue;
        }
        let begin = record.position().map_or(0, csv::Position::byte);
        let line = record.position().map_or(0, csv::Position::line);
        let end = reader.position().byte();
        // An export may end with an empty field more, or with the total of the column of costs.
        let is_padded = record.len() == columns + 1 && record.get(columns).is_some_and(<[u8]>::is_empty);
        number += 1;
        if record.iter().any(|field| field.len() > LONGEST_FIELD) {
            take(Err((line, NoRow::Long)));
        } else if record.len() != columns && !is_padded {
            take(Err((line, NoRow::Fields)));
        } else {
            let fields = record.iter().take(columns).map(lossy).collect();
            let raw = bytes.get(begin as usize..end as usize).unwrap_or_default().trim_ascii();
            take(Ok(Row { number, line, offset: begin, raw, fields }));
        }
    }
}

fn lossy(field: &[u8]) -> String {
    String::from_utf8_lossy(field).trim().to_owned()
}

/// Returns the objects of a document: the list itself, the one that stands under a known key, or one on each line.
fn objects<'a>(bytes: &[u8], keys: &[&str]) -> Option<Table<'a>> {
    let mut documents: Vec<Value> = Vec::new();
    for document in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        // What is cut off behind whole records costs these nothing.
        let Ok(document) = document else { break };
        documents.push(document);
    }
    let lines = documents.len() > 1;
    let list = match documents.as_mut_slice() {
        [Value::Array(list)] => std::mem::take(list),
        [Value::Object(object)] => {
            let key = keys.iter().find(|key| object.get(**key).is_some_and(Value::is_array));
            match key.and_then(|key| object.get_mut(*key)).and_then(Value::as_array_mut) {
                Some(list) => std::mem::take(list),
                None => documents,
            }
        }
        _ => documents,
    };
    let first = list.iter().find_map(Value::as_object)?;
    let header = first.keys().take(MOST_COLUMNS).cloned().collect();
    Some(Table::Objects { header, objects: list, lines })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}
