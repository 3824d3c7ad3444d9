//! The answer: what happened in one sentence, whether it is over, what to cut off first.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::document::{Block, Line, counted, duration, instant};
use crate::report::model::{Finding, Incident, Report, Role, Severity, ToConfirm, Totals, Vector, When};
use crate::untrusted::Untrusted;

use super::View;

/// A sign of the intruder so shortly before the evidence ends leaves open whether more followed.
const STILL_WARM_HOURS: i64 = 24;
/// Numbers, and at least as many addresses, named in one line to act on.
const MOST_NAMED: usize = 8;
/// Addresses named in one line of the full report; all of them stand in the table of sources.
const MOST_ADDRESSES: usize = 50;
/// Fewer digits are an extension's.
const LEAST_DIGITS: usize = 6;

pub(super) fn answer(report: &Report, view: View) -> Vec<Block> {
    let mut blocks = reservations(report);
    blocks.extend(if report.incidents.is_empty() { no_intrusion(report) } else { intrusions(report, view) });
    // Behind the answer: who reads in haste wants that first.
    blocks.extend(super::masthead(report));
    blocks
}

/// What the reader must know before the answer: what was left out, and what the times rest on.
pub(super) fn reservations(report: &Report) -> Vec<Block> {
    let mut lines: Vec<String> = report.case.filters.clone();
    if report.case.redacted {
        lines.push(crate::report::redact::NOTE.to_owned());
    }
    let is_denied = |why: &str| {
        ["cannot be", "larger than", "encrypted", "ends at byte"].iter().any(|word| why.contains(word))
    };
    let mut denied = report.not_read.iter().filter(|file| is_denied(&file.why));
    if let Some(first) = denied.next() {
        let name = crate::untrusted::visible(&first.path);
        let others = denied.count() as u64;
        let more = if others > 0 { format!(", and so with {others} more") } else { String::new() };
        let read = if first.why.ends_with("was used") { "was read in part" } else { "was not read" };
        lines.push(format!("{name} {read}: {}{more}; see `inventory`.", first.why));
    }
    if report.case.timezone_origin.starts_with("assumed") && !report.evidence.is_empty() {
        lines.push(
            "No file of the evidence tells its zone: stamps without an offset of their own are taken for UTC. Give it with --tz.".to_owned(),
        );
    }
    let broken = report.geoip.iter().filter_map(|file| Some((file, file.trouble.as_ref()?)));
    lines.extend(broken.map(|(file, why)| {
        format!("{} tells of no address: {why} (--geoip).", crate::untrusted::visible(&file.path))
    }));
    lines.extend(roots(report));
    lines.extend(machines(report));
    lines.into_iter().map(|line| Block::Paragraph(format!("Note: {line}").into())).collect()
}

/// Says that logs are of several machines, whose accounts of one name nothing here tells apart.
fn machines(report: &Report) -> Option<String> {
    let machines = &report.case.machines;
    let named: Vec<String> =
        machines.iter().take(MOST_NAMED).map(|name| crate::untrusted::visible(name.raw())).collect();
    let more = if machines.len() > MOST_NAMED { " and others" } else { "" };
    (machines.len() > 1).then(|| {
        format!(
            "The phone systems of several machines wrote these logs: {}{more}. What accounts of one name did on them is told as if they were one; where they are not, look at each machine by itself with --host NAME.",
            named.join(", ")
        )
    })
}

/// Says which of several pieces of evidence paths that begin with `root1/` and on are of.
fn roots(report: &Report) -> Option<String> {
    let given = report.case.evidence.as_slice();
    let names = given.iter().take(MOST_NAMED).enumerate();
    let names: Vec<String> = names
        .map(|(root, path)| format!("root{} is {}", root + 1, crate::untrusted::visible(path)))
        .collect();
    let more = if given.len() > MOST_NAMED { ", and so on in the order given" } else { "" };
    (given.len() > 1)
        .then(|| format!("Several pieces of evidence were given. In paths {}{more}. Accounts of one name in them count as one: give servers that have nothing to do with each other one at a time.", names.join(", ")))
}

