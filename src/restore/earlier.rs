//! An earlier case, as its folder tells it: the intrusion, the findings, and what was kept of the secrets.
//!
//! The folder may have been anybody's since: every file of it is opened as evidence is (no link, no fifo), up to a
//! size, its form is checked, and `report.json` and `secrets.json` must be what `manifest.json` says they are.
//! That shows a slip or a change by hand; whoever changes all three is not found out by it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::kept::Kept;
use super::other_server::is_host_name;
use crate::event::Instant;
use crate::evidence::Root;
use crate::report::manifest;
use crate::report::model::{self, Severity, When};

/// No report is larger; one with a hundred thousand calls has a quarter of it.
const LARGEST_REPORT: usize = 512 * 1024 * 1024;
/// Nor are the other two files.
const LARGEST_OTHER: usize = 64 * 1024 * 1024;

/// No case has more incidents, findings, taken accounts or routes: each is compared with all of the new evidence.
const MOST_INCIDENTS: usize = 1_000;
const MOST_FINDINGS: usize = 10_000;
const MOST_ACCOUNTS: usize = 5_000;

/// Why an earlier case cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    /// The folder is none of a case.
    #[error("{path}: no case, for it has no manifest.json")]
    NoCase {
        /// Which.
        path: String,
    },
    /// The folder has no such file, or it cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// Which.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// A file is larger than any case's.
    #[error("{path}: larger than any case's")]
    TooLarge {
        /// Which.
        path: String,
    },
    /// A file is not in the form that this version writes.
    #[error("{path}: {why}")]
    Form {
        /// Which.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file is not what the manifest says.
    #[error("{path}: was changed after the case was written: it is not what manifest.json says")]
    Changed {
        /// Which.
        path: String,
    },
}

impl EarlierError {
    /// Returns what may help.
    pub fn hint(&self) -> &'static str {
        match self {
            EarlierError::NoCase { .. } | EarlierError::Unreadable { .. } => {
                "give the folder that `tolltrace run EVIDENCE -o CASE` wrote on the evidence of the intrusion"
            }
            EarlierError::Changed { .. } => {
                "write the case once more from its evidence, with `tolltrace run -o`"
            }
            EarlierError::TooLarge { .. } | EarlierError::Form { .. } => {
                "write the case once more from its evidence, with this version of tolltrace"
            }
        }
    }
}

/// An earlier case.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Its folder as given.
    pub folder: String,
    /// SHA-256 of its manifest, which vouches for all of it.
    pub(super) fingerprint: String,
    /// When its evidence ends.
    pub(super) ends: Option<Instant>,
    /// Its incidents.
    pub(super) incidents: Vec<Past>,
    /// What else was found.
    pub(super) findings: Vec<PastFinding>,
    /// SHA-256 of the files that it read.
    pub(super) hashes: BTreeSet<String>,
    /// SHA-256 of those that hold a host's name.
    pub(super) host_names: BTreeSet<String>,
    /// The paths of its evidence as they were given.
    pub(super) given: Vec<String>,
    /// The sizes of those that have none, by path.
    pub(super) unhashed: BTreeMap<String, u64>,
    /// What was kept of its secrets; `None` where it kept nothing.
    pub(super) kept: Option<Kept>,
}

/// One incident, as far as gates ask for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// The word of the way in.
    pub(super) vector: String,
    pub(super) accounts: BTreeSet<String>,
    /// The addresses, and whether each got in.
    pub(super) addresses: BTreeMap<IpAddr, bool>,
    /// Who tried, with the lines that the report cites.
    pub(super) tries: Vec<Tried>,
    /// The last sign of somebody who was in.
    pub(super) last_sign: Option<Instant>,
    /// The routes by which calls left: context and pattern.
    pub(super) routes: BTreeSet<(String, String)>,
}

/// Somebody who tried wrong secrets or names.
#[derive(Clone, Debug)]
pub(super) struct Tried {
    pub(super) has_guessed: bool,
    pub(super) attempts: u64,
    pub(super) first: Option<Instant>,
    pub(super) last: Option<Instant>,
    pub(super) lines: Vec<String>,
}

