//! What happened, in figures: calls of the last day and of the incidents, failures, scanning.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::build::Case;
use crate::event::{Disposition, Instant};
use crate::fold::sip::SipCounts;
use crate::money::Amount;
use crate::reconstruct::calls::Call;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{
    Assessment, CallRowSum, CallSummary, FailureRow, HourCount, Report, SipSummary, Totals, sum_known,
};
use crate::untrusted::Untrusted;

/// Rows of each table.
const MOST_ROWS: usize = 50;
const DAY_SECONDS: i64 = 86_400;

/// Counts.
pub(super) fn assess(case: &Case<'_>, incidents: &[Incident]) -> Assessment {
    let world = case.world;
    let end = world.last.unwrap_or(Instant(0));
    let from = end.plus_seconds(-DAY_SECONDS);
    let last_day: Vec<&Call> = world.calls.iter().filter(|call| call.start() > from).collect();
    let blamed: BTreeSet<usize> =
        incidents.iter().flat_map(|incident| incident.calls.keys().copied()).collect();
    let blamed: Vec<&Call> = blamed.into_iter().filter_map(|index| world.calls.list.get(index)).collect();
    let (failures_by_log, failure_records) = by_log(case);
    Assessment {
        last_day: summary(case, &last_day, Some((from, end))),
        incident: CallSummary { by_caller: by_caller(world, incidents), ..summary(case, &blamed, None) },
        all_calls: world.calls.list.len() as u64,
        failure_records,
        failed_attempts: world.parties.values().map(|party| party.failures.attempts).sum(),
        failures_by_log,
        failures_by_hour: by_hour(case),
        failures_by_source: by_source(case, |party| &party.failures),
        failures_by_account: by_account(case),
        scanners: scanners(case),
        sip: sip(case),
    }
}

/// Records that tell of a failure, by log; the log with most is the measure, for the others tell the same.
fn by_log(case: &Case<'_>) -> (Vec<(String, u64)>, u64) {
    let mut logs: BTreeMap<&str, (Vec<&str>, u64)> = BTreeMap::new();
    for told in &case.world.told {
        let records = told.ledger.tries.failure_records;
        if records > 0 {
            let (files, sum) = logs.entry(&told.family).or_default();
            files.push(&told.source.file.path);
            *sum += records;
        }
    }
    let most = logs.values().map(|(_, records)| *records).max().unwrap_or(0);
    let logs = logs.into_iter().map(|(family, (files, records))| match files.as_slice() {
        [only] => ((*only).to_owned(), records),
        files => (format!("{family} ({} files)", files.len()), records),
    });
    (logs.collect(), most)
}

fn hour(case: &Case<'_>, hour: u32, count: u64, seconds: Option<u64>) -> Option<HourCount> {
    let hour = case.when(Instant::from_seconds(i64::from(hour) * 3_600))?;
    Some(HourCount { hour, count, seconds })
}

fn by_hour(case: &Case<'_>) -> Vec<HourCount> {
    let mut hours: BTreeMap<u32, u64> = BTreeMap::new();
    for (at, attempts) in case.world.parties.values().flat_map(|party| &party.failures.hours) {
        *hours.entry(*at).or_default() += attempts;
    }
    hours.into_iter().filter_map(|(at, count)| hour(case, at, count, None)).collect()
}

type Pick = fn(&crate::reconstruct::world::Party) -> &crate::reconstruct::world::Attempts;

fn by_source(case: &Case<'_>, pick: Pick) -> Vec<FailureRow> {
    let mut rows: Vec<FailureRow> = case
        .world
        .parties
        .iter()
        .filter(|(_, party)| pick(party).records > 0)
        .map(|(address, party)| FailureRow {
            address: *address,
            place: case.geoip.look(*address).words(),
            attempts: pick(party).attempts,
            records: pick(party).in_fullest_log,
            first: pick(party).first.and_then(|at| case.when(at)),
            last: pick(party).last.and_then(|at| case.when(at)),
        })
        .collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.attempts), row.address));
    rows.truncate(MOST_ROWS);
    rows
}

