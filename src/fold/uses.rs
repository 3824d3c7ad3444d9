//! Accepted credentials, registrations and manager sessions, in runs.
//!
//! A phone renews its registration every few minutes for years. What tells is the change: a run
//! lasts as long as one account is used from one address, and ends when another address uses it, so
//! that owner and thief are told apart to the very call.

use std::collections::HashMap;
use std::net::IpAddr;

use super::budget::Budget;
use super::names::NameId;
use crate::event::{Citation, Instant, Service};

/// What was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Credentials.
    Authenticated,
    /// A registration: a contact was bound.
    Registered,
    /// A contact was taken off.
    Unregistered,
    /// A manager session began.
    ManagerLogin,
    /// A manager session ended.
    ManagerLogoff,
}

/// Use of one account from one address without another's in between.
#[derive(Clone, Debug)]
pub struct Run {
    /// What was accepted.
    pub kind: Kind,
    /// The account.
    pub account: NameId,
    /// The service.
    pub service: Service,
    /// From where; `None` where the line does not know.
    pub address: Option<IpAddr>,
    /// The port of the first use.
    pub port: Option<u16>,
    /// The address in the contact: the phone's own word.
    pub claimed: Option<IpAddr>,
    /// The reason, for an end.
    pub reason: &'static str,
    /// First use.
    pub first: Instant,
    /// Last use.
    pub last: Instant,
    /// How many.
    pub count: u64,
    /// The first line.
    pub line: Citation,
    /// The last line, where there is more than one.
    pub last_line: Option<Citation>,
}

impl Run {
    /// Returns the address as far as it is told: the socket's, else what the contact says.
    fn peer(&self) -> Option<IpAddr> {
        self.address.or(self.claimed)
    }
}

/// All runs of one source.
#[derive(Debug)]
pub struct Uses {
    /// In the order of their beginning.
    pub runs: Vec<Run>,
    /// Was a run refused?
    pub is_full: bool,
    open: HashMap<(Kind, NameId), usize>,
    most: usize,
}

impl Default for Uses {
    fn default() -> Self {
        Uses::new(Budget::WHOLE.runs)
    }
}

impl Uses {
    /// Begins with nothing, to keep up to `most` runs; a real server has a few thousand.
    pub fn new(most: usize) -> Self {
        Uses { runs: Vec::new(), is_full: false, open: HashMap::new(), most }
    }

    /// Adds one use.
    pub fn add(&mut self, run: Run) {
        // A contact that came or went ends the run before it in either direction.
        let group = match run.kind {
            Kind::Unregistered => Kind::Registered,
            other => other,
        };
        if let Some(open) = self.open.get(&(group, run.account)).and_then(|&index| self.runs.get_mut(index))
            && (open.kind, open.peer(), open.reason) == (run.kind, run.peer(), run.reason)
        {
            open.last = open.last.max(run.first);
            open.first = open.first.min(run.first);
            open.count += 1;
            open.address = open.address.or(run.address);
            open.last_line = Some(run.line);
            return;
        }
        if self.runs.len() >= self.most {
            self.is_full = true;
            return;
        }
        self.open.insert((group, run.account), self.runs.len());
        self.runs.push(run);
    }
}