fn intrusions(report: &Report, view: View) -> Vec<Block> {
    let mut blocks = Vec::new();
    if report.incidents.len() > 1 {
        let count = counted(report.incidents.len() as u64, "intrusion");
        let doubtful = report.incidents.iter().filter(|incident| incident.cannot_tell).count();
        let but = if doubtful > 0 {
            format!(", {doubtful} of which cannot be told for certain")
        } else {
            String::new()
        };
        blocks.push(Block::Paragraph(Line::default().strong(format!("{count} succeeded{but}."))));
    }
    for incident in &report.incidents {
        let title = Line::default().strong(incident.title.clone());
        let title =
            if report.incidents.len() > 1 { title.words(format!(" ({})", incident.id)) } else { title };
        blocks.push(Block::Paragraph(title));
        let sums = sums(&incident.totals);
        // Most titles end with the same figures.
        if !incident.title.contains(&incident.totals.billed()) {
            blocks.push(Block::Paragraph(sums.into()));
        }
        blocks.push(Block::Paragraph(is_it_over(report, incident).into()));
        blocks.extend(super::losses::in_short(incident).map(|cost| Block::Paragraph(cost.into())));
    }
    blocks.push(Block::heading("Cut off now"));
    blocks.push(Block::List(steps(report, view)));
    blocks
}

/// Returns what to do first: what ends each incident, then the remedies of critical findings.
pub(super) fn steps(report: &Report, view: View) -> Vec<Line> {
    let mut steps: Vec<Line> =
        report.incidents.iter().flat_map(|incident| cut_off(report, incident, view)).collect();
    steps.extend(grave_remedies(report));
    steps
}

fn no_intrusion(report: &Report) -> Vec<Block> {
    let answer = without_incident(report);
    let mut blocks: Vec<Block> =
        given_away(report).map(|told| Block::Paragraph(Line::default().strong(told))).into_iter().collect();
    // What a stranger has in his hands comes before what he was not seen to do with it.
    let has_gone = !blocks.is_empty();
    blocks.push(Block::Paragraph(if has_gone { answer.into() } else { Line::default().strong(answer) }));
    let handed_out = handed_out(report);
    if handed_out > 0 {
        let accounts = counted(handed_out, "account");
        let told = format!(
            "But phone files with the secrets of {accounts} were handed to strangers: change these secrets."
        );
        blocks.push(Block::Paragraph(Line::default().strong(told)));
    }
    if has_untold_files(report) {
        let told = "But a stranger asked for files of phones that were there, and whether secrets stand in them cannot \
                    be told from this evidence: take these for known until the files were looked at.";
        blocks.push(Block::Paragraph(Line::default().strong(told)));
    }
    blocks.push(Block::Paragraph(looked_at(report).into()));
    blocks.push(Block::Paragraph(not_judged(report).into()));
    let steps: Vec<Line> = grave_remedies(report).collect();
    if !steps.is_empty() {
        blocks.push(Block::heading("Close now"));
        blocks.push(Block::List(steps));
    }
    blocks
}

/// Says in a sentence that no intrusion is shown, as far as these files could show one.
fn without_incident(report: &Report) -> String {
    if let Some(asked) = to_ask(report).filter(|_| report.has_calls_to_ask_about()) {
        return format!("Cannot tell whether anybody got in: {asked}.");
    }
    let tried = match report.failed_attackers_count {
        0 => None,
        1 => Some("one address tried".to_owned()),
        many => Some(format!("{many} addresses tried")),
    };
    match (report.judged.logins, report.judged.calls) {
        (true, has_calls) => {
            let nothing = if has_something(report) { "and nobody got in" } else { "and got nothing" };
            let got = tried.map_or_else(|| "nobody got in".to_owned(), |tried| format!("{tried} {nothing}"));
            if given_away(report).is_some() {
                // "No intrusion" would take back what was just said.
                format!("Of an intrusion by them nothing is on record: {got}, as far as this evidence tells.")
            } else {
                match to_ask(report) {
                    None => format!("No intrusion found: {got}, as far as this evidence tells."),
                    Some(asked) if has_calls => {
                        format!("No intrusion is shown: {got}, as far as this evidence tells. But {asked}.")
                    }
                    Some(asked) => format!(
                        "Cannot tell whether anybody got in: {asked}; no calls are on record here to judge it by."
                    ),
                }
            }
        }
        (false, true) => {
            let tried = tried.map_or_else(String::new, |tried| format!(": {tried}"));
            format!(
                "No fraudulent calls found. Whether anybody got in cannot be told{tried}, and these files show no login that succeeds."
            )
        }
        (false, false) => {
            let tried = tried.map_or_else(String::new, |tried| format!(": {tried}"));
            format!(
                "Cannot tell whether anybody got in{tried}; these files show neither logins that succeed nor calls."
            )
        }
    }
}

