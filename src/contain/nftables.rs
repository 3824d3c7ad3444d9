//! Rules of nftables: intruders out, services from known networks only, nothing out by the trunks.
//!
//! Each file holds one table of its own, so that it can be taken back by one command and touches no rule of others;
//! read again it puts itself in its own place. A drop in one base chain is final whatever others accept; an accept
//! is not, so that no rule here lets in what another keeps out. Port 22 stands in none of them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::script::{Head, push_remark, push_wrapped};
use super::{Asked, Kept, Output, Plan};
use crate::pbx::{Carriage, Listener, Spoken};
use crate::report::model::Vector;

/// Ports of SIP where the configuration tells none; 5061 is TLS, which runs over TCP.
const USUAL: [Listener; 3] = [
    Listener { spoken: Spoken::Sip, carriage: Carriage::Udp, port: 5060 },
    Listener { spoken: Spoken::Sip, carriage: Carriage::Tcp, port: 5060 },
    Listener { spoken: Spoken::Sip, carriage: Carriage::Tcp, port: 5061 },
];
/// Ports by which carriers are called: SIP, and FreeSWITCH's profile for them.
const CARRIERS_PORTS: [u16; 3] = [5060, 5061, 5080];
/// Ports of panels, by which phones fetch files, and of TFTP.
const PANEL_PORTS: [u16; 2] = [80, 443];
const FILE_PORTS: [u16; 3] = [83, 84, 1443];
const TFTP_PORT: u16 = 69;
/// Networks that nobody on the Internet sends from (RFC 1918, RFC 3927, RFC 4193, RFC 4291).
pub(super) const INSIDE: [&str; 6] =
    ["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"];
/// Elements on one line.
const IN_LINE: usize = 6;

/// Writes the rules that the plan justifies.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    let mut files = Vec::new();
    if !plan.cut.is_empty() {
        files.push(Output::new("block-intruders.nft", "shuts the intruders' addresses out", block(plan)));
    }
    if plan.has_calls_here() {
        files.push(Output::new(
            "stop-outbound.nft",
            "lets no new call out to the carriers",
            stop_outbound(plan),
        ));
    }
    if !plan.intrusions.is_empty() {
        files.push(Output::new(
            "sip-only-from-known.nft",
            "takes SIP from the carriers' and one's own networks only",
            only_from_known(plan, asked, &sip()),
        ));
    }
    let services = services(plan);
    if !services.is_empty() {
        files.push(Output::new(
            "services-only-from-known.nft",
            "takes the panel, phone files and the manager interface from one's own networks only",
            only_from_known(plan, asked, &Doors { table: "tolltrace_services", is_sip: false }),
        ));
    }
    files
}

/// Returns the ports of SIP and IAX2.
pub(super) fn sip_ports(plan: &Plan) -> Vec<Listener> {
    let known = plan.listeners.iter().copied();
    let mut ports: Vec<Listener> =
        known.filter(|one| matches!(one.spoken, Spoken::Sip | Spoken::Iax2)).collect();
    if !plan.knows_ports {
        ports.extend(USUAL);
    }
    ports
}

/// Returns the ports of services by which the intruder came, or by which such intruders come.
pub(super) fn services(plan: &Plan) -> Vec<Listener> {
    let tcp = |spoken, port| Listener { spoken, carriage: Carriage::Tcp, port };
    let of =
        |wanted: &'static [Spoken]| plan.listeners.iter().copied().filter(|one| wanted.contains(&one.spoken));
    let mut ports = Vec::new();
    let by_web = plan.came_by(&[Vector::WebExploit, Vector::WebAdmin]);
    let by_files = plan.came_by(&[Vector::ProvisioningLeak]);
    if by_web {
        ports.extend(PANEL_PORTS.map(|port| tcp(Spoken::Web, port)));
    }
    if by_web || by_files {
        ports.extend(FILE_PORTS.map(|port| tcp(Spoken::Web, port)));
    }
    if by_files {
        ports.push(tcp(Spoken::Web, 80));
        ports.push(Listener { spoken: Spoken::Web, carriage: Carriage::Udp, port: TFTP_PORT });
    }
    if by_web || plan.came_by(&[Vector::ManagerInterface]) {
        ports.extend(of(&[Spoken::Manager, Spoken::EventSocket, Spoken::Web]));
    }
    ports.sort();
    ports.dedup();
    ports
}

/// Which services a set of rules is about.
pub(super) struct Doors {
    pub(super) table: &'static str,
    pub(super) is_sip: bool,
}

pub(super) fn sip() -> Doors {
    Doors { table: "tolltrace_sip", is_sip: true }
}

/// Returns the networks that a service is for; carriers have no business at a panel.
pub(super) fn known(plan: &Plan, doors: &Doors) -> Vec<IpNet> {
    let listed =
        plan.known().filter(|keep| doors.is_sip || keep.kind != Kept::Carrier).map(|keep| keep.network);
    let inside = INSIDE.iter().filter_map(|text| text.parse().ok());
    IpNet::aggregate(&listed.chain(inside).collect::<Vec<IpNet>>())
}

