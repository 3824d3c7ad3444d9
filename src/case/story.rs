//! The events that the story rests on, in time order: `timeline.jsonl` of the case folder.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::SecondsFormat;

use super::build::{Case, when};
use crate::clock::Zone;
use crate::event::{Action, Citation, Instant, Place};
use crate::fold::uses::Kind as Used;
use crate::reconstruct::failed::Failed;
use crate::reconstruct::incident::Incident;
use crate::report::model::TimelineRow;
use crate::untrusted::Untrusted;

/// One event of the story before it is a row.
struct Event<'a> {
    at: Instant,
    action: Action,
    message: String,
    address: Option<IpAddr>,
    account: Option<&'a str>,
    number: Option<Untrusted>,
    reason: Option<&'static str>,
    line: &'a Citation,
}

/// Shows an instant as Timesketch takes it: UTC, microseconds.
pub(super) fn datetime(at: Instant) -> Option<String> {
    when(&Zone::UTC, at).map(|at| at.to_utc().to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Tells the story.
pub(super) fn tell(
    case: &Case<'_>,
    incidents: &[Incident],
    failed: &[Failed],
    cited: &BTreeMap<Place, Citation>,
) -> Vec<TimelineRow> {
    let mut events = Vec::new();
    for incident in incidents {
        for address in incident.actors.keys() {
            floods(case, *address, &mut events);
            fetches(case, *address, &mut events);
            uses(case, incident, *address, &mut events);
            requests(case, *address, &mut events);
        }
        calls(case, incident, cited, &mut events);
    }
    for failed in failed {
        floods(case, failed.address, &mut events);
    }
    events.sort_by_key(|event| (event.at, event.line.place));
    events.dedup_by(|left, right| left.line.place == right.line.place && left.action == right.action);
    events.iter().filter_map(|event| row(case, event)).collect()
}

fn row(case: &Case<'_>, event: &Event<'_>) -> Option<TimelineRow> {
    let place = event.line.place;
    let source = case.evidence.source(place.source)?;
    Some(TimelineRow {
        message: Untrusted::from(event.message.as_str()),
        datetime: datetime(event.at),
        timestamp_desc: "Event Time",
        action: event.action,
        address: event.address,
        port: None,
        account: event.account.map(Untrusted::from),
        number: event.number.clone(),
        reason: event.reason.map(Untrusted::from),
        path: source.file.path.clone(),
        line: (place.line > 0).then_some(u64::from(place.line)),
        offset: source.kind.has_offsets().then_some(place.offset),
    })
}

/// The first and the last try on each account: what came between is in the report's counts.
fn floods<'a>(case: &'a Case<'_>, address: IpAddr, events: &mut Vec<Event<'a>>) {
    let Some(party) = case.world.parties.get(&address) else { return };
    let each = party.by_account.iter().map(|(account, tried)| (Some(account.as_str()), tried.as_ref()));
    for (account, tried) in each.chain(std::iter::once((None, &party.failures))) {
        let (Some(first), Some(last)) = (tried.first, tried.last) else { continue };
        let knows_accounts = !party.by_account.is_empty() || party.other_accounts > 0;
        let edges = [(first, tried.lines.first(), "first"), (last, tried.lines.last(), "last")];
        let is_one = tried.attempts <= 1;
        for (at, line, edge) in edges.into_iter().take(if is_one { 1 } else { 2 }) {
            let Some(line) = line else { continue };
            let what = on_what(account, knows_accounts, is_one);
            let message = if is_one {
                format!("a failed try of {address}{what}")
            } else {
                format!("{edge} of {} failed tries of {address}{what}", tried.attempts)
            };
            events.push(Event {
                at,
                action: Action::AuthFailed,
                message,
                address: Some(address),
                account,
                number: None,
                reason: None,
                line,
            });
        }
    }
}

/// Says what was tried: an account, all that an address tried, or what is no account here, as far as the log tells.
fn on_what(account: Option<&str>, knows_accounts: bool, is_one: bool) -> String {
    match (account, knows_accounts, is_one) {
        (Some(account), _, _) => format!(" on account {account}"),
        (None, true, _) => ", all accounts taken together".to_owned(),
        (None, false, true) => " on an account that does not exist or is not told".to_owned(),
        (None, false, false) => " on accounts that do not exist or are not told".to_owned(),
    }
}

fn fetches<'a>(case: &'a Case<'_>, address: IpAddr, events: &mut Vec<Event<'a>>) {
    let Some(client) = case.world.fetches.get(&address) else { return };
    let given = client.given.iter().map(|fetch| (fetch, "was given", ""));
    let asked =
        client.unanswered.iter().map(|fetch| (fetch, "asked for", "; the log ends before the answer"));
    for (fetch, verb, rest) in given.chain(asked) {
        events.push(Event {
            at: fetch.at,
            action: Action::FileFetched,
            message: format!("{address} {verb} {}{rest}", String::from_utf8_lossy(&fetch.file)),
            address: Some(address),
            account: None,
            number: None,
            reason: None,
            line: &fetch.line,
        });
    }
}