/// Says what no evidence of this kind can tell, and that more is missing.
fn not_judged(report: &Report) -> String {
    let mut reserve = format!("Not judged: {}.", report.judged.not_judged);
    if !report.gaps.is_empty() {
        let gaps = counted(report.gaps.len() as u64, "gap");
        reserve.push_str(&format!(
            " This is \"not found\", not \"did not happen\": {gaps} in the evidence, listed below."
        ));
    }
    reserve
}

/// Says of whose accounts nobody but their users can tell whether a stranger used them; of the most used one by name.
pub(super) fn to_ask(report: &Report) -> Option<String> {
    let asked = || report.to_confirm.iter().filter(|question| question.uses > 0 || question.calls > 0);
    let most = asked().max_by_key(|question| (question.calls, question.uses))?;
    let others: BTreeSet<&str> = asked().map(|question| question.account.raw()).collect();
    let (more, whom) = match others.len() as u64 - 1 {
        0 => (String::new(), "its user"),
        others => (format!(" (and so with {})", counted(others, "other account")), "their users"),
    };
    let records = match most.uses {
        0 => String::new(),
        uses => format!(", {} of it", counted(uses, "record")),
    };
    Some(format!(
        "account {} was {}{records}{more}: ask {whom} now",
        crate::untrusted::visible(most.account.raw()),
        from_where(most)
    ))
}

fn from_where(question: &ToConfirm) -> String {
    let place = question.address.map_or_else(String::new, |address| format!(" ({address})"));
    format!("{}{place}", question.why)
}

/// Says that files with secrets were downloaded, what is known of their use, and who knows the rest.
fn given_away(report: &Report) -> Option<String> {
    let is_grave =
        |finding: &&Finding| finding.id == "secrets-downloaded" && finding.severity == Severity::Critical;
    let mut downloads = report.findings.iter().filter(is_grave);
    let first = downloads.next()?;
    let more = match downloads.count() as u64 {
        0 => String::new(),
        more => format!(" (and so to {} more)", counted(more, "address")),
    };
    let seen = match (report.judged.logins, report.judged.calls) {
        (true, true) => "No login and no call of a stranger's with them is on record here.",
        (true, false) => {
            "No login of a stranger's with them is on record here; no calls are on record at all."
        }
        (false, true) => "No call of a stranger's with them is on record here; these files show no logins.",
        (false, false) => "These files show neither logins nor calls.",
    };
    let rest = if report.reconciliation.is_some() {
        "The carrier's records that were given show none either."
    } else {
        "Calls that were placed elsewhere with a trunk's secret stand in the carrier's records alone: ask for them (--carrier-cdr)."
    };
    Some(format!(
        "Secrets are in a stranger's hands, unless the address is your own: {}{more}. {seen} {rest}",
        first.title
    ))
}

/// Counts the accounts whose secrets strangers have by now, as far as anybody knows.
fn handed_out(report: &Report) -> u64 {
    let grave =
        |finding: &&Finding| finding.id == "provisioning-leaked" && finding.severity <= Severity::High;
    report.findings.iter().filter(grave).count() as u64
}

/// Returns whether a stranger walked names of phones' files and was given some of which nobody can tell what they hold.
fn has_untold_files(report: &Report) -> bool {
    let is_grave =
        |finding: &Finding| finding.id == "provisioning-walked" && finding.severity <= Severity::High;
    report.findings.iter().any(is_grave)
}

