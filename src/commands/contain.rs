//! `contain`: what to cut off and change right now, and the files for it.

use serde::Serialize;

use tolltrace::case::Options;
use tolltrace::contain::{self, Asked, Output, Plan};
use tolltrace::evidence::Evidence;
use tolltrace::evidence::live::is_running;
use tolltrace::playbook::{self, Phase};
use tolltrace::report::case_folder::{self, Written};
use tolltrace::report::document::Block;
use tolltrace::report::manifest::Run;
use tolltrace::report::model::{Case, PlaybookStep, Report, SCHEMA, Tool};
use tolltrace::report::{json, markdown, text};

use crate::cli::{ContainArgs, Format};
use crate::ui::Ui;

use super::words::shell_word;
use super::{Status, UserError, inquiry, next};

/// Examines the evidence, writes the files and prints what to do in which order.
pub(super) fn contain(args: &ContainArgs, ui: &Ui) -> anyhow::Result<Status> {
    let paths = &args.evidence.evidence;
    let is_live = paths.iter().any(|path| is_running(path));
    if is_live {
        // The phone system goes on serving calls meanwhile. Threads that are started later inherit it.
        let _ = rustix::process::setpriority_process(None, LOWEST);
    }
    let run = Run::now();
    let output = args.output.as_deref();
    if let Some(folder) = output {
        case_folder::check(folder)?;
        case_folder::check_kind(folder, args.record.redact)?;
        // What was found with a carrier's bill, and the files against it, would be gone without a word.
        if let Some(options) = next::left_out(folder, &args.inquiry, &args.record) {
            return Err(UserError::LeftOut { folder: folder.to_string_lossy().into_owned(), options }.into());
        }
    }
    let evidence = gather(args)?;
    let written = output.is_some();
    let options =
        Options { contain: true, keep_secrets: written, figures_only: !written, ..options(args, is_live) };
    let examined = inquiry::examine(&evidence, &options, ui)?;
    let asked = Asked { end_calls: args.end_calls };
    let files = contain::files(&examined.containment, asked);
    let secrets = args.generate_secrets.then(|| contain::secrets(&examined.containment)).transpose()?;
    let written = match output {
        Some(folder) => case_folder::write_with(folder, &examined, &run, asked, secrets.as_ref())?,
        None => Written::default(),
    };
    let shown = shown(args, &examined.report, &examined.containment, &files, &written, ui)?;
    ui.answer(&shown)?;
    Ok(inquiry::status(&examined.report, &args.record))
}

/// The least of priorities (`setpriority(2)`).
const LOWEST: i32 = 19;

fn gather(args: &ContainArgs) -> anyhow::Result<Evidence> {
    inquiry::gather(&args.evidence.evidence, args.output.as_deref())
}

/// On a live system one thread reads, so that the others are left for calls.
fn options(args: &ContainArgs, is_live: bool) -> Options {
    let options = inquiry::options(&args.inquiry, Some(&args.record));
    let jobs = if is_live && options.jobs == 0 { 1 } else { options.jobs };
    Options { jobs, ..options }
}

fn shown(
    args: &ContainArgs,
    report: &Report,
    plan: &Plan,
    files: &[Output],
    written: &Written,
    ui: &Ui,
) -> anyhow::Result<String> {
    let asked = Asked { end_calls: args.end_calls };
    Ok(match args.record.format {
        Format::Json => {
            let files =
                files.iter().map(|file| FileData { path: &file.path, purpose: file.purpose }).collect();
            let steps = report.steps.iter().filter(|step| step.phase == Phase::Contain.word()).collect();
            let data = ContainData {
                schema: SCHEMA,
                tool: &report.tool,
                case: &report.case,
                contain: plan,
                steps,
                files,
            };
            let mut bytes = Vec::new();
            json::write_pretty(&mut bytes, &data)?;
            String::from_utf8(bytes)?
        }
        Format::Markdown => {
            let mut blocks = contain::blocks(plan, asked, files);
            blocks.extend(playbook::blocks::phase(Phase::Contain, report, inquiry::full()));
            markdown::render("Cut off and change", &blocks)
        }
        Format::Text => {
            let unwritten = "Nothing is written yet: the files that are named here come with -o FOLDER.";
            let is_unwritten = args.output.is_none() && !files.is_empty();
            let mut blocks: Vec<Block> =
                is_unwritten.then(|| Block::Paragraph(unwritten.into())).into_iter().collect();
            blocks.extend(contain::blocks(plan, asked, files));
            blocks.extend(playbook::blocks::phase(Phase::Contain, report, inquiry::view(ui, false)));
            blocks.extend(folder(args, written));
            blocks.push(Block::heading("Next"));
            blocks.push(Block::Commands(leading_on(args)));
            text::render(&blocks, ui.bold())
        }
    })
}

/// Says where the files are, which is all that a reader in haste needs of them.
fn folder(args: &ContainArgs, written: &Written) -> Vec<Block> {
    let Some(folder) = args.output.as_deref() else { return Vec::new() };
    let folder = folder.join(contain::FOLDER);
    let count = written.files.iter().filter(|name| name.starts_with(contain::FOLDER)).count() as u64;
    let shown = folder.to_string_lossy();
    let counted = tolltrace::report::document::counted(count, "file");
    let mut blocks = vec![Block::heading("Files written")];
    blocks.extend(Block::list([format!("{counted} in {shown}: begin with README.md")]));
    if args.generate_secrets {
        let path = folder.join(contain::SECRETS);
        let words = format!(
            "{} holds new secrets: only you may read it; destroy it when they are set",
            path.to_string_lossy()
        );
        blocks.extend(Block::list([words]));
    }
    blocks.extend(super::run::vouched(written));
    blocks
}

fn leading_on(args: &ContainArgs) -> Vec<String> {
    let evidence = next::evidence(&args.evidence.evidence, &args.inquiry, &args.record);
    let mut commands = Vec::new();
    match args.output.as_deref() {
        Some(folder) => {
            let guide = folder.join(contain::FOLDER).join("README.md");
            commands.push(format!("less {}", shell_word(&guide.to_string_lossy())));
        }
        None => commands.push(format!("tolltrace contain {evidence} -o case")),
    }
    // A running system is copied to another disk, whose name nobody here knows.
    if !args.evidence.evidence.iter().any(|path| is_running(path)) {
        let paths = next::paths_alone(&args.evidence.evidence, &args.record);
        commands.push(format!("tolltrace preserve {paths} -o preserved"));
    }
    commands.push(format!("tolltrace assess {evidence}"));
    commands
}

/// The keys of `contain --format json`.
#[derive(Serialize)]
struct ContainData<'a> {
    schema: &'static str,
    tool: &'a Tool,
    case: &'a Case,
    contain: &'a Plan,
    steps: Vec<&'a PlaybookStep>,
    files: Vec<FileData<'a>>,
}

#[derive(Serialize)]
struct FileData<'a> {
    path: &'a str,
    purpose: &'static str,
}
