//! The commands that lead on from an answer, with the options that it rests on: the next one is always on the screen.

use std::path::{Path, PathBuf};

use clap::Parser;

use tolltrace::playbook::Phase;
use tolltrace::report::document::Block;
use tolltrace::report::manifest;
use tolltrace::report::model::Report;

use crate::cli::{Cli, Command, InquiryArgs, RecordArgs, ReportArgs};

use super::words::shell_word;

/// Returns what to run after a phase's command.
pub(super) fn blocks(after: Phase, report: &Report, args: &ReportArgs) -> Vec<Block> {
    let evidence = evidence(&args.evidence.evidence, &args.inquiry, &args.record);
    let options = given(&args.inquiry, &args.record);
    let has_bill = !args.inquiry.carrier_cdr.is_empty();
    let bill = if has_bill { "" } else { " --carrier-cdr BILL.csv" };
    // Where nobody called at the owner's cost there is nothing to settle.
    let has_calls = report.incidents.iter().any(|incident| !incident.calls.is_empty()) || has_bill;
    let packet = args.output.as_deref().filter(|_| after == Phase::Dispute);
    let folder = packet.map_or("packet".to_owned(), |folder| shell_word(&folder.to_string_lossy()));
    let dispute = has_calls.then(|| format!("tolltrace dispute {evidence}{bill} -o {folder}"));
    let restore = format!("tolltrace restore COPY-AFTER-REPAIR{options} --case CASE");
    let mut commands = match after {
        Phase::Assess => vec![format!("tolltrace investigate {evidence}")],
        _ if report.incidents.is_empty() => vec![format!("tolltrace run {evidence} -o case")],
        Phase::Dispute if !has_bill => Vec::new(),
        _ => vec![restore],
    };
    if let Some(folder) = packet {
        commands.insert(0, format!("less {}", shell_word(&folder.join("letter.md").to_string_lossy())));
    }
    // A packet that was made without the bill is made anew when it comes.
    commands.extend(dispute.filter(|_| after != Phase::Dispute || !has_bill));
    vec![Block::heading("Next"), Block::Commands(commands)]
}

/// Returns what to run when it is known what there is.
pub(super) fn after_inventory(args: &ReportArgs) -> Vec<Block> {
    let evidence = evidence(&args.evidence.evidence, &args.inquiry, &args.record);
    let paths = paths_alone(&args.evidence.evidence, &args.record);
    let commands = [format!("run {evidence} -o case"), format!("preserve {paths} -o preserved")];
    let commands = commands.map(|command| format!("tolltrace {command}"));
    vec![Block::heading("Next"), Block::Commands(commands.into())]
}

/// Returns the evidence as it was given, with the options that change what is found. What is to be shared does not
/// show it: a path may name whose system it is.
pub(super) fn evidence(paths: &[PathBuf], inquiry: &InquiryArgs, record: &RecordArgs) -> String {
    if record.redact {
        return "EVIDENCE".to_owned();
    }
    paths_alone(paths, record) + &given(inquiry, record)
}

/// Returns the evidence as it was given.
pub(super) fn paths_alone(paths: &[PathBuf], record: &RecordArgs) -> String {
    if record.redact {
        return "EVIDENCE".to_owned();
    }
    paths.iter().map(|path| shell_word(&path.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// Returns the options that were given and change what is found, each with a space before it.
pub(super) fn given(inquiry: &InquiryArgs, record: &RecordArgs) -> String {
    let options = options(inquiry, record);
    let all = options.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    all.map(|(name, value)| format!(" {name} {}", shell_word(value))).collect()
}

/// Returns the options that the case in a folder rests on and that were not given now, as they were given then.
pub(super) fn left_out(folder: &Path, inquiry: &InquiryArgs, record: &RecordArgs) -> Option<String> {
    // A command of another version may be one that this version does not understand.
    let earlier = Cli::try_parse_from(manifest::command(folder)?).ok()?;
    let (then_inquiry, then_record) = match &earlier.command {
        Command::Run(args) => (&args.story.inquiry, &args.story.record),
        Command::Contain(args) => (&args.inquiry, &args.record),
        _ => return None,
    };
    let now = options(inquiry, record);
    let then = options(then_inquiry, then_record);
    let missing = then.iter().zip(&now).filter(|((_, then), (_, now))| now.is_empty() && !then.is_empty());
    let words = missing.flat_map(|((name, values), _)| {
        values.iter().map(move |value| format!("{name} {}", shell_word(value)))
    });
    Some(words.collect::<Vec<_>>().join(" ")).filter(|words| !words.is_empty())
}

/// Returns the options that change what is found, each with the values it was given.
fn options(inquiry: &InquiryArgs, record: &RecordArgs) -> [(&'static str, Vec<String>); 16] {
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let texts = |texts: &Option<String>| texts.iter().cloned().collect::<Vec<_>>();
    let paths = |paths: &[PathBuf]| paths.iter().map(path).collect::<Vec<_>>();
    let one = |paths: &Option<PathBuf>| paths.iter().map(path).collect::<Vec<_>>();
    [
        ("--since", texts(&inquiry.since)),
        ("--until", texts(&inquiry.until)),
        ("--tz", texts(&inquiry.tz)),
        ("--year", inquiry.year.iter().map(ToString::to_string).collect()),
        ("--host", texts(&inquiry.host)),
        ("--trusted", inquiry.trusted.iter().map(ToString::to_string).collect()),
        ("--home-country", texts(&record.home_country)),
        ("--outside-prefix", texts(&inquiry.outside_prefix)),
        ("--carrier-cdr", paths(&inquiry.carrier_cdr)),
        ("--carrier-map", one(&inquiry.carrier_map)),
        ("--carrier-tz", texts(&inquiry.carrier_tz)),
        ("--geoip", paths(&inquiry.geoip)),
        ("--numbers", paths(&inquiry.numbers)),
        ("--thresholds", one(&inquiry.thresholds)),
        ("--rates", one(&inquiry.rates)),
        ("--playbooks", paths(&inquiry.playbooks)),
    ]
}
