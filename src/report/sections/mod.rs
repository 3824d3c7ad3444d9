//! The parts of a report, each a question answered from the model.
//!
//! A report, a playbook and a command all name sections; none of them renders anything itself.

mod answer;
mod attack;
mod blocking;
mod carrier;
mod coverage;
mod entry;
mod figures;
mod holes;
mod losses;
mod observations;
mod owner;
mod rules;

use serde::Deserialize;

use super::document::{Block, Line};
use super::model::{Loss, Proof, Report, Vector};
use crate::untrusted::visible;

/// How much of a list is shown.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Rows of one table or list; the rest is counted.
    pub rows: usize,
    /// Calls of one incident.
    pub calls: usize,
    /// Lines of proof of one statement.
    pub proofs: usize,
    /// Was a case folder written, whose files hold the rest?
    pub case_written: bool,
}

impl View {
    /// Everything, for files and for `-v`.
    pub fn full(case_written: bool) -> Self {
        View { rows: usize::MAX, calls: usize::MAX, proofs: usize::MAX, case_written }
    }

    /// What fits a few screens.
    pub fn brief(case_written: bool) -> Self {
        View { rows: 15, calls: 10, proofs: 3, case_written }
    }

    /// Returns whether nothing is left out.
    pub fn is_full(self) -> bool {
        self.rows == usize::MAX
    }

    /// Says how many of `total` are left out, if any, and where they are.
    fn rest(self, shown: usize, total: usize, file: &str) -> Vec<Block> {
        let left = total.saturating_sub(shown);
        let place = if self.case_written { format!("in {file}") } else { "shown by -v".to_owned() };
        if left == 0 {
            Vec::new()
        } else {
            vec![Block::Paragraph(format!("and {left} more, {place}").into())]
        }
    }
}

/// A part of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Section {
    /// The first page for the owner, in plain words.
    Owner,
    /// What happened in one sentence, whether it is over, what to cut off.
    Answer,
    /// When each phase was.
    Phases,
    /// What was taken over.
    Accounts,
    /// Addresses and callers of the intruders.
    Sources,
    /// The fraudulent calls.
    Calls,
    /// What they cost.
    Losses,
    /// What stands out in the calls.
    Observations,
    /// How they got in, and what else was weighed.
    Entry,
    /// Why it was not blocked.
    NotBlocked,
    /// The lines that prove the breach.
    Proof,
    /// Who tried and got nothing.
    FailedAttackers,
    /// What only the users of the accounts can tell.
    ToConfirm,
    /// Holes and signs that were found.
    Findings,
    /// What the rules of the user's own playbooks answered.
    Rules,
    /// Evidence that is missing.
    Gaps,
    /// What was read.
    Coverage,
    /// How times were worked out.
    Clocks,
    /// What was not read.
    NotRead,
    /// Limits that were reached.
    Limits,
    /// What the likelihoods mean.
    Likelihoods,
    /// Calls of the last day of the evidence.
    LastDay,
    /// Calls of the incidents in figures.
    IncidentCalls,
    /// Failed authentications.
    Failures,
    /// Who swept names or asked for calls.
    Scanning,
    /// Product, zone and names of the case.
    Case,
    /// The carrier's records against one's own.
    Reconciliation,
    /// The letter to the carrier's fraud desk.
    Dispute,
    /// The steps that are to be done now, by who does them.
    ToDoNow,
    /// Every step of the playbooks.
    Steps,
}

impl Section {
    /// Every section of `report.md`, in its order: the answer first, the proof of work last.
    pub const REPORT: &[Section] = &[
        Section::Owner,
        Section::Phases,
        Section::Accounts,
        Section::Sources,
        Section::Calls,
        Section::Reconciliation,
        Section::Losses,
        Section::Entry,
        Section::NotBlocked,
        Section::Proof,
        Section::FailedAttackers,
        Section::ToConfirm,
        Section::Findings,
        Section::Rules,
        Section::Observations,
        Section::Gaps,
        Section::Steps,
        Section::Case,
        Section::Coverage,
        Section::Clocks,
        Section::NotRead,
        Section::Limits,
        Section::Likelihoods,
    ];

    /// The sections that `run` shows on a terminal.
    pub const STORY: &[Section] = &[
        Section::Answer,
        Section::Phases,
        Section::Accounts,
        Section::Sources,
        Section::Calls,
        Section::Reconciliation,
        Section::Entry,
        Section::NotBlocked,
        Section::Likelihoods,
        Section::Proof,
        Section::FailedAttackers,
        Section::ToConfirm,
        Section::Findings,
        Section::Rules,
        Section::Gaps,
        Section::Limits,
        Section::ToDoNow,
    ];

    /// The sections of `assess`.
    pub const ASSESSMENT: &[Section] = &[
        Section::Answer,
        Section::IncidentCalls,
        Section::Reconciliation,
        Section::Losses,
        Section::Observations,
        Section::LastDay,
        Section::Failures,
        Section::Scanning,
        Section::Limits,
    ];