/// Requests that fit a campaign's mark, and those to pages left behind: the first lines of each.
fn requests<'a>(case: &'a Case<'_>, address: IpAddr, events: &mut Vec<Event<'a>>) {
    let web = &case.world.web;
    let mut add = |at: Instant, message: String, line: &'a Citation| {
        let action = Action::WebRequest;
        let (account, number, reason) = (None, None, None);
        events.push(Event { at, action, message, address: Some(address), account, number, reason, line });
    };
    for ((_, mark), attack) in web.attacks.iter().filter(|((from, _), _)| *from == address) {
        let Some(mark) = crate::indicators::all().get(*mark) else { continue };
        let at = attack.reached.map_or(attack.first, |(first, _)| first);
        if let Some(line) = attack.lines.first() {
            let message =
                format!("first of {} requests of {address} of a kind that {}", attack.count, mark.says);
            add(at, message, line);
        }
    }
    for ((page, _), visits) in web.pages.iter().filter(|((_, from), _)| *from == address) {
        if let Some(line) = visits.lines.first() {
            let page = String::from_utf8_lossy(page);
            add(
                visits.first,
                format!("first of {} uses of {page} by {address}", visits.uses + visits.looks),
                line,
            );
        }
    }
}

fn uses<'a>(case: &'a Case<'_>, incident: &'a Incident, address: IpAddr, events: &mut Vec<Event<'a>>) {
    let sessions = case.world.sessions.iter().filter(|session| session.address == Some(address));
    let uses = incident.accounts.keys().flat_map(|account| case.world.uses_from(account, address));
    for used in uses.chain(sessions) {
        let (action, what) = match used.kind {
            Used::Authenticated => (Action::AuthOk, "credentials of"),
            Used::Registered => (Action::Registered, "a registration of"),
            Used::Unregistered => (Action::Unregistered, "the end of a registration of"),
            Used::ManagerLogin => (Action::ManagerLogin, "a manager login as"),
            Used::ManagerLogoff => (Action::ManagerLogoff, "the end of a manager session of"),
        };
        for (at, line) in [used.first, used.last].into_iter().zip(&used.lines) {
            events.push(Event {
                at,
                action,
                message: format!("{what} {} accepted from {address}", used.account),
                address: Some(address),
                account: Some(&used.account),
                number: None,
                reason: (!used.reason.is_empty()).then_some(used.reason),
                line,
            });
        }
    }
}

fn calls<'a>(
    case: &'a Case<'_>,
    incident: &Incident,
    cited: &'a BTreeMap<Place, Citation>,
    events: &mut Vec<Event<'a>>,
) {
    for &index in incident.calls.keys() {
        let Some(call) = case.world.calls.list.get(index) else { continue };
        let Some(line) = case.world.places(call).first().and_then(|place| cited.get(place)) else { continue };
        let dialed = Untrusted::from_bytes(case.world.dialed(call));
        let account = case.world.account_of(call);
        events.push(Event {
            at: call.start(),
            action: Action::Call,
            message: format!(
                "call to {} by {}, {}, {}",
                dialed.raw(),
                account.unwrap_or("nobody's account"),
                case.world
                    .billed(call)
                    .map_or_else(|| "length not on record".to_owned(), |seconds| format!("{seconds} s")),
                call.disposition().word()
            ),
            address: case.world.address_of(call),
            account,
            number: Some(dialed),
            reason: Some(call.disposition().word()),
            line,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::on_what;

    #[test]
    fn a_try_says_what_it_was_on() {
        assert_eq!(on_what(Some("205"), true, false), " on account 205");
        assert_eq!(on_what(None, true, false), ", all accounts taken together");
        assert_eq!(on_what(None, false, true), " on an account that does not exist or is not told");
        assert_eq!(on_what(None, false, false), " on accounts that do not exist or are not told");
    }
}
