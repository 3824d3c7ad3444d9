//! The carrier's records against one's own, and the letter to its fraud desk.

use crate::report::document::{Block, Line, counted, duration, instant_or_dash};
use crate::report::model::{CarrierClass, CarrierSum, Dispute, DisputedCall, Money, Reconciliation, Report};
use crate::untrusted::Untrusted;

use super::{View, titled};

/// Returns the comparison in figures.
pub(super) fn reconciliation(report: &Report, view: View) -> Vec<Block> {
    let Some(found) = &report.reconciliation else { return Vec::new() };
    let mut blocks = vec![Block::Paragraph(summary(found))];
    let sums = found.totals.iter().chain([&found.invoice]);
    let header = ["class", "#calls", "#seconds billed", "charged", "what it means"];
    blocks.extend(Block::table(&header, sums.map(sum_row).collect()));
    let own = found.pbx_other.iter().map(|own| format!("{}: {}", own.why, counted(own.calls, "call")));
    if !found.pbx_other.is_empty() {
        blocks.push(Block::Paragraph("Own calls that are not in these records, and need not be:".into()));
        blocks.extend(Block::list(own));
    }
    let shown = found.pbx_only.iter().take(view.rows);
    let rows = shown.map(|own| {
        vec![
            instant_or_dash(own.start.as_ref()).into(),
            Line::from(&own.dialed),
            Line::from(&own.trunk),
            own.seconds.map_or_else(|| "-".into(), |seconds| u64::from(seconds).into()),
            own.uniqueid.as_ref().map_or_else(|| "-".into(), Line::from),
        ]
    });
    let rows: Vec<Vec<Line>> = rows.collect();
    if !rows.is_empty() {
        let count = counted(found.pbx_only.len() as u64, "own call");
        blocks.push(Block::Paragraph(
            format!("{count} answered by the same trunk, and not billed by these records:").into(),
        ));
        let shown = rows.len();
        blocks.extend(Block::table(&["start", "dialled", "trunk", "#seconds", "id"], rows));
        blocks.extend(view.rest(shown, found.pbx_only.len(), "report.json"));
    }
    titled("The carrier's records", blocks)
}

fn summary(found: &Reconciliation) -> Line {
    let mut line = Line::default().words(format!(
        "{} of {}, {} to {}, beside the calls of ",
        counted(found.invoice.calls, "record"),
        found.carriers.join(", "),
        instant_or_dash(found.first.as_ref()),
        instant_or_dash(found.last.as_ref()),
    ));
    if found.trunks.is_empty() {
        line = line.words("no trunk: not one of them matches");
    }
    for (index, trunk) in found.trunks.iter().enumerate() {
        line = line.words(if index == 0 { "the trunk " } else { ", " }).evidence(trunk);
    }
    line.words(match found.clock.carrier_ahead_seconds {
        Some(ahead) => format!(". The carrier's clock is {ahead} seconds ahead ({}).", found.clock.note),
        None => format!(". How far the clocks are apart is not known: {}.", found.clock.note),
    })
}

fn sum_row(sum: &CarrierSum) -> Vec<Line> {
    let means = match sum.class {
        word if word == CarrierClass::Matched.word() => "both sides tell it alike",
        word if word == CarrierClass::LengthDiffers.word() => {
            "both tell it, the lengths differ by more than rounding"
        }
        word if word == CarrierClass::PriceDiffers.word() => {
            "both tell it, the charge is not what the rate comes to"
        }
        word if word == CarrierClass::CarrierOnly.word() => "billed, and no record of it here",
        word if word == CarrierClass::NotCovered.word() => "not checked: no own records of that time",
        _ => "all together",
    };
    vec![sum.class.into(), sum.calls.into(), sum.seconds_billed.into(), money(&sum.cost).into(), means.into()]
}

fn money(cost: &[Money]) -> String {
    let shown = cost.iter().map(|money| {
        format!("{} {}", money.amount, money.currency.as_deref().unwrap_or("(no currency told)"))
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "-".to_owned() } else { shown.join(", ") }
}

/// Returns the letter: facts, what is asked for, the calls, the method.
pub(super) fn dispute(report: &Report, view: View) -> Vec<Block> {
    let mut blocks = super::masthead(report);
    if report.case.redacted {
        blocks.push(Block::Paragraph(crate::report::redact::NOTE.into()));
    }
    let Some(dispute) = &report.dispute else {
        blocks.push(Block::Paragraph(
            "Nothing is disputed: no fraudulent call was found, and no records of the carrier were given."
                .into(),
        ));
        return blocks;
    };
    blocks.extend(titled("Facts", Block::list(dispute.facts.iter().cloned())));
    blocks.extend(titled("Asked of the carrier", Block::list(dispute.asked.iter().cloned())));
    blocks.extend(calls(dispute, view));
    blocks.extend(reconciliation(report, view));
    blocks.extend(titled("Method", Block::list(dispute.method.iter().cloned())));
    blocks
}

fn calls(dispute: &Dispute, view: View) -> Vec<Block> {
    let header = [
        "start UTC",
        "start local",
        "number",
        "carrier's call id",
        "SIP Call-ID",
        "our call id",
        "#billed there",
        "#billed here",
        "charged",
        "reason",
    ];
    let rows: Vec<Vec<Line>> = dispute.calls.iter().take(view.calls).map(call_row).collect();
    let shown = rows.len();
    let mut blocks = Block::table(&header, rows);
    let left = dispute.calls.len().saturating_sub(shown);
    if left > 0 {
        let place = if view.case_written { "in disputed-calls.csv" } else { "shown by -v" };
        blocks.push(Block::Paragraph(format!("and {left} more, {place}").into()));
    }
    titled("Disputed calls", blocks)
}

fn call_row(call: &DisputedCall) -> Vec<Line> {
    let utc = call.start.map(|start| start.to_utc().format("%Y-%m-%d %H:%M:%S").to_string());
    let id = |id: Option<&Untrusted>| id.map_or_else(|| "-".into(), Line::from);
    let number = call.e164.as_deref().map_or_else(|| call.number.clone(), Untrusted::from);
    let seconds =
        |seconds: Option<u64>| seconds.map_or_else(|| Line::from("-"), |seconds| duration(seconds).into());
    let cost =
        call.cost.as_deref().map(|cost| format!("{cost} {}", call.currency.as_deref().unwrap_or_default()));
    vec![
        utc.unwrap_or_else(|| "-".to_owned()).into(),
        instant_or_dash(call.start.as_ref()).into(),
        Line::from(&number),
        // A fraud desk finds a call by its own id, or by the Call-ID; the phone system's it has never seen.
        id(call.call_id.as_ref()),
        id(call.sip_call_id.as_ref()),
        id(call.pbx_uniqueid.as_ref()),
        seconds(call.seconds_there.map(u64::from)),
        if call.pbx_uniqueid.is_none() && call.seconds_here.is_none() {
            "no record".into()
        } else {
            seconds(call.seconds_here)
        },
        cost.map_or_else(|| "-".into(), |cost| cost.trim_end().to_owned().into()),
        call.reason.clone().into(),
    ]
}
