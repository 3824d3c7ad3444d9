//! The first page of `report.md`: six questions of whoever owns the phone system, answered in plain words.

use crate::report::abuse;
use crate::report::document::{Block, Line, counted};
use crate::report::model::{Incident, Report, Role};
use crate::untrusted::Untrusted;

use super::{View, answer, losses, way_in};

/// Steps on the first page; the rest of them stands with the findings.
const MOST_STEPS: usize = 8;
/// What was opened, on the first page.
const MOST_HOLES: usize = 3;

pub(super) fn owner(report: &Report, view: View) -> Vec<Block> {
    if report.incidents.is_empty() {
        let mut blocks = vec![Block::heading("On one page")];
        blocks.extend(answer::answer(report, view));
        blocks.extend(tell(report));
        return blocks;
    }
    let mut blocks = super::masthead(report);
    blocks.push(Block::heading("On one page"));
    blocks.push(question("What happened?"));
    blocks.extend(answer::reservations(report));
    blocks.extend(each(report, |incident| vec![Line::from(incident.title.as_str())]));
    blocks.push(question("Is it over?"));
    blocks.extend(each(report, |incident| {
        let short = Line::default().strong(answer::over_in_short(report, incident));
        vec![short, answer::is_it_over(report, incident).into()]
    }));
    blocks.push(question("What did it cost?"));
    blocks.extend(each(report, |incident| {
        let cost = losses::in_short(incident);
        let cost = cost.map(|cost| {
            let in_plain_words =
                cost.replace(losses::HOW_TO_KNOW, " What it really was, the carrier's bill says.");
            capital(in_plain_words.trim_start_matches("Cost: "))
        });
        vec![cost.unwrap_or_else(|| no_cost(report, incident).to_owned()).into()]
    }));
    blocks.push(question("How did they get in?"));
    blocks.extend(each(report, |incident| how(report, incident)));
    blocks.push(question("What to do today?"));
    let steps = answer::steps(report, View::brief(view.case_written));
    let left = steps.len().saturating_sub(MOST_STEPS);
    blocks.push(Block::List(steps.into_iter().take(MOST_STEPS).collect()));
    if left > 0 {
        blocks.push(Block::Paragraph(format!("and {left} more, under Findings").into()));
    }
    blocks.extend(tell(report));
    blocks
}

fn question(text: &str) -> Block {
    Block::Subheading(text.into())
}

/// Tells a line or two of each incident, under its name where there are several.
fn each(report: &Report, lines: impl Fn(&Incident) -> Vec<Line>) -> Vec<Block> {
    let several = report.incidents.len() > 1;
    let paragraph = |incident: &Incident| {
        let mut told = lines(incident);
        if several {
            told.insert(0, Line::default().strong(format!("{}:", incident.id)));
        }
        let pieces = told.into_iter().reduce(|mut all, line| {
            all = all.words(" ");
            all.0.extend(line.0);
            all
        });
        Block::Paragraph(pieces.unwrap_or_default())
    };
    report.incidents.iter().map(paragraph).collect()
}

fn no_cost(report: &Report, incident: &Incident) -> &'static str {
    match (incident.totals.calls, report.judged.calls) {
        (0, true) => "No fraudulent call was found, so none is known to be paid for.",
        (0, false) => {
            "Not known: these files hold no calls. Ask the carrier now which calls abroad your lines made since."
        }
        _ => "Not known: no record of a price. Give the carrier's records with --carrier-cdr.",
    }
}

