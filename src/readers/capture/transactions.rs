//! Requests that wait for their answer: an answer tells what a request came to.
//!
//! An answer repeats the branch of the request's topmost Via, the tag in From, Call-ID and CSeq, and comes
//! back between the same ports. Whoever asks may send other requests under the same Call-ID and CSeq to
//! draw the answer to them, so all of it must fit. Only where no request fits so, as when the answer goes
//! to the port that Via names, those of the same addresses, Call-ID and CSeq count as one.

use std::collections::{HashMap, VecDeque};

use super::message::Message;
use super::network::End;
use crate::fold::hash;

/// Entries remembered, two to a request; an answer comes within seconds or never.
const MOST_WAITING: usize = 2 * 65_536;
/// Bytes kept of a name or number.
const LONGEST_NAME: usize = 128;

/// A request that was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    /// Had it credentials?
    pub(super) has_credentials: bool,
    /// Does it take a registration back?
    pub(super) is_removal: bool,
    /// Whose account it used or claimed.
    pub(super) account: Vec<u8>,
    /// What was dialled.
    pub(super) number: Vec<u8>,
    /// The last status that was told of it.
    pub(super) told: u16,
    /// Were its credentials told to be right?
    pub(super) is_accepted: bool,
    /// Are there requests that cannot be told from it and name another account?
    is_disputed: bool,
}

impl Request {
    fn of(message: &Message<'_>) -> Request {
        Request {
            has_credentials: message.credentials.is_some(),
            is_removal: message.is_removal(),
            account: kept(message.account()),
            number: kept(message.dialed()),
            ..Request::default()
        }
    }

    /// Takes in a request that cannot be told from this one: the same once more, as a rule. Where they
    /// differ, either may be the one that the server saw, and credentials are not hidden by the other.
    fn join(&mut self, other: &Request) {
        if other.has_credentials && !self.has_credentials {
            self.has_credentials = true;
            self.told = 0;
        }
        self.is_removal &= other.is_removal;
        self.is_disputed |= self.account != other.account;
    }

    /// Returns the account; of several, the one that the server says it answers.
    pub(super) fn account_by(&self, answer: &Message<'_>) -> Vec<u8> {
        if self.is_disputed { kept(answer.account()) } else { self.account.clone() }
    }
}

fn kept(text: Option<&[u8]>) -> Vec<u8> {
    text.map_or_else(Vec::new, |text| text.get(..LONGEST_NAME).unwrap_or(text).to_vec())
}

/// All requests that wait.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    waiting: HashMap<u64, Request>,
    order: VecDeque<u64>,
}

impl Transactions {
    /// Notes a request of `client` to `server`.
    pub(super) fn ask(&mut self, client: End, server: End, message: &Message<'_>) {
        let request = Request::of(message);
        for key in [exact(client, server, message), loose(client, server, message)] {
            if let Some(known) = self.waiting.get_mut(&key) {
                known.join(&request);
                continue;
            }
            self.waiting.insert(key, request.clone());
            self.order.push_back(key);
        }
        while self.order.len() > MOST_WAITING
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
    }

    /// Returns the request that a message of `server` to `client` answers.
    pub(super) fn answered(
        &mut self,
        client: End,
        server: End,
        message: &Message<'_>,
    ) -> Option<&mut Request> {
        let exact = exact(client, server, message);
        let key = if self.waiting.contains_key(&exact) { exact } else { loose(client, server, message) };
        self.waiting.get_mut(&key)
    }
}

fn exact(client: End, server: End, message: &Message<'_>) -> u64 {
    hash(&(client, server, message.call_id, message.order(), message.branch(), message.asker()))
}

fn loose(client: End, server: End, message: &Message<'_>) -> u64 {
    hash(&(client.0, server.0, message.call_id, message.order()))
}