/// One finding.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastFinding {
    pub(super) id: String,
    pub(super) severity: Severity,
    pub(super) subject: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) evidence: Vec<PastProof>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PastProof {
    pub(super) path: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Report {
    schema: String,
    case: Case,
    #[serde(default)]
    evidence: Vec<Row>,
    incidents: Vec<Incident>,
    findings: Vec<PastFinding>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    evidence: Vec<String>,
    evidence_ends: Option<When>,
}

#[derive(Deserialize)]
struct Row {
    path: String,
    bytes: u64,
    sha256: Option<String>,
}

#[derive(Deserialize)]
struct Incident {
    entry: Entry,
    accounts: Vec<Account>,
    sources: Vec<Source>,
    #[serde(default)]
    callers: Vec<Caller>,
    calls: Vec<Call>,
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Deserialize)]
struct Entry {
    vector: String,
}

#[derive(Deserialize)]
struct Account {
    name: String,
}

#[derive(Deserialize)]
struct Source {
    address: IpAddr,
    roles: Vec<String>,
    first: Option<When>,
    last: Option<When>,
    #[serde(default)]
    attempts: Option<u64>,
    #[serde(default)]
    evidence: Vec<PastProof>,
}

#[derive(Deserialize)]
struct Caller {
    last: Option<When>,
}

#[derive(Deserialize)]
struct Call {
    start: Option<When>,
    #[serde(default)]
    end: Option<When>,
}

#[derive(Deserialize)]
struct Route {
    context: String,
    pattern: String,
}

#[derive(Deserialize)]
struct Manifest {
    schema: String,
    #[serde(default)]
    redacted: bool,
    files: Vec<Print>,
}

#[derive(Deserialize)]
struct Print {
    path: String,
    sha256: Option<String>,
}

impl Report {
    /// Returns whether there is no more of anything than a case has.
    fn is_plausible(&self) -> bool {
        let accounts: usize = self.incidents.iter().map(|incident| incident.accounts.len()).sum();
        let routes: usize = self.incidents.iter().map(|incident| incident.routes.len()).sum();
        self.incidents.len() <= MOST_INCIDENTS
            && self.findings.len() <= MOST_FINDINGS
            && accounts.max(routes) <= MOST_ACCOUNTS
    }
}

impl Earlier {
    /// Reads the folder of a case.
    pub fn open(folder: &Path) -> Result<Self, EarlierError> {
        let bytes = read(folder, manifest::FILE_NAME).map_err(|error| match error {
            EarlierError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                EarlierError::NoCase { path: folder.to_string_lossy().into_owned() }
            }
            other => other,
        })?;
        let manifest: Manifest = parse(folder, manifest::FILE_NAME, &bytes)?;
        if manifest.schema != manifest::SCHEMA {
            return Err(unknown(folder, manifest::FILE_NAME));
        }
        if manifest.redacted {
            let why = "it is one to be shared, whose names are pseudonyms: nothing can be compared with it";
            return Err(EarlierError::Form {
                path: folder.to_string_lossy().into_owned(),
                why: why.to_owned(),
            });
        }
        let fingerprint = digest(&bytes);
        let bytes = read(folder, "report.json")?;
        verify(folder, "report.json", &bytes, &manifest)?;
        let report: Report = parse(folder, "report.json", &bytes)?;
        drop(bytes);
        if report.schema != model::SCHEMA {
            return Err(unknown(folder, "report.json"));
        }
        if !report.is_plausible() {
            return Err(EarlierError::TooLarge { path: shown(folder, "report.json") });
        }
        let mut earlier = Earlier::of(report);
        earlier.fingerprint = fingerprint;
        earlier.folder = folder.to_string_lossy().into_owned();
        if manifest.files.iter().any(|file| file.path == "secrets.json") {
            let bytes = read(folder, "secrets.json")?;
            verify(folder, "secrets.json", &bytes, &manifest)?;
            let path = shown(folder, "secrets.json");
            earlier.kept = Some(Kept::from_json(&bytes).map_err(|why| EarlierError::Form { path, why })?);
        }
        Ok(earlier)
    }

    fn of(report: Report) -> Self {
        let ends = report.case.evidence_ends.map(instant);
        let mut earlier = Earlier { ends, given: report.case.evidence, ..Earlier::default() };
        for row in report.evidence {
            match row.sha256 {
                Some(hash) => {
                    if row.bytes > 0 && is_host_name(&row.path) {
                        earlier.host_names.insert(hash.clone());
                    }
                    earlier.hashes.insert(hash);
                }
                None => {
                    earlier.unhashed.insert(row.path, row.bytes);
                }
            }
        }
        earlier.incidents = report.incidents.into_iter().map(Past::from).collect();
        earlier.findings = report.findings;
        earlier
    }
}

