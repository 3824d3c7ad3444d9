//! Doors that the firewall's rules leave open to everybody: SIP, the manager interface, the web panel; and
//! those that they close over IPv4 only.

use super::Show;
use crate::pbx::{Firewall, Gate, PhoneFile, Protocol, Verdict};
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity, Vector};
use crate::untrusted::{Untrusted, visible};

/// A door: which ports, and what it means that everybody reaches them.
struct Door {
    id: &'static str,
    ports: fn(&World<'_>) -> Vec<(Protocol, u16)>,
    severity: Severity,
    title: &'static str,
    why: &'static str,
    remedy: &'static str,
    /// Is there anything behind it on this machine?
    is_there: fn(&World<'_>) -> bool,
    /// Ways in that lead through it.
    leads: &'static [Vector],
}

const DOORS: [Door; 4] = [
    Door {
        id: "sip-open-to-all",
        ports: |world| world.pbx.sip_ports(),
        severity: Severity::Medium,
        title: "The firewall lets everybody speak SIP to the server",
        why: "Whoever wants may look for accounts, guess at their secrets and use those that he has.",
        remedy: "Let in the carriers' networks and one's own places only; for users who travel, a VPN or a limit by country and rate.",
        is_there: |world| !world.pbx.accounts.is_empty(),
        leads: &[
            Vector::PasswordGuess,
            Vector::StolenCredential,
            Vector::DefaultCredential,
            Vector::ProvisioningLeak,
            Vector::GuestCall,
        ],
    },
    Door {
        id: "manager-open-to-all",
        ports: |_| vec![(Protocol::Tcp, 5038)],
        severity: Severity::High,
        title: "The firewall lets everybody reach the manager interface",
        why: "Whoever has or guesses a user's secret makes the server call.",
        remedy: "Close port 5038 to the outside.",
        // What listens to the host itself only, nobody else reaches.
        is_there: |world| world.pbx.manager_enabled == Some(true) && !world.pbx.manager_is_local,
        leads: &[Vector::ManagerInterface],
    },
    Door {
        id: "tftp-open-to-all",
        ports: |_| vec![(Protocol::Udp, 69)],
        severity: Severity::High,
        title: "The firewall lets everybody fetch phone files by TFTP",
        why: "TFTP knows no password: whoever knows or tries a phone's MAC address reads its secret.",
        remedy: "Close port 69 to the outside, and give phones elsewhere their files by HTTPS with a password.",
        is_there: |world| {
            let is_tftp = |server: &crate::pbx::FileServer| server.service == crate::event::Service::Tftp;
            world.pbx.file_servers.iter().any(is_tftp)
                || world.pbx.phone_files.iter().any(PhoneFile::is_on_disk)
        },
        leads: &[Vector::ProvisioningLeak],
    },
    Door {
        id: "panel-open-to-all",
        ports: |_| vec![(Protocol::Tcp, 80), (Protocol::Tcp, 443)],
        severity: Severity::High,
        title: "The firewall lets everybody reach the web panel",
        why: "Every hole of the panel, and every password of it that is weak or known, is open to the whole Internet; most large frauds of the last years began there.",
        remedy: "Let only the administrators' networks reach ports 80 and 443, or put the panel behind a VPN.",
        is_there: |world| world.pbx.has_panel,
        leads: &[],
    },
];

/// Yields one finding for each door that is open.
pub(super) fn check(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let firewall = &world.pbx.firewall;
    let open = DOORS.iter().filter(|door| (door.is_there)(world)).filter_map(|door| {
        let answers = (door.ports)(world).into_iter().filter_map(|(protocol, port)| {
            let mut verdicts =
                firewall.disks().into_iter().filter_map(|disk| firewall.verdict(disk, protocol, port));
            verdicts.find(|verdict| verdict.gate == Gate::Open).map(|verdict| (protocol, port, verdict))
        });
        let answers: Vec<_> = answers.collect();
        let (protocol, port, first) = answers.first()?;
        let ports: Vec<String> =
            answers.iter().map(|(protocol, port, _)| format!("{port}/{}", protocol.word())).collect();
        let helped: Vec<String> = incidents
            .iter()
            .enumerate()
            .filter(|(_, incident)| incident.ways.first().is_some_and(|way| door.leads.contains(&way.vector)))
            .map(|(number, _)| format!("incident-{}", number + 1))
            .collect();
        let helped = if helped.is_empty() {
            String::new()
        } else {
            format!(" This is the way that {} came.", helped.join(", "))
        };
        Some(Finding {
            id: door.id,
            // Open is how most have it; that somebody came in is what makes it urgent.
            severity: if incidents.is_empty() { door.severity.max(Severity::Medium) } else { door.severity },
            subject: Untrusted::from(ports.join(", ").as_str()),
            title: door.title.into(),
            detail: format!(
                "{}{} {}{helped}",
                by_rules(first),
                not_loaded(firewall, *protocol, *port, first),
                door.why
            ),
            remedy: door.remedy.into(),
            // MITRE ATT&CK: External Remote Services.
            attack: vec!["T1133"],
            evidence: show(&first.place).into_iter().collect(),
        })
    });
    open.chain(over_six(world, show)).collect()
}

/// Says by which rules a door is open.
fn by_rules(verdict: &Verdict) -> String {
    format!("By the rules {}.", verdict.of_which().replacen("as saved", "as they are saved", 1))
}

/// Says where saved rules would shut a door that those in force leave open.
fn not_loaded(firewall: &Firewall, protocol: Protocol, port: u16, live: &Verdict) -> String {
    let saved = firewall.verdict_as_saved(&live.disk, protocol, port).filter(|_| live.is_live);
    let shut = saved.filter(|saved| matches!(saved.gate, Gate::Closed | Gate::Limited(_)));
    shut.map_or_else(String::new, |saved| {
        format!(
            " The rules saved in {} would not: they were changed or taken out of force since they were loaded, or never loaded.",
            visible(&saved.path)
        )
    })
}

/// Yields one finding for all doors that are shut over IPv4 and open over IPv6.
fn over_six(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let firewall = &world.pbx.firewall;
    let doors = DOORS.iter().filter(|door| (door.is_there)(world)).flat_map(|door| (door.ports)(world));
    let open = doors.filter_map(|(protocol, port)| {
        firewall.disks().into_iter().find_map(|disk| {
            let is_shut =
                firewall.verdict(disk, protocol, port).is_some_and(|verdict| verdict.gate != Gate::Open);
            let over_six = firewall.verdict_over_six(disk, protocol, port).filter(|_| is_shut)?;
            (over_six.gate == Gate::Open).then_some((format!("{port}/{}", protocol.word()), over_six))
        })
    });
    let open: Vec<_> = open.collect();
    let (_, first) = open.first()?;
    let ports: Vec<&str> = open.iter().map(|(port, _)| port.as_str()).collect();
    Some(Finding {
        id: "open-over-ipv6",
        severity: Severity::Medium,
        subject: Untrusted::from(ports.join(", ").as_str()),
        title: "The firewall leaves open over IPv6 what it closes over IPv4".into(),
        detail: format!(
            "{} Whoever has an IPv6 address passes by the rules for IPv4; it matters as soon as the host has one that the \
             Internet reaches, which many have without anybody having set it up.",
            by_rules(first)
        ),
        remedy: "Save the same rules for IPv6 (ip6tables, or a table `inet` of nftables), or take IPv6 off the host."
            .into(),
        // MITRE ATT&CK: External Remote Services.
        attack: vec!["T1133"],
        evidence: show(&first.place).into_iter().collect(),
    })
}
