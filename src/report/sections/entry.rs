//! How they got in, with what was weighed against it, and who did not.

use std::cmp::Reverse;

use crate::report::document::{Block, Line, counted, instant, instant_or_dash};
use crate::report::model::{Alternative, Incident, Likelihood, Report, Vector};

use super::answer::has_something;
use super::{View, joined, of_incident, places, proofs, titled};

pub(super) fn entry(report: &Report, view: View) -> Vec<Block> {
    let blocks = report
        .incidents
        .iter()
        .flat_map(|incident| of_incident(report, &incident.id, weighed(incident, view)));
    titled("How they got in", blocks.collect())
}

fn weighed(incident: &Incident, view: View) -> Vec<Block> {
    let entry = &incident.entry;
    let mut verdict =
        Line::default().strong(meaning(entry.vector)).words(judged(entry.vector, entry.likelihood));
    verdict = verdict.words(match &incident.breach {
        Some(breach) => format!("; first used by the intruder {}", instant(breach)),
        None => "; when first is not on record".to_owned(),
    });
    let mut blocks = vec![Block::Paragraph(verdict)];
    blocks.extend(labelled("Because", &entry.because));
    blocks.extend(labelled("Against it", &entry.against));
    blocks.extend(labelled("Missing, that would decide", &entry.missing));
    blocks.extend(entry.alternatives.iter().flat_map(|alternative| rival(alternative, view)));
    blocks.extend(labelled("What would settle or refute it", &entry.would_refute));
    blocks.extend(labelled("What this evidence cannot tell", &incident.unknown));
    blocks
}

/// Tells a rival; of an unlikely one a first look needs no more than why it is.
fn rival(rival: &Alternative, view: View) -> Vec<Block> {
    let is_short = rival.likelihood == Likelihood::Unlikely && view.rows != usize::MAX;
    let name = rival.title.unwrap_or_else(|| instead(rival.vector));
    let said = match (rival.title, rival.is_without_ground()) {
        (_, true) => format!("Neither shown nor ruled out: {name} ({})", rival.vector.word()),
        (Some(_), _) => format!("Weighed instead: {name} ({})", rival.likelihood.word()),
        (None, _) => format!("Weighed instead: {name}{}", judged(rival.vector, rival.likelihood)),
    };
    let mut blocks = vec![Block::Paragraph(said.into())];
    let labels = [
        ("for", &rival.because),
        ("against", &rival.against),
        ("missing", &rival.missing),
        ("would refute it", &rival.would_refute),
    ];
    let lines = labels
        .iter()
        .take(if is_short { 2 } else { labels.len() })
        .flat_map(|(label, reasons)| reasons.iter().map(move |reason| format!("{label}: {reason}")));
    blocks.extend(Block::list(lines));
    blocks
}

/// Says a rival in words: beside a secret that was used, the manager interface is where it may have been read.
fn instead(vector: Vector) -> &'static str {
    match vector {
        Vector::ManagerInterface => "somebody was in the manager interface",
        Vector::Unknown => "the evidence is too thin to tell",
        vector => meaning(vector),
    }
}

/// Returns a vector's word with its likelihood; that nothing can be told is no statement that could be likely.
fn judged(vector: Vector, likelihood: Likelihood) -> String {
    match vector {
        Vector::Unknown => format!(" ({})", vector.word()),
        vector => format!(" ({}, {})", vector.word(), likelihood.word()),
    }
}

fn labelled(label: &str, reasons: &[String]) -> Vec<Block> {
    if reasons.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::Paragraph(format!("{label}:").into())];
    blocks.extend(Block::list(reasons.iter().map(String::as_str)));
    blocks
}

/// Says a vector in words.
pub(super) fn meaning(vector: Vector) -> &'static str {
    match vector {
        Vector::PasswordGuess => "the secret was guessed",
        Vector::StolenCredential => "the secret was known beforehand, where from these logs do not tell",
        Vector::ProvisioningLeak => "the secret stood in a phone file that was fetched",
        Vector::GuestCall => "calls went out without any account",
        Vector::DefaultCredential => "the secret was one that anybody would try first",
        Vector::ManagerInterface => "the manager interface made the calls",
        Vector::TrunkCredential => "the trunk's secret was used elsewhere",
        Vector::WebExploit => "a hole of the web panel was used",
        Vector::WebAdmin => "somebody was logged in at the web panel",
        Vector::Insider => "one of the owner's own people",
        Vector::DialplanHole => "the dialplan let callers out that it must not",
        Vector::VoicemailOrDisa => "callers from the telephone network called out through a mailbox or DISA",
        Vector::CallForward => "incoming calls were forwarded to numbers that cost",
        Vector::Unknown => "how they got in this evidence does not tell",
    }
}

