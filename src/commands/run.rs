//! `run` and `demo`: the whole answer, and the case folder.

use std::path::{Path, PathBuf};

use tolltrace::case::Examined;
use tolltrace::evidence::Evidence;
use tolltrace::report::case_folder::{self, Written};
use tolltrace::report::document::{Block, Line};
use tolltrace::report::json;
use tolltrace::report::manifest::Run;
use tolltrace::report::sections::{self, Section};
use tolltrace::report::text;

use crate::cli::{DemoArgs, Format, RunArgs};
use crate::ui::Ui;

use super::words::shell_word;
use super::{Status, inquiry, next};

/// Examines the evidence given, writes the case and prints the story.
pub(super) fn run(args: &RunArgs, ui: &Ui) -> anyhow::Result<Status> {
    let paths = &args.evidence.evidence;
    let evidence = inquiry::gather(paths, args.story.output.as_deref())?;
    tell(&evidence, paths, &args.story, ui)
}

/// Does the same on the evidence built into the program.
pub(super) fn demo(args: &DemoArgs, ui: &Ui) -> anyhow::Result<Status> {
    tell(&tolltrace::demo::evidence(), &[], args, ui)
}

fn tell(evidence: &Evidence, paths: &[PathBuf], args: &DemoArgs, ui: &Ui) -> anyhow::Result<Status> {
    let run = Run::now();
    let output = args.output.as_deref();
    if let Some(folder) = output {
        // Hours of reading must not end in a folder that cannot be written to.
        case_folder::check(folder)?;
        case_folder::check_kind(folder, args.record.redact)?;
    }
    let mut options = inquiry::options(&args.inquiry, Some(&args.record));
    options.keep_secrets = output.is_some();
    options.contain = output.is_some();
    let examined = inquiry::examine(evidence, &options, ui)?;
    let written = match output {
        Some(folder) => case_folder::write(folder, &examined, &run)?,
        None => Written::default(),
    };
    ui.answer(&shown(&examined, paths, args, &written, ui)?)?;
    Ok(inquiry::status(&examined.report, &args.record))
}

fn shown(
    examined: &Examined,
    paths: &[PathBuf],
    args: &DemoArgs,
    written: &Written,
    ui: &Ui,
) -> anyhow::Result<String> {
    let report = &examined.report;
    let case_written = args.output.is_some();
    Ok(match args.record.format {
        Format::Json => {
            let mut bytes = Vec::new();
            json::write_pretty(&mut bytes, report)?;
            String::from_utf8(bytes)?
        }
        Format::Markdown => case_folder::report_markdown(report, case_written),
        Format::Text => {
            let mut blocks = sections::blocks(Section::STORY, report, inquiry::view(ui, case_written));
            blocks.extend(files(args.output.as_deref(), written));
            blocks.push(Block::heading("Next"));
            let has_calls = report.incidents.iter().any(|incident| !incident.calls.is_empty());
            blocks.push(Block::Commands(leading_on(paths, args, has_calls)));
            text::render(&blocks, ui.bold())
        }
    })
}

fn files(folder: Option<&Path>, written: &Written) -> Vec<Block> {
    let Some(folder) = folder else { return Vec::new() };
    let paths = written.files.iter().map(|name| folder.join(name).to_string_lossy().into_owned());
    let mut blocks = vec![Block::heading("Files written")];
    blocks.extend(Block::list(paths));
    blocks.extend(vouched(written));
    blocks
}

/// Says what vouches for the case, which whoever verifies it later has to know from elsewhere.
pub(super) fn vouched(written: &Written) -> Option<Block> {
    let line = Line::default().words("Write this down on paper now; it vouches for all of them: ");
    written.fingerprint.as_deref().map(|fingerprint| Block::Paragraph(line.strong(fingerprint)))
}

/// Returns the commands that lead on from here, with the options that this answer rests on.
fn leading_on(paths: &[PathBuf], args: &DemoArgs, has_calls: bool) -> Vec<String> {
    if paths.is_empty() {
        return vec!["tolltrace run /path/to/the/copied/disk -o case".to_owned()];
    }
    let evidence = next::evidence(paths, &args.inquiry, &args.record);
    let mut commands = Vec::new();
    match args.output.as_deref() {
        Some(folder) => {
            commands.push(format!("less {}", shell_word(&folder.join("report.md").to_string_lossy())));
        }
        None => commands.push(format!("tolltrace run {evidence} -o case")),
    }
    // What is to be changed has no pseudonym, so that it goes into no case that is shared.
    let own = args.output.as_deref().filter(|_| !args.record.redact);
    let folder = own.map_or_else(|| "case".to_owned(), |own| shell_word(&own.to_string_lossy()));
    commands.push(format!("tolltrace contain {evidence} -o {folder}"));
    commands.push(format!("tolltrace assess {evidence}"));
    commands.push(format!("tolltrace investigate {evidence}"));
    commands.push(format!("tolltrace timeline {} -o timeline.jsonl", next::paths_alone(paths, &args.record)));
    if has_calls && args.inquiry.carrier_cdr.is_empty() {
        commands.push(format!("tolltrace dispute {evidence} --carrier-cdr BILL.csv -o packet"));
    } else if has_calls {
        commands.push(format!("tolltrace dispute {evidence} -o packet"));
    }
    commands
}