/// Returns whether any of those who tried has, or may have, something in his hands.
pub(super) fn has_something(report: &Report) -> bool {
    // What intruders were given is told with their incidents.
    let is_given = report.incidents.is_empty() && (handed_out(report) > 0 || given_away(report).is_some());
    is_given || has_untold_files(report)
}

/// Says how much was looked at, so that an empty answer is no blank one.
fn looked_at(report: &Report) -> String {
    let sources = || report.evidence.iter().filter(|row| row.records > 0 && row.duplicate_of.is_none());
    let records = sources().map(|row| row.records).sum();
    let mut text =
        format!("Looked at {} of {}", counted(records, "record"), counted(sources().count() as u64, "file"));
    let first = sources().filter_map(|row| row.first.as_ref()).min();
    let last = report.case.evidence_ends.as_ref().or(sources().filter_map(|row| row.last.as_ref()).max());
    if let (Some(first), Some(last)) = (first, last) {
        text.push_str(&format!(", from {} to {}", instant(first), instant(last)));
    }
    text.push_str(&format!(", with {}", counted(report.assessment.all_calls, "call")));
    let others = report.evidence.iter().filter(|row| row.records == 0 && row.duplicate_of.is_none()).count();
    if others > 0 {
        text.push_str(&format!("; and at {} that hold no records", counted(others as u64, "file")));
    }
    // What a file holds is counted as it is read, before anything is left out.
    if report.case.filters.iter().any(|filter| filter.starts_with("only what happened")) {
        text.push_str("; that is all that the files hold, of which only the time given was judged");
    }
    text + "."
}

/// Says what the calls come to.
fn sums(totals: &Totals) -> String {
    if totals.calls == 0 {
        return "No fraudulent call was found.".to_owned();
    }
    let text = format!(
        "{}, {} answered, {}",
        counted(totals.calls, "fraudulent call"),
        totals.answered,
        totals.billed()
    );
    text.trim_end().to_owned() + "."
}

/// Returns when the last fraudulent call began, and when the intruder was last seen at all.
fn last_seen(incident: &Incident) -> (Option<&When>, Option<&When>) {
    let last_call = incident.calls.iter().filter_map(|call| call.start.as_ref()).max();
    let calls = incident.calls.iter().filter_map(|call| call.end.as_ref());
    let addresses = incident.sources.iter().filter_map(|source| source.last.as_ref());
    let callers = incident.callers.iter().filter_map(|caller| caller.last.as_ref());
    (last_call, last_call.max(addresses.chain(calls).chain(callers).max()))
}

/// Answers whether it is over in a word or two.
pub(super) fn over_in_short(report: &Report, incident: &Incident) -> &'static str {
    if !incident.still_registered.is_empty() || call_in_progress(report, incident).is_some() {
        return "No.";
    }
    match (last_seen(incident).1, report.case.evidence_ends.as_ref()) {
        (Some(last), Some(end)) if end.signed_duration_since(*last).num_hours() >= STILL_WARM_HOURS => {
            "It seems so, as long as the hole stands closed."
        }
        (Some(_), Some(_)) => "Perhaps not: act as if it were not.",
        _ => "Cannot be told: act as if it were not.",
    }
}

/// Says when the intruder was last seen, and how long the evidence goes on after that.
pub(super) fn is_it_over(report: &Report, incident: &Incident) -> String {
    let (last_call, last_sign) = last_seen(incident);
    let Some(last) = last_sign else {
        return "No record of the intruder has a time: whether it is over cannot be told.".to_owned();
    };
    let mut text = match last_call {
        Some(call) if call == last => format!("The last fraudulent call began {}", instant(call)),
        Some(call) => {
            format!(
                "The last fraudulent call began {}, the last sign of the intruder is of {}",
                instant(call),
                instant(last)
            )
        }
        None => format!("The last sign of the intruder is of {}", instant(last)),
    };
    match report.case.evidence_ends.as_ref() {
        None => text.push_str("; where the evidence ends is not known."),
        Some(end) => {
            let after = end.signed_duration_since(*last);
            let seconds = u64::try_from(after.num_seconds()).unwrap_or(0);
            let over = after.num_hours() >= STILL_WARM_HOURS;
            let judged = if over { "nothing was seen in that time" } else { "it may not be over" };
            text.push_str(&format!("; the evidence goes on for {} after that: {judged}.", duration(seconds)));
            if let Some(address) = incident.still_registered.first() {
                text.push_str(&format!(
                    " {address} is still registered in the server's own database: it is not over until that contact is removed."
                ));
            }
            if let Some(call) = call_in_progress(report, incident) {
                text.push_str(&format!(" {}: it is not over until it is hung up.", call.title));
            }
        }
    }
    text
}