/// Returns whether a carrier's addresses are known, without which a list of the known would cut the line.
pub(super) fn knows_carriers(plan: &Plan) -> bool {
    plan.keep.iter().any(|keep| keep.kind == Kept::Carrier) && plan.unresolved.is_empty()
}

/// Says who is let in and why, who is to be asked, and what is missing.
pub(super) fn push_reasons(text: &mut String, plan: &Plan, doors: &Doors) {
    push_wrapped(text, "#", "Let in, besides private networks:");
    for keep in plan.known().filter(|keep| doors.is_sip || keep.kind != Kept::Carrier) {
        push_remark(text, "#  ", &format!("{} {}", keep.network, keep.why.raw()));
    }
    for keep in plan.keep.iter().filter(|keep| keep.kind == Kept::ToConfirm) {
        let said = format!("{} NOT let in: ask first whose it is: {}", keep.network, keep.why.raw());
        push_remark(text, "#  ", &said);
    }
    if doors.is_sip {
        for host in &plan.unresolved {
            let said =
                format!("{} of trunk {} NOT let in: put its addresses in", host.host.raw(), host.trunk.raw());
            push_remark(text, "#  ", &said);
        }
    }
}

fn begin(head: &Head<'_>, table: &str) -> String {
    // To declare the table first makes its deletion succeed where there is none yet.
    format!("#!/usr/sbin/nft -f\n{}\ntable inet {table}\ndelete table inet {table}\n\n", head.remarks("#"))
}

fn block(plan: &Plan) -> String {
    let table = "tolltrace_block";
    let head = Head {
        title: "Shut the intruders out (nftables).",
        changes: "every packet from and to the addresses below is dropped, of connections that are up as well.",
        undo: "nft delete table inet tolltrace_block",
        check: "nft list table inet tolltrace_block: the counters rise while they try.",
        notes: &[
            "To use it: nft -c -f FILE tests it, nft -f FILE loads it; loaded twice it is there once. It lasts until the next start of the machine.",
            "It does not end calls that are up: what they cost runs on at the carrier until the phone system hangs up (end-calls).",
            "Before you load it from afar: (sleep 300; nft delete table inet tolltrace_block) & takes it back by itself.",
        ],
    };
    let mut text = begin(&head, table);
    for cut in &plan.cut {
        let roles: Vec<&str> = cut.roles.iter().map(|role| role.word()).collect();
        let said = format!("{} {} ({})", cut.address, roles.join(", "), cut.incidents.join(", "));
        push_remark(&mut text, "#", &said);
    }
    let addresses: Vec<IpNet> = plan.cut.iter().map(|cut| IpNet::from(cut.address)).collect();
    text.push_str(&format!("table inet {table} {{\n"));
    push_sets(&mut text, "intruders", &addresses);
    // Before the kernel follows connections (priority -300), so that what is established counts for nothing.
    for (chain, hook, side) in [("from_them", "prerouting", "saddr"), ("to_them", "output", "daddr")] {
        text.push_str(&format!(
            "    chain {chain} {{\n        type filter hook {hook} priority -310; policy accept;\n        ip {side} @intruders_v4 counter drop\n        ip6 {side} @intruders_v6 counter drop\n    }}\n"
        ));
    }
    text.push_str("}\n");
    text
}

/// Adds two sets, of IPv4 and IPv6.
fn push_sets(text: &mut String, name: &str, networks: &[IpNet]) {
    for (family, kind, wanted) in [("v4", "ipv4_addr", true), ("v6", "ipv6_addr", false)] {
        let of_family: Vec<String> = networks
            .iter()
            .filter(|network| matches!(network, IpNet::V4(_)) == wanted)
            .map(|network| shown(*network))
            .collect();
        text.push_str(&format!("    set {name}_{family} {{\n        type {kind}\n        flags interval\n"));
        if !of_family.is_empty() {
            let lines: Vec<String> = of_family.chunks(IN_LINE).map(|line| line.join(", ")).collect();
            text.push_str(&format!("        elements = {{ {} }}\n", lines.join(",\n            ")));
        }
        text.push_str("    }\n");
    }
}

/// Shows one address without the length of a network.
pub(super) fn shown(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.trunc().to_string()
    }
}

