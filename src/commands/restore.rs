//! `restore`: the gate before service is restored.

use std::collections::BTreeSet;

use serde::Serialize;

use tolltrace::case;
use tolltrace::playbook::format::Check;
use tolltrace::playbook::{self, Phase};
use tolltrace::report::document::Block;
use tolltrace::report::model::{Case, PlaybookStep, Report, Tool};
use tolltrace::report::sections::View;
use tolltrace::report::{json, markdown, text};
use tolltrace::restore::{self, Earlier, Outcome, Scene};

use crate::cli::{Format, RestoreArgs};
use crate::ui::Ui;

use super::words::shell_word;
use super::{Status, UserError, inquiry, next};

/// Judges every gate on the new evidence, and ends with 1 while one does not hold.
pub(super) fn restore(args: &RestoreArgs, ui: &Ui) -> anyhow::Result<Status> {
    let report = &args.report;
    // Hours of reading must not end in a gate or a case that cannot be used.
    refuse_unknown(args)?;
    let earlier = args.case.as_deref().map(Earlier::open).transpose()?;
    let evidence = inquiry::gather(&report.evidence.evidence, report.output.as_deref())?;
    inquiry::require_sources(&evidence, ui)?;
    let mut options = inquiry::options(&report.inquiry, Some(&report.record));
    options.clean_since.clone_from(&args.clean_since);
    let judged = case::examine_and(&evidence, &options, &ui.progress(), |ground, examined| {
        let outcome = restore::judge(&Scene::new(ground, &examined.report, earlier.as_ref()), &args.accept);
        let mut report = examined.report;
        report.steps = restore::steps(&report.steps, &outcome);
        (outcome, report)
    });
    let (outcome, examined) = judged?;
    let shown = match report.record.format {
        Format::Json => {
            let data = RestoreData {
                schema: restore::SCHEMA,
                tool: &examined.tool,
                case: &examined.case,
                earlier: earlier.as_ref().map(|earlier| earlier.folder.as_str()),
                outcome: &outcome,
                steps: &examined.steps,
            };
            let mut bytes = Vec::new();
            json::write_pretty(&mut bytes, &data)?;
            String::from_utf8(bytes)?
        }
        Format::Markdown => {
            markdown::render("Restore service", &all(args, &outcome, &examined, inquiry::full()))
        }
        Format::Text => {
            let bold = ui.bold() && report.output.is_none();
            text::render(&all(args, &outcome, &examined, inquiry::view(ui, false)), bold)
        }
    };
    inquiry::deliver(&shown, report.output.as_deref(), ui)?;
    Ok(if outcome.holds { inquiry::status(&examined, &report.record) } else { Status::NotHeld })
}

/// Refuses a gate that there cannot be: gates have ids of their own, or those of findings and of rules of playbooks.
fn refuse_unknown(args: &RestoreArgs) -> anyhow::Result<()> {
    let playbooks = playbook::load::load(&args.report.inquiry.playbooks)?;
    let steps = playbooks.all.iter().flat_map(|playbook| &playbook.file.steps);
    let rules: BTreeSet<&str> = steps.flat_map(|step| &step.checks).map(Check::word).collect();
    for accepted in args.accept.iter().filter(|accepted| !rules.contains(accepted.gate.as_str())) {
        if let Err(meant) = restore::known_gate(&accepted.gate) {
            return Err(UserError::NoGate { gate: accepted.gate.clone(), meant }.into());
        }
    }
    Ok(())
}

fn all(args: &RestoreArgs, outcome: &Outcome, report: &Report, view: View) -> Vec<Block> {
    let mut blocks = restore::blocks(outcome, view);
    blocks.extend(playbook::blocks::phase(Phase::Restore, report, view));
    blocks.push(Block::heading("Next"));
    blocks.push(Block::Commands(leading_on(args, outcome)));
    blocks
}

/// Returns the command that leads on: what closes the holes, then this one on what was copied after that.
fn leading_on(args: &RestoreArgs, outcome: &Outcome) -> Vec<String> {
    let evidence = next::evidence(&args.report.evidence.evidence, &args.report.inquiry, &args.report.record);
    let case = args.case.as_ref().map(|case| format!(" --case {}", shell_word(&case.to_string_lossy())));
    let case = case.unwrap_or_else(|| " --case CASE".to_owned());
    let options = next::given(&args.report.inquiry, &args.report.record);
    let again =
        |since: &str| format!("tolltrace restore NEXT-DAYS-COPY{options}{case} --clean-since {since}");
    if !outcome.holds {
        return vec![
            format!("tolltrace contain {evidence} -o case-now"),
            format!("tolltrace restore COPY-AFTER-REPAIR{options}{case}"),
        ];
    }
    let since = outcome.evidence_ends.or(outcome.clean_since);
    vec![again(
        &since.map_or_else(
            || "TIME".to_owned(),
            |since| since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        ),
    )]
}

/// What `restore` tells as JSON.
#[derive(Serialize)]
struct RestoreData<'a> {
    schema: &'static str,
    tool: &'a Tool,
    case: &'a Case,
    earlier: Option<&'a str>,
    #[serde(flatten)]
    outcome: &'a Outcome,
    steps: &'a [PlaybookStep],
}
