//! Phone files that strangers were given: which account each gives away, and whether it was used since.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::some;
use crate::checks::Show;
use crate::event::{Citation, Instant};
use crate::fold::uses::Kind as Used;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::leaks::{self, Leak, WALKED};
use crate::reconstruct::same_network;
use crate::reconstruct::world::World;
use crate::report::document::{counted, duration};
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Accounts told one by one; with more of them, one remedy is for all.
const MOST_TOLD: usize = 200;
/// Walkers and lines told of.
const MOST_WALKERS: usize = 20;

/// Yields one finding for each account whose file a stranger was given, or asked for.
pub(super) fn check(
    world: &World<'_>,
    incidents: &[Incident],
    leaks: &[Leak],
    show: &Show<'_>,
) -> (Vec<Finding>, Option<String>) {
    let mut accounts: BTreeMap<&str, Vec<&Leak>> = BTreeMap::new();
    for leak in leaks {
        accounts.entry(&leak.account).or_default().push(leak);
    }
    let all = accounts.len();
    let mut findings: Vec<Finding> = accounts
        .into_iter()
        .map(|(account, own)| {
            let may_be_own = own.iter().all(|leak| asks_for_one_phone(leak, leaks));
            of_account(world, incidents, account, &own, may_be_own, show)
        })
        .collect();
    findings.sort_by_key(|finding| finding.severity);
    findings.truncate(MOST_TOLD);
    let limit = (all > MOST_TOLD).then(|| {
        format!("the phone files of {all} accounts were handed to strangers: the findings tell {MOST_TOLD}")
    });
    (findings, limit)
}

fn of_account(
    world: &World<'_>,
    incidents: &[Incident],
    account: &str,
    leaks: &[&Leak],
    may_be_own: bool,
    show: &Show<'_>,
) -> Finding {
    let is_given = leaks.iter().any(|leak| leak.is_answered);
    let is_live = leaks.iter().filter_map(|leak| leak.is_live).max();
    let is_taken = incidents.iter().any(|incident| incident.accounts.contains_key(account));
    let severity = match (is_live, is_given) {
        (Some(false), _) => Severity::Low,
        // That an intruder used it is a finding of its own, with the same remedy.
        (Some(true), true) if !is_taken && !may_be_own => Severity::Critical,
        _ if may_be_own && !is_taken => Severity::Medium,
        _ => Severity::High,
    };
    let verb = if is_given { "was handed to" } else { "was asked for by" };
    let from: BTreeSet<IpAddr> = leaks.iter().map(|leak| leak.address).collect();
    let remedy = match is_live {
        Some(false) => {
            "Delete the old file; the secret in it is no longer the server's. See that it is used nowhere else."
        }
        _ => {
            "Change its secret on the server and in the phone's file, whether or not it was used so far; then close what handed the file out."
        }
    };
    let first = leaks.iter().map(|leak| leak.at).min();
    let own = (may_be_own && !is_taken).then(|| MAY_BE_OWN.to_owned());
    let detail = [
        fetched(leaks),
        own,
        secret(is_live),
        first.map(|first| used_since(world, incidents, account, first, leaks)),
    ];
    let lines = distinct(leaks.iter().map(|leak| &leak.line));
    let held = leaks.first().map(|leak| &leak.held);
    Finding {
        id: "provisioning-leaked",
        severity,
        subject: Untrusted::from(account),
        title: format!(
            "The phone file with the secret of account {} {verb} {}",
            visible(account),
            some(from.iter().map(IpAddr::to_string))
        ),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" "),
        remedy: remedy.into(),
        // MITRE ATT&CK: Unsecured Credentials: Credentials In Files.
        attack: vec!["T1552.001"],
        evidence: lines.into_iter().chain(held).filter_map(show).collect(),
    }
}

/// What speaks for a phone that stands at its user's home.
const MAY_BE_OWN: &str =
    "Whoever it was asked for this one phone's files, and may be the phone itself, at its user's home: ask.";

/// Returns whether whoever fetched a file asked for no other phone's, and walked no names.
fn asks_for_one_phone(leak: &Leak, leaks: &[Leak]) -> bool {
    let mut others = leaks.iter().filter(|other| other.address == leak.address);
    leak.absent_names < WALKED && others.all(|other| other.account == leak.account || other.path == leak.path)
}

fn distinct<'c>(lines: impl Iterator<Item = &'c Citation>) -> Vec<&'c Citation> {
    let mut kept: Vec<&Citation> = Vec::new();
    for line in lines {
        if kept.len() < 4 && kept.iter().all(|held| held.text != line.text) {
            kept.push(line);
        }
    }
    kept
}

/// Tells each file, who got it, and by which protocol.
fn fetched(leaks: &[&Leak]) -> Option<String> {
    let mut files: BTreeMap<(&str, &str, bool), BTreeSet<IpAddr>> = BTreeMap::new();
    for leak in leaks {
        files.entry((&leak.path, leak.protocol(), leak.has_password)).or_default().insert(leak.address);
    }
    let told = files.iter().map(|((path, protocol, has_password), from)| {
        let how = if *has_password { ", with a user's password," } else { "" };
        format!("{} by {protocol}{how} to {}", visible(path), some(from.iter().map(IpAddr::to_string)))
    });
    let told = some(told);
    let is_given = leaks.iter().any(|leak| leak.is_answered);
    Some(if is_given {
        format!("Given away: {told}.")
    } else {
        format!("Asked for: {told}; the log ends there, so that whether it was given cannot be told.")
    })
}

