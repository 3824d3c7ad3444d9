//! The arguments; their doc comments are the help.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ipnet::IpNet;

use tolltrace::report::model::Severity;
use tolltrace::restore::Accepted;

/// Offline forensics for hacked phone systems: who got in, how, and which calls they made.
///
/// Reads the disk of an Asterisk, FreePBX, FreeSWITCH or Kamailio server, or a copy or archive of any part of
/// it. The evidence is only ever read, nothing is executed, and nothing goes over the network.
#[derive(Debug, Parser)]
#[command(name = "tolltrace", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tolltrace demo
  tolltrace preserve /mnt/pbx -o preserved
  tolltrace run /mnt/pbx -o case

Exit status:
  0   done, whatever was found
  1   a gate did not hold: restore, verify, playbook check, playbook test
  2   wrong usage, or evidence that is not there or cannot be read at all
  3   nothing in the evidence was recognised
  10  with --fail-on, when a finding reaches that severity";

const PRESERVE_HELP: &str = "\
The folder gets: evidence/ with the copies under their paths; manifest.sha256, which 'sha256sum -c' takes;
custody.jsonl, a line an item, each with the fingerprint of the line before; custody-form.md to be signed;
manifest.tsq, a request for a time stamp (RFC 3161) to be sent from a machine with a network.

Archives are copied as they are. Names that could act on a terminal are written with %NN. Only the links
beside what was copied are kept, as links.

Examples:
  tolltrace preserve /mnt/pbx -o preserved
  tolltrace preserve / -o /mnt/usb/preserved --examiner 'A. Smith' --case-number 2026-17";

const DISPUTE_HELP: &str = "\
With -o, a folder is written: letter.md, disputed-calls.csv, reconciliation.csv, SHA256SUMS.

