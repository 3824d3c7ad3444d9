//! What happened, in figures: the runbook's second step.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use super::{Totals, When};
use crate::untrusted::Untrusted;

/// What happened, in figures: the runbook's second step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Assessment {
    /// Calls of the last 24 hours of the evidence.
    pub last_day: CallSummary,
    /// Calls of the incidents.
    pub incident: CallSummary,
    /// All calls of the evidence.
    pub all_calls: u64,
    /// Records that tell of a failed authentication, in the source family that has most.
    pub failure_records: u64,
    /// Distinct failed tries.
    pub failed_attempts: u64,
    /// Failures by log: the file, or what its rotated files have in common and how many they are.
    pub failures_by_log: Vec<(String, u64)>,
    /// Failed tries by hour.
    pub failures_by_hour: Vec<HourCount>,
    /// Who failed, most first.
    pub failures_by_source: Vec<FailureRow>,
    /// Accounts that were tried, most first.
    pub failures_by_account: Vec<(Untrusted, u64)>,
    /// Who probed without a secret.
    pub scanners: Vec<FailureRow>,
    /// SIP messages in figures; `None` where there is no capture.
    pub sip: Option<SipSummary>,
}

/// SIP messages of captures in figures.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SipSummary {
    /// All messages.
    pub messages: u64,
    /// Requests by method.
    pub requests: BTreeMap<String, u64>,
    /// Answers by status.
    pub responses: BTreeMap<String, u64>,
    /// User agents, most messages first.
    pub user_agents: Vec<(Untrusted, u64)>,
    /// How many user agents there are.
    pub user_agent_count: u64,
    /// How many addresses sent any.
    pub sources: u64,
}

/// Calls in figures, over one span.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CallSummary {
    /// From.
    pub first: Option<When>,
    /// To.
    pub last: Option<When>,
    /// The sums.
    pub totals: Totals,
    /// By hour.
    pub by_hour: Vec<HourCount>,
    /// By destination as dialled, most seconds first.
    pub by_destination: Vec<CallRowSum>,
    /// By country of the number.
    pub by_country: Vec<CallRowSum>,
    /// By class of the number.
    pub by_class: Vec<CallRowSum>,
    /// By account.
    pub by_account: Vec<CallRowSum>,
    /// By source address, where a record tells.
    pub by_source: Vec<CallRowSum>,
    /// Of fraudulent calls: by the number of whoever came in by telephone to make them.
    pub by_caller: Vec<CallRowSum>,
}

/// A count in one hour.
#[derive(Clone, Debug, Serialize)]
pub struct HourCount {
    /// The beginning of the hour.
    pub hour: When,
    /// How many.
    pub count: u64,
    /// Billed seconds, for calls whose records tell them.
    pub seconds: Option<u64>,
}

/// A sum over calls that share something.
#[derive(Clone, Debug, Serialize)]
pub struct CallRowSum {
    /// What they share.
    pub name: Untrusted,
    /// How many calls.
    pub calls: u64,
    /// How many were answered.
    pub answered: u64,
    /// Billed seconds, as far as call records tell.
    pub seconds: Option<u64>,
    /// Of an address: country, city and network, where a database tells.
    pub place: Option<String>,
}

/// Failures from one address.
#[derive(Clone, Debug, Serialize)]
pub struct FailureRow {
    /// The address.
    pub address: IpAddr,
    /// Its country, city and network, where a database tells.
    pub place: Option<String>,
    /// Distinct failed tries.
    pub attempts: u64,
    /// Records.
    pub records: u64,
    /// First.
    pub first: Option<When>,
    /// Last.
    pub last: Option<When>,
}
