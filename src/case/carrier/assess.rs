//! Calls that the carrier alone tells, added to the figures of the incidents.

use std::collections::BTreeMap;

use crate::report::model::{CallRowSum, CallSummary, FraudCall, HourCount, Totals, sum_known};
use crate::untrusted::Untrusted;

/// Rows of each table.
const MOST_ROWS: usize = 50;

/// Adds calls to a summary.
pub(super) fn add(summary: &mut CallSummary, calls: &[Box<FraudCall>]) {
    let starts = || calls.iter().filter_map(|call| call.start);
    summary.first = summary.first.into_iter().chain(starts().min()).min();
    summary.last = summary.last.into_iter().chain(starts().max()).max();
    add_totals(&mut summary.totals, calls);
    add_hours(&mut summary.by_hour, calls);
    add_rows(&mut summary.by_destination, calls, |call| Some(call.dialed.clone()));
    add_rows(&mut summary.by_country, calls, |call| call.number.country_name.map(Untrusted::from));
    add_rows(&mut summary.by_class, calls, |call| {
        call.number.class.map(|class| Untrusted::from(class.meaning()))
    });
    add_rows(&mut summary.by_account, calls, |call| call.account.clone());
    add_rows(&mut summary.by_source, calls, |call| Some(Untrusted::from(call.address?.to_string().as_str())));
}

fn is_answered(call: &FraudCall) -> bool {
    call.disposition == "ANSWERED"
}

fn add_totals(totals: &mut Totals, calls: &[Box<FraudCall>]) {
    let more = Totals::of(calls.iter().map(|call| (is_answered(call), call.seconds_to_bill())));
    totals.calls += more.calls;
    totals.answered += more.answered;
    totals.unmeasured += more.unmeasured;
    totals.seconds = sum_known(totals.seconds, more.seconds);
}

fn add_hours(hours: &mut Vec<HourCount>, calls: &[Box<FraudCall>]) {
    let mut all: BTreeMap<_, HourCount> = hours.drain(..).map(|hour| (hour.hour.to_utc(), hour)).collect();
    for call in calls {
        let Some(start) = call.start else { continue };
        let past = chrono::TimeDelta::seconds(start.timestamp().rem_euclid(3_600));
        let begin = start - past;
        let row = all.entry(begin.to_utc()).or_insert(HourCount { hour: begin, count: 0, seconds: None });
        row.count += 1;
        row.seconds = sum_known(row.seconds, call.seconds);
    }
    hours.extend(all.into_values());
}

fn add_rows(
    rows: &mut Vec<CallRowSum>,
    calls: &[Box<FraudCall>],
    key: impl Fn(&FraudCall) -> Option<Untrusted>,
) {
    let mut all: BTreeMap<Untrusted, CallRowSum> =
        rows.drain(..).map(|row| (row.name.clone(), row)).collect();
    for call in calls {
        let Some(name) = key(call) else { continue };
        let new = CallRowSum { name: name.clone(), calls: 0, answered: 0, seconds: None, place: None };
        let row = all.entry(name).or_insert(new);
        row.calls += 1;
        row.answered += u64::from(is_answered(call));
        row.seconds = sum_known(row.seconds, call.seconds);
    }
    rows.extend(all.into_values());
    rows.sort_by(|left, right| {
        (right.seconds, right.calls, &left.name).cmp(&(left.seconds, left.calls, &right.name))
    });
    rows.truncate(MOST_ROWS);
}