The exports of Bandwidth, Commio, DIDlogic, DIDWW, IvozProvider, Plivo, Simwood, Sinch, Telnyx, Twilio, Vitelity,
VoIP Innovations, VoIP.ms and Vonage are recognised by their columns. For any other, --carrier-map names them:

  carrier = \"My Carrier\"
  zone = \"Europe/Berlin\"       # or UTC, +02:00, \"in the text\", or \"ask\" for --carrier-tz
  currency = \"EUR\"             # where no column tells it
  decimal = \",\"                # . unless given
  date = \"day-first\"           # or month-first; year-first unless given
  unit = \"clock\"               # of durations: seconds unless given, minutes, or clock for 00:29:43
  cost_sign = \"negative\"       # of a charge: positive unless given, or either
  numbers = \"north-american\"   # ten digits at home; e164 unless given
  optional = [\"billed\"]        # columns that may be missing
  [columns]                    # to, and start, answer, or date and time, are needed
  to = \"Destination\"
  from = \"Caller\"
  start = \"Begin\"
  seconds = \"Duration\"
  billed = \"Billed\"
  cost = \"Charge\"
  call_id = \"Reference\"

Examples:
  tolltrace dispute /mnt/pbx --carrier-cdr cdr-november.csv
  tolltrace dispute /mnt/pbx --carrier-cdr calls.json --carrier-tz America/New_York -o packet";

const RESTORE_HELP: &str = "\
EVIDENCE is a new copy, made after the repair. Each gate is closed, open, or cannot be told. A gate that must hold
keeps service shut while it is open, and also while it cannot be told: then the answer says which file would settle it.
Gates marked `advised` never keep it shut: routes abroad, and secrets that the intruder had no way to read. A gate
that has to stay open (people who phone from anywhere) is taken as it is with --accept, for a reason that is told.

With --case the secrets in force now are compared with those of then, of which that case keeps slow hashes only, and
all that it found is looked for again. Without it, the new evidence is judged alone.

Without --clean-since nothing of the intruder may be seen after his last sign in the earlier case. With it the
evidence must also reach beyond that time: run this again a day after service was restored.

Exit status: 0 when every gate that must hold is closed, 1 while one is not.

Examples:
  tolltrace restore /mnt/pbx-repaired --case case
  tolltrace restore /mnt/pbx-next-day --case case --clean-since 2026-03-09T08:00:00Z";

const CONTAIN_HELP: &str = "\
Written are firewall rules (nftables, iptables), scripts that end the fraudulent calls, the list of secrets to change,
what may go out, a jail of fail2ban, what to take away, and what to tell the carrier; see contain/README.md. Each says
what it changes, how to undo it and how to check it. On the phone system itself, give /: it is only read, at the lowest
priority; write the case to another disk.

Examples:
  tolltrace contain /mnt/pbx -o case
  tolltrace contain / --trusted 198.51.100.0/24 --generate-secrets -o /media/stick/case";

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Print nothing to standard output; errors still go to standard error.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Show every call and every line of proof, and name the files that are read.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to set headings in bold; auto: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorWhen,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer everything: what happened, what to cut off, how they got in, with proof.
    #[command(after_help = "\
Examples:
  tolltrace run /mnt/pbx -o case
  tolltrace run etc-asterisk/ var-log-asterisk/ --tz Europe/Madrid -o case")]
    Run(RunArgs),
    /// Write what to cut off and change right now, as files to be reviewed: nothing is executed.
    #[command(after_help = CONTAIN_HELP)]
    Contain(ContainArgs),
    /// List what evidence is there, what is missing, and what each gap costs the inquiry.
    #[command(after_help = "\
Examples:
  tolltrace inventory /mnt/pbx
  tolltrace inventory /mnt/pbx --no-hash --format json")]
    Inventory(ReportArgs),
    /// Give the figures: calls, destinations, hours, failures, scans.
    #[command(after_help = "\
Examples:
  tolltrace assess /mnt/pbx
  tolltrace assess /mnt/pbx --since 2026-03-06 --until 2026-03-09")]
    Assess(ReportArgs),
    /// Tell how they got in, step by step, and what was weighed against it.
    #[command(after_help = "\
Examples:
  tolltrace investigate /mnt/pbx
  tolltrace investigate /mnt/pbx --trusted 198.51.100.0/24 --format markdown -o entry.md")]
    Investigate(ReportArgs),
    /// Check before service is restored that every hole is closed; exit 1 while one is not.
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreArgs),
    /// Make the packet for the carrier: disputed calls, its records against one's own, what to ask for.
    #[command(after_help = DISPUTE_HELP)]
    Dispute(ReportArgs),
    /// Write every recognised record in time order, as Timesketch takes it.
    #[command(after_help = "\
Examples:
  tolltrace timeline /mnt/pbx -o timeline.jsonl
  tolltrace timeline /mnt/pbx --fold --format csv --since 2026-03-07T20:00:00Z")]
    Timeline(TimelineArgs),
    /// Copy just the evidence into a new folder, with fingerprints and a log of custody.
    #[command(after_help = PRESERVE_HELP)]
    Preserve(PreserveArgs),
    /// Check what was preserved, or a case: is it whole, unchanged, and nothing besides?
    #[command(after_help = "\
Exit status: 0 if everything holds, 1 if anything was changed, added, moved or is missing.

Examples:
  tolltrace verify preserved
  tolltrace verify preserved --expect \"$(cat fingerprint-from-the-form)\"")]
    Verify(VerifyArgs),
    /// List, show, check and write playbooks: the steps of the runbook, as data.
    #[command(after_help = "\
Examples:
  tolltrace playbook show contain
  tolltrace playbook check my-playbooks")]
    Playbook {
        #[command(subcommand)]
        what: PlaybookCommand,
    },
    /// Run on evidence that is built into the program.
    #[command(after_help = "\
Examples:
  tolltrace demo
  tolltrace demo -o demo-case")]
    Demo(DemoArgs),
    /// Print a completion script for a shell.
    #[command(after_help = "\
Examples:
  tolltrace completions bash > ~/.local/share/bash-completion/completions/tolltrace
  tolltrace completions fish > ~/.config/fish/completions/tolltrace.fish")]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, of the program or of one command.
    #[command(after_help = "\
Examples:
  tolltrace man | man -l -
  tolltrace man run > tolltrace-run.1")]
    Man {
        /// The command.
        command: Option<String>,
    },
}

