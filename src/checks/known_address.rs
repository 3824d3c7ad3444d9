//! Addresses of campaigns that were at this server.

use std::net::IpAddr;

use super::Show;
use crate::event::Citation;
use crate::indicators::{self, Kind};
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Severity};
use crate::untrusted::Untrusted;

/// Yields one finding for each published address that sent anything to the server.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let known = indicators::of(Kind::Address).flat_map(|(_, mark)| {
        mark.written.iter().filter_map(move |text| Some((mark, text.parse::<IpAddr>().ok()?)))
    });
    known
        .filter_map(|(mark, address)| {
            let lines = lines(world, address);
            (!lines.is_empty()).then(|| Finding {
                id: "indicator",
                severity: Severity::Low,
                subject: Untrusted::from(address.to_string().as_str()),
                title: format!("{address} was here, which {}", mark.says),
                detail: format!(
                    "Mark {}: {}, since {}, by {}; {} confidence. An address may have had another owner at the time.",
                    mark.id, mark.title, mark.since, mark.source, mark.confidence.word()
                ),
                remedy: "See what it asked for and whether it was answered.".into(),
                attack: vec!["T1595"],
                evidence: lines.into_iter().filter_map(show).collect(),
            })
        })
        .collect()
}

/// Returns a few lines that tell of an address.
fn lines<'w>(world: &'w World<'_>, address: IpAddr) -> Vec<&'w Citation> {
    let party = world.parties.get(&address).into_iter().flat_map(|party| &party.failures.lines);
    let attacks = world.web.attacks.iter().filter(move |((from, _), _)| *from == address);
    let pages = world.web.pages.iter().filter(move |((_, from), _)| *from == address);
    let asked = world.web.published.get(&address).into_iter().flat_map(|(_, lines)| lines);
    let connected = world.pbx.connections.iter().filter(move |one| one.address == address);
    let fetched = world.fetches.get(&address).into_iter().flat_map(|client| &client.missing_lines);
    party
        .chain(attacks.flat_map(|(_, attack)| &attack.lines))
        .chain(pages.flat_map(|(_, visits)| &visits.lines))
        .chain(fetched)
        .chain(asked)
        .chain(connected.map(|one| &one.place))
        .take(3)
        .collect()
}
