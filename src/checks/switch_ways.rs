//! Ways out of FreeSWITCH's dialplan: for callers without credentials, for those of a carrier, and by routes that
//! take every number.
//!
//! As shipped, the profile `external` asks nobody for credentials, and its context `public` leads to the house's own
//! phones only. What an owner adds there is open to everybody who finds the port.

use std::collections::{BTreeMap, BTreeSet};

use super::Show;
use crate::event::Citation;
use crate::pbx::{Entrant, SwitchOutlet, Technology};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// Contexts walked of each kind.
const MOST_CONTEXTS: usize = 40;
/// Routes told one by one.
const MOST_TOLD: usize = 50;

/// Yields one finding for each open context, each route that takes every number, and for transfers by keys.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let pbx = world.pbx;
    let has = |context: &&str| pbx.switch_plan.has(context);
    let guests: BTreeSet<&str> = match pbx.allow_guest {
        Some(true) => pbx.guest_contexts.iter().map(String::as_str).filter(has).collect(),
        _ => BTreeSet::new(),
    };
    let of_sofia = pbx.trunks.iter().filter(|trunk| trunk.technology == Technology::Sofia);
    let carriers: BTreeSet<&str> = of_sofia
        .filter_map(|trunk| trunk.context.as_deref())
        .filter(|context| has(context) && !guests.contains(context))
        .collect();
    let mut findings: Vec<Finding> =
        guests.iter().take(MOST_CONTEXTS).filter_map(|context| of_guests(world, context, show)).collect();
    findings
        .extend(carriers.iter().take(MOST_CONTEXTS).filter_map(|context| of_carriers(world, context, show)));
    findings.extend(of_users(world, show));
    findings
}

/// Returns the way out to tell: the surest, and of those the one that costs most.
fn worst(world: &World<'_>, context: &str) -> Option<(bool, String, Citation)> {
    let outlets = world.pbx.switch_plan.outlets(context, Entrant::Stranger);
    let outlet = outlets.iter().max_by_key(|outlet| (outlet.is_sure, outlet.is_abroad()))?;
    Some((outlet.is_sure, name(outlet), outlet.place.clone()))
}

/// Names a way out: `international (^011(\d+)$) of [default]`.
fn name(outlet: &SwitchOutlet<'_>) -> String {
    let (extension, context) = (visible(outlet.extension), visible(outlet.context));
    match outlet.expression {
        "" => format!("{extension} of [{context}]"),
        expression => format!("{extension} ({}) of [{context}]", visible(expression)),
    }
}

/// What has to be said of a way that hangs on what is not known.
const NOT_SURE: &str = " It hangs on a condition that cannot be told from here: the time, or a variable.";

fn of_guests(world: &World<'_>, context: &str, show: &Show<'_>) -> Option<Finding> {
    let (is_sure, way, place) = worst(world, context)?;
    let doubt = if is_sure { "" } else { NOT_SURE };
    let is_of_users = world.pbx.accounts.iter().any(|account| account.context.as_deref() == Some(context));
    let why = if is_of_users { " It is the context of the house's own phones." } else { "" };
    Some(Finding {
        id: "guests-reach-trunk",
        severity: if is_sure { Severity::Critical } else { Severity::High },
        subject: Untrusted::from(context),
        title: format!("Anybody can call out: calls without credentials enter [{}]", visible(context)),
        detail: format!("From there {way} can be reached, without any password.{why}{doubt}"),
        remedy: "Let the context of calls without credentials lead to the house's own phones only, ask for credentials (auth-calls) or let in the carrier's addresses alone (apply-inbound-acl), and keep gateways in a context of their own.".into(),
        // MITRE ATT&CK: Exploit Public-Facing Application.
        attack: vec!["T1190"],
        evidence: show(&place).into_iter().collect(),
    })
}

fn of_carriers(world: &World<'_>, context: &str, show: &Show<'_>) -> Option<Finding> {
    let (is_sure, way, place) = worst(world, context)?;
    let doubt = if is_sure { "" } else { NOT_SURE };
    Some(Finding {
        id: "dialplan-hole",
        severity: Severity::Medium,
        subject: Untrusted::from(context),
        title: format!("Who calls in by [{}] can call out again", visible(context)),
        detail: format!(
            "What the carrier sends as the number called can be one outside, and is then called: {way}.{doubt}"
        ),
        remedy: "Let callers from outside reach extensions only: give gateways a context of their own from which no gateway is called.".into(),
        // MITRE ATT&CK: External Remote Services.
        attack: vec!["T1133"],
        evidence: show(&place).into_iter().collect(),
    })
}

/// Returns what the ways of the house's own users show: routes that take every number, and transfers by keys.
fn of_users(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let of_sofia = world.pbx.accounts.iter().filter(|account| account.technology == Technology::Sofia);
    let contexts: BTreeSet<&str> = of_sofia.filter_map(|account| account.context.as_deref()).collect();
    let mut routes: BTreeMap<Citation, SwitchOutlet<'_>> = BTreeMap::new();
    for context in contexts.into_iter().take(MOST_CONTEXTS) {
        for outlet in world.pbx.switch_plan.outlets(context, Entrant::User) {
            routes.entry(outlet.place.clone()).or_insert(outlet);
        }
    }
    let wide = routes.values().filter(|outlet| outlet.takes_all()).take(MOST_TOLD);
    let mut findings: Vec<Finding> = wide.map(|outlet| wide_route(outlet, show)).collect();
    findings.extend(transfer(routes.values().filter(|outlet| outlet.lets_transfer), show));
    findings
}

fn wide_route(outlet: &SwitchOutlet<'_>, show: &Show<'_>) -> Finding {
    Finding {
        id: "route-lets-foreign-out",
        severity: Severity::Medium,
        subject: Untrusted::from(format!("{}@{}", outlet.extension, outlet.context).as_str()),
        title: format!("The route {} lets every number out, those abroad too", visible(outlet.extension)),
        detail: format!("It is {}.", name(outlet)),
        remedy: "Write an extension for each kind of number that is needed, and those abroad behind toll_allow or a PIN.".into(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: show(outlet.place).into_iter().collect(),
    }
}

fn transfer<'a>(outlets: impl Iterator<Item = &'a SwitchOutlet<'a>>, show: &Show<'_>) -> Option<Finding> {
    let outlets: Vec<&SwitchOutlet<'_>> = outlets.collect();
    let first = outlets.first()?;
    Some(Finding {
        id: "transfer-allowed",
        severity: Severity::Medium,
        subject: Untrusted::from("outgoing"),
        title: "Whoever is called outside can send the call on to another number".into(),
        detail: format!(
            "Keys that transfer the call are bound for the one who is called (bind_meta_app), in {}.",
            name(first)
        ),
        remedy: "Bind these keys for the house's own leg only (a), or for no call that goes out.".into(),
        // MITRE ATT&CK: Resource Hijacking.
        attack: vec!["T1496"],
        evidence: outlets.iter().filter_map(|outlet| show(outlet.place)).take(4).collect(),
    })
}
