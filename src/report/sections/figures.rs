//! What happened, in figures: calls, failed authentications, probes.

use crate::report::document::{Block, Line, duration_or_dash, instant, instant_or_dash};
use crate::report::model::{CallRowSum, CallSummary, FailureRow, HourCount, Report, SipSummary};
use crate::untrusted::visible;

use super::{View, joined, places, titled};

/// The length of the longest bar.
const BAR: u64 = 40;

pub(super) fn last_day(report: &Report, view: View) -> Vec<Block> {
    let summary = &report.assessment.last_day;
    titled("All calls of the last 24 hours of the evidence", calls(summary, view))
}

pub(super) fn incident_calls(report: &Report, view: View) -> Vec<Block> {
    if report.incidents.is_empty() {
        return Vec::new();
    }
    titled("Fraudulent calls", calls(&report.assessment.incident, view))
}

fn calls(summary: &CallSummary, view: View) -> Vec<Block> {
    let totals = &summary.totals;
    if totals.calls == 0 {
        return vec![Block::Paragraph("No calls are on record.".into())];
    }
    let mut sums = format!(
        "{} calls, {} answered, {}, from {} to {}",
        totals.calls,
        totals.answered,
        totals.billed(),
        instant_or_dash(summary.first.as_ref()),
        instant_or_dash(summary.last.as_ref())
    );
    if let Some(cost) = &totals.cost {
        sums.push_str(&format!(", {cost} {}", totals.currency.as_deref().unwrap_or_default()));
    }
    let mut blocks = vec![Block::Paragraph(sums.into())];
    blocks.extend(hours("calls", &summary.by_hour, view));
    blocks.extend(shares("dialled", &summary.by_destination, view));
    blocks.extend(shares("country", &summary.by_country, view));
    blocks.extend(shares("class of number", &summary.by_class, view));
    blocks.extend(shares("account", &summary.by_account, view));
    blocks.extend(shares("from address", &summary.by_source, view));
    blocks.extend(shares("from caller", &summary.by_caller, view));
    blocks
}

/// Hours with bars. When some must stay out, the busiest stay in.
fn hours(what: &'static str, hours: &[HourCount], view: View) -> Vec<Block> {
    let most_rows = view.rows.max(24);
    let mut busiest: Vec<usize> = (0..hours.len()).collect();
    busiest.sort_by_key(|&index| (std::cmp::Reverse(hours.get(index).map(|hour| hour.count)), index));
    busiest.truncate(most_rows);
    busiest.sort_unstable();
    let highest = hours.iter().map(|hour| hour.count).max().unwrap_or(0).max(1);
    let rows: Vec<_> = busiest
        .iter()
        .filter_map(|&index| hours.get(index))
        .map(|hour| vec![instant(&hour.hour).into(), hour.count.into(), bar(hour.count, highest).into()])
        .collect();
    let shown = rows.len();
    let header = if what == "calls" { ["hour", "#calls", ""] } else { ["hour", "#failed tries", ""] };
    let mut blocks = Block::table(&header, rows);
    if shown < hours.len() {
        let left = hours.len() - shown;
        blocks.push(Block::Paragraph(format!("and {left} less busy hours, in report.json").into()));
    }
    blocks
}

fn bar(count: u64, highest: u64) -> String {
    let length = u128::from(count) * u128::from(BAR) / u128::from(highest);
    let length = usize::try_from(length).unwrap_or(0);
    "#".repeat(if count > 0 { length.max(1) } else { 0 })
}

fn shares(what: &'static str, sums: &[CallRowSum], view: View) -> Vec<Block> {
    let rows: Vec<_> = sums
        .iter()
        .take(view.rows)
        .map(|sum| {
            vec![
                sum.place
                    .iter()
                    .fold(Line::from(&sum.name), |name, place| name.words(format!(" ({})", visible(place)))),
                sum.calls.into(),
                sum.answered.into(),
                duration_or_dash(sum.seconds).into(),
            ]
        })
        .collect();
    let shown = rows.len();
    let mut blocks = Block::table(&[what, "#calls", "#answered", "#billed"], rows);
    blocks.extend(view.rest(shown, sums.len(), "report.json"));
    blocks
}

pub(super) fn failures(report: &Report, view: View) -> Vec<Block> {
    let figures = &report.assessment;
    let mut blocks = vec![Block::Paragraph(
        format!(
            "{} failed tries, in {} records of the phone system: at SIP, IAX2 and the manager interface. Failed logins at the web panel, the shell and other services are not counted here.",
            figures.failed_attempts, figures.failure_records
        )
        .into(),
    )];
    let logs = figures.failures_by_log.iter().map(|(log, count)| vec![log.as_str().into(), (*count).into()]);
    blocks.extend(Block::table(&["log", "#records of failures"], logs.collect()));
    blocks.extend(hours("failures", &figures.failures_by_hour, view));
    blocks.extend(parties(&figures.failures_by_source, view));
    let accounts = figures.failures_by_account.iter().take(view.rows);
    let accounts: Vec<_> = accounts.map(|(name, count)| vec![Line::from(name), (*count).into()]).collect();
    let shown = accounts.len();
    blocks.extend(Block::table(&["account tried", "#failed tries"], accounts));
    blocks.extend(view.rest(shown, figures.failures_by_account.len(), "report.json"));
    blocks.extend(places(report));
    titled("Failed authentications", blocks)
}

pub(super) fn scanning(report: &Report, view: View) -> Vec<Block> {
    let mut blocks = titled("Who swept names or asked for calls", parties(&report.assessment.scanners, view));
    if let Some(sip) = &report.assessment.sip {
        blocks.extend(titled("SIP as captured on the wire", captured(sip, view)));
    }
    blocks
}

/// What was captured: requests, answers and user agents.
fn captured(sip: &SipSummary, view: View) -> Vec<Block> {
    let sums = format!("{} messages, sent by {} addresses", sip.messages, sip.sources);
    let mut blocks = vec![Block::Paragraph(sums.into())];
    for (header, counts) in [("request", &sip.requests), ("answer", &sip.responses)] {
        let rows = counts.iter().map(|(name, count)| vec![name.as_str().into(), (*count).into()]);
        blocks.extend(Block::table(&[header, "#messages"], rows.collect()));
    }
    let agents = sip.user_agents.iter().take(view.rows);
    let rows: Vec<_> = agents.map(|(agent, count)| vec![agent.into(), (*count).into()]).collect();
    let shown = rows.len();
    blocks.extend(Block::table(&["user agent", "#messages"], rows));
    blocks.extend(view.rest(shown, sip.user_agent_count as usize, "report.json"));
    blocks
}

fn parties(parties: &[FailureRow], view: View) -> Vec<Block> {
    let rows: Vec<_> = parties
        .iter()
        .take(view.rows)
        .map(|party| {
            vec![
                party.address.to_string().into(),
                joined(&party.place).into(),
                party.attempts.into(),
                party.records.into(),
                instant_or_dash(party.first.as_ref()).into(),
                instant_or_dash(party.last.as_ref()).into(),
            ]
        })
        .collect();
    let shown = rows.len();
    let mut blocks = Block::table(&["address", "network", "#tries", "#records", "first", "last"], rows);
    blocks.extend(view.rest(shown, parties.len(), "report.json"));
    blocks
}