fn secret(is_live: Option<bool>) -> Option<String> {
    let text = match is_live {
        Some(true) => "The secret in it is the one the server accepts.",
        Some(false) => "The secret in it is not the one the server accepts now.",
        None => "Whether the secret in it is the one the server accepts cannot be told.",
    };
    Some(text.to_owned())
}

/// Tells whether somebody used the account after the file was fetched.
fn used_since(
    world: &World<'_>,
    incidents: &[Incident],
    account: &str,
    first: Instant,
    leaks: &[&Leak],
) -> String {
    let taken = incidents.iter().find(|incident| incident.accounts.contains_key(account));
    if let Some(incident) = taken {
        let after = incident.breach.seconds_since(first);
        return if after >= 0 {
            format!("The account was used by an intruder, {} after the file was first fetched.", span(after))
        } else {
            format!(
                "The account was used by an intruder {} before the file was first fetched, so that this is not where \
                 he had the secret from.",
                span(-after)
            )
        };
    }
    let uses = world.uses.get(account).map(Vec::as_slice).unwrap_or_default();
    let is_stranger = |address: IpAddr| {
        world.neighbours.is_outside(address) || leaks.iter().any(|leak| leak.address == address)
    };
    let before: BTreeSet<IpAddr> =
        uses.iter().filter(|used| used.first < first).filter_map(|used| used.address).collect();
    let since = uses.iter().filter(|used| used.last >= first && used.kind != Used::Unregistered);
    let strangers: BTreeSet<IpAddr> = since
        .filter_map(|used| used.address)
        .filter(|address| is_stranger(*address) && !before.iter().any(|known| same_network(*known, *address)))
        .collect();
    if !strangers.is_empty() {
        return format!(
            "It was used since from {}, from where it was not used before: ask its user.",
            some(strangers.iter().map(IpAddr::to_string))
        );
    }
    not_used(world, first)
}

/// Tells what it is worth that no stranger is seen to use the account.
fn not_used(world: &World<'_>, first: Instant) -> String {
    if !world.shows_logins() {
        return "Whether it was used since cannot be told: no source here shows logins that succeed."
            .to_owned();
    }
    let seen = "No use of it by a stranger is on record";
    match (world.watched_since(), world.last) {
        (Some(since), _) if since > first => {
            format!(
                "{seen}, but the logs that show logins begin only {} later.",
                span(since.seconds_since(first))
            )
        }
        (_, Some(last)) if last > first => {
            format!("{seen} in the {} of evidence after that.", span(last.seconds_since(first)))
        }
        _ => format!("{seen}."),
    }
}

fn span(seconds: i64) -> String {
    duration(u64::try_from(seconds).unwrap_or(0))
}

/// Yields one finding about those who walked names of phone files.
pub(super) fn walkers(
    world: &World<'_>,
    hostile: &BTreeSet<IpAddr>,
    leaks: &[Leak],
    show: &Show<'_>,
) -> Option<Finding> {
    // A phone that asks for many optional files belongs to somebody who uses an account.
    let is_own = |address: &IpAddr| world.users.contains_key(address) && !hostile.contains(address);
    let walked = || {
        let strangers =
            world.fetches.iter().filter(|(address, client)| leaks::is_stranger(world, **address, client));
        strangers.filter(|(address, client)| client.absent_names() >= WALKED && !is_own(address))
    };
    let count = walked().count() as u64;
    let told: Vec<String> = walked()
        .take(MOST_WALKERS)
        .map(|(address, client)| {
            let files = |is_answered| {
                let own =
                    leaks.iter().filter(|leak| leak.address == *address && leak.is_answered == is_answered);
                own.map(|leak| leak.path.as_str()).collect::<BTreeSet<&str>>().len() as u64
            };
            let untold = leaks::untold(world, client);
            let got = match (files(true), files(false)) {
                (0, 0) if !untold.is_empty() => leaks::say_untold(&untold),
                (0, 0) => "was given none that holds a secret".to_owned(),
                (0, asked) => {
                    format!("asked for {} with a secret, with which the log ends", counted(asked, "file"))
                }
                (given, _) => format!("was given {} with a secret", counted(given, "file")),
            };
            let refused =
                if client.refused > 0 { format!(", was refused {}", client.refused) } else { String::new() };
            format!(
                "{address} asked for {} that are not there{refused}, and {got}",
                counted(client.missing, "file")
            )
        })
        .collect();
    let more = count.saturating_sub(told.len() as u64);
    let has_untold = walked().any(|(_, client)| !leaks::untold(world, client).is_empty());
    let addresses = if count == 1 { "one address".to_owned() } else { format!("{count} addresses") };
    (count > 0).then(|| Finding {
        id: "provisioning-walked",
        // What nobody can tell is taken for the worse.
        severity: if has_untold { Severity::High } else { Severity::Medium },
        subject: Untrusted::from("phone files"),
        title: format!("Names of phone files were tried out from {addresses}"),
        detail: format!(
            "{}{}.",
            told.join("; "),
            if more > 0 { format!("; and {more} more") } else { String::new() }
        ),
        remedy: "Let phones fetch their files from the local network or a VPN only, or with a password of their own over HTTPS: \
                 names made of hardware addresses are soon tried out."
            .into(),
        // MITRE ATT&CK: Active Scanning: Wordlist Scanning.
        attack: vec!["T1595.003"],
        evidence: walked().take(4).flat_map(|(_, client)| client.missing_lines.iter().take(1)).filter_map(show).collect(),
    })
}
