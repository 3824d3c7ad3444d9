//! Every accepted use of every account, of all sources.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::world::Told;
use crate::event::{Citation, Instant, Service};
use crate::fold::uses::{Kind as Used, Run};

/// Use of one account from one address, without another's in between.
#[derive(Clone, Debug)]
pub struct Use {
    /// The account.
    pub account: String,
    /// What was accepted.
    pub kind: Used,
    /// The service.
    pub service: Service,
    /// The peer's address, or the contact's where nothing better is told.
    pub address: Option<IpAddr>,
    /// Is the address only what the contact said?
    pub is_claimed: bool,
    /// The reason of an end.
    pub reason: &'static str,
    /// First.
    pub first: Instant,
    /// Last.
    pub last: Instant,
    /// How many.
    pub count: u64,
    /// Lines.
    pub lines: Vec<Citation>,
    /// Does it begin so soon after its log does that it was there before?
    pub from_the_start: bool,
}

impl Use {
    /// Returns whether the client did it: a contact is removed as well when it lapses, or when another takes its place.
    pub fn is_own_act(&self) -> bool {
        self.kind != Used::Unregistered || matches!(self.reason, "" | "request")
    }
}

/// Whoever used an account this soon after the log begins was there before: phones renew their
/// registration within the hour.
const FROM_THE_START_SECONDS: i64 = 3_700;

/// Returns when each log begins.
fn begins<'t>(told: &'t [Told<'_>]) -> BTreeMap<&'t str, Instant> {
    let mut begins: BTreeMap<&str, Instant> = BTreeMap::new();
    for told in told {
        if let Some(first) = told.ledger.first {
            begins.entry(&told.family).and_modify(|known| *known = first.min(*known)).or_insert(first);
        }
    }
    begins
}

/// All uses, told by account and by manager session.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// By account, in the order of time.
    pub(super) by_account: BTreeMap<String, Vec<Use>>,
    /// Manager sessions, in the order of time.
    pub(super) sessions: Vec<Use>,
    /// When the last log ends that tells of registrations.
    pub(super) registrations_until: Option<Instant>,
}

/// Takes the runs out of every source and joins them.
pub(super) fn take(told: &mut [Told<'_>]) -> Uses {
    let begins: Vec<Option<Instant>> = {
        let begins = begins(told);
        told.iter().map(|told| begins.get(told.family.as_str()).copied()).collect()
    };
    let tells = |told: &&Told<'_>| told.ledger.uses.runs.iter().any(|run| run.kind == Used::Registered);
    let ends = told.iter().filter(tells).filter_map(|told| told.ledger.reach.map(|(_, last)| last));
    let mut uses = Uses { registrations_until: ends.max(), ..Uses::default() };
    for (told, start) in told.iter_mut().zip(begins) {
        for run in std::mem::take(&mut told.ledger.uses.runs) {
            let account = String::from_utf8_lossy(told.ledger.names.text(run.account)).into_owned();
            if account.is_empty() {
                continue;
            }
            if matches!(run.kind, Used::ManagerLogin | Used::ManagerLogoff) {
                uses.sessions.push(use_of(run, account, start));
            } else {
                let used = use_of(run, account.clone(), start);
                uses.by_account.entry(account).or_default().push(used);
            }
        }
    }
    let order = |used: &Use| (used.first, used.kind, used.address, used.lines.first().map(|line| line.place));
    uses.by_account.values_mut().for_each(|uses| uses.sort_by_key(order));
    uses.sessions.sort_by_key(order);
    uses.by_account.values_mut().for_each(|uses| name_addresses(uses));
    uses
}

fn use_of(run: Run, account: String, start: Option<Instant>) -> Use {
    Use {
        account,
        kind: run.kind,
        service: run.service,
        address: run.address.or(run.claimed),
        is_claimed: run.address.is_none(),
        reason: run.reason,
        first: run.first,
        last: run.last,
        count: run.count,
        from_the_start: start.is_some_and(|start| run.first.seconds_since(start) <= FROM_THE_START_SECONDS),
        lines: std::iter::once(run.line).chain(run.last_line).collect(),
    }
}

/// Gives registrations that know no peer the address of the credentials accepted beside them.
///
/// PJSIP prints the contact only; the security event of the same second names the socket.
fn name_addresses(uses: &mut [Use]) {
    let mut known: Vec<(Instant, Instant, IpAddr)> = uses
        .iter()
        .filter(|used| used.kind == Used::Authenticated && !used.is_claimed)
        .filter_map(|used| Some((used.first, used.last, used.address?)))
        .collect();
    known.sort_unstable();
    let mut names: BTreeMap<IpAddr, IpAddr> = BTreeMap::new();
    for used in uses.iter_mut().filter(|used| used.is_claimed) {
        let named = match used.kind {
            Used::Registered => beside(&known, used),
            _ => used.address.and_then(|claimed| names.get(&claimed).copied()),
        };
        if let (Some(address), Some(claimed)) = (named, used.address) {
            names.insert(claimed, address);
            used.address = Some(address);
            used.is_claimed = false;
        }
    }
}

/// Returns the socket of credentials accepted within a second of a registration: the one that its
/// contact names, else the nearest before it.
fn beside(known: &[(Instant, Instant, IpAddr)], used: &Use) -> Option<IpAddr> {
    let at = used.first;
    let end = known.partition_point(|(first, _, _)| first.seconds_since(at) <= 1);
    let near = known.get(..end)?.iter().rev().take(64);
    let near: Vec<_> = near.filter(|(_, last, _)| at.seconds_since(*last) <= 1).collect();
    let same = near.iter().find(|(_, _, address)| used.address == Some(*address));
    let begun = near
        .iter()
        .find(|(first, last, _)| at.seconds_since(*first).abs() <= 1 || at.seconds_since(*last).abs() <= 1);
    same.or(begun).or(near.first()).map(|(_, _, address)| *address)
}
