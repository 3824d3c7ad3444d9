//! One case from end to end: evidence in, report out.

use std::io;

use ipnet::IpNet;

use crate::evidence::Evidence;
use crate::report::model::{Report, TimelineRow};

/// What a user may say about a case.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only what happened at or after this RFC 3339 instant or local time counts.
    pub since: Option<String>,
    /// Only what happened before this RFC 3339 instant or local time counts.
    pub until: Option<String>,
    /// The zone of stamps that do not tell one, over the evidence's own.
    pub zone: Option<String>,
    /// The year of stamps that have none, where nothing else settles it.
    pub year: Option<i16>,
    /// Networks whose phones are the owner's, wherever they are.
    pub trusted: Vec<IpNet>,
    /// Skip SHA-256.
    pub no_hash: bool,
    /// Threads; 0 for as many as there are processors.
    pub jobs: usize,
    /// Fold floods in the timeline.
    pub fold: bool,
    /// `--case-number`.
    pub case_number: Option<String>,
    /// `--examiner`.
    pub examiner: Option<String>,
    /// `--organisation`.
    pub organisation: Option<String>,
    /// `--home-country`.
    pub home_country: Option<String>,
}

/// Is told how far the reading has come.
pub trait Progress: Sync {
    /// Reading begins; `total` bytes lie ahead.
    fn begin(&self, total: u64);
    /// `bytes` more of the source at `path` were read.
    fn advance(&self, path: &str, bytes: u64);
    /// Reading is over.
    fn end(&self);
}

/// What the inquiry found.
#[derive(Debug)]
pub struct Examined {
    /// The report.
    pub report: Report,
    /// Every event that the story rests on, in time order.
    pub story: Vec<TimelineRow>,
}

/// An option that cannot be used as it was given.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// `--tz` names no zone.
    #[error("--tz {0}: no such zone")]
    Zone(String),
    /// `--since` or `--until` is no time.
    #[error("{option} {text}: neither an RFC 3339 instant nor a local time")]
    Time {
        /// Which option.
        option: &'static str,
        /// As given.
        text: String,
    },
    /// A temporary file, or the output, failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads everything and reconstructs what happened.
pub fn examine(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Examined, CaseError> {
    let _ = (evidence, options, progress);
    Err(CaseError::Io(io::Error::other("not built")))
}

/// Hands every recognised record to `sink`, in time order, then by source and offset.
pub fn timeline(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
    sink: &mut dyn FnMut(&TimelineRow) -> io::Result<()>,
) -> Result<(), CaseError> {
    let _ = (evidence, options, progress, sink);
    Ok(())
}