/// What to do with playbooks.
#[derive(Debug, Subcommand)]
pub(crate) enum PlaybookCommand {
    /// List the playbooks with their steps, or the checks that they may use.
    #[command(after_help = "\
Examples:
  tolltrace playbook list
  tolltrace playbook list --checks")]
    List {
        /// List the checks: what each means, what it needs to see, what may be set.
        #[arg(long)]
        checks: bool,
        /// List what rules of one's own can look at: sources, fields, and what can be asked of them.
        #[arg(long, conflicts_with = "checks")]
        fields: bool,
        #[command(flatten)]
        own: OwnPlaybooks,
    },
    /// Show a playbook as a sheet to print, with nothing filled in.
    #[command(after_help = "\
Examples:
  tolltrace playbook show contain
  tolltrace playbook show restore --format markdown")]
    Show {
        /// Its id, as `contain`.
        name: String,
        /// The form of what is printed.
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: SheetFormat,
        #[command(flatten)]
        own: OwnPlaybooks,
    },
    /// Judge playbooks: exit with 1 where there is a mistake, and point at each.
    #[command(after_help = "\
Examples:
  tolltrace playbook check my-playbooks
  tolltrace playbook check my-playbooks/office.toml")]
    Check {
        /// A folder of playbooks, or one of them; the built-in ones unless given.
        folder: Option<PathBuf>,
    },
    /// Try the rules of playbooks on their own samples: exit with 1 where one does not hold.
    #[command(after_help = "\
Examples:
  tolltrace playbook test
  tolltrace playbook test my-playbooks")]
    Test {
        /// A folder of playbooks, or one of them; the built-in ones unless given.
        folder: Option<PathBuf>,
    },
    /// Write a playbook out: as it stands, to edit, or as CACAO 2.0, for other programs.
    #[command(after_help = "\
Examples:
  tolltrace playbook export contain -o my-playbooks/contain.toml
  tolltrace playbook export contain --cacao -o contain.json")]
    Export {
        /// Its id, as `contain`.
        name: String,
        /// Write CACAO 2.0, a JSON form that security playbooks are exchanged in.
        #[arg(long)]
        cacao: bool,
        /// Write to this file instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        own: OwnPlaybooks,
    },
    /// Write a playbook of one's own to begin with, which adds to a built-in one.
    #[command(after_help = "\
Examples:
  tolltrace playbook new office -o my-playbooks/office.toml
  tolltrace playbook new office --extends dispute")]
    New {
        /// Its id, which is also the name of its file.
        name: String,
        /// The playbook that it adds to.
        #[arg(long, value_name = "NAME", default_value = "contain")]
        extends: String,
        /// Write to this file instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Playbooks of the user's own.
#[derive(Debug, Args)]
pub(crate) struct OwnPlaybooks {
    /// A folder of playbooks of one's own, or one of them; may be given again.
    #[arg(long, value_name = "DIR")]
    pub(crate) playbooks: Vec<PathBuf>,
}

/// A form of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SheetFormat {
    Text,
    Markdown,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    #[command(flatten)]
    pub(crate) story: DemoArgs,
}

/// Arguments of `demo`: those of `run` but for the evidence.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) inquiry: InquiryArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// Write a case into this folder: report, calls, indicators, timeline, manifest.
    #[arg(short, long, value_name = "CASE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of the commands that show a part of the report.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    #[command(flatten)]
    pub(crate) inquiry: InquiryArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of `preserve`.
#[derive(Debug, Args)]
pub(crate) struct PreserveArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    /// The folder to make; new, or empty.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Copy every file, and not only those that the inquiry reads.
    #[arg(long)]
    pub(crate) everything: bool,
    #[command(flatten)]
    pub(crate) names: NameArgs,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The folder that `preserve`, or `run -o`, wrote.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// The manifest's SHA-256, as it was written down when the folder was made.
    #[arg(long, value_name = "SHA256", value_parser = sha256)]
    pub(crate) expect: Option<String>,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// The case of the intrusion, to compare with: a folder that `run -o` wrote.
    #[arg(long, value_name = "CASE", help_heading = "Gate")]
    pub(crate) case: Option<PathBuf>,
    /// After this time nothing of the intruder may be seen, and the evidence has to reach beyond it.
    #[arg(long, value_name = "TIME", help_heading = "Gate")]
    pub(crate) clean_since: Option<String>,
    /// Take a gate as it is, for a reason that the answer repeats; may be given again.
    #[arg(long, value_name = "GATE=REASON", value_parser = accepted, help_heading = "Gate")]
    pub(crate) accept: Vec<Accepted>,
}

