//! One line of a timeline.

use std::net::IpAddr;

use serde::Serialize;

use crate::event::Action;
use crate::untrusted::Untrusted;

/// One line of `timeline.jsonl`, as Timesketch takes it.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineRow {
    /// What happened, in words.
    pub message: Untrusted,
    /// RFC 3339, UTC, microseconds; `None` where neither the record nor its file has a time.
    pub datetime: Option<String>,
    /// What the time is the time of.
    pub timestamp_desc: &'static str,
    /// What happened, as a word; see [`Action::word`].
    pub action: Action,
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// The peer's port.
    pub port: Option<u16>,
    /// The account.
    pub account: Option<Untrusted>,
    /// The number.
    pub number: Option<Untrusted>,
    /// The reason.
    pub reason: Option<Untrusted>,
    /// Path below the evidence root.
    pub path: String,
    /// Line number from 1.
    pub line: Option<u64>,
    /// Byte offset.
    pub offset: Option<u64>,
}
