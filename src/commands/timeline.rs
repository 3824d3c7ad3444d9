//! `timeline`: every recognised record, in time order.

use std::io::Write;
use std::path::Path;

use tolltrace::case::{self, CaseError};
use tolltrace::evidence::Evidence;
use tolltrace::report::timeline::{write_csv_header, write_csv_row, write_json_line};
use tolltrace::report::whole_file::WholeFile;

use crate::cli::{TimelineArgs, TimelineFormat};
use crate::ui::Ui;

use super::{Status, inquiry};

/// Writes the timeline to standard output or to a file.
pub(super) fn timeline(args: &TimelineArgs, ui: &Ui) -> anyhow::Result<Status> {
    let output = args.output.as_deref();
    let evidence = inquiry::gather(&args.evidence.evidence, output)?;
    inquiry::refuse_foreign(output)?;
    inquiry::require_sources(&evidence, ui)?;
    match output {
        None => {
            let name = Path::new("standard output");
            write_rows(&evidence, args, ui, name, &mut *ui.data())?;
        }
        Some(path) => write_file(&evidence, args, ui, path)?,
    }
    Ok(Status::Done)
}

/// Writes under a temporary name first: half a timeline must not pass for a whole one.
fn write_file(evidence: &Evidence, args: &TimelineArgs, ui: &Ui, path: &Path) -> anyhow::Result<()> {
    let mut file = WholeFile::create(path).map_err(|cause| inquiry::unwritable(path, cause))?;
    write_rows(evidence, args, ui, path, &mut file)?;
    file.finish().map_err(|cause| inquiry::unwritable(path, cause))?;
    ui.note(&format!("written: {}", path.to_string_lossy()));
    Ok(())
}

fn write_rows(
    evidence: &Evidence,
    args: &TimelineArgs,
    ui: &Ui,
    name: &Path,
    output: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut options = inquiry::options(&args.inquiry, None);
    options.fold = args.fold;
    let progress = ui.progress();
    let unwritable = |cause| inquiry::unwritable(name, cause);
    let rows = if args.redact { case::timeline_redacted } else { case::timeline };
    let written = match args.format {
        TimelineFormat::Jsonl => rows(evidence, &options, &progress, &mut |row| write_json_line(output, row)),
        TimelineFormat::Csv => {
            write_csv_header(output).map_err(unwritable)?;
            rows(evidence, &options, &progress, &mut |row| write_csv_row(output, row))
        }
    };
    match written {
        Err(CaseError::Output(cause)) => return Err(unwritable(cause).into()),
        other => other?,
    }
    Ok(output.flush().map_err(unwritable)?)
}
