//! Words of the evidence that may stand in a script, and the only way in which the others may.
//!
//! An attacker names extensions, user agents and files. What a generated script acts on is one of the types here,
//! each checked letter by letter when it is made; addresses, networks and ports are checked by their own types.
//! All other text stands in a remark, in one line, with nothing that acts; what has to be acted on and fits no type
//! is left to a person, who is told so.

use std::fmt;

use serde::Serialize;

use crate::untrusted::visible;

/// A name is no longer than a channel's, of which it is a part.
const LONGEST_NAME: usize = 64;
/// No path that a phone system uses is longer.
const LONGEST_PATH: usize = 256;
/// A number of E.164 with what is dialled before it: prefixes, outside lines, a carrier's own code.
const LONGEST_NUMBER: usize = 32;
/// A pattern of the dialplan is as long as an extension may be (`AST_MAX_EXTENSION`).
const LONGEST_PATTERN: usize = 80;
/// A remark is one line on a screen.
const LONGEST_REMARK: usize = 300;

/// The name of an account, a trunk, a context or a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

impl Name {
    /// Takes a name of letters, digits and `_.-` that begins with none of the signs.
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let begins_well =
            text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let fits = text.len() <= LONGEST_NAME && begins_well && text.bytes().all(is_plain);
        (fits && !text.contains("..")).then(|| Name(text.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The path of a file on the phone system's own disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DiskPath(String);

impl DiskPath {
    /// Takes an absolute path of plain letters that climbs nowhere.
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.-+@".contains(&byte);
        let fits = text.len() <= LONGEST_PATH && text.starts_with('/') && text.bytes().all(is_plain);
        let climbs = text.split('/').any(|part| matches!(part, "." | "..") || part.starts_with('-'));
        (fits && !climbs && text.len() > 1 && !text.ends_with('/')).then(|| DiskPath(text.to_owned()))
    }

    /// Returns the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DiskPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Digits as they are dialled: a prefix, a short number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Digits(String);

impl Digits {
    /// Takes one to fifteen digits, E.164's limit.
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| Digits(text.to_owned()))
    }

    /// Returns the digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A number as it stands in a list of calls: its digits, each of the last ones a dot where it may be any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct NumberForm(String);

impl NumberForm {
    /// Takes digits with dots behind them.
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches('.');
        let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        (is_plain && text.len() <= LONGEST_NUMBER).then(|| NumberForm(text.to_owned()))
    }

    /// Returns the form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A pattern of Asterisk's dialplan, or a number of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DialPattern(String);

impl DialPattern {
    /// Takes digits, the letters of patterns, sets, `*`, `#`, `+`, `.` and `!`.
    pub fn new(text: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_digit() || b"_XZNxzn*#+.![]-".contains(&byte);
        let fits = (1..=LONGEST_PATTERN).contains(&text.len()) && text.bytes().all(is_plain);
        fits.then(|| DialPattern(text.to_owned()))
    }
}

impl fmt::Display for DialPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns text for a remark of a script: one line, ASCII, with nothing that any of the scripts' languages reads.
///
/// A backslash at a line's end would join the next one to it, `;--` opens a block in Asterisk's files, `--` is not
/// allowed in XML's, and quotes and dollars are no use in a remark.
pub fn remark(text: &str) -> String {
    let shown: String = visible(text)
        .chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() => letter,
            ' ' | '.' | ',' | ':' | '/' | '_' | '-' | '+' | '@' | '(' | ')' | '=' => letter,
            _ => '?',
        })
        .collect();
    let mut shown = shown.replace("--", "-?");
    if shown.len() > LONGEST_REMARK {
        shown.truncate(LONGEST_REMARK);
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_plain_words_enter_a_script() {
        for good in ["205", "carrier-1", "a.b_c", "_x"] {
            assert!(Name::new(good).is_some(), "{good}");
        }
        for bad in ["", "-rf", "a b", "$(id)", "a;b", "a'b", "a\nb", "a..b", ".x", "ä", "a/b", "*"] {
            assert!(Name::new(bad).is_none(), "{bad:?}");
        }
        assert!(DiskPath::new("/var/log/asterisk/full").is_some());
        for bad in ["/", "var/log", "/a/../b", "/a b", "/a/-rf", "/a\n", "/a`id`", "/a/"] {
            assert!(DiskPath::new(bad).is_none(), "{bad:?}");
        }
        assert!(Digits::new("011").is_some() && Digits::new("+1").is_none() && Digits::new("").is_none());
        assert!(NumberForm::new("0112526155....").is_some() && NumberForm::new("0112526155").is_some());
        for bad in ["", "....", "25.26", "+252", "252 6", "252X"] {
            assert!(NumberForm::new(bad).is_none(), "{bad:?}");
        }
        assert!(DialPattern::new("_9[2-9]XX.").is_some() && DialPattern::new("_9,1,System(x)").is_none());
    }

    proptest! {
        #[test]
        fn a_remark_acts_nowhere(text in "\\PC*|.*[\\n\\\\;`$\"']+.*") {
            let shown = remark(&text);
            prop_assert!(shown.is_ascii() && !shown.contains("--"));
            prop_assert!(!shown.contains(['\n', '\r', '\\', ';', '`', '$', '"', '\'', '<', '>', '#', '*', '|', '&']));
        }
    }
}
