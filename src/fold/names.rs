//! Names, each kept once.

use std::collections::HashMap;

/// A name of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

impl NameId {
    /// No name: the record does not say.
    pub const NONE: NameId = NameId(u32::MAX);
}

/// The most names of one source. Names are the sender's choice; a real server has a few thousand.
const MOST: usize = 500_000;

/// No name is longer: Asterisk's own fields hold 80 characters.
const LONGEST: usize = 255;

/// The names of one source.
#[derive(Debug, Default)]
pub struct Names {
    by_text: HashMap<Box<[u8]>, NameId>,
    texts: Vec<Box<[u8]>>,
    /// The two names that were asked for last: of a call's account and context, one is often the last call's.
    last: [usize; 2],
    /// Was a name refused?
    pub is_full: bool,
}

impl Names {
    /// Returns the id of a name, new or known; none for the empty name and beyond the limits.
    pub fn id(&mut self, text: &[u8]) -> NameId {
        if text.is_empty() {
            return NameId::NONE;
        }
        let is_it = |last: &usize| self.texts.get(*last).is_some_and(|known| **known == *text);
        if let Some(last) = self.last.into_iter().find(is_it) {
            return NameId(last as u32);
        }
        if let Some(&id) = self.by_text.get(text) {
            self.last = [id.0 as usize, self.last[0]];
            return id;
        }
        if self.texts.len() >= MOST || text.len() > LONGEST {
            self.is_full = true;
            return NameId::NONE;
        }
        let id = NameId(self.texts.len() as u32);
        self.texts.push(text.into());
        self.by_text.insert(text.into(), id);
        id
    }

    /// Returns the name, empty for none.
    pub fn text(&self, id: NameId) -> &[u8] {
        self.texts.get(id.0 as usize).map_or(&[], |text| text)
    }
}
