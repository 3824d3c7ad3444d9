//! SIP messages in figures: which requests and answers, by which user agents, from how many addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::event::SipMessage;
use crate::readers::Chunk;

/// Methods and statuses told apart; RFCs know fourteen methods and a hundred statuses.
const MOST_KINDS: usize = 1_000;
/// User agents told apart: a scanner may write another into every request.
const MOST_AGENTS: usize = 10_000;
/// Addresses told apart.
const MOST_SOURCES: usize = 100_000;
/// Bytes kept of a user agent.
const LONGEST_AGENT: usize = 128;

/// Counts of SIP messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SipCounts {
    /// Requests by method.
    pub requests: BTreeMap<Box<[u8]>, u64>,
    /// Answers by status.
    pub responses: BTreeMap<Box<[u8]>, u64>,
    /// Messages by `User-Agent`.
    pub agents: BTreeMap<Box<[u8]>, u64>,
    /// Messages by the address that sent them.
    pub sources: BTreeMap<IpAddr, u64>,
    /// Messages whose kind, user agent or sender was not told apart any more.
    pub beyond: u64,
}

impl SipCounts {
    /// Counts one message.
    pub fn take(&mut self, chunk: &Chunk, message: &SipMessage) {
        let what = chunk.text(message.what).unwrap_or_default();
        let kinds = if message.is_request { &mut self.requests } else { &mut self.responses };
        let mut is_counted = count(kinds, what.into(), 1, MOST_KINDS);
        if let Some(agent) = chunk.text(message.agent) {
            let agent = agent.get(..LONGEST_AGENT).unwrap_or(agent);
            is_counted &= count(&mut self.agents, agent.into(), 1, MOST_AGENTS);
        }
        is_counted &= count(&mut self.sources, message.from, 1, MOST_SOURCES);
        self.beyond += u64::from(!is_counted);
    }

    /// Adds the counts of another source.
    pub fn add(&mut self, other: &SipCounts) {
        let maps = [
            (&mut self.requests, &other.requests, MOST_KINDS),
            (&mut self.responses, &other.responses, MOST_KINDS),
            (&mut self.agents, &other.agents, MOST_AGENTS),
        ];
        for (own, others, most) in maps {
            for (key, number) in others {
                count(own, key.clone(), *number, most);
            }
        }
        for (address, number) in &other.sources {
            count(&mut self.sources, *address, *number, MOST_SOURCES);
        }
        self.beyond += other.beyond;
    }

    /// Returns whether no message was seen.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.responses.is_empty()
    }
}

/// Adds to a count, unless it would be one too many to tell apart.
fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, number: u64, most: usize) -> bool {
    if counts.len() >= most && !counts.contains_key(&key) {
        return false;
    }
    *counts.entry(key).or_default() += number;
    true
}
