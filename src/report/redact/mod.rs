//! `--redact`: a report that can be shared, in which pseudonyms stand for what belongs to the owner's side.
//!
//! Numbers, callers, accounts, people's names and addresses of the owner's side become `number-1`, `account-2`,
//! `name-1`; the same value has the same pseudonym in all files of a case. They are numbered in the order in which they
//! come up, so that two runs agree, and are worked out from nothing: a hash of `201` would be guessed at once. What the
//! report is about stays: addresses of attackers, numbers of fraudulent calls, times, files, sums.
//!
//! An address keeps the form of one: `0.0.0.1` and on, `100::1` and on, which no machine on the Internet has (RFC 791
//! "this network", RFC 6666 discard-only).
//!
//! The whole model is changed before anything is written ([`walk`]), so that no output can differ from another; each of
//! its types is taken apart field by field, so that a new field does not compile until somebody has thought of it.
//! Free text is read word by word ([`text`]). Being sure is worth more than being readable: a run of six digits
//! is taken for somebody's number unless it is one that the intruder called.

mod pseudonyms;
mod text;
mod walk;

use std::collections::BTreeSet;

use super::model::{Report, TimelineRow};

use crate::untrusted::Untrusted;

use pseudonyms::Pseudonyms;
use text::Voice;
use walk::Redact;

/// What a redacted report says of itself.
pub const NOTE: &str = "Redacted for sharing: accounts, people's names, telephone numbers and addresses of the owner's side are replaced by pseudonyms, the same one for the same value throughout the case; addresses such as 0.0.0.1 and 100::1 are pseudonyms too. Addresses of attackers and the numbers that were called by fraud are left. A person should read it before it is handed on: words that nothing marks as a name are not recognised.";

/// What the configuration tells of the owner's side.
#[derive(Clone, Debug, Default)]
pub struct OwnWords {
    /// Names of accounts, trunks, users and mailboxes.
    pub accounts: Vec<String>,
    /// Names of people, and of the system.
    pub people: Vec<String>,
}

/// Returns the names of accounts that an intruder made: what he called them, and what stands for their owners, is his.
pub fn made_by_intruders(report: &Report) -> BTreeSet<String> {
    pseudonyms::made_by_intruders(report)
}

/// Puts pseudonyms into a report and its story.
pub fn apply(report: &mut Report, story: &mut [TimelineRow], own: &OwnWords) {
    let mut redactor = Redactor::of(report, own);
    story.iter_mut().for_each(|row| row.redact(&mut redactor.0));
}

/// Gives pseudonyms to what stands beside a report, the same ones as in it.
#[derive(Debug)]
pub struct Redactor(Pseudonyms);

impl Redactor {
    /// Puts pseudonyms into a report, and keeps them.
    pub fn of(report: &mut Report, own: &OwnWords) -> Self {
        let mut pseudonyms = Pseudonyms::new(report, own);
        // Most of these addresses are of the owner's side, and where they are tells who they are.
        let figures = &mut report.assessment;
        let summaries = [&mut figures.last_day, &mut figures.incident];
        summaries.into_iter().flat_map(|summary| &mut summary.by_source).for_each(|row| row.place = None);
        let failures = figures.failures_by_source.iter_mut().chain(&mut figures.scanners);
        failures.for_each(|row| row.place = None);
        report.redact(&mut pseudonyms);
        Redactor(pseudonyms)
    }

