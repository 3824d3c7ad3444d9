//! Which ports rules are about: those that the configuration names, and the usual ones where it may name too few.
//!
//! Facts relied on: 5061 is TLS, which runs over TCP; FreeSWITCH's profile for carriers has 5080; FreePBX hands phone
//! files out by 83, 84 and 1443 unless somebody moves them; TFTP has 69, over UDP.

use crate::contain::Plan;
use crate::pbx::{Carriage, Listener, Spoken};
use crate::report::model::Vector;

/// Ports of SIP where the configuration tells none.
const USUAL: [Listener; 3] = [
    Listener { spoken: Spoken::Sip, carriage: Carriage::Udp, port: 5060 },
    Listener { spoken: Spoken::Sip, carriage: Carriage::Tcp, port: 5060 },
    Listener { spoken: Spoken::Sip, carriage: Carriage::Tcp, port: 5061 },
];
/// Ports by which carriers are called: SIP, and FreeSWITCH's profile for them.
const CARRIERS: [u16; 3] = [5060, 5061, 5080];
/// Ports of panels: what the configuration names comes to them, for its files may not all be here.
const PANEL: [u16; 2] = [80, 443];
/// Ports by which phones fetch files from a panel.
const FILES: [u16; 3] = [83, 84, 1443];
const TFTP: Listener = Listener { spoken: Spoken::Files, carriage: Carriage::Udp, port: 69 };

/// Returns the ports of SIP and IAX2.
pub(super) fn sip(plan: &Plan) -> Vec<Listener> {
    let known = plan.listeners.iter().copied();
    let mut ports: Vec<Listener> =
        known.filter(|one| matches!(one.spoken, Spoken::Sip | Spoken::Iax2)).collect();
    if !plan.knows_ports {
        ports.extend(USUAL);
    }
    ports
}

/// Returns the ports of services by which the intruder came, or by which such intruders come.
pub(in crate::contain) fn services(plan: &Plan) -> Vec<Listener> {
    let by_web = plan.came_by(&[Vector::WebExploit, Vector::WebAdmin]);
    let by_files = plan.came_by(&[Vector::ProvisioningLeak]);
    let by_manager = plan.came_by(&[Vector::ManagerInterface]);
    let page = |port| Listener { spoken: Spoken::Pages, carriage: Carriage::Tcp, port };
    let mut wanted: Vec<Spoken> = Vec::new();
    let mut ports: Vec<Listener> = Vec::new();
    if by_web || by_files {
        ports.extend(PANEL.into_iter().chain(FILES).map(page));
        wanted.push(Spoken::Pages);
    }
    if by_files {
        ports.push(TFTP);
        wanted.push(Spoken::Files);
    }
    if by_web || by_manager {
        wanted.extend([Spoken::Manager, Spoken::EventSocket, Spoken::Web]);
    }
    ports.extend(plan.listeners.iter().copied().filter(|one| wanted.contains(&one.spoken)));
    ports.sort();
    ports.dedup();
    ports
}

/// Returns the ports by which carriers are called.
pub(super) fn carriers(plan: &Plan) -> Vec<u16> {
    let own = plan.listeners.iter().filter(|one| matches!(one.spoken, Spoken::Sip | Spoken::Iax2));
    let of_trunks = plan.trunks.iter().flat_map(|trunk| &trunk.ports).copied();
    sorted(CARRIERS.into_iter().chain(own.map(|one| one.port)).chain(of_trunks))
}

/// Returns the ports of one carriage.
pub(super) fn of_carriage(ports: &[Listener], carriage: Carriage) -> Vec<u16> {
    sorted(ports.iter().filter(|one| one.carriage == carriage).map(|one| one.port))
}

fn sorted(ports: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut ports: Vec<u16> = ports.filter(|port| *port != 22).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