/// Says the way in as a sentence, how sure that is, and since when.
fn how(report: &Report, incident: &Incident) -> Vec<Line> {
    let entry = &incident.entry;
    let likelihood = report.likelihoods.iter().find(|one| one.likelihood == entry.likelihood);
    let mut line = Line::default().strong(capital(way_in(entry.vector))).words(".");
    if entry.vector != crate::report::model::Vector::Unknown {
        let meaning = likelihood.map(|one| format!(" ({})", one.meaning)).unwrap_or_default();
        line = line.words(format!(" This is {}{meaning}.", entry.likelihood.word().replace('-', " ")));
    }
    let tried = incident.sources.iter().filter(|source| source.roles.contains(&Role::Guess)).count() as u64;
    if tried > 1 {
        line = line.words(format!(" {tried} addresses tried secrets."));
    }
    let mut lines = vec![line];
    lines.extend(entry.because.iter().take(MOST_HOLES).map(|why| format!("{}.", capital(why)).into()));
    lines
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Counts addresses that are reported, and says where all that they did was to try.
fn attackers(report: &Report, reported: &[std::net::IpAddr]) -> String {
    let has_part = |address: &std::net::IpAddr| {
        report
            .incidents
            .iter()
            .flat_map(|incident| &incident.sources)
            .any(|source| source.address == *address)
    };
    let count = reported.len() as u64;
    if reported.iter().any(has_part) {
        return counted(count, "attacking address");
    }
    let nothing = if answer::has_something(report) { "" } else { " and got nothing" };
    format!("{} that tried{nothing}", counted(count, "address"))
}

/// Names those whose users alone can say whether what looks odd was they.
fn askable(report: &Report) -> Option<Line> {
    let mut accounts: Vec<&Untrusted> = report.to_confirm.iter().map(|one| &one.account).collect();
    accounts.dedup();
    let (first, rest) = accounts.split_first()?;
    let line = Line::default().words("The users of ").evidence(first);
    let line = rest.iter().take(MOST_STEPS).fold(line, |line, account| line.words(", ").evidence(account));
    let more = if rest.len() > MOST_STEPS { " and others" } else { "" };
    let asked = match report.has_calls_to_ask_about() {
        true => "was it they who used it so? What is here is not enough to judge it",
        false => "was it they who used it from a new network? Taken for honest here",
    };
    Some(line.words(format!("{more}: {asked}; see To be confirmed.")))
}

/// Says whom to tell, in the order in which it helps, and with which file of the case.
fn tell(report: &Report) -> Vec<Block> {
    let mut lines: Vec<Line> = Vec::new();
    let has_calls = report.incidents.iter().any(|incident| !incident.calls.is_empty());
    if has_calls {
        lines.push("The carrier, by telephone and at once: its fraud desk can stop calls, and hold back what is not yet paid on. Send it calls.csv; tolltrace dispute writes the letter.".into());
    }
    lines.extend(askable(report));
    let request = if report.incidents.is_empty() {
        "Only if the carrier's bill shows calls that nobody made: the carrier and whoever hosts the server; preservation_request.md asks them to keep their records."
    } else {
        "The carrier and whoever hosts the server, in writing: preservation_request.md asks them to keep their records, which are deleted on a schedule."
    };
    lines.push(request.into());
    if !report.incidents.is_empty() {
        lines.push("The police: statement.md has the facts, with blank fields for what only people know. Carriers and insurers ask for the reference it is filed under.".into());
        lines.push("The insurer, if there is a policy against fraud or cyber crime; most ask to be told within days.".into());
        lines.push("Whoever answers for data protection: call records, recordings and voice messages are personal data. In the European Union and the United Kingdom a breach of them is told to the authority within 72 hours.".into());
    }
    let reported = abuse::addresses(report);
    if !reported.is_empty() {
        lines.push(
            format!(
                "The networks that {} belonged to: abuse/ has a report for each, and a note on where to send it.",
                attackers(report, &reported)
            )
            .into(),
        );
    }
    let mut blocks = vec![question("Who to tell?")];
    blocks.push(Block::List(lines));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn who_only_tried_is_no_intruder() {
        let mut report = sample::report();
        let intruder = report.incidents[0].sources[0].address;
        let other = "192.0.2.8".parse().unwrap();
        assert_eq!(attackers(&report, &[intruder, other]), "2 attacking addresses");
        assert_eq!(attackers(&report, &[other]), "1 address that tried and got nothing");
        report.incidents.clear();
        assert_eq!(attackers(&report, &[intruder, other]), "2 addresses that tried and got nothing");
    }
}
