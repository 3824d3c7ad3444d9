//! Requests that wait for their answer: an answer tells what a request came to.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::message::Message;
use crate::fold::hash;

/// Requests remembered; an answer comes within seconds or never.
const MOST_WAITING: usize = 65_536;
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
}

/// All requests that wait.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    waiting: HashMap<u64, Request>,
    order: VecDeque<u64>,
}

impl Transactions {
    /// Notes a request of `client` to `server`.
    pub(super) fn ask(&mut self, client: IpAddr, server: IpAddr, message: &Message<'_>) {
        let kept = |text: Option<&[u8]>| {
            text.map_or_else(Vec::new, |text| text.get(..LONGEST_NAME).unwrap_or(text).to_vec())
        };
        let request = Request {
            has_credentials: message.credentials.is_some(),
            is_removal: message.is_removal(),
            account: kept(message.account()),
            number: kept(message.dialed()),
            ..Request::default()
        };
        let key = key(client, server, message);
        if self.waiting.insert(key, request).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST_WAITING
            && let Some(oldest) = self.order.pop_front()
        {
            self.waiting.remove(&oldest);
        }
    }

    /// Returns the request that a message of `server` to `client` answers.
    pub(super) fn answered(
        &mut self,
        client: IpAddr,
        server: IpAddr,
        message: &Message<'_>,
    ) -> Option<&mut Request> {
        self.waiting.get_mut(&key(client, server, message))
    }
}

fn key(client: IpAddr, server: IpAddr, message: &Message<'_>) -> u64 {
    hash(&(client, server, message.call_id, message.sequence))
}