/// Returns the finding of a call of the intruder's that was up when the server's channels were listed.
fn call_in_progress<'r>(report: &'r Report, incident: &Incident) -> Option<&'r Finding> {
    let is_his = |finding: &&Finding| {
        finding.id == "call-in-progress"
            && finding.severity == Severity::Critical
            && incident.accounts.iter().any(|account| account.name == finding.subject)
    };
    report.findings.iter().find(is_his)
}

/// What ends this incident: the credential or door, the addresses, the destinations.
fn cut_off(report: &Report, incident: &Incident, view: View) -> Vec<Line> {
    let mut steps = Vec::new();
    let accounts = incident.accounts.iter().map(|account| &account.name);
    let (made, taken): (Vec<_>, Vec<_>) =
        accounts.map(|name| (name, made_by_intruder(report, name))).partition(|(_, noun)| noun.is_some());
    if let Some(words) = door(incident.entry.vector) {
        let mut step = Line::default().words(words);
        for (index, (name, _)) in taken.iter().enumerate() {
            step = step.words(if index == 0 { ": " } else { ", " }).evidence(name);
        }
        steps.push(step);
    }
    steps.extend(made.into_iter().filter_map(|(name, noun)| {
        let line = Line::default().words(format!("After keeping a dump, delete {} ", noun?));
        Some(line.evidence(name).words(", which the intruder made"))
    }));
    let inside = |role: &Role| matches!(role, Role::Register | Role::Dial | Role::Manager);
    let (entered, tried): (Vec<_>, Vec<_>) =
        incident.sources.iter().partition(|source| source.roles.iter().any(inside));
    for (words, sources) in
        [("Block the addresses that got in", entered), ("Block the addresses that led there", tried)]
    {
        let names: Vec<String> = sources.iter().map(|source| source.address.to_string()).collect();
        if !names.is_empty() {
            let words = if incident.cannot_tell {
                format!("If other records bear it out: {words}")
            } else {
                words.to_owned()
            };
            steps.push(format!("{words}: {}", some_of(&names, view)).into());
        }
    }
    if !report.judged.calls && !incident.cannot_tell {
        steps.push(
            "Ask the carrier to stop all calls abroad, and which it carried since: these files hold no calls"
                .into(),
        );
    }
    steps.extend(destinations(incident));
    steps
}

/// Returns what an account is that a finding tells of as made by the intruder: such a one gets no new secret.
fn made_by_intruder(report: &Report, name: &Untrusted) -> Option<&'static str> {
    let of_it = |finding: &&Finding| finding.severity == Severity::Critical && finding.subject == *name;
    report.findings.iter().filter(of_it).find_map(|finding| match finding.id {
        "unknown-admin" => Some("panel user"),
        "account-made-by-intruder" => Some("extension"),
        _ => None,
    })
}

/// What closes the way in, to be followed by the accounts.
fn door(vector: Vector) -> Option<&'static str> {
    match vector {
        Vector::PasswordGuess | Vector::StolenCredential | Vector::DefaultCredential | Vector::Unknown => {
            Some("Change the secret and remove the registered contacts of")
        }
        Vector::ProvisioningLeak => Some(
            "Close the server that hands out phone files, change every secret in them, above all that of",
        ),
        Vector::GuestCall => Some("Refuse calls that no account makes"),
        Vector::Insider => Some("Change the secret, and ask who knew it, of"),
        Vector::DialplanHole => Some("Take the way to the trunk out of what callers from outside reach"),
        Vector::VoicemailOrDisa => Some(
            "Take DISA and the mailboxes' dial-out (dialout, callback) out of service, and change every PIN",
        ),
        Vector::CallForward => Some("Remove the forwards, and forbid forwards to numbers outside"),
        Vector::ManagerInterface => {
            Some("Close the manager interface to the outside and change the secret of its users")
        }
        Vector::WebExploit | Vector::WebAdmin => Some(
            "Close the web panel to the outside, take the server off the network and build it anew; change every secret on it, those of the panel's users first",
        ),
        Vector::TrunkCredential => Some(
            "Have the carrier change the trunk's secret and accept it from the phone system's address alone",
        ),
    }
}

