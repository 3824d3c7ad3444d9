//! The patterns of `provisioning_keys.tsv`, compiled once and grouped by vendor.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

const TABLE: &str = include_str!("provisioning_keys.tsv");

/// What a matched value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The account's number or name.
    User,
    /// The name it authenticates with.
    AuthName,
    /// Its secret.
    Secret,
}

/// How much a match says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// The key is one vendor's own.
    Anywhere,
    /// The key is a common word; it counts in a file named after a phone.
    ByName,
}

/// One pattern: group `v` is the value, `n` the line's number, `u` a name beside a secret.
#[derive(Debug)]
pub(super) struct Rule {
    /// What its value is.
    pub(super) role: Role,
    /// Where it counts.
    pub(super) reach: Reach,
    /// The pattern.
    pub(super) pattern: Regex,
}

/// The rules of one vendor.
#[derive(Debug)]
pub(super) struct Vendor {
    /// The vendor's name as in the table.
    pub(super) name: &'static str,
    /// Its rules, in the order of the table.
    pub(super) rules: Vec<Rule>,
}

impl Vendor {
    /// Returns whether a text has the vendor's keys.
    ///
    /// An account and a secret are wanted; in a file named after a phone one of them will do.
    pub(super) fn is_in(&self, text: &[u8], reach: Reach) -> bool {
        let has = |is_secret: bool| {
            let mut wanted = self
                .rules
                .iter()
                .filter(|rule| (rule.role == Role::Secret) == is_secret && rule.reach <= reach);
            wanted.any(|rule| rule.pattern.is_match(text))
        };
        match reach {
            Reach::Anywhere => has(true) && has(false),
            Reach::ByName => has(true) || has(false),
        }
    }
}

/// Returns the vendors in the order of the table.
pub(super) fn vendors() -> &'static [Vendor] {
    static VENDORS: LazyLock<Vec<Vendor>> = LazyLock::new(compile);
    &VENDORS
}

/// Returns the vendor whose name a word is, or begins with: `Yealink`, `polycom`, `grandstream-gxp`.
pub(super) fn vendor_of(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    vendors().iter().map(|vendor| vendor.name).find(|name| word.starts_with(name))
}

fn compile() -> Vec<Vendor> {
    let mut vendors: Vec<Vendor> = Vec::new();
    for row in TABLE.lines().skip(1) {
        let Some((name, rule)) = rule(row) else { continue };
        match vendors.iter_mut().find(|vendor| vendor.name == name) {
            Some(vendor) => vendor.rules.push(rule),
            None => vendors.push(Vendor { name, rules: vec![rule] }),
        }
    }
    vendors
}

/// Reads one row: vendor, syntax, role, pattern, reach.
fn rule(row: &'static str) -> Option<(&'static str, Rule)> {
    let mut fields = row.split('\t');
    let (name, _syntax) = (fields.next()?, fields.next()?);
    let role = match fields.next()? {
        "sip_user" => Role::User,
        "auth_id" | "sip_user|auth_id" => Role::AuthName,
        "sip_password" => Role::Secret,
        _ => return None,
    };
    // Files that were written on Windows, or by a panel's own editor, end their lines with two bytes.
    let pattern =
        RegexBuilder::new(fields.next()?).multi_line(true).crlf(true).unicode(false).build().ok()?;
    let reach = if fields.next() == Some("by-name") { Reach::ByName } else { Reach::Anywhere };
    Some((name, Rule { role, reach, pattern }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_a_rule() {
        let rows = TABLE.lines().skip(1).filter(|row| !row.is_empty());
        for row in rows {
            let rule = rule(row);
            assert!(rule.is_some(), "{row}");
            let has_value =
                rule.is_some_and(|(_, rule)| rule.pattern.capture_names().flatten().any(|name| name == "v"));
            assert!(has_value, "{row}");
        }
    }
}
