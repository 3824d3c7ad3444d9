//! `calls.csv`: every call judged fraudulent, for the carrier's fraud desk.
//!
//! Carriers keep their records in UTC; the local start lets the owner find the call in the phone
//! system's own pages. Every cell is quoted: a spreadsheet that takes semicolons for separators
//! would else cut a cell in two and run the second half.

use std::io::{self, Write};

use csv::{QuoteStyle, Writer, WriterBuilder};

use crate::untrusted::{Untrusted, csv_cell};

use super::document::place;
use super::model::{FraudCall, Report, When};

const HEADER: [&str; 22] = [
    "incident",
    "start_utc",
    "start_local",
    "account",
    "dialed",
    "e164",
    "country",
    "country_name",
    "area",
    "class",
    "risk",
    "listed",
    "seconds",
    "disposition",
    "cost",
    "currency",
    "cost_basis",
    "source_address",
    "caller",
    "uniqueid",
    "why",
    "record",
];

/// Writes the fraudulent calls of all incidents.
pub fn write(output: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut table = table(output);
    table.write_record(HEADER)?;
    for incident in &report.incidents {
        for call in &incident.calls {
            table.write_record(row(&incident.id, call))?;
        }
    }
    table.flush()
}

fn row(incident: &str, call: &FraudCall) -> [String; HEADER.len()] {
    let evidence = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::csv).unwrap_or_default();
    let words = |text: &Option<String>| text.as_deref().map(csv_cell).unwrap_or_default();
    [
        csv_cell(incident),
        utc(call.start.as_ref()),
        local(call.start.as_ref()),
        evidence(&call.account),
        call.dialed.csv(),
        words(&call.e164),
        call.country.map(csv_cell).unwrap_or_default(),
        call.number.country_name.map(csv_cell).unwrap_or_default(),
        call.number.area.map(csv_cell).unwrap_or_default(),
        call.number.class.map(|class| class.word().to_owned()).unwrap_or_default(),
        call.number.risk.word().to_owned(),
        csv_cell(&call.number.listed.join(" ")),
        call.seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        call.disposition.to_owned(),
        words(&call.cost),
        words(&call.currency),
        call.cost_basis.unwrap_or_default().to_owned(),
        call.address.map(|address| address.to_string()).unwrap_or_default(),
        evidence(&call.caller),
        evidence(&call.uniqueid),
        csv_cell(&call.why),
        call.evidence.first().map(|proof| csv_cell(&place(proof))).unwrap_or_default(),
    ]
}

/// Returns a writer of tables whose every cell is quoted.
pub(super) fn table(output: &mut dyn Write) -> Writer<&mut dyn Write> {
    WriterBuilder::new().quote_style(QuoteStyle::Always).from_writer(output)
}

/// Returns an instant in UTC (`2026-03-07T22:14:05Z`), empty where none is known.
pub(super) fn utc(when: Option<&When>) -> String {
    when.map(|when| when.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// Returns an instant in the zone of the case with its offset, empty where none is known.
pub(super) fn local(when: Option<&When>) -> String {
    when.map(|when| when.format("%Y-%m-%dT%H:%M:%S%:z").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_dialled_formula_is_not_run() {
        let mut bytes = Vec::new();
        write(&mut bytes, &sample::report()).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 12);
        assert_eq!(rows[0].get(1), Some("2026-03-07T22:14:05Z"));
        assert_eq!(rows[0].get(2), Some("2026-03-07T23:14:05+01:00"));
        assert_eq!(rows[0].get(5), Some("+881835211000"));
        for cell in rows.iter().flatten() {
            assert!(!cell.starts_with(['=', '-', '@']) && !cell.chars().any(char::is_control), "{cell:?}");
        }
    }
}