/// Names the numbers that took most seconds, for the carrier to block.
fn destinations(incident: &Incident) -> Option<Line> {
    // The carrier sees the number that left, not the digits that an extension or an outside line took.
    let mut seconds: BTreeMap<Untrusted, u64> = BTreeMap::new();
    for call in &incident.calls {
        let number = call.e164.as_deref().map_or_else(|| call.dialed.clone(), Untrusted::from);
        if number.raw().bytes().filter(u8::is_ascii_digit).count() >= LEAST_DIGITS {
            *seconds.entry(number).or_default() += call.seconds.unwrap_or(0);
        }
    }
    let mut numbers: Vec<_> = seconds.into_iter().collect();
    numbers.sort_by(|left, right| (right.1, &left.0).cmp(&(left.1, &right.0)));
    let total = numbers.len();
    let mut line = Line::default().words("Ask the carrier to stop all calls abroad, and for good those to ");
    for (index, (number, _)) in numbers.iter().take(MOST_NAMED).enumerate() {
        line = line.words(if index == 0 { "" } else { ", " }).evidence(number);
    }
    if total > MOST_NAMED {
        line = line.words(format!(" and {} more", total - MOST_NAMED));
    }
    (total > 0).then_some(line)
}

fn some_of(names: &[String], view: View) -> String {
    let most = view.rows.clamp(MOST_NAMED, MOST_ADDRESSES);
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        left => format!("{shown} and {left} more"),
    }
}

/// Findings of an account whose remedy is what is said of the accounts of an incident.
const SAID_OF_ACCOUNTS: [&str; 4] =
    ["account-taken-over", "account-made-by-intruder", "intruder-registered", "unknown-admin"];

/// Findings whose remedy the first step of an incident says already.
fn is_said_by_door(vector: Vector, id: &str) -> bool {
    match vector {
        Vector::ProvisioningLeak => id == "provisioning-exposed",
        Vector::VoicemailOrDisa => ["disa-weak-pin", "disa-without-pin", "voicemail-dials-out"].contains(&id),
        Vector::GuestCall => id == "guests-reach-trunk",
        _ => false,
    }
}

/// The remedies of critical findings, each once, behind all that it is for.
fn grave_remedies(report: &Report) -> impl Iterator<Item = Line> {
    // The first steps say it already: they name the accounts.
    let is_said = |finding: &&Finding| {
        report.incidents.iter().any(|incident| {
            is_said_by_door(incident.entry.vector, finding.id)
                || SAID_OF_ACCOUNTS.contains(&finding.id)
                    && door(incident.entry.vector).is_some()
                    && incident.accounts.iter().any(|account| account.name == finding.subject)
        })
    };
    let mut remedies: Vec<(&str, Vec<&Untrusted>)> = Vec::new();
    let grave = report.findings.iter().filter(|finding| finding.severity == Severity::Critical);
    for finding in grave.filter(|finding| !is_said(finding)) {
        match remedies.iter_mut().find(|(remedy, _)| *remedy == finding.remedy) {
            Some((_, subjects)) if subjects.contains(&&finding.subject) => {}
            Some((_, subjects)) => subjects.push(&finding.subject),
            None => remedies.push((&finding.remedy, vec![&finding.subject])),
        }
    }
    remedies.into_iter().map(|(remedy, subjects)| {
        let mut line = Line::default();
        for (index, subject) in subjects.iter().take(MOST_NAMED).enumerate() {
            line = line.words(if index == 0 { "" } else { ", " }).evidence(subject);
        }
        if let Some(more) = subjects.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            line = line.words(format!(" and {more} more"));
        }
        line.words(format!(": {remedy}"))
    })
}
