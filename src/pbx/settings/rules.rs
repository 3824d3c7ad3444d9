//! The rules: which setting, which values are bad, what to say.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::report::model::Severity;

/// A version of Asterisk: `1.8`, `18.26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

impl Version {
    /// Reads the first number of a text that looks like a version: `Asterisk 18.26.4 built by`.
    pub fn find(text: &str) -> Option<Self> {
        let words = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
        words.filter(|word| word.starts_with(|letter: char| letter.is_ascii_digit())).find_map(|word| {
            let mut parts = word.split('.');
            let major = parts.next()?.parse().ok()?;
            Some(Version(major, parts.next().and_then(|part| part.parse().ok()).unwrap_or(0)))
        })
    }
}

/// Another setting of the same section that must have a value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Only {
    pub(super) key: String,
    pub(super) is: String,
}

/// One rule; see the head of `rules.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The finding's word.
    pub id: String,
    /// The file, or the part of FreeSWITCH's configuration.
    pub file: String,
    pub(super) section: String,
    /// The setting, lower case.
    pub key: String,
    bad: Vec<String>,
    /// What the program takes where the setting is not there, if that is bad.
    pub absent: Option<String>,
    absent_below: Option<String>,
    pub(super) only: Option<Only>,
    /// How grave.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub remedy: String,
    /// MITRE ATT&CK techniques.
    pub attack: Vec<String>,
    /// Words of the ways in that it helps.
    #[serde(default)]
    pub bears_on: Vec<String>,
}

#[derive(Deserialize)]
struct Table {
    rule: Vec<Rule>,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    toml::from_str::<Table>(include_str!("rules.toml")).map(|table| table.rule).unwrap_or_default()
});

/// Returns all rules, in the order of the table.
pub fn rules() -> &'static [Rule] {
    &RULES
}

impl Rule {
    /// Returns whether a value is bad.
    pub fn is_bad(&self, value: &str) -> bool {
        self.bad.iter().any(|bad| fits(value, bad))
    }

    /// Returns whether it is bad that the setting is not there; `None` where that depends on a version that is
    /// not known.
    pub fn is_absence_bad(&self, version: Option<Version>) -> Option<bool> {
        match (&self.absent, self.absent_below.as_deref().and_then(Version::find)) {
            (None, _) => Some(false),
            (Some(_), None) => Some(true),
            (Some(_), Some(below)) => version.map(|version| version < below),
        }
    }
}

/// Returns whether a value is what a word of the table says.
pub(super) fn fits(value: &str, wanted: &str) -> bool {
    let value = value.trim();
    let is_one_of = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    match wanted {
        "yes" => is_one_of(&["yes", "true", "y", "t", "1", "on", "enabled"]),
        "no" => is_one_of(&["no", "false", "n", "f", "0", "off", "disabled"]),
        "every-address" => is_every_address(value),
        "unset" => value.is_empty(),
        "wider-than-loopback" => !value.is_empty() && !value.eq_ignore_ascii_case("loopback.auto"),
        wanted => value.split(',').any(|item| item.trim().eq_ignore_ascii_case(wanted)),
    }
}

/// Returns whether whoever listens there listens to more than the machine itself.
fn is_every_address(value: &str) -> bool {
    let bare = value.trim_start_matches('[').split(']').next().unwrap_or_default();
    let host = if bare.matches(':').count() == 1 { bare.split(':').next().unwrap_or_default() } else { bare };
    host.is_empty()
        || host == "*"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| !address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_whole() {
        let table: Table = toml::from_str(include_str!("rules.toml")).expect("the table can be read");
        assert!(!table.rule.is_empty() && rules().len() == table.rule.len());
        for rule in &table.rule {
            assert!(rule.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", rule.id);
            assert!(!rule.bad.is_empty() && !rule.attack.is_empty(), "{}", rule.id);
            assert!(rule.key == rule.key.to_ascii_lowercase(), "{}", rule.id);
            // What the program takes by itself must be one of the bad values, or there were nothing to say.
            assert!(rule.absent.as_ref().is_none_or(|absent| rule.is_bad(absent)), "{}", rule.id);
            for text in [&rule.title, &rule.why, &rule.remedy] {
                assert!(!text.is_empty(), "{}", rule.id);
            }
        }
    }

    #[test]
    fn values_are_read_as_the_programs_do() {
        for (value, wanted, is) in [
            ("Yes", "yes", true),
            ("0", "no", true),
            ("port,invite", "invite", true),
            ("0.0.0.0", "every-address", true),
            ("[::]:8088", "every-address", true),
            ("192.168.1.5", "every-address", true),
            ("127.0.0.1", "every-address", false),
            ("::1", "every-address", false),
            ("localhost", "every-address", false),
            ("", "unset", true),
            ("lan", "unset", false),
            ("", "wider-than-loopback", false),
            ("loopback.auto", "wider-than-loopback", false),
            ("any_v4.auto", "wider-than-loopback", true),
        ] {
            assert_eq!(fits(value, wanted), is, "{value} {wanted}");
        }
    }

    #[test]
    fn what_is_absent_depends_on_the_version() {
        let rule = rules().iter().find(|rule| rule.id == "account-names-told").expect("a rule");
        assert_eq!(rule.is_absence_bad(None), None);
        assert_eq!(rule.is_absence_bad(Version::find("Asterisk 1.6.2.9 built by root")), Some(true));
        assert_eq!(rule.is_absence_bad(Version::find("Asterisk 18.26.4 built by root")), Some(false));
    }
}