    /// Puts pseudonyms into a row whose message is the record itself.
    pub fn record(&mut self, row: &mut TimelineRow) {
        let message = text::redacted(row.message.raw(), Voice::Evidence, &mut self.0);
        row.message = Untrusted::from("");
        row.redact(&mut self.0);
        row.message = Untrusted::from(message.as_str());
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::report::{document::Block, json, sample, sections};

    fn own() -> OwnWords {
        OwnWords {
            accounts: ["201", "204", "carrier", "acme-line"].map(str::to_owned).to_vec(),
            people: vec!["Jane Doe".to_owned()],
        }
    }

    /// A report with one's own words in many places.
    fn report() -> Report {
        let mut report = sample::report();
        let incident = &mut report.incidents[0];
        incident.title = "Extension 201 was guessed and made 12 calls".to_owned();
        incident.accounts[0].name = Untrusted::from("201");
        incident.callers[0].number = Some(Untrusted::from("34911234567"));
        for call in &mut incident.calls {
            call.account = Some(Untrusted::from("201"));
            call.dialed = Untrusted::from("00881835211000");
        }
        incident.proof[0].text = Untrusted::from(
            "[2026-03-07 23:14:05] VERBOSE[1201] NoOp(\"PJSIP/201-0000002a\", \"\"Jane Doe\" <201> from 192.0.2.77 called 0034911234567 then 00881835211000\") jane.doe@acme.example 203.0.113.7",
        );
        incident.entry.because = vec!["201 calls by Jane Doe's extension 201 over acme-line".to_owned()];
        report.to_confirm[0].account = Untrusted::from("204");
        report.to_confirm[0].address = "192.0.2.77".parse().ok();
        report
    }

    fn shown(report: &Report) -> String {
        let mut bytes = Vec::new();
        json::write_pretty(&mut bytes, report).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn what_is_ones_own_is_gone_and_what_is_the_intruders_stays() {
        let mut report = report();
        let mut story = sample::story();
        story[0].account = Some(Untrusted::from("201"));
        story[0].message = Untrusted::from("call of 201 from 192.0.2.77");
        apply(&mut report, &mut story, &own());
        let text = shown(&report);
        for gone in ["Jane", "34911234567", "192.0.2.77", "acme", "\"201\"", "201-0000002a", "<201>"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        for stays in ["203.0.113.7", "00881835211000", "+881835211000", "2001:db8::5", "2026-03-07 23:14:05"]
        {
            assert!(text.contains(stays), "{stays}: {text}");
        }
        let name = report.incidents[0].accounts[0].name.raw().to_owned();
        assert!(report.incidents[0].title.contains(&name), "{}", report.incidents[0].title);
        assert!(report.incidents[0].title.ends_with("made 12 calls"));
        assert!(report.incidents[0].entry.because[0].starts_with("201 calls by "), "a count is no account");
        assert_eq!(story[0].account.as_ref().map(Untrusted::raw), Some(name.as_str()));
        let address = report.to_confirm[0].address.unwrap();
        assert_eq!(story[0].message.raw(), format!("call of {name} from {address}"));
        assert!(report.incidents[0].proof[0].text.raw().contains(&address.to_string()));
    }

    #[test]
    fn what_an_intruder_made_and_whoever_a_grave_finding_is_about_keep_their_names() {
        let mut report = report();
        report.incidents[0].accounts[0].name = Untrusted::from("9998");
        let proof = report.findings[0].evidence.clone();
        let found = |id, subject: &str| crate::report::model::Finding {
            id,
            severity: crate::report::model::Severity::Critical,
            subject: Untrusted::from(subject),
            evidence: proof.clone(),
            ..report.findings[0].clone()
        };
        let found = [found("account-made-by-intruder", "9998"), found("secrets-downloaded", "198.51.100.77")];
        report.findings.extend(found);
        report.incidents[0].entry.because = vec!["9998 of [x] from 198.51.100.77, event_socket".to_owned()];
        let mut own = own();
        own.accounts.extend(["9998", "event_socket"].map(str::to_owned));
        apply(&mut report, &mut [], &own);
        assert_eq!(report.incidents[0].accounts[0].name.raw(), "9998");
        assert_eq!(report.incidents[0].entry.because[0], "9998 of [x] from 198.51.100.77, event_socket");
    }

    #[test]
    fn pseudonyms_tell_nothing_of_what_they_stand_for() {
        let mut first = report();
        let mut again = report();
        apply(&mut first, &mut [], &own());
        apply(&mut again, &mut [], &own());
        assert_eq!(shown(&first), shown(&again), "two runs agree");
        let mut other = sample::report();
        other.incidents[0].accounts[0].name = Untrusted::from("9999");
        apply(&mut other, &mut [], &OwnWords::default());
        assert_eq!(other.incidents[0].accounts[0].name, first.incidents[0].accounts[0].name);
    }

    #[test]
    fn a_record_beside_the_report_has_its_pseudonyms() {
        let mut report = report();
        let mut redactor = Redactor::of(&mut report, &own());
        let mut row = sample::story().remove(0);
        row.account = Some(Untrusted::from("201"));
        row.message = Untrusted::from(
            "Registration from '\"Jane Doe\" <sip:201@192.0.2.77>' failed for '203.0.113.7:5060'",
        );
        redactor.record(&mut row);
        let account = report.incidents[0].accounts[0].name.raw();
        assert_eq!(row.account.as_ref().map(Untrusted::raw), Some(account));
        let message = row.message.raw();
        assert!(message.contains(account) && message.contains("203.0.113.7"), "{message}");
        assert!(!message.contains("Jane") && !message.contains("192.0.2.77"), "{message}");
    }

    #[test]
    fn every_report_says_that_it_is_redacted() {
        let mut report = report();
        report.case.redacted = true;
        apply(&mut report, &mut [], &own());
        let blocks = sections::Section::Answer.blocks(&report, sections::View::full(true));
        assert!(matches!(&blocks[0], Block::Paragraph(line) if format!("{line:?}").contains("Redacted")));
        assert!(crate::report::statement::markdown(&report).contains("Redacted for sharing"));
        assert!(crate::report::preservation::markdown(&report).contains("Redacted for sharing"));
    }

    #[test]
    fn an_address_of_ones_own_keeps_the_form_of_one() {
        let report = report();
        let mut pseudonyms = Pseudonyms::new(&report, &own());
        let mut of = |address: &str| pseudonyms.address(address.parse::<IpAddr>().unwrap()).to_string();
        assert_eq!(of("198.51.100.200"), "0.0.0.1");
        assert_eq!(of("2001:db8::77"), "100::1");
        assert_eq!(of("198.51.100.201"), "0.0.0.2");
        assert_eq!(of("198.51.100.200"), "0.0.0.1");
        assert_eq!(of("203.0.113.7"), "203.0.113.7");
        assert_eq!(of("127.0.0.1"), "127.0.0.1");
    }
}
