//! One file per verb: arguments to a plan, the plan to the library, the result to the reports.

mod contain;
mod dispute;
mod inquiry;
mod next;
mod parts;
mod playbook;
mod preserve;
mod restore;
mod run;
mod shell;
mod timeline;
mod words;

use std::io;
use std::process::ExitCode;

use tolltrace::case::CaseError;
use tolltrace::evidence::EvidenceError;
use tolltrace::playbook::PlaybookError;
use tolltrace::preserve::PreserveError;
use tolltrace::report::case_folder::CaseFolderError;
use tolltrace::restore::EarlierError;

use crate::cli::{Cli, Command};
use crate::ui::Ui;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Done, whatever was found.
    Done,
    /// A gate did not hold.
    NotHeld,
    /// Wrong usage, or evidence that is not there or cannot be read at all.
    Unusable,
    /// Nothing in the evidence was recognised.
    Unrecognised,
    /// A finding reaches the severity of `--fail-on`.
    SeverityReached,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::NotHeld => 1,
            Status::Unusable => 2,
            Status::Unrecognised => 3,
            Status::SeverityReached => 10,
        })
    }
}

/// What evidence is sent in, and is not read in that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapped {
    /// A mail with attachments.
    Mail,
    /// A workbook of a spreadsheet program.
    Workbook,
}

impl Wrapped {
    /// Tells by the end of a file's name; what it holds was not recognised.
    fn of(path: &str) -> Option<Self> {
        let (file, _) = path.split_once("!/").unwrap_or((path, ""));
        let end = file.rsplit('.').next()?.to_ascii_lowercase();
        match end.as_str() {
            "eml" | "msg" | "mbox" => Some(Wrapped::Mail),
            "xlsx" | "xls" | "ods" => Some(Wrapped::Workbook),
            _ => None,
        }
    }
}

/// What a user can put right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UserError {
    /// There are files, and none is of a kind that is known.
    #[error("{evidence}: nothing in it was recognised ({files} looked at)")]
    Unrecognised {
        /// The paths as given.
        evidence: String,
        /// How many files there are, with the noun.
        files: String,
        /// Is what there is encrypted?
        is_encrypted: bool,
        /// What a person makes into evidence first: a mail, a workbook.
        wrapped: Option<Wrapped>,
    },
    /// `man` was asked for a command that does not exist.
    #[error("{0}: no such command")]
    NoCommand(String),
    /// A name cannot be a playbook's.
    #[error("{0:?}: no name for a playbook")]
    NoId(String),
    /// `--accept` names a gate that there cannot be.
    #[error("--accept {gate}: no gate is called so{}", .meant.map_or_else(String::new, |meant| format!("; {meant} is")))]
    NoGate {
        /// Its name.
        gate: String,
        /// The one that was meant.
        meant: Option<&'static str>,
    },
    /// What a command gives names what is to be changed on the system.
    #[error("--redact: {0} names what is to be changed, which a pseudonym cannot")]
    NotToShare(&'static str),
    /// The case in the folder rests on options that were not given now.
    #[error("{folder}: holds a case that rests on more: {options}")]
    LeftOut {
        /// The folder.
        folder: String,
        /// The options, as they were given then.
        options: String,
    },
    /// The file to be written holds something that is no output of this program.
    #[error("{0}: is there already and is no earlier output of this command")]
    Foreign(String),
    /// An output could not be written.
    #[error("{path}: {cause}")]
    Output {
        /// Which.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
}

/// Does what was asked for.
pub(crate) fn run(cli: &Cli, ui: &Ui) -> anyhow::Result<Status> {
    match &cli.command {
        Command::Run(args) => run::run(args, ui),
        Command::Demo(args) => run::demo(args, ui),
        Command::Contain(args) if args.record.redact => Err(UserError::NotToShare("contain").into()),
        Command::Restore(args) if args.report.record.redact => Err(UserError::NotToShare("restore").into()),
        Command::Contain(args) => contain::contain(args, ui),
        Command::Inventory(args) => parts::inventory(args, ui),
        Command::Assess(args) => parts::assess(args, ui),
        Command::Investigate(args) => parts::investigate(args, ui),
        Command::Restore(args) => restore::restore(args, ui),
        Command::Dispute(args) => dispute::dispute(args, ui),
        Command::Timeline(args) => timeline::timeline(args, ui),
        Command::Preserve(args) => preserve::preserve(args, ui),
        Command::Verify(args) => preserve::verify(args, ui),
        Command::Playbook { what } => playbook::playbook(what, ui),
        Command::Completions { shell } => shell::completions(*shell, ui),
        Command::Man { command } => shell::man(command.as_deref(), ui),
    }
}

/// Returns whether the reader of the output went away (`| head`), which is no failure.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    match error.downcast_ref::<UserError>() {
        Some(UserError::Output { cause, .. }) => broken(cause),
        _ => error.downcast_ref::<io::Error>().is_some_and(broken),
    }
}

/// Returns the mistakes in playbooks that an error is made of.
pub(crate) fn mistakes(error: &anyhow::Error) -> Option<&str> {
    let of_case = || match error.downcast_ref::<CaseError>() {
        Some(CaseError::Playbooks(error)) => Some(error),
        _ => None,
    };
    match error.downcast_ref::<PlaybookError>().or_else(of_case)? {
        PlaybookError::Wrong(mistakes) => Some(mistakes),
        _ => None,
    }
}

