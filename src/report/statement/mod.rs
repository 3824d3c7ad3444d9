//! `statement.md`: what the police are told, each kind of statement apart from the others.
//!
//! *Observed* is what a record says, with its place; *derived* is counted from records; *assessed* is a judgement, in
//! words of likelihood that are defined; *not determinable* is what no record here tells. An address is told as it was
//! logged: it belongs to a network, and no record says who sat behind it. What a person must fill in is left blank.
//!
//! The order follows what reports of digital evidence are asked to hold (SWGDE 18-Q-002, NIST SP 800-86): what was
//! received, methods with versions, findings apart from their interpretation, limits, integrity.

mod assessed;
mod observed;
mod record;

use super::document::{Block, Line, Table};
use super::markdown;
use super::model::{Finding, Report, Severity, When};

/// Returns the statement as Markdown.
pub fn markdown(report: &Report) -> String {
    let title = match &report.case.number {
        Some(number) => format!("Statement of facts, case {number}"),
        None => "Statement of facts".to_owned(),
    };
    markdown::render(&title, &blocks(report))
}

fn blocks(report: &Report) -> Vec<Block> {
    let mut blocks = heading(report);
    blocks.extend(observed::observed(report));
    blocks.extend(observed::derived(report));
    blocks.extend(assessed::assessed(report));
    blocks.extend(assessed::not_determinable(report));
    blocks.extend(record::clocks(report));
    blocks.extend(record::sources(report));
    blocks.extend(record::method(report));
    blocks.extend(signatures());
    blocks
}

/// Says whose case it is, and how to read what follows.
fn heading(report: &Report) -> Vec<Block> {
    let case = &report.case;
    let given = |value: &Option<String>| Line::from(value.as_deref().unwrap_or_default());
    let rows = vec![
        vec!["case number".into(), given(&case.number)],
        vec!["reference of the police".into(), Line::default()],
        vec!["organisation whose phone system it is".into(), given(&case.organisation)],
        vec!["examined by".into(), given(&case.examiner)],
        vec!["written by".into(), format!("{} {}", report.tool.name, report.tool.version).into()],
    ];
    let mut blocks = vec![form(rows)];
    if case.redacted {
        blocks.push(Block::Paragraph(super::redact::NOTE.into()));
    }
    let reading = [
        "Observed: what a record says, with the file and the line it stands in.",
        "Derived: what was counted or computed from records.",
        "Assessed: a judgement, with what speaks for it and against it.",
        "Not determinable: what no record at hand tells.",
    ];
    blocks.push(Block::heading("How to read this statement"));
    blocks.extend(Block::list(reading));
    blocks.push(Block::Paragraph(
        "Addresses are given as they were logged. An address may be a relay, a hired server or somebody else's \
         hacked machine; none is attributed to a person here. Empty fields are for people to fill in."
            .into(),
    ));
    blocks
}

/// Returns what only people can state, with room for it.
fn signatures() -> Vec<Block> {
    let of = |who: &str, fields: &[&str]| {
        let rows = fields.iter().map(|field| vec![Line::from(*field), Line::default()]).collect();
        [Block::Subheading(who.into()), form(rows)]
    };
    let person =
        ["name", "position", "organisation", "address", "telephone, mail", "place, date", "signature"];
    let copy = [
        "name",
        "copied from (make, serial number)",
        "how, with which program",
        "date, time, zone",
        "signature",
    ];
    let receipt = ["name, rank or position", "office", "what was received", "date, time, zone", "signature"];
    let mut blocks = vec![
        Block::heading("To be filled in by people"),
        Block::Paragraph("Nothing in these fields is known to the program that wrote this statement.".into()),
    ];
    blocks.extend(of("Who makes this statement", &person));
    blocks.extend(of("Who copied the evidence", &copy));
    blocks.extend(of("Who received it", &receipt));
    let questions = [
        "How and when was the fraud noticed, and by whom?",
        "What was done since, when and by whom (services stopped, secrets changed, files removed)?",
        "Who administers the phone system, and who knew its secrets?",
        "Call records, recordings and voice messages are personal data: was a breach of it considered, and the authority told? In the European Union and the United Kingdom the time for that is 72 hours from when it became known.",
        "What did the carrier say, who there, when, under which reference?",
    ];
    blocks.push(Block::Subheading("Questions that no record answers".into()));
    blocks.extend(Block::list(questions));
    blocks
}

/// Builds a form: rows with an empty second cell are kept, for they are to be filled in.
fn form(rows: Vec<Vec<Line>>) -> Block {
    Block::Table(Table { header: vec!["field", "entry"], rows })
}

/// Returns the findings of files with secrets that strangers were given.
fn downloads(report: &Report) -> impl Iterator<Item = &Finding> {
    report
        .findings
        .iter()
        .filter(|finding| finding.id == "secrets-downloaded" && finding.severity == Severity::Critical)
}

/// Returns an instant in UTC, and the same on the clock of the case.
fn both(when: &When) -> String {
    format!("{} UTC ({})", when.to_utc().format("%Y-%m-%d %H:%M:%S"), when.format("%Y-%m-%d %H:%M:%S%:z"))
}

fn both_or_dash(when: Option<&When>) -> String {
    when.map_or_else(|| "-".to_owned(), both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::untrusted::is_hidden;

    #[test]
    fn what_is_known_is_filled_in_and_what_is_not_stays_blank() {
        let shown = markdown(&sample::report());
        assert!(shown.starts_with("# Statement of facts, case 2026-17\n"), "{shown}");
        assert!(shown.contains("| case number | 2026-17 |\n"), "{shown}");
        assert!(shown.contains("| signature |  |\n"), "{shown}");
        assert!(shown.contains("2026-03-07 22:14:05 UTC (2026-03-07 23:14:05+01:00)"), "{shown}");
        assert!(shown.contains(&"ab".repeat(32)), "{shown}");
    }

    #[test]
    fn the_four_kinds_stand_apart_and_in_order() {
        let shown = markdown(&sample::report());
        let at = |title: &str| {
            shown.find(&format!("\n## {title}\n")).unwrap_or_else(|| panic!("{title}: {shown}"))
        };
        let places = ["Observed", "Derived", "Assessed", "Not determinable", "Clocks", "Sources"].map(at);
        assert!(places.is_sorted(), "{places:?}");
        let (observed, assessed) = (&shown[places[0]..places[2]], &shown[places[2]..places[3]]);
        for word in ["almost-certain", "likely", "possible"] {
            assert!(!observed.contains(word), "a judgement among what was observed: {observed}");
        }
        assert!(assessed.contains("almost-certain") && assessed.contains("Would change it"), "{assessed}");
    }

    #[test]
    fn a_call_within_the_house_is_told_and_billed_by_nobody() {
        let mut report = sample::report();
        assert!(!markdown(&report).contains("within the house"));
        report.incidents[0].calls[0].stayed_inside = true;
        assert_eq!(report.incidents[0].calls[0].seconds_to_bill(), Some(0));
        assert!(markdown(&report).contains("within the house"));
    }

    #[test]
    fn evidence_acts_nowhere() {
        let shown = markdown(&sample::report());
        assert_eq!(shown.chars().find(|&character| character != '\n' && is_hidden(character)), None);
        assert!(!shown.replace("`", "").is_empty() && !shown.contains("\n<script>"));
    }
}
