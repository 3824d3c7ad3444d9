//! Lists of numbers that the user gives: test numbers of premium-rate resellers, fraud feeds, one's own.
//!
//! Such lists are not for passing on, so none is built in. A list is a text or CSV file: the first cell of a
//! row that is a number (or a prefix of numbers, ending in `*`) counts, in E.164 with or without `+` or `00`.

use crate::user_file;
use std::collections::BTreeMap;
use std::path::Path;

use super::Trie;

/// The largest list, in bytes.
const LARGEST: u64 = 512 * 1024 * 1024;
/// The fewest digits of a whole number; a shorter cell is a count, a date or a price.
const LEAST_DIGITS: usize = 6;
/// The fewest digits of a prefix: one alone is a continent.
const LEAST_OF_PREFIX: usize = 2;

/// All lists.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    names: Vec<String>,
    /// Whole numbers, with the lists that have them.
    whole: BTreeMap<Box<str>, Vec<usize>>,
    prefixes: Trie,
    prefix_lists: Vec<Vec<usize>>,
    /// What is to be said of them.
    pub notes: Vec<String>,
}

/// A list that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It is larger than any list.
    #[error("{0}: larger than {LARGEST} bytes")]
    TooLarge(String),
    /// It has no number.
    #[error("{0}: no number in it")]
    Empty(String),
}

impl Listed {
    /// Reads one more list.
    pub fn open(&mut self, path: &Path) -> Result<(), ListError> {
        let name = path.to_string_lossy().into_owned();
        let unreadable = |cause| ListError::Unreadable { path: name.clone(), cause };
        match user_file::read(path, LARGEST).map_err(unreadable)? {
            Some(content) => self.add(&name, &content),
            None => Err(ListError::TooLarge(name)),
        }
    }

    /// Takes the content of a list.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), ListError> {
        let list = self.names.len();
        let file = name.rsplit('/').next().unwrap_or(name);
        let (mut taken, mut passed) = (0u64, 0u64);
        let text = String::from_utf8_lossy(content);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split([',', ';', '\t']).find_map(number) {
                Some((digits, true)) => self.add_prefix(&digits, list),
                Some((digits, false)) => self.whole.entry(digits.into()).or_default().push(list),
                None => {
                    passed += 1;
                    continue;
                }
            }
            taken += 1;
        }
        if taken == 0 {
            return Err(ListError::Empty(name.to_owned()));
        }
        self.names.push(crate::untrusted::visible(file));
        self.notes.push(format!("{name}: {taken} numbers; {passed} lines without one"));
        Ok(())
    }

    fn add_prefix(&mut self, digits: &str, list: usize) {
        let new = self.prefix_lists.len() as u32;
        if let Some(same) = self.prefixes.insert(digits.as_bytes(), new) {
            self.prefixes.insert(digits.as_bytes(), same);
            if let Some(lists) = self.prefix_lists.get_mut(same as usize) {
                lists.push(list);
            }
        } else {
            self.prefix_lists.push(vec![list]);
        }
    }

    /// Returns the lists that have a number, given in E.164.
    pub fn look(&self, e164: &str) -> Vec<String> {
        let digits = e164.strip_prefix('+').unwrap_or(e164);
        let whole = self.whole.get(digits).into_iter().flatten();
        let prefixes = self.prefixes.prefixes(digits.as_bytes());
        let prefixes = prefixes.filter_map(|place| self.prefix_lists.get(place as usize)).flatten();
        let mut lists: Vec<usize> = whole.chain(prefixes).copied().collect();
        lists.sort_unstable();
        lists.dedup();
        lists.into_iter().filter_map(|list| self.names.get(list).cloned()).collect()
    }
}

/// Reads a cell as a number in E.164, and whether it is a prefix of numbers.
fn number(cell: &str) -> Option<(String, bool)> {
    let cell = cell.trim().trim_matches('"').trim();
    let (cell, is_prefix) = cell.strip_suffix('*').map_or((cell, false), |cell| (cell, true));
    let digits: String =
        cell.chars().filter(|letter| !matches!(letter, ' ' | '-' | '.' | '(' | ')')).collect();
    let digits = digits.strip_prefix('+').or_else(|| digits.strip_prefix("00")).unwrap_or(&digits);
    let least = if is_prefix { LEAST_OF_PREFIX } else { LEAST_DIGITS };
    let is_number = (least..=15).contains(&digits.len()) && !digits.starts_with('0');
    (is_number && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| (digits.to_owned(), is_prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_prefixes_are_found_again() {
        let mut listed = Listed::default();
        let text = "# feed\nnumber,name\n\"+252 61-000 0001\",test\n00 3719*\n252610000002;x\n\nnonsense\n";
        listed.add("/lists/feed.csv", text.as_bytes()).unwrap();
        listed.add("own.txt", b"252610000001\n3719*\n").unwrap();
        assert_eq!(listed.look("+252610000001"), ["feed.csv", "own.txt"]);
        assert_eq!(listed.look("252610000002"), ["feed.csv"]);
        assert_eq!(listed.look("+37190000000"), ["feed.csv", "own.txt"]);
        assert!(listed.look("+252610000003").is_empty());
        assert_eq!(listed.notes[0], "/lists/feed.csv: 3 numbers; 2 lines without one");
        assert!(matches!(listed.add("none", b"a,b\n12\n"), Err(ListError::Empty(_))));
    }
}
