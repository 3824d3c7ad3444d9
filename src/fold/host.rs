//! What the host's own services saw of each address, counted: web requests, logins, lines that were lost.
//!
//! A web server is asked a million things a day, and nearly all of it is noise: nobody is blamed for it
//! here. What counts is how much there was of whom, and since when.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::{Action, Citation, Entry, Instant, Service};

/// Addresses counted one by one.
const MOST_ADDRESSES: usize = 65_536;
/// Notices of lost lines that are kept for citing.
const MOST_NOTICES: usize = 8;

/// What one address did at the host's services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// First record.
    pub first: Instant,
    /// Last record.
    pub last: Instant,
    /// Web requests.
    pub requests: u64,
    /// Accepted logins at a shell, a console, an FTP server or a web panel.
    pub logins: u64,
    /// Refused ones.
    pub refused: u64,
}

impl Visitor {
    fn at(at: Instant) -> Self {
        Visitor { first: at, last: at, requests: 0, logins: 0, refused: 0 }
    }

    /// Returns all that was counted.
    pub fn records(&self) -> u64 {
        self.requests + self.logins + self.refused
    }

    /// Adds what another source tells of the same address.
    pub fn add(&mut self, other: &Visitor) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.requests += other.requests;
        self.logins += other.logins;
        self.refused += other.refused;
    }
}

/// What the host's services tell in one source.
#[derive(Debug, Default)]
pub struct Host {
    /// By address.
    pub visitors: BTreeMap<IpAddr, Visitor>,
    /// Records of addresses beyond the limit.
    pub beyond: u64,
    /// The first notices that lines were thrown away.
    pub notices: Vec<Citation>,
    /// How many such notices there are.
    pub notice_count: u64,
}

impl Host {
    /// Counts one record.
    pub fn note(&mut self, entry: &Entry, at: Instant) {
        // A session stands in `wtmp` and in the log of the service that gave it: one of them counts.
        let Some(address) = entry.address.filter(|_| entry.service != Service::Host) else { return };
        let count: fn(&mut Visitor) = match entry.action {
            Action::WebRequest => |visitor| visitor.requests += 1,
            Action::AuthOk => |visitor| visitor.logins += 1,
            Action::AuthFailed => |visitor| visitor.refused += 1,
            _ => return,
        };
        if self.visitors.len() >= MOST_ADDRESSES && !self.visitors.contains_key(&address) {
            self.beyond += 1;
            return;
        }
        let visitor = self.visitors.entry(address).or_insert_with(|| Visitor::at(at));
        visitor.first = visitor.first.min(at);
        visitor.last = visitor.last.max(at);
        count(visitor);
    }

    /// Keeps a notice that lines were thrown away.
    pub fn lost(&mut self, notice: Citation) {
        self.notice_count += 1;
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(notice);
        }
    }
}