fn only_from_known(plan: &Plan, asked: Asked, doors: &Doors) -> String {
    let table = doors.table;
    let is_safe = !doors.is_sip || knows_carriers(plan);
    let what = if doors.is_sip { "SIP" } else { "the services below" };
    let changes = format!(
        "packets to the ports of {what} are dropped unless they come from the networks below{}.",
        if asked.end_calls {
            "; connections that are up are cut as well"
        } else {
            "; connections that are up go on"
        }
    );
    let undo = format!("nft delete table inet {table}");
    let check = format!("nft list table inet {table}: the counter of the last rule counts who was kept out.");
    let mut notes = vec![
        "To use it: nft -c -f FILE tests it, nft -f FILE loads it; loaded twice it is there once. Port 22 is not touched.",
        "Media of calls that are up go by other ports and are not touched. People on the road are kept out: give them a VPN.",
    ];
    if !plan.knows_ports && doors.is_sip {
        notes.push("No file here tells the ports of SIP: these are the usual ones.");
    }
    if !is_safe {
        notes.push(
            "The last rule only COUNTS so far: a carrier's addresses are not known, and a drop would cut its line. Put them into the sets, then write: counter drop",
        );
    }
    let title = format!("Take {what} from known networks only (nftables).");
    let head = Head { title: &title, changes: &changes, undo: &undo, check: &check, notes: &notes };
    let mut text = begin(&head, table);
    push_reasons(&mut text, plan, doors);
    text.push_str(&format!("table inet {table} {{\n"));
    push_sets(&mut text, "known", &known(plan, doors));
    text.push_str("    chain from_outside {\n        type filter hook input priority -5; policy accept;\n        iifname \"lo\" accept\n");
    if !asked.end_calls {
        text.push_str("        ct state established,related accept\n");
    }
    let ports = if doors.is_sip { sip_ports(plan) } else { services(plan) };
    for (carriage, word) in [(Carriage::Udp, "udp"), (Carriage::Tcp, "tcp")] {
        let list = port_list(&ports, carriage, ", ");
        if !list.is_empty() {
            text.push_str(&format!("        {word} dport {{ {list} }} jump known_only\n"));
        }
    }
    let verdict = if is_safe { "counter drop" } else { "counter" };
    text.push_str(&format!(
        "    }}\n    chain known_only {{\n        ip saddr @known_v4 return\n        ip6 saddr @known_v6 return\n        {verdict}\n    }}\n}}\n"
    ));
    text
}

/// Lists the ports of one carriage.
pub(super) fn port_list(ports: &[Listener], carriage: Carriage, between: &str) -> String {
    let mut of_it: Vec<u16> =
        ports.iter().filter(|one| one.carriage == carriage).map(|one| one.port).collect();
    of_it.sort_unstable();
    of_it.dedup();
    of_it.iter().map(u16::to_string).collect::<Vec<_>>().join(between)
}

/// Returns the ports by which carriers are called.
pub(super) fn carriers_ports(plan: &Plan, between: &str) -> String {
    let mut ports: Vec<u16> = CARRIERS_PORTS.to_vec();
    ports.extend(plan.listeners.iter().filter(|one| one.spoken == Spoken::Sip).map(|one| one.port));
    ports.extend(plan.listeners.iter().filter(|one| one.spoken == Spoken::Iax2).map(|one| one.port));
    ports.sort_unstable();
    ports.dedup();
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(between)
}

/// Returns the carriers' networks; all but one's own where they are not all known.
pub(super) fn carriers(plan: &Plan) -> Option<Vec<IpNet>> {
    let networks = plan.keep.iter().filter(|keep| keep.kind == Kept::Carrier).map(|keep| keep.network);
    let outside = networks.filter(|network| !is_inside(network.addr()));
    let outside: Vec<IpNet> = outside.collect();
    (!outside.is_empty() && knows_carriers(plan)).then(|| IpNet::aggregate(&outside))
}

fn is_inside(address: IpAddr) -> bool {
    INSIDE.iter().filter_map(|text| text.parse::<IpNet>().ok()).any(|network| network.contains(&address))
}

fn stop_outbound(plan: &Plan) -> String {
    let table = "tolltrace_outbound";
    let carriers = carriers(plan);
    let whom = if carriers.is_some() { "the carriers below" } else { "anybody outside private networks" };
    let changes =
        format!("no SIP leaves this host to {whom}: no new call goes out, EMERGENCY CALLS included.");
    let head = Head {
        title: "Let nothing out to the carriers (nftables): the quickest stop of the outbound path.",
        changes: &changes,
        undo: "nft delete table inet tolltrace_outbound",
        check: "place a call to a mobile phone: it fails; nft list table inet tolltrace_outbound counts it.",
        notes: &[
            "End the calls first (end-calls): to reject what goes out does NOT end calls that are up, and then even the hang-up no longer reaches the carrier, which goes on counting.",
            "5061 is TLS, which runs over TCP: both are rejected on every port below.",
        ],
    };
    let mut text = begin(&head, table);
    text.push_str(&format!("table inet {table} {{\n"));
    let inside: Vec<IpNet> = INSIDE.iter().filter_map(|text| text.parse().ok()).collect();
    let (name, sense) = if carriers.is_some() { ("carriers", "") } else { ("inside", "!= ") };
    push_sets(&mut text, name, carriers.as_deref().unwrap_or(&inside));
    let ports = carriers_ports(plan, ", ");
    text.push_str("    chain out {\n        type filter hook output priority -5; policy accept;\n        oifname \"lo\" accept\n");
    for (family, set) in [("ip", "v4"), ("ip6", "v6")] {
        for word in ["udp", "tcp"] {
            text.push_str(&format!(
                "        {family} daddr {sense}@{name}_{set} {word} dport {{ {ports} }} counter reject\n"
            ));
        }
    }
    text.push_str("    }\n}\n");
    text
}