/// Returns the status that an error ends with.
pub(crate) fn status_of(error: &anyhow::Error) -> Status {
    match error.downcast_ref::<UserError>() {
        Some(UserError::Unrecognised { .. }) => Status::Unrecognised,
        _ => Status::Unusable,
    }
}

/// Returns what may help against an error.
pub(crate) fn hint(error: &anyhow::Error) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<UserError>() {
        return Some(user_hint(error));
    }
    if let Some(error) = error.downcast_ref::<EvidenceError>() {
        return Some(evidence_hint(error));
    }
    if let Some(error) = error.downcast_ref::<CaseFolderError>() {
        return Some(folder_hint(error));
    }
    if let Some(error) = error.downcast_ref::<PlaybookError>() {
        return playbook_hint(error);
    }
    if let Some(error) = error.downcast_ref::<PreserveError>() {
        return Some(error.hint());
    }
    if let Some(error) = error.downcast_ref::<EarlierError>() {
        return Some(error.hint());
    }
    error.downcast_ref::<CaseError>().and_then(case_hint)
}

fn user_hint(error: &UserError) -> &'static str {
    match error {
        UserError::Unrecognised { is_encrypted: true, .. } => {
            "unpack it with its password into a folder of your own, and give that"
        }
        UserError::Unrecognised { wrapped: Some(Wrapped::Mail), .. } => {
            "save the mail's attachments, and give those"
        }
        UserError::Unrecognised { wrapped: Some(Wrapped::Workbook), .. } => {
            "call records in a workbook are to be saved as CSV; a carrier's are given with --carrier-cdr beside the evidence"
        }
        UserError::Unrecognised { .. } => {
            "give the copied disk, or its folders etc and var: logs, configuration, databases"
        }
        UserError::NoGate { .. } => "without --accept the answer shows the ids of all gates",
        UserError::NoId(_) => "a name is lower-case words with hyphens between, as our-office",
        UserError::NoCommand(_) => "'tolltrace --help' lists the commands",
        UserError::NotToShare(_) => "share the case that 'tolltrace run --redact -o CASE' writes",
        UserError::LeftOut { .. } => "give these options again, or these files a folder of their own",
        UserError::Foreign(_) => "give the output another name, or move that file away",
        UserError::Output { .. } => "choose a folder that exists and may be written to",
    }
}

fn evidence_hint(error: &EvidenceError) -> &'static str {
    match error {
        EvidenceError::OutputInside { .. } => {
            "choose an output outside the evidence, which stays as it is; of a running system, another disk below /media, /mnt or /run"
        }
        EvidenceError::Unreadable { .. } => "copy the evidence to where it may be read, or ask for the right",
        EvidenceError::Missing { .. } | EvidenceError::Special { .. } => {
            "give a mounted or copied disk, any folder of it, or a single file"
        }
    }
}

fn folder_hint(error: &CaseFolderError) -> &'static str {
    match error {
        CaseFolderError::Unwritable { .. } => "choose a folder that may be written to",
        CaseFolderError::HoldsCase(_) => "give the packet for the carrier a folder of its own",
        CaseFolderError::OfAnother(_) => "give the case of this server a folder of its own",
        CaseFolderError::Redacted(_) => "give this case a folder of its own, which is not shared",
        CaseFolderError::NotRedacted(_) => "choose a folder of its own for what is shared",
        CaseFolderError::NotAFolder(_) | CaseFolderError::Foreign(_) => {
            "choose a new or empty folder, or the folder of an earlier case"
        }
    }
}

fn case_hint(error: &CaseError) -> Option<&'static str> {
    Some(match error {
        CaseError::Zone(_) => "a zone is named as in the zone database, as Europe/Madrid",
        CaseError::Time { .. } => "times look like 2026-03-07T20:00:00Z or 2026-03-07 20:00",
        CaseError::Skipped { .. } => {
            "the clocks were turned forward then: give the time before or after, or one in UTC (...Z)"
        }
        CaseError::Carrier(error) => error.hint(),
        CaseError::Rates(_) => {
            "a deck is a CSV file with headers, as prefix, rate, increments, currency, effective_from"
        }
        CaseError::Numbers(_) => "a list has a number a line, as +252610000001, or a prefix, as 3719*",
        CaseError::Thresholds(_) => {
            "it is TOML, as night_from = 20 or [total_calls] warning = 30, critical = 100; report.json has all"
        }
        CaseError::Playbooks(error) => return playbook_hint(error),
        CaseError::Window { .. } => "--since takes the earlier time, --until the later one",
        _ => return None,
    })
}

fn playbook_hint(error: &PlaybookError) -> Option<&'static str> {
    match error {
        PlaybookError::NoSuch(_) => Some("'tolltrace playbook list' lists them"),
        PlaybookError::NoText { .. } => Some("save the file once more, as UTF-8"),
        PlaybookError::Wrong(_) => Some("'tolltrace playbook check FOLDER' judges a folder by itself"),
        _ => Some("--playbooks takes a folder of .toml files, or one of them"),
    }
}
