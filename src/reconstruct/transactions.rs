//! Transactions of one dialog to a call: a SIP proxy accounts the INVITE and the BYE, and no duration.
//!
//! What no BYE tells of has no length: the row may have failed to be written, or the log may end before.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::behaviour::Destination;
use super::call_facts::row_at;
use super::calls::{At, Call, Facts, Id, Length, Mark, Origin};
use super::legs::Leg;
use super::world::Told;
use crate::event::{Disposition, Instant};
use crate::fold::rows::{Row, RowKind};

/// Makes a call of the transactions of one dialog; `None` where none of them tells when it began.
///
/// `index` gives the numbers of account and address.
pub(super) fn call_of(
    told: &[Told<'_>],
    trunks: &BTreeSet<String>,
    legs: &[Leg],
    mut index: impl FnMut(Option<&[u8]>, Option<IpAddr>) -> (Id, Id),
) -> Option<Call> {
    let rows = || legs.iter().filter_map(|leg| Some((leg.at, row_at(told, leg.at)?)));
    // What is written at the end may tell the whole call: its length, and so its beginning.
    let telling = || rows().filter(|(_, (row, _))| row.kind == RowKind::Began || row.duration > 0);
    let (first, _) = telling().next()?;
    let start = telling().map(|(_, (row, _))| beginning(row)).min()?;
    let answers = || telling().filter(|(_, (row, _))| is_answered(row));
    let answered = answers().map(|(_, (row, _))| beginning(row)).min();
    let ended =
        rows().filter(|(_, (row, _))| row.kind == RowKind::Ended).map(|(_, (row, _))| row.start).max();
    let measured = answers().map(|(_, (row, _))| row.billsec).max().filter(|seconds| *seconds > 0);
    let between = answered.zip(ended).map(|(from, to)| to.seconds_since(from).clamp(0, i64::from(u32::MAX)));
    let billsec = measured.or(between.map(|seconds| seconds as u32)).unwrap_or(0);
    let unanswered = telling().map(|(_, (row, _))| row.disposition).min().unwrap_or(Disposition::Unknown);
    let dialed = telling().find(|(_, (_, text))| !text.dst.is_empty()).map_or(At::NONE, |(at, _)| at);
    let address = telling().find_map(|(at, (row, _))| told.get(at.get()?.0)?.ledger.rows.address(row));
    let account = telling().find_map(|(_, (_, text))| (!text.src.is_empty()).then_some(text.src));
    let is_trunk = |text: &[u8]| trunks.contains(String::from_utf8_lossy(text).as_ref());
    let (account, address_index) = index(account, address);
    Some(Call {
        start: start.into(),
        length: Length::new(billsec, billsec),
        account,
        address: address_index,
        row: first,
        dialed: dialed.behind(first),
        log: At::NONE,
        origin: if address.is_some() { Origin::Record } else { Origin::Unknown },
        destination: Destination::default(),
        facts: Facts::new(if answered.is_some() { Disposition::Answered } else { unanswered })
            .with(Mark::ByTrunk, telling().any(|(_, (_, text))| is_trunk(text.dst_channel))),
    })
}

/// Returns when the call of a row began.
fn beginning(row: &Row) -> Instant {
    match row.kind {
        RowKind::Ended => row.start.plus_seconds(-i64::from(row.duration)),
        _ => row.start,
    }
}

fn is_answered(row: &Row) -> bool {
    row.disposition == Disposition::Answered || row.kind == RowKind::Ended
}
