//! The timeline: JSON Lines as Timesketch takes them, or the same columns as CSV.
//!
//! Timesketch takes no row without `message`, `datetime` and `timestamp_desc`: a record without a time bears that
//! of its neighbour or its file, and `timestamp_desc` says so. `null` is left only where not even the file has one.

use std::io::{self, Write};

use crate::untrusted::{Untrusted, csv_cell};

use super::calls_csv::table;
use super::json;
use super::model::TimelineRow;

const HEADER: [&str; 12] = [
    "message",
    "datetime",
    "timestamp_desc",
    "action",
    "address",
    "port",
    "account",
    "number",
    "reason",
    "path",
    "line",
    "offset",
];

/// Writes one row as a line of JSON.
pub fn write_json_line(output: &mut dyn Write, row: &TimelineRow) -> io::Result<()> {
    json::write_line(output, row)
}

/// Writes the names of the columns.
pub fn write_csv_header(output: &mut dyn Write) -> io::Result<()> {
    let mut table = table(output);
    table.write_record(HEADER)?;
    table.flush()
}

/// Writes one row as CSV.
pub fn write_csv_row(output: &mut dyn Write, row: &TimelineRow) -> io::Result<()> {
    let evidence = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::csv).unwrap_or_default();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let cells: [String; HEADER.len()] = [
        row.message.csv(),
        row.datetime.clone().unwrap_or_default(),
        row.timestamp_desc.to_owned(),
        row.action.word().to_owned(),
        row.address.map(|address| address.to_string()).unwrap_or_default(),
        number(row.port.map(u64::from)),
        evidence(&row.account),
        evidence(&row.number),
        evidence(&row.reason),
        csv_cell(&row.path),
        number(row.line),
        number(row.offset),
    ];
    // A whole row is put together first: a writer made for one row must not hold back any of it.
    let mut bytes = Vec::with_capacity(256);
    let mut table = table(&mut bytes);
    table.write_record(cells)?;
    table.flush()?;
    drop(table);
    output.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn both_forms_have_the_same_columns() {
        let rows = sample::story();
        let mut line = Vec::new();
        write_json_line(&mut line, &rows[0]).unwrap();
        let text = String::from_utf8(line).unwrap();
        let mut at = 0;
        for name in HEADER {
            let key = format!("\"{name}\":");
            at += text.get(at..).and_then(|rest| rest.find(&key)).expect("columns in order");
        }
        assert!(text.ends_with("}\n") && text.matches('\n').count() == 1);

        let mut sheet = Vec::new();
        write_csv_header(&mut sheet).unwrap();
        for row in &rows {
            write_csv_row(&mut sheet, row).unwrap();
        }
        let mut reader = csv::Reader::from_reader(sheet.as_slice());
        assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEADER);
        let read: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(read.len(), rows.len());
        assert!(read[0].get(0).unwrap().starts_with("'=cmd|' /C calc'!A0\\x1b[2J"));
    }
}
