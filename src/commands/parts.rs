//! `inventory`, `assess` and `investigate`: parts of one report.

use serde::Serialize;

use tolltrace::case::Options;
use tolltrace::geoip::GeoFile;
use tolltrace::patterns::Thresholds;
use tolltrace::playbook::{Phase, blocks as steps};
use tolltrace::report::document::Block;
use tolltrace::report::model::{
    Assessment, Case, ClockNote, Dialling, EvidenceRow, FailedAttacker, Finding, Gap, Incident,
    LikelihoodMeaning, Loss, NotRead, Observation, PlaybookStep, PlaybookUsed, Report, Tool, Totals,
};
use tolltrace::report::sections::{self, Section, View};
use tolltrace::report::{json, markdown, text};

use crate::cli::{Format, ReportArgs};
use crate::ui::Ui;

use super::{Status, inquiry, next};

/// Shows what evidence is there and what is missing.
pub(super) fn inventory(args: &ReportArgs, ui: &Ui) -> anyhow::Result<Status> {
    let report = examined(args, &inquiry::options(&args.inquiry, Some(&args.record)), ui)?;
    let data = InventoryData {
        schema: report.schema,
        tool: &report.tool,
        case: &report.case,
        evidence: &report.evidence,
        gaps: &report.gaps,
        not_read: &report.not_read,
        unrecognised_files: report.unrecognised_files,
        clocks: &report.clocks,
        limits: &report.limits,
        hashing_off: report.hashing_off,
    };
    show(args, ui, &report, inquiry::EVIDENCE, &data, |view| {
        let mut blocks = sections::blocks(Section::INVENTORY, &report, view);
        blocks.extend(next::after_inventory(args));
        blocks
    })
}

/// Shows what happened in figures.
pub(super) fn assess(args: &ReportArgs, ui: &Ui) -> anyhow::Result<Status> {
    let options = Options { figures_only: true, ..inquiry::options(&args.inquiry, Some(&args.record)) };
    let report = examined(args, &options, ui)?;
    let incidents = report.incidents.iter();
    let data = AssessmentData {
        schema: report.schema,
        tool: &report.tool,
        case: &report.case,
        incidents: incidents
            .map(|one| Sum { id: &one.id, title: &one.title, totals: &one.totals, loss: &one.loss })
            .collect(),
        assessment: &report.assessment,
        dialling: &report.dialling,
        observations: &report.observations,
        thresholds: &report.thresholds,
        limits: &report.limits,
        steps: of_phase(&report, Phase::Assess),
        playbooks: &report.playbooks,
    };
    show(args, ui, &report, inquiry::FIGURES, &data, |view| {
        let mut blocks = sections::blocks(Section::ASSESSMENT, &report, view);
        blocks.extend(steps::phase(Phase::Assess, &report, view));
        blocks.extend(next::blocks(Phase::Assess, &report, args));
        blocks
    })
}

/// Shows how they got in, in the order of the playbook.
pub(super) fn investigate(args: &ReportArgs, ui: &Ui) -> anyhow::Result<Status> {
    let report = examined(args, &inquiry::options(&args.inquiry, Some(&args.record)), ui)?;
    let data = InvestigationData {
        schema: report.schema,
        tool: &report.tool,
        case: &report.case,
        incidents: &report.incidents,
        failed_attackers: &report.failed_attackers,
        hole_seekers: &report.hole_seekers,
        geoip: &report.geoip,
        findings: &report.findings,
        gaps: &report.gaps,
        clocks: &report.clocks,
        limits: &report.limits,
        likelihoods: &report.likelihoods,
        steps: of_phase(&report, Phase::Investigate),
        playbooks: &report.playbooks,
    };
    show(args, ui, &report, inquiry::WAY_IN, &data, |view| {
        let mut blocks = steps::questions(Phase::Investigate, &report, view);
        blocks.extend(steps::phase(Phase::Investigate, &report, view));
        blocks.extend(next::blocks(Phase::Investigate, &report, args));
        blocks
    })
}

fn examined(args: &ReportArgs, options: &Options, ui: &Ui) -> anyhow::Result<Report> {
    let evidence = inquiry::gather(&args.evidence.evidence, args.output.as_deref())?;
    inquiry::refuse_foreign(args.output.as_deref())?;
    Ok(inquiry::examine(&evidence, options, ui)?.report)
}

fn show<T: Serialize>(
    args: &ReportArgs,
    ui: &Ui,
    report: &Report,
    title: &str,
    data: &T,
    blocks: impl Fn(View) -> Vec<Block>,
) -> anyhow::Result<Status> {
    let shown = match args.record.format {
        Format::Json => {
            let mut bytes = Vec::new();
            json::write_pretty(&mut bytes, data)?;
            String::from_utf8(bytes)?
        }
        Format::Markdown => markdown::render(title, &blocks(View::full(false))),
        Format::Text => {
            let bold = ui.bold() && args.output.is_none();
            let mut blocks = blocks(inquiry::view(ui, false));
            if args.output.is_some() {
                // A file says what it is, so that the next run knows it for its own.
                blocks.insert(0, Block::heading(title));
            }
            text::render(&blocks, bold)
        }
    };
    inquiry::deliver(&shown, args.output.as_deref(), ui)?;
    Ok(inquiry::status(report, &args.record))
}

/// The keys of `report.json` that `inventory` shows.
#[derive(Serialize)]
struct InventoryData<'a> {
    schema: &'static str,
    tool: &'a Tool,
    case: &'a Case,
    evidence: &'a [EvidenceRow],
    gaps: &'a [Gap],
    not_read: &'a [NotRead],
    unrecognised_files: u64,
    clocks: &'a [ClockNote],
    limits: &'a [String],
    hashing_off: bool,
}

/// The keys of `report.json` that `assess` shows.
#[derive(Serialize)]
struct AssessmentData<'a> {
    schema: &'static str,
    tool: &'a Tool,
    case: &'a Case,
    incidents: Vec<Sum<'a>>,
    assessment: &'a Assessment,
    dialling: &'a Dialling,
    observations: &'a [Observation],
    thresholds: &'a Thresholds,
    limits: &'a [String],
    steps: Vec<&'a PlaybookStep>,
    playbooks: &'a [PlaybookUsed],
}

/// An incident without its proof.
#[derive(Serialize)]
struct Sum<'a> {
    id: &'a str,
    title: &'a str,
    totals: &'a Totals,
    loss: &'a Loss,
}

/// The keys of `report.json` that `investigate` shows.
#[derive(Serialize)]
struct InvestigationData<'a> {
    schema: &'static str,
    tool: &'a Tool,
    case: &'a Case,
    incidents: &'a [Incident],
    failed_attackers: &'a [FailedAttacker],
    hole_seekers: &'a [FailedAttacker],
    geoip: &'a [GeoFile],
    findings: &'a [Finding],
    gaps: &'a [Gap],
    clocks: &'a [ClockNote],
    limits: &'a [String],
    likelihoods: &'a [LikelihoodMeaning],
    steps: Vec<&'a PlaybookStep>,
    playbooks: &'a [PlaybookUsed],
}

/// Returns the steps of one phase.
pub(super) fn of_phase(report: &Report, phase: Phase) -> Vec<&PlaybookStep> {
    report.steps.iter().filter(|step| step.phase == phase.word()).collect()
}
