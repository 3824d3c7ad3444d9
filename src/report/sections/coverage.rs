//! What was read, what was not, and how far its times can be relied on.

use crate::report::document::{Block, Line, instant_or_dash};
use crate::report::model::{EvidenceRow, Report};

use super::{View, titled};

/// The characters of a SHA-256 that a table shows; the whole stands in `report.json`.
const SHORT_HASH: usize = 12;

pub(super) fn case(report: &Report) -> Vec<Block> {
    let case = &report.case;
    let mut rows = vec![
        vec!["evidence".into(), Line::path(&case.evidence.join(", "))],
        vec!["times shown in".into(), format!("{} ({})", case.timezone, case.timezone_origin).into()],
        vec!["evidence ends".into(), instant_or_dash(case.evidence_ends.as_ref()).into()],
    ];
    if let Some(product) = case.product.as_ref().filter(|_| case.systems.is_empty()) {
        rows.push(vec!["product".into(), product.into()]);
    }
    for system in &case.systems {
        let mut line = Line::path(&system.evidence).words(format!(": times in {}", system.timezone));
        if let Some(product) = &system.product {
            line = line.words(", ").evidence(product);
        }
        rows.push(vec![Line::from(system.prefix.as_str()), line]);
    }
    for (name, value) in
        [("case number", &case.number), ("examiner", &case.examiner), ("organisation", &case.organisation)]
    {
        if let Some(value) = value {
            rows.push(vec![name.into(), value.as_str().into()]);
        }
    }
    rows.extend(dialling(report));
    rows.push(vec!["written by".into(), format!("{} {}", report.tool.name, report.tool.version).into()]);
    titled("The case", Block::table(&["what", "value"], rows))
}

/// Says how dialled strings were read.
fn dialling(report: &Report) -> Vec<Vec<Line>> {
    let dialling = &report.dialling;
    let mut rows = Vec::new();
    let home = dialling.home_country.unwrap_or("not known");
    let because = dialling.because.join("; ");
    let because = if because.is_empty() { String::new() } else { format!(": {because}") };
    let certainty = dialling.certainty.words();
    let certainty = if dialling.home_country.is_some() { format!(" ({certainty})") } else { String::new() };
    rows.push(vec!["home country".into(), format!("{home}{certainty}{because}").into()]);
    if !dialling.outside_lines.is_empty() {
        let lines = dialling.outside_lines.join(", ");
        let because = dialling.outside_because.join("; ");
        rows.push(vec!["outside line".into(), format!("{lines} ({because})").into()]);
    }
    for file in &report.geoip {
        let about = match (&file.trouble, &file.database, &file.built) {
            (Some(trouble), ..) => trouble.clone(),
            (None, database, built) => format!(
                "{}, built {}",
                database.as_deref().unwrap_or("-"),
                built.as_deref().unwrap_or("at a time it does not tell")
            ),
        };
        rows.push(vec!["addresses by".into(), Line::path(&file.path).words(format!(": {about}"))]);
    }
    let version = format!("numbering plans, version {}", dialling.table_version);
    rows.push(vec!["numbers read by".into(), version.into()]);
    rows
}

pub(super) fn coverage(report: &Report, view: View) -> Vec<Block> {
    let mut blocks = Vec::new();
    if report.hashing_off {
        blocks.push(Block::Paragraph("SHA-256 was switched off: the sources are not fingerprinted.".into()));
    }
    let read: Vec<&EvidenceRow> = report.evidence.iter().filter(|row| row.duplicate_of.is_none()).collect();
    let rows = read.iter().map(|row| source_row(row, view)).collect();
    let header = ["path", "kind", "#bytes", "first", "last", "#records", "#unparsed", "sha256", "note"];
    blocks.extend(Block::table(&header, rows));
    blocks.extend(copies(report));
    blocks.extend(unparsed(report, view));
    titled("Evidence read", blocks)
}

fn source_row(row: &EvidenceRow, view: View) -> Vec<Line> {
    let hash = row.sha256.as_deref().unwrap_or("-");
    let hash = if view.rows == usize::MAX { hash } else { hash.get(..SHORT_HASH).unwrap_or(hash) };
    vec![
        Line::path(&row.path),
        row.kind.into(),
        row.bytes.into(),
        instant_or_dash(row.first.as_ref()).into(),
        instant_or_dash(row.last.as_ref()).into(),
        row.records.into(),
        row.unparsed.into(),
        hash.into(),
        row.note.as_deref().unwrap_or("").into(),
    ]
}

fn copies(report: &Report) -> Vec<Block> {
    let rows = report.evidence.iter().filter_map(|row| {
        let original = row.duplicate_of.as_deref()?;
        Some(vec![Line::path(&row.path), Line::path(original)])
    });
    Block::table(&["not read again", "same content as"], rows.collect())
}

fn unparsed(report: &Report, view: View) -> Vec<Block> {
    let rows: Vec<_> = report
        .evidence
        .iter()
        .flat_map(|row| row.unparsed_places.iter().map(move |places| (row, places)))
        .map(|(row, places)| {
            let lines: Vec<String> = places.first_lines.iter().map(u64::to_string).collect();
            vec![Line::path(&row.path), places.why.into(), places.lines.into(), lines.join(", ").into()]
        })
        .collect();
    let total = rows.len();
    let shown: Vec<_> = rows.into_iter().take(view.rows).collect();
    let count = shown.len();
    let mut blocks = Block::table(&["path", "lines not understood", "#lines", "first at line"], shown);
    blocks.extend(view.rest(count, total, "report.md"));
    blocks
}

pub(super) fn clocks(report: &Report, view: View) -> Vec<Block> {
    let rows: Vec<_> = report
        .clocks
        .iter()
        .flat_map(|clock| clock.notes.iter().map(move |note| (clock, note)))
        .map(|(clock, note)| vec![Line::path(&clock.path), note.as_str().into()])
        .collect();
    let total = rows.len();
    let shown: Vec<_> = rows.into_iter().take(view.rows).collect();
    let count = shown.len();
    let mut blocks = Block::table(&["source", "how its times were worked out"], shown);
    blocks.extend(view.rest(count, total, "report.md"));
    titled("Clocks", blocks)
}

pub(super) fn not_read(report: &Report, view: View) -> Vec<Block> {
    let rows = report.not_read.iter().take(view.rows).map(|file| {
        let bytes = file.bytes.map_or_else(|| "-".into(), Line::from);
        vec![Line::path(&file.path), bytes, file.why.as_str().into()]
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let mut blocks = Block::table(&["path", "#bytes", "why"], rows);
    blocks.extend(view.rest(shown, report.not_read.len(), "report.md"));
    if report.unrecognised_files > 0 {
        let line = format!("Files of no known kind, in all: {}.", report.unrecognised_files);
        blocks.push(Block::Paragraph(line.into()));
    }
    titled("Not read", blocks)
}

pub(super) fn limits(report: &Report) -> Vec<Block> {
    titled("Limits that were reached", Block::list(report.limits.iter().map(String::as_str)))
}