fn by_account(case: &Case<'_>) -> Vec<(Untrusted, u64)> {
    let mut accounts: BTreeMap<&str, u64> = BTreeMap::new();
    for (account, tried) in case.world.parties.values().flat_map(|party| &party.by_account) {
        *accounts.entry(account).or_default() += tried.attempts;
    }
    let mut rows: Vec<(&str, u64)> = accounts.into_iter().collect();
    rows.sort_by_key(|(account, attempts)| (std::cmp::Reverse(*attempts), *account));
    rows.into_iter().take(MOST_ROWS).map(|(account, attempts)| (account.into(), attempts)).collect()
}

/// Addresses outside that swept names, asked for calls or probed, whatever else they did.
fn scanners(case: &Case<'_>) -> Vec<FailureRow> {
    let mut rows = by_source(case, |party| &party.failures);
    rows.retain(|row| {
        let party = case.world.parties.get(&row.address);
        let scans =
            party.is_some_and(|party| party.unknown_count > 0 || party.invites > 0 || party.probes > 0);
        scans && case.world.neighbours.is_outside(row.address)
    });
    rows
}

/// SIP messages of all captures.
fn sip(case: &Case<'_>) -> Option<SipSummary> {
    let mut all = SipCounts::default();
    case.world.told.iter().for_each(|told| all.add(&told.ledger.sip));
    if all.is_empty() {
        return None;
    }
    let named = |counts: &BTreeMap<Box<[u8]>, u64>| {
        // Methods and statuses are capital letters and digits by their form.
        counts.iter().map(|(name, count)| (String::from_utf8_lossy(name).into_owned(), *count)).collect()
    };
    let mut agents: Vec<(&Box<[u8]>, u64)> = all.agents.iter().map(|(name, count)| (name, *count)).collect();
    agents.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let shown = agents.iter().take(MOST_ROWS);
    Some(SipSummary {
        messages: all.requests.values().chain(all.responses.values()).sum(),
        requests: named(&all.requests),
        responses: named(&all.responses),
        user_agents: shown.map(|(name, count)| (Untrusted::from_bytes(name), *count)).collect(),
        user_agent_count: agents.len() as u64,
        sources: all.sources.len() as u64,
    })
}

fn summary(case: &Case<'_>, calls: &[&Call], span: Option<(Instant, Instant)>) -> CallSummary {
    let world = case.world;
    let starts = || calls.iter().map(|call| world.begun(call));
    let (first, last) = match span {
        Some((first, last)) => (Some(first), Some(last)),
        None => (starts().min(), starts().max()),
    };
    let mut hours: BTreeMap<u32, (u64, Option<u64>)> = BTreeMap::new();
    for call in calls {
        let hour = hours.entry((world.begun(call).seconds() / 3_600).max(0) as u32).or_default();
        hour.0 += 1;
        hour.1 = sum_known(hour.1, world.billed(call));
    }
    CallSummary {
        first: first.and_then(|at| case.when(at)),
        last: last.and_then(|at| case.when(at)),
        totals: Totals::of(
            calls.iter().map(|call| (call.disposition() == Disposition::Answered, world.billed(call))),
        ),
        by_hour: hours
            .into_iter()
            .filter_map(|(at, (count, seconds))| hour(case, at, count, seconds))
            .collect(),
        by_destination: sums(
            world,
            calls,
            |call| Some(world.dialed(call)).filter(|dialed| !dialed.is_empty()),
            |dialed| Untrusted::from_bytes(dialed),
        ),
        by_country: sums(world, calls, |call| country(case, call), |name| Untrusted::from(*name)),
        by_class: sums(
            world,
            calls,
            |call| case.numbers.of(world.dialed(call)).number.class,
            |class| Untrusted::from(class.meaning()),
        ),
        by_account: sums(world, calls, |call| world.account_of(call), |account| Untrusted::from(*account)),
        by_source: by_address(case, calls),
        by_caller: Vec::new(),
    }
}