/// Arguments of `contain`.
#[derive(Debug, Args)]
pub(crate) struct ContainArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    #[command(flatten)]
    pub(crate) inquiry: InquiryArgs,
    #[command(flatten)]
    pub(crate) record: RecordArgs,
    /// Let the scripts end calls that are up: all over the trunks, honest ones included; and cut connections.
    #[arg(long)]
    pub(crate) end_calls: bool,
    /// Write new strong secrets for the list of those to change, into a file that only its owner may read.
    #[arg(long, requires = "output")]
    pub(crate) generate_secrets: bool,
    /// Write the case into this folder, the files below contain/ in it.
    #[arg(short, long, value_name = "CASE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
}

/// Arguments of `timeline`.
#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    pub(crate) evidence: EvidenceArgs,
    #[command(flatten)]
    pub(crate) inquiry: InquiryArgs,
    /// Fold what comes in floods into one row for each burst.
    #[arg(long)]
    pub(crate) fold: bool,
    /// Put pseudonyms in the place of one's own numbers, names, accounts and addresses, for sharing; the evidence is
    /// read twice for it.
    #[arg(long)]
    pub(crate) redact: bool,
    /// The form of the rows.
    #[arg(long, value_name = "FORMAT", default_value = "jsonl", help_heading = "Output")]
    pub(crate) format: TimelineFormat,
    /// Write to this file instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
}

/// What to read.
#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// A mounted or copied disk, any part of one, a single file, or an archive (tar, zip); only ever read.
    #[arg(required = true, value_name = "EVIDENCE")]
    pub(crate) evidence: Vec<PathBuf>,
}

/// How to read it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct InquiryArgs {
    /// Leave out what happened before this time (RFC 3339, or local time of the evidence).
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Leave out what happened at or after this time.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The zone of times that tell none, as Europe/Madrid; over what the evidence says.
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// The year of times without one, where nothing else settles it.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(i16).range(1970..=9999))]
    pub(crate) year: Option<i16>,
    /// Of logs that hold lines of several machines, read those of this one alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Option<String>,
    /// A network whose phones are one's own, wherever they are; may be given again.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    pub(crate) trusted: Vec<IpNet>,
    /// The carrier's call records, as its portal exports them; may be given again.
    #[arg(long, value_name = "FILE")]
    pub(crate) carrier_cdr: Vec<PathBuf>,
    /// What the columns of the carrier's records are, where no known layout fits.
    #[arg(long, value_name = "FILE", requires = "carrier_cdr")]
    pub(crate) carrier_map: Option<PathBuf>,
    /// The zone of the carrier's times, where its records do not tell it.
    #[arg(long, value_name = "ZONE", requires = "carrier_cdr", allow_hyphen_values = true)]
    pub(crate) carrier_tz: Option<String>,
    /// The digits dialled for an outside line, as 9; worked out from the calls unless given.
    #[arg(long, value_name = "DIGITS", value_parser = digits)]
    pub(crate) outside_prefix: Option<String>,
    /// A database of addresses in MaxMind's format, of any vendor; may be given again.
    #[arg(long, value_name = "FILE.mmdb")]
    pub(crate) geoip: Vec<PathBuf>,
    /// A list of numbers to be told when called: test numbers, a fraud feed; may be given again.
    #[arg(long, value_name = "FILE")]
    pub(crate) numbers: Vec<PathBuf>,
    /// What patterns in the calls are held against, in place of the defaults that report.json shows.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) thresholds: Option<PathBuf>,
    /// A rate deck: prefix, rate per minute, and what else its headers tell; for what the calls cost.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) rates: Option<PathBuf>,
    /// A folder of playbooks of one's own, or one of them; may be given again.
    #[arg(long, value_name = "DIR")]
    pub(crate) playbooks: Vec<PathBuf>,
    /// Skip SHA-256 of the sources; the report says so.
    #[arg(long)]
    pub(crate) no_hash: bool,
    /// How many threads read; as many as there are processors unless given.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
}

