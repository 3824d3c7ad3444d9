//! Challenges of chan_sip: the answer names no account, the challenge does.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::told::Told;
use crate::event::Service;

/// Challenges that wait for their answer, by session.
#[derive(Debug, Default)]
pub(super) struct Challenges {
    accounts: HashMap<(IpAddr, Vec<u8>), Vec<u8>>,
    order: VecDeque<(IpAddr, Vec<u8>)>,
}

/// Bytes of a session and an account; chan_sip's session is a pointer.
const LONGEST_CHALLENGE: usize = 512;
/// Challenges remembered; an answer comes within a second or never.
const MOST_CHALLENGES: usize = 4_096;

impl Challenges {
    pub(super) fn note(&mut self, told: &Told<'_>) {
        let (Service::Sip, Some(address)) = (told.entry.service, told.entry.address) else { return };
        if told.text(told.entry.session).len() + told.text(told.entry.account).len() > LONGEST_CHALLENGE {
            return;
        }
        let key = (address, told.text(told.entry.session).to_vec());
        if self.accounts.insert(key.clone(), told.text(told.entry.account).to_vec()).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST_CHALLENGES
            && let Some(oldest) = self.order.pop_front()
        {
            self.accounts.remove(&oldest);
        }
    }

    pub(super) fn take(&mut self, told: &Told<'_>) -> Option<Vec<u8>> {
        let key = (told.entry.address?, told.text(told.entry.session).to_vec());
        self.accounts.get(&key).cloned().filter(|account| !account.is_empty())
    }
}
