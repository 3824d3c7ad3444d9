//! Files that were asked for, and by whom.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::{Citation, Instant};

/// Addresses counted one by one.
const MOST_ADDRESSES: usize = 65_536;
/// Files kept by name for each address.
const MOST_FILES: usize = 1_000;

/// What one address asked for.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Files it was given, with time and line: all that are known phone files, and the first others.
    pub given: Vec<Fetch>,
    /// How many files it was given.
    pub given_count: u64,
    /// How often a file was not there.
    pub missing: u64,
    /// First request.
    pub first: Option<Instant>,
    /// Last request.
    pub last: Option<Instant>,
    /// Lines of the first requests that failed.
    pub missing_lines: Vec<Citation>,
    /// A request whose outcome is still open: a refusal follows in a line of its own.
    pending: Option<Fetch>,
}

/// A file that was given out.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// When.
    pub at: Instant,
    /// Its name as asked for.
    pub file: Box<[u8]>,
    /// The line.
    pub line: Citation,
}

/// All requests of one source.
#[derive(Debug, Default)]
pub struct Fetches {
    /// By address.
    pub clients: BTreeMap<IpAddr, Client>,
    /// Requests of addresses beyond the limit.
    pub beyond: u64,
}

impl Fetches {
    fn client(&mut self, address: IpAddr, at: Instant) -> Option<&mut Client> {
        if self.clients.len() >= MOST_ADDRESSES && !self.clients.contains_key(&address) {
            self.beyond += 1;
            return None;
        }
        let client = self.clients.entry(address).or_default();
        client.first = Some(client.first.map_or(at, |first| first.min(at)));
        client.last = Some(client.last.map_or(at, |last| last.max(at)));
        Some(client)
    }

    /// Notes that `address` asked for a file.
    pub fn asked(&mut self, address: IpAddr, fetch: Fetch) {
        if let Some(client) = self.client(address, fetch.at) {
            client.settle();
            client.pending = Some(fetch);
        }
    }

    /// Notes that a file that `address` asked for is not there.
    pub fn missing(&mut self, address: IpAddr, at: Instant, line: Citation) {
        if let Some(client) = self.client(address, at) {
            client.pending = None;
            client.missing += 1;
            if client.missing_lines.len() < 2 {
                client.missing_lines.push(line);
            }
        }
    }

    /// Counts the requests that nothing refused as given.
    pub fn settle(&mut self) {
        self.clients.values_mut().for_each(Client::settle);
    }
}

impl Client {
    fn settle(&mut self) {
        if let Some(fetch) = self.pending.take() {
            self.given_count += 1;
            if self.given.len() < MOST_FILES {
                self.given.push(fetch);
            }
        }
    }
}
