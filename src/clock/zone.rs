//! Zones: offsets from UTC, from the evidence's own files or the bundled database.

/// Where a zone came from, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneOrigin {
    /// `--tz`.
    Given,
    /// A file or link of the evidence, by its path.
    Evidence(String),
    /// Nothing tells: UTC is an assumption.
    Assumed,
}

/// A zone.
#[derive(Clone, Debug)]
pub struct Zone;
