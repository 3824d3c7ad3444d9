//! What was given and what of it could be used: sources, the places that prove, what is missing.

use serde::Serialize;

use super::When;
use crate::untrusted::Untrusted;

/// One source.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceRow {
    /// Path below the evidence root.
    pub path: String,
    /// The kind of source.
    pub kind: &'static str,
    /// The archive that it lies in, by its path.
    pub container: Option<String>,
    /// Size on disk, or in an archive what it is unpacked to.
    pub bytes: u64,
    /// SHA-256 of these bytes; `None` when hashing was switched off or failed.
    pub sha256: Option<String>,
    /// First instant it tells of.
    pub first: Option<When>,
    /// Last instant it tells of.
    pub last: Option<When>,
    /// Records understood.
    pub records: u64,
    /// Lines that fit no form.
    pub unparsed: u64,
    /// What else is to be said: damage, a copy, a change while it was read.
    pub note: Option<String>,
    /// Lines that fit no form, by reason, with the first places.
    pub unparsed_places: Vec<UnparsedPlaces>,
    /// The source that has the same content, which was read instead.
    pub duplicate_of: Option<String>,
}

/// Lines of one source that were passed over for one reason.
#[derive(Clone, Debug, Serialize)]
pub struct UnparsedPlaces {
    /// The reason.
    pub why: &'static str,
    /// How many lines.
    pub lines: u64,
    /// Line numbers of the first few.
    pub first_lines: Vec<u64>,
}

/// A place in the evidence and what stands there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Proof {
    /// Path below the evidence root.
    pub path: String,
    /// Line number from 1; `None` where the source has no lines.
    pub line: Option<u64>,
    /// Byte offset; in a gz, within the unpacked stream.
    pub offset: Option<u64>,
    /// The raw line.
    pub text: Untrusted,
}

/// Evidence that is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// What is missing.
    pub what: String,
    /// What that costs the inquiry.
    pub why_it_matters: String,
    /// How to get it.
    pub how_to_get_it: String,
}

/// How one source's time was worked out.
#[derive(Clone, Debug, Serialize)]
pub struct ClockNote {
    /// The source.
    pub path: String,
    /// Each assumption and how it was reached, a sentence each.
    pub notes: Vec<String>,
}

/// A file that was not read.
#[derive(Clone, Debug, Serialize)]
pub struct NotRead {
    /// Path below the evidence root.
    pub path: String,
    /// Its size.
    pub bytes: Option<u64>,
    /// Why.
    pub why: String,
}
