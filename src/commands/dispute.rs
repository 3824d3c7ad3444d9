//! `dispute`: the packet for the carrier.

use serde::Serialize;

use tolltrace::playbook::{Phase, blocks as steps};
use tolltrace::report::model::{
    Case, Dispute, EvidenceRow, PlaybookStep, PlaybookUsed, Reconciliation, Tool,
};
use tolltrace::report::sections::{Section, blocks};
use tolltrace::report::{json, packet, text};

use crate::cli::{Format, ReportArgs};
use crate::ui::Ui;

use super::{Status, inquiry, next, parts};

/// Prints the letter with its calls and, with `-o`, writes the packet into a folder.
pub(super) fn dispute(args: &ReportArgs, ui: &Ui) -> anyhow::Result<Status> {
    let output = args.output.as_deref();
    if let Some(folder) = output {
        packet::check(folder)?;
    }
    let evidence = inquiry::gather(&args.evidence.evidence, output)?;
    let options = inquiry::options(&args.inquiry, Some(&args.record));
    let report = inquiry::examine(&evidence, &options, ui)?.report;
    let written = match output {
        Some(folder) => packet::write(folder, &report)?,
        None => Vec::new(),
    };
    let shown = match args.record.format {
        Format::Json => {
            let evidence = report.evidence.iter().filter(|row| row.kind == "carrier-cdr").collect();
            let data = DisputeData {
                schema: report.schema,
                tool: &report.tool,
                case: &report.case,
                evidence,
                dispute: report.dispute.as_ref(),
                reconciliation: report.reconciliation.as_ref(),
                limits: &report.limits,
                steps: parts::of_phase(&report, Phase::Dispute),
                playbooks: &report.playbooks,
            };
            let mut bytes = Vec::new();
            json::write_pretty(&mut bytes, &data)?;
            String::from_utf8(bytes)?
        }
        Format::Markdown => packet::letter(&report, output.is_some()),
        Format::Text => {
            let view = inquiry::view(ui, output.is_some());
            let mut blocks = blocks(&[Section::Dispute, Section::Limits], &report, view);
            blocks.extend(steps::phase(Phase::Dispute, &report, view));
            blocks.extend(next::blocks(Phase::Dispute, &report, args));
            text::render(&blocks, ui.bold())
        }
    };
    inquiry::deliver(&shown, None, ui)?;
    if let Some(folder) = output {
        for name in written {
            ui.note(&format!("written: {}", folder.join(name).to_string_lossy()));
        }
    }
    Ok(inquiry::status(&report, &args.record))
}

/// The keys of `report.json` that `dispute` shows.
#[derive(Serialize)]
struct DisputeData<'a> {
    schema: &'static str,
    tool: &'a Tool,
    case: &'a Case,
    evidence: Vec<&'a EvidenceRow>,
    dispute: Option<&'a Dispute>,
    reconciliation: Option<&'a Reconciliation>,
    limits: &'a [String],
    steps: Vec<&'a PlaybookStep>,
    playbooks: &'a [PlaybookUsed],
}
