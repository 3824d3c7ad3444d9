//! The names whose tries are counted apart: accounts that the configuration knows, and others that may
//! exist all the same, for accounts of a database stand in no file.
//!
//! Which of those exist is settled only when all is read, and names are the sender's choice. The first
//! few thousand are counted apart at once; later ones from their second try on, in the room of those
//! that were tried least. Whoever guesses a secret tries one name more often than a sweep does.

use std::collections::HashMap;

use super::hash;
use super::names::NameId;
use crate::event::Instant;

/// Names counted apart though no configuration knows them.
const MOST_LEARNED: usize = 4_096;
/// First tries remembered by a hash of the name: a quarter of an hour of a flood of eighty a second.
const MOST_ONCE: usize = 65_536;
/// No account has a longer name: Asterisk's own fields hold 80 characters.
const LONGEST_NAME: usize = 255;

/// Names and their ids.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    by_name: HashMap<Box<[u8]>, Counted>,
    names: Vec<Box<[u8]>>,
    free: Vec<NameId>,
    learned: usize,
    once: Vec<Once>,
    /// Was a first try forgotten because another name took its room?
    pub(super) has_forgotten: bool,
}

#[derive(Debug)]
struct Counted {
    id: NameId,
    tries: u32,
    last: Instant,
    is_known: bool,
}

/// A name that was tried once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Once {
    name: u64,
    at: Instant,
}

impl Once {
    const NONE: Once = Once { name: 0, at: Instant(0) };
}

impl Accounts {
    /// Returns the id of a name that is counted apart, and counts the try.
    pub(super) fn tried(&mut self, name: &[u8], at: Instant) -> Option<NameId> {
        let counted = self.by_name.get_mut(name)?;
        counted.tries = counted.tries.saturating_add(1);
        counted.last = counted.last.max(at);
        Some(counted.id)
    }

    /// Returns whether a name can be an account's.
    pub(super) fn may_be(name: &[u8]) -> bool {
        !name.is_empty() && name.len() <= LONGEST_NAME
    }

    /// Returns whether another name that no configuration knows has to wait for its second try.
    pub(super) fn is_full(&self) -> bool {
        self.learned >= MOST_LEARNED
    }

    /// Returns when a name that is not counted apart was tried before, and remembers this try.
    pub(super) fn tried_before(&mut self, name: &[u8], at: Instant) -> Option<Instant> {
        if self.once.is_empty() {
            self.once = vec![Once::NONE; MOST_ONCE];
        }
        let key = hash(&name).max(1);
        let slot = self.once.get_mut(key as usize % MOST_ONCE)?;
        let before = std::mem::replace(slot, Once { name: key, at });
        if before.name == key {
            *slot = Once::NONE;
            return Some(before.at);
        }
        self.has_forgotten |= before != Once::NONE;
        None
    }

    /// Counts a name apart from now on.
    pub(super) fn insert(&mut self, name: &[u8], at: Instant, is_known: bool) -> NameId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.names.push(Box::default());
            NameId((self.names.len() - 1) as u32)
        });
        if let Some(held) = self.names.get_mut(id.0 as usize) {
            *held = name.into();
        }
        self.learned += usize::from(!is_known);
        self.by_name.insert(name.into(), Counted { id, tries: 1, last: at, is_known });
        id
    }

    /// Returns the ids of a quarter of the names that no configuration knows: those tried least, and of
    /// those the ones tried longest ago.
    pub(super) fn least_tried(&self) -> Vec<NameId> {
        let learned = self.by_name.iter().filter(|(_, counted)| !counted.is_known);
        let mut order: Vec<(u32, Instant, &[u8], NameId)> =
            learned.map(|(name, counted)| (counted.tries, counted.last, &**name, counted.id)).collect();
        order.sort_unstable();
        order.truncate(MOST_LEARNED / 4);
        let mut ids: Vec<NameId> = order.into_iter().map(|(_, _, _, id)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// Gives up the room of names.
    pub(super) fn forget(&mut self, ids: &[NameId]) {
        for id in ids {
            let name = self.names.get_mut(id.0 as usize).map(std::mem::take).unwrap_or_default();
            if self.by_name.remove(&name).is_some_and(|counted| !counted.is_known) {
                self.learned -= 1;
            }
            self.free.push(*id);
        }
    }

    /// Returns a name, empty for none.
    pub(super) fn text(&self, id: NameId) -> &[u8] {
        self.names.get(id.0 as usize).map_or(&[], |name| name)
    }

    /// Returns whether the configuration knows a name.
    pub(super) fn is_known(&self, name: &[u8]) -> bool {
        self.by_name.get(name).is_some_and(|counted| counted.is_known)
    }

    /// Forgets what is only needed while lines are read.
    pub(super) fn settle(&mut self) {
        self.by_name = HashMap::new();
        self.once = Vec::new();
    }
}