/// Adds up calls by the address that they came from.
fn by_address(case: &Case<'_>, calls: &[&Call]) -> Vec<CallRowSum> {
    let address_of = |call: &Call| case.world.address_of(call);
    let mut rows =
        sums(case.world, calls, address_of, |address| Untrusted::from(address.to_string().as_str()));
    for row in &mut rows {
        row.place = row.name.raw().parse().ok().and_then(|address| case.geoip.look(address).words());
    }
    rows
}

/// Adds up fraudulent calls by the number of whoever came in by telephone to make them.
fn by_caller(world: &World<'_>, incidents: &[Incident]) -> Vec<CallRowSum> {
    let mut callers: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for incident in incidents {
        for party in &incident.callers {
            let calls = party.calls.iter().filter(|index| incident.calls.contains_key(index));
            let calls = calls.filter_map(|&index| world.calls.list.get(index));
            callers.entry(party.number.as_deref().unwrap_or("withheld")).or_default().extend(calls);
        }
    }
    let mut rows: Vec<CallRowSum> = callers
        .into_iter()
        .filter(|(_, calls)| !calls.is_empty())
        .flat_map(|(number, calls)| sums(world, &calls, |_| Some(number), |number| Untrusted::from(*number)))
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.seconds, row.calls)));
    rows.truncate(MOST_ROWS);
    rows
}

/// Adds what the calls of the incidents cost, where all that is known of each is in one currency.
pub(super) fn add_cost(report: &mut Report) {
    let totals = || report.incidents.iter().map(|incident| &incident.totals);
    let currency = totals().next().and_then(|first| first.currency.clone());
    if currency.is_none() || totals().any(|totals| totals.currency != currency) {
        return;
    }
    let sum = totals().filter_map(|totals| Amount::parse(totals.cost.as_deref()?)).reduce(Amount::plus);
    report.assessment.incident.totals.cost = sum.map(|sum| sum.to_string());
    report.assessment.incident.totals.currency = currency;
}

/// Returns the name of the country that a call went to.
fn country(case: &Case<'_>, call: &Call) -> Option<&'static str> {
    case.numbers.of(case.world.dialed(call)).number.country_name
}

/// Calls of one key: how many, how many answered, their billed seconds.
type Sum = (u64, u64, Option<u64>);

/// Adds up calls that share a key, most seconds first.
fn sums<K: Eq + Hash>(
    world: &World<'_>,
    calls: &[&Call],
    key: impl Fn(&Call) -> Option<K>,
    show: impl Fn(&K) -> Untrusted,
) -> Vec<CallRowSum> {
    let mut rows: HashMap<K, Sum> = HashMap::new();
    for call in calls {
        let Some(key) = key(call) else { continue };
        let row = rows.entry(key).or_default();
        row.0 += 1;
        row.1 += u64::from(call.disposition() == Disposition::Answered);
        row.2 = sum_known(row.2, world.billed(call));
    }
    // Only those that can be among the first rows are given a name.
    let mut most: Vec<(Option<u64>, u64)> =
        rows.values().map(|(calls, _, seconds)| (*seconds, *calls)).collect();
    most.sort_unstable_by(|left, right| right.cmp(left));
    let least = most.get(MOST_ROWS - 1).copied().unwrap_or_default();
    let mut rows: Vec<CallRowSum> = rows
        .into_iter()
        .filter(|(_, (calls, _, seconds))| (*seconds, *calls) >= least)
        .map(|(key, (calls, answered, seconds))| CallRowSum {
            name: show(&key),
            calls,
            answered,
            seconds,
            place: None,
        })
        .collect();
    rows.sort_by(|left, right| {
        (right.seconds, right.calls, &left.name).cmp(&(left.seconds, left.calls, &right.name))
    });
    rows.truncate(MOST_ROWS);
    rows
}
