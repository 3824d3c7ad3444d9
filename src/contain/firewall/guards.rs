//! The guards that a plan justifies, as chains of the model.

use ipnet::IpNet;

use super::model::{Chain, Fits, Guard, Hook, Rule, Set, Verdict};
use super::networks::{carriers, inside, known, knows_carriers, reasons};
use super::ports;
use crate::contain::{Asked, Plan};
use crate::pbx::{Carriage, Listener};

/// Returns every guard, in the order in which they are used.
pub(super) fn of(plan: &Plan, asked: Asked) -> Vec<Guard> {
    let mut guards = Vec::new();
    if !plan.cut.is_empty() {
        guards.push(block(plan));
    }
    if plan.has_calls_here() {
        guards.push(stop_outbound(plan));
    }
    if !plan.intrusions.is_empty() {
        guards.push(only_sip_from_known(plan, asked));
    }
    let services = ports::services(plan);
    if !services.is_empty() {
        guards.push(only_services_from_known(plan, asked, &services));
    }
    if plan.is_in_container {
        guards.iter_mut().for_each(hold_containers);
    }
    guards
}

/// Holds packets to and from a container by the same rules: with a network of its own it is a machine behind this one,
/// whose packets pass through and are neither sent nor taken by the host. They have the container's own ports by then,
/// which are those that its configuration names (Docker translates before the hook `forward`).
fn hold_containers(guard: &mut Guard) {
    let of_host = guard.chains.iter().find(|chain| matches!(chain.hook, Some(Hook::Into | Hook::Leaving)));
    let passing =
        of_host.map(|chain| Chain { name: "passing", hook: Some(Hook::Through), rules: chain.rules.clone() });
    guard.chains.extend(passing);
    guard.notes.push(IN_CONTAINER);
}

fn block(plan: &Plan) -> Guard {
    let reasons = plan.cut.iter().map(|cut| {
        let roles: Vec<&str> = cut.roles.iter().map(|role| role.word()).collect();
        format!("{} {} ({})", cut.address, roles.join(", "), cut.incidents.join(", "))
    });
    let chain =
        |name, hook, fits| Chain { name, hook: Some(hook), rules: vec![Rule::new(fits, Verdict::Drop)] };
    Guard {
        word: "block",
        file: "block-intruders.nft",
        purpose: "shuts the intruders' addresses out",
        title: "Shut the intruders out".to_owned(),
        changes:
            "every packet from and to the intruders' addresses is dropped, of connections that are up as well"
                .to_owned(),
        check: "the counters rise while they try",
        notes: vec![
            "It does not end calls that are up: what they cost runs on at the carrier until the phone system hangs up (end-calls).",
        ],
        reasons: reasons.collect(),
        set: Set {
            name: "intruders",
            networks: plan.cut.iter().map(|cut| IpNet::from(cut.address)).collect(),
        },
        chains: vec![
            chain("from_them", Hook::Arriving, Fits::From),
            chain("to_them", Hook::Leaving, Fits::To),
        ],
    }
}

fn stop_outbound(plan: &Plan) -> Guard {
    let carriers = carriers(plan);
    let whom = if carriers.is_some() { "the carriers" } else { "anybody outside private networks" };
    let refused = "refused";
    // Where not all carriers are known, all but private networks may be one.
    let to_set = match carriers {
        Some(_) => vec![Rule::new(Fits::To, Verdict::Jump(refused))],
        None => vec![Rule::new(Fits::To, Verdict::Pass), Rule::new(Fits::All, Verdict::Jump(refused))],
    };
    let leaving = std::iter::once(Rule::new(Fits::Loopback, Verdict::Pass)).chain(to_set).collect();
    let ports = ports::carriers(plan);
    let refusing = [Carriage::Udp, Carriage::Tcp]
        .map(|carriage| Rule::new(Fits::Ports(carriage, ports.clone()), Verdict::Reject));
    Guard {
        word: "outbound",
        file: "stop-outbound.nft",
        purpose: "lets no new call out to the carriers",
        title: "Let nothing out to the carriers: the quickest stop of the outbound path".to_owned(),
        changes: format!(
            "no SIP leaves this host to {whom} by the ports below: no new call goes out, EMERGENCY CALLS included. \
             Calls that come in fail too, for the answer does not leave either, and what is registered with a carrier lapses"
        ),
        check: "place a call to a mobile phone: it fails, and the counters count it",
        notes: vec![
            "End the calls first (end-calls): to reject what goes out does NOT end calls that are up, and then even the hang-up no longer reaches the carrier, which goes on counting.",
            "5061 is TLS, which runs over TCP: both are rejected on every port below. A carrier that is called by another port, which no file here names, is to be added.",
        ],
        reasons: Vec::new(),
        set: match carriers {
            Some(networks) => Set { name: "carriers", networks },
            None => Set { name: "inside", networks: inside() },
        },
        chains: vec![
            Chain { name: "leaving", hook: Some(Hook::Leaving), rules: leaving },
            Chain { name: refused, hook: None, rules: refusing.into() },
        ],
    }
}

