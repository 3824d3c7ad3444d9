//! What containment rests on, taken out of the reconstruction, the configuration and the report.
//!
//! Blame is the report's: nobody is shut out here who is not named there. What is added is whom a rule must never
//! touch, where things are configured, and which of it may stand in a script.

mod addresses;
mod calls;
mod closings;
mod emergency;
mod log;
mod outbound;
mod removals;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};

use super::build::Case;
use crate::contain::words::{Digits, Name};
use crate::contain::{ByHand, Intrusion, Plan, Product, Taken, TrunkLine};
use crate::event::{Citation, Service};
use crate::pbx::{SecretKind, Spoken, Technology};
use crate::reconstruct::confirm::Question;
use crate::reconstruct::incident::Incident;
use crate::report::model::{self, Report, Vector};
use crate::untrusted::{Untrusted, visible};

/// Numbers named to the carrier.
const MOST_NUMBERS: usize = 40;
/// Fewer digits are an extension's.
const LEAST_DIGITS: usize = 6;
/// No table's name is longer.
const LONGEST_TABLE: usize = 40;

/// Builds the plan.
pub(super) fn plan(case: &Case<'_>, incidents: &[Incident], questions: &[Question], report: &Report) -> Plan {
    let pbx = case.world.pbx;
    let mut plan = Plan {
        products: products(case),
        is_in_container: is_in_container(report),
        version: report.case.product.clone(),
        shows_logins: report.judged.logins,
        asks_users: !report.to_confirm.is_empty(),
        intrusions: report.incidents.iter().map(intrusion).collect(),
        tried: report.failed_attackers.iter().map(|failed| failed.address).collect(),
        tried_count: report.failed_attackers_count,
        listeners: pbx.listeners.clone(),
        knows_ports: pbx.listeners.iter().any(|listener| listener.spoken == Spoken::Sip),
        trunks: trunks(case),
        ..Plan::default()
    };
    plan.listeners.sort();
    addresses::fill(case, incidents, questions, report, &mut plan);
    taken(case, report, &mut plan);
    calls::fill(case, report, &mut plan);
    secrets::fill(case, report, &mut plan);
    outbound::fill(case, report, &mut plan);
    closings::fill(report, &mut plan);
    removals::fill(report, &mut plan);
    log::fill(case, report, &mut plan);
    plan.by_hand.sort();
    plan.by_hand.dedup();
    plan
}

/// Where Docker and Podman keep the disks and volumes of containers.
const CONTAINERS: [&str; 2] = ["lib/docker/", "containers/storage/"];
/// Kinds of files of a phone system.
const OF_PHONES: [&str; 6] = [
    "asterisk-log",
    "call-records",
    "configuration",
    "freeswitch-configuration",
    "freeswitch-log",
    "proxy-configuration",
];

/// Returns whether the phone system runs in a container: whether all that is here of it lies where containers are kept.
fn is_in_container(report: &Report) -> bool {
    let lies_there = |row: &model::EvidenceRow| CONTAINERS.iter().any(|folder| row.path.contains(folder));
    let mut of_phones = report.evidence.iter().filter(|row| OF_PHONES.contains(&row.kind)).peekable();
    of_phones.peek().is_some() && of_phones.all(lies_there)
}

/// Returns the programs that the evidence is of.
fn products(case: &Case<'_>) -> BTreeSet<Product> {
    let world = case.world;
    let of = |technologies: &[Technology]| {
        let accounts = world.pbx.accounts.iter().map(|account| account.technology);
        accounts
            .chain(world.pbx.trunks.iter().map(|trunk| trunk.technology))
            .any(|one| technologies.contains(&one))
    };
    let speaks = |service| world.told.iter().any(|told| told.ledger.services.contains(&service));
    let is_asterisk = world.has_asterisk_log()
        || of(&[Technology::Sip, Technology::Pjsip, Technology::Iax2])
        || !world.pbx.dialplan.contexts.is_empty();
    let is_opensips = speaks(Service::Opensips) || world.pbx.proxy == Some("OpenSIPS");
    let found = [
        (Product::Asterisk, is_asterisk),
        (Product::FreePbx, is_asterisk && (world.pbx.has_panel || !world.pbx.panel.trunks.is_empty())),
        (Product::FreeSwitch, world.is_freeswitch()),
        (Product::OpenSips, is_opensips),
        (Product::Kamailio, world.has_proxy() && !is_opensips),
    ];
    found.into_iter().filter(|(_, is_here)| *is_here).map(|(product, _)| product).collect()
}

