//! Every check by its word: what it means, what it needs to see, and what it answers of a report.
//!
//! A check answers *found*, *not found* or *not checked*, and the last two are never the same: where what it needs
//! is not in the evidence, its silence is no answer. There are four kinds: findings of this folder ([`table`]), rules
//! about settings (`pbx/settings/rules.toml`, which list themselves), patterns in the calls ([`patterns`]) and what
//! a report as a whole says ([`signs`]).

mod needs;
mod params;
mod patterns;
mod products;
mod signs;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;

pub use needs::Need;
pub use params::{Param, ParamKind, severity};
pub use products::{Product, products};

use crate::patterns::Level;
use crate::report::document::counted;
use crate::report::model::{Report, Severity};
use crate::untrusted::Untrusted;

/// What a check answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It is so.
    Found,
    /// What it needs was there, and it is not so.
    NotFound,
    /// What it needs was not there, or does not decide.
    NotChecked,
}

impl Answer {
    /// Returns the words used in every output.
    pub fn words(self) -> &'static str {
        match self {
            Answer::Found => "found",
            Answer::NotFound => "not found",
            Answer::NotChecked => "not checked",
        }
    }
}

/// An answer with its reason.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// How grave what was found is.
    pub severity: Option<Severity>,
    /// Why, in the program's own words.
    pub why: String,
    /// What it was found on, the first few.
    pub subjects: Vec<Untrusted>,
    /// How many there are.
    pub count: usize,
    /// Is it about programs of which nothing is here, so that nothing is missing either?
    pub is_of_others: bool,
}

/// Subjects that an outcome names; the rest is counted.
const MOST_SUBJECTS: usize = 6;

impl Outcome {
    pub(super) fn found(severity: Severity, why: impl Into<String>, subjects: Vec<Untrusted>) -> Self {
        // A thing on which several findings rest is named once.
        let mut named = BTreeSet::new();
        let mut subjects: Vec<Untrusted> =
            subjects.into_iter().filter(|subject| named.insert(subject.raw().to_owned())).collect();
        let count = subjects.len();
        subjects.truncate(MOST_SUBJECTS);
        let severity = Some(severity);
        Outcome { answer: Answer::Found, severity, why: why.into(), subjects, count, is_of_others: false }
    }

    /// Returns that it is not so.
    pub fn not_found(why: impl Into<String>) -> Self {
        Outcome::silent(Answer::NotFound, why)
    }

    /// Returns that it cannot be told.
    pub fn not_checked(why: impl Into<String>) -> Self {
        Outcome::silent(Answer::NotChecked, why)
    }

    fn silent(answer: Answer, why: impl Into<String>) -> Self {
        let why = why.into();
        Outcome { answer, severity: None, why, subjects: Vec::new(), count: 0, is_of_others: false }
    }
}

/// A check.
pub struct Check {
    /// Its word, the same as that of the findings it yields.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// What it means where it is found.
    pub meaning: &'static str,
    /// What all must be there for its silence to count.
    pub needs: Vec<&'static Need>,
    /// Files of settings of which one must have been looked at.
    pub settings: Vec<&'static str>,
    kind: CheckKind,
}

enum CheckKind {
    /// Findings of that id.
    Finding,
    /// Observations of that id.
    Pattern(&'static [Param]),
    /// What the report as a whole says.
    Sign(signs::Ask),
}

static CHECKS: LazyLock<BTreeMap<&'static str, Check>> = LazyLock::new(|| {
    let mut all: BTreeMap<&'static str, Check> = BTreeMap::new();
    let listed = table::checks().chain(patterns::checks()).chain(signs::checks());
    all.extend(listed.map(|check| (check.id, check)));
    for rule in crate::pbx::settings::rules() {
        let check = all.entry(&rule.id).or_insert_with(|| Check {
            id: &rule.id,
            title: &rule.title,
            meaning: &rule.why,
            needs: Vec::new(),
            settings: Vec::new(),
            kind: CheckKind::Finding,
        });
        check.settings.push(&rule.file);
    }
    all
});

/// Returns every check, in the order of their words.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    CHECKS.values()
}

/// Finds a check by its word.
pub fn find(id: &str) -> Option<&'static Check> {
    CHECKS.get(id)
}

