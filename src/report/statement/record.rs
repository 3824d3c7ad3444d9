//! Clocks, sources with their fingerprints, method and limits.

use crate::report::document::{Block, Line, counted};
use crate::report::model::{ClockDifferenceNote, Report};

use super::both_or_dash;

/// Says in which zone times are told, how that is known for each source, and how far the clock can be trusted.
pub(super) fn clocks(report: &Report) -> Vec<Block> {
    let case = &report.case;
    let mut blocks = vec![
        Block::heading("Clocks"),
        Block::Paragraph(
            format!(
                "Times are given in UTC, and in brackets as they are in {} ({}).",
                case.timezone, case.timezone_origin
            )
            .into(),
        ),
        Block::Paragraph(drift(report.reconciliation.as_ref().map(|found| &found.clock)).into()),
    ];
    for system in &case.systems {
        let line = Line::path(&system.evidence).words(format!(": its stamps are in {}", system.timezone));
        blocks.push(Block::Paragraph(line));
    }
    let rows = report
        .clocks
        .iter()
        .flat_map(|clock| clock.notes.iter().map(|note| vec![Line::path(&clock.path), note.as_str().into()]));
    let rows: Vec<Vec<Line>> = rows.collect();
    blocks.push(Block::Paragraph(if rows.is_empty() {
        "Every stamp that was used carries its own offset, or stands in the zone named above.".into()
    } else {
        "Where a source's stamps do not carry their own year and offset, this was assumed:".into()
    }));
    blocks.extend(Block::table(&["source", "how its times were worked out"], rows));
    blocks
}

fn drift(clock: Option<&ClockDifferenceNote>) -> String {
    let Some(clock) = clock else {
        return "How far the phone system's clock was from true time was not measured: no records kept by another clock were given (--carrier-cdr)."
            .to_owned();
    };
    match clock.carrier_ahead_seconds {
        Some(ahead) => format!(
            "Measured against the carrier's records: its clock was {ahead} seconds ahead of the phone system's (median of {}, median distance from it {} seconds; {}). No time was changed for that.",
            counted(clock.calls, "call"),
            clock.spread_seconds,
            clock.note
        ),
        None => {
            format!("Too few calls stand in the carrier's records to measure the clock by: {}.", clock.note)
        }
    }
}

/// Lists the files that were read, each with its fingerprint.
pub(super) fn sources(report: &Report) -> Vec<Block> {
    let mut blocks = vec![Block::heading("Sources")];
    let given = Line::default().words("Received for examination: ");
    let given = report.case.evidence.iter().enumerate().fold(given, |line, (index, path)| {
        let line = if index == 0 { line } else { line.words(", ") };
        line.evidence(&path.as_str().into())
    });
    blocks.push(Block::Paragraph(given));
    blocks.push(Block::Paragraph(if report.hashing_off {
        "SHA-256 was switched off for this run: these files are not fingerprinted.".into()
    } else {
        "SHA-256 is of the bytes as they were given; of a member of an archive, of its unpacked bytes.".into()
    }));
    let rows = report.evidence.iter().map(|row| {
        vec![
            Line::path(&row.path),
            row.bytes.into(),
            row.sha256.as_deref().unwrap_or("-").into(),
            both_or_dash(row.first.as_ref()).into(),
            both_or_dash(row.last.as_ref()).into(),
            row.records.into(),
            row.unparsed.into(),
            row.note.as_deref().unwrap_or_default().into(),
        ]
    });
    let header = ["file", "#bytes", "SHA-256", "first", "last", "#records", "#lines not understood", "note"];
    blocks.extend(Block::table(&header, rows.collect()));
    if !report.not_read.is_empty() || report.unrecognised_files > 0 {
        let line = format!(
            "Beside them {} could not be read or recognised; report.md lists what was not read.",
            counted(report.unrecognised_files.max(report.not_read.len() as u64), "file")
        );
        blocks.push(Block::Paragraph(line.into()));
    }
    blocks
}

/// Says how it was done, with which program, and what its limits are.
pub(super) fn method(report: &Report) -> Vec<Block> {
    let mut lines = vec![
        format!(
            "Program: {} {}, offline; the evidence was opened for reading only and nothing in it was executed.",
            report.tool.name, report.tool.version
        ),
        "The same evidence and options give the same files byte for byte, manifest.json excepted, which holds the command line, the time of the run and the SHA-256 of every file written.".to_owned(),
        "Records were read from logs, call records, databases and configuration; attempts, logins and calls were joined by account, address and time; each way in was weighed against the others.".to_owned(),
        format!("Numbers were read by numbering plans, version {}.", report.dialling.table_version),
        "What was held against the calls stands in report.json under thresholds.".to_owned(),
    ];
    lines.extend(report.case.filters.iter().cloned());
    let mut blocks = vec![Block::heading("Method and limits")];
    blocks.extend(Block::list(lines));
    blocks.push(Block::Paragraph("Limits:".into()));
    let own = [
        "Logs are written by the machine that was attacked: whoever had its administrator's rights could change them.",
        "Senders of SIP over UDP can forge their address; an address whose registration was accepted, or that held a call, did receive answers.",
        "Names, user agents and numbers presented in requests are the sender's words.",
    ];
    blocks.extend(Block::list(own.into_iter().map(str::to_owned).chain(report.limits.iter().cloned())));
    blocks
}
