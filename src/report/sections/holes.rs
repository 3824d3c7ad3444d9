//! Holes: in the phone system (findings), and in the evidence (gaps).

use crate::report::document::{Block, Line};
use crate::report::model::{Finding, Report};

use super::{View, proofs, titled};

pub(super) fn findings(report: &Report, view: View) -> Vec<Block> {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| (finding.severity, finding.id, finding.subject.clone()));
    let shown = findings.len().min(view.rows);
    let mut blocks: Vec<Block> =
        findings.iter().take(view.rows).flat_map(|finding| one_finding(finding, view)).collect();
    blocks.extend(view.rest(shown, findings.len(), "report.md"));
    let settings = &report.settings;
    if !settings.looked_at.is_empty() {
        let not = match settings.not_checked.as_slice() {
            [] => String::new(),
            files => format!(" Not checked, for they are not here or not in force: {}.", files.join(", ")),
        };
        blocks.push(Block::Paragraph(
            format!("Settings looked at: {}.{not}", settings.looked_at.join(", ")).into(),
        ));
    }
    titled("Findings", blocks)
}

fn one_finding(finding: &Finding, view: View) -> Vec<Block> {
    let title = Line::default()
        .strong(finding.severity.word())
        .words(format!(" {}: ", finding.id))
        .evidence(&finding.subject)
        .words(format!(" - {}", finding.title));
    let mut entries: Vec<Line> = Vec::new();
    if !finding.detail.is_empty() {
        entries.push(finding.detail.as_str().into());
    }
    entries.push(format!("remedy: {}", finding.remedy).into());
    if !finding.attack.is_empty() {
        entries.push(format!("MITRE techniques: {}", finding.attack.join(", ")).into());
    }
    let mut blocks = vec![Block::Subheading(title), Block::List(entries)];
    blocks.extend(proofs(&finding.evidence, view));
    blocks
}

pub(super) fn gaps(report: &Report) -> Vec<Block> {
    // Three sentences side by side make lines that no terminal is wide enough for.
    let told = report.gaps.iter().flat_map(|gap| {
        let entries = [format!("costs: {}", gap.why_it_matters), format!("get it: {}", gap.how_to_get_it)];
        [Block::Subheading(Line::default().strong(gap.what.as_str()))].into_iter().chain(Block::list(entries))
    });
    titled("Missing evidence", told.collect())
}
