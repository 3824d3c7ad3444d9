//! The packet's tables; every cell is escaped, and quoted.

use std::io;

use crate::report::calls_csv::{local, table, utc};
use crate::report::model::{CarrierRow, DisputedCall, Report};
use crate::untrusted::{Untrusted, csv_cell};

const DISPUTED: [&str; 15] = [
    "start_utc",
    "start_local",
    "e164",
    "country",
    "number",
    "carrier_call_id",
    "sip_call_id",
    "seconds_billed_there",
    "seconds_billed_here",
    "pbx_uniqueid",
    "cost",
    "currency",
    "source_address",
    "reason",
    "record",
];

const RECONCILED: [&str; 22] = [
    "file",
    "row",
    "class",
    "how",
    "direction",
    "start_utc",
    "start_local",
    "from",
    "to",
    "e164",
    "country",
    "carrier_call_id",
    "sip_call_id",
    "trunk",
    "source_address",
    "seconds_there",
    "billed_there",
    "cost",
    "currency",
    "pbx_uniqueid",
    "pbx_start_local",
    "pbx_seconds",
];

/// Writes the disputed calls.
pub(super) fn disputed(bytes: &mut Vec<u8>, report: &Report) -> io::Result<()> {
    let mut table = table(bytes);
    table.write_record(DISPUTED)?;
    for call in report.dispute.iter().flat_map(|dispute| &dispute.calls) {
        table.write_record(disputed_row(call))?;
    }
    table.flush()
}

fn evidence(text: Option<&Untrusted>) -> String {
    text.map(Untrusted::csv).unwrap_or_default()
}

fn words(text: Option<&str>) -> String {
    text.map(csv_cell).unwrap_or_default()
}

fn number<N: ToString>(number: Option<N>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

fn disputed_row(call: &DisputedCall) -> [String; DISPUTED.len()] {
    [
        utc(call.start.as_ref()),
        local(call.start.as_ref()),
        words(call.e164.as_deref()),
        words(call.country.as_deref()),
        call.number.csv(),
        evidence(call.call_id.as_ref()),
        evidence(call.sip_call_id.as_ref()),
        number(call.seconds_there),
        number(call.seconds_here),
        evidence(call.pbx_uniqueid.as_ref()),
        words(call.cost.as_deref()),
        words(call.currency.as_deref()),
        number(call.source),
        csv_cell(&call.reason),
        csv_cell(&call.record),
    ]
}

/// Writes every call of the carrier's with what became of it.
pub(super) fn reconciliation(bytes: &mut Vec<u8>, report: &Report) -> io::Result<()> {
    let mut table = table(bytes);
    table.write_record(RECONCILED)?;
    for row in report.reconciliation.iter().flat_map(|found| &found.rows) {
        table.write_record(reconciled_row(row))?;
    }
    table.flush()
}

fn reconciled_row(row: &CarrierRow) -> [String; RECONCILED.len()] {
    [
        csv_cell(&row.path),
        row.row.to_string(),
        row.class.word().to_owned(),
        words(row.how),
        words(row.direction),
        utc(row.start.as_ref()),
        local(row.start.as_ref()),
        row.from.csv(),
        row.to.csv(),
        words(row.e164.as_deref()),
        words(row.country),
        evidence(row.call_id.as_ref()),
        evidence(row.sip_call_id.as_ref()),
        evidence(row.trunk.as_ref()),
        number(row.source),
        number(row.seconds),
        number(row.billed),
        words(row.cost.as_deref()),
        words(row.currency.as_deref()),
        evidence(row.pbx_uniqueid.as_ref()),
        local(row.pbx_start.as_ref()),
        number(row.pbx_seconds),
    ]
}
