//! The attack itself: its phases, what was taken, who took it, and the calls.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::numbering::Class;
use crate::report::document::{Block, Line, counted, duration_or_dash, instant_or_dash};
use crate::report::model::{FraudCall, Incident, Report, Role};

use super::{View, joined, of_incident, places, titled};

fn per_incident(report: &Report, title: &str, blocks: impl Fn(&Incident) -> Vec<Block>) -> Vec<Block> {
    let all =
        report.incidents.iter().flat_map(|incident| of_incident(report, &incident.id, blocks(incident)));
    titled(title, all.collect())
}

pub(super) fn phases(report: &Report) -> Vec<Block> {
    per_incident(report, "What happened", |incident| {
        let rows = incident.phases.iter().map(|span| {
            vec![
                span.phase.word().into(),
                phase_meaning(span.phase).into(),
                instant_or_dash(span.first.as_ref()).into(),
                instant_or_dash(span.last.as_ref()).into(),
                span.events.into(),
                // Calls that no address is known of.
                if span.sources == 0 { "-".into() } else { span.sources.into() },
            ]
        });
        Block::table(&["phase", "meaning", "first", "last", "#records", "#addresses"], rows.collect())
    })
}

fn phase_meaning(phase: Role) -> &'static str {
    match phase {
        Role::Scan => "looked for accounts or a way out",
        Role::Guess => "tried secrets",
        Role::Provision => "fetched phone files",
        Role::Manager => "used the manager interface",
        Role::Web => "used the web server",
        Role::Register => "was let in",
        Role::Dial => "made calls",
    }
}

pub(super) fn accounts(report: &Report) -> Vec<Block> {
    per_incident(report, "Accounts taken over", |incident| {
        let rows = incident
            .accounts
            .iter()
            .map(|account| vec![Line::from(&account.name), account.how.as_str().into()]);
        Block::table(&["account", "how"], rows.collect())
    })
}