pub(super) fn proof(report: &Report, view: View) -> Vec<Block> {
    let blocks = report.incidents.iter().flat_map(|incident| {
        let mut blocks = proofs(&incident.proof, view);
        for source in &incident.sources {
            if !source.evidence.is_empty() && view.proofs == usize::MAX {
                blocks.push(Block::Paragraph(format!("{}:", source.address).into()));
                blocks.extend(proofs(&source.evidence, view));
            }
        }
        of_incident(report, &incident.id, blocks)
    });
    titled("Proof", blocks.collect())
}

pub(super) fn failed_attackers(report: &Report, view: View) -> Vec<Block> {
    let mut attackers: Vec<_> = report.failed_attackers.iter().collect();
    attackers.sort_by_key(|one| (Reverse(one.attempts), Reverse(one.events), one.address));
    let rows = attackers.into_iter().take(view.rows).map(|attacker| {
        let network = [&attacker.country, &attacker.city, &attacker.network];
        let mut names = Line::default();
        for (index, name) in attacker.accounts_tried.iter().take(5).enumerate() {
            names = names.words(if index == 0 { "" } else { ", " }).evidence(name);
        }
        let shown = attacker.accounts_tried.len().min(5) as u64;
        if attacker.accounts_tried_count > shown {
            names = names.words(format!(" ({} in all)", attacker.accounts_tried_count));
        }
        vec![
            attacker.address.to_string().into(),
            joined(attacker.roles.iter().map(|role| role.word())).into(),
            joined(network.into_iter().flatten()).into(),
            instant_or_dash(attacker.first.as_ref()).into(),
            instant_or_dash(attacker.last.as_ref()).into(),
            attacker.events.into(),
            attacker.attempts.map_or_else(|| "-".into(), Line::from),
            names,
        ]
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let header = ["address", "roles", "network", "first", "last", "#records", "#failed tries", "names tried"];
    let mut blocks = Block::table(&header, rows);
    blocks.extend(view.rest(shown, report.failed_attackers.len(), "iocs.csv"));
    blocks.extend(places(report).filter(|_| report.incidents.is_empty() && shown > 0));
    let title = match report.judged.logins {
        true if has_something(report) => "Tried, and not seen to have got in",
        true => "Tried and got nothing",
        false => "Tried; whether they got in cannot be told",
    };
    let mut blocks = titled(title, blocks);
    blocks.extend(hole_seekers(report, view));
    blocks
}

/// Who asked the web server for known holes, beside what the findings say of the requests.
fn hole_seekers(report: &Report, view: View) -> Vec<Block> {
    let rows: Vec<_> = report
        .hole_seekers
        .iter()
        .take(view.rows)
        .map(|seeker| {
            let network = [&seeker.country, &seeker.city, &seeker.network];
            vec![
                seeker.address.to_string().into(),
                joined(network.into_iter().flatten()).into(),
                instant_or_dash(seeker.first.as_ref()).into(),
                instant_or_dash(seeker.last.as_ref()).into(),
                seeker.events.into(),
            ]
        })
        .collect();
    let shown = rows.len();
    let mut blocks = Block::table(&["address", "network", "first", "last", "#requests"], rows);
    blocks.extend(view.rest(shown, report.hole_seekers.len(), "iocs.csv"));
    titled("Asked the web server for known holes", blocks)
}

pub(super) fn to_confirm(report: &Report, view: View) -> Vec<Block> {
    let rows = report.to_confirm.iter().take(view.rows).map(|question| {
        let more = match question.addresses {
            0 | 1 => String::new(),
            many => format!(" and {} of its network", many - 1),
        };
        vec![
            Line::from(&question.account),
            question.address.map_or_else(|| "-".to_owned(), |address| format!("{address}{more}")).into(),
            instant_or_dash(question.first.as_ref()).into(),
            instant_or_dash(question.last.as_ref()).into(),
            question.why.as_str().into(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    let shown = rows.len();
    let mut blocks = Block::table(&["account", "from", "since", "until", "why ask"], rows);
    blocks.extend(view.rest(shown, report.to_confirm.len(), "report.json"));
    if report.to_confirm_left_out > 0 {
        let left = counted(report.to_confirm_left_out, "question");
        blocks.push(Block::Paragraph(format!("{left} beyond these were not listed").into()));
    }
    // Without calls, or without knowing which are usual, there is nothing to take them for honest by.
    let title = match report.judged.calls && !report.has_calls_to_ask_about() {
        true => "To be confirmed with the users: taken for honest",
        false => "To be confirmed with the users: what these files tell is not enough to judge it",
    };
    titled(title, blocks)
}

pub(super) fn likelihoods(report: &Report) -> Vec<Block> {
    if report.incidents.is_empty() {
        return Vec::new();
    }
    let rows = report
        .likelihoods
        .iter()
        .map(|meaning| vec![Line::from(meaning.likelihood.word()), meaning.meaning.into()]);
    titled("What the likelihoods mean", Block::table(&["word", "meaning"], rows.collect()))
}