fn only_sip_from_known(plan: &Plan, asked: Asked) -> Guard {
    let is_safe = knows_carriers(plan);
    let mut notes = vec![NO_MEDIA];
    if !plan.knows_ports {
        notes.push("No file here tells the ports of SIP: these are the usual ones.");
    }
    if !is_safe {
        notes.push(
            "The last rule only COUNTS so far: a carrier's addresses are not all known, and a drop would cut its line. Put them in, then have the last rule drop.",
        );
    }
    Guard {
        word: "sip",
        file: "sip-only-from-known.nft",
        purpose: if is_safe {
            "takes SIP from the carriers' and one's own networks only"
        } else {
            "counts SIP from elsewhere; drops it when the carriers' addresses are put in"
        },
        title: "Take SIP from known networks only".to_owned(),
        changes: if is_safe { changes("SIP", asked) } else { COUNTED.to_owned() },
        check: KEPT_OUT,
        notes,
        reasons: reasons(plan, true),
        set: Set { name: "known", networks: known(plan, true) },
        chains: from_known(&ports::sip(plan), asked, if is_safe { Verdict::Drop } else { Verdict::Count }),
    }
}

fn only_services_from_known(plan: &Plan, asked: Asked, services: &[Listener]) -> Guard {
    Guard {
        word: "services",
        file: "services-only-from-known.nft",
        purpose: "takes the panel, phone files and the manager interface from one's own networks only",
        title: "Take the services below from known networks only".to_owned(),
        changes: changes("the services below", asked),
        check: KEPT_OUT,
        notes: vec![
            NO_MEDIA,
            "The ports are the usual ones of panels and those that the configuration here names; one that only a file elsewhere names is to be added.",
        ],
        reasons: reasons(plan, false),
        set: Set { name: "known", networks: known(plan, false) },
        chains: from_known(services, asked, Verdict::Drop),
    }
}

const IN_CONTAINER: &str = "The phone system runs in a container: its packets pass through this host, by the chain `passing`; one that shares the host's network is held by the other chains. A machine that this host routes for is held as well.";
const NO_MEDIA: &str = "Media of calls that are up go by other ports and are not touched. People on the road are kept out: give them a VPN. Port 22 is not touched.";
const COUNTED: &str =
    "nothing yet: packets to the ports of SIP that come from elsewhere than the networks below are counted";
const KEPT_OUT: &str = "the counter of the last rule counts who was kept out";

fn changes(what: &str, asked: Asked) -> String {
    let up = if asked.end_calls { "are cut as well" } else { "go on" };
    format!(
        "packets to the ports of {what} are dropped unless they come from the networks below; connections that are up {up}"
    )
}

/// Has packets to some ports come from the guard's set only; what becomes of the others is the last verdict.
fn from_known(ports: &[Listener], asked: Asked, others: Verdict) -> Vec<Chain> {
    let known = "known";
    let mut arriving = vec![Rule::new(Fits::Loopback, Verdict::Pass)];
    if !asked.end_calls {
        arriving.push(Rule::new(Fits::Established, Verdict::Pass));
    }
    for carriage in [Carriage::Udp, Carriage::Tcp] {
        let ports = ports::of_carriage(ports, carriage);
        if !ports.is_empty() {
            arriving.push(Rule::new(Fits::Ports(carriage, ports), Verdict::Jump(known)));
        }
    }
    let deciding = vec![Rule::new(Fits::From, Verdict::Pass), Rule::new(Fits::All, others)];
    vec![
        Chain { name: "arriving", hook: Some(Hook::Into), rules: arriving },
        Chain { name: known, hook: None, rules: deciding },
    ]
}
