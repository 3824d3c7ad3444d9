//! What all commands that take evidence do alike: gather it, examine it, judge `--fail-on`.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tolltrace::carrier::CarrierOptions;
use tolltrace::case::{self, Examined, Options};
use tolltrace::evidence::{Evidence, refuse_output_inside};
use tolltrace::report::document::counted;
use tolltrace::report::model::Report;
use tolltrace::report::sections::View;
use tolltrace::report::whole_file::WholeFile;

use crate::cli::{InquiryArgs, RecordArgs};
use crate::ui::Ui;

use super::{Status, UserError, Wrapped};

/// Reasons shown for evidence of which nothing could be read.
const MOST_REASONS: usize = 5;

/// Refuses an output inside the evidence before anything is looked at: to walk a whole disk takes minutes.
pub(super) fn gather(paths: &[PathBuf], output: Option<&Path>) -> anyhow::Result<Evidence> {
    if let Some(output) = output {
        refuse_output_inside(output, paths)?;
    }
    Ok(Evidence::gather(paths)?)
}

/// Titles of what is printed, with which Markdown and text files begin.
pub(super) const EVIDENCE: &str = "Evidence";
pub(super) const FIGURES: &str = "What happened, in figures";
pub(super) const WAY_IN: &str = "How they got in";

/// Returns whether a file begins as those do that this program writes: JSON, JSON Lines, CSV, Markdown, text.
fn is_ours(head: &[u8]) -> bool {
    let beginnings = ["{\n  \"schema\": \"tolltrace.report/", "{\"message\":", "\"message\",\"datetime\","];
    beginnings.iter().any(|beginning| head.starts_with(beginning.as_bytes()))
        || [EVIDENCE, FIGURES, WAY_IN].iter().any(|title| {
            let head = head.strip_prefix(b"# ").unwrap_or(head);
            head.strip_prefix(title.as_bytes()).is_some_and(|rest| rest.starts_with(b"\n"))
        })
}

/// Refuses a file that holds something else than an earlier output, before anything is read.
pub(super) fn refuse_foreign(output: Option<&Path>) -> Result<(), UserError> {
    let Some(path) = output else { return Ok(()) };
    // What is no regular file, a device or a pipe, is written to as it stands; what cannot be opened is told later.
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
        return Ok(());
    }
    let mut head = Vec::new();
    let opened = std::fs::File::open(path);
    if opened.and_then(|file| file.take(64).read_to_end(&mut head)).is_err() {
        return Ok(());
    }
    if is_ours(&head) { Ok(()) } else { Err(UserError::Foreign(path.to_string_lossy().into_owned())) }
}

/// Refuses evidence of which nothing is known.
pub(super) fn require_sources(evidence: &Evidence, ui: &Ui) -> Result<(), UserError> {
    if evidence.sources.is_empty() {
        // Of a file that is only of no known kind there is nothing to say; of a broken one there is.
        let broken = evidence.unrecognised.iter().filter(|file| !file.is_of_no_known_kind());
        for unread in evidence.trouble.iter().chain(broken).take(MOST_REASONS) {
            ui.note(&format!("{}: {}", unread.path, unread.why));
        }
        let files = counted(evidence.unrecognised_count, "file");
        let is_encrypted = evidence.trouble.iter().any(|file| file.why.starts_with("encrypted"));
        let wrapped = evidence.unrecognised.iter().find_map(|file| Wrapped::of(&file.path));
        let evidence = evidence.given.join(", ");
        return Err(UserError::Unrecognised { evidence, files, is_encrypted, wrapped });
    }
    for source in &evidence.sources {
        ui.detail(&format!("found {} ({} bytes)", source.file.path, source.file.bytes));
    }
    Ok(())
}

/// Turns arguments into what the library asks for.
pub(super) fn options(inquiry: &InquiryArgs, record: Option<&RecordArgs>) -> Options {
    let mut options = Options {
        since: inquiry.since.clone(),
        until: inquiry.until.clone(),
        zone: inquiry.tz.clone(),
        year: inquiry.year,
        machine: inquiry.host.clone(),
        trusted: inquiry.trusted.clone(),
        thresholds: inquiry.thresholds.clone(),
        carrier: CarrierOptions {
            files: inquiry.carrier_cdr.clone(),
            map: inquiry.carrier_map.clone(),
            zone: inquiry.carrier_tz.clone(),
        },
        geoip: inquiry.geoip.clone(),
        numbers: inquiry.numbers.clone(),
        rates: inquiry.rates.clone(),
        outside_prefix: inquiry.outside_prefix.clone(),
        playbooks: inquiry.playbooks.clone(),
        no_hash: inquiry.no_hash,
        jobs: inquiry.jobs.map_or(0, usize::from),
        ..Options::default()
    };
    if let Some(record) = record {
        options.case_number.clone_from(&record.names.case_number);
        options.examiner.clone_from(&record.names.examiner);
        options.organisation.clone_from(&record.names.organisation);
        options.redact = record.redact;
        options.home_country.clone_from(&record.home_country);
    }
    options
}

/// Examines the evidence.
pub(super) fn examine(evidence: &Evidence, options: &Options, ui: &Ui) -> anyhow::Result<Examined> {
    require_sources(evidence, ui)?;
    Ok(case::examine(evidence, options, &ui.progress())?)
}

/// Returns how much is shown.
pub(super) fn view(ui: &Ui, case_written: bool) -> View {
    if ui.verbose() { View::full(case_written) } else { View::brief(case_written) }
}

/// Shows everything, for files.
pub(super) fn full() -> View {
    View::full(false)
}

/// Returns how the command ends.
pub(super) fn status(report: &Report, record: &RecordArgs) -> Status {
    let reached = record.fail_on.is_some_and(|level| {
        // The gravest severity is the least.
        report.findings.iter().any(|finding| finding.severity <= level.into())
    });
    if reached { Status::SeverityReached } else { Status::Done }
}

/// Prints an answer, or writes it to a file.
pub(super) fn deliver(text: &str, output: Option<&Path>, ui: &Ui) -> anyhow::Result<()> {
    let Some(path) = output else {
        return Ok(ui.answer(text).map_err(|cause| unwritable(Path::new("standard output"), cause))?);
    };
    write_whole(text, path).map_err(|cause| unwritable(path, cause))?;
    ui.note(&format!("written: {}", path.to_string_lossy()));
    Ok(())
}

fn write_whole(text: &str, path: &Path) -> io::Result<()> {
    let mut file = WholeFile::create(path)?;
    file.write_all(text.as_bytes())?;
    file.finish()
}

/// Names the output that could not be written.
pub(super) fn unwritable(path: &Path, cause: io::Error) -> UserError {
    UserError::Output { path: path.to_string_lossy().into_owned(), cause }
}
