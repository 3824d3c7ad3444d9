//! Tries of the last seconds: which records are one try.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

use super::calls::Placer;
use super::hash;
use super::tries::Try;
use crate::event::{Instant, Service};
use crate::readers::{NO_SUCH_USER, REFUSED};

/// SIP's transaction timer B and F (RFC 3261, 17.1.1.2): what repeats within it is one try.
const ONE_TRY_SECONDS: i64 = 32;

/// Tries of the last seconds, for telling the lines of one from the next.
#[derive(Debug, Default)]
pub(super) struct Recent {
    last: HashMap<u64, Instant, BuildHasherDefault<Placer>>,
    order: VecDeque<(Instant, u64)>,
    newest: Option<Instant>,
}

/// Tries remembered at most: a thousand a second for the time that one can last.
const MOST_RECENT: usize = 1_000 * ONE_TRY_SECONDS as usize;

impl Recent {
    /// Returns what records of one try share; 0 where nothing tells them apart.
    pub(super) fn key(&self, event: &Try<'_>) -> u64 {
        match event.service {
            // A manager's nonexistent user leaves two notices, and a third when the session ends.
            Service::Manager => hash(&(event.address, "manager")),
            // chan_sip's sessions are pointers, used again at once; each failure is a try.
            Service::Pjsip if !event.session.is_empty() => hash(&(event.address, event.session)),
            _ => 0,
        }
    }

    /// Returns whether a record is of a try that was not heard of yet.
    pub(super) fn is_new(&mut self, event: &Try<'_>, key: u64) -> bool {
        if event.service == Service::Manager {
            let is_echo = matches!(event.reason, "failed to authenticate" | "unable to authenticate");
            let known = self.last.get(&key).is_some_and(|last| event.at.seconds_since(*last) <= 2);
            self.remember(event.at, key);
            return !(is_echo && known);
        }
        if event.service == Service::Sofia {
            return self.is_new_to_sofia(event);
        }
        if key == 0 {
            return true;
        }
        let known = self.last.get(&key).is_some_and(|last| event.at.seconds_since(*last) < ONE_TRY_SECONDS);
        self.remember(event.at, key);
        !known
    }

    /// FreeSWITCH tells of a name that no directory has twice: that it cannot be found, and that it was
    /// refused. The case of its escapes differs.
    fn is_new_to_sofia(&mut self, event: &Try<'_>) -> bool {
        let key = hash(&(event.address, event.name.to_ascii_lowercase()));
        match event.reason {
            NO_SUCH_USER => {
                self.remember(event.at, key);
                true
            }
            REFUSED => {
                let told = self.last.remove(&key);
                told.is_none_or(|told| event.at.seconds_since(told) > 2)
            }
            _ => true,
        }
    }

    fn remember(&mut self, at: Instant, key: u64) {
        self.newest = Some(self.newest.map_or(at, |newest| newest.max(at)));
        if self.last.insert(key, at).is_none_or(|before| before != at) {
            self.order.push_back((at, key));
        }
        while let Some(&(oldest, key)) = self.order.front() {
            let is_over = self.newest.is_some_and(|newest| newest.seconds_since(oldest) >= ONE_TRY_SECONDS);
            if !is_over && self.order.len() <= MOST_RECENT {
                break;
            }
            self.order.pop_front();
            if self.last.get(&key) == Some(&oldest) {
                self.last.remove(&key);
            }
        }
    }
}