    /// The sections of `inventory`.
    pub const INVENTORY: &[Section] = &[
        Section::Case,
        Section::Coverage,
        Section::Gaps,
        Section::NotRead,
        Section::Clocks,
        Section::Limits,
    ];

    /// Returns the section's blocks; a section without content returns none.
    pub fn blocks(self, report: &Report, view: View) -> Vec<Block> {
        match self {
            Section::Owner => owner::owner(report, view),
            Section::Answer => answer::answer(report, view),
            Section::Phases => attack::phases(report),
            Section::Accounts => attack::accounts(report),
            Section::Sources => attack::sources(report, view),
            Section::Calls => attack::calls(report, view),
            Section::Losses => losses::losses(report, view),
            Section::Observations => observations::observations(report, view),
            Section::Entry => entry::entry(report, view),
            Section::NotBlocked => blocking::not_blocked(report, view),
            Section::Proof => entry::proof(report, view),
            Section::FailedAttackers => entry::failed_attackers(report, view),
            Section::ToConfirm => entry::to_confirm(report, view),
            Section::Findings => holes::findings(report, view),
            Section::Rules => rules::rules(report, view),
            Section::Gaps => holes::gaps(report),
            Section::Coverage => coverage::coverage(report, view),
            Section::Clocks => coverage::clocks(report, view),
            Section::NotRead => coverage::not_read(report, view),
            Section::Limits => coverage::limits(report),
            Section::Likelihoods => entry::likelihoods(report),
            Section::LastDay => figures::last_day(report, view),
            Section::IncidentCalls => figures::incident_calls(report, view),
            Section::Failures => figures::failures(report, view),
            Section::Scanning => figures::scanning(report, view),
            Section::Case => coverage::case(report),
            Section::Reconciliation => carrier::reconciliation(report, view),
            Section::Dispute => carrier::dispute(report, view),
            Section::ToDoNow => crate::playbook::blocks::now(report),
            Section::Steps => crate::playbook::blocks::report(report, view),
        }
    }
}

/// Returns the blocks of several sections, one after the other.
pub fn blocks(sections: &[Section], report: &Report, view: View) -> Vec<Block> {
    sections.iter().flat_map(|section| section.blocks(report, view)).collect()
}

/// Says a way in, in words.
pub fn way_in(vector: Vector) -> &'static str {
    entry::meaning(vector)
}

/// Returns whether any of those who tried has, or may have, something in his hands.
pub fn has_something(report: &Report) -> bool {
    answer::has_something(report)
}

/// Says what calls cost, a sentence for each basis.
pub fn loss_sentences(loss: &Loss) -> Vec<String> {
    losses::sentences(loss)
}

/// Says whose case it is, where anybody told.
fn masthead(report: &Report) -> Vec<Block> {
    let case = &report.case;
    let names =
        [("Case", &case.number), ("examined by", &case.examiner), ("organisation", &case.organisation)];
    let told: Vec<String> =
        names.iter().filter_map(|(what, name)| Some(format!("{what} {}", name.as_deref()?))).collect();
    let mut line = told.join("; ");
    // Without a number the line begins with another word.
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if line.is_empty() { Vec::new() } else { vec![Block::Paragraph((line + ".").into())] }
}

/// Puts a heading before blocks, unless there are none.
fn titled(title: &str, blocks: Vec<Block>) -> Vec<Block> {
    if blocks.is_empty() {
        return blocks;
    }
    let mut all = vec![Block::heading(title)];
    all.extend(blocks);
    all
}

/// Puts the incident's name before blocks where a report has several incidents.
fn of_incident(report: &Report, id: &str, blocks: Vec<Block>) -> Vec<Block> {
    if blocks.is_empty() || report.incidents.len() < 2 {
        return blocks;
    }
    let mut all = vec![Block::Subheading(Line::default().words(id))];
    all.extend(blocks);
    all
}

fn proofs(proofs: &[Proof], view: View) -> Vec<Block> {
    let shown: Vec<Proof> = proofs.iter().take(view.proofs).cloned().collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let count = shown.len();
    let mut blocks = vec![Block::Proofs(shown)];
    blocks.extend(view.rest(count, proofs.len(), "report.json"));
    blocks
}

/// Returns words with commas between, or a dash.
/// Says which databases tell places of addresses, and of when they are.
fn places(report: &Report) -> Option<Block> {
    let usable = report.geoip.iter().filter(|file| file.trouble.is_none());
    let named: Vec<String> = usable
        .map(|file| {
            let built = file.built.as_deref().unwrap_or("at a time it does not tell");
            format!("{}, built {built}", visible(file.database.as_deref().unwrap_or(&file.path)))
        })
        .collect();
    let named = named.join("; ");
    (!named.is_empty()).then(|| {
        let text =
            format!("Places of addresses are by {named}; where an address was at the time may differ.");
        Block::Paragraph(text.into())
    })
}

