//! Marks in records: commands in shell histories and logs, callers whose name is a statement for a database, errors
//! of a panel's pages, accounts used by a program that guesses.
//!
//! A history proves that somebody typed a command, not who that was. What administrators may type as well is told
//! as worth a look; what only a known campaign's tools ask for is told as theirs.

use std::collections::BTreeMap;

use super::Show;
use crate::event::Citation;
use crate::fold::marked::MarkedLine;
use crate::indicators::{self, Confidence, Indicator, Kind};
use crate::reconstruct::web::WebDoor;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Marks told of one user.
const MOST_TOLD: usize = 6;
/// An intruder types within this time after a request of his, in seconds.
const SOON: i64 = 86_400;

/// Users as which web servers and phone servers run: nobody logs in as one of them by name.
const SERVICES: [&str; 6] = ["asterisk", "apache", "www-data", "nginx", "freeswitch", "uucp"];

/// Yields one finding for each user whose commands bear marks, and one for each other mark.
pub(super) fn check(world: &World<'_>, door: Option<&WebDoor>, show: &Show<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for told in &world.told {
        let mut by_user: BTreeMap<&[u8], Vec<&MarkedLine>> = BTreeMap::new();
        for ((user, _), marked) in &told.ledger.marked.found {
            match marked.indicator.kind {
                Kind::Caller | Kind::Error => findings.push(of_text(marked, show)),
                // What says nothing by itself is told of nobody.
                _ if marked.indicator.confidence == Confidence::Low => {}
                _ => by_user.entry(user).or_default().push(marked),
            }
        }
        let path = told.source.file.path.as_str();
        findings.extend(by_user.into_iter().map(|(user, marked)| commands(path, user, marked, door, show)));
    }
    findings.extend(agents(world, show));
    findings
}

fn whose(indicator: &Indicator) -> String {
    format!("{}: {}, since {}, by {}", indicator.id, indicator.title, indicator.since, indicator.source)
}

fn commands(
    path: &str,
    user: &[u8],
    mut marked: Vec<&MarkedLine>,
    door: Option<&WebDoor>,
    show: &Show<'_>,
) -> Finding {
    marked.sort_by_key(|line| (std::cmp::Reverse(rank(line.indicator)), line.line.place));
    let surest = marked.first().map_or(0, |line| rank(line.indicator));
    let is_then = |line: &&MarkedLine| {
        let after =
            |door: &WebDoor| line.at.is_some_and(|at| (0..SOON).contains(&at.seconds_since(door.first)));
        door.is_some_and(after)
    };
    let then = marked.iter().filter(|line| is_then(line)).count();
    let (severity, doubt) = match (surest, then) {
        (3, _) => (Severity::Critical, String::new()),
        (_, 1..) => {
            (Severity::High, " Some of it came within a day of the intruder's first request.".to_owned())
        }
        // Without a time: but who got in by a page acts as the user that pages run as.
        _ if door.is_some() && SERVICES.iter().any(|name| name.as_bytes() == user) => (
            Severity::High,
            " Pages of the web server run as this user, and an intruder got in by one.".to_owned(),
        ),
        (2, 0) => (Severity::Medium, ADMINISTRATORS.to_owned()),
        _ => (Severity::Low, ADMINISTRATORS.to_owned()),
    };
    let told = marked.iter().take(MOST_TOLD).map(|line| {
        format!(
            "One of its lines {} ({}; {}).",
            line.indicator.says,
            line.indicator.id,
            counted(line.count, "time")
        )
    });
    let name = visible(&String::from_utf8_lossy(user));
    let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
    Finding {
        id: "suspicious-command",
        severity,
        subject: Untrusted::from(path),
        title: format!("Commands{of} in {} are like those of intruders", visible(path)),
        detail: format!("{}{doubt}", told.collect::<Vec<_>>().join(" ")),
        remedy: match severity {
            Severity::Critical | Severity::High => "Take the host for one that an intruder ran commands on: keep the file with its times, see what the commands fetched and wrote, and build the host anew.",
            _ => "Ask whoever looks after the server whether he typed it and why. If nobody did, somebody else was at the shell.",
        }
        .into(),
        // MITRE ATT&CK: Command and Scripting Interpreter: Unix Shell.
        attack: vec!["T1059.004"],
        evidence: marked.iter().take(MOST_TOLD).filter_map(|line| show(&line.line)).collect(),
    }
}

const ADMINISTRATORS: &str = " Administrators type such a thing as well.";

/// Returns how telling a mark is: 3 for what is one campaign's own, 2 and 1 for what many do.
fn rank(indicator: &Indicator) -> u8 {
    match (indicator.campaign.as_str(), indicator.confidence) {
        ("generic", Confidence::High) => 2,
        ("generic", _) => 1,
        (_, Confidence::High) => 3,
        (_, Confidence::Medium) => 2,
        (_, Confidence::Low) => 1,
    }
}

fn of_text(marked: &MarkedLine, show: &Show<'_>) -> Finding {
    let indicator = marked.indicator;
    let what = if indicator.kind == Kind::Caller { "A caller's name" } else { "An error of the web server" };
    Finding {
        id: "indicator",
        severity: if indicator.confidence == Confidence::High { Severity::Medium } else { Severity::Low },
        subject: Untrusted::from(indicator.id.as_str()),
        title: format!("{what} {}", indicator.says),
        detail: format!(
            "{}; {} confidence; {}. That it was sent says nothing of whether it worked.",
            whose(indicator),
            indicator.confidence.word(),
            counted(marked.count, "record")
        ),
        remedy: "See whether the module that it is aimed at was open at the time, and what came to be in the database then.".into(),
        // MITRE ATT&CK: Exploit Public-Facing Application.
        attack: vec!["T1190"],
        evidence: show(&marked.line).into_iter().collect(),
    }
}

/// Yields one finding for each account that a program that scans or guesses is registered with.
fn agents(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut found: BTreeMap<&str, (&str, &Indicator, &Citation)> = BTreeMap::new();
    for binding in &world.pbx.bindings {
        let Some(agent) = binding.user_agent.as_deref() else { continue };
        let fitting = indicators::of_text(Kind::Phone, agent.as_bytes()).into_iter().next();
        if let Some(indicator) = fitting.and_then(|place| indicators::all().get(place)) {
            found.entry(&binding.account).or_insert((agent, indicator, &binding.place));
        }
    }
    let each = found.into_iter().map(|(account, (agent, indicator, place))| Finding {
        id: "scanner-registered",
        severity: Severity::High,
        subject: Untrusted::from(account),
        title: format!("{} is registered from a program that scans and guesses", visible(account)),
        detail: format!("It calls itself {}, which {} ({}).", visible(agent), indicator.says, indicator.id),
        remedy: "Unless you tested the server yourself: give the account a new secret, drop the registration, and look through its calls.".into(),
        // MITRE ATT&CK: Valid Accounts.
        attack: vec!["T1078"],
        evidence: show(place).into_iter().collect(),
    });
    each.collect()
}