/// What a report and a form of custody are headed with.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct NameArgs {
    /// The case's number, for the report.
    #[arg(long, value_name = "TEXT")]
    pub(crate) case_number: Option<String>,
    /// Who examines, for the report.
    #[arg(long, value_name = "TEXT")]
    pub(crate) examiner: Option<String>,
    /// Whose phone system it is, for the report.
    #[arg(long, value_name = "TEXT")]
    pub(crate) organisation: Option<String>,
}

/// What the report says of itself, and how it is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(crate) struct RecordArgs {
    #[command(flatten)]
    pub(crate) names: NameArgs,
    /// The country that the phone system stands in, as two letters.
    #[arg(long, value_name = "CC", value_parser = country)]
    pub(crate) home_country: Option<String>,
    /// Put pseudonyms in the place of one's own numbers, names, accounts and addresses, for sharing.
    #[arg(long)]
    pub(crate) redact: bool,
    /// Exit with 10 when a finding is this severe or more.
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<SeverityLevel>,
    /// The form of what is printed.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
}

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Markdown,
}

/// A form of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimelineFormat {
    Jsonl,
    Csv,
}

/// When to set headings in bold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// A severity, as an option's value, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityLevel {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl From<SeverityLevel> for Severity {
    fn from(level: SeverityLevel) -> Self {
        match level {
            SeverityLevel::Critical => Severity::Critical,
            SeverityLevel::High => Severity::High,
            SeverityLevel::Medium => Severity::Medium,
            SeverityLevel::Low => Severity::Low,
            SeverityLevel::Info => Severity::Info,
        }
    }
}

/// Reads a network, or an address as the network of itself.
fn network(text: &str) -> Result<IpNet, String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let network = text.parse::<IpNet>();
    let network = network.map_err(|_| "no address and no network, as 198.51.100.0/24".to_owned())?;
    // The widest that anybody may call his own: the reserved 240.0.0.0/4 (RFC 1112), which laboratories use, and
    // fc00::/7 of the private addresses of IPv6.
    let least = if network.addr().is_ipv4() { 4 } else { 7 };
    if network.prefix_len() < least {
        return Err(format!(
            "nobody's own network is so wide: it would vouch for strangers (/{least} at most)"
        ));
    }
    Ok(network)
}

/// Reads a SHA-256.
fn sha256(text: &str) -> Result<String, String> {
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { Ok(text.to_owned()) } else { Err("64 hexadecimal digits".to_owned()) }
}

/// Reads a gate's id and why it is taken as it is.
fn accepted(text: &str) -> Result<Accepted, String> {
    match text.split_once('=').map(|(gate, reason)| (gate.trim(), reason.trim())) {
        Some((gate, reason)) if !gate.is_empty() && !reason.is_empty() => {
            Ok(Accepted { gate: gate.to_owned(), reason: reason.to_owned() })
        }
        _ => Err("a gate and the reason, as 'access-limited=our staff travel'".to_owned()),
    }
}

/// Reads a few digits.
fn digits(text: &str) -> Result<String, String> {
    let is_short = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_short { Ok(text.to_owned()) } else { Err("up to six digits, as 9".to_owned()) }
}

/// Reads an ISO 3166 code of two letters.
fn country(text: &str) -> Result<String, String> {
    match tolltrace::numbering::plan().region(text) {
        Some(region) => Ok(region.code.to_owned()),
        None => Err("a country is two letters of ISO 3166, as ES".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_network_may_be_one_address() {
        assert_eq!(network("192.0.2.1").unwrap().to_string(), "192.0.2.1/32");
        assert_eq!(network("2001:db8::/32").unwrap().to_string(), "2001:db8::/32");
        assert!(network("192.0.2.1/33").is_err());
    }
}
