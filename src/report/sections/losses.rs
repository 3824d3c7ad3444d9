//! What it cost, by basis, hour, destination and account.

use crate::report::document::{Block, Line, counted, instant};
use crate::report::model::{Incident, Loss, LossRow, Report};

use super::{View, of_incident, titled};

/// What the calls cost in one sentence each basis; none where there is no figure.
pub(super) fn sentences(loss: &Loss) -> Vec<String> {
    let mut sentences: Vec<String> = loss
        .known
        .iter()
        .map(|known| {
            let basis =
                if known.basis == "carrier" { "by the carrier's records" } else { "by the rate deck given" };
            let currency = known.currency.as_deref().unwrap_or("(currency not told)");
            format!("{} {currency} {basis}, for {}.", known.cost, counted(known.calls, "call"))
        })
        .collect();
    if let Some(range) = &loss.illustrative {
        sentences.push(format!(
            "{} to {} {} for {} that no carrier's record and no rate deck tells ({}).",
            range.low,
            range.high,
            range.currency,
            counted(range.calls, "call"),
            range.caveat
        ));
    }
    if loss.calls_without_figure > 0 && !sentences.is_empty() {
        let calls = counted(loss.calls_without_figure, "answered call");
        sentences.push(format!("Without a figure: {calls}."));
    }
    sentences
}

/// How to have the sum exactly, for whoever runs the program; the owner asks the carrier.
pub(super) const HOW_TO_KNOW: &str = " Give --rates or --carrier-cdr for what it was.";

/// What the calls cost in one sentence, for the answer: the range rounded, and how to have it exactly.
pub(super) fn in_short(incident: &Incident) -> Option<String> {
    let loss = &incident.loss;
    let without = loss.calls_without_figure;
    let mut parts: Vec<String> =
        sentences(&Loss { illustrative: None, calls_without_figure: 0, ..loss.clone() })
            .into_iter()
            .map(|sentence| sentence.trim_end_matches('.').to_owned())
            .collect();
    if let Some(range) = &loss.illustrative {
        let whole = |amount: &str| amount.split('.').next().unwrap_or(amount).to_owned();
        parts.push(format!(
            "somewhere between {} and {} {} for {}, by old public price lists",
            whole(&range.low),
            whole(&range.high),
            range.currency.replace('/', " or "),
            counted(range.calls, "call")
        ));
    }
    let priced = loss.known.iter().map(|known| known.calls).sum::<u64>()
        + loss.illustrative.as_ref().map_or(0, |range| range.calls);
    let most = without > priced && priced > 0;
    if without > 0 {
        let calls = counted(without, "answered call");
        parts.push(match most {
            // Who reads in haste takes the figure for the whole.
            true => format!("most of it has no price here: {calls}, more than half of them all, for which no list has one, so that the sum is likely to be far higher"),
            false => format!("{calls} without a figure"),
        });
    }
    let hint = if loss.known.is_empty() { HOW_TO_KNOW } else { "" };
    (!parts.is_empty()).then(|| format!("Cost: {}.{hint}", parts.join("; ")))
}

pub(super) fn losses(report: &Report, view: View) -> Vec<Block> {
    let all = report
        .incidents
        .iter()
        .flat_map(|incident| of_incident(report, &incident.id, of_one(incident, view)));
    titled("What it cost", all.collect())
}

fn of_one(incident: &Incident, view: View) -> Vec<Block> {
    let loss = &incident.loss;
    let sentences = sentences(loss);
    if sentences.is_empty() {
        return Vec::new();
    }
    let mut blocks: Vec<Block> =
        sentences.into_iter().map(|sentence| Block::Paragraph(sentence.into())).collect();
    if let (Some(first), Some(last)) = (&loss.first_paid_call, &loss.last_paid_call) {
        let span =
            format!("The first call with a figure began {}, the last {}.", instant(first), instant(last));
        blocks.push(Block::Paragraph(span.into()));
    }
    for (what, rows) in
        [("hour", &loss.by_hour), ("destination", &loss.by_destination), ("account", &loss.by_account)]
    {
        let shown: Vec<_> = rows.iter().take(view.rows.max(24)).map(|row| cells(row, what)).collect();
        let count = shown.len();
        blocks.extend(Block::table(&[what, "#calls", "#cost", "#so far", "#illustrative"], shown));
        blocks.extend(view.rest(count, rows.len(), "report.json"));
    }
    blocks
}

fn cells(row: &LossRow, what: &str) -> Vec<Line> {
    let currency = row.currency.as_deref().unwrap_or_default();
    let money = |amount: &Option<String>| {
        amount
            .as_ref()
            .map_or_else(|| "-".to_owned(), |amount| format!("{amount} {currency}").trim_end().to_owned())
    };
    let range = row.illustrative_low.as_ref().zip(row.illustrative_high.as_ref());
    let range = range.map_or_else(|| "-".to_owned(), |(low, high)| format!("{low} to {high}"));
    let name = match &row.hour {
        Some(hour) if what == "hour" => instant(hour).into(),
        _ => Line::from(&row.name),
    };
    vec![name, row.calls.into(), money(&row.cost).into(), money(&row.cost_so_far).into(), range.into()]
}
