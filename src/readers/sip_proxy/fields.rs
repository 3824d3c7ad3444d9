//! Named values of an accounting record, from a line or from columns.

/// Values by name. One that stands twice may be the sender's doing and is not told at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields<'a> {
    all: Vec<(&'a [u8], &'a [u8])>,
}

/// No site accounts more.
const MOST_FIELDS: usize = 128;

impl<'a> Fields<'a> {
    /// Adds a value.
    pub(super) fn add(&mut self, name: &'a [u8], value: &'a [u8]) {
        if self.all.len() < MOST_FIELDS {
            self.all.push((name, value));
        }
    }

    /// Returns the value of that name, if there is just one and it is not empty.
    pub(super) fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        let mut held = self.all.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = held.next()?;
        let is_told = !value.is_empty() && *value != b"<null>" && *value != b"n/a";
        (is_told && held.next().is_none()).then_some(value)
    }

    /// Returns the first of the names that has a value.
    pub(super) fn first(&self, names: &[&[u8]]) -> Option<&'a [u8]> {
        names.iter().find_map(|name| self.get(name))
    }
}