impl From<Incident> for Past {
    fn from(incident: Incident) -> Self {
        let mut past = Past { vector: incident.entry.vector, ..Past::default() };
        past.accounts = incident.accounts.into_iter().map(|account| account.name).collect();
        for source in incident.sources {
            let roles: Vec<&str> = source.roles.iter().map(String::as_str).collect();
            let tried = Tried {
                has_guessed: roles.contains(&"guess"),
                attempts: source.attempts.unwrap_or(0),
                first: source.first.map(instant),
                last: source.last.map(instant),
                lines: source.evidence.into_iter().map(|proof| proof.text).collect(),
            };
            past.add_source(source.address, &roles, tried);
        }
        let of_calls = incident.calls.iter().filter_map(|call| call.end.or(call.start));
        let of_callers = incident.callers.iter().filter_map(|caller| caller.last);
        past.last_sign = past.last_sign.max(of_calls.chain(of_callers).map(instant).max());
        past.routes = incident.routes.into_iter().map(|route| (route.context, route.pattern)).collect();
        past
    }
}

impl From<&model::Incident> for Past {
    fn from(incident: &model::Incident) -> Self {
        let mut past = Past { vector: incident.entry.vector.word().to_owned(), ..Past::default() };
        past.accounts = incident.accounts.iter().map(|account| account.name.raw().to_owned()).collect();
        for source in &incident.sources {
            let roles: Vec<&str> = source.roles.iter().map(|role| role.word()).collect();
            let tried = Tried {
                has_guessed: roles.contains(&"guess"),
                attempts: source.attempts.unwrap_or(0),
                first: source.first.map(instant),
                last: source.last.map(instant),
                lines: source.evidence.iter().map(|proof| proof.text.raw().to_owned()).collect(),
            };
            past.add_source(source.address, &roles, tried);
        }
        let of_calls = incident.calls.iter().filter_map(|call| call.end.or(call.start));
        let of_callers = incident.callers.iter().filter_map(|caller| caller.last);
        past.last_sign = past.last_sign.max(of_calls.chain(of_callers).map(instant).max());
        let routes = incident.routes.iter();
        past.routes = routes
            .map(|used| (used.route.context.raw().to_owned(), used.route.pattern.raw().to_owned()))
            .collect();
        past
    }
}

impl Past {
    fn add_source(&mut self, address: IpAddr, roles: &[&str], tried: Tried) {
        let is_inside = roles.iter().any(|role| matches!(*role, "register" | "dial" | "manager" | "web"));
        self.addresses.insert(address, is_inside);
        if is_inside {
            self.last_sign = self.last_sign.max(tried.last);
        }
        if roles.iter().any(|role| matches!(*role, "guess" | "scan")) {
            self.tries.push(tried);
        }
    }
}

/// Turns an instant of a report into one of the case's.
pub(super) fn instant(when: When) -> Instant {
    Instant(when.timestamp_micros())
}

fn shown(folder: &Path, name: &str) -> String {
    folder.join(name).to_string_lossy().into_owned()
}

fn unknown(folder: &Path, name: &str) -> EarlierError {
    let why = "its form is not one that this version knows".to_owned();
    EarlierError::Form { path: shown(folder, name), why }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, EarlierError> {
    let path = || shown(folder, name);
    let most = if name == "report.json" { LARGEST_REPORT } else { LARGEST_OTHER };
    let bytes = Root::read_beside(&folder.join(name), most)
        .map_err(|cause| EarlierError::Unreadable { path: path(), cause })?;
    bytes.ok_or_else(|| EarlierError::TooLarge { path: path() })
}

fn parse<T: DeserializeOwned>(folder: &Path, name: &str, bytes: &[u8]) -> Result<T, EarlierError> {
    serde_json::from_slice(bytes).map_err(|error| EarlierError::Form {
        path: shown(folder, name),
        why: format!("not in the form of a case: {error}"),
    })
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verify(folder: &Path, name: &str, bytes: &[u8], manifest: &Manifest) -> Result<(), EarlierError> {
    let hash = digest(bytes);
    let said = manifest.files.iter().find(|file| file.path == name).and_then(|file| file.sha256.as_ref());
    if said == Some(&hash) { Ok(()) } else { Err(EarlierError::Changed { path: shown(folder, name) }) }
}
