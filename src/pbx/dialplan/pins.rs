//! PINs of the dialplan, remembered for one purpose: to hide them where a call record repeats them.
//!
//! `DISA` sets the caller's PIN as the account code of the call (`apps/app_disa.c`), and so does `Authenticate` with
//! the option `a`: it then stands in each record and event of that call. An account code that is no PIN is shown.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::pin_files;
use crate::pbx::language::{Document, Loader};

/// PINs that are remembered.
const MOST: usize = 10_000;
/// Files of PINs that are read for `Authenticate`.
const MOST_FILES: usize = 200;
/// What stands in place of a PIN.
const MASK: &str = "***";
/// The applications that ask for one.
const ASKING: [&str; 3] = ["vmauthenticate", "authenticate", "disa"];

/// The PINs that are known; they show themselves nowhere.
#[derive(Clone, Default)]
pub struct Pins(BTreeSet<String>);

impl fmt::Debug for Pins {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} PINs", self.0.len())
    }
}

impl Pins {
    /// Learns the PINs in the steps of a dialplan, and in the files that `Authenticate` is given.
    pub(super) fn learn(&mut self, document: &Document, loader: &mut Loader<'_>) {
        let settings = document.sections().flat_map(|section| &section.settings);
        let mut files = BTreeSet::new();
        for argument in settings.filter_map(|setting| asked_for(&setting.value)) {
            if argument.starts_with('/') {
                files.insert(argument.to_owned());
            } else {
                self.add(argument);
            }
        }
        for path in files.iter().take(MOST_FILES) {
            let text = loader.text_of(path).unwrap_or_default();
            text.lines().take(pin_files::MOST_LINES).for_each(|line| self.add(line));
        }
    }

    /// Adds the PIN that a text begins with.
    fn add(&mut self, text: &str) {
        let end = text.find([',', '|', ':']).unwrap_or(text.len());
        let pin = text.get(..end).unwrap_or_default().trim();
        if self.0.len() < MOST && !pin.is_empty() && pin.bytes().all(|byte| byte.is_ascii_digit()) {
            self.0.insert(pin.to_owned());
        }
    }

    /// Returns a value of an account code, or of what an application was given, with the PIN in it masked.
    pub fn masked_value<'t>(&self, value: &'t str) -> Cow<'t, str> {
        let first = value.get(..value.find([',', '|']).unwrap_or(value.len())).unwrap_or_default();
        match value.strip_prefix(first) {
            Some(rest) if self.0.contains(first.trim()) => Cow::Owned(format!("{MASK}{rest}")),
            _ => Cow::Borrowed(value),
        }
    }

    /// Returns a record's line with its account code masked, where that is a PIN.
    pub fn masked<'t>(&self, line: &'t str) -> Cow<'t, str> {
        let mut masked = Cow::Borrowed(line);
        for pin in &self.0 {
            while let Some(at) = place_of(&masked, pin) {
                let mut text = masked.into_owned();
                text.replace_range(at..at + pin.len(), MASK);
                masked = Cow::Owned(text);
            }
        }
        masked
    }
}

/// Returns what a step's application asks for, if it is one that asks for a PIN.
fn asked_for(step: &str) -> Option<&str> {
    let lower = step.to_ascii_lowercase();
    let (at, name) = ASKING.iter().find_map(|name| Some((lower.find(name)?, name)))?;
    let rest = step.get(at + name.len()..)?;
    let rest = rest.strip_prefix(['(', ',', '|'])?;
    let end = rest.find([',', '|', ')']).unwrap_or(rest.len());
    rest.get(..end).map(str::trim)
}

/// Returns where a PIN stands as an account code: in the first cell, in the one before the call's unique number, or
/// behind the column's name.
fn place_of(line: &str, pin: &str) -> Option<usize> {
    line.match_indices(pin).map(|(at, _)| at).find(|&at| {
        let (Some(before), Some(after)) = (line.get(..at), line.get(at + pin.len()..)) else { return false };
        let is_whole = |beside: Option<char>| beside.is_none_or(|beside| !beside.is_alphanumeric());
        if !is_whole(before.chars().next_back()) || !is_whole(after.chars().next()) {
            return false;
        }
        let is_first =
            matches!(before, "" | "\"" | "'") && after.trim_start_matches(['"', '\'']).starts_with(',');
        is_first || comes_before_a_unique_number(after) || is_named(before)
    })
}

/// Reads what is behind a cell: is the next one `1770056100.39`, perhaps with the system's name before it?
fn comes_before_a_unique_number(after: &str) -> bool {
    const MARKS: [char; 4] = ['"', '\'', ' ', '\\'];
    let Some(next) = after.trim_start_matches(MARKS).strip_prefix([',', ';', '|', '\t']) else {
        return false;
    };
    let next = next.trim_start_matches(MARKS);
    let cell = next.get(..next.find(['"', '\'', ',', ';', '|', '\t', ' ', '\\']).unwrap_or(next.len()));
    let Some((seconds, serial)) = cell.and_then(|cell| cell.rsplit_once('.')) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = seconds.rsplit('-').next().unwrap_or_default();
    seconds.len() >= 9 && is_number(seconds) && is_number(serial)
}

/// Does `accountcode=`, `AccountCode: `, `CDR(accountcode)=` or the like come before it?
fn is_named(before: &str) -> bool {
    const NAMES: [&str; 2] = ["accountcode", "account_code"];
    let name = before.trim_end_matches(|letter: char| !letter.is_alphanumeric());
    let is_near = before.len() - name.len() <= 5;
    let ends = |word: &str| {
        let start = name.len().checked_sub(word.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(word))
    };
    is_near && NAMES.iter().any(|word| ends(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Pins {
        let mut pins = Pins::default();
        for step in
            ["n,DISA(1234,disa-out)", "n,Authenticate(4711,a,4)", "n,DISA,9988|out", "n,DISA(no-password,x)"]
        {
            asked_for(step).into_iter().for_each(|pin| pins.add(pin));
        }
        pins
    }

    #[test]
    fn an_account_code_that_is_a_pin_is_hidden() {
        let pins = known();
        for (line, shown) in [
            (r#""1234","1234","4420","out""#, r#""***","1234","4420","out""#),
            (r#""out","142","4711","1770056100.39","x""#, r#""out","142","***","1770056100.39","x""#),
            ("('a','9988','pbx-1770056100.39','')", "('a','***','pbx-1770056100.39','')"),
            ("accountcode=1234 src=1234", "accountcode=*** src=1234"),
            (r#"Set("SIP/1", "CDR(accountcode)=4711")"#, r#"Set("SIP/1", "CDR(accountcode)=***")"#),
        ] {
            assert_eq!(pins.masked(line), shown);
        }
        assert_eq!(format!("{pins:?}"), "3 PINs");
    }

    #[test]
    fn a_value_that_begins_with_a_pin_is_hidden() {
        let pins = known();
        for (value, shown) in [
            ("1234", "***"),
            ("1234,disa-out", "***,disa-out"),
            ("4711|a", "***|a"),
            ("12345", "12345"),
            ("", ""),
        ] {
            assert_eq!(pins.masked_value(value), shown);
        }
    }

    #[test]
    fn other_figures_and_other_account_codes_stay() {
        for line in [
            r#""","1234","4420","out","1234","4711""#,
            r#""7001","1234","4420","out","ANSWERED","7001","1770056100.39""#,
            r#""12345","304","301""#,
            "accountcode=81234 dst=1234",
        ] {
            assert_eq!(known().masked(line), line);
            assert_eq!(Pins::default().masked(line), line);
        }
    }
}