impl Check {
    /// Returns what may be set.
    pub fn params(&self) -> &'static [Param] {
        match &self.kind {
            CheckKind::Finding | CheckKind::Sign(_) => params::OF_FINDING,
            CheckKind::Pattern(own) => own,
        }
    }

    /// Returns the word for its kind.
    pub fn kind_word(&self) -> &'static str {
        match &self.kind {
            CheckKind::Finding => "finding",
            CheckKind::Pattern(_) => "pattern in the calls",
            CheckKind::Sign(_) => "sign",
        }
    }

    /// Answers of a report; what is less grave than `least` does not count.
    pub fn ask(&self, report: &Report, least: Severity) -> Outcome {
        match &self.kind {
            CheckKind::Sign(ask) => ask(report),
            CheckKind::Finding => self.among_findings(report, least),
            CheckKind::Pattern(_) => self.among_observations(report),
        }
    }

    fn among_findings(&self, report: &Report, least: Severity) -> Outcome {
        let all = || report.findings.iter().filter(|finding| finding.id == self.id);
        let grave: Vec<_> = all().filter(|finding| finding.severity <= least).collect();
        if let Some(gravest) = grave.iter().map(|finding| finding.severity).min() {
            let why = match grave.as_slice() {
                [one] => one.title.clone(),
                several => self.title.to_owned() + &format!(": {}", counted(several.len() as u64, "finding")),
            };
            let subjects = grave.iter().map(|finding| finding.subject.clone()).collect();
            return Outcome::found(gravest, why, subjects);
        }
        match all().count() {
            0 => self.silence(report),
            less => Outcome::not_found(format!(
                "{} less grave than {}",
                counted(less as u64, "finding"),
                least.word()
            )),
        }
    }

    fn among_observations(&self, report: &Report) -> Outcome {
        let all: Vec<_> = report.observations.iter().filter(|seen| seen.id == self.id).collect();
        let Some(level) = all.iter().map(|seen| seen.level).min() else { return self.silence(report) };
        let severity = match level {
            Level::Critical => Severity::High,
            Level::Warning => Severity::Medium,
            Level::Notice => Severity::Info,
        };
        let why = all.first().map_or_else(String::new, |seen| seen.what.clone());
        Outcome::found(severity, why, all.iter().map(|seen| seen.subject.clone()).collect())
    }

    /// Returns what it means that none of its files of settings was looked at.
    fn settings_lacking(&self, report: &Report) -> Outcome {
        let here = products(report);
        let (foreign, own): (Vec<&str>, Vec<&str>) =
            self.settings.iter().partition(|file| needs::is_foreign(needs::readers_of(file), &here));
        if own.is_empty() {
            let programs =
                foreign.first().map_or_else(String::new, |file| needs::named(needs::readers_of(file)));
            return needs::of_others(&programs, report);
        }
        Outcome::not_checked(format!(
            "needs {}, which is not in the evidence or not in force",
            own.join(" or ")
        ))
    }

    /// Returns what it means that nothing was found: by whether there was anything to look at.
    fn silence(&self, report: &Report) -> Outcome {
        if let Some(lacking) = self.needs.iter().find(|need| !(need.is_there)(report)) {
            return lacking.lacking(report);
        }
        let is_seen = |file: &&&str| report.settings.looked_at.contains(*file);
        if !self.settings.is_empty() && !self.settings.iter().any(|file| is_seen(&file)) {
            return self.settings_lacking(report);
        }
        let seen: Vec<&str> = match self.settings.is_empty() {
            true => self.needs.iter().map(|need| need.what).collect(),
            false => self.settings.iter().filter(is_seen).copied().collect(),
        };
        Outcome::not_found(match seen.is_empty() {
            true => String::new(),
            false => format!("looked at {}", seen.join(" and ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::report::model::EvidenceRow;
    use crate::report::sample;

    #[test]
    fn every_check_is_told_of_and_of_one_kind() {
        let mut ids = BTreeSet::new();
        for check in table::checks().chain(patterns::checks()).chain(signs::checks()) {
            assert!(ids.insert(check.id), "{} stands twice", check.id);
        }
        for check in checks() {
            assert!(!check.title.is_empty() && !check.meaning.is_empty(), "{}", check.id);
            assert!(!check.title.ends_with('.'), "{}", check.id);
            assert!(
                check
                    .id
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{}",
                check.id
            );
            let can_be_silent = !check.needs.is_empty() || !check.settings.is_empty();
            assert!(can_be_silent || matches!(check.kind, CheckKind::Sign(_)), "{} needs nothing?", check.id);
        }
    }

    /// Words with hyphens in the checks' own code that are no finding's.
    const OTHER_WORDS: [&str; 9] = [
        "www-data",
        "x-lite",
        "macro-dialout-trunk-predial-hook",
        "macro-dialout-one-predial-hook",
        "from-trunk-custom",
        "from-sip-external-custom",
        "from-pstn-custom",
        "ext-did-custom",
        "bad-number-custom",
    ];

    #[test]
    fn every_word_that_a_check_may_yield_is_listed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks");
        let mut seen = BTreeSet::new();
        words_in(&folder, &mut seen);
        assert!(seen.contains("web-shell") && seen.contains("indicator"), "{seen:?}");
        let unlisted: Vec<_> = seen
            .iter()
            .filter(|word| find(word).is_none() && !OTHER_WORDS.contains(&word.as_str()))
            .collect();
        assert!(unlisted.is_empty(), "list them in src/checks/registry/table.rs: {unlisted:?}");
        // And nothing is listed that no check yields.
        let stale: Vec<_> = table::checks().map(|check| check.id).filter(|id| !seen.contains(*id)).collect();
        assert!(stale.is_empty(), "no check yields {stale:?}");
    }

    /// Collects every literal of the checks that looks like a finding's word: with hyphens, or behind `id:`.
    fn words_in(folder: &Path, seen: &mut BTreeSet<String>) {
        let kebab = regex::Regex::new("\"([a-z]+(?:-[a-z0-9]+)+)\"|\\bid: \"([a-z]+)\"").unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if name != "registry" {
                    words_in(&path, seen);
                }
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // Tests may name what they like.
            let code = text.split("#[cfg(test)]").next().unwrap();
            for found in kebab.captures_iter(code) {
                let word = found.iter().skip(1).flatten().next().unwrap();
                seen.insert(word.as_str().to_owned());
            }
        }
    }

    #[test]
    fn silence_counts_only_where_there_was_something_to_look_at() {
        let mut report = sample::report();
        let shell = find("web-shell").unwrap();
        report.judged.pages = false;
        let outcome = shell.ask(&report, Severity::Info);
        assert_eq!(outcome.answer, Answer::NotChecked);
        assert!(outcome.why.contains("/var/www"), "{}", outcome.why);
        report.judged.pages = true;
        assert_eq!(shell.ask(&report, Severity::Info).answer, Answer::NotFound);
        let guests = find("guest-calls-allowed").unwrap();
        assert_eq!(guests.ask(&report, Severity::Info).answer, Answer::NotFound, "sip.conf was looked at");
        report.settings.looked_at.clear();
        assert_eq!(guests.ask(&report, Severity::Info).answer, Answer::NotChecked);
    }

    #[test]
    fn nothing_of_another_program_is_asked_for() {
        let mut report = sample::report();
        let on = |report: &mut Report, product: &str, paths: &[&str]| {
            report.case.product = Some(Untrusted::from(product));
            let row = report.evidence[0].clone();
            let rows = paths.iter().map(|path| EvidenceRow {
                path: (*path).to_owned(),
                kind: "proxy-configuration",
                ..row.clone()
            });
            report.evidence = rows.collect();
            report.settings.looked_at.clear();
            report.judged.dialplan = false;
            report.judged.panel_tables = false;
        };
        let why = |report: &Report, id: &str| find(id).unwrap().silence(report);
        on(&mut report, "Kamailio 5.6", &["etc/kamailio/kamailio.cfg"]);
        for id in
            ["disa-without-pin", "unknown-admin", "guest-calls-allowed", "event-socket-listens-everywhere"]
        {
            let outcome = why(&report, id);
            assert_eq!(outcome.answer, Answer::NotChecked, "{id}");
            assert!(outcome.why.starts_with("it is about "), "{id}: {}", outcome.why);
            assert!(!outcome.why.contains("Copy") && !outcome.why.contains("ump"), "{id}: {}", outcome.why);
        }
        assert!(why(&report, "intruder-registered").why.contains("kamcmd ul.dump"));
        on(&mut report, "FreeSWITCH 1.10", &["etc/x"]);
        assert!(why(&report, "intruder-registered").why.contains("fs_cli"));
        assert!(!why(&report, "intruder-registered").why.contains("asterisk"));
        // On a whole disk what is not there is not there.
        report.judged.whole_disk = true;
        assert_eq!(why(&report, "disa-without-pin").answer, Answer::NotFound);
        report.judged.pages = false;
        assert_eq!(why(&report, "web-shell").answer, Answer::NotFound, "there is no web server");
        report.evidence[0].path = "etc/nginx/nginx.conf".to_owned();
        assert_eq!(why(&report, "web-shell").answer, Answer::NotChecked, "its pages are elsewhere");
    }

    #[test]
    fn calls_alone_are_not_called_logins() {
        let mut report = sample::report();
        report.incidents.clear();
        let why = |report: &Report| find("intrusion").unwrap().ask(report, Severity::Info).why;
        assert!(why(&report).contains("logins that succeed are on record"));
        report.judged.by_calls_alone = true;
        assert!(why(&report).contains("who only registered is in no log here"), "{}", why(&report));
    }

    #[test]
    fn what_is_less_grave_than_asked_for_does_not_count() {
        let mut report = sample::report();
        let weak = find("weak-secret").unwrap();
        assert_eq!(weak.ask(&report, Severity::Critical).answer, Answer::Found);
        report.findings[0].severity = Severity::Medium;
        let outcome = weak.ask(&report, Severity::High);
        assert_eq!(
            (outcome.answer, outcome.why.as_str()),
            (Answer::NotFound, "1 finding less grave than high")
        );
    }
}