fn intrusion(incident: &model::Incident) -> Intrusion {
    let starts = || incident.calls.iter().filter_map(|call| call.start);
    let mut seconds: BTreeMap<Untrusted, u64> = BTreeMap::new();
    for call in &incident.calls {
        let number = call.e164.as_deref().map_or_else(|| call.dialed.clone(), Untrusted::from);
        if number.raw().bytes().filter(u8::is_ascii_digit).count() >= LEAST_DIGITS {
            *seconds.entry(number).or_default() += call.seconds.unwrap_or(0);
        }
    }
    let numbers_count = seconds.len() as u64;
    let mut numbers: Vec<(Untrusted, u64)> = seconds.into_iter().collect();
    numbers.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    Intrusion {
        id: incident.id.clone(),
        title: incident.title.clone(),
        vector: incident.entry.vector,
        cannot_tell: incident.cannot_tell,
        totals: incident.totals.clone(),
        calls: starts().min().zip(starts().max()),
        numbers: numbers.into_iter().take(MOST_NUMBERS).map(|(number, _)| number).collect(),
        numbers_count,
    }
}

/// Returns what a channel of an account or trunk begins with, before its number.
fn channel(technology: Technology, name: &Name) -> Option<String> {
    match technology {
        Technology::Sip => Some(format!("SIP/{name}")),
        Technology::Pjsip => Some(format!("PJSIP/{name}")),
        Technology::Iax2 => Some(format!("IAX2/{name}")),
        Technology::Sofia | Technology::Proxy => None,
    }
}

/// Fills in the accounts whose calls and registrations end now.
fn taken(case: &Case<'_>, report: &Report, plan: &mut Plan) {
    let pbx = case.world.pbx;
    let made = |name: &Untrusted| {
        let of_it =
            |finding: &&model::Finding| finding.id == "account-made-by-intruder" && finding.subject == *name;
        report.findings.iter().any(|finding| of_it(&finding))
    };
    let sure = report.incidents.iter().filter(|incident| !incident.cannot_tell);
    let of_incidents = sure.flat_map(|incident| incident.accounts.iter().map(|account| &account.name));
    let of_findings = report.findings.iter().filter(|finding| finding.id == "account-made-by-intruder");
    let names: BTreeSet<&Untrusted> =
        of_incidents.chain(of_findings.map(|finding| &finding.subject)).collect();
    let mut taken = BTreeSet::new();
    for name in names {
        let is_account = case.world.accounts.contains(name.raw());
        if !is_account {
            continue;
        }
        let Some(plain) = Name::new(name.raw()) else {
            plan.by_hand.push(ByHand {
                what: name.clone(),
                why: "an account that was taken over, whose name no script may hold: end its calls and remove its \
                      contacts by hand"
                    .to_owned(),
            });
            continue;
        };
        let configured = pbx.accounts.iter().filter(|account| account.name == name.raw());
        let mut channels: BTreeSet<String> =
            configured.filter_map(|account| channel(account.technology, &plain)).collect();
        if channels.is_empty() && plan.runs(Product::Asterisk) {
            channels
                .extend([Technology::Sip, Technology::Pjsip].iter().filter_map(|one| channel(*one, &plain)));
        }
        if channels.is_empty() {
            channels.insert(String::new());
        }
        let is_made = made(name);
        taken.extend(channels.into_iter().map(|channel| Taken { name: plain.clone(), channel, is_made }));
    }
    plan.taken = taken.into_iter().collect();
}

fn trunks(case: &Case<'_>) -> Vec<TrunkLine> {
    let pbx = case.world.pbx;
    let line = |trunk: &crate::pbx::Trunk| {
        let plain = Name::new(&trunk.name);
        let has_secret =
            pbx.held_secrets.iter().any(|held| held.kind == SecretKind::Trunk && held.owner == trunk.name);
        let panel = pbx.panel.trunks.iter().find(|known| known.channel == trunk.name);
        TrunkLine {
            name: Untrusted::from(trunk.name.as_str()),
            channel: plain.as_ref().and_then(|name| channel(trunk.technology, name)).unwrap_or_default(),
            plain,
            networks: trunk.networks.clone(),
            ports: trunk.ports.clone(),
            hosts: trunk.hosts.iter().map(|host| Untrusted::from(host.as_str())).collect(),
            has_secret,
            panel_id: panel.and_then(|panel| Digits::new(&panel.id)),
            place: place(case, &trunk.place),
        }
    };
    pbx.trunks.iter().map(line).collect()
}

/// Returns where something stands: path and line, or path and table.
fn place(case: &Case<'_>, citation: &Citation) -> String {
    let Some(source) = case.evidence.source(citation.place.source) else { return "-".to_owned() };
    let path = visible(&source.file.path);
    match citation.place.line {
        0 => {
            // A row is cited as `table row 3: ...`; what follows may be anybody's words.
            let text = String::from_utf8_lossy(&citation.text);
            let table = text.split([':', '=']).next().unwrap_or_default();
            let is_table = table.len() <= LONGEST_TABLE && table.contains(" row ");
            if is_table { format!("{path} ({})", visible(table)) } else { path }
        }
        line => format!("{path}:{line}"),
    }
}

/// Returns whether somebody was in the host itself: every secret on it may have been read.
fn is_host_broken(report: &Report) -> bool {
    let ways = [Vector::WebExploit, Vector::WebAdmin];
    report.incidents.iter().any(|incident| ways.contains(&incident.entry.vector))
}