fn joined<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::{NotRead, Severity};
    use crate::report::{markdown, sample, text};
    use crate::untrusted::is_hidden;

    #[test]
    fn the_answer_comes_first() {
        let report = sample::report();
        let story = text::render(&blocks(Section::STORY, &report, View::brief(true)), false);
        assert!(story.starts_with(&report.incidents[0].title), "{story}");
        assert!(story.contains("and 2 more, in calls.csv\n"), "{story}");
        assert_eq!(story.matches(&report.incidents[0].calls[0].why).count(), 1, "{story}");
        let alone = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        assert!(alone.contains("and 2 more, shown by -v\n"), "{alone}");
    }

    #[test]
    fn the_report_leaves_nothing_out() {
        let report = sample::report();
        let shown = markdown::render("A case", &blocks(Section::REPORT, &report, View::full(true)));
        assert_eq!(shown.matches("| 10m 00s |").count(), report.incidents[0].calls.len());
        assert!(!shown.contains(" more, in ") && !shown.contains(" more, shown by"), "{shown}");
        for text in ["abababab", "web server logs", "198.51.100.9", "weak-secret", "no known kind"] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
    }

    #[test]
    fn no_section_acts_on_an_output() {
        let report = sample::report();
        for sections in [Section::REPORT, Section::STORY, Section::ASSESSMENT, Section::INVENTORY] {
            for view in [View::full(false), View::brief(true)] {
                let blocks = blocks(sections, &report, view);
                for shown in [text::render(&blocks, false), markdown::render("A case", &blocks)] {
                    let hidden = shown.chars().find(|&character| character != '\n' && is_hidden(character));
                    assert_eq!(hidden, None, "{shown}");
                }
            }
        }
    }

    #[test]
    fn no_intrusion_is_an_answer_too() {
        let mut report = sample::report();
        report.incidents.clear();
        let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        assert!(story.starts_with("No intrusion found: one address tried and got nothing"), "{story}");
        assert!(
            story.contains("This is \"not found\", not \"did not happen\": 1 gap in the evidence"),
            "{story}"
        );
    }

    #[test]
    fn an_archive_that_was_cut_and_an_account_to_ask_about_are_told_first() {
        let mut report = sample::report();
        report.incidents.clear();
        let why = "ends at byte 1694720 of the archive, inside a member; what comes before it was used";
        report.not_read = vec![NotRead { path: "half.tar".into(), bytes: None, why: why.to_owned() }];
        report.to_confirm[0].uses = 7;
        let mut told = |calls: bool| {
            report.judged.calls = calls;
            let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
            story.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let (with, without) = (told(true), told(false));
        assert!(with.starts_with("Note: half.tar was read in part: ends at byte 1694720"), "{with}");
        assert!(
            with.contains("No intrusion is shown: ") && with.contains("7 records of it: ask its user now"),
            "{with}"
        );
        assert!(without.contains("Cannot tell whether anybody got in: account "), "{without}");
    }

    #[test]
    fn secrets_in_a_strangers_hands_come_first() {
        let mut report = sample::report();
        report.incidents.clear();
        let finding = &mut report.findings[0];
        finding.id = "secrets-downloaded";
        finding.severity = Severity::Critical;
        finding.title = "203.0.113.9 was given 1 file whose name says that secrets stand in it".to_owned();
        let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.starts_with("Secrets are in a stranger's hands, unless the address is your own: 203.0.113.9 was given 1 file"), "{story}");
        for told in [
            "No login and no call of a stranger's with them is on record here.",
            "stand in the carrier's records alone",
            "Of an intrusion by them nothing is on record: one address tried and nobody got in",
        ] {
            assert!(words.contains(told), "{told}: {story}");
        }
        assert!(!words.contains("No intrusion"), "{story}");
        report.findings[0].severity = Severity::Medium;
        let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        assert!(story.starts_with("No intrusion found: one address tried and got nothing"), "{story}");
    }

    #[test]
    fn a_way_that_nothing_speaks_for_is_not_called_possible() {
        let mut report = sample::report();
        let rivals = &mut report.incidents[0].entry.alternatives;
        assert!(!rivals.is_empty());
        rivals[0].likelihood = crate::report::model::Likelihood::Possible;
        rivals[0].because.clear();
        let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        assert!(story.contains("Neither shown nor ruled out: "), "{story}");
        report.incidents[0].entry.alternatives[0].because.push("a reason".to_owned());
        let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        assert!(story.contains("possible)") && !story.contains("Neither shown"), "{story}");
    }

    #[test]
    fn several_intrusions_are_told_apart() {
        let mut report = sample::report();
        let mut second = report.incidents[0].clone();
        second.id = "incident-2".to_owned();
        second.calls.clear();
        second.totals = super::super::model::Totals::default();
        report.incidents.push(second);
        let story = text::render(&blocks(Section::STORY, &report, View::brief(false)), false);
        assert!(story.starts_with("2 intrusions succeeded.\n"), "{story}");
        assert!(story.contains("No fraudulent call was found.\n"), "{story}");
        assert!(story.contains("\nincident-2\n"), "{story}");
    }
}