pub(super) fn sources(report: &Report, view: View) -> Vec<Block> {
    per_incident(report, "Where they came from", |incident| {
        let rows = incident.sources.iter().take(view.rows).map(|source| {
            let network = [&source.country, &source.city, &source.network];
            vec![
                source.address.to_string().into(),
                joined(source.roles.iter().map(|role| role.word())).into(),
                joined(network.into_iter().flatten()).into(),
                instant_or_dash(source.first.as_ref()).into(),
                instant_or_dash(source.last.as_ref()).into(),
                source.events.into(),
                source.attempts.map_or_else(|| "-".into(), Line::from),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let shown = rows.len();
        let header = ["address", "roles", "network", "first", "last", "#records", "#failed tries"];
        let mut blocks = Block::table(&header, rows);
        blocks.extend(view.rest(shown, incident.sources.len(), "iocs.csv"));
        // One try stands in several logs, and a reader would divide one column by the other.
        if incident.sources.iter().any(|source| source.attempts.is_some_and(|tries| tries > 0)) {
            blocks.push(Block::Paragraph(
                "Records are counted in every log that has them, failed tries once.".into(),
            ));
        }
        blocks.extend(callers(incident));
        blocks.extend(places(report).filter(|_| !incident.sources.is_empty()));
        blocks
    })
}

fn callers(incident: &Incident) -> Vec<Block> {
    let rows = incident.callers.iter().map(|caller| {
        vec![
            caller.number.as_ref().map_or_else(|| "withheld".into(), Line::from),
            joined(caller.roles.iter().map(|role| role.word())).into(),
            instant_or_dash(caller.first.as_ref()).into(),
            instant_or_dash(caller.last.as_ref()).into(),
            caller.calls.into(),
        ]
    });
    Block::table(&["caller", "roles", "first", "last", "#calls in"], rows.collect())
}

pub(super) fn calls(report: &Report, view: View) -> Vec<Block> {
    per_incident(report, "Fraudulent calls", |incident| {
        // In a short table the reasons, which calls share, would take most of the room.
        let short = view.calls < incident.calls.len();
        let mut header =
            vec!["start", "account", "dialled", "country", "#billed", "disposition", "#cost", "from", "why"];
        let is_by_telephone = !incident.callers.is_empty();
        let shown = incident.calls.iter().take(view.calls);
        let mut rows: Vec<_> = shown.map(|call| call_row(call, is_by_telephone)).collect();
        if short {
            header.pop();
            rows.iter_mut().for_each(|row| drop(row.pop()));
        }
        let shown = rows.len();
        let mut blocks = Vec::new();
        if let Some(shared) = shared(incident) {
            // A column that says the same in each row makes a table too wide to read.
            for name in shared.columns {
                if let Some(at) = header.iter().position(|column| *column == name) {
                    header.remove(at);
                    rows.iter_mut().for_each(|row| drop(row.remove(at)));
                }
            }
            blocks.push(Block::Paragraph(shared.sentence));
        }
        blocks.extend(Block::table(&header, rows));
        blocks.extend(view.rest(shown, incident.calls.len(), "calls.csv"));
        if short {
            blocks.extend(reasons(incident, view));
        }
        blocks.extend(routes(incident));
        blocks
    })
}

/// What all calls of an incident have in common.
struct Shared {
    columns: Vec<&'static str>,
    sentence: Line,
}

fn shared(incident: &Incident) -> Option<Shared> {
    let (first, rest) = incident.calls.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let mut columns = Vec::new();
    let mut sentence = Line::default().words("All of them");
    if let Some(account) = &first.account
        && rest.iter().all(|call| call.account.as_ref() == Some(account))
    {
        columns.push("account");
        sentence = sentence.words(" by account ").evidence(account);
    }
    if let Some(address) = first.address
        && rest.iter().all(|call| call.address == Some(address))
    {
        columns.push("from");
        sentence = sentence.words(format!(" from {address}"));
    }
    (!columns.is_empty()).then(|| Shared { columns, sentence: sentence.words(".") })
}

/// Says by which routes of the dialplan the calls left.
fn routes(incident: &Incident) -> Vec<Block> {
    let all = counted(incident.calls.len() as u64, "call");
    let lines: Vec<Line> = incident
        .routes
        .iter()
        .map(|used| {
            let line = Line::default().words(format!("{} of {all} left by ", used.calls));
            let line = line.evidence(&used.route.pattern).words(" of [").evidence(&used.route.context);
            line.words(format!("] ({})", crate::untrusted::visible(&used.route.place)))
        })
        .collect();
    if lines.is_empty() {
        return Vec::new();
    }
    vec![Block::Paragraph("Routes of the dialplan that let them out:".into()), Block::List(lines)]
}

/// Says once for all calls why they are judged fraudulent.
fn reasons(incident: &Incident, view: View) -> Vec<Block> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for call in &incident.calls {
        *counts.entry(&call.why).or_default() += 1;
    }
    let mut reasons: Vec<_> = counts.into_iter().collect();
    reasons.sort_by_key(|&(why, count)| (Reverse(count), why));
    let total = reasons.len();
    let lines =
        reasons.iter().take(view.rows).map(|(why, count)| format!("{}: {why}", counted(*count, "call")));
    let mut blocks = vec![Block::Paragraph("Judged fraudulent because:".into())];
    blocks.extend(Block::list(lines));
    blocks.extend(view.rest(view.rows.min(total), total, "calls.csv"));
    blocks
}

/// Returns the country and, where it is not an ordinary one, the class of a number.
fn place(call: &FraudCall) -> String {
    let listed = call.number.listed.join(", ");
    let listed = if listed.is_empty() { listed } else { format!(" (listed in {listed})") };
    let name = call.number.country_name.or(call.country).unwrap_or("-");
    match call.number.class {
        Some(class) if class != Class::Geo && !name.to_lowercase().contains(class.meaning()) => {
            format!("{name}, {}{listed}", class.meaning())
        }
        _ => format!("{name}{listed}"),
    }
}

/// Returns the address that a call came from, or the number of whoever came in by telephone to make it.
fn from(call: &FraudCall, is_by_telephone: bool) -> Line {
    match (call.address, &call.caller) {
        (Some(address), _) => address.to_string().into(),
        (None, Some(number)) => number.into(),
        (None, None) if is_by_telephone => "withheld".into(),
        (None, None) => "-".into(),
    }
}

fn call_row(call: &FraudCall, is_by_telephone: bool) -> Vec<Line> {
    let cost = call.cost.as_ref().map_or_else(
        || "-".to_owned(),
        |cost| format!("{cost} {}", call.currency.as_deref().unwrap_or_default()),
    );
    vec![
        instant_or_dash(call.start.as_ref()).into(),
        call.account.as_ref().map_or_else(|| "-".into(), Line::from),
        (&call.dialed).into(),
        place(call).into(),
        duration_or_dash(call.seconds_to_bill()).into(),
        call.disposition.into(),
        cost.trim_end().into(),
        from(call, is_by_telephone),
        call.why.as_str().into(),
    ]
}
